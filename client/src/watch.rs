//! A stream of changes that resumes by itself and proves that it has no gap.
//!
//! Parts: [`Watch`] owns the connection and the waiting; `position` checks each message and decides
//! what is new; `event` is what the caller sees.
//!
//! Invariants:
//! - F1: what is yielded covers the log without a gap, or the watch ends with an error that says
//!   where the gap is. Batches and bookmarks of a connection must join, and the first of a resumed
//!   one must begin no later than the last ended.
//! - F2: revisions of yielded changes only rise; what a resumed stream repeats is not yielded again.
//! - Nothing is read ahead: [`Watch::cursor`] stands for exactly what was yielded.
//! - Memory is bounded by one message and by the images that are ahead of the tail, which are those
//!   that changed while the snapshot was read.

mod event;
mod position;

use std::fmt;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::{FutureExt, Stream};
use muster_api::v1::watch_findings_response::Event;
use muster_api::v1::{
    FindingView, GoAway, SnapshotMode, WatchFindingsRequest, WatchFindingsResponse,
};
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};
use tonic::{Status, Streaming};

pub use event::{ReconnectCause, RestartReason, WatchError, WatchEvent, WatchedChange};
pub use position::ChainError;

use crate::backoff::system_random;
use crate::{Backoff, CallError, Client};
use position::Position;

/// A watch is told to send something at least this often, unless the caller chooses.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// After this many silent intervals the connection counts as lost.
const SILENT_INTERVALS: u32 = 3;

/// What to watch, and how.
pub struct WatchOptions {
    /// The filter; empty means every finding.
    pub filter: String,
    /// How much of each finding to send; BASIC if unspecified.
    pub view: FindingView,
    /// Resume here: a cursor of an earlier watch with the same filter and view.
    pub cursor: Option<String>,
    /// Begin with all that matches. Without it only changes from now on are sent, until a snapshot
    /// becomes necessary (see [`WatchEvent::Restarting`]). Not used with a cursor.
    pub snapshot: bool,
    /// The server sends something at least this often: 1 s to 5 min. After three silent intervals
    /// the watch reconnects.
    pub heartbeat: Duration,
    /// Findings or changes in a message at most; `None` leaves it to the server (100).
    pub max_batch_size: Option<u16>,
    /// How long to wait between connections.
    pub backoff: Backoff,
    /// End with the error when the server cannot be reached at all, instead of trying until it can.
    /// A watch that has received something always tries again.
    pub fail_fast: bool,
    /// Where jitter comes from: numbers from 0 to 1.
    pub random: Box<dyn FnMut() -> f64 + Send>,
}

impl Default for WatchOptions {
    fn default() -> Self {
        Self {
            filter: String::new(),
            view: FindingView::Unspecified,
            cursor: None,
            snapshot: true,
            heartbeat: HEARTBEAT,
            max_batch_size: None,
            backoff: Backoff::STREAM,
            fail_fast: false,
            random: Box::new(system_random),
        }
    }
}

impl fmt::Debug for WatchOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchOptions")
            .field("filter", &self.filter)
            .field("view", &self.view)
            .field("cursor", &self.cursor)
            .field("snapshot", &self.snapshot)
            .field("heartbeat", &self.heartbeat)
            .finish_non_exhaustive()
    }
}

/// A watch; made by [`Client::watch`].
pub struct Watch {
    client: Client,
    options: WatchOptions,
    position: Position,
    link: Link,
    /// Failures since the last message.
    attempt: u32,
    /// Some message was received since the watch began.
    was_connected: bool,
    /// Since when nothing came, while something is waited for. Outlives a dropped `next`.
    waiting_since: Option<Instant>,
}

/// The state of the connection. What is under way is kept here, so that dropping `next` loses
/// nothing.
enum Link {
    /// To be opened at once.
    Closed,
    /// To be opened then.
    Waiting(Instant),
    /// The call is made; no answer yet.
    Opening(BoxFuture<'static, Result<Streaming<WatchFindingsResponse>, CallError>>),
    /// Open.
    Open(Box<Streaming<WatchFindingsResponse>>),
    /// Ended with an error; nothing follows.
    Ended,
}

impl Watch {
    pub(crate) fn new(client: Client, mut options: WatchOptions) -> Self {
        let position = Position::new(options.cursor.take());
        Self {
            client,
            options,
            position,
            link: Link::Closed,
            attempt: 0,
            was_connected: false,
            waiting_since: None,
        }
    }

    /// Waits for the next event, reconnecting as often as it takes.
    ///
    /// Cancel safe: a dropped call loses nothing.
    ///
    /// # Errors
    ///
    /// The watch cannot go on without losing something, or the server refuses it for a reason that
    /// waiting does not mend. After an error every call gives [`WatchError::Ended`].
    pub async fn next(&mut self) -> Result<WatchEvent, WatchError> {
        loop {
            match self.step().await {
                Ok(Some(event)) => return Ok(event),
                Ok(None) => {}
                Err(error) => {
                    self.link = Link::Ended;
                    return Err(error);
                }
            }
        }
    }

    /// The cursor that stands for everything yielded so far. Store it once that is processed, and
    /// pass it as [`WatchOptions::cursor`] after a restart: nothing is lost, and at most the last
    /// event is repeated. `None` before the first position is known.
    pub fn cursor(&self) -> Option<&str> {
        self.position.cursor()
    }

