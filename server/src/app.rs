//! The process: what is taken at the start, what runs, how it stops.
//!
//! [`App::build`] opens the store and takes the port, so that what fails, fails before the first
//! request. [`App::run`] serves and collects until it is told to stop, or a part ends that must not.

mod housekeeper;
mod intelligence;
mod supervise;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, RwLock};
use std::thread;
use std::time::Duration;

use muster_core::unit::SourceKind;
use muster_core::weakness::Classes;
use muster_sources::aws::{
    AwsSettings, CredentialsSettings, RoleSettings, StaticKeys, TokenBuckets,
};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use self::supervise::Tasks;
use crate::api::{self, Backend, Health, Limits};
use crate::clock::Clock;
use crate::collect::{self, Collector, PASSES_MAX};
use crate::config::{AccountConfig, CollectConfig, Config};
use crate::feed::Feed;
use crate::intel::Shelf;
use crate::quarantine::Quarantine;
use crate::ranking::{self, InForce, Ranking};
use crate::rules::{self, RulesError};
use crate::store::{Journal, JournalError, SledOptions, SledStore, Store, StoreError};
use crate::subscriptions::Board;
use crate::telemetry;
use crate::units::UnitBoard;
use crate::view::View;
use crate::writer::{self, WriterFailure, WriterHandle};

