//! Durable consumers: their configuration, where they stand, and who is told when that moves.
//!
//! What a subscription delivers is decided by [`muster_core::subscription`]; the writer alone changes
//! it, and commits it to [`MetaTable::Subscription`](crate::store::MetaTable::Subscription) before
//! anybody learns of it. The [`Board`] has what was committed in memory: a subscription that nobody
//! reads costs its place there, and nothing when findings change.

mod board;
mod measure;
mod row;

use muster_core::change::ChangeKind;
use muster_core::ids::Revision;
use muster_core::subscription::{
    Ack, Found, Holder, Key, Lease, Outcome, Place, Settings, Standing, State,
};
use muster_core::time::Millis;
use muster_core::triage::Actor;

pub use self::board::{Board, Watched};
pub(crate) use self::measure::forget;
pub use self::measure::measure;
pub use self::row::check_row;
pub(crate) use self::row::{removal, writes};
use crate::store::{Store, StoreError};

/// How many subscriptions there may be.
pub const SUBSCRIPTIONS_MAX: usize = 1000;

/// How much is kept of what was done to a subscription.
pub const ACTS_MAX: usize = 16;

/// A durable consumer, as it was configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Its name.
    pub name: String,
    /// For people.
    pub description: String,
    /// Which findings, in canonical form. Never changes.
    pub filter: String,
    /// How much of each. Never changes.
    pub image: Image,
    /// Which changes of findings that stay; sorted. Never changes.
    pub kinds: Vec<ChangeKind>,
    /// What may be changed.
    pub settings: Settings,
    /// When it was made.
    pub created: Millis,
    /// Grows with each change of the configuration.
    pub version: u64,
    /// The log that its position is in.
    pub log_id: [u8; 16],
    /// What was done to it; the newest last, at most [`ACTS_MAX`].
    pub acts: Vec<Act>,
}

/// How much of a finding is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Image {
    /// What a list needs.
    Basic,
    /// All but the raw documents.
    Full,
    /// All.
    Raw,
}

/// Something that was done to a subscription by decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// What.
    pub kind: ActKind,
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Millis,
    /// What was said with it.
    pub comment: String,
    /// Of a reset, the floor that was left; of a resolution, how many changes.
    pub number: u64,
}

/// What can be done to a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActKind {
    /// It was made.
    Created,
    /// Its limits were changed.
    Updated,
    /// Its position was moved.
    Reset,
    /// Parked changes were made due again.
    Redelivered,
    /// Parked changes were dropped.
    Discarded,
}

impl ActKind {
    /// The name shown to people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Reset => "reset",
            Self::Redelivered => "redelivered",
            Self::Discarded => "discarded",
        }
    }
}

impl Subscription {
    /// Changes with each change of the configuration.
    pub fn etag(&self) -> String {
        format!("{:x}-{}", self.created.0, self.version)
    }

    /// Remembers what was done.
    pub fn note(&mut self, act: Act) {
        self.acts.push(act);
        let beyond = self.acts.len().saturating_sub(ACTS_MAX);
        self.acts.drain(..beyond);
    }

    /// Whether a retry of its creation may have this as its answer.
    pub(crate) fn answers(&self, wanted: &Self) -> bool {
        self.name == wanted.name
            && (&self.description, &self.filter, self.image, &self.kinds, self.settings)
                == (
                    &wanted.description,
                    &wanted.filter,
                    wanted.image,
                    &wanted.kinds,
                    wanted.settings,
                )
    }
}

/// A subscription and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its configuration.
    pub subscription: Subscription,
    /// What was delivered and acknowledged.
    pub state: State,
    /// Who opened the session that lives. Not stored.
    pub consumer: String,
}

impl Entry {
    /// Its health. A position in another log is no position.
    pub fn standing(&self, store: &dyn Store) -> Standing {
        if self.subscription.log_id != store.log_id() {
            return Standing::Stale;
        }
        self.state.standing(&self.subscription.settings, store.oldest(), store.head())
    }

    /// Why it delivers nothing, when it does not: its position is no longer in the log.
    pub(crate) fn staleness(&self, store: &dyn Store) -> Option<SubscriptionError> {
        (self.standing(store) == Standing::Stale).then(|| SubscriptionError::Stale {
            name: self.subscription.name.clone(),
            floor: self.state.floor(),
            oldest: store.oldest(),
        })
    }

    /// When the oldest change was committed that is unsettled or was not looked at yet, what a snapshot
    /// met aside; `None` when there is none. Reads one log entry.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn oldest(&self, store: &dyn Store) -> Result<Option<Millis>, StoreError> {
        let out = self.state.outstanding.iter();
        let out = out.filter(|(key, _)| matches!(key, Key::Change(_)));
        let first = out.map(|(_, entry)| entry.time).min();
        let (Place::Log(reached) | Place::Snapshot { start: reached, .. }) = self.state.place;
        // What is no longer there is older than what is.
        let next = store.change(reached.next().max(store.oldest()))?.map(|change| change.time);
        Ok(first.into_iter().chain(next).min())
    }

    /// As it is at `now`: see [`State::sweep`].
    #[must_use]
    pub fn at(&self, now: Millis) -> Self {
        let mut entry = self.clone();
        entry.state.sweep(&entry.subscription.settings, now);
        entry
    }
}

