//! From the bytes of the Support API to reports.
//!
//! Each flagged resource of a check's result is a document. Columns are found by the check's header
//! names, never by position: their order moves.

mod native;
mod report;
mod row;
mod subject;
mod text;
mod verdict;

use std::borrow::Cow;

use bytes::Bytes;
use muster_core::report::TITLE_BYTES_MAX;
use muster_core::unit::Unit;

use self::native::{CheckDescription, Counts, Summary};
use self::report::Evaluation;
use self::text::Description;
use crate::body::Answer;
use crate::document::{BodyError, Document};
use crate::draft::{self, Remarks, unmapped};
use crate::lenient::{Moment, Scalar};

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
    /// The Security Hub control that it mirrors; `None` for a check of its own.
    pub control: Option<String>,
    /// What it checks: text without markup, bounded.
    pub description: String,
    /// What to do: text without markup, bounded.
    pub remediation: String,
    /// A link that explains; https only.
    pub remediation_url: String,
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
    let answer = Answer::read(body, "support:DescribeTrustedAdvisorChecks")?;
    let mut checks = Vec::new();
    for item in answer.list("checks")? {
        let check = draft::parse::<CheckDescription<'_>>(item)
            .map_err(|error| answer.error(format!("checks: {error}")))?;
        checks.extend(check_of(&check));
    }
    Ok(checks)
}

fn check_of(check: &CheckDescription<'_>) -> Option<Check> {
    let id = owned(&check.id);
    let description = Description::read(check.description.as_str());
    let mut remarks = Remarks::default();
    (!id.is_empty()).then(|| Check {
        name: remarks.text("name", &check.name, TITLE_BYTES_MAX),
        category: owned(&check.category),
        columns: check.metadata.items.iter().map(owned).collect(),
        control: description.control,
        description: description.summary,
        remediation: description.advice,
        remediation_url: description.link,
        id,
    })
}

/// Reads the answer of `DescribeTrustedAdvisorCheckSummaries`. A summary without an id is left out.
pub fn summaries(body: &Bytes) -> Result<Vec<CheckSummary>, BodyError> {
    let answer = Answer::read(body, "support:DescribeTrustedAdvisorCheckSummaries")?;
    let mut summaries = Vec::new();
    for item in answer.list("summaries")? {
        let summary = draft::parse::<Summary<'_>>(item)
            .map_err(|error| answer.error(format!("summaries: {error}")))?;
        summaries.push(summary_of(&summary));
    }
    summaries.retain(|summary| !summary.check_id.is_empty());
    Ok(summaries)
}

fn summary_of(summary: &Summary<'_>) -> CheckSummary {
    let empty = Counts::default();
    let counts = summary.counts.get().unwrap_or(&empty);
    let number = |scalar: &Scalar<'_>| scalar.number().map_or(0, |n| draft::count(n).into());
    let mut found = CheckSummary {
        check_id: owned(&summary.check_id),
        timestamp: owned(&summary.timestamp),
        status: owned(&summary.status).to_ascii_lowercase(),
        flagged: number(&counts.flagged),
        ignored: number(&counts.ignored),
        suppressed: number(&counts.suppressed),
        unjudged: false,
    };
    found.unjudged = verdict::is_unjudged(&found, summary.status_reason.as_str());
    found
}

/// Reads the answer of `DescribeTrustedAdvisorCheckResult` for `check`.
///
/// Each row is a document, also those that are `ok`. A result that is flagged and has no rows is one
/// document about the account. Without a result (`null`: the check was never evaluated) nothing is
/// judged.
///
/// # Errors
///
/// When the body is not such a result. What is wrong inside of a row costs only that row, which
/// becomes [`Document::Unmapped`].
pub fn result(body: &Bytes, check: &Check, unit: &Unit) -> Result<CheckResult, BodyError> {
    const OPERATION: &str = "support:DescribeTrustedAdvisorCheckResult";
    let answer = Answer::read(body, OPERATION)?;
    if answer.is_empty() || answer.member("result").is_some_and(|value| value.as_ref() == b"null") {
        return Ok(CheckResult { unjudged: true, ..CheckResult::default() });
    }
    let body = answer.object("result")?;
    let answer = Answer::read(body, OPERATION)?;
    let mut head = draft::parse::<Summary<'_>>(body)
        .map_err(|error| answer.error(format!("result: {error}")))?;
    let time = answer.member("timestamp").and_then(|time| serde_json::from_slice(time).ok());
    head.evaluated = time.unwrap_or_default();
    let has_rows = answer.member("flaggedResources").is_some();
    let rows = if has_rows { answer.list("flaggedResources")? } else { &[] };
    let summary = summary_of(&head);
    let evaluation = Evaluation { check, time: &head.evaluated, unit };
    let mut documents: Vec<Document> =
        rows.iter().map(|row| report::row(row, &evaluation)).collect();
    if documents.is_empty() && matches!(summary.status.as_str(), "warning" | "error") {
        documents.push(report::whole(body, &summary.status, &evaluation));
    }
    Ok(CheckResult {
        documents,
        unjudged: summary.unjudged || !has_rows,
        timestamp: summary.timestamp,
    })
}

/// Maps the `detail` of a `Trusted Advisor Check Item Refresh Notification`: a row, with the check by
/// its English name. `event` is kept as the document.
///
/// Only an item of a check that is not among `checks` cannot be mapped.
pub(crate) fn item(
    event: &Bytes,
    detail: &Bytes,
    time: &Moment,
    checks: &[Check],
    unit: &Unit,
) -> Document {
    let item = match draft::parse::<native::Item<'_>>(detail) {
        Ok(item) => item,
        Err(error) => return unmapped(error, event),
    };
    let name = item.check_name.text().unwrap_or_default();
    match checks.iter().find(|check| check.name.trim().eq_ignore_ascii_case(&name)) {
        Some(check) => report::item(&item, event, &Evaluation { check, time, unit }),
        None => {
            let name = crate::lenient::excerpt(&name);
            unmapped(format_args!("check-name: `{name}` is none of the checks"), event)
        }
    }
}

fn owned(scalar: &Scalar<'_>) -> String {
    scalar.text().map_or_else(String::new, Cow::into_owned)
}

/// The rule id of the reports of `check`: its control, or its own id.
pub fn rule_id(check: &Check) -> &str {
    check.control.as_deref().unwrap_or(&check.id)
}
