//! Telling what a decision would do, and what it did.

use muster_api::v1::{Finding, Triage, TriageState};
use serde::Serialize;
use tonic::Code;

use super::apply::{Applied, Applying};
use super::decide::Decision;
use super::select::Selection;
use super::undo;
use crate::cli::args::{Format, View};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::document::{FindingDoc, TriageDoc, Versioned};
use crate::cli::output::findings::{FindingTable, severity_word, short_id, short_ids};
use crate::cli::output::json;
use crate::cli::output::table::{Column, Table};
use crate::cli::session::Session;
use crate::cli::ui::{BOLD, DIM, Span, Ui, severity_style};
use crate::cli::words::{Word, count};

/// What stands for no answer.
const UNAVAILABLE: i32 = Code::Unavailable as i32;

/// Findings that a plan shows.
const SHOWN: usize = 10;

/// Failures that are listed.
const LISTED: usize = 20;

#[derive(Serialize)]
struct PlanDoc<'a> {
    dry_run: bool,
    action: &'static str,
    matched: usize,
    findings: Vec<FindingDoc<'a>>,
}

#[derive(Serialize)]
struct ReportDoc<'a> {
    dry_run: bool,
    action: &'static str,
    changed_count: usize,
    unchanged_count: usize,
    failed_count: usize,
    results: Vec<ResultDoc<'a>>,
}

#[derive(Serialize)]
struct ResultDoc<'a> {
    id: &'a str,
    changed: bool,
    revision: Option<u64>,
    before: TriageDoc,
    triage: Option<TriageDoc>,
    error: Option<ErrorDoc>,
}

#[derive(Serialize)]
struct ErrorDoc {
    code: String,
    reason: String,
    message: String,
}

/// Says before a question what it is about: the first findings, on stderr.
pub(super) fn plan(ui: &mut Ui, decision: &Decision, selection: &Selection) {
    let number = count(selection.targets.len() as u64, "finding");
    ui.note(&format!("this will {}:", decision.infinitive(&number)));
    for finding in selection.targets.iter().take(SHOWN) {
        let id = short_id(&finding.id, 8);
        ui.note(&format!("  {:4}  {id}  {}", severity_word(finding.severity), finding.title));
    }
    let more = selection.targets.len().saturating_sub(SHOWN);
    if more > 0 {
        ui.note(&format!("  and {more} more; --dry-run shows all"));
    }
}

/// Prints what would be decided on, and changes nothing.
pub(super) fn dry_run(
    session: &mut Session,
    decision: &Decision,
    selection: &Selection,
) -> Result<Exit, Failure> {
    let ui = &mut session.ui;
    let targets = &selection.targets;
    match session.format {
        Format::Json => {
            let document = PlanDoc {
                dry_run: true,
                action: decision.word(),
                matched: targets.len(),
                findings: targets.iter().map(|one| FindingDoc::new(one, View::Basic)).collect(),
            };
            ui.bytes(json::to_pretty(&Versioned::new(document))?.as_bytes())?;
        }
        Format::Jsonl => {
            for finding in targets {
                let line = json::to_line(&Versioned::new(FindingDoc::new(finding, View::Basic)))?;
                ui.bytes(line.as_bytes())?;
            }
        }
        Format::Name => names(ui, targets)?,
        Format::Table | Format::Wide | Format::Csv | Format::Svg => {
            let mut table = FindingTable::new(session.format == Format::Wide, (ui.now)());
            for finding in targets {
                table.push(finding);
            }
            table.into_table().print(ui)?;
        }
    }
    ui.flush()?;
    let number = count(targets.len() as u64, "finding");
    ui.note(&format!("dry run: would {}; nothing was changed", decision.infinitive(&number)));
    Ok(Exit::Ok)
}

