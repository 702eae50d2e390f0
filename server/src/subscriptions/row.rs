//! The stored form of subscriptions.
//!
//! One row for the configuration, one for what is not settled, one for each parked change: an ack
//! rewrites the second alone. Keys are `name NUL part`, so that all rows of one lie together.

use std::collections::BTreeMap;

use muster_core::change::ChangeKind;
use muster_core::ids::{FindingId, Revision};
use muster_core::subscription::{
    Hold, Key, Outstanding, Parked, Place, REASON_BYTES_MAX, Settings, State,
};
use muster_core::time::Millis;
use muster_core::triage::Actor;
use prost::Message;

use super::{Act, ActKind, Entry, Image, Subscription};
use crate::store::{MetaTable, MetaWrite, StoreError};

/// Between the name and the part.
const SEPARATOR: u8 = 0;
/// The configuration.
const CONFIG: u8 = b'c';
/// A parked change; its key follows.
const PARKED: u8 = b'p';
/// What is not settled. Sorts last, so that the rows of one subscription end with it.
const STATE: u8 = b's';

#[derive(Clone, PartialEq, Message)]
struct ConfigRow {
    #[prost(string, tag = "1")]
    description: String,
    #[prost(string, tag = "2")]
    filter: String,
    /// 1 basic, 2 full, 3 raw.
    #[prost(uint32, tag = "3")]
    image: u32,
    /// Names of kinds.
    #[prost(string, repeated, tag = "4")]
    kinds: Vec<String>,
    #[prost(uint32, tag = "5")]
    outstanding_max: u32,
    #[prost(int64, tag = "6")]
    ack_deadline_ms: i64,
    #[prost(uint32, tag = "7")]
    attempts_max: u32,
    #[prost(int64, tag = "8")]
    backoff_min_ms: i64,
    #[prost(int64, tag = "9")]
    backoff_max_ms: i64,
    #[prost(int64, tag = "10")]
    created_ms: i64,
    #[prost(uint64, tag = "11")]
    version: u64,
    #[prost(bytes = "vec", tag = "12")]
    log_id: Vec<u8>,
    #[prost(message, repeated, tag = "13")]
    acts: Vec<ActRow>,
}

#[derive(Clone, PartialEq, Message)]
struct ActRow {
    /// 1 created, 2 updated, 3 reset, 4 redelivered, 5 discarded.
    #[prost(uint32, tag = "1")]
    kind: u32,
    #[prost(string, tag = "2")]
    principal: String,
    #[prost(string, tag = "3")]
    on_behalf_of: String,
    #[prost(int64, tag = "4")]
    at_ms: i64,
    #[prost(string, tag = "5")]
    comment: String,
    #[prost(uint64, tag = "6")]
    number: u64,
}

#[derive(Clone, PartialEq, Message)]
struct StateRow {
    #[prost(uint64, tag = "1")]
    generation: u64,
    #[prost(uint64, tag = "2")]
    epoch: u64,
    /// Where the log was read to, or where it begins after the snapshot.
    #[prost(uint64, tag = "3")]
    revision: u64,
    #[prost(bool, tag = "4")]
    is_snapshot: bool,
    /// The last finding of the snapshot; empty before the first.
    #[prost(bytes = "vec", tag = "5")]
    after: Vec<u8>,
    #[prost(message, repeated, tag = "6")]
    outstanding: Vec<OutstandingRow>,
}

#[derive(Clone, PartialEq, Message)]
struct OutstandingRow {
    #[prost(bytes = "vec", tag = "1")]
    finding: Vec<u8>,
    #[prost(uint64, tag = "2")]
    revision: u64,
    #[prost(int64, tag = "3")]
    time_ms: i64,
    #[prost(uint32, tag = "4")]
    attempts: u32,
    #[prost(bool, tag = "5")]
    is_snapshot: bool,
    #[prost(bool, tag = "6")]
    replayed: bool,
    /// 1 due, 2 until, 3 session.
    #[prost(uint32, tag = "7")]
    hold: u32,
    /// A time for 1 and 2, an epoch for 3.
    #[prost(int64, tag = "8")]
    number: i64,
}

