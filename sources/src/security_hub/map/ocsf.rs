//! Security Hub V2: OCSF findings, read as the ASFF findings that they correspond to.
//!
//! | ASFF | OCSF |
//! |---|---|
//! | `Id` | `finding_info.uid`, the same text |
//! | `ProductArn` | `metadata.product.uid`, with `productv2/` for `product/` |
//! | `AwsAccountId`, `Region` | `cloud.account.uid`, `cloud.region` |
//! | `Types`, `Title`, `Description` | `finding_info.types`, `.title`, `.desc` |
//! | `CreatedAt`, `UpdatedAt`, `FirstObservedAt`, `LastObservedAt` | `finding_info.{created,modified,first_seen,last_seen}_time_dt` |
//! | `RecordState` `ARCHIVED` | `activity_id` 3 (close) or `status_id` 5 (archived) |
//! | `Workflow.Status` | `status_id`: 0, 1 new; 2 notified; 3 suppressed; others resolved |
//! | `Compliance.Status` | `compliance.status`: pass, fail, warning; others not available |
//! | `Compliance.SecurityControlId` | `compliance.control` |
//! | `Resources[].Id` | `resources[].uid_alt` (the ARN), or else `.uid`, which may be a name |
//! | `Severity.Label` | `severity`; `Fatal` is critical, nothing is informational |
//! | `FindingProviderFields.Severity.Label` | `vendor_attributes.severity` |
//! | `Criticality`, `Confidence` | `resources[0].criticality` where it is a number, `confidence_score` |
//! | `Resources[].Tags` | `resources[].tags` |
//! | `Vulnerabilities[]` `.Id`, `.RelatedVulnerabilities` | `vulnerabilities[]` `.cve.uid` or `.advisory.uid`, `.related_vulnerabilities` |
//! | `.ExploitAvailable`, `.FixAvailable`, `.EpssScore` | `.is_exploit_available`, `.is_fix_available`, `.cve.epss.score` (OCSF schema 1.6) |
//!
//! So a finding has the identity of its ASFF copy by the same code. Correspondence: AWS's Automated
//! Security Response on AWS, `findingEventNormalizer`; classes: OCSF schema 1.1 and later, category
//! Findings.

use bytes::Bytes;
use muster_core::report::{FindingClass, ReportPath};
use muster_core::unit::Unit;
use serde::Deserialize;