/// Prints what was decided, how to take it back, and what failed.
pub(super) fn report(
    session: &mut Session,
    decision: &Decision,
    selection: &Selection,
    applied: &Applied,
) -> Result<Exit, Failure> {
    let ui = &mut session.ui;
    let pairs: Vec<(&Finding, &Applying)> =
        selection.targets.iter().zip(&applied.results).collect();
    match session.format {
        Format::Json => {
            let document = ReportDoc {
                dry_run: false,
                action: decision.word(),
                changed_count: pairs.iter().filter(|(_, one)| one.changed()).count(),
                unchanged_count: pairs.iter().filter(|(_, one)| one.unchanged()).count(),
                failed_count: pairs.iter().filter(|(_, one)| one.problem().is_some()).count(),
                results: pairs.iter().map(|(finding, one)| ResultDoc::new(finding, one)).collect(),
            };
            ui.bytes(json::to_pretty(&Versioned::new(document))?.as_bytes())?;
        }
        Format::Jsonl => {
            for (finding, one) in &pairs {
                let line = json::to_line(&Versioned::new(ResultDoc::new(finding, one)))?;
                ui.bytes(line.as_bytes())?;
            }
        }
        Format::Name => names(ui, changed(&pairs))?,
        Format::Table | Format::Wide | Format::Csv | Format::Svg => table(ui, &pairs)?,
    }
    ui.flush()?;
    told(ui, decision, &pairs);
    failures(ui, &pairs, applied)
}

impl Applying {
    fn changed(&self) -> bool {
        matches!(self, Self::Decided { changed: true, .. })
    }

    fn unchanged(&self) -> bool {
        matches!(self, Self::Decided { changed: false, .. })
    }

    /// What went wrong, for people.
    fn problem(&self) -> Option<String> {
        match self {
            Self::Decided { .. } => None,
            Self::Refused { message, .. } => Some(message.clone()),
            Self::Unknown => Some("no answer: it may have been changed".to_owned()),
            Self::NotSent => Some("not tried".to_owned()),
        }
    }
}

impl<'a> ResultDoc<'a> {
    fn new(finding: &'a Finding, applying: &Applying) -> Self {
        let (triage, revision) = match applying {
            Applying::Decided { triage, changed, revision } => {
                (Some(TriageDoc::new(triage)), changed.then_some(*revision))
            }
            Applying::Refused { .. } | Applying::Unknown | Applying::NotSent => (None, None),
        };
        let (code, reason) = match applying {
            Applying::Refused { code, reason, .. } => (code_name(*code), reason.clone()),
            Applying::Unknown => (code_name(UNAVAILABLE), "UNKNOWN_OUTCOME".to_owned()),
            Applying::NotSent | Applying::Decided { .. } => {
                (code_name(UNAVAILABLE), "NOT_SENT".to_owned())
            }
        };
        let error = applying.problem().map(|message| ErrorDoc { code, reason, message });
        Self {
            id: &finding.id,
            changed: applying.changed(),
            revision,
            before: TriageDoc::new(&finding.triage.clone().unwrap_or_default()),
            triage,
            error,
        }
    }
}

/// The code as gRPC writes it: `NOT_FOUND`.
fn code_name(code: i32) -> String {
    let camel = format!("{:?}", Code::from_i32(code));
    let mut name = String::new();
    for character in camel.chars() {
        if character.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(character.to_ascii_uppercase());
    }
    name
}

fn changed<'a>(
    pairs: &[(&'a Finding, &'a Applying)],
) -> impl Iterator<Item = &'a Finding> + use<'a> {
    let changed: Vec<&'a Finding> =
        pairs.iter().filter(|(_, one)| one.changed()).map(|(finding, _)| *finding).collect();
    changed.into_iter()
}

fn names<'a>(ui: &mut Ui, findings: impl IntoIterator<Item = &'a Finding>) -> Result<(), Failure> {
    for finding in findings {
        ui.bytes(format!("{}\n", finding.id).as_bytes())?;
    }
    Ok(())
}

