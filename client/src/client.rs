//! The calls of the contract, over one connection.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use http_body::Body as HttpBody;
use muster_api::ACTOR_METADATA;
use muster_api::v1::findings_service_client::FindingsServiceClient;
use muster_api::v1::maturity_service_client::MaturityServiceClient;
use muster_api::v1::priority_service_client::PriorityServiceClient;
use muster_api::v1::subscription_service_client::SubscriptionServiceClient;
use muster_api::v1::triage_service_client::TriageServiceClient;
use muster_api::v1::unit_service_client::UnitServiceClient;
use muster_api::v1::{
    AckChangesRequest, AckChangesResponse, ActivatePriorityRulesRequest,
    ActivatePriorityRulesResponse, BatchGetFindingsRequest, BatchGetFindingsResponse,
    BatchTriageFindingsRequest, BatchTriageFindingsResponse, CreateSubscriptionRequest,
    CreateSubscriptionResponse, DeleteSubscriptionRequest, DeleteSubscriptionResponse,
    ExplainFindingRequest, ExplainFindingResponse, GetFindingRequest, GetFindingResponse,
    GetMaturityRequest, GetMaturityResponse, GetPriorityRulesRequest, GetPriorityRulesResponse,
    GetSubscriptionRequest, GetSubscriptionResponse, ListAttestationsRequest,
    ListAttestationsResponse, ListFindingHistoryRequest, ListFindingHistoryResponse,
    ListFindingsRequest, ListFindingsResponse, ListParkedChangesRequest, ListParkedChangesResponse,
    ListSubscriptionsRequest, ListSubscriptionsResponse, ListUnitsRequest, ListUnitsResponse,
    ListUnmappedDocumentsRequest, ListUnmappedDocumentsResponse, MergeFindingsRequest,
    MergeFindingsResponse, PreviewPriorityRulesRequest, PreviewPriorityRulesResponse,
    PullChangesRequest, PullChangesResponse, PutAttestationRequest, PutAttestationResponse,
    RemoveAttestationRequest, RemoveAttestationResponse, ResetSubscriptionRequest,
    ResetSubscriptionResponse, ResolveFindingIdsRequest, ResolveFindingIdsResponse,
    ResolveParkedChangesRequest, ResolveParkedChangesResponse, SplitFindingRequest,
    SplitFindingResponse, SummarizeFindingsRequest, SummarizeFindingsResponse,
    TriageFindingRequest, TriageFindingResponse, UpdateSubscriptionRequest,
    UpdateSubscriptionResponse, WatchFindingsRequest, WatchFindingsResponse,
};
use tonic::body::Body;
use tonic::codegen::StdError;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Channel;
use tonic::{Request, Response, Status, Streaming};
use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceExt};

use crate::{CallError, InvalidServer, Watch, WatchOptions, endpoint};

/// The largest message that the client takes.
///
/// The server cuts its answers at 2 MiB, except that one finding always fits: in the RAW view it
/// carries a document of up to 512 KiB for each of its reports. A larger message fails the call.
pub const MAX_MESSAGE_BYTES: usize = 32 * 1024 * 1024;

/// What carries the calls: a channel, or any service that speaks HTTP in its place.
type Transport = BoxCloneSyncService<http::Request<Body>, http::Response<Body>, TransportError>;

