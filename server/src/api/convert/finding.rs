//! Findings and their parts.

use muster_api::v1 as wire;
use muster_core::change::Change;
use muster_core::finding::{Finding, HeldReport, Placement};
use muster_core::intel::Exploitation;
use muster_core::priority::{Band, Priority, Reason};
use muster_core::report::{Attribute, Resource, Signals, Tag, Vulnerability};
use muster_core::time::{DAY_MS, Millis};
use muster_core::triage::{Actor, Triage};

use super::{Detail, enums, timestamp};

/// The most reports of one finding that are sent.
const REPORTS_MAX: usize = 100;

/// The most bytes of raw documents that are sent for one finding (1 MiB): two of the largest.
const RAW_BYTES_MAX: usize = 1024 * 1024;

/// A finding, in as much detail as asked for.
pub(crate) fn finding(finding: &Finding, detail: Detail) -> wire::Finding {
    let facts = &finding.facts;
    let whole = detail != Detail::Basic;
    let in_full = |text: &String| if whole { text.clone() } else { String::new() };
    wire::Finding {
        id: finding.id.to_string(),
        key: in_full(&finding.key),
        title: facts.title.clone(),
        description: in_full(&facts.description),
        severity: enums::severity(facts.severity).into(),
        severity_normalized: facts.severity_normalized.into(),
        finding_class: enums::class(facts.class).into(),
        status: enums::status(facts.status).into(),
        dissent: facts.dissent,
        priority: Some(priority(&finding.priority, whole)),
        triage: Some(triage(&finding.triage)),
        account_id: facts.account.to_string(),
        region: facts.region.to_string(),
        resources: facts.resources.iter().map(resource).collect(),
        facet: facts.facet.clone(),
        rule_id: facts.rule_id.clone(),
        products: facts.products.clone(),
        exposure: enums::exposure(facts.exposure).into(),
        sample: facts.sample,
        remediation: whole.then(|| wire::Remediation {
            text: facts.remediation.clone(),
            url: facts.remediation_url.clone(),
        }),
        first_observed_time: facts.first_observed.map(timestamp),
        last_observed_time: facts.last_observed.map(timestamp),
        create_time: Some(timestamp(finding.created)),
        update_time: Some(timestamp(finding.updated)),
        revision: finding.revision.0,
        content_version: finding.content_version,
        reports: if whole { reports(&finding.reports, detail) } else { Vec::new() },
        report_count: u32::try_from(finding.reports.len()).unwrap_or(u32::MAX),
        weakness_class: class_of(finding).to_owned(),
        merged_into_id: finding.merged_into.map_or_else(String::new, |into| into.to_string()),
        // What only the log and the view know.
        merged: None,
        related: Vec::new(),
        due_time: finding.due.as_ref().map(|due| timestamp(due.at)),
        due_rule: finding.due.as_ref().map_or_else(String::new, |due| due.rule.clone()),
        overdue: finding.is_overdue(),
        clock_start_time: Some(timestamp(finding.lifecycle.since)),
        reopen_count: finding.lifecycle.reopened.into(),
        exploitation: finding.exploitation.as_ref().map(exploitation),
    }
}

/// The weakness class that brings reports of a finding together; empty when none does.
fn class_of(finding: &Finding) -> &str {
    let class = finding.reports.iter().find_map(|held| match &held.placed {
        Placement::Class(class) => Some(class.as_str()),
        Placement::Origin | Placement::Decision => None,
    });
    class.unwrap_or_default()
}

/// The first reports, with raw documents as long as they fit.
fn reports(held: &[HeldReport], detail: Detail) -> Vec<wire::Report> {
    let mut raw_bytes = 0;
    let reports = held.iter().take(REPORTS_MAX).map(|held| {
        let mut report = report(held);
        if detail == Detail::Raw && !held.report.raw.is_empty() {
            let with_it = raw_bytes + held.report.raw.len();
            if with_it <= RAW_BYTES_MAX {
                raw_bytes = with_it;
                report.raw_json = held.report.raw.to_vec();
            } else {
                report.raw_omitted = true;
            }
        }
        report
    });
    reports.collect()
}

fn report(held: &HeldReport) -> wire::Report {
    let report = &held.report;
    wire::Report {
        source: enums::source(report.source).into(),
        path: enums::path(report.path()).into(),
        provider_id: report.key.provider_id.clone(),
        product: report.product.clone(),
        identity_rule: report.origin.rule.as_str().to_owned(),
        origin_key: report.origin.text.clone(),
        unit: held.unit.to_string(),
        title: report.title.clone(),
        severity: enums::severity(report.severity).into(),
        severity_normalized: report.severity_normalized.into(),
        status: enums::status(held.status()).into(),
        status_detail: report.status_detail.clone(),
        absent: held.absence.is_some(),
        workflow: report.customer.workflow.clone(),
        note: report.customer.note.clone(),
        verification: report.customer.verification.clone(),
        count: report.count,
        remarks: report.remarks.clone(),
        first_observed_time: report.first_observed.map(timestamp),
        last_observed_time: report.last_observed.map(timestamp),
        provider_update_time: report.provider_updated.map(timestamp),
        raw_json: Vec::new(),
        raw_truncated: report.raw_truncated,
        raw_omitted: false,
        placement: Some(placement(held)),
        attributes: report.attributes.iter().map(attribute).collect(),
        key: report.key.to_string(),
        signals: signals(&report.signals),
    }
}

