//! The server without sockets and sources: a sled store in a temporary directory, its view, feed and
//! writer.

use std::path::Path;
use std::sync::{Arc, RwLock};

use muster_core::unit::Unit;
use muster_core::weakness::Classes;
use muster_server::clock::SystemClock;
use muster_server::feed::Feed;
use muster_server::quarantine::Quarantine;
use muster_server::ranking::{InForce, Ranking};
use muster_server::store::{Journal, SledOptions, SledStore, Store};
use muster_server::subscriptions::Board;
use muster_server::view::View;
use muster_server::writer::{self, Parts, WriterHandle};

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

/// Who reads the made-up documents.
pub(crate) fn unit() -> Unit {
    "securityhub/123456789012/eu-west-1".parse().expect("a unit")
}
