//! Reads the log and the snapshot for a subscription, and hands out what the writer let go.
//!
//! What is ready is handed out first; only when nothing is, more is read: in runs that are bounded by
//! entries and bytes, and never more than may be unsettled. What was read and concerns nobody is
//! remembered here, and committed with the next delivery, or when somebody says so, so that a quiet
//! subscription costs no write for each change.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use muster_api::v1 as wire;
use muster_api::v1::FilterEffect;
use muster_core::change::ChangeKind;
use muster_core::filter::Filter;
use muster_core::finding::Finding;
use muster_core::ids::{FindingId, Revision};
use muster_core::subscription::{Found, Holder, Key, Place};
use muster_core::time::Millis;
use prost::Message;

use super::{ack_id, ask};
use crate::api::changes::{self, RUN_MAX, Run, Shape, Stayed};
use crate::api::convert::{self, Budget, Detail};
use crate::api::cursor::hex;
use crate::api::error::ApiError;
use crate::api::read::{READ_MAX, READ_RAW_MAX, Reader, Reads};
use crate::api::validate::Selection;
use crate::api::validate::reads::watch_hash;
use crate::subscriptions::{Action, Entry, Subscription, SubscriptionError, Take, Watched};

/// How many findings of a snapshot are looked at before others get a look in.
const LOOKS_MAX: usize = 10_000;

/// How many runs are read before others get a look in.
const RUNS_MAX: usize = 64;

/// After so many entries that concern nobody the position is committed.
const AHEAD_MAX: u64 = 16 * RUN_MAX as u64;

/// How many changes of one finding are looked at to see whether the log will tell of it.
const LINKS_MAX: usize = 64;

/// What a subscription delivers.
#[derive(Clone, Debug)]
pub(super) struct Query {
    selection: Selection,
    detail: Detail,
    kinds: Vec<ChangeKind>,
    log_id: [u8; 16],
}

impl Query {
    /// That of `subscription`.
    pub(super) fn of(subscription: &Subscription) -> Result<Self, ApiError> {
        let filter = Filter::parse(&subscription.filter)?;
        let selection = Selection { filter, canonical: subscription.filter.clone() };
        let detail = convert::detail(subscription.image);
        let (kinds, log_id) = (subscription.kinds.clone(), subscription.log_id);
        Ok(Self { selection, detail, kinds, log_id })
    }

    /// What a cursor for it must be bound to.
    pub(super) fn hash(&self) -> [u8; 8] {
        watch_hash(&self.selection, self.detail)
    }

    fn shape(&self, limit: usize, bytes_max: usize) -> Shape<'_> {
        Shape {
            filter: &self.selection.filter,
            detail: self.detail,
            limit,
            bytes_max,
            log_id: self.log_id,
            stayed: Stayed::Of(&self.kinds),
        }
    }

    /// Something that was read before, with the finding as it is now.
    pub(super) fn again(
        &self,
        reader: &Reader<'_>,
        key: Key,
        finding: FindingId,
        revision: Revision,
        time: Millis,
    ) -> Result<wire::Change, ApiError> {
        let image = reader.store().findings(&[finding])?.pop().flatten();
        if let Key::Change(revision) = key
            && let Some(change) = reader.store().change(revision)?
        {
            let shape = self.shape(1, usize::MAX);
            let effect = shape.effect(&change).unwrap_or(FilterEffect::Stayed);
            return Ok(shape.change(&change, effect, image.as_ref()));
        }
        // A snapshot, or the log no longer has what was parked and comes again.
        Ok(self.state(finding, revision, time, image.as_ref()))
    }

    /// The state of a finding, as if it were a change.
    fn state(
        &self,
        finding: FindingId,
        revision: Revision,
        time: Millis,
        image: Option<&Finding>,
    ) -> wire::Change {
        wire::Change {
            revision: revision.0,
            event_id: format!("{}:{revision}", hex(self.log_id)),
            commit_time: Some(convert::timestamp(time)),
            finding_id: finding.to_string(),
            finding: image.map(|image| convert::finding(image, self.detail)),
            filter_effect: FilterEffect::Entered.into(),
            ..wire::Change::default()
        }
    }

    /// Whether the log after `start` tells of a finding whose last change is `last`. Then it does not
    /// belong into the snapshot, or a change would be delivered twice.
    fn log_tells(
        &self,
        reader: &Reader<'_>,
        start: Revision,
        last: Revision,
    ) -> Result<bool, ApiError> {
        let shape = self.shape(1, usize::MAX);
        let mut at = last;
        for _ in 0..LINKS_MAX {
            if at <= start {
                return Ok(false);
            }
            let Some(change) = reader.store().change(at)? else { return Ok(false) };
            if shape.effect(&change).is_some() {
                return Ok(true);
            }
            at = change.previous;
        }
        Ok(false)
    }
}

