//! Everything about one finding, for people.

use std::io;

use jiff::Timestamp;
use muster_api::v1::{
    Actor, Exposure, Finding, FindingClass, Priority, PriorityBand, PriorityReason, Report,
    ReportPath, Severity, Status, Triage, TriageReason, TriageState,
};

use crate::cli::output::findings::{or_dash, status_span};
use crate::cli::output::table::{Column, Table};
use crate::cli::safe_text::SafeText;
use crate::cli::time::stamp;
use crate::cli::ui::{BOLD, DIM, PLAIN, Span, Ui, band_style, severity_style};
use crate::cli::words::{Word, count, source};

/// Width of the labels.
const LABEL: usize = 12;

/// Prints a finding.
pub(crate) fn print(ui: &mut Ui, finding: &Finding) -> io::Result<()> {
    let now = (ui.now)();
    head(ui, finding)?;
    facts(ui, finding, now)?;
    triage(ui, &finding.triage.clone().unwrap_or_default(), now)?;
    text(ui, "Description", &finding.description)?;
    priority(ui, &finding.priority.clone().unwrap_or_default())?;
    reports(ui, finding, now)?;
    if let Some(remediation) = &finding.remediation {
        text(ui, "What to do", &remediation.text)?;
        if !remediation.url.is_empty() {
            ui.line(&[Span::plain("  "), Span::plain(remediation.url.as_str())])?;
        }
    }
    Ok(())
}

fn head(ui: &mut Ui, finding: &Finding) -> io::Result<()> {
    let sample = if finding.sample { "  (sample, never ranked)" } else { "" };
    ui.line(&[Span::new(finding.title.as_str(), BOLD), Span::new(sample, DIM)])?;
    ui.line(&[Span::new(finding.id.as_str(), DIM)])?;
    ui.line(&[])
}

fn facts(ui: &mut Ui, finding: &Finding, now: Timestamp) -> io::Result<()> {
    let severity =
        format!("{} ({})", Severity::word(finding.severity), finding.severity_normalized);
    field(ui, "Severity", Span::new(severity, severity_style(finding.severity)))?;
    let mut status = status_span(finding.status);
    if finding.dissent {
        status.text =
            format!("{} (the reports do not agree; this is the worst)", status.text).into();
    }
    field(ui, "Status", status)?;
    field(ui, "Class", FindingClass::lower(finding.finding_class))?;
    field(ui, "Exposure", Exposure::lower(finding.exposure))?;
    field(ui, "Account", or_dash(&finding.account_id))?;
    field(ui, "Region", or_dash(&finding.region))?;
    for (at, resource) in finding.resources.iter().enumerate() {
        let label = if at == 0 { "Resource" } else { "" };
        let mut text = or_dash(&resource.id).to_owned();
        if !resource.r#type.is_empty() {
            text = format!("{text}  ({})", resource.r#type);
        }
        field(ui, label, text)?;
    }
    if !finding.facet.is_empty() {
        field(ui, "Facet", finding.facet.as_str())?;
    }
    field(ui, "Rule", or_dash(&finding.rule_id))?;
    field(ui, "First seen", stamp(now, finding.first_observed_time.as_ref()))?;
    field(ui, "Last seen", stamp(now, finding.last_observed_time.as_ref()))?;
    field(ui, "Changed", stamp(now, finding.update_time.as_ref()))?;
    let version =
        format!("revision {}, content version {}", finding.revision, finding.content_version);
    field(ui, "Version", version)?;
    field(ui, "Key", or_dash(&finding.key))
}

fn triage(ui: &mut Ui, triage: &Triage, now: Timestamp) -> io::Result<()> {
    heading(ui, "Triage")?;
    let mut state = TriageState::lower(triage.state);
    if triage.stale {
        state.push_str(" (stale: the finding changed materially after the decision)");
    }
    field(ui, "State", Span::new(state, BOLD))?;
    field(ui, "Assignee", if triage.assignee.is_empty() { "nobody" } else { &triage.assignee })?;
    if TriageReason::known(triage.reason).is_some() {
        field(ui, "Reason", TriageReason::lower(triage.reason))?;
    }
    if triage.expire_time.is_some() {
        field(ui, "Ends", stamp(now, triage.expire_time.as_ref()))?;
    }
    if triage.update_time.is_some() {
        let by = who(triage.updated_by.as_ref());
        field(ui, "Decided", format!("{} by {by}", stamp(now, triage.update_time.as_ref())))?;
    }
    if !triage.comment.is_empty() {
        block(ui, &triage.comment)?;
    }
    Ok(())
}

