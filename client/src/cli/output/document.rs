//! The JSON schema of the command line, version 1.
//!
//! A family of its own, beside the wire's: names and words here are a promise to scripts, and a
//! change of the contract does not change them by accident.

mod change;
mod finding;
mod maturity;
mod signals;
mod subscription;
mod unit;

use serde::Serialize;
use serde_json::value::RawValue;

pub(crate) use change::{ChangeDoc, PositionDoc};
pub(crate) use finding::{FindingDoc, ReasonDoc, TriageDoc};
pub(crate) use maturity::{AttestationDoc, MaturityDoc, StandingDoc};
pub(crate) use subscription::{DeliveryDoc, ParkedDoc, SubscriptionDoc};
pub(crate) use unit::{CoverageDoc, GroupDoc, UnitDoc, UnmappedDoc};

/// The version of the schema; it grows when a key changes its meaning or goes away.
pub(crate) const SCHEMA_VERSION: u32 = 1;

/// Any document, with the version of the schema before its own keys.
#[derive(Debug, Serialize)]
pub(crate) struct Versioned<T> {
    schema_version: u32,
    #[serde(flatten)]
    document: T,
}

impl<T> Versioned<T> {
    pub(crate) fn new(document: T) -> Self {
        Self { schema_version: SCHEMA_VERSION, document }
    }
}

/// A document of a source: embedded as it is where it is JSON, as text where it is not.
#[derive(Debug, Serialize)]
pub(crate) struct RawDoc {
    #[serde(skip_serializing_if = "Option::is_none")]
    raw_json: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw_text: Option<String>,
}

impl RawDoc {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let raw_json = serde_json::from_slice::<Box<RawValue>>(bytes).ok();
        let raw_text = (raw_json.is_none() && !bytes.is_empty())
            .then(|| String::from_utf8_lossy(bytes).into_owned());
        Self { raw_json, raw_text }
    }
}

/// Text, or null when it is empty.
fn text(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::output::json::compact;

    #[test]
    fn documents_are_embedded_when_they_are_json() {
        for (bytes, json) in [
            (&br#"{"a": 1.10}"#[..], r#"{"raw_json":{"a": 1.10}}"#),
            (b"not json", r#"{"raw_text":"not json"}"#),
            (b"\xff", "{\"raw_text\":\"\u{fffd}\"}"),
            (b"", "{}"),
        ] {
            assert_eq!(compact(&RawDoc::new(bytes)).unwrap(), json);
        }
    }
}
