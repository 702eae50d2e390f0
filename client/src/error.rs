//! What a failed call says: a code, a reason, and what to do.

use std::collections::HashMap;
use std::error::Error;
use std::time::Duration;
use std::{fmt, io};

use muster_api::ERROR_DOMAIN;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// A call that failed.
///
/// `Display` says which call and why; `source()` is the transport's own error, if there is one.
/// Texts may come from the server, or from whatever answers in its place: escape them before you
/// show them on a terminal.
#[derive(Debug)]
pub struct CallError(Box<Facts>);

/// Boxed, so that a result of a call is no larger than its good half.
#[derive(Debug)]
struct Facts {
    operation: &'static str,
    code: Code,
    reason: Option<String>,
    message: String,
    metadata: HashMap<String, String>,
    field_violations: Vec<FieldViolation>,
    retry_after: Option<Duration>,
    request_id: Option<String>,
    status: Option<Status>,
}

/// One wrong field of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldViolation {
    /// Its path, for example `action.snooze.until_time`.
    pub field: String,
    /// What is wrong, and what would be right.
    pub description: String,
}

impl CallError {
    /// Reads what `status` carries about the call of `operation`, for example `ListFindings`.
    pub(crate) fn from_status(operation: &'static str, status: Status) -> Self {
        let details = status.get_error_details();
        let info = details.error_info().filter(|info| info.domain == ERROR_DOMAIN);
        let request_id = status.metadata().get("x-request-id");
        Self(Box::new(Facts {
            operation,
            code: if is_transport(&status, info.is_some()) {
                Code::Unavailable
            } else {
                status.code()
            },
            reason: info.map(|info| info.reason.clone()),
            message: status.message().to_owned(),
            metadata: info.map(|info| info.metadata.clone()).unwrap_or_default(),
            field_violations: details
                .bad_request()
                .map(|bad| bad.field_violations.iter().map(FieldViolation::from).collect())
                .unwrap_or_default(),
            retry_after: details.retry_info().and_then(|retry| retry.retry_delay),
            request_id: request_id.and_then(|id| id.to_str().ok()).map(str::to_owned),
            status: Some(status),
        }))
    }

    /// The call had no answer within the client's own deadline.
    pub(crate) fn timed_out(operation: &'static str, timeout: Duration) -> Self {
        Self(Box::new(Facts {
            operation,
            code: Code::DeadlineExceeded,
            reason: None,
            message: format!("no answer within {timeout:?}"),
            metadata: HashMap::new(),
            field_violations: Vec::new(),
            retry_after: None,
            request_id: None,
            status: None,
        }))
    }

