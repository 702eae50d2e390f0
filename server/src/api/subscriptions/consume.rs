//! `Consume`: a session, which holds what it was given while it lives.
//!
//! Each session is one task, like a watch, with at most one message on its way to the client. It ends
//! when the client leaves, falls silent or stops reading, when another session is opened, or with the
//! server; what it held is due again at once.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use muster_api::v1 as wire;
use muster_api::v1::consume_response::{self as answer, Response as Answer};
use muster_core::subscription::{Hold, Holder, Key};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::Instant;
use tonic::codegen::BoxStream;
use tonic::{Code, Status, Streaming};
use tracing::{Instrument, warn};

use super::hand::{Got, Hand, Handed, Room};
use super::{Subscriptions, ask, settle};
use crate::api::convert;
use crate::api::error::ApiError;
use crate::api::layers::panic_text;
use crate::api::mailbox::{self, Gone, Outbox};
use crate::api::read::Reads;
use crate::api::validate::subscriptions::{Credit, PULL_SIZE, Said, consume as read_said};
use crate::api::validate::triage::Caller;
use crate::subscriptions::{Action, SubscriptionError};

/// How long the first message may take.
const OPEN_WAIT: Duration = Duration::from_secs(10);

/// Between two messages to the client, at most.
const STATUS_EVERY: Duration = Duration::from_secs(30);

/// The most bytes of changes in one message (1 MiB).
const BATCH_BYTES_MAX: usize = 1024 * 1024;

/// How long the last words may wait for a client that is slow to take what came before.
const LAST_WORDS_WAIT: Duration = Duration::from_secs(2);

impl Subscriptions {
    /// Reads who wants what, and begins a session.
    pub(super) async fn open(
        &self,
        caller: Caller,
        mut inbound: Streaming<wire::ConsumeRequest>,
    ) -> Result<BoxStream<wire::ConsumeResponse>, Status> {
        let retry = self.reconnect_delay();
        if self.reads.backend().drain.is_cancelled() {
            return Err(ApiError::Draining { retry }.into());
        }
        let place = self.place()?;
        let first = tokio::time::timeout(OPEN_WAIT, inbound.message()).await;
        let first = first.map_err(|_| ApiError::Deadline { limit: OPEN_WAIT })??;
        let said = first.map(read_said).transpose()?;
        let Some(Said::Open(name, credit)) = said else {
            return Err(ApiError::field("request", "must begin with `open`").into());
        };
        // What does not read is refused before anybody's session ends for it.
        let hand = Hand::new(&self.reads, &name)?;
        let done = ask(&self.reads, &name, Action::Open(caller.principal)).await?;
        let epoch = done.entry.state.epoch;
        let subscription = Some(self.shown(Arc::clone(&done.entry)).await?);
        let opened = answer::Opened { subscription, session_epoch: epoch };

        let (outbox, inbox) = mailbox::pair();
        let deadline = deadline(done.entry.subscription.settings.ack_deadline_ms);
        let session = Session {
            reads: self.reads.clone(),
            head: self.reads.backend().feed.subscribe(),
            name,
            epoch,
            hand,
            credit,
            held: HashMap::new(),
            outbox,
            queue: VecDeque::from([Answer::Opened(opened)]),
            spoke: Instant::now(),
            heard: Instant::now(),
            deadline,
            is_done: false,
            retry,
        };
        self.tasks.spawn(session.live(inbound, place).in_current_span());
        Ok(inbox.boxed())
    }
}

