use proptest::prelude::*;

use super::*;
use crate::fold::fold;
use crate::ids::FindingId;
use crate::report::{Severity, Status};
use crate::testing::{START, held_report, millis};
use crate::time::DAY_MS;

/// Facts of any kind, open and no sample in most cases.
fn facts() -> impl Strategy<Value = Facts> {
    let moved = (any::<bool>(), 0..4_usize, proptest::option::of(millis()), any::<bool>());
    (held_report(), moved).prop_map(|(held, (open, products, seen, threat))| {
        let mut facts = fold(&[held]).unwrap();
        if open {
            (facts.status, facts.sample) = (Status::Active, false);
        }
        if threat {
            facts.class = FindingClass::Threat;
        }
        facts.last_observed = seen;
        facts.products = (0..products).map(|n| format!("vendor/{n}")).collect();
        facts
    })
}

/// A time after every generated one.
fn now() -> impl Strategy<Value = Millis> {
    (0..60 * DAY_MS).prop_map(|ms| START.plus(crate::testing::DAYS * DAY_MS + ms))
}

fn points(facts: &Facts, now: Millis, factor: Factor) -> i32 {
    let reasons = score(facts, None, now).reasons;
    reasons.into_iter().find(|reason| reason.factor == factor).map_or(0, |reason| reason.points)
}

/// A threat on the same resource, or none.
fn threat() -> impl Strategy<Value = Option<RelatedThreat>> {
    proptest::option::of(any::<u8>().prop_map(|severity_normalized| RelatedThreat {
        finding: FindingId([7; 16]),
        severity_normalized,
        rule_id: "Backdoor:EC2/C&CActivity.B".to_owned(),
    }))
}

#[test]
fn the_most_that_one_finding_can_have_is_the_highest_score() {
    let most = |never: Factor| -> i32 {
        Factor::ALL.into_iter().filter(|f| *f != never).map(Factor::points_max).sum()
    };

    // A threat has no related threat, and nothing else has a recency.
    assert_eq!(most(Factor::Threat), i32::from(SCORE_MAX));
    assert!(most(Factor::Recency) <= i32::from(SCORE_MAX));
}

#[test]
fn every_severity_number_has_its_points() {
    let points: Vec<i32> = (0..=100).map(severity_points).collect();

    for (number, expected) in [(0, 0), (1, 70), (40, 200), (70, 360), (90, 450), (100, 500)] {
        assert_eq!(points[number], expected);
    }
    assert!(points.is_sorted_by(|a, b| a < b), "a higher number always counts more");
    assert_eq!(severity_points(255), 500);
}

#[test]
fn each_band_begins_where_its_name_says() {
    let bands = [(0, "P4"), (249, "P4"), (250, "P3"), (449, "P3"), (450, "P2"), (649, "P2")];
    let more = [(650, "P1"), (849, "P1"), (850, "P0"), (SCORE_MAX, "P0")];

    for (score, band) in bands.into_iter().chain(more) {
        assert_eq!(Band::of(score).as_str(), band, "{score}");
    }
}

