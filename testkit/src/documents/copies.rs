//! The copies of other products' findings that appear in Security Hub.

use serde_json::{Map, Value, json};

use super::asff::product_arn;
use super::threats::ThreatInfo;

/// Security Hub's copy of a GuardDuty finding: its id is the native ARN.
pub(crate) fn of_guardduty(native: &Value, info: &ThreatInfo, resource: Value) -> Value {
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
