//! T1, T2: what people decided, and what reports do and do not do to it.

use super::*;
use crate::triage::TriageState;

const DECIDED: Millis = NOON;
const LOOKED: Millis = Millis(NOON.0 + HOUR);
const NOW: Millis = Millis(NOON.0 + 2 * HOUR);

/// `reports`, found and done.
fn done_finding<'a>(reports: impl IntoIterator<Item = &'a Report>) -> Finding {
    done(&found(reports), DECIDED)
}

#[test]
fn done_reopens_when_the_source_looked_after_the_decision_and_says_why() {
    let finding = done_finding(&[control()]);

    let back = read(&finding, &[as_of(&control(), LOOKED)], NOW).unwrap();

    let triage = &back.finding.triage;
    assert_eq!((triage.state, triage.reason), (TriageState::New, Some(TriageReason::Regressed)));
    assert_eq!(back.change.kinds, [ChangeKind::Triaged]);
    assert_eq!(back.change.comment, "it was done, and securityhub still reports it");
    assert_eq!(back.change.actor.principal, "source:securityhub");
    assert_eq!(triage.comment, back.change.comment);
    assert_eq!(moved_field(&back, "triage.state"), Some(("DONE", "NEW")));
    assert_eq!(back.finding.facts.last_observed, Some(LOOKED), "the proof is stored with it");
}

#[test]
fn a_rescan_that_moves_no_update_time_is_a_look() {
    let access = report(IdentityRule::ExternalAccess, SourceKind::AccessAnalyzer);
    let rescanned = Report { last_observed: Some(LOOKED), ..access.clone() };

    let back = commit(read(&done_finding([&access]), [&rescanned], NOW));

    assert_eq!(back.triage.state, TriageState::New);
}

#[test]
fn done_stays_while_the_source_has_not_looked_since() {
    let finding = done_finding(&[control()]);

    assert_eq!(read(&finding, &[control()], NOW.plus(5 * DAY_MS)), None);
    assert_eq!(read(&finding, &[as_of(&control(), DECIDED)], NOW), None);
}

#[test]
fn a_material_change_before_the_decision_that_is_read_after_it_marks_it_stale() {
    let finding = done_finding(&[control()]);
    let worse = Report { severity: Severity::Critical, severity_normalized: 90, ..control() };

    let after = commit(read(&finding, &[worse], NOW));

    assert_eq!((after.triage.state, after.triage.stale), (TriageState::Done, true));
    assert_eq!(after.triage.etag(), finding.triage.etag());
}

#[test]
fn done_reopens_when_it_is_reported_again() {
    // Unarchived in GuardDuty: no time moves, but it was closed and is active again.
    let native = report(IdentityRule::GuardDuty, SourceKind::GuardDuty);
    let archived = Report { status: Status::Archived, ..native.clone() };
    let finding = done_finding(&[archived]);

    let back = read(&finding, &[native], NOW).unwrap();

    assert_eq!(back.finding.triage.state, TriageState::New);
    assert_eq!(back.change.comment, "it was done, and guardduty again reports it");
    assert_eq!(
        back.change.kinds,
        [ChangeKind::ContentUpdated, ChangeKind::StatusChanged, ChangeKind::Triaged]
    );
    assert_eq!((back.finding.triage.stale, back.finding.content_version), (false, 2));
}

#[test]
fn done_reopens_when_a_report_comes_back_after_an_absence() {
    let flagged = report(IdentityRule::TrustedAdvisor, SourceKind::TrustedAdvisor);
    let gone = commit(conclude(&found([&flagged]), &[flagged.key.digest()], rules(NOON)));
    let finding = done(&gone, DECIDED);
    assert_eq!(finding.facts.status, Status::Resolved);

    let back = read(&finding, &[flagged], NOW).unwrap();

    assert_eq!(back.finding.triage.state, TriageState::New);
    assert!(back.change.comment.contains("trusted-advisor again reports it"));
}

#[test]
fn done_reopens_when_the_report_that_hid_another_leaves() {
    let native = report(IdentityRule::GuardDuty, SourceKind::GuardDuty);
    let archived = Report { status: Status::Archived, ..native.clone() };
    let copy = report(IdentityRule::GuardDuty, SourceKind::SecurityHub);
    let finding = done_finding(&[archived, copy]);

    let back = withdraw(&finding, from_ref(&native.key), rules(NOW)).unwrap();

    assert_eq!(back.finding.triage.state, TriageState::New);
    assert!(back.change.comment.contains("securityhub again reports it"));
}

#[test]
fn a_copy_or_mirror_is_no_proof_that_the_source_looked() {
    for (rule, original) in [
        (IdentityRule::GuardDuty, SourceKind::GuardDuty),
        (IdentityRule::ExternalAccess, SourceKind::AccessAnalyzer),
        (IdentityRule::Control, SourceKind::SecurityHub),
    ] {
        let mirror = match original {
            SourceKind::SecurityHub => SourceKind::TrustedAdvisor,
            _ => SourceKind::SecurityHub,
        };
        let finding = done_finding(&[report(rule, original), report(rule, mirror)]);

        let after = read(&finding, &[as_of(&report(rule, mirror), LOOKED)], NOW);

        assert_eq!(after, None, "{mirror} about {original}");
        let alone = done_finding(&[report(rule, mirror)]);
        let back = commit(read(&alone, &[as_of(&report(rule, mirror), LOOKED)], NOW));
        assert_eq!(back.triage.state, TriageState::New, "{mirror} alone");
    }
}

