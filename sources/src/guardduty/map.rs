//! From the bytes of `ListDetectors`, `ListFindings` and `GetFindings` to reports.
//!
//! A finding keeps its id while it is updated; what moves is `service.count`, the times and sometimes
//! the severity. `GuardDuty` never says that something is resolved.

mod native;
mod resources;
mod signals;

use bytes::Bytes;
use muster_core::identity::{Arn, Origin, Place, bounded_part};
use muster_core::ids::{AccountId, Region};
use muster_core::report::{
    CustomerFields, FindingClass, Report, ReportKey, ReportPath, Severity, Status, TEXT_BYTES_MAX,
    TITLE_BYTES_MAX,
};
use muster_core::unit::{SourceKind, Unit};

use self::native::{Finding, Service};
use crate::body::Answer;
use crate::document::{BodyError, Document, IdsPage};
use crate::draft::{self, Remarks, partition_or, unmapped, word};
use crate::lenient::Scalar;

/// Reads a page of `ListDetectors`: `{"detectorIds": [..], "nextToken": ".."}`.
pub fn detectors_page(body: &Bytes) -> Result<IdsPage, BodyError> {
    ids_page(body, "guardduty:ListDetectors", "detectorIds")
}

/// Reads a page of `ListFindings`: `{"findingIds": [..], "nextToken": ".."}`.
pub fn finding_ids_page(body: &Bytes) -> Result<IdsPage, BodyError> {
    ids_page(body, "guardduty:ListFindings", "findingIds")
}

fn ids_page(body: &Bytes, operation: &'static str, list: &str) -> Result<IdsPage, BodyError> {
    let answer = Answer::read(body, operation)?;
    let mut ids = Vec::new();
    for item in answer.list(list)? {
        let id = serde_json::from_slice::<Scalar<'_>>(item).ok();
        // An id left out would be a finding that nobody sees: better no page.
        let id = id.and_then(|id| id.text().map(std::borrow::Cow::into_owned));
        ids.push(id.ok_or_else(|| answer.error(format!("{list}: an item is not a text")))?);
    }
    Ok(IdsPage { ids, next_token: answer.text("nextToken")? })
}

/// Reads the answer of `GetFindings`: `{"findings": [..]}`. It has no pages: it returns what it
/// finds of the ids asked for.
///
/// # Errors
///
/// When the body is not such an object. What is wrong inside of a finding costs only that finding,
/// which becomes [`Document::Unmapped`].
pub fn findings(body: &Bytes, unit: &Unit) -> Result<Vec<Document>, BodyError> {
    let answer = Answer::read(body, "guardduty:GetFindings")?;
    let documents = answer.list("findings")?;
    Ok(documents.iter().map(|document| finding(document, unit)).collect())
}

/// Maps one native finding, read by `unit`: as the API and events send it (`accountId`) or as SDKs
/// print it (`AccountId`). `raw` is kept as it is.
///
/// Only what is no object, or has neither `id` nor `arn`, cannot be mapped.
pub fn finding(raw: &Bytes, unit: &Unit) -> Document {
    let finding = match draft::parse_any_case::<Finding<'_>>(raw) {
        Ok(finding) => finding,
        Err(error) => return unmapped(error, raw),
    };
    let of_arn = || finding.arn.as_str().rsplit_once("/finding/").map(|(_, id)| id.to_owned());
    let id = finding.id.text().map(std::borrow::Cow::into_owned).or_else(of_arn);
    match id.filter(|id| !id.is_empty()) {
        Some(id) => Document::Report(Box::new(report(&finding, &id, raw, unit))),
        None => unmapped("id: missing", raw),
    }
}

