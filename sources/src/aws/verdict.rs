//! What a failure means for the unit, and what a person can do about it.
//!
//! One match from error codes to verdicts, one from verdicts to conditions, one to hints.

use muster_core::ids::{AccountId, Region};
use muster_core::unit::{SourceKind, UnitCondition};

use super::credentials::Origin;
use super::fault::{Evidence, is_throttle};
use crate::operations::{Operation, iam_statement};
use crate::source::{Fault, SourceError};

/// Where a call was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site<'a> {
    pub(crate) account: Option<AccountId>,
    pub(crate) region: &'a Region,
    /// Scheme and authority; empty when nothing was sent.
    pub(crate) endpoint: &'a str,
    pub(crate) origin: &'a Origin,
}

/// What a failure means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Throttled,
    Denied,
    /// A guardrail (service control policy, boundary) forbids what the policy may allow.
    Forbidden,
    RoleRefused,
    NotEnabled,
    /// The detector, analyzer or check was there and is not any more.
    Gone,
    NotSubscribed,
    RegionOff,
    NoCredentials,
    Expired,
    UnknownKey,
    BadSignature,
    Clock,
    NoAnswer,
    StaleToken,
    TooLarge,
    Unreadable,
    /// Whoever answers does not know the operation.
    UnknownOperation,
    /// AWS's own failure, or one that is not known.
    Broken,
    Settings,
}

/// Judges a failed call.
pub(crate) fn judge(evidence: Evidence, site: &Site<'_>) -> SourceError {
    let verdict = verdict(&evidence);
    SourceError {
        condition: verdict.condition(),
        fault: evidence.fault,
        operation: evidence.operation.name(),
        hint: verdict.hint(evidence.operation, site),
        code: evidence.code,
        message: evidence.message,
    }
}

fn verdict(evidence: &Evidence) -> Verdict {
    match evidence.fault {
        Fault::Refused => by_code(evidence).unwrap_or_else(|| by_status(evidence)),
        Fault::Credentials => by_code(evidence).unwrap_or_else(|| {
            let text = evidence.message.to_ascii_lowercase();
            if text.contains("expired") { Verdict::Expired } else { Verdict::NoCredentials }
        }),
        Fault::NoAnswer | Fault::TimedOut | Fault::BodyTruncated => Verdict::NoAnswer,
        Fault::BodyTooLarge => Verdict::TooLarge,
        Fault::BodyUnreadable => Verdict::Unreadable,
        Fault::RepeatedToken | Fault::TooManyPages => Verdict::StaleToken,
        Fault::Absent => Verdict::NotEnabled,
        Fault::Settings => Verdict::Settings,
    }
}

fn by_code(evidence: &Evidence) -> Option<Verdict> {
    let says = |words: &str| evidence.message.contains(words);
    let verdict = match evidence.code.as_str() {
        code if is_throttle(code) => Verdict::Throttled,
        "SubscriptionRequiredException" => Verdict::NotSubscribed,
        // "Account … is not subscribed to AWS Security Hub".
        "InvalidAccessException" => Verdict::NotEnabled,
        "ResourceNotFoundException" => match evidence.operation {
            Operation::SecurityHubGetFindings => Verdict::NotEnabled,
            _ => Verdict::Gone,
        },
        // GuardDuty's only client error: "… the input detectorId is not owned by the current
        // account".
        "BadRequestException" if says("not owned by the current account") => Verdict::Gone,
        "OptInRequired" | "RegionDisabledException" => Verdict::RegionOff,
        "ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired" => Verdict::Expired,
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidAccessKeyId"
        | "InvalidIdentityToken"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException" => Verdict::UnknownKey,
        "RequestExpired" | "RequestTimeTooSkewed" | "RequestInTheFuture" => Verdict::Clock,
        code if is_signature(code) => {
            let clock = says("expired") || says("not yet current");
            if clock { Verdict::Clock } else { Verdict::BadSignature }
        }
        code if is_denial(code) && evidence.operation == Operation::AssumeRole => {
            Verdict::RoleRefused
        }
        code if is_denial(code) => {
            let guardrail = says("explicit deny") || says("service control policy");
            if guardrail { Verdict::Forbidden } else { Verdict::Denied }
        }
        "InvalidInputException" | "ValidationException" | "BadRequestException"
            if is_about_token(&evidence.message) =>
        {
            Verdict::StaleToken
        }
        "UnknownOperationException" | "NotImplemented" => Verdict::UnknownOperation,
        _ => return None,
    };
    Some(verdict)
}