    /// The call, as the contract names it.
    pub fn operation(&self) -> &'static str {
        self.0.operation
    }

    /// The status code. A failure of the transport is `Unavailable`, whatever the transport calls
    /// it: tonic reports a lost keep-alive as `Unknown` and a cut stream as `Cancelled`.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The value of `ErrorReason` without its prefix, for example `CURSOR_EXPIRED`; `None` when the
    /// error does not come from a Muster server.
    pub fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// For people, in English.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// A fact that came with the reason, for example `offset` with `INVALID_FILTER`.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.0.metadata.get(key).map(String::as_str)
    }

    /// The wrong fields of an `InvalidArgument`.
    pub fn field_violations(&self) -> &[FieldViolation] {
        &self.0.field_violations
    }

    /// The wrong fields that the message does not describe already.
    pub(crate) fn unsaid_violations(&self) -> impl Iterator<Item = &FieldViolation> {
        let said = |violation: &&FieldViolation| !self.0.message.contains(&violation.description);
        self.0.field_violations.iter().filter(said)
    }

    /// How long the server wants to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The id under which the server logged the call, where it sent one.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// Whether nothing listens at the address, as far as the system says.
    pub fn is_connection_refused(&self) -> bool {
        let mut cause = self.source();
        while let Some(error) = cause {
            if let Some(error) = error.downcast_ref::<io::Error>()
                && error.kind() == io::ErrorKind::ConnectionRefused
            {
                return true;
            }
            cause = error.source();
        }
        false
    }

    /// Whether the same call may succeed later. A write must then repeat its `request_id`: it may
    /// have happened.
    pub fn is_retryable(&self) -> bool {
        match self.0.code {
            // The store refuses writes until somebody makes room or mends the disk.
            Code::Unavailable => self.reason() != Some("STORE_READ_ONLY"),
            Code::DeadlineExceeded => true,
            Code::ResourceExhausted => {
                let crowded = ["TOO_MANY_WATCHES", "TOO_MANY_CONSUMERS"];
                self.0.retry_after.is_some()
                    || self.reason().is_some_and(|reason| crowded.contains(&reason))
            }
            Code::Aborted => matches!(self.reason(), Some("SLOW_CONSUMER" | "SESSION_EXPIRED")),
            Code::Ok
            | Code::Cancelled
            | Code::Unknown
            | Code::InvalidArgument
            | Code::NotFound
            | Code::AlreadyExists
            | Code::PermissionDenied
            | Code::FailedPrecondition
            | Code::OutOfRange
            | Code::Unimplemented
            | Code::Internal
            | Code::DataLoss
            | Code::Unauthenticated => false,
        }
    }

    /// What to do about it, where the reason says.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self.reason()? {
            "PAGE_TOKEN_MISMATCH" => {
                "a page token goes with the filter, order and view it was given for; \
                 start again without one"
            }
            "CURSOR_MISMATCH" => {
                "a cursor goes with the filter and view it was given for; watch with those, or \
                 start again without a cursor"
            }
            "TOKEN_MALFORMED" => "start again without the token or cursor",
            "REQUEST_ID_REUSED" => "give every new command a new request id",
            "AMBIGUOUS_ID" => "type more characters of the id",
            "CURSOR_EXPIRED" | "LOG_CHANGED" => {
                "start again without a cursor: a new snapshot shows what is there now"
            }
            "ETAG_MISMATCH" | "CONTENT_CHANGED" => {
                "look at the finding again, then decide on what it says now"
            }
            "SLOW_CONSUMER" => "read faster, or resume from the last cursor",
            "FINDING_MERGED" => {
                "decide about the finding that has its reports now: `merged_into` names it"
            }
            "REPORT_NOT_FOUND" => "the finding lists its reports, each with its key",
            "FINDING_NOT_FOUND" => {
                "it may have been removed by retention, or belong to another server"
            }
            "TOO_MANY_WATCHES" => "end a watch that nobody needs, or raise the server's limit",
            "SUBSCRIPTION_NOT_FOUND" => "list the subscriptions to see their names",
            "TOO_MANY_CONSUMERS" => "end a consumer that nobody needs, or try again in a moment",
            "OVERLOADED" | "DRAINING" => "try again in a moment",
            "STORE_READ_ONLY" => "the server's disk is full or failing: see its log",
            "REQUEST_TOO_LARGE" => "ask for less at once",
            "UNDECODABLE" | "UNKNOWN_METHOD" => "is the server as new as this client?",
            "INTERNAL" => "the cause is in the server's log, under the request id",
            _ => return None,
        })
    }
}

/// Whether a status was not said by a Muster server, but stands for a connection that failed or an
/// answer that was cut.
///
/// Every error of the API carries an `ErrorInfo`. tonic makes its own statuses without one: with
/// the transport's error as source; `Unknown` when a stream ends without a final status (hyper
/// hides the reset that ended it); `Internal` when it ends inside a message.
fn is_transport(status: &Status, from_muster: bool) -> bool {
    let inside_message = status.code() == Code::Internal
        && status.message().starts_with("Unexpected EOF decoding stream");
    !from_muster
        && (status.source().is_some()
            || matches!(status.code(), Code::Unknown | Code::Cancelled)
            || inside_message)
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.source().is_some() {
            // The source says the rest; tonic's message would say it twice.
            return write!(f, "{} failed: no answer from the server", self.0.operation);
        }
        write!(f, "{} failed: ", self.0.operation)?;
        f.write_str(if self.0.message.is_empty() {
            self.0.code.description()
        } else {
            &self.0.message
        })?;
        for violation in self.unsaid_violations() {
            write!(f, "; {}: {}", violation.field, violation.description)?;
        }
        Ok(())
    }
}

impl Error for CallError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.status.as_ref().and_then(Error::source)
    }
}

