//! `muster units`.

use std::collections::BTreeMap;

use anstyle::{AnsiColor, Style};
use muster_api::v1::{ListUnitsRequest, Unit, UnitCondition};
use serde::Serialize;

use crate::cli::args::{Format, UnitsArgs};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::document::{UnitDoc, Versioned};
use crate::cli::output::table::{Column, Table};
use crate::cli::output::{csv, json};
use crate::cli::session::Session;
use crate::cli::time::{age, rfc3339};
use crate::cli::ui::{DIM, PLAIN, Span, Ui};
use crate::cli::words::{Word, count, source};

/// Units asked for at once: the server's limit.
const PAGE_SIZE: i32 = 1000;

/// Conditions that are problems; a server ignores what it does not know.
const PROBLEMS: [UnitCondition; 8] = [
    UnitCondition::Pending,
    UnitCondition::Throttled,
    UnitCondition::Denied,
    UnitCondition::NotEnabled,
    UnitCondition::NotSubscribed,
    UnitCondition::Unreachable,
    UnitCondition::NoCredentials,
    UnitCondition::Failing,
];

#[derive(Serialize)]
struct UnitsDoc<'a> {
    units: Vec<UnitDoc<'a>>,
}

/// Shows what is collected and what is wrong.
pub(super) async fn run(session: &mut Session, args: &UnitsArgs) -> Result<Exit, Failure> {
    let mut units = read(session, args.problems).await?;
    let ui = &mut session.ui;
    match session.format {
        Format::Table | Format::Wide | Format::Svg => {
            // What needs a person comes first.
            units.sort_by(|a, b| urgency(a).cmp(&urgency(b)).then_with(|| a.name.cmp(&b.name)));
            table(ui, &units, session.format == Format::Wide)?;
            ui.flush()?;
            told(ui, &units, args.problems);
        }
        Format::Json => {
            let document = UnitsDoc { units: units.iter().map(UnitDoc::new).collect() };
            ui.bytes(json::to_pretty(&Versioned::new(document))?.as_bytes())?;
        }
        Format::Jsonl => {
            for unit in &units {
                ui.bytes(json::to_line(&Versioned::new(UnitDoc::new(unit)))?.as_bytes())?;
            }
        }
        Format::Csv => {
            let header = csv::header(&COLUMNS);
            csv::print(ui, std::iter::once(header).chain(units.iter().map(cells)))?;
        }
        Format::Name => {
            for unit in &units {
                let name = Span::plain(unit.name.as_str());
                ui.line(&[name])?;
            }
        }
    }
    Ok(Exit::Ok)
}

async fn read(session: &Session, problems: bool) -> Result<Vec<Unit>, Failure> {
    let conditions: &[UnitCondition] = if problems { &PROBLEMS } else { &[] };
    let mut units = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListUnitsRequest {
            page_size: PAGE_SIZE,
            page_token,
            conditions: conditions.iter().map(|condition| i32::from(*condition)).collect(),
        };
        let page = session.client.list_units(request).await;
        let page = page.map_err(|error| session.failed(&error))?;
        units.extend(page.units);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(units);
        }
    }
}

/// Order of conditions for people: who must act, what may mend itself, what is well.
fn urgency(unit: &Unit) -> u8 {
    match UnitCondition::try_from(unit.condition) {
        Ok(UnitCondition::Denied | UnitCondition::NoCredentials) => 0,
        Ok(UnitCondition::Failing | UnitCondition::Unreachable) => 1,
        Ok(UnitCondition::NotEnabled | UnitCondition::NotSubscribed) => 2,
        Ok(UnitCondition::Throttled) => 3,
        Ok(UnitCondition::Pending | UnitCondition::Unspecified) | Err(_) => 4,
        Ok(UnitCondition::Healthy) => 5,
    }
}

fn style(unit: &Unit) -> Style {
    match urgency(unit) {
        0 | 1 => AnsiColor::Red.on_default().bold(),
        2 | 3 => AnsiColor::Yellow.on_default(),
        4 => DIM,
        _ => PLAIN,
    }
}

