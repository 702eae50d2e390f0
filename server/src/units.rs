//! What is being collected, how fresh it is, and what is wrong: the board of units.
//!
//! The collector writes it, the API reads it. It is a view: at a start every unit is pending until
//! it was read, and the checkpoints come from the store.

use std::collections::BTreeMap;
use std::sync::RwLock;

use muster_core::time::Millis;
use muster_core::unit::{Checkpoint, Unit, UnitCondition};

/// Why a unit could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitError {
    /// The API operation.
    pub operation: String,
    /// The AWS error code; empty when there was no answer.
    pub code: String,
    /// The chain of causes.
    pub message: String,
    /// What a person can do about it.
    pub hint: String,
}

/// What is known of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitState {
    /// Which.
    pub unit: Unit,
    /// Whether its silence means "clean".
    pub condition: UnitCondition,
    /// Since when it has that condition.
    pub since: Millis,
    /// How far it was read.
    pub checkpoint: Checkpoint,
    /// When the last pass that read everything it set out to read ended.
    pub last_success: Option<Millis>,
    /// How long that took, in milliseconds.
    pub last_pass_ms: Option<i64>,
    /// When it is read next.
    pub next_attempt: Option<Millis>,
    /// How often it is read, in milliseconds.
    pub interval_ms: i64,
    /// What went wrong last; `None` while it is healthy.
    pub error: Option<UnitError>,
    /// Failed passes in a row.
    pub failures: u32,
    /// Documents from it that could not be mapped.
    pub unmapped: u64,
}

impl UnitState {
    /// A unit that was not read yet.
    pub fn pending(unit: Unit, interval_ms: i64, now: Millis) -> Self {
        Self {
            unit,
            condition: UnitCondition::Pending,
            since: now,
            checkpoint: Checkpoint::default(),
            last_success: None,
            last_pass_ms: None,
            next_attempt: Some(now),
            interval_ms,
            error: None,
            failures: 0,
            unmapped: 0,
        }
    }

    /// Sets the condition, and since when, if it moves.
    pub fn become_(&mut self, condition: UnitCondition, now: Millis) {
        if self.condition != condition {
            (self.condition, self.since) = (condition, now);
        }
    }
}

/// Whether what we show is all there is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Units in all.
    pub units: usize,
    /// Those whose silence means nothing, by name.
    pub degraded: Vec<(String, UnitCondition)>,
}

impl Coverage {
    /// Every unit's silence means "clean", and there is one.
    pub fn complete(&self) -> bool {
        self.units > 0 && self.degraded.is_empty()
    }
}

/// All units, by name.
#[derive(Debug, Default)]
pub struct UnitBoard {
    units: RwLock<BTreeMap<String, UnitState>>,
}

impl UnitBoard {
    /// The unit of that name.
    pub fn unit(&self, name: &str) -> Option<UnitState> {
        self.units.read().expect("no holder of this lock panics").get(name).cloned()
    }

    /// Up to `limit` units with names after `after`, by name, that `wanted` accepts.
    pub fn page(
        &self,
        after: &str,
        limit: usize,
        wanted: impl Fn(&UnitState) -> bool,
    ) -> Vec<UnitState> {
        let units = self.units.read().expect("no holder of this lock panics");
        let rest = units.iter().filter(|(name, state)| name.as_str() > after && wanted(state));
        rest.take(limit).map(|(_, state)| state.clone()).collect()
    }

    /// Whether what we show is all there is.
    pub fn coverage(&self) -> Coverage {
        let units = self.units.read().expect("no holder of this lock panics");
        let degraded = units
            .iter()
            .filter(|(_, state)| !state.condition.silence_means_clean())
            .map(|(name, state)| (name.clone(), state.condition))
            .collect();
        Coverage { units: units.len(), degraded }
    }

    /// Puts or replaces a unit. For the collector alone.
    pub fn put(&self, state: UnitState) {
        let name = state.unit.to_string();
        self.units.write().expect("no holder of this lock panics").insert(name, state);
    }

    /// Takes a unit off the board. For the collector alone.
    pub fn remove(&self, name: &str) {
        self.units.write().expect("no holder of this lock panics").remove(name);
    }

    /// Changes a unit if it is there. For the collector alone.
    pub fn update(&self, name: &str, change: impl FnOnce(&mut UnitState)) {
        if let Some(state) =
            self.units.write().expect("no holder of this lock panics").get_mut(name)
        {
            change(state);
        }
    }
}
