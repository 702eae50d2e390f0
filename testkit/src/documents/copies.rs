//! The copies of other products' findings that appear in Security Hub.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::access::{AccessFinding, AccessKind};
use super::asff::product_arn;
use super::threats::ThreatInfo;
use crate::clock::{millis_text, seconds_text};
use crate::scope::Scope;

/// Security Hub's copy of a GuardDuty finding: its id is the native ARN.
pub(crate) fn of_guardduty(native: &Value, info: &ThreatInfo, resource: &Value) -> Value {
    let text = |pointer: &str| native.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let (arn, region) = (text("/arn"), text("/region"));
    let generator = arn.split("/finding/").next().unwrap_or_default();
    let product = product_arn(region, "guardduty");
    let severity = native.get("severity").and_then(Value::as_f64).unwrap_or_default();
    let label = label(severity);
    let kind = finding_type(info);
    let title = text("/title").trim_start_matches("[SAMPLE] ");
    let mut fields = Map::new();
    if let Some(service) = native.get("service") {
        flatten("aws/guardduty/service", service, &mut fields);
    }
    fields.insert("aws/securityhub/ProductName".to_owned(), json!("GuardDuty"));
    fields.insert("aws/securityhub/CompanyName".to_owned(), json!("Amazon"));
    fields.insert("aws/securityhub/FindingId".to_owned(), json!(format!("{product}/{arn}")));
    json!({
        "SchemaVersion": "2018-10-08",
        "Id": arn,
        "ProductArn": product,
        "ProductName": "GuardDuty",
        "CompanyName": "Amazon",
        "Region": region,
        "GeneratorId": generator,
        "AwsAccountId": text("/accountId"),
        "Types": [kind],
        "FirstObservedAt": text("/service/eventFirstSeen"),
        "LastObservedAt": text("/service/eventLastSeen"),
        "CreatedAt": text("/createdAt"),
        "UpdatedAt": text("/updatedAt"),
        "ProcessedAt": text("/updatedAt"),
        "Severity": { "Product": severity, "Label": label, "Normalized": tenfold(severity) },
        "Title": title,
        "Description": text("/description"),
        "SourceUrl": format!(
            "https://{region}.console.aws.amazon.com/guardduty/home?region={region}#/findings?macros=current&fId={}",
            text("/id")
        ),
        "ProductFields": fields,
        "Resources": [resource],
        "WorkflowState": "NEW",
        "Workflow": { "Status": "NEW" },
        "RecordState": "ACTIVE",
        "Sample": native.pointer("/service/additionalInfo/sample") == Some(&json!(true)),
        "FindingProviderFields": {
            "Severity": { "Label": label },
            "Types": [kind]
        }
    })
}

/// `TTPs/Discovery/Recon:EC2-PortProbe…`: the `/` after the resource becomes a `-`.
fn finding_type(info: &ThreatInfo) -> String {
    format!("{}/{}", info.namespace, info.kind.replacen('/', "-", 1))
}

/// The label of a GuardDuty severity: its bands coincide with those of ASFF.
pub(crate) fn label(severity: f64) -> &'static str {
    match severity {
        severity if severity >= 9.0 => "CRITICAL",
        severity if severity >= 7.0 => "HIGH",
        severity if severity >= 4.0 => "MEDIUM",
        _ => "LOW",
    }
}

pub(crate) fn tenfold(severity: f64) -> Value {
    // Whole numbers are written without a fraction, as Security Hub does.
    serde_json::from_str(&format!("{:.0}", severity * 10.0)).unwrap_or(Value::Null)
}

/// Every leaf becomes a product field, with its path as the name and text as the value.
fn flatten(path: &str, value: &Value, fields: &mut Map<String, Value>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                flatten(&format!("{path}/{key}"), value, fields);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                flatten(&format!("{path}.{index}_"), value, fields);
            }
        }
        Value::String(text) => {
            fields.insert(path.to_owned(), json!(text));
        }
        Value::Null => {
            fields.insert(path.to_owned(), json!(""));
        }
        Value::Bool(_) | Value::Number(_) => {
            fields.insert(path.to_owned(), json!(value.to_string()));
        }
    }
}

