//! `muster history`.

use muster_api::v1::{Change, ListFindingHistoryRequest};
use serde::Serialize;

use crate::cli::args::{Format, HistoryArgs, View};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::ids::resolve;
use crate::cli::output::document::{ChangeDoc, Versioned};
use crate::cli::output::{changes, csv, detail, json};
use crate::cli::session::Session;
use crate::cli::time;
use crate::cli::ui::{BOLD, DIM, Span, Ui};

/// Entries asked for at once: the server's limit.
const PAGE_SIZE: u64 = 500;

#[derive(Serialize)]
struct HistoryDoc<'a> {
    finding_id: &'a str,
    changes: Vec<ChangeDoc<'a>>,
    truncated_by_retention: bool,
    truncated_by_limit: bool,
}

/// What is known of a finding's past.
struct History {
    changes: Vec<Change>,
    retention: bool,
    more: bool,
}

/// Shows what happened to a finding.
pub(super) async fn run(session: &mut Session, args: &HistoryArgs) -> Result<Exit, Failure> {
    session.allow_only(&[Format::Table, Format::Wide, Format::Json, Format::Jsonl, Format::Csv])?;
    let ids = resolve(session, std::slice::from_ref(&args.id)).await?;
    let id = ids.first().map(String::as_str).unwrap_or_default();
    let history = read(session, id, args.limit).await?;
    let ui = &mut session.ui;
    match session.format {
        Format::Json => {
            let document = HistoryDoc {
                finding_id: id,
                changes: history.changes.iter().map(document).collect(),
                truncated_by_retention: history.retention,
                truncated_by_limit: history.more,
            };
            ui.bytes(json::to_pretty(&Versioned::new(document))?.as_bytes())?;
        }
        Format::Jsonl => {
            for change in &history.changes {
                ui.bytes(json::to_line(&Versioned::new(document(change)))?.as_bytes())?;
            }
        }
        Format::Csv => {
            let header = csv::header(&["revision", "commit_time", "actor", "what", "comment"]);
            csv::print(ui, std::iter::once(header).chain(history.changes.iter().map(cells)))?;
        }
        Format::Table | Format::Wide | Format::Name | Format::Svg => entries(ui, &history)?,
    }
    told(ui, &history);
    Ok(Exit::Ok)
}

async fn read(session: &Session, id: &str, limit: u32) -> Result<History, Failure> {
    let mut left = if limit == 0 { u64::MAX } else { limit.into() };
    let mut history = History { changes: Vec::new(), retention: false, more: false };
    let mut page_token = String::new();
    while left > 0 {
        let page_size = i32::try_from(left.min(PAGE_SIZE)).unwrap_or(i32::MAX);
        let request = ListFindingHistoryRequest { id: id.to_owned(), page_size, page_token };
        let page = session.client.list_finding_history(request).await;
        let page = page.map_err(|error| session.failed(&error))?;
        left = left.saturating_sub(page.changes.len() as u64);
        history.changes.extend(page.changes);
        history.retention |= page.truncated_by_retention;
        history.more = !page.next_page_token.is_empty();
        page_token = page.next_page_token;
        if !history.more {
            break;
        }
    }
    Ok(history)
}

fn document(change: &Change) -> ChangeDoc<'_> {
    ChangeDoc::new(change, View::Basic)
}

/// For people: an entry a line, and what moved below it, whole: who asks for a history wants to know.
fn entries(ui: &mut Ui, history: &History) -> Result<(), Failure> {
    let now = (ui.now)();
    for change in &history.changes {
        let mut line = vec![
            Span::plain(time::stamp(now, change.commit_time.as_ref())),
            Span::new(format!("  revision {}  ", change.revision), DIM),
            Span::new(changes::happened(change), BOLD),
            Span::plain(format!(" by {}", detail::who(change.actor.as_ref()))),
        ];
        if !change.comment.is_empty() {
            line.push(Span::plain(format!(" “{}”", change.comment)));
        }
        ui.line(&line)?;
        for field in &change.fields {
            ui.line(&[Span::plain(format!("    {}", changes::moved(field)))])?;
        }
    }
    Ok(())
}

fn cells(change: &Change) -> Vec<String> {
    vec![
        change.revision.to_string(),
        time::rfc3339(change.commit_time.as_ref()).unwrap_or_default(),
        detail::who(change.actor.as_ref()),
        changes::what(change),
        change.comment.clone(),
    ]
}

fn told(ui: &mut Ui, history: &History) {
    let entries = history.changes.len() as u64;
    ui.note(&if entries == 1 { "1 entry".to_owned() } else { format!("{entries} entries") });
    if history.more {
        ui.hint("there are older ones: -n 0 shows all");
    } else if history.retention {
        ui.note("older entries existed, but the log no longer keeps them");
    }
}
