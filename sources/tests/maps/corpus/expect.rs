//! What a report should say, recomputed from plain JSON values by the simplest means.
//!
//! Nothing of the mappings is used here, so that a mistake would have to be made twice.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use muster_core::report::{Report, Severity};
use serde_json::Value;

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

// ---------------------------------------------------------------- ASFF

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

fn asff(value: &Value, check: &mut Check<'_>) {
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
    let with_type = |id: &str| {
        let kind = if id.starts_with("i-") { "instance" } else { "vpc" };
        format!("arn:aws:ec2:{region}:{account}:{kind}/{}", id.to_lowercase())
    };
    if kind.starts_with("AwsEc2") && (id.starts_with("i-") || id.starts_with("vpc-")) {
        return with_type(id);
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
        _ => (format!("asff|{product}|{account}|{id}"), here),
    })
}

fn cut(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

// ---------------------------------------------------------------- GuardDuty

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
    match member(resource, "resourceType").as_str().unwrap_or_default() {
        "S3Bucket" => inside("s3BucketDetails", "arn"),
        "RDSDBInstance" if member(resource, "rdsDbInstanceDetails").is_object() => {
            inside("rdsDbInstanceDetails", "dbInstanceArn")
        }
        "AccessKey" if inside("accessKeyDetails", "userType") == "IAMUser" => {
            format!("arn:aws:iam::{account}:user/{}", inside("accessKeyDetails", "userName"))
        }
        "Instance" if !instance.is_empty() => {
            format!("arn:aws:ec2:{region}:{account}:instance/{instance}")
        }
        _ => format!("arn:aws:iam::{account}:root"),
    }
}

// ---------------------------------------------------------------- Access Analyzer

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
    // In the corpus, what is public is a queue that can be written to.
    let severity = match (is_error, is_public, has_condition) {
        (true, ..) => "INFORMATIONAL",
        (_, true, _) => "CRITICAL",
        (_, _, true) => "LOW",
        _ => "MEDIUM",
    };
    check.equal("severity", report.severity.as_str(), severity);
    check.time("created", report.provider_created.map(|t| t.0), &value["createdAt"]);
    check.time("updated", report.provider_updated.map(|t| t.0), &value["updatedAt"]);
    check.time("last", report.last_observed.map(|t| t.0), &value["analyzedAt"]);
}

// ---------------------------------------------------------------- Trusted Advisor

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
    check.equal("severity", report.severity.as_str(), severity);
    check.equal("rule", &report.rule_id, text(result, "checkId"));
    check.time("updated", report.provider_updated.map(|t| t.0), &result["timestamp"]);
    let origin = format!("ta|{READER}|{}|{region}|", text(result, "checkId"));
    check.equal("origin", report.origin.text.starts_with(&origin), true);
    check.equal("remarks", report.remarks.len(), 0);
    check.wrong
}

// ---------------------------------------------------------------- Times

/// Milliseconds since 1970 of the forms that the corpus has; `None` for what is no time.
fn millis(value: &Value) -> Option<i64> {
    if value["__class__"] == "datetime" {
        let part = |name: &str| value[name].as_i64().unwrap();
        let days = days(part("year"), part("month"), part("day"));
        let seconds = part("hour") * 3600 + part("minute") * 60 + part("second");
        return Some((days * 86400 + seconds) * 1000 + part("microsecond") / 1000);
    }
    let text = value.as_str()?;
    let (date, time) = (text.get(..10)?, text.get(11..)?);
    let mut date = date.split('-').map(str::parse::<i64>);
    let days = days(date.next()?.ok()?, date.next()?.ok()?, date.next()?.ok()?);
    let clock = time.get(..8).filter(|clock| clock.as_bytes()[2] == b':')?;
    let mut parts = clock.split(':').map(str::parse::<i64>);
    let (hour, minute, second) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    let rest = &time[8..];
    let digits: String =
        rest.trim_start_matches('.').chars().take_while(char::is_ascii_digit).collect();
    let fraction = format!("{digits:0<3}").get(..3)?.parse::<i64>().unwrap_or_default();
    let zone = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let offset = match zone {
        "" | "Z" | "+00:00" => 0,
        zone => {
            let minutes = zone[1..3].parse::<i64>().ok()? * 60 + zone[4..6].parse::<i64>().ok()?;
            if zone.starts_with('-') { -minutes } else { minutes }
        }
    };
    let seconds = hour * 3600 + (minute - offset) * 60 + second;
    Some((days * 86400 + seconds) * 1000 + fraction)
}

/// Days since 1970-01-01 of a date of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let years: i64 = (1970..year).map(|year| if is_leap(year) { 366 } else { 365 }).sum();
    let before = usize::try_from(month - 1).unwrap();
    let months: i64 = lengths[..before].iter().sum();
    years + months + i64::from(month > 2 && is_leap(year)) + day - 1
}
