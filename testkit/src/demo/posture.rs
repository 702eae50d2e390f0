//! The long tail: what Security Hub's controls say about ordinary resources.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::story::{Story, america, control, europe};
use super::{DATA, PRODUCTION, SANDBOX, SECURITY};
use crate::documents::asff::product_arn;
use crate::{Compliance, Event, Resource, Scope};

pub(super) fn tell(story: &mut Story) {
    compute(story);
    storage(story);
    settled(story);
}

fn compute(story: &mut Story) {
    for (number, name) in ["web-1", "web-2", "web-3"].into_iter().enumerate() {
        let instance = Resource::instance(&europe(PRODUCTION), name).tagged("team", "web");
        story.failed(&format!("imds-{name}"), "EC2.8", &instance, (2 + 3 * number_of(number), 140));
    }
    let bastion = super::exposure::bastion();
    story.failed("bastion-address", "EC2.9", &bastion, (6, 95));
    story.failed("bastion-unmanaged", "SSM.1", &bastion, (6, 95));
    for (name, scope) in [("vpc-main", europe(PRODUCTION)), ("vpc-lab", america(SANDBOX))] {
        story.failed(name, "EC2.6", &Resource::vpc(&scope, "main"), (10, 280));
    }
    let group = Resource::security_group(&america(SANDBOX), "default", 0);
    story.failed("default-group", "EC2.2", &group, (12, 280));
    for (name, scope) in [("ebs-default-data", europe(DATA)), ("ebs-default-lab", america(SANDBOX))]
    {
        story.failed(name, "EC2.7", &Resource::account(&scope), (12, 365));
    }
}

fn storage(story: &mut Story) {
    for (name, volume) in [("volume-etl", "etl-scratch"), ("volume-old", "old-reports")] {
        story.failed(name, "EC2.3", &Resource::volume(&europe(DATA), volume), (9, 330));
    }
    for name in ["acme-raw-events", "acme-curated-events"] {
        let bucket = Resource::bucket(&europe(DATA), name).tagged("team", "data-platform");
        story.failed(&format!("{name}-tls"), "S3.5", &bucket, (15, 240));
        story.failed(&format!("{name}-logs"), "S3.9", &bucket, (15, 240));
    }
    story.failed("key-rotation", "KMS.4", &Resource::key(&europe(DATA), "warehouse"), (11, 33));
    let trail = Resource::trail(&europe(SECURITY), "organization-trail");
    story.failed("trail-key", "CloudTrail.2", &trail, (4, 600));
    story.failed("trail-validation", "CloudTrail.4", &trail, (4, 600));
    let orders = Resource::database(&europe(PRODUCTION), "orders");
    story.failed("orders-single-zone", "RDS.5", &orders, (3, 400));
    story.add(5, vulnerability());
}

/// What is no problem (any more), which is most of what Security Hub says.
fn settled(story: &mut Story) {
    for (account, id) in
        [(SECURITY, "S3.1"), (PRODUCTION, "S3.1"), (SECURITY, "IAM.9"), (PRODUCTION, "EC2.7")]
    {
        let scope = europe(account);
        let resource = Resource::account(&scope);
        let name = format!("passed-{account}-{id}");
        story.add(6, control(&name, id, &scope, &resource, Compliance::Passed, 200));
    }
    let scope = europe(PRODUCTION);
    let gone = Resource::instance(&scope, "web-0");
    story.add(50, control("gone-imds", "EC2.8", &scope, &gone, Compliance::Failed, 90));
    story.add(49, Event::Archive { name: "gone-imds".to_owned() });
    let topic = Resource::topic(&scope, "alarms");
    story.add(8, control("alarms-unsure", "SNS.4", &scope, &topic, Compliance::Warning, 5));
}

/// Where Inspector found [`vulnerability`], its ARN, and on what.
fn vulnerable() -> (Scope, String, Resource) {
    let scope = europe(PRODUCTION);
    let instance = Resource::instance(&scope, "web-3").tagged("team", "web");
    let id = format!(
        "arn:aws:inspector2:{}:{}:finding/0f1e2d3c4b5a69788796a5b4c3d2e1f0",
        scope.region, scope.account
    );
    (scope, id, instance)
}

/// The finding of [`vulnerability`] as Inspector itself gives it: with what is known of exploits.
pub(super) fn inspected(updated: Timestamp) -> (Scope, Value) {
    let (scope, arn, instance) = vulnerable();
    let seconds = updated.as_second();
    let document = json!({
        "findingArn": arn,
        "awsAccountId": scope.account,
        "type": "PACKAGE_VULNERABILITY",
        "status": "ACTIVE",
        "severity": "HIGH",
        "inspectorScore": 8.1,
        "title": "CVE-2025-99999 - libexample",
        "description": "A made-up weakness of a made-up library lets a remote caller run code.",
        "remediation": { "recommendation": { "text": "Update libexample to 2.4.1 or later." } },
        "exploitAvailable": "YES",
        "fixAvailable": "YES",
        "epss": { "score": 0.42 },
        "firstObservedAt": seconds,
        "lastObservedAt": seconds,
        "updatedAt": seconds,
        "resources": [{
            "id": instance.asff()["Id"],
            "type": "AWS_EC2_INSTANCE",
            "partition": "aws",
            "region": scope.region,
            "tags": { "team": "web" }
        }],
        "packageVulnerabilityDetails": {
            "vulnerabilityId": "CVE-2025-99999",
            "source": "NVD",
            "vulnerablePackages": [{
                "name": "libexample", "version": "2.3.0", "fixedInVersion": "2.4.1"
            }]
        }
    });
    (scope, document)
}

/// The same, as Inspector imports it into Security Hub.
fn vulnerability() -> Event {
    let (scope, id, instance) = vulnerable();
    let product = product_arn(&scope.region, "inspector");
    let document = json!({
        "SchemaVersion": "2018-10-08",
        "Id": id,
        "ProductArn": product,
        "ProductName": "Inspector",
        "CompanyName": "Amazon",
        "Region": scope.region,
        "GeneratorId": "AWSInspector",
        "AwsAccountId": scope.account,
        "Types": ["Software and Configuration Checks/Vulnerabilities/CVE"],
        "Severity": { "Label": "HIGH", "Normalized": 70 },
        "Title": "CVE-2025-99999 - libexample",
        "Description": "A made-up weakness of a made-up library lets a remote caller run code.",
        "Remediation": { "Recommendation": { "Text": "Update libexample to 2.4.1 or later." } },
        "ProductFields": {
            "aws/inspector/FindingStatus": "ACTIVE",
            "aws/inspector/inspectorScore": "8.1",
            "aws/inspector/ProductVersion": "2",
            "aws/securityhub/FindingId": format!("{product}/{id}"),
            "aws/securityhub/ProductName": "Inspector",
            "aws/securityhub/CompanyName": "Amazon"
        },
        "Resources": [instance.asff()],
        "Vulnerabilities": [{
            "Id": "CVE-2025-99999",
            "VulnerablePackages": [{ "Name": "libexample", "Version": "2.3.0", "FixedInVersion": "2.4.1" }],
            "FixAvailable": "YES"
        }],
        "WorkflowState": "NEW",
        "Workflow": { "Status": "NEW" },
        "RecordState": "ACTIVE",
        "FindingProviderFields": {
            "Severity": { "Label": "HIGH" },
            "Types": ["Software and Configuration Checks/Vulnerabilities/CVE"]
        }
    });
    Event::Import { name: "web-vulnerability".to_owned(), scope, document }
}

fn number_of(index: usize) -> u32 {
    u32::try_from(index).unwrap_or_default()
}
