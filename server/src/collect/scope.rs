//! One source (product, account, Region): finds its units and reads each that is due.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use futures::future::join_all;
use metrics::counter;
use muster_core::ids::digest128;
use muster_core::report::ReportDigest;
use muster_core::time::Millis;
use muster_core::unit::{Checkpoint, Unit, UnitCondition};
use muster_sources::source::{Source, SourceError};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::pass::{self, PassDone, PassError};
use super::{BACKOFF_MAX, Collector, PERSON_RETRY};
use crate::units::{UnitError, UnitState};

/// What is remembered of a unit between two passes.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// How far it was read.
    pub(super) checkpoint: Checkpoint,
    /// The checkpoint as it is stored, and since when.
    pub(super) stored: Option<(Checkpoint, Millis)>,
    /// What the last complete sweep missed: what the next one misses too is gone.
    pub(super) suspects: HashSet<ReportDigest>,
    /// Failed passes in a row.
    failures: u32,
    /// Not before this time.
    due: Option<Millis>,
}

impl Memory {
    /// Failed passes in a row.
    #[cfg(feature = "aws")]
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }
}

/// Reads the source until `stop`.
pub(super) async fn run(collector: &Collector, source: &dyn Source, stop: &CancellationToken) {
    let scope = source.scope();
    let interval = collector.schedule.interval(scope.source);
    let mut scope_memory = Memory::default();
    let mut memories: BTreeMap<String, (Unit, Memory)> = BTreeMap::new();
    show_pending(collector, &scope, interval);
    while !stop.is_cancelled() {
        let found = tokio::select! {
            () = stop.cancelled() => return,
            found = source.units() => found,
        };
        let rest = match found {
            Ok(found) => {
                scope_memory.failures = 0;
                let names: HashSet<String> =
                    found.iter().map(|found| found.unit.to_string()).collect();
                settle(collector, &scope, &names, &mut memories);
                let mut readable = Vec::new();
                for found in found {
                    let name = found.unit.to_string();
                    show_pending(collector, &found.unit, interval);
                    let entry = memories
                        .entry(name.clone())
                        .or_insert_with(|| (found.unit.clone(), recall(collector, &name)));
                    match found.obstacle {
                        None => readable.push(entry.0.clone()),
                        // Looked for again with the next listing, whoever has to act.
                        Some(obstacle) => {
                            failed(collector, &name, &mut entry.1, &obstacle, interval);
                        }
                    }
                }
                read_due(collector, source, &readable, &mut memories, interval, stop).await;
                interval
            }
            Err(error) => {
                let name = scope.to_string();
                let rest = rest_after(&name, scope_memory.failures, &error, interval);
                failed(collector, &name, &mut scope_memory, &error, rest);
                // What was found before is not read either: it must not look healthy.
                for (name, (_, memory)) in &mut memories {
                    failed(collector, name, memory, &error, rest);
                }
                rest
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(rest) => {}
        }
    }
}

/// Reads the units that are due, at the same time.
async fn read_due(
    collector: &Collector,
    source: &dyn Source,
    readable: &[Unit],
    memories: &mut BTreeMap<String, (Unit, Memory)>,
    interval: Duration,
    stop: &CancellationToken,
) {
    let now = collector.now();
    let due = memories.iter_mut().filter(|(_, (unit, memory))| {
        readable.contains(unit) && memory.due.is_none_or(|due| due <= now)
    });
    let passes = due.map(|(name, (unit, memory))| async move {
        let Ok(_permit) = collector.passes.acquire().await else { return };
        let began = collector.now();
        match pass::run(collector, source, unit, memory, stop).await {
            Ok(done) => succeeded(collector, name, memory, &done, began, interval),
            Err(PassError::Stopped) => {}
            Err(PassError::Source(error)) => {
                let rest = rest_after(name, memory.failures, &error, interval);
                failed(collector, name, memory, &error, rest);
            }
            // The writer has ended: the process ends with its reason.
            Err(PassError::Write(error)) => warn!(unit = %name, %error, "a pass was not stored"),
        }
    });
    join_all(passes).await;
}

/// Shows a unit that was not read since the start, unless it is shown already.
pub(super) fn show_pending(collector: &Collector, unit: &Unit, interval: Duration) {
    let name = unit.to_string();
    if collector.units.unit(&name).is_some() {
        return;
    }
    let mut state = UnitState::pending(unit.clone(), millis(interval), collector.now());
    state.checkpoint = collector.checkpoints.get(&name).cloned().unwrap_or_default();
    state.unmapped = collector.quarantine.count(&name);
    collector.units.put(state);
}

/// Takes a unit's memory from the store.
fn recall(collector: &Collector, name: &str) -> Memory {
    let checkpoint = collector.checkpoints.get(name).cloned().unwrap_or_default();
    Memory { checkpoint, ..Memory::default() }
}

/// Settles what is shown after the units were found: the scope itself is only shown while it stands
/// for them, and a unit that is no longer there is not read (its findings stay as they are).
fn settle(
    collector: &Collector,
    scope: &Unit,
    found: &HashSet<String>,
    memories: &mut BTreeMap<String, (Unit, Memory)>,
) {
    let scope = scope.to_string();
    if !found.contains(&scope) {
        collector.units.remove(&scope);
    }
    let now = collector.now();
    memories.retain(|name, _| {
        let there = found.contains(name);
        if !there {
            collector.units.update(name, |state| {
                state.become_(UnitCondition::NotEnabled, now);
                state.next_attempt = None;
                state.error = Some(UnitError {
                    message: "it is no longer there: the detector or analyzer was deleted"
                        .to_owned(),
                    hint: "if that was intended, nothing; else enable the product again".to_owned(),
                    ..UnitError::default()
                });
            });
        }
        there
    });
}

fn succeeded(
    collector: &Collector,
    name: &str,
    memory: &mut Memory,
    done: &PassDone,
    began: Millis,
    interval: Duration,
) {
    let now = collector.now();
    (memory.failures, memory.due) = (0, None);
    for remark in &done.remarks {
        warn!(unit = %name, %remark, "a part of a pass failed");
    }
    if done.changed > 0 || done.sweep {
        info!(
            unit = %name,
            sweep = done.sweep,
            read = done.read,
            changed = done.changed,
            gone = done.gone,
            "a pass is complete"
        );
    }
    collector.units.update(name, |state| {
        state.become_(UnitCondition::Healthy, now);
        state.checkpoint = memory.checkpoint.clone();
        state.last_success = Some(now);
        state.last_pass_ms = Some(now.since(began));
        state.next_attempt = Some(now.plus(millis(interval)));
        (state.error, state.failures) = (None, 0);
        state.unmapped = collector.quarantine.count(name);
    });
}

pub(super) fn failed(
    collector: &Collector,
    name: &str,
    memory: &mut Memory,
    error: &SourceError,
    rest: Duration,
) {
    memory.failures += 1;
    let now = collector.now();
    let next = now.plus(millis(rest));
    memory.due = Some(next);
    let source = name.split('/').next().unwrap_or_default().to_owned();
    counter!(
        "muster_collect_failures_total",
        "source" => source,
        "condition" => error.condition.as_str(),
        "fault" => error.fault.as_str()
    )
    .increment(1);
    // Once for each new condition, not for each attempt.
    let known = collector.units.unit(name).is_some_and(|state| {
        state.condition == error.condition
            && state.error.is_some_and(|known| known.code == error.code)
    });
    if !known {
        warn!(
            unit = %name,
            condition = error.condition.as_str(),
            operation = error.operation,
            code = %error.code,
            error = %error.message,
            hint = %error.hint,
            "a unit cannot be read"
        );
    }
    collector.units.update(name, |state| {
        state.become_(error.condition, now);
        state.failures = memory.failures;
        state.next_attempt = Some(next);
        state.unmapped = collector.quarantine.count(name);
        state.error = Some(UnitError {
            operation: error.operation.to_owned(),
            code: error.code.clone(),
            message: error.message.clone(),
            hint: error.hint.clone(),
        });
    });
}

/// How long to rest after a failure that `failures` came before: an hour where a person must act,
/// else twice as long each time. Up to a fifth more, by the unit's name, so that units that failed
/// together do not return together.
pub(super) fn rest_after(
    name: &str,
    failures: u32,
    error: &SourceError,
    interval: Duration,
) -> Duration {
    let rest = if error.is_transient() {
        (interval * 2_u32.pow(failures.min(16))).min(BACKOFF_MAX.max(interval))
    } else {
        PERSON_RETRY.max(interval)
    };
    let [spread, ..] = digest128(name.as_bytes());
    rest + rest * u32::from(spread) / (5 * 256)
}

/// The same in milliseconds; longer than any time where it does not fit.
pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
