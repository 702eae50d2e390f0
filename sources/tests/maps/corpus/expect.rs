//! What a report should say, recomputed from plain JSON values by the simplest means.
//!
//! Nothing of the mappings is used here, so that a mistake would have to be made twice.

mod asff;
mod time;

use muster_core::report::{Report, Severity};
use serde_json::Value;

use self::asff::asff;
use self::time::millis;
use super::walk::{Kind, Recorded};
use crate::READER;

/// The Region of the unit that reads the corpus.
const READ_IN: &str = "eu-west-1";

/// Collects what is not as it should be.
struct Check<'a> {
    report: &'a Report,
    wrong: Vec<String>,
}

impl Check<'_> {
    fn equal(&mut self, what: &str, found: impl ToString, expected: impl ToString) {
        let (found, expected) = (found.to_string(), expected.to_string());
        if found != expected {
            self.wrong.push(format!("{what}: `{found}`, expected `{expected}`"));
        }
    }

    fn remarks(&mut self, field: &str) {
        if !self.report.remarks.iter().any(|remark| remark.starts_with(field)) {
            self.wrong.push(format!("no remark on {field}: {:?}", self.report.remarks));
        }
    }

    fn time(&mut self, what: &str, found: Option<i64>, value: &Value) {
        let expected = millis(value);
        self.equal(what, format!("{found:?}"), format!("{expected:?}"));
    }
}

/// What is wrong with `report`.
pub(super) fn differences(recorded: &Recorded, report: &Report) -> Vec<String> {
    let mut check = Check { report, wrong: Vec::new() };
    match recorded.kind {
        Kind::Asff => asff(&recorded.value, &mut check),
        Kind::GuardDuty => guardduty(&recorded.value, &mut check),
        Kind::AccessAnalyzer => access_analyzer(recorded, &mut check),
        Kind::Check | Kind::CheckResult | Kind::CheckSummary => {}
    }
    let number = report.severity_normalized;
    let band = Severity::from_normalized(number);
    check.equal("severity_normalized", band.as_str(), report.severity.as_str());
    check.equal("origin's rule", report.origin.rule.as_str(), first_part(&report.origin.text));
    check.wrong
}

fn first_part(key: &str) -> &str {
    key.split('|').next().unwrap()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// The n-th part of an ARN; empty when it has none.
fn arn(text: &str, n: usize) -> &str {
    if text.starts_with("arn:") { text.split(':').nth(n).unwrap_or_default() } else { "" }
}

/// A member, whatever the case of its name.
fn member<'a>(value: &'a Value, name: &str) -> &'a Value {
    static NULL: Value = Value::Null;
    let members = value.as_object().into_iter().flatten();
    members
        .filter(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
        .next()
        .unwrap_or(&NULL)
}

