//! The writer's thread.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::sync::{Arc, RwLock};
use std::thread::JoinHandle;
use std::{io, thread};

use muster_core::finding::Finding;
use muster_core::ids::{FindingId, Revision};
use muster_core::time::Millis;
use muster_core::weakness::Classes;
use tokio::sync::mpsc;
use tracing::error;

use super::answer::Answer;
use super::plan::{Images, Prepared, Round, Step, prepare};
use super::{QUEUE_MAX, Request, WriteError, WriterHandle, due};
use crate::clock::Clock;
use crate::feed::{Feed, Published};
use crate::quarantine::Quarantine;
use crate::ranking::InForce;
use crate::routes::{self, Routes};
use crate::store::{
    Commit, Head, MetaTable, MetaWrite, Mutation, Outcome, Store, StoreError, commit_id,
};
use crate::subscriptions::Board;
use crate::view::View;

/// How many reports one commit takes at most. The rest waits for the next one: a person who asks
/// meanwhile waits for one commit, not for the whole load.
const ROUND_REPORTS_MAX: usize = 1000;

/// Keeps decisions beside the store, readable without it.
pub trait DecisionLog: Send {
    /// Appends the decisions among `committed` and makes them durable.
    fn append(&mut self, committed: &[Mutation]) -> Result<(), String>;

    /// A row for the next commit that says how far this has come, so that the next start need not
    /// look for decisions in the whole log.
    fn progress(&mut self) -> Option<MetaWrite> {
        None
    }
}

/// What the writer works with. It alone writes each of these.
pub struct Parts {
    /// Where everything is committed.
    pub store: Arc<dyn Store>,
    /// Which reports say the same: those in force for this store.
    pub classes: Arc<Classes>,
    /// How urgent findings are: what is in force.
    pub ranking: Arc<InForce>,
    /// Shows what was committed.
    pub view: Arc<RwLock<View>>,
    /// Tells watchers.
    pub feed: Arc<Feed>,
    /// Keeps decisions beside the store.
    pub decisions: Box<dyn DecisionLog>,
    /// Which documents are kept with their error already.
    pub quarantine: Arc<Quarantine>,
    /// Durable consumers.
    pub subscriptions: Arc<Board>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Closed findings and log entries older than this are removed, in milliseconds.
    pub retention_ms: i64,
}

/// Why the writer ended before it was told to.
#[derive(Debug, thiserror::Error)]
pub enum WriterFailure {
    /// The store refused, or its answer is in doubt.
    #[error("the store refused a write")]
    Store(#[source] StoreError),
    /// Somebody else writes the same store.
    #[error("the store was changed by another writer: revision {found} where {expected} was due")]
    Intruder {
        /// The revision the commit got.
        found: u64,
        /// The revision that was due.
        expected: u64,
    },
    /// The decision journal refused.
    #[error("the decision journal refused: {0}")]
    Decisions(String),
    /// A panic: a bug.
    #[error("the writer panicked: see the log")]
    Panicked,
}

/// Starts the writer. It ends, cleanly, when the last handle is dropped and the queue is empty.
pub fn spawn(parts: Parts) -> io::Result<(WriterHandle, JoinHandle<Result<(), WriterFailure>>)> {
    let (commands, inbox) = mpsc::channel(QUEUE_MAX);
    let join = thread::Builder::new().name("writer".to_owned()).spawn(move || {
        let writer = Writer { parts, commits: 0, searched: Vec::new(), is_unrouted: false };
        writer.run(inbox)
    })?;
    Ok((WriterHandle { commands }, join))
}

pub(super) struct Writer {
    pub(super) parts: Parts,
    commits: u64,
    /// Where the search for old outcomes of calls goes on.
    pub(super) searched: Vec<u8>,
    /// There is no route: nobody need look for one.
    is_unrouted: bool,
}

impl Writer {
    fn run(mut self, mut inbox: mpsc::Receiver<Request>) -> Result<(), WriterFailure> {
        self.is_unrouted = routes::is_empty(&*self.parts.store).map_err(WriterFailure::Store)?;
        self.catch_up(self.relating(self.unrelated()?).into())?;
        while let Some(first) = inbox.blocking_recv() {
            let mut waiting = VecDeque::from([first]);
            while let Ok(next) = inbox.try_recv() {
                waiting.push_back(next);
            }
            self.catch_up(waiting)?;
        }
        Ok(())
    }

