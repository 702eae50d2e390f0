//! Subscriptions: commits what was delivered and acknowledged, before anybody is told.

use std::sync::Arc;

use muster_core::ids::Revision;
use muster_core::subscription::{Key, Lease, Outcome, State};
use muster_core::time::Millis;
use tokio::sync::oneshot;
use tracing::info;

use super::answer::Answer;
use super::plan::Round;
use super::thread::Writer;
use super::{Refused, WriteError};
use crate::store::Store;
use crate::subscriptions::{
    self, Act, ActKind, Action, Ask, Board, Done, Entry, SUBSCRIPTIONS_MAX, Start, Subscription,
    SubscriptionError, Take,
};

/// Where the outcome goes.
pub(super) type Answered = oneshot::Sender<Result<Done, WriteError>>;

/// An outcome that waits for its commit.
pub(super) struct Draft {
    board: Arc<Board>,
    outcome: Result<Done, WriteError>,
    /// It is there no more.
    removed: bool,
}

impl Draft {
    /// Shows what is durable now, and says what was done.
    pub(super) fn finish(self) -> Result<Done, WriteError> {
        if let Ok(done) = &self.outcome {
            let name = &done.entry.subscription.name;
            match (self.removed, done.changed) {
                (true, _) => {
                    self.board.remove(name);
                    subscriptions::forget(name);
                    info!(subscription = %name, "a subscription was deleted");
                }
                (false, true) => self.board.put(Arc::clone(&done.entry)),
                (false, false) => {}
            }
        }
        self.outcome
    }
}

/// What an action does to a subscription, before it is committed.
struct Plan {
    after: Entry,
    leases: Vec<Lease>,
    outcomes: Vec<Outcome>,
    resolved: Vec<Key>,
    moved: bool,
}

impl Plan {
    fn of(after: Entry) -> Self {
        let (leases, outcomes, resolved) = (Vec::new(), Vec::new(), Vec::new());
        Self { after, leases, outcomes, resolved, moved: false }
    }
}

type Planned = Result<Plan, SubscriptionError>;

impl Writer {
    /// Plans what becomes of a subscription; no other request of the round is about the same one.
    pub(super) fn plan_subscription(&self, ask: Ask, answer: Answered, round: &mut Round) {
        let board = Arc::clone(&self.parts.subscriptions);
        let before = board.get(&ask.name);
        let removed = matches!(ask.what, Action::Delete { .. });
        let planned = self.subscription(ask, before.as_deref(), round.now);
        let outcome = match planned {
            Err(refused) => Err(WriteError::Refused(Refused::Subscription(refused))),
            Ok(Plan { after, leases, outcomes, resolved, moved }) => {
                let rows = match &before {
                    Some(before) if removed => subscriptions::removal(before),
                    before => subscriptions::writes(before.as_deref(), &after),
                };
                // A session that begins or ends moves something that is not stored.
                let changed = before.as_deref() != Some(&after);
                round.meta.extend(rows);
                let entry = Arc::new(after);
                Ok(Done { entry, leases, outcomes, resolved, changed, moved })
            }
        };
        round.answers.push(Answer::Subscription(answer, Draft { board, outcome, removed }));
    }

    fn subscription(&self, ask: Ask, before: Option<&Entry>, now: Millis) -> Planned {
        let store = &*self.parts.store;
        let Ask { name, what } = ask;
        if let Action::Create(wanted, start) = what {
            let count = self.parts.subscriptions.len();
            return create(before, *wanted, start, count, store, now);
        }
        let before = before.ok_or(SubscriptionError::NotFound(name))?;
        match what {
            Action::Create(..) => unreachable!("it is dealt with above"),
            Action::Update { etag, description, settings, act } => {
                check_etag(before, etag)?;
                let mut after = before.clone();
                after.subscription.settings = settings;
                if let Some(description) = description {
                    after.subscription.description = description;
                }
                if after != *before {
                    note(&mut after, act);
                }
                Ok(Plan::of(after))
            }
            Action::Delete { etag, by } => {
                check_etag(before, etag)?;
                info!(subscription = %before.subscription.name, by = %by.principal, "deleting");
                Ok(Plan::of(before.clone()))
            }
            Action::Reset { start, expected_floor, act } => {
                reset(before, start, expected_floor, act, store, now)
            }
            Action::Take(take) => take_over(before.at(now), &take, store, now),
            Action::Settle(acks) => {
                let mut plan = Plan::of(before.at(now));
                let settings = plan.after.subscription.settings;
                for ack in &acks {
                    let outcome = plan.after.state.settle(&settings, now, ack);
                    plan.outcomes.push(outcome);
                }
                Ok(plan)
            }
            Action::Open(consumer) => {
                let mut after = before.clone();
                after.state.open();
                after.consumer = consumer;
                Ok(Plan::of(after.at(now)))
            }
            Action::Close(epoch) => {
                let mut after = before.clone();
                after.state.close(epoch);
                if !after.state.is_live {
                    after.consumer.clear();
                }
                Ok(Plan::of(after.at(now)))
            }
            Action::Resolve { keys, act } => Ok(resolve(before.at(now), keys, act, now)),
        }
    }
}

