//! Everything about one finding, for people.

mod reports;

use std::collections::BTreeMap;
use std::io;

use jiff::Timestamp;
use muster_api::v1::{
    Actor, Exposure, Finding, FindingClass, FindingRelation, Priority, PriorityBand,
    PriorityReason, Regrouping, Severity, Status, Triage, TriageReason, TriageState,
};

pub(crate) use self::reports::numbered;
use crate::cli::output::findings::{or_dash, short_id, short_ids, status_span};
use crate::cli::output::table::{Column, Table};
use crate::cli::safe_text::SafeText;
use crate::cli::time::stamp;
use crate::cli::ui::{BOLD, DIM, PLAIN, Span, Ui, band_style, severity_style};
use crate::cli::words::Word;

/// Width of the labels.
const LABEL: usize = 12;

/// Prints a finding.
pub(crate) fn print(ui: &mut Ui, finding: &Finding) -> io::Result<()> {
    let now = (ui.now)();
    head(ui, finding, now)?;
    facts(ui, finding, now)?;
    triage(ui, &finding.triage.clone().unwrap_or_default(), now)?;
    text(ui, "Description", &finding.description)?;
    priority(ui, &finding.priority.clone().unwrap_or_default())?;
    due(ui, finding)?;
    reports::print(ui, finding, now)?;
    related(ui, finding)?;
    if let Some(remediation) = &finding.remediation {
        text(ui, "What to do", &remediation.text)?;
        if !remediation.url.is_empty() {
            ui.line(&[Span::plain("  "), Span::plain(remediation.url.as_str())])?;
        }
    }
    Ok(())
}

fn head(ui: &mut Ui, finding: &Finding, now: Timestamp) -> io::Result<()> {
    let sample = if finding.sample { "  (sample, never ranked)" } else { "" };
    ui.line(&[Span::new(finding.title.as_str(), BOLD), Span::new(sample, DIM)])?;
    ui.line(&[Span::new(finding.id.as_str(), DIM)])?;
    if !finding.merged_into_id.is_empty() {
        let how = finding.merged.as_ref().map(|merged| format!(" ({})", decided(merged, now)));
        let line = format!("merged into {}{}", finding.merged_into_id, how.unwrap_or_default());
        ui.line(&[Span::new(line, BOLD)])?;
        let go_on = format!("go on there: muster get {}", short_id(&finding.merged_into_id, 8));
        ui.line(&[Span::plain(go_on)])?;
    }
    ui.line(&[])
}

/// Who moved reports, when and why: `user:alice, 2026-12-01 09:00Z (3h ago): one bucket`.
pub(super) fn decided(regrouping: &Regrouping, now: Timestamp) -> String {
    let by = who(regrouping.actor.as_ref());
    let when = stamp(now, regrouping.time.as_ref());
    match regrouping.comment.as_str() {
        "" => format!("{by}, {when}"),
        comment => format!("{by}, {when}: {comment}"),
    }
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
    if finding.dissent {
        dissent(ui, finding)?;
    }
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
    if !finding.weakness_class.is_empty() {
        field(ui, "Weakness", finding.weakness_class.as_str())?;
    }
    field(ui, "First seen", stamp(now, finding.first_observed_time.as_ref()))?;
    field(ui, "Last seen", stamp(now, finding.last_observed_time.as_ref()))?;
    field(ui, "Changed", stamp(now, finding.update_time.as_ref()))?;
    let version =
        format!("revision {}, content version {}", finding.revision, finding.content_version);
    field(ui, "Version", version)?;
    field(ui, "Key", or_dash(&finding.key))
}

/// Who says what about the status: `active   aws/securityhub`.
fn dissent(ui: &mut Ui, finding: &Finding) -> io::Result<()> {
    let mut sides: BTreeMap<i32, Vec<&str>> = BTreeMap::new();
    for report in &finding.reports {
        let products = sides.entry(report.status).or_default();
        if !products.contains(&report.product.as_str()) {
            products.push(&report.product);
        }
    }
    for (status, products) in sides {
        field(ui, "", format!("{}: {}", Status::lower(status), products.join(", ")))?;
    }
    Ok(())
}

/// What else is open on the resource.
fn related(ui: &mut Ui, finding: &Finding) -> io::Result<()> {
    if finding.related.is_empty() {
        return Ok(());
    }
    heading(ui, "Related, and open")?;
    let length = short_ids(finding.related.iter().map(|one| one.id.as_str()));
    let mut table = Table::new([
        Column::new("  ID"),
        Column::new("SCORE").right(),
        Column::new("RULE").shrinks_to(20),
        Column::new("TITLE").shrinks_to(20),
    ]);
    for one in &finding.related {
        let title = relation(one.relation);
        table.push(vec![
            Span::new(format!("  {}", short_id(&one.id, length)), BOLD),
            Span::plain(one.score.to_string()),
            Span::plain(or_dash(&one.rule_id)),
            Span::plain(format!("{title}{}", one.title)),
        ]);
    }
    table.print(ui)
}

/// What a related finding is to the one that is shown, before its title.
fn relation(relation: i32) -> &'static str {
    match FindingRelation::try_from(relation) {
        // The one that this finding's priority counts.
        Ok(FindingRelation::Threat) => "threat, raises the priority: ",
        Ok(FindingRelation::Threatened) => "weakness of what is threatened: ",
        Ok(FindingRelation::Whole) => "the whole of which this is a part: ",
        Ok(FindingRelation::Part) => "a part of this: ",
        Ok(FindingRelation::Sibling) => "the same weakness, another part: ",
        Ok(FindingRelation::Near) => "often comes with this: ",
        Ok(FindingRelation::Evidence) => "has to do with this: ",
        Ok(FindingRelation::Evidenced) => "what this has to do with: ",
        Ok(FindingRelation::SameResource | FindingRelation::Unspecified) | Err(_) => "",
    }
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

/// By when it is to be fixed.
fn due(ui: &mut Ui, finding: &Finding) -> io::Result<()> {
    let Some(time) = &finding.due_time else { return Ok(()) };
    // The end of the day: the last moment before it is of that day.
    let last = Timestamp::from_second(time.seconds - 1).map(|time| time.to_string());
    let day = last.unwrap_or_default().split('T').next().unwrap_or_default().to_owned();
    let overdue = if finding.overdue { ", overdue" } else { "" };
    field(ui, "Due", format!("{day} ({}{overdue})", finding.due_rule))
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
    let sum: i64 = priority.reasons.iter().map(|reason| i64::from(reason.points)).sum();
    table.push(vec![
        Span::new("  sum", BOLD),
        Span::new(sum.to_string(), BOLD),
        Span::plain(""),
        Span::plain(""),
    ]);
    table.print(ui)?;
    if sum != i64::from(priority.score) {
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
    ui.line(&[Span::new(format!("      {label:LABEL$}"), DIM), Span::plain(or_dash(value))])
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
