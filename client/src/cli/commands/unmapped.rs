//! `muster unmapped`.

use muster_api::v1::{ListUnmappedDocumentsRequest, UnmappedDocument};
use serde::Serialize;

use super::get::print_document;
use crate::cli::args::{Format, UnmappedArgs};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::document::{UnmappedDoc, Versioned};
use crate::cli::output::table::{Column, Table};
use crate::cli::output::{csv, json};
use crate::cli::session::Session;
use crate::cli::time::{rfc3339, stamp};
use crate::cli::ui::{Span, Ui};
use crate::cli::words::count;

/// Documents asked for at once: the server's limit is 500, and each may be 512 KiB.
const PAGE_SIZE: u64 = 50;

#[derive(Serialize)]
struct ListDoc<'a> {
    documents: Vec<UnmappedDoc<'a>>,
    truncated_by_limit: bool,
}

/// Shows documents that could not be mapped.
pub(super) async fn run(session: &mut Session, args: &UnmappedArgs) -> Result<Exit, Failure> {
    session.allow_only(&[Format::Table, Format::Wide, Format::Json, Format::Jsonl, Format::Csv])?;
    let (documents, more) = read(session, args).await?;
    let ui = &mut session.ui;
    match session.format {
        Format::Json => {
            let list = documents.iter().map(UnmappedDoc::new).collect();
            let document = ListDoc { documents: list, truncated_by_limit: more };
            ui.bytes(json::to_pretty(&Versioned::new(document))?.as_bytes())?;
        }
        Format::Jsonl => {
            for document in &documents {
                ui.bytes(json::to_line(&Versioned::new(UnmappedDoc::new(document)))?.as_bytes())?;
            }
        }
        Format::Csv => {
            let header = csv::header(&["unit", "create_time", "error"]);
            csv::print(ui, std::iter::once(header).chain(documents.iter().map(cells)))?;
        }
        Format::Table | Format::Wide | Format::Name if args.raw => {
            for document in &documents {
                print_document(ui, &document.raw_json)?;
            }
        }
        Format::Table | Format::Wide | Format::Name | Format::Svg => table(ui, &documents)?,
    }
    if documents.is_empty() {
        ui.note("every document could be understood");
    } else {
        ui.note(&count(documents.len() as u64, "document"));
    }
    if more {
        ui.hint("there are more: -n 0 shows all");
    }
    Ok(Exit::Ok)
}

async fn read(
    session: &Session,
    args: &UnmappedArgs,
) -> Result<(Vec<UnmappedDocument>, bool), Failure> {
    let mut left = if args.limit == 0 { u64::MAX } else { args.limit.into() };
    let mut documents = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListUnmappedDocumentsRequest {
            page_size: i32::try_from(left.min(PAGE_SIZE)).unwrap_or(i32::MAX),
            page_token,
            unit: args.unit.clone().unwrap_or_default(),
        };
        let page = session.client.list_unmapped_documents(request).await;
        let page = page.map_err(|error| session.failed(&error))?;
        left = left.saturating_sub(page.documents.len() as u64);
        documents.extend(page.documents);
        page_token = page.next_page_token;
        if page_token.is_empty() || left == 0 {
            return Ok((documents, !page_token.is_empty()));
        }
    }
}

fn table(ui: &mut Ui, documents: &[UnmappedDocument]) -> Result<(), Failure> {
    let now = (ui.now)();
    let mut table = Table::new([
        Column::new("FIRST MET"),
        Column::new("UNIT").shrinks_to(24),
        Column::new("ERROR").shrinks_to(32),
    ]);
    for document in documents {
        table.push(vec![
            Span::plain(stamp(now, document.create_time.as_ref())),
            Span::plain(document.unit.as_str()),
            Span::plain(document.error.as_str()),
        ]);
    }
    Ok(table.print(ui)?)
}

fn cells(document: &UnmappedDocument) -> Vec<String> {
    let time = rfc3339(document.create_time.as_ref()).unwrap_or_default();
    vec![document.unit.clone(), time, document.error.clone()]
}
