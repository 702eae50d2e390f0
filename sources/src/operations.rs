//! Every AWS operation that is called, in one table.
//!
//! Calls are made with an [`Operation`], never with a name of their own, so that the IAM policy, the
//! rates and the names in errors and metrics are those of what the code really calls.

use std::collections::BTreeSet;
use std::fmt;

use muster_core::unit::SourceKind;

/// An AWS operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Learns which account the credentials belong to. AWS allows it to everybody.
    GetCallerIdentity,
    /// Takes a role in another account.
    AssumeRole,
    /// A page of findings in ASFF.
    SecurityHubGetFindings,
    /// The detector of a Region, if there is one.
    GuardDutyListDetectors,
    /// A page of finding ids.
    GuardDutyListFindings,
    /// Up to 50 findings by their ids.
    GuardDutyGetFindings,
    /// The analyzers of a Region.
    AccessAnalyzerListAnalyzers,
    /// A page of external access findings, complete.
    AccessAnalyzerListFindings,
    /// A page of summaries of unused or internal access findings.
    AccessAnalyzerListFindingsV2,
    /// A page of the details of one finding.
    AccessAnalyzerGetFindingV2,
    /// Whether Inspector is on.
    InspectorBatchGetAccountStatus,
    /// A page of findings, complete.
    InspectorListFindings,
    /// All checks.
    SupportDescribeChecks,
    /// When each check was evaluated.
    SupportDescribeCheckSummaries,
    /// The flagged resources of a check.
    SupportDescribeCheckResult,
}

/// How often an operation may be called in one account and Region.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Calls a second, in the long run.
    pub per_second: f64,
    /// Calls at once after a pause.
    pub burst: f64,
}

/// Security Hub: the text of AWS's own API model allows 3 a second and 6 at once. A little less,
/// because AWS counts when calls arrive, which is not when they were let go: at the limit itself
/// some are refused.
const SECURITY_HUB: Rate = Rate { per_second: 2.5, burst: 5.0 };

/// `GuardDuty`, Access Analyzer and Inspector: nothing is published; what has been seen to work.
const REGIONAL: Rate = Rate { per_second: 5.0, burst: 10.0 };

/// Support: nothing is published; slower than the others, and one endpoint for all Regions.
const SUPPORT: Rate = Rate { per_second: 2.0, burst: 4.0 };

/// STS: hundreds a second; called about once an hour.
const STS: Rate = Rate { per_second: 10.0, burst: 10.0 };

/// One line of the table.
struct Facts {
    name: &'static str,
    iam_action: &'static str,
    source: Option<SourceKind>,
    rate: Rate,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::GetCallerIdentity,
        Self::AssumeRole,
        Self::SecurityHubGetFindings,
        Self::GuardDutyListDetectors,
        Self::GuardDutyListFindings,
        Self::GuardDutyGetFindings,
        Self::AccessAnalyzerListAnalyzers,
        Self::AccessAnalyzerListFindings,
        Self::AccessAnalyzerListFindingsV2,
        Self::AccessAnalyzerGetFindingV2,
        Self::InspectorBatchGetAccountStatus,
        Self::InspectorListFindings,
        Self::SupportDescribeChecks,
        Self::SupportDescribeCheckSummaries,
        Self::SupportDescribeCheckResult,
    ];

    /// The name in errors, logs and metrics: service and operation, for example
    /// `securityhub:GetFindings`.
    pub const fn name(self) -> &'static str {
        self.facts().name
    }

    /// The IAM action that allows it.
    ///
    /// Not always its own name: `ListFindingsV2` and `GetFindingV2` of Access Analyzer are allowed
    /// by the actions of their first versions (AWS's API model).
    pub const fn iam_action(self) -> &'static str {
        self.facts().iam_action
    }

    /// The source that calls it; `None` for those that serve all sources.
    pub const fn source(self) -> Option<SourceKind> {
        self.facts().source
    }

    /// How often it may be called.
    pub const fn rate(self) -> Rate {
        self.facts().rate
    }

    const fn facts(self) -> Facts {
        match self {
            Self::GetCallerIdentity => sts("sts:GetCallerIdentity"),
            Self::AssumeRole => sts("sts:AssumeRole"),
            Self::SecurityHubGetFindings => Facts {
                name: "securityhub:GetFindings",
                iam_action: "securityhub:GetFindings",
                source: Some(SourceKind::SecurityHub),
                rate: SECURITY_HUB,
            },
            Self::GuardDutyListDetectors => guardduty("guardduty:ListDetectors"),
            Self::GuardDutyListFindings => guardduty("guardduty:ListFindings"),
            Self::GuardDutyGetFindings => guardduty("guardduty:GetFindings"),
            Self::AccessAnalyzerListAnalyzers => {
                analyzer("access-analyzer:ListAnalyzers", "access-analyzer:ListAnalyzers")
            }
            Self::AccessAnalyzerListFindings => {
                analyzer("access-analyzer:ListFindings", "access-analyzer:ListFindings")
            }
            Self::AccessAnalyzerListFindingsV2 => {
                analyzer("access-analyzer:ListFindingsV2", "access-analyzer:ListFindings")
            }
            Self::AccessAnalyzerGetFindingV2 => {
                analyzer("access-analyzer:GetFindingV2", "access-analyzer:GetFinding")
            }
            Self::InspectorBatchGetAccountStatus => inspector("inspector2:BatchGetAccountStatus"),
            Self::InspectorListFindings => inspector("inspector2:ListFindings"),
            Self::SupportDescribeChecks => support("support:DescribeTrustedAdvisorChecks"),
            Self::SupportDescribeCheckSummaries => {
                support("support:DescribeTrustedAdvisorCheckSummaries")
            }
            Self::SupportDescribeCheckResult => {
                support("support:DescribeTrustedAdvisorCheckResult")
            }
        }
    }
}

