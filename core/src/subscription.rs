//! Durable consumers: what was delivered, what was acknowledged, what comes again.
//!
//! A subscription reads the log in order and keeps what is not settled. Everything up to its
//! [`Place`] is settled unless it is among `outstanding`, so what is kept is bounded by how much may
//! be outstanding, however long the log is. A change is settled when it was acknowledged, when it was
//! parked, or by a reset; nothing else moves the position.
//!
//! Promises, for one generation (until a reset):
//! - Q1: what was acknowledged is not delivered again.
//! - Q2: what was read is delivered until it is acknowledged, parked or discarded.
//! - Q3: changes of one finding are delivered one at a time, in order. After an earlier one was
//!   parked later ones go on, since each carries the whole finding.
//! - Q4: what is kept is bounded: `outstanding_max` deliveries, [`PARKED_MAX`] parked ones.
//!
//! Nothing here reads a log or a clock: whoever does brings what it found, and the time.

mod deliver;
mod settle;

use std::collections::BTreeMap;

use crate::ids::{FindingId, Revision};
use crate::time::Millis;

pub use self::deliver::{Found, Holder, Lease, NotTaken};
pub use self::settle::{Ack, Outcome, Verdict};

/// The most unsettled changes that a subscription may be allowed.
pub const OUTSTANDING_MAX: usize = 1000;

/// The most parked changes. Beyond, nothing is parked: it is tried again, at the longest delay.
pub const PARKED_MAX: usize = 1000;

/// The longest reason of a parked change, in bytes.
pub const REASON_BYTES_MAX: usize = 512;

/// The shortest and the longest time to acknowledge, in milliseconds: 10 seconds to 10 minutes.
pub const ACK_DEADLINE_MS: (i64, i64) = (10_000, 600_000);

/// The shortest and the longest delay before a change is tried again, in milliseconds: a tenth of a
/// second to a day.
pub const BACKOFF_MS: (i64, i64) = (100, 86_400_000);

/// What may be changed of a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How many changes may be unsettled at once; 1 to [`OUTSTANDING_MAX`].
    pub outstanding_max: usize,
    /// How long a delivery outside of a session may take, in milliseconds; see [`ACK_DEADLINE_MS`].
    pub ack_deadline_ms: i64,
    /// After so many deliveries a change that failed is parked; 0 means never.
    pub attempts_max: u32,
    /// The delay after the first failure, in milliseconds; doubles with each; see [`BACKOFF_MS`].
    pub backoff_min_ms: i64,
    /// The longest it grows to.
    pub backoff_max_ms: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            outstanding_max: 256,
            ack_deadline_ms: 60_000,
            attempts_max: 10,
            backoff_min_ms: 1_000,
            backoff_max_ms: 600_000,
        }
    }
}

impl Settings {
    /// The delay after `attempts` deliveries.
    pub fn backoff_ms(&self, attempts: u32) -> i64 {
        let doublings = attempts.saturating_sub(1).min(40);
        self.backoff_min_ms.saturating_mul(1 << doublings).min(self.backoff_max_ms)
    }
}

/// What is delivered and acknowledged. The snapshot sorts before the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// The state of a finding when the snapshot met it.
    Snapshot(FindingId),
    /// A change of the log.
    Change(Revision),
}

/// How far a subscription has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Inside the snapshot, which goes by id.
    Snapshot {
        /// Where the log begins afterwards.
        start: Revision,
        /// The last finding that was looked at; `None` before the first.
        after: Option<FindingId>,
    },
    /// In the log, after this change.
    Log(Revision),
}

impl Place {
    /// Whether `key` was looked at.
    fn covers(self, key: Key) -> bool {
        match (self, key) {
            (Self::Snapshot { after, .. }, Key::Snapshot(id)) => after >= Some(id),
            (Self::Snapshot { .. }, Key::Change(_)) => false,
            (Self::Log(_), Key::Snapshot(_)) => true,
            (Self::Log(reached), Key::Change(revision)) => revision <= reached,
        }
    }

    /// Whether reading on from here may come to `to`.
    fn leads_to(self, to: Self) -> bool {
        match (self, to) {
            (Self::Snapshot { start, after }, Self::Snapshot { start: same, after: to }) => {
                start == same && to >= after
            }
            (Self::Snapshot { start, .. }, Self::Log(to)) => to == start,
            (Self::Log(from), Self::Log(to)) => to >= from,
            (Self::Log(_), Self::Snapshot { .. }) => false,
        }
    }
}

