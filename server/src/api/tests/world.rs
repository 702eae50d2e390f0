//! A server with everything but sources, and its clients.
//!
//! The real writer commits on a thread of its own, which paused time does not wait for. Tests of
//! time therefore use [`World::commit`], which does what the writer does, at once; tests of decisions
//! use the writer, and no timers.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, mpsc};

use muster_api::v1::findings_service_client::FindingsServiceClient;
use muster_api::v1::maturity_service_client::MaturityServiceClient;
use muster_api::v1::triage_service_client::TriageServiceClient;
use muster_api::v1::unit_service_client::UnitServiceClient;
use muster_core::change::Change;
use muster_core::finding::Finding;
use muster_core::ids::{FindingId, Revision};
use muster_core::plan::{self, Mutation};
use muster_core::time::Millis;
use muster_core::weakness::Classes;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::sample::{NOW, Sample, id};
use crate::api::serve::local::{self, LocalConnector};
use crate::api::serve::{self, Drained};
use crate::api::{Backend, Health, Limits};
use crate::clock::Clock;
use crate::feed::{Feed, Published};
use crate::quarantine::Quarantine;
use crate::ranking::{InForce, Ranking};
use crate::store::{
    Changes, Commit, Committed, Head, MemoryStore, MetaRow, MetaTable, Store, StoreError,
};
use crate::subscriptions::Board;
use crate::testing::TestClock;
use crate::units::UnitBoard;
use crate::view::View;
use crate::writer::{self, DecisionLog, Parts};

/// A store in memory that fails when it is told to.
pub(super) struct TestStore {
    inner: MemoryStore,
    fault: Mutex<Option<fn() -> StoreError>>,
    findings_read: AtomicUsize,
}

impl TestStore {
    /// Every read fails like this from now on.
    pub(super) fn fail(&self, fault: fn() -> StoreError) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
    }

    /// How many findings were read so far.
    pub(super) fn findings_read(&self) -> usize {
        self.findings_read.load(Ordering::Relaxed)
    }

    /// Commits without telling anybody: what a reader meets between a commit and its publication.
    pub(super) fn commit_unseen(&self, sample: &Sample, now: Millis) {
        let current = self.inner.findings(&[id(sample.number)]).unwrap().pop().flatten();
        let planned = plan::observe(
            current.as_ref(),
            vec![sample.observed()],
            muster_core::testing::rules(now),
        );
        let mutations = planned.into_iter().collect();
        self.inner.commit(&Commit { id: commit_id(), mutations, meta: Vec::new() }).unwrap();
    }

    fn inner(&self) -> Result<&MemoryStore, StoreError> {
        let fault = *self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        fault.map_or(Ok(&self.inner), |fault| Err(fault()))
    }
}

impl Store for TestStore {
    fn log_id(&self) -> [u8; 16] {
        self.inner.log_id()
    }
    fn head(&self) -> Revision {
        self.inner.head()
    }
    fn oldest(&self) -> Revision {
        self.inner.oldest()
    }
    fn scan_heads(&self, visit: &mut dyn FnMut(Head)) -> Result<(), StoreError> {
        self.inner()?.scan_heads(visit)
    }
    fn scan_findings(&self, visit: &mut dyn FnMut(Finding)) -> Result<(), StoreError> {
        self.inner()?.scan_findings(visit)
    }
    fn findings(&self, ids: &[FindingId]) -> Result<Vec<Option<Finding>>, StoreError> {
        self.findings_read.fetch_add(ids.len(), Ordering::Relaxed);
        self.inner()?.findings(ids)
    }
    fn changes(&self, after: Revision, limit: usize) -> Result<Changes, StoreError> {
        self.inner()?.changes(after, limit)
    }
    fn change(&self, revision: Revision) -> Result<Option<Change>, StoreError> {
        self.inner()?.change(revision)
    }
    fn commit(&self, commit: &Commit) -> Result<Committed, StoreError> {
        self.inner.commit(commit)
    }
    fn meta(&self, table: MetaTable, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner()?.meta(table, key)
    }
    fn scan_meta(
        &self,
        table: MetaTable,
        after: &[u8],
        limit: usize,
    ) -> Result<Vec<MetaRow>, StoreError> {
        self.inner()?.scan_meta(table, after, limit)
    }
    fn compact(&self, through: Revision, ids: &[FindingId]) -> Result<Revision, StoreError> {
        self.inner.compact(through, ids)
    }
}

/// A decision journal that can hold the writer up: each append waits while the gate is closed.
struct Gated(Arc<Mutex<Option<mpsc::Receiver<()>>>>);

impl DecisionLog for Gated {
    fn append(&mut self, _: &[Mutation]) -> Result<(), String> {
        let gate = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Opens when the sender is dropped.
        gate.map_or(Ok(()), |gate| gate.recv().or(Ok(())))
    }
}

/// A running server.
pub(super) struct World {
    pub(super) store: Arc<TestStore>,
    pub(super) clock: Arc<TestClock>,
    pub(super) backend: Backend,
    pub(super) health: Health,
    pub(super) connector: LocalConnector,
    channel: Channel,
    server: JoinHandle<Drained>,
    gate: Arc<Mutex<Option<mpsc::Receiver<()>>>>,
}

impl World {
    /// A server with the usual limits.
    pub(super) async fn start() -> Self {
        Self::with_limits(Limits::default()).await
    }

    pub(super) async fn with_limits(limits: Limits) -> Self {
        let store = TestStore {
            inner: MemoryStore::new(),
            fault: Mutex::default(),
            findings_read: AtomicUsize::new(0),
        };
        Self::over(Arc::new(store), limits).await
    }

