//! What is said about each error, whether it ends a call or is one item of a batch.

use std::fmt;
use std::time::Duration;

use muster_api::v1::ErrorReason as Reason;
use muster_core::ids::FindingId;
use muster_core::plan::RegroupError;
use tonic::Code;

use super::ApiError;
use crate::api::cursor::{TokenError, hex};
use crate::store::StoreError;
use crate::subscriptions::SubscriptionError;
use crate::writer::{Refused, WriteError};

/// When to try again after an overload.
const OVERLOAD_RETRY: Duration = Duration::from_secs(1);

/// The longest message, in bytes: it travels in a header.
const MESSAGE_BYTES_MAX: usize = 1024;

/// The most report keys that an error lists.
const KEYS_MAX: usize = 20;

/// The most bytes of them: they travel in a header.
const KEYS_BYTES_MAX: usize = 2048;

/// What a client is told.
pub(super) struct Facts {
    pub(super) code: Code,
    pub(super) reason: Reason,
    pub(super) message: String,
    /// Facts a program may use.
    pub(super) metadata: Vec<(&'static str, String)>,
    /// Field and description.
    pub(super) violations: Vec<(String, String)>,
    /// When to try again.
    pub(super) retry: Option<Duration>,
    /// Subject and description of the quota.
    pub(super) quota: Option<(&'static str, String)>,
}

impl Facts {
    fn new(code: Code, reason: Reason, message: impl Into<String>) -> Self {
        let message: String = message.into();
        let message = muster_core::report::bounded(&message, MESSAGE_BYTES_MAX).to_owned();
        let (metadata, violations) = (Vec::new(), Vec::new());
        Self { code, reason, message, metadata, violations, retry: None, quota: None }
    }

    fn with(mut self, key: &'static str, value: impl fmt::Display) -> Self {
        self.metadata.push((key, value.to_string()));
        self
    }

    fn violation(mut self, field: &str, description: &str) -> Self {
        self.violations.push((field.to_owned(), description.to_owned()));
        self
    }

    fn retry_after(mut self, delay: Duration) -> Self {
        self.retry = Some(delay);
        self
    }

    /// What we cannot explain to a client.
    fn internal() -> Self {
        Self::new(
            Code::Internal,
            Reason::Internal,
            "the server failed; its log has the cause, under the request id in the response header \
             x-request-id",
        )
    }

    fn read_only() -> Self {
        Self::new(
            Code::Unavailable,
            Reason::StoreReadOnly,
            "the store refuses writes; the server's log says why, and an operator must act",
        )
    }

    fn overloaded(message: impl Into<String>) -> Self {
        Self::new(Code::Unavailable, Reason::Overloaded, message).retry_after(OVERLOAD_RETRY)
    }
}

impl ApiError {
    /// The one match from our errors to codes and reasons.
    pub(super) fn facts(&self) -> Facts {
        let invalid = |reason, message: String| Facts::new(Code::InvalidArgument, reason, message);
        match self {
            Self::Invalid(violations) => Facts {
                violations: violations.pairs(),
                ..invalid(Reason::InvalidField, violations.to_string())
            },
            Self::Filter(error) => invalid(Reason::InvalidFilter, error.to_string())
                .with("offset", error.offset)
                .violation("filter", &format!("at byte {}: {}", error.offset, error.message)),
            Self::Token(error) => token(error),
            Self::AmbiguousId { prefix, candidates } => {
                let names: Vec<String> = candidates.iter().map(ToString::to_string).collect();
                let message =
                    format!("`{prefix}` fits {} findings or more; type more of it", names.len());
                invalid(Reason::AmbiguousId, message).with("candidates", names.join(","))
            }
            Self::FindingNotFound(id) => Facts::new(
                Code::NotFound,
                Reason::FindingNotFound,
                format!("there is no finding `{id}`"),
            ),
            Self::ReportNotFound { id, report, known } => report_not_found(*id, report, known),
            Self::TooManyWatches { watches_max } => {
                let message = format!("{watches_max} watches are open; close one, or try later");
                Facts {
                    quota: Some(("watches", message.clone())),
                    ..Facts::new(Code::ResourceExhausted, Reason::TooManyWatches, message)
                }
            }
            Self::TooManyConsumers { consumers_max } => {
                let message = format!("{consumers_max} consumers wait for changes; try later");
                Facts {
                    quota: Some(("consumers", message.clone())),
                    ..Facts::new(Code::ResourceExhausted, Reason::TooManyConsumers, message)
                }
            }
            Self::SessionExpired { deadline } => Facts::new(
                Code::Aborted,
                Reason::SessionExpired,
                format!(
                    "nothing came for {} s while deliveries were unsettled; they are due again: open \
                     another session, and send keep_alive while you work",
                    deadline.as_secs()
                ),
            ),
            Self::SlowConsumer { stall } => Facts::new(
                Code::Aborted,
                Reason::SlowConsumer,
                format!("nothing was taken for {} s; resume from your cursor", stall.as_secs()),
            ),
            Self::Draining { retry } => Facts::new(
                Code::Unavailable,
                Reason::Draining,
                "the server is stopping; reconnect, with the same cursor",
            )
            .retry_after(*retry),
            Self::Overloaded => Facts::overloaded("too many calls are under way; try again"),
            Self::Deadline { limit } => Facts::new(
                Code::DeadlineExceeded,
                Reason::Deadline,
                format!(
                    "the call was not done in {} ms; a write may or may not have happened: repeat \
                     it with the same request_id",
                    limit.as_millis()
                ),
            ),
            Self::Refused(refused) => decision(refused, ""),
            Self::Write(error) => write(error),
            Self::Store(error) => store(error),
            Self::Panicked(_) => Facts::internal(),
            Self::RequestTooLarge(said) => {
                Facts::new(Code::ResourceExhausted, Reason::RequestTooLarge, said.clone())
            }
            Self::Undecodable(said) => invalid(Reason::Undecodable, said.clone()),
            Self::UnknownMethod(said) => {
                let message = if said.is_empty() { "there is no such method" } else { said };
                Facts::new(Code::Unimplemented, Reason::UnknownMethod, message)
            }
        }
    }
}

fn token(error: &TokenError) -> Facts {
    let (field, message) = (error.family().field(), error.to_string());
    match error {
        TokenError::Malformed(_) => {
            Facts::new(Code::InvalidArgument, Reason::TokenMalformed, message.clone())
                .violation(field, &message)
        }
        TokenError::Mismatch(family) => {
            Facts::new(Code::InvalidArgument, family.mismatch(), message.clone())
                .violation(field, &message)
        }
        TokenError::LogChanged { log_id, .. } => {
            Facts::new(Code::FailedPrecondition, Reason::LogChanged, message)
                .with("log_id", hex(*log_id))
        }
    }
}

fn decision(refused: &Refused, at: &str) -> Facts {
    let message = format!("{at}{refused}");
    match refused {
        Refused::NotFound(_) => Facts::new(Code::NotFound, Reason::FindingNotFound, message),
        Refused::EtagMismatch { current, .. } => {
            Facts::new(Code::Aborted, Reason::EtagMismatch, message).with("current_etag", current)
        }
        Refused::ContentChanged { current, .. } => {
            Facts::new(Code::Aborted, Reason::ContentChanged, message)
                .with("content_version", current)
        }
        Refused::Merged { into, .. } => {
            Facts::new(Code::FailedPrecondition, Reason::FindingMerged, message)
                .with("merged_into", into)
        }
        Refused::Regroup(error) => regroup(error, message),
        Refused::NoAttestation { .. } => {
            Facts::new(Code::NotFound, Reason::AttestationNotFound, message)
        }
        Refused::Subscription(error) => subscription(error, message),
        Refused::Invalid { field, message: wrong } => {
            Facts::new(Code::InvalidArgument, Reason::InvalidField, message).violation(field, wrong)
        }
    }
}

fn regroup(error: &RegroupError, message: String) -> Facts {
    match error {
        RegroupError::Same(_)
        | RegroupError::Threat
        | RegroupError::Whole(_)
        | RegroupError::TooMany { .. } => {
            Facts::new(Code::FailedPrecondition, Reason::CannotRegroup, message)
        }
        RegroupError::Merged { into, .. } => {
            Facts::new(Code::FailedPrecondition, Reason::FindingMerged, message)
                .with("merged_into", into)
        }
        RegroupError::NoReport { .. } => {
            Facts::new(Code::NotFound, Reason::ReportNotFound, message)
        }
    }
}

fn subscription(error: &SubscriptionError, message: String) -> Facts {
    match error {
        SubscriptionError::NotFound(_) => {
            Facts::new(Code::NotFound, Reason::SubscriptionNotFound, message)
        }
        SubscriptionError::Exists(_) => {
            Facts::new(Code::AlreadyExists, Reason::SubscriptionExists, message)
        }
        SubscriptionError::TooMany => Facts {
            quota: Some(("subscriptions", message.clone())),
            ..Facts::new(Code::ResourceExhausted, Reason::TooManySubscriptions, message)
        },
        SubscriptionError::EtagMismatch { current, .. } => {
            Facts::new(Code::Aborted, Reason::EtagMismatch, message).with("current_etag", current)
        }
        SubscriptionError::FloorMoved { current, .. } => {
            Facts::new(Code::Aborted, Reason::AckFloorMoved, message).with("ack_floor", current)
        }
        SubscriptionError::Stale { oldest, floor, .. } => {
            Facts::new(Code::FailedPrecondition, Reason::SubscriptionStale, message)
                .with("ack_floor", floor)
                .with("oldest_revision", oldest)
        }
        SubscriptionError::Superseded(_) => {
            Facts::new(Code::Aborted, Reason::SessionSuperseded, message)
        }
    }
}

fn report_not_found(id: FindingId, report: &str, known: &[String]) -> Facts {
    let mut listed: Vec<&str> = known.iter().take(KEYS_MAX).map(String::as_str).collect();
    // It travels in a header too.
    while listed.iter().map(|key| key.len()).sum::<usize>() > KEYS_BYTES_MAX {
        listed.pop();
    }
    let report = muster_core::report::bounded(report, MESSAGE_BYTES_MAX / 2);
    let count = known.len();
    let message = format!(
        "finding {id} has no report `{report}`; it has {count}, see `report_keys` or GetFinding"
    );
    // Keys may hold any character, so they are written as JSON.
    let keys = serde_json::Value::from(listed);
    Facts::new(Code::NotFound, Reason::ReportNotFound, message).with("report_keys", keys)
}

fn write(error: &WriteError) -> Facts {
    match error {
        WriteError::Atomic { index, refused } => {
            let mut facts = decision(refused, &format!("requests[{index}]: "));
            for (field, _) in &mut facts.violations {
                *field = format!("requests[{index}].{field}");
            }
            facts.with("index", index)
        }
        WriteError::Refused(refused) => decision(refused, ""),
        WriteError::RequestIdReused(_) => {
            Facts::new(Code::InvalidArgument, Reason::RequestIdReused, error.to_string())
                .violation("request_id", "was used for another request; use a new one")
        }
        WriteError::Overloaded => Facts::overloaded(error.to_string()),
        WriteError::TooLarge { .. } => {
            Facts::new(Code::ResourceExhausted, Reason::RequestTooLarge, error.to_string())
        }
        WriteError::Closed(_) => Facts::read_only(),
    }
}

fn store(error: &StoreError) -> Facts {
    match error {
        StoreError::Compacted { oldest } => Facts::new(
            Code::OutOfRange,
            Reason::CursorExpired,
            format!("the log begins at revision {oldest}; take a new snapshot"),
        )
        .with("oldest_revision", oldest),
        StoreError::Poisoned { .. } => Facts::read_only(),
        StoreError::Locked { .. }
        | StoreError::Open { .. }
        | StoreError::Corrupt { .. }
        | StoreError::Format { .. }
        | StoreError::TooLarge { .. }
        | StoreError::Io { .. } => Facts::internal(),
    }
}
