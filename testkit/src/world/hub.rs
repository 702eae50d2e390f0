//! Security Hub in one account and Region: its settings and findings.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::event::WorldError;
use crate::clock::millis_text;
use crate::documents::asff::{Compliance, normalized};

/// Whether one control gives one finding, or one for each standard that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ControlFindings {
    /// Consolidated: `SECURITY_CONTROL`.
    #[default]
    PerControl,
    /// Not consolidated: `STANDARD_CONTROL`.
    PerStandard,
}

impl ControlFindings {
    /// As `DescribeHub` writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PerControl => "SECURITY_CONTROL",
            Self::PerStandard => "STANDARD_CONTROL",
        }
    }
}

/// An enabled hub.
#[derive(Clone, Debug, PartialEq)]
pub struct Hub {
    pub(crate) control_findings: ControlFindings,
    pub(crate) subscribed_at: Timestamp,
    findings: BTreeMap<String, Stored>,
    by_update: BTreeSet<(Timestamp, String)>,
}

/// A finding as it is kept: the bytes that are sent, and the time it is indexed by.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stored {
    pub text: Bytes,
    pub updated_at: Timestamp,
}

impl Hub {
    pub(crate) fn new(control_findings: ControlFindings, subscribed_at: Timestamp) -> Self {
        Self {
            control_findings,
            subscribed_at,
            findings: BTreeMap::new(),
            by_update: BTreeSet::new(),
        }
    }

    /// How many findings it has, of both record states.
    pub fn len(&self) -> usize {
        self.findings.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    /// The finding with this id, as it would be sent.
    pub fn document(&self, id: &str) -> Option<&[u8]> {
        self.findings.get(id).map(|stored| &*stored.text)
    }

    /// Every finding, as it would be sent, in the order of ids.
    pub fn documents(&self) -> impl Iterator<Item = &[u8]> {
        self.findings.values().map(|stored| &*stored.text)
    }

    /// Findings in the order of (`UpdatedAt`, id), or backwards; only those after `after`.
    pub(crate) fn by_update(
        &self,
        after: Option<&(Timestamp, String)>,
        descending: bool,
    ) -> Box<dyn Iterator<Item = (&str, &Stored)> + '_> {
        use std::ops::Bound::{Excluded, Unbounded};
        let after = after.cloned();
        let keys: Box<dyn Iterator<Item = &(Timestamp, String)>> = match (after, descending) {
            (None, false) => Box::new(self.by_update.iter()),
            (None, true) => Box::new(self.by_update.iter().rev()),
            (Some(after), false) => Box::new(self.by_update.range((Excluded(after), Unbounded))),
            (Some(after), true) => {
                Box::new(self.by_update.range((Unbounded, Excluded(after))).rev())
            }
        };
        Box::new(keys.filter_map(|(_, id)| Some((id.as_str(), self.findings.get(id)?))))
    }

    /// Adds or replaces a document, as it is.
    pub(crate) fn put(&mut self, document: &Value) -> Result<String, WorldError> {
        self.put_text(serde_json::to_vec(document).unwrap_or_default().into())
    }

    /// Adds or replaces a document that is already text.
    pub(crate) fn put_text(&mut self, text: Bytes) -> Result<String, WorldError> {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Head {
            id: String,
            updated_at: String,
        }
        let head: Head =
            serde_json::from_slice(&text).map_err(|_| WorldError::Document("Id` or `UpdatedAt"))?;
        let updated_at = head.updated_at.parse().map_err(|_| WorldError::Document("UpdatedAt"))?;
        self.remove(&head.id);
        self.by_update.insert((updated_at, head.id.clone()));
        self.findings.insert(head.id.clone(), Stored { text, updated_at });
        Ok(head.id)
    }

    /// Removes a finding; `false` when there is none.
    pub(crate) fn remove(&mut self, id: &str) -> bool {
        let Some(stored) = self.findings.remove(id) else { return false };
        self.by_update.remove(&(stored.updated_at, id.to_owned()));
        true
    }

    /// Changes a finding in place; nothing happens when there is none.
    pub(crate) fn change(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut Value),
    ) -> Result<(), WorldError> {
        let Some(stored) = self.findings.get(id) else { return Ok(()) };
        let mut document: Value =
            serde_json::from_slice(&stored.text).map_err(|_| WorldError::Document("JSON"))?;
        change(&mut document);
        self.put(&document).map(|_| ())
    }
}

/// Moves the times of a finding that was looked at again.
pub(crate) fn touch(document: &mut Value, now: Timestamp) {
    let now = json!(millis_text(now));
    document["UpdatedAt"] = now.clone();
    document["LastObservedAt"] = now.clone();
    document["ProcessedAt"] = now;
}

/// Writes the result of an evaluation, with what Security Hub changes along with it.
pub(crate) fn evaluate(document: &mut Value, rating: &str, compliance: Compliance, now: Timestamp) {
    let before = document["Compliance"]["Status"].as_str().unwrap_or_default().to_owned();
    let was_archived = document["RecordState"] == "ARCHIVED";
    let label = if compliance == Compliance::Passed { "INFORMATIONAL" } else { rating };
    document["Compliance"]["Status"] = json!(compliance.as_str());
    document["Severity"] =
        json!({ "Label": label, "Normalized": normalized(label), "Original": label });
    document["FindingProviderFields"]["Severity"] = json!({ "Label": label, "Original": label });
    document["RecordState"] = json!("ACTIVE");
    let workflow = document["Workflow"]["Status"].as_str().unwrap_or("NEW").to_owned();
    let reopened = was_archived || (before == "PASSED" && compliance != Compliance::Passed);
    let workflow = match (workflow.as_str(), compliance) {
        // Suppression outlives everything.
        ("SUPPRESSED", _) => "SUPPRESSED",
        (_, Compliance::Passed) => "RESOLVED",
        ("NOTIFIED" | "RESOLVED", _) if reopened => "NEW",
        (other, _) => other,
    };
    document["Workflow"] = json!({ "Status": workflow });
    touch(document, now);
}

/// Archives a finding, as Security Hub does when the resource is gone.
pub(crate) fn archive(document: &mut Value, now: Timestamp) {
    document["RecordState"] = json!("ARCHIVED");
    if document.get("Compliance").is_some() {
        document["Compliance"]["Status"] = json!("NOT_AVAILABLE");
    }
    touch(document, now);
}

/// Writes what a person decided in the console. `UpdatedAt` stays.
pub(crate) fn triage(
    document: &mut Value,
    workflow: &str,
    note: Option<&(String, String)>,
    now: Timestamp,
) {
    document["Workflow"] = json!({ "Status": workflow });
    if let Some((text, by)) = note {
        document["Note"] = json!({ "Text": text, "UpdatedBy": by, "UpdatedAt": millis_text(now) });
    }
}
