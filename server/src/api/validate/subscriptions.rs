//! The requests of `SubscriptionService`.

use std::time::Duration;

use muster_api::v1 as wire;
use muster_api::v1::consume_request::Request as Consume;
use muster_core::change::ChangeKind;
use muster_core::ids::Revision;
use muster_core::subscription::{
    ACK_DEADLINE_MS, BACKOFF_MS, Key, OUTSTANDING_MAX, PARKED_MAX, REASON_BYTES_MAX, Settings,
    Verdict,
};
use muster_core::time::Millis;
use muster_core::triage::{Actor, COMMENT_BYTES_MAX};

use super::triage::{Caller, ETAG_BYTES_MAX};
use super::{ID_BYTES_MAX, Selection, Violations, detail, page_size, page_token, reads, shown};
use crate::api::convert::{self, Detail, millis};
use crate::api::cursor::CURSOR_BYTES_MAX;
use crate::api::error::ApiError;
use crate::subscriptions::{Act, ActKind, Image, Subscription};

/// The shortest name, in bytes.
const NAME_BYTES_MIN: usize = 3;

/// The longest name, in bytes.
pub(crate) const NAME_BYTES_MAX: usize = 63;

/// The longest description, in bytes.
pub(crate) const DESCRIPTION_BYTES_MAX: usize = 1024;

/// The most kinds in a list; more than there are.
pub(crate) const KINDS_MAX: usize = 16;

/// `ListSubscriptions`, `ListParkedChanges`: entries on a page unless asked otherwise, and at most.
pub(crate) const SUBSCRIPTIONS_SIZE: (usize, usize) = (100, 500);

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

/// A wanted `CreateSubscription`.
#[derive(Debug)]
pub(crate) struct Create {
    /// All but its log.
    pub(crate) subscription: Subscription,
    pub(crate) start: StartText,
    /// What a cursor must be bound to.
    pub(crate) query: [u8; 8],
}

/// Where a subscription begins, before it is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StartText {
    Snapshot,
    Oldest,
    Now,
    Cursor(String),
    Time(Millis),
}

/// Reads a `CreateSubscription`.
pub(crate) fn create(
    request: wire::CreateSubscriptionRequest,
    caller: &Caller,
) -> Result<Create, ApiError> {
    let mut violations = Violations::default();
    let name = name(&mut violations, "id", request.id);
    let config = request.config.unwrap_or_default();
    violations.text("config.description", &config.description, DESCRIPTION_BYTES_MAX);
    let mut part = Violations::default();
    let detail = detail(&mut part, config.view, Detail::Full);
    let kinds = kinds(&mut part, &config.kinds);
    let limits = Limits {
        outstanding_max: Some(config.max_outstanding).filter(|max| *max > 0),
        ack_deadline: config.ack_deadline,
        attempts_max: config.max_delivery_attempts,
        backoff_min: config.min_backoff,
        backoff_max: config.max_backoff,
    };
    let settings = limits.read(&mut part, Settings::default());
    if config.filter.len() > muster_core::filter::FILTER_BYTES_MAX {
        let bytes = config.filter.len();
        part.add("filter", format!("has {bytes} bytes, which is more than a filter may have"));
    }
    violations.add_at("config", part);
    let start = start(&mut violations, request.start);
    violations.or(())?;
    let selection = Selection::parse(&config.filter)?;
    let query = reads::watch_hash(&selection, detail);
    let subscription = Subscription {
        name,
        description: config.description,
        filter: selection.canonical,
        image: image(detail),
        kinds,
        settings,
        created: caller.now,
        version: 1,
        log_id: [0; 16],
        acts: vec![act(ActKind::Created, caller, String::new())],
    };
    Ok(Create { subscription, start, query })
}

/// Something that `caller` does.
pub(crate) fn act(kind: ActKind, caller: &Caller, comment: String) -> Act {
    let by = Actor { principal: caller.principal.clone(), on_behalf_of: String::new() };
    Act { kind, by, at: caller.now, comment, number: 0 }
}

fn image(detail: Detail) -> Image {
    match detail {
        Detail::Basic => Image::Basic,
        Detail::Full => Image::Full,
        Detail::Raw => Image::Raw,
    }
}

