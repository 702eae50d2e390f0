//! `muster maturity`.

use anstyle::{AnsiColor, Style};
use muster_api::v1::{
    Effort, GetMaturityRequest, GetMaturityResponse, MaturityVerdict, VerdictCounts,
};

use crate::cli::args::{Format, MaturityArgs};
use crate::cli::coverage;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::document::{MaturityDoc, StandingDoc, Versioned};
use crate::cli::output::heatmap::{self, domain_name, phase_name, total};
use crate::cli::output::table::{Column, Table};
use crate::cli::output::{csv, json};
use crate::cli::session::Session;
use crate::cli::ui::{BOLD, DIM, PLAIN, Span, Ui};
use crate::cli::words::{Word, count};

/// What the command prints.
const FORMATS: [Format; 6] =
    [Format::Table, Format::Wide, Format::Json, Format::Jsonl, Format::Csv, Format::Svg];

/// The columns of CSV.
const COLUMNS: [&str; 11] = [
    "id",
    "phase",
    "domain",
    "name",
    "verdict",
    "reason",
    "observability",
    "effort",
    "finding_count",
    "risk",
    "advice",
];

/// Shows where the organization, or an account, stands.
pub(super) async fn run(session: &mut Session, args: &MaturityArgs) -> Result<Exit, Failure> {
    session.allow_only(&FORMATS)?;
    let request = GetMaturityRequest {
        account_id: args.account.clone().unwrap_or_default(),
        phase: args.phase.unwrap_or(0),
    };
    let report = session.client.get_maturity(request).await;
    let report = report.map_err(|error| session.failed(&error))?;
    let ui = &mut session.ui;
    match session.format {
        Format::Json => {
            let document = Versioned::new(MaturityDoc::new(&report));
            ui.bytes(json::to_pretty(&document)?.as_bytes())?;
        }
        Format::Jsonl => {
            for standing in &report.standings {
                let document = Versioned::new(StandingDoc::new(standing));
                ui.bytes(json::to_line(&document)?.as_bytes())?;
            }
        }
        Format::Csv => {
            let header = csv::header(&COLUMNS);
            csv::print(ui, std::iter::once(header).chain(cells(&report)))?;
        }
        Format::Svg => ui.bytes(heatmap::svg(&report).as_bytes())?,
        Format::Table | Format::Wide | Format::Name => {
            let wide = session.format == Format::Wide;
            standings(ui, &report, wide)?;
            grid(ui, &report)?;
            next(ui, &report)?;
            if wide {
                accounts(ui, &report)?;
            }
        }
    }
    ui.flush()?;
    told(ui, &report);
    Ok(Exit::Ok)
}

/// The colour of a verdict.
fn style(verdict: i32) -> Style {
    match MaturityVerdict::try_from(verdict) {
        Ok(MaturityVerdict::Met) => AnsiColor::Green.on_default(),
        Ok(MaturityVerdict::Attested) => AnsiColor::Blue.on_default(),
        Ok(MaturityVerdict::Partly) => AnsiColor::Yellow.on_default(),
        Ok(MaturityVerdict::Unmet) => AnsiColor::Red.on_default().bold(),
        Ok(MaturityVerdict::Unknown | MaturityVerdict::Unspecified) | Err(_) => DIM,
    }
}

fn standings(ui: &mut Ui, report: &GetMaturityResponse, wide: bool) -> Result<(), Failure> {
    let mut columns = vec![
        Column::new("ID"),
        Column::new("VERDICT"),
        Column::new("RECOMMENDATION").shrinks_to(24),
        Column::new("RISK").right().dropped(1),
    ];
    if wide {
        columns.extend([Column::new("EFFORT"), Column::new("FINDINGS").right()]);
    }
    columns.push(Column::new("WHY").shrinks_to(16));
    let mut table = Table::new(columns);
    for one in &report.standings {
        let risk = if one.risk == 0 { "-".to_owned() } else { one.risk.to_string() };
        let mut row = vec![
            Span::new(one.id.as_str(), BOLD),
            Span::new(MaturityVerdict::lower(one.verdict), style(one.verdict)),
            Span::plain(one.name.as_str()),
            Span::plain(risk),
        ];
        if wide {
            row.push(Span::plain(Effort::lower(one.effort)));
            row.push(Span::plain(one.finding_count.to_string()));
        }
        row.push(Span::plain(one.reason.as_str()));
        table.push(row);
    }
    Ok(table.print(ui)?)
}

/// How many are met or attested, by domain and phase.
fn grid(ui: &mut Ui, report: &GetMaturityResponse) -> Result<(), Failure> {
    let Some(totals) = &report.totals else { return Ok(()) };
    ui.bytes(b"\n")?;
    let titles = ["1 QUICK WINS", "2 FOUND.", "3 EFFIC.", "4 OPTIM.", "ALL"];
    let columns = titles.map(|title| Column::new(title).right());
    let mut table = Table::new([&[Column::new("MET OR ATTESTED")][..], &columns].concat());
    let mut push = |name: String, phases: &[VerdictCounts], all: Option<&VerdictCounts>, style| {
        let counts = (0..4).map(|phase| phases.get(phase)).chain([all]);
        let mut row = vec![Span::new(name, style)];
        row.extend(counts.map(|counts| Span::plain(share(counts))));
        table.push(row);
    };
    for domain in &totals.domains {
        push(domain_name(&domain.domain), &domain.phases, domain.all.as_ref(), PLAIN);
    }
    push("all".to_owned(), &totals.phases, totals.all.as_ref(), BOLD);
    Ok(table.print(ui)?)
}

