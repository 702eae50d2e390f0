//! `muster summary`.

use muster_api::v1::{SummarizeFindingsRequest, SummarizeFindingsResponse, SummaryGroup};
use serde::Serialize;

use crate::cli::args::{Format, Hidden, SummaryArgs};
use crate::cli::coverage;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::document::{CoverageDoc, GroupDoc, Versioned};
use crate::cli::output::table::{Column, Table};
use crate::cli::output::{csv, findings::or_dash, json};
use crate::cli::session::Session;
use crate::cli::ui::{BOLD, Span, Ui};
use crate::cli::words::count;

#[derive(Serialize)]
struct SummaryDoc<'a> {
    group_by: &'a [String],
    groups: Vec<GroupDoc<'a>>,
    total_count: u64,
    groups_left_off: u32,
    coverage: Option<CoverageDoc>,
}

/// Counts findings.
pub(super) async fn run(session: &mut Session, args: &SummaryArgs) -> Result<Exit, Failure> {
    session.allow_only(&[Format::Table, Format::Wide, Format::Json, Format::Jsonl, Format::Csv])?;
    let me = if args.filter.assignee.as_deref() == Some("me") { session.me()? } else { "" };
    let filter = args.filter.compose(Hidden::ClosedAndSetAside, me).text;
    let request = SummarizeFindingsRequest {
        filter: filter.clone(),
        group_by: args.by.clone(),
        limit: args.limit.into(),
    };
    let summary = session.client.summarize_findings(request).await;
    let summary = summary.map_err(|error| session.failed_with(&error, &filter))?;
    print(session, args, &summary)?;
    told(&mut session.ui, args, &summary);
    Ok(Exit::Ok)
}

fn print(
    session: &mut Session,
    args: &SummaryArgs,
    summary: &SummarizeFindingsResponse,
) -> Result<(), Failure> {
    let ui = &mut session.ui;
    match session.format {
        Format::Json => {
            let document = SummaryDoc {
                group_by: &args.by,
                groups: summary.groups.iter().map(GroupDoc::new).collect(),
                total_count: summary.total_count,
                groups_left_off: summary.groups_left_off,
                coverage: CoverageDoc::new(summary.coverage.as_ref()),
            };
            ui.bytes(json::to_pretty(&Versioned::new(document))?.as_bytes())?;
        }
        Format::Jsonl => {
            for group in &summary.groups {
                ui.bytes(json::to_line(&Versioned::new(GroupDoc::new(group)))?.as_bytes())?;
            }
        }
        Format::Csv => {
            let mut header = args.by.clone();
            header.extend(["count".to_owned(), "max_score".to_owned()]);
            let rows = summary.groups.iter().map(|group| cells(group, args.by.len()));
            csv::print(ui, std::iter::once(header).chain(rows))?;
        }
        Format::Table | Format::Wide | Format::Name | Format::Svg => table(ui, args, summary)?,
    }
    Ok(())
}

fn table(
    ui: &mut Ui,
    args: &SummaryArgs,
    summary: &SummarizeFindingsResponse,
) -> Result<(), Failure> {
    let keys = args.by.iter().map(|field| Column::new(title(field)).shrinks_to(16));
    let counts = [Column::new("FINDINGS").right(), Column::new("TOP SCORE").right()];
    let mut table = Table::new(keys.chain(counts).collect::<Vec<_>>());
    for group in &summary.groups {
        let cells = cells(group, args.by.len());
        let last = cells.len() - 2;
        table.push(
            cells
                .iter()
                .enumerate()
                .map(|(at, cell)| match at {
                    at if at < last => Span::new(or_dash(cell), BOLD),
                    _ => Span::plain(cell.as_str()),
                })
                .collect(),
        );
    }
    Ok(table.print(ui)?)
}

fn title(field: &str) -> &'static str {
    match field {
        "severity" => "SEVERITY",
        "band" => "BAND",
        "status" => "STATUS",
        "triage" => "TRIAGE",
        "class" => "CLASS",
        "source" => "SOURCE",
        "account" => "ACCOUNT",
        "region" => "REGION",
        "assignee" => "ASSIGNEE",
        "rule" => "RULE",
        _ => "GROUP",
    }
}

/// A cell for each key asked for, then the counts, whatever the server sent.
fn cells(group: &SummaryGroup, keys: usize) -> Vec<String> {
    let mut cells = group.keys.clone();
    cells.resize(keys, String::new());
    cells.extend([group.count.to_string(), group.max_score.to_string()]);
    cells
}

fn told(ui: &mut Ui, args: &SummaryArgs, summary: &SummarizeFindingsResponse) {
    ui.note(&count(summary.total_count, "finding"));
    if args.by.iter().any(|field| field == "source") {
        ui.note("a finding with reports from two sources counts in both groups");
    }
    if summary.groups_left_off > 0 {
        ui.hint(&format!("{} smaller groups are left off: -n 1000", summary.groups_left_off));
    }
    coverage::warn(ui, summary.coverage.as_ref());
}
