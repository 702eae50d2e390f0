//! What a tally hears from the view is what the findings say.

use muster_core::maturity::{Held, Report, Seen, Table, Tally};
use muster_core::report::FindingClass;
use muster_core::time::{HOUR_MS, Millis};
use muster_core::unit::Unit;

use super::*;

/// Which units are read, in these tests.
fn is_read(unit: &str) -> bool {
    unit.len().is_multiple_of(2)
}

/// What the view says.
fn told(view: &View) -> Report {
    let mut tally = Tally::new(&Table::builtin(), NOW);
    let mut place = Some(0);
    while let Some(from) = place {
        place = view.tell(&mut tally, from, &is_read);
    }
    tally.organization(&[])
}

/// What the findings say, in another order.
fn expected(model: &Model) -> Report {
    let mut tally = Tally::new(&Table::builtin(), NOW);
    let mut heads: Vec<&Head> = model.heads().collect();
    heads.reverse();
    for head in heads {
        let facets = &head.facets;
        let class = facets.class;
        let held = head.reports.iter().map(|report| Held {
            rule: tally.rule(report.identity, &report.rule_id, class),
            source: report.unit.parse::<Unit>().unwrap().source,
            current: is_read(&report.unit),
            absent: report.absent,
            looked: Millis(i64::from(report.looked_hour) * HOUR_MS),
        });
        let held: Vec<Held> = held.collect();
        let (account, region) = (tally.account(facets.account), tally.region(&facets.region));
        tally.add(&Seen {
            id: head.id,
            account,
            region,
            status: facets.status,
            triage: facets.triage,
            severity: facets.severity,
            score: facets.score,
            created: head.created,
            sample: class == FindingClass::Threat && facets.title.starts_with("[SAMPLE]"),
            reports: &held,
        });
    }
    tally.organization(&[])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_tally_hears_of_every_finding_once(steps in samples::steps()) {
        let pair = Pair::after(steps);

        prop_assert_eq!(told(&pair.view), expected(&pair.model));
    }
}

#[test]
fn a_tally_hears_whose_rule_it_is_also_after_a_restart() {
    let mut head = Head::of(&crate::store::samples::finding(1, 0));
    let identity = head.reports[0].identity;
    assert!(identity.is_some());
    "Custom threat".clone_into(&mut head.facets.title);
    let mut pair = Pair::default();
    pair.apply(vec![head]);
    let before = told(&pair.view);

    pair.take(Step::Restart);

    assert_eq!(told(&pair.view), before);
}
