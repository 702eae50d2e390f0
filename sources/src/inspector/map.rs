//! From the items of `ListFindings` to reports.
//!
//! | part of the report | native |
//! |---|---|
//! | origin, key | `findingArn`, which is also the `Id` of the ASFF copy and the `uid` of the OCSF one |
//! | account, Region | `awsAccountId`; the Region of the ARN |
//! | rule | `packageVulnerabilityDetails.vulnerabilityId`, or else the rule of the code detector, or else `type` |
//! | facet | `CVE\|package` for packages, `tcp:22-22` for reachable ports, `file:line` for code |
//! | severity | `severity`; `UNTRIAGED` by `inspectorScore`, or else medium |
//! | status | `ACTIVE`; `SUPPRESSED` is archived; `CLOSED` is resolved |
//! | exposure | `NETWORK_REACHABILITY` says from where it can be reached; an instance with a public address can be from the internet |
//! | signals | `vulnerabilityId` (of one that is no CVE `relatedVulnerabilities`), `epss.score`, `exploitAvailable`, `fixAvailable`, `tags` of the first resource |
//!
//! From the `Finding` shape of the Inspector API, version 2020-06-08.

mod native;

use bytes::Bytes;
use muster_core::identity::{Arn, Origin, Place, account_root, bounded_part};
use muster_core::report::{
    CustomerFields, Exposure, FindingClass, Report, ReportKey, ReportPath, Resource, Severity,
    Signals, Status, TEXT_BYTES_MAX, TITLE_BYTES_MAX,
};
use muster_core::unit::{SourceKind, Unit};

use self::native::{Code, Finding, Packages, Reachability};
use super::weakness::Weakness;
use crate::attributes::{Attributes, Ports};
use crate::body::Answer;
use crate::document::{BodyError, Document, FindingsPage};
use crate::draft::{self, Remarks, add_resource, link, partition_or, read_region, unmapped, word};
use crate::exposure;
use crate::lenient::{Scalar, excerpt};
use crate::signals::{self, Weaknesses};

/// Reads a page of `ListFindings`: `{"findings": [..], "nextToken": ".."}`.
///
/// # Errors
///
/// When the body is not such an object. What is wrong inside of a finding costs only that finding,
/// which becomes [`Document::Unmapped`].
pub fn findings_page(body: &Bytes, unit: &Unit) -> Result<FindingsPage, BodyError> {
    let answer = Answer::read(body, "inspector2:ListFindings")?;
    let documents = answer.list("findings")?;
    Ok(FindingsPage {
        documents: documents.iter().map(|document| finding(document, unit)).collect(),
        next_token: answer.text("nextToken")?,
    })
}

/// Maps one native finding, read by `unit` or brought by an event. `raw` is kept as it is.
///
/// Only what is no object, or has no `findingArn`, cannot be mapped.
pub fn finding(raw: &Bytes, unit: &Unit) -> Document {
    match draft::parse::<Finding<'_>>(raw) {
        Ok(finding) => match finding.arn.text() {
            Some(arn) => Document::Report(Box::new(report(&finding, &arn, raw, unit))),
            None => unmapped("findingArn: missing", raw),
        },
        Err(error) => unmapped(error, raw),
    }
}

