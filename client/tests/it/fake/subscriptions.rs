//! The scripted `SubscriptionService`.

use muster_api::v1::subscription_service_server::SubscriptionService;
use muster_api::v1::*;
use tonic::{Request, Response, Status};

use super::Fake;

#[tonic::async_trait]
impl SubscriptionService for Fake {
    async fn create_subscription(
        &self,
        request: Request<CreateSubscriptionRequest>,
    ) -> Result<Response<CreateSubscriptionResponse>, Status> {
        self.called("CreateSubscription", &request)?;
        let mut state = self.state();
        state.creations.push(request.into_inner());
        let subscription = state.subscriptions.first().cloned();
        let created = state.creations.len() == 1;
        Ok(Response::new(CreateSubscriptionResponse { subscription, created }))
    }

    async fn get_subscription(
        &self,
        request: Request<GetSubscriptionRequest>,
    ) -> Result<Response<GetSubscriptionResponse>, Status> {
        self.called("GetSubscription", &request)?;
        let id = request.into_inner().id;
        let subscription = self.state().subscriptions.iter().find(|one| one.id == id).cloned();
        Ok(Response::new(GetSubscriptionResponse { subscription }))
    }

    async fn list_subscriptions(
        &self,
        request: Request<ListSubscriptionsRequest>,
    ) -> Result<Response<ListSubscriptionsResponse>, Status> {
        self.called("ListSubscriptions", &request)?;
        let subscriptions = self.state().subscriptions.clone();
        let next_page_token = String::new();
        Ok(Response::new(ListSubscriptionsResponse { subscriptions, next_page_token }))
    }

    async fn update_subscription(
        &self,
        request: Request<UpdateSubscriptionRequest>,
    ) -> Result<Response<UpdateSubscriptionResponse>, Status> {
        self.called("UpdateSubscription", &request)?;
        let mut state = self.state();
        state.updates.push(request.into_inner());
        let subscription = state.subscriptions.first().cloned();
        Ok(Response::new(UpdateSubscriptionResponse { subscription }))
    }

    async fn delete_subscription(
        &self,
        request: Request<DeleteSubscriptionRequest>,
    ) -> Result<Response<DeleteSubscriptionResponse>, Status> {
        self.called("DeleteSubscription", &request)?;
        Ok(Response::new(DeleteSubscriptionResponse {}))
    }

    async fn reset_subscription(
        &self,
        request: Request<ResetSubscriptionRequest>,
    ) -> Result<Response<ResetSubscriptionResponse>, Status> {
        self.called("ResetSubscription", &request)?;
        let mut state = self.state();
        state.resets.push(request.into_inner());
        let subscription = state.subscriptions.first().cloned();
        Ok(Response::new(ResetSubscriptionResponse { subscription }))
    }

    async fn pull_changes(
        &self,
        request: Request<PullChangesRequest>,
    ) -> Result<Response<PullChangesResponse>, Status> {
        self.called("PullChanges", &request)?;
        let mut state = self.state();
        state.pulls.push(request.into_inner());
        let deliveries = state.deliveries.clone();
        Ok(Response::new(PullChangesResponse { deliveries, status: None }))
    }

    async fn ack_changes(
        &self,
        request: Request<AckChangesRequest>,
    ) -> Result<Response<AckChangesResponse>, Status> {
        self.called("AckChanges", &request)?;
        let mut state = self.state();
        let acks = request.into_inner().acks;
        state.acks.extend(acks.iter().cloned());
        let status = state.ack_status.unwrap_or(AckStatus::Accepted).into();
        let results = acks.into_iter().map(|ack| AckResult { ack_id: ack.ack_id, status });
        Ok(Response::new(AckChangesResponse { results: results.collect() }))
    }

    async fn list_parked_changes(
        &self,
        request: Request<ListParkedChangesRequest>,
    ) -> Result<Response<ListParkedChangesResponse>, Status> {
        self.called("ListParkedChanges", &request)?;
        let parked = self.state().parked.clone();
        Ok(Response::new(ListParkedChangesResponse { parked, next_page_token: String::new() }))
    }

    async fn resolve_parked_changes(
        &self,
        request: Request<ResolveParkedChangesRequest>,
    ) -> Result<Response<ResolveParkedChangesResponse>, Status> {
        self.called("ResolveParkedChanges", &request)?;
        let mut state = self.state();
        state.resolutions.push(request.into_inner());
        let ids = state.parked.iter().map(|one| one.id.clone()).collect();
        Ok(Response::new(ResolveParkedChangesResponse { ids }))
    }
}
