//! What the passing of time does: snoozes end, scores follow the day, old entries go.
//!
//! Each step is a function of what is stored, so a missed one is done with the next (promise T2: the
//! ends of decisions are logged changes like any other).

use std::sync::Arc;
use std::time::Duration;

use metrics::gauge;
use muster_core::ids::FindingId;
use muster_core::unit::UnitCondition;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::api::Backend;
use crate::subscriptions;
use crate::writer::WriteError;

/// How late a snooze may end.
const TICK: Duration = Duration::from_secs(1);

/// How many findings one step asks the writer to look at: people do not wait for it.
const STEP: usize = 200;

/// Between two removals of what is over its retention, in ticks.
const REMOVE_TICKS: u64 = 600;

/// Between two looks at where subscriptions stand, in ticks.
const SUBSCRIPTION_TICKS: u64 = 15;

/// Runs until `stop`.
pub(super) async fn run(backend: Backend, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut ranking = backend.ranking.subscribe();
    let mut scored_day = None;
    let mut count = 0_u64;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if ranking.has_changed().unwrap_or(false) {
            ranking.mark_unchanged();
            scored_day = None;
        }
        if let Err(error) =
            tick(&backend, &mut scored_day, count.is_multiple_of(REMOVE_TICKS), &stop).await
        {
            // The writer has ended: the process ends with its reason.
            warn!(%error, "time could not pass");
        }
        measure(&backend);
        if count.is_multiple_of(SUBSCRIPTION_TICKS) {
            measure_subscriptions(&backend).await;
        }
        count += 1;
    }
}

async fn tick(
    backend: &Backend,
    scored_day: &mut Option<i64>,
    remove: bool,
    stop: &CancellationToken,
) -> Result<(), WriteError> {
    let now = backend.clock.now();
    let ended = backend.view.read().expect("no holder of this lock panics").ended(now);
    for step in ended.chunks(STEP) {
        backend.writer.tick(step.to_vec()).await?;
    }
    if *scored_day != Some(now.day()) && score_again(backend, stop).await? {
        *scored_day = Some(now.day());
    }
    while remove && !stop.is_cancelled() && backend.writer.housekeep().await? > 0 {}
    Ok(())
}

/// Rates all open findings again, since recency and deadlines depend on the day, and the rules may be
/// others; says whether it came to the end. People who ask meanwhile wait for one step at most.
async fn score_again(backend: &Backend, stop: &CancellationToken) -> Result<bool, WriteError> {
    let mut after: Option<FindingId> = None;
    loop {
        let step = {
            let view = backend.view.read().expect("no holder of this lock panics");
            view.open(STEP, after)
        };
        let Some(last) = step.last() else { return Ok(true) };
        after = Some(*last);
        backend.writer.tick(step).await?;
        if stop.is_cancelled() {
            return Ok(false);
        }
    }
}

/// Says where each subscription stands. Their number is bounded, so the labels are.
async fn measure_subscriptions(backend: &Backend) {
    let (store, board) = (Arc::clone(&backend.store), Arc::clone(&backend.subscriptions));
    let now = backend.clock.now();
    let measured =
        tokio::task::spawn_blocking(move || subscriptions::measure(&board, &*store, now));
    match measured.await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => warn!(error = %error.chain(), "subscriptions could not be measured"),
        Err(error) => warn!(%error, "subscriptions could not be measured"),
    }
}

#[expect(clippy::cast_precision_loss, reason = "gauges are floats; counts stay far below 2^52")]
fn measure(backend: &Backend) {
    let findings = backend.view.read().expect("no holder of this lock panics").len();
    gauge!("muster_findings").set(findings as f64);
    gauge!("muster_log_head_revision").set(backend.feed.head().0 as f64);
    let coverage = backend.units.coverage();
    gauge!("muster_units").set(coverage.units as f64);
    for condition in UnitCondition::ALL {
        if condition == UnitCondition::Healthy {
            continue;
        }
        let count = coverage.degraded.iter().filter(|(_, is)| *is == condition).count();
        gauge!("muster_units_degraded", "condition" => condition.as_str()).set(count as f64);
    }
}
