//! One call with the real SDK, against prepared answers.

pub(crate) mod canned;

use std::sync::Mutex;

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, future};
use muster_core::unit::UnitCondition;

use super::*;
use canned::{Answer as Reply, Canned};

const OPERATION: Operation = Operation::SecurityHubGetFindings;

/// Lets everything pass, and remembers what was throttled.
#[derive(Debug, Default)]
struct Recorder(Mutex<Vec<(Scope, Operation)>>);

#[async_trait::async_trait]
impl Pacer for Recorder {
    async fn admit(&self, _: &Scope, _: Operation) {}

    fn throttled(&self, scope: &Scope, operation: Operation) {
        self.0.lock().unwrap().push((scope.clone(), operation));
    }
}

fn account() -> AccountId {
    "123456789012".parse().unwrap()
}

fn region() -> Region {
    "eu-central-1".parse().unwrap()
}

/// Settings for a prepared server, with backoff too short to notice.
fn settings(url: &str) -> AwsSettings {
    AwsSettings {
        backoff: Duration::from_millis(1),
        attempts_max: 3,
        ..AwsSettings::emulator(region(), account(), url)
    }
}

async fn caller_with(settings: &AwsSettings, pacer: Arc<Recorder>) -> Caller {
    connect(settings, pacer).await.unwrap().caller(&region())
}

async fn caller(url: &str) -> Caller {
    caller_with(&settings(url), Arc::default()).await
}

async fn get_findings(caller: &Caller) -> Result<Answer, SourceError> {
    let config = aws_sdk_securityhub::config::Builder::from(caller.config())
        .retry_partition(caller.retries())
        .build();
    let request = aws_sdk_securityhub::Client::from_conf(config).get_findings();
    caller.call(OPERATION, |capture| request.customize().interceptor(capture).send()).await
}

#[tokio::test]
async fn the_bytes_of_an_answer_arrive_as_they_were_sent() {
    // Spaces, an unknown field, a wrong type, a duplicate key, a lone surrogate, invalid UTF-8: the
    // SDK would refuse or drop each of them.
    let body = b" {\"Findings\" : [ {\"Id\": 7, \"New\": {\"x\": [1, 2]}, \"Id\": \"a\", \
                 \"T\": \"\\ud800\"} ],\n \"NextToken\":\"n\", \"Extra\": \"\xff\" } ";
    let server = Canned::start([Reply::ok(body)]).await;

    let answer = get_findings(&caller(&server.url).await).await.unwrap();

    assert_eq!(answer.body, body.as_slice());
    assert_eq!(answer.throttled, 0);
}

