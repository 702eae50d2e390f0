//! What each product says, by what put it into the finding.

use std::io;

use jiff::Timestamp;
use muster_api::v1::{
    ExploitState, Finding, Placement, PlacementKind, Privilege, Report, ReportPath, Severity,
    Signals, Status, Vulnerability,
};

use super::{decided, heading, inner};
use crate::cli::time::stamp;
use crate::cli::ui::{BOLD, DIM, Span, Ui, severity_style};
use crate::cli::words::{Word, count, source};

/// The reports with the numbers that `split` takes: together are those that one rule put there.
pub(crate) fn numbered(finding: &Finding) -> Vec<(usize, &Report)> {
    let mut reports: Vec<&Report> = finding.reports.iter().collect();
    reports.sort_by_key(|report| group(report));
    reports.into_iter().zip(1..).map(|(report, number)| (number, report)).collect()
}

pub(super) fn print(ui: &mut Ui, finding: &Finding, now: Timestamp) -> io::Result<()> {
    let (shown, all) = (finding.reports.len() as u64, u64::from(finding.report_count));
    if all == 0 && shown == 0 && !finding.merged_into_id.is_empty() {
        return Ok(());
    }
    let more = if all > shown { format!(", the first {shown} of them") } else { String::new() };
    heading(ui, &format!("{}{more}", count(all.max(shown), "report")))?;
    let mut last = None;
    for (number, report) in numbered(finding) {
        let group = group(report);
        if last.as_ref() != Some(&group) {
            ui.line(&[Span::plain("  "), Span::new(in_words(report, now), DIM)])?;
            last = Some(group);
        }
        let path = ReportPath::word(report.path).to_ascii_lowercase();
        let from = format!("{}, read from {} ({path})", report.product, source(report.source));
        let severity = Span::new(Severity::word(report.severity), severity_style(report.severity));
        let number = Span::plain(format!("  {number:>2}  "));
        ui.line(&[number, Span::new(from, BOLD), Span::plain("  "), severity])?;
        facts(ui, report, now)?;
    }
    Ok(())
}

/// What reports have in common that stand together: the kind of rule, its name, the decision.
fn group(report: &Report) -> (i32, String, Option<(i64, i32)>) {
    let Placement { kind, rule, decided } = placement(report);
    // Classes first, since they bring products together.
    let rank = match PlacementKind::try_from(kind) {
        Ok(PlacementKind::Class) => 0,
        Ok(PlacementKind::Origin) => 1,
        Ok(PlacementKind::Decision) => 2,
        Ok(PlacementKind::Unspecified) | Err(_) => 3,
    };
    let time = decided.and_then(|decided| decided.time).map(|time| (time.seconds, time.nanos));
    (rank, rule, time)
}

/// What put it there; an older server knows the rule of the origin key alone.
fn placement(report: &Report) -> Placement {
    report.placement.clone().unwrap_or_else(|| Placement {
        kind: PlacementKind::Origin.into(),
        rule: report.identity_rule.clone(),
        decided: None,
    })
}

/// The rule that put it there, in words.
fn in_words(report: &Report, now: Timestamp) -> String {
    let Placement { kind, rule, decided: by } = placement(report);
    match PlacementKind::try_from(kind) {
        Ok(PlacementKind::Class) => format!("class {rule}: same weakness of the same resource"),
        Ok(PlacementKind::Origin) => format!("{rule}: {}", same(&rule)),
        Ok(PlacementKind::Decision) => match by {
            Some(by) => format!("put here by {}", decided(&by, now)),
            None => "put here by hand; the history no longer says by whom".to_owned(),
        },
        Ok(PlacementKind::Unspecified) | Err(_) => {
            format!("{} {rule}", PlacementKind::lower(kind))
        }
    }
}

/// What reports with one origin key have in common, by the rule of the key.
fn same(rule: &str) -> &'static str {
    match rule {
        "gd" => "same GuardDuty finding",
        "aax" => "same access from outside: analyzer, resource and principal",
        "aa" => "same Access Analyzer finding",
        "shc" => "same control on the same resource",
        "ta" => "same Trusted Advisor check of the same resource",
        "insp" => "same Inspector finding",
        "mac" => "same Macie finding",
        "cfg" => "same Config rule on the same resource",
        "hlt" => "same Health event",
        "asff" => "same finding of the product in Security Hub",
        _ => "same by its origin key",
    }
}

fn facts(ui: &mut Ui, report: &Report, now: Timestamp) -> io::Result<()> {
    let mut status = Status::lower(report.status);
    if !report.status_detail.is_empty() {
        status = format!("{status} (the source says {})", report.status_detail);
    }
    if report.absent {
        status.push_str(", no longer in what its unit reads");
    }
    inner(ui, "title", &report.title)?;
    inner(ui, "status", &status)?;
    inner(ui, "about", &report.origin_key)?;
    inner(ui, "id there", &report.provider_id)?;
    inner(ui, "unit", &report.unit)?;
    inner(ui, "last seen", &stamp(now, report.last_observed_time.as_ref()))?;
    if report.count > 1 {
        inner(ui, "seen", &format!("{} times", report.count))?;
    }
    if !report.attributes.is_empty() {
        let said = report.attributes.iter().map(|one| format!("{} = {}", one.name, one.value));
        inner(ui, "details", &said.collect::<Vec<_>>().join("; "))?;
    }
    if let Some(signals) = &report.signals {
        urgency(ui, signals)?;
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

/// What it says about how urgent it is; nothing about what it does not say.
fn urgency(ui: &mut Ui, signals: &Signals) -> io::Result<()> {
    let percent = [("criticality", signals.criticality), ("confidence", signals.confidence)];
    for (label, number) in percent {
        if let Some(number) = number {
            inner(ui, label, &format!("{number} of 100"))?;
        }
    }
    if !matches!(
        Privilege::try_from(signals.privilege),
        Ok(Privilege::Unspecified | Privilege::Unknown)
    ) {
        inner(ui, "gives", &Privilege::lower(signals.privilege))?;
    }
    if signals.attack_sequence {
        inner(ui, "attack", "in several steps")?;
    }
    if let Some(vulnerability) = &signals.vulnerability {
        weakness(ui, vulnerability)?;
    }
    if !signals.tags.is_empty() {
        let tags = signals.tags.iter().map(|tag| format!("{} = {}", tag.key, tag.value));
        inner(ui, "tags", &tags.collect::<Vec<_>>().join("; "))?;
    }
    Ok(())
}

fn weakness(ui: &mut Ui, vulnerability: &Vulnerability) -> io::Result<()> {
    if !vulnerability.cves.is_empty() {
        inner(ui, "CVE", &vulnerability.cves.join(", "))?;
    }
    if let Some(permille) = vulnerability.epss_permille {
        let at_least = format!("at least {}.{} %", permille / 10, permille % 10);
        inner(ui, "EPSS", &at_least)?;
    }
    let exploit = match ExploitState::try_from(vulnerability.exploit) {
        Ok(ExploitState::Unspecified | ExploitState::Unknown) => None,
        Ok(ExploitState::None) => Some("none is known".to_owned()),
        Ok(ExploitState::ProofOfConcept) => Some("published".to_owned()),
        Ok(ExploitState::Active) => Some("used".to_owned()),
        // Newer than this program.
        Err(_) => Some(ExploitState::lower(vulnerability.exploit)),
    };
    if let Some(exploit) = exploit {
        inner(ui, "exploit", &exploit)?;
    }
    if let Some(is_fixed) = vulnerability.fix_available {
        inner(ui, "fix", if is_fixed { "available" } else { "none yet" })?;
    }
    Ok(())
}
