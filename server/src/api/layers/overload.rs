//! Refuses calls at once when too many are under way.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use tokio::sync::Semaphore;

use super::method;
use crate::api::error::ApiError;

/// Takes one of the places for the time of a unary call. Streams and long polls have a limit of their own.
pub(super) async fn shed(
    State(places): State<Arc<Semaphore>>,
    request: Request,
    next: Next,
) -> Response {
    let method = method::of(&request);
    if !method.unary || method.waits {
        return next.run(request).await;
    }
    match places.try_acquire() {
        Ok(_place) => next.run(request).await,
        Err(_) => ApiError::Overloaded.into_response(),
    }
}
