//! `WatchFindings`: a prioritized snapshot, then every change, to one client at its own pace.
//!
//! Each watch is one task. It holds a position and at most one message, which waits in a mailbox for
//! the connection to take it; the next is read only when the mailbox is empty. So a slow client is
//! read for more slowly, costs one message, and delays nobody (promise F3). The task lives beside
//! the connection and not inside it because a connection that the client does not read is not
//! polled: somebody must notice.
//!
//! Why nothing is missed (promise F1): a snapshot begins at a revision S of the view and walks the
//! order of the view as it is. A finding that did not change since S keeps its place, so the walk
//! meets it; one that changed is in the tail, which begins at S. Batches and bookmarks are made by
//! the one task in the order of the log, and each says from where to where it covers.

mod snapshot;
mod tail;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use muster_api::v1 as wire;
use muster_api::v1::watch_findings_response::Event;
use muster_core::ids::Revision;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;
use tonic::Status;
use tonic::codegen::BoxStream;
use tracing::Instrument;

use super::convert;
use super::cursor::{self, Binding, Family, Place, TokenError};
use super::error::ApiError;
use super::layers::panic_text;
use super::mailbox::{self, Gone, Outbox};
use super::read::Reads;
use super::validate::reads::{Watch, WatchStart};
use crate::store::StoreError;

/// The most bytes of findings or changes in one message (1 MiB).
const BATCH_BYTES_MAX: usize = 1024 * 1024;

/// How long a `GoAway` may wait for a client that is slow to take what came before.
const GO_AWAY_WAIT: Duration = Duration::from_secs(2);

/// After a `GoAway` clients come back after this, and spread over as much again.
const RECONNECT_DELAY_MS: u64 = 1000;

/// Opens watches, and limits how many there are.
#[derive(Debug)]
pub(super) struct Watches {
    reads: Reads,
    places: Arc<Semaphore>,
    opened: AtomicU64,
    tasks: TaskTracker,
}

impl Watches {
    /// Watches run as tasks of `tasks`.
    pub(super) fn new(reads: Reads, tasks: TaskTracker) -> Self {
        let places = Arc::new(Semaphore::new(reads.backend().limits.watches_max));
        Self { reads, places, opened: AtomicU64::new(0), tasks }
    }

    /// Checks where the watch begins, and starts it.
    pub(super) async fn open(
        &self,
        wanted: Watch,
    ) -> Result<BoxStream<wire::WatchFindingsResponse>, ApiError> {
        let backend = self.reads.backend();
        let retry = self.reconnect_delay();
        if backend.drain.is_cancelled() {
            return Err(ApiError::Draining { retry });
        }
        let watches_max = backend.limits.watches_max;
        let place = Arc::clone(&self.places)
            .try_acquire_owned()
            .map_err(|_| ApiError::TooManyWatches { watches_max })?;
        let binding = Binding { log_id: self.reads.log_id(), query: wanted.query_hash() };
        let begin = self.begin(&wanted, &binding).await?;

        let (outbox, inbox) = mailbox::pair();
        let watcher = Watcher {
            reads: self.reads.clone(),
            covered: begin.revision(),
            begin,
            wanted,
            binding,
            outbox,
            retry,
        };
        self.tasks.spawn(watcher.live(place).in_current_span());
        Ok(inbox.boxed())
    }

    /// Where the watch begins, or why it cannot.
    async fn begin(&self, wanted: &Watch, binding: &Binding) -> Result<Begin, ApiError> {
        let text = match &wanted.start {
            WatchStart::Now => return Ok(Begin::Now(self.reads.backend().feed.head())),
            WatchStart::Snapshot => {
                let start = self.reads.run(|reader| Ok(reader.view()?.revision())).await?;
                return Ok(Begin::Snapshot { start, after: None });
            }
            WatchStart::Cursor(text) => text,
        };
        let begin = match cursor::decode(text, Family::Cursor, binding)? {
            Place::Snapshot { start, after } => Begin::Snapshot { start, after },
            Place::Live(revision) => Begin::Resumed(revision),
            _ => return Err(TokenError::Mismatch(Family::Cursor).into()),
        };
        let revision = begin.revision();
        let (oldest, head) =
            self.reads.run(|reader| Ok((reader.store().oldest(), reader.store().head()))).await?;
        if revision > head {
            // Not of this log, whatever its id says: a copy of the data directory went back.
            let log_id = binding.log_id;
            return Err(TokenError::LogChanged { family: Family::Cursor, log_id }.into());
        }
        if revision.next() < oldest {
            return Err(StoreError::Compacted { oldest }.into());
        }
        Ok(begin)
    }

    /// Not the same for all: they come back one after another.
    fn reconnect_delay(&self) -> Duration {
        let number = self.opened.fetch_add(1, Ordering::Relaxed);
        Duration::from_millis(RECONNECT_DELAY_MS + number * 37 % RECONNECT_DELAY_MS)
    }
}

