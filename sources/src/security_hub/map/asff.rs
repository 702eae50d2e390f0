//! The parts of an ASFF finding that are read, as leniently as they are written.
//!
//! Names and meanings: the `AwsSecurityFinding` shape of the Security Hub API, version 2018-10-08.

use serde::Deserialize;

use crate::lenient::{Many, Maybe, Moment, Scalar, Tags};

/// A finding.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Asff<'a> {
    #[serde(borrow)]
    pub(crate) id: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) product_arn: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) product_name: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) company_name: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) region: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) generator_id: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) aws_account_id: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) types: Many<Scalar<'a>, 8>,
    pub(crate) first_observed_at: Moment,
    pub(crate) last_observed_at: Moment,
    pub(crate) created_at: Moment,
    pub(crate) updated_at: Moment,
    #[serde(borrow)]
    pub(crate) severity: Maybe<Severity<'a>>,
    #[serde(borrow)]
    pub(crate) title: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) description: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) remediation: Maybe<Remediation<'a>>,
    #[serde(borrow)]
    pub(crate) source_url: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) product_fields: Maybe<ProductFields<'a>>,
    #[serde(borrow)]
    pub(crate) resources: Many<Maybe<AsffResource<'a>>>,
    #[serde(borrow)]
    pub(crate) compliance: Maybe<Compliance<'a>>,
    #[serde(borrow)]
    pub(crate) workflow: Maybe<Workflow<'a>>,
    #[serde(borrow)]
    pub(crate) record_state: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) note: Maybe<Note<'a>>,
    #[serde(borrow)]
    pub(crate) verification_state: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) finding_provider_fields: Maybe<ProviderFields<'a>>,
    #[serde(borrow)]
    pub(crate) vulnerabilities: Many<Maybe<Vulnerability<'a>>>,
    #[serde(borrow)]
    pub(crate) criticality: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) confidence: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) sample: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) network: Maybe<Network<'a>>,
}

/// What a finding says about traffic.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Network<'a> {
    #[serde(borrow)]
    pub(crate) protocol: Scalar<'a>,
    #[serde(borrow, rename = "OpenPortRange")]
    pub(crate) open_ports: Maybe<PortRange<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct PortRange<'a> {
    #[serde(borrow)]
    pub(crate) begin: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) end: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Severity<'a> {
    #[serde(borrow)]
    pub(crate) label: Scalar<'a>,
    /// Deprecated, but the only one in old findings; a text in some.
    #[serde(borrow)]
    pub(crate) normalized: Scalar<'a>,
    /// The product's own number; deprecated.
    #[serde(borrow)]
    pub(crate) product: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) original: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Remediation<'a> {
    #[serde(borrow)]
    pub(crate) recommendation: Maybe<Recommendation<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Recommendation<'a> {
    #[serde(borrow)]
    pub(crate) text: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) url: Scalar<'a>,
}

