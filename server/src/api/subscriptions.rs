//! `SubscriptionService`: durable consumers, by polling and by stream.
//!
//! What is delivered and acknowledged is committed by the writer before anybody is told; here it is
//! read from the log and the snapshot (`hand`), and brought to a caller (`pull`) or a session
//! (`consume`). Nobody polls: whoever waits is woken by the feed, by the subscription itself, or when
//! something is due.

mod ack_id;
mod begin;
mod consume;
mod hand;
mod lists;
mod pull;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use muster_api::v1 as wire;
use muster_api::v1::subscription_service_server::SubscriptionService;
use muster_core::subscription::Ack;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;
use tonic::codegen::BoxStream;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status, Streaming};

use super::convert;
use super::error::ApiError;
use super::layers::given_timeout;
use super::read::Reads;
use super::validate::subscriptions::{self as validate, AckText};
use super::validate::triage::{Caller, principal};
use crate::subscriptions::{Action, Ask, Done, Entry, SubscriptionError};

/// After the end of a session by a drain, consumers come back after this, spread over as much again.
const RECONNECT_DELAY_MS: u64 = 1000;

/// How much earlier than its client gives up a pull ends, at most.
const TIMEOUT_MARGIN: Duration = Duration::from_secs(1);

/// Brings changes to consumers, and their words to the writer.
#[derive(Clone, Debug)]
pub(super) struct Subscriptions {
    reads: Reads,
    places: Arc<Semaphore>,
    opened: Arc<AtomicU64>,
    tasks: TaskTracker,
}

impl Subscriptions {
    /// Sessions run as tasks of `tasks`.
    pub(super) fn new(reads: Reads, tasks: TaskTracker) -> Self {
        let places = Arc::new(Semaphore::new(reads.backend().limits.consumers_max));
        Self { reads, places, opened: Arc::default(), tasks }
    }

    fn caller(&self, metadata: &MetadataMap) -> Result<Caller, ApiError> {
        Ok(Caller { principal: principal(metadata)?, now: self.reads.backend().clock.now() })
    }

    fn entry(&self, name: &str) -> Result<Arc<Entry>, ApiError> {
        let entry = self.reads.backend().subscriptions.get(name);
        entry.ok_or_else(|| SubscriptionError::NotFound(name.to_owned()).into())
    }

    /// A place among those who wait for changes.
    fn place(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        let consumers_max = self.reads.backend().limits.consumers_max;
        let place = Arc::clone(&self.places).try_acquire_owned();
        place.map_err(|_| ApiError::TooManyConsumers { consumers_max })
    }

    /// Not the same for all: they come back one after another.
    fn reconnect_delay(&self) -> Duration {
        let number = self.opened.fetch_add(1, Ordering::Relaxed);
        Duration::from_millis(RECONNECT_DELAY_MS + number * 37 % RECONNECT_DELAY_MS)
    }

    /// The subscription as it is shown.
    async fn shown(&self, entry: Arc<Entry>) -> Result<wire::Subscription, ApiError> {
        let now = self.reads.backend().clock.now();
        let read = move |reader: &super::read::Reader<'_>| {
            Ok(convert::subscription(&entry, reader.store(), now)?)
        };
        self.reads.run(read).await
    }
}

/// Asks the writer.
async fn ask(reads: &Reads, name: &str, what: Action) -> Result<Done, ApiError> {
    let ask = Ask { name: name.to_owned(), what };
    Ok(reads.backend().writer.subscription(ask).await?)
}

/// Says what became of deliveries; durable when it returns.
async fn settle(
    reads: &Reads,
    name: &str,
    said: Vec<AckText>,
) -> Result<(Vec<wire::AckResult>, Done), ApiError> {
    // What is no ack id of this subscription is unknown, and known to be without the writer.
    let read: Vec<Option<Ack>> =
        said.iter().map(|ack| ack_id::read(name, &ack.ack_id, ack.verdict.clone())).collect();
    let known = read.iter().flatten().cloned().collect();
    let done = ask(reads, name, Action::Settle(known)).await?;
    let mut outcomes = done.outcomes.iter();
    let results = said.into_iter().zip(&read).map(|(ack, read)| {
        let outcome = read.as_ref().and_then(|_| outcomes.next());
        let status = outcome.map_or(wire::AckStatus::Unknown, |known| convert::outcome(*known));
        metrics::counter!("muster_subscription_acks_total", "status" => status.as_str_name())
            .increment(1);
        wire::AckResult { ack_id: ack.ack_id, status: status.into() }
    });
    Ok((results.collect(), done))
}

#[tonic::async_trait]
impl SubscriptionService for Subscriptions {
    async fn create_subscription(
        &self,
        request: Request<wire::CreateSubscriptionRequest>,
    ) -> Result<Response<wire::CreateSubscriptionResponse>, Status> {
        let caller = self.caller(request.metadata())?;
        let mut wanted = validate::create(request.into_inner(), &caller)?;
        let start = begin::find(&self.reads, wanted.start, wanted.query).await?;
        wanted.subscription.log_id = self.reads.log_id();
        let name = wanted.subscription.name.clone();
        let what = Action::Create(Box::new(wanted.subscription), start);
        let done = ask(&self.reads, &name, what).await?;
        let subscription = Some(self.shown(done.entry).await?);
        let created = done.changed;
        Ok(Response::new(wire::CreateSubscriptionResponse { subscription, created }))
    }

