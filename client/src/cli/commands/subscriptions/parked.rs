//! `muster subscriptions parked` and `resolve`.

use muster_api::v1::{
    ListParkedChangesRequest, ParkedChange, ParkedResolution, ResolveParkedChangesRequest,
};
use serde::Serialize;

use super::PAGE_SIZE;
use crate::cli::args::{Format, ResolveArgs};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::document::{ParkedDoc, Versioned};
use crate::cli::output::json;
use crate::cli::output::table::{Column, Table};
use crate::cli::session::Session;
use crate::cli::time::age;
use crate::cli::ui::{BOLD, Span, Ui};
use crate::cli::words::count;

#[derive(Serialize)]
struct ListDoc<'a> {
    parked: Vec<ParkedDoc<'a>>,
}

#[derive(Serialize)]
struct ResolvedDoc<'a> {
    resolved: &'a [String],
}

/// Lists what a subscription gave up.
pub(super) async fn list(session: &mut Session, name: &str) -> Result<Exit, Failure> {
    let mut parked = Vec::new();
    let mut page_token = String::new();
    loop {
        let subscription_id = name.to_owned();
        let request =
            ListParkedChangesRequest { subscription_id, page_size: PAGE_SIZE, page_token };
        let page = session.client.list_parked_changes(request).await;
        let page = page.map_err(|error| session.failed(&error))?;
        parked.extend(page.parked);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let ui = &mut session.ui;
    match session.format {
        Format::Json => {
            let document = ListDoc { parked: parked.iter().map(ParkedDoc::new).collect() };
            ui.bytes(json::to_pretty(&Versioned::new(document))?.as_bytes())?;
        }
        Format::Jsonl => {
            for one in &parked {
                ui.bytes(json::to_line(&Versioned::new(ParkedDoc::new(one)))?.as_bytes())?;
            }
        }
        Format::Name => {
            for one in &parked {
                ui.line(&[Span::plain(one.id.as_str())])?;
            }
        }
        Format::Table | Format::Wide | Format::Csv | Format::Svg => {
            table(ui, &parked)?;
            ui.flush()?;
            ui.note(&format!("{} given up", count(parked.len() as u64, "change")));
            if !parked.is_empty() {
                ui.hint(&format!(
                    "muster subscriptions resolve {name} --all --redeliver, once the cause is mended"
                ));
            }
        }
    }
    Ok(Exit::Ok)
}

fn table(ui: &mut Ui, parked: &[ParkedChange]) -> Result<(), Failure> {
    let now = (ui.now)();
    let mut table = Table::new([
        Column::new("ID"),
        Column::new("PARKED").right(),
        Column::new("ATTEMPTS").right(),
        Column::new("REASON").shrinks_to(16),
        Column::new("FINDING").shrinks_to(12),
        Column::new("TITLE").shrinks_to(16),
    ]);
    for one in parked {
        let change = one.change.as_ref();
        let finding = change.and_then(|change| change.finding.as_ref());
        table.push(vec![
            Span::new(one.id.as_str(), BOLD),
            Span::plain(age(now, one.park_time.as_ref())),
            Span::plain(one.attempts.to_string()),
            Span::plain(one.reason.as_str()),
            Span::plain(change.map_or("", |change| change.finding_id.as_str())),
            Span::plain(finding.map_or("", |finding| finding.title.as_str())),
        ]);
    }
    Ok(table.print(ui)?)
}

/// Delivers again what a subscription gave up, or drops it.
pub(super) async fn resolve(session: &mut Session, args: &ResolveArgs) -> Result<Exit, Failure> {
    let resolution =
        if args.redeliver { ParkedResolution::Redeliver } else { ParkedResolution::Discard };
    let request = ResolveParkedChangesRequest {
        subscription_id: args.name.clone(),
        ids: args.ids.clone(),
        resolution: resolution.into(),
        comment: args.comment.clone().unwrap_or_default(),
    };
    session.set_writing(true);
    let answer = session.client.resolve_parked_changes(request).await;
    session.set_writing(false);
    let resolved = answer.map_err(|error| session.failed(&error))?.ids;
    let ui = &mut session.ui;
    match session.format {
        Format::Json | Format::Jsonl => {
            let document = Versioned::new(ResolvedDoc { resolved: &resolved });
            let line = session.format == Format::Jsonl;
            let text = if line { json::to_line(&document)? } else { json::to_pretty(&document)? };
            ui.bytes(text.as_bytes())?;
        }
        Format::Name => {
            for id in &resolved {
                ui.line(&[Span::plain(id.as_str())])?;
            }
        }
        Format::Table | Format::Wide | Format::Csv | Format::Svg => {
            let what = if args.redeliver { "due again" } else { "dropped" };
            let count = count(resolved.len() as u64, "change");
            ui.line(&[Span::new(format!("{count} {what}"), BOLD)])?;
            ui.flush()?;
            let left = args.ids.len().saturating_sub(resolved.len());
            if left > 0 {
                ui.note(&format!("{left} left as they are: not parked, or no room for more"));
            }
        }
    }
    Ok(Exit::Ok)
}
