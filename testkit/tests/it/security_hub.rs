//! Security Hub.

use std::time::Duration;

use muster_testkit::{
    Compliance, Config, Control, ControlFindings, Emulator, Event, Limits, Operation, Resource,
    Scope, Service,
};
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

async fn count(emulator: &Emulator, filters: Value) -> usize {
    let answer = get_findings(emulator, json!({ "Filters": filters })).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    ids(&answer).len()
}

#[tokio::test]
async fn filters_include_exclude_and_look_into_lists_and_maps() {
    let config = Config::new(small_world()).limits(Limits::unlimited());
    let emulator = Emulator::start(config).await.unwrap();
    for name in ["alpha", "alpine", "beta"] {
        emulator.apply(public_bucket(name)).unwrap();
    }
    let name = "beta".to_owned();
    emulator.apply(Event::Evaluate { name, compliance: Compliance::Passed }).unwrap();
    let text = |value: &str, comparison: &str| json!({ "Value": value, "Comparison": comparison });

    let two = json!({ "ResourceId": [text("arn:aws:s3:::alp", "PREFIX")] });
    assert_eq!(count(&emulator, two).await, 2);
    let either = json!({
        "ResourceId": [text("arn:aws:s3:::alpha", "EQUALS"), text("arn:aws:s3:::beta", "EQUALS")]
    });
    assert_eq!(count(&emulator, either).await, 2);
    let neither = json!({
        "ResourceId": [text("arn:aws:s3:::alpha", "NOT_EQUALS"), text("arn:aws:s3:::beta", "NOT_EQUALS")]
    });
    assert_eq!(count(&emulator, neither).await, 1);
    let failed = json!({
        "ComplianceStatus": [text("FAILED", "EQUALS")],
        "WorkflowStatus": [text("NEW", "EQUALS")],
        "SeverityLabel": [text("CRITICAL", "EQUALS")]
    });
    assert_eq!(count(&emulator, failed).await, 2);
    let field = json!({ "ProductFields": [{
        "Key": "Resources:0/Id", "Value": "arn:aws:s3:::beta", "Comparison": "EQUALS"
    }] });
    assert_eq!(count(&emulator, field).await, 1);
    let recent = json!({ "UpdatedAt": [{ "DateRange": { "Value": 1, "Unit": "DAYS" } }] });
    assert_eq!(count(&emulator, recent).await, 3);
    let normalized = json!({ "SeverityNormalized": [{ "Gte": 90 }] });
    assert_eq!(count(&emulator, normalized).await, 2);
}

#[tokio::test]
async fn filters_that_aws_does_not_have_or_allow_are_refused() {
    let config = Config::new(small_world()).limits(Limits::unlimited());
    let emulator = Emulator::start(config).await.unwrap();
    let value = json!({ "Value": "x", "Comparison": "EQUALS" });
    let many: Vec<Value> = vec![value.clone(); 21];
    let refused = [
        // Findings have the time, filters do not.
        json!({ "ProcessedAt": [{ "Start": "2026-01-01T00:00:00Z" }] }),
        json!({ "Id": [{ "Value": "x", "Comparison": "MATCHES" }] }),
        json!({ "Id": many }),
        json!({ "UpdatedAt": [{ "Start": "yesterday" }] }),
    ];

    for filters in refused {
        let answer = get_findings(&emulator, json!({ "Filters": filters })).await;
        assert_eq!(answer.status, 400, "{filters}");
        assert_eq!(answer.header("x-amzn-errortype"), "InvalidInputException");
    }
}

#[tokio::test]
async fn without_consolidation_each_standard_has_its_own_finding() {
    let mut world = muster_testkit::World::new(7, crate::start_time());
    world.enable_security_hub(&scope(), ControlFindings::PerStandard);
    let (emulator, _clock) = start(world).await;
    let bucket = Resource::bucket(&scope(), "shared");
    emulator.apply(failed("S3.8", &scope(), &bucket)).unwrap();

    let page = get_findings(&emulator, json!({})).await.json();

    let findings = page["Findings"].as_array().unwrap();
    let generators: Vec<&str> =
        findings.iter().map(|finding| finding["GeneratorId"].as_str().unwrap()).collect();
    assert_eq!(findings.len(), 2);
    assert!(
        generators.iter().any(|id| id.starts_with("aws-foundational-security-best-practices/v/"))
    );
    assert!(generators.iter().any(|id| id.starts_with("cis-aws-foundations-benchmark/v/")));
    assert_eq!(findings[0]["Compliance"]["SecurityControlId"], "S3.8");
    assert_eq!(findings[0]["ProductFields"]["ControlId"], "S3.8");
    let hub = call(&emulator, Service::SecurityHub, "GET", "/accounts").send().await.json();
    assert_eq!(hub["ControlFindingGenerator"], "STANDARD_CONTROL");
}

#[tokio::test]
async fn the_administrator_sees_its_members_and_the_home_region_the_others() {
    let member = Scope::new("444455556666", crate::REGION);
    let elsewhere = Scope::new(crate::ACCOUNT, "us-west-2");
    let mut world = small_world();
    for other in [&member, &elsewhere] {
        world.enable_security_hub(other, ControlFindings::PerControl);
    }
    let (emulator, _clock) = start(world).await;
    for (number, place) in [&scope(), &member, &elsewhere].into_iter().enumerate() {
        let bucket = Resource::bucket(place, &format!("bucket-{number}"));
        emulator.apply(failed("S3.8", place, &bucket)).unwrap();
    }
    let seen = async || ids(&get_findings(&emulator, json!({})).await).len();
    assert_eq!(seen().await, 1);

    emulator.with_world(|world| world.set_administrator(crate::ACCOUNT));
    assert_eq!(seen().await, 2);
    emulator.with_world(|world| world.set_home_region(crate::REGION));
    assert_eq!(seen().await, 3);
}

fn failed(control: &str, place: &Scope, resource: &Resource) -> Event {
    Event::Control(Control {
        name: format!("{control} {}", resource.name),
        control: control.to_owned(),
        scope: place.clone(),
        resource: resource.clone(),
        compliance: Compliance::Failed,
        age_hours: 1,
    })
}
