//! AWS, as far as Muster reads it, on a local port.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

mod access_analyzer;
mod calls;
mod error;
mod faults;
mod guardduty;
mod inspector;
mod limits;
mod listing;
mod request;
mod security_hub;
mod serve;
mod sts;
mod support;
mod tokens;

pub use calls::{CallCount, Calls, REQUESTS_KEPT, Request};
pub use error::ErrorKind;
pub use faults::{Fault, FaultId, FaultRule};
pub use limits::{Limit, Limits};

use crate::clock::Clock;
use crate::operation::Operation;
use crate::scenario::Scenario;
use crate::scope::Scope;
use crate::world::{Event, World, WorldError};

/// The body of an answer. Its error ends the connection in the middle of the answer.
pub(crate) type Body = http_body_util::combinators::BoxBody<bytes::Bytes, io::Error>;

/// How an [`Emulator`] is to behave.
#[derive(Clone, Debug)]
pub struct Config {
    /// What it answers from.
    pub world: World,
    /// Its time.
    pub clock: Clock,
    /// Its rate limits.
    pub limits: Limits,
    /// Which account each access key belongs to.
    pub access_keys: BTreeMap<String, String>,
    /// The account of every other access key; without one those are unknown to AWS.
    pub default_account: Option<String>,
    /// The external id that roles of an account ask for, by account; the others ask for none.
    pub external_ids: BTreeMap<String, String>,
    /// How long a page token is good for. AWS publishes no figure.
    pub token_lifetime: Duration,
    /// How long the credentials of an assumed role are good for, when the caller names no time.
    pub session_lifetime: Duration,
}

impl Config {
    /// The usual: published limits, tokens good for an hour, every access key belongs to the first
    /// account of the world, and time runs from the world's beginning on.
    pub fn new(world: World) -> Self {
        let default_account = world.accounts().next().map(ToOwned::to_owned);
        Self {
            clock: Clock::running_from(world.began()),
            limits: Limits::published(),
            access_keys: BTreeMap::new(),
            default_account,
            external_ids: BTreeMap::new(),
            token_lifetime: Duration::from_hours(1),
            session_lifetime: Duration::from_hours(1),
            world,
        }
    }

    /// The same with another clock.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The same with other limits.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The same with an access key that belongs to `account`.
    #[must_use]
    pub fn access_key(mut self, key: impl Into<String>, account: impl Into<String>) -> Self {
        self.access_keys.insert(key.into(), account.into());
        self
    }

    /// The same with another account for the access keys that nothing is known about.
    #[must_use]
    pub fn default_account(mut self, account: Option<String>) -> Self {
        self.default_account = account;
        self
    }

    /// The same with an external id that the roles of `account` ask for.
    #[must_use]
    pub fn external_id(mut self, account: impl Into<String>, id: impl Into<String>) -> Self {
        self.external_ids.insert(account.into(), id.into());
        self
    }

    /// The same with another lifetime for page tokens.
    #[must_use]
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = lifetime;
        self
    }
}

impl From<World> for Config {
    fn from(world: World) -> Self {
        Self::new(world)
    }
}

/// A running emulator. It stops when it is dropped.
#[derive(Debug)]
pub struct Emulator {
    url: String,
    shared: Arc<Shared>,
    stop: CancellationToken,
    server: Option<JoinHandle<()>>,
}

/// What the handle and the connections share.
#[derive(Debug)]
pub(crate) struct Shared {
    clock: Clock,
    state: Mutex<State>,
    /// Moves when a call arrives or ends, so that tests can wait for it.
    moved: watch::Sender<u64>,
}

/// Everything that changes.
#[derive(Debug)]
pub(crate) struct State {
    pub config: Config,
    pub faults: faults::Faults,
    pub buckets: limits::Buckets,
    pub calls: Calls,
    pub tokens: tokens::Tokens,
    pub sessions: sts::Sessions,
    pub requests: u64,
}

