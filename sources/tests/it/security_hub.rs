//! Security Hub.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use muster_core::report::Status;
use muster_core::unit::SourceKind;
use muster_sources::aws::TokenBuckets;
use muster_sources::document::Document;
use muster_testkit::{
    Config, ControlFindings, Emulator, ErrorKind, Event, Fault, FaultRule, Operation, World,
};
use serde_json::{Value, json};

use super::*;

const KIND: SourceKind = SourceKind::SecurityHub;

/// A finding in ASFF, updated a number of seconds after the world began. Its text has spaces, an
/// order of its own and a field that nobody knows yet.
pub(crate) fn finding(number: i64) -> Bytes {
    let time = began().plus(number * 1000);
    let state = if number % 10 == 9 { "ARCHIVED" } else { "ACTIVE" };
    let id =
        format!("arn:aws:securityhub:{REGION}:{ACCOUNT}:security-control/S3.2/finding/{number:08}");
    Bytes::from(format!(
        r#"{{ "UpdatedAt" : "{time}", "SchemaVersion":"2018-10-08", "Id":"{id}",
            "FieldOfTheFuture": {{ "deep": [1, 2.50, "\u00e9"] }},
            "ProductArn":"arn:aws:securityhub:{REGION}::product/aws/securityhub",
            "GeneratorId":"security-control/S3.2", "AwsAccountId":"{ACCOUNT}", "Region":"{REGION}",
            "CreatedAt":"{BEGAN}", "Title":"t", "Description":"d",
            "Severity":{{"Label":"CRITICAL"}}, "Compliance":{{"Status":"FAILED",
            "SecurityControlId":"S3.2"}}, "RecordState":"{state}", "Workflow":{{"Status":"NEW"}},
            "Resources":[{{"Type":"AwsS3Bucket","Id":"arn:aws:s3:::bucket-{number}"}}] }}"#
    ))
}

/// A hub with this many findings, one updated each second.
fn world(findings: i64) -> World {
    let mut world = empty_world();
    world.enable_security_hub(&scope(), ControlFindings::PerControl);
    world.load_asff(&scope(), (0..findings).map(finding)).unwrap();
    world
}

/// The bodies of the requests, without their page tokens.
fn queries(emulator: &Emulator) -> Vec<Value> {
    emulator
        .calls()
        .requests_of(Operation::GetFindings)
        .map(|request| {
            let mut body: Value = serde_json::from_slice(&request.body).unwrap();
            body.as_object_mut().unwrap().remove("NextToken");
            body
        })
        .collect()
}

#[tokio::test]
async fn a_sweep_reads_every_finding_of_both_record_states_byte_for_byte() {
    let emulator = start(world(250)).await;

    let pages = read(&*source(&emulator, KIND).await, sweep()).await.unwrap();

    let sizes: Vec<usize> = pages.iter().map(|page| page.documents.len()).collect();
    assert_eq!(sizes, [100, 100, 50]);
    let reports = reports(&pages);
    for (number, report) in reports.iter().enumerate() {
        assert_eq!(report.raw, finding(number.try_into().unwrap()));
    }
    assert_eq!(reports.iter().filter(|report| report.status == Status::Archived).count(), 25);
}

#[tokio::test]
async fn the_query_is_the_same_on_every_page() {
    let emulator = start(world(250)).await;

    read(&*source(&emulator, KIND).await, incremental(0, HOUR_MS)).await.unwrap();

    let queries = queries(&emulator);
    let window = json!([{ "Start": BEGAN, "End": "2026-03-02T11:00:00Z" }]);
    assert_eq!(queries.len(), 3);
    for query in &queries {
        assert_eq!(query["Filters"], json!({ "UpdatedAt": window }));
        assert_eq!(query["MaxResults"], 100);
        assert_eq!(query["SortCriteria"], json!([{ "Field": "UpdatedAt", "SortOrder": "asc" }]));
    }
}

