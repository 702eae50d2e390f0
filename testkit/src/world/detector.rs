//! GuardDuty in one account and Region: a detector and its findings.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::clock::millis_text;

/// An enabled detector.
#[derive(Clone, Debug, PartialEq)]
pub struct Detector {
    pub(crate) id: String,
    pub(crate) created_at: Timestamp,
    /// How often changes reach Security Hub: `FIFTEEN_MINUTES`, `ONE_HOUR` or `SIX_HOURS`.
    pub(crate) publishing_frequency: String,
    pub(crate) findings: BTreeMap<String, Value>,
}

impl Detector {
    pub(crate) fn new(id: String, created_at: Timestamp) -> Self {
        let publishing_frequency = "FIFTEEN_MINUTES".to_owned();
        Self { id, created_at, publishing_frequency, findings: BTreeMap::new() }
    }

    /// Its id: 32 hexadecimal digits.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// How many findings it has, archived ones included.
    pub fn len(&self) -> usize {
        self.findings.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    /// The finding with this id, as it would be sent.
    pub fn document(&self, id: &str) -> Option<&Value> {
        self.findings.get(id)
    }

    /// Every finding, as it would be sent, in the order of ids.
    pub fn documents(&self) -> impl Iterator<Item = &Value> {
        self.findings.values()
    }
}

/// The same activity goes on: the count and the times move.
pub(crate) fn seen_again(document: &mut Value, now: Timestamp) {
    let count = document["service"]["count"].as_u64().unwrap_or_default();
    document["service"]["count"] = json!(count + 1);
    document["service"]["eventLastSeen"] = json!(millis_text(now));
    document["updatedAt"] = json!(millis_text(now));
}
