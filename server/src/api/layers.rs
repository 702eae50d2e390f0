//! What every call passes, in one list.

mod deadline;
mod details;
mod method;
mod overload;
mod panics;
mod request_id;
mod telemetry;

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use tokio::sync::Semaphore;
use tonic::service::Routes;
use tower::ServiceBuilder;

pub(super) use self::deadline::given as given_timeout;
pub(super) use self::panics::said as panic_text;
use self::request_id::RequestId;
pub(super) use self::telemetry::describe;
use super::Backend;

/// Puts the layers around the services. A call passes them from the first to the last, its answer
/// from the last to the first.
pub(super) fn apply(routes: Routes, backend: &Backend) -> Router {
    let methods = Arc::new(method::Methods::of_this_server());
    let places = Arc::new(Semaphore::new(backend.limits.calls_max));
    let layers = ServiceBuilder::new()
        // Names the call, for our log and for whoever asks us about it.
        .layer(from_fn(request_id::assign))
        // Finds out what is called; the layers below go by it.
        .layer(from_fn_with_state(methods, method::identify))
        // One span and one line in the log for each call.
        .layer(from_fn(telemetry::span))
        // Started, handled by code, latency, in flight.
        .layer(from_fn(telemetry::count))
        // A bug in one call is INTERNAL for that call, not a lost connection for all.
        .layer(from_fn(panics::answer))
        // Too many at once: UNAVAILABLE now is better than an answer nobody waits for.
        .layer(from_fn_with_state(places, overload::shed))
        // The server's maximum, or what the client gives.
        .layer(from_fn_with_state(backend.limits.deadline, deadline::keep))
        // What the codec refuses gets a reason too.
        .layer(from_fn(details::complete));
    routes.into_axum_router().layer(layers)
}
