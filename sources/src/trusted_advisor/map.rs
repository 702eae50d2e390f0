//! From the bytes of the Support API to reports.
//!
//! Each flagged resource of a check's result is a document. Columns are found by the check's header
//! names, never by position: their order moves.

use bytes::Bytes;
use muster_core::unit::Unit;

use crate::document::{BodyError, Document};

/// One item of `DescribeTrustedAdvisorChecks`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Check {
    /// Its id, for example `Pfx0RwqBli`; also the rule id of its reports, except for mirrors of
    /// Security Hub controls (see `control`).
    pub id: String,
    /// Its name, for people.
    pub name: String,
    /// `security`, `cost_optimizing`…
    pub category: String,
    /// The names of the columns of `metadata`.
    pub columns: Vec<String>,
    /// The Security Hub control that it mirrors, in upper case; `None` for a check of its own.
    pub control: Option<String>,
    /// Its description, as text without markup, bounded.
    pub description: String,
}

/// One item of `DescribeTrustedAdvisorCheckSummaries`: enough to see whether the result moved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckSummary {
    /// Its id.
    pub check_id: String,
    /// When it was last evaluated, as AWS writes it: compare for equality.
    pub timestamp: String,
    /// `ok`, `warning`, `error`, `not_available`.
    pub status: String,
    /// How many resources are flagged.
    pub flagged: u64,
    /// How many were left out of the evaluation.
    pub ignored: u64,
    /// How many the customer suppressed.
    pub suppressed: u64,
    /// Absence from this result means nothing: not available, resources ignored, or no data.
    pub unjudged: bool,
}

/// The answer of `DescribeTrustedAdvisorCheckResult`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckResult {
    /// A document for each flagged resource, also the `ok` ones (status resolved): their rows are
    /// evidence.
    pub documents: Vec<Document>,
    /// When it was evaluated, as AWS writes it.
    pub timestamp: String,
    /// Absence from this result means nothing: put [`rule_id`] into `Page::unjudged`.
    pub unjudged: bool,
}

/// Reads the answer of `DescribeTrustedAdvisorChecks`. A check without an id is left out.
pub fn checks(body: &Bytes) -> Result<Vec<Check>, BodyError> {
    let _ = body;
    Err(BodyError {
        operation: "support:DescribeTrustedAdvisorChecks",
        message: "not yet".to_owned(),
    })
}

/// Reads the answer of `DescribeTrustedAdvisorCheckSummaries`.
pub fn summaries(body: &Bytes) -> Result<Vec<CheckSummary>, BodyError> {
    let _ = body;
    Err(BodyError {
        operation: "support:DescribeTrustedAdvisorCheckSummaries",
        message: "not yet".to_owned(),
    })
}

/// Reads the answer of `DescribeTrustedAdvisorCheckResult` for `check`.
pub fn result(body: &Bytes, check: &Check, unit: &Unit) -> Result<CheckResult, BodyError> {
    let _ = (body, check, unit);
    Err(BodyError {
        operation: "support:DescribeTrustedAdvisorCheckResult",
        message: "not yet".to_owned(),
    })
}

/// The rule id of the reports of `check`: its control, or its own id.
pub fn rule_id(check: &Check) -> &str {
    check.control.as_deref().unwrap_or(&check.id)
}
