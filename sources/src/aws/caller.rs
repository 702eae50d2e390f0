//! Makes one call: waits for its turn, keeps the bytes of the answer, judges the failure.

use std::error::Error as StdError;
use std::sync::Arc;

use aws_config::SdkConfig;
use aws_sdk_sts::config::retry::{RetryPartition, TokenBucket};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use bytes::Bytes;
use muster_core::ids::Region;

use super::capture::Capture;
use super::credentials::Origin;
use super::fault::{Evidence, quote};
use super::pacing::{Pacer, Scope};
use super::verdict::{Site, judge};
use crate::document::BodyError;
use crate::operations::Operation;
use crate::source::{Fault, SourceError};

/// How many retries may be owed at once, in the SDK's units: five or more each.
const RETRY_QUOTA: usize = 500;

/// How fast the quota grows again: a retry in five to fourteen seconds.
const RETRY_QUOTA_PER_SECOND: f32 = 1.0;

/// The bytes of an answer, and what they cost.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) body: Bytes,
    /// How many attempts AWS throttled before it answered.
    pub(crate) throttled: u32,
    /// Who answered: scheme and authority.
    endpoint: String,
}

/// Calls AWS in one account and Region.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    config: SdkConfig,
    retries: RetryPartition,
    scope: Scope,
    pacer: Arc<dyn Pacer>,
    origin: Origin,
}

impl Caller {
    pub(crate) fn new(
        config: SdkConfig,
        scope: Scope,
        pacer: Arc<dyn Pacer>,
        origin: Origin,
    ) -> Self {
        Self { config, retries: retry_quota(&scope), scope, pacer, origin }
    }

    /// What clients are made from, together with [`Self::retries`].
    pub(crate) fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// The quota that the calls' retries share.
    pub(crate) fn retries(&self) -> RetryPartition {
        self.retries.clone()
    }

    /// The Region asked.
    pub(crate) fn region(&self) -> &Region {
        &self.scope.region
    }

    /// Makes a call that has been built; `send` attaches the interceptor and sends it.
    pub(crate) async fn call<O, E, F>(
        &self,
        operation: Operation,
        send: impl FnOnce(Capture) -> F,
    ) -> Result<Answer, SourceError>
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
        F: Future<Output = Result<O, SdkError<E, HttpResponse>>>,
    {
        self.pacer.admit(&self.scope, operation).await;
        let capture = Capture::new::<E>(operation, self.scope.clone(), Arc::clone(&self.pacer));
        let outcome = Box::pin(send(capture.clone())).await.map(drop);
        let seen = capture.take();
        match outcome {
            Ok(()) => {
                let body = seen.body.unwrap_or_default();
                tracing::debug!(
                    operation = operation.name(),
                    region = %self.scope.region,
                    bytes = body.len(),
                    throttled = seen.throttled,
                    "aws answered"
                );
                Ok(Answer { body, throttled: seen.throttled, endpoint: seen.endpoint })
            }
            Err(error) => Err(self.judge(Evidence::of(operation, &error), &seen.endpoint)),
        }
    }

    /// Makes a call whose typed answer is wanted: none of those that read findings. With the `Date` that
    /// AWS wrote over the answer.
    pub(crate) async fn call_typed<O, E, F>(
        &self,
        operation: Operation,
        send: impl FnOnce(Capture) -> F,
    ) -> Result<(O, String), SourceError>
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
        F: Future<Output = Result<O, SdkError<E, HttpResponse>>>,
    {
        self.pacer.admit(&self.scope, operation).await;
        let pacer = Arc::clone(&self.pacer);
        let capture = Capture::observing::<E>(operation, self.scope.clone(), pacer);
        let outcome = Box::pin(send(capture.clone())).await;
        let seen = capture.take();
        match outcome {
            Ok(answer) => Ok((answer, seen.date)),
            Err(error) => Err(self.judge(Evidence::of(operation, &error), &seen.endpoint)),
        }
    }

    /// An answer that is not what the operation answers.
    pub(crate) fn unreadable(
        &self,
        operation: Operation,
        error: &BodyError,
        answer: &Answer,
    ) -> SourceError {
        let message = format!("{}: {}", error.message, quote(&answer.body));
        self.judge(fault(operation, Fault::BodyUnreadable, message), &answer.endpoint)
    }

    /// A failure that no call made.
    pub(crate) fn fault(&self, operation: Operation, kind: Fault, message: String) -> SourceError {
        self.judge(fault(operation, kind, message), "")
    }

    fn judge(&self, evidence: Evidence, endpoint: &str) -> SourceError {
        let site = Site {
            account: self.scope.account,
            region: &self.scope.region,
            endpoint,
            origin: &self.origin,
        };
        judge(evidence, &site)
    }
}

/// A quota of retries of its own.
///
/// The SDK's default one is shared by all accounts in a Region, and grows again only with successes:
/// an account that fails for long would leave the others without retries, and itself for long after.
fn retry_quota(scope: &Scope) -> RetryPartition {
    let bucket =
        TokenBucket::builder().capacity(RETRY_QUOTA).refill_rate(RETRY_QUOTA_PER_SECOND).build();
    RetryPartition::custom(format!("muster-{}", scope.region)).token_bucket(bucket).build()
}

fn fault(operation: Operation, fault: Fault, message: String) -> Evidence {
    Evidence { operation, fault, code: String::new(), status: None, message }
}
