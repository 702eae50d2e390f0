//! From the items of `GetFindings` to reports.
//!
//! | part of the report | native |
//! |---|---|
//! | origin | `partition`, `region`, `accountId`, `id`; the copy in Security Hub has the bare `id` |
//! | key | the same: Macie has no ARNs |
//! | rule | `type`, for example `Policy:IAMUser/S3BucketPublic` |
//! | resources | of sensitive data the object, then the bucket; else the bucket |
//! | severity | `severity.score`: 1 low, 2 medium, 3 high |
//! | status | `archived`, or else active: Macie never says that something is resolved |
//! | exposure | by the type; `effectivePermission` `PUBLIC` of the bucket, `publicAccess` of the object |
//! | signals | `tags` of the object and the bucket |
//! | statements | of a public bucket: one for reading, one for writing, where it says which |
//!
//! From the `Finding` shape of the Macie API, version 2020-01-01.

mod native;

use bytes::Bytes;
use muster_core::identity::{Origin, Place, account_root, bounded_part};
use muster_core::report::{
    CustomerFields, Exposure, FindingClass, Report, ReportKey, ReportPath, Resource, Severity,
    Signals, Status, TEXT_BYTES_MAX, TITLE_BYTES_MAX, Tag, arrange_tags,
};
use muster_core::unit::{SourceKind, Unit};

use self::native::{Bucket, Finding, PublicAccess};
use crate::access::{self, Access};
use crate::attributes::Attributes;
use crate::body::Answer;
use crate::document::{BodyError, Document};
use crate::draft::{self, Remarks, add_resource, partition_or, unmapped, word};
use crate::exposure;
use crate::signals;

/// Reads the answer of `GetFindings`: `{"findings": [..]}`. It has no pages: it returns what it finds
/// of the ids asked for.
///
/// # Errors
///
/// When the body is not such an object. What is wrong inside of a finding costs only that finding,
/// which becomes [`Document::Unmapped`].
pub fn findings(body: &Bytes, unit: &Unit) -> Result<Vec<Document>, BodyError> {
    let answer = Answer::read(body, "macie2:GetFindings")?;
    let documents = answer.list("findings")?;
    Ok(documents.iter().map(|document| finding(document, unit)).collect())
}

/// Maps one native finding, read by `unit` or brought by an event. `raw` is kept as it is.
///
/// Only what is no object, or has no `id`, cannot be mapped.
pub fn finding(raw: &Bytes, unit: &Unit) -> Document {
    let finding = match draft::parse::<Finding<'_>>(raw) {
        Ok(finding) => finding,
        Err(error) => return unmapped(error, raw),
    };
    let Some(id) = finding.id.text() else {
        return unmapped("id: missing", raw);
    };
    let report = report(&finding, &id, raw, unit);
    if !report.rule_id.ends_with("/S3BucketPublic") {
        return Document::Report(Box::new(report));
    }
    let access = bucket(&finding).map_or(Access::default(), public_access);
    let mut reports = access::statements(&report, access).into_reports().unwrap_or_default();
    for (report, access) in reports.iter_mut().zip(access.names()) {
        let other = if *access == "read" { WRITE } else { READ };
        report.attributes.retain(|attribute| *access == "unknown" || attribute.name != other);
    }
    Document::of(reports)
}

/// The attributes that say what anybody can do.
const READ: &str = "allows public read";
const WRITE: &str = "allows public write";

fn report(finding: &Finding<'_>, id: &str, document: &Bytes, unit: &Unit) -> Report {
    let mut remarks = Remarks::default();
    let account = remarks.account("accountId", &finding.account_id, &[], unit);
    let region = remarks.region("region", &finding.region, &[], unit);
    let partition = partition_or(finding.partition.as_str(), &region);
    let place = Place { partition, account, region: &region };
    let origin = Origin::Macie { partition, region: &region, account, finding: id };
    let rule_id = finding.kind.text().map_or_else(|| "unknown".to_owned(), |kind| word(&kind));
    let (severity, severity_normalized) = severity(finding, &mut remarks);
    let is_archived = finding.archived.flag() == Some(true);
    let title = remarks.text("title", &finding.title, TITLE_BYTES_MAX);
    let (raw, raw_truncated) = draft::raw(document);
    let key = format!("macie/{partition}/{region}/{account}/{id}");
    Report {
        key: ReportKey { path: ReportPath::Native, provider_id: bounded_part(&key).into_owned() },
        origin: origin.key(),
        source: SourceKind::Macie,
        product: "aws/macie".to_owned(),
        class: class(&rule_id),
        title: if title.is_empty() { rule_id.clone() } else { title },
        description: remarks.text("description", &finding.description, TEXT_BYTES_MAX),
        severity,
        severity_normalized,
        status: if is_archived { Status::Archived } else { Status::Active },
        status_detail: if is_archived { "archived" } else { "active" }.to_owned(),
        resources: resources(finding, &place, &mut remarks),
        facet: String::new(),
        attributes: attributes(finding).into_vec(),
        exposure: exposure::of_macie_type(&rule_id).max(public(finding)),
        signals: Signals { tags: tags(finding, &mut remarks), ..Signals::default() },
        sample: finding.sample.flag() == Some(true),
        customer: CustomerFields::default(),
        remediation: String::new(),
        remediation_url: String::new(),
        first_observed: remarks.time("createdAt", &finding.created_at),
        last_observed: remarks.time("updatedAt", &finding.updated_at),
        provider_created: remarks.time("createdAt", &finding.created_at),
        provider_updated: remarks.time("updatedAt", &finding.updated_at),
        count: finding.count.number().map_or(1, draft::count),
        account,
        rule_id,
        remarks: remarks.into_vec(),
        raw,
        raw_truncated,
        region,
    }
}

