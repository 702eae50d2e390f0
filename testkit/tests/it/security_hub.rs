//! Security Hub.

use std::time::Duration;

use muster_testkit::{Compliance, Emulator, Event, Operation, Service};
use serde_json::{Value, json};

use crate::client::{Answer, call};
use crate::{public_bucket, scope, small_world, start};

async fn get_findings(emulator: &Emulator, body: Value) -> Answer {
    call(emulator, Service::SecurityHub, "POST", "/findings").body(body).send().await
}

fn ids(answer: &Answer) -> Vec<String> {
    let page = answer.json();
    let findings = page["Findings"].as_array().unwrap();
    findings.iter().map(|finding| finding["Id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repetition() {
    let (emulator, clock) = start(small_world()).await;
    for number in 0..7 {
        emulator.apply(public_bucket(&format!("bucket-{number}"))).unwrap();
        clock.advance(Duration::from_secs(1));
    }
    let query = json!({
        "Filters": { "RecordState": [{ "Value": "ACTIVE", "Comparison": "EQUALS" }] },
        "SortCriteria": [{ "Field": "UpdatedAt", "SortOrder": "asc" }],
        "MaxResults": 3
    });

    let mut seen = Vec::new();
    let mut next = Value::Null;
    for _ in 0..3 {
        let mut query = query.clone();
        query["NextToken"] = next;
        let answer = get_findings(&emulator, query).await;
        assert_eq!(answer.status, 200);
        seen.extend(ids(&answer));
        next = answer.json()["NextToken"].clone();
    }

    let expected: Vec<String> = (0..7)
        .flat_map(|number| emulator.with_world(|world| world.ids(&format!("bucket-{number}"))))
        .collect();
    assert_eq!(seen, expected);
    assert_eq!(next, Value::Null);
}

#[tokio::test]
async fn a_token_is_refused_when_the_filter_moves_by_one_byte() {
    let (emulator, clock) = start(small_world()).await;
    for number in 0..3 {
        emulator.apply(public_bucket(&format!("bucket-{number}"))).unwrap();
    }
    let query = |end: &str, token: Value| {
        json!({
            "Filters": { "UpdatedAt": [{ "Start": "2026-03-01T00:00:00Z", "End": end }] },
            "MaxResults": 2,
            "NextToken": token
        })
    };
    let first = get_findings(&emulator, query("2026-03-03T00:00:00Z", Value::Null)).await;
    let token = first.json()["NextToken"].clone();

    let moved = get_findings(&emulator, query("2026-03-03T00:00:01Z", token.clone())).await;
    assert_eq!(moved.status, 400);
    assert_eq!(moved.header("x-amzn-errortype"), "InvalidInputException");
    assert_eq!(moved.json()["Message"], "Input Query has changed");

    // The same query may be asked again, until the token expires.
    let same = get_findings(&emulator, query("2026-03-03T00:00:00Z", token.clone())).await;
    assert_eq!(ids(&same).len(), 1);
    clock.advance(Duration::from_secs(3601));
    let late = get_findings(&emulator, query("2026-03-03T00:00:00Z", token)).await;
    assert_eq!(late.status, 400);
    assert!(late.json()["Message"].as_str().unwrap().contains("NextToken"));
}

#[tokio::test]
async fn six_calls_at_once_and_three_a_second_are_allowed() {
    let (emulator, clock) = start(small_world()).await;

    for _ in 0..6 {
        assert_eq!(get_findings(&emulator, json!({})).await.status, 200);
    }
    let seventh = get_findings(&emulator, json!({})).await;
    assert_eq!(seventh.status, 429);
    assert_eq!(seventh.header("x-amzn-errortype"), "TooManyRequestsException");

    clock.advance(Duration::from_secs(1));
    for _ in 0..3 {
        assert_eq!(get_findings(&emulator, json!({})).await.status, 200);
    }
    assert_eq!(get_findings(&emulator, json!({})).await.status, 429);

    let count = emulator.calls().in_scope(Operation::GetFindings, &scope());
    assert_eq!((count.calls, count.throttled, count.succeeded()), (11, 2, 9));
}

#[tokio::test]
async fn triage_in_the_console_does_not_move_the_time_of_update() {
    let (emulator, clock) = start(small_world()).await;
    emulator.apply(public_bucket("bucket")).unwrap();
    let before = get_findings(&emulator, json!({})).await.json();
    clock.advance(Duration::from_mins(1));

    let note = Some(("known".to_owned(), "alice".to_owned()));
    let (name, workflow) = ("bucket".to_owned(), "SUPPRESSED".to_owned());
    emulator.apply(Event::Triage { name, workflow, note }).unwrap();

    let after = get_findings(&emulator, json!({})).await.json();
    let (before, after) = (&before["Findings"][0], &after["Findings"][0]);
    assert_eq!(after["UpdatedAt"], before["UpdatedAt"]);
    assert_eq!(after["Workflow"]["Status"], "SUPPRESSED");
    assert_eq!(after["Note"]["UpdatedBy"], "alice");
}

#[tokio::test]
async fn a_control_that_passes_is_the_same_finding_resolved() {
    let (emulator, _clock) = start(small_world()).await;
    emulator.apply(public_bucket("bucket")).unwrap();
    let before = get_findings(&emulator, json!({})).await;

    let name = "bucket".to_owned();
    emulator.apply(Event::Evaluate { name, compliance: Compliance::Passed }).unwrap();

    let after = get_findings(&emulator, json!({})).await;
    assert_eq!(ids(&after), ids(&before));
    let finding = &after.json()["Findings"][0];
    assert_eq!(finding["Compliance"]["Status"], "PASSED");
    assert_eq!(finding["Workflow"]["Status"], "RESOLVED");
    assert_eq!(finding["Severity"]["Label"], "INFORMATIONAL");
}

#[tokio::test]
async fn a_hub_that_is_not_enabled_says_so() {
    let (emulator, _clock) = start(small_world()).await;

    let answer = call(&emulator, Service::SecurityHub, "POST", "/findings")
        .signed(Service::SecurityHub, "AKIAEXAMPLE", "ap-south-1")
        .body("{}")
        .send()
        .await;

    assert_eq!(answer.status, 401);
    assert_eq!(answer.header("x-amzn-errortype"), "InvalidAccessException");
}

#[tokio::test]
async fn page_sizes_beyond_the_limit_are_refused() {
    let (emulator, _clock) = start(small_world()).await;
    for size in [0, 101] {
        let answer = get_findings(&emulator, json!({ "MaxResults": size })).await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.json()["Code"], "InvalidInputException");
    }
}
