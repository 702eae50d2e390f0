//! C2: what it means that reports are gone, and who may conclude it.

use super::*;

const NOW: Millis = Millis(NOON.0 + DAY_MS);

/// A held report of `source` with this status, last updated `days` before [`NOW`].
fn held(source: SourceKind, status: Status, days: i64) -> HeldReport {
    let report = report(IdentityRule::OtherAsff, source);
    let report = as_of(&Report { status, ..report }, NOW.plus(-days * DAY_MS));
    let finding = observe(None, vec![seen(&report)], rules(NOW)).unwrap().finding;
    finding.reports.first().unwrap().clone()
}

#[test]
fn each_source_means_its_own_by_silence() {
    use Absence::{Expired, Resolved, Unobservable};
    use SourceKind::{AccessAnalyzer, GuardDuty, SecurityHub, TrustedAdvisor};
    use Status::{Active, Archived};
    let cases = [
        (SecurityHub, Active, 1, Unobservable),
        (SecurityHub, Active, 89, Unobservable),
        (SecurityHub, Active, 90, Expired),
        (SecurityHub, Status::Unobservable, 1, Unobservable),
        (SecurityHub, Archived, 1, Expired),
        (SecurityHub, Archived, 31, Expired),
        (SecurityHub, Status::Resolved, 1, Resolved),
        (SecurityHub, Status::Resolved, 400, Resolved),
        (GuardDuty, Active, 89, Unobservable),
        (GuardDuty, Active, 90, Expired),
        (GuardDuty, Archived, 10, Expired),
        (AccessAnalyzer, Active, 1, Unobservable),
        (AccessAnalyzer, Active, 400, Unobservable),
        (AccessAnalyzer, Archived, 1, Expired),
        (AccessAnalyzer, Status::Resolved, 90, Resolved),
        (TrustedAdvisor, Active, 0, Resolved),
        (TrustedAdvisor, Archived, 0, Resolved),
        (TrustedAdvisor, Status::Unobservable, 400, Resolved),
    ];

    for (source, status, days, meaning) in cases {
        let what = format!("{source} {} {days}", status.as_str());
        assert_eq!(absence(&held(source, status, days), NOW), meaning, "{what}");
    }
    let mut error = held(AccessAnalyzer, Active, 1);
    error.report.status_detail = crate::report::NOT_ANALYZED.to_owned();
    assert_eq!(absence(&error, NOW), Resolved, "the analyzer can look again");
}

#[test]
fn silence_never_opens_what_was_closed() {
    for source in SourceKind::ALL {
        for status in Status::ALL.into_iter().filter(|status| !status.is_open()) {
            assert!(!absence(&held(source, status, 1), NOW).status().is_open());
        }
    }
}

#[test]
fn what_is_gone_is_concluded_once_and_says_so() {
    let flagged = report(IdentityRule::TrustedAdvisor, SourceKind::TrustedAdvisor);
    let finding = found([&flagged]);

    let gone = conclude(&finding, &[flagged.key.digest()], rules(NOW)).unwrap();

    assert_eq!(gone.finding.facts.status, Status::Resolved);
    assert_eq!(gone.change.kinds, [ChangeKind::StatusChanged]);
    assert_eq!(gone.change.actor, Actor::system("sweep"));
    assert_eq!(
        gone.change.comment,
        "not returned by two complete sweeps; trusted-advisor: RESOLVED"
    );
    assert_eq!(conclude(&commit(Some(gone)), &[flagged.key.digest()], rules(NOW)), None);
    assert_eq!(conclude(&finding, &[control().key.digest()], rules(NOW.plus(40 * DAY_MS))), None);
}

#[test]
fn a_finding_is_gone_only_with_the_last_of_its_reports() {
    let one = control();
    let two =
        Report { key: ReportKey { provider_id: "2".to_owned(), ..one.key.clone() }, ..control() };
    let resolved = Report { status: Status::Resolved, ..one.clone() };
    let finding = found(&[resolved, two]);

    let after = commit(conclude(&finding, &[one.key.digest()], rules(NOW)));

    assert_eq!(after.facts.status, Status::Active);
    assert!(after.facts.dissent);
}

#[test]
fn a_copy_speaks_again_when_its_original_can_no_longer_be_read() {
    let native = report(IdentityRule::GuardDuty, SourceKind::GuardDuty);
    let copy = report(IdentityRule::GuardDuty, SourceKind::SecurityHub);
    let finding = found(&[native.clone(), copy.clone()]);

    let blind = commit(conclude(&finding, &[native.key.digest()], rules(NOW)));

    assert_eq!(blind.facts.status, Status::Active, "the copy still says so");
    assert_eq!(blind.facts.products, ["aws/native"], "and counts for nothing");

    let both = commit(conclude(&blind, &[copy.key.digest()], rules(NOW)));
    assert_eq!(both.facts.status, Status::Unobservable);
}

#[test]
fn a_report_seen_again_is_as_if_it_had_never_been_gone() {
    let finding = found(&[control()]);
    let gone = commit(conclude(&finding, &[control().key.digest()], rules(NOW)));
    assert_eq!(gone.facts.status, Status::Unobservable);

    let back = read(&gone, &[control()], NOW).unwrap();

    assert_eq!(back.change.kinds, [ChangeKind::StatusChanged]);
    assert_eq!(back.finding.facts, finding.facts);
    assert_eq!(back.finding.reports, finding.reports);
}

#[test]
fn whoever_sees_it_again_answers_for_it_from_then_on() {
    // The linked Region still returns what the home Region no longer aggregates.
    let gone = commit(conclude(&found(&[control()]), &[control().key.digest()], rules(NOW)));
    let mut linked = seen(&control());
    linked.unit.region = "us-east-1".parse().unwrap();

    let back = commit(observe(Some(&gone), vec![linked.clone()], rules(NOW)));

    assert_eq!(back.reports.first().map(|held| &held.unit), Some(&linked.unit));
}

#[test]
fn a_report_that_left_takes_what_it_said_with_it() {
    let one = control();
    let key = ReportKey { provider_id: "2".to_owned(), ..one.key.clone() };
    let two = Report { key: key.clone(), severity_normalized: 95, ..control() };
    let finding = found(&[one.clone(), two]);

    let rest = withdraw(&finding, from_ref(&key), rules(NOW)).unwrap();
    let none = withdraw(&rest.finding, from_ref(&one.key), rules(NOW)).unwrap();

    assert_eq!(rest.finding.facts.severity_normalized, 70);
    assert_eq!(rest.change.actor, Actor::system("identity"));
    assert_eq!((none.finding.reports.len(), none.finding.facts.status), (0, Status::Resolved));
    assert_eq!(none.finding.facts.title, "bucket is open");
    assert_eq!(withdraw(&none.finding, from_ref(&one.key), rules(NOW)), None);

    let back = commit(read(&none.finding, &[one], NOW));
    assert_eq!(back.facts.status, Status::Active);
}