/// A change that is not settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outstanding {
    /// Of which finding.
    pub finding: FindingId,
    /// The change; in a snapshot, the finding's last one when it was met.
    pub revision: Revision,
    /// When that was committed.
    pub time: Millis,
    /// How often it was delivered.
    pub attempts: u32,
    /// Who has it, or when it is due.
    pub hold: Hold,
    /// It was parked and comes again by decision: it holds nothing up but its finding.
    pub replayed: bool,
}

/// What keeps a change from being delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Nothing, from this time on.
    Due(Millis),
    /// Somebody has it until this time.
    Until(Millis),
    /// The session of this epoch has it, for as long as it lives.
    Session(u64),
}

/// A change that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parked {
    /// Of which finding.
    pub finding: FindingId,
    /// See [`Outstanding::revision`].
    pub revision: Revision,
    /// When that was committed.
    pub time: Millis,
    /// How often it was delivered.
    pub attempts: u32,
    /// Why, for people.
    pub reason: String,
    /// When it was parked.
    pub at: Millis,
}

/// Where a subscription stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Grows with each reset: what was delivered before is unknown after it.
    pub generation: u64,
    /// How far it has read.
    pub place: Place,
    /// What is not settled of what was read.
    pub outstanding: BTreeMap<Key, Outstanding>,
    /// What was given up.
    pub parked: BTreeMap<Key, Parked>,
    /// The number of the last session.
    pub epoch: u64,
    /// That session lives. Not stored: none survives the process.
    pub is_live: bool,
}

/// The health of a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It delivers, or is ready to.
    Active,
    /// As much is unsettled as may be: nothing new is read.
    Saturated,
    /// The log no longer has all that is not acknowledged: nothing is delivered before a reset.
    Stale,
}

impl Standing {
    /// The name shown to people and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Saturated => "SATURATED",
            Self::Stale => "STALE",
        }
    }
}

impl State {
    /// A subscription that begins at `place`, made at `now`.
    pub fn new(place: Place, now: Millis) -> Self {
        Self {
            generation: now.0.unsigned_abs(),
            place,
            outstanding: BTreeMap::new(),
            parked: BTreeMap::new(),
            epoch: 0,
            is_live: false,
        }
    }

    /// Moves to `place`. What is parked stays; what is outstanding is forgotten, and a session ends.
    pub fn reset(&mut self, place: Place, now: Millis) {
        self.generation = now.0.unsigned_abs().max(self.generation.saturating_add(1));
        self.place = place;
        self.outstanding.clear();
        self.epoch += 1;
        self.is_live = false;
    }

    /// Every change up to here is settled, what was parked and comes again aside.
    pub fn floor(&self) -> Revision {
        let unsettled = self.outstanding.iter().filter(|(_, entry)| !entry.replayed);
        let first = unsettled.filter_map(|(key, _)| match key {
            Key::Change(revision) => Some(Revision(revision.0.saturating_sub(1))),
            Key::Snapshot(_) => None,
        });
        let (Place::Log(reached) | Place::Snapshot { start: reached, .. }) = self.place;
        first.min().map_or(reached, |first| first.min(reached))
    }

    /// How many more changes may be read.
    pub fn room(&self, settings: &Settings) -> usize {
        settings.outstanding_max.saturating_sub(self.outstanding.len())
    }

    /// Its health, in a log from `oldest` to `head`.
    pub fn standing(&self, settings: &Settings, oldest: Revision, head: Revision) -> Standing {
        let floor = self.floor();
        if floor < head && floor.next() < oldest {
            Standing::Stale
        } else if self.room(settings) == 0 {
            Standing::Saturated
        } else {
            Standing::Active
        }
    }

    /// Says what is wrong with it, if anything is: promise Q4, and that nothing is kept that was not
    /// read.
    ///
    /// # Errors
    ///
    /// What is wrong.
    pub fn check(&self) -> Result<(), &'static str> {
        if self.outstanding.len() > OUTSTANDING_MAX {
            return Err("more is outstanding than may be");
        }
        if self.parked.len() > PARKED_MAX {
            return Err("more is parked than may be");
        }
        if self.outstanding.keys().any(|key| self.parked.contains_key(key)) {
            return Err("a change is outstanding and parked");
        }
        let unread =
            |(key, entry): (&Key, &Outstanding)| !entry.replayed && !self.place.covers(*key);
        if self.outstanding.iter().any(unread) {
            return Err("a change is outstanding that was not read");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