/// How much is wanted, and for whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) deliveries: usize,
    pub(super) bytes: usize,
    pub(super) holder: Holder,
}

/// A delivery on its way.
#[derive(Debug)]
pub(super) struct Handed {
    pub(super) key: Key,
    pub(super) delivery: wire::Delivery,
    pub(super) bytes: usize,
}

/// What there was to hand out.
#[derive(Debug)]
pub(super) enum Got {
    /// This.
    Some(Vec<Handed>),
    /// Nothing yet; more is to be read.
    More,
    /// Nothing, until something changes.
    Nothing,
}

/// Reads for one consumer.
pub(super) struct Hand {
    reads: Reads,
    name: String,
    pub(super) watched: Watched,
    query: Query,
    /// From where it was read on without meeting anything, and to where.
    ahead: Option<(u64, Place, Place)>,
}

/// What a look brought.
struct Looked {
    to: Place,
    found: Vec<Found>,
    made: HashMap<Key, wire::Change>,
}

impl Hand {
    /// For the subscription of that name.
    pub(super) fn new(reads: &Reads, name: &str) -> Result<Self, ApiError> {
        let not_found = || SubscriptionError::NotFound(name.to_owned());
        let watched = reads.backend().subscriptions.watch(name).ok_or_else(not_found)?;
        let entry = watched.borrow().clone().ok_or_else(not_found)?;
        let query = Query::of(&entry.subscription)?;
        Ok(Self { reads: reads.clone(), name: name.to_owned(), watched, query, ahead: None })
    }

    /// The subscription as it was committed last.
    pub(super) fn entry(&self) -> Result<Arc<Entry>, ApiError> {
        let entry = self.watched.borrow().clone();
        entry.ok_or_else(|| SubscriptionError::NotFound(self.name.clone()).into())
    }

    /// How long until something is due that is not now.
    pub(super) fn next_due(&self) -> Result<Option<Duration>, ApiError> {
        let now = self.reads.backend().clock.now();
        let due = self.entry()?.at(now).state.next_due(now);
        // Clocks are coarse: not a little too early, or it would be looked for again and again.
        let wait = due.map(|due| u64::try_from(due.since(now)).unwrap_or(0).max(10));
        Ok(wait.map(Duration::from_millis))
    }

    /// Hands out what there is room for.
    pub(super) async fn next(&mut self, room: Room) -> Result<Got, ApiError> {
        for _ in 0..RUNS_MAX {
            // Marked as seen first: what moves meanwhile wakes whoever waits.
            let entry = self.watched.borrow_and_update().clone();
            let entry = entry.ok_or_else(|| SubscriptionError::NotFound(self.name.clone()))?;
            let store = &self.reads.backend().store;
            if let Some(stale) = entry.staleness(&**store) {
                return Err(stale.into());
            }
            let (generation, base) = (entry.state.generation, entry.state.place);
            let known = self.ahead.filter(|(of, from, _)| (*of, *from) == (generation, base));
            let from = known.map_or(base, |(_, _, to)| to);
            let Some(looked) = self.look(entry, from, room).await? else { return Ok(Got::Nothing) };
            let Looked { to, found, mut made } = looked;
            if made.is_empty() {
                self.ahead = Some((generation, base, to));
                if distance(base, to) >= AHEAD_MAX {
                    self.flush().await?;
                }
                continue;
            }
            // What is ready is handed out without reading on.
            let to = if found.is_empty() { base } else { to };
            let keys = made.keys().copied().collect();
            let take = Take { generation, from: base, to, found, keys, holder: room.holder };
            let done = ask(&self.reads, &self.name, Action::Take(take)).await?;
            let mut handed = Vec::with_capacity(done.leases.len());
            for lease in done.leases {
                let Some(change) = made.remove(&lease.key) else { continue };
                let bytes = change.encoded_len();
                let ack_id = ack_id::write(&self.name, generation, lease.key, lease.attempt);
                let (key, attempt) = (lease.key, lease.attempt);
                let snapshot = matches!(key, Key::Snapshot(_));
                let delivery = wire::Delivery { change: Some(change), ack_id, attempt, snapshot };
                handed.push(Handed { key, delivery, bytes });
            }
            if !handed.is_empty() {
                metrics::counter!("muster_subscription_deliveries_total")
                    .increment(handed.len() as u64);
                return Ok(Got::Some(handed));
            }
        }
        Ok(Got::More)
    }

