//! D1, D2 and D3 with people in between: whatever is observed, merged and split in whatever order,
//! each report is in one finding, and it is the one that the decisions say.

use std::collections::BTreeMap;

use muster_core::ids::FindingId;
use muster_core::report::{Report, ReportDigest};
use muster_core::weakness::Classes;
use proptest::collection::vec;
use proptest::prelude::*;

use super::regroup::{merging, splitting, violations};
use crate::routes::Routes;
use crate::store::Store;
use crate::testing::{Bench, report};
use crate::writer::WriteError;

/// How many things reports are about.
const ORIGINS: u32 = 3;

/// How many reports there are about each.
const COPIES: u32 = 3;

#[derive(Clone, Debug)]
enum Step {
    /// A page with these reports, by number; with news when the version is another.
    Observe(Vec<(u32, u8)>),
    /// The finding of one report takes that of another.
    Merge(u32, u32),
    Split(u32),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let number = 0..ORIGINS * COPIES;
    prop_oneof![
        4 => vec((number.clone(), 0..4_u8), 1..5).prop_map(Step::Observe),
        3 => (number.clone(), number.clone()).prop_map(|(a, b)| Step::Merge(a, b)),
        3 => number.prop_map(Step::Split),
        1 => Just(Step::Restart),
    ]
}

fn nth(number: u32, version: u8) -> Report {
    let mut report = report(number / COPIES);
    report.key.provider_id = format!("{}/{}", report.key.provider_id, number % COPIES);
    report.title = format!("version {version}");
    report
}

/// Which finding holds each report. Fails when two do.
fn owners(bench: &Bench) -> BTreeMap<ReportDigest, FindingId> {
    let mut owners = BTreeMap::new();
    bench
        .store
        .scan_findings(&mut |finding| {
            for held in &finding.reports {
                let other = owners.insert(held.report.key.digest(), finding.id);
                assert_eq!(other, None, "{} is in two findings", held.report.key);
            }
        })
        .unwrap();
    owners
}

/// Takes a step; says which findings the reports must be in afterwards that were in one before.
async fn take(bench: &mut Bench, step: Step) {
    let before = owners(bench);
    let owner = |number| before.get(&nth(number, 0).key.digest()).copied();
    match step {
        Step::Observe(seen) => {
            let reports: Vec<Report> =
                seen.iter().map(|(number, version)| nth(*number, *version)).collect();
            bench.ingest(&reports).await;
            let after = owners(bench);
            for (digest, id) in &before {
                assert_eq!(after.get(digest), Some(id), "a refresh moves no report");
            }
        }
        Step::Merge(into, from) => {
            let (Some(into), Some(from)) = (owner(into), owner(from)) else { return };
            match bench.writer.merge(merging(into, from)).await {
                Ok(_) => {
                    let after = owners(bench);
                    let moved = before.iter().filter(|(_, id)| **id == from);
                    moved.for_each(|(digest, _)| assert_eq!(after[digest], into));
                    assert!(!after.values().any(|id| *id == from));
                }
                Err(error) => assert!(into == from, "{error}"),
            }
        }
        Step::Split(number) => {
            let Some(id) = owner(number) else { return };
            match bench.writer.split(splitting(id, &nth(number, 0).key)).await {
                Ok(done) => {
                    let after = owners(bench);
                    assert_eq!(after[&nth(number, 0).key.digest()], done.other.id);
                    assert!(after.values().any(|other| *other == id), "something stays");
                }
                Err(error @ WriteError::Refused(_)) => {
                    let alone = before.values().filter(|other| **other == id).count() == 1;
                    assert!(alone, "{error}");
                }
                Err(error) => panic!("{error}"),
            }
        }
        Step::Restart => *bench = bench.restart(),
    }
}

/// Each report is where the routes lead, in the view as in the store, and every promise is kept.
fn check(bench: &Bench) {
    let classes = Classes::builtin();
    let routes = Routes::new(&*bench.store, &classes).unwrap();
    let view = bench.view.read().unwrap();
    let mut findings = Vec::new();
    bench.store.scan_findings(&mut |finding| findings.push(finding)).unwrap();
    for finding in &findings {
        for held in &finding.reports {
            let placed = routes.place(&held.report).unwrap();
            assert_eq!(placed.id, finding.id, "{}", held.report.key);
            assert_eq!(placed.key.text, finding.key);
            let shown = view.report(&held.report.key.digest()).unwrap();
            assert_eq!(shown.finding, finding.id);
        }
        if let Some(into) = finding.merged_into {
            assert_eq!(routes.end(finding.id).unwrap(), routes.end(into).unwrap());
        }
    }
    drop(view);
    owners(bench);
    assert_eq!(violations(bench), []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_report_is_in_the_one_finding_that_the_decisions_say(steps in vec(step(), 1..24)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut bench = Bench::new();
            for step in steps {
                take(&mut bench, step).await;
                check(&bench);
            }
        });
    }
}
