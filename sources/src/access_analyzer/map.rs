//! From the bytes of IAM Access Analyzer to reports.
//!
//! External access comes from `ListFindings`, whose items are complete. Unused and internal access
//! comes from `ListFindingsV2`, whose items are summaries, and one or more pages of `GetFindingV2`
//! for each finding.

use std::collections::BTreeSet;

use bytes::Bytes;
use muster_core::report::{ReportKey, Unmapped};
use muster_core::time::Millis;
use muster_core::unit::Unit;

use crate::document::{BodyError, Document, FindingsPage, IdsPage};

/// What an analyzer looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AnalyzerKind {
    /// `ACCOUNT`, `ORGANIZATION`: read with `ListFindings`.
    External,
    /// `ACCOUNT_UNUSED_ACCESS`, `ORGANIZATION_UNUSED_ACCESS`: read with `ListFindingsV2`.
    Unused,
    /// `ACCOUNT_INTERNAL_ACCESS`, `ORGANIZATION_INTERNAL_ACCESS`: read with `ListFindingsV2`.
    Internal,
    /// A type that is newer than this program: read with `ListFindingsV2`, which lists all types.
    Other,
}

/// One item of `ListAnalyzers`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Analyzer {
    /// Its ARN.
    pub arn: String,
    /// What it looks for.
    pub kind: AnalyzerKind,
    /// The type as AWS writes it, for people.
    pub type_name: String,
    /// `ACTIVE`, `CREATING`, `DISABLED`, `FAILED`; empty when absent. Only an `ACTIVE` analyzer's
    /// silence means anything.
    pub status: String,
    /// The service that made it, for example `securityhubv2.amazonaws.com`; empty for a customer's.
    pub managed_by: String,
}

/// A page of `ListAnalyzers`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnalyzersPage {
    /// The analyzers; one without an ARN cannot be read and is left out.
    pub analyzers: Vec<Analyzer>,
    /// The token of the next page.
    pub next_token: Option<String>,
}

/// One item of `ListFindingsV2`: enough to see whether the finding must be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The id to ask `GetFindingV2` for.
    pub id: String,
    /// The key that its report has, for `Page::present`.
    pub key: ReportKey,
    /// When it changed last (not when it was analyzed); `None` when the summary does not say, so
    /// that it must be fetched.
    pub updated: Option<Millis>,
    /// `ACTIVE`, `ARCHIVED`, `RESOLVED`; as AWS writes it.
    pub status: String,
    /// `UnusedIAMRole`, `InternalAccess`…; as AWS writes it.
    pub finding_type: String,
    /// The resource, as AWS writes it; empty when absent.
    pub resource: String,
    /// The analyzer could not look at the resource.
    pub is_error: bool,
}

/// A page of `ListFindingsV2`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SummariesPage {
    /// Those that can be fetched.
    pub summaries: Vec<Summary>,
    /// Those that cannot: no id. They are documents of the page.
    pub unmapped: Vec<Unmapped>,
    /// The token of the next page.
    pub next_token: Option<String>,
}

/// Reads a page of `ListAnalyzers`.
pub fn analyzers_page(body: &Bytes) -> Result<AnalyzersPage, BodyError> {
    let _ = body;
    Err(BodyError { operation: "access-analyzer:ListAnalyzers", message: "not yet".to_owned() })
}

/// The resources of a page of `ListFindings` that the analyzer could not look at (`error`).
///
/// List with the filter `error exists` before a pass: when access denial appears, AWS flips every
/// other finding of the resource to `RESOLVED` although the exposure may remain.
pub fn denied_resources_page(body: &Bytes) -> Result<IdsPage, BodyError> {
    let _ = body;
    Err(BodyError { operation: "access-analyzer:ListFindings", message: "not yet".to_owned() })
}

/// Reads a page of `ListFindings` (external access). A finding that is `RESOLVED` on one of the
/// `denied` resources becomes unobservable instead; see [`denied_resources_page`].
pub fn external_findings_page(
    body: &Bytes,
    unit: &Unit,
    denied: &BTreeSet<String>,
) -> Result<FindingsPage, BodyError> {
    let _ = (body, unit, denied);
    Err(BodyError { operation: "access-analyzer:ListFindings", message: "not yet".to_owned() })
}

/// Reads a page of `ListFindingsV2`.
pub fn summaries_page(body: &Bytes, unit: &Unit) -> Result<SummariesPage, BodyError> {
    let _ = (body, unit);
    Err(BodyError { operation: "access-analyzer:ListFindingsV2", message: "not yet".to_owned() })
}

/// The token of the next page of details in an answer of `GetFindingV2`; `None` after the last.
pub fn details_next_token(body: &Bytes) -> Result<Option<String>, BodyError> {
    let _ = body;
    Err(BodyError { operation: "access-analyzer:GetFindingV2", message: "not yet".to_owned() })
}

/// Maps one finding from all pages of `GetFindingV2`, in their order; `unit.part` is the analyzer's
/// ARN. The raw document is the page, or a JSON array of them when there are several.
pub fn finding(pages: &[Bytes], unit: &Unit) -> Document {
    let _ = unit;
    Document::Unmapped(Unmapped {
        error: "not yet".to_owned(),
        raw: pages.first().cloned().unwrap_or_default(),
    })
}
