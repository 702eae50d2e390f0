//! `muster priority`: the rules.

use std::fs;
use std::path::Path;

use muster_api::v1::{
    ActivatePriorityRulesRequest, GetPriorityRulesRequest, PreviewPriorityRulesRequest,
    PreviewPriorityRulesResponse, PriorityBand,
};

use crate::cli::args::{Format, PriorityArgs, PriorityCommand};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::table::{Column, Table};
use crate::cli::session::Session;
use crate::cli::ui::{BOLD, Span, Ui};
use crate::cli::words::Word;

/// The largest file of rules that is read, in bytes (1 MiB, as the server takes).
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Shows, previews or activates rules.
pub(super) async fn run(session: &mut Session, args: &PriorityArgs) -> Result<Exit, Failure> {
    session.allow_only(&[Format::Table])?;
    match &args.command {
        PriorityCommand::Show { own } => {
            let rules = session.client.get_priority_rules(GetPriorityRulesRequest {}).await;
            let rules = rules.map_err(|error| session.failed(&error))?;
            let text = if *own { &rules.own_text } else { &rules.text };
            session.ui.bytes(text.as_bytes())?;
            session.ui.flush()?;
            session.ui.note(&format!("rules {}", rules.hash));
        }
        PriorityCommand::Preview { file } => {
            let request = PreviewPriorityRulesRequest { own_text: read(file)? };
            let preview = session.client.preview_priority_rules(request).await;
            let preview = preview.map_err(|error| session.failed(&error))?;
            print(&mut session.ui, &preview)?;
            session.ui.flush()?;
            session.ui.note("nothing was changed: `muster priority activate FILE` does it");
        }
        PriorityCommand::Activate { file, over } => {
            let request =
                ActivatePriorityRulesRequest { own_text: read(file)?, hash: over.clone() };
            let done = session.client.activate_priority_rules(request).await;
            let done = done.map_err(|error| session.failed(&error))?;
            let word = if done.unchanged { "were in force already" } else { "are in force" };
            session.ui.line(&[Span::plain(format!("rules {} {word}", done.hash))])?;
            session.ui.flush()?;
            if !done.unchanged {
                session
                    .ui
                    .note("findings are rated again behind it: `muster watch` shows who moves");
            }
        }
    }
    Ok(Exit::Ok)
}

fn read(file: &Path) -> Result<String, Failure> {
    let wrong = |why: String| Failure::usage(format!("{}: {why}", file.display()));
    let size = fs::metadata(file).map_err(|error| wrong(error.to_string()))?.len();
    if size > FILE_BYTES_MAX {
        return Err(wrong(format!("has {size} bytes; at most {FILE_BYTES_MAX}")));
    }
    fs::read_to_string(file).map_err(|error| wrong(error.to_string()))
}

fn print(ui: &mut Ui, preview: &PreviewPriorityRulesResponse) -> Result<(), Failure> {
    let PreviewPriorityRulesResponse { examined_count, total_count, changed_count, .. } = preview;
    let looked = format!(
        "{changed_count} of {examined_count} findings would have another score ({total_count} are open)"
    );
    ui.line(&[Span::new(looked, BOLD)])?;
    for one in &preview.band_moves {
        let (before, after) = (PriorityBand::word(one.before), PriorityBand::word(one.after));
        ui.line(&[Span::plain(format!("  {before} to {after}: {}", one.count))])?;
    }
    if preview.moves.is_empty() {
        return Ok(());
    }
    ui.line(&[])?;
    let mut table = Table::new([
        Column::new("ID"),
        Column::new("NOW").right(),
        Column::new("THEN").right(),
        Column::new("RULE").shrinks_to(20),
        Column::new("TITLE").shrinks_to(20),
    ]);
    for one in &preview.moves {
        table.push(vec![
            Span::new(one.id.get(..12).unwrap_or(&one.id), BOLD),
            Span::plain(one.score_before.to_string()),
            Span::plain(one.score_after.to_string()),
            Span::plain(one.rule_id.as_str()),
            Span::plain(one.title.as_str()),
        ]);
    }
    Ok(table.print(ui)?)
}
