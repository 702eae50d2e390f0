//! Security Token Service.

use std::time::Duration;

use muster_testkit::{Config, Emulator, Service};

use crate::client::{Answer, call};
use crate::{ACCOUNT, scope, small_world, start};

const MEMBER: &str = "444455556666";

async fn ask(emulator: &Emulator, form: &str) -> Answer {
    call(emulator, Service::Sts, "POST", "/").body(form).send().await
}

fn assume(account: &str) -> String {
    format!(
        "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A{account}%3Arole%2FMusterReader\
         &RoleSessionName=muster&DurationSeconds=900"
    )
}

/// The text between a pair of tags.
fn element<'a>(answer: &'a Answer, name: &str) -> &'a str {
    let text = answer.text();
    let (_, rest) = text.split_once(&format!("<{name}>")).unwrap();
    rest.split_once(&format!("</{name}>")).unwrap().0
}

#[tokio::test]
async fn the_caller_is_the_account_of_the_access_key() {
    let (emulator, _clock) = start(small_world()).await;

    let answer = ask(&emulator, "Action=GetCallerIdentity&Version=2011-06-15").await;

    assert_eq!(answer.header("content-type"), "text/xml");
    assert_eq!(element(&answer, "Account"), ACCOUNT);
}

#[tokio::test]
async fn an_assumed_role_reads_the_other_account_until_it_expires() {
    let mut world = small_world();
    world.enable_guardduty(&muster_testkit::Scope::new(MEMBER, crate::REGION));
    let (emulator, clock) = start(world).await;
    let session = ask(&emulator, &assume(MEMBER)).await;
    let (key, token) = (element(&session, "AccessKeyId"), element(&session, "SessionToken"));
    assert!(element(&session, "Expiration").starts_with("2026-03-02T10:15:00"));
    let list = || {
        call(&emulator, Service::GuardDuty, "GET", "/detector").signed(
            Service::GuardDuty,
            key,
            crate::REGION,
        )
    };

    let member = list().header("x-amz-security-token", token).send().await.json();
    let without_token = list().send().await;
    clock.advance(Duration::from_mins(15));
    let late = list().header("x-amz-security-token", token).send().await;

    emulator.with_world(|world| {
        let own = world.detector(&scope()).unwrap().id();
        assert_ne!(member["detectorIds"][0], own);
    });
    assert_eq!(without_token.header("x-amzn-errortype"), "UnrecognizedClientException");
    assert_eq!(late.status, 403);
    assert_eq!(late.header("x-amzn-errortype"), "ExpiredTokenException");
}

#[tokio::test]
async fn a_role_wants_its_external_id_and_a_known_account() {
    let mut world = small_world();
    world.add_account(MEMBER);
    let config = Config::new(world).external_id(MEMBER, "open sesame");
    let emulator = Emulator::start(config).await.unwrap();

    let without = ask(&emulator, &assume(MEMBER)).await;
    let with = ask(&emulator, &format!("{}&ExternalId=open+sesame", assume(MEMBER))).await;
    let unknown = ask(&emulator, &assume("999900001111")).await;

    assert_eq!(with.status, 200);
    for denied in [without, unknown] {
        assert_eq!(denied.status, 403);
        assert_eq!(element(&denied, "Code"), "AccessDenied");
    }
}