fn priority(ui: &mut Ui, priority: &Priority) -> io::Result<()> {
    heading(ui, "Priority")?;
    if !priority.gate.is_empty() {
        return ui.line(&[Span::plain(format!("  not ranked: {}", priority.gate))]);
    }
    let band = PriorityBand::word(priority.band);
    let score = format!("{} of 1000, {band}", priority.score);
    ui.line(&[Span::plain("  "), Span::new(score, band_style(priority.band))])?;
    if priority.reasons.is_empty() {
        return Ok(());
    }
    let mut table = Table::new([
        Column::new("  REASON"),
        Column::new("POINTS").right(),
        Column::new("OF").right(),
        Column::new("SEEN").shrinks_to(20),
    ]);
    for reason in &priority.reasons {
        table.push(reason_row(reason));
    }
    let sum: u64 = priority.reasons.iter().map(|reason| u64::from(reason.points)).sum();
    table.push(vec![
        Span::new("  sum", BOLD),
        Span::new(sum.to_string(), BOLD),
        Span::plain(""),
        Span::plain(""),
    ]);
    table.print(ui)?;
    if sum != u64::from(priority.score) {
        // P1 is the server's promise; a reader must not be left to find the difference.
        ui.warn("the reasons do not sum to the score: report this as a fault of the server");
    }
    Ok(())
}

fn reason_row(reason: &PriorityReason) -> Vec<Span> {
    let seen = if reason.missing {
        let seen = if reason.value.is_empty() { "unknown" } else { &reason.value };
        Span::new(format!("{seen} (not known, which does not mean safe)"), DIM)
    } else {
        Span::plain(reason.value.as_str())
    };
    vec![
        Span::plain(format!("  {}", reason.factor)),
        Span::plain(reason.points.to_string()),
        Span::plain(reason.max_points.to_string()),
        seen,
    ]
}

fn reports(ui: &mut Ui, finding: &Finding, now: Timestamp) -> io::Result<()> {
    let Finding { reports, report_count, .. } = finding;
    let report_count = *report_count;
    let (shown, all) = (reports.len() as u64, u64::from(report_count));
    let more = if all > shown { format!(", the first {shown} of them") } else { String::new() };
    heading(ui, &format!("{}{more}", count(all.max(shown), "report")))?;
    for report in reports {
        let path = ReportPath::word(report.path).to_ascii_lowercase();
        let from = format!("{}, read from {} ({path})", report.product, source(report.source));
        let severity = Span::new(Severity::word(report.severity), severity_style(report.severity));
        ui.line(&[Span::plain("  "), Span::new(from, BOLD), Span::plain("  "), severity])?;
        report_facts(ui, report, now)?;
    }
    Ok(())
}

fn report_facts(ui: &mut Ui, report: &Report, now: Timestamp) -> io::Result<()> {
    let mut status = Status::lower(report.status);
    if !report.status_detail.is_empty() {
        status = format!("{status} (the source says {})", report.status_detail);
    }
    if report.absent {
        status.push_str(", no longer in what its unit reads");
    }
    inner(ui, "title", &report.title)?;
    inner(ui, "status", &status)?;
    inner(ui, "put here by", &format!("rule {}: {}", report.identity_rule, report.origin_key))?;
    inner(ui, "id there", &report.provider_id)?;
    inner(ui, "unit", &report.unit)?;
    inner(ui, "last seen", &stamp(now, report.last_observed_time.as_ref()))?;
    if report.count > 1 {
        inner(ui, "seen", &format!("{} times", report.count))?;
    }
    for (label, value) in
        [("workflow", &report.workflow), ("note", &report.note), ("verified", &report.verification)]
    {
        if !value.is_empty() {
            inner(ui, label, value)?;
        }
    }
    for remark in &report.remarks {
        inner(ui, "remark", remark)?;
    }
    Ok(())
}

/// Who did something, and for whom.
pub(crate) fn who(actor: Option<&Actor>) -> String {
    let actor = actor.cloned().unwrap_or_default();
    match (actor.principal.as_str(), actor.on_behalf_of.as_str()) {
        ("", _) => "somebody".to_owned(),
        (principal, "") => principal.to_owned(),
        (principal, behalf) => format!("{principal} for {behalf}"),
    }
}

fn heading(ui: &mut Ui, text: &str) -> io::Result<()> {
    ui.line(&[])?;
    ui.line(&[Span::new(text, BOLD)])
}

fn field(ui: &mut Ui, label: &str, value: impl Into<Value>) -> io::Result<()> {
    let Value(value) = value.into();
    ui.line(&[Span::new(format!("{label:LABEL$}"), DIM), value])
}

fn inner(ui: &mut Ui, label: &str, value: &str) -> io::Result<()> {
    ui.line(&[Span::new(format!("    {label:LABEL$}"), DIM), Span::plain(or_dash(value))])
}

/// A paragraph under a heading; nothing for an empty one.
fn text(ui: &mut Ui, title: &str, text: &str) -> io::Result<()> {
    if text.trim().is_empty() {
        return Ok(());
    }
    heading(ui, title)?;
    block(ui, text)
}

fn block(ui: &mut Ui, text: &str) -> io::Result<()> {
    for line in SafeText::block(text).as_str().lines() {
        let line = Span { text: SafeText::block(line), style: PLAIN };
        ui.line(&[Span::plain("  "), line])?;
    }
    Ok(())
}

/// What stands after a label: plain text, or a span with its own style.
struct Value(Span);

impl From<Span> for Value {
    fn from(span: Span) -> Self {
        Self(span)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self(Span::plain(text))
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self(Span::plain(text.as_str()))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self(Span::plain(text))
    }
}
