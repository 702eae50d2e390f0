//! From the bytes of `GetFindings` to reports.

use bytes::Bytes;
use muster_core::unit::Unit;

use crate::document::{BodyError, Document, FindingsPage};

/// Reads a page of `GetFindings`: `{"Findings": [..], "NextToken": ".."}`.
pub fn findings_page(body: &Bytes, unit: &Unit) -> Result<FindingsPage, BodyError> {
    let _ = (body, unit);
    Err(BodyError { operation: "securityhub:GetFindings", message: "not yet".to_owned() })
}

/// Maps one finding in ASFF, read by `unit`. `raw` is kept as it is.
pub fn finding(raw: &Bytes, unit: &Unit) -> Document {
    let _ = unit;
    Document::Unmapped(muster_core::report::Unmapped {
        error: "not yet".to_owned(),
        raw: raw.clone(),
    })
}
