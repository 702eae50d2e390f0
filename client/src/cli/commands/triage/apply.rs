//! Sending a decision, in batches that can be repeated.

use muster_api::v1::batch_triage_result::Outcome;
use muster_api::v1::{BatchMode, BatchTriageFindingsRequest, BatchTriageResult, Finding, Triage};
use tonic::Code;

use super::decide::Decision;
use super::select::Selection;
use crate::CallError;
use crate::cli::commands::repeat::until_answered;
use crate::cli::exit::Exit;
use crate::cli::failure::{Failure, exit_of};
use crate::cli::ids::BATCH;
use crate::cli::session::Session;

/// How the decision went for each target, in their order.
#[derive(Debug)]
pub(super) struct Applied {
    pub(super) results: Vec<Applying>,
    /// Why not every batch was sent or answered; its findings are `Unknown` or `NotSent`.
    pub(super) broke_off: Option<Failure>,
}

/// How the decision went for one finding.
#[derive(Debug)]
pub(super) enum Applying {
    /// It is decided; `changed` is false when it was before.
    Decided { triage: Box<Triage>, changed: bool, revision: u64 },
    /// The server refused.
    Refused { code: i32, reason: String, message: String },
    /// It was sent, and no answer came: it may have happened.
    Unknown,
    /// It was not sent.
    NotSent,
}

impl Applying {
    /// The exit code of this outcome alone; `None` when it is good.
    pub(super) fn exit(&self, broke_off: Option<&Failure>) -> Option<Exit> {
        match (self, broke_off) {
            (Self::Decided { .. }, _) => None,
            (Self::Refused { code, reason, .. }, _) => {
                Some(exit_of(Some(reason), Code::from_i32(*code)))
            }
            (Self::Unknown | Self::NotSent, Some(Failure::Told(told))) => Some(told.exit),
            (Self::Unknown | Self::NotSent, _) => Some(Exit::Unavailable),
        }
    }
}

/// Applies a decision to all targets. A batch that fails ends it; what is applied stays.
///
/// # Errors
///
/// The first batch was refused as a whole: nothing was changed.
pub(super) async fn apply(
    session: &mut Session,
    decision: &Decision,
    selection: &Selection,
) -> Result<Applied, Failure> {
    session.set_writing(true);
    let mut applied = Applied { results: Vec::new(), broke_off: None };
    for chunk in selection.targets.chunks(BATCH) {
        if applied.broke_off.is_some() {
            applied.results.extend(chunk.iter().map(|_| Applying::NotSent));
            continue;
        }
        match send(session, decision, selection, chunk).await {
            Ok(results) => applied.results.extend(outcomes(chunk, results)),
            Err(error) => {
                let failure = session.failed(&error);
                let unknown = error.is_retryable();
                if applied.results.is_empty() && !unknown {
                    session.set_writing(false);
                    return Err(failure);
                }
                let outcome = || if unknown { Applying::Unknown } else { Applying::NotSent };
                applied.results.extend(chunk.iter().map(|_| outcome()));
                applied.broke_off = Some(failure);
            }
        }
    }
    session.set_writing(false);
    Ok(applied)
}

/// Sends a batch until it is answered. Repeats carry the same request id, so that a batch which was
/// applied and whose answer was lost is not applied again.
async fn send(
    session: &mut Session,
    decision: &Decision,
    selection: &Selection,
    chunk: &[Finding],
) -> Result<Vec<BatchTriageResult>, CallError> {
    let requests = chunk.iter().map(|finding| selection.request(decision, finding)).collect();
    let request = BatchTriageFindingsRequest {
        requests,
        mode: BatchMode::Independent.into(),
        request_id: session.new_request_id(),
    };
    let sent = until_answered(session, |client| {
        let request = request.clone();
        async move { client.batch_triage_findings(request).await }
    });
    Ok(sent.await?.results)
}

/// An outcome for each finding of the batch, whatever the server left out.
fn outcomes(chunk: &[Finding], results: Vec<BatchTriageResult>) -> Vec<Applying> {
    let mut results = results.into_iter();
    let outcome = |finding: &Finding| match results.next() {
        Some(BatchTriageResult { finding_id, outcome: Some(outcome) })
            if finding_id == finding.id =>
        {
            match outcome {
                Outcome::Ok(ok) => Applying::Decided {
                    triage: Box::new(ok.triage.unwrap_or_default()),
                    changed: ok.changed,
                    revision: ok.revision,
                },
                Outcome::Error(error) => Applying::Refused {
                    code: error.code,
                    reason: error.reason,
                    message: error.message,
                },
            }
        }
        _ => Applying::Unknown,
    };
    chunk.iter().map(outcome).collect()
}
