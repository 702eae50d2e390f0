//! From our errors to gRPC: the one match, with what a client can do about each.
//!
//! A client gets a code, a reason (`google.rpc.ErrorInfo`, domain `muster.v1`), a sentence to act
//! on, and the details that fit: which field, when to try again, which quota. What only the
//! operator can use (paths, causes, damage) is logged here once, in the span of the call, so under
//! its request id, and never sent.

mod facts;

use std::collections::HashMap;
use std::error::Error;
use std::time::Duration;

use axum::body::Body;
use http::Response;
use muster_api::ERROR_DOMAIN;
use muster_api::v1::{self as wire, ErrorReason};
use muster_core::filter::FilterError;
use muster_core::ids::FindingId;
use tonic::Status;
use tonic_types::{ErrorDetails, StatusExt};

use self::facts::Facts;
use super::cursor::TokenError;
use super::validate::Violations;
use crate::store::StoreError;
use crate::subscriptions::SubscriptionError;
use crate::writer::{Refused, WriteError};

/// Why a call, a stream or one item of a batch failed.
#[derive(Debug)]
pub(crate) enum ApiError {
    /// Fields of the request are wrong.
    Invalid(Violations),
    /// The filter does not parse.
    Filter(FilterError),
    /// A page token or cursor does not fit.
    Token(TokenError),
    /// A prefix fits several findings.
    AmbiguousId { prefix: String, candidates: Vec<FindingId> },
    /// No finding has that id or prefix.
    FindingNotFound(String),
    /// The finding has no such report; the keys of those it has.
    ReportNotFound { id: FindingId, report: String, known: Vec<String> },
    /// One more watch would be too many.
    TooManyWatches { watches_max: usize },
    /// One more who waits for changes of a subscription would be too many.
    TooManyConsumers { consumers_max: usize },
    /// Nothing came from a consumer for so long.
    SessionExpired { deadline: Duration },
    /// A watcher took nothing for so long.
    SlowConsumer { stall: Duration },
    /// The server is stopping; come back after this.
    Draining { retry: Duration },
    /// Too much at once.
    Overloaded,
    /// The call took longer than its deadline allows.
    Deadline { limit: Duration },
    /// A decision was refused.
    Refused(Refused),
    /// The writer did not take the command.
    Write(WriteError),
    /// The store did not answer.
    Store(StoreError),
    /// A bug: what the panic said.
    Panicked(String),
    /// More than a message may hold.
    RequestTooLarge(String),
    /// Bytes that are not the message of the method.
    Undecodable(String),
    /// A method or an encoding that this server does not have.
    UnknownMethod(String),
}

impl ApiError {
    /// One wrong field.
    pub(crate) fn field(field: &str, description: impl Into<String>) -> Self {
        Self::Invalid(Violations::one(field, description))
    }

    /// The error as the item of a batch reports it.
    pub(crate) fn into_item(self) -> wire::ItemError {
        self.log();
        let facts = self.facts();
        wire::ItemError {
            code: facts.code.into(),
            reason: reason_name(facts.reason).to_owned(),
            message: facts.message,
            metadata: facts.metadata.into_iter().map(|(k, v)| (k.to_owned(), v)).collect(),
            field_violations: facts
                .violations
                .into_iter()
                .map(|(field, description)| wire::FieldViolation { field, description })
                .collect(),
        }
    }

    /// The error as an answer without a body.
    pub(super) fn into_response(self) -> Response<Body> {
        Status::from(self).into_http()
    }

    /// Writes down what the client is not told.
    fn log(&self) {
        match self {
            Self::Store(error) => {
                tracing::error!(error = %chain(error), "store failed under a call");
            }
            Self::Write(WriteError::Closed(cause)) => {
                tracing::error!(cause, "write refused by the writer");
            }
            Self::Panicked(said) => tracing::error!(panic = said, "call panicked"),
            Self::Invalid(_)
            | Self::Filter(_)
            | Self::Token(_)
            | Self::AmbiguousId { .. }
            | Self::FindingNotFound(_)
            | Self::ReportNotFound { .. }
            | Self::TooManyWatches { .. }
            | Self::TooManyConsumers { .. }
            | Self::SessionExpired { .. }
            | Self::SlowConsumer { .. }
            | Self::Draining { .. }
            | Self::Overloaded
            | Self::Deadline { .. }
            | Self::Refused(_)
            | Self::Write(_)
            | Self::RequestTooLarge(_)
            | Self::Undecodable(_)
            | Self::UnknownMethod(_) => {}
        }
    }
}

impl From<ApiError> for Status {
    fn from(error: ApiError) -> Self {
        error.log();
        let facts = error.facts();
        let details = details(&facts);
        Self::with_error_details(facts.code, facts.message, details)
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<WriteError> for ApiError {
    fn from(error: WriteError) -> Self {
        Self::Write(error)
    }
}

impl From<SubscriptionError> for ApiError {
    fn from(error: SubscriptionError) -> Self {
        Self::Refused(Refused::Subscription(error))
    }
}

impl From<FilterError> for ApiError {
    fn from(error: FilterError) -> Self {
        Self::Filter(error)
    }
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        Self::Token(error)
    }
}

fn details(facts: &Facts) -> ErrorDetails {
    let metadata = facts.metadata.iter().map(|(k, v)| ((*k).to_owned(), v.clone()));
    let metadata: HashMap<String, String> = metadata.collect();
    let mut details = ErrorDetails::new();
    details.set_error_info(reason_name(facts.reason), ERROR_DOMAIN, metadata);
    for (field, description) in &facts.violations {
        details.add_bad_request_violation(field.clone(), description.clone());
    }
    if let Some(delay) = facts.retry {
        details.set_retry_info(Some(delay));
    }
    if let Some((subject, description)) = &facts.quota {
        details.add_quota_failure_violation(*subject, description.clone());
    }
    details
}

/// The name of a reason as it is sent: without the prefix of the enum.
fn reason_name(reason: ErrorReason) -> &'static str {
    let name = reason.as_str_name();
    name.strip_prefix("ERROR_REASON_").unwrap_or(name)
}

/// An error with its causes, for the log.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
