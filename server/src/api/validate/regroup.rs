//! Requests that move reports between findings.

use muster_api::v1 as wire;
use muster_core::plan::Regrouping;
use muster_core::report::{ReportKey, ReportPath};
use muster_core::triage::{Actor, COMMENT_BYTES_MAX, NAME_BYTES_MAX};

use super::triage::{Caller, ETAG_BYTES_MAX, RequestKey, request_hash, request_id};
use super::{Violations, full_id, shown};
use crate::api::error::ApiError;
use crate::writer::{Merge, Split};

/// The longest report key, in bytes: an ASFF `ProductArn` and `Id` with room for both.
pub(crate) const REPORT_KEY_BYTES_MAX: usize = 4096;

/// Reads a `MergeFindings`.
pub(crate) fn merge(
    request: &wire::MergeFindingsRequest,
    caller: &Caller,
) -> Result<Merge, ApiError> {
    let mut violations = Violations::default();
    let into = full_id(&mut violations, "into_id", &request.into_id);
    let from = full_id(&mut violations, "from_id", &request.from_id);
    if into.is_some() && into == from {
        violations.add("from_id", "is the same finding as `into_id`");
    }
    let into_etag = etag(&mut violations, "into_etag", &request.into_etag);
    let from_etag = etag(&mut violations, "from_etag", &request.from_etag);
    let said = Said {
        comment: &request.comment,
        on_behalf_of: &request.on_behalf_of,
        request_id: &request.request_id,
    };
    let (by, id) = said.read(&mut violations, "merge", caller);
    let request: Option<RequestKey> =
        id.map(|id| (id, request_hash("MergeFindings", request, caller)));
    match (into, from) {
        (Some(into), Some(from)) => {
            violations.or(Merge { into, from, by, into_etag, from_etag, request })
        }
        _ => Err(ApiError::Invalid(violations)),
    }
}

/// Reads a `SplitFinding`.
pub(crate) fn split(
    request: &wire::SplitFindingRequest,
    caller: &Caller,
) -> Result<Split, ApiError> {
    let mut violations = Violations::default();
    let finding = full_id(&mut violations, "finding_id", &request.finding_id);
    let report = report_key(&mut violations, "report_key", &request.report_key);
    let etag = etag(&mut violations, "etag", &request.etag);
    let said = Said {
        comment: &request.comment,
        on_behalf_of: &request.on_behalf_of,
        request_id: &request.request_id,
    };
    let (by, id) = said.read(&mut violations, "split", caller);
    let request: Option<RequestKey> =
        id.map(|id| (id, request_hash("SplitFinding", request, caller)));
    match (finding, report) {
        (Some(finding), Some(report)) => {
            violations.or(Split { finding, report, by, etag, request })
        }
        _ => Err(ApiError::Invalid(violations)),
    }
}

fn etag(violations: &mut Violations, field: &str, text: &str) -> Option<String> {
    violations.text(field, text, ETAG_BYTES_MAX);
    (!text.is_empty()).then(|| text.to_owned())
}

/// Reads the key of a report: its path, and the provider's id on it.
fn report_key(violations: &mut Violations, field: &str, text: &str) -> Option<ReportKey> {
    violations.text(field, text, REPORT_KEY_BYTES_MAX);
    let parts = text.split_once('|').filter(|(_, provider_id)| !provider_id.is_empty());
    let key = parts.and_then(|(path, provider_id)| {
        let path = ReportPath::ALL.into_iter().find(|known| known.as_str() == path)?;
        Some(ReportKey { path, provider_id: provider_id.to_owned() })
    });
    if key.is_none() {
        let shown = shown(text);
        violations.add(field, format!("`{shown}` is no report key; take `key` of a report"));
    }
    key
}

/// What is said with a decision about groups.
struct Said<'a> {
    comment: &'a str,
    on_behalf_of: &'a str,
    request_id: &'a str,
}

impl Said<'_> {
    /// Who decides and why, and the call's own id. Without a reason nobody could undo it with a good
    /// conscience later, so there must be one.
    fn read(
        &self,
        violations: &mut Violations,
        action: &str,
        caller: &Caller,
    ) -> (Regrouping, Option<String>) {
        violations.text("comment", self.comment, COMMENT_BYTES_MAX);
        if self.comment.trim().is_empty() {
            violations.add("comment", "is missing; say why");
        }
        violations.text("on_behalf_of", self.on_behalf_of, NAME_BYTES_MAX);
        let id = request_id(violations, self.request_id);
        let by = Regrouping {
            action: action.to_owned(),
            comment: self.comment.to_owned(),
            actor: Actor {
                principal: caller.principal.clone(),
                on_behalf_of: self.on_behalf_of.to_owned(),
            },
            request_id: id.clone().unwrap_or_default(),
        };
        (by, id)
    }
}
