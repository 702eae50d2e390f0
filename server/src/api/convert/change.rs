//! Log entries and positions.

use muster_api::v1 as wire;
use muster_core::change::{Change, FieldChange};
use muster_core::ids::Revision;

use super::{enums, finding, timestamp};
use crate::api::cursor::hex;

/// A log entry, without the finding and without what it means for a filter.
pub(crate) fn change(change: &Change, log_id: [u8; 16]) -> wire::Change {
    wire::Change {
        revision: change.revision.0,
        event_id: format!("{}:{}", hex(log_id), change.revision),
        commit_time: Some(timestamp(change.time)),
        kinds: change.kinds.iter().map(|kind| enums::change_kind(*kind).into()).collect(),
        finding_id: change.finding.to_string(),
        finding: None,
        fields: change.fields.iter().map(field).collect(),
        filter_effect: wire::FilterEffect::Unspecified.into(),
        actor: Some(finding::actor(&change.actor)),
        request_id: change.request_id.clone(),
        action: change.action.clone(),
        comment: change.comment.clone(),
    }
}

fn field(field: &FieldChange) -> wire::FieldChange {
    wire::FieldChange {
        field: field.field.clone(),
        before: field.before.clone(),
        after: field.after.clone(),
    }
}

/// A position in the log; `cursor` is empty where nothing continues from it.
pub(crate) fn position(log_id: [u8; 16], revision: Revision, cursor: String) -> wire::LogPosition {
    wire::LogPosition { log_id: hex(log_id), revision: revision.0, cursor }
}
