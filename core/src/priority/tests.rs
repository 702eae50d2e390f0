use proptest::prelude::*;

use super::*;
use crate::fold::fold;
use crate::ids::FindingId;
use crate::report::{
    ExploitState, Exposure, FindingClass, Privilege, Severity, Status, Vulnerability,
};
use crate::testing::{START, held_report, millis};
use crate::time::DAY_MS;

mod chains;
mod published;
mod rules;
mod tables;

/// What a finding is rated by, owned.
#[derive(Clone, Debug)]
struct Case {
    facts: Facts,
    threat: Option<RelatedThreat>,
    exploitation: Option<Exploitation>,
    lifecycle: Lifecycle,
}

impl Case {
    fn inputs(&self) -> Inputs<'_> {
        Inputs {
            facts: &self.facts,
            threat: self.threat.as_ref(),
            exploitation: self.exploitation.as_ref(),
            lifecycle: &self.lifecycle,
        }
    }

    fn rate(&self, now: Millis) -> Rating {
        Model::builtin().rate(self.inputs(), now)
    }

    fn score(&self, now: Millis) -> u16 {
        self.rate(now).priority.score
    }

    /// The same but for one thing.
    fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut other = self.clone();
        change(&mut other);
        other
    }
}

/// Whatever can be rated; open and no sample in most cases.
fn case() -> impl Strategy<Value = Case> {
    let moved = (any::<bool>(), 0..4_usize, proptest::option::of(millis()), any::<bool>());
    let rules = prop::sample::select(vec![
        "IAM.4",
        "IAM.1",
        "S3.8",
        "Recon:EC2/Portscan",
        "AttackSequence:S3/CompromisedData",
        "Policy:S3/BucketBlockPublicAccessDisabled",
        "Backdoor:EC2/C&CActivity.B",
        "x",
    ]);
    let lifecycle = (0..200_i64, 0..4_u16).prop_map(|(days, reopened)| Lifecycle {
        since: START.plus(-days * DAY_MS),
        closed: None,
        reopened,
    });
    (held_report(), moved, rules, threat(), proptest::option::of(exploitation()), lifecycle)
        .prop_map(
            |(held, (open, products, seen, hostile), rule, threat, exploitation, lifecycle)| {
                let mut facts = fold(&[held]).unwrap();
                if open {
                    (facts.status, facts.sample) = (Status::Active, false);
                    facts.false_positive = false;
                }
                if hostile {
                    facts.class = FindingClass::Threat;
                }
                rule.clone_into(&mut facts.rule_id);
                facts.last_observed = seen;
                facts.products = (0..products).map(|n| format!("vendor/{n}")).collect();
                Case { facts, threat, exploitation, lifecycle }
            },
        )
}

fn exploitation() -> impl Strategy<Value = Exploitation> {
    let yes = || proptest::option::of(any::<bool>());
    let epss = proptest::option::of(prop::sample::select(vec![0_u16, 1, 10, 100, 500]));
    (any::<bool>(), epss, yes(), yes(), proptest::option::of(20_400..20_600_i64)).prop_map(
        |(known_exploited, epss_permille, automatable, total_impact, kev_due)| Exploitation {
            cve: "CVE-2021-44228".to_owned(),
            known_exploited,
            kev_due: kev_due.filter(|_| known_exploited),
            ransomware: false,
            epss_permille,
            automatable,
            total_impact,
        },
    )
}

/// A time after every generated one.
fn now() -> impl Strategy<Value = Millis> {
    (0..60 * DAY_MS).prop_map(|ms| START.plus(crate::testing::DAYS * DAY_MS + ms))
}

/// A threat on the same resource, or none.
fn threat() -> impl Strategy<Value = Option<RelatedThreat>> {
    proptest::option::of(any::<u8>().prop_map(|severity_normalized| RelatedThreat {
        finding: FindingId([7; 16]),
        severity_normalized: severity_normalized.min(100),
        rule_id: "Backdoor:EC2/C&CActivity.B".to_owned(),
        seen: None,
    }))
}