#[tokio::test]
async fn a_chunked_answer_arrives_whole() {
    let reply = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n\
                  3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n";
    let server = Canned::start([Reply::Bytes(reply.to_vec())]).await;

    let answer = get_findings(&caller(&server.url).await).await.unwrap();

    assert_eq!(answer.body, br#"{"a":1}"#.as_slice());
}

#[tokio::test]
async fn every_operation_accepts_the_stub() {
    let server = Canned::start(std::iter::repeat_n(Reply::ok(b"[not json"), 10)).await;
    let caller = caller(&server.url).await;
    let analyzer = aws_sdk_accessanalyzer::Client::new(caller.config());
    let guardduty = aws_sdk_guardduty::Client::new(caller.config());
    let support = aws_sdk_support::Client::new(caller.config());
    macro_rules! captured {
        ($operation:expr, $request:expr) => {
            let request = $request;
            let answer = caller
                .call($operation, |capture| request.customize().interceptor(capture).send())
                .await
                .unwrap();
            assert_eq!(answer.body, b"[not json".as_slice(), "{}", $operation);
        };
    }

    captured!(Operation::GuardDutyListDetectors, guardduty.list_detectors());
    captured!(Operation::GuardDutyListFindings, guardduty.list_findings().detector_id("d"));
    captured!(
        Operation::GuardDutyGetFindings,
        guardduty.get_findings().detector_id("d").finding_ids("f")
    );
    captured!(Operation::AccessAnalyzerListAnalyzers, analyzer.list_analyzers());
    captured!(Operation::AccessAnalyzerListFindings, analyzer.list_findings().analyzer_arn("a"));
    captured!(
        Operation::AccessAnalyzerListFindingsV2,
        analyzer.list_findings_v2().analyzer_arn("a")
    );
    captured!(
        Operation::AccessAnalyzerGetFindingV2,
        analyzer.get_finding_v2().analyzer_arn("a").id("f")
    );
    captured!(
        Operation::SupportDescribeChecks,
        support.describe_trusted_advisor_checks().language("en")
    );
    captured!(
        Operation::SupportDescribeCheckSummaries,
        support.describe_trusted_advisor_check_summaries().check_ids(Some("c".to_owned()))
    );
    captured!(
        Operation::SupportDescribeCheckResult,
        support.describe_trusted_advisor_check_result().check_id("c")
    );
}

#[test]
fn a_page_of_real_size_fits_a_thread_of_two_mebibytes() {
    let finding = r#"{"Id":"i","Resources":[{"Type":"AwsS3Bucket","Details":{"AwsS3Bucket":
        {"BucketLifecycleConfiguration":{"Rules":[{"Filter":{"Predicate":{"Operands":
        [{"Prefix":"p","Tag":{"Key":"k","Value":"v"},"Type":"LifecycleAndOperator"}]}}}]}}}}]}"#;
    let body = format!(r#"{{"Findings":[{}]}}"#, vec![finding; 100].join(","));
    let reading = std::thread::Builder::new().stack_size(2 << 20).spawn({
        let body = body.clone();
        move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let server = Canned::start([Reply::ok(body.as_bytes())]).await;
                get_findings(&caller(&server.url).await).await.unwrap().body
            })
        }
    });

    let read = reading.unwrap().join().expect("the stack is large enough");

    assert_eq!(read, body.as_bytes());
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_asked_for_again_and_then_given_up() {
    let torn = || Reply::declared("200 OK", "", 1000, b"{\"Findings\":[");
    let server = Canned::start([torn(), Reply::ok(b"{}")]).await;
    assert_eq!(get_findings(&caller(&server.url).await).await.unwrap().body, b"{}".as_slice());

    let server = Canned::start([torn(), torn(), torn()]).await;
    let error = get_findings(&caller(&server.url).await).await.unwrap_err();

    assert_eq!((error.fault, error.condition), (Fault::BodyTruncated, UnitCondition::Unreachable));
    assert_eq!(server.requests().len(), 3);
    assert!(error.hint.contains(&server.url), "{}", error.hint);
}

