use super::*;
use crate::operations::Operation as Op;

fn judged_at(region: &str, endpoint: &str, evidence: Evidence) -> SourceError {
    let origin = Origin::new(Some("audit"), Some("arn:aws:iam::123456789012:role/Reader"), true);
    let region: Region = region.parse().unwrap();
    let site = Site {
        account: Some("123456789012".parse().unwrap()),
        region: &region,
        endpoint,
        origin: &origin,
    };
    judge(evidence, &site)
}

fn judged(evidence: Evidence) -> SourceError {
    judged_at("eu-central-1", "https://securityhub.eu-central-1.amazonaws.com", evidence)
}

fn refused(operation: Op, code: &str, status: u16, message: &str) -> Evidence {
    Evidence {
        operation,
        fault: Fault::Refused,
        code: code.to_owned(),
        status: Some(status),
        message: message.to_owned(),
    }
}

fn broken(fault: Fault, message: &str) -> Evidence {
    Evidence {
        operation: Op::SecurityHubGetFindings,
        fault,
        code: String::new(),
        status: None,
        message: message.to_owned(),
    }
}

/// Judges a refusal and checks its condition and a part of its hint.
#[track_caller]
fn check(evidence: Evidence, condition: UnitCondition, hint: &str) {
    let error = judged(evidence);

    assert_eq!(error.condition, condition, "{error:?}");
    assert!(error.hint.contains(hint), "{}", error.hint);
}

#[test]
fn every_denial_names_the_statement_that_is_missing() {
    for code in ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation"] {
        check(
            refused(Op::AccessAnalyzerListFindingsV2, code, 403, "not authorized"),
            UnitCondition::Denied,
            r#"{"Action":["access-analyzer:ListFindings"],"Effect":"Allow","Resource":"*"}"#,
        );
    }
    check(
        refused(Op::SecurityHubGetFindings, "", 403, "an answer without content"),
        UnitCondition::Denied,
        "securityhub:GetFindings",
    );
}

#[test]
fn a_guardrail_is_told_from_a_missing_statement() {
    check(
        refused(
            Op::GuardDutyListDetectors,
            "AccessDeniedException",
            403,
            "not authorized to perform: guardduty:ListDetectors with an explicit deny in a \
             service control policy",
        ),
        UnitCondition::Denied,
        "service control policy",
    );
}

#[test]
fn a_refused_role_names_the_role_its_trust_policy_and_the_external_id() {
    check(
        refused(Op::AssumeRole, "AccessDenied", 403, "not authorized to perform: sts:AssumeRole"),
        UnitCondition::Denied,
        "the trust policy of arn:aws:iam::123456789012:role/Reader must allow sts:AssumeRole",
    );
    check(
        refused(Op::AssumeRole, "AccessDenied", 403, ""),
        UnitCondition::Denied,
        "external id of the settings",
    );
}

#[test]
fn a_product_that_is_off_says_how_to_turn_it_on() {
    check(
        refused(
            Op::SecurityHubGetFindings,
            "InvalidAccessException",
            401,
            "Account 123456789012 is not subscribed to AWS Security Hub",
        ),
        UnitCondition::NotEnabled,
        "aws securityhub enable-security-hub --region eu-central-1",
    );
    let absent = |operation| Evidence { operation, ..broken(Fault::Absent, "there is none") };
    check(
        absent(Op::GuardDutyListDetectors),
        UnitCondition::NotEnabled,
        "aws guardduty create-detector --enable --region eu-central-1",
    );
    check(
        absent(Op::AccessAnalyzerListAnalyzers),
        UnitCondition::NotEnabled,
        "aws accessanalyzer create-analyzer",
    );
}

#[test]
fn what_was_there_and_is_gone_is_looked_for_again() {
    check(
        refused(Op::AccessAnalyzerListFindings, "ResourceNotFoundException", 404, ""),
        UnitCondition::NotEnabled,
        "gone from account 123456789012 in eu-central-1",
    );
    check(
        refused(
            Op::GuardDutyListFindings,
            "BadRequestException",
            400,
            "The request is rejected because the input detectorId is not owned by the current \
             account.",
        ),
        UnitCondition::NotEnabled,
        "gone",
    );
}