    /// Commits how far was read, if nothing on the way concerned anybody: or retention would pass a
    /// subscription that missed nothing.
    pub(super) async fn flush(&mut self) -> Result<(), ApiError> {
        let Some((generation, from, to)) = self.ahead.take().filter(|(_, from, to)| from != to)
        else {
            return Ok(());
        };
        let (found, keys, holder) = (Vec::new(), Vec::new(), Holder::Pull);
        let take = Take { generation, from, to, found, keys, holder };
        ask(&self.reads, &self.name, Action::Take(take)).await.map(drop)
    }

    /// What is ready, or what is read on from `from`; `None` when there is nothing to look at.
    async fn look(
        &self,
        entry: Arc<Entry>,
        from: Place,
        room: Room,
    ) -> Result<Option<Looked>, ApiError> {
        let backend = self.reads.backend();
        let now = backend.clock.now();
        let newest = backend.feed.head();
        let entry = entry.at(now);
        let is_ready = entry.state.ready(now).next().is_some();
        let limit = room.deliveries.min(entry.state.room(&entry.subscription.settings));
        if !is_ready && (limit == 0 || matches!(from, Place::Log(after) if after >= newest)) {
            return Ok(None);
        }
        // Who keeps up needs no thread for it.
        if let (false, Place::Log(after)) = (is_ready, from)
            && let Some(run) =
                changes::recent_run(&backend.feed, after, &self.query.shape(limit, room.bytes))?
        {
            return Ok(Some(Looked::of(run)));
        }
        let query = self.query.clone();
        let read = move |reader: &Reader<'_>| {
            if is_ready {
                let made = ready(reader, &entry, &query, room, now)?;
                return Ok(Looked { to: from, found: Vec::new(), made });
            }
            let shape = query.shape(limit, room.bytes);
            match from {
                Place::Snapshot { start, after } => walk(reader, &query, &shape, start, after),
                Place::Log(after) => {
                    changes::logged_run(reader, after, newest, &shape).map(Looked::of)
                }
            }
        };
        self.reads.run(read).await.map(Some)
    }
}

impl Looked {
    /// What a run of the log brought.
    fn of(run: Run) -> Self {
        let mut looked =
            Self { to: Place::Log(run.through), found: Vec::new(), made: HashMap::new() };
        for entry in run.changes {
            let (key, finding) = (Key::Change(entry.revision), entry.finding);
            looked.found.push(Found { key, finding, revision: entry.revision, time: entry.time });
            looked.made.insert(key, entry.change);
        }
        looked
    }
}

/// How many entries of the log lie between; a snapshot that goes on counts as far.
fn distance(from: Place, to: Place) -> u64 {
    match (from, to) {
        (Place::Log(from), Place::Log(to)) => to.0.saturating_sub(from.0),
        (Place::Snapshot { .. }, _) | (Place::Log(_), Place::Snapshot { .. }) => AHEAD_MAX,
    }
}

/// What is ready, as far as there is room.
fn ready(
    reader: &Reader<'_>,
    entry: &Entry,
    query: &Query,
    room: Room,
    now: Millis,
) -> Result<HashMap<Key, wire::Change>, ApiError> {
    let mut made = HashMap::new();
    let mut budget = Budget::new(room.bytes);
    for (key, out) in entry.state.ready(now).take(room.deliveries) {
        let change = query.again(reader, key, out.finding, out.revision, out.time)?;
        if !budget.fits(&change) {
            break;
        }
        made.insert(key, change);
    }
    Ok(made)
}

/// Walks a part of the snapshot that begins the log at `start`.
fn walk(
    reader: &Reader<'_>,
    query: &Query,
    shape: &Shape<'_>,
    start: Revision,
    after: Option<FindingId>,
) -> Result<Looked, ApiError> {
    let filter = &query.selection.filter;
    let walk = reader.view()?.walk(filter, after, shape.limit, LOOKS_MAX);
    let to =
        if walk.more { Place::Snapshot { start, after: walk.reached } } else { Place::Log(start) };
    let mut looked = Looked { to, found: Vec::new(), made: HashMap::new() };
    let mut budget = Budget::new(shape.bytes_max);
    let mut last = after;
    let chunk = if query.detail == Detail::Raw { READ_RAW_MAX } else { READ_MAX };
    for ids in walk.ids.chunks(chunk) {
        for (id, image) in ids.iter().zip(reader.store().findings(ids)?) {
            let Some(image) = image.filter(|image| query.selection.selects(image)) else {
                continue;
            };
            let (revision, time) = (image.revision, image.updated);
            if query.log_tells(reader, start, revision)? {
                continue;
            }
            let change = query.state(*id, revision, time, Some(&image));
            if !budget.fits(&change) {
                looked.to = Place::Snapshot { start, after: last };
                return Ok(looked);
            }
            last = Some(*id);
            let key = Key::Snapshot(*id);
            looked.found.push(Found { key, finding: *id, revision, time });
            looked.made.insert(key, change);
        }
    }
    Ok(looked)
}