    /// Does everything that waits, and what follows from it.
    fn catch_up(&mut self, mut waiting: VecDeque<Request>) -> Result<(), WriterFailure> {
        while !waiting.is_empty() {
            self.turn(&mut waiting).inspect_err(|failure| {
                error!(error = %chain(failure), "the writer ends");
            })?;
        }
        Ok(())
    }

    /// Takes what can be committed together from the front of the queue, and does it.
    fn turn(&mut self, waiting: &mut VecDeque<Request>) -> Result<(), WriterFailure> {
        let now = self.parts.clock.now();
        let prepared = self.gather(waiting, now)?;
        let mut round = Round::new(now, self.parts.store.head(), self.parts.ranking.now());
        let images = self.read(prepared.iter().flat_map(Prepared::findings))?;
        for request in prepared {
            self.plan(request, &images, &mut round)?;
        }
        let moved = self.stirred(&round.mutations);
        round.meta.extend(moved.iter().map(|resource| due(resource)));
        round.stirred.extend(moved);
        let stirred = self.commit(round)?;
        for request in self.relating(stirred) {
            waiting.push_front(request);
        }
        Ok(())
    }

    /// Requests that touch no finding, report or request id twice, in order.
    fn gather(
        &self,
        waiting: &mut VecDeque<Request>,
        now: Millis,
    ) -> Result<Vec<Prepared>, WriterFailure> {
        let mut taken = HashSet::new();
        let mut reports = 0;
        let mut gathered = Vec::new();
        while let Some(request) = waiting.pop_front() {
            let view = self.parts.view.read().expect("no holder of this lock panics");
            let (routes, store) = (self.routes(), &*self.parts.store);
            let step = prepare(request, &view, &routes, store, now);
            let step = step.map_err(WriterFailure::Store)?;
            let prepared = match step {
                Step::Ready(prepared) => *prepared,
                // Reports that left another finding go first, in a commit of their own.
                Step::Departs(departure) => {
                    waiting.push_front(departure.request);
                    waiting.push_front(departure.withdraw);
                    if gathered.is_empty() {
                        continue;
                    }
                    break;
                }
            };
            drop(view);
            let touches = prepared.touches();
            let alone = prepared.goes_alone();
            let fits = !alone
                && reports + prepared.reports() <= ROUND_REPORTS_MAX
                && touches.iter().all(|key| !taken.contains(key));
            if !fits && !gathered.is_empty() {
                waiting.push_front(prepared.into_request());
                break;
            }
            reports += prepared.reports();
            taken.extend(touches);
            gathered.push(prepared);
            if alone {
                break;
            }
        }
        Ok(gathered)
    }

    /// Where reports go now.
    pub(super) fn routes(&self) -> Routes<'_> {
        Routes::known(&*self.parts.store, &self.parts.classes, self.is_unrouted)
    }

