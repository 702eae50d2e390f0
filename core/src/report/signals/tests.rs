use proptest::prelude::*;

use super::*;
use crate::report::Report;
use crate::testing;

fn tag(key: &str, value: &str) -> Tag {
    Tag { key: key.to_owned(), value: value.to_owned() }
}

#[test]
fn an_epss_value_is_stored_as_the_step_that_it_reaches() {
    for (permille, step) in [
        (0, 0),
        (1, 1),
        (9, 1),
        (10, 10),
        (99, 10),
        (100, 100),
        (499, 100),
        (500, 500),
        (1000, 500),
    ] {
        assert_eq!(epss_step(permille), step, "{permille}");
        assert_eq!(epss_step(step), step, "a step is its own step");
    }
}

#[test]
fn tags_are_sorted_bounded_and_without_repeats() {
    let mut few = vec![tag("b", "2"), tag("a", "1"), tag("b", "2"), tag("a", "")];
    assert!(!arrange_tags(&mut few));
    assert_eq!(few, [tag("a", ""), tag("a", "1"), tag("b", "2")]);

    let mut many: Vec<Tag> = (0..=TAGS_MAX).map(|n| tag(&format!("{n:03}"), "")).collect();
    assert!(arrange_tags(&mut many));
    assert_eq!((many.len(), many[0].key.as_str()), (TAGS_MAX, "000"));

    let mut long = vec![tag("a", &"é".repeat(TAG_VALUE_BYTES_MAX))];
    assert!(arrange_tags(&mut long));
    assert_eq!(long[0].value.len(), TAG_VALUE_BYTES_MAX);
}

#[test]
fn of_too_many_ids_the_newest_are_kept() {
    let mut ids: Vec<String> =
        (0..CVES_MAX).rev().map(|n| format!("CVE-2024-{:04}", n + 1000)).collect();
    ids.push("CVE-2014-0160".to_owned());
    assert!(arrange_ids(&mut ids));
    assert_eq!(ids.len(), CVES_MAX);
    assert_eq!(ids.first().map(String::as_str), Some("CVE-2024-1000"));
}

#[test]
fn a_signal_of_its_own_moves_the_hash_of_its_report() {
    let vulnerability = |change: fn(&mut Vulnerability)| {
        let mut vulnerability = Vulnerability::default();
        change(&mut vulnerability);
        Signals { vulnerability: Some(vulnerability), ..Signals::default() }
    };
    let all = [
        Signals { criticality: Some(0), ..Signals::default() },
        Signals { confidence: Some(0), ..Signals::default() },
        Signals { tags: vec![tag("a", "b")], ..Signals::default() },
        Signals { tags: vec![tag("ab", "")], ..Signals::default() },
        Signals { privilege: Privilege::Read, ..Signals::default() },
        Signals { sequence: true, ..Signals::default() },
        vulnerability(|v| v.ids.push("CVE-2021-44228".to_owned())),
        vulnerability(|v| v.exploit = ExploitState::None),
        vulnerability(|v| v.epss_permille = Some(0)),
        vulnerability(|v| v.epss_permille = Some(1)),
        vulnerability(|v| v.fix_available = Some(false)),
        Signals::default(),
    ];
    let hashes = all.map(|signals| {
        let mut hash = FieldHash::new();
        signals.hash(&mut hash);
        hash.finish()
    });
    let mut distinct = hashes.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), hashes.len());
}

proptest! {
    #[test]
    fn an_epss_value_moves_the_hash_only_from_one_step_to_another(
        report in testing::report(), from in 0_u16..=1000, to in 0_u16..=1000,
    ) {
        let with = |epss| {
            let vulnerability = Vulnerability { epss_permille: Some(epss), ..Vulnerability::default() };
            let signals = Signals { vulnerability: Some(vulnerability), ..report.signals.clone() };
            Report { signals, ..report.clone() }.content_hash()
        };

        prop_assert_eq!(with(from) == with(to), epss_step(from) == epss_step(to));
    }
}
