//! Failures on demand.

use std::time::{Duration, Instant};

use muster_testkit::{Emulator, ErrorKind, Fault, FaultRule, Operation, Service};
use serde_json::{Value, json};

use crate::client::{Answer, call};
use crate::{public_bucket, small_world, start};

async fn emulator() -> Emulator {
    let (emulator, _clock) = start(small_world()).await;
    for number in 0..4 {
        emulator.apply(public_bucket(&format!("bucket-{number}"))).unwrap();
    }
    emulator
}

async fn page(emulator: &Emulator, token: &Value) -> Result<Answer, hyper::Error> {
    let body = json!({ "MaxResults": 2, "NextToken": token });
    call(emulator, Service::SecurityHub, "POST", "/findings").body(body).try_send().await
}

#[tokio::test]
async fn a_fault_strikes_the_calls_it_was_scripted_for() {
    let emulator = emulator().await;
    let denied = Fault::Error(ErrorKind::AccessDenied);
    emulator.inject(FaultRule::on(Operation::GetFindings, denied).after(1).times(2));

    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(page(&emulator, &Value::Null).await.unwrap().status.as_u16());
    }

    assert_eq!(statuses, [200, 403, 403, 200]);
    assert_eq!(emulator.calls().of(Operation::GetFindings).failed, 2);
}

#[tokio::test]
async fn a_fault_of_one_region_leaves_the_others_alone_and_can_be_healed() {
    let emulator = emulator().await;
    let denied = Fault::Error(ErrorKind::AccessDenied);
    let elsewhere = FaultRule::everywhere(denied.clone()).in_region("us-west-2");
    let here = FaultRule::everywhere(denied).in_region(crate::REGION).in_account(crate::ACCOUNT);
    emulator.inject(elsewhere);
    assert_eq!(page(&emulator, &Value::Null).await.unwrap().status, 200);

    let rule = emulator.inject(here);
    assert_eq!(page(&emulator, &Value::Null).await.unwrap().status, 403);
    emulator.heal(rule);
    assert_eq!(page(&emulator, &Value::Null).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_closed_connection_and_a_truncated_body_are_no_answers() {
    let emulator = emulator().await;
    emulator.inject(FaultRule::on(Operation::GetFindings, Fault::Close).times(1));
    emulator.inject(FaultRule::on(Operation::GetFindings, Fault::Truncate).times(1));

    assert!(page(&emulator, &Value::Null).await.is_err());
    assert!(page(&emulator, &Value::Null).await.is_err());
    assert_eq!(page(&emulator, &Value::Null).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_repeated_token_makes_the_pages_endless() {
    let emulator = emulator().await;
    emulator.inject(FaultRule::on(Operation::GetFindings, Fault::RepeatToken));

    let first = page(&emulator, &Value::Null).await.unwrap().json();
    let token = first["NextToken"].clone();
    let second = page(&emulator, &token).await.unwrap().json();

    assert_eq!(second["NextToken"], token);
}

#[tokio::test]
async fn a_malformed_document_comes_after_the_good_ones() {
    let emulator = emulator().await;
    let fault = Fault::malformed_document();
    emulator.inject(FaultRule::on(Operation::GetFindings, fault).times(1));

    let findings = page(&emulator, &Value::Null).await.unwrap().json()["Findings"].clone();

    let findings = findings.as_array().unwrap();
    assert_eq!(findings.len(), 3);
    assert!(findings[0]["Id"].is_string());
    assert!(!findings[2]["Id"].is_string());
}

#[tokio::test]
async fn something_in_between_answers_in_its_own_words() {
    let emulator = emulator().await;
    emulator.inject(FaultRule::on(Operation::GetFindings, Fault::html()).times(1));
    let gateway = Fault::Status(502, "<h1>Bad Gateway</h1>".to_owned());
    emulator.inject(FaultRule::on(Operation::GetFindings, gateway).times(1));

    let html = page(&emulator, &Value::Null).await.unwrap();
    let gateway = page(&emulator, &Value::Null).await.unwrap();

    assert_eq!(html.status, 200);
    assert!(html.text().starts_with("<!doctype html>"));
    assert_eq!(gateway.status, 502);
    assert_eq!(gateway.header("x-amzn-errortype"), "");
}

#[tokio::test]
async fn a_delay_comes_before_the_answer() {
    let emulator = emulator().await;
    let delay = Fault::Delay(Duration::from_millis(80));
    emulator.inject(FaultRule::on(Operation::GetFindings, delay).times(1));

    let asked = Instant::now();
    let answer = page(&emulator, &Value::Null).await.unwrap();

    assert_eq!(answer.status, 200);
    assert!(asked.elapsed() >= Duration::from_millis(80));
}

#[tokio::test]
async fn a_test_can_wait_for_calls_and_read_what_was_asked() {
    let emulator = emulator().await;
    let asked = async { page(&emulator, &Value::Null).await.unwrap() };
    let waited = emulator.wait_for_calls(Duration::from_secs(5), |calls| {
        calls.of(Operation::GetFindings).succeeded() == 1
    });

    let (_, calls) = tokio::join!(asked, waited);

    let calls = calls.unwrap();
    let request = calls.requests_of(Operation::GetFindings).next_back().unwrap();
    assert_eq!(request.target, "/findings");
    assert!(request.body.starts_with(b"{\"MaxResults\":2"));
}

#[tokio::test]
async fn a_stopped_emulator_answers_nobody() {
    let emulator = emulator().await;
    let address = emulator.url().trim_start_matches("http://").to_owned();

    emulator.shutdown().await;

    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
