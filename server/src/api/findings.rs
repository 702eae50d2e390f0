//! `FindingsService`: reads.

mod explain;
mod get;
mod history;
mod list;

use std::sync::Arc;

use muster_api::v1 as wire;
use muster_api::v1::findings_service_server::FindingsService;
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status};

pub(super) use self::explain::{Explainer, arrivals};
pub(super) use self::get::one_id;
use super::read::Reads;
use super::validate::reads;
use super::watch::Watches;

/// Answers from the view and the store.
#[derive(Clone, Debug)]
pub(super) struct Findings {
    reads: Reads,
    watches: Arc<Watches>,
}

impl Findings {
    pub(super) fn new(reads: Reads, watches: Watches) -> Self {
        Self { reads, watches: Arc::new(watches) }
    }
}

#[tonic::async_trait]
impl FindingsService for Findings {
    async fn get_finding(
        &self,
        request: Request<wire::GetFindingRequest>,
    ) -> Result<Response<wire::GetFindingResponse>, Status> {
        let wanted = reads::get(request.get_ref())?;
        Ok(Response::new(self.reads.run(move |reader| get::get(reader, &wanted)).await?))
    }

    async fn batch_get_findings(
        &self,
        request: Request<wire::BatchGetFindingsRequest>,
    ) -> Result<Response<wire::BatchGetFindingsResponse>, Status> {
        let wanted = reads::batch_get(request.get_ref())?;
        Ok(Response::new(self.reads.run(move |reader| get::batch_get(reader, &wanted)).await?))
    }

    async fn resolve_finding_ids(
        &self,
        request: Request<wire::ResolveFindingIdsRequest>,
    ) -> Result<Response<wire::ResolveFindingIdsResponse>, Status> {
        let wanted = reads::resolve(request.into_inner())?;
        Ok(Response::new(self.reads.run(move |reader| get::resolve(reader, wanted)).await?))
    }

    async fn list_findings(
        &self,
        request: Request<wire::ListFindingsRequest>,
    ) -> Result<Response<wire::ListFindingsResponse>, Status> {
        let wanted = reads::list(request.into_inner())?;
        Ok(Response::new(self.reads.run(move |reader| list::list(reader, &wanted)).await?))
    }

    async fn summarize_findings(
        &self,
        request: Request<wire::SummarizeFindingsRequest>,
    ) -> Result<Response<wire::SummarizeFindingsResponse>, Status> {
        let wanted = reads::summarize(request.get_ref())?;
        Ok(Response::new(self.reads.run(move |reader| list::summarize(reader, &wanted)).await?))
    }

    async fn list_finding_history(
        &self,
        request: Request<wire::ListFindingHistoryRequest>,
    ) -> Result<Response<wire::ListFindingHistoryResponse>, Status> {
        let wanted = reads::history(request.into_inner())?;
        Ok(Response::new(self.reads.run(move |reader| history::list(reader, &wanted)).await?))
    }

    async fn watch_findings(
        &self,
        request: Request<wire::WatchFindingsRequest>,
    ) -> Result<Response<BoxStream<wire::WatchFindingsResponse>>, Status> {
        let wanted = reads::watch(request.into_inner())?;
        Ok(Response::new(self.watches.open(wanted).await?))
    }
}
