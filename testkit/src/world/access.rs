//! What happens to findings in Access Analyzer, and to their copies in Security Hub.

use std::time::Duration;

use jiff::Timestamp;

use super::event::{Access, WorldError};
use super::{Analyzer, AnalyzerKind, Place, World, hub};
use crate::clock::earlier;
use crate::documents::access::{AccessFinding, AccessKind};
use crate::documents::copies;
use crate::scope::Scope;
use crate::seeded;

impl World {
    /// Creates an analyzer and returns its ARN.
    pub fn create_analyzer(&mut self, scope: &Scope, name: &str, kind: AnalyzerKind) -> String {
        self.add_account(&scope.account);
        let analyzer = Analyzer::new(scope.clone(), name, kind, self.began);
        let arn = analyzer.arn();
        self.analyzers.entry(arn.clone()).or_insert(analyzer);
        arn
    }

    /// Deletes an analyzer; its findings are gone without a word.
    pub fn delete_analyzer(&mut self, arn: &str) {
        self.analyzers.remove(arn);
    }

    /// Stops an analyzer: it keeps its findings and looks at nothing any more.
    pub fn disable_analyzer(&mut self, arn: &str) {
        if let Some(analyzer) = self.analyzers.get_mut(arn) {
            analyzer.status = "DISABLED";
        }
    }

    /// The analyzer with this ARN.
    pub fn analyzer(&self, arn: &str) -> Option<&Analyzer> {
        self.analyzers.get(arn)
    }

    pub(super) fn add_access(&mut self, access: &Access, now: Timestamp) -> Result<(), WorldError> {
        self.check_free(&access.name)?;
        let id = self.access_id(&access.name, 0);
        let age = Duration::from_secs(u64::from(access.age_hours) * 3600);
        let finding = AccessFinding {
            id: id.clone(),
            kind: access.kind.clone(),
            resource: access.resource.id.clone(),
            resource_type: access.resource.cloudformation_type,
            owner: access.resource.scope.account.clone(),
            status: "ACTIVE",
            created_at: earlier(now, age),
            updated_at: earlier(now, age),
            analyzed_at: now,
        };
        let analyzer = self.analyzer_mut(&access.analyzer)?;
        analyzer.findings.insert(id.clone(), finding);
        let (arn, resource_type) = (access.analyzer.clone(), access.resource.asff_type);
        let place = Place::Analyzer { arn, id: id.clone(), resource_type, generation: 0 };
        self.names.insert(access.name.clone(), place);
        self.copy_access(&access.analyzer, &id, resource_type, now)
    }

    /// A rescan: only the time of the analysis moves.
    pub(super) fn rescan(&mut self, arn: &str, id: &str, now: Timestamp) -> Result<(), WorldError> {
        if let Some(finding) = self.analyzer_mut(arn)?.findings.get_mut(id) {
            finding.analyzed_at = now;
        }
        Ok(())
    }

    pub(super) fn set_access_status(
        &mut self,
        name: &str,
        status: &'static str,
        now: Timestamp,
    ) -> Result<(), WorldError> {
        let Place::Analyzer { arn, id, resource_type, .. } = self.place(name)?.clone() else {
            return Err(self.wrong_product(name));
        };
        if let Some(finding) = self.analyzer_mut(&arn)?.findings.get_mut(&id) {
            finding.status = status;
            finding.updated_at = now;
            finding.analyzed_at = now;
        }
        self.copy_access(&arn, &id, resource_type, now)
    }

    /// A policy changed and still grants access: the finding is resolved, and one with another id
    /// takes its place (and its name).
    pub(super) fn reissue(
        &mut self,
        name: &str,
        kind: Option<AccessKind>,
        now: Timestamp,
    ) -> Result<(), WorldError> {
        let Place::Analyzer { arn, id, resource_type, generation } = self.place(name)?.clone()
        else {
            return Err(self.wrong_product(name));
        };
        let new_id = self.access_id(name, generation + 1);
        let analyzer = self.analyzer_mut(&arn)?;
        let Some(old) = analyzer.findings.get_mut(&id) else { return Ok(()) };
        let mut new = old.clone();
        old.status = "RESOLVED";
        old.updated_at = now;
        old.analyzed_at = now;
        new.id.clone_from(&new_id);
        new.status = "ACTIVE";
        new.kind = kind.unwrap_or(new.kind);
        (new.created_at, new.updated_at, new.analyzed_at) = (now, now, now);
        analyzer.findings.insert(new_id.clone(), new);
        let place = Place::Analyzer {
            arn: arn.clone(),
            id: new_id.clone(),
            resource_type,
            generation: generation + 1,
        };
        self.names.insert(name.to_owned(), place);
        self.copy_access(&arn, &new_id, resource_type, now)
    }

    /// The finding is gone; its copy shows what is left of the group, or is archived.
    pub(super) fn remove_access(
        &mut self,
        arn: &str,
        id: &str,
        resource_type: &'static str,
        now: Timestamp,
    ) -> Result<(), WorldError> {
        let analyzer = self.analyzer_mut(arn)?;
        let Some(gone) = analyzer.findings.remove(id) else { return Ok(()) };
        let scope = analyzer.scope.clone();
        let left = analyzer.findings.values().find(|other| {
            matches!(other.kind, AccessKind::External { .. })
                && matches!(gone.kind, AccessKind::External { .. })
                && other.resource == gone.resource
        });
        if let Some(left) = left.map(|other| other.id.clone()) {
            return self.copy_access(arn, &left, resource_type, now);
        }
        if let (Some(hub), Some(copy)) =
            (self.hubs.get_mut(&scope), copies::id_of_access(arn, &gone))
        {
            hub.change(&copy, |document| hub::archive(document, now))?;
        }
        Ok(())
    }

    /// Brings Security Hub's copy in line. Access from outside has one copy for each resource,
    /// which shows one principal and is archived when no native finding is active any more.
    pub(super) fn copy_access(
        &mut self,
        arn: &str,
        id: &str,
        resource_type: &'static str,
        now: Timestamp,
    ) -> Result<(), WorldError> {
        let analyzer = self.analyzer_mut(arn)?;
        let Some(finding) = analyzer.findings.get(id) else { return Ok(()) };
        let mut shown = finding;
        if finding.kind.is_external() {
            let same = analyzer.findings.values().filter(|other| {
                matches!(other.kind, AccessKind::External { .. })
                    && other.resource == finding.resource
            });
            let mut active = same.clone().filter(|other| other.status == "ACTIVE");
            match active.next().or_else(|| same.clone().next()) {
                Some(first) => shown = first,
                // Security Hub is not told what could not be analysed.
                None => return Ok(()),
            }
        }
        // Security Hub is not told about access inside the organization.
        let Some(copy_id) = copies::id_of_access(arn, shown) else { return Ok(()) };
        let shown = shown.clone();
        let scope = analyzer.scope.clone();
        let Some(hub) = self.hubs.get_mut(&scope) else { return Ok(()) };
        let mut copy = copies::of_access(&shown, arn, &scope, resource_type, now);
        if let Some(before) = hub.document(&copy_id) {
            copies::keep_customer_fields(&mut copy, before);
        }
        hub.put(&copy).map(|_| ())
    }

    fn access_id(&self, name: &str, generation: u32) -> String {
        seeded::uuid(self.seed, &["access", name, &generation.to_string()])
    }

    pub(super) fn analyzer_mut(&mut self, arn: &str) -> Result<&mut Analyzer, WorldError> {
        self.analyzers.get_mut(arn).ok_or_else(|| WorldError::UnknownAnalyzer(arn.to_owned()))
    }
}
