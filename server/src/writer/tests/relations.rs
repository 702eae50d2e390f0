//! Threats make the other findings on their resource more urgent, and nothing else.

use muster_core::priority::Factor;
use muster_core::report::{FindingClass, IdentityRule, OriginKey, Report, Status};
use muster_core::time::DAY_MS;

use super::regroup::{merging, violations};
use crate::store::{Commit, MetaTable, Store};
use crate::testing::{Bench, id, report};
use crate::writer::due;

/// A weakness of the resource of the threat of that number.
fn weakness(number: u32) -> Report {
    let threat = report(number);
    let text = format!("shc|aws|123456789012|eu-central-1|EC2.9|{number}");
    Report {
        origin: OriginKey { rule: IdentityRule::Control, text },
        class: FindingClass::Misconfiguration,
        rule_id: "EC2.9".to_owned(),
        key: muster_core::report::ReportKey {
            provider_id: format!("control/{number}"),
            ..threat.key.clone()
        },
        ..threat
    }
}

fn threat(number: u32, severity_normalized: u8) -> Report {
    let rule_id = "Backdoor:EC2/C&CActivity.B".to_owned();
    Report { severity_normalized, rule_id, ..report(number) }
}

/// What the finding of `report` is related to, as the severity of the threat, and what that counts.
async fn related(bench: &Bench, report: &Report) -> (Option<u8>, i32) {
    // Behind what is under way.
    bench.writer.tick(Vec::new()).await.unwrap();
    let finding = bench.finding(report).unwrap();
    let reasons = finding.priority.reasons.iter();
    let points =
        reasons.filter(|reason| reason.factor == Factor::Threat).map(|reason| reason.points);
    (finding.threat.map(|threat| threat.severity_normalized), points.sum())
}

fn due_rows(bench: &Bench) -> usize {
    bench.store.scan_meta(MetaTable::Store, &[], 10).unwrap().len()
}

#[tokio::test]
async fn a_threat_that_comes_moves_closes_or_returns_is_followed() {
    let bench = Bench::new();
    bench.ingest(&[weakness(1), weakness(2)]).await;
    assert_eq!(related(&bench, &weakness(1)).await, (None, 0));

    bench.ingest(&[threat(1, 60)]).await;
    assert_eq!(related(&bench, &weakness(1)).await, (Some(60), 40));
    assert_eq!(related(&bench, &weakness(2)).await, (None, 0));
    assert_eq!(related(&bench, &report(1)).await.0, None, "a threat is not related to itself");

    bench.ingest(&[threat(1, 69)]).await;
    assert_eq!(related(&bench, &weakness(1)).await, (Some(69), 40));

    bench.ingest(&[Report { status: Status::Archived, ..threat(1, 69) }]).await;
    assert_eq!(related(&bench, &weakness(1)).await, (None, 0));

    bench.ingest(&[threat(1, 69)]).await;
    assert_eq!(related(&bench, &weakness(1)).await, (Some(69), 40));
    assert_eq!(due_rows(&bench), 0);
    assert_eq!(violations(&bench), []);
}

#[tokio::test]
async fn a_finding_that_comes_after_the_threat_or_with_it_is_related_too() {
    let bench = Bench::new();
    bench.ingest(&[threat(1, 60)]).await;
    bench.ingest(&[weakness(1)]).await;
    bench.ingest(&[weakness(2), threat(2, 50)]).await;

    assert_eq!(related(&bench, &weakness(1)).await, (Some(60), 40));
    assert_eq!(related(&bench, &weakness(2)).await, (Some(50), 40));
}

#[tokio::test]
async fn everything_that_a_threat_names_is_threatened_until_it_names_it_no_more() {
    let bench = Bench::new();
    // As an attack sequence does: the user first, then the buckets.
    let naming = |others: &[u32]| {
        let resources = [3].iter().chain(others).flat_map(|one| report(*one).resources);
        Report { resources: resources.collect(), ..threat(3, 80) }
    };
    bench.ingest(&[weakness(1), weakness(2), naming(&[1, 2])]).await;
    assert_eq!(related(&bench, &weakness(1)).await, (Some(80), 80));
    assert_eq!(related(&bench, &weakness(2)).await, (Some(80), 80));

    bench.ingest(&[naming(&[2])]).await;
    assert_eq!(related(&bench, &weakness(1)).await, (None, 0));
    assert_eq!(related(&bench, &weakness(2)).await, (Some(80), 80));

    bench.ingest(&[Report { status: Status::Archived, ..naming(&[2]) }]).await;
    assert_eq!(related(&bench, &weakness(2)).await, (None, 0));
    bench.ingest(&[weakness(3), naming(&[2])]).await;
    assert_eq!(related(&bench, &weakness(3)).await, (Some(80), 80), "its own resource");
    assert_eq!(related(&bench, &weakness(2)).await, (Some(80), 80), "a threat that returns");
    assert_eq!((due_rows(&bench), violations(&bench)), (0, vec![]));
}

