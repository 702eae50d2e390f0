//! Connections, and the steps of a call: who, what, what goes wrong, how often, the answer.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::calls::{End, Request};
use super::error::{ApiError, ErrorKind, throttled};
use super::faults::Fault;
use super::request::{Call, Signature};
use super::{
    Body, Shared, State, access_analyzer, guardduty, inspector, security_hub, sts, support,
};
use crate::operation::{Operation, Service};
use crate::scope::Scope;

/// The longest request that is read; longer ones get 413.
const REQUEST_BYTES_MAX: usize = 1 << 20;

/// The connection is to end without an answer.
#[derive(Debug)]
pub(crate) struct Closed;

impl std::fmt::Display for Closed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an injected fault closed the connection")
    }
}

impl std::error::Error for Closed {}

/// Serves until it is told to stop; then every connection ends at once.
pub(crate) async fn accept(listener: TcpListener, shared: Arc<Shared>, stop: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "failed to accept a connection");
                    continue;
                }
            },
        };
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            let service = service_fn(|request| handle(Arc::clone(&shared), request));
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
    connections.shutdown().await;
}

/// One call, as far as it is understood before anything is answered.
struct Arrived {
    call: Call,
    scope: Scope,
    access_key: String,
    request_id: String,
}

async fn handle(
    shared: Arc<Shared>,
    request: http::Request<Incoming>,
) -> Result<Response<Body>, Closed> {
    let (parts, body) = request.into_parts();
    let body = match Limited::new(body, REQUEST_BYTES_MAX).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return Ok(plain(StatusCode::PAYLOAD_TOO_LARGE, "")),
    };
    let request_id = shared.state().next_request_id();
    let arrived = match shared.arrive(&parts, body, request_id.clone()) {
        Ok(arrived) => arrived,
        Err((service, error)) => {
            shared.state().calls.refuse();
            return Ok(signed(error.respond(service, &request_id), &request_id));
        }
    };
    shared.moved.send_modify(|moved| *moved += 1);
    let operation = arrived.call.operation;
    let (delay, fault) = shared.strike(&arrived);
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let answered = shared.answer(&arrived, fault);
    shared.state().calls.finish(operation, &arrived.scope, answered.end);
    shared.moved.send_modify(|moved| *moved += 1);
    answered.response.map(|response| signed(response, &arrived.request_id)).ok_or(Closed)
}

/// How a call ends; without a response the connection does.
struct Answered {
    end: End,
    response: Option<Response<Body>>,
}

impl Shared {
    /// Finds out who asks for what.
    fn arrive(
        &self,
        parts: &http::request::Parts,
        body: Bytes,
        request_id: String,
    ) -> Result<Arrived, (Option<Service>, ApiError)> {
        let signature = Signature::of(&parts.headers).ok_or_else(|| {
            let message = "Missing Authentication Token";
            (None, ApiError::new(403, "MissingAuthenticationTokenException", message))
        })?;
        let service = Service::from_signing_name(&signature.service)
            .ok_or_else(|| (None, unknown_operation()))?;
        let call =
            Call::of(service, parts, body).ok_or_else(|| (Some(service), unknown_operation()))?;
        let now = self.clock.now();
        let mut state = self.state();
        let account = state.account_of(&signature, now).map_err(|kind| {
            (Some(service), kind.error(service, &call.operation.iam_action(), ""))
        })?;
        let scope = Scope::new(account, signature.region);
        let target = parts.uri.to_string();
        state.calls.receive(Request {
            operation: call.operation,
            scope: scope.clone(),
            target,
            body: call.body.clone(),
        });
        Ok(Arrived { call, scope, access_key: signature.access_key, request_id })
    }

    fn strike(&self, arrived: &Arrived) -> (Duration, Option<Fault>) {
        let has_token = arrived.call.page_token().is_some();
        self.state().faults.strike(arrived.call.operation, &arrived.scope, has_token)
    }

    fn answer(&self, arrived: &Arrived, fault: Option<Fault>) -> Answered {
        let Arrived { call, scope, request_id, .. } = arrived;
        let service = call.operation.service();
        let failed = |error: ApiError| {
            let is_throttle =
                error.code.starts_with("Throttling") || error.code == "TooManyRequestsException";
            Answered {
                end: if is_throttle { End::Throttled } else { End::Failed },
                response: Some(error.respond(Some(service), request_id)),
            }
        };
        match fault {
            Some(Fault::Error(kind)) => {
                return failed(kind.error(service, &call.operation.iam_action(), &scope.account));
            }
            Some(Fault::Status(status, body)) => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
                return Answered { end: End::Failed, response: Some(plain(status, &body)) };
            }
            Some(Fault::Close) => return Answered { end: End::Failed, response: None },
            Some(Fault::WrongContent(body)) => {
                return Answered { end: End::Failed, response: Some(plain(StatusCode::OK, &body)) };
            }
            Some(
                Fault::Delay(_) | Fault::Truncate | Fault::RepeatToken | Fault::ExtraDocument(_),
            )
            | None => {}
        }
        let body = match self.state().execute(arrived, self.clock.now()) {
            Ok(body) => body,
            Err(error) => return failed(error),
        };
        let (end, response) = match fault {
            Some(Fault::Truncate) => (End::Failed, truncated(service, body)),
            Some(Fault::RepeatToken) => (End::Answered, complete(service, repeat(call, body))),
            Some(Fault::ExtraDocument(extra)) => {
                (End::Answered, complete(service, extended(&body, extra)))
            }
            _ => (End::Answered, complete(service, body)),
        };
        Answered { end, response: Some(response) }
    }
}