fn table(ui: &mut Ui, pairs: &[(&Finding, &Applying)]) -> Result<(), Failure> {
    let length = short_ids(pairs.iter().map(|(finding, _)| finding.id.as_str()));
    let mut table = Table::new([
        Column::new("SEV"),
        Column::new("ID"),
        Column::new("TRIAGE").shrinks_to(24),
        Column::new("TITLE").shrinks_to(24),
    ]);
    for (finding, applying) in pairs {
        let before = finding.triage.clone().unwrap_or_default();
        let moved = match applying {
            Applying::Decided { triage, changed: true, .. } => {
                Span::new(transition(&before, triage), BOLD)
            }
            Applying::Decided { .. } => Span::new("unchanged", DIM),
            Applying::Refused { .. } | Applying::Unknown | Applying::NotSent => {
                Span::new("failed", BOLD)
            }
        };
        table.push(vec![
            Span::new(severity_word(finding.severity), severity_style(finding.severity)),
            Span::new(short_id(&finding.id, length), BOLD),
            moved,
            Span::plain(finding.title.as_str()),
        ]);
    }
    Ok(table.print(ui)?)
}

/// What moved: the state, the assignee, or only what was said.
fn transition(before: &Triage, after: &Triage) -> String {
    let mut moves = Vec::new();
    if before.state != after.state {
        let (from, to) = (TriageState::lower(before.state), TriageState::lower(after.state));
        moves.push(format!("{from} → {to}"));
    }
    if before.assignee != after.assignee {
        let name = |name: &str| if name.is_empty() { "nobody" } else { name }.to_owned();
        moves.push(format!("{} → {}", name(&before.assignee), name(&after.assignee)));
    }
    if moves.is_empty() {
        format!("{}, updated", TriageState::lower(after.state))
    } else {
        moves.join(", ")
    }
}

fn told(ui: &mut Ui, decision: &Decision, pairs: &[(&Finding, &Applying)]) {
    if pairs.is_empty() {
        ui.note("no finding matches: nothing was changed");
        return;
    }
    let changed: Vec<&Finding> = changed(pairs).collect();
    let unchanged = pairs.iter().filter(|(_, one)| one.unchanged()).count();
    if changed.len() + unchanged > 0 {
        let mut note = format!("{} {}", count(changed.len() as u64, "finding"), decision.past());
        if unchanged > 0 {
            note = format!("{note}; {unchanged} needed no change");
        }
        ui.note(&note);
    }
    for command in undo::commands(decision, &changed) {
        ui.hint(&format!("to undo: {command}"));
    }
}

/// The exit code, and the error that goes with it.
fn failures(
    ui: &mut Ui,
    pairs: &[(&Finding, &Applying)],
    applied: &Applied,
) -> Result<Exit, Failure> {
    let failed: Vec<&(&Finding, &Applying)> =
        pairs.iter().filter(|(_, one)| one.problem().is_some()).collect();
    let broke_off = applied.broke_off.as_ref();
    let exits: Vec<Exit> = failed.iter().filter_map(|(_, one)| one.exit(broke_off)).collect();
    let exit = match exits.as_slice() {
        [] => return Ok(Exit::Ok),
        [first, rest @ ..] if rest.iter().all(|exit| exit == first) => *first,
        // Scripts that tell codes apart must not take a mixture for one of its parts.
        _ => Exit::Failure,
    };
    if let Some(Failure::Told(told)) = &applied.broke_off {
        ui.error(told);
    }
    let more = failed.len().saturating_sub(LISTED);
    let details = failed.iter().take(LISTED).map(|(finding, one)| {
        format!("{}: {}", short_id(&finding.id, 8), one.problem().unwrap_or_default())
    });
    let all = count(pairs.len() as u64, "finding");
    let failure = Failure::new(exit, format!("{} of {all} failed", failed.len()))
        .details(details)
        .details((more > 0).then(|| format!("and {more} more")));
    Err(match exit {
        Exit::Unavailable => {
            failure.hint("repeat the command: what is done already stays as it is")
        }
        Exit::Conflict => failure.hint("look at them again, then decide on what they say now"),
        _ => failure,
    })
}
