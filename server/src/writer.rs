//! The one place that writes the store: takes commands, plans, commits, publishes, answers.
//!
//! Commands wait in a bounded channel. The writer's thread takes what has gathered, plans it against
//! the newest images, commits it as one, and only then shows it to the view, the feed, the decision
//! journal and whoever asked (promise S1). It waits for more only while nobody waits for it.
//!
//! A write that fails or is in doubt ends the writer: every later command is refused, and the
//! process ends with the reason.

mod answer;
mod attest;
mod housekeeping;
mod place;
mod plan;
mod regroup;
mod relations;
mod requests;
mod subscribe;
mod thread;

use muster_core::finding::Finding;
use muster_core::ids::{FindingId, Revision};
use muster_core::maturity::Scope;
use muster_core::plan::{Command, RegroupError};
use muster_core::priority::Model;
use muster_core::report::{Report, ReportDigest, ReportKey, Unmapped};
use muster_core::triage::TriageError;
use muster_core::unit::{Checkpoint, Unit};
use tokio::sync::{mpsc, oneshot};

pub use self::regroup::{Merge, Regrouped, Split};
pub use self::relations::due;
pub(crate) use self::requests::check_request;
pub use self::thread::{DecisionLog, Parts, WriterFailure, spawn};
use crate::maturity::{Attest, Attested};
use crate::subscriptions::{Action, Ask, Done, SubscriptionError};

/// How many commands may wait. Beyond, whoever asks waits (collectors) or is refused (people).
pub const QUEUE_MAX: usize = 256;

/// A page of reports from a unit, to be made durable together.
#[derive(Clone, Debug, Default)]
pub struct Ingest {
    /// What was read, with its content hash.
    pub reports: Vec<(Report, u64)>,
    /// What could not be mapped.
    pub unmapped: Vec<Unmapped>,
    /// The checkpoint that becomes true with them (promise C1).
    pub checkpoint: Option<Checkpoint>,
}

/// What became of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ingested {
    /// Findings that were made.
    pub created: u64,
    /// Findings that changed.
    pub changed: u64,
    /// Documents newly kept with their error.
    pub unmapped: u64,
    /// The newest revision when it was durable.
    pub head: Revision,
}

/// A decision on one finding, with its conditions.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Which finding.
    pub finding: FindingId,
    /// What to do, who asks.
    pub command: Command,
    /// Only when the triage has this etag.
    pub etag: Option<String>,
    /// Only when the content has this version.
    pub content_version: Option<u64>,
}

/// Decisions that were asked for in one call.
#[derive(Clone, Debug)]
pub struct Decisions {
    /// In the order of the call; each finding at most once.
    pub decisions: Vec<Decision>,
    /// All or none.
    pub atomic: bool,
    /// The call's own id, with the hash of what it asks, so that a repeat gets the first outcome.
    pub request: Option<(String, [u8; 32])>,
}

/// What became of one decision.
#[derive(Clone, Debug)]
pub struct Decided {
    /// The finding after it, without raw documents; in a replay, as it is now.
    pub finding: Finding,
    /// Whether anything had to change.
    pub changed: bool,
    /// The revision of the change; zero when nothing changed.
    pub revision: Revision,
}

/// Why one decision was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no such finding.
    #[error("there is no finding {0}")]
    NotFound(FindingId),
    /// The triage moved since the caller saw it.
    #[error("the triage of {id} has changed since: it has etag {current} now; read it again")]
    EtagMismatch {
        /// Which finding.
        id: FindingId,
        /// The etag it has.
        current: String,
    },
    /// The finding changed materially since the caller saw it.
    #[error("finding {id} has changed since: it has content version {current} now; read it again")]
    ContentChanged {
        /// Which finding.
        id: FindingId,
        /// The version it has.
        current: u64,
    },
    /// The finding gave its reports away: what is decided belongs there.
    #[error("finding {id} was merged into {into}: use that")]
    Merged {
        /// Which finding.
        id: FindingId,
        /// The finding that has its reports now.
        into: FindingId,
    },
    /// Reports cannot be moved so.
    #[error(transparent)]
    Regroup(RegroupError),
    /// Nothing is vouched for there, so that nothing can be taken back.
    #[error("{}", attest::nothing_there(recommendation, *scope))]
    NoAttestation {
        /// Of which recommendation.
        recommendation: String,
        /// For what.
        scope: Scope,
    },
    /// A subscription is not there, or not as it was asked for.
    #[error(transparent)]
    Subscription(SubscriptionError),
    /// The command itself is wrong.
    #[error("{message}")]
    Invalid {
        /// The field of the command.
        field: String,
        /// What is wrong, and what would be right.
        message: String,
    },
}

impl From<TriageError> for Refused {
    fn from(error: TriageError) -> Self {
        Self::Invalid { field: error.field().to_owned(), message: error.to_string() }
    }
}

impl From<RegroupError> for Refused {
    fn from(error: RegroupError) -> Self {
        match error {
            RegroupError::Merged { id, into } => Self::Merged { id, into },
            RegroupError::Same(_)
            | RegroupError::Threat
            | RegroupError::NoReport { .. }
            | RegroupError::Whole(_)
            | RegroupError::TooMany { .. } => Self::Regroup(error),
        }
    }
}

/// The outcome of [`Decisions`].
#[derive(Clone, Debug)]
pub struct DecisionsDone {
    /// One for each decision, in order.
    pub results: Vec<Result<Decided, Refused>>,
    /// These are the outcomes of an earlier call with the same request id.
    pub replayed: bool,
}

