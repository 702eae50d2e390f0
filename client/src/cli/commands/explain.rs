//! `muster explain`.

use muster_api::v1::{ExplainFindingRequest, ExplainFindingResponse, PriorityLine};
use serde::Serialize;

use crate::cli::args::{ExplainArgs, Format};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::document::{ReasonDoc, Versioned};
use crate::cli::output::json;
use crate::cli::output::table::{Column, Table};
use crate::cli::session::Session;
use crate::cli::ui::{BOLD, DIM, PLAIN, Span, Ui};

/// What the command prints.
const FORMATS: [Format; 4] = [Format::Table, Format::Wide, Format::Json, Format::Jsonl];

#[derive(Serialize)]
struct Doc<'a> {
    id: &'a str,
    title: &'a str,
    score: u32,
    raw_score: u32,
    gate: &'a str,
    rules: &'a str,
    due_rule: &'a str,
    overdue: bool,
    lines: Vec<LineDoc<'a>>,
    lower: Vec<LowerDoc<'a>>,
    unknown: Vec<UnknownDoc<'a>>,
}

#[derive(Serialize)]
struct LineDoc<'a> {
    #[serde(flatten)]
    reason: ReasonDoc<'a>,
    reports: &'a [String],
}

#[derive(Serialize)]
struct LowerDoc<'a> {
    factor: &'a str,
    action: &'a str,
    points: u32,
}

#[derive(Serialize)]
struct UnknownDoc<'a> {
    factor: &'a str,
    how: &'a str,
}

/// Explains a score.
pub(super) async fn run(session: &mut Session, args: &ExplainArgs) -> Result<Exit, Failure> {
    session.allow_only(&FORMATS)?;
    let request = ExplainFindingRequest { id: args.id.clone() };
    let explained = session.client.explain_finding(request).await;
    let explained = explained.map_err(|error| session.failed(&error))?;
    let ui = &mut session.ui;
    match session.format {
        Format::Json => {
            ui.bytes(json::to_pretty(&Versioned::new(document(&explained)))?.as_bytes())?;
        }
        Format::Jsonl => {
            ui.bytes(json::to_line(&Versioned::new(document(&explained)))?.as_bytes())?;
        }
        Format::Table | Format::Wide | Format::Csv | Format::Name | Format::Svg => {
            print(ui, &explained, session.format == Format::Wide)?;
        }
    }
    ui.flush()?;
    Ok(Exit::Ok)
}

fn document(explained: &ExplainFindingResponse) -> Doc<'_> {
    let finding = explained.finding.as_ref();
    let priority = finding.and_then(|finding| finding.priority.as_ref());
    let lines = explained.lines.iter().filter_map(|line| {
        let reason = ReasonDoc::new(line.reason.as_ref()?);
        Some(LineDoc { reason, reports: &line.report_keys })
    });
    let lower = explained.lower.iter().map(|way| LowerDoc {
        factor: &way.factor,
        action: &way.action,
        points: way.points,
    });
    let unknown = explained.unknown.iter();
    Doc {
        id: finding.map_or("", |finding| &finding.id),
        title: finding.map_or("", |finding| &finding.title),
        score: priority.map_or(0, |priority| priority.score),
        raw_score: priority.map_or(0, |priority| priority.raw_score),
        gate: priority.map_or("", |priority| &priority.gate),
        rules: priority.map_or("", |priority| &priority.rules),
        due_rule: finding.map_or("", |finding| &finding.due_rule),
        overdue: finding.is_some_and(|finding| finding.overdue),
        lines: lines.collect(),
        lower: lower.collect(),
        unknown: unknown.map(|one| UnknownDoc { factor: &one.factor, how: &one.how }).collect(),
    }
}

fn print(ui: &mut Ui, explained: &ExplainFindingResponse, wide: bool) -> Result<(), Failure> {
    let document = document(explained);
    ui.line(&[Span::new(document.title, BOLD)])?;
    if !document.gate.is_empty() {
        ui.line(&[Span::plain(format!("not ranked: {}", document.gate))])?;
        return Ok(());
    }
    let overdue = if document.overdue { " (overdue)" } else { "" };
    ui.line(&[Span::plain(format!("due by {}{overdue}", document.due_rule))])?;
    let mut table = Table::new([
        Column::new("FACTOR"),
        Column::new("POINTS").right(),
        Column::new("OF").right(),
        Column::new("SEEN").shrinks_to(24),
        Column::new("SAID BY").shrinks_to(16),
    ]);
    for line in &explained.lines {
        let Some(reason) = &line.reason else { continue };
        let style = if reason.missing { DIM } else { PLAIN };
        let points = if reason.missing { "?".to_owned() } else { reason.points.to_string() };
        let max =
            if reason.max_points == 0 { String::new() } else { reason.max_points.to_string() };
        table.push(vec![
            Span::plain(reason.factor.as_str()),
            Span::new(points, style),
            Span::new(max, DIM),
            Span::new(reason.value.as_str(), style),
            Span::new(said_by(line, wide), DIM),
        ]);
    }
    table.push(vec![
        Span::new("score", BOLD),
        Span::new(document.score.to_string(), BOLD),
        Span::new("1000", DIM),
        Span::plain(""),
        Span::plain(""),
    ]);
    table.print(ui)?;
    if !document.lower.is_empty() {
        ui.line(&[])?;
        ui.line(&[Span::new("What would lower it most", BOLD)])?;
        for way in &document.lower {
            ui.line(&[Span::plain(format!("  -{:<4} {}", way.points, way.action))])?;
        }
    }
    if !document.unknown.is_empty() {
        ui.line(&[])?;
        ui.line(&[Span::new("Not known, which does not mean safe", BOLD)])?;
        for one in &document.unknown {
            ui.line(&[Span::plain(format!("  {}: {}", one.factor, one.how))])?;
        }
    }
    Ok(())
}

/// The reports that say so: their paths, or (wide) their keys.
fn said_by(line: &PriorityLine, wide: bool) -> String {
    if wide {
        return line.report_keys.join(", ");
    }
    let mut paths: Vec<&str> =
        line.report_keys.iter().filter_map(|key| key.split('|').next()).collect();
    paths.dedup();
    match line.report_keys.len() {
        0 => String::new(),
        1 => format!("1 report ({})", paths.join(", ")),
        count => format!("{count} reports ({})", paths.join(", ")),
    }
}
