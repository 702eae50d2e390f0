//! Each kind of error in the exact form of each protocol.

use muster_testkit::{
    Config, Emulator, ErrorKind, Fault, FaultRule, Limits, ManualClock, Operation, Service,
};
use serde_json::json;

use crate::client::{Answer, call};
use crate::{small_world, start, start_time};

/// One plain call of an operation of each service.
async fn ask(emulator: &Emulator, service: Service) -> Answer {
    match service {
        Service::SecurityHub => {
            call(emulator, service, "POST", "/findings").body("{}").send().await
        }
        Service::GuardDuty => call(emulator, service, "GET", "/detector").send().await,
        Service::AccessAnalyzer => call(emulator, service, "GET", "/analyzer").send().await,
        Service::Inspector => {
            call(emulator, service, "POST", "/findings/list").body("{}").send().await
        }
        Service::Support => {
            call(emulator, service, "POST", "/")
                .header("x-amz-target", "AWSSupport_20130415.DescribeTrustedAdvisorChecks")
                .body(json!({ "language": "en" }))
                .send()
                .await
        }
        Service::Sts => {
            call(emulator, service, "POST", "/").body("Action=GetCallerIdentity").send().await
        }
    }
}

/// The error code where the protocol of the service puts it.
fn code(answer: &Answer, service: Service) -> String {
    match service {
        Service::Support => answer.json()["__type"].as_str().unwrap().to_owned(),
        Service::Sts => {
            let (_, rest) = answer.text().split_once("<Code>").unwrap();
            rest.split_once("</Code>").unwrap().0.to_owned()
        }
        Service::SecurityHub
        | Service::GuardDuty
        | Service::AccessAnalyzer
        | Service::Inspector => answer.header("x-amzn-errortype").to_owned(),
    }
}

#[tokio::test]
async fn every_service_has_its_own_error_for_each_kind() {
    use ErrorKind::{
        AccessDenied, ExpiredToken, Internal, Invalid, NotEnabled, NotFound, SubscriptionRequired,
        Throttled, Unavailable, UnrecognizedClient,
    };
    use Service::{AccessAnalyzer, GuardDuty, Inspector, SecurityHub, Sts, Support};
    let expected = [
        (SecurityHub, AccessDenied, 403, "AccessDeniedException"),
        (SecurityHub, NotEnabled, 401, "InvalidAccessException"),
        (SecurityHub, NotFound, 404, "ResourceNotFoundException"),
        (SecurityHub, Invalid, 400, "InvalidInputException"),
        (SecurityHub, Throttled, 429, "TooManyRequestsException"),
        (SecurityHub, Internal, 500, "InternalException"),
        (GuardDuty, AccessDenied, 403, "AccessDeniedException"),
        (GuardDuty, Invalid, 400, "BadRequestException"),
        (GuardDuty, Throttled, 429, "TooManyRequestsException"),
        (GuardDuty, Internal, 500, "InternalServerErrorException"),
        (GuardDuty, ExpiredToken, 403, "ExpiredTokenException"),
        (AccessAnalyzer, NotFound, 404, "ResourceNotFoundException"),
        (AccessAnalyzer, Invalid, 400, "ValidationException"),
        (AccessAnalyzer, Throttled, 429, "ThrottlingException"),
        (AccessAnalyzer, Internal, 500, "InternalServerException"),
        (AccessAnalyzer, UnrecognizedClient, 403, "UnrecognizedClientException"),
        (AccessAnalyzer, Unavailable, 503, "ServiceUnavailable"),
        (Inspector, AccessDenied, 403, "AccessDeniedException"),
        (Inspector, Invalid, 400, "ValidationException"),
        (Inspector, Throttled, 429, "ThrottlingException"),
        (Inspector, Internal, 500, "InternalServerException"),
        (Support, AccessDenied, 400, "AccessDeniedException"),
        (Support, SubscriptionRequired, 400, "SubscriptionRequiredException"),
        (Support, Throttled, 400, "ThrottlingException"),
        (Support, Internal, 500, "InternalServerError"),
        (Sts, AccessDenied, 403, "AccessDenied"),
        (Sts, ExpiredToken, 403, "ExpiredToken"),
        (Sts, UnrecognizedClient, 403, "InvalidClientTokenId"),
        (Sts, Throttled, 400, "Throttling"),
    ];
    let (emulator, _clock) = start(small_world()).await;

    for (service, kind, status, wanted) in expected {
        emulator.inject(FaultRule::on_service(service, Fault::Error(kind)).times(1));
        let answer = ask(&emulator, service).await;
        assert_eq!(answer.status.as_u16(), status, "{service:?} {kind:?}");
        assert_eq!(code(&answer, service), wanted, "{service:?} {kind:?}");
        assert!(!answer.header("x-amzn-requestid").is_empty());
    }
}

#[tokio::test]
async fn throttling_of_access_analyzer_says_when_to_come_back() {
    let (emulator, _clock) = start(small_world()).await;
    emulator.inject(FaultRule::on(Operation::ListAnalyzers, Fault::Error(ErrorKind::Throttled)));

    let answer = ask(&emulator, Service::AccessAnalyzer).await;

    assert_eq!(answer.header("retry-after"), "1");
}

#[tokio::test]
async fn a_request_that_nobody_signed_is_refused() {
    let (emulator, _clock) = start(small_world()).await;

    let answer = call(&emulator, Service::GuardDuty, "GET", "/detector").unsigned().send().await;

    assert_eq!(answer.status, 403);
    assert_eq!(answer.header("x-amzn-errortype"), "MissingAuthenticationTokenException");
    assert_eq!(emulator.calls().refused(), 1);
}

#[tokio::test]
async fn an_access_key_that_nobody_knows_is_refused() {
    let config = Config::new(small_world())
        .clock(ManualClock::new(start_time()).clock())
        .limits(Limits::unlimited())
        .access_key("AKIAKNOWN", crate::ACCOUNT)
        .default_account(None);
    let emulator = Emulator::start(config).await.unwrap();
    let list = |key: &str| {
        call(&emulator, Service::GuardDuty, "GET", "/detector").signed(
            Service::GuardDuty,
            key,
            crate::REGION,
        )
    };

    assert_eq!(list("AKIAKNOWN").send().await.status, 200);
    let unknown = list("AKIAUNKNOWN").send().await;
    assert_eq!(unknown.header("x-amzn-errortype"), "UnrecognizedClientException");
}

#[tokio::test]
async fn a_disabled_region_knows_no_credentials() {
    let mut world = small_world();
    world.disable_region(&crate::scope());
    let (emulator, _clock) = start(world).await;

    let answer = ask(&emulator, Service::GuardDuty).await;

    assert_eq!(answer.header("x-amzn-errortype"), "UnrecognizedClientException");
}

#[tokio::test]
async fn a_path_that_no_operation_has_is_unknown() {
    let (emulator, _clock) = start(small_world()).await;

    let answer = call(&emulator, Service::SecurityHub, "GET", "/nothing").send().await;

    assert_eq!(answer.status, 404);
    assert_eq!(answer.header("x-amzn-errortype"), "UnknownOperationException");
}
