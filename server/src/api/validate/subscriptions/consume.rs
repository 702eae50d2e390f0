//! What consumers say: pulls, acks and the messages of a session.

use std::time::Duration;

use muster_api::v1 as wire;
use muster_api::v1::consume_request::Request as Consume;
use muster_core::subscription::{BACKOFF_MS, OUTSTANDING_MAX, REASON_BYTES_MAX, Verdict};

use super::name;
use crate::api::error::ApiError;
use crate::api::validate::{Violations, page_size};

/// `PullChanges`: deliveries unless asked otherwise, and at most.
pub(crate) const PULL_SIZE: (usize, usize) = (100, 1000);

/// The longest that `PullChanges` waits.
pub(crate) const PULL_WAIT_MAX: Duration = Duration::from_secs(55);

/// The most acks in one call or message.
pub(crate) const ACKS_MAX: usize = 1000;

/// The longest ack id, in bytes.
pub(crate) const ACK_ID_BYTES_MAX: usize = 80;

/// The bytes of unsettled deliveries on a stream unless asked otherwise (8 MiB).
const CREDIT_BYTES: u64 = 8 * 1024 * 1024;

/// A wanted `PullChanges`.
#[derive(Debug)]
pub(crate) struct Pull {
    pub(crate) name: String,
    pub(crate) limit: usize,
    pub(crate) wait: Duration,
}

/// Reads a `PullChanges`.
pub(crate) fn pull(request: wire::PullChangesRequest) -> Result<Pull, ApiError> {
    let mut violations = Violations::default();
    let name = name(&mut violations, "subscription_id", request.subscription_id);
    let (default, max) = PULL_SIZE;
    let limit = page_size(&mut violations, "max_deliveries", request.max_deliveries, default, max);
    let wait = Duration::try_from(request.wait.unwrap_or_default()).unwrap_or(Duration::MAX);
    if wait > PULL_WAIT_MAX {
        violations.add("wait", format!("must be 0 to {} s", PULL_WAIT_MAX.as_secs()));
    }
    violations.or(Pull { name, limit, wait })
}

/// What a client says of one delivery.
#[derive(Debug)]
pub(crate) struct AckText {
    pub(crate) ack_id: String,
    pub(crate) verdict: Verdict,
}

/// Reads an `AckChanges`: of which subscription, and what is said.
pub(crate) fn ack_changes(
    request: wire::AckChangesRequest,
) -> Result<(String, Vec<AckText>), ApiError> {
    let mut violations = Violations::default();
    let name = name(&mut violations, "subscription_id", request.subscription_id);
    let acks = acks(&mut violations, "acks", request.acks);
    violations.or((name, acks))
}

fn acks(violations: &mut Violations, list: &str, acks: Vec<wire::Ack>) -> Vec<AckText> {
    violations.count(list, acks.len(), 1, ACKS_MAX);
    let mut read = Vec::with_capacity(acks.len().min(ACKS_MAX));
    for (index, ack) in acks.into_iter().take(ACKS_MAX).enumerate() {
        let mut part = Violations::default();
        part.text("ack_id", &ack.ack_id, ACK_ID_BYTES_MAX);
        let verdict = verdict(&mut part, ack.verdict);
        violations.add_at(&format!("{list}[{index}]"), part);
        read.extend(verdict.map(|verdict| AckText { ack_id: ack.ack_id, verdict }));
    }
    read
}

fn verdict(violations: &mut Violations, given: Option<wire::ack::Verdict>) -> Option<Verdict> {
    use wire::ack::Verdict as Given;
    match given {
        Some(Given::Done(_)) => Some(Verdict::Done),
        Some(Given::Retry(retry)) => {
            violations.text("retry.reason", &retry.reason, REASON_BYTES_MAX);
            let delay_ms = retry.delay.map(|delay| {
                let delay = Duration::try_from(delay).ok();
                let ms = delay.and_then(|delay| i64::try_from(delay.as_millis()).ok());
                ms.filter(|ms| *ms <= BACKOFF_MS.1)
            });
            if delay_ms == Some(None) {
                violations.add("retry.delay", "must be 0 to 24 h");
            }
            Some(Verdict::Retry { delay_ms: delay_ms.flatten(), reason: retry.reason })
        }
        Some(Given::Reject(reject)) => {
            violations.text("reject.reason", &reject.reason, REASON_BYTES_MAX);
            Some(Verdict::Reject { reason: reject.reason })
        }
        None => {
            violations.add("verdict", "is missing; set done, retry or reject");
            None
        }
    }
}

/// How much may be unsettled on a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Credit {
    pub(crate) deliveries: usize,
    pub(crate) bytes: usize,
}

/// A message of a consumer.
#[derive(Debug)]
pub(crate) enum Said {
    Open(String, Credit),
    Acks(Vec<AckText>),
    Credit(Credit),
    KeepAlive,
}

/// Reads a message of a consumer.
pub(crate) fn consume(request: wire::ConsumeRequest) -> Result<Said, ApiError> {
    let mut violations = Violations::default();
    let said = match request.request {
        Some(Consume::Open(open)) => {
            let name = name(&mut violations, "open.subscription_id", open.subscription_id);
            Said::Open(name, credit(open.credit))
        }
        Some(Consume::Acks(batch)) => Said::Acks(acks(&mut violations, "acks.acks", batch.acks)),
        Some(Consume::Credit(given)) => Said::Credit(credit(Some(given))),
        Some(Consume::KeepAlive(_)) => Said::KeepAlive,
        None => {
            violations.add("request", "is missing; set one");
            Said::KeepAlive
        }
    };
    violations.or(said)
}

fn credit(given: Option<wire::consume_request::Credit>) -> Credit {
    let (deliveries, bytes) = match given {
        None => (OUTSTANDING_MAX, 0),
        Some(given) => (given.max_deliveries as usize, given.max_bytes),
    };
    let bytes = if bytes == 0 { CREDIT_BYTES } else { bytes };
    Credit { deliveries, bytes: usize::try_from(bytes).unwrap_or(usize::MAX) }
}
