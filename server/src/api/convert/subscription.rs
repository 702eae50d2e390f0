//! Subscriptions, and where they stand.

use muster_api::v1 as wire;
use muster_core::subscription::{Key, Outcome, Parked, Place, Settings, Standing};
use muster_core::time::Millis;

use super::{Detail, duration_ms, enums, finding, timestamp};
use crate::store::{Store, StoreError};
use crate::subscriptions::{Act, Entry, Image};

/// A subscription as it is at `now`; reads at most one log entry.
pub(crate) fn subscription(
    entry: &Entry,
    store: &dyn Store,
    now: Millis,
) -> Result<wire::Subscription, StoreError> {
    let subscription = &entry.subscription;
    Ok(wire::Subscription {
        id: subscription.name.clone(),
        config: Some(config(entry)),
        etag: subscription.etag(),
        create_time: Some(timestamp(subscription.created)),
        status: Some(subscription_status(entry, store, now)?),
        acts: subscription.acts.iter().map(act).collect(),
    })
}

fn config(entry: &Entry) -> wire::SubscriptionConfig {
    let subscription = &entry.subscription;
    let Settings { outstanding_max, ack_deadline_ms, attempts_max, backoff_min_ms, backoff_max_ms } =
        subscription.settings;
    let view = match subscription.image {
        Image::Basic => wire::FindingView::Basic,
        Image::Full => wire::FindingView::Full,
        Image::Raw => wire::FindingView::Raw,
    };
    wire::SubscriptionConfig {
        description: subscription.description.clone(),
        filter: subscription.filter.clone(),
        view: view.into(),
        kinds: subscription.kinds.iter().map(|kind| enums::change_kind(*kind).into()).collect(),
        max_outstanding: count(outstanding_max),
        ack_deadline: Some(duration_ms(ack_deadline_ms)),
        max_delivery_attempts: Some(attempts_max),
        min_backoff: Some(duration_ms(backoff_min_ms)),
        max_backoff: Some(duration_ms(backoff_max_ms)),
    }
}

/// Where a subscription stands at `now`; reads at most one log entry.
pub(crate) fn subscription_status(
    entry: &Entry,
    store: &dyn Store,
    now: Millis,
) -> Result<wire::SubscriptionStatus, StoreError> {
    let entry = entry.at(now);
    let state = &entry.state;
    let standing = match entry.standing(store) {
        Standing::Active => wire::SubscriptionState::Active,
        Standing::Saturated => wire::SubscriptionState::Saturated,
        Standing::Stale => wire::SubscriptionState::Stale,
    };
    let age = entry.oldest(store)?.map(|oldest| duration_ms(now.since(oldest).max(0)));
    Ok(wire::SubscriptionStatus {
        state: standing.into(),
        ack_floor: state.floor().0,
        head_revision: store.head().0,
        in_snapshot: matches!(state.place, Place::Snapshot { .. }),
        oldest_unacked_age: age,
        outstanding: count(state.outstanding.len()),
        parked: count(state.parked.len()),
        session_principal: entry.consumer.clone(),
        session_epoch: state.epoch,
    })
}

/// How much of a finding a subscription delivers.
pub(crate) fn detail(image: Image) -> Detail {
    match image {
        Image::Basic => Detail::Basic,
        Image::Full => Detail::Full,
        Image::Raw => Detail::Raw,
    }
}

/// A change that was given up.
pub(crate) fn parked(key: Key, parked: &Parked, change: wire::Change) -> wire::ParkedChange {
    wire::ParkedChange {
        id: parked_id(key),
        change: Some(change),
        attempts: parked.attempts,
        reason: parked.reason.clone(),
        park_time: Some(timestamp(parked.at)),
    }
}

/// What names a parked change.
pub(crate) fn parked_id(key: Key) -> String {
    match key {
        Key::Snapshot(id) => id.to_string(),
        Key::Change(revision) => revision.to_string(),
    }
}

/// What became of an ack.
pub(crate) fn outcome(outcome: Outcome) -> wire::AckStatus {
    match outcome {
        Outcome::Accepted => wire::AckStatus::Accepted,
        Outcome::AlreadySettled => wire::AckStatus::AlreadySettled,
        Outcome::Outdated => wire::AckStatus::Outdated,
        Outcome::NotParked => wire::AckStatus::NotParked,
        Outcome::Unknown => wire::AckStatus::Unknown,
    }
}

fn act(act: &Act) -> wire::SubscriptionAct {
    wire::SubscriptionAct {
        kind: act.kind.as_str().to_owned(),
        actor: Some(finding::actor(&act.by)),
        time: Some(timestamp(act.at)),
        comment: act.comment.clone(),
        number: act.number,
    }
}

fn count(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
