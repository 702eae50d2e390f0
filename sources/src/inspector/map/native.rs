//! The parts of a native finding that are read.

use serde::Deserialize;

use crate::lenient::{Many, Maybe, Moment, Scalar, Tags};

/// A finding.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Finding<'a> {
    #[serde(borrow, rename = "findingArn")]
    pub(super) arn: Scalar<'a>,
    #[serde(borrow, rename = "awsAccountId")]
    pub(super) account_id: Scalar<'a>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Scalar<'a>,
    #[serde(borrow)]
    pub(super) title: Scalar<'a>,
    #[serde(borrow)]
    pub(super) description: Scalar<'a>,
    #[serde(borrow)]
    pub(super) severity: Scalar<'a>,
    #[serde(borrow, rename = "inspectorScore")]
    pub(super) score: Scalar<'a>,
    #[serde(borrow)]
    pub(super) status: Scalar<'a>,
    pub(super) first_observed_at: Moment,
    pub(super) last_observed_at: Moment,
    pub(super) updated_at: Moment,
    #[serde(borrow)]
    pub(super) remediation: Maybe<Remediation<'a>>,
    #[serde(borrow)]
    pub(super) resources: Many<Maybe<InspectedResource<'a>>>,
    #[serde(borrow, rename = "packageVulnerabilityDetails")]
    pub(super) packages: Maybe<Packages<'a>>,
    #[serde(borrow, rename = "networkReachabilityDetails")]
    pub(super) reachability: Maybe<Reachability<'a>>,
    #[serde(borrow, rename = "codeVulnerabilityDetails")]
    pub(super) code: Maybe<Code<'a>>,
    #[serde(borrow)]
    pub(super) epss: Maybe<Epss<'a>>,
    /// `YES`, `NO`.
    #[serde(borrow)]
    pub(super) exploit_available: Scalar<'a>,
    /// `YES`, `NO`, `PARTIAL`.
    #[serde(borrow)]
    pub(super) fix_available: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Epss<'a> {
    /// 0 to 1.
    #[serde(borrow)]
    pub(super) score: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Remediation<'a> {
    #[serde(borrow)]
    pub(super) recommendation: Maybe<Recommendation<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Recommendation<'a> {
    #[serde(borrow)]
    pub(super) text: Scalar<'a>,
    #[serde(borrow, rename = "Url")]
    pub(super) url: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct InspectedResource<'a> {
    #[serde(borrow)]
    pub(super) id: Scalar<'a>,
    #[serde(borrow)]
    pub(super) partition: Scalar<'a>,
    #[serde(borrow)]
    pub(super) region: Scalar<'a>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Scalar<'a>,
    #[serde(borrow)]
    pub(super) tags: Tags<'a>,
    #[serde(borrow)]
    pub(super) details: Maybe<ResourceDetails<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ResourceDetails<'a> {
    #[serde(borrow, rename = "awsEc2Instance")]
    pub(super) instance: Maybe<Instance<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Instance<'a> {
    /// Private and public ones.
    #[serde(borrow, rename = "ipV4Addresses")]
    pub(super) addresses: Many<Scalar<'a>>,
}

/// A vulnerability of installed packages.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Packages<'a> {
    #[serde(borrow, rename = "vulnerabilityId")]
    pub(super) id: Scalar<'a>,
    #[serde(borrow, rename = "relatedVulnerabilities")]
    pub(super) related: Many<Scalar<'a>>,
    #[serde(borrow, rename = "vulnerablePackages")]
    pub(super) vulnerable: Many<Maybe<Package<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Package<'a> {
    #[serde(borrow)]
    pub(super) name: Scalar<'a>,
}

/// Ports that can be reached.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Reachability<'a> {
    #[serde(borrow)]
    pub(super) protocol: Scalar<'a>,
    #[serde(borrow, rename = "openPortRange")]
    pub(super) ports: Maybe<PortRange<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PortRange<'a> {
    #[serde(borrow)]
    pub(super) begin: Scalar<'a>,
    #[serde(borrow)]
    pub(super) end: Scalar<'a>,
}

/// A vulnerability of the customer's own code.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Code<'a> {
    #[serde(borrow)]
    pub(super) detector_id: Scalar<'a>,
    #[serde(borrow)]
    pub(super) rule_id: Scalar<'a>,
    #[serde(borrow, rename = "filePath")]
    pub(super) path: Maybe<CodePath<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct CodePath<'a> {
    #[serde(borrow, rename = "fileName")]
    pub(super) name: Scalar<'a>,
    #[serde(borrow, rename = "filePath")]
    pub(super) path: Scalar<'a>,
    #[serde(borrow)]
    pub(super) start_line: Scalar<'a>,
}
