//! Findings in JSON.

use std::borrow::Cow;

use muster_api::v1::{
    Actor, Exposure, Finding, FindingClass, FindingRelation, Placement, PlacementKind, Priority,
    PriorityBand, PriorityReason, Regrouping, RelatedFinding, Report, ReportAttribute, ReportPath,
    Severity, Status, Triage, TriageReason, TriageState,
};
use serde::Serialize;

use super::signals::SignalsDoc;
use super::{RawDoc, text};
use crate::cli::args::View;
use crate::cli::time::rfc3339;
use crate::cli::words::{Word, source};

/// A finding.
#[derive(Debug, Serialize)]
pub(crate) struct FindingDoc<'a> {
    id: &'a str,
    title: &'a str,
    severity: Cow<'static, str>,
    severity_normalized: u32,
    class: Cow<'static, str>,
    status: Cow<'static, str>,
    dissent: bool,
    priority: PriorityDoc<'a>,
    triage: TriageDoc,
    account_id: &'a str,
    region: &'a str,
    resources: Vec<ResourceDoc<'a>>,
    facet: Option<&'a str>,
    rule_id: &'a str,
    products: &'a [String],
    exposure: Cow<'static, str>,
    sample: bool,
    first_observed_time: Option<String>,
    last_observed_time: Option<String>,
    create_time: Option<String>,
    update_time: Option<String>,
    revision: u64,
    content_version: u64,
    report_count: u32,
    due_time: Option<String>,
    due_rule: Option<&'a str>,
    overdue: bool,
    reopen_count: u32,
    weakness_class: Option<&'a str>,
    merged_into_id: Option<&'a str>,
    /// Keys of the full view, which a basic one does not know.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    full: Option<FullDoc<'a>>,
}

#[derive(Debug, Serialize)]
struct FullDoc<'a> {
    key: &'a str,
    description: &'a str,
    remediation: Option<RemediationDoc<'a>>,
    reports: Vec<ReportDoc<'a>>,
    merged: Option<RegroupingDoc<'a>>,
    related: Vec<RelatedDoc<'a>>,
}

/// Another finding on the same resource.
#[derive(Debug, Serialize)]
struct RelatedDoc<'a> {
    id: &'a str,
    title: &'a str,
    rule_id: &'a str,
    status: Cow<'static, str>,
    score: u32,
    relation: Cow<'static, str>,
    weakness_class: &'a str,
}

/// What put a report into its finding.
#[derive(Debug, Serialize)]
struct PlacementDoc<'a> {
    kind: Cow<'static, str>,
    rule: Option<&'a str>,
    decided: Option<RegroupingDoc<'a>>,
}

/// Who moved reports, when and why.
#[derive(Debug, Serialize)]
struct RegroupingDoc<'a> {
    actor: Option<ActorDoc>,
    time: Option<String>,
    action: Option<&'a str>,
    comment: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct AttributeDoc<'a> {
    name: &'a str,
    value: &'a str,
}

#[derive(Debug, Serialize)]
struct PriorityDoc<'a> {
    score: u32,
    band: Cow<'static, str>,
    gate: Option<&'a str>,
    rules: &'a str,
    raw_score: u32,
    as_of: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasons: Option<Vec<ReasonDoc<'a>>>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ReasonDoc<'a> {
    factor: &'a str,
    points: i32,
    max_points: i32,
    value: &'a str,
    missing: bool,
}

/// What people decided.
#[derive(Debug, Serialize)]
pub(crate) struct TriageDoc {
    state: Cow<'static, str>,
    assignee: Option<String>,
    reason: Option<Cow<'static, str>>,
    comment: Option<String>,
    expire_time: Option<String>,
    update_time: Option<String>,
    updated_by: Option<ActorDoc>,
    decided_on_content_version: u64,
    stale: bool,
    etag: String,
}

/// Who did something.
#[derive(Debug, Serialize)]
pub(super) struct ActorDoc {
    principal: String,
    on_behalf_of: Option<String>,
}