fn by_status(evidence: &Evidence) -> Verdict {
    match evidence.status {
        Some(401 | 403) => Verdict::Denied,
        Some(404 | 405 | 501) if evidence.code.is_empty() => Verdict::UnknownOperation,
        Some(429) => Verdict::Throttled,
        _ => Verdict::Broken,
    }
}

fn is_denial(code: &str) -> bool {
    code.starts_with("AccessDenied")
        || code.starts_with("Unauthorized")
        || code.starts_with("NotAuthorized")
}

fn is_signature(code: &str) -> bool {
    code.starts_with("InvalidSignature")
        || code.starts_with("SignatureDoesNotMatch")
        || code.starts_with("IncompleteSignature")
}

/// Security Hub says "Input Query has changed" when the filter moved, and "invalid `NextToken`" when
/// the token grew old.
fn is_about_token(message: &str) -> bool {
    let text = message.to_ascii_lowercase();
    text.contains("query has changed") || text.contains("token")
}

impl Verdict {
    fn condition(self) -> UnitCondition {
        match self {
            Self::Throttled => UnitCondition::Throttled,
            Self::Denied | Self::Forbidden | Self::RoleRefused => UnitCondition::Denied,
            Self::NotEnabled | Self::Gone | Self::RegionOff => UnitCondition::NotEnabled,
            Self::NotSubscribed => UnitCondition::NotSubscribed,
            Self::NoCredentials
            | Self::Expired
            | Self::UnknownKey
            | Self::BadSignature
            | Self::Clock => UnitCondition::NoCredentials,
            Self::NoAnswer => UnitCondition::Unreachable,
            Self::StaleToken
            | Self::TooLarge
            | Self::Unreadable
            | Self::UnknownOperation
            | Self::Broken
            | Self::Settings => UnitCondition::Failing,
        }
    }

    fn hint(self, operation: Operation, site: &Site<'_>) -> String {
        let Site { region, endpoint, origin, .. } = site;
        let account = site
            .account
            .map_or_else(|| "the account".to_owned(), |account| format!("account {account}"));
        match self {
            Self::Throttled | Self::Broken => String::new(),
            Self::Denied => format!(
                "allow it to the role or user that Muster uses in {account}: {}",
                iam_statement(operation)
            ),
            Self::Forbidden => format!(
                "a policy denies {} explicitly (service control policy, permissions boundary or \
                 session policy): except the role or user that Muster uses in {account} from it, \
                 or take {region} out of the settings",
                operation.iam_action()
            ),
            Self::RoleRefused => role_refused(origin),
            Self::NotEnabled => not_enabled(operation, region, &account),
            Self::Gone => format!(
                "it was there and is gone from {account} in {region}; Muster looks again for what \
                 is there"
            ),
            Self::NotSubscribed => format!(
                "Trusted Advisor's API needs a paid support plan for {account} (Business Support+, \
                 Enterprise or Unified Operations; or an older Business, Enterprise On-Ramp or \
                 Enterprise): change the plan, or take trusted-advisor out of the settings"
            ),
            Self::RegionOff => region_off(region, &account),
            Self::NoCredentials => origin.missing_hint(),
            Self::Expired => origin.expired_hint(),
            Self::UnknownKey => unknown_key(region, &account, origin),
            Self::BadSignature => {
                format!("the secret does not belong to the access key: check {}", origin.place())
            }
            Self::Clock => "AWS refuses signatures whose time is more than 5 minutes off: set the \
                            clock of this machine (NTP)"
                .to_owned(),
            Self::NoAnswer => no_answer(region, endpoint),
            Self::StaleToken => "the list is read again from its first page; if this stays, the \
                                 endpoint does not page as AWS does"
                .to_owned(),
            Self::TooLarge => {
                format!("no AWS answer is this large: check who answers at {}", or_aws(endpoint))
            }
            Self::Unreadable => format!(
                "this is not AWS's answer: check for a proxy or a wrong endpoint at {}",
                or_aws(endpoint)
            ),
            Self::UnknownOperation => unknown_operation(operation, endpoint),
            Self::Settings => "correct the settings of this account".to_owned(),
        }
    }
}

