//! Trusted Advisor, through AWS Support.

use std::time::Duration;

use muster_testkit::{Compliance, Emulator, Event, Flag, FlagStatus, Service, World};
use serde_json::{Value, json};

use crate::client::{Answer, call};
use crate::{ACCOUNT, public_bucket, small_world, start};

fn world() -> World {
    let mut world = small_world();
    world.subscribe_support(ACCOUNT);
    world
}

fn open_port(name: &str) -> Event {
    let cells = [
        ("Security Group Name", "bastion"),
        ("Security Group ID", "sg-0123456789abcdef0 (vpc-0fedcba9876543210)"),
        ("Protocol", "tcp"),
        ("Ports", "22"),
    ];
    Event::Flag(Flag {
        name: name.to_owned(),
        account: ACCOUNT.to_owned(),
        check: "HCP4007jGY".to_owned(),
        status: FlagStatus::Error,
        region: Some("eu-west-1".to_owned()),
        cells: cells.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
    })
}

fn refresh() -> Event {
    Event::Refresh { account: ACCOUNT.to_owned(), check: None }
}

async fn ask(emulator: &Emulator, operation: &str, body: Value) -> Answer {
    call(emulator, Service::Support, "POST", "/")
        .signed(Service::Support, "AKIAEXAMPLE", "us-east-1")
        .header("x-amz-target", &format!("AWSSupport_20130415.{operation}"))
        .header("content-type", "application/x-amz-json-1.1")
        .body(body)
        .send()
        .await
}

async fn result(emulator: &Emulator, check: &str) -> Value {
    let answer = ask(emulator, "DescribeTrustedAdvisorCheckResult", json!({ "checkId": check }));
    answer.await.json()["result"].clone()
}

