//! ASFF.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

use super::{Check, arn, is_account, text};
use crate::READER;

/// Control of a generator id, from the reference table beside the corpus when there is one.
static CONTROLS: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let corpus = std::env::var("MUSTER_CORPUS")
        .unwrap_or_else(|_| format!("{}/../../shared/corpus", env!("CARGO_MANIFEST_DIR")));
    let file = format!("{corpus}/../reference/generator-id-to-control.json");
    let Ok(text) = std::fs::read_to_string(file) else { return BTreeMap::new() };
    let rows: Vec<(String, String)> = serde_json::from_str(&text).unwrap();
    let mut controls = BTreeMap::new();
    for (generator, control) in rows {
        let control = control.rsplit('/').next().unwrap().to_owned();
        controls.entry(generator).or_insert(control);
    }
    controls
});

pub(super) fn asff(value: &Value, check: &mut Check<'_>) {
    let report = check.report;
    let (id, product_arn) = (text(value, "Id"), text(value, "ProductArn"));
    let product = product_arn.split("product/").nth(1).unwrap().to_lowercase();
    check.equal("product", &report.product, &product);
    check.equal("key", &report.key, format!("asff|{product_arn}/{id}"));
    let account = asff_account(value, &product, check);
    check.equal("account", report.account, &account);
    let stated = text(value, "Region");
    let region = if stated.is_empty() { arn(product_arn, 3) } else { stated };
    let provider = &value["FindingProviderFields"]["Severity"];
    let stated = if value["Severity"].is_object() { &value["Severity"] } else { provider };
    let (label, number) = asff_severity(stated, check);
    check.equal("severity", report.severity.as_str(), label);
    check.equal("number", report.severity_normalized, number);
    check.equal("status", report.status.as_str(), asff_status(value, &product));
    check.time("first", report.first_observed.map(|t| t.0), &value["FirstObservedAt"]);
    check.time("last", report.last_observed.map(|t| t.0), &value["LastObservedAt"]);
    check.time("created", report.provider_created.map(|t| t.0), &value["CreatedAt"]);
    check.time("updated", report.provider_updated.map(|t| t.0), &value["UpdatedAt"]);
    check.equal("title", &report.title, cut(text(value, "Title").trim(), 256));
    let description = text(value, "Description").trim();
    check.equal("description", &report.description, cut(description, 8192));
    check.equal("workflow", &report.customer.workflow, text(&value["Workflow"], "Status"));
    let resource = asff_resource(value, region, &account);
    check.equal("resource", &report.resources[0].id, &resource);
    let origin = asff_origin(value, &product, region, &account, &resource);
    if let Some((origin, region)) = origin {
        check.equal("origin", &report.origin.text, origin);
        check.equal("region", &report.region, region);
    }
}

fn asff_account(value: &Value, product: &str, check: &mut Check<'_>) -> String {
    let fields = &value["ProductFields"];
    let resource = text(&value["Resources"][0], "Id");
    let owner = [text(fields, "ResourceOwnerAccount"), arn(resource, 4)];
    if product == "aws/access-analyzer"
        && let Some(owner) = owner.iter().find(|owner| is_account(owner))
    {
        return (*owner).to_owned();
    }
    let stated = text(value, "AwsAccountId");
    if is_account(stated) {
        return stated.to_owned();
    }
    check.remarks("AwsAccountId");
    let others = [arn(text(value, "Id"), 4), arn(resource, 4), READER];
    others.iter().find(|other| is_account(other)).unwrap().to_string()
}

fn asff_severity(value: &Value, check: &mut Check<'_>) -> (String, i64) {
    let normalized = value["Normalized"].as_f64();
    let bands = [
        ("INFORMATIONAL", 0, 0),
        ("LOW", 1, 39),
        ("MEDIUM", 40, 69),
        ("HIGH", 70, 89),
        ("CRITICAL", 90, 100),
    ];
    let label = text(value, "Label");
    #[expect(clippy::cast_possible_truncation, reason = "0 to 100")]
    let number = normalized.map(|n| n.round() as i64);
    for (name, low, high) in bands {
        let is_in = number.is_some_and(|n| (low..=high).contains(&n));
        if label == name {
            // A number outside of the band: GuardDuty's own, or the least.
            let own = value["Product"].as_i64().map(|n| n * 10);
            let is_guardduty = check.report.product == "aws/guardduty";
            let own = own.filter(|n| is_guardduty && (low..=high).contains(n));
            let other = if number.is_some() { own.unwrap_or(low) } else { low };
            return (name.to_owned(), if is_in { number.unwrap() } else { other });
        }
        if label.is_empty() && is_in {
            return (name.to_owned(), number.unwrap());
        }
    }
    check.remarks("Severity");
    ("INFORMATIONAL".to_owned(), 0)
}

fn asff_status(value: &Value, product: &str) -> &'static str {
    let compliance = text(&value["Compliance"], "Status");
    let inspector = text(&value["ProductFields"], "aws/inspector/FindingStatus");
    match (text(value, "RecordState"), compliance) {
        _ if product == "aws/inspector" && inspector == "CLOSED" => "RESOLVED",
        ("ARCHIVED", _) => "ARCHIVED",
        (_, "PASSED") => "RESOLVED",
        (_, "NOT_AVAILABLE") => "UNOBSERVABLE",
        (_, "WARNING") if product == "aws/securityhub" => "UNOBSERVABLE",
        _ => "ACTIVE",
    }
}

