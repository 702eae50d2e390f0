//! Makes a report of a row.

use bytes::Bytes;
use muster_core::identity::{Origin, Place, bounded_part, is_global_control};
use muster_core::ids::Region;
use muster_core::report::{
    CustomerFields, OriginKey, Report, ReportKey, ReportPath, Resource, Signals, Status,
};
use muster_core::unit::{SourceKind, Unit};

use super::native::{FlaggedResource, Item};
use super::row::{self, Row};
use super::verdict::{self, Verdict};
use super::{Check, rule_id, subject};
use crate::access;
use crate::document::Document;
use crate::draft::{self, Remarks, body_text, unmapped, word};
use crate::lenient::{Many, Moment, Pairs, Scalar};

/// What the rows of one result share.
pub(super) struct Evaluation<'a> {
    pub(super) check: &'a Check,
    /// When.
    pub(super) time: &'a Moment,
    /// Where it was read.
    pub(super) unit: &'a Unit,
}

/// Maps a row of a result.
pub(super) fn row(document: &Bytes, evaluation: &Evaluation<'_>) -> Document {
    match draft::parse::<FlaggedResource<'_>>(document) {
        Ok(row) => statements(&row, report(&row, document, evaluation), evaluation),
        Err(error) => unmapped(error, document),
    }
}

/// Maps a result that is flagged with that `status` without saying which resource is.
pub(super) fn whole(document: &Bytes, status: &str, evaluation: &Evaluation<'_>) -> Document {
    let row = FlaggedResource { status: Scalar::Text(status.into()), ..FlaggedResource::default() };
    let mut report = report(&row, document, evaluation);
    report.remarks.push("flaggedResources: empty; the account stands for them".to_owned());
    Document::Report(Box::new(report))
}

/// Maps the item of an event: the cells of one row, by their columns. Its key has no hash of AWS's, and
/// a path of its own.
pub(super) fn item(item: &Item<'_>, event: &Bytes, evaluation: &Evaluation<'_>) -> Document {
    let empty = Pairs::default();
    let cells = item.cells.get().unwrap_or(&empty);
    let check = Check {
        columns: cells.0.iter().map(|(column, _)| column.clone().into_owned()).collect(),
        ..evaluation.check.clone()
    };
    let row = FlaggedResource {
        status: item.status.clone(),
        metadata: Many {
            items: cells.0.iter().map(|(_, cell)| cell.clone()).collect(),
            total: cells.0.len(),
            not_a_list: None,
        },
        ..FlaggedResource::default()
    };
    let evaluation = Evaluation { check: &check, ..*evaluation };
    let mut report = report(&row, event, &evaluation);
    report.key.path = ReportPath::Event;
    let is_unnamed = report.resources.iter().any(|resource| resource.id.starts_with("ta-row:"));
    if let Some(arn) = item.resource_id.text().filter(|_| is_unnamed) {
        let Unit { account, region, .. } = evaluation.unit;
        let place = Place { partition: region.partition(), account: *account, region };
        draft::add_resource(&mut report.resources, draft::resource(&arn, "", &place));
    }
    statements(&row, report, &evaluation)
}

/// A report, or one for each thing that anybody can do to a bucket.
fn statements(row: &FlaggedResource<'_>, report: Report, evaluation: &Evaluation<'_>) -> Document {
    let Check { id, columns, .. } = evaluation.check;
    let cells = Row::new(columns, row);
    let Some(access) = subject::public_access(id, row.status.as_str(), &cells) else {
        return Document::Report(Box::new(report));
    };
    let mut reports = access::statements(&report, access).into_reports().unwrap_or_default();
    for (report, access) in reports.iter_mut().zip(access.names()) {
        subject::retain_columns_of(access, &mut report.attributes);
    }
    Document::of(reports)
}