#[tokio::test]
async fn an_incremental_pass_reads_its_window() {
    let emulator = start(world(250)).await;

    let pages = read(&*source(&emulator, KIND).await, incremental(100_000, 150_500)).await.unwrap();

    let read: Vec<&Bytes> = reports(&pages).iter().map(|report| &report.raw).collect();
    let expected: Vec<Bytes> = (100..=150).map(finding).collect();
    assert_eq!(read, expected.iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_finding_that_is_updated_during_a_sweep_is_still_read() {
    let emulator = start(world(150)).await;
    let source = source(&emulator, KIND).await;
    let unit = only_unit(&*source).await;
    let mut reader = source.read(&unit, Pass { until: began().plus(200_000), ..sweep() });
    let mut pages = vec![reader.next_page().await.unwrap().unwrap()];

    let text = String::from_utf8(finding(120).to_vec()).unwrap();
    let updated =
        text.replace(&began().plus(120_000).to_string(), &began().plus(HOUR_MS).to_string());
    let updated = Bytes::from(updated);
    emulator.with_world(|world| world.load_asff(&scope(), [updated.clone()])).unwrap();
    while let Some(page) = reader.next_page().await.unwrap() {
        pages.push(page);
    }

    let ids: BTreeSet<&str> =
        reports(&pages).iter().map(|report| report.key.provider_id.as_str()).collect();
    assert_eq!(ids.len(), 150);
    assert!(reports(&pages).iter().any(|report| report.raw == updated));
}

#[tokio::test]
async fn a_document_that_cannot_be_mapped_is_kept_and_stops_nothing() {
    let emulator = start(world(150)).await;
    let odd = Fault::ExtraDocument(json!(["not", "a finding"]));
    emulator.inject(FaultRule::on(Operation::GetFindings, odd).times(1));

    let pages = read(&*source(&emulator, KIND).await, sweep()).await.unwrap();

    let documents: Vec<&Document> = pages.iter().flat_map(|page| &page.documents).collect();
    let unmapped = documents.iter().filter(|document| matches!(document, Document::Unmapped(_)));
    assert_eq!((documents.len(), unmapped.count()), (151, 1));
}

#[tokio::test]
async fn throttling_is_absorbed_and_counted() {
    let emulator = start(world(250)).await;
    let throttle = Fault::Error(ErrorKind::Throttled);
    emulator.inject(FaultRule::on(Operation::GetFindings, throttle).after(1).times(3));

    let pages = read(&*source(&emulator, KIND).await, sweep()).await.unwrap();

    let throttled: Vec<u32> = pages.iter().map(|page| page.throttled).collect();
    assert_eq!(reports(&pages).len(), 250);
    assert_eq!(throttled, [0, 3, 0]);
    assert_eq!(emulator.calls().of(Operation::GetFindings).throttled, 3);
}

#[tokio::test]
async fn the_buckets_keep_every_unit_together_within_the_published_limit() {
    let emulator = Emulator::start(Config::new(world(400))).await.unwrap();
    let account = account_at(emulator.url(), Arc::new(TokenBuckets::new())).await;
    let region = REGION.parse().unwrap();
    let (one, other) =
        (account.source(KIND, &region).unwrap(), account.source(KIND, &region).unwrap());

    let (one, other) = tokio::join!(read(&*one, sweep()), read(&*other, sweep()));

    assert_eq!((reports(&one.unwrap()).len(), reports(&other.unwrap()).len()), (400, 400));
    let calls = emulator.calls().of(Operation::GetFindings);
    assert_eq!((calls.calls, calls.throttled), (8, 0));
}

#[tokio::test]
async fn what_is_decided_in_the_console_is_seen_by_a_triage_pass_alone_also_when_it_is_taken_back()
{
    let mut world = empty_world();
    world.enable_security_hub(&scope(), ControlFindings::PerControl);
    let (emulator, clock) = start_still(world).await;
    for number in 0..3 {
        let document = serde_json::from_slice(&finding(number)).unwrap();
        let name = format!("finding {number}");
        emulator.apply(Event::Import { name, scope: scope(), document }).unwrap();
    }
    let source = source(&emulator, KIND).await;
    let triage = async |workflow: &str, note: Option<(String, String)>| {
        clock.advance(Duration::from_hours(1));
        let name = "finding 1".to_owned();
        emulator.apply(Event::Triage { name, workflow: workflow.to_owned(), note }).unwrap();
    };
    let seen = async |kind: PassKind| {
        let until = Millis(emulator.now().as_millisecond() + 1);
        let pass = Pass { kind, until, checkpoint: Checkpoint::default() };
        let pages = read(&*source, pass).await.unwrap();
        let found = reports(&pages);
        found.iter().map(|one| one.customer.workflow.clone()).collect::<Vec<_>>()
    };
    let lane = PassKind::Triage { since: began().plus(HOUR_MS / 2) };

    assert_eq!(seen(lane).await, [""; 0]);
    triage("SUPPRESSED", None).await;
    let incremental = PassKind::Incremental { since: began().plus(HOUR_MS / 2) };
    assert_eq!(seen(incremental).await, [""; 0], "UpdatedAt stays");
    assert_eq!(seen(lane).await, ["SUPPRESSED"]);
    triage("NEW", None).await;
    assert_eq!(seen(lane).await, ["NEW"], "asked for by its id");
    assert_eq!(seen(lane).await, [""; 0], "once");
    triage("NEW", Some(("looked at it".to_owned(), "alice".to_owned()))).await;
    assert_eq!(seen(lane).await, ["NEW"], "a note");
}