/// Security Hub's copy of an Access Analyzer finding: a group for access from outside, one for each
/// kind of unused access of a resource. Its account is the analyzer's.
pub(crate) fn of_access(
    finding: &AccessFinding,
    analyzer: &str,
    scope: &Scope,
    resource_type: &str,
    now: Timestamp,
) -> Value {
    let Scope { account, region } = scope;
    let (suffix, kind) = access_type(&finding.kind);
    let id = format!("{analyzer}/{}{suffix}", finding.resource);
    let product = product_arn(region, "access-analyzer");
    let (label, normalized) = access_severity(&finding.kind);
    let native = &finding.id;
    let mut fields = json!({
        "ResourceOwnerAccount": finding.owner,
        "aws/securityhub/FindingId": format!("{product}/{id}"),
        "aws/securityhub/ProductName": "IAM Access Analyzer",
        "aws/securityhub/CompanyName": "AWS"
    });
    if !suffix.is_empty() {
        fields["findingId"] = json!(native);
        fields["findingType"] = json!(finding.kind.finding_type());
    }
    let archived = finding.status != "ACTIVE";
    json!({
        "SchemaVersion": "2018-10-08",
        "Id": id,
        "ProductArn": product,
        "ProductName": "IAM Access Analyzer",
        "CompanyName": "AWS",
        "Region": region,
        "GeneratorId": "aws/access-analyzer",
        "AwsAccountId": account,
        "Types": [kind],
        "CreatedAt": seconds_text(finding.created_at),
        "UpdatedAt": seconds_text(now),
        "FirstObservedAt": seconds_text(finding.created_at),
        "LastObservedAt": seconds_text(finding.analyzed_at),
        "ProcessedAt": millis_text(now),
        "Severity": { "Label": label, "Normalized": normalized },
        "Title": access_title(finding, resource_type),
        "Description": access_title(finding, finding.resource_type),
        "Remediation": {
            "Recommendation": {
                "Text": "Remove the permission if it is not intended, then scan the resource again."
            }
        },
        "SourceUrl": format!(
            "https://console.aws.amazon.com/access-analyzer/home?region={region}#/findings/details/{native}"
        ),
        "ProductFields": fields,
        "Resources": [{
            "Type": resource_type,
            "Id": finding.resource,
            "Partition": "aws",
            "Region": region,
            "Details": { "Other": access_details(&finding.kind) }
        }],
        "WorkflowState": "NEW",
        "Workflow": { "Status": "NEW" },
        "RecordState": if archived { "ARCHIVED" } else { "ACTIVE" },
        "FindingProviderFields": { "Severity": { "Label": label }, "Types": [kind] }
    })
}

/// The id of the copy; `None` for what Security Hub is not told.
pub(crate) fn id_of_access(analyzer: &str, finding: &AccessFinding) -> Option<String> {
    match finding.kind {
        AccessKind::Error(_) | AccessKind::Internal { .. } => None,
        AccessKind::External { .. }
        | AccessKind::UnusedRole { .. }
        | AccessKind::UnusedAccessKey { .. }
        | AccessKind::UnusedPassword { .. }
        | AccessKind::UnusedPermission(_) => {
            let (suffix, _) = access_type(&finding.kind);
            Some(format!("{analyzer}/{}{suffix}", finding.resource))
        }
    }
}

/// What a person wrote on the copy outlives what the product writes.
pub(crate) fn keep_customer_fields(copy: &mut Value, before: &[u8]) {
    let Ok(before) = serde_json::from_slice::<Value>(before) else { return };
    for field in ["Workflow", "Note", "UserDefinedFields", "VerificationState", "Criticality"] {
        if let Some(value) = before.get(field) {
            copy[field] = value.clone();
        }
    }
    copy["CreatedAt"] = before["CreatedAt"].clone();
    copy["FirstObservedAt"] = before["FirstObservedAt"].clone();
}

