use proptest::prelude::*;

use super::*;
use crate::change::{Change, ChangeKind};
use crate::ids::Revision;
use crate::plan::Mutation;
use crate::testing::{self, START, history};
use crate::time::DAY_MS;
use crate::triage::Actor;

fn promises(found: &[Violation]) -> Vec<Promise> {
    let mut promises: Vec<_> = found.iter().map(|found| found.promise).collect();
    promises.dedup();
    promises
}

/// What the log and the last image of a history break.
fn walk(log: &[Mutation], oldest: Revision) -> Vec<Violation> {
    let mut checked = Log::new(oldest);
    let mut found = Vec::new();
    for mutation in log.iter().filter(|mutation| mutation.change.revision >= oldest) {
        found.extend(checked.append(&mutation.change));
    }
    let Some(last) = log.last() else { return found };
    found.extend(checked.end(last.change.revision));
    found.extend(checked.image(&last.finding));
    found.extend(checked.lost());
    found
}

/// A finding that somebody suppressed.
fn suppressed() -> Triage {
    Triage {
        state: TriageState::Suppressed,
        reason: Some(TriageReason::AcceptedRisk),
        comment: "known".to_owned(),
        until: Some(START.plus(DAY_MS)),
        decided: Some(START),
        decided_by: Actor { principal: "user:alice".to_owned(), ..Actor::default() },
        version: 1,
        ..Triage::default()
    }
}

#[test]
fn a_decision_lacks_nothing_that_its_state_requires() {
    assert_eq!(triage(&suppressed()), []);
    assert_eq!(triage(&Triage::default()), []);
    let cases: [fn(&mut Triage); 6] = [
        |triage| triage.reason = None,
        |triage| triage.until = None,
        |triage| triage.comment = " ".to_owned(),
        |triage| triage.decided = None,
        |triage| triage.decided_by = Actor::default(),
        |triage| triage.version = 0,
    ];

    for (index, distort) in cases.into_iter().enumerate() {
        let mut distorted = suppressed();
        distort(&mut distorted);

        assert_eq!(promises(&triage(&distorted)), [Promise::T1], "case {index}");
    }
}

#[test]
fn a_violation_names_its_promise() {
    let found = Violation { promise: Promise::D1, what: "finding x is twice".to_owned() };

    assert_eq!(found.to_string(), "D1: finding x is twice");
    assert!(Promise::ALL.is_sorted_by(|a, b| a < b));
}

/// A way to spoil a log entry, and the promise that it breaks.
type Spoil = (Promise, fn(&mut Change));

/// What can be wrong with any entry that is not the first.
const ENTRIES: [Spoil; 6] = [
    (Promise::F1, |change| change.revision = change.revision.next()),
    (Promise::F1, |change| change.previous = Revision::ZERO),
    (Promise::F1, |change| change.kinds.clear()),
    (Promise::F1, |change| change.before = None),
    (Promise::F1, |change| {
        change.before = change.before.clone().map(|mut before| {
            before.title.push('x');
            before
        });
    }),
    (Promise::F1, |change| change.after.title.push('x')),
];

