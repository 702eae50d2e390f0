//! What goes wrong, and what the unit says about it.

use muster_core::unit::{SourceKind, UnitCondition};
use muster_sources::source::Fault as Failure;
use muster_testkit::{ControlFindings, ErrorKind, Fault, FaultRule, Operation};

use super::*;

const KIND: SourceKind = SourceKind::SecurityHub;

fn world() -> World {
    let mut world = empty_world();
    world.enable_security_hub(&scope(), ControlFindings::PerControl);
    world
}

/// How a sweep of Security Hub ends when every call fails so.
async fn failure(fault: Fault) -> SourceError {
    let emulator = start(world()).await;
    emulator.inject(FaultRule::on(Operation::GetFindings, fault));
    read(&*source(&emulator, KIND).await, sweep()).await.unwrap_err()
}

#[track_caller]
fn check(error: &SourceError, condition: UnitCondition, fault: Failure, hint: &str) {
    assert_eq!((error.condition, error.fault), (condition, fault), "{error:?}");
    assert!(error.hint.contains(hint), "{}", error.hint);
    assert_eq!(error.operation, "securityhub:GetFindings");
}

#[tokio::test]
async fn each_error_of_aws_has_its_condition_and_advice() {
    use Failure::Refused;
    for (kind, condition, code, hint) in [
        (
            ErrorKind::AccessDenied,
            UnitCondition::Denied,
            "AccessDeniedException",
            r#"{"Action":["securityhub:GetFindings"],"Effect":"Allow","Resource":"*"}"#,
        ),
        (
            ErrorKind::NotEnabled,
            UnitCondition::NotEnabled,
            "InvalidAccessException",
            "aws securityhub enable-security-hub --region eu-west-1",
        ),
        (ErrorKind::Throttled, UnitCondition::Throttled, "TooManyRequestsException", ""),
        (
            ErrorKind::ExpiredToken,
            UnitCondition::NoCredentials,
            "ExpiredTokenException",
            "the keys in the settings",
        ),
        (
            ErrorKind::UnrecognizedClient,
            UnitCondition::NoCredentials,
            "UnrecognizedClientException",
            "the keys in the settings",
        ),
        (ErrorKind::Internal, UnitCondition::Failing, "InternalException", ""),
        (ErrorKind::Unavailable, UnitCondition::Failing, "ServiceUnavailable", ""),
    ] {
        let error = failure(Fault::Error(kind)).await;

        check(&error, condition, Refused, hint);
        assert_eq!(error.code, code);
    }
}

#[tokio::test]
async fn each_way_of_not_answering_is_told_apart() {
    use UnitCondition::{Failing, Unreachable};
    let region = "Region eu-west-1";

    check(&failure(Fault::Close).await, Unreachable, Failure::NoAnswer, region);
    let torn = failure(Fault::Truncate).await;
    // The connection may end before the head of the answer has left.
    let fault = if torn.fault == Failure::NoAnswer { torn.fault } else { Failure::BodyTruncated };
    check(&torn, Unreachable, fault, region);
    check(&failure(Fault::html()).await, Failing, Failure::BodyUnreadable, "proxy");
    let status = Fault::Status(404, "<h1>not here</h1>".to_owned());
    check(&failure(status).await, Failing, Failure::Refused, "AWS_ENDPOINT_URL");
}

#[tokio::test]
async fn what_answers_instead_of_aws_is_quoted() {
    let error = failure(Fault::html()).await;

    assert!(error.message.contains("Sign in to the network"), "{}", error.message);
}

#[tokio::test]
async fn a_failure_that_passes_is_not_seen() {
    let emulator = start(world()).await;
    for fault in [Fault::Close, Fault::Truncate, Fault::Error(ErrorKind::Unavailable)] {
        emulator.inject(FaultRule::on(Operation::GetFindings, fault).times(1));
    }

    let pages = read(&*source(&emulator, KIND).await, sweep()).await.unwrap();

    assert_eq!(pages.len(), 1);
    assert_eq!(emulator.calls().of(Operation::GetFindings).failed, 3);
}

#[tokio::test]
async fn a_repeated_token_ends_the_pass() {
    let emulator = start(world()).await;
    let documents = (0..250).map(crate::security_hub::finding);
    emulator.with_world(|world| world.load_asff(&scope(), documents)).unwrap();
    emulator.inject(FaultRule::on(Operation::GetFindings, Fault::RepeatToken));

    let error = read(&*source(&emulator, KIND).await, sweep()).await.unwrap_err();

    check(&error, UnitCondition::Failing, Failure::RepeatedToken, "first page");
}

#[tokio::test]
async fn a_region_that_is_down_leaves_the_others_alone() {
    let mut world = world();
    let down = muster_testkit::Scope::new(ACCOUNT, "eu-north-1");
    world.enable_security_hub(&down, ControlFindings::PerControl);
    let emulator = start(world).await;
    emulator.inject(FaultRule::everywhere(Fault::Close).in_region("eu-north-1"));
    let account = account(&emulator).await;

    let sources =
        account.sources(&[KIND], &[REGION.parse().unwrap(), "eu-north-1".parse().unwrap()]);
    let [up, down] = sources.as_slice() else { panic!("two sources expected") };

    assert_eq!(read(&**up, sweep()).await.unwrap().len(), 1);
    let error = read(&**down, sweep()).await.unwrap_err();
    check(&error, UnitCondition::Unreachable, Failure::NoAnswer, "Region eu-north-1");
}

#[tokio::test]
async fn a_region_that_is_not_opted_in_says_so() {
    let mut world = world();
    world.disable_region(&muster_testkit::Scope::new(ACCOUNT, "me-central-1"));
    let emulator = start(world).await;

    let source = account(&emulator).await.source(KIND, &"me-central-1".parse().unwrap()).unwrap();
    let error = read(&*source, sweep()).await.unwrap_err();

    check(
        &error,
        UnitCondition::NoCredentials,
        Failure::Refused,
        "aws account enable-region --region-name me-central-1",
    );
}