use super::HubCopy;
use super::asff::{
    Asff, AsffResource, Compliance, Note, Package, ProductFields, ProviderFields, Recommendation,
    Remediation, Severity, Vulnerability, Workflow,
};
use crate::body::Answer;
use crate::document::{BodyError, Document, FindingsPage};
use crate::draft::{self, unmapped};
use crate::lenient::{Many, Maybe, Moment, Scalar, Tags};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Ocsf<'a> {
    #[serde(borrow)]
    activity_id: Scalar<'a>,
    #[serde(borrow)]
    class_uid: Scalar<'a>,
    #[serde(borrow)]
    cloud: Maybe<Cloud<'a>>,
    #[serde(borrow)]
    comment: Scalar<'a>,
    #[serde(borrow)]
    compliance: Maybe<OcsfCompliance<'a>>,
    #[serde(borrow)]
    confidence_score: Scalar<'a>,
    #[serde(borrow)]
    count: Scalar<'a>,
    #[serde(borrow)]
    finding_info: Maybe<FindingInfo<'a>>,
    #[serde(borrow)]
    metadata: Maybe<Metadata<'a>>,
    #[serde(borrow)]
    remediation: Maybe<OcsfRemediation<'a>>,
    #[serde(borrow)]
    resources: Many<Maybe<OcsfResource<'a>>>,
    #[serde(borrow)]
    severity: Scalar<'a>,
    #[serde(borrow)]
    severity_id: Scalar<'a>,
    /// What a check of another product says: `PASS`, `FAIL`.
    #[serde(borrow)]
    status_code: Scalar<'a>,
    #[serde(borrow)]
    status_id: Scalar<'a>,
    #[serde(borrow)]
    vendor_attributes: Maybe<VendorAttributes<'a>>,
    #[serde(borrow)]
    vulnerabilities: Many<Maybe<OcsfVulnerability<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Cloud<'a> {
    #[serde(borrow)]
    account: Maybe<WithUid<'a>>,
    #[serde(borrow)]
    region: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WithUid<'a> {
    #[serde(borrow)]
    uid: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OcsfCompliance<'a> {
    #[serde(borrow)]
    control: Scalar<'a>,
    #[serde(borrow)]
    status: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FindingInfo<'a> {
    #[serde(borrow)]
    analytic: Maybe<WithUid<'a>>,
    created_time: Moment,
    created_time_dt: Moment,
    #[serde(borrow)]
    desc: Scalar<'a>,
    first_seen_time: Moment,
    first_seen_time_dt: Moment,
    last_seen_time: Moment,
    last_seen_time_dt: Moment,
    modified_time: Moment,
    modified_time_dt: Moment,
    #[serde(borrow)]
    title: Scalar<'a>,
    #[serde(borrow)]
    types: Many<Scalar<'a>, 8>,
    #[serde(borrow)]
    uid: Scalar<'a>,
    /// The product's own id, where `uid` is an ARN or a group.
    #[serde(borrow)]
    uid_alt: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metadata<'a> {
    /// The check, for other products.
    #[serde(borrow)]
    event_code: Scalar<'a>,
    #[serde(borrow)]
    product: Maybe<Product<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Product<'a> {
    #[serde(borrow)]
    name: Scalar<'a>,
    #[serde(borrow)]
    uid: Scalar<'a>,
    #[serde(borrow)]
    vendor_name: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OcsfRemediation<'a> {
    #[serde(borrow)]
    desc: Scalar<'a>,
    #[serde(borrow)]
    references: Many<Scalar<'a>, 8>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OcsfResource<'a> {
    #[serde(borrow)]
    cloud_partition: Scalar<'a>,
    #[serde(borrow)]
    name: Scalar<'a>,
    #[serde(borrow)]
    owner: Maybe<Owner<'a>>,
    #[serde(borrow)]
    region: Scalar<'a>,
    #[serde(borrow, rename = "type")]
    kind: Scalar<'a>,
    #[serde(borrow)]
    uid: Scalar<'a>,
    #[serde(borrow)]
    uid_alt: Scalar<'a>,
    /// A word or a number, as the product likes.
    #[serde(borrow)]
    criticality: Scalar<'a>,
    #[serde(borrow)]
    tags: Tags<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Owner<'a> {
    #[serde(borrow)]
    account: Maybe<WithUid<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct VendorAttributes<'a> {
    #[serde(borrow)]
    severity: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OcsfVulnerability<'a> {
    #[serde(borrow)]
    cve: Maybe<Cve<'a>>,
    #[serde(borrow)]
    advisory: Maybe<WithUid<'a>>,
    #[serde(borrow)]
    affected_packages: Many<Maybe<Named<'a>>>,
    #[serde(borrow)]
    related_vulnerabilities: Many<Scalar<'a>>,
    #[serde(borrow)]
    is_exploit_available: Scalar<'a>,
    #[serde(borrow)]
    is_fix_available: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Cve<'a> {
    #[serde(borrow)]
    uid: Scalar<'a>,
    #[serde(borrow)]
    epss: Maybe<Epss<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Epss<'a> {
    #[serde(borrow)]
    score: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Named<'a> {
    #[serde(borrow)]
    name: Scalar<'a>,
}

/// Reads a page of `GetFindingsV2`: `{"Findings": [..], "NextToken": ".."}`.
///
/// # Errors
///
/// When the body is not such an object. What is wrong inside of a finding costs only that finding,
/// which becomes [`Document::Unmapped`].
pub fn findings_page(body: &Bytes, unit: &Unit) -> Result<FindingsPage, BodyError> {
    let answer = Answer::read(body, "securityhub:GetFindingsV2")?;
    let documents = answer.list("Findings")?;
    Ok(FindingsPage {
        documents: documents.iter().map(|document| finding(document, unit)).collect(),
        next_token: answer.text("NextToken")?,
    })
}

/// Maps one finding in OCSF, read by `unit`. `raw` is kept as it is.
///
/// Only what is no object, has no `finding_info.uid`, or is of a class that is no finding, cannot be
/// mapped.
pub fn finding(raw: &Bytes, unit: &Unit) -> Document {
    let ocsf = match draft::parse::<Ocsf<'_>>(raw) {
        Ok(ocsf) => ocsf,
        Err(error) => return unmapped(error, raw),
    };
    let empty = FindingInfo::default();
    let info = ocsf.finding_info.get().unwrap_or(&empty);
    let Some(id) = info.uid.text() else {
        return unmapped("finding_info.uid: missing", raw);
    };
    let class = match class(&ocsf) {
        Ok(class) => class,
        Err(error) => return unmapped(error, raw),
    };
    let asff = to_asff(&ocsf, info);
    super::document(&HubCopy { asff: &asff, id: &id, raw, unit, path: ReportPath::Ocsf, class })
}

