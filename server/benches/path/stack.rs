//! The server without sockets and sources: a sled store in a temporary directory, its view, feed and
//! writer.

use std::path::Path;
use std::sync::{Arc, RwLock};

use muster_client::Client;
use muster_core::unit::Unit;
use muster_core::weakness::Classes;
use muster_server::api::serve::Drained;
use muster_server::api::{self, Backend, Health, Limits};
use muster_server::clock::SystemClock;
use muster_server::feed::Feed;
use muster_server::quarantine::Quarantine;
use muster_server::ranking::{InForce, Ranking};
use muster_server::store::{Journal, SledOptions, SledStore, Store};
use muster_server::subscriptions::Board;
use muster_server::units::UnitBoard;
use muster_server::view::View;
use muster_server::writer::{self, Parts, WriterHandle};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) struct Stack {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) view: Arc<RwLock<View>>,
    pub(crate) feed: Arc<Feed>,
    pub(crate) writer: WriterHandle,
    pub(crate) ranking: Arc<InForce>,
    pub(crate) subscriptions: Arc<Board>,
}

impl Stack {
    pub(crate) fn open(directory: &Path) -> Self {
        let store: Arc<dyn Store> =
            Arc::new(SledStore::open(directory, &SledOptions::default()).expect("the store opens"));
        let (journal, _) = Journal::open(directory, store.log_id()).expect("the journal opens");
        let view = Arc::new(RwLock::new(View::build(&*store).expect("the heads read")));
        let feed = Arc::new(Feed::new(store.head()));
        let ranking = Arc::new(InForce::new(Ranking::builtin()));
        let subscriptions = Arc::new(Board::open(&*store).expect("the subscriptions read"));
        let (writer, _thread) = writer::spawn(Parts {
            store: Arc::clone(&store),
            classes: Arc::new(Classes::builtin()),
            ranking: Arc::clone(&ranking),
            view: Arc::clone(&view),
            feed: Arc::clone(&feed),
            decisions: Box::new(journal),
            quarantine: Arc::new(Quarantine::open(&*store).expect("the quarantine reads")),
            subscriptions: Arc::clone(&subscriptions),
            clock: Arc::new(SystemClock),
            retention_ms: i64::MAX,
        })
        .expect("a thread");
        Self { store, view, feed, writer, ranking, subscriptions }
    }
}

impl Stack {
    /// Serves it on a free port of loopback.
    pub(crate) async fn serve(&self) -> Served {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let drain = CancellationToken::new();
        let backend = Backend {
            store: Arc::clone(&self.store),
            view: Arc::clone(&self.view),
            writer: self.writer.clone(),
            feed: Arc::clone(&self.feed),
            ranking: Arc::clone(&self.ranking),
            classes: Arc::new(Classes::builtin()),
            units: Arc::new(UnitBoard::default()),
            subscriptions: Arc::clone(&self.subscriptions),
            clock: Arc::new(SystemClock),
            drain: drain.clone(),
            limits: Limits::default(),
        };
        let health = Health::new().await;
        health.set_all(true).await;
        let server = tokio::spawn(api::serve::serve(listener, backend, health));
        Served { address, drain, server }
    }
}

/// A stack that is served.
pub(crate) struct Served {
    address: String,
    drain: CancellationToken,
    server: JoinHandle<Drained>,
}

impl Served {
    /// A connection of its own.
    pub(crate) fn client(&self) -> Client {
        Client::connect_lazy(&self.address).expect("loopback")
    }

    /// Stops it, and says how.
    pub(crate) async fn stop(self) {
        self.drain.cancel();
        let drained = self.server.await.expect("no panic");
        println!("  connections cut at the end: {}", drained.cut);
    }
}

/// Who reads the made-up documents.
pub(crate) fn unit() -> Unit {
    "securityhub/123456789012/eu-west-1".parse().expect("a unit")
}