fn deadline(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

/// One session.
struct Session {
    reads: Reads,
    name: String,
    epoch: u64,
    hand: Hand,
    head: watch::Receiver<muster_core::ids::Revision>,
    credit: Credit,
    /// What the client has not settled, with its size.
    held: HashMap<Key, usize>,
    outbox: Outbox<wire::ConsumeResponse>,
    /// What is to be sent next.
    queue: VecDeque<Answer>,
    /// When something was sent last.
    spoke: Instant,
    /// When something came last.
    heard: Instant,
    /// How long the client may be silent while it holds something.
    deadline: Duration,
    /// There is nothing to hand out until something changes.
    is_done: bool,
    /// When the client should come back after a drain.
    retry: Duration,
}

/// Why a session ended.
enum End {
    /// The client left, or said that it is done.
    Gone,
    /// The client took nothing for too long.
    Slow,
    /// The server is stopping.
    Drain,
    /// It cannot go on.
    Failed(Status),
}

impl From<ApiError> for End {
    fn from(error: ApiError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Gone> for End {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

/// What happened while the session waited.
enum Event {
    Said(Option<Result<wire::ConsumeRequest, Status>>),
    Drain,
    Gone,
    /// Time passed, the log grew or the subscription moved.
    Moved,
}

impl Session {
    /// Runs until it cannot go on, gives back what it held, and tells the client why.
    async fn live(
        mut self,
        mut inbound: Streaming<wire::ConsumeRequest>,
        place: OwnedSemaphorePermit,
    ) {
        metrics::gauge!("muster_subscription_sessions").increment(1.0);
        let ran = AssertUnwindSafe(self.run(&mut inbound)).catch_unwind().await;
        let end = ran.unwrap_or_else(|panic| End::from(ApiError::Panicked(panic_text(&*panic))));
        metrics::gauge!("muster_subscription_sessions").decrement(1.0);
        if let Err(error) = ask(&self.reads, &self.name, Action::Close(self.epoch)).await {
            // It was deleted, or the writer has ended: then nothing is held any more.
            let status = Status::from(error);
            if status.code() != Code::NotFound {
                warn!(subscription = %self.name, error = status.message(), "a session stays open");
            }
        }
        drop(place);
        self.finish(end).await;
    }

    async fn run(&mut self, inbound: &mut Streaming<wire::ConsumeRequest>) -> End {
        loop {
            match self.step(inbound).await {
                Ok(()) => {}
                Err(end) => return end,
            }
        }
    }

    /// Sends what is to be sent, hands out what there is, or waits.
    async fn step(&mut self, inbound: &mut Streaming<wire::ConsumeRequest>) -> Result<(), End> {
        if let Some(next) = self.queue.pop_front() {
            self.ready().await?;
            self.outbox.put(wire::ConsumeResponse { response: Some(next) });
            self.spoke = Instant::now();
            return Ok(());
        }
        self.check()?;
        if self.spoke.elapsed() >= STATUS_EVERY {
            self.hand.flush().await?;
            let (entry, now) = (self.hand.entry()?, self.reads.backend().clock.now());
            let status = super::pull::status(&self.reads, entry, now).await?;
            self.queue.push_back(Answer::Status(status));
            return Ok(());
        }
        if !self.is_done && self.deliver().await? {
            return Ok(());
        }
        match self.wait(inbound).await? {
            Event::Drain => Err(End::Drain),
            Event::Gone | Event::Said(None) => Err(End::Gone),
            Event::Said(Some(Err(status))) => Err(End::Failed(status)),
            Event::Said(Some(Ok(request))) => self.hear(request).await,
            Event::Moved => {
                self.is_done = false;
                Ok(())
            }
        }
    }

    /// Whether the session may go on.
    fn check(&self) -> Result<(), End> {
        let entry = self.hand.entry()?;
        if entry.state.epoch != self.epoch || !entry.state.is_live {
            return Err(ApiError::from(SubscriptionError::Superseded(self.name.clone())).into());
        }
        if !self.held.is_empty() && self.heard.elapsed() >= self.deadline {
            return Err(ApiError::SessionExpired { deadline: self.deadline }.into());
        }
        Ok(())
    }

    /// Hands out what there is credit for; says whether there is more to do at once.
    async fn deliver(&mut self) -> Result<bool, End> {
        let used: usize = self.held.values().sum();
        let deliveries = self.credit.deliveries.saturating_sub(self.held.len()).min(PULL_SIZE.1);
        let left = self.credit.bytes.saturating_sub(used);
        // One is always let through, so that a large one does not wait for ever.
        if deliveries == 0 || (left == 0 && !self.held.is_empty()) {
            self.is_done = true;
            return Ok(false);
        }
        let deliveries =
            if self.held.is_empty() || left >= BATCH_BYTES_MAX { deliveries } else { 1 };
        let bytes = left.min(BATCH_BYTES_MAX);
        let holder = Holder::Session(self.epoch);
        self.head.borrow_and_update();
        match self.hand.next(Room { deliveries, bytes, holder }).await? {
            Got::More => Ok(true),
            Got::Nothing => {
                self.is_done = true;
                Ok(false)
            }
            Got::Some(handed) => {
                if self.held.is_empty() {
                    // From now on it is waited for.
                    self.heard = Instant::now();
                }
                let mut batch = answer::DeliveryBatch::default();
                for Handed { key, delivery, bytes } in handed {
                    self.held.insert(key, bytes);
                    batch.deliveries.push(delivery);
                }
                self.queue.push_back(Answer::Deliveries(batch));
                Ok(true)
            }
        }
    }

    /// Does what the client says.
    async fn hear(&mut self, request: wire::ConsumeRequest) -> Result<(), End> {
        self.heard = Instant::now();
        match read_said(request)? {
            Said::Open(..) => {
                return Err(ApiError::field("open", "is for the first message only").into());
            }
            Said::KeepAlive => {}
            Said::Credit(credit) => {
                self.credit = credit;
                self.is_done = false;
            }
            Said::Acks(acks) => {
                let (results, done) = settle(&self.reads, &self.name, acks).await?;
                let out = &done.entry.state.outstanding;
                let ours = Hold::Session(self.epoch);
                self.held.retain(|key, _| out.get(key).is_some_and(|entry| entry.hold == ours));
                self.queue.push_back(Answer::AckResults(answer::AckResultBatch { results }));
                self.is_done = false;
            }
        }
        Ok(())
    }

    /// Waits until there is something to do.
    async fn wait(&mut self, inbound: &mut Streaming<wire::ConsumeRequest>) -> Result<Event, End> {
        let mut until = self.spoke + STATUS_EVERY;
        if !self.held.is_empty() {
            until = until.min(self.heard + self.deadline);
        }
        if let Some(due) = self.hand.next_due()?.and_then(|due| Instant::now().checked_add(due)) {
            until = until.min(due);
        }
        let backend = self.reads.backend();
        Ok(tokio::select! {
            () = backend.drain.cancelled() => Event::Drain,
            () = self.outbox.gone() => Event::Gone,
            said = inbound.next() => Event::Said(said),
            () = tokio::time::sleep_until(until) => Event::Moved,
            // The feed outlives the session.
            _ = self.head.changed() => Event::Moved,
            _ = self.hand.watched.changed() => Event::Moved,
        })
    }

    /// Waits until the client has taken what was sent.
    async fn ready(&self) -> Result<(), End> {
        let backend = self.reads.backend();
        let taken = tokio::time::timeout(backend.limits.stall, self.outbox.ready());
        tokio::select! {
            biased;
            () = backend.drain.cancelled() => Err(End::Drain),
            taken = taken => match taken {
                Ok(taken) => Ok(taken?),
                Err(_) => Err(End::Slow),
            },
        }
    }

    /// Says the last words.
    async fn finish(self, end: End) {
        let status = match end {
            // Whoever half-closed learns that it was heard; nobody else is there.
            End::Gone => return self.outbox.end(Status::ok("")),
            End::Slow => {
                let stall = self.reads.backend().limits.stall;
                return self.outbox.end_now(ApiError::SlowConsumer { stall }.into());
            }
            End::Failed(status) => return self.outbox.end(status),
            End::Drain => Status::from(ApiError::Draining { retry: self.retry }),
        };
        match tokio::time::timeout(LAST_WORDS_WAIT, self.outbox.ready()).await {
            Ok(Ok(())) => {
                let end = answer::SessionEnd {
                    retry_delay: Some(convert::duration(self.retry)),
                    reason: "the server is stopping".to_owned(),
                };
                let response = Some(Answer::SessionEnd(end));
                self.outbox.put(wire::ConsumeResponse { response });
                self.outbox.end(status);
            }
            Ok(Err(Gone)) => {}
            Err(_) => self.outbox.end_now(status),
        }
    }
}
