use proptest::prelude::*;

use super::*;
use crate::report::Vulnerability;
use crate::time::DAY_MS;

fn cve(text: &str) -> Cve {
    Cve::parse(text).unwrap()
}

fn about(ids: &[&str]) -> Signals {
    let ids = ids.iter().map(|id| (*id).to_owned()).collect();
    let vulnerability = Some(Vulnerability { ids, ..Vulnerability::default() });
    Signals { vulnerability, ..Signals::default() }
}

fn known(text: &str, due_day: i32, ransomware: bool) -> Known {
    Known { cve: cve(text), due_day: Some(due_day), ransomware }
}

fn intel() -> Intel {
    let kev = [
        known("CVE-2021-44228", 18_985, true),
        known("CVE-2023-4863", 19_632, false),
        known("CVE-2022-1040", 19_110, false),
    ];
    let epss = vec![(cve("CVE-2021-44228"), 944), (cve("CVE-2024-0001"), 47)];
    let ssvc = [Decision {
        cve: cve("CVE-2024-0001"),
        automatable: Some(true),
        total_impact: Some(false),
    }];
    let intel = Intel::none().with_kev(Issue::default(), &kev).unwrap();
    let intel = intel.with_epss(Issue::default(), epss).unwrap();
    intel.with_ssvc(Issue::default(), &ssvc).unwrap()
}

#[test]
fn a_cve_is_read_and_written() {
    for id in ["CVE-1999-0001", "CVE-2021-44228", "CVE-2025-1234567", "CVE-2062-0000"] {
        assert_eq!(cve(id).to_string(), id);
    }
    assert_eq!(cve("cve-2021-44228"), cve("CVE-2021-44228"));
    assert!(cve("CVE-2021-9999") < cve("CVE-2021-44228"), "by number, not by text");
    for text in [
        "",
        "CVE",
        "CVE-",
        "CVE-2021",
        "CVE-2021-",
        "CVE-2021-123",
        "CVE-21-44228",
        "CVE-1998-0001",
        "CVE-2063-0001",
        "CVE-2021-67108864",
        "CVE-2021-4x28",
        "CVE-2021-+4228",
        "GHSA-2021-44228",
        "CVE-2021-99999999999999999999",
        "é",
    ] {
        assert_eq!(Cve::parse(text), None, "{text}");
    }
}

#[test]
fn nothing_is_known_without_intelligence() {
    assert_eq!(Intel::none().of(&about(&["CVE-2021-44228"])), None);
    assert!(Intel::none().is_none() && !Intel::none().has_kev());
    assert_eq!(intel().of(&Signals::default()), None);
    assert_eq!(intel().of(&about(&[])), None);
    assert_eq!(intel().of(&about(&["GHSA-1"])), None);
}

#[test]
fn the_worst_of_several_is_told() {
    let worst = |ids: &[&str]| intel().of(&about(ids)).map(|found| found.cve).unwrap_or_default();

    assert_eq!(worst(&["CVE-2021-44228", "CVE-2023-4863"]), "CVE-2021-44228", "ransomware");
    assert_eq!(worst(&["CVE-2022-1040", "CVE-2023-4863"]), "CVE-2022-1040", "due earlier");
    assert_eq!(worst(&["CVE-2024-0001", "CVE-2023-4863"]), "CVE-2023-4863", "known exploited");
    assert_eq!(worst(&["CVE-2024-0001", "CVE-2025-0001"]), "CVE-2024-0001", "scored");
    assert_eq!(worst(&["CVE-2025-0001", "CVE-2025-0002"]), "CVE-2025-0002", "newer");
}

#[test]
fn what_is_known_of_a_cve_comes_from_all_lists() {
    let log4shell = intel().of(&about(&["CVE-2021-44228"])).unwrap();
    let other = intel().of_cve(cve("CVE-2024-0001")).unwrap();

    assert!(log4shell.known_exploited && log4shell.ransomware);
    assert_eq!((log4shell.kev_due, log4shell.epss_permille), (Some(18_985), Some(500)));
    assert_eq!((log4shell.automatable, log4shell.total_impact), (None, None));
    assert!(!other.known_exploited && !other.ransomware);
    assert_eq!((other.kev_due, other.epss_permille), (None, Some(10)), "as a step");
    assert_eq!((other.automatable, other.total_impact), (Some(true), Some(false)));
}

#[test]
fn that_the_catalog_does_not_have_it_is_known() {
    let none = Intel::none();
    let scores = none.clone().with_epss(Issue::default(), Vec::new()).unwrap();
    let catalog = none.with_kev(Issue::default(), &[]).unwrap();

    assert_eq!(scores.of(&about(&["CVE-2025-0001"])), None);
    assert!(!catalog.of(&about(&["CVE-2025-0001"])).unwrap().known_exploited);
}

#[test]
fn a_cve_that_is_listed_twice_is_refused() {
    let rows =
        vec![(cve("CVE-2024-0001"), 1), (cve("CVE-2024-0002"), 1), (cve("CVE-2024-0001"), 2)];
    let error = Intel::none().with_epss(Issue::default(), rows).unwrap_err();

    assert_eq!(error.to_string(), "CVE-2024-0001 is listed twice");
}

#[test]
fn three_hundred_thousand_scores_fit_into_eight_megabytes() {
    let rows = (0..300_000).map(|n| (cve(&format!("CVE-2024-{:04}", n + 1000)), 1)).collect();
    let intel = Intel::none().with_epss(Issue::default(), rows).unwrap();

    assert!(intel.bytes() <= 8_000_000, "{}", intel.bytes());
    assert_eq!(intel.parts()[0].cves, 300_000);
}

#[test]
fn an_issue_is_stale_by_its_date() {
    let date = Millis(20_000 * DAY_MS);
    let part = |feed, date| Part { feed, issue: Issue { version: String::new(), date }, cves: 0 };
    for feed in Feed::ALL {
        let days = feed.stale_days();
        assert!(!part(feed, Some(date)).is_stale(date.plus(days * DAY_MS)));
        assert!(part(feed, Some(date)).is_stale(date.plus((days + 1) * DAY_MS)));
        assert!(part(feed, None).is_stale(date));
    }
    assert_eq!(part(Feed::Kev, Some(date)).age_days(date.plus(DAY_MS)), Some(1));
}

proptest! {
    #[test]
    fn every_score_is_found_again(rows in proptest::collection::btree_map(1999_u32..2063, 0_u16..=1000, 0..40)) {
        let scores: Vec<_> = rows.iter().map(|(n, score)| (cve(&format!("CVE-{n}-{:04}", n * 7)), *score)).collect();
        let intel = Intel::none().with_epss(Issue::default(), scores.iter().rev().copied().collect()).unwrap();

        for (one, score) in scores {
            prop_assert_eq!(intel.of_cve(one).and_then(|found| found.epss_permille), Some(epss_step(score)));
        }
    }

    #[test]
    fn the_order_of_ids_does_not_matter(
        ids in Just(vec!["CVE-2021-44228", "CVE-2023-4863", "CVE-2024-0001", "CVE-2022-1040"]).prop_shuffle(),
        count in 0_usize..=4,
    ) {
        let mut some = ids;
        some.truncate(count);
        let mut sorted = some.clone();
        sorted.sort_unstable();

        prop_assert_eq!(intel().of(&about(&some)), intel().of(&about(&sorted)));
    }
}