proptest! {
    #[test]
    fn the_lines_sum_to_the_score_and_a_gate_has_none(case in case(), now in now()) {
        let Rating { priority, due } = case.rate(now);
        let sum: i32 = priority.reasons.iter().map(|reason| reason.points).sum();

        prop_assert_eq!(i32::from(priority.score), sum);
        prop_assert!(priority.score <= SCORE_MAX);
        prop_assert!(priority.reasons.is_sorted_by(|a, b| a.factor < b.factor), "each once, in order");
        prop_assert_eq!(priority.gate.is_none(), due.is_some());
        prop_assert!(priority.gate.is_none() || priority.reasons.is_empty());
        for reason in &priority.reasons {
            match reason.factor {
                Factor::Compression => prop_assert!(reason.points < 0),
                Factor::Floor => prop_assert!(reason.points > 0),
                _ => prop_assert!((0..=reason.max).contains(&reason.points), "{:?}", reason),
            }
            prop_assert_eq!(reason.missing, reason.points == 0);
            prop_assert!(!reason.value.is_empty());
        }
    }

    #[test]
    fn only_what_is_closed_a_sample_or_refuted_is_not_ranked(
        case in case(),
        now in now(),
        refuted in any::<bool>(),
    ) {
        for (status, sample) in Status::ALL.into_iter().flat_map(|s| [(s, false), (s, true)]) {
            let case = case.with(|case| {
                (case.facts.status, case.facts.sample) = (status, sample);
                case.facts.false_positive = refuted;
            });

            let expected = match (sample, status.is_open(), refuted) {
                (true, ..) => Some(Gate::Sample),
                (false, false, _) => Some(Gate::Closed),
                (false, true, true) => Some(Gate::FalsePositive),
                (false, true, false) => None,
            };
            prop_assert_eq!(case.rate(now).priority.gate, expected);
        }
    }

    #[test]
    fn a_rating_depends_on_what_is_rated_and_the_day_alone(case in case(), now in now(), ms in 0..DAY_MS) {
        let same_day = Millis(now.day() * DAY_MS + ms);

        prop_assert_eq!(case.rate(now), case.rate(same_day));
        prop_assert_eq!(case.clone().rate(now), case.rate(now));
    }

    #[test]
    fn a_worse_severity_never_scores_lower(case in case(), now in now(), a: u8, b: u8) {
        let at = |number: u8| case.with(|case| {
            case.facts.severity = Severity::from_normalized(number.min(100));
            case.facts.severity_normalized = number.min(100);
        }).score(now);

        prop_assert!(at(a.min(b)) <= at(a.max(b)));
    }

    #[test]
    fn what_is_worse_in_an_order_never_scores_lower(case in case(), now in now(), bytes: [u8; 2]) {
        let scores = Exposure::ALL.map(|exposure| case.with(|c| c.facts.exposure = exposure).score(now));
        prop_assert!(scores.is_sorted(), "exposure {:?}", scores);

        let scores = Privilege::ALL
            .map(|privilege| case.with(|c| c.facts.signals.privilege = privilege).score(now));
        prop_assert!(scores.is_sorted(), "privilege {:?}", scores);

        let vulnerable = |exploit, epss_permille| case.with(|c| {
            let ids = vec!["CVE-2021-44228".to_owned()];
            let vulnerability = Vulnerability { ids, exploit, epss_permille, fix_available: None };
            c.facts.signals.vulnerability = Some(vulnerability);
        }).score(now);
        let scores = ExploitState::ALL.map(|exploit| vulnerable(exploit, None));
        prop_assert!(scores.is_sorted(), "exploit {:?}", scores);
        let scores = [None, Some(0), Some(1), Some(10), Some(100), Some(500)]
            .map(|epss| vulnerable(ExploitState::Unknown, epss));
        prop_assert!(scores.is_sorted(), "EPSS {:?}", scores);

        let scores = [0, 1, 2, 3, 9].map(|count| case.with(|c| {
            c.facts.products = (0..count).map(|n| format!("vendor/{n}")).collect();
        }).score(now));
        prop_assert!(scores.is_sorted(), "products {:?}", scores);

        let scores = [0, 1, 2, 3, 9]
            .map(|times| case.with(|c| c.lifecycle.reopened = times).score(now));
        prop_assert!(scores.is_sorted(), "recurrence {:?}", scores);

        let numbers = [bytes[0].min(bytes[1]), bytes[0].max(bytes[1])].map(|n| n.min(100));
        let scores = numbers.map(|n| case.with(|c| c.facts.signals.criticality = Some(n)).score(now));
        prop_assert!(scores.is_sorted(), "criticality {:?}", scores);
        let scores = numbers.map(|n| case.with(|c| c.facts.signals.confidence = Some(n)).score(now));
        prop_assert!(scores.is_sorted(), "confidence {:?}", scores);
    }

    #[test]
    fn what_is_published_never_lowers_a_score(case in case(), now in now(), found in exploitation()) {
        let known = |change: fn(&mut Exploitation)| {
            let mut found = found.clone();
            change(&mut found);
            case.with(|c| c.exploitation = Some(found)).score(now)
        };
        let least = known(|found| {
            (found.known_exploited, found.kev_due) = (false, None);
            (found.automatable, found.total_impact) = (None, None);
        });

        let (as_is, none) = (known(|_| ()), case.with(|c| c.exploitation = None).score(now));
        let worse = [
            known(|found| found.known_exploited = true),
            known(|found| found.automatable = Some(true)),
            known(|found| found.total_impact = Some(true)),
        ];
        prop_assert!(none <= least && least <= as_is);
        prop_assert!(worse.iter().all(|worse| as_is <= *worse), "{} {:?}", as_is, worse);
    }

    #[test]
    fn a_threat_on_the_resource_never_lowers_a_score(case in case(), now in now(), a in threat(), b: u8) {
        let Some(a) = a else { return Ok(()) };
        let worse = a.severity_normalized.max(b.min(100));
        let scores = [
            case.with(|c| c.threat = None).score(now),
            case.with(|c| c.threat = Some(a.clone())).score(now),
            case.with(|c| c.threat = Some(RelatedThreat { severity_normalized: worse, ..a })).score(now),
        ];

        prop_assert!(scores.is_sorted(), "{:?}", scores);
    }

    #[test]
    fn a_threat_seen_later_never_scores_lower(case in case(), now in now(), a in millis(), b in millis()) {
        let at = |seen| case.with(|c| c.facts.last_observed = Some(seen)).score(now);

        prop_assert!(at(a.min(b)) <= at(a.max(b)));
    }

    #[test]
    fn of_what_is_no_threat_waiting_lowers_nothing(case in case(), now in now(), days in 0..400_i64) {
        let case = case.with(|c| c.facts.class = FindingClass::Misconfiguration);

        prop_assert!(case.score(now) <= case.score(now.plus(days * DAY_MS)));
        prop_assert_eq!(case.rate(now).due, case.rate(now.plus(days * DAY_MS)).due);
    }

    #[test]
    fn what_is_more_urgent_is_due_earlier(case in case(), now in now(), a: u8, b: u8) {
        let due = |number: u8| case.with(|case| {
            case.facts.severity_normalized = number.min(100);
        }).rate(now).due.map(|due| due.at);

        prop_assert!(due(a.max(b)) <= due(a.min(b)));
    }

    #[test]
    fn what_would_lower_a_score_does_so_by_what_it_says(
        finding in crate::testing::finding(), case in case(), now in now(),
    ) {
        let mut finding = Finding { facts: case.facts, threat: case.threat, ..finding };
        (finding.exploitation, finding.lifecycle) = (case.exploitation, case.lifecycle);
        let model = Model::builtin();
        finding.priority = model.rate(Inputs::of(&finding), now).priority;

        let explained = model.explain(&finding);

        prop_assert_eq!(explained.lines.len(), finding.priority.reasons.len());
        prop_assert!(explained.lower.len() <= 3);
        prop_assert!(explained.lower.is_sorted_by(|a, b| a.points >= b.points));
        prop_assert!(explained.lower.iter().all(|way| (1..=finding.priority.score).contains(&way.points)));
        for line in &explained.lines {
            let held = |key: &crate::report::ReportKey| finding.reports.iter().any(|held| held.report.key == *key);
            prop_assert!(line.evidence.iter().all(held), "evidence is a report of the finding");
            let told = explained.unknown.iter().any(|(factor, how)| {
                *factor == line.reason.factor && !how.is_empty()
            });
            prop_assert!(!line.reason.missing || told, "{:?}", line);
        }
    }
}

#[test]
fn each_band_begins_where_its_name_says() {
    let bands = [(0, "P4"), (249, "P4"), (250, "P3"), (449, "P3"), (450, "P2"), (649, "P2")];
    let more = [(650, "P1"), (849, "P1"), (850, "P0"), (SCORE_MAX, "P0")];

    for (score, band) in bands.into_iter().chain(more) {
        assert_eq!(Band::of(score).as_str(), band, "{score}");
    }
}
