//! A change as it is stored.

use bytes::Bytes;
use muster_core::change::{Change, Facets, FieldChange};
use muster_core::ids::{FindingId, Revision};
use muster_core::time::Millis;

use super::facets::FacetsMessage;
use super::finding::ActorMessage;
use super::numbers::Numbered;
use super::{Damage, id, required};

/// A [`Change`] without its revision, which is its key.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ChangeMessage {
    #[prost(bytes = "bytes", tag = "1")]
    finding: Bytes,
    #[prost(uint64, tag = "2")]
    previous: u64,
    #[prost(int64, tag = "3")]
    time: i64,
    #[prost(uint32, repeated, tag = "4")]
    kinds: Vec<u32>,
    #[prost(message, optional, tag = "5")]
    actor: Option<ActorMessage>,
    #[prost(string, tag = "6")]
    request_id: String,
    #[prost(string, tag = "7")]
    action: String,
    #[prost(string, tag = "8")]
    comment: String,
    #[prost(message, repeated, tag = "9")]
    fields: Vec<FieldMessage>,
    #[prost(message, optional, tag = "10")]
    before: Option<FacetsMessage>,
    #[prost(message, optional, tag = "11")]
    after: Option<FacetsMessage>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct FieldMessage {
    #[prost(string, tag = "1")]
    field: String,
    #[prost(string, tag = "2")]
    before: String,
    #[prost(string, tag = "3")]
    after: String,
}

impl ChangeMessage {
    /// `change`, whose finding was at `previous` before.
    pub(crate) fn new(change: &Change, previous: Revision) -> Self {
        let field = |field: &FieldChange| FieldMessage {
            field: field.field.clone(),
            before: field.before.clone(),
            after: field.after.clone(),
        };
        Self {
            finding: Bytes::copy_from_slice(&change.finding.0),
            previous: previous.0,
            time: change.time.0,
            kinds: change.kinds.iter().map(|kind| kind.number()).collect(),
            actor: Some((&change.actor).into()),
            request_id: change.request_id.clone(),
            action: change.action.clone(),
            comment: change.comment.clone(),
            fields: change.fields.iter().map(field).collect(),
            before: change.before.as_ref().map(FacetsMessage::from),
            after: Some((&change.after).into()),
        }
    }

    /// The change at `revision`.
    pub(crate) fn into_change(self, revision: Revision) -> Result<Change, Damage> {
        let mut kinds = Vec::with_capacity(self.kinds.len());
        for kind in self.kinds {
            kinds.push(Numbered::from_number(kind)?);
        }
        let field = |message: FieldMessage| FieldChange {
            field: message.field,
            before: message.before,
            after: message.after,
        };
        Ok(Change {
            revision,
            previous: Revision(self.previous),
            time: Millis(self.time),
            finding: FindingId(id("finding", &self.finding)?),
            kinds,
            actor: self.actor.unwrap_or_default().into(),
            request_id: self.request_id,
            action: self.action,
            comment: self.comment,
            fields: self.fields.into_iter().map(field).collect(),
            before: self.before.map(Facets::try_from).transpose()?,
            after: required("after", self.after)?.try_into()?,
        })
    }
}