    /// A server that finds this store when it starts.
    pub(super) async fn over(store: Arc<TestStore>, limits: Limits) -> Self {
        let view = Arc::new(RwLock::new(View::build(&*store).unwrap()));
        let feed = Arc::new(Feed::new(store.head()));
        let clock = Arc::new(TestClock(AtomicI64::new(NOW.0)));
        let gate = Arc::default();
        let ranking = Arc::new(InForce::new(Ranking::builtin()));
        let subscriptions = Arc::new(Board::open(&*store).unwrap());
        let (writer, _thread) = writer::spawn(Parts {
            store: store.clone(),
            classes: Arc::new(Classes::builtin()),
            ranking: Arc::clone(&ranking),
            view: Arc::clone(&view),
            feed: Arc::clone(&feed),
            decisions: Box::new(Gated(Arc::clone(&gate))),
            quarantine: Arc::new(Quarantine::open(&*store).unwrap()),
            subscriptions: Arc::clone(&subscriptions),
            clock: clock.clone(),
            retention_ms: i64::MAX,
        })
        .unwrap();
        let backend = Backend {
            store: store.clone(),
            view,
            writer,
            feed,
            ranking,
            classes: Arc::new(Classes::builtin()),
            units: Arc::new(UnitBoard::default()),
            subscriptions,
            clock: clock.clone(),
            drain: CancellationToken::new(),
            limits,
        };
        let health = Health::new().await;
        health.set_all(true).await;
        let (connector, incoming) = local::pair();
        let server = tokio::spawn(serve::serve(incoming, backend.clone(), health.clone()));
        let channel = connector.channel();
        Self { store, clock, backend, health, connector, channel, server, gate }
    }

    /// A server with these findings.
    pub(super) async fn holding(samples: impl IntoIterator<Item = Sample>) -> Self {
        let world = Self::start().await;
        world.observe(samples);
        world
    }

    pub(super) fn findings(&self) -> FindingsServiceClient<Channel> {
        FindingsServiceClient::new(self.channel.clone())
    }

    pub(super) fn triage(&self) -> TriageServiceClient<Channel> {
        TriageServiceClient::new(self.channel.clone())
    }

    pub(super) fn units(&self) -> UnitServiceClient<Channel> {
        UnitServiceClient::new(self.channel.clone())
    }

    pub(super) fn maturity(&self) -> MaturityServiceClient<Channel> {
        MaturityServiceClient::new(self.channel.clone())
    }

    pub(super) fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// Commits what these samples say, one change each.
    pub(super) fn observe(&self, samples: impl IntoIterator<Item = Sample>) {
        for sample in samples {
            let current = self.finding(sample.number);
            let now = self.clock.now();
            let planned = plan::observe(
                current.as_ref(),
                vec![sample.observed()],
                muster_core::testing::rules(now),
            );
            self.commit(planned.into_iter().collect());
        }
    }

    /// The finding of that number, as the store has it.
    pub(super) fn finding(&self, number: u32) -> Option<Finding> {
        self.store.inner.findings(&[id(number)]).unwrap().pop().flatten()
    }

    /// Does what the writer does: store, view, feed.
    pub(super) fn commit(&self, mutations: Vec<Mutation>) {
        let commit = Commit { id: commit_id(), mutations, meta: Vec::new() };
        let before = self.store.head();
        let head = self.store.inner.commit(&commit).unwrap().head;
        let published: Vec<Published> = commit
            .mutations
            .into_iter()
            .zip(before.0 + 1..)
            .map(|(mutation, revision)| {
                let Mutation { base, mut finding, mut change } = mutation;
                (change.previous, change.revision) = (base, Revision(revision));
                finding.revision = Revision(revision);
                Published { change, finding }
            })
            .collect();
        let heads: Vec<Head> = published.iter().map(|done| Head::of(&done.finding)).collect();
        self.backend.view.write().unwrap().apply(&heads, head);
        let stripped = published.into_iter().map(|mut done| {
            for held in &mut done.finding.reports {
                held.report.raw.clear();
            }
            done
        });
        self.backend.feed.publish(stripped, head);
    }

    /// Holds the writer up at its next commit, until the sender is dropped.
    pub(super) fn hold_the_writer(&self) -> mpsc::Sender<()> {
        let (open, gate) = mpsc::channel();
        *self.gate.lock().unwrap() = Some(gate);
        open
    }

    /// Tells the server to stop, and waits until it has.
    pub(super) async fn stop(self) -> Drained {
        self.backend.drain.cancel();
        self.server.await.unwrap()
    }

    /// Stops, and starts again over the same store.
    pub(super) async fn restart(self) -> Self {
        let (store, limits) = (Arc::clone(&self.store), self.backend.limits);
        assert_eq!(self.stop().await, Drained { cut: 0 });
        Self::over(store, limits).await
    }
}

/// A store takes a repeated id for a repeated commit.
fn commit_id() -> [u8; 16] {
    uuid::Uuid::new_v4().into_bytes()
}

/// The code and the reason of an error, which every error of this API has.
pub(super) fn reason(status: &Status) -> (Code, String) {
    let info = status.get_details_error_info();
    let info = info.unwrap_or_else(|| panic!("no ErrorInfo in {status:?}"));
    assert_eq!(info.domain, "muster.v1");
    (status.code(), info.reason)
}

/// A fact in an error's `ErrorInfo`.
pub(super) fn fact(status: &Status, key: &str) -> String {
    let info = status.get_details_error_info().unwrap();
    info.metadata.get(key).unwrap_or_else(|| panic!("no `{key}` in {info:?}")).clone()
}

/// The fields that an error's `BadRequest` names.
pub(super) fn fields(status: &Status) -> Vec<String> {
    let details = status.get_details_bad_request();
    let details = details.unwrap_or_else(|| panic!("no BadRequest in {status:?}"));
    details.field_violations.into_iter().map(|violation| violation.field).collect()
}
