//! `muster watch`.

mod cursor_file;
mod lines;
mod people;

use muster_api::v1::{FindingView, LogPosition};

use crate::cli::args::{Format, Hidden, WatchArgs};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::cli::ui::Ui;
use crate::{Watch, WatchEvent, WatchOptions};
use cursor_file::{CursorFile, Saved};
use lines::Lines;
use people::People;

/// Prints events, each way.
enum Printer {
    People(People),
    Lines(Lines),
}

/// Watches until it is interrupted, the reader goes away, or something cannot go on.
pub(super) async fn run(session: &mut Session, args: &WatchArgs) -> Result<Exit, Failure> {
    session.allow_only(&[Format::Table, Format::Wide, Format::Jsonl])?;
    let me = if args.filter.assignee.as_deref() == Some("me") { session.me()? } else { "" };
    let filter = args.filter.compose(Hidden::ClosedAndSetAside, me).text;
    let view = FindingView::from(args.view);
    let file = args.cursor_file.clone().map(|path| {
        CursorFile::new(path, &filter, &format!("{:?}", args.view).to_ascii_lowercase())
    });
    let cursor = match &file {
        Some(file) => file.load().await?,
        None => None,
    };
    let random = session.random;
    let mut watch = session.client.watch(WatchOptions {
        filter: filter.clone(),
        view,
        cursor,
        snapshot: !args.no_snapshot,
        heartbeat: args.heartbeat,
        // Somebody waits for a first sign: a server that is not there is an error at once.
        fail_fast: true,
        random: Box::new(random),
        ..WatchOptions::default()
    });
    let mut printer = match session.format {
        Format::Jsonl => Printer::Lines(Lines::new(args.view)),
        _ => Printer::People(People::new(args.limit, session.format == Format::Wide)),
    };
    let mut saved = watch.cursor().map(str::to_owned);
    loop {
        let event =
            watch.next().await.map_err(|error| Failure::watch(&error, &filter, &session.server))?;
        printer.print(&mut session.ui, &event, &watch)?;
        // Only what was handed on counts as seen.
        session.ui.flush()?;
        if let Some(file) = &file
            && watch.cursor() != saved.as_deref()
        {
            saved = watch.cursor().map(str::to_owned);
            file.save(&position(&watch)).await?;
        }
    }
}

impl Printer {
    fn print(&mut self, ui: &mut Ui, event: &WatchEvent, watch: &Watch) -> Result<(), Failure> {
        match self {
            Self::People(people) => people.print(ui, event),
            Self::Lines(lines) => lines.print(ui, event, watch.cursor()),
        }
    }
}

fn position(watch: &Watch) -> Saved {
    Saved {
        cursor: watch.cursor().unwrap_or_default().to_owned(),
        log_id: watch.log_id().to_owned(),
        revision: watch.revision(),
    }
}

/// The revision of a position, for people.
fn revision(position: Option<&LogPosition>) -> u64 {
    position.map_or(0, |position| position.revision)
}
