//! Who is told what a commit did.

use muster_core::finding::Finding;
use muster_core::ids::Revision;
use tokio::sync::oneshot;

use super::attest;
use super::regroup::RegroupDraft;
use super::subscribe::Draft;
use super::thread::strip;
use super::{Decided, DecisionsDone, Ingested, Refused, Regrouped, WriteError};
use crate::maturity::Attested;
use crate::store::Mutation;
use crate::subscriptions::Done;

/// An answer that waits for its commit. Whoever asked may be gone: then nobody is told.
pub(super) enum Answer {
    Ingest(oneshot::Sender<Result<Ingested, WriteError>>, Ingested),
    Decide(oneshot::Sender<Result<DecisionsDone, WriteError>>, Vec<DecidedDraft>),
    Count(oneshot::Sender<Result<u64, WriteError>>, u64),
    Regroup(oneshot::Sender<Result<Regrouped, WriteError>>, RegroupDraft),
    /// Written, repeated or refused.
    Attest(oneshot::Sender<Result<Attested, WriteError>>, Result<Attested, WriteError>),
    /// Written or refused.
    Subscription(oneshot::Sender<Result<Done, WriteError>>, Draft),
    /// A merge or split that writes nothing: replayed or refused.
    Told(oneshot::Sender<Result<Regrouped, WriteError>>, Box<Result<Regrouped, WriteError>>),
    /// Decisions that write nothing: replayed or refused.
    Ready(oneshot::Sender<Result<DecisionsDone, WriteError>>, Result<DecisionsDone, WriteError>),
}

/// What became of a decision, before its commit.
pub(super) enum DecidedDraft {
    /// The mutation at this place of the round.
    Changed {
        index: usize,
        revision: Revision,
    },
    /// Nothing had to change.
    Unchanged(Box<Finding>),
    Refused(Refused),
}

impl Answer {
    /// Prepares the answer to a durable commit: whoever asked is told when the result is called, after
    /// the feed was.
    pub(super) fn prepare(self, mutations: &[Mutation], head: Revision) -> Box<dyn FnOnce()> {
        match self {
            Self::Ingest(answer, done) => {
                Box::new(move || told(answer.send(Ok(Ingested { head, ..done }))))
            }
            Self::Count(answer, count) => Box::new(move || told(answer.send(Ok(count)))),
            Self::Ready(answer, outcome) => Box::new(move || told(answer.send(outcome))),
            Self::Attest(answer, outcome) => {
                if let Ok(attested) = &outcome {
                    attest::tell(attested);
                }
                Box::new(move || told(answer.send(outcome)))
            }
            Self::Subscription(answer, draft) => {
                let outcome = draft.finish();
                Box::new(move || told(answer.send(outcome)))
            }
            Self::Told(answer, outcome) => Box::new(move || told(answer.send(*outcome))),
            Self::Regroup(answer, draft) => {
                let done = draft.finish(mutations);
                Box::new(move || told(answer.send(Ok(done))))
            }
            Self::Decide(answer, drafts) => {
                let results = drafts.into_iter().map(|draft| draft.finish(mutations)).collect();
                let done = DecisionsDone { results, replayed: false };
                Box::new(move || told(answer.send(Ok(done))))
            }
        }
    }

    /// Tells that nothing was written.
    pub(super) fn refuse(self, error: &WriteError) {
        match self {
            Self::Ingest(answer, _) => told(answer.send(Err(error.clone()))),
            Self::Count(answer, _) => told(answer.send(Err(error.clone()))),
            Self::Decide(answer, _) => told(answer.send(Err(error.clone()))),
            Self::Regroup(answer, _) => told(answer.send(Err(error.clone()))),
            Self::Attest(answer, _) => told(answer.send(Err(error.clone()))),
            Self::Subscription(answer, _) => told(answer.send(Err(error.clone()))),
            Self::Told(answer, outcome) => told(answer.send(*outcome)),
            Self::Ready(answer, outcome) => told(answer.send(outcome)),
        }
    }
}

impl DecidedDraft {
    fn finish(self, mutations: &[Mutation]) -> Result<Decided, Refused> {
        match self {
            Self::Changed { index, revision } => {
                let mut finding = mutations[index].finding.clone();
                strip(&mut finding);
                Ok(Decided { finding, changed: true, revision })
            }
            Self::Unchanged(finding) => {
                Ok(Decided { finding: *finding, changed: false, revision: Revision::ZERO })
            }
            Self::Refused(refused) => Err(refused),
        }
    }
}

/// Whoever asked may have gone away; what was written stays written.
fn told<T>(_: Result<(), T>) {}
