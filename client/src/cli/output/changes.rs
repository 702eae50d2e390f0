//! What a change says, in one line for people.

use muster_api::v1::{Change, ChangeKind, FieldChange, FilterEffect};

use crate::cli::output::detail::who;
use crate::cli::words::Word;

/// What happened: `acknowledge: triage.state NEW → ACKNOWLEDGED`.
pub(crate) fn what(change: &Change) -> String {
    let kinds: Vec<String> = change.kinds.iter().map(|kind| ChangeKind::lower(*kind)).collect();
    let happened = if change.kinds.contains(&ChangeKind::Created.into()) {
        "new".to_owned()
    } else if change.action.is_empty() {
        kinds.join(", ")
    } else {
        change.action.clone()
    };
    if change.fields.is_empty() {
        return happened;
    }
    let fields: Vec<String> = change.fields.iter().map(moved).collect();
    format!("{happened}: {}", fields.join(", "))
}

/// By whom, where it was not a source: that products report is the usual thing.
pub(crate) fn by_whom(change: &Change) -> Option<String> {
    let principal = change.actor.as_ref().map_or("", |actor| actor.principal.as_str());
    let is_usual = principal.is_empty() || principal.starts_with("source:");
    (!is_usual).then(|| who(change.actor.as_ref()))
}

/// Whether the finding is no longer among what is watched.
pub(crate) fn left(change: &Change) -> bool {
    change.filter_effect() == FilterEffect::Left
}

fn moved(field: &FieldChange) -> String {
    let side = |text: &str| if text.is_empty() { "nothing".to_owned() } else { text.to_owned() };
    format!("{} {} → {}", field.field, side(&field.before), side(&field.after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_api::v1::Actor;

    #[test]
    fn a_change_is_told_with_both_sides() {
        let field = |field: &str, before: &str, after: &str| FieldChange {
            field: field.into(),
            before: before.into(),
            after: after.into(),
        };
        let change = Change {
            kinds: vec![ChangeKind::Triaged.into()],
            action: "acknowledge".into(),
            fields: vec![field("triage.state", "NEW", "ACKNOWLEDGED"), field("assignee", "", "a")],
            actor: Some(Actor { principal: "user:alice".into(), on_behalf_of: "bob".into() }),
            ..Change::default()
        };

        assert_eq!(
            what(&change),
            "acknowledge: triage.state NEW → ACKNOWLEDGED, assignee nothing → a"
        );
        assert_eq!(by_whom(&change).as_deref(), Some("user:alice for bob"));
    }

    #[test]
    fn what_a_source_reports_needs_no_name() {
        let change = Change {
            kinds: vec![ChangeKind::StatusChanged.into(), ChangeKind::Reprioritized.into()],
            actor: Some(Actor { principal: "source:guardduty".into(), ..Actor::default() }),
            ..Change::default()
        };

        assert_eq!(what(&change), "status changed, reprioritized");
        assert_eq!(by_whom(&change), None);
    }
}