#[derive(Clone, PartialEq, Message)]
struct ParkedRow {
    #[prost(bytes = "vec", tag = "1")]
    finding: Vec<u8>,
    #[prost(uint64, tag = "2")]
    revision: u64,
    #[prost(int64, tag = "3")]
    time_ms: i64,
    #[prost(uint32, tag = "4")]
    attempts: u32,
    #[prost(string, tag = "5")]
    reason: String,
    #[prost(int64, tag = "6")]
    at_ms: i64,
}

/// The rows that make `after` of `before`.
pub(crate) fn writes(before: Option<&Entry>, after: &Entry) -> Vec<MetaWrite> {
    let name = &*after.subscription.name;
    let mut writes = Vec::new();
    if before.is_none_or(|before| before.subscription != after.subscription) {
        let row = ConfigRow::of(&after.subscription).encode_to_vec();
        writes.push(write(key(name, CONFIG, &[]), Some(row)));
    }
    if before.is_none_or(|before| before.state != after.state) {
        let row = StateRow::of(&after.state).encode_to_vec();
        writes.push(write(key(name, STATE, &[]), Some(row)));
    }
    let none = BTreeMap::new();
    let known = before.map_or(&none, |before| &before.state.parked);
    let parked = &after.state.parked;
    for (at, entry) in parked.iter().filter(|(at, entry)| known.get(at) != Some(entry)) {
        let row = ParkedRow::of(entry).encode_to_vec();
        writes.push(write(key(name, PARKED, &part(*at)), Some(row)));
    }
    for at in known.keys().filter(|at| !parked.contains_key(at)) {
        writes.push(write(key(name, PARKED, &part(*at)), None));
    }
    writes
}

/// The rows that remove it.
pub(crate) fn removal(entry: &Entry) -> Vec<MetaWrite> {
    let name = &*entry.subscription.name;
    let parked = entry.state.parked.keys().map(|at| key(name, PARKED, &part(*at)));
    let all = parked.chain([key(name, CONFIG, &[]), key(name, STATE, &[])]);
    all.map(|key| write(key, None)).collect()
}

/// Says whether a row reads back.
///
/// # Errors
///
/// [`StoreError::Corrupt`] with what is wrong.
pub fn check_row(key: &[u8], value: &[u8]) -> Result<(), StoreError> {
    read(key, value).map(drop)
}

fn write(key: Vec<u8>, value: Option<Vec<u8>>) -> MetaWrite {
    MetaWrite { table: MetaTable::Subscription, key, value }
}

fn key(name: &str, part: u8, rest: &[u8]) -> Vec<u8> {
    [name.as_bytes(), &[SEPARATOR, part], rest].concat()
}

/// The key of a change within its subscription.
fn part(key: Key) -> Vec<u8> {
    match key {
        Key::Snapshot(id) => id.0.to_vec(),
        Key::Change(revision) => revision.0.to_be_bytes().to_vec(),
    }
}

fn read_part(bytes: &[u8]) -> Option<Key> {
    if let Ok(id) = bytes.try_into() {
        return Some(Key::Snapshot(FindingId(id)));
    }
    bytes.try_into().ok().map(|number| Key::Change(Revision(u64::from_be_bytes(number))))
}

/// One row, read.
enum Read {
    Config(Box<Subscription>),
    Parked(Key, Parked),
    State(Box<State>),
}

fn read(row_key: &[u8], value: &[u8]) -> Result<(String, Read), StoreError> {
    let damaged = |what: &str| StoreError::Corrupt {
        what: format!("the subscription row {}: {what}", String::from_utf8_lossy(row_key)),
    };
    let mut parts = row_key.splitn(2, |byte| *byte == SEPARATOR);
    let name = parts.next().and_then(|name| std::str::from_utf8(name).ok());
    let (Some(name), Some([part, rest @ ..])) = (name, parts.next()) else {
        return Err(damaged("its key is odd"));
    };
    let odd = |_| damaged("it does not read");
    let read = match *part {
        CONFIG => {
            let row = ConfigRow::decode(value).map_err(odd)?;
            let read = row.read(name).ok_or_else(|| damaged("a field is none that it may be"))?;
            Read::Config(Box::new(read))
        }
        PARKED => {
            let row = ParkedRow::decode(value).map_err(odd)?;
            let key = read_part(rest).ok_or_else(|| damaged("its key is odd"))?;
            Read::Parked(key, row.read().ok_or_else(|| damaged("it is of no finding"))?)
        }
        STATE => {
            let state = StateRow::decode(value).map_err(odd)?.read();
            let state = state.ok_or_else(|| damaged("a field is none that it may be"))?;
            state.check().map_err(damaged)?;
            Read::State(Box::new(state))
        }
        _ => return Err(damaged("its key is odd")),
    };
    Ok((name.to_owned(), read))
}

