//! A server in this process that answers as a test scripts it, over `tokio::io::duplex` or over a
//! port that the system chooses.

mod subscriptions;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures::stream;
use hyper_util::rt::TokioIo;
use muster_api::v1::findings_service_server::{FindingsService, FindingsServiceServer};
use muster_api::v1::maturity_service_server::{MaturityService, MaturityServiceServer};
use muster_api::v1::subscription_service_server::SubscriptionServiceServer;
use muster_api::v1::triage_service_server::{TriageService, TriageServiceServer};
use muster_api::v1::unit_service_server::{UnitService, UnitServiceServer};
use muster_api::v1::watch_findings_response::Event;
use muster_api::v1::*;
use muster_client::Client;
use tokio::io::DuplexStream;
use tokio::task::JoinSet;
use tonic::codegen::BoxStream;
use tonic::transport::{Endpoint, Server};
use tonic::{Request, Response, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// What a scripted stream does next.
pub(crate) enum Step {
    Send(Event),
    /// A message with none of the known events set.
    SendUnknown,
    Wait(Duration),
    Fail(Status),
    /// Ends the stream as if all was well.
    End,
}

/// What the server has, and what it was asked.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) findings: Vec<Finding>,
    pub(crate) coverage: Coverage,
    pub(crate) units: Vec<Unit>,
    pub(crate) unmapped: Vec<UnmappedDocument>,
    pub(crate) history: Vec<Change>,
    pub(crate) groups: Vec<SummaryGroup>,
    /// Counts for filters, where they are not the number of findings.
    pub(crate) counts: HashMap<String, u64>,
    /// Errors to give before the call named succeeds.
    pub(crate) errors: HashMap<&'static str, VecDeque<Status>>,
    /// Triage after a command, and errors, by finding id.
    pub(crate) refused: HashMap<String, ItemError>,
    /// One script for each stream; the last hangs when it is over.
    pub(crate) streams: VecDeque<Vec<Step>>,
    pub(crate) watches: Vec<WatchFindingsRequest>,
    pub(crate) lists: Vec<ListFindingsRequest>,
    pub(crate) batches: Vec<BatchTriageFindingsRequest>,
    pub(crate) merges: Vec<MergeFindingsRequest>,
    pub(crate) splits: Vec<SplitFindingRequest>,
    pub(crate) maturity: GetMaturityResponse,
    pub(crate) reports: Vec<GetMaturityRequest>,
    pub(crate) attestations: Vec<Attestation>,
    pub(crate) puts: Vec<PutAttestationRequest>,
    pub(crate) removals: Vec<RemoveAttestationRequest>,
    pub(crate) subscriptions: Vec<Subscription>,
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) parked: Vec<ParkedChange>,
    pub(crate) creations: Vec<CreateSubscriptionRequest>,
    pub(crate) resets: Vec<ResetSubscriptionRequest>,
    pub(crate) updates: Vec<UpdateSubscriptionRequest>,
    pub(crate) pulls: Vec<PullChangesRequest>,
    pub(crate) acks: Vec<Ack>,
    pub(crate) resolutions: Vec<ResolveParkedChangesRequest>,
    /// What becomes of acks; ACCEPTED unless said.
    pub(crate) ack_status: Option<AckStatus>,
    pub(crate) actors: Vec<String>,
    pub(crate) calls: Vec<&'static str>,
    /// The largest page the server gives.
    pub(crate) page_max: Option<usize>,
}

/// The server; clones share the state.
#[derive(Clone, Default)]
pub(crate) struct Fake {
    state: Arc<Mutex<State>>,
    servers: Arc<Mutex<JoinSet<()>>>,
    /// The wires between clients and servers.
    wires: Arc<Mutex<JoinSet<()>>>,
}

impl Fake {
    pub(crate) fn new(state: State) -> Self {
        Self { state: Arc::new(Mutex::new(state)), ..Self::default() }
    }