fn asff_resource(value: &Value, region: &str, account: &str) -> String {
    let resource = &value["Resources"][0];
    if text(resource, "Id").is_empty() {
        return format!("arn:aws:iam::{account}:root");
    }
    let stated = text(resource, "Region");
    let region = if stated.is_empty() { region } else { stated };
    canonical(text(resource, "Id"), text(resource, "Type"), region, account)
}

/// The shapes that the corpus has, one by one.
fn canonical(id: &str, kind: &str, region: &str, account: &str) -> String {
    let id = id.trim().trim_end_matches('/');
    let id = if id.contains(":log-group:") { id.trim_end_matches(":*") } else { id };
    let named = ["user", "role", "group", "policy"]
        .iter()
        .find(|kind| id.starts_with(&format!("arn:aws:iam::{account}:{kind}/")));
    if let Some(kind) = named {
        return format!("arn:aws:iam::{account}:{kind}/{}", id.rsplit('/').next().unwrap());
    }
    let number = id.strip_prefix("AWS::::Account:").unwrap_or(id);
    let number =
        number.strip_prefix("arn:aws:::").and_then(|n| n.strip_suffix(':')).unwrap_or(number);
    if is_account(number) {
        return format!("arn:aws:iam::{number}:root");
    }
    if let Some(key) = id.strip_prefix("AWS::IAM::AccessKey:") {
        return format!("acct-key:{account}:{key}");
    }
    if kind == "AwsIamAccessKey" && !id.contains(':') {
        return format!("acct-key:{account}:{id}");
    }
    if let Some(bucket) = id.strip_prefix("arn:aws:::") {
        return format!("arn:aws:s3:::{bucket}");
    }
    let prefixes = [
        ("i-", "instance"),
        ("sg-", "security-group"),
        ("subnet-", "subnet"),
        ("vol-", "volume"),
        ("vpc-", "vpc"),
    ];
    let found = prefixes.iter().find(|(prefix, _)| id.starts_with(prefix));
    if let Some((_, name)) = found.filter(|_| kind.starts_with("AwsEc2")) {
        return format!("arn:aws:ec2:{region}:{account}:{name}/{}", id.to_lowercase());
    }
    if kind == "AwsS3Bucket" && !id.contains([':', ' ']) {
        return format!("arn:aws:s3:::{id}");
    }
    if arn(id, 2) == "ec2" && arn(id, 5).starts_with("i-") {
        return id.replace(":i-", ":instance/i-");
    }
    if arn(id, 5).starts_with("snapshot/") && arn(id, 2) == "ec2" {
        return id.replace(arn(id, 4), "");
    }
    if arn(id, 2) == "lambda" {
        return id.split(':').take(7).collect::<Vec<_>>().join(":");
    }
    if id.starts_with("arn:") {
        return id.to_owned();
    }
    let partition = if region.starts_with("us-iso") { "aws-iso" } else { "aws" };
    format!("other:{partition}:{region}:{account}:{kind}/{id}")
}

/// The origin key and the Region of the problem; `None` where this file has no independent rule.
fn asff_origin(
    value: &Value,
    product: &str,
    region: &str,
    account: &str,
    resource: &str,
) -> Option<(String, String)> {
    let (id, generator) = (text(value, "Id"), text(value, "GeneratorId"));
    let here = region.to_owned();
    Some(match product {
        "aws/guardduty" => {
            let finding = id.rsplit('/').next()?;
            (format!("gd|aws|{}|{}|{finding}", arn(id, 3), arn(id, 4)), here)
        }
        "aws/inspector" if id.starts_with("arn:") => (format!("insp|{id}"), here),
        "aws/inspector" => return None,
        "aws/macie" => {
            let finding = id.rsplit('/').next()?;
            (format!("mac|aws|{region}|{account}|{finding}"), here)
        }
        "aws/access-analyzer" if !text(&value["ProductFields"], "findingId").is_empty() => {
            let (analyzer, _) = id.split_once("/arn:")?;
            let finding = text(&value["ProductFields"], "findingId");
            (format!("aa|{analyzer}|{finding}"), here)
        }
        "aws/config" => (format!("cfg|{generator}|{resource}"), here),
        "aws/health" => {
            let event = id.rsplit_once('/')?.0.replacen(arn(id, 4), "", 1);
            (format!("hlt|{account}|{event}"), here)
        }
        "aws/access-analyzer" => {
            let (analyzer, resource) = id.split_once("/arn:")?;
            let other = &value["Resources"][0]["Details"]["Other"];
            let principal = text(other, "External Principal");
            (format!("aax|{analyzer}|arn:{resource}|{principal}"), here)
        }
        "aws/securityhub" => {
            let stated = text(&value["Compliance"], "SecurityControlId");
            let control = match generator.strip_prefix("security-control/") {
                _ if !stated.is_empty() => stated,
                Some(control) => control,
                None => CONTROLS.get(generator).map_or_else(
                    || generator.rsplit('/').next().filter(|tail| !tail.starts_with("PCI.")),
                    |control| Some(control.as_str()),
                )?,
            };
            if !control.starts_with(|c: char| c.is_ascii_alphabetic()) || !control.contains('.') {
                return None;
            }
            let control = control.to_uppercase();
            let kind = text(&value["Resources"][0], "Type");
            let is_global = control.starts_with("IAM.")
                || control.starts_with("CLOUDFRONT.")
                || kind.starts_with("AwsIam")
                || kind.starts_with("AwsCloudFront");
            let region = if is_global { "global".to_owned() } else { here };
            (format!("shc|aws|{account}|{region}|{control}|{resource}"), region)
        }
        _ => {
            let hub = text(value, "ProductArn").split(':').nth(3).unwrap_or_default();
            (format!("asff|{product}|{account}|{hub}|{id}"), here)
        }
    })
}

fn cut(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