/// The end of the copy's id, and its type.
fn access_type(kind: &AccessKind) -> (&'static str, &'static str) {
    match kind {
        AccessKind::External { .. } | AccessKind::Error(_) | AccessKind::Internal { .. } => (
            "",
            "Software and Configuration Checks/AWS Security Best Practices/External Access Granted",
        ),
        AccessKind::UnusedRole { .. } => (
            "/UnusedIAMRole",
            "Software and Configuration Checks/AWS Security Best Practices/Unused IAM Role",
        ),
        AccessKind::UnusedAccessKey { .. } => (
            "/UnusedIAMUserAccessKey",
            "Software and Configuration Checks/AWS Security Best Practices/Unused IAM User Access Key",
        ),
        AccessKind::UnusedPassword { .. } => (
            "/UnusedIAMUserPassword",
            "Software and Configuration Checks/AWS Security Best Practices/Unused IAM User Password",
        ),
        // The suffix is in the plural although the type is not.
        AccessKind::UnusedPermission(_) => (
            "/UnusedPermissions",
            "Software and Configuration Checks/AWS Security Best Practices/Unused Permission",
        ),
    }
}

fn access_severity(kind: &AccessKind) -> (&'static str, u8) {
    match kind {
        AccessKind::External { is_public: true, .. } => ("HIGH", 70),
        AccessKind::UnusedRole { .. }
        | AccessKind::UnusedAccessKey { .. }
        | AccessKind::UnusedPassword { .. } => ("MEDIUM", 40),
        AccessKind::External { .. }
        | AccessKind::Error(_)
        | AccessKind::Internal { .. }
        | AccessKind::UnusedPermission(_) => ("LOW", 1),
    }
}

fn access_title(finding: &AccessFinding, resource_type: &str) -> String {
    let resource = &finding.resource;
    match &finding.kind {
        AccessKind::External { is_public: true, .. } => {
            format!("{resource_type}/{resource}/ allows public access")
        }
        AccessKind::External { .. } | AccessKind::Error(_) | AccessKind::Internal { .. } => {
            format!("{resource_type}/{resource}/ allows cross-account access")
        }
        AccessKind::UnusedRole { .. } => format!("{resource_type}/{resource}/ is not used"),
        AccessKind::UnusedAccessKey { .. } => {
            format!("{resource_type}/{resource}/ has an access key that is not used")
        }
        AccessKind::UnusedPassword { .. } => {
            format!("{resource_type}/{resource}/ has a password that is not used")
        }
        AccessKind::UnusedPermission(_) => {
            format!("{resource_type}/{resource}/ has permissions that are not used")
        }
    }
}

fn access_details(kind: &AccessKind) -> Value {
    match kind {
        AccessKind::External { principal, actions, condition, .. } => {
            let condition = condition.iter().map(|(key, value)| format!("{key}={value}"));
            let condition = condition.collect::<Vec<_>>().join(",");
            json!({
                "External Principal Type": principal.0,
                "External Principal": principal.1,
                "Action Granted": actions.join(","),
                "Condition": if condition.is_empty() { "none" } else { &condition }
            })
        }
        AccessKind::UnusedPermission(services) => {
            let actions: usize = services.iter().map(|(_, actions)| actions.len()).sum();
            json!({
                "Number of unused services": services.len().to_string(),
                "Number of unused actions": actions.to_string()
            })
        }
        AccessKind::UnusedAccessKey { access_key, .. } => json!({ "Access Key Id": access_key }),
        AccessKind::UnusedRole { .. }
        | AccessKind::UnusedPassword { .. }
        | AccessKind::Error(_)
        | AccessKind::Internal { .. } => json!({ "Last accessed": "none" }),
    }
}
