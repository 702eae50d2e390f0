//! Reading on, and handing out.

use std::collections::HashSet;

use super::{Hold, Key, Outstanding, Place, Settings, State};
use crate::ids::{FindingId, Revision};
use crate::time::Millis;

/// Something that was read and concerns the subscriber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub key: Key,
    /// Of which finding.
    pub finding: FindingId,
    /// The change; in a snapshot, the finding's last one.
    pub revision: Revision,
    /// When that was committed.
    pub time: Millis,
}

/// Who gets deliveries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// Whoever asks once: the deliveries come again after the ack deadline.
    Pull,
    /// The session of this epoch.
    Session(u64),
}

/// Something that was handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// What.
    pub key: Key,
    /// How often it was by now; 1 for the first time.
    pub attempt: u32,
}

/// Why something that was read is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// Somebody else has read on meanwhile.
    Moved,
    /// It is more than there is room for, or does not lie on the way.
    Odd,
}

/// The reason of what is parked because nobody acknowledged it.
const UNANSWERED: &str = "not acknowledged before its deadline";

impl State {
    /// Takes over what was read from `from` to `to`; it is due at once.
    ///
    /// # Errors
    ///
    /// [`NotTaken`]; nothing has changed then.
    pub fn advance(
        &mut self,
        settings: &Settings,
        from: Place,
        to: Place,
        found: &[Found],
        now: Millis,
    ) -> Result<(), NotTaken> {
        if from != self.place {
            return Err(NotTaken::Moved);
        }
        let is_new = |found: &Found| to.covers(found.key) && !from.covers(found.key);
        let ascends = found.is_sorted_by(|a, b| a.key < b.key);
        let fits = found.len() <= self.room(settings);
        if !(from.leads_to(to) && ascends && fits && found.iter().all(is_new)) {
            return Err(NotTaken::Odd);
        }
        self.place = to;
        for Found { key, finding, revision, time } in found.iter().copied() {
            let hold = Hold::Due(now);
            let entry = Outstanding { finding, revision, time, attempts: 0, hold, replayed: false };
            self.outstanding.insert(key, entry);
            // After a reset: it comes again, whatever became of it.
            self.parked.remove(&key);
        }
        Ok(())
    }

    /// Lets time pass: what was held too long, or by a session that is over, is due again. Who did not
    /// answer `attempts_max` times is parked; the end of a session counts against nobody, since most
    /// of what it held did not cause it.
    pub fn sweep(&mut self, settings: &Settings, now: Millis) {
        let mut unanswered = Vec::new();
        for (key, entry) in &mut self.outstanding {
            let over = match entry.hold {
                Hold::Due(due) => {
                    // Further away than any delay: the clock went back.
                    if due.since(now) > super::BACKOFF_MS.1 {
                        entry.hold = Hold::Due(now);
                    }
                    false
                }
                Hold::Until(until) => until <= now || until.since(now) > super::ACK_DEADLINE_MS.1,
                Hold::Session(epoch) => {
                    if !self.is_live || epoch != self.epoch {
                        entry.hold = Hold::Due(now);
                    }
                    false
                }
            };
            if over {
                entry.hold = Hold::Due(now);
                if settings.attempts_max > 0 && entry.attempts >= settings.attempts_max {
                    unanswered.push(*key);
                }
            }
        }
        for key in unanswered {
            self.park(key, UNANSWERED, settings, now);
        }
    }

    /// What may be delivered now, in order, after a [`sweep`](Self::sweep).
    pub fn ready(&self, now: Millis) -> impl Iterator<Item = (Key, &Outstanding)> {
        let due = self.first_of_each().filter(move |(_, entry)| match entry.hold {
            Hold::Due(due) => due <= now,
            Hold::Until(_) | Hold::Session(_) => false,
        });
        due.map(|(key, entry)| (*key, entry))
    }

    /// When something may be delivered that may not be now, if only time must pass for it.
    pub fn next_due(&self, now: Millis) -> Option<Millis> {
        let times = self.first_of_each().filter_map(|(_, entry)| match entry.hold {
            Hold::Due(at) | Hold::Until(at) => Some(at),
            Hold::Session(_) => None,
        });
        times.filter(|at| *at > now).min()
    }

    /// Hands out those of `keys` that are ready.
    pub fn lease(
        &mut self,
        settings: &Settings,
        keys: &[Key],
        holder: Holder,
        now: Millis,
    ) -> Vec<Lease> {
        let wanted: HashSet<Key> = keys.iter().copied().collect();
        let ready: Vec<Key> =
            self.ready(now).map(|(key, _)| key).filter(|key| wanted.contains(key)).collect();
        let hold = match holder {
            Holder::Pull => Hold::Until(now.plus(settings.ack_deadline_ms)),
            Holder::Session(epoch) if self.is_live && epoch == self.epoch => Hold::Session(epoch),
            Holder::Session(_) => return Vec::new(),
        };
        let mut leases = Vec::with_capacity(ready.len());
        for key in ready {
            if let Some(entry) = self.outstanding.get_mut(&key) {
                entry.attempts = entry.attempts.saturating_add(1);
                entry.hold = hold;
                leases.push(Lease { key, attempt: entry.attempts });
            }
        }
        leases
    }

    /// Begins a session, and ends the one before it. Returns its number.
    pub fn open(&mut self) -> u64 {
        self.epoch += 1;
        self.is_live = true;
        self.epoch
    }

    /// Ends a session, unless another one has begun.
    pub fn close(&mut self, epoch: u64) {
        if epoch == self.epoch {
            self.is_live = false;
        }
    }

    /// Of each finding the first change that is outstanding: later ones wait for it (promise Q3).
    fn first_of_each(&self) -> impl Iterator<Item = (&Key, &Outstanding)> {
        let mut seen = HashSet::new();
        self.outstanding.iter().filter(move |(_, entry)| seen.insert(entry.finding))
    }
}