/// Where a subscription begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With the state of every finding that matches.
    Snapshot,
    /// With the oldest change that is kept.
    Oldest,
    /// With the next change.
    Now,
    /// After this change.
    After(Revision),
}

impl Start {
    /// The place, in the log of `store` as it is.
    pub(crate) fn place(self, store: &dyn Store) -> Place {
        match self {
            Self::Snapshot => Place::Snapshot { start: store.head(), after: None },
            Self::Oldest => Place::Log(Revision(store.oldest().0.saturating_sub(1))),
            Self::Now => Place::Log(store.head()),
            Self::After(revision) => Place::Log(revision),
        }
    }
}

/// What somebody asks the writer to do with a subscription.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Which.
    pub name: String,
    /// What.
    pub what: Action,
}

/// What to do with a subscription.
#[derive(Clone, Debug)]
pub enum Action {
    /// Makes it, unless it is there with the same configuration.
    Create(Box<Subscription>, Start),
    /// Changes what may be changed.
    Update {
        /// Only when it has this etag.
        etag: Option<String>,
        /// The new description, if another.
        description: Option<String>,
        /// The new settings.
        settings: Settings,
        /// Who changes it.
        act: Act,
    },
    /// Removes it, with what is parked.
    Delete {
        /// Only when it has this etag.
        etag: Option<String>,
        /// Who removes it.
        by: Actor,
    },
    /// Moves its position.
    Reset {
        /// Where to.
        start: Start,
        /// Only when its floor is this one.
        expected_floor: Revision,
        /// Who moves it, and why.
        act: Act,
    },
    /// Takes over what was read, and hands out.
    Take(Take),
    /// Hears what became of deliveries.
    Settle(Vec<Ack>),
    /// Begins a session of this consumer.
    Open(String),
    /// Ends the session of this epoch.
    Close(u64),
    /// Delivers parked changes again, or drops them.
    Resolve {
        /// Which; empty means all.
        keys: Vec<Key>,
        /// Who, why, and whether they are delivered again.
        act: Act,
    },
}

/// What was read of the log or the snapshot, and what is to be handed out.
#[derive(Clone, Debug)]
pub struct Take {
    /// The generation it was read in.
    pub generation: u64,
    /// From where it was read.
    pub from: Place,
    /// To where; the same when nothing new was read.
    pub to: Place,
    /// What concerns the subscriber on the way.
    pub found: Vec<Found>,
    /// What to hand out, of this and of what was read before.
    pub keys: Vec<Key>,
    /// To whom.
    pub holder: Holder,
}

/// What was done.
#[derive(Clone, Debug)]
pub struct Done {
    /// The subscription after it; before it was removed, if it was.
    pub entry: std::sync::Arc<Entry>,
    /// What was handed out.
    pub leases: Vec<Lease>,
    /// What became of each ack.
    pub outcomes: Vec<Outcome>,
    /// Which parked changes were dealt with.
    pub resolved: Vec<Key>,
    /// Whether anything was written.
    pub changed: bool,
    /// Somebody else read on or moved the position: read again.
    pub moved: bool,
}

/// Why a subscription is not what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubscriptionError {
    /// There is none.
    #[error("there is no subscription `{0}`")]
    NotFound(String),
    /// There is one, and it is another.
    #[error("there is a subscription `{0}` with another configuration: choose another name")]
    Exists(String),
    /// There are as many as there may be.
    #[error("there are {SUBSCRIPTIONS_MAX} subscriptions, which is all that is kept: delete one")]
    TooMany,
    /// It was changed since the caller saw it.
    #[error("subscription `{name}` has changed since: it has etag {current} now; read it again")]
    EtagMismatch {
        /// Which.
        name: String,
        /// The etag it has.
        current: String,
    },
    /// Its position moved since the caller saw it.
    #[error("the ack floor of `{name}` is {current} now; look at it again before you reset it")]
    FloorMoved {
        /// Which.
        name: String,
        /// Where it is.
        current: Revision,
    },
    /// The log no longer has what it did not acknowledge.
    #[error(
        "subscription `{name}` is stale: the log begins at revision {oldest} and its position is \
         {floor}, or of another log; it delivers nothing until it is reset, for example to SNAPSHOT"
    )]
    Stale {
        /// Which.
        name: String,
        /// Where its position is.
        floor: Revision,
        /// Where the log begins.
        oldest: Revision,
    },
    /// Another session was opened, or it was reset.
    #[error("the session on `{0}` is over: another one was opened, or the subscription was reset")]
    Superseded(String),
}

#[cfg(test)]
mod tests;