#[derive(Debug, Serialize)]
struct ResourceDoc<'a> {
    id: &'a str,
    original_id: &'a str,
    r#type: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct RemediationDoc<'a> {
    text: &'a str,
    url: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct ReportDoc<'a> {
    key: &'a str,
    placement: Option<PlacementDoc<'a>>,
    source: Cow<'static, str>,
    path: Cow<'static, str>,
    provider_id: &'a str,
    product: &'a str,
    identity_rule: &'a str,
    origin_key: &'a str,
    unit: &'a str,
    title: &'a str,
    severity: Cow<'static, str>,
    severity_normalized: u32,
    status: Cow<'static, str>,
    status_detail: Option<&'a str>,
    absent: bool,
    workflow: Option<&'a str>,
    note: Option<&'a str>,
    verification: Option<&'a str>,
    count: u32,
    remarks: &'a [String],
    attributes: Vec<AttributeDoc<'a>>,
    signals: Option<SignalsDoc<'a>>,
    first_observed_time: Option<String>,
    last_observed_time: Option<String>,
    provider_update_time: Option<String>,
    raw_truncated: bool,
    raw_omitted: bool,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    raw: Option<RawDoc>,
}

impl<'a> FindingDoc<'a> {
    /// `view` is what the server was asked for: it decides which keys are there.
    pub(crate) fn new(finding: &'a Finding, view: View) -> Self {
        Self {
            id: &finding.id,
            title: &finding.title,
            severity: Severity::word(finding.severity),
            severity_normalized: finding.severity_normalized,
            class: FindingClass::word(finding.finding_class),
            status: Status::word(finding.status),
            dissent: finding.dissent,
            priority: PriorityDoc::new(finding.priority.as_ref(), view),
            triage: TriageDoc::new(&finding.triage.clone().unwrap_or_default()),
            account_id: &finding.account_id,
            region: &finding.region,
            resources: finding
                .resources
                .iter()
                .map(|resource| ResourceDoc {
                    id: &resource.id,
                    original_id: &resource.original_id,
                    r#type: text(&resource.r#type),
                })
                .collect(),
            facet: text(&finding.facet),
            rule_id: &finding.rule_id,
            products: &finding.products,
            exposure: Exposure::word(finding.exposure),
            sample: finding.sample,
            first_observed_time: rfc3339(finding.first_observed_time.as_ref()),
            last_observed_time: rfc3339(finding.last_observed_time.as_ref()),
            create_time: rfc3339(finding.create_time.as_ref()),
            update_time: rfc3339(finding.update_time.as_ref()),
            revision: finding.revision,
            content_version: finding.content_version,
            report_count: finding.report_count,
            due_time: rfc3339(finding.due_time.as_ref()),
            due_rule: text(&finding.due_rule),
            overdue: finding.overdue,
            reopen_count: finding.reopen_count,
            weakness_class: text(&finding.weakness_class),
            merged_into_id: text(&finding.merged_into_id),
            full: (view != View::Basic).then(|| FullDoc::new(finding, view)),
        }
    }
}

impl<'a> FullDoc<'a> {
    fn new(finding: &'a Finding, view: View) -> Self {
        Self {
            key: &finding.key,
            description: &finding.description,
            remediation: finding.remediation.as_ref().map(|remediation| RemediationDoc {
                text: &remediation.text,
                url: text(&remediation.url),
            }),
            reports: finding.reports.iter().map(|report| ReportDoc::new(report, view)).collect(),
            merged: finding.merged.as_ref().map(RegroupingDoc::new),
            related: finding.related.iter().map(RelatedDoc::new).collect(),
        }
    }
}

impl<'a> RelatedDoc<'a> {
    fn new(related: &'a RelatedFinding) -> Self {
        Self {
            id: &related.id,
            title: &related.title,
            rule_id: &related.rule_id,
            status: Status::word(related.status),
            score: related.score,
            relation: FindingRelation::word(related.relation),
            weakness_class: &related.weakness_class,
        }
    }
}