/// Puts rows together again.
#[derive(Default)]
pub(super) struct Rows {
    configs: BTreeMap<String, Subscription>,
    states: BTreeMap<String, State>,
    parked: BTreeMap<String, BTreeMap<Key, Parked>>,
}

impl Rows {
    /// One more row.
    pub(super) fn add(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        let (name, read) = read(key, value)?;
        match read {
            Read::Config(config) => drop(self.configs.insert(name, *config)),
            Read::State(state) => drop(self.states.insert(name, *state)),
            Read::Parked(key, parked) => {
                self.parked.entry(name).or_default().insert(key, parked);
            }
        }
        Ok(())
    }

    /// The subscriptions.
    pub(super) fn finish(mut self) -> Result<Vec<Entry>, StoreError> {
        let mut entries = Vec::new();
        for (name, subscription) in self.configs {
            let damaged =
                |what: &str| StoreError::Corrupt { what: format!("subscription `{name}`: {what}") };
            let state = self.states.remove(&name);
            let mut state = state.ok_or_else(|| damaged("it has no position"))?;
            state.parked = self.parked.remove(&name).unwrap_or_default();
            state.check().map_err(damaged)?;
            entries.push(Entry { subscription, state, consumer: String::new() });
        }
        if let Some(name) = self.states.keys().chain(self.parked.keys()).next() {
            let what = format!("subscription `{name}`: it has no configuration");
            return Err(StoreError::Corrupt { what });
        }
        Ok(entries)
    }
}

impl ConfigRow {
    fn of(subscription: &Subscription) -> Self {
        let Settings {
            outstanding_max,
            ack_deadline_ms,
            attempts_max,
            backoff_min_ms,
            backoff_max_ms,
        } = subscription.settings;
        Self {
            description: subscription.description.clone(),
            filter: subscription.filter.clone(),
            image: match subscription.image {
                Image::Basic => 1,
                Image::Full => 2,
                Image::Raw => 3,
            },
            kinds: subscription.kinds.iter().map(|kind| kind.as_str().to_owned()).collect(),
            outstanding_max: u32::try_from(outstanding_max).unwrap_or(u32::MAX),
            ack_deadline_ms,
            attempts_max,
            backoff_min_ms,
            backoff_max_ms,
            created_ms: subscription.created.0,
            version: subscription.version,
            log_id: subscription.log_id.to_vec(),
            acts: subscription.acts.iter().map(ActRow::of).collect(),
        }
    }

    fn read(self, name: &str) -> Option<Subscription> {
        let image = match self.image {
            1 => Image::Basic,
            2 => Image::Full,
            3 => Image::Raw,
            _ => return None,
        };
        let kind = |text: &String| ChangeKind::ALL.into_iter().find(|kind| kind.as_str() == text);
        Some(Subscription {
            name: name.to_owned(),
            description: self.description,
            filter: self.filter,
            image,
            kinds: self.kinds.iter().map(kind).collect::<Option<_>>()?,
            settings: Settings {
                outstanding_max: usize::try_from(self.outstanding_max).ok()?,
                ack_deadline_ms: self.ack_deadline_ms,
                attempts_max: self.attempts_max,
                backoff_min_ms: self.backoff_min_ms,
                backoff_max_ms: self.backoff_max_ms,
            },
            created: Millis(self.created_ms),
            version: self.version,
            log_id: self.log_id.try_into().ok()?,
            acts: self.acts.into_iter().map(ActRow::read).collect::<Option<_>>()?,
        })
    }
}