    async fn get_subscription(
        &self,
        request: Request<wire::GetSubscriptionRequest>,
    ) -> Result<Response<wire::GetSubscriptionResponse>, Status> {
        let name = validate::get(request.into_inner())?;
        let subscription = Some(self.shown(self.entry(&name)?).await?);
        Ok(Response::new(wire::GetSubscriptionResponse { subscription }))
    }

    async fn list_subscriptions(
        &self,
        request: Request<wire::ListSubscriptionsRequest>,
    ) -> Result<Response<wire::ListSubscriptionsResponse>, Status> {
        let wanted = validate::list(request.into_inner())?;
        Ok(Response::new(lists::subscriptions(&self.reads, wanted).await?))
    }

    async fn update_subscription(
        &self,
        request: Request<wire::UpdateSubscriptionRequest>,
    ) -> Result<Response<wire::UpdateSubscriptionResponse>, Status> {
        let caller = self.caller(request.metadata())?;
        let request = request.into_inner();
        let known = self.reads.backend().subscriptions.get(&request.id);
        let settings = known.map(|entry| entry.subscription.settings).unwrap_or_default();
        let wanted = validate::update(request, settings, &caller)?;
        let validate::Update { name, etag, description, settings, act } = wanted;
        let what = Action::Update { etag, description, settings, act };
        let done = ask(&self.reads, &name, what).await?;
        let subscription = Some(self.shown(done.entry).await?);
        Ok(Response::new(wire::UpdateSubscriptionResponse { subscription }))
    }

    async fn delete_subscription(
        &self,
        request: Request<wire::DeleteSubscriptionRequest>,
    ) -> Result<Response<wire::DeleteSubscriptionResponse>, Status> {
        let caller = self.caller(request.metadata())?;
        let (name, etag) = validate::delete(request.into_inner())?;
        let by =
            muster_core::triage::Actor { principal: caller.principal, on_behalf_of: String::new() };
        ask(&self.reads, &name, Action::Delete { etag, by }).await?;
        Ok(Response::new(wire::DeleteSubscriptionResponse {}))
    }

    async fn reset_subscription(
        &self,
        request: Request<wire::ResetSubscriptionRequest>,
    ) -> Result<Response<wire::ResetSubscriptionResponse>, Status> {
        let caller = self.caller(request.metadata())?;
        let wanted = validate::reset(request.into_inner(), &caller)?;
        let entry = self.entry(&wanted.name)?;
        let query = hand::Query::of(&entry.subscription)?.hash();
        let start = begin::find(&self.reads, wanted.start, query).await?;
        let (expected_floor, act) = (wanted.expected_floor, wanted.act);
        let what = Action::Reset { start, expected_floor, act };
        let done = ask(&self.reads, &wanted.name, what).await?;
        let subscription = Some(self.shown(done.entry).await?);
        Ok(Response::new(wire::ResetSubscriptionResponse { subscription }))
    }

    async fn consume(
        &self,
        request: Request<Streaming<wire::ConsumeRequest>>,
    ) -> Result<Response<BoxStream<wire::ConsumeResponse>>, Status> {
        let caller = self.caller(request.metadata())?;
        Ok(Response::new(self.open(caller, request.into_inner()).await?))
    }

    async fn pull_changes(
        &self,
        request: Request<wire::PullChangesRequest>,
    ) -> Result<Response<wire::PullChangesResponse>, Status> {
        let timeout = given_timeout(request.metadata().as_ref());
        let mut wanted = validate::pull(request.into_inner())?;
        if let Some(timeout) = timeout {
            let margin = TIMEOUT_MARGIN.min(timeout / 4);
            wanted.wait = wanted.wait.min(timeout.saturating_sub(margin));
        }
        let _place = self.place()?;
        Ok(Response::new(pull::pull(&self.reads, &wanted).await?))
    }

    async fn ack_changes(
        &self,
        request: Request<wire::AckChangesRequest>,
    ) -> Result<Response<wire::AckChangesResponse>, Status> {
        let (name, said) = validate::ack_changes(request.into_inner())?;
        let (results, _) = settle(&self.reads, &name, said).await?;
        Ok(Response::new(wire::AckChangesResponse { results }))
    }

    async fn list_parked_changes(
        &self,
        request: Request<wire::ListParkedChangesRequest>,
    ) -> Result<Response<wire::ListParkedChangesResponse>, Status> {
        let wanted = validate::list_parked(request.into_inner())?;
        let entry = self.entry(&wanted.name)?;
        Ok(Response::new(lists::parked(&self.reads, entry, wanted).await?))
    }

    async fn resolve_parked_changes(
        &self,
        request: Request<wire::ResolveParkedChangesRequest>,
    ) -> Result<Response<wire::ResolveParkedChangesResponse>, Status> {
        let caller = self.caller(request.metadata())?;
        let wanted = validate::resolve(request.into_inner(), &caller)?;
        let (keys, act) = (wanted.keys, wanted.act);
        let done = ask(&self.reads, &wanted.name, Action::Resolve { keys, act }).await?;
        let ids = done.resolved.into_iter().map(convert::parked_id).collect();
        Ok(Response::new(wire::ResolveParkedChangesResponse { ids }))
    }
}