/// What a transport says when it fails; a type of its own, because the compiler cannot prove a boxed
/// trait object `Send` across an `.await` in the generated clients.
#[derive(Debug, thiserror::Error)]
#[error("the transport failed")]
struct TransportError(#[source] StdError);

/// A client of one server. Cheap to clone; clones share the connection.
///
/// Every unary call ends within the timeout (30 seconds by default) with
/// [`tonic::Code::DeadlineExceeded`]; a watch has none. Nothing is retried here except by
/// [`Watch`]: see [`CallError::is_retryable`].
#[derive(Debug, Clone)]
pub struct Client {
    transport: Transport,
    actor: Option<MetadataValue<Ascii>>,
    timeout: Duration,
}

/// An actor that cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{actor}` cannot name an actor: expected 1 to 256 printable ASCII characters")]
pub struct InvalidActor {
    actor: String,
}

impl Client {
    /// Prepares a client of the server at `server`: `http://HOST:PORT`, scheme and port optional.
    ///
    /// No connection is made before the first call; a lost one is made again by the next call.
    /// Must be called inside a tokio runtime.
    ///
    /// # Errors
    ///
    /// The text is no server, or one that is not on this machine: there is no TLS yet, and
    /// plaintext never leaves it.
    pub fn connect_lazy(server: &str) -> Result<Self, InvalidServer> {
        Ok(Self::from_channel(endpoint::parse(server)?.connect_lazy()))
    }

    /// Uses a channel that the caller made, for example over `tokio::io::duplex`.
    pub fn from_channel(channel: Channel) -> Self {
        Self::from_service(channel)
    }

    /// Uses any service that answers gRPC requests: a channel with layers of the caller's, or a
    /// server's routes without a connection in between.
    pub fn from_service<S, B>(service: S) -> Self
    where
        S: Service<http::Request<Body>, Response = http::Response<B>>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Error: Into<StdError>,
        S::Future: Send + 'static,
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<StdError>,
    {
        let transport = BoxCloneSyncService::new(
            service
                .map_response(|response: http::Response<B>| response.map(Body::new))
                .map_err(|error: S::Error| TransportError(error.into())),
        );
        Self { transport, actor: None, timeout: Duration::from_secs(30) }
    }

    /// Sends `actor`, for example `user:alice`, with every call: who decides, and who is shown in
    /// histories. A claim, not a proof. Without one the server takes `user:anonymous`.
    ///
    /// # Errors
    ///
    /// The text is empty, longer than 256 bytes, or not printable ASCII.
    pub fn with_actor(mut self, actor: &str) -> Result<Self, InvalidActor> {
        let invalid = || InvalidActor { actor: actor.chars().take(64).collect() };
        if actor.is_empty() || actor.len() > 256 || !actor.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(invalid());
        }
        self.actor = Some(actor.parse().map_err(|_| invalid())?);
        Ok(self)
    }

    /// Ends every unary call after `timeout`, instead of 30 seconds.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Watches findings: a snapshot, then live changes, over as many connections as it takes.
    ///
    /// Nothing is sent before the first [`Watch::next`].
    pub fn watch(&self, options: WatchOptions) -> Watch {
        Watch::new(self.clone(), options)
    }

    /// Opens one stream of changes and does not resume it: [`Client::watch`] does.
    ///
    /// # Errors
    ///
    /// The call failed, or the server did not begin to answer within the timeout.
    pub async fn watch_findings_once(
        &self,
        request: WatchFindingsRequest,
    ) -> Result<Streaming<WatchFindingsResponse>, CallError> {
        let mut request = self.request(request);
        // The deadline of the call would be the end of the stream.
        request.metadata_mut().remove("grpc-timeout");
        let mut service = self.findings();
        self.call("WatchFindings", service.watch_findings(request)).await
    }

    /// Calls `PullChanges` of the contract. The wait that it asks for comes on top of the timeout.
    ///
    /// # Errors
    ///
    /// As for the other unary calls.
    pub async fn pull_changes(
        &self,
        request: PullChangesRequest,
    ) -> Result<PullChangesResponse, CallError> {
        let wait = request.wait.and_then(|wait| Duration::try_from(wait).ok());
        let timeout = self.timeout.saturating_add(wait.unwrap_or_default());
        let client = self.clone().with_timeout(timeout);
        let mut service = client.subscriptions();
        client.call("PullChanges", service.pull_changes(client.request(request))).await
    }

    fn findings(&self) -> FindingsServiceClient<Transport> {
        FindingsServiceClient::new(self.transport.clone())
            .max_decoding_message_size(MAX_MESSAGE_BYTES)
    }

    fn triage(&self) -> TriageServiceClient<Transport> {
        TriageServiceClient::new(self.transport.clone())
            .max_decoding_message_size(MAX_MESSAGE_BYTES)
    }

    fn maturity(&self) -> MaturityServiceClient<Transport> {
        MaturityServiceClient::new(self.transport.clone())
            .max_decoding_message_size(MAX_MESSAGE_BYTES)
    }

    fn priority(&self) -> PriorityServiceClient<Transport> {
        PriorityServiceClient::new(self.transport.clone())
            .max_decoding_message_size(MAX_MESSAGE_BYTES)
    }

    fn subscriptions(&self) -> SubscriptionServiceClient<Transport> {
        SubscriptionServiceClient::new(self.transport.clone())
            .max_decoding_message_size(MAX_MESSAGE_BYTES)
    }

    fn units(&self) -> UnitServiceClient<Transport> {
        UnitServiceClient::new(self.transport.clone()).max_decoding_message_size(MAX_MESSAGE_BYTES)
    }

    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.set_timeout(self.timeout);
        if let Some(actor) = &self.actor {
            request.metadata_mut().insert(ACTOR_METADATA, actor.clone());
        }
        request
    }

    async fn call<T>(
        &self,
        operation: &'static str,
        call: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<T, CallError> {
        match tokio::time::timeout(self.timeout, call).await {
            Ok(Ok(response)) => Ok(response.into_inner()),
            Ok(Err(status)) => Err(CallError::from_status(operation, status)),
            Err(_elapsed) => Err(CallError::timed_out(operation, self.timeout)),
        }
    }
}