fn report(finding: &Finding<'_>, arn: &str, document: &Bytes, unit: &Unit) -> Report {
    let mut remarks = Remarks::default();
    let parts = Arn::parse(arn);
    let part = |part: fn(Arn<'_>) -> &str| parts.map_or("", part);
    let accounts = [("findingArn", part(|arn| arn.account))];
    let regions = [("findingArn", part(|arn| arn.region))];
    let account = remarks.account("awsAccountId", &finding.account_id, &accounts, unit);
    let region = remarks.region("findingArn", &Scalar::Absent, &regions, unit);
    let partition = partition_or(part(|arn| arn.partition), &region);
    let place = Place { partition, account, region: &region };
    let subject = Subject::read(finding, &mut remarks);
    let (severity, severity_normalized) = severity(finding, &mut remarks);
    let (status, status_detail) = status(&finding.status, &mut remarks);
    let advice = remarks.object("remediation", &finding.remediation);
    let advice = advice.and_then(|advice| advice.recommendation.get());
    let text = |advice: &native::Recommendation<'_>, remarks: &mut Remarks| {
        remarks.text("remediation.recommendation.text", &advice.text, TEXT_BYTES_MAX)
    };
    let title = remarks.text("title", &finding.title, TITLE_BYTES_MAX);
    let (raw, raw_truncated) = draft::raw(document);
    Report {
        key: ReportKey { path: ReportPath::Native, provider_id: bounded_part(arn).into_owned() },
        origin: Origin::Inspector { arn }.key(),
        source: SourceKind::Inspector,
        product: "aws/inspector".to_owned(),
        class: subject.class,
        title: if title.is_empty() { subject.rule.clone() } else { title },
        description: remarks.text("description", &finding.description, TEXT_BYTES_MAX),
        severity,
        severity_normalized,
        status,
        status_detail,
        resources: resources(finding, &place, &mut remarks),
        facet: subject.facet,
        attributes: subject.attributes.into_vec(),
        exposure: subject.exposure.max(address_exposure(finding)),
        signals: signals(finding, &mut remarks),
        rule_id: subject.rule,
        sample: false,
        customer: CustomerFields::default(),
        remediation: advice.map_or_else(String::new, |advice| text(advice, &mut remarks)),
        remediation_url: advice
            .and_then(|advice| advice.url.text())
            .map_or_else(String::new, |url| link(&url)),
        first_observed: remarks.time("firstObservedAt", &finding.first_observed_at),
        last_observed: remarks.time("lastObservedAt", &finding.last_observed_at),
        provider_created: None,
        provider_updated: remarks.time("updatedAt", &finding.updated_at),
        count: 1,
        account,
        region,
        remarks: remarks.into_vec(),
        raw,
        raw_truncated,
    }
}

/// What the details say that it is.
struct Subject {
    rule: String,
    class: FindingClass,
    facet: String,
    attributes: Attributes,
    exposure: Exposure,
}

impl Subject {
    fn read(finding: &Finding<'_>, remarks: &mut Remarks) -> Self {
        let kind = finding.kind.text().unwrap_or_default();
        let mut attributes = Attributes::default();
        attributes.add("finding type", &kind);
        let mut subject = Self {
            rule: word(&kind),
            class: FindingClass::Vulnerability,
            facet: String::new(),
            attributes,
            exposure: Exposure::Unknown,
        };
        match kind.as_ref() {
            "PACKAGE_VULNERABILITY" => {
                let details = remarks.object("packageVulnerabilityDetails", &finding.packages);
                if let Some(details) = details {
                    subject.package(details);
                }
            }
            "NETWORK_REACHABILITY" => {
                let details = remarks.object("networkReachabilityDetails", &finding.reachability);
                subject.reachability(details);
                let text = [finding.title.text(), finding.description.text()];
                let text: Vec<_> = text.into_iter().flatten().collect();
                subject.exposure = exposure::of_reachability(&text.join(" "));
            }
            "CODE_VULNERABILITY" => {
                let details = remarks.object("codeVulnerabilityDetails", &finding.code);
                if let Some(details) = details {
                    subject.code(details);
                }
            }
            "" => {
                remarks.note("type: missing");
                "unknown".clone_into(&mut subject.rule);
            }
            other => remarks.note(format_args!("type: `{}` is not known", excerpt(other))),
        }
        subject
    }

    fn package(&mut self, details: &Packages<'_>) {
        let packages = details.vulnerable.items.iter().filter_map(|package| package.get());
        let names = packages.map(|package| package.name.as_str());
        let weakness = Weakness::new(details.id.as_str(), names);
        weakness.add_to(&mut self.attributes);
        self.facet = weakness.facet();
        if let Some(id) = details.id.text() {
            self.rule = word(&id);
        }
    }

    fn reachability(&mut self, details: Option<&Reachability<'_>>) {
        self.class = FindingClass::Exposure;
        let range = details.and_then(|details| details.ports.get());
        if let (Some(details), Some(range)) = (details, range)
            && let Some(ports) = Ports::of_fields(&details.protocol, &range.begin, &range.end)
        {
            self.attributes.add_ports(&ports);
            self.facet = ports.facet();
        }
    }

