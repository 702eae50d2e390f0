//! The requests of `SubscriptionService`.

mod consume;

use muster_api::v1 as wire;
use muster_core::change::ChangeKind;
use muster_core::ids::Revision;
use muster_core::subscription::{
    ACK_DEADLINE_MS, BACKOFF_MS, Key, OUTSTANDING_MAX, PARKED_MAX, Settings,
};
use muster_core::time::Millis;
use muster_core::triage::{Actor, COMMENT_BYTES_MAX};

#[cfg(test)]
pub(crate) use self::consume::{ACK_ID_BYTES_MAX, ACKS_MAX};
pub(crate) use self::consume::{
    AckText, Credit, PULL_SIZE, PULL_WAIT_MAX, Pull, Said, ack_changes, consume, pull,
};
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