    pub(crate) fn with_streams(streams: impl IntoIterator<Item = Vec<Step>>) -> Self {
        Self::new(State { streams: streams.into_iter().collect(), ..State::default() })
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// A client whose connections end in this server.
    pub(crate) fn client(&self) -> Client {
        let fake = self.clone();
        let connector = tower::service_fn(move |_uri| {
            std::future::ready(Ok::<_, std::io::Error>(TokioIo::new(fake.connect())))
        });
        let endpoint = Endpoint::from_static("http://muster.test");
        Client::from_channel(endpoint.connect_with_connector_lazy(connector))
    }

    /// Cuts every connection, as a crash of the server does.
    pub(crate) fn cut(&self) {
        self.wires.lock().unwrap().abort_all();
    }

    /// Serves over TCP and returns the address; for tests of the binary.
    pub(crate) async fn listen(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let incoming = tokio_stream::wrappers::TcpListenerStream::new(listener);
        let server = self.router().serve_with_incoming(incoming);
        self.servers.lock().unwrap().spawn(async {
            server.await.unwrap();
        });
        address
    }

    /// A new connection to the server, over a wire that can be cut.
    fn connect(&self) -> DuplexStream {
        let (client, mut client_end) = tokio::io::duplex(64 * 1024);
        let (mut server_end, server) = tokio::io::duplex(64 * 1024);
        self.wires.lock().unwrap().spawn(async move {
            // Either side may be gone already: that is what a wire is for.
            tokio::io::copy_bidirectional(&mut client_end, &mut server_end).await.ok();
        });
        let incoming = stream::iter([Ok::<_, std::io::Error>(server)]);
        let server = self.router().serve_with_incoming(incoming);
        self.servers.lock().unwrap().spawn(async {
            server.await.unwrap();
        });
        client
    }

    fn router(&self) -> tonic::transport::server::Router {
        Server::builder()
            .add_service(FindingsServiceServer::new(self.clone()))
            .add_service(TriageServiceServer::new(self.clone()))
            .add_service(UnitServiceServer::new(self.clone()))
            .add_service(MaturityServiceServer::new(self.clone()))
            .add_service(SubscriptionServiceServer::new(self.clone()))
    }

    /// Notes a call, and gives the next scripted error of it.
    fn called<T>(&self, name: &'static str, request: &Request<T>) -> Result<(), Status> {
        let mut state = self.state();
        state.calls.push(name);
        let actor = request.metadata().get(muster_api::ACTOR_METADATA);
        state.actors.push(actor.map_or_else(String::new, |actor| actor.to_str().unwrap().into()));
        match state.errors.get_mut(name).and_then(VecDeque::pop_front) {
            Some(status) => Err(status),
            None => Ok(()),
        }
    }
}

/// An error as the server makes it.
pub(crate) fn status(code: tonic::Code, reason: &str, message: &str) -> Status {
    status_with(code, reason, message, ErrorDetails::new(), [])
}

pub(crate) fn status_with<const N: usize>(
    code: tonic::Code,
    reason: &str,
    message: &str,
    mut details: ErrorDetails,
    metadata: [(&str, &str); N],
) -> Status {
    let metadata: HashMap<String, String> =
        metadata.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
    details.set_error_info(reason, muster_api::ERROR_DOMAIN, metadata);
    Status::with_error_details(code, message, details)
}

#[tonic::async_trait]
impl FindingsService for Fake {
    async fn get_finding(
        &self,
        request: Request<GetFindingRequest>,
    ) -> Result<Response<GetFindingResponse>, Status> {
        self.called("GetFinding", &request)?;
        let id = request.into_inner().id;
        let state = self.state();
        let finding = state.findings.iter().find(|finding| finding.id == id).cloned();
        let finding = finding.ok_or_else(|| not_found(&id))?;
        Ok(Response::new(GetFindingResponse { finding: Some(finding) }))
    }