    fn code(&mut self, details: &Code<'_>) {
        let rule = details.rule_id.text().or_else(|| details.detector_id.text());
        if let Some(rule) = rule {
            self.rule = word(&rule);
        }
        let Some(path) = details.path.get() else {
            return;
        };
        let file = path.path.text().or_else(|| path.name.text()).unwrap_or_default();
        let line = path.start_line.text().unwrap_or_default();
        self.facet = word(&format!("{file}:{line}"));
    }
}

/// An instance with a public address, among those that the finding names.
fn address_exposure(finding: &Finding<'_>) -> Exposure {
    let resources = finding.resources.items.iter().filter_map(|resource| resource.get());
    let instances = resources.filter_map(|resource| resource.details.get()?.instance.get());
    let mut addresses = instances.flat_map(|instance| &instance.addresses.items);
    let is_public = addresses.any(|address| signals::is_public_address(address.as_str()));
    if is_public { Exposure::Internet } else { Exposure::Unknown }
}

fn signals(finding: &Finding<'_>, remarks: &mut Remarks) -> Signals {
    let mut weaknesses = Weaknesses::default();
    if let Some(details) = finding.packages.get() {
        weaknesses.add_id(&details.id, &details.related);
    }
    weaknesses.add_exploit("exploitAvailable", &finding.exploit_available, remarks);
    weaknesses.add_fix("fixAvailable", &finding.fix_available, remarks);
    if let Some(epss) = remarks.object("epss", &finding.epss) {
        weaknesses.add_epss("epss.score", &epss.score, remarks);
    }
    let first = finding.resources.items.first().and_then(|resource| resource.get());
    let tags = first.map(|first| signals::tags("resources[0].tags", &first.tags, remarks));
    Signals {
        tags: tags.unwrap_or_default(),
        vulnerability: weaknesses.finish(remarks),
        ..Signals::default()
    }
}

/// The label. What nobody has triaged has the severity of its score.
fn severity(finding: &Finding<'_>, remarks: &mut Remarks) -> (Severity, u8) {
    let stated = finding.severity.as_str();
    if let Some(severity) = Severity::from_name(stated) {
        return (severity, severity.floor());
    }
    let score = finding.score.number().filter(|score| (0.0..=10.0).contains(score));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "in the range of 0 to 100"
    )]
    let number = score.map_or(Severity::Medium.floor(), |score| (score * 10.0).round() as u8);
    let severity = Severity::from_normalized(number);
    let stated = if stated.is_empty() { "missing" } else { excerpt(stated) };
    remarks.note(format_args!("severity: {stated}; {} is taken", severity.as_str()));
    (severity, number)
}

fn status(stated: &Scalar<'_>, remarks: &mut Remarks) -> (Status, String) {
    draft::status(&stated.text().unwrap_or_default(), remarks, |word, _| match word {
        "ACTIVE" => Some(Status::Active),
        "SUPPRESSED" => Some(Status::Archived),
        "CLOSED" => Some(Status::Resolved),
        _ => None,
    })
}

/// The resources; the account when there is none.
fn resources(finding: &Finding<'_>, place: &Place<'_>, remarks: &mut Remarks) -> Vec<Resource> {
    let mut found = Vec::new();
    for resource in remarks.list("resources", &finding.resources) {
        let Some(resource) = resource.get() else { continue };
        let Some(id) = resource.id.text() else { continue };
        let region = read_region(resource.region.as_str());
        let place = Place {
            partition: draft::partition(resource.partition.as_str()).unwrap_or(place.partition),
            region: region.as_ref().unwrap_or(place.region),
            ..*place
        };
        add_resource(&mut found, draft::resource(&id, asff_kind(resource.kind.as_str()), &place));
    }
    if found.is_empty() {
        remarks.note("resources: missing; the account stands for them");
        found.push(Resource {
            id: account_root(place.partition, place.account.as_str()),
            original: String::new(),
            kind: "AwsAccount".to_owned(),
        });
    }
    found
}

/// The ASFF type for a `ResourceType`, so that one thing has one type by every path.
fn asff_kind(kind: &str) -> &str {
    match kind {
        "AWS_EC2_INSTANCE" => "AwsEc2Instance",
        "AWS_ECR_CONTAINER_IMAGE" => "AwsEcrContainerImage",
        "AWS_ECR_REPOSITORY" => "AwsEcrRepository",
        "AWS_LAMBDA_FUNCTION" => "AwsLambdaFunction",
        other => other,
    }
}
