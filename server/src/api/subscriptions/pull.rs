//! `PullChanges`: what there is, or what comes within a time.

use std::sync::Arc;

use muster_api::v1 as wire;
use muster_core::subscription::Holder;
use tokio::time::{Duration, Instant};

use super::hand::{Got, Hand, Room};
use crate::api::convert::{self, LIST_BYTES_MAX};
use crate::api::error::ApiError;
use crate::api::read::{Reader, Reads};
use crate::api::validate::subscriptions::Pull;

/// Waits for the first changes, or for the end of the wait, or of the server.
pub(super) async fn pull(
    reads: &Reads,
    wanted: &Pull,
) -> Result<wire::PullChangesResponse, ApiError> {
    let backend = reads.backend();
    let until = Instant::now() + wanted.wait;
    let mut hand = Hand::new(reads, &wanted.name)?;
    let mut head = backend.feed.subscribe();
    let room = Room { deliveries: wanted.limit, bytes: LIST_BYTES_MAX, holder: Holder::Pull };
    let mut deliveries = Vec::new();
    loop {
        head.borrow_and_update();
        match hand.next(room).await? {
            Got::Some(handed) => {
                deliveries.extend(handed.into_iter().map(|handed| handed.delivery));
                break;
            }
            Got::More if Instant::now() < until && !backend.drain.is_cancelled() => continue,
            Got::Nothing if Instant::now() < until && !backend.drain.is_cancelled() => {}
            Got::More | Got::Nothing => break,
        }
        let due = hand.next_due()?.unwrap_or(Duration::MAX);
        let due = Instant::now().checked_add(due).map_or(until, |due| due.min(until));
        tokio::select! {
            () = backend.drain.cancelled() => {}
            () = tokio::time::sleep_until(due) => {}
            // The feed outlives the call. A subscription that was deleted is noticed above.
            _ = head.changed() => {}
            _ = hand.watched.changed() => {}
        }
    }
    if deliveries.is_empty() {
        hand.flush().await?;
    }
    let (entry, now) = (hand.entry(), backend.clock.now());
    let status = match entry {
        Ok(entry) => Some(status(reads, entry, now).await?),
        // Deleted a moment ago; what was handed out is gone with it.
        Err(_) => None,
    };
    Ok(wire::PullChangesResponse { deliveries, status })
}

/// Where a subscription stands.
pub(super) async fn status(
    reads: &Reads,
    entry: Arc<crate::subscriptions::Entry>,
    now: muster_core::time::Millis,
) -> Result<wire::SubscriptionStatus, ApiError> {
    let read =
        move |reader: &Reader<'_>| Ok(convert::subscription_status(&entry, reader.store(), now)?);
    reads.run(read).await
}