    async fn batch_get_findings(
        &self,
        request: Request<BatchGetFindingsRequest>,
    ) -> Result<Response<BatchGetFindingsResponse>, Status> {
        self.called("BatchGetFindings", &request)?;
        let state = self.state();
        let mut response = BatchGetFindingsResponse::default();
        for id in request.into_inner().ids {
            match state.findings.iter().find(|finding| finding.id == id) {
                // Two fit, as if findings were large.
                Some(_) if response.findings.len() == 2 => response.omitted_ids.push(id),
                Some(finding) => response.findings.push(finding.clone()),
                None => response.missing_ids.push(id),
            }
        }
        Ok(Response::new(response))
    }

    async fn resolve_finding_ids(
        &self,
        request: Request<ResolveFindingIdsRequest>,
    ) -> Result<Response<ResolveFindingIdsResponse>, Status> {
        self.called("ResolveFindingIds", &request)?;
        let state = self.state();
        let results = request.into_inner().prefixes.into_iter().map(|prefix| {
            let full = format!("fnd_{}", prefix.trim_start_matches("fnd_"));
            let ids = state.findings.iter().map(|finding| finding.id.clone());
            ResolvedId { prefix, ids: ids.filter(|id| id.starts_with(&full)).take(10).collect() }
        });
        Ok(Response::new(ResolveFindingIdsResponse { results: results.collect() }))
    }

    async fn list_findings(
        &self,
        request: Request<ListFindingsRequest>,
    ) -> Result<Response<ListFindingsResponse>, Status> {
        self.called("ListFindings", &request)?;
        let request = request.into_inner();
        let mut state = self.state();
        state.lists.push(request.clone());
        let start: usize = request.page_token.parse().unwrap_or(0);
        let size =
            usize::try_from(request.page_size).unwrap().min(state.page_max.unwrap_or(usize::MAX));
        let end = (start + size).min(state.findings.len());
        let count = state.counts.get(&request.filter).copied();
        Ok(Response::new(ListFindingsResponse {
            findings: state.findings[start..end].to_vec(),
            next_page_token: if end < state.findings.len() {
                end.to_string()
            } else {
                String::new()
            },
            total_count: count.unwrap_or(state.findings.len() as u64),
            coverage: Some(state.coverage.clone()),
            position: Some(LogPosition { log_id: "log".into(), revision: 9, cursor: "c9".into() }),
            canonical_filter: request.filter,
        }))
    }

    async fn summarize_findings(
        &self,
        request: Request<SummarizeFindingsRequest>,
    ) -> Result<Response<SummarizeFindingsResponse>, Status> {
        self.called("SummarizeFindings", &request)?;
        let state = self.state();
        Ok(Response::new(SummarizeFindingsResponse {
            groups: state.groups.clone(),
            total_count: state.groups.iter().map(|group| group.count).sum(),
            coverage: Some(state.coverage.clone()),
            ..SummarizeFindingsResponse::default()
        }))
    }

    async fn list_finding_history(
        &self,
        request: Request<ListFindingHistoryRequest>,
    ) -> Result<Response<ListFindingHistoryResponse>, Status> {
        self.called("ListFindingHistory", &request)?;
        let request = request.into_inner();
        let state = self.state();
        let start: usize = request.page_token.parse().unwrap_or(0);
        let size =
            usize::try_from(request.page_size).unwrap().min(state.page_max.unwrap_or(usize::MAX));
        let end = (start + size).min(state.history.len());
        Ok(Response::new(ListFindingHistoryResponse {
            changes: state.history[start..end].to_vec(),
            next_page_token: if end < state.history.len() {
                end.to_string()
            } else {
                String::new()
            },
            truncated_by_retention: true,
        }))
    }

