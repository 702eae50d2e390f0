//! Subscriptions and what they deliver in JSON.

use std::borrow::Cow;

use muster_api::v1::{
    ChangeKind, Delivery, FindingView, ParkedChange, Subscription, SubscriptionAct,
    SubscriptionConfig, SubscriptionState, SubscriptionStatus,
};
use serde::Serialize;

use super::change::ChangeDoc;
use super::finding::ActorDoc;
use super::text;
use crate::cli::args::View;
use crate::cli::time::rfc3339;
use crate::cli::words::Word;

/// A durable consumer.
#[derive(Debug, Serialize)]
pub(crate) struct SubscriptionDoc<'a> {
    name: &'a str,
    config: Option<ConfigDoc<'a>>,
    etag: &'a str,
    create_time: Option<String>,
    status: Option<StatusDoc<'a>>,
    acts: Vec<ActDoc<'a>>,
}

#[derive(Debug, Serialize)]
struct ConfigDoc<'a> {
    description: Option<&'a str>,
    filter: &'a str,
    view: Cow<'static, str>,
    kinds: Vec<Cow<'static, str>>,
    max_outstanding: u32,
    ack_deadline_seconds: Option<f64>,
    max_delivery_attempts: Option<u32>,
    min_backoff_seconds: Option<f64>,
    max_backoff_seconds: Option<f64>,
}

#[derive(Debug, Serialize)]
struct StatusDoc<'a> {
    state: Cow<'static, str>,
    ack_floor: u64,
    head_revision: u64,
    in_snapshot: bool,
    oldest_unacked_age_seconds: Option<f64>,
    outstanding: u32,
    parked: u32,
    session_principal: Option<&'a str>,
    session_epoch: u64,
}

#[derive(Debug, Serialize)]
struct ActDoc<'a> {
    kind: &'a str,
    actor: Option<ActorDoc>,
    time: Option<String>,
    comment: Option<&'a str>,
    number: u64,
}

/// A delivery.
#[derive(Debug, Serialize)]
pub(crate) struct DeliveryDoc<'a> {
    ack_id: &'a str,
    attempt: u32,
    snapshot: bool,
    change: Option<ChangeDoc<'a>>,
}

/// A change that was given up.
#[derive(Debug, Serialize)]
pub(crate) struct ParkedDoc<'a> {
    id: &'a str,
    attempts: u32,
    reason: Option<&'a str>,
    park_time: Option<String>,
    change: Option<ChangeDoc<'a>>,
}

impl<'a> SubscriptionDoc<'a> {
    pub(crate) fn new(subscription: &'a Subscription) -> Self {
        Self {
            name: &subscription.id,
            config: subscription.config.as_ref().map(ConfigDoc::new),
            etag: &subscription.etag,
            create_time: rfc3339(subscription.create_time.as_ref()),
            status: subscription.status.as_ref().map(StatusDoc::new),
            acts: subscription.acts.iter().map(ActDoc::new).collect(),
        }
    }
}

impl<'a> ConfigDoc<'a> {
    fn new(config: &'a SubscriptionConfig) -> Self {
        Self {
            description: text(&config.description),
            filter: &config.filter,
            view: FindingView::word(config.view),
            kinds: config.kinds.iter().map(|kind| ChangeKind::word(*kind)).collect(),
            max_outstanding: config.max_outstanding,
            ack_deadline_seconds: seconds(config.ack_deadline.as_ref()),
            max_delivery_attempts: config.max_delivery_attempts,
            min_backoff_seconds: seconds(config.min_backoff.as_ref()),
            max_backoff_seconds: seconds(config.max_backoff.as_ref()),
        }
    }
}

impl<'a> StatusDoc<'a> {
    fn new(status: &'a SubscriptionStatus) -> Self {
        Self {
            state: SubscriptionState::word(status.state),
            ack_floor: status.ack_floor,
            head_revision: status.head_revision,
            in_snapshot: status.in_snapshot,
            oldest_unacked_age_seconds: seconds(status.oldest_unacked_age.as_ref()),
            outstanding: status.outstanding,
            parked: status.parked,
            session_principal: text(&status.session_principal),
            session_epoch: status.session_epoch,
        }
    }
}

impl<'a> ActDoc<'a> {
    fn new(act: &'a SubscriptionAct) -> Self {
        Self {
            kind: &act.kind,
            actor: act.actor.as_ref().map(ActorDoc::new),
            time: rfc3339(act.time.as_ref()),
            comment: text(&act.comment),
            number: act.number,
        }
    }
}

impl<'a> DeliveryDoc<'a> {
    pub(crate) fn new(delivery: &'a Delivery) -> Self {
        Self {
            ack_id: &delivery.ack_id,
            attempt: delivery.attempt,
            snapshot: delivery.snapshot,
            change: delivery.change.as_ref().map(|change| ChangeDoc::new(change, View::Full)),
        }
    }
}

impl<'a> ParkedDoc<'a> {
    pub(crate) fn new(parked: &'a ParkedChange) -> Self {
        Self {
            id: &parked.id,
            attempts: parked.attempts,
            reason: text(&parked.reason),
            park_time: rfc3339(parked.park_time.as_ref()),
            change: parked.change.as_ref().map(|change| ChangeDoc::new(change, View::Basic)),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "spans of a day have few digits")]
fn seconds(span: Option<&prost_types::Duration>) -> Option<f64> {
    span.map(|span| span.seconds as f64 + f64::from(span.nanos) / 1e9)
}