/// `3 of 5`; nothing where there is nothing to do.
fn share(counts: Option<&VerdictCounts>) -> String {
    let counts = counts.copied().unwrap_or_default();
    match total(&counts) {
        0 => "-".to_owned(),
        total => format!("{} of {total}", counts.met + counts.attested),
    }
}

/// What to do next.
fn next(ui: &mut Ui, report: &GetMaturityResponse) -> Result<(), Failure> {
    if report.next.is_empty() {
        return Ok(());
    }
    ui.bytes(b"\n")?;
    let mut table = Table::new([
        Column::new("NEXT").right(),
        Column::new("ID"),
        Column::new("VERDICT"),
        Column::new("REMOVES").right(),
        Column::new("EFFORT").dropped(1),
        Column::new("WHAT TO DO").shrinks_to(24),
    ]);
    for (index, step) in report.next.iter().enumerate() {
        let risk = if step.risk == 0 { "-".to_owned() } else { step.risk.to_string() };
        table.push(vec![
            Span::plain((index + 1).to_string()),
            Span::new(step.id.as_str(), BOLD),
            Span::new(MaturityVerdict::lower(step.verdict), style(step.verdict)),
            Span::plain(risk),
            Span::plain(Effort::lower(step.effort)),
            Span::plain(step.action.as_str()),
        ]);
    }
    Ok(table.print(ui)?)
}

/// Where each account stands.
fn accounts(ui: &mut Ui, report: &GetMaturityResponse) -> Result<(), Failure> {
    if report.accounts.is_empty() {
        return Ok(());
    }
    ui.bytes(b"\n")?;
    let mut table = Table::new([
        Column::new("ACCOUNT"),
        Column::new("AT WORK ON"),
        Column::new("MET").right(),
        Column::new("ATTESTED").right(),
        Column::new("PARTLY").right(),
        Column::new("UNMET").right(),
        Column::new("UNKNOWN").right(),
        Column::new("RISK").right(),
    ]);
    for one in &report.accounts {
        let counts = one.counts.unwrap_or_default();
        let phase = if one.complete { "nothing" } else { phase_name(one.phase) };
        let numbers = [counts.met, counts.attested, counts.partly, counts.unmet, counts.unknown];
        let mut row = vec![Span::plain(one.account_id.as_str()), Span::plain(phase)];
        row.extend(numbers.map(|number| Span::plain(number.to_string())));
        row.push(Span::plain(one.risk.to_string()));
        table.push(row);
    }
    Ok(table.print(ui)?)
}

fn cells(report: &GetMaturityResponse) -> impl Iterator<Item = Vec<String>> {
    use muster_api::v1::Observability;
    report.standings.iter().map(|one| {
        vec![
            one.id.clone(),
            one.phase.to_string(),
            one.domain.clone(),
            one.name.clone(),
            MaturityVerdict::word(one.verdict).into_owned(),
            one.reason.clone(),
            Observability::word(one.observability).into_owned(),
            Effort::word(one.effort).into_owned(),
            one.finding_count.to_string(),
            one.risk.to_string(),
            one.advice.clone(),
        ]
    })
}

fn told(ui: &mut Ui, report: &GetMaturityResponse) {
    let of = match report.account_id.as_str() {
        "" => format!("the organization ({})", count(report.account_count.into(), "account")),
        account => format!("account {account}"),
    };
    if report.complete {
        ui.note(&format!("{of}: everything is met or attested"));
    } else {
        let (phase, name) = (report.phase, phase_name(report.phase));
        ui.note(&format!("{of}: at work on phase {phase} of 4, {name}"));
    }
    let all = report.totals.as_ref().and_then(|totals| totals.all).unwrap_or_default();
    ui.note(&format!(
        "{}: {} met, {} attested, {} partly, {} unmet, {} unknown",
        count(total(&all).into(), "recommendation"),
        all.met,
        all.attested,
        all.partly,
        all.unmet,
        all.unknown
    ));
    let left_off = u64::from(report.account_count)
        .saturating_sub(report.accounts.len().try_into().unwrap_or(u64::MAX));
    if report.account_id.is_empty() && left_off > 0 {
        ui.warn(&format!("{} are counted and not listed", count(left_off, "account")));
    }
    let expired = report.standings.iter().filter(|one| one.expired_attestation.is_some()).count();
    if expired > 0 {
        ui.warn(&format!(
            "{} expired: `muster attest --list`",
            count(expired as u64, "attestation")
        ));
    }
    if all.unknown > 0 {
        ui.hint("what no finding can show: muster attest ID --evidence TEXT --expires 180d");
    }
    coverage::warn(ui, report.coverage.as_ref());
}
