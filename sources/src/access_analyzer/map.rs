//! From the bytes of IAM Access Analyzer to reports.
//!
//! External access comes from `ListFindings`, whose items are complete. Unused and internal access
//! comes from `ListFindingsV2`, whose items are summaries, and one or more pages of `GetFindingV2`
//! for each finding.

mod native;
mod report;
mod statement;

use std::borrow::Cow;
use std::collections::BTreeSet;

use bytes::Bytes;
use muster_core::report::{ReportKey, ReportPath, Status, Unmapped};
use muster_core::time::Millis;
use muster_core::unit::Unit;

use self::native::Finding;
use crate::body::Answer;
use crate::document::{BodyError, Document, FindingsPage, IdsPage};
use crate::draft::{self, unmapped, unmapped_value};
use crate::lenient::{Moment, Scalar};

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
    let answer = Answer::read(body, "access-analyzer:ListAnalyzers")?;
    let mut analyzers = Vec::new();
    for item in answer.list("analyzers")? {
        let analyzer: native::Analyzer<'_> =
            draft::parse(item).map_err(|error| answer.error(format!("analyzers: {error}")))?;
        let Some(arn) = analyzer.arn.text() else { continue };
        let text = |scalar: &Scalar<'_>| scalar.text().map_or_else(String::new, Cow::into_owned);
        let type_name = text(&analyzer.kind);
        analyzers.push(Analyzer {
            arn: arn.into_owned(),
            kind: AnalyzerKind::of_type(&type_name),
            type_name,
            status: text(&analyzer.status),
            managed_by: text(&analyzer.managed_by),
        });
    }
    Ok(AnalyzersPage { analyzers, next_token: answer.text("nextToken")? })
}

impl AnalyzerKind {
    fn of_type(name: &str) -> Self {
        match name {
            "ACCOUNT" | "ORGANIZATION" => Self::External,
            "ACCOUNT_UNUSED_ACCESS" | "ORGANIZATION_UNUSED_ACCESS" => Self::Unused,
            "ACCOUNT_INTERNAL_ACCESS" | "ORGANIZATION_INTERNAL_ACCESS" => Self::Internal,
            _ => Self::Other,
        }
    }
}

/// The resources of a page of `ListFindings` that the analyzer could not look at (`error`).
///
/// List with the filter `error exists` before a pass: when access denial appears, AWS flips every
/// other finding of the resource to `RESOLVED` although the exposure may remain.
pub fn denied_resources_page(body: &Bytes) -> Result<IdsPage, BodyError> {
    let answer = Answer::read(body, "access-analyzer:ListFindings")?;
    let mut ids = Vec::new();
    for item in answer.list("findings")? {
        // What cannot be read here is shown when the pass itself comes to it.
        let Ok(finding) = draft::parse::<Finding<'_>>(item) else { continue };
        if finding.error.text().is_some() {
            ids.extend(finding.resource.text().map(Cow::into_owned));
        }
    }
    Ok(IdsPage { ids, next_token: answer.text("nextToken")? })
}

/// Reads a page of `ListFindings` (external access). A finding that is `RESOLVED` on one of the
/// `denied` resources becomes unobservable instead; see [`denied_resources_page`].
///
/// # Errors
///
/// When the body is not such a page. What is wrong inside of a finding costs only that finding,
/// which becomes [`Document::Unmapped`].
pub fn external_findings_page(
    body: &Bytes,
    unit: &Unit,
    denied: &BTreeSet<String>,
) -> Result<FindingsPage, BodyError> {
    let answer = Answer::read(body, "access-analyzer:ListFindings")?;
    let documents = answer.list("findings")?;
    let map = |document: &Bytes| external_finding(document, unit, denied);
    Ok(FindingsPage {
        documents: documents.iter().map(map).collect(),
        next_token: answer.text("nextToken")?,
    })
}

/// Maps one item of `ListFindings`; `unit.part` is the analyzer's ARN.
pub fn external_finding(document: &Bytes, unit: &Unit, denied: &BTreeSet<String>) -> Document {
    match draft::parse::<Finding<'_>>(document) {
        Ok(finding) => document_of(&[finding], document, unit, denied),
        Err(error) => unmapped(error, document),
    }
}