fn create(
    before: Option<&Entry>,
    wanted: Subscription,
    start: Start,
    count: usize,
    store: &dyn Store,
    now: Millis,
) -> Planned {
    match before {
        Some(known) if known.subscription.answers(&wanted) => Ok(Plan::of(known.clone())),
        Some(known) => Err(SubscriptionError::Exists(known.subscription.name.clone())),
        None if count >= SUBSCRIPTIONS_MAX => Err(SubscriptionError::TooMany),
        None => {
            let state = State::new(start.place(store), now);
            Ok(Plan::of(Entry { subscription: wanted, state, consumer: String::new() }))
        }
    }
}

fn reset(
    before: &Entry,
    start: Start,
    expected_floor: Revision,
    mut act: Act,
    store: &dyn Store,
    now: Millis,
) -> Planned {
    let floor = before.state.floor();
    if floor != expected_floor {
        let name = before.subscription.name.clone();
        return Err(SubscriptionError::FloorMoved { name, current: floor });
    }
    let mut after = before.clone();
    after.state.reset(start.place(store), now);
    after.subscription.log_id = store.log_id();
    after.consumer.clear();
    act.number = floor.0;
    info!(
        subscription = %after.subscription.name, by = %act.by.principal, comment = %act.comment,
        from = %floor, to = %after.state.floor(), "a subscription was reset"
    );
    note(&mut after, act);
    Ok(Plan::of(after))
}

fn take_over(entry: Entry, take: &Take, store: &dyn Store, now: Millis) -> Planned {
    if let Some(stale) = entry.staleness(store) {
        return Err(stale);
    }
    let mut plan = Plan::of(entry);
    let settings = plan.after.subscription.settings;
    let state = &mut plan.after.state;
    let reads_on = take.from != take.to;
    plan.moved = state.generation != take.generation
        || (reads_on && state.advance(&settings, take.from, take.to, &take.found, now).is_err());
    if !plan.moved {
        plan.leases = state.lease(&settings, &take.keys, take.holder, now);
    }
    Ok(plan)
}

fn resolve(entry: Entry, keys: Vec<Key>, mut act: Act, now: Millis) -> Plan {
    let mut plan = Plan::of(entry);
    let settings = plan.after.subscription.settings;
    let state = &mut plan.after.state;
    let keys = if keys.is_empty() { state.parked.keys().copied().collect() } else { keys };
    plan.resolved = match act.kind {
        ActKind::Redelivered => state.redeliver(&settings, &keys, now),
        ActKind::Discarded => state.discard(&keys),
        ActKind::Created | ActKind::Updated | ActKind::Reset => Vec::new(),
    };
    if !plan.resolved.is_empty() {
        act.number = plan.resolved.len() as u64;
        info!(
            subscription = %plan.after.subscription.name, by = %act.by.principal,
            comment = %act.comment, what = act.kind.as_str(), count = act.number,
            "parked changes were resolved"
        );
        note(&mut plan.after, act);
    }
    plan
}

fn check_etag(before: &Entry, etag: Option<String>) -> Result<(), SubscriptionError> {
    let current = before.subscription.etag();
    if etag.is_none_or(|wanted| wanted == current) {
        return Ok(());
    }
    Err(SubscriptionError::EtagMismatch { name: before.subscription.name.clone(), current })
}

/// Remembers a decision; with it the etag changes.
fn note(after: &mut Entry, act: Act) {
    after.subscription.version += 1;
    after.subscription.note(act);
}