/// What kind of statement a finding type makes, as Security Hub's types for it say.
fn class(kind: &str) -> FindingClass {
    match kind.split_once('/') {
        Some(("SensitiveData:S3Object", _)) => FindingClass::SensitiveData,
        Some((_, "S3BucketPublic")) => FindingClass::Exposure,
        _ if kind.starts_with("SensitiveData:") => FindingClass::SensitiveData,
        _ => FindingClass::Misconfiguration,
    }
}

fn severity(finding: &Finding<'_>, remarks: &mut Remarks) -> (Severity, u8) {
    let stated = remarks.object("severity", &finding.severity);
    let score = stated.and_then(|severity| severity.score.text());
    let severity = match score.as_deref() {
        Some("1") => Severity::Low,
        Some("2") => Severity::Medium,
        Some("3") => Severity::High,
        _ => {
            let word = stated.and_then(|severity| Severity::from_name(severity.word.as_str()));
            let taken = word.unwrap_or(Severity::Medium);
            remarks.note(format_args!("severity.score: not 1 to 3; {} is taken", taken.as_str()));
            taken
        }
    };
    (severity, severity.floor())
}

/// Whether anybody can reach the bucket or the object, whatever the finding is about. `NOT_PUBLIC`
/// leaves open whether other accounts can.
fn public(finding: &Finding<'_>) -> Exposure {
    let permission = bucket(finding).and_then(|bucket| bucket.public_access.get());
    let is_bucket = permission.is_some_and(|access| access.effective.as_str() == "PUBLIC");
    let object = finding.affected.get().and_then(|affected| affected.object.get());
    let is_object = object.is_some_and(|object| object.is_public.flag() == Some(true));
    if is_bucket || is_object { Exposure::Public } else { Exposure::Unknown }
}

/// The tags of the object and of the bucket that it is in: what a bucket is for holds of what it
/// holds.
fn tags(finding: &Finding<'_>, remarks: &mut Remarks) -> Vec<Tag> {
    let object = finding.affected.get().and_then(|affected| affected.object.get());
    let object = object.map(|object| signals::tags("s3Object.tags", &object.tags, remarks));
    let bucket = bucket(finding);
    let bucket = bucket.map(|bucket| signals::tags("s3Bucket.tags", &bucket.tags, remarks));
    let mut tags: Vec<Tag> = object.into_iter().chain(bucket).flatten().collect();
    arrange_tags(&mut tags);
    tags
}

fn bucket<'a>(finding: &'a Finding<'_>) -> Option<&'a Bucket<'a>> {
    finding.affected.get()?.bucket.get()
}

/// What anybody can do, by the list of grants or by the policy of the bucket.
fn public_access(bucket: &Bucket<'_>) -> Access {
    let grants = bucket.public_access.get().and_then(PublicAccess::grants);
    let mut access = Access::default();
    for grants in grants.into_iter().flatten().flatten() {
        access.read |= grants.read.flag() == Some(true);
        access.write |= grants.write.flag() == Some(true);
    }
    access
}

fn attributes(finding: &Finding<'_>) -> Attributes {
    let mut attributes = Attributes::default();
    let Some(bucket) = bucket(finding) else {
        return attributes;
    };
    let Some(public) = bucket.public_access.get() else {
        return attributes;
    };
    attributes.add("effective permission", public.effective.as_str());
    if public.grants().is_some() {
        let access = public_access(bucket);
        attributes.add_flag(READ, Some(access.read));
        attributes.add_flag(WRITE, Some(access.write));
    }
    attributes
}

/// The object and the bucket; the account when there is neither.
fn resources(finding: &Finding<'_>, place: &Place<'_>, remarks: &mut Remarks) -> Vec<Resource> {
    let mut found = Vec::new();
    let affected = remarks.object("resourcesAffected", &finding.affected);
    let object = affected.and_then(|affected| affected.object.get());
    if let Some(path) = object.and_then(|object| object.path.text()) {
        let arn = format!("arn:{}:s3:::{path}", place.partition);
        let object = Resource { original: word(&path), ..draft::resource(&arn, OBJECT, place) };
        add_resource(&mut found, object);
    }
    if let Some(bucket) = affected.and_then(|affected| affected.bucket.get())
        && let Some(id) = bucket.arn.text().or_else(|| bucket.name.text())
    {
        add_resource(&mut found, draft::resource(&id, "AwsS3Bucket", place));
    }
    if found.is_empty() {
        remarks.note("resourcesAffected: names nothing; the account stands for it");
        found.push(Resource {
            id: account_root(place.partition, place.account.as_str()),
            original: String::new(),
            kind: "AwsAccount".to_owned(),
        });
    }
    found
}

/// The ASFF type of an object.
pub(crate) const OBJECT: &str = "AwsS3Object";