/// What kind of statement the OCSF class stands for, where the product does not decide.
fn class(ocsf: &Ocsf<'_>) -> Result<Option<FindingClass>, String> {
    // Prowler writes checks as detections.
    let is_check = ocsf.compliance.get().is_some() || !ocsf.status_code.as_str().is_empty();
    let Some(class) = ocsf.class_uid.text() else {
        return Ok(None);
    };
    Ok(match class.as_ref() {
        // Security Finding, before OCSF 1.1.
        "2001" => None,
        "2002" => Some(FindingClass::Vulnerability),
        "2003" => Some(FindingClass::Misconfiguration),
        "2004" | "2005" if is_check => Some(FindingClass::Misconfiguration),
        "2004" | "2005" => Some(FindingClass::Threat),
        "2006" => Some(FindingClass::SensitiveData),
        "2007" => Some(FindingClass::Exposure),
        other => {
            return Err(format!("class_uid: {} is no finding", crate::lenient::excerpt(other)));
        }
    })
}

fn to_asff<'a>(ocsf: &Ocsf<'a>, info: &FindingInfo<'a>) -> Asff<'a> {
    let empty = Metadata::default();
    let metadata = ocsf.metadata.get().unwrap_or(&empty);
    let none = Product::default();
    let product = metadata.product.get().unwrap_or(&none);
    let is_arn = product.uid.as_str().starts_with("arn:");
    let cloud = ocsf.cloud.get();
    let account = cloud.and_then(|cloud| cloud.account.get());
    let analytic = info.analytic.get().map(|analytic| analytic.uid.clone()).unwrap_or_default();
    let event_code = metadata.event_code.clone();
    Asff {
        id: info.uid.clone(),
        product_arn: if is_arn { product.uid.clone() } else { Scalar::Absent },
        product_name: product.name.clone(),
        company_name: product.vendor_name.clone(),
        region: cloud.map(|cloud| cloud.region.clone()).unwrap_or_default(),
        generator_id: if event_code == Scalar::Absent { analytic } else { event_code },
        aws_account_id: account.map(|account| account.uid.clone()).unwrap_or_default(),
        types: info.types.clone(),
        first_observed_at: either(&info.first_seen_time_dt, &info.first_seen_time),
        last_observed_at: either(&info.last_seen_time_dt, &info.last_seen_time),
        created_at: either(&info.created_time_dt, &info.created_time),
        updated_at: either(&info.modified_time_dt, &info.modified_time),
        severity: Maybe::Is(Severity { label: severity(ocsf), ..Severity::default() }),
        title: info.title.clone(),
        description: info.desc.clone(),
        remediation: remediation(ocsf),
        product_fields: Maybe::Is(fields(ocsf, info)),
        resources: resources(ocsf),
        compliance: compliance(ocsf),
        workflow: workflow(ocsf),
        record_state: word(if is_archived(ocsf) { "ARCHIVED" } else { "ACTIVE" }),
        note: Maybe::Is(Note { text: ocsf.comment.clone() }),
        finding_provider_fields: provider_fields(ocsf),
        vulnerabilities: vulnerabilities(ocsf),
        criticality: criticality(ocsf),
        confidence: ocsf.confidence_score.clone(),
        ..Asff::default()
    }
}

/// The criticality of the first resource, where it is a number: words have no place in ASFF.
fn criticality<'a>(ocsf: &Ocsf<'a>) -> Scalar<'a> {
    let first = ocsf.resources.items.first().and_then(|resource| resource.get());
    let stated = first.map(|first| first.criticality.clone());
    stated.filter(|stated| stated.number().is_some()).unwrap_or_default()
}

/// The time as a text, or else as a number.
fn either(text: &Moment, number: &Moment) -> Moment {
    if *text == Moment::Absent { number.clone() } else { text.clone() }
}

fn word(text: &'static str) -> Scalar<'static> {
    Scalar::Text(text.into())
}

/// The label; by its number when the word is none that ASFF has.
fn severity<'a>(ocsf: &Ocsf<'a>) -> Scalar<'a> {
    let is_label = ["informational", "low", "medium", "high", "critical", "fatal"]
        .iter()
        .any(|label| ocsf.severity.as_str().eq_ignore_ascii_case(label));
    if is_label {
        return ocsf.severity.clone();
    }
    word(match ocsf.severity_id.text().as_deref() {
        Some("2") => "LOW",
        Some("3") => "MEDIUM",
        Some("4") => "HIGH",
        Some("5" | "6") => "CRITICAL",
        _ => "INFORMATIONAL",
    })
}

fn provider_fields<'a>(ocsf: &Ocsf<'a>) -> Maybe<ProviderFields<'a>> {
    let Some(vendor) = ocsf.vendor_attributes.get() else {
        return Maybe::Absent;
    };
    let severity = Severity { label: vendor.severity.clone(), ..Severity::default() };
    Maybe::Is(ProviderFields { severity: Maybe::Is(severity), ..ProviderFields::default() })
}

