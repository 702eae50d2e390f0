//! Makes the log entry of a new image.

use super::{Mutation, Rules, diff};
use crate::change::{Change, ChangeKind, Facets};
use crate::finding::Finding;
use crate::ids::Revision;
use crate::report::FindingClass;
use crate::triage::Actor;
use crate::unit::SourceKind;

/// Who or what causes a change, and what they say.
#[derive(Default)]
pub(super) struct Cause {
    /// Who.
    pub(super) actor: Actor,
    /// The request; empty when there was none.
    pub(super) request_id: String,
    /// The decision; empty when it was none.
    pub(super) action: String,
    /// The text.
    pub(super) comment: String,
}

impl Cause {
    /// A source that reports something, and why the server did something about it.
    pub(super) fn source(source: SourceKind, why: Option<String>) -> Self {
        let actor = Actor { principal: format!("source:{source}"), on_behalf_of: String::new() };
        Self { actor, comment: why.unwrap_or_default(), ..Self::default() }
    }

    /// The server itself, in one of its roles.
    pub(super) fn system(role: &str, comment: String) -> Self {
        Self { actor: Actor::system(role), comment, ..Self::default() }
    }
}

/// Scores the new image, and makes the log entry that leads to it.
pub(super) fn write(
    current: Option<&Finding>,
    mut next: Finding,
    cause: Cause,
    rules: Rules<'_>,
) -> Mutation {
    if next.facts.class == FindingClass::Threat || next.merged_into.is_some() {
        next.threat = None;
    }
    let now = rules.now;
    next.lifecycle = next.lifecycle.after(next.facts.status.is_open(), now);
    rules.rate(&mut next);
    next.updated = now;
    let change = Change {
        revision: Revision::ZERO,
        previous: Revision::ZERO,
        time: now,
        finding: next.id,
        kinds: current.map_or_else(|| vec![ChangeKind::Created], |finding| kinds(finding, &next)),
        actor: cause.actor,
        request_id: cause.request_id,
        action: cause.action,
        comment: cause.comment,
        fields: current.map_or_else(Vec::new, |finding| diff::fields(finding, &next)),
        before: current.map(Facets::of),
        after: Facets::of(&next),
    };
    let base = current.map_or(Revision::ZERO, |finding| finding.revision);
    Mutation { base, finding: next, change }
}

/// What kinds of change lie between two images; sorted, never empty.
fn kinds(current: &Finding, next: &Finding) -> Vec<ChangeKind> {
    let mut kinds = Vec::new();
    if current.content_version != next.content_version {
        kinds.push(ChangeKind::ContentUpdated);
    }
    if current.facts.status != next.facts.status {
        kinds.push(ChangeKind::StatusChanged);
    }
    if current.triage.version != next.triage.version {
        kinds.push(ChangeKind::Triaged);
    }
    // These two say that nothing else happened.
    if kinds.is_empty() {
        if next.priority.is_significant(&current.priority) {
            kinds.push(ChangeKind::Reprioritized);
        } else if !next.priority.is_same(&current.priority) || next.due != current.due {
            kinds.push(ChangeKind::Rescored);
        }
        if current.reports != next.reports || kinds.is_empty() {
            kinds.push(ChangeKind::Observed);
        }
        kinds.sort_unstable();
    }
    kinds
}
