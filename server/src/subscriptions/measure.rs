//! What an operator sees of subscriptions.

use metrics::gauge;
use muster_core::subscription::Standing;
use muster_core::time::Millis;

use super::{Board, SUBSCRIPTIONS_MAX};
use crate::store::{Store, StoreError};

/// Says that there is nothing to see of one that was deleted.
pub(crate) fn forget(name: &str) {
    let label = || [("subscription", name.to_owned())];
    gauge!("muster_subscription_outstanding", &label()).set(0.0);
    gauge!("muster_subscription_parked", &label()).set(0.0);
    gauge!("muster_subscription_backlog_seconds", &label()).set(0.0);
    gauge!("muster_subscription_stale", &label()).set(0.0);
}

/// Says where each subscription stands; reads one log entry for each.
///
/// # Errors
///
/// When the store cannot be read.
#[expect(clippy::cast_precision_loss, reason = "counts and seconds stay far below 2^52")]
pub fn measure(board: &Board, store: &dyn Store, now: Millis) -> Result<(), StoreError> {
    for entry in board.page("", SUBSCRIPTIONS_MAX) {
        let name = entry.subscription.name.clone();
        let entry = entry.at(now);
        let age_ms = entry.oldest(store)?.map_or(0, |oldest| now.since(oldest).max(0));
        let is_stale = entry.standing(store) == Standing::Stale;
        let (out, parked) = (entry.state.outstanding.len(), entry.state.parked.len());
        let label = || [("subscription", name.clone())];
        gauge!("muster_subscription_outstanding", &label()).set(out as f64);
        gauge!("muster_subscription_parked", &label()).set(parked as f64);
        gauge!("muster_subscription_backlog_seconds", &label()).set(age_ms as f64 / 1000.0);
        gauge!("muster_subscription_stale", &label()).set(f64::from(u8::from(is_stale)));
    }
    Ok(())
}