#[test]
fn a_support_plan_is_named() {
    check(
        refused(Op::SupportDescribeChecks, "SubscriptionRequiredException", 400, ""),
        UnitCondition::NotSubscribed,
        "support plan for account 123456789012",
    );
}

#[test]
fn each_trouble_with_credentials_has_its_own_advice() {
    use UnitCondition::NoCredentials;
    let refused = |code, message| refused(Op::SecurityHubGetFindings, code, 403, message);

    for code in ["ExpiredToken", "ExpiredTokenException"] {
        check(refused(code, "expired"), NoCredentials, "aws sso login --profile audit");
    }
    for code in ["UnrecognizedClientException", "InvalidClientTokenId"] {
        check(refused(code, "invalid"), NoCredentials, "check the profile `audit`");
    }
    check(refused("RequestExpired", ""), NoCredentials, "clock");
    check(
        refused("InvalidSignatureException", "Signature expired: 20260101T000000Z"),
        NoCredentials,
        "clock",
    );
    check(refused("InvalidSignatureException", "does not match"), NoCredentials, "the secret");
    check(refused("SignatureDoesNotMatch", "does not match"), NoCredentials, "the secret");
    check(broken(Fault::Credentials, "no providers in chain"), NoCredentials, "profile `audit`");
    check(
        broken(Fault::Credentials, "the SSO token has expired"),
        NoCredentials,
        "aws sso login --profile audit",
    );
}

#[test]
fn an_unknown_key_in_an_opt_in_region_may_be_a_region_that_is_off() {
    let evidence =
        || refused(Op::GuardDutyListDetectors, "UnrecognizedClientException", 403, "invalid");

    let off = judged_at("me-central-1", "https://x", evidence());
    let on = judged_at("eu-central-1", "https://x", evidence());

    assert!(off.hint.contains("aws account enable-region --region-name me-central-1"));
    assert!(!on.hint.contains("enable-region"), "{}", on.hint);
    assert!(!is_opt_in(&"us-gov-west-1".parse().unwrap()));
}

#[test]
fn every_throttle_code_and_status_429_mean_the_same() {
    for code in [
        "TooManyRequestsException",
        "ThrottlingException",
        "Throttling",
        "LimitExceededException",
        "RequestLimitExceeded",
    ] {
        check(refused(Op::SecurityHubGetFindings, code, 400, ""), UnitCondition::Throttled, "");
    }
    check(refused(Op::SecurityHubGetFindings, "", 429, ""), UnitCondition::Throttled, "");
    assert!(judged(refused(Op::SecurityHubGetFindings, "", 429, "")).is_transient());
}

#[test]
fn no_answer_names_the_endpoint_and_the_region() {
    for fault in [Fault::NoAnswer, Fault::TimedOut, Fault::BodyTruncated] {
        let error = judged(broken(fault, "connection refused"));

        assert_eq!(error.condition, UnitCondition::Unreachable);
        assert!(error.hint.contains("https://securityhub.eu-central-1.amazonaws.com"));
        assert!(error.hint.contains("Region eu-central-1"));
    }
}

#[test]
fn what_another_server_answers_points_at_the_endpoint() {
    check(
        refused(Op::GuardDutyListFindings, "", 404, "an answer that begins with `<html>`"),
        UnitCondition::Failing,
        "AWS_ENDPOINT_URL",
    );
    check(broken(Fault::BodyUnreadable, "not JSON"), UnitCondition::Failing, "proxy");
    check(broken(Fault::BodyTooLarge, "limit"), UnitCondition::Failing, "check who answers");
}

#[test]
fn a_failure_of_aws_is_tried_again_without_advice() {
    for status in [500, 503] {
        let error = judged(refused(Op::SecurityHubGetFindings, "InternalException", status, ""));

        assert_eq!((error.condition, error.hint.as_str()), (UnitCondition::Failing, ""));
        assert!(error.is_transient());
    }
}

#[test]
fn a_person_must_act_on_what_is_not_transient() {
    for code in ["AccessDeniedException", "ExpiredToken", "SubscriptionRequiredException"] {
        let error = judged(refused(Op::SupportDescribeChecks, code, 400, ""));

        assert!(!error.is_transient() && !error.hint.is_empty(), "{error:?}");
    }
}