#[tokio::test]
async fn of_several_threats_the_strongest_counts_and_samples_do_not() {
    let bench = Bench::new();
    let other = |mut other: Report, name: &str| {
        other.key.provider_id.push_str(name);
        other.origin.text.push_str(name);
        other
    };
    let sample = Report { sample: true, ..other(threat(1, 99), "sample") };
    bench.ingest(&[weakness(1), threat(1, 40), other(threat(1, 70), "b"), sample]).await;
    assert_eq!(related(&bench, &weakness(1)).await, (Some(70), 80));

    bench.ingest(&[Report { status: Status::Resolved, ..other(threat(1, 70), "b") }]).await;
    assert_eq!(related(&bench, &weakness(1)).await, (Some(40), 40));
}

#[tokio::test]
async fn a_relation_is_no_news_of_the_threat_and_neither_opens_nor_closes_the_weakness() {
    let bench = Bench::new();
    let closed = Report { status: Status::Resolved, ..weakness(1) };
    bench.ingest(&[closed.clone(), threat(1, 60)]).await;

    assert_eq!(related(&bench, &closed).await, (Some(60), 0));
    let finding = bench.finding(&closed).unwrap();
    assert!(!finding.facts.status.is_open() && finding.content_version == 1);
    bench.ingest(&[Report { status: Status::Resolved, ..threat(1, 60) }, weakness(2)]).await;
    assert!(!bench.finding(&closed).unwrap().facts.status.is_open());
}

#[tokio::test]
async fn a_forwarding_record_has_no_threat_and_what_took_its_reports_keeps_its_own() {
    let bench = Bench::new();
    bench.ingest(&[weakness(1), weakness(2), threat(1, 60)]).await;

    bench.writer.merge(merging(id(&weakness(2)), id(&weakness(1)))).await.unwrap();

    assert_eq!(related(&bench, &weakness(1)).await, (None, 0));
    assert_eq!(violations(&bench), []);
}

#[tokio::test]
async fn what_a_crash_left_undone_is_done_at_the_next_start_or_the_next_day() {
    let bench = Bench::new();
    bench.ingest(&[weakness(1), threat(1, 60)]).await;
    related(&bench, &weakness(1)).await;
    // As if the process had ended before the relations were planned.
    let mut forgotten = bench.finding(&weakness(1)).unwrap();
    let relate = |threat| {
        muster_core::plan::relate(
            &forgotten,
            threat,
            muster_core::testing::rules(crate::testing::NOW),
        )
        .unwrap()
    };
    let mutations = vec![relate(None)];
    let resource = forgotten.resource_id().to_owned();
    let meta = vec![due(&resource)];
    bench.store.commit(&Commit { id: [9; 16], mutations, meta }).unwrap();

    let restarted = bench.restart();
    assert_eq!(related(&restarted, &weakness(1)).await, (Some(60), 40));
    assert_eq!(due_rows(&restarted), 0);

    forgotten = restarted.finding(&weakness(1)).unwrap();
    let undone = muster_core::plan::relate(
        &forgotten,
        None,
        muster_core::testing::rules(crate::testing::NOW),
    )
    .unwrap();
    let lost = Commit { id: [8; 16], mutations: vec![undone], meta: Vec::new() };
    restarted.store.commit(&lost).unwrap();
    let next = restarted.restart();
    assert_eq!(related(&next, &weakness(1)).await, (None, 0));
    next.clock.pass(DAY_MS);
    next.writer.tick(vec![id(&report(1))]).await.unwrap();
    assert_eq!(related(&next, &weakness(1)).await, (Some(60), 40));
}
