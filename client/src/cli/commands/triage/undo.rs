//! How to take a decision back.

use std::collections::BTreeMap;

use muster_api::v1::triage_action::Action;
use muster_api::v1::{Finding, TriageState};

use super::decide::Decision;
use crate::cli::output::findings::{short_id, short_ids};
use crate::cli::time::rfc3339;
use crate::cli::words::Word;

/// Ids that a command line is shown with; more would not be typed.
const NAMED: usize = 10;

/// The commands that restore what was there before, for the findings that changed.
pub(super) fn commands(decision: &Decision, changed: &[&Finding]) -> Vec<String> {
    let length = short_ids(changed.iter().map(|finding| finding.id.as_str()));
    let mut by_command: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for finding in changed {
        if let Some(command) = command(decision, finding) {
            by_command.entry(command).or_default().push(short_id(&finding.id, length));
        }
    }
    by_command
        .into_iter()
        .map(|(command, ids)| match ids.get(..NAMED + 1) {
            None => format!("muster {command} {}", ids.join(" ")),
            Some(_) => format!("muster {command} - (with the {} ids of `-o name`)", ids.len()),
        })
        .collect()
}

/// The command that restores one finding; `None` where nothing can be taken back.
fn command(decision: &Decision, before: &Finding) -> Option<String> {
    let triage = before.triage.clone().unwrap_or_default();
    match decision.action() {
        // What was said stays in the history.
        Action::Comment(_) => return None,
        Action::Assign(_) if triage.assignee.is_empty() => {
            return Some("assign --to nobody".to_owned());
        }
        Action::Assign(_) => return Some(format!("assign --to {}", shell(&triage.assignee))),
        _ => {}
    }
    let until = rfc3339(triage.expire_time.as_ref()).unwrap_or_default();
    Some(match TriageState::try_from(triage.state) {
        Ok(TriageState::Acknowledged) => "ack".to_owned(),
        Ok(TriageState::InProgress) => "start".to_owned(),
        Ok(TriageState::Done) => "done".to_owned(),
        Ok(TriageState::Snoozed) => format!("snooze --until {until}"),
        Ok(TriageState::Suppressed) => {
            let reason = muster_api::v1::TriageReason::lower(triage.reason).replace(' ', "-");
            let comment = shell(&triage.comment);
            format!("suppress --reason {reason} --until {until} -m {comment}")
        }
        Ok(TriageState::New | TriageState::Unspecified) | Err(_) => "reopen".to_owned(),
    })
}

/// A word that a shell takes as it is.
pub(in crate::cli::commands) fn shell(text: &str) -> String {
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '@' | '.' | '-' | '_' | ':' | '/');
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_api::v1::triage_action::{Acknowledge, Assign, Comment};
    use muster_api::v1::{Triage, TriageReason};

    fn finding(start: &str, triage: Triage) -> Finding {
        let id = format!("fnd_{start:a<26}");
        Finding { id, triage: Some(triage), ..Finding::default() }
    }

    fn state(state: TriageState) -> Triage {
        Triage { state: state.into(), ..Triage::default() }
    }

    fn acknowledged() -> Decision {
        Decision::new(Action::Acknowledge(Acknowledge {}), None)
    }

    #[test]
    fn each_finding_goes_back_to_where_it_was() {
        let suppressed = Triage {
            reason: TriageReason::AcceptedRisk.into(),
            comment: "it's $(rm -rf ~)\n`x`".into(),
            expire_time: Some(prost_types::Timestamp { seconds: 0, nanos: 0 }),
            ..state(TriageState::Suppressed)
        };
        let findings = [
            finding("b", state(TriageState::New)),
            finding("c", state(TriageState::InProgress)),
            finding("d", state(TriageState::New)),
            finding("e", suppressed),
        ];

        let commands = commands(&acknowledged(), &findings.iter().collect::<Vec<_>>());

        assert_eq!(
            commands,
            [
                "muster reopen baaaaaaa daaaaaaa",
                "muster start caaaaaaa",
                "muster suppress --reason accepted-risk --until 1970-01-01T00:00:00Z -m \
                 'it'\\''s $(rm -rf ~)\n`x`' eaaaaaaa",
            ]
        );
    }

    #[test]
    fn an_assignment_goes_back_to_who_had_it_and_a_comment_stays() {
        let had = finding("b", Triage { assignee: "bob".into(), ..state(TriageState::New) });
        let assign = Decision::new(Action::Assign(Assign { assignee: "alice".into() }), None);
        let comment = Decision::new(Action::Comment(Comment {}), Some("x"));

        assert_eq!(commands(&assign, &[&had]), ["muster assign --to bob baaaaaaa"]);
        assert!(commands(&comment, &[&had]).is_empty());
    }

    #[test]
    fn many_ids_are_not_typed() {
        let findings: Vec<Finding> = ["b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"]
            .map(|start| finding(start, state(TriageState::New)))
            .to_vec();

        let commands = commands(&acknowledged(), &findings.iter().collect::<Vec<_>>());

        assert_eq!(commands, ["muster reopen - (with the 11 ids of `-o name`)"]);
    }
}
