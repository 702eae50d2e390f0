use proptest::prelude::*;

use super::*;
use crate::testing::{START, actor, command};

const NOW: Millis = START;

fn alice() -> Actor {
    Actor { principal: "user:alice".to_owned(), on_behalf_of: String::new() }
}

/// One of each action, allowed at [`NOW`], in the order of the table below.
fn actions() -> [TriageAction; 8] {
    let until = NOW.plus(DAY_MS);
    [
        TriageAction::Acknowledge,
        TriageAction::Start,
        TriageAction::Snooze { until },
        TriageAction::Suppress { reason: TriageReason::AcceptedRisk, until },
        TriageAction::Done { reason: TriageReason::Fixed },
        TriageAction::Reopen,
        TriageAction::Assign { assignee: "bob".to_owned() },
        TriageAction::Comment,
    ]
}

/// Triage in `state`, as a decision leaves it.
fn in_state(state: TriageState) -> Triage {
    let [acknowledge, start, snooze, suppress, done, ..] = actions();
    let action = match state {
        TriageState::New => return Triage::default(),
        TriageState::Acknowledged => acknowledge,
        TriageState::InProgress => start,
        TriageState::Snoozed => snooze,
        TriageState::Suppressed => suppress,
        TriageState::Done => done,
    };
    Triage::default().decide(&action, "because", &alice(), 1, NOW).unwrap().unwrap()
}

#[test]
fn every_action_has_its_outcome_in_every_state() {
    use TriageState::{Acknowledged, Done, InProgress, New, Snoozed, Suppressed};
    let outcomes = [Acknowledged, InProgress, Snoozed, Suppressed, Done, New];

    for state in TriageState::ALL {
        let before = in_state(state);
        for (index, action) in actions().into_iter().enumerate() {
            let after = before.decide(&action, "said", &alice(), 7, NOW.plus(1)).unwrap().unwrap();

            let what = format!("{} in {}", action.as_str(), state.as_str());
            let expected = outcomes.get(index).copied().unwrap_or(state);
            assert_eq!(after.state, expected, "{what}");
            assert_eq!(after.version, before.version + 1, "{what}");
            if action.decides() {
                assert_eq!(after.decided, Some(NOW.plus(1)), "{what}");
                assert_eq!(after.decided_by, alice(), "{what}");
                assert_eq!((after.content_version, after.comment.as_str()), (7, "said"), "{what}");
                assert!(!after.stale, "{what}");
            } else {
                let kept = Triage { assignee: before.assignee.clone(), ..after.clone() };
                assert_eq!(kept, Triage { version: after.version, ..before.clone() }, "{what}");
            }
            assert!(sound(&after), "{what}: {after:?}");
        }
    }
}

/// What holds of every triage, whatever led to it.
pub(crate) fn sound(triage: &Triage) -> bool {
    crate::invariants::triage(triage).is_empty()
}

#[test]
fn a_decision_taken_again_changes_nothing() {
    for state in TriageState::ALL {
        let before = in_state(state);
        for action in actions().into_iter().filter(TriageAction::decides) {
            let after = before.decide(&action, "said", &alice(), 1, NOW).unwrap().unwrap();

            assert_eq!(after.decide(&action, "said", &alice(), 1, NOW.plus(1)), Ok(None));
        }
    }
    let assigned = TriageAction::Assign { assignee: String::new() };
    assert_eq!(Triage::default().decide(&assigned, "", &alice(), 1, NOW), Ok(None));
}

#[test]
fn a_stale_decision_is_confirmed_by_taking_it_again() {
    let stale = Triage { stale: true, ..in_state(TriageState::Acknowledged) };

    let after = stale.decide(&TriageAction::Acknowledge, "", &alice(), 4, NOW).unwrap().unwrap();

    assert!(!after.stale);
    assert_eq!((after.content_version, after.version), (4, 2));
}

#[test]
fn a_note_leaves_the_decision_to_whoever_took_it() {
    let suppressed = in_state(TriageState::Suppressed);
    let bob = Actor { principal: "user:bob".to_owned(), on_behalf_of: String::new() };

    let noted = suppressed.decide(&TriageAction::Comment, "checked", &bob, 9, NOW.plus(5));

    let expected = Triage { version: 2, ..suppressed.clone() };
    assert_eq!(noted, Ok(Some(expected)));
    assert_ne!(noted.unwrap().unwrap().etag(), suppressed.etag());
}