impl State {
    /// Where a listing goes on: behind the place of its token, if it came with one.
    pub(crate) fn position(
        &self,
        token: Option<&str>,
        operation: Operation,
        scope: &Scope,
        query: &str,
        now: Timestamp,
    ) -> Result<Option<tokens::Position>, tokens::BadToken> {
        let Some(token) = token.filter(|token| !token.is_empty()) else { return Ok(None) };
        let lifetime = self.config.token_lifetime;
        self.tokens.redeem(token, operation, scope, query, now, lifetime).map(Some)
    }
}

impl Emulator {
    /// Binds a free port of 127.0.0.1 and serves there. Takes a [`World`] or a whole [`Config`].
    ///
    /// # Errors
    ///
    /// No port could be bound.
    pub async fn start(config: impl Into<Config> + Send) -> io::Result<Self> {
        let config = config.into();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared {
            clock: config.clock.clone(),
            state: Mutex::new(State {
                config,
                faults: faults::Faults::default(),
                buckets: limits::Buckets::default(),
                calls: Calls::default(),
                tokens: tokens::Tokens::default(),
                sessions: sts::Sessions::default(),
                requests: 0,
            }),
            moved: watch::Sender::new(0),
        });
        let stop = CancellationToken::new();
        let server = tokio::spawn(serve::accept(listener, Arc::clone(&shared), stop.clone()));
        Ok(Self { url, shared, stop, server: Some(server) })
    }

    /// Where it listens: the endpoint URL for every service.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The emulator's time.
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// Lets something happen in the world, now.
    ///
    /// # Errors
    ///
    /// The world is then as it was.
    pub fn apply(&self, event: Event) -> Result<(), WorldError> {
        let now = self.now();
        self.shared.state().config.world.apply(event, now)
    }

    /// Lets time pass in a scenario, and what happens meanwhile happen in the world, now. Returns
    /// how many events that were.
    ///
    /// # Errors
    ///
    /// The first event that could not happen; those after it have not happened either.
    pub fn play(&self, scenario: &mut Scenario, by: Duration) -> Result<usize, WorldError> {
        let events = scenario.advance(by);
        let count = events.len();
        for event in events {
            self.apply(event)?;
        }
        Ok(count)
    }

    /// Reads or changes the world. Requests wait meanwhile.
    pub fn with_world<T>(&self, action: impl FnOnce(&mut World) -> T) -> T {
        action(&mut self.shared.state().config.world)
    }

    /// Makes calls fail, from now on. Rules are tried in the order in which they were added.
    pub fn inject(&self, rule: FaultRule) -> FaultId {
        self.shared.state().faults.add(rule)
    }

    /// Takes a rule away; nothing happens when it has run out.
    pub fn heal(&self, rule: FaultId) {
        self.shared.state().faults.remove(rule);
    }

    /// Takes every rule away.
    pub fn heal_all(&self) {
        self.shared.state().faults.clear();
    }

    /// Changes the rate limits. Buckets keep their fill.
    pub fn set_limits(&self, limits: Limits) {
        self.shared.state().config.limits = limits;
    }

    /// What was asked until now.
    pub fn calls(&self) -> Calls {
        self.shared.state().calls.clone()
    }

    /// Waits until what was asked satisfies `wanted`, and returns it.
    ///
    /// # Errors
    ///
    /// The calls until now, when that takes longer than `deadline`.
    pub async fn wait_for_calls(
        &self,
        deadline: Duration,
        wanted: impl Fn(&Calls) -> bool + Send,
    ) -> Result<Calls, Calls> {
        let mut moved = self.shared.moved.subscribe();
        let waiting = async {
            loop {
                moved.borrow_and_update();
                let calls = self.calls();
                if wanted(&calls) || moved.changed().await.is_err() {
                    return calls;
                }
            }
        };
        tokio::time::timeout(deadline, waiting).await.map_err(|_| self.calls())
    }

    /// Stops serving and waits until every connection is closed.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        if let Some(server) = self.server.take()
            && let Err(error) = server.await
        {
            tracing::error!(%error, "the emulator ended in a panic");
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Shared {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A panic in a handler is a failed test already; the others may go on.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