/// What a report says about how urgent it is; `None` when it says nothing.
fn signals(signals: &Signals) -> Option<wire::Signals> {
    let tag = |tag: &Tag| wire::Tag { key: tag.key.clone(), value: tag.value.clone() };
    let vulnerability = |said: &Vulnerability| wire::Vulnerability {
        cves: said.ids.clone(),
        exploit: enums::exploit(said.exploit).into(),
        epss_permille: said.epss_permille.map(u32::from),
        fix_available: said.fix_available,
    };
    (*signals != Signals::default()).then(|| wire::Signals {
        criticality: signals.criticality.map(u32::from),
        confidence: signals.confidence.map(u32::from),
        tags: signals.tags.iter().map(tag).collect(),
        privilege: enums::privilege(signals.privilege).into(),
        attack_sequence: signals.sequence,
        vulnerability: signals.vulnerability.as_ref().map(vulnerability),
    })
}

/// What put a report into its finding.
fn placement(held: &HeldReport) -> wire::Placement {
    use wire::PlacementKind as Kind;
    let (kind, rule) = match &held.placed {
        Placement::Origin => (Kind::Origin, held.report.origin.rule.as_str()),
        Placement::Class(class) => (Kind::Class, class.as_str()),
        Placement::Decision => (Kind::Decision, ""),
    };
    wire::Placement { kind: kind.into(), rule: rule.to_owned(), decided: None }
}

fn attribute(attribute: &Attribute) -> wire::ReportAttribute {
    wire::ReportAttribute { name: attribute.name.clone(), value: attribute.value.clone() }
}

/// A merge or split, as its log entry has it.
pub(crate) fn regrouping(change: &Change) -> wire::Regrouping {
    wire::Regrouping {
        actor: Some(actor(&change.actor)),
        time: Some(timestamp(change.time)),
        action: change.action.clone(),
        comment: change.comment.clone(),
    }
}

fn resource(resource: &Resource) -> wire::Resource {
    wire::Resource {
        id: resource.id.clone(),
        original_id: resource.original.clone(),
        r#type: resource.kind.clone(),
    }
}

fn exploitation(found: &Exploitation) -> wire::Exploitation {
    let day = |day: i64| Millis(day * DAY_MS).to_string().split('T').next().map(str::to_owned);
    wire::Exploitation {
        cve: found.cve.clone(),
        known_exploited: found.known_exploited,
        kev_due_date: found.kev_due.and_then(day).unwrap_or_default(),
        ransomware: found.ransomware,
        epss_permille: found.epss_permille.map(u32::from),
        automatable: found.automatable,
        total_impact: found.total_impact,
    }
}

/// A line of a score.
pub(crate) fn reason(reason: &Reason) -> wire::PriorityReason {
    wire::PriorityReason {
        factor: reason.factor.as_str().to_owned(),
        points: reason.points,
        max_points: reason.max,
        value: reason.value.clone(),
        missing: reason.missing,
    }
}

fn priority(priority: &Priority, whole: bool) -> wire::Priority {
    let reasons = priority.reasons.iter().filter(|_| whole).map(reason);
    wire::Priority {
        score: priority.score.into(),
        band: enums::band(Band::of(priority.score)).into(),
        reasons: reasons.collect(),
        gate: priority.gate.map_or("", |gate| gate.as_str()).to_owned(),
        rules: priority.model.clone(),
        raw_score: priority.raw.into(),
        as_of_time: Some(timestamp(Millis(priority.as_of * DAY_MS))),
    }
}

/// What people decided.
pub(crate) fn triage(triage: &Triage) -> wire::Triage {
    let reason = triage.reason.map_or(wire::TriageReason::Unspecified, enums::reason);
    wire::Triage {
        state: enums::triage_state(triage.state).into(),
        assignee: triage.assignee.clone(),
        reason: reason.into(),
        comment: triage.comment.clone(),
        expire_time: triage.until.map(timestamp),
        update_time: triage.decided.map(timestamp),
        updated_by: triage.decided.map(|_| actor(&triage.decided_by)),
        decided_on_content_version: triage.content_version,
        stale: triage.stale,
        etag: triage.etag(),
    }
}

/// Who did something.
pub(super) fn actor(actor: &Actor) -> wire::Actor {
    wire::Actor { principal: actor.principal.clone(), on_behalf_of: actor.on_behalf_of.clone() }
}
