//! Events on a virtual timeline.

use std::collections::VecDeque;
use std::time::Duration;

use crate::world::Event;

/// What happens when, from a beginning on. The caller moves the time.
///
/// The same scenario, moved by the same steps or by others, gives the same events in the same order.
#[derive(Clone, Debug)]
pub struct Scenario {
    elapsed: Duration,
    /// What is planned, in the order of time.
    planned: VecDeque<(Duration, Event)>,
    /// Plans another cycle when the last one has begun.
    cycles: Option<Cycles>,
}

/// A plan that goes on for ever: a cycle after another.
#[derive(Clone, Copy, Debug)]
pub struct Cycles {
    /// When the first cycle begins.
    pub begin: Duration,
    /// How long each one lasts.
    pub length: Duration,
    /// The events of the cycle with this number (from 0), each with its time in the cycle.
    pub plan: fn(seed: u64, cycle: u32) -> Vec<(Duration, Event)>,
    /// Passed to `plan`.
    pub seed: u64,
    /// The number of the next cycle to plan.
    pub next: u32,
}

impl Scenario {
    /// These events, each at its time. Events at the same time keep their order.
    pub fn new(events: impl IntoIterator<Item = (Duration, Event)>) -> Self {
        let mut planned: Vec<_> = events.into_iter().collect();
        planned.sort_by_key(|(at, _)| *at);
        Self { elapsed: Duration::ZERO, planned: planned.into(), cycles: None }
    }

    /// The same, and then cycle after cycle without end.
    #[must_use]
    pub fn then(mut self, cycles: Cycles) -> Self {
        self.cycles = Some(cycles);
        self
    }

    /// How much time has passed since the beginning.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// Lets time pass and returns what happens meanwhile, in order.
    #[must_use]
    pub fn advance(&mut self, by: Duration) -> Vec<Event> {
        self.elapsed += by;
        self.plan();
        let mut due = Vec::new();
        while let Some((at, _)) = self.planned.front()
            && *at <= self.elapsed
            && let Some((_, event)) = self.planned.pop_front()
        {
            due.push(event);
        }
        due
    }

    /// Plans every cycle that has begun.
    fn plan(&mut self) {
        let Some(cycles) = &mut self.cycles else { return };
        let mut fresh = Vec::new();
        while cycles.begin + cycles.length * cycles.next <= self.elapsed {
            let begin = cycles.begin + cycles.length * cycles.next;
            let events = (cycles.plan)(cycles.seed, cycles.next);
            fresh.extend(events.into_iter().map(|(at, event)| (begin + at, event)));
            cycles.next += 1;
        }
        if fresh.is_empty() {
            return;
        }
        self.planned.extend(fresh);
        self.planned.make_contiguous().sort_by_key(|(at, _)| *at);
    }
}
