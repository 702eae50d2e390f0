//! Which findings a decision is about.

use std::collections::HashSet;

use muster_api::v1::{Finding, FindingView, ListFindingsRequest, TriageFindingRequest};

use super::decide::Decision;
use crate::cli::args::{Hidden, SelectionArgs};
use crate::cli::failure::Failure;
use crate::cli::ids::resolve_findings;
use crate::cli::pages::Pages;
use crate::cli::session::Session;

/// Lines of stdin that are read as ids at most.
const STDIN_LINES_MAX: usize = 100_000;

/// Findings as they were when they were selected.
#[derive(Debug)]
pub(super) struct Selection {
    pub(super) targets: Vec<Finding>,
    /// A filter selected them, so nobody has named each of them.
    pub(super) by_filter: bool,
    /// `--if-unchanged`.
    etag: Option<String>,
}

impl Selection {
    /// The command for one of the findings, with its conditions.
    ///
    /// What a filter selected is changed only as it was counted and shown: a finding that somebody
    /// decided about meanwhile, or that became another, is left alone and told.
    pub(super) fn request(&self, decision: &Decision, finding: &Finding) -> TriageFindingRequest {
        let mut request = decision.request(finding);
        if self.by_filter {
            let triage = finding.triage.clone().unwrap_or_default();
            request.etag = triage.etag;
            request.expected_content_version = Some(finding.content_version);
        } else if let Some(etag) = &self.etag {
            request.etag.clone_from(etag);
        }
        request
    }
}

/// Selects the findings that are named, or those that match.
pub(super) async fn select(
    session: &mut Session,
    args: &SelectionArgs,
    hidden: Hidden,
) -> Result<Selection, Failure> {
    let by_filter = !args.filter.is_empty();
    match (args.ids.is_empty(), by_filter) {
        (true, false) => {
            return Err(Failure::usage("which findings?").hint(
                "name them by id, pipe ids into `-`, or say which with --filter and the like",
            ));
        }
        (false, true) => {
            return Err(Failure::usage("ids and a filter do not go together"));
        }
        _ => {}
    }
    let targets = if by_filter {
        matching(session, args, hidden).await?
    } else {
        let typed = typed(session, &args.ids).await?;
        resolve_findings(session, &typed, FindingView::Basic).await?
    };
    if args.if_unchanged.is_some() && (by_filter || targets.len() != 1) {
        return Err(Failure::usage("--if-unchanged is about one finding")
            .hint("what a filter selects is changed only as it was shown anyway"));
    }
    Ok(Selection { targets, by_filter, etag: args.if_unchanged.clone() })
}

/// The ids of the command line, with those of stdin in the place of `-`.
async fn typed(session: &Session, ids: &[String]) -> Result<Vec<String>, Failure> {
    let mut typed = Vec::new();
    let mut read = false;
    for id in ids {
        if id != "-" {
            typed.push(id.clone());
            continue;
        }
        if std::mem::replace(&mut read, true) {
            return Err(Failure::usage("`-` can be there only once"));
        }
        while let Some(line) = session.read_line().await? {
            let line = line.trim();
            if !line.is_empty() {
                typed.push(line.to_owned());
            }
            if typed.len() > STDIN_LINES_MAX {
                return Err(Failure::usage(format!("more than {STDIN_LINES_MAX} ids")));
            }
        }
    }
    Ok(typed)
}

async fn matching(
    session: &mut Session,
    args: &SelectionArgs,
    hidden: Hidden,
) -> Result<Vec<Finding>, Failure> {
    let me = if args.filter.assignee.as_deref() == Some("me") { session.me()? } else { "" };
    let filter = args.filter.compose(hidden, me).text;
    let request = ListFindingsRequest {
        filter,
        view: FindingView::Basic.into(),
        ..ListFindingsRequest::default()
    };
    let mut pages = Pages::new(request, None);
    let mut targets = Vec::new();
    let mut seen = HashSet::new();
    while let Some(page) = pages.next(session).await? {
        // A finding that moved while the pages were read is met twice.
        targets.extend(page.findings.into_iter().filter(|one| seen.insert(one.id.clone())));
    }
    Ok(targets)
}
