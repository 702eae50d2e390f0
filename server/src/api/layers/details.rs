//! Gives a reason to what the codec refuses, and the code that gRPC documents for it.
//!
//! Every error of this API carries an `ErrorInfo`. Ours do; those that tonic makes before a handler
//! runs (a message over the limit, bytes that are no message, a method that is not there) do not,
//! and some have a code that means something else here: `OUT_OF_RANGE` would send a client to take a
//! new snapshot, `INTERNAL` would make it try again.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use tonic::{Code, Status};

use super::method;
use crate::api::error::ApiError;

/// Replaces an error without details by one of ours.
pub(super) async fn complete(request: Request, next: Next) -> Response {
    let ours = method::of(&request).ours;
    let response = next.run(request).await;
    if !ours {
        return response;
    }
    let status = Status::from_header_map(response.headers());
    match status.filter(|status| status.code() != Code::Ok && status.details().is_empty()) {
        None => response,
        Some(status) => refused(&status).into_response(),
    }
}

fn refused(status: &Status) -> ApiError {
    let said = status.message().to_owned();
    match status.code() {
        Code::OutOfRange | Code::ResourceExhausted => ApiError::RequestTooLarge(said),
        Code::Unimplemented => ApiError::UnknownMethod(said),
        _ => ApiError::Undecodable(said),
    }
}