#[test]
fn what_no_state_allows_is_refused_with_its_field() {
    let until = NOW.plus(DAY_MS);
    let suppress = |reason, until| TriageAction::Suppress { reason, until };
    let risk = TriageReason::AcceptedRisk;
    let long = "x".repeat(COMMENT_BYTES_MAX + 1);
    let name = "x".repeat(NAME_BYTES_MAX + 1);
    let cases = [
        (TriageAction::Snooze { until: NOW }, "", "action.snooze", "after now"),
        (TriageAction::Snooze { until: NOW.plus(-1) }, "", "action.snooze", "after now"),
        (
            TriageAction::Snooze { until: NOW.plus(SNOOZE_MS_MAX + 1) },
            "",
            "action.snooze",
            "90 days",
        ),
        (TriageAction::Snooze { until: Millis(i64::MAX) }, "", "action.snooze", "90 days"),
        (suppress(risk, NOW), "why", "action.suppress.expire_time", "after now"),
        (
            suppress(risk, NOW.plus(SUPPRESS_MS_MAX + 1)),
            "why",
            "action.suppress.expire_time",
            "365 days",
        ),
        (suppress(risk, until), "", "comment", "required to suppress"),
        (suppress(risk, until), " \n", "comment", "required to suppress"),
        (
            suppress(TriageReason::Fixed, until),
            "why",
            "action.suppress.reason",
            "FIXED; give one of",
        ),
        (suppress(TriageReason::Ended, until), "why", "action.suppress.reason", "DUPLICATE"),
        (
            TriageAction::Done { reason: TriageReason::FalsePositive },
            "",
            "action.done.reason",
            "FIXED, MITIGATED",
        ),
        (
            TriageAction::Done { reason: TriageReason::Regressed },
            "",
            "action.done.reason",
            "REGRESSED",
        ),
        (TriageAction::Comment, "", "comment", "required to comment"),
        (TriageAction::Comment, "\t", "comment", "required to comment"),
        (TriageAction::Acknowledge, long.as_str(), "comment", "4097 bytes; at most 4096"),
        (TriageAction::Assign { assignee: name }, "", "action.assign.assignee", "at most 256"),
    ];

    for (action, comment, field, said) in cases {
        for state in TriageState::ALL {
            let error = in_state(state).decide(&action, comment, &alice(), 1, NOW).unwrap_err();

            assert_eq!(error.field(), field, "{error}");
            assert!(error.to_string().contains(said), "{error}");
        }
    }
}

#[test]
fn the_longest_times_are_allowed() {
    let snooze = TriageAction::Snooze { until: NOW.plus(SNOOZE_MS_MAX) };
    let until = NOW.plus(SUPPRESS_MS_MAX);
    let suppress = TriageAction::Suppress { reason: TriageReason::Duplicate, until };

    assert!(Triage::default().decide(&snooze, "", &alice(), 1, NOW).is_ok());
    assert!(Triage::default().decide(&suppress, "why", &alice(), 1, NOW).is_ok());
}

#[test]
fn only_a_snooze_or_suppression_ends_by_itself_and_says_so() {
    let end = NOW.plus(DAY_MS);

    for state in TriageState::ALL {
        let triage = Triage { stale: state != TriageState::New, ..in_state(state) };
        let ended = triage.expire(end);

        assert_eq!(triage.expire(end.plus(-1)), None);
        if !matches!(state, TriageState::Snoozed | TriageState::Suppressed) {
            assert_eq!(ended, None);
            continue;
        }
        let ended = ended.unwrap();
        assert_eq!((ended.state, ended.reason), (TriageState::New, Some(TriageReason::Ended)));
        assert_eq!((ended.decided, ended.until), (Some(end), None));
        assert_eq!(ended.decided_by, Actor::system("expiry"));
        assert!(ended.comment.contains("ended on 2026-01-02T00:00:00Z"), "{}", ended.comment);
        assert!(sound(&ended));
        assert_eq!(ended.expire(end.plus(DAY_MS)), None);
    }
}

#[test]
fn only_what_is_done_comes_back_when_it_is_reported() {
    for state in TriageState::ALL {
        let back = in_state(state).regress("still there", NOW.plus(1));

        if state != TriageState::Done {
            assert_eq!(back, None);
            continue;
        }
        let back = back.unwrap();
        assert_eq!((back.state, back.reason), (TriageState::New, Some(TriageReason::Regressed)));
        assert_eq!((back.comment.as_str(), back.version), ("still there", 2));
        assert_eq!(back.decided_by, Actor::system("regression"));
        assert!(sound(&back));
    }
}

#[test]
fn a_material_change_marks_every_decision_and_moves_no_etag() {
    for state in TriageState::ALL {
        let triage = in_state(state);
        let marked = triage.content_changed();

        if state == TriageState::New {
            assert_eq!(marked, None);
            continue;
        }
        let marked = marked.unwrap();
        assert_eq!(marked, Triage { stale: true, ..triage.clone() });
        assert_eq!(marked.etag(), triage.etag());
        assert_eq!(marked.content_changed(), None);
    }
}

proptest! {
    #[test]
    fn any_series_of_commands_keeps_triage_sound(
        commands in proptest::collection::vec((command(NOW), any::<bool>()), 0..12),
        by in actor(),
    ) {
        let mut triage = Triage::default();
        for (command, changed) in commands {
            if changed {
                triage = triage.content_changed().unwrap_or(triage);
            }
            let next = triage.decide(&command.action, &command.comment, &by, 1, NOW).unwrap();
            if let Some(next) = next {
                prop_assert_eq!(next.version, triage.version + 1);
                triage = next;
            }

            prop_assert!(sound(&triage), "{:?}", triage);
        }
    }
}
