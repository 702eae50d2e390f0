//! What the reports say together about how urgent it is.

use super::*;
use crate::report::{CVES_MAX, Privilege, Signals, TAGS_MAX, Tag, Vulnerability};

fn saying(mut held: HeldReport, signals: Signals) -> HeldReport {
    held.report.signals = signals;
    held
}

fn tagged(key: &str) -> Signals {
    let tags = vec![Tag { key: key.to_owned(), value: String::new() }];
    Signals { tags, ..Signals::default() }
}

fn control(id: &str, signals: Signals) -> HeldReport {
    let held = one(IdentityRule::Control, SourceKind::SecurityHub, Status::Active, 40);
    saying(named(held, id), signals)
}

fn guardduty(source: SourceKind, signals: Signals) -> HeldReport {
    saying(one(IdentityRule::GuardDuty, source, Status::Active, 40), signals)
}

fn together(reports: &[HeldReport]) -> Signals {
    fold(reports).unwrap().signals
}

#[test]
fn customers_write_criticality_and_confidence_to_the_copy() {
    let original = guardduty(SourceKind::GuardDuty, Signals { sequence: true, ..tagged("own") });
    let written = Signals { criticality: Some(90), confidence: Some(30), ..tagged("of the copy") };
    let copy =
        guardduty(SourceKind::SecurityHub, Signals { privilege: Privilege::Root, ..written });

    let signals = together(&[original.clone(), copy.clone()]);

    assert_eq!((signals.criticality, signals.confidence), (Some(90), Some(30)));
    assert!(signals.sequence);
    assert_eq!(signals.privilege, Privilege::Unknown, "a copy says nothing else");
    assert_eq!(signals.tags, original.report.signals.tags);

    let mut closed = copy;
    closed.report.status = Status::Archived;
    assert_eq!(together(&[original, closed]).criticality, None, "a closed copy lags behind");
}

#[test]
fn a_copy_lends_its_tags_to_an_original_without_any() {
    let original = guardduty(SourceKind::GuardDuty, Signals::default());
    let copy = guardduty(SourceKind::SecurityHub, tagged("env"));

    assert_eq!(together(&[original, copy.clone()]).tags, copy.report.signals.tags);
}

#[test]
fn one_witness_without_reservation_makes_the_finding_certain() {
    let sure = |confidence| Signals { confidence, ..Signals::default() };

    assert_eq!(
        together(&[control("a", sure(Some(20))), control("b", sure(Some(70)))]).confidence,
        Some(70)
    );
    assert_eq!(
        together(&[control("a", sure(Some(20))), control("b", sure(None))]).confidence,
        None
    );
}

#[test]
fn what_is_closed_no_longer_makes_it_urgent() {
    let gone = Signals { privilege: Privilege::Root, criticality: Some(100), ..tagged("gone") };
    let mut closed = control("a", gone.clone());
    closed.report.status = Status::Resolved;
    let open = control("b", Signals { privilege: Privilege::Read, ..tagged("there") });

    let signals = together(&[closed.clone(), open]);

    assert_eq!((signals.privilege, signals.criticality), (Privilege::Read, None));
    assert_eq!(signals.tags, tagged("there").tags);
    assert_eq!(together(&[closed]), gone, "of what is closed altogether all is shown");
}

#[test]
fn a_vulnerability_is_the_worst_that_is_said_of_it() {
    let vulnerability = |id: &str, epss, fix| Signals {
        vulnerability: Some(Vulnerability {
            ids: vec![id.to_owned()],
            epss_permille: epss,
            fix_available: fix,
            ..Vulnerability::default()
        }),
        ..Signals::default()
    };
    let reports = [
        control("a", vulnerability("CVE-2024-0002", Some(10), Some(true))),
        control("b", vulnerability("CVE-2024-0001", Some(500), Some(false))),
        control("c", Signals::default()),
    ];

    let said = together(&reports).vulnerability.unwrap();

    assert_eq!(said.ids, ["CVE-2024-0001", "CVE-2024-0002"]);
    assert_eq!((said.epss_permille, said.fix_available), (Some(500), Some(true)));
}

proptest! {
    #[test]
    fn signals_depend_on_no_order_and_keep_their_limits(
        (held, shuffled) in held().prop_flat_map(|held| (Just(held.clone()), Just(held).prop_shuffle())),
    ) {
        let signals = together(&held);

        prop_assert_eq!(&signals, &together(&shuffled));
        prop_assert!(signals.tags.len() <= TAGS_MAX && signals.tags.is_sorted_by(|a, b| a < b));
        let ids = signals.vulnerability.map(|said| said.ids).unwrap_or_default();
        prop_assert!(ids.len() <= CVES_MAX && ids.is_sorted_by(|a, b| a < b));
    }

    /// Another open witness never makes a finding look less urgent.
    #[test]
    fn another_witness_takes_nothing_away(
        all in vec(crate::testing::signals(), 2..5),
    ) {
        let name = |(n, signals): (usize, &Signals)| control(&n.to_string(), signals.clone());
        let reports: Vec<_> = all.iter().enumerate().map(name).collect();
        let (_, fewer) = reports.split_last().unwrap();
        let (more, less) = (together(&reports), together(fewer));
        let exploit = |signals: &Signals| {
            signals.vulnerability.as_ref().map(|said| (said.exploit, said.epss_permille))
        };

        prop_assert!(more.criticality >= less.criticality);
        prop_assert!(more.privilege >= less.privilege && more.sequence >= less.sequence);
        prop_assert!(less.tags.iter().all(|tag| more.tags.contains(tag)));
        prop_assert!(exploit(&more).is_none_or(|(state, _)| exploit(&less).is_none_or(|(l, _)| state >= l)));
        prop_assert!(more.confidence.unwrap_or(100) >= less.confidence.unwrap_or(100));
    }
}