/// Where a watch begins.
#[derive(Clone, Copy, Debug)]
enum Begin {
    /// Inside the snapshot of a revision; `after` is `None` at its start.
    Snapshot { start: Revision, after: Option<crate::view::Position> },
    /// After this revision, which the client is told first.
    Now(Revision),
    /// After this revision, where the client was before.
    Resumed(Revision),
}

impl Begin {
    /// Where the tail will begin.
    fn revision(self) -> Revision {
        match self {
            Self::Snapshot { start, .. } => start,
            Self::Now(revision) | Self::Resumed(revision) => revision,
        }
    }
}

/// One watch.
struct Watcher {
    reads: Reads,
    wanted: Watch,
    binding: Binding,
    begin: Begin,
    outbox: Outbox<wire::WatchFindingsResponse>,
    /// The client was told that everything up to here is covered.
    covered: Revision,
    /// When the client should come back after a `GoAway`.
    retry: Duration,
}

/// Why a watch ended.
enum End {
    /// The client left.
    Gone,
    /// The client took nothing for too long.
    Slow,
    /// The server is stopping; the client can resume at this place.
    Drain(Place),
    /// It cannot go on.
    Failed(ApiError),
}

impl From<ApiError> for End {
    fn from(error: ApiError) -> Self {
        Self::Failed(error)
    }
}

impl Watcher {
    /// Runs until it cannot go on, and tells the client why.
    async fn live(mut self, place: OwnedSemaphorePermit) {
        metrics::gauge!("muster_watches").increment(1.0);
        let ran = AssertUnwindSafe(self.run()).catch_unwind().await;
        let end = ran.unwrap_or_else(|panic| End::Failed(ApiError::Panicked(panic_text(&*panic))));
        let reason = match &end {
            End::Gone => "gone",
            End::Slow => "slow",
            End::Drain(_) => "drain",
            End::Failed(_) => "failed",
        };
        metrics::gauge!("muster_watches").decrement(1.0);
        metrics::counter!("muster_watches_ended_total", "reason" => reason).increment(1);
        drop(place);
        self.finish(end).await;
    }

    async fn run(&mut self) -> End {
        let ran = async {
            if let Begin::Snapshot { start, after } = self.begin {
                self.snapshot(start, after).await?;
            }
            self.tail().await
        };
        match ran.await {
            Err(end) => end,
            Ok(never) => match never {},
        }
    }

    /// Says the last words.
    async fn finish(self, end: End) {
        match end {
            End::Gone => {}
            End::Slow => {
                let stall = self.reads.backend().limits.stall;
                self.outbox.end_now(ApiError::SlowConsumer { stall }.into());
            }
            End::Failed(error) => self.outbox.end(error.into()),
            End::Drain(place) => {
                let status = Status::from(ApiError::Draining { retry: self.retry });
                match tokio::time::timeout(GO_AWAY_WAIT, self.outbox.ready()).await {
                    Ok(Ok(())) => {
                        self.put(Event::GoAway(wire::GoAway {
                            position: Some(self.position(&place)),
                            retry_delay: Some(convert::duration(self.retry)),
                            reason: "the server is stopping".to_owned(),
                        }));
                        self.outbox.end(status);
                    }
                    Ok(Err(Gone)) => {}
                    Err(_) => self.outbox.end_now(status),
                }
            }
        }
    }

    /// Waits until the client has taken what was sent; `place` is where it can resume.
    async fn ready(&self, place: &Place) -> Result<(), End> {
        let backend = self.reads.backend();
        let taken = tokio::time::timeout(backend.limits.stall, self.outbox.ready());
        tokio::select! {
            biased;
            () = backend.drain.cancelled() => Err(End::Drain(place.clone())),
            taken = taken => match taken {
                Ok(Ok(())) => Ok(()),
                Ok(Err(Gone)) => Err(End::Gone),
                Err(_) => Err(End::Slow),
            },
        }
    }

    /// Sends a message; the mailbox is known to be empty.
    fn put(&self, event: Event) {
        self.outbox.put(wire::WatchFindingsResponse { event: Some(event) });
    }

    /// The cursor of a place.
    fn cursor(&self, place: &Place) -> String {
        cursor::encode(place, &self.binding)
    }

    /// A place as clients hold it.
    fn position(&self, place: &Place) -> wire::LogPosition {
        let revision = match place {
            Place::Snapshot { start, .. } => *start,
            Place::Live(revision) => *revision,
            Place::Findings(_)
            | Place::History(_)
            | Place::Units(_)
            | Place::Unmapped(_)
            | Place::Attestations(_)
            | Place::Subscriptions(_)
            | Place::Parked(_) => Revision::ZERO,
        };
        convert::position(self.binding.log_id, revision, self.cursor(place))
    }

    /// Whether what is shown is all there is.
    fn coverage(&self) -> wire::Coverage {
        convert::coverage(&self.reads.backend().units.coverage())
    }
}
