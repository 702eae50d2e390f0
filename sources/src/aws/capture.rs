//! Takes the bytes of an answer before the SDK parses them.
//!
//! The SDK's typed outputs drop what they do not know, refuse a page for one odd document, and need
//! more than 8 MiB of stack for a page of ASFF in an unoptimised build. So an interceptor wraps the
//! body of a success: the bytes go into the capture, and the SDK's deserialiser finds an empty
//! object. Everything else stays as the SDK does it: signing, reading the body, its timeouts and
//! its protection against stalls, retries (also after a body that broke off), and errors.

use std::error::Error as StdError;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextMut, BeforeTransmitInterceptorContextRef, Error,
    FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame};
use http_body_util::Limited;

use super::fault::{BodyTooLarge, is_throttle};
use super::pacing::{Pacer, Scope};
use crate::operations::Operation;

/// The largest answer that is read, in bytes (64 MiB).
///
/// A page of 100 findings of 240 KB, the most that Security Hub allows, has 24 MB. A larger answer
/// fails the call with [`Fault::BodyTooLarge`](crate::source::Fault::BodyTooLarge).
pub const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// What the SDK's deserialiser finds instead of the answer. All operations accept it.
const STUB: &[u8] = b"{}";

/// Reads the AWS error code out of an operation's error; made for the error type of one operation.
type CodeOf = fn(&Error) -> Option<&str>;

/// The interceptor of one call, and what it saw.
#[derive(Clone, Debug)]
pub(crate) struct Capture(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    operation: Operation,
    scope: Scope,
    pacer: Arc<dyn Pacer>,
    code_of: CodeOf,
    /// Whether the body of a success is kept from the SDK.
    divert: bool,
    seen: Mutex<Seen>,
}

/// What a call saw.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// The body of the success.
    pub(crate) body: Option<Bytes>,
    /// How many attempts were throttled.
    pub(crate) throttled: u32,
    /// Scheme and authority of the endpoint; empty when nothing was sent.
    pub(crate) endpoint: String,
    /// The `Date` of the last answer, as it was written; empty without one.
    pub(crate) date: String,
}

impl Capture {
    /// Takes the body.
    pub(crate) fn new<E>(operation: Operation, scope: Scope, pacer: Arc<dyn Pacer>) -> Self
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        Self::with_divert::<E>(operation, scope, pacer, true)
    }

    /// Leaves the body to the SDK, for a typed output.
    pub(crate) fn observing<E>(operation: Operation, scope: Scope, pacer: Arc<dyn Pacer>) -> Self
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        Self::with_divert::<E>(operation, scope, pacer, false)
    }

    fn with_divert<E>(
        operation: Operation,
        scope: Scope,
        pacer: Arc<dyn Pacer>,
        divert: bool,
    ) -> Self
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        let code_of: CodeOf = |error| error.downcast_ref::<E>()?.code();
        let seen = Mutex::default();
        Self(Arc::new(Shared { operation, scope, pacer, code_of, divert, seen }))
    }

    /// What was seen so far, taken out.
    pub(crate) fn take(&self) -> Seen {
        self.with(mem::take)
    }

    fn with<T>(&self, act: impl FnOnce(&mut Seen) -> T) -> T {
        act(&mut self.0.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[dyn_dispatch_hint]
impl Intercept for Capture {
    fn name(&self) -> &'static str {
        "Capture"
    }

    /// Before each attempt: where it goes, for the error that it may end in.
    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let endpoint = endpoint_of(context.request().uri());
        self.with(|seen| seen.endpoint = endpoint);
        Ok(())
    }

    /// Before the body is read: limits it, and diverts that of a success.
    ///
    /// A declared length over the limit fails at once and is not retried; an undeclared one fails
    /// where it passes the limit.
    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response_mut();
        let date = response.headers().get("date").unwrap_or_default().to_owned();
        self.with(|seen| seen.date = date);
        let declared = response.headers().get("content-length").and_then(|text| text.parse().ok());
        if let Some(bytes) = declared.filter(|bytes| *bytes > BODY_BYTES_MAX as u64) {
            return Err(Box::new(BodyTooLarge { bytes }));
        }
        let divert = self.0.divert && response.status().is_success();
        let body = mem::replace(response.body_mut(), SdkBody::taken());
        let body = Limited::new(body, BODY_BYTES_MAX);
        *response.body_mut() = if divert {
            SdkBody::from_body_1_x(Diverted::new(body, self.clone()))
        } else {
            SdkBody::from_body_1_x(body)
        };
        Ok(())
    }

    /// After each attempt: tells the pacer of throttling, also where the SDK will try again.
    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(Err(error)) = context.output_or_error() else {
            return Ok(());
        };
        let code = error.as_operation_error().and_then(self.0.code_of);
        let status = context.response().map(|response| response.status().as_u16());
        if code.is_some_and(is_throttle) || status == Some(429) {
            self.with(|seen| seen.throttled += 1);
            self.0.pacer.throttled(&self.0.scope, self.0.operation);
        }
        Ok(())
    }
}

/// A body that goes into the capture and looks like [`STUB`] to its reader.
#[derive(Debug)]
struct Diverted {
    body: Pin<Box<Limited<SdkBody>>>,
    bytes: BytesMut,
    capture: Capture,
    done: bool,
}

impl Diverted {
    fn new(body: Limited<SdkBody>, capture: Capture) -> Self {
        Self { body: Box::pin(body), bytes: BytesMut::new(), capture, done: false }
    }
}

impl Body for Diverted {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.done {
            return Poll::Ready(None);
        }
        loop {
            match ready!(self.body.as_mut().poll_frame(context)) {
                Some(Ok(frame)) => {
                    if let Some(data) = frame.data_ref() {
                        self.bytes.extend_from_slice(data);
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => {
                    self.done = true;
                    let bytes = mem::take(&mut self.bytes).freeze();
                    self.capture.with(|seen| seen.body = Some(bytes));
                    return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(STUB)))));
                }
            }
        }
    }
}

/// Scheme and authority of an address: no path, so no account or detector id in error texts.
fn endpoint_of(uri: &str) -> String {
    let authority_from = uri.find("://").map_or(0, |at| at + 3);
    let end = uri
        .get(authority_from..)
        .and_then(|rest| rest.find(['/', '?']))
        .map_or(uri.len(), |at| authority_from + at);
    uri.get(..end).unwrap_or(uri).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_has_no_path() {
        assert_eq!(endpoint_of("http://127.0.0.1:80/findings?x=1"), "http://127.0.0.1:80");
        assert_eq!(endpoint_of("https://a.amazonaws.com"), "https://a.amazonaws.com");
        assert_eq!(endpoint_of("/findings"), "");
    }
}
