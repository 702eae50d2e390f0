//! What a change says, in one line for people.

use muster_api::v1::{Change, ChangeKind, FieldChange, FilterEffect};

use crate::cli::output::detail::who;
use crate::cli::words::Word;

/// Fields that fit on a line and that people act on; the others are descriptions and documents.
const HEADLINES: [&str; 9] = [
    "severity",
    "status",
    "triage.state",
    "triage.assignee",
    "priority.score",
    "merged_from",
    "merged_into",
    "split_from",
    "split_into",
];

/// What happened: `acknowledge`, `new`, `status changed`.
pub(crate) fn happened(change: &Change) -> String {
    if change.kinds.contains(&ChangeKind::Created.into()) {
        return "new".to_owned();
    }
    if !change.action.is_empty() {
        return change.action.clone();
    }
    let kinds: Vec<String> = change.kinds.iter().map(|kind| ChangeKind::lower(*kind)).collect();
    kinds.join(", ")
}

/// The same with everything that moved: `acknowledge: triage.state NEW → ACKNOWLEDGED`.
pub(crate) fn what(change: &Change) -> String {
    told(&happened(change), &change.fields.iter().map(moved).collect::<Vec<_>>())
}

/// The same with what people act on, and the number of the other fields.
pub(crate) fn what_in_short(change: &Change) -> String {
    let (mut told_fields, mut others) = (Vec::new(), 0);
    for field in &change.fields {
        if HEADLINES.contains(&field.field.as_str()) {
            told_fields.push(moved(field));
        } else {
            others += 1;
        }
    }
    match (told_fields.is_empty(), others) {
        (_, 0) => {}
        (true, 1) => told_fields.push("1 field".to_owned()),
        (true, _) => told_fields.push(format!("{others} fields")),
        (false, _) => told_fields.push(format!("{others} more")),
    }
    told(&happened(change), &told_fields)
}

fn told(happened: &str, fields: &[String]) -> String {
    if fields.is_empty() {
        return happened.to_owned();
    }
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

/// One field with both sides: `triage.state NEW → ACKNOWLEDGED`.
pub(crate) fn moved(field: &FieldChange) -> String {
    if let Some(text) = regrouped(field) {
        return text;
    }
    let side = |text: &str| if text.is_empty() { "nothing".to_owned() } else { text.to_owned() };
    format!("{} {} → {}", field.field, side(&field.before), side(&field.after))
}

/// What a merge or a split says, which has no two sides: `merged from fnd_…`, `report left: asff|…`.
fn regrouped(field: &FieldChange) -> Option<String> {
    let (gone, come) = (field.before.as_str(), field.after.as_str());
    let words = match field.field.as_str() {
        "merged_from" => "merged from",
        "merged_into" if come.is_empty() => "no longer merged into",
        "merged_into" => "merged into",
        "split_from" => "split from",
        "split_into" => "split into",
        "report" if come.is_empty() => "report left:",
        "report" if gone.is_empty() => "report came:",
        _ => return None,
    };
    Some(format!("{words} {}", if come.is_empty() { gone } else { come }))
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
        assert_eq!(what_in_short(&change), "acknowledge: triage.state NEW → ACKNOWLEDGED, 1 more");
        assert_eq!(by_whom(&change).as_deref(), Some("user:alice for bob"));
    }

    #[test]
    fn a_merge_and_its_undoing_are_told_in_words() {
        let field = |field: &str, before: &str, after: &str| {
            moved(&FieldChange { field: field.into(), before: before.into(), after: after.into() })
        };

        assert_eq!(field("merged_from", "", "fnd_a"), "merged from fnd_a");
        assert_eq!(field("merged_into", "", "fnd_b"), "merged into fnd_b");
        assert_eq!(field("merged_into", "fnd_b", ""), "no longer merged into fnd_b");
        assert_eq!(field("split_into", "", "fnd_c"), "split into fnd_c");
        assert_eq!(field("report", "asff|x", ""), "report left: asff|x");
        assert_eq!(field("report", "", "asff|x"), "report came: asff|x");
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