fn table(ui: &mut Ui, units: &[Unit], wide: bool) -> Result<(), Failure> {
    let now = (ui.now)();
    let mut columns = vec![
        Column::new("CONDITION"),
        Column::new("UNIT").shrinks_to(40),
        Column::new("SINCE").right().dropped(2),
        Column::new("READ").right(),
        Column::new("REPORTS").right().dropped(3),
        Column::new("UNMAPPED").right().dropped(4),
    ];
    if wide {
        columns.extend([
            Column::new("SWEEP").right(),
            Column::new("WATERMARK").right(),
            Column::new("NEXT").right(),
            Column::new("FAILURES").right(),
        ]);
    }
    columns.push(Column::new("PROBLEM").shrinks_to(20).dropped(1));
    let mut table = Table::new(columns);
    for unit in units {
        let mut row = vec![
            Span::new(UnitCondition::lower(unit.condition), style(unit)),
            Span::plain(unit.name.as_str()),
            Span::plain(age(now, unit.condition_since_time.as_ref())),
            Span::plain(age(now, unit.last_success_time.as_ref())),
            Span::plain(unit.report_count.to_string()),
            Span::plain(unit.unmapped_count.to_string()),
        ];
        if wide {
            row.extend([
                Span::plain(age(now, unit.last_sweep_time.as_ref())),
                Span::plain(age(now, unit.watermark_time.as_ref())),
                Span::plain(age(now, unit.next_attempt_time.as_ref())),
                Span::plain(unit.consecutive_failures.to_string()),
            ]);
        }
        row.push(Span::plain(problem(unit, wide)));
        table.push(row);
    }
    Ok(table.print(ui)?)
}

fn problem(unit: &Unit, whole: bool) -> String {
    let Some(error) = &unit.error else { return "-".to_owned() };
    match (error.code.as_str(), whole) {
        ("", _) => format!("{}: {}", error.operation, error.message),
        (code, false) => format!("{}: {code}", error.operation),
        (code, true) => format!("{}: {code}: {}", error.operation, error.message),
    }
}

/// Counts by condition, then what to do, once for each cause.
fn told(ui: &mut Ui, units: &[Unit], problems: bool) {
    if units.is_empty() {
        ui.note(if problems {
            "no unit has a problem"
        } else {
            "the server collects nothing: its configuration names no sources, or it is just starting"
        });
        return;
    }
    let mut by_condition: BTreeMap<(u8, String), u64> = BTreeMap::new();
    let mut causes: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for unit in units {
        let condition = UnitCondition::lower(unit.condition);
        *by_condition.entry((urgency(unit), condition)).or_default() += 1;
        if let Some(error) = unit.error.as_ref().filter(|error| !error.hint.is_empty()) {
            *causes.entry((&error.hint, &error.operation)).or_default() += 1;
        }
    }
    let parts: Vec<String> = by_condition
        .iter()
        .map(|((_, condition), number)| format!("{number} {condition}"))
        .collect();
    ui.note(&format!("{}: {}", count(units.len() as u64, "unit"), parts.join(", ")));
    for ((hint, operation), number) in causes {
        ui.hint(&format!("{hint} ({operation}, {})", count(number, "unit")));
    }
    if units.iter().any(|unit| unit.unmapped_count > 0) {
        ui.hint("`muster unmapped` shows the documents that could not be understood");
    }
}

const COLUMNS: [&str; 14] = [
    "name",
    "source",
    "account_id",
    "region",
    "part",
    "condition",
    "condition_since_time",
    "last_success_time",
    "last_sweep_time",
    "next_attempt_time",
    "report_count",
    "unmapped_count",
    "error",
    "hint",
];

fn cells(unit: &Unit) -> Vec<String> {
    let time = |time: &Option<prost_types::Timestamp>| rfc3339(time.as_ref()).unwrap_or_default();
    vec![
        unit.name.clone(),
        source(unit.source).into_owned(),
        unit.account_id.clone(),
        unit.region.clone(),
        unit.part.clone(),
        UnitCondition::word(unit.condition).into_owned(),
        time(&unit.condition_since_time),
        time(&unit.last_success_time),
        time(&unit.last_sweep_time),
        time(&unit.next_attempt_time),
        unit.report_count.to_string(),
        unit.unmapped_count.to_string(),
        unit.error.as_ref().map(|_| problem(unit, true)).unwrap_or_default(),
        unit.error.as_ref().map(|error| error.hint.clone()).unwrap_or_default(),
    ]
}
