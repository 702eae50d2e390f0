//! A span for each call, and the metrics of all.
//!
//! The code of a stream stands in its trailers, so both watch the body until it ends.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderMap;
use http_body::{Body as _, Frame, SizeHint};
use tokio::time::Instant;
use tonic::Code;
use tracing::Instrument;

use super::{RequestId, method};
use crate::api::serve::Peer;

/// Says what the metrics of the API mean, to whoever reads them. Labels are closed sets.
pub(in crate::api) fn describe() {
    use metrics::Unit::{Count, Seconds};
    let counters = [
        ("muster_api_started_total", "calls that began, by method"),
        ("muster_api_handled_total", "calls that ended, by method and by the code they ended with"),
        ("muster_api_accept_errors_total", "connections that the machine refused to accept"),
        ("muster_subscription_deliveries_total", "changes delivered to subscriptions"),
        ("muster_subscription_acks_total", "words of subscribers, by what became of them"),
        ("muster_watches_ended_total", "watches that ended, by reason: gone, slow, drain, failed"),
    ];
    for (name, text) in counters {
        metrics::describe_counter!(name, Count, text);
    }
    let gauges = [
        ("muster_api_in_flight", "calls under way, by method"),
        ("muster_api_connections", "connections"),
        ("muster_watches", "watches"),
        ("muster_subscription_sessions", "sessions of subscriptions"),
        ("muster_subscription_outstanding", "changes read and not settled, by subscription"),
        ("muster_subscription_parked", "changes given up, by subscription"),
        ("muster_subscription_backlog_seconds", "age of the oldest change not settled or not read"),
        ("muster_subscription_stale", "1 when it needs a reset, by subscription"),
    ];
    for (name, text) in gauges {
        metrics::describe_gauge!(name, Count, text);
    }
    let latency = "from the start of a call to the end of its answer, by method";
    metrics::describe_histogram!("muster_api_latency_seconds", Seconds, latency);
    let lag = "log entries that a watcher has not been sent yet, at each bookmark";
    metrics::describe_histogram!("muster_watch_lag_revisions", Count, lag);
}

/// Runs the call in its span.
pub(super) async fn span(request: Request, next: Next) -> Response {
    let method = method::of(&request);
    let id = request.extensions().get::<RequestId>().map(tracing::field::display);
    let peer = request.extensions().get::<Peer>().and_then(|peer| peer.0);
    let span = tracing::info_span!(
        "call",
        method = &*method.label,
        request_id = id,
        peer = peer.map(tracing::field::display)
    );
    next.run(request).instrument(span).await
}

/// Counts the call, from its start to the end of its answer.
pub(super) async fn count(request: Request, next: Next) -> Response {
    let call = Call::start(method::of(&request).label);
    let response = next.run(request).await;
    let code = grpc_code(response.headers());
    response.map(|body| Body::new(Counted { body, code, call }))
}

/// A call under way. Counted as handled when it is dropped.
struct Call {
    method: Arc<str>,
    started: Instant,
    /// `None` while it is under way: who drops it then has cancelled it.
    code: Option<Code>,
    span: tracing::Span,
}

impl Call {
    fn start(method: Arc<str>) -> Self {
        metrics::counter!("muster_api_started_total", "method" => Arc::clone(&method)).increment(1);
        metrics::gauge!("muster_api_in_flight", "method" => Arc::clone(&method)).increment(1.0);
        Self { method, started: Instant::now(), code: None, span: tracing::Span::current() }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let (code, elapsed) = (self.code.unwrap_or(Code::Cancelled), self.started.elapsed());
        let method = || Arc::clone(&self.method);
        metrics::gauge!("muster_api_in_flight", "method" => method()).decrement(1.0);
        metrics::counter!("muster_api_handled_total", "method" => method(), "code" => name(code))
            .increment(1);
        metrics::histogram!("muster_api_latency_seconds", "method" => method())
            .record(elapsed.as_secs_f64());
        let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        self.span.in_scope(|| tracing::debug!(code = name(code), elapsed_ms, "call handled"));
    }
}

/// A body that tells its call how it ended.
struct Counted {
    body: Body,
    /// The code of an answer without a body, which stands in its headers.
    code: Option<Code>,
    call: Call,
}

impl http_body::Body for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(trailers) = frame.trailers_ref() {
                    self.call.code = grpc_code(trailers);
                }
            }
            Some(Err(_)) => self.call.code = Some(Code::Unknown),
            None => self.call.code = self.call.code.or(self.code),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        // An answer without a body may never be polled: it ends here.
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if self.body.is_end_stream() {
            self.call.code = self.call.code.or(self.code);
        }
    }
}

fn grpc_code(headers: &HeaderMap) -> Option<Code> {
    headers.get("grpc-status").map(|value| Code::from_bytes(value.as_bytes()))
}

/// The name that the gRPC documents use.
fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