fn report(finding: &Finding<'_>, id: &str, document: &Bytes, unit: &Unit) -> Report {
    let mut remarks = Remarks::default();
    if finding.id.text().is_none() {
        remarks.note("id: missing; taken from arn");
    }
    let empty = Service::default();
    let service = remarks.object("service", &finding.service).unwrap_or(&empty);
    let (account, region, partition) = place(finding, unit, &mut remarks);
    let place = Place { partition: &partition, account, region: &region };
    let origin = Origin::GuardDuty { partition: &partition, region: &region, account, finding: id };
    let subject = resources::subject(finding, &place, &mut remarks);
    let rule_id = rule(finding, &mut remarks);
    let (severity, severity_normalized) = severity(&finding.severity, &mut remarks);
    let (status, status_detail) = status(&service.archived, &mut remarks);
    let (raw, raw_truncated) = draft::raw(document);
    let title = remarks.text("title", &finding.title, TITLE_BYTES_MAX);
    Report {
        key: key(finding, service, id, &place),
        origin: origin.key(),
        source: SourceKind::GuardDuty,
        product: "aws/guardduty".to_owned(),
        class: FindingClass::Threat,
        title: if title.is_empty() { rule_id.clone() } else { title },
        description: remarks.text("description", &finding.description, TEXT_BYTES_MAX),
        severity,
        severity_normalized,
        status,
        status_detail,
        signals: signals::signals(finding, &rule_id, &subject.resources, &place, &mut remarks),
        exposure: signals::exposure(finding, &rule_id, &subject.resources),
        resources: subject.resources,
        facet: subject.facet,
        sample: is_sample(finding, service),
        customer: CustomerFields::default(),
        remediation: String::new(),
        remediation_url: String::new(),
        first_observed: remarks.time("service.eventFirstSeen", &service.event_first_seen),
        last_observed: remarks.time("service.eventLastSeen", &service.event_last_seen),
        provider_created: remarks.time("createdAt", &finding.created_at),
        provider_updated: remarks.time("updatedAt", &finding.updated_at),
        count: service.count.number().map_or(1, draft::count),
        account,
        region,
        rule_id,
        remarks: remarks.into_vec(),
        raw,
        raw_truncated,
        attributes: Vec::new(),
    }
}

/// Account, Region and partition, or else those of the ARN. The Region may differ from the one that
/// was asked: events of global services.
fn place(finding: &Finding<'_>, unit: &Unit, remarks: &mut Remarks) -> (AccountId, Region, String) {
    let arn = Arn::parse(finding.arn.as_str());
    let part = |part: fn(Arn<'_>) -> &str| arn.map_or("", part);
    let accounts = [("arn", part(|arn| arn.account))];
    let regions = [("arn", part(|arn| arn.region))];
    let account = remarks.account("accountId", &finding.account_id, &accounts, unit);
    let region = remarks.region("region", &finding.region, &regions, unit);
    let stated = finding.partition.as_str();
    let stated = if stated.is_empty() { part(|arn| arn.partition) } else { stated };
    let partition = partition_or(stated, &region).to_owned();
    (account, region, partition)
}

/// The ARN; composed when the finding has none.
fn key(finding: &Finding<'_>, service: &Service<'_>, id: &str, place: &Place<'_>) -> ReportKey {
    let arn = finding.arn.as_str();
    let provider_id = if arn.starts_with("arn:") {
        bounded_part(arn).into_owned()
    } else {
        let Place { partition, account, region } = place;
        let detector = service.detector_id.as_str();
        let arn = format!(
            "arn:{partition}:guardduty:{region}:{account}:detector/{detector}/finding/{id}"
        );
        bounded_part(&arn).into_owned()
    };
    ReportKey { path: ReportPath::Native, provider_id }
}

fn rule(finding: &Finding<'_>, remarks: &mut Remarks) -> String {
    let Some(kind) = finding.kind.text() else {
        remarks.note("type: missing");
        return "unknown".to_owned();
    };
    word(&kind)
}

/// 1.0 to 10.0, of which ten times the number falls into the bands of ASFF: 3.9 is the last `LOW`,
/// 9.0 (attack sequences) the first `CRITICAL`.
fn severity(scalar: &Scalar<'_>, remarks: &mut Remarks) -> (Severity, u8) {
    let Some(number) = scalar.number() else {
        remarks.note("severity: missing or not a number; INFORMATIONAL is taken");
        return (Severity::Informational, 0);
    };
    if !(0.0..=10.0).contains(&number) {
        remarks.note(format_args!("severity: {number} is not between 0 and 10"));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "in the range of 0 to 100"
    )]
    let normalized = (number.clamp(0.0, 10.0) * 10.0).round() as u8;
    (Severity::from_normalized(normalized), normalized)
}

/// Archived by a person or by a suppression rule, or else active: `GuardDuty` knows nothing between.
fn status(archived: &Scalar<'_>, remarks: &mut Remarks) -> (Status, String) {
    match archived.flag() {
        Some(true) => (Status::Archived, "archived".to_owned()),
        Some(false) => (Status::Active, "active".to_owned()),
        None => {
            if *archived != Scalar::Absent {
                remarks.note("service.archived: not a truth value");
            }
            (Status::Active, "active".to_owned())
        }
    }
}

/// Made to show what a finding looks like.
fn is_sample(finding: &Finding<'_>, service: &Service<'_>) -> bool {
    let info = service.additional_info.get();
    finding.title.as_str().starts_with("[SAMPLE]")
        || info.is_some_and(|info| info.sample.flag() == Some(true))
        || info.is_some_and(|info| draft::says_sample(info.value.as_str()))
}