proptest! {
    #[test]
    fn the_reasons_sum_to_the_score_and_a_gate_has_none(
        facts in facts(), threat in threat(), now in now(),
    ) {
        let priority = score(&facts, threat.as_ref(), now);
        let sum: i32 = priority.reasons.iter().map(|reason| reason.points).sum();

        prop_assert_eq!(i32::from(priority.score), sum);
        prop_assert!(priority.score <= SCORE_MAX);
        let factors: Vec<_> = priority.reasons.iter().map(|reason| reason.factor).collect();
        if priority.gate.is_none() {
            prop_assert_eq!(&factors[..], &Factor::ALL);
        } else {
            prop_assert!(factors.is_empty());
        }
        for reason in &priority.reasons {
            prop_assert!(reason.points <= reason.factor.points_max());
            prop_assert!(!reason.value.is_empty());
            prop_assert!(!reason.missing || reason.points == 0);
        }
    }

    #[test]
    fn only_what_is_closed_or_a_sample_is_not_ranked(mut facts in facts(), now in now()) {
        for (status, sample) in Status::ALL.into_iter().flat_map(|s| [(s, false), (s, true)]) {
            (facts.status, facts.sample) = (status, sample);
            let gate = score(&facts, None, now).gate;

            let expected = match (sample, status.is_open()) {
                (true, _) => Some(Gate::Sample),
                (false, false) => Some(Gate::Closed),
                (false, true) => None,
            };
            prop_assert_eq!(gate, expected);
        }
    }

    #[test]
    fn a_score_depends_on_the_facts_and_the_day_alone(facts in facts(), now in now(), ms in 0..DAY_MS) {
        let same_day = Millis(now.day() * DAY_MS + ms);

        prop_assert_eq!(score(&facts, None, now), score(&facts, None, same_day));
        prop_assert_eq!(score(&facts.clone(), None, now), score(&facts, None, now));
    }

    #[test]
    fn a_worse_severity_never_scores_lower(facts in facts(), now in now(), a: u8, b: u8) {
        let at = |number: u8| {
            let (severity, number) = (Severity::from_normalized(number), number.min(100));
            score(&Facts { severity, severity_normalized: number, ..facts.clone() }, None, now).score
        };

        prop_assert!(at(a.min(b)) <= at(a.max(b)));
    }

    #[test]
    fn a_wider_exposure_never_scores_lower(facts in facts(), now in now()) {
        let scores = Exposure::ALL
            .map(|exposure| score(&Facts { exposure, ..facts.clone() }, None, now).score);

        prop_assert!(scores.is_sorted());
    }

    #[test]
    fn a_threat_seen_later_never_scores_lower(
        facts in facts(), now in now(), a in millis(), b in millis(),
    ) {
        let at = |seen| score(&Facts { last_observed: Some(seen), ..facts.clone() }, None, now).score;

        prop_assert!(at(a.min(b)) <= at(a.max(b)));
        prop_assert!(at(a) >= score(&facts, None, now.plus(DAY_MS * 400)).score);
    }

    #[test]
    fn a_score_never_rises_by_waiting(facts in facts(), now in now(), ms in 0..400 * DAY_MS) {
        prop_assert!(score(&facts, None, now.plus(ms)).score <= score(&facts, None, now).score);
    }

    #[test]
    fn more_products_never_score_lower(facts in facts(), now in now()) {
        let at = |count: usize| {
            let products = (0..count).map(|n| format!("vendor/{n}")).collect();
            score(&Facts { products, ..facts.clone() }, None, now).score
        };

        prop_assert!((0..5).map(at).is_sorted());
    }

    #[test]
    fn recency_counts_for_threats_and_steps_with_the_days(
        facts in facts(), seen in millis(), days in 0_i64..60,
    ) {
        let at = |class, days: i64| {
            let facts = Facts {
                class, status: Status::Active, sample: false, last_observed: Some(seen),
                ..facts.clone()
            };
            points(&facts, seen.plus(days * DAY_MS), Factor::Recency)
        };
        let step = match days { 0..=1 => 0, 2..=7 => 2, 8..=30 => 8, _ => 31 };
        let steps = [0, 2, 8, 31].map(|first| at(FindingClass::Threat, first));

        prop_assert_eq!(at(FindingClass::Threat, days), at(FindingClass::Threat, step));
        prop_assert!(steps.is_sorted_by(|a, b| a > b), "{:?}", steps);
        prop_assert_eq!((steps[0], steps[3]), (Factor::Recency.points_max(), 0));
        prop_assert_eq!(at(FindingClass::Exposure, days), 0);
    }

    #[test]
    fn a_stronger_threat_on_the_resource_never_scores_lower(
        facts in facts(), now in now(), a: u8, b: u8,
    ) {
        let at = |severity_normalized| {
            let rule_id = String::new();
            let threat = RelatedThreat { finding: FindingId([7; 16]), severity_normalized, rule_id };
            score(&facts, Some(&threat), now)
        };
        let none = score(&facts, None, now);

        prop_assert!(none.score <= at(a.min(b)).score && at(a.min(b)).score <= at(a.max(b)).score);
        prop_assert_eq!(at(0).score, none.score);
        let raised = i32::from(at(100).score - none.score);
        let counts = none.gate.is_none() && facts.class != FindingClass::Threat;
        prop_assert_eq!(raised, if counts { Factor::Threat.points_max() } else { 0 });
    }

    #[test]
    fn a_time_ahead_of_the_day_is_no_recency(facts in facts(), days in prop_oneof![Just(2_i64), 2_i64..4000]) {
        let threat = Facts {
            class: FindingClass::Threat, status: Status::Active, sample: false,
            last_observed: Some(START.plus(days * DAY_MS)), ..facts
        };
        let reasons = score(&threat, None, START).reasons;
        let recency = reasons.iter().find(|reason| reason.factor == Factor::Recency).unwrap();

        prop_assert_eq!((recency.points, recency.missing), (0, true));
    }
}