/// What products say in names of their own.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ProductFields<'a> {
    #[serde(borrow, rename = "aws/securityhub/FindingId")]
    pub(crate) finding_id: Scalar<'a>,
    #[serde(borrow, rename = "StandardsControlArn")]
    pub(crate) standards_control_arn: Scalar<'a>,
    #[serde(borrow, rename = "Resources:0/Id")]
    pub(crate) first_resource: Scalar<'a>,
    #[serde(borrow, rename = "ArchivalReasons:0/ReasonCode")]
    pub(crate) archival_reason: Scalar<'a>,
    // Access Analyzer. The case of the owner varies.
    #[serde(borrow, rename = "ResourceOwnerAccount")]
    pub(crate) resource_owner_account: Scalar<'a>,
    #[serde(borrow, rename = "resourceOwnerAccount")]
    pub(crate) resource_owner_account_camel: Scalar<'a>,
    #[serde(borrow, rename = "findingId")]
    pub(crate) analyzer_finding: Scalar<'a>,
    #[serde(borrow, rename = "findingType")]
    pub(crate) finding_type: Scalar<'a>,
    // GuardDuty. Before 2021 the names had no prefix.
    #[serde(borrow, rename = "aws/guardduty/service/count")]
    pub(crate) count: Scalar<'a>,
    #[serde(borrow, rename = "count")]
    pub(crate) count_short: Scalar<'a>,
    #[serde(borrow, rename = "aws/guardduty/service/archived")]
    pub(crate) archived: Scalar<'a>,
    #[serde(borrow, rename = "archived")]
    pub(crate) archived_short: Scalar<'a>,
    #[serde(borrow, rename = "aws/guardduty/service/additionalInfo/sample")]
    pub(crate) sample: Scalar<'a>,
    #[serde(borrow, rename = "aws/guardduty/service/additionalInfo/value")]
    pub(crate) additional_info: Scalar<'a>,
    // Inspector.
    #[serde(borrow, rename = "aws/inspector/arn")]
    pub(crate) inspector_arn: Scalar<'a>,
    #[serde(borrow, rename = "aws/inspector/FindingStatus")]
    pub(crate) inspector_status: Scalar<'a>,
    #[serde(borrow, rename = "aws/inspector/inspectorScore")]
    pub(crate) inspector_score: Scalar<'a>,
    // Config.
    #[serde(borrow, rename = "aws/config/ConfigRuleArn")]
    pub(crate) config_rule_arn: Scalar<'a>,
    #[serde(borrow, rename = "aws/config/ConfigRuleName")]
    pub(crate) config_rule_name: Scalar<'a>,
    // Macie.
    #[serde(borrow, rename = "S3Bucket.effectivePermission")]
    pub(crate) effective_permission: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct AsffResource<'a> {
    #[serde(borrow, rename = "Type")]
    pub(crate) kind: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) id: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) partition: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) region: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) tags: Tags<'a>,
    #[serde(borrow)]
    pub(crate) details: Maybe<Details<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Details<'a> {
    #[serde(borrow)]
    pub(crate) aws_iam_access_key: Maybe<AccessKey<'a>>,
    #[serde(borrow)]
    pub(crate) aws_iam_role: Maybe<IamName<'a>>,
    #[serde(borrow)]
    pub(crate) aws_iam_user: Maybe<IamName<'a>>,
    #[serde(borrow)]
    pub(crate) aws_ec2_instance: Maybe<Instance<'a>>,
    #[serde(borrow)]
    pub(crate) aws_rds_db_instance: Maybe<Database<'a>>,
    #[serde(borrow)]
    pub(crate) aws_redshift_cluster: Maybe<Database<'a>>,
    #[serde(borrow)]
    pub(crate) other: Maybe<Other<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Instance<'a> {
    /// Private and public ones.
    #[serde(borrow, rename = "IpV4Addresses")]
    pub(crate) addresses: Many<Scalar<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Database<'a> {
    #[serde(borrow)]
    pub(crate) publicly_accessible: Scalar<'a>,
}

/// The name behind a unique id.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct IamName<'a> {
    #[serde(borrow, rename = "UserName")]
    pub(crate) user: Scalar<'a>,
    #[serde(borrow, rename = "RoleName")]
    pub(crate) role: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct AccessKey<'a> {
    #[serde(borrow, rename = "AccessKeyId")]
    pub(crate) id: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) principal_id: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) principal_name: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) principal_type: Scalar<'a>,
}

/// What Access Analyzer says about an external access.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Other<'a> {
    #[serde(borrow, rename = "External Principal")]
    pub(crate) external_principal: Scalar<'a>,
    #[serde(borrow, rename = "External Principal Type")]
    pub(crate) principal_type: Scalar<'a>,
    /// Actions, separated by commas.
    #[serde(borrow, rename = "Action Granted")]
    pub(crate) action: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Compliance<'a> {
    #[serde(borrow)]
    pub(crate) status: Scalar<'a>,
    /// Present even where consolidated findings are off.
    #[serde(borrow)]
    pub(crate) security_control_id: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Workflow<'a> {
    #[serde(borrow)]
    pub(crate) status: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Note<'a> {
    #[serde(borrow)]
    pub(crate) text: Scalar<'a>,
}

/// What the product said before customers changed it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct ProviderFields<'a> {
    #[serde(borrow)]
    pub(crate) criticality: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) confidence: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) severity: Maybe<Severity<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Vulnerability<'a> {
    #[serde(borrow)]
    pub(crate) id: Scalar<'a>,
    #[serde(borrow, rename = "RelatedVulnerabilities")]
    pub(crate) related: Many<Scalar<'a>>,
    /// `YES`, `NO`.
    #[serde(borrow)]
    pub(crate) exploit_available: Scalar<'a>,
    /// `YES`, `NO`, `PARTIAL`.
    #[serde(borrow)]
    pub(crate) fix_available: Scalar<'a>,
    /// 0 to 1.
    #[serde(borrow)]
    pub(crate) epss_score: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) vulnerable_packages: Many<Maybe<Package<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Package<'a> {
    #[serde(borrow)]
    pub(crate) name: Scalar<'a>,
}