fn report(row: &FlaggedResource<'_>, document: &Bytes, evaluation: &Evaluation<'_>) -> Report {
    let Evaluation { check, time, unit } = *evaluation;
    let mut remarks = Remarks::default();
    remarks.list("metadata", &row.metadata);
    if row.metadata.total > check.columns.len() {
        let (cells, columns) = (row.metadata.total, check.columns.len());
        remarks.note(format_args!("metadata: {cells} cells, but {columns} columns"));
    }
    let cells = Row::new(&check.columns, row);
    let stated = row::region(row, &cells);
    let place =
        Place { partition: unit.region.partition(), account: unit.account, region: &stated };
    let facet = subject::facet(&cells);
    let about = about(row, check, &cells, &facet, &place);
    let verdict = Verdict::read(row.status.as_str(), &mut remarks);
    let (severity, exposure) = verdict::severity(check, verdict, &cells);
    let is_suppressed = row.is_suppressed.flag() == Some(true);
    let (status, status_detail) = if is_suppressed && verdict != Verdict::Ok {
        (Status::Archived, "suppressed".to_owned())
    } else {
        (verdict.status(), word(row.status.as_str()))
    };
    let time = remarks.time("timestamp", time);
    let (raw, raw_truncated) = draft::raw(document);
    let description = [cells.lines(), check.description.clone()];
    Report {
        key: key(row, &about, &facet, evaluation),
        origin: about.origin,
        source: SourceKind::TrustedAdvisor,
        product: product(check).to_owned(),
        account: unit.account,
        region: about.region,
        class: verdict::class(check),
        rule_id: word(rule_id(check)),
        title: draft::title(if check.name.is_empty() { &check.id } else { &check.name }),
        description: body_text(description.join("\n\n").trim()),
        severity,
        severity_normalized: severity.floor(),
        status,
        status_detail,
        resources: about.resources,
        facet,
        exposure,
        signals: Signals { privilege: verdict::privilege(check, verdict), ..Signals::default() },
        sample: false,
        customer: CustomerFields::default(),
        remediation: check.remediation.clone(),
        remediation_url: check.remediation_url.clone(),
        first_observed: None,
        last_observed: time,
        provider_created: None,
        provider_updated: time,
        count: 1,
        remarks: remarks.into_vec(),
        raw,
        raw_truncated,
        attributes: subject::attributes(row.status.as_str(), &cells).into_vec(),
    }
}

/// Who says it. A mirror of a control is Security Hub's word, passed on: it corroborates nothing.
fn product(check: &Check) -> &'static str {
    if check.control.is_some() { "aws/securityhub" } else { "aws/trusted-advisor" }
}

/// What a row is about.
struct About {
    resources: Vec<Resource>,
    origin: OriginKey,
    region: Region,
    /// What tells the row from the others of its check, where AWS does not.
    row: String,
}

fn about(
    row: &FlaggedResource<'_>,
    check: &Check,
    cells: &Row<'_>,
    facet: &str,
    place: &Place<'_>,
) -> About {
    let says_nothing = check.columns.is_empty() && row.metadata.total == 0;
    let mut resources = if says_nothing {
        vec![subject::account(place)]
    } else {
        subject::resources(&check.id, cells, place)
    };
    let stated = row.resource_id.text();
    let hash = cells.hash().or_else(|| stated.as_deref().map(str::to_owned)).unwrap_or_default();
    let is_named = !resources.is_empty();
    if !is_named {
        // A control that names nothing is about the account.
        resources.push(match check.control {
            Some(_) => subject::account(place),
            None => subject::row(&check.id, &hash, place),
        });
    }
    let primary = resources.first().map_or("", |resource| resource.id.as_str());
    let (origin, region) = if let Some(control) = &check.control {
        let kind = resources.first().map_or("", |resource| resource.kind.as_str());
        let global = is_global_control(control, kind, primary);
        let region = if global { Region::global() } else { place.region.clone() };
        let Place { partition, account, .. } = *place;
        let origin =
            Origin::Control { partition, account, region: &region, control, resource: primary };
        (origin.key(), region)
    } else {
        let by_hash = format!("@{hash}");
        let resource = if is_named { primary } else { &by_hash };
        let Place { account, region, .. } = *place;
        let origin = Origin::TrustedAdvisor { account, check: &check.id, region, resource, facet };
        (origin.key(), region.clone())
    };
    let row = stated.map_or(hash, std::borrow::Cow::into_owned);
    About { resources, origin, region, row }
}

/// The identity of the report: AWS's hash of the row. What distinguishes the row is added, in case
/// that something else than AWS gives several rows of a resource one id.
fn key(
    row: &FlaggedResource<'_>,
    about: &About,
    facet: &str,
    evaluation: &Evaluation<'_>,
) -> ReportKey {
    let Evaluation { check, unit, .. } = evaluation;
    let region = row.region.text().unwrap_or_default();
    let text = format!("ta/{}/{}/{region}/{}/{facet}", unit.account, check.id, about.row);
    ReportKey { path: ReportPath::Native, provider_id: bounded_part(&text).into_owned() }
}