#[tokio::test]
async fn an_answer_declared_too_large_is_not_read_nor_asked_for_again() {
    let reply = Reply::declared("200 OK", "", BODY_BYTES_MAX + 1, b"{");
    let server = Canned::start([reply]).await;

    let error = get_findings(&caller(&server.url).await).await.unwrap_err();

    assert_eq!((error.fault, error.condition), (Fault::BodyTooLarge, UnitCondition::Failing));
    assert!(error.message.contains("67108865 bytes"), "{}", error.message);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn an_answer_of_unknown_length_stops_at_the_limit() {
    let server = Canned::start([Reply::Endless(BODY_BYTES_MAX + (1 << 20))]).await;
    let settings = AwsSettings { attempts_max: 1, ..settings(&server.url) };

    let error = get_findings(&caller_with(&settings, Arc::default()).await).await.unwrap_err();

    assert_eq!(error.fault, Fault::BodyTooLarge);
}

#[tokio::test]
async fn an_error_goes_through_the_sdk_with_its_code_message_and_request() {
    let reply = Reply::error("401 Unauthorized", "InvalidAccessException", "not subscribed");
    let server = Canned::start([reply]).await;

    let error = get_findings(&caller(&server.url).await).await.unwrap_err();

    assert_eq!(error.code, "InvalidAccessException");
    assert_eq!(error.operation, "securityhub:GetFindings");
    assert_eq!(error.message, "InvalidAccessException: not subscribed (HTTP 401, request r-1)");
    assert_eq!(error.condition, UnitCondition::NotEnabled);
}

#[tokio::test]
async fn an_answer_from_something_in_between_is_quoted() {
    let page = b"<html>Bad gateway</html>";
    let server = Canned::start(std::iter::repeat_n(Reply::new("502 Bad", "", page), 3)).await;

    let error = get_findings(&caller(&server.url).await).await.unwrap_err();

    assert_eq!((error.fault, error.condition), (Fault::Refused, UnitCondition::Failing));
    assert!(error.message.contains("<html>Bad gateway</html>"), "{}", error.message);
    assert!(error.message.contains("HTTP 502"), "{}", error.message);
}

#[tokio::test]
async fn throttled_attempts_are_repeated_counted_and_told_to_the_pacer() {
    let slow = || Reply::error("429 Slow", "TooManyRequestsException", "Rate exceeded");
    let server = Canned::start([slow(), slow(), Reply::ok(b"{}")]).await;
    let pacer = Arc::<Recorder>::default();
    let caller = caller_with(&settings(&server.url), Arc::clone(&pacer)).await;

    let answer = get_findings(&caller).await.unwrap();

    let scope = Scope { account: Some(account()), region: region() };
    assert_eq!(answer.throttled, 2);
    assert_eq!(*pacer.0.lock().unwrap(), vec![(scope, OPERATION); 2]);
}

#[tokio::test]
async fn throttling_that_stays_is_a_state_of_the_unit() {
    let slow = Reply::error("400 Bad Request", "ThrottlingException", "Rate exceeded");
    let server = Canned::start(vec![slow; 3]).await;

    let error = get_findings(&caller(&server.url).await).await.unwrap_err();

    assert_eq!(error.condition, UnitCondition::Throttled);
    assert_eq!(error.code, "ThrottlingException");
}

#[tokio::test]
async fn a_source_that_fails_for_long_uses_up_only_its_own_retries() {
    let overloaded = || Reply::error("503 Busy", "ServiceUnavailable", "try again");
    let failing = Canned::start(std::iter::repeat_n(overloaded(), 1000)).await;
    let caller_failing = caller(&failing.url).await;
    for _ in 0..60 {
        get_findings(&caller_failing).await.unwrap_err();
    }
    assert!(failing.requests().len() < 180, "its quota has an end");

    let server = Canned::start([overloaded(), Reply::ok(b"{}")]).await;
    let answer = get_findings(&caller(&server.url).await).await;

    assert_eq!(answer.unwrap().body, b"{}".as_slice());
}

#[tokio::test]
async fn nobody_there_names_the_endpoint() {
    let server = Canned::start([]).await;
    let url = server.url.clone();
    drop(server);
    // The port was free a moment ago; whoever took it since does not speak for AWS either.
    let error = get_findings(&caller(&url).await).await.unwrap_err();

    assert_eq!(error.condition, UnitCondition::Unreachable, "{error:?}");
    assert!(error.hint.contains(&url) && error.hint.contains("eu-central-1"), "{}", error.hint);
}

#[tokio::test]
async fn silence_ends_with_the_time_of_an_attempt() {
    let server = Canned::start([Reply::Silence]).await;
    let timeouts = Timeouts { attempt: Duration::from_millis(100), ..Timeouts::default() };
    let settings = AwsSettings { attempts_max: 1, timeouts, ..settings(&server.url) };

    let error = get_findings(&caller_with(&settings, Arc::default()).await).await.unwrap_err();

    assert_eq!((error.fault, error.condition), (Fault::TimedOut, UnitCondition::Unreachable));
}

#[tokio::test]
async fn a_call_names_the_program_and_is_signed_for_its_region() {
    let server = Canned::start([Reply::ok(b"{}")]).await;

    get_findings(&caller(&server.url).await).await.unwrap();

    let request = server.requests().remove(0).to_ascii_lowercase();
    assert!(request.contains("app/muster"), "{request}");
    assert!(request.contains("/eu-central-1/securityhub/aws4_request"), "{request}");
}

/// A provider that has nothing to provide.
#[derive(Debug)]
struct Missing;

impl ProvideCredentials for Missing {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let nothing = CredentialsError::not_loaded("no providers in chain provided credentials");
        future::ProvideCredentials::ready(provider::Result::Err(nothing))
    }
}

#[tokio::test]
async fn without_credentials_nothing_is_sent() {
    let server = Canned::start([Reply::ok(b"{}")]).await;
    let connected = connect(&settings(&server.url), Arc::<Recorder>::default()).await.unwrap();
    let config = connected
        .config
        .to_builder()
        .credentials_provider(SharedCredentialsProvider::new(Missing))
        .build();
    let caller = AwsAccount { config, ..connected }.caller(&region());

    let error = get_findings(&caller).await.unwrap_err();

    assert_eq!((error.fault, error.condition), (Fault::Credentials, UnitCondition::NoCredentials));
    assert!(error.message.contains("no providers in chain"), "{}", error.message);
    assert!(error.hint.contains("AWS_ACCESS_KEY_ID"), "{}", error.hint);
    assert!(server.requests().is_empty());
}

const ROLE: &str = "arn:aws:iam::210987654321:role/MusterReader";

