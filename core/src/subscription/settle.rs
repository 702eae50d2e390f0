//! What subscribers say about deliveries, and what operators decide about parked ones.

use super::{Hold, Key, Outstanding, PARKED_MAX, Parked, REASON_BYTES_MAX, Settings, State};
use crate::report::bounded;
use crate::time::Millis;

/// What a subscriber says about a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ack {
    /// The generation in which it was delivered.
    pub generation: u64,
    /// What was delivered.
    pub key: Key,
    /// Which delivery of it.
    pub attempt: u32,
    /// What became of it.
    pub verdict: Verdict,
}

/// What became of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was dealt with.
    Done,
    /// It failed and may work later.
    Retry {
        /// Not before so many milliseconds; `None` for the subscription's own delay.
        delay_ms: Option<i64>,
        /// Why, for people.
        reason: String,
    },
    /// It will never work.
    Reject {
        /// Why, for people.
        reason: String,
    },
}

/// What became of an [`Ack`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It counts.
    Accepted,
    /// The change was settled before.
    AlreadySettled,
    /// The change has been delivered again, or is due: only `Done` counts of an earlier delivery.
    Outdated,
    /// As much is parked as may be: the change is delivered again, after the longest delay.
    NotParked,
    /// Nothing like it was delivered in this generation.
    Unknown,
}

impl State {
    /// Takes a subscriber's word. `Done` counts as long as the change is not settled, however late.
    pub fn settle(&mut self, settings: &Settings, now: Millis, ack: &Ack) -> Outcome {
        if ack.generation != self.generation || ack.attempt == 0 {
            return Outcome::Unknown;
        }
        let Some(entry) = self.outstanding.get_mut(&ack.key) else {
            return self.settle_absent(ack);
        };
        if entry.attempts == 0 && !entry.replayed {
            return Outcome::Unknown;
        }
        let is_current = entry.attempts == ack.attempt;
        match &ack.verdict {
            Verdict::Done => {
                self.outstanding.remove(&ack.key);
                Outcome::Accepted
            }
            Verdict::Retry { .. } if !is_current || matches!(entry.hold, Hold::Due(_)) => {
                Outcome::Outdated
            }
            Verdict::Retry { delay_ms, reason } => {
                if settings.attempts_max > 0 && entry.attempts >= settings.attempts_max {
                    return self.park(ack.key, reason, settings, now);
                }
                let delay = delay_ms.unwrap_or_else(|| settings.backoff_ms(entry.attempts));
                entry.hold = Hold::Due(now.plus(delay.clamp(0, super::BACKOFF_MS.1)));
                Outcome::Accepted
            }
            Verdict::Reject { .. } if !is_current => Outcome::Outdated,
            Verdict::Reject { reason } => self.park(ack.key, reason, settings, now),
        }
    }

    /// Makes parked changes due again, as if they had never been delivered, as far as there is room.
    /// Returns which.
    pub fn redeliver(&mut self, settings: &Settings, keys: &[Key], now: Millis) -> Vec<Key> {
        let mut again = Vec::new();
        for key in keys {
            if self.room(settings) == 0 {
                break;
            }
            let Some(parked) = self.parked.remove(key) else { continue };
            let Parked { finding, revision, time, .. } = parked;
            let hold = Hold::Due(now);
            let entry = Outstanding { finding, revision, time, attempts: 0, hold, replayed: true };
            self.outstanding.insert(*key, entry);
            again.push(*key);
        }
        again
    }

    /// Forgets parked changes for good. Returns which.
    pub fn discard(&mut self, keys: &[Key]) -> Vec<Key> {
        keys.iter().copied().filter(|key| self.parked.remove(key).is_some()).collect()
    }

    /// An ack of what is not outstanding.
    fn settle_absent(&mut self, ack: &Ack) -> Outcome {
        if ack.verdict == Verdict::Done && self.parked.remove(&ack.key).is_some() {
            return Outcome::Accepted;
        }
        let known = self.parked.contains_key(&ack.key) || self.place.covers(ack.key);
        if known { Outcome::AlreadySettled } else { Outcome::Unknown }
    }

    /// Gives a change up, or puts it off when no more may be parked.
    pub(super) fn park(
        &mut self,
        key: Key,
        reason: &str,
        settings: &Settings,
        now: Millis,
    ) -> Outcome {
        if self.parked.len() >= PARKED_MAX {
            if let Some(entry) = self.outstanding.get_mut(&key) {
                entry.hold = Hold::Due(now.plus(settings.backoff_max_ms));
            }
            return Outcome::NotParked;
        }
        if let Some(entry) = self.outstanding.remove(&key) {
            let Outstanding { finding, revision, time, attempts, .. } = entry;
            let reason = bounded(reason, REASON_BYTES_MAX).to_owned();
            self.parked.insert(key, Parked { finding, revision, time, attempts, reason, at: now });
        }
        Outcome::Accepted
    }
}
