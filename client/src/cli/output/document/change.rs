//! Changes and positions in JSON.

use std::borrow::Cow;

use muster_api::v1::{Change, ChangeKind, FieldChange, FilterEffect, LogPosition};
use serde::Serialize;

use super::finding::ActorDoc;
use super::{FindingDoc, text};
use crate::cli::args::View;
use crate::cli::time::rfc3339;
use crate::cli::words::Word;

/// An entry of the change log.
#[derive(Debug, Serialize)]
pub(crate) struct ChangeDoc<'a> {
    revision: u64,
    event_id: &'a str,
    commit_time: Option<String>,
    kinds: Vec<Cow<'static, str>>,
    finding_id: &'a str,
    fields: Vec<FieldDoc<'a>>,
    filter_effect: Option<Cow<'static, str>>,
    actor: Option<ActorDoc>,
    request_id: Option<&'a str>,
    action: Option<&'a str>,
    comment: Option<&'a str>,
    finding: Option<FindingDoc<'a>>,
}

#[derive(Debug, Serialize)]
struct FieldDoc<'a> {
    field: &'a str,
    before: Option<&'a str>,
    after: Option<&'a str>,
}

impl<'a> ChangeDoc<'a> {
    pub(crate) fn new(change: &'a Change, view: View) -> Self {
        Self {
            revision: change.revision,
            event_id: &change.event_id,
            commit_time: rfc3339(change.commit_time.as_ref()),
            kinds: change.kinds.iter().map(|kind| ChangeKind::word(*kind)).collect(),
            finding_id: &change.finding_id,
            fields: change.fields.iter().map(FieldDoc::new).collect(),
            filter_effect: FilterEffect::known(change.filter_effect),
            actor: change.actor.as_ref().map(ActorDoc::new),
            request_id: text(&change.request_id),
            action: text(&change.action),
            comment: text(&change.comment),
            finding: change.finding.as_ref().map(|finding| FindingDoc::new(finding, view)),
        }
    }
}

impl<'a> FieldDoc<'a> {
    fn new(change: &'a FieldChange) -> Self {
        Self { field: &change.field, before: text(&change.before), after: text(&change.after) }
    }
}

/// A position in the log.
#[derive(Debug, Serialize)]
pub(crate) struct PositionDoc {
    log_id: String,
    revision: u64,
}

impl PositionDoc {
    pub(crate) fn new(position: Option<&LogPosition>) -> Self {
        let position = position.cloned().unwrap_or_default();
        Self { log_id: position.log_id, revision: position.revision }
    }
}
