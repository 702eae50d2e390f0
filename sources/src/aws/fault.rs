//! What a failed call left behind, read out of the SDK's error.
//!
//! AWS error codes are compared as text. The SDK models only some of them: `SubscriptionRequired`,
//! throttling and everything about credentials reach it as unknown codes.

use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use http_body_util::LengthLimitError;
use muster_core::report::bounded;

use crate::operations::Operation;
use crate::source::Fault;

/// The longest message kept, in bytes (2 KiB); longer ones are cut.
const MESSAGE_BYTES_MAX: usize = 2048;

/// How much of an answer that is no AWS error is quoted, in bytes.
const QUOTE_BYTES_MAX: usize = 120;

type WebIdentity = SdkError<AssumeRoleWithWebIdentityError, HttpResponse>;

/// The declared length of an answer is over the limit.
#[derive(Debug, thiserror::Error)]
#[error("the answer has {bytes} bytes, more than the limit of {}", super::BODY_BYTES_MAX)]
pub(crate) struct BodyTooLarge {
    pub(crate) bytes: u64,
}

/// What is known about a failed call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Evidence {
    /// The operation that failed: the one called, or the one that was to give it credentials.
    pub(crate) operation: Operation,
    pub(crate) fault: Fault,
    /// The AWS error code; empty when there was no answer or none in it.
    pub(crate) code: String,
    /// The HTTP status of the answer.
    pub(crate) status: Option<u16>,
    /// For people: AWS's own words, or the chain of causes.
    pub(crate) message: String,
}

impl Evidence {
    /// Reads an error of `operation`.
    pub(crate) fn of<E>(operation: Operation, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + StdError + 'static,
    {
        match error {
            SdkError::ServiceError(refused) => {
                Self::refused(operation, refused.err(), refused.raw())
            }
            SdkError::TimeoutError(_) => Self::broken(operation, Fault::TimedOut, error),
            SdkError::ResponseError(_) => Self::broken(operation, fault_of_response(error), error),
            SdkError::DispatchFailure(failure) => {
                if let Some(evidence) = Self::without_credentials(operation, error) {
                    return evidence;
                }
                let fault = if failure.is_timeout() { Fault::TimedOut } else { Fault::NoAnswer };
                Self::broken(operation, fault, error)
            }
            // Also what is newer than this program.
            _ => Self::without_credentials(operation, error)
                .unwrap_or_else(|| Self::broken(operation, Fault::Settings, error)),
        }
    }

    fn refused<E>(operation: Operation, error: &E, response: &HttpResponse) -> Self
    where
        E: ProvideErrorMetadata + StdError,
    {
        let status = response.status().as_u16();
        let code = error.code().unwrap_or_default().to_owned();
        let said = match (error.message(), code.is_empty()) {
            (Some(message), true) => message.to_owned(),
            (Some(message), false) => format!("{code}: {message}"),
            (None, false) => code.clone(),
            (None, true) => quote(response.body().bytes().unwrap_or_default()),
        };
        let request = response
            .headers()
            .get("x-amzn-requestid")
            .or_else(|| response.headers().get("x-amzn-request-id"))
            .map(|id| format!(", request {id}"))
            .unwrap_or_default();
        let message = cut(&format!("{said} (HTTP {status}{request})"));
        Self { operation, fault: Fault::Refused, code, status: Some(status), message }
    }

    fn broken(operation: Operation, fault: Fault, error: &(dyn StdError + 'static)) -> Self {
        let message = cut(&chain(error));
        Self { operation, fault, code: String::new(), status: None, message }
    }

    /// The failure to get credentials that lies under `error`, if that is what it is.
    fn without_credentials(operation: Operation, error: &(dyn StdError + 'static)) -> Option<Self> {
        if let Some(error) = find::<SdkError<AssumeRoleError, HttpResponse>>(error) {
            return Some(Self::of(Operation::AssumeRole, error));
        }
        if let Some(error) = find::<WebIdentity>(error) {
            return Some(Self { fault: Fault::Credentials, ..Self::of(operation, error) });
        }
        let message = chain(error);
        let timed_out = message.contains("identity resolver timed out");
        (timed_out || find::<CredentialsError>(error).is_some())
            .then(|| Self::broken(operation, Fault::Credentials, error))
    }
}

/// Whether a code means "too often".
///
/// Longer than the SDK's own list, which decides what it retries.
pub(crate) fn is_throttle(code: &str) -> bool {
    matches!(
        code,
        "TooManyRequestsException"
            | "TooManyRequests"
            | "Throttling"
            | "ThrottlingException"
            | "ThrottledException"
            | "RequestThrottled"
            | "RequestThrottledException"
            | "RequestLimitExceeded"
            | "LimitExceededException"
            | "BandwidthLimitExceeded"
            | "SlowDown"
    )
}

fn fault_of_response(error: &(dyn StdError + 'static)) -> Fault {
    if find::<LengthLimitError>(error).is_some() || find::<BodyTooLarge>(error).is_some() {
        Fault::BodyTooLarge
    } else if chain(error).contains("throughput") {
        // The SDK's protection against streams that stall; its error type is not public.
        Fault::TimedOut
    } else {
        Fault::BodyTruncated
    }
}

/// The first error of type `T` in a chain of causes.
fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// The chain of causes in one line.
///
/// Not the SDK's `DisplayErrorContext`: that appends a dump of request and answer, several
/// kilobytes that say nothing more to people.
fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let cause = error.to_string();
        if !text.ends_with(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
        next = error.source();
    }
    text
}

/// The beginning of an answer that is no AWS error, made printable.
pub(crate) fn quote(body: &[u8]) -> String {
    let start = body.get(..QUOTE_BYTES_MAX).unwrap_or(body);
    let text = String::from_utf8_lossy(start).escape_debug().to_string();
    if text.is_empty() {
        "an answer without content".to_owned()
    } else {
        format!("an answer that begins with `{text}`")
    }
}

fn cut(message: &str) -> String {
    bounded(message, MESSAGE_BYTES_MAX).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn the_chain_names_every_cause_once() {
        let error = Outer(std::io::Error::other("inner"));

        assert_eq!(chain(&error), "outer: inner");
        assert!(find::<std::io::Error>(&error).is_some());
        assert!(find::<LengthLimitError>(&error).is_none());
    }

    #[test]
    fn a_quote_is_short_and_printable() {
        assert_eq!(quote(b""), "an answer without content");
        assert_eq!(quote(b"<html>\n\x1b[31m"), r"an answer that begins with `<html>\n\u{1b}[31m`");
        assert!(quote(&[b'x'; 4096]).len() < 200);
    }
}
