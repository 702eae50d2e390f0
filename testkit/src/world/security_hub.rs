//! What happens to findings in Security Hub.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::event::{Control, WorldError};
use super::hub::{self, ControlFindings};
use super::{Place, World};
use crate::clock::{earlier, millis_text};
use crate::documents::asff::{Compliance, ControlFinding, Standard};
use crate::documents::controls;
use crate::scope::Scope;
use crate::seeded;

impl World {
    pub(super) fn add_control(
        &mut self,
        control: &Control,
        now: Timestamp,
    ) -> Result<(), WorldError> {
        self.check_free(&control.name)?;
        let info = controls::control(&control.control)
            .ok_or_else(|| WorldError::UnknownKind(control.control.clone()))?;
        let seed = self.seed;
        let hub = self.hub_mut(&control.scope)?;
        let standards = match hub.control_findings {
            ControlFindings::PerControl => vec![None],
            ControlFindings::PerStandard if info.in_cis => {
                vec![Some(Standard::Foundational), Some(Standard::Cis)]
            }
            ControlFindings::PerStandard => vec![Some(Standard::Foundational)],
        };
        let age = Duration::from_secs(u64::from(control.age_hours) * 3600);
        let mut ids = Vec::new();
        for standard in standards {
            let kind = format!("{standard:?}");
            let finding = ControlFinding {
                control: info,
                scope: &control.scope,
                resource: &control.resource,
                compliance: control.compliance,
                standard,
                uuid: &seeded::uuid(seed, &["control", &control.name, &kind]),
                created: earlier(now, age),
                updated: now,
            };
            ids.push(hub.put(&finding.document())?);
        }
        let place = Place::Hub { scope: control.scope.clone(), ids, rating: Some(info.severity) };
        self.names.insert(control.name.clone(), place);
        Ok(())
    }

    pub(super) fn evaluate(
        &mut self,
        name: &str,
        compliance: Compliance,
        now: Timestamp,
    ) -> Result<(), WorldError> {
        let Place::Hub { scope, ids, rating: Some(rating) } = self.place(name)?.clone() else {
            return Err(self.wrong_product(name));
        };
        let hub = self.hub_mut(&scope)?;
        for id in &ids {
            hub.change(id, |document| hub::evaluate(document, rating, compliance, now))?;
        }
        Ok(())
    }

    pub(super) fn import(
        &mut self,
        name: String,
        scope: &Scope,
        mut document: Value,
        now: Timestamp,
    ) -> Result<(), WorldError> {
        if !matches!(self.names.get(&name), None | Some(Place::Hub { .. })) {
            return Err(self.wrong_product(&name));
        }
        let members = document.as_object_mut().ok_or(WorldError::Document("JSON object"))?;
        for time in ["FirstObservedAt", "LastObservedAt", "CreatedAt", "UpdatedAt", "ProcessedAt"] {
            members.entry(time).or_insert_with(|| json!(millis_text(now)));
        }
        let id = self.hub_mut(scope)?.put(&document)?;
        let place = Place::Hub { scope: scope.clone(), ids: vec![id], rating: None };
        self.names.insert(name, place);
        Ok(())
    }

    pub(super) fn triage(
        &mut self,
        name: &str,
        workflow: &str,
        note: Option<&(String, String)>,
        now: Timestamp,
    ) -> Result<(), WorldError> {
        let (scope, ids) = match self.place(name)?.clone() {
            Place::Hub { scope, ids, .. } => (scope, ids),
            // People triage the copy.
            Place::Detector { scope, id } => {
                let copy = self.copy_of_threat(&scope, &id)?;
                (scope, vec![copy])
            }
            Place::Analyzer { .. } | Place::Advisor { .. } => return Err(self.wrong_product(name)),
        };
        let hub = self.hub_mut(&scope)?;
        for id in &ids {
            hub.change(id, |document| hub::triage(document, workflow, note, now))?;
        }
        Ok(())
    }

    pub(super) fn touch(
        &mut self,
        scope: &Scope,
        ids: &[String],
        now: Timestamp,
    ) -> Result<(), WorldError> {
        let hub = self.hub_mut(scope)?;
        for id in ids {
            hub.change(id, |document| hub::touch(document, now))?;
        }
        Ok(())
    }

    pub(super) fn archive_in_hub(
        &mut self,
        scope: &Scope,
        ids: &[String],
        archived: bool,
        now: Timestamp,
    ) -> Result<(), WorldError> {
        let hub = self.hub_mut(scope)?;
        for id in ids {
            hub.change(id, |document| {
                if archived {
                    hub::archive(document, now);
                } else {
                    document["RecordState"] = json!("ACTIVE");
                    hub::touch(document, now);
                }
            })?;
        }
        Ok(())
    }
}