proptest! {
    #[test]
    fn what_the_rules_write_keeps_every_promise(log in history()) {
        for mutation in &log {
            prop_assert_eq!(finding(&mutation.finding, &Model::builtin()), []);
            prop_assert_eq!(change(&mutation.change), []);
        }
        prop_assert_eq!(walk(&log, Revision(1)), []);
    }

    #[test]
    fn a_log_without_its_beginning_keeps_every_promise(log in history(), cut in any::<prop::sample::Index>()) {
        let oldest = Revision(cut.index(log.len()) as u64 + 1);

        prop_assert_eq!(walk(&log, oldest), []);
    }

    #[test]
    fn a_log_with_a_hole_is_noticed(log in history(), at in any::<prop::sample::Index>()) {
        let mut holed = log.clone();
        holed.remove(at.index(log.len()));

        let found = walk(&holed, Revision(1));

        // Without its last entry a history is only shorter.
        prop_assert_eq!(found.is_empty(), at.index(log.len()) + 1 == log.len());
    }

    #[test]
    fn a_spoilt_entry_is_noticed(log in history(), at in any::<prop::sample::Index>()) {
        prop_assume!(log.len() > 1);
        for (index, (promise, spoil)) in ENTRIES.into_iter().enumerate() {
            let mut spoilt = log.clone();
            let at = at.index(log.len() - 1) + 1;
            spoil(&mut spoilt[at].change);

            let found = walk(&spoilt, Revision(1));

            prop_assert!(promises(&found).contains(&promise), "case {} at {}: {:?}", index, at, found);
        }
    }

    #[test]
    fn a_refresh_that_decides_is_noticed(log in history()) {
        for mutation in &log {
            let mut entry = mutation.change.clone();
            let Some(before) = &mut entry.before else { continue };
            if entry.kinds.contains(&ChangeKind::Triaged) {
                entry.actor.principal = "source:guardduty".to_owned();
                before.triage = TriageState::Acknowledged;
                prop_assert!(promises(&change(&entry)).contains(&Promise::T2));
                entry.actor = Actor::default();
                prop_assert!(promises(&change(&entry)).contains(&Promise::T1));
            } else {
                before.assignee.push('x');
                prop_assert_eq!(promises(&change(&entry)), [Promise::T2]);
            }
        }
    }

    #[test]
    fn a_spoilt_finding_is_noticed(sound in testing::finding()) {
        let spoilt = |spoil: &dyn Fn(&mut Finding)| {
            let mut spoilt = sound.clone();
            spoil(&mut spoilt);
            promises(&finding(&spoilt, &Model::builtin()))
        };

        prop_assert_eq!(spoilt(&|finding| finding.id.0[0] ^= 1), [Promise::D1]);
        prop_assert_eq!(spoilt(&|finding| finding.triage = suppressed()), []);
        prop_assert_eq!(spoilt(&|finding| finding.priority.score ^= 1), [Promise::P1]);
        prop_assert_eq!(spoilt(&|finding| finding.facts.sample ^= true), [Promise::P1]);
        if !sound.reports.is_empty() {
            // One report alone may be anywhere: a decision or a class may have led it there.
            let apart = if sound.reports.len() > 1 { vec![Promise::D3] } else { Vec::new() };
            prop_assert_eq!(
                spoilt(&|finding| finding.reports[0].report.origin.text.push('x')),
                apart
            );
            prop_assert!(spoilt(&|finding| finding.merged_into = Some(FindingId([9; 16])))
                .contains(&Promise::D1));
            prop_assert_eq!(
                spoilt(&|finding| finding.reports[0].report.origin.text.insert(0, 'x')),
                [Promise::D3]
            );
        }
    }

    #[test]
    fn reports_that_moved_without_an_action_or_an_actor_are_noticed(log in history()) {
        for mutation in &log {
            let mut entry = mutation.change.clone();
            entry.action = "merge".to_owned();
            prop_assert!(promises(&change(&entry)).contains(&Promise::T1));
            entry.kinds.push(ChangeKind::Regrouped);
            entry.kinds.sort_unstable();
            prop_assert_eq!(change(&entry), []);
            entry.actor = Actor::default();
            prop_assert!(promises(&change(&entry)).contains(&Promise::T1));
        }
    }

    #[test]
    fn a_report_in_two_findings_is_noticed(sound in testing::finding()) {
        let mut other = sound.clone();
        other.id.0[0] ^= 1;
        let mut owners = Owners::default();

        prop_assert_eq!(owners.claim(&sound), []);
        prop_assert_eq!(owners.claim(&other).len(), sound.reports.len());
        prop_assert_eq!(owners.claim(&sound).len(), sound.reports.len() + 1);
    }
}