impl State {
    fn next_request_id(&mut self) -> String {
        self.requests += 1;
        crate::seeded::uuid(self.requests, &["request"])
    }

    /// Whose credentials these are.
    fn account_of(&self, signature: &Signature, now: Timestamp) -> Result<String, ErrorKind> {
        let token = signature.session_token.as_deref();
        if let Some(account) = self.sessions.account_of(&signature.access_key, token, now) {
            return account;
        }
        self.config
            .access_keys
            .get(&signature.access_key)
            .or(self.config.default_account.as_ref())
            .cloned()
            .ok_or(ErrorKind::UnrecognizedClient)
    }

    /// Answers a call whose caller is known.
    fn execute(&mut self, arrived: &Arrived, now: Timestamp) -> Result<Vec<u8>, ApiError> {
        let Arrived { call, scope, access_key, request_id } = arrived;
        let service = call.operation.service();
        if !self.config.world.is_region_enabled(scope) {
            return Err(ErrorKind::UnrecognizedClient.error(service, "", &scope.account));
        }
        let limit = self.config.limits.of(call.operation);
        if !self.buckets.take(scope, call.operation, limit, now) {
            return Err(throttled(service));
        }
        match call.operation {
            Operation::GetFindings => security_hub::get_findings(self, call, scope, now),
            Operation::DescribeHub => security_hub::describe_hub(self, scope),
            Operation::ListDetectors => Ok(guardduty::list_detectors(self, scope)),
            Operation::GetDetector => guardduty::get_detector(self, call, scope),
            Operation::ListGuardDutyFindings => guardduty::list_findings(self, call, scope, now),
            Operation::GetGuardDutyFindings => guardduty::get_findings(self, call, scope),
            Operation::ListAnalyzers => access_analyzer::list_analyzers(self, call, scope, now),
            Operation::ListAccessFindings | Operation::ListAccessFindingsV2 => {
                access_analyzer::list_findings(self, call, scope, now)
            }
            Operation::BatchGetAccountStatus => Ok(inspector::status(self, scope)),
            Operation::ListInspectorFindings => inspector::list_findings(self, call, scope, now),
            Operation::GetAccessFindingV2 => access_analyzer::get_finding(self, call, scope, now),
            Operation::DescribeChecks
            | Operation::DescribeCheckSummaries
            | Operation::DescribeCheckResult
            | Operation::DescribeCheckRefreshStatuses
            | Operation::RefreshCheck => support::answer(self, call, scope, now),
            Operation::GetCallerIdentity => {
                Ok(sts::get_caller_identity(self, access_key, scope, request_id))
            }
            Operation::AssumeRole => sts::assume_role(self, call, scope, now, request_id),
        }
    }
}

fn unknown_operation() -> ApiError {
    ApiError::new(404, "UnknownOperationException", "The service has no such operation.")
}

fn content_type(service: Service) -> &'static str {
    match service {
        Service::SecurityHub
        | Service::GuardDuty
        | Service::AccessAnalyzer
        | Service::Inspector => "application/json",
        Service::Support => "application/x-amz-json-1.1",
        Service::Sts => "text/xml",
    }
}

fn complete(service: Service, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Full::new(Bytes::from(body)).map_err(never).boxed());
    let content_type = HeaderValue::from_static(content_type(service));
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}

fn plain(status: StatusCode, body: &str) -> Response<Body> {
    let mut response =
        Response::new(Full::new(Bytes::copy_from_slice(body.as_bytes())).map_err(never).boxed());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
    response
}

/// Announces the whole body and breaks off in the middle of it.
fn truncated(service: Service, mut body: Vec<u8>) -> Response<Body> {
    let announced = body.len();
    body.truncate(announced / 2);
    let frames = [Ok(Frame::data(Bytes::from(body))), Err(io::ErrorKind::ConnectionReset.into())];
    let stream = StreamBody::new(futures::stream::iter(frames));
    let mut response = Response::new(BodyExt::boxed(stream));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(service)));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(announced));
    response
}

/// The same page, naming as the next token the one that it was asked with.
fn repeat(call: &Call, body: Vec<u8>) -> Vec<u8> {
    let Some(token) = call.page_token() else { return body };
    let Ok(mut page) = serde_json::from_slice::<Value>(&body) else { return body };
    let upper = call.operation.service() == Service::SecurityHub;
    page[if upper { "NextToken" } else { "nextToken" }] = token.into();
    page.to_string().into_bytes()
}

/// The same page with one more document at the end of its list.
fn extended(body: &[u8], extra: Value) -> Vec<u8> {
    let mut page: Value = serde_json::from_slice(body).unwrap_or_default();
    let inner = if page.get("result").is_some() { &mut page["result"] } else { &mut page };
    let list = inner.as_object_mut().and_then(|page| page.values_mut().find(|v| v.is_array()));
    if let Some(Value::Array(list)) = list {
        list.push(extra);
    }
    page.to_string().into_bytes()
}

fn signed(mut response: Response<Body>, request_id: &str) -> Response<Body> {
    if let Ok(id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

fn never(never: Infallible) -> io::Error {
    match never {}
}