/// The kinds that are asked for; those that people act on when none is.
fn kinds(violations: &mut Violations, numbers: &[i32]) -> Vec<ChangeKind> {
    violations.count("kinds", numbers.len(), 0, KINDS_MAX);
    let mut kinds = Vec::new();
    for (index, number) in numbers.iter().take(KINDS_MAX).enumerate() {
        let kind = wire::ChangeKind::try_from(*number).ok().and_then(convert::kind_from_wire);
        if kind.is_none() {
            violations.add(&format!("kinds[{index}]"), format!("{number} is no ChangeKind"));
        }
        kinds.extend(kind);
    }
    if numbers.is_empty() {
        let quiet = [ChangeKind::Observed, ChangeKind::Rescored];
        kinds.extend(ChangeKind::ALL.into_iter().filter(|kind| !quiet.contains(kind)));
    }
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// The limits of a subscription, as far as they are given.
struct Limits {
    outstanding_max: Option<u32>,
    ack_deadline: Option<prost_types::Duration>,
    attempts_max: Option<u32>,
    backoff_min: Option<prost_types::Duration>,
    backoff_max: Option<prost_types::Duration>,
}

impl Limits {
    /// The settings, with those of `known` where nothing is given.
    fn read(self, violations: &mut Violations, known: Settings) -> Settings {
        let mut settings = known;
        if let Some(max) = self.outstanding_max {
            settings.outstanding_max = usize::try_from(max).unwrap_or(usize::MAX);
            if !(1..=OUTSTANDING_MAX).contains(&settings.outstanding_max) {
                violations.add("max_outstanding", format!("is {max}; give 1 to {OUTSTANDING_MAX}"));
            }
        }
        if let Some(max) = self.attempts_max {
            settings.attempts_max = max;
        }
        let spans = [
            ("ack_deadline", self.ack_deadline, ACK_DEADLINE_MS, &mut settings.ack_deadline_ms),
            ("min_backoff", self.backoff_min, BACKOFF_MS, &mut settings.backoff_min_ms),
            ("max_backoff", self.backoff_max, BACKOFF_MS, &mut settings.backoff_max_ms),
        ];
        for (field, given, (min, max), place) in spans {
            let Some(given) = given else { continue };
            let ms = convert::span_ms(given).unwrap_or_default();
            if !(min..=max).contains(&ms) {
                violations.add(field, format!("must be {min} ms to {max} ms"));
            }
            *place = ms;
        }
        if settings.backoff_min_ms > settings.backoff_max_ms {
            violations.add("min_backoff", "is longer than max_backoff");
        }
        settings
    }
}

fn start(violations: &mut Violations, start: Option<wire::StartFrom>) -> StartText {
    use wire::start_from::Position;
    let Some(position) = start.and_then(|start| start.position) else {
        return StartText::Snapshot;
    };
    match position {
        Position::At(at) => match wire::StartPosition::try_from(at) {
            Ok(wire::StartPosition::Unspecified | wire::StartPosition::Snapshot) => {
                StartText::Snapshot
            }
            Ok(wire::StartPosition::Oldest) => StartText::Oldest,
            Ok(wire::StartPosition::Now) => StartText::Now,
            Err(_) => {
                violations.add("start.at", format!("{at} is no StartPosition"));
                StartText::Snapshot
            }
        },
        Position::Cursor(text) => {
            violations.text("start.cursor", &text, CURSOR_BYTES_MAX);
            StartText::Cursor(text)
        }
        Position::Time(time) => {
            let time = millis(time);
            if time.is_none() {
                violations.add("start.time", "is no point in time in the years 1 to 9999");
            }
            StartText::Time(time.unwrap_or_default())
        }
    }
}

/// Reads a name: letters, digits and dashes.
fn name(violations: &mut Violations, field: &str, text: String) -> String {
    let begins = text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !(begins
        && (NAME_BYTES_MIN..=NAME_BYTES_MAX).contains(&text.len())
        && text.bytes().all(plain))
    {
        let shown = shown(&text);
        violations
            .add(field, format!("`{shown}` is no name of a subscription ([a-z][a-z0-9-]{{2,62}})"));
    }
    text
}

/// Reads a `GetSubscription`.
pub(crate) fn get(request: wire::GetSubscriptionRequest) -> Result<String, ApiError> {
    let mut violations = Violations::default();
    let name = name(&mut violations, "id", request.id);
    violations.or(name)
}

/// A wanted page.
#[derive(Debug)]
pub(crate) struct List {
    /// Of which subscription; empty for the list of them.
    pub(crate) name: String,
    pub(crate) limit: usize,
    pub(crate) page_token: String,
}

/// Reads a `ListSubscriptions`.
pub(crate) fn list(request: wire::ListSubscriptionsRequest) -> Result<List, ApiError> {
    let mut violations = Violations::default();
    let (default, max) = SUBSCRIPTIONS_SIZE;
    let limit = page_size(&mut violations, "page_size", request.page_size, default, max);
    let page_token = page_token(&mut violations, request.page_token);
    violations.or(List { name: String::new(), limit, page_token })
}

/// Reads a `ListParkedChanges`.
pub(crate) fn list_parked(request: wire::ListParkedChangesRequest) -> Result<List, ApiError> {
    let mut violations = Violations::default();
    let name = name(&mut violations, "subscription_id", request.subscription_id);
    let (default, max) = SUBSCRIPTIONS_SIZE;
    let limit = page_size(&mut violations, "page_size", request.page_size, default, max);
    let page_token = page_token(&mut violations, request.page_token);
    violations.or(List { name, limit, page_token })
}

/// A wanted `UpdateSubscription`.
#[derive(Debug)]
pub(crate) struct Update {
    pub(crate) name: String,
    pub(crate) etag: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) settings: Settings,
    pub(crate) act: Act,
}

