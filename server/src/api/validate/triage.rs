//! The requests of `TriageService`, and who sends them.

use std::collections::HashMap;

use muster_api::ACTOR_METADATA;
use muster_api::v1 as wire;
use muster_api::v1::triage_action::{Action, snooze, suppress};
use muster_core::plan::Command;
use muster_core::time::Millis;
use muster_core::triage::{Actor, COMMENT_BYTES_MAX, NAME_BYTES_MAX, TriageAction, TriageReason};
use prost::Message;
use sha2::{Digest, Sha256};
use tonic::metadata::MetadataMap;

use super::{IDS_MAX, Violations, full_id, shown};
use crate::api::convert::{millis, reason_from_wire, span_ms};
use crate::api::error::ApiError;
use crate::writer::Decision;

/// The longest etag, in bytes; ours are shorter.
pub(crate) const ETAG_BYTES_MAX: usize = 64;

/// The longest request id, in bytes: a UUID, with room for the forms it is written in.
pub(crate) const REQUEST_ID_BYTES_MAX: usize = 64;

/// The most commands in one batch.
pub(crate) const BATCH_MAX: usize = IDS_MAX;

/// Who calls when nobody says so.
const ANONYMOUS: &str = "user:anonymous";

/// The first parts of principals that only the server itself may use.
const OURS: [&str; 2] = ["system", "source"];

/// When a call is made, and by whom.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The principal, from the metadata.
    pub(crate) principal: String,
    /// The server's clock when the call came.
    pub(crate) now: Millis,
}

/// Reads who calls from the metadata of a call.
///
/// It is a claim and not a proof; it still may not look like one of the server's own actors, or the
/// history of a finding could not be trusted.
pub(crate) fn principal(metadata: &MetadataMap) -> Result<String, ApiError> {
    let Some(value) = metadata.get(ACTOR_METADATA) else { return Ok(ANONYMOUS.to_owned()) };
    let error = |what: String| ApiError::field(ACTOR_METADATA, what);
    let text = value.to_str().map_err(|_| error("is not plain ASCII".to_owned()))?;
    if text.len() > NAME_BYTES_MAX {
        return Err(error(format!("has {} bytes; at most {NAME_BYTES_MAX}", text.len())));
    }
    let parts = text.split_once(':').filter(|(kind, name)| {
        !kind.is_empty()
            && kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
            && !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_graphic())
    });
    match parts {
        None => Err(error(format!(
            "`{}` is no principal; write it like user:alice or integration:tickets",
            shown(text)
        ))),
        Some((kind, _)) if OURS.contains(&kind) => {
            Err(error(format!("`{kind}:` is for the server itself; use user: or integration:")))
        }
        Some(_) => Ok(text.to_owned()),
    }
}

/// A request id with the hash of what is asked, so that a repeat is known.
pub(crate) type RequestKey = (String, [u8; 32]);

/// A wanted `TriageFinding`.
#[derive(Debug)]
pub(crate) struct Triage {
    pub(crate) decision: Decision,
    pub(crate) request: Option<RequestKey>,
}

/// Reads a `TriageFinding`.
pub(crate) fn triage(
    request: &wire::TriageFindingRequest,
    caller: &Caller,
) -> Result<Triage, ApiError> {
    let mut violations = Violations::default();
    let id = request_id(&mut violations, &request.request_id);
    let key = id.clone().map(|id| (id, request_hash("TriageFinding", request, caller)));
    match decision(request, id.unwrap_or_default(), caller) {
        Ok(decision) => violations.or(Triage { decision, request: key }),
        Err(mut found) => {
            found.merge(violations);
            Err(ApiError::Invalid(found))
        }
    }
}

/// A wanted `BatchTriageFindings`.
#[derive(Debug)]
pub(crate) struct BatchTriage {
    /// In the order of the call; what is wrong with one of an INDEPENDENT batch is its outcome.
    pub(crate) decisions: Vec<Result<Decision, Violations>>,
    pub(crate) atomic: bool,
    pub(crate) request: Option<RequestKey>,
}

/// Reads a `BatchTriageFindings`.
pub(crate) fn batch_triage(
    request: &wire::BatchTriageFindingsRequest,
    caller: &Caller,
) -> Result<BatchTriage, ApiError> {
    let mut violations = Violations::default();
    let atomic = match wire::BatchMode::try_from(request.mode) {
        Ok(wire::BatchMode::Unspecified | wire::BatchMode::Atomic) => true,
        Ok(wire::BatchMode::Independent) => false,
        Err(_) => {
            violations.add("mode", format!("{} is no BatchMode", request.mode));
            true
        }
    };
    let id = request_id(&mut violations, &request.request_id);
    let key = id.clone().map(|id| (id, request_hash("BatchTriageFindings", request, caller)));
    violations.count("requests", request.requests.len(), 1, BATCH_MAX);
    alone(&mut violations, &request.requests);
    let mut decisions = Vec::new();
    for (index, item) in request.requests.iter().take(BATCH_MAX).enumerate() {
        let decision = decision(item, id.clone().unwrap_or_default(), caller);
        match decision {
            Err(found) if atomic => violations.add_at(&format!("requests[{index}]"), found),
            decision => decisions.push(decision),
        }
    }
    violations.or(BatchTriage { decisions, atomic, request: key })
}