const fn sts(name: &'static str) -> Facts {
    Facts { name, iam_action: name, source: None, rate: STS }
}

const fn guardduty(name: &'static str) -> Facts {
    Facts { name, iam_action: name, source: Some(SourceKind::GuardDuty), rate: REGIONAL }
}

const fn analyzer(name: &'static str, iam_action: &'static str) -> Facts {
    Facts { name, iam_action, source: Some(SourceKind::AccessAnalyzer), rate: REGIONAL }
}

const fn inspector(name: &'static str) -> Facts {
    Facts { name, iam_action: name, source: Some(SourceKind::Inspector), rate: REGIONAL }
}

const fn support(name: &'static str) -> Facts {
    Facts { name, iam_action: name, source: Some(SourceKind::TrustedAdvisor), rate: SUPPORT }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The least-privilege IAM policy for reading `sources`, as indented JSON, one statement for each.
///
/// The resource is `*`: these services have little or no resource-level permission for reading.
/// `sts:GetCallerIdentity` needs no statement. `sts:AssumeRole` is not in it: it belongs to the
/// account that takes the roles, with those roles as its resource.
pub fn iam_policy(sources: &[SourceKind]) -> String {
    let statements: Vec<serde_json::Value> = SourceKind::COLLECTED
        .into_iter()
        .filter(|kind| sources.contains(kind))
        .map(|kind| {
            let actions: BTreeSet<&str> = Operation::ALL
                .into_iter()
                .filter(|operation| operation.source() == Some(kind))
                .map(Operation::iam_action)
                .collect();
            statement(&actions)
        })
        .collect();
    let policy = serde_json::json!({ "Version": "2012-10-17", "Statement": statements });
    format!("{policy:#}")
}

/// The statement of a policy that allows one operation, on one line.
pub fn iam_statement(operation: Operation) -> String {
    statement(&BTreeSet::from([operation.iam_action()])).to_string()
}

fn statement(actions: &BTreeSet<&str>) -> serde_json::Value {
    serde_json::json!({ "Effect": "Allow", "Action": actions, "Resource": "*" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_allows_what_the_sources_call_and_nothing_else() {
        let policy = iam_policy(&[SourceKind::AccessAnalyzer]);

        assert!(policy.contains("access-analyzer:ListFindings\""), "{policy}");
        assert!(policy.contains("access-analyzer:GetFinding\""), "{policy}");
        assert!(
            !policy.contains("V2"),
            "the second versions have no action of their own: {policy}"
        );
        assert!(!policy.contains("securityhub"), "{policy}");
    }

    #[test]
    fn every_source_has_operations_and_every_operation_its_own_name() {
        let names: BTreeSet<&str> = Operation::ALL.into_iter().map(Operation::name).collect();

        assert_eq!(names.len(), Operation::ALL.len());
        for kind in SourceKind::COLLECTED {
            assert!(Operation::ALL.into_iter().any(|operation| operation.source() == Some(kind)));
        }
        for operation in Operation::ALL {
            assert!(operation.rate().per_second > 0.0 && operation.rate().burst >= 1.0);
        }
    }

    #[test]
    fn a_statement_can_be_pasted_into_a_policy() {
        assert_eq!(
            iam_statement(Operation::SecurityHubGetFindings),
            r#"{"Action":["securityhub:GetFindings"],"Effect":"Allow","Resource":"*"}"#
        );
    }
}