fn or_aws(endpoint: &str) -> &str {
    if endpoint.is_empty() { "the endpoint" } else { endpoint }
}

fn unknown_operation(operation: Operation, endpoint: &str) -> String {
    let or_name = match operation {
        Operation::GetCallerIdentity => "; an account id in the settings makes it unnecessary",
        _ => "",
    };
    format!(
        "{} does not know this operation: check the endpoint settings (AWS_ENDPOINT_URL, \
         endpoint_url){or_name}",
        or_aws(endpoint)
    )
}

fn role_refused(origin: &Origin) -> String {
    let role = origin.role().unwrap_or("the role");
    let external_id = if origin.has_external_id() {
        " and accept the external id of the settings"
    } else {
        " and, if it asks for an external id, the settings must name it"
    };
    format!(
        "the trust policy of {role} must allow sts:AssumeRole to the identity that Muster runs as\
         {external_id}; that identity needs {{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\",\
         \"Resource\":\"{role}\"}}"
    )
}

fn not_enabled(operation: Operation, region: &Region, account: &str) -> String {
    let (what, how) = match operation.source() {
        Some(SourceKind::SecurityHub) => {
            ("Security Hub CSPM", format!("aws securityhub enable-security-hub --region {region}"))
        }
        Some(SourceKind::GuardDuty) => {
            ("GuardDuty", format!("aws guardduty create-detector --enable --region {region}"))
        }
        Some(SourceKind::AccessAnalyzer) => (
            "an analyzer of IAM Access Analyzer",
            format!(
                "aws accessanalyzer create-analyzer --analyzer-name muster --type ACCOUNT \
                 --region {region}"
            ),
        ),
        Some(SourceKind::Inspector) => {
            let how =
                format!("aws inspector2 enable --resource-types EC2 ECR LAMBDA --region {region}");
            ("Inspector", how)
        }
        Some(SourceKind::TrustedAdvisor | SourceKind::Macie | SourceKind::Config) | None => {
            return region_off(region, account);
        }
    };
    format!(
        "enable {what} for {account} in {region} ({how}), or take the Region out of the settings \
         of this source"
    )
}

fn region_off(region: &Region, account: &str) -> String {
    format!(
        "the Region {region} is not enabled for {account}: enable it (aws account enable-region \
         --region-name {region}), or take it out of the settings"
    )
}

fn unknown_key(region: &Region, account: &str, origin: &Origin) -> String {
    let place = origin.place();
    if is_opt_in(region) {
        format!(
            "{region} is an opt-in Region: enable it for {account} (aws account enable-region \
             --region-name {region}); if it is enabled, AWS does not know the access key: check \
             {place}"
        )
    } else {
        format!(
            "AWS does not know the access key (deleted, or of another partition): check {place}"
        )
    }
}

fn no_answer(region: &Region, endpoint: &str) -> String {
    if endpoint.is_empty() {
        format!("nothing could be sent for {region}: check the Region's name and the endpoint")
    } else {
        format!(
            "no complete answer from {endpoint} (Region {region}): check that the Region has the \
             service, and the network path (DNS, proxy, firewall, VPC endpoint)"
        )
    }
}

/// Whether an account has to enable the Region first.
///
/// Those launched before 20 March 2019 are on by default, all later ones of the commercial
/// partition are not (AWS account management guide), so this list is complete.
fn is_opt_in(region: &Region) -> bool {
    const ON_BY_DEFAULT: [&str; 17] = [
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "ca-central-1",
        "eu-central-1",
        "eu-north-1",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "sa-east-1",
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
    ];
    region.partition() == "aws" && !ON_BY_DEFAULT.contains(&region.as_str())
}

#[cfg(test)]
mod tests;