/// What is wrong with a batch as a whole: a finding that is there twice, an id of one item.
fn alone(violations: &mut Violations, items: &[wire::TriageFindingRequest]) {
    let mut seen = HashMap::new();
    for (index, item) in items.iter().take(BATCH_MAX).enumerate() {
        if let Some(first) = seen.insert(&item.finding_id, index) {
            let field = format!("requests[{index}].finding_id");
            violations.add(&field, format!("is the finding of requests[{first}] again"));
        }
        if !item.request_id.is_empty() {
            let field = format!("requests[{index}].request_id");
            violations.add(&field, "must be empty: the batch has one id for all");
        }
    }
}

/// Reads one command.
fn decision(
    request: &wire::TriageFindingRequest,
    request_id: String,
    caller: &Caller,
) -> Result<Decision, Violations> {
    let mut violations = Violations::default();
    let finding = full_id(&mut violations, "finding_id", &request.finding_id);
    violations.text("comment", &request.comment, COMMENT_BYTES_MAX);
    violations.text("etag", &request.etag, ETAG_BYTES_MAX);
    violations.text("on_behalf_of", &request.on_behalf_of, NAME_BYTES_MAX);
    let asked = request.action.as_ref().and_then(|action| action.action.as_ref());
    if asked.is_none() {
        violations.add("action", "is missing; set one command");
    }
    let action = asked.and_then(|asked| action(&mut violations, asked, caller.now));
    let (Some(finding), Some(action), true) = (finding, action, violations.is_empty()) else {
        return Err(violations);
    };
    let actor =
        Actor { principal: caller.principal.clone(), on_behalf_of: request.on_behalf_of.clone() };
    let command = Command { action, comment: request.comment.clone(), actor, request_id };
    Ok(Decision {
        finding,
        command,
        etag: Some(request.etag.clone()).filter(|etag| !etag.is_empty()),
        content_version: request.expected_content_version,
    })
}

/// Reads what to do. Which reasons and times are allowed is for `muster_core::triage` to say.
fn action(violations: &mut Violations, action: &Action, now: Millis) -> Option<TriageAction> {
    match action {
        Action::Acknowledge(_) => Some(TriageAction::Acknowledge),
        Action::Start(_) => Some(TriageAction::Start),
        Action::Snooze(snooze) => {
            let until = match snooze.until {
                Some(snooze::Until::UntilTime(time)) => {
                    time_field(violations, "action.snooze.until_time", millis(time))
                }
                Some(snooze::Until::Duration(span)) => {
                    span_field(violations, "action.snooze.duration", span, now)
                }
                None => {
                    violations.add("action.snooze", "needs until_time or duration");
                    None
                }
            };
            Some(TriageAction::Snooze { until: until? })
        }
        Action::Suppress(suppress) => {
            let until = match suppress.until {
                Some(suppress::Until::ExpireTime(time)) => {
                    time_field(violations, "action.suppress.expire_time", millis(time))
                }
                Some(suppress::Until::Duration(span)) => {
                    span_field(violations, "action.suppress.duration", span, now)
                }
                None => {
                    violations.add("action.suppress", "needs expire_time or duration");
                    None
                }
            };
            let reason = reason_field(violations, "action.suppress.reason", suppress.reason);
            if reason == Some(None) {
                violations.add("action.suppress.reason", "is missing; say why");
            }
            Some(TriageAction::Suppress { reason: reason??, until: until? })
        }
        Action::Done(done) => {
            let reason = reason_field(violations, "action.done.reason", done.reason)?;
            Some(TriageAction::Done { reason: reason.unwrap_or(TriageReason::Fixed) })
        }
        Action::Reopen(_) => Some(TriageAction::Reopen),
        Action::Assign(assign) => {
            violations.text("action.assign.assignee", &assign.assignee, NAME_BYTES_MAX);
            Some(TriageAction::Assign { assignee: assign.assignee.clone() })
        }
        Action::Comment(_) => Some(TriageAction::Comment),
    }
}

fn time_field(violations: &mut Violations, field: &str, time: Option<Millis>) -> Option<Millis> {
    if time.is_none() {
        violations.add(field, "is no point in time in the years 1 to 9999");
    }
    time
}

/// A time that is given as a span from the server's now.
fn span_field(
    violations: &mut Violations,
    field: &str,
    span: prost_types::Duration,
    now: Millis,
) -> Option<Millis> {
    let until = span_ms(span).map(|ms| now.plus(ms));
    if until.is_none() {
        violations.add(field, "must be longer than 1 ms");
    }
    until
}

/// A reason: `None` when it is wrong, `Some(None)` when none is given.
#[expect(clippy::option_option, reason = "wrong and absent are different here")]
fn reason_field(
    violations: &mut Violations,
    field: &str,
    number: i32,
) -> Option<Option<TriageReason>> {
    let reason = wire::TriageReason::try_from(number).ok().map(reason_from_wire);
    if reason.is_none() {
        violations.add(field, format!("{number} is no TriageReason"));
    }
    reason
}

/// The call's own id in its usual form; `None` when it has none.
pub(super) fn request_id(violations: &mut Violations, text: &str) -> Option<String> {
    if text.is_empty() {
        return None;
    }
    let id = Some(text).filter(|text| text.len() <= REQUEST_ID_BYTES_MAX);
    let id = id.and_then(|text| uuid::Uuid::try_parse(text).ok());
    if id.is_none() {
        violations.add("request_id", format!("`{}` is no UUID", shown(text)));
    }
    id.map(|id| id.to_string())
}

/// What makes two calls the same: the method, all of the message, and who sends it.
pub(super) fn request_hash(method: &str, message: &impl Message, caller: &Caller) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in [method.as_bytes(), caller.principal.as_bytes(), &message.encode_to_vec()] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}