    async fn watch_findings(
        &self,
        request: Request<WatchFindingsRequest>,
    ) -> Result<Response<BoxStream<WatchFindingsResponse>>, Status> {
        self.called("WatchFindings", &request)?;
        let mut state = self.state();
        state.watches.push(request.into_inner());
        let script = state.streams.pop_front().unwrap_or_default();
        Ok(Response::new(Box::pin(stream::unfold(VecDeque::from(script), play))))
    }
}

async fn play(
    mut script: VecDeque<Step>,
) -> Option<(Result<WatchFindingsResponse, Status>, VecDeque<Step>)> {
    loop {
        match script.pop_front() {
            Some(Step::Send(event)) => {
                return Some((Ok(WatchFindingsResponse { event: Some(event) }), script));
            }
            Some(Step::SendUnknown) => {
                return Some((Ok(WatchFindingsResponse::default()), script));
            }
            Some(Step::Wait(duration)) => tokio::time::sleep(duration).await,
            Some(Step::Fail(status)) => return Some((Err(status), script)),
            Some(Step::End) => return None,
            None => std::future::pending().await,
        }
    }
}

fn not_found(id: &str) -> Status {
    status(tonic::Code::NotFound, "FINDING_NOT_FOUND", &format!("there is no finding `{id}`"))
}

#[tonic::async_trait]
impl TriageService for Fake {
    async fn batch_triage_findings(
        &self,
        request: Request<BatchTriageFindingsRequest>,
    ) -> Result<Response<BatchTriageFindingsResponse>, Status> {
        // Asked counts even when the answer is an error: the write may have happened.
        let failed = self.called("BatchTriageFindings", &request);
        let request = request.into_inner();
        let mut state = self.state();
        state.batches.push(request.clone());
        failed?;
        let results: Vec<BatchTriageResult> = request
            .requests
            .into_iter()
            .map(|one| BatchTriageResult {
                outcome: Some(match state.refused.get(&one.finding_id) {
                    Some(error) => batch_triage_result::Outcome::Error(error.clone()),
                    None => batch_triage_result::Outcome::Ok(triaged(&mut state.findings, &one)),
                }),
                finding_id: one.finding_id,
            })
            .collect();
        Ok(Response::new(BatchTriageFindingsResponse {
            failed_count: u32::try_from(
                results
                    .iter()
                    .filter(|one| {
                        matches!(one.outcome, Some(batch_triage_result::Outcome::Error(_)))
                    })
                    .count(),
            )
            .unwrap(),
            results,
            replayed: false,
        }))
    }

    async fn merge_findings(
        &self,
        request: Request<MergeFindingsRequest>,
    ) -> Result<Response<MergeFindingsResponse>, Status> {
        let failed = self.called("MergeFindings", &request);
        let request = request.into_inner();
        let mut state = self.state();
        state.merges.push(request.clone());
        failed?;
        let held = |id: &str| state.findings.iter().find(|one| one.id == id).unwrap().clone();
        let (mut into, mut from) = (held(&request.into_id), held(&request.from_id));
        let moved = from.reports.iter().map(|report| report.key.clone()).collect();
        into.reports.append(&mut from.reports);
        into.report_count += std::mem::take(&mut from.report_count);
        from.merged_into_id.clone_from(&into.id);
        from.set_status(muster_api::v1::Status::Resolved);
        Ok(Response::new(MergeFindingsResponse {
            into: Some(into),
            from: Some(from),
            moved_report_keys: moved,
            replayed: state.merges.len() > 1,
            revision: 91,
        }))
    }

