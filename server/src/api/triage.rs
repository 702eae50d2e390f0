//! `TriageService`: decisions.

mod regroup;

use muster_api::v1 as wire;
use muster_api::v1::batch_triage_result::Outcome;
use muster_api::v1::triage_service_server::TriageService;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status};

use super::Backend;
use super::convert::{self, Detail};
use super::error::ApiError;
use super::read::Reads;
use super::validate::regroup as validate_regroup;
use super::validate::triage::{self as validate, BatchTriage, Caller};
use crate::writer::{Decided, Decisions, Refused};

/// Checks decisions and hands them to the writer.
#[derive(Clone, Debug)]
pub(super) struct Triage {
    reads: Reads,
}

impl Triage {
    pub(super) fn new(reads: Reads) -> Self {
        Self { reads }
    }

    fn backend(&self) -> &Backend {
        self.reads.backend()
    }

    fn caller(&self, metadata: &MetadataMap) -> Result<Caller, ApiError> {
        let principal = validate::principal(metadata)?;
        Ok(Caller { principal, now: self.backend().clock.now() })
    }

    async fn one(&self, wanted: validate::Triage) -> Result<wire::TriageFindingResponse, ApiError> {
        let validate::Triage { decision, request } = wanted;
        // One decision is not atomic with anything: so it is refused by its own error.
        let decisions = Decisions { decisions: vec![decision], atomic: false, request };
        let mut done = self.backend().writer.decide(decisions).await?;
        let decided = match done.results.pop() {
            Some(Ok(decided)) => decided,
            Some(Err(refused)) => return Err(ApiError::Refused(refused)),
            None => return Err(ApiError::Panicked("the writer gave no result".to_owned())),
        };
        Ok(wire::TriageFindingResponse {
            finding: Some(convert::finding(&decided.finding, Detail::Full)),
            changed: decided.changed,
            replayed: done.replayed,
            revision: decided.revision.0,
        })
    }

    async fn batch(
        &self,
        ids: Vec<String>,
        wanted: BatchTriage,
    ) -> Result<wire::BatchTriageFindingsResponse, ApiError> {
        let BatchTriage { decisions, atomic, request } = wanted;
        let (mut valid, mut slots) = (Vec::new(), Vec::new());
        for decision in decisions {
            slots.push(decision.map(|decision| valid.push(decision)));
        }
        let (mut results, replayed) = if valid.is_empty() {
            (Vec::new().into_iter(), false)
        } else {
            let decisions = Decisions { decisions: valid, atomic, request };
            let done = self.backend().writer.decide(decisions).await?;
            (done.results.into_iter(), done.replayed)
        };
        let mut answer = wire::BatchTriageFindingsResponse { replayed, ..Default::default() };
        for (finding_id, slot) in ids.into_iter().zip(slots) {
            let outcome = match slot {
                Err(violations) => Err(ApiError::Invalid(violations)),
                Ok(()) => decided(results.next()),
            };
            answer.failed_count += u32::from(outcome.is_err());
            let outcome =
                outcome.map_or_else(|error| Outcome::Error(error.into_item()), Outcome::Ok);
            answer.results.push(wire::BatchTriageResult { finding_id, outcome: Some(outcome) });
        }
        Ok(answer)
    }
}

fn decided(result: Option<Result<Decided, Refused>>) -> Result<wire::TriageOutcome, ApiError> {
    let missing = || ApiError::Panicked("the writer gave too few results".to_owned());
    let decided = result.ok_or_else(missing)?.map_err(ApiError::Refused)?;
    Ok(wire::TriageOutcome {
        triage: Some(convert::triage(&decided.finding.triage)),
        changed: decided.changed,
        revision: decided.revision.0,
    })
}

#[tonic::async_trait]
impl TriageService for Triage {
    async fn triage_finding(
        &self,
        request: Request<wire::TriageFindingRequest>,
    ) -> Result<Response<wire::TriageFindingResponse>, Status> {
        let caller = self.caller(request.metadata())?;
        let wanted = validate::triage(request.get_ref(), &caller)?;
        Ok(Response::new(self.one(wanted).await?))
    }

    async fn batch_triage_findings(
        &self,
        request: Request<wire::BatchTriageFindingsRequest>,
    ) -> Result<Response<wire::BatchTriageFindingsResponse>, Status> {
        let caller = self.caller(request.metadata())?;
        let wanted = validate::batch_triage(request.get_ref(), &caller)?;
        let ids = request.into_inner().requests.into_iter().map(|item| item.finding_id).collect();
        Ok(Response::new(self.batch(ids, wanted).await?))
    }

    async fn merge_findings(
        &self,
        request: Request<wire::MergeFindingsRequest>,
    ) -> Result<Response<wire::MergeFindingsResponse>, Status> {
        let caller = self.caller(request.metadata())?;
        let wanted = validate_regroup::merge(request.get_ref(), &caller)?;
        Ok(Response::new(self.merge(wanted).await?))
    }

    async fn split_finding(
        &self,
        request: Request<wire::SplitFindingRequest>,
    ) -> Result<Response<wire::SplitFindingResponse>, Status> {
        let caller = self.caller(request.metadata())?;
        let wanted = validate_regroup::split(request.get_ref(), &caller)?;
        Ok(Response::new(self.split(wanted).await?))
    }
}