/// Writes the unary calls out: each takes the request of the contract and gives its response.
macro_rules! unary_calls {
    ($($service:ident . $call:ident, $operation:literal, $request:ty, $response:ty;)*) => {
        /// The unary calls, as the contract documents them.
        ///
        /// # Errors
        ///
        /// The server refused the call, could not be reached, or did not answer within the timeout.
        impl Client {
            $(
                #[doc = concat!("Calls `", $operation, "` of the contract.")]
                pub async fn $call(&self, request: $request) -> Result<$response, CallError> {
                    let mut service = self.$service();
                    self.call($operation, service.$call(self.request(request))).await
                }
            )*
        }
    };
}

unary_calls! {
    findings.get_finding, "GetFinding", GetFindingRequest, GetFindingResponse;
    findings.batch_get_findings, "BatchGetFindings",
        BatchGetFindingsRequest, BatchGetFindingsResponse;
    findings.resolve_finding_ids, "ResolveFindingIds",
        ResolveFindingIdsRequest, ResolveFindingIdsResponse;
    findings.list_findings, "ListFindings", ListFindingsRequest, ListFindingsResponse;
    findings.summarize_findings, "SummarizeFindings",
        SummarizeFindingsRequest, SummarizeFindingsResponse;
    findings.list_finding_history, "ListFindingHistory",
        ListFindingHistoryRequest, ListFindingHistoryResponse;
    triage.triage_finding, "TriageFinding", TriageFindingRequest, TriageFindingResponse;
    triage.batch_triage_findings, "BatchTriageFindings",
        BatchTriageFindingsRequest, BatchTriageFindingsResponse;
    triage.merge_findings, "MergeFindings", MergeFindingsRequest, MergeFindingsResponse;
    triage.split_finding, "SplitFinding", SplitFindingRequest, SplitFindingResponse;
    units.list_units, "ListUnits", ListUnitsRequest, ListUnitsResponse;
    priority.explain_finding, "ExplainFinding", ExplainFindingRequest, ExplainFindingResponse;
    priority.get_priority_rules, "GetPriorityRules",
        GetPriorityRulesRequest, GetPriorityRulesResponse;
    priority.preview_priority_rules, "PreviewPriorityRules",
        PreviewPriorityRulesRequest, PreviewPriorityRulesResponse;
    priority.activate_priority_rules, "ActivatePriorityRules",
        ActivatePriorityRulesRequest, ActivatePriorityRulesResponse;
    maturity.get_maturity, "GetMaturity", GetMaturityRequest, GetMaturityResponse;
    maturity.list_attestations, "ListAttestations",
        ListAttestationsRequest, ListAttestationsResponse;
    maturity.put_attestation, "PutAttestation", PutAttestationRequest, PutAttestationResponse;
    maturity.remove_attestation, "RemoveAttestation",
        RemoveAttestationRequest, RemoveAttestationResponse;
    subscriptions.create_subscription, "CreateSubscription",
        CreateSubscriptionRequest, CreateSubscriptionResponse;
    subscriptions.get_subscription, "GetSubscription",
        GetSubscriptionRequest, GetSubscriptionResponse;
    subscriptions.list_subscriptions, "ListSubscriptions",
        ListSubscriptionsRequest, ListSubscriptionsResponse;
    subscriptions.update_subscription, "UpdateSubscription",
        UpdateSubscriptionRequest, UpdateSubscriptionResponse;
    subscriptions.delete_subscription, "DeleteSubscription",
        DeleteSubscriptionRequest, DeleteSubscriptionResponse;
    subscriptions.reset_subscription, "ResetSubscription",
        ResetSubscriptionRequest, ResetSubscriptionResponse;
    subscriptions.ack_changes, "AckChanges",
        AckChangesRequest, AckChangesResponse;
    subscriptions.list_parked_changes, "ListParkedChanges",
        ListParkedChangesRequest, ListParkedChangesResponse;
    subscriptions.resolve_parked_changes, "ResolveParkedChanges",
        ResolveParkedChangesRequest, ResolveParkedChangesResponse;
    units.list_unmapped_documents, "ListUnmappedDocuments",
        ListUnmappedDocumentsRequest, ListUnmappedDocumentsResponse;
}