fn remediation<'a>(ocsf: &Ocsf<'a>) -> Maybe<Remediation<'a>> {
    let Some(remediation) = ocsf.remediation.get() else {
        return Maybe::Absent;
    };
    let links = &remediation.references.items;
    let link = links.iter().find(|link| link.as_str().starts_with("https://"));
    let recommendation =
        Recommendation { text: remediation.desc.clone(), url: link.cloned().unwrap_or_default() };
    Maybe::Is(Remediation { recommendation: Maybe::Is(recommendation) })
}

/// What other products write into `ProductFields`.
fn fields<'a>(ocsf: &Ocsf<'a>, info: &FindingInfo<'a>) -> ProductFields<'a> {
    let first = ocsf.resources.items.first().and_then(|resource| resource.get());
    let owner = first.and_then(|resource| resource.owner.get()?.account.get());
    ProductFields {
        count: ocsf.count.clone(),
        analyzer_finding: info.uid_alt.clone(),
        resource_owner_account: owner.map(|owner| owner.uid.clone()).unwrap_or_default(),
        ..ProductFields::default()
    }
}

fn resources<'a>(ocsf: &Ocsf<'a>) -> Many<Maybe<AsffResource<'a>>> {
    let one = |resource: &Maybe<OcsfResource<'a>>| match resource {
        Maybe::Is(resource) => {
            let ids = [&resource.uid_alt, &resource.uid, &resource.name];
            let is_arn = |id: &&&Scalar<'_>| id.as_str().starts_with("arn:");
            let is_there = |id: &&&Scalar<'_>| id.text().is_some();
            let id = ids.iter().find(is_arn).or_else(|| ids.iter().skip(1).find(is_there));
            Maybe::Is(AsffResource {
                kind: resource.kind.clone(),
                id: id.map(|id| (*id).clone()).unwrap_or_default(),
                partition: resource.cloud_partition.clone(),
                region: resource.region.clone(),
                tags: resource.tags.clone(),
                ..AsffResource::default()
            })
        }
        Maybe::Absent => Maybe::Absent,
        Maybe::Wrong(what) => Maybe::Wrong(what),
    };
    Many {
        items: ocsf.resources.items.iter().map(one).collect(),
        total: ocsf.resources.total,
        not_a_list: ocsf.resources.not_a_list,
    }
}

fn compliance<'a>(ocsf: &Ocsf<'a>) -> Maybe<Compliance<'a>> {
    let (stated, control) = match ocsf.compliance.get() {
        Some(compliance) => (&compliance.status, compliance.control.clone()),
        None if ocsf.status_code.as_str().is_empty() => return Maybe::Absent,
        None => (&ocsf.status_code, Scalar::Absent),
    };
    let status = word(match stated.as_str().to_ascii_lowercase().as_str() {
        "pass" | "passed" => "PASSED",
        "fail" | "failed" => "FAILED",
        "warning" => "WARNING",
        _ => "NOT_AVAILABLE",
    });
    Maybe::Is(Compliance { status, security_control_id: control })
}

fn workflow(ocsf: &Ocsf<'_>) -> Maybe<Workflow<'static>> {
    let Some(status) = ocsf.status_id.text() else {
        return Maybe::Absent;
    };
    let status = word(match status.as_ref() {
        "0" | "1" => "NEW",
        "2" => "NOTIFIED",
        "3" => "SUPPRESSED",
        _ => "RESOLVED",
    });
    Maybe::Is(Workflow { status })
}

fn is_archived(ocsf: &Ocsf<'_>) -> bool {
    ocsf.activity_id.text().as_deref() == Some("3") || ocsf.status_id.text().as_deref() == Some("5")
}

fn vulnerabilities<'a>(ocsf: &Ocsf<'a>) -> Many<Maybe<Vulnerability<'a>>> {
    let one = |vulnerability: &OcsfVulnerability<'a>| {
        let cve = vulnerability.cve.get();
        let advisory = vulnerability.advisory.get().map(|advisory| &advisory.uid);
        let id = cve.map(|cve| &cve.uid).or(advisory);
        let epss = cve.and_then(|cve| cve.epss.get()).map(|epss| epss.score.clone());
        let packages = vulnerability.affected_packages.items.iter().filter_map(Maybe::get);
        let packages = packages.map(|one| Maybe::Is(Package { name: one.name.clone() }));
        Maybe::Is(Vulnerability {
            id: id.cloned().unwrap_or_default(),
            related: vulnerability.related_vulnerabilities.clone(),
            exploit_available: vulnerability.is_exploit_available.clone(),
            fix_available: vulnerability.is_fix_available.clone(),
            epss_score: epss.unwrap_or_default(),
            vulnerable_packages: Many {
                items: packages.collect(),
                total: vulnerability.affected_packages.total,
                not_a_list: None,
            },
        })
    };
    let found = ocsf.vulnerabilities.items.iter().filter_map(Maybe::get);
    Many { items: found.map(one).collect(), total: ocsf.vulnerabilities.total, not_a_list: None }
}