fn guardduty(value: &Value, check: &mut Check<'_>) {
    let report = check.report;
    let get = |name: &str| member(value, name);
    let stated_arn = get("arn").as_str().unwrap_or_default();
    let id = get("id").as_str().unwrap_or_else(|| stated_arn.rsplit('/').next().unwrap());
    let stated = match get("accountId") {
        Value::Number(number) => format!("{number:0>12}"),
        other => other.as_str().unwrap_or_default().to_owned(),
    };
    let account = [stated.as_str(), arn(stated_arn, 4), READER]
        .into_iter()
        .find(|account| is_account(account))
        .unwrap();
    if account != stated {
        check.remarks("accountId");
    }
    let region = get("region").as_str().unwrap_or(READ_IN);
    check.equal("account", report.account, account);
    check.equal("region", &report.region, region);
    check.equal("origin", &report.origin.text, format!("gd|aws|{region}|{account}|{id}"));
    if !stated_arn.is_empty() {
        check.equal("key", &report.key, format!("native|{stated_arn}"));
    }
    let severity = get("severity").as_f64().unwrap();
    check.equal("number", report.severity_normalized, (severity * 10.0).round());
    let service = get("service");
    let archived = member(service, "archived");
    let is_archived = archived == &Value::Bool(true) || archived == "true";
    let status = if is_archived { "ARCHIVED" } else { "ACTIVE" };
    check.equal("status", report.status.as_str(), status);
    check.time("first", report.first_observed.map(|t| t.0), member(service, "eventFirstSeen"));
    check.time("last", report.last_observed.map(|t| t.0), member(service, "eventLastSeen"));
    check.time("created", report.provider_created.map(|t| t.0), get("createdAt"));
    check.time("updated", report.provider_updated.map(|t| t.0), get("updatedAt"));
    check.equal("rule", &report.rule_id, get("type").as_str().unwrap_or_default());
    check.equal("title", &report.title, get("title").as_str().unwrap_or_default().trim());
    let sample = service.to_string().to_lowercase().replace('\\', "");
    check.equal("sample", report.sample, sample.contains(r#""sample":true"#));
    check.equal("resource", &report.resources[0].id, guardduty_resource(value, region, account));
}

fn guardduty_resource(value: &Value, region: &str, account: &str) -> String {
    let resource = member(value, "resource");
    let inside = |block: &str, name: &str| {
        let block = member(resource, block);
        let block = block.as_array().map_or(block, |list| &list[0]);
        member(block, name).as_str().unwrap_or_default().to_owned()
    };
    let instance = inside("instanceDetails", "instanceId");
    let (kind, name) =
        (inside("accessKeyDetails", "userType"), inside("accessKeyDetails", "userName"));
    match member(resource, "resourceType").as_str().unwrap_or_default() {
        "S3Bucket" => inside("s3BucketDetails", "arn"),
        "EKSCluster" => inside("eksClusterDetails", "arn"),
        "ECSCluster" => inside("ecsClusterDetails", "arn"),
        "Lambda" => inside("lambdaDetails", "functionArn"),
        "RDSDBInstance" if member(resource, "rdsDbInstanceDetails").is_object() => {
            inside("rdsDbInstanceDetails", "dbInstanceArn")
        }
        "AccessKey" if kind == "IAMUser" => format!("arn:aws:iam::{account}:user/{name}"),
        "AccessKey" if kind == "AssumedRole" => format!("arn:aws:iam::{account}:role/{name}"),
        "AccessKey" if kind != "Root" => {
            format!("acct-principal:{account}:{}", inside("accessKeyDetails", "principalId"))
        }
        "Instance" if !instance.is_empty() => {
            format!("arn:aws:ec2:{region}:{account}:instance/{instance}")
        }
        _ => format!("arn:aws:iam::{account}:root"),
    }
}

fn access_analyzer(recorded: &Recorded, check: &mut Check<'_>) {
    let (value, report) = (&recorded.value, check.report);
    let analyzer = &recorded.analyzer;
    let (id, resource) = (text(value, "id"), text(value, "resource"));
    let stated = [text(value, "resourceOwnerAccount"), arn(resource, 4), text(value, "accountId")];
    let account = stated.into_iter().find(|account| is_account(account)).unwrap_or(READER);
    let detail = &value["findingDetails"][0]["externalAccessDetails"];
    let access = if detail.is_object() { detail } else { value };
    let principal = access["principal"].as_object().and_then(|p| p.values().next()?.as_str());
    let is_error = value["error"].is_string();
    let origin = match principal {
        Some(principal) => format!("aax|{analyzer}|{resource}|{principal}"),
        None => format!("aa|{analyzer}|{id}"),
    };
    check.equal("account", report.account, account);
    let region = [arn(analyzer, 3), READ_IN].into_iter().find(|r| !r.is_empty()).unwrap();
    check.equal("region", &report.region, region);
    check.equal("origin", &report.origin.text, origin);
    check.equal("key", &report.key, format!("native|{analyzer}/{id}"));
    check.equal("resource", &report.resources[0].id, resource);
    check.equal("status", report.status.as_str(), text(value, "status"));
    let is_public = access["isPublic"] == Value::Bool(true);
    let has_condition = access["condition"].as_object().is_some_and(|c| !c.is_empty());
    let is_data =
        ["S3::", "KMS::", "Snapshot"].iter().any(|k| text(value, "resourceType").contains(k));
    let reads = |action: &Value| {
        let verb = action.as_str().unwrap_or_default().rsplit(':').next().unwrap_or_default();
        ["Get", "List", "Describe", "Receive"].iter().any(|read| verb.starts_with(read))
    };
    let writes = access["action"].as_array().is_some_and(|actions| !actions.iter().all(reads));
    let severity = match (is_error, is_public, has_condition) {
        (true, ..) => "INFORMATIONAL",
        (_, true, _) if is_data || writes => "CRITICAL",
        (_, true, _) => "HIGH",
        (_, _, true) => "LOW",
        _ => "MEDIUM",
    };
    check.equal("severity", report.severity.as_str(), severity);
    check.time("created", report.provider_created.map(|t| t.0), &value["createdAt"]);
    check.time("updated", report.provider_updated.map(|t| t.0), &value["updatedAt"]);
    check.time("last", report.last_observed.map(|t| t.0), &value["analyzedAt"]);
}

/// What is wrong with the report of a row of `result`.
pub(super) fn row_differences(result: &Value, row: &Value, report: &Report) -> Vec<String> {
    let mut check = Check { report, wrong: Vec::new() };
    let (status, severity) = match text(row, "status") {
        "ok" => ("RESOLVED", "INFORMATIONAL"),
        "warning" => ("ACTIVE", "MEDIUM"),
        "error" => ("ACTIVE", "HIGH"),
        _ => ("UNOBSERVABLE", "INFORMATIONAL"),
    };
    check.equal("account", report.account, READER);
    let region = row["region"].as_str().filter(|region| region.len() > 1).unwrap_or("global");
    check.equal("region", &report.region, region);
    check.equal("status", report.status.as_str(), status);
    // Some checks are worse than their colour; the fixtures have them.
    let is_special =
        ["12Fnkpl8Y5", "7DAFEmoDos", "Pfx0RwqBli", "c2vlfg0f4h", "ePs02jT06w", "rSs93HQwa1"];
    if !is_special.contains(&text(result, "checkId")) {
        check.equal("severity", report.severity.as_str(), severity);
    }
    check.equal("rule", &report.rule_id, text(result, "checkId"));
    check.time("updated", report.provider_updated.map(|t| t.0), &result["timestamp"]);
    let origin = format!("ta|{READER}|{}|{region}|", text(result, "checkId"));
    check.equal("origin", report.origin.text.starts_with(&origin), true);
    check.equal("remarks", report.remarks.len(), 0);
    check.wrong
}
