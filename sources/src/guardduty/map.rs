//! From the bytes of `ListDetectors`, `ListFindings` and `GetFindings` to reports.

use bytes::Bytes;
use muster_core::unit::Unit;

use crate::document::{BodyError, Document, IdsPage};

/// Reads a page of `ListDetectors`: `{"detectorIds": [..], "nextToken": ".."}`.
pub fn detectors_page(body: &Bytes) -> Result<IdsPage, BodyError> {
    let _ = body;
    Err(BodyError { operation: "guardduty:ListDetectors", message: "not yet".to_owned() })
}

/// Reads a page of `ListFindings`: `{"findingIds": [..], "nextToken": ".."}`.
pub fn finding_ids_page(body: &Bytes) -> Result<IdsPage, BodyError> {
    let _ = body;
    Err(BodyError { operation: "guardduty:ListFindings", message: "not yet".to_owned() })
}

/// Reads the answer of `GetFindings`: `{"findings": [..]}`. It has no pages: it returns what it
/// finds of the ids asked for.
pub fn findings(body: &Bytes, unit: &Unit) -> Result<Vec<Document>, BodyError> {
    let _ = (body, unit);
    Err(BodyError { operation: "guardduty:GetFindings", message: "not yet".to_owned() })
}

/// Maps one native finding, read by `unit`. `raw` is kept as it is.
pub fn finding(raw: &Bytes, unit: &Unit) -> Document {
    let _ = unit;
    Document::Unmapped(muster_core::report::Unmapped {
        error: "not yet".to_owned(),
        raw: raw.clone(),
    })
}
