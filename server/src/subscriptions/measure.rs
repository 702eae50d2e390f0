//! What an operator sees of subscriptions.

use metrics::gauge;
use muster_core::subscription::Standing;
use muster_core::time::Millis;

use super::{Board, SUBSCRIPTIONS_MAX};
use crate::store::{Store, StoreError};

/// Says that there is nothing to see of one that was deleted.
pub(crate) fn forget(name: &str) {
    show(name, [0.0; 4]);
}

/// Says where each subscription stands; reads one log entry for each.
///
/// # Errors
///
/// When the store cannot be read.
#[expect(clippy::cast_precision_loss, reason = "counts and seconds stay far below 2^52")]
pub fn measure(board: &Board, store: &dyn Store, now: Millis) -> Result<(), StoreError> {
    for entry in board.page("", SUBSCRIPTIONS_MAX) {
        let entry = entry.at(now);
        let age_ms = entry.oldest(store)?.map_or(0, |oldest| now.since(oldest).max(0));
        let is_stale = entry.standing(store) == Standing::Stale;
        let (out, parked) = (entry.state.outstanding.len(), entry.state.parked.len());
        let stale = f64::from(u8::from(is_stale));
        show(&entry.subscription.name, [out as f64, parked as f64, age_ms as f64 / 1000.0, stale]);
    }
    Ok(())
}

fn show(name: &str, [outstanding, parked, backlog, stale]: [f64; 4]) {
    let label = || [("subscription", name.to_owned())];
    gauge!("muster_subscription_outstanding", &label()).set(outstanding);
    gauge!("muster_subscription_parked", &label()).set(parked);
    gauge!("muster_subscription_backlog_seconds", &label()).set(backlog);
    gauge!("muster_subscription_stale", &label()).set(stale);
}