#[tokio::test]
async fn cells_are_found_by_header_in_an_order_of_this_world() {
    let (emulator, _clock) = start(world()).await;
    emulator.apply(open_port("ssh")).unwrap();
    emulator.apply(refresh()).unwrap();

    let checks =
        ask(&emulator, "DescribeTrustedAdvisorChecks", json!({ "language": "en" })).await.json();
    let checks = checks["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["id"] == "HCP4007jGY").unwrap();
    let result = result(&emulator, "HCP4007jGY").await;

    let column = |name: &str| {
        let headers = check["metadata"].as_array().unwrap();
        let at = headers.iter().position(|header| header == name).unwrap();
        result["flaggedResources"][0]["metadata"][at].clone()
    };
    assert_eq!(result["status"], "error");
    assert_eq!(result["resourcesSummary"]["resourcesFlagged"], 1);
    assert_eq!(column("Status"), "Red");
    assert_eq!(column("Region"), "eu-west-1");
    assert_eq!(column("Ports"), "22");
    assert!(checks.iter().any(|check| check["category"] != "security"));
    let is_shuffled = checks.iter().any(|check| {
        let headers = check["metadata"].as_array().unwrap();
        headers.len() == 4 && headers[0] != "Status"
    });
    assert!(is_shuffled, "no check has its columns in another order than the documentation");
}

#[tokio::test]
async fn a_change_shows_when_the_check_is_refreshed_and_its_time_moves() {
    let (emulator, clock) = start(world()).await;
    emulator.apply(open_port("ssh")).unwrap();
    let before = result(&emulator, "HCP4007jGY").await;
    clock.advance(Duration::from_mins(10));

    emulator.apply(refresh()).unwrap();
    let flagged = result(&emulator, "HCP4007jGY").await;
    emulator.apply(Event::Vanish { name: "ssh".to_owned() }).unwrap();
    let still = result(&emulator, "HCP4007jGY").await;
    emulator.apply(refresh()).unwrap();
    let gone = result(&emulator, "HCP4007jGY").await;

    let rows = |result: &Value| result["flaggedResources"].as_array().unwrap().len();
    assert_eq!([&before, &flagged, &still, &gone].map(rows), [0, 1, 1, 0]);
    assert_ne!(before["timestamp"], flagged["timestamp"]);
    assert_eq!(gone["status"], "ok");
    let summaries = json!({ "checkIds": ["HCP4007jGY"] });
    let summary = ask(&emulator, "DescribeTrustedAdvisorCheckSummaries", summaries).await.json();
    assert_eq!(summary["summaries"][0]["timestamp"], gone["timestamp"]);
    assert_eq!(summary["summaries"][0]["hasFlaggedResources"], false);
}

#[tokio::test]
async fn a_check_that_could_not_be_evaluated_says_nothing() {
    let (emulator, _clock) = start(world()).await;
    emulator.apply(open_port("ssh")).unwrap();
    emulator.apply(refresh()).unwrap();

    let (account, check) = (ACCOUNT.to_owned(), "HCP4007jGY".to_owned());
    emulator.apply(Event::FailCheck { account, check }).unwrap();

    let result = result(&emulator, "HCP4007jGY").await;
    assert_eq!(result["status"], "not_available");
    assert_eq!(result["flaggedResources"], json!([]));
}

#[tokio::test]
async fn mirrors_follow_the_controls_of_security_hub() {
    let (emulator, _clock) = start(world()).await;
    emulator.apply(public_bucket("leaky")).unwrap();
    emulator.apply(refresh()).unwrap();
    let failed = result(&emulator, "Hs4Ma3G171").await;
    let (name, compliance) = ("leaky".to_owned(), Compliance::Passed);
    emulator.apply(Event::Evaluate { name, compliance }).unwrap();

    emulator.apply(refresh()).unwrap();

    let passed = result(&emulator, "Hs4Ma3G171").await;
    let row = &failed["flaggedResources"][0];
    assert_eq!(row["status"], "error");
    assert!(row["metadata"].as_array().unwrap().contains(&json!("arn:aws:s3:::leaky")));
    assert_eq!(passed["flaggedResources"], json!([]));
}

#[tokio::test]
async fn a_refresh_on_request_is_done_or_refused_by_the_check() {
    let (emulator, clock) = start(world()).await;
    clock.advance(Duration::from_hours(1));

    let manual = json!({ "checkId": "HCP4007jGY" });
    let done = ask(&emulator, "RefreshTrustedAdvisorCheck", manual).await;
    let automatic = json!({ "checkId": "ePs02jT06w" });
    let refused = ask(&emulator, "RefreshTrustedAdvisorCheck", automatic).await;

    assert_eq!(done.json()["status"]["millisUntilNextRefreshable"], 300_000);
    assert_eq!(refused.status, 400);
    assert_eq!(refused.json()["__type"], "InvalidParameterValueException");
    let statuses = json!({ "checkIds": ["HCP4007jGY"] });
    let statuses = ask(&emulator, "DescribeTrustedAdvisorCheckRefreshStatuses", statuses).await;
    assert_eq!(statuses.json()["statuses"][0]["status"], "success");
}

#[tokio::test]
async fn without_a_support_plan_there_is_no_api() {
    let (emulator, _clock) = start(small_world()).await;

    let answer = ask(&emulator, "DescribeTrustedAdvisorChecks", json!({ "language": "en" })).await;

    assert_eq!(answer.status, 400);
    assert_eq!(answer.header("content-type"), "application/x-amz-json-1.1");
    assert_eq!(answer.json()["__type"], "SubscriptionRequiredException");
}

#[tokio::test]
async fn another_region_than_us_east_1_is_refused() {
    let (emulator, _clock) = start(world()).await;

    let answer = call(&emulator, Service::Support, "POST", "/")
        .header("x-amz-target", "AWSSupport_20130415.DescribeTrustedAdvisorChecks")
        .body(json!({ "language": "en" }))
        .send()
        .await;

    assert_eq!(answer.json()["__type"], "InvalidSignatureException");
}