    /// The revision up to which the tail was yielded; `None` before the tail begins.
    pub fn revision(&self) -> Option<u64> {
        self.position.covered()
    }

    /// The incarnation of the log that is watched; empty before it is known.
    pub fn log_id(&self) -> &str {
        self.position.log_id()
    }

    /// The same events as a stream, which ends after an error.
    pub fn into_stream(self) -> impl Stream<Item = Result<WatchEvent, WatchError>> + Send {
        futures::stream::unfold(Some(self), |watch| async {
            let mut watch = watch?;
            let event = watch.next().await;
            let rest = event.is_ok().then_some(watch);
            Some((event, rest))
        })
    }

    /// Goes one state further; the event is what that means to the caller, if anything.
    async fn step(&mut self) -> Result<Option<WatchEvent>, WatchError> {
        let since = *self.waiting_since.get_or_insert_with(Instant::now);
        let deadline = since + self.options.heartbeat * SILENT_INTERVALS;
        match &mut self.link {
            Link::Ended => return Err(WatchError::Ended),
            Link::Waiting(until) => {
                tokio::time::sleep_until(*until).await;
                self.link = Link::Closed;
            }
            Link::Closed => {
                let (client, request) = (self.client.clone(), self.request());
                let call = async move { client.watch_findings_once(request).await };
                self.link = Link::Opening(call.boxed());
            }
            Link::Opening(call) => {
                let answer = timeout_at(deadline, call).await;
                self.waiting_since = None;
                return self.opened(answer.unwrap_or_else(|_| Err(self.silence())));
            }
            Link::Open(stream) => {
                let message = timeout_at(deadline, stream.message()).await;
                self.waiting_since = None;
                return self.received(message);
            }
        }
        self.waiting_since = None;
        Ok(None)
    }

    /// What to ask for: everything after the cursor.
    fn request(&self) -> WatchFindingsRequest {
        let snapshot = match (self.cursor(), self.options.snapshot) {
            (Some(_), _) => SnapshotMode::Unspecified,
            (None, true) => SnapshotMode::PriorityOrder,
            (None, false) => SnapshotMode::None,
        };
        WatchFindingsRequest {
            filter: self.options.filter.clone(),
            view: self.options.view.into(),
            cursor: self.cursor().unwrap_or_default().to_owned(),
            snapshot: snapshot.into(),
            heartbeat_interval: prost_types::Duration::try_from(self.options.heartbeat).ok(),
            max_batch_size: self.options.max_batch_size.map_or(0, i32::from),
        }
    }

    fn opened(
        &mut self,
        answer: Result<Streaming<WatchFindingsResponse>, CallError>,
    ) -> Result<Option<WatchEvent>, WatchError> {
        match answer {
            Ok(stream) => {
                self.position.connected();
                self.link = Link::Open(Box::new(stream));
                Ok(None)
            }
            Err(error) => self.failed(error).map(Some),
        }
    }

    fn received(
        &mut self,
        message: Result<Result<Option<WatchFindingsResponse>, Status>, Elapsed>,
    ) -> Result<Option<WatchEvent>, WatchError> {
        match message {
            Err(_elapsed) => Ok(Some(self.reconnect(ReconnectCause::Silent, None))),
            Ok(Err(status)) => {
                self.failed(CallError::from_status("WatchFindings", status)).map(Some)
            }
            Ok(Ok(None)) => Ok(Some(self.reconnect(ReconnectCause::Ended, None))),
            Ok(Ok(Some(WatchFindingsResponse { event }))) => {
                self.attempt = 0;
                self.was_connected = true;
                self.accept(event)
            }
        }
    }

    fn accept(&mut self, event: Option<Event>) -> Result<Option<WatchEvent>, WatchError> {
        match event {
            // A newer server may know more kinds.
            None => Ok(None),
            Some(Event::GoAway(GoAway { retry_delay, reason, .. })) => {
                let asked = retry_delay.and_then(|delay| Duration::try_from(delay).ok());
                Ok(Some(self.reconnect(ReconnectCause::GoAway { reason }, asked)))
            }
            Some(event) => Ok(self.position.accept(event)?),
        }
    }

    /// Decides what a failed stream means.
    fn failed(&mut self, error: CallError) -> Result<WatchEvent, WatchError> {
        if let Some(reason) = RestartReason::of(&error)
            && self.cursor().is_some()
        {
            // Only a snapshot can say what happened in between, even to who asked for none.
            self.options.snapshot = true;
            self.position = Position::new(None);
            self.link = Link::Closed;
            return Ok(WatchEvent::Restarting { reason });
        }
        if error.is_retryable() && (self.was_connected || !self.options.fail_fast) {
            let asked = error.retry_after();
            return Ok(self.reconnect(ReconnectCause::Failed(error), asked));
        }
        Err(WatchError::Call(error))
    }

    fn reconnect(&mut self, cause: ReconnectCause, asked: Option<Duration>) -> WatchEvent {
        let random = (self.options.random)();
        let delay = self.options.backoff.delay(self.attempt, asked, random);
        self.attempt = self.attempt.saturating_add(1);
        self.link = Link::Waiting(Instant::now() + delay);
        WatchEvent::Reconnecting { cause, delay, attempt: self.attempt }
    }

    fn silence(&self) -> CallError {
        CallError::timed_out("WatchFindings", self.options.heartbeat * SILENT_INTERVALS)
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("options", &self.options)
            .field("position", &self.position)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}
