//! Makes a report of a finding.

use std::collections::BTreeSet;

use bytes::Bytes;
use muster_core::identity::{Arn, Origin, Place, bounded_part};
use muster_core::ids::{AccountId, Region};
use muster_core::report::{
    CustomerFields, NOT_ANALYZED, Report, ReportKey, ReportPath, Signals, Status,
};
use muster_core::unit::{SourceKind, Unit};

use super::native::Finding;
use super::statement::{Kind, Statement, left_out};
use crate::access;
use crate::document::Document;
use crate::draft::{self, Remarks, body_text, partition_or, word};
use crate::lenient::Scalar;
use crate::resource_type::{BUCKET, config_type};

/// The key of a finding's report: the analyzer and the id, which is unique only there.
pub(super) fn key(analyzer: &str, id: &str) -> ReportKey {
    let text = format!("{analyzer}/{id}");
    ReportKey { path: ReportPath::Native, provider_id: bounded_part(&text).into_owned() }
}

/// Where a finding comes from.
pub(super) struct Source<'a> {
    pub(super) document: &'a Bytes,
    /// Its `part` is the analyzer's ARN.
    pub(super) unit: &'a Unit,
    /// The resources that the analyzer cannot look at.
    pub(super) denied: &'a BTreeSet<String>,
}

/// Maps the finding of `pages`, which has that `id`: one report, or one for each kind of access to a
/// bucket that anybody can reach.
pub(super) fn document(pages: &[Finding<'_>], id: &str, source: &Source<'_>) -> Document {
    let (mut report, statement) = report(pages, id, source);
    let kind = resource_type(&report);
    let mut attributes = statement.attributes(&kind);
    if statement.kind == Kind::External && statement.is_public && kind == BUCKET {
        report.attributes = attributes.into_vec();
        return access::statements(&report, statement.access());
    }
    statement.add_access_to(&mut attributes);
    report.attributes = attributes.into_vec();
    Document::Report(Box::new(report))
}

fn report(pages: &[Finding<'_>], id: &str, source: &Source<'_>) -> (Report, Statement) {
    let Source { document, unit, denied } = *source;
    let mut remarks = Remarks::default();
    let empty = Finding::default();
    let finding = pages.first().unwrap_or(&empty);
    let statement = Statement::read(pages, &mut remarks);
    let omitted: usize = pages.iter().map(|page| left_out(&page.details)).sum();
    if omitted > 0 {
        remarks.note(format_args!("findingDetails: {omitted} are left out"));
    }
    let (account, region, partition) = place(finding, unit, &mut remarks);
    let place = Place { partition: &partition, account, region: &region };
    let name = finding.resource.text().unwrap_or_default();
    let kind = finding.resource_type.text().unwrap_or_default();
    if name.is_empty() {
        remarks.note("resource: missing; the account stands for it");
    }
    let own = if name.is_empty() { account.as_str() } else { &name };
    let resource = draft::resource(own, &kind, &place);
    let analyzer = unit.part.as_str();
    let principal = statement.principal();
    let origin = if statement.kind == Kind::External {
        Origin::ExternalAccess { analyzer, resource: &resource.id, principal: &principal }
    } else {
        Origin::AccessAnalyzer { analyzer, finding: id }
    };
    let severity = statement.severity(&kind);
    let (status, stated) = status(finding, &name, denied, &mut remarks);
    let is_error = statement.kind == Kind::Error;
    let status_detail = if is_error { NOT_ANALYZED.to_owned() } else { stated };
    let (raw, raw_truncated) = draft::raw(document);
    let created = remarks.time("createdAt", &finding.created_at);
    let report = Report {
        key: key(analyzer, id),
        origin: origin.key(),
        source: SourceKind::AccessAnalyzer,
        product: "aws/access-analyzer".to_owned(),
        class: statement.kind.class(),
        rule_id: word(&statement.type_name),
        title: draft::title(&statement.title(&resource.id)),
        description: body_text(&statement.description()),
        severity,
        severity_normalized: severity.floor(),
        status,
        status_detail,
        facet: word(&statement.facet()),
        exposure: statement.exposure(),
        signals: Signals { privilege: statement.privilege(), ..Signals::default() },
        sample: false,
        customer: CustomerFields::default(),
        remediation: String::new(),
        remediation_url: String::new(),
        first_observed: created,
        last_observed: remarks.time("analyzedAt", &finding.analyzed_at),
        provider_created: created,
        provider_updated: remarks.time("updatedAt", &finding.updated_at),
        count: 1,
        account,
        region,
        resources: vec![resource],
        remarks: remarks.into_vec(),
        raw,
        raw_truncated,
        attributes: Vec::new(),
    };
    (report, statement)
}

/// The resource's type as Config and Access Analyzer write it.
fn resource_type(report: &Report) -> String {
    report.primary_resource().map_or_else(String::new, config_type)
}

/// The owner's account; the Region and partition of the analyzer. Resources of global services have
/// no Region, and each Region's analyzer reports them on its own.
fn place(finding: &Finding<'_>, unit: &Unit, remarks: &mut Remarks) -> (AccountId, Region, String) {
    let resource = Arn::parse(finding.resource.as_str());
    let resource_account = resource.map_or("", |arn| arn.account);
    let others = [("resource", resource_account), ("accountId", finding.account_id.as_str())];
    let owner = &finding.resource_owner_account;
    let account = remarks.account("resourceOwnerAccount", owner, &others, unit);
    let analyzer = Arn::parse(&unit.part);
    let regions = [("analyzer", analyzer.map_or("", |arn| arn.region))];
    let region = remarks.region("region", &Scalar::Absent, &regions, unit);
    let stated = resource.or(analyzer).map_or("", |arn| arn.partition);
    let partition = partition_or(stated, &region).to_owned();
    (account, region, partition)
}

/// What the analyzer says now.
///
/// When it loses access to a resource, AWS turns the resource's other findings to `RESOLVED` although
/// the exposure may remain: then nobody can say.
fn status(
    finding: &Finding<'_>,
    resource: &str,
    denied: &BTreeSet<String>,
    remarks: &mut Remarks,
) -> (Status, String) {
    draft::status(finding.status.as_str(), remarks, |word, remarks| match word {
        "ACTIVE" => Some(Status::Active),
        "ARCHIVED" => Some(Status::Archived),
        "RESOLVED" if denied.contains(resource) => {
            remarks.note("status: RESOLVED, but the analyzer cannot look at the resource");
            Some(Status::Unobservable)
        }
        "RESOLVED" => Some(Status::Resolved),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access_analyzer::map::external_finding;

    #[test]
    fn an_error_finding_says_that_the_resource_was_not_analyzed() {
        let analyzer = "arn:aws:access-analyzer:eu-west-1:123456789012:analyzer/a";
        let unit = format!("access-analyzer/123456789012/eu-west-1/{analyzer}").parse().unwrap();
        let document = Bytes::from_static(
            br#"{"id":"f","resource":"arn:aws:s3:::b","resourceOwnerAccount":"123456789012",
                "error":"ACCESS_DENIED","status":"ACTIVE","updatedAt":"2026-01-01T00:00:00Z"}"#,
        );

        let mapped = external_finding(&document, &unit, &BTreeSet::new());

        let [report] = mapped.reports() else { panic!("{mapped:?}") };
        assert_eq!(report.status_detail, NOT_ANALYZED);
        assert_eq!(report.status, Status::Active);
    }
}
