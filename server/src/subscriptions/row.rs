//! The stored form of subscriptions.
//!
//! One row for the configuration, one for what is not settled, one for each parked change: an ack
//! rewrites the second alone. Keys are `name NUL part`, so that all rows of one lie together.

mod config;
mod state;

use std::collections::BTreeMap;

use muster_core::ids::{FindingId, Revision};
use muster_core::subscription::{Key, Parked, State};
use prost::Message;

use self::config::ConfigRow;
use self::state::{ParkedRow, StateRow};
use super::{Entry, Subscription};
use crate::store::{MetaTable, MetaWrite, StoreError};

/// Between the name and the part.
const SEPARATOR: u8 = 0;
/// The configuration.
const CONFIG: u8 = b'c';
/// A parked change; its key follows.
const PARKED: u8 = b'p';
/// What is not settled. Sorts last, so that the rows of one subscription end with it.
const STATE: u8 = b's';

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