#[test]
fn a_report_that_is_closed_reopens_nothing() {
    let finding = done_finding(&[control()]);

    for status in [Status::Resolved, Status::Archived, Status::Expired, Status::Unobservable] {
        let closed = Report { status, ..as_of(&control(), LOOKED) };
        let after = commit(read(&finding, &[closed], NOW));

        assert_eq!(after.triage, finding.triage, "{}", status.as_str());
    }
}

#[test]
fn an_older_page_of_a_report_that_is_closed_now_is_no_look() {
    let key = ReportKey { provider_id: "2".to_owned(), ..control().key };
    let other = Report { key, ..control() };
    let fixed = Report { status: Status::Resolved, ..as_of(&control(), LOOKED.plus(HOUR)) };
    let finding = commit(read(&done_finding([&control(), &other]), [&fixed], NOW.plus(HOUR)));
    assert_eq!(finding.facts.status, Status::Active, "the other is still open");

    assert_eq!(read(&finding, [&as_of(&control(), LOOKED)], NOW.plus(HOUR)), None);
}

#[test]
fn a_source_without_times_gets_a_day_until_it_counts_as_still_reporting() {
    let ahead = NOON.plus(400 * DAY_MS);
    let untimed = Report { last_observed: None, provider_updated: None, ..control() };

    for report in [untimed, as_of(&control(), ahead)] {
        let finding = done_finding([&report]);

        assert_eq!(read(&finding, [&report], DECIDED.plus(DAY_MS)), None);

        let back = commit(read(&finding, &[report], DECIDED.plus(DAY_MS + 1)));
        assert_eq!(back.triage.reason, Some(TriageReason::Regressed));
    }
}

#[test]
fn a_note_after_the_decision_does_not_postpone_the_regression() {
    let finding = decided(&done_finding(&[control()]), TriageAction::Comment, NOW);

    let back = commit(read(&finding, &[as_of(&control(), LOOKED)], NOW.plus(1)));

    assert_eq!(back.triage.state, TriageState::New);
}

#[test]
fn a_snooze_ends_by_itself_as_a_change_of_its_own() {
    let until = NOON.plus(DAY_MS);
    let snoozed = decided(&found(&[control()]), TriageAction::Snooze { until }, NOON);

    assert_eq!(tick(&snoozed, rules(until.plus(-1))), None);
    let ended = tick(&snoozed, rules(until)).unwrap();

    assert_eq!(ended.finding.triage.state, TriageState::New);
    assert_eq!(ended.change.kinds, [ChangeKind::Triaged]);
    assert_eq!(ended.change.actor, Actor::system("expiry"));
    assert_eq!(ended.change.comment, "the snooze ended on 2026-01-02T12:00:00Z");
    assert_eq!(moved_field(&ended, "triage.expire_time"), Some(("2026-01-02T12:00:00Z", "")));
}

#[test]
fn a_refused_command_plans_nothing() {
    let command = Command { comment: String::new(), ..command(TriageAction::Comment) };

    assert!(decide(&found(&[control()]), &command, rules(NOON)).is_err());
}

#[test]
fn a_mutation_is_based_on_the_revision_it_was_planned_from() {
    let finding = Finding { revision: Revision(41), ..found(&[control()]) };

    let decided = decide(&finding, &command(TriageAction::Start), rules(NOON)).unwrap().unwrap();
    let read = read(&finding, &[Report { status: Status::Archived, ..control() }], NOON).unwrap();

    assert_eq!((decided.base, read.base), (Revision(41), Revision(41)));
}

proptest! {
    #[test]
    fn no_refresh_changes_a_decision(steps in steps()) {
        let mut current: Option<Finding> = None;
        for (now, step) in steps {
            let Some(mutation) = take(current.as_ref(), now, &step) else { continue };
            let before = current.replace(testing::commit(mutation.clone()).finding);
            let (Some(before), Step::Observe(_) | Step::Conclude(_) | Step::Withdraw(_)) =
                (before, step)
            else {
                continue;
            };
            let (was, is) = (&before.triage, &mutation.finding.triage);
            let changed = mutation.change.kinds.contains(&ChangeKind::ContentUpdated);
            if was.version != is.version {
                prop_assert_eq!(was.state, TriageState::Done);
                prop_assert_eq!(is.reason, Some(TriageReason::Regressed));
                prop_assert_eq!(mutation.finding.facts.status, Status::Active);
                prop_assert!(mutation.change.comment.contains(" reports it"));
                continue;
            }
            prop_assert_eq!(&Triage { stale: is.stale, ..was.clone() }, is);
            let stale = is.state != TriageState::New && (was.stale || changed);
            prop_assert_eq!(is.stale, stale, "a material change marks it, nothing unmarks it");
        }
    }
}