/// Reads an `UpdateSubscription` of a subscription that has these settings.
pub(crate) fn update(
    request: wire::UpdateSubscriptionRequest,
    known: Settings,
    caller: &Caller,
) -> Result<Update, ApiError> {
    let mut violations = Violations::default();
    let name = name(&mut violations, "id", request.id);
    let etag = etag(&mut violations, request.etag);
    let description = request.description;
    if let Some(description) = &description {
        violations.text("description", description, DESCRIPTION_BYTES_MAX);
    }
    let limits = Limits {
        outstanding_max: request.max_outstanding,
        ack_deadline: request.ack_deadline,
        attempts_max: request.max_delivery_attempts,
        backoff_min: request.min_backoff,
        backoff_max: request.max_backoff,
    };
    let settings = limits.read(&mut violations, known);
    let act = act(ActKind::Updated, caller, String::new());
    violations.or(Update { name, etag, description, settings, act })
}

fn etag(violations: &mut Violations, text: String) -> Option<String> {
    violations.text("etag", &text, ETAG_BYTES_MAX);
    Some(text).filter(|text| !text.is_empty())
}

/// Reads a `DeleteSubscription`: which, and under which etag.
pub(crate) fn delete(
    request: wire::DeleteSubscriptionRequest,
) -> Result<(String, Option<String>), ApiError> {
    let mut violations = Violations::default();
    let name = name(&mut violations, "id", request.id);
    let etag = etag(&mut violations, request.etag);
    violations.or((name, etag))
}

/// A wanted `ResetSubscription`.
#[derive(Debug)]
pub(crate) struct Reset {
    pub(crate) name: String,
    pub(crate) start: StartText,
    pub(crate) expected_floor: Revision,
    pub(crate) act: Act,
}

/// Reads a `ResetSubscription`.
pub(crate) fn reset(
    request: wire::ResetSubscriptionRequest,
    caller: &Caller,
) -> Result<Reset, ApiError> {
    let mut violations = Violations::default();
    let name = name(&mut violations, "id", request.id);
    let start = start(&mut violations, request.start);
    violations.text("comment", &request.comment, COMMENT_BYTES_MAX);
    if request.comment.trim().is_empty() {
        violations.add("comment", "is missing; say why the position is moved");
    }
    let expected_floor = Revision(request.expected_ack_floor);
    let act = act(ActKind::Reset, caller, request.comment);
    violations.or(Reset { name, start, expected_floor, act })
}

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

/// A wanted `ResolveParkedChanges`.
#[derive(Debug)]
pub(crate) struct Resolve {
    pub(crate) name: String,
    /// Empty means all.
    pub(crate) keys: Vec<Key>,
    pub(crate) act: Act,
}

/// Reads a `ResolveParkedChanges`.
pub(crate) fn resolve(
    request: wire::ResolveParkedChangesRequest,
    caller: &Caller,
) -> Result<Resolve, ApiError> {
    let mut violations = Violations::default();
    let name = name(&mut violations, "subscription_id", request.subscription_id);
    violations.count("ids", request.ids.len(), 0, PARKED_MAX);
    violations.text("comment", &request.comment, COMMENT_BYTES_MAX);
    let mut keys = Vec::new();
    for (index, text) in request.ids.iter().take(PARKED_MAX).enumerate() {
        let short = Some(text).filter(|text| text.len() <= ID_BYTES_MAX);
        let key = short.and_then(|text| key(text));
        if key.is_none() {
            let shown = shown(text);
            violations.add(
                &format!("ids[{index}]"),
                format!("`{shown}` is no parked change (a revision or a finding id)"),
            );
        }
        keys.extend(key);
    }
    let kind = match wire::ParkedResolution::try_from(request.resolution) {
        Ok(wire::ParkedResolution::Redeliver) => ActKind::Redelivered,
        Ok(wire::ParkedResolution::Discard) => ActKind::Discarded,
        Ok(wire::ParkedResolution::Unspecified) | Err(_) => {
            violations.add("resolution", "is missing; say REDELIVER or DISCARD");
            ActKind::Redelivered
        }
    };
    if kind == ActKind::Discarded && request.comment.trim().is_empty() {
        violations.add("comment", "is missing; say why they are dropped");
    }
    let act = act(kind, caller, request.comment);
    violations.or(Resolve { name, keys, act })
}

/// What the id of a parked change names.
pub(crate) fn key(text: &str) -> Option<Key> {
    if let Ok(id) = text.parse() {
        return Some(Key::Snapshot(id));
    }
    text.parse().ok().map(|revision| Key::Change(Revision(revision)))
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
