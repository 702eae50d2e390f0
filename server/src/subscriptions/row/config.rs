//! The row of a configuration.

use muster_core::change::ChangeKind;
use muster_core::subscription::Settings;
use muster_core::time::Millis;
use muster_core::triage::Actor;
use prost::Message;

use crate::subscriptions::{Act, ActKind, Image, Subscription};

#[derive(Clone, PartialEq, Message)]
pub(super) struct ConfigRow {
    #[prost(string, tag = "1")]
    description: String,
    #[prost(string, tag = "2")]
    filter: String,
    /// 1 basic, 2 full, 3 raw.
    #[prost(uint32, tag = "3")]
    image: u32,
    /// Names of kinds.
    #[prost(string, repeated, tag = "4")]
    kinds: Vec<String>,
    #[prost(uint32, tag = "5")]
    outstanding_max: u32,
    #[prost(int64, tag = "6")]
    ack_deadline_ms: i64,
    #[prost(uint32, tag = "7")]
    attempts_max: u32,
    #[prost(int64, tag = "8")]
    backoff_min_ms: i64,
    #[prost(int64, tag = "9")]
    backoff_max_ms: i64,
    #[prost(int64, tag = "10")]
    created_ms: i64,
    #[prost(uint64, tag = "11")]
    version: u64,
    #[prost(bytes = "vec", tag = "12")]
    log_id: Vec<u8>,
    #[prost(message, repeated, tag = "13")]
    acts: Vec<ActRow>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ActRow {
    /// 1 created, 2 updated, 3 reset, 4 redelivered, 5 discarded.
    #[prost(uint32, tag = "1")]
    kind: u32,
    #[prost(string, tag = "2")]
    principal: String,
    #[prost(string, tag = "3")]
    on_behalf_of: String,
    #[prost(int64, tag = "4")]
    at_ms: i64,
    #[prost(string, tag = "5")]
    comment: String,
    #[prost(uint64, tag = "6")]
    number: u64,
}

impl ConfigRow {
    pub(super) fn of(subscription: &Subscription) -> Self {
        let Settings {
            outstanding_max,
            ack_deadline_ms,
            attempts_max,
            backoff_min_ms,
            backoff_max_ms,
        } = subscription.settings;
        Self {
            description: subscription.description.clone(),
            filter: subscription.filter.clone(),
            image: match subscription.image {
                Image::Basic => 1,
                Image::Full => 2,
                Image::Raw => 3,
            },
            kinds: subscription.kinds.iter().map(|kind| kind.as_str().to_owned()).collect(),
            outstanding_max: u32::try_from(outstanding_max).unwrap_or(u32::MAX),
            ack_deadline_ms,
            attempts_max,
            backoff_min_ms,
            backoff_max_ms,
            created_ms: subscription.created.0,
            version: subscription.version,
            log_id: subscription.log_id.to_vec(),
            acts: subscription.acts.iter().map(ActRow::of).collect(),
        }
    }

    pub(super) fn read(self, name: &str) -> Option<Subscription> {
        let image = match self.image {
            1 => Image::Basic,
            2 => Image::Full,
            3 => Image::Raw,
            _ => return None,
        };
        let kind = |text: &String| ChangeKind::ALL.into_iter().find(|kind| kind.as_str() == text);
        Some(Subscription {
            name: name.to_owned(),
            description: self.description,
            filter: self.filter,
            image,
            kinds: self.kinds.iter().map(kind).collect::<Option<_>>()?,
            settings: Settings {
                outstanding_max: usize::try_from(self.outstanding_max).ok()?,
                ack_deadline_ms: self.ack_deadline_ms,
                attempts_max: self.attempts_max,
                backoff_min_ms: self.backoff_min_ms,
                backoff_max_ms: self.backoff_max_ms,
            },
            created: Millis(self.created_ms),
            version: self.version,
            log_id: self.log_id.try_into().ok()?,
            acts: self.acts.into_iter().map(ActRow::read).collect::<Option<_>>()?,
        })
    }
}

impl ActRow {
    pub(super) fn of(act: &Act) -> Self {
        Self {
            kind: match act.kind {
                ActKind::Created => 1,
                ActKind::Updated => 2,
                ActKind::Reset => 3,
                ActKind::Redelivered => 4,
                ActKind::Discarded => 5,
            },
            principal: act.by.principal.clone(),
            on_behalf_of: act.by.on_behalf_of.clone(),
            at_ms: act.at.0,
            comment: act.comment.clone(),
            number: act.number,
        }
    }

    pub(super) fn read(self) -> Option<Act> {
        let kind = match self.kind {
            1 => ActKind::Created,
            2 => ActKind::Updated,
            3 => ActKind::Reset,
            4 => ActKind::Redelivered,
            5 => ActKind::Discarded,
            _ => return None,
        };
        let by = Actor { principal: self.principal, on_behalf_of: self.on_behalf_of };
        let (at, comment, number) = (Millis(self.at_ms), self.comment, self.number);
        Some(Act { kind, by, at, comment, number })
    }
}