impl From<&tonic_types::FieldViolation> for FieldViolation {
    fn from(violation: &tonic_types::FieldViolation) -> Self {
        Self { field: violation.field.clone(), description: violation.description.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_types::ErrorDetails;

    fn muster_status(code: Code, reason: &str, mut details: ErrorDetails) -> Status {
        let facts = HashMap::from([("offset".to_owned(), "7".to_owned())]);
        details.set_error_info(reason, ERROR_DOMAIN, facts);
        Status::with_error_details(code, "what is wrong", details)
    }

    #[test]
    fn details_of_the_server_become_fields() {
        let mut details =
            ErrorDetails::with_bad_request_violation("filter", "expected an operator");
        details.set_retry_info(Some(Duration::from_secs(3)));
        let status = muster_status(Code::InvalidArgument, "INVALID_FILTER", details);

        let error = CallError::from_status("ListFindings", status);

        assert_eq!(error.code(), Code::InvalidArgument);
        assert_eq!(error.reason(), Some("INVALID_FILTER"));
        assert_eq!(error.metadata("offset"), Some("7"));
        assert_eq!(error.retry_after(), Some(Duration::from_secs(3)));
        assert_eq!(error.field_violations()[0].field, "filter");
        assert_eq!(
            error.to_string(),
            "ListFindings failed: what is wrong; filter: expected an operator"
        );
    }

    #[test]
    fn what_the_message_says_is_not_said_twice() {
        let details = ErrorDetails::with_bad_request_violation("id", "what is wrong");
        let status = muster_status(Code::InvalidArgument, "INVALID_FIELD", details);

        let error = CallError::from_status("GetFinding", status);

        assert_eq!(error.to_string(), "GetFinding failed: what is wrong");
    }

    #[test]
    fn an_error_of_the_transport_counts_as_unavailable() {
        let mut lost = Status::unknown("transport error");
        lost.set_source(std::sync::Arc::new(io::Error::from(io::ErrorKind::ConnectionRefused)));

        let error = CallError::from_status("ListFindings", lost);

        assert_eq!(error.code(), Code::Unavailable);
        assert!(error.is_retryable());
        assert!(error.is_connection_refused());
        assert_eq!(error.to_string(), "ListFindings failed: no answer from the server");
    }

    #[test]
    fn an_answer_cut_without_a_final_status_counts_as_unavailable() {
        for status in [
            Status::unknown("protocol error: missing grpc-status trailer"),
            Status::cancelled("h2 protocol error"),
            Status::internal("Unexpected EOF decoding stream."),
        ] {
            assert_eq!(CallError::from_status("WatchFindings", status).code(), Code::Unavailable);
        }
    }

    #[test]
    fn what_the_server_itself_calls_unknown_stays_unknown() {
        let status = muster_status(Code::Unknown, "NEW_REASON", ErrorDetails::new());

        let error = CallError::from_status("GetFinding", status);

        assert_eq!(error.code(), Code::Unknown);
        assert!(!error.is_retryable());
    }

    #[test]
    fn an_error_info_of_another_domain_is_not_ours() {
        let details =
            ErrorDetails::with_error_info("CURSOR_EXPIRED", "example.com", HashMap::new());
        let status = Status::with_error_details(Code::OutOfRange, "", details);

        let error = CallError::from_status("WatchFindings", status);

        assert_eq!(error.reason(), None);
        assert_eq!(error.hint(), None);
    }

    #[test]
    fn a_store_that_refuses_writes_is_not_asked_again() {
        let status = muster_status(Code::Unavailable, "STORE_READ_ONLY", ErrorDetails::new());

        assert!(!CallError::from_status("BatchTriageFindings", status).is_retryable());
    }

    #[test]
    fn every_reason_that_a_client_can_act_on_has_a_hint() {
        let without: Vec<&str> = (1..)
            .map_while(|number| muster_api::v1::ErrorReason::try_from(number).ok())
            .map(|reason| reason.as_str_name().trim_start_matches("ERROR_REASON_"))
            .filter(|reason| {
                let status = muster_status(Code::Aborted, reason, ErrorDetails::new());
                CallError::from_status("GetFinding", status).hint().is_none()
            })
            .collect();

        // Their messages name the field, the offset or the obstacle, or the call itself is the thing to repeat.
        assert_eq!(without, ["INVALID_FIELD", "INVALID_FILTER", "DEADLINE", "CANNOT_REGROUP"]);
    }
}