fn with_role(settings: AwsSettings, external_id: Option<&str>) -> AwsSettings {
    let role = RoleSettings {
        arn: ROLE.to_owned(),
        external_id: external_id.map(str::to_owned),
        session_name: "muster".to_owned(),
    };
    AwsSettings { account: None, role: Some(role), ..settings }
}

#[tokio::test]
async fn a_role_that_is_refused_is_a_denial_that_names_it() {
    let refusal = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>\
                   not authorized to perform: sts:AssumeRole</Message></Error></ErrorResponse>";
    let server = Canned::start([Reply::new("403 Forbidden", "", refusal.as_bytes())]).await;
    let settings = with_role(settings(&server.url), Some("secret-id"));

    let error = get_findings(&caller_with(&settings, Arc::default()).await).await.unwrap_err();

    assert_eq!(error.operation, "sts:AssumeRole");
    assert_eq!((error.code.as_str(), error.condition), ("AccessDenied", UnitCondition::Denied));
    assert!(error.hint.contains(ROLE), "{}", error.hint);
    assert!(!error.hint.contains("secret-id") && !error.message.contains("secret-id"));
    assert!(server.requests()[0].contains("ExternalId=secret-id"));
}

#[tokio::test]
async fn the_account_is_that_of_the_settings_the_role_or_the_credentials() {
    let identity = "<GetCallerIdentityResponse><GetCallerIdentityResult>\
                    <Arn>arn:aws:iam::111122223333:user/a</Arn><UserId>A</UserId>\
                    <Account>111122223333</Account></GetCallerIdentityResult>\
                    </GetCallerIdentityResponse>";
    let server = Canned::start([Reply::new("200 OK", "", identity.as_bytes())]).await;
    let id = async |settings: &AwsSettings| {
        connect(settings, Arc::<Recorder>::default()).await.map(|account| account.id())
    };
    let named = settings(&server.url);

    assert_eq!(id(&named).await, Ok(account()));
    let by_role = with_role(named.clone(), None);
    assert_eq!(id(&by_role).await, Ok("210987654321".parse().unwrap()));
    assert!(server.requests().is_empty(), "STS is not asked for what is known");

    let unnamed = AwsSettings { account: None, ..named.clone() };
    assert_eq!(id(&unnamed).await, Ok("111122223333".parse().unwrap()));

    let both = AwsSettings { account: named.account, ..by_role };
    let error = id(&both).await.unwrap_err();
    assert_eq!(error.fault, Fault::Settings);
    assert!(error.message.contains("123456789012") && error.message.contains("210987654321"));
}

#[tokio::test]
async fn a_list_that_comes_back_to_an_earlier_token_ends() {
    let caller = caller("http://127.0.0.1:9").await;
    let mut pages = Pages::new(OPERATION);
    for token in ["a", "b", "c"] {
        pages.advance(&caller, Some(token.to_owned())).unwrap();
        assert_eq!(pages.token().as_deref(), Some(token));
    }

    let error = pages.advance(&caller, Some("a".to_owned())).unwrap_err();

    assert_eq!(error.fault, Fault::RepeatedToken);
    assert!(!pages.at_end());
}

#[tokio::test]
async fn a_list_without_end_ends_at_the_limit() {
    let caller = caller("http://127.0.0.1:9").await;
    let mut pages = Pages::new(OPERATION);
    for page in 1..PAGES_MAX {
        pages.advance(&caller, Some(page.to_string())).unwrap();
    }

    let error = pages.advance(&caller, Some("more".to_owned())).unwrap_err();

    assert_eq!((error.fault, error.condition), (Fault::TooManyPages, UnitCondition::Failing));
}

#[test]
fn the_support_api_is_asked_in_one_region_of_each_partition() {
    let asked = |code: &str| {
        let region: Region = code.parse().unwrap();
        endpoint_region(SourceKind::TrustedAdvisor, &region).as_str().to_owned()
    };

    assert_eq!(asked("eu-central-1"), "us-east-1");
    assert_eq!(asked("cn-northwest-1"), "cn-north-1");
    assert_eq!(asked("us-gov-east-1"), "us-gov-west-1");
}

#[test]
fn a_role_says_its_account() {
    let role = |arn: &str| RoleSettings {
        arn: arn.to_owned(),
        external_id: None,
        session_name: "muster".to_owned(),
    };

    assert_eq!(role(ROLE).account(), Some("210987654321".parse().unwrap()));
    assert_eq!(role("Reader").account(), None);
}