/// Why a command was not carried out at all.
#[derive(Clone, Debug, thiserror::Error)]
pub enum WriteError {
    /// One of the decisions of an atomic call was refused: none was carried out.
    #[error("decision {index} was refused, so none was carried out: {refused}")]
    Atomic {
        /// Which, from 0.
        index: usize,
        /// Why.
        refused: Refused,
    },
    /// A merge or a split was refused.
    #[error(transparent)]
    Refused(Refused),
    /// The request id was used for something else.
    #[error("request_id {0} was used for another request; use a new one")]
    RequestIdReused(String),
    /// More is waiting than the queue holds.
    #[error("the server is overloaded: {QUEUE_MAX} writes are waiting; try again")]
    Overloaded,
    /// A row would be over the store's limit; nothing was written.
    #[error("too large to be stored: {message}")]
    TooLarge {
        /// Which row.
        message: String,
        /// The request was committed alone, so the row is its own. Otherwise try again.
        alone: bool,
    },
    /// The store refuses writes, or the writer has ended.
    #[error("the store refuses writes: {0}")]
    Closed(String),
}

/// Sends commands to the writer.
#[derive(Clone, Debug)]
pub struct WriterHandle {
    commands: mpsc::Sender<Request>,
}

/// A command, and where its answer goes.
#[derive(Debug)]
enum Request {
    Ingest(Unit, Ingest, oneshot::Sender<Result<Ingested, WriteError>>),
    Decide(Decisions, oneshot::Sender<Result<DecisionsDone, WriteError>>),
    Merge(Merge, oneshot::Sender<Result<Regrouped, WriteError>>),
    Split(Split, oneshot::Sender<Result<Regrouped, WriteError>>),
    Attest(Attest, oneshot::Sender<Result<Attested, WriteError>>),
    Subscription(Ask, oneshot::Sender<Result<Done, WriteError>>),
    Conclude(Vec<(FindingId, ReportDigest)>, oneshot::Sender<Result<u64, WriteError>>),
    Tick(Vec<FindingId>, oneshot::Sender<Result<u64, WriteError>>),
    /// From the writer to itself: reports that left for another finding.
    Withdraw(Vec<(FindingId, ReportKey)>),
    /// From the writer to itself: resources on which threats moved.
    Relate(Vec<String>),
    Housekeep(oneshot::Sender<Result<u64, WriteError>>),
    Activate(Model, oneshot::Sender<Result<u64, WriteError>>),
}

impl WriterHandle {
    /// Stores a page; waits for its turn and until it is durable.
    pub async fn ingest(&self, unit: Unit, page: Ingest) -> Result<Ingested, WriteError> {
        self.wait(|answer| Request::Ingest(unit, page, answer)).await
    }

    /// Takes decisions; refuses at once when the queue is full.
    pub async fn decide(&self, decisions: Decisions) -> Result<DecisionsDone, WriteError> {
        self.attempt(|answer| Request::Decide(decisions, answer)).await
    }

    /// Merges one finding into another; refuses at once when the queue is full.
    pub async fn merge(&self, merge: Merge) -> Result<Regrouped, WriteError> {
        self.attempt(|answer| Request::Merge(merge, answer)).await
    }

    /// Splits a report off its finding; refuses at once when the queue is full.
    pub async fn split(&self, split: Split) -> Result<Regrouped, WriteError> {
        self.attempt(|answer| Request::Split(split, answer)).await
    }

    /// Writes or withdraws an attestation; refuses at once when the queue is full.
    pub async fn attest(&self, wanted: Attest) -> Result<Attested, WriteError> {
        self.attempt(|answer| Request::Attest(wanted, answer)).await
    }

    /// Does something with a subscription. Consumers, whose number is bounded, wait for their turn;
    /// anybody else is refused at once when the queue is full.
    pub async fn subscription(&self, ask: Ask) -> Result<Done, WriteError> {
        let waits = matches!(ask.what, Action::Take(_) | Action::Close(_));
        let request = |answer| Request::Subscription(ask, answer);
        if waits { self.wait(request).await } else { self.attempt(request).await }
    }

    /// Concludes from two complete sweeps that these reports are gone; says how many findings
    /// changed.
    pub async fn conclude(
        &self,
        missing: Vec<(FindingId, ReportDigest)>,
    ) -> Result<u64, WriteError> {
        self.wait(|answer| Request::Conclude(missing, answer)).await
    }

    /// Lets time pass for these findings; says how many changed.
    pub async fn tick(&self, findings: Vec<FindingId>) -> Result<u64, WriteError> {
        self.wait(|answer| Request::Tick(findings, answer)).await
    }

    /// Removes what is over its retention, in one bounded step; says how many rows went. Call again
    /// while it is not zero.
    pub async fn housekeep(&self) -> Result<u64, WriteError> {
        self.wait(Request::Housekeep).await
    }

    /// Brings rules of priority into force, durably. Findings are rated by them when they are next
    /// written, and all others behind it, by [`tick`](Self::tick).
    pub async fn activate(&self, model: Model) -> Result<(), WriteError> {
        self.attempt(|answer| Request::Activate(model, answer)).await.map(|_| ())
    }

    async fn attempt<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<Result<T, WriteError>>) -> Request,
    ) -> Result<T, WriteError> {
        let (answer, outcome) = oneshot::channel();
        self.commands.try_send(request(answer)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => WriteError::Overloaded,
            mpsc::error::TrySendError::Closed(_) => closed(),
        })?;
        outcome.await.unwrap_or_else(|_| Err(closed()))
    }

    async fn wait<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<Result<T, WriteError>>) -> Request,
    ) -> Result<T, WriteError> {
        let (answer, outcome) = oneshot::channel();
        self.commands.send(request(answer)).await.map_err(|_| closed())?;
        outcome.await.unwrap_or_else(|_| Err(closed()))
    }
}

fn closed() -> WriteError {
    WriteError::Closed("the writer has ended".to_owned())
}

#[cfg(test)]
mod tests;
