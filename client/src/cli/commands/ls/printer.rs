//! A list in each format, as its pages arrive.

use jiff::Timestamp;
use muster_api::v1::Finding;
use serde::Serialize;

use super::Listed;
use crate::cli::args::{Format, View};
use crate::cli::failure::Failure;
use crate::cli::output::document::{CoverageDoc, FindingDoc, PositionDoc, Versioned};
use crate::cli::output::findings::FindingTable;
use crate::cli::output::{csv, json};
use crate::cli::ui::Ui;

/// Prints findings one by one; only tables are held until the end, for the widths of their columns.
pub(super) enum Printer {
    Table(FindingTable),
    Json { view: View, any: bool },
    Jsonl { view: View },
    Csv { any: bool },
    Name,
}

/// What follows the findings in a JSON list.
#[derive(Serialize)]
struct ListTail<'a> {
    total_count: u64,
    next_page_token: Option<&'a str>,
    position: PositionDoc,
    /// Continues as a watch from the first page's position.
    cursor: Option<&'a str>,
    filter: &'a str,
    coverage: Option<CoverageDoc>,
}

impl Printer {
    pub(super) fn new(format: Format, view: View, now: Timestamp) -> Self {
        match format {
            // SVG is refused before any command runs.
            Format::Table | Format::Svg => Self::Table(FindingTable::new(false, now)),
            Format::Wide => Self::Table(FindingTable::new(true, now)),
            Format::Json => Self::Json { view, any: false },
            Format::Jsonl => Self::Jsonl { view },
            Format::Csv => Self::Csv { any: false },
            Format::Name => Self::Name,
        }
    }

    pub(super) fn print(&mut self, ui: &mut Ui, finding: &Finding) -> Result<(), Failure> {
        match self {
            Self::Table(table) => table.push(finding),
            Self::Json { view, any } => {
                let before = if *any { ",\n" } else { "{\"schema_version\":1,\"findings\":[\n" };
                *any = true;
                ui.bytes(before.as_bytes())?;
                ui.bytes(json::compact(&FindingDoc::new(finding, *view))?.as_bytes())?;
            }
            Self::Jsonl { view } => {
                let line = json::to_line(&Versioned::new(FindingDoc::new(finding, *view)))?;
                ui.bytes(line.as_bytes())?;
            }
            Self::Csv { any } => {
                let header = (!*any).then(|| csv::header(&csv::FINDING_COLUMNS));
                *any = true;
                csv::print(ui, header.into_iter().chain([csv::finding(finding)]))?;
            }
            Self::Name => ui.bytes(format!("{}\n", finding.id).as_bytes())?,
        }
        Ok(())
    }

    pub(super) fn finish(self, ui: &mut Ui, list: &Listed) -> Result<(), Failure> {
        match self {
            Self::Table(table) => table.into_table().print(ui)?,
            Self::Json { any, .. } => {
                let before = if any { "\n" } else { "{\"schema_version\":1,\"findings\":[" };
                let tail = json::compact(&ListTail::new(list))?;
                let tail = tail.strip_prefix('{').unwrap_or_default();
                ui.bytes(format!("{before}],{tail}\n").as_bytes())?;
            }
            Self::Csv { any: false } => csv::print(ui, [csv::header(&csv::FINDING_COLUMNS)])?,
            Self::Csv { any: true } | Self::Jsonl { .. } | Self::Name => {}
        }
        Ok(())
    }
}

impl<'a> ListTail<'a> {
    fn new(list: &'a Listed) -> Self {
        let first = &list.first;
        let cursor = first.position.as_ref().map(|position| position.cursor.as_str());
        Self {
            total_count: first.total_count,
            next_page_token: list.next_page_token.as_deref(),
            position: PositionDoc::new(first.position.as_ref()),
            cursor: cursor.filter(|cursor| !cursor.is_empty()),
            filter: &first.canonical_filter,
            coverage: CoverageDoc::new(first.coverage.as_ref()),
        }
    }
}