    async fn split_finding(
        &self,
        request: Request<SplitFindingRequest>,
    ) -> Result<Response<SplitFindingResponse>, Status> {
        self.called("SplitFinding", &request)?;
        let request = request.into_inner();
        let mut state = self.state();
        state.splits.push(request.clone());
        let finding = state.findings.iter().find(|one| one.id == request.finding_id);
        let mut finding = finding.unwrap().clone();
        let place = finding.reports.iter().position(|report| report.key == request.report_key);
        let place = place.ok_or_else(|| {
            status(tonic::Code::NotFound, "REPORT_NOT_FOUND", "the finding has no such report")
        })?;
        let split = taken(&finding.reports.remove(place));
        finding.report_count -= 1;
        Ok(Response::new(SplitFindingResponse {
            finding: Some(finding),
            split: Some(split),
            moved_report_keys: vec![request.report_key],
            replayed: false,
            revision: 92,
        }))
    }
}

/// The report of a finding of its own that `split` makes.
fn taken(report: &Report) -> Finding {
    Finding {
        id: "fnd_7newbcdefghijklmnopqrstuvw".into(),
        title: report.title.clone(),
        reports: vec![report.clone()],
        report_count: 1,
        ..Finding::default()
    }
}

fn triaged(findings: &mut [Finding], request: &TriageFindingRequest) -> TriageOutcome {
    use triage_action::Action;
    let finding = findings.iter_mut().find(|one| one.id == request.finding_id).unwrap();
    let triage = finding.triage.get_or_insert_default();
    let before = triage.clone();
    match request.action.clone().unwrap_or_default().action.unwrap() {
        Action::Acknowledge(_) => triage.set_state(TriageState::Acknowledged),
        Action::Start(_) => triage.set_state(TriageState::InProgress),
        Action::Snooze(_) => triage.set_state(TriageState::Snoozed),
        Action::Suppress(_) => triage.set_state(TriageState::Suppressed),
        Action::Done(_) => triage.set_state(TriageState::Done),
        Action::Reopen(_) => triage.set_state(TriageState::New),
        Action::Assign(assign) => triage.assignee = assign.assignee,
        Action::Comment(_) => triage.comment.clone_from(&request.comment),
    }
    let changed = *triage != before;
    TriageOutcome { triage: Some(triage.clone()), changed, revision: u64::from(changed) * 77 }
}

#[tonic::async_trait]
impl UnitService for Fake {
    async fn list_units(
        &self,
        request: Request<ListUnitsRequest>,
    ) -> Result<Response<ListUnitsResponse>, Status> {
        self.called("ListUnits", &request)?;
        let units = self.state().units.clone();
        Ok(Response::new(ListUnitsResponse { units, next_page_token: String::new() }))
    }

    async fn list_unmapped_documents(
        &self,
        request: Request<ListUnmappedDocumentsRequest>,
    ) -> Result<Response<ListUnmappedDocumentsResponse>, Status> {
        self.called("ListUnmappedDocuments", &request)?;
        let documents = self.state().unmapped.clone();
        Ok(Response::new(ListUnmappedDocumentsResponse {
            documents,
            next_page_token: String::new(),
        }))
    }
}

#[tonic::async_trait]
impl MaturityService for Fake {
    async fn get_maturity(
        &self,
        request: Request<GetMaturityRequest>,
    ) -> Result<Response<GetMaturityResponse>, Status> {
        self.called("GetMaturity", &request)?;
        let mut state = self.state();
        state.reports.push(request.into_inner());
        Ok(Response::new(state.maturity.clone()))
    }

    async fn list_attestations(
        &self,
        request: Request<ListAttestationsRequest>,
    ) -> Result<Response<ListAttestationsResponse>, Status> {
        self.called("ListAttestations", &request)?;
        let attestations = self.state().attestations.clone();
        Ok(Response::new(ListAttestationsResponse { attestations, next_page_token: String::new() }))
    }

    async fn put_attestation(
        &self,
        request: Request<PutAttestationRequest>,
    ) -> Result<Response<PutAttestationResponse>, Status> {
        let failed = self.called("PutAttestation", &request);
        let mut state = self.state();
        state.puts.push(request.into_inner());
        failed?;
        let attestation = state.attestations.first().cloned();
        let replayed = state.puts.len() > 1;
        Ok(Response::new(PutAttestationResponse { attestation, changed: !replayed, replayed }))
    }

    async fn remove_attestation(
        &self,
        request: Request<RemoveAttestationRequest>,
    ) -> Result<Response<RemoveAttestationResponse>, Status> {
        self.called("RemoveAttestation", &request)?;
        let mut state = self.state();
        state.removals.push(request.into_inner());
        let attestation = state.attestations.first().cloned();
        Ok(Response::new(RemoveAttestationResponse { attestation, replayed: false }))
    }
}