impl<'a> PlacementDoc<'a> {
    fn new(placement: &'a Placement) -> Self {
        Self {
            kind: PlacementKind::word(placement.kind),
            rule: text(&placement.rule),
            decided: placement.decided.as_ref().map(RegroupingDoc::new),
        }
    }
}

impl<'a> RegroupingDoc<'a> {
    fn new(regrouping: &'a Regrouping) -> Self {
        Self {
            actor: regrouping.actor.as_ref().map(ActorDoc::new),
            time: rfc3339(regrouping.time.as_ref()),
            action: text(&regrouping.action),
            comment: text(&regrouping.comment),
        }
    }
}

impl<'a> PriorityDoc<'a> {
    fn new(priority: Option<&'a Priority>, view: View) -> Self {
        static NONE: Priority = Priority {
            score: 0,
            band: 0,
            reasons: Vec::new(),
            gate: String::new(),
            rules: String::new(),
            raw_score: 0,
            as_of_time: None,
        };
        let priority = priority.unwrap_or(&NONE);
        Self {
            score: priority.score,
            band: PriorityBand::word(priority.band),
            gate: text(&priority.gate),
            rules: &priority.rules,
            raw_score: priority.raw_score,
            as_of: rfc3339(priority.as_of_time.as_ref()),
            reasons: (view != View::Basic)
                .then(|| priority.reasons.iter().map(ReasonDoc::new).collect()),
        }
    }
}

impl<'a> ReasonDoc<'a> {
    pub(crate) fn new(reason: &'a PriorityReason) -> Self {
        Self {
            factor: &reason.factor,
            points: reason.points,
            max_points: reason.max_points,
            value: &reason.value,
            missing: reason.missing,
        }
    }
}

impl TriageDoc {
    pub(crate) fn new(triage: &Triage) -> Self {
        let text = |text: &String| (!text.is_empty()).then(|| text.clone());
        Self {
            state: TriageState::word(triage.state),
            assignee: text(&triage.assignee),
            reason: TriageReason::known(triage.reason),
            comment: text(&triage.comment),
            expire_time: rfc3339(triage.expire_time.as_ref()),
            update_time: rfc3339(triage.update_time.as_ref()),
            updated_by: triage.updated_by.as_ref().map(ActorDoc::new),
            decided_on_content_version: triage.decided_on_content_version,
            stale: triage.stale,
            etag: triage.etag.clone(),
        }
    }
}

impl ActorDoc {
    pub(super) fn new(actor: &Actor) -> Self {
        Self {
            principal: actor.principal.clone(),
            on_behalf_of: (!actor.on_behalf_of.is_empty()).then(|| actor.on_behalf_of.clone()),
        }
    }
}

impl<'a> ReportDoc<'a> {
    fn new(report: &'a Report, view: View) -> Self {
        let attribute =
            |one: &'a ReportAttribute| AttributeDoc { name: &one.name, value: &one.value };
        Self {
            key: &report.key,
            placement: report.placement.as_ref().map(PlacementDoc::new),
            source: source(report.source),
            path: ReportPath::word(report.path),
            provider_id: &report.provider_id,
            product: &report.product,
            identity_rule: &report.identity_rule,
            origin_key: &report.origin_key,
            unit: &report.unit,
            title: &report.title,
            severity: Severity::word(report.severity),
            severity_normalized: report.severity_normalized,
            status: Status::word(report.status),
            status_detail: text(&report.status_detail),
            absent: report.absent,
            workflow: text(&report.workflow),
            note: text(&report.note),
            verification: text(&report.verification),
            count: report.count,
            remarks: &report.remarks,
            attributes: report.attributes.iter().map(attribute).collect(),
            signals: report.signals.as_ref().map(SignalsDoc::new),
            first_observed_time: rfc3339(report.first_observed_time.as_ref()),
            last_observed_time: rfc3339(report.last_observed_time.as_ref()),
            provider_update_time: rfc3339(report.provider_update_time.as_ref()),
            raw_truncated: report.raw_truncated,
            raw_omitted: report.raw_omitted,
            raw: (view == View::Raw).then(|| RawDoc::new(&report.raw_json)),
        }
    }
}