impl ActRow {
    fn of(act: &Act) -> Self {
        Self {
            kind: match act.kind {
                ActKind::Created => 1,
                ActKind::Updated => 2,
                ActKind::Reset => 3,
                ActKind::Redelivered => 4,
                ActKind::Discarded => 5,
            },
            principal: act.by.principal.clone(),
            on_behalf_of: act.by.on_behalf_of.clone(),
            at_ms: act.at.0,
            comment: act.comment.clone(),
            number: act.number,
        }
    }

    fn read(self) -> Option<Act> {
        let kind = match self.kind {
            1 => ActKind::Created,
            2 => ActKind::Updated,
            3 => ActKind::Reset,
            4 => ActKind::Redelivered,
            5 => ActKind::Discarded,
            _ => return None,
        };
        let by = Actor { principal: self.principal, on_behalf_of: self.on_behalf_of };
        let (at, comment, number) = (Millis(self.at_ms), self.comment, self.number);
        Some(Act { kind, by, at, comment, number })
    }
}

impl StateRow {
    fn of(state: &State) -> Self {
        let (revision, is_snapshot, after) = match state.place {
            Place::Snapshot { start, after } => (start, true, after),
            Place::Log(revision) => (revision, false, None),
        };
        Self {
            generation: state.generation,
            epoch: state.epoch,
            revision: revision.0,
            is_snapshot,
            after: after.map_or_else(Vec::new, |id| id.0.to_vec()),
            outstanding: state.outstanding.iter().map(OutstandingRow::of).collect(),
        }
    }

    /// The state, without what is parked: that has rows of its own.
    fn read(self) -> Option<State> {
        let revision = Revision(self.revision);
        let place = match (self.is_snapshot, self.after.as_slice()) {
            (false, _) => Place::Log(revision),
            (true, []) => Place::Snapshot { start: revision, after: None },
            (true, id) => {
                Place::Snapshot { start: revision, after: Some(FindingId(id.try_into().ok()?)) }
            }
        };
        let outstanding = self.outstanding.into_iter().map(OutstandingRow::read);
        Some(State {
            generation: self.generation,
            place,
            outstanding: outstanding.collect::<Option<_>>()?,
            parked: BTreeMap::new(),
            epoch: self.epoch,
            is_live: false,
        })
    }
}

impl OutstandingRow {
    fn of((key, entry): (&Key, &Outstanding)) -> Self {
        let (hold, number) = match entry.hold {
            Hold::Due(time) => (1, time.0),
            Hold::Until(time) => (2, time.0),
            Hold::Session(epoch) => (3, epoch.cast_signed()),
        };
        Self {
            finding: entry.finding.0.to_vec(),
            revision: entry.revision.0,
            time_ms: entry.time.0,
            attempts: entry.attempts,
            is_snapshot: matches!(key, Key::Snapshot(_)),
            replayed: entry.replayed,
            hold,
            number,
        }
    }

    fn read(self) -> Option<(Key, Outstanding)> {
        let finding = FindingId(self.finding.try_into().ok()?);
        let revision = Revision(self.revision);
        let key = if self.is_snapshot { Key::Snapshot(finding) } else { Key::Change(revision) };
        let hold = match self.hold {
            1 => Hold::Due(Millis(self.number)),
            2 => Hold::Until(Millis(self.number)),
            3 => Hold::Session(self.number.cast_unsigned()),
            _ => return None,
        };
        let (time, attempts, replayed) = (Millis(self.time_ms), self.attempts, self.replayed);
        Some((key, Outstanding { finding, revision, time, attempts, hold, replayed }))
    }
}

impl ParkedRow {
    fn of(parked: &Parked) -> Self {
        Self {
            finding: parked.finding.0.to_vec(),
            revision: parked.revision.0,
            time_ms: parked.time.0,
            attempts: parked.attempts,
            reason: parked.reason.clone(),
            at_ms: parked.at.0,
        }
    }

    fn read(self) -> Option<Parked> {
        let finding = FindingId(self.finding.try_into().ok()?);
        let is_short = self.reason.len() <= REASON_BYTES_MAX;
        is_short.then_some(Parked {
            finding,
            revision: Revision(self.revision),
            time: Millis(self.time_ms),
            attempts: self.attempts,
            reason: self.reason,
            at: Millis(self.at_ms),
        })
    }
}