/// Reads a page of `ListFindingsV2`.
pub fn summaries_page(body: &Bytes, unit: &Unit) -> Result<SummariesPage, BodyError> {
    let answer = Answer::read(body, "access-analyzer:ListFindingsV2")?;
    let mut page = SummariesPage { next_token: answer.text("nextToken")?, ..Default::default() };
    for item in answer.list("findings")? {
        match draft::parse::<Finding<'_>>(item) {
            Ok(finding) => match summary(&finding, unit) {
                Some(summary) => page.summaries.push(summary),
                None => page.unmapped.push(unmapped_value("id: missing", item)),
            },
            Err(error) => page.unmapped.push(unmapped_value(error, item)),
        }
    }
    Ok(page)
}

fn summary(finding: &Finding<'_>, unit: &Unit) -> Option<Summary> {
    let text = |scalar: &Scalar<'_>| scalar.text().map_or_else(String::new, Cow::into_owned);
    let id = finding.id.text()?.into_owned();
    Some(Summary {
        key: report::key(&unit.part, &id),
        updated: match finding.updated_at {
            // Which statements a public bucket's finding makes is only in its details.
            Moment::At(time) if finding.kind.as_str() != "ExternalAccess" => Some(time),
            Moment::At(_) | Moment::Absent | Moment::Bad(_) => None,
        },
        status: text(&finding.status),
        finding_type: text(&finding.kind),
        resource: text(&finding.resource),
        is_error: finding.error.text().is_some(),
        id,
    })
}

/// The token of the next page of details in an answer of `GetFindingV2`; `None` after the last.
pub fn details_next_token(body: &Bytes) -> Result<Option<String>, BodyError> {
    Answer::read(body, "access-analyzer:GetFindingV2")?.text("nextToken")
}

/// Maps one finding from all pages of `GetFindingV2`, in their order; `unit.part` is the analyzer's
/// ARN. The raw document is the page, or a JSON array of them when there are several.
pub fn finding(pages: &[Bytes], unit: &Unit) -> Document {
    let document = match pages {
        [page] => page.clone(),
        several => [&b"["[..], &several.join(&b','), b"]"].concat().into(),
    };
    let parsed: Result<Vec<Finding<'_>>, String> =
        pages.iter().map(|page| draft::parse(page)).collect();
    match parsed {
        Ok(pages) => document_of(&pages, &document, unit, &BTreeSet::new()),
        Err(error) => unmapped(error, &document),
    }
}

/// Maps the `detail` of an event; `unit.part` is the analyzer's ARN. The event is kept as the document,
/// because the analyzer is named there. It says less than the finding, so its report has a key of its
/// own.
pub(crate) fn event(event: &Bytes, detail: &Bytes, unit: &Unit) -> Document {
    let finding = match draft::parse::<Finding<'_>>(detail) {
        Ok(finding) => finding,
        Err(error) => return unmapped(error, event),
    };
    let is_deleted = finding.is_deleted.flag() == Some(true);
    let mut mapped = document_of(&[finding], event, unit, &BTreeSet::new());
    let own = |report: &mut muster_core::report::Report| {
        report.key.path = ReportPath::Event;
        // The status of what is deleted does not change: it was forgotten by age, or the analyzer is
        // gone and nobody looks.
        if is_deleted && report.status == Status::Active {
            report.status = Status::Unobservable;
            report.remarks.push("isDeleted: the analyzer no longer looks".to_owned());
        }
    };
    match &mut mapped {
        Document::Report(report) => own(report),
        Document::Reports(reports) => reports.iter_mut().for_each(own),
        Document::Unmapped(_) => {}
    }
    mapped
}

/// The report of a finding that has an id.
fn document_of(
    pages: &[Finding<'_>],
    document: &Bytes,
    unit: &Unit,
    denied: &BTreeSet<String>,
) -> Document {
    let id = pages.first().and_then(|page| page.id.text().or_else(|| page.event_id.text()));
    match id {
        Some(id) => {
            let source = report::Source { document, unit, denied };
            report::document(pages, &id, &source)
        }
        None => unmapped("id: missing", document),
    }
}
