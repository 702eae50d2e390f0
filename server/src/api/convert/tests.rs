use muster_core::report::Signals;
use muster_core::time::Millis;
use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn a_time_comes_back_to_the_millisecond(ms in SECONDS_MIN * 1000..=SECONDS_MAX * 1000) {
        let time = timestamp(Millis(ms));

        prop_assert!((0..1_000_000_000).contains(&time.nanos));
        prop_assert_eq!(millis(time), Some(Millis(ms)));
    }

    #[test]
    fn a_span_comes_back_to_the_millisecond(ms in 1..i64::MAX / 1_000_000) {
        prop_assert_eq!(span_ms(duration_ms(ms)), Some(ms));
    }

    #[test]
    fn a_report_is_sent_with_what_it_says_of_urgency(finding in muster_core::testing::finding()) {
        let sent = finding::finding(&finding, Detail::Full);

        for (held, report) in finding.reports.iter().zip(&sent.reports) {
            let signals = &held.report.signals;
            prop_assert_eq!(report.signals.is_none(), *signals == Signals::default());
            let sent = report.signals.clone().unwrap_or_default();
            prop_assert_eq!(sent.criticality, signals.criticality.map(u32::from));
            prop_assert_eq!(sent.confidence, signals.confidence.map(u32::from));
            prop_assert_eq!(sent.attack_sequence, signals.sequence);
            let tags = signals.tags.iter().map(|tag| (&*tag.key, &*tag.value));
            prop_assert!(sent.tags.iter().map(|tag| (&*tag.key, &*tag.value)).eq(tags));
            if report.signals.is_some() {
                let word = sent.privilege().as_str_name().trim_start_matches("PRIVILEGE_");
                prop_assert_eq!(word, signals.privilege.as_str());
            }
            prop_assert_eq!(sent.vulnerability.is_some(), signals.vulnerability.is_some());
            if let (Some(sent), Some(said)) = (sent.vulnerability, &signals.vulnerability) {
                let word = sent.exploit().as_str_name().trim_start_matches("EXPLOIT_STATE_");
                prop_assert_eq!(word, said.exploit.as_str());
                prop_assert_eq!(sent.epss_permille, said.epss_permille.map(u32::from));
                prop_assert_eq!((&sent.cves, sent.fix_available), (&said.ids, said.fix_available));
            }
        }
        let basic = finding::finding(&finding, Detail::Basic);
        prop_assert!(basic.reports.is_empty());
    }
}

#[test]
fn what_is_no_time_and_no_span_is_none() {
    let time = |seconds, nanos| millis(prost_types::Timestamp { seconds, nanos });
    let span = |seconds, nanos| span_ms(prost_types::Duration { seconds, nanos });

    assert_eq!(time(SECONDS_MAX + 1, 0), None);
    assert_eq!(time(SECONDS_MIN - 1, 0), None);
    assert_eq!(time(0, -1), None);
    assert_eq!(time(0, 1_000_000_000), None);
    assert_eq!(span(0, 0), None);
    assert_eq!(span(-1, 0), None);
    assert_eq!(span(0, 999_999), None, "below a millisecond");
    assert_eq!(span(i64::MAX, 0), None);
}

#[test]
fn a_list_takes_its_first_entry_however_large_and_then_what_fits() {
    let of = |bytes: usize| muster_api::v1::Actor {
        principal: "x".repeat(bytes),
        on_behalf_of: String::new(),
    };
    let mut budget = Budget::new(100);

    assert!(budget.fits(&of(500)), "a list that cannot move on would be asked for again for ever");
    assert!(!budget.fits(&of(1)));
    let mut budget = Budget::new(100);
    assert!(budget.fits(&of(40)));
    assert!(!budget.fits(&of(80)));
    assert!(budget.fits(&of(40)), "what does not fit is not counted");
}
