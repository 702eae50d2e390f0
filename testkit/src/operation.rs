//! The operations that the emulator answers.

use std::fmt;

/// An AWS service, as the credential scope of a signed request names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Security Hub CSPM (`securityhub`).
    SecurityHub,
    /// GuardDuty (`guardduty`).
    GuardDuty,
    /// IAM Access Analyzer (`access-analyzer`).
    AccessAnalyzer,
    /// Inspector (`inspector2`).
    Inspector,
    /// AWS Support, which serves Trusted Advisor (`support`).
    Support,
    /// Security Token Service (`sts`).
    Sts,
}

impl Service {
    /// The service of a signing name, or `None` for one that is not emulated.
    pub fn from_signing_name(name: &str) -> Option<Self> {
        Some(match name {
            "securityhub" => Self::SecurityHub,
            "guardduty" => Self::GuardDuty,
            "access-analyzer" => Self::AccessAnalyzer,
            "inspector2" => Self::Inspector,
            "support" => Self::Support,
            "sts" => Self::Sts,
            _ => return None,
        })
    }

    /// The name in the credential scope.
    pub fn signing_name(self) -> &'static str {
        match self {
            Self::SecurityHub => "securityhub",
            Self::GuardDuty => "guardduty",
            Self::AccessAnalyzer => "access-analyzer",
            Self::Inspector => "inspector2",
            Self::Support => "support",
            Self::Sts => "sts",
        }
    }
}

/// One operation of one service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// `securityhub:GetFindings`, `POST /findings`.
    GetFindings,
    /// `securityhub:DescribeHub`, `GET /accounts`.
    DescribeHub,
    /// `guardduty:ListDetectors`, `GET /detector`.
    ListDetectors,
    /// `guardduty:GetDetector`, `GET /detector/{detector}`.
    GetDetector,
    /// `guardduty:ListFindings`, `POST /detector/{detector}/findings`.
    ListGuardDutyFindings,
    /// `guardduty:GetFindings`, `POST /detector/{detector}/findings/get`.
    GetGuardDutyFindings,
    /// `access-analyzer:ListAnalyzers`, `GET /analyzer`.
    ListAnalyzers,
    /// `access-analyzer:ListFindings`, `POST /finding`: external access only, with principals.
    ListAccessFindings,
    /// `access-analyzer:ListFindingsV2`, `POST /findingv2`: every kind, without details.
    ListAccessFindingsV2,
    /// `access-analyzer:GetFindingV2`, `GET /findingv2/{id}`.
    GetAccessFindingV2,
    /// `inspector2:BatchGetAccountStatus`, `POST /status/batch/get`.
    BatchGetAccountStatus,
    /// `inspector2:ListFindings`, `POST /findings/list`.
    ListInspectorFindings,
    /// `support:DescribeTrustedAdvisorChecks`.
    DescribeChecks,
    /// `support:DescribeTrustedAdvisorCheckSummaries`.
    DescribeCheckSummaries,
    /// `support:DescribeTrustedAdvisorCheckResult`.
    DescribeCheckResult,
    /// `support:DescribeTrustedAdvisorCheckRefreshStatuses`.
    DescribeCheckRefreshStatuses,
    /// `support:RefreshTrustedAdvisorCheck`.
    RefreshCheck,
    /// `sts:GetCallerIdentity`.
    GetCallerIdentity,
    /// `sts:AssumeRole`.
    AssumeRole,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 19] = [
        Self::GetFindings,
        Self::DescribeHub,
        Self::ListDetectors,
        Self::GetDetector,
        Self::ListGuardDutyFindings,
        Self::GetGuardDutyFindings,
        Self::ListAnalyzers,
        Self::ListAccessFindings,
        Self::ListAccessFindingsV2,
        Self::GetAccessFindingV2,
        Self::BatchGetAccountStatus,
        Self::ListInspectorFindings,
        Self::DescribeChecks,
        Self::DescribeCheckSummaries,
        Self::DescribeCheckResult,
        Self::DescribeCheckRefreshStatuses,
        Self::RefreshCheck,
        Self::GetCallerIdentity,
        Self::AssumeRole,
    ];

    /// The service that has it.
    pub fn service(self) -> Service {
        match self {
            Self::GetFindings | Self::DescribeHub => Service::SecurityHub,
            Self::ListDetectors
            | Self::GetDetector
            | Self::ListGuardDutyFindings
            | Self::GetGuardDutyFindings => Service::GuardDuty,
            Self::ListAnalyzers
            | Self::ListAccessFindings
            | Self::ListAccessFindingsV2
            | Self::GetAccessFindingV2 => Service::AccessAnalyzer,
            Self::BatchGetAccountStatus | Self::ListInspectorFindings => Service::Inspector,
            Self::DescribeChecks
            | Self::DescribeCheckSummaries
            | Self::DescribeCheckResult
            | Self::DescribeCheckRefreshStatuses
            | Self::RefreshCheck => Service::Support,
            Self::GetCallerIdentity | Self::AssumeRole => Service::Sts,
        }
    }

    /// The name AWS gives it, as in `X-Amz-Target` and the API references.
    pub fn name(self) -> &'static str {
        match self {
            Self::GetFindings | Self::GetGuardDutyFindings => "GetFindings",
            Self::DescribeHub => "DescribeHub",
            Self::ListDetectors => "ListDetectors",
            Self::GetDetector => "GetDetector",
            Self::ListGuardDutyFindings
            | Self::ListAccessFindings
            | Self::ListInspectorFindings => "ListFindings",
            Self::BatchGetAccountStatus => "BatchGetAccountStatus",
            Self::ListAnalyzers => "ListAnalyzers",
            Self::ListAccessFindingsV2 => "ListFindingsV2",
            Self::GetAccessFindingV2 => "GetFindingV2",
            Self::DescribeChecks => "DescribeTrustedAdvisorChecks",
            Self::DescribeCheckSummaries => "DescribeTrustedAdvisorCheckSummaries",
            Self::DescribeCheckResult => "DescribeTrustedAdvisorCheckResult",
            Self::DescribeCheckRefreshStatuses => "DescribeTrustedAdvisorCheckRefreshStatuses",
            Self::RefreshCheck => "RefreshTrustedAdvisorCheck",
            Self::GetCallerIdentity => "GetCallerIdentity",
            Self::AssumeRole => "AssumeRole",
        }
    }

    /// The action an IAM policy names: V2 of Access Analyzer has no action of its own.
    pub fn iam_action(self) -> String {
        let action = match self {
            Self::ListAccessFindingsV2 => "ListFindings",
            Self::GetAccessFindingV2 => "GetFinding",
            other => other.name(),
        };
        format!("{}:{action}", self.service().signing_name())
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.service().signing_name(), self.name())
    }
}
