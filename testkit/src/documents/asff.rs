//! Security Hub's own findings, in ASFF 2018-10-08.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::controls::ControlInfo;
use super::resource::Resource;
use crate::clock::millis_text;
use crate::scope::Scope;
use crate::seeded;

/// What a control concluded about a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compliance {
    /// The resource is as it should be.
    Passed,
    /// It is not.
    Failed,
    /// Security Hub could not tell, or could only partly tell.
    Warning,
    /// There is nothing to evaluate (any more).
    NotAvailable,
}

impl Compliance {
    /// As ASFF writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "PASSED",
            Self::Failed => "FAILED",
            Self::Warning => "WARNING",
            Self::NotAvailable => "NOT_AVAILABLE",
        }
    }
}

/// A standard, by what differs in the documents that it produces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standard {
    /// AWS Foundational Security Best Practices.
    Foundational,
    /// CIS AWS Foundations Benchmark.
    Cis,
}

impl Standard {
    fn path(self) -> &'static str {
        match self {
            Self::Foundational => "aws-foundational-security-best-practices/v/1.0.0",
            Self::Cis => "cis-aws-foundations-benchmark/v/3.0.0",
        }
    }

    fn finding_type(self) -> &'static str {
        match self {
            Self::Foundational => {
                "Software and Configuration Checks/Industry and Regulatory Standards/AWS-Foundational-Security-Best-Practices"
            }
            Self::Cis => {
                "Software and Configuration Checks/Industry and Regulatory Standards/CIS AWS Foundations Benchmark"
            }
        }
    }
}

/// What a control finding says.
pub(crate) struct ControlFinding<'a> {
    pub control: &'a ControlInfo,
    /// Where it was evaluated; a global resource is evaluated in several Regions.
    pub scope: &'a Scope,
    pub resource: &'a Resource,
    pub compliance: Compliance,
    /// The standard when consolidated findings are off.
    pub standard: Option<Standard>,
    pub uuid: &'a str,
    pub created: Timestamp,
    pub updated: Timestamp,
}

impl ControlFinding<'_> {
    /// The id of the finding: `{what}/finding/{uuid}` under the account's Security Hub.
    pub(crate) fn id(&self) -> String {
        let Scope { account, region } = self.scope;
        let path = match self.standard {
            None => format!("security-control/{}", self.control.id),
            Some(standard) => format!("subscription/{}/{}", standard.path(), self.control.id),
        };
        format!("arn:aws:securityhub:{region}:{account}:{path}/finding/{}", self.uuid)
    }

    /// The whole document.
    pub(crate) fn document(&self) -> Value {
        let id = self.id();
        let product_arn = product_arn(&self.scope.region, "securityhub");
        let severity = self.severity();
        let types = match self.standard {
            None => "Software and Configuration Checks/Industry and Regulatory Standards",
            Some(standard) => standard.finding_type(),
        };
        let generator = match self.standard {
            None => format!("security-control/{}", self.control.id),
            Some(standard) => format!("{}/{}", standard.path(), self.control.id),
        };
        let title = match self.standard {
            None => self.control.title.to_owned(),
            Some(_) => format!("{} {}", self.control.id, self.control.title),
        };
        json!({
            "SchemaVersion": "2018-10-08",
            "Id": id,
            "ProductArn": product_arn,
            "ProductName": "Security Hub",
            "CompanyName": "AWS",
            "Region": self.scope.region,
            "GeneratorId": generator,
            "AwsAccountId": self.scope.account,
            "Types": [types],
            "FirstObservedAt": millis_text(self.created),
            "LastObservedAt": millis_text(self.updated),
            "CreatedAt": millis_text(self.created),
            "UpdatedAt": millis_text(self.updated),
            "ProcessedAt": millis_text(self.updated),
            "Severity": severity,
            "Title": title,
            "Description": self.control.description,
            "Remediation": {
                "Recommendation": {
                    "Text": "The documentation of this control says how to put it right.",
                    "Url": self.remediation_url()
                }
            },
            "ProductFields": self.product_fields(&id, &product_arn),
            "Resources": [self.resource.asff()],
            "Compliance": {
                "Status": self.compliance.as_str(),
                "SecurityControlId": self.control.id,
                "AssociatedStandards": self.standards()
            },
            "WorkflowState": "NEW",
            "Workflow": { "Status": if self.compliance == Compliance::Passed { "RESOLVED" } else { "NEW" } },
            "RecordState": "ACTIVE",
            "FindingProviderFields": {
                "Severity": { "Label": severity["Label"], "Original": severity["Original"] },
                "Types": [types]
            }
        })
    }

    fn severity(&self) -> Value {
        let label = match self.compliance {
            // A passed control is informational whatever its rating.
            Compliance::Passed => "INFORMATIONAL",
            Compliance::Failed | Compliance::Warning | Compliance::NotAvailable => {
                self.control.severity
            }
        };
        json!({ "Label": label, "Normalized": normalized(label), "Original": label })
    }

    fn remediation_url(&self) -> String {
        format!("https://docs.aws.amazon.com/console/securityhub/{}/remediation", self.control.id)
    }

    fn standards(&self) -> Value {
        let mut standards = vec![Standard::Foundational];
        if self.control.in_cis {
            standards.push(Standard::Cis);
        }
        let id = |standard: &Standard| json!({ "StandardsId": format!("standards/{}", standard.path()) });
        standards.iter().map(id).collect()
    }

    fn product_fields(&self, id: &str, product_arn: &str) -> Value {
        let Scope { account, region } = self.scope;
        let mut fields = json!({
            "aws/securityhub/ProductName": "Security Hub",
            "aws/securityhub/CompanyName": "AWS",
            "Resources:0/Id": self.resource.id,
            "aws/securityhub/FindingId": format!("{product_arn}/{id}"),
        });
        if !self.control.config_rule.is_empty() {
            let tail = seeded::hex(0, &["rule", account, region, self.control.config_rule], 8);
            fields["RelatedAWSResources:0/name"] =
                json!(format!("securityhub-{}-{tail}", self.control.config_rule));
            fields["RelatedAWSResources:0/type"] = json!("AWS::Config::ConfigRule");
        }
        if let Some(standard) = self.standard {
            let path = standard.path();
            let hub = format!("arn:aws:securityhub:{region}:{account}");
            fields["StandardsArn"] = json!(format!("arn:aws:securityhub:::standards/{path}"));
            fields["StandardsSubscriptionArn"] = json!(format!("{hub}:subscription/{path}"));
            fields["StandardsControlArn"] =
                json!(format!("{hub}:control/{path}/{}", self.control.id));
            fields["ControlId"] = json!(self.control.id);
            fields["RecommendationUrl"] = json!(self.remediation_url());
        }
        fields
    }
}

/// The ARN of an AWS product in a Region.
pub(crate) fn product_arn(region: &str, product: &str) -> String {
    format!("arn:aws:securityhub:{region}::product/aws/{product}")
}

/// The number that ASFF gives a label.
pub(crate) fn normalized(label: &str) -> u8 {
    match label {
        "CRITICAL" => 90,
        "HIGH" => 70,
        "MEDIUM" => 40,
        "LOW" => 1,
        _ => 0,
    }
}