/// Why the process cannot start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The store.
    #[error("failed to open the store in `{path}`")]
    Store {
        /// The data directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: StoreError,
    },
    /// The decision journal.
    #[error("failed to open the decision journal in `{path}`")]
    Journal {
        /// The data directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: JournalError,
    },
    /// The weakness classes.
    #[error("the weakness classes cannot be used")]
    Rules(#[source] RulesError),
    /// A port.
    #[error("failed to listen on {address}: is another musterd running? set `{setting}`")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// The setting that says so.
        setting: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A thread.
    #[error("failed to start a thread")]
    Thread(#[source] std::io::Error),
    /// The writer ended: see its reason.
    #[error("the writer ended")]
    Writer(#[source] WriterFailure),
    /// A part ended that must not.
    #[error("{0} ended before it was told to")]
    Ended(&'static str),
    /// A part panicked.
    #[error("{0} panicked: see the log")]
    Panicked(&'static str),
    /// Something did not stop in time.
    #[error("{0} did not stop within {1:?}; what was acknowledged is on disk")]
    Stuck(&'static str, Duration),
}

/// A process that is ready to run.
pub struct App {
    config: Config,
    backend: Backend,
    intel: Arc<Shelf>,
    ranking: Arc<InForce>,
    collector: Collector,
    accounts: Vec<AwsSettings>,
    listener: TcpListener,
    writer: oneshot::Receiver<Result<(), WriterFailure>>,
}

impl App {
    /// Opens the store, builds the view, takes the port.
    pub async fn build(config: Config, clock: Arc<dyn Clock>) -> Result<Self, AppError> {
        if let Some(address) = config.metrics_listen {
            telemetry::serve_metrics(address).map_err(|source| AppError::Listen {
                address,
                setting: "metrics_listen",
                source: source.into(),
            })?;
        }
        let listener = TcpListener::bind(config.listen).await.map_err(|source| {
            AppError::Listen { address: config.listen, setting: "listen", source: source.into() }
        })?;
        let opening = {
            let (config, clock) = (config.clone(), Arc::clone(&clock));
            tokio::task::spawn_blocking(move || open(&config, &clock))
        };
        let opened = opening.await.map_err(|_| AppError::Panicked("the store"))??;
        let drain = CancellationToken::new();
        let backend = Backend {
            store: Arc::clone(&opened.store),
            view: Arc::clone(&opened.view),
            writer: opened.handle.clone(),
            feed: opened.feed,
            ranking: Arc::clone(&opened.ranking),
            classes: opened.classes,
            units: Arc::clone(&opened.units),
            subscriptions: opened.subscriptions,
            clock: Arc::clone(&clock),
            drain,
            limits: Limits {
                calls_max: config.calls_max,
                watches_max: config.watchers_max,
                deadline: config.call_timeout,
                drain: config.drain,
                ..Limits::default()
            },
        };
        let collector = Collector {
            view: opened.view,
            writer: opened.handle,
            units: opened.units,
            quarantine: opened.quarantine,
            clock,
            schedule: config.collect.schedule.clone(),
            checkpoints: opened.checkpoints,
            passes: Semaphore::new(PASSES_MAX),
        };
        let accounts = accounts(&config.collect);
        let (intel, ranking, writer) = (opened.intel, opened.ranking, opened.ended);
        Ok(Self { config, backend, intel, ranking, collector, accounts, listener, writer })
    }

    /// Where it listens.
    ///
    /// # Panics
    ///
    /// When the socket has no address any more, which it has from `build` on.
    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().expect("a bound socket has an address")
    }

    /// What the API answers from.
    pub fn backend(&self) -> &Backend {
        &self.backend
    }

    /// The published intelligence about vulnerabilities, as it is loaded.
    pub fn intel(&self) -> &Arc<Shelf> {
        &self.intel
    }

    /// Serves and collects until `stop`, then drains: no new calls, streams end with a cursor, the
    /// writer finishes what it was given.
    ///
    /// # Errors
    ///
    /// When a part ends that must not, or does not stop in time.
    pub async fn run(self, stop: CancellationToken) -> Result<(), AppError> {
        let Self { config, backend, intel, ranking, collector, accounts, listener, mut writer } =
            self;
        let drain = backend.drain.clone();
        let health = Health::new().await;
        health.set_all(true).await;
        let address = listener.local_addr().unwrap_or(config.listen);
        info!(%address, revision = backend.feed.head().0, "serving");

        let mut tasks = Tasks::new();
        let stopping = drain.child_token();
        tasks.spawn("the housekeeper", housekeeper::run(backend.clone(), stopping.clone()));
        let clock = Arc::clone(&backend.clock);
        let reading = intelligence::run(intel, ranking, clock, stopping.clone());
        tasks.spawn("the intelligence", reading);
        tasks.spawn("the API", {
            let health = health.clone();
            async move {
                let drained = api::serve::serve(listener, backend, health).await;
                info!(cut = drained.cut, "the API has drained");
            }
        });
        tasks.spawn("the collector", {
            let CollectConfig { sources, regions, .. } = config.collect.clone();
            let pacer = Arc::new(TokenBuckets::new());
            collector.run(accounts, sources, regions, pacer, stopping)
        });

        let first = tokio::select! {
            () = stop.cancelled() => Ok(()),
            ended = tasks.next() => Err(ended),
            ended = &mut writer => Err(match ended {
                Ok(Err(failure)) => AppError::Writer(failure),
                Ok(Ok(())) => AppError::Ended("the writer"),
                Err(_) => AppError::Writer(WriterFailure::Panicked),
            }),
        };
        if let Err(failure) = &first {
            error!(error = %failure, "stopping");
            health.set_all(false).await;
        }
        info!("draining");
        drain.cancel();
        let failed = matches!(first, Err(AppError::Writer(_)));
        let stopped = tasks.stop(config.drain).await;
        if !failed {
            // The last handles are gone: the writer ends when its queue is empty.
            match tokio::time::timeout(config.drain, writer).await {
                Ok(Ok(Ok(()))) => {}
                Ok(Ok(Err(failure))) => return Err(AppError::Writer(failure)),
                Ok(Err(_)) => return Err(AppError::Writer(WriterFailure::Panicked)),
                Err(_) => return Err(AppError::Stuck("the writer", config.drain)),
            }
        }
        first.and(stopped)
    }
}

/// What was opened on a blocking thread.
struct Opened {
    store: Arc<dyn Store>,
    view: Arc<RwLock<View>>,
    feed: Arc<Feed>,
    classes: Arc<Classes>,
    units: Arc<UnitBoard>,
    subscriptions: Arc<Board>,
    intel: Arc<Shelf>,
    ranking: Arc<InForce>,
    quarantine: Arc<Quarantine>,
    checkpoints: std::collections::BTreeMap<String, muster_core::unit::Checkpoint>,
    handle: WriterHandle,
    ended: oneshot::Receiver<Result<(), WriterFailure>>,
}

fn open(config: &Config, clock: &Arc<dyn Clock>) -> Result<Opened, AppError> {
    let path = config.data_dir.clone();
    let failed = |source| AppError::Store { path: path.clone(), source };
    let began = clock.now();
    let configured =
        rules::configured(config.weakness_classes.as_deref()).map_err(AppError::Rules)?;
    let store: Arc<dyn Store> =
        Arc::new(SledStore::open(&path, &SledOptions::default()).map_err(failed)?);
    let in_force = rules::in_force(&*store, &configured).map_err(AppError::Rules)?;
    if in_force.differs {
        warn!(
            in_force = in_force.classes.hash(),
            configured = configured.hash(),
            "findings are still grouped by the weakness classes that the store has, not by the \
             configured ones: stop this server and run `musterd refold`, which shows what would \
             change, and changes it when told to"
        );
    }
    let journal_failed = |source| AppError::Journal { path: path.clone(), source };
    let (mut journal, recovery) = Journal::open(&path, store.log_id()).map_err(journal_failed)?;
    if let Some(torn) = &recovery.torn {
        warn!(torn = %torn.display(), bytes = recovery.torn_bytes, "the journal had a torn end");
    }
    let made_up = journal.catch_up(&*store).map_err(journal_failed)?;
    let view = View::build(&*store).map_err(failed)?;
    let findings = view.len();
    let quarantine = Arc::new(Quarantine::open(&*store).map_err(failed)?);
    let subscriptions = Arc::new(Board::open(&*store).map_err(failed)?);
    let checkpoints = collect::checkpoints(&*store).map_err(failed)?;
    let feed = Arc::new(Feed::new(store.head()));
    let view = Arc::new(RwLock::new(view));
    let classes = Arc::new(in_force.classes);
    let model = ranking::in_force(&*store).map_err(failed)?;
    let intel = Arc::new(Shelf::open(&path));
    let ranking = Arc::new(InForce::new(Ranking { model, intel: intel.intel() }));
    let parts = writer::Parts {
        store: Arc::clone(&store),
        classes: Arc::clone(&classes),
        ranking: Arc::clone(&ranking),
        view: Arc::clone(&view),
        feed: Arc::clone(&feed),
        decisions: Box::new(journal),
        quarantine: Arc::clone(&quarantine),
        subscriptions: Arc::clone(&subscriptions),
        clock: Arc::clone(clock),
        retention_ms: i64::try_from(config.retention.as_millis()).unwrap_or(i64::MAX),
    };
    let (handle, join) = writer::spawn(parts).map_err(AppError::Thread)?;
    let ended = watch(join).map_err(AppError::Thread)?;
    let took_ms = clock.now().since(began);
    info!(path = %path.display(), findings, took_ms, decisions = recovery.lines + made_up, "the store is open");
    let units = Arc::default();
    Ok(Opened {
        store,
        view,
        feed,
        classes,
        units,
        subscriptions,
        intel,
        ranking,
        quarantine,
        checkpoints,
        handle,
        ended,
    })
}

/// Tells when a thread has ended, and how.
fn watch(
    join: thread::JoinHandle<Result<(), WriterFailure>>,
) -> std::io::Result<oneshot::Receiver<Result<(), WriterFailure>>> {
    let (tell, ended) = oneshot::channel();
    thread::Builder::new().name("writer-watch".to_owned()).spawn(move || {
        let outcome = join.join().unwrap_or(Err(WriterFailure::Panicked));
        // Nobody listens when the process ends for another reason.
        drop(tell.send(outcome));
    })?;
    Ok(ended)
}

/// How each account is reached.
pub(crate) fn accounts(config: &CollectConfig) -> Vec<AwsSettings> {
    let one = [AccountConfig::default()];
    let accounts = if config.accounts.is_empty() { &one[..] } else { &config.accounts[..] };
    let home = config.regions.first().expect("the settings have a Region");
    let settings = accounts.iter().map(|account| {
        let mut settings = AwsSettings::new(home.clone());
        settings.account = account.id;
        settings.attempts_max = config.attempts_max;
        settings.endpoint.clone_from(&config.endpoint);
        settings.credentials = CredentialsSettings::Chain { profile: account.profile.clone() };
        settings.role = account.role_arn.clone().map(|arn| RoleSettings {
            arn,
            external_id: account.external_id.clone(),
            session_name: "muster".to_owned(),
        });
        settings
    });
    settings.collect()
}

impl App {
    /// Reads with fixed keys instead of the standard chain: for the demo and for tests.
    #[must_use]
    pub fn with_keys(mut self, keys: &StaticKeys) -> Self {
        for account in &mut self.accounts {
            account.credentials = CredentialsSettings::Static(keys.clone());
            account.backoff = Duration::from_millis(50);
        }
        self
    }

    /// Which products are read.
    pub fn sources(&self) -> &[SourceKind] {
        &self.config.collect.sources
    }
}