    /// The newest images of those findings that exist.
    pub(super) fn read<'a>(
        &self,
        ids: impl Iterator<Item = &'a FindingId>,
    ) -> Result<Images, WriterFailure> {
        let known: Vec<FindingId> = {
            let view = self.parts.view.read().expect("no holder of this lock panics");
            ids.copied().filter(|id| view.contains(*id)).collect()
        };
        if known.is_empty() {
            return Ok(Images::default());
        }
        let found = self.parts.store.findings(&known).map_err(WriterFailure::Store)?;
        Ok(known.into_iter().zip(found).filter_map(|(id, image)| Some((id, image?))).collect())
    }

    /// Commits a round, shows it, and answers. Returns the resources on which relations are due.
    fn commit(&mut self, round: Round) -> Result<BTreeSet<String>, WriterFailure> {
        let Round { mutations, meta, answers, stirred, activates, .. } = round;
        let alone = answers.len() == 1;
        if mutations.is_empty() && meta.is_empty() {
            self.publish(answers, Vec::new(), self.parts.store.head());
            return Ok(stirred);
        }
        match self.make_durable(mutations, meta) {
            Ok((mutations, head)) => {
                if let Some(model) = activates {
                    self.parts.ranking.set_model(model);
                }
                self.show(&mutations, head);
                self.publish(answers, mutations, head);
                Ok(stirred)
            }
            // Found before anything was written: the writer goes on.
            Err(WriterFailure::Store(error @ StoreError::TooLarge { .. })) => {
                let message = error.to_string();
                refuse(answers, &WriteError::TooLarge { message, alone });
                Ok(BTreeSet::new())
            }
            Err(failure) => {
                refuse(answers, &WriteError::Closed(chain(&failure)));
                Err(failure)
            }
        }
    }

    /// Writes the store, then the decision journal; gives the mutations their revisions.
    fn make_durable(
        &mut self,
        mutations: Vec<Mutation>,
        mut meta: Vec<MetaWrite>,
    ) -> Result<(Vec<Mutation>, Revision), WriterFailure> {
        meta.extend(self.parts.decisions.progress());
        let commit = Commit { id: self.commit_id(), mutations, meta };
        let mut due = self.parts.store.head();
        let committed = self.parts.store.commit(&commit).map_err(WriterFailure::Store)?;
        self.parts.quarantine.note(&commit.meta);
        if commit.meta.iter().any(|row| row.table == MetaTable::Route) {
            self.is_unrouted = false;
        }
        let mut mutations = commit.mutations;
        for (mutation, outcome) in mutations.iter_mut().zip(&committed.outcomes) {
            due = due.next();
            let (Outcome::Applied(found) | Outcome::Stale(found)) = *outcome;
            if *outcome != Outcome::Applied(due) {
                return Err(WriterFailure::Intruder { found: found.0, expected: due.0 });
            }
            mutation.change.previous = mutation.base;
            mutation.change.revision = due;
            mutation.finding.revision = due;
        }
        self.parts.decisions.append(&mutations).map_err(WriterFailure::Decisions)?;
        Ok((mutations, committed.head))
    }

    fn show(&self, mutations: &[Mutation], head: Revision) {
        let heads: Vec<Head> = mutations.iter().map(|done| Head::of(&done.finding)).collect();
        let mut view = self.parts.view.write().expect("no holder of this lock panics");
        view.apply(&heads, head);
    }

    /// Tells the watchers, then whoever asked.
    fn publish(&self, answers: Vec<Answer>, mutations: Vec<Mutation>, head: Revision) {
        let prepared: Vec<_> =
            answers.into_iter().map(|answer| answer.prepare(&mutations, head)).collect();
        if !mutations.is_empty() {
            let published = mutations.into_iter().map(|mut done| {
                strip(&mut done.finding);
                Published { change: done.change, finding: done.finding }
            });
            self.parts.feed.publish(published, head);
        }
        for answer in prepared {
            answer();
        }
    }

    /// Names the next commit.
    pub(super) fn commit_id(&mut self) -> [u8; 16] {
        self.commits += 1;
        commit_id(self.parts.clock.now(), self.commits)
    }

    /// The oldest time that is kept.
    pub(super) fn cutoff(&self, now: Millis) -> Millis {
        now.plus(-self.parts.retention_ms)
    }
}

fn refuse(answers: Vec<Answer>, error: &WriteError) {
    for answer in answers {
        answer.refuse(error);
    }
}

/// Takes the raw documents out of a finding: nobody but the store needs them.
pub(super) fn strip(finding: &mut Finding) {
    for held in &mut finding.reports {
        held.report.raw = bytes::Bytes::new();
    }
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
