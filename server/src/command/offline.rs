//! What works on a store without a server: `musterd verify`, `refold`, `export` and `import`.
//!
//! Each opens the store as a server would, so it is refused while one runs. Counts are for people:
//! on standard output, unless the export itself goes there.

use std::error::Error;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, IsTerminal, Read, Write};
use std::path::Path;
use std::sync::Arc;

use data_encoding::HEXLOWER;
use muster_core::finding::Placement;
use muster_core::weakness::Classes;

use crate::clock::{Clock as _, SystemClock};
use crate::intel;
use crate::refold::{self, Mode};
use crate::store::transfer::{self, Counts};
use crate::store::verify::{self, Verified};
use crate::store::{SledOptions, SledStore, Store, has_store};

/// After how many groups a re-fold says how far it is.
const PROGRESS_GROUPS: u64 = 1_000;

/// How many violations are listed; all are counted.
const LISTED_MAX: usize = 20;

/// Walks a store and its decision journal. Fails when a promise is not kept.
pub(super) fn verify(data_dir: &Path) -> Result<(), Box<dyn Error>> {
    let store = open(data_dir)?;
    let mut verified = verify::verify(&store)?;
    let journal = verify::verify_journal(data_dir, store.log_id(), &verified)?;
    verified.violations.note(journal.violations);

    let mut out = io::stdout().lock();
    writeln!(out, "log        {}", HEXLOWER.encode(&store.log_id()))?;
    writeln!(out, "changes    {} ({} to {})", verified.changes, verified.oldest, verified.head)?;
    writeln!(out, "findings   {} with {} reports", verified.findings, verified.reports)?;
    writeln!(out, "heads      {}", verified.heads)?;
    writeln!(out, "rows       {} in small tables", verified.rows)?;
    writeln!(out, "decisions  {} lines in the journal", journal.lines)?;
    for warning in &journal.warnings {
        writeln!(out, "warning: {warning}")?;
    }
    report(&verified, &mut out)
}

/// Says what does not hold.
fn report(verified: &Verified, out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let violations = &verified.violations;
    for violation in violations.kept().iter().take(LISTED_MAX) {
        // Keys and titles come from whoever can name a resource.
        writeln!(out, "violation of {}", violation.to_string().escape_debug())?;
    }
    match violations.total() {
        0 => Ok(writeln!(out, "every promise is kept")?),
        1 => Err("1 violation".into()),
        total => Err(format!("{total} violations").into()),
    }
}

/// Re-folds a store by `classes`, or says what that would do.
pub(super) fn refold(data_dir: &Path, classes: &Classes, mode: Mode) -> Result<(), Box<dyn Error>> {
    let store = open(data_dir)?;
    let watched = io::stderr().is_terminal();
    let (intel, _) = intel::load(data_dir);
    let intel = Arc::new(intel);
    let now = SystemClock.now();
    let done = refold::refold(&store, classes, intel, mode, now, &mut |done, known| {
        if watched && (done.is_multiple_of(PROGRESS_GROUPS) || done == known) {
            progress(done, known);
        }
    })?;
    let mut out = io::stdout().lock();
    writeln!(out, "findings   {}", done.findings)?;
    writeln!(out, "reports    {} move, or are placed by something else", done.reports)?;
    for (placement, reports) in &done.by {
        writeln!(out, "           {reports} by {}", name(placement))?;
    }
    writeln!(out, "merged     {} findings forward to another", done.merged)?;
    writeln!(out, "split off  {} findings", done.founded)?;
    for ((from, to), findings) in &done.statuses {
        writeln!(out, "status     {findings} from {} to {}", from.as_str(), to.as_str())?;
    }
    match mode {
        Mode::DryRun => writeln!(out, "nothing was written: `--apply` does it")?,
        Mode::Apply => {
            writeln!(out, "in force   classes {}, revision {}", classes.hash(), done.head)?;
        }
    }
    Ok(())
}

/// Shows whoever watches how far it is, on one line.
fn progress(done: u64, known: u64) {
    let end = if done == known { "\n" } else { "" };
    // A terminal that went away ends no re-fold.
    write!(io::stderr(), "\r{done} of {known} groups{end}").ok();
}

/// What places reports, for people.
fn name(placement: &Placement) -> String {
    match placement {
        Placement::Origin => "their origin key".to_owned(),
        Placement::Class(class) => format!("class {class}"),
        Placement::Decision => "a decision".to_owned(),
    }
}

/// Writes a whole store to a new file, or to standard output.
pub(super) fn export(data_dir: &Path, output: Option<&Path>) -> Result<(), Box<dyn Error>> {
    let store = open(data_dir)?;
    if let Some(path) = output {
        let counts = transfer::export_file(&store, path)?;
        return Ok(summarize("exported", &counts, &mut io::stdout())?);
    }
    if io::stdout().is_terminal() {
        return Err("an export is no text: give a file with `--output`, or redirect it".into());
    }
    let mut out = BufWriter::new(io::stdout().lock());
    let counts = transfer::export(&store, &mut out)?;
    Ok(summarize("exported", &counts, &mut io::stderr())?)
}

/// Makes a store from a file, or from standard input.
pub(super) fn import(data_dir: &Path, input: Option<&Path>) -> Result<(), Box<dyn Error>> {
    let mut from: Box<dyn Read> = match input {
        None => Box::new(io::stdin().lock()),
        Some(path) => {
            let file = File::open(path)
                .map_err(|error| format!("failed to open `{}`: {error}", path.display()))?;
            Box::new(BufReader::new(file))
        }
    };
    let imported = transfer::import(&mut from, data_dir, &SledOptions::default())?;
    let mut out = io::stdout();
    summarize("imported", &imported.counts, &mut out)?;
    let log_id = HEXLOWER.encode(&imported.log_id);
    writeln!(out, "the store has the new log {log_id}: whoever follows the log begins again")?;
    Ok(())
}

fn summarize(done: &str, counts: &Counts, out: &mut dyn Write) -> io::Result<()> {
    let Counts { findings, changes, rows, bytes, oldest, head, .. } = counts;
    writeln!(
        out,
        "{done} {findings} findings, {changes} changes ({oldest} to {head}) and {rows} rows of small \
         tables of log {} in {bytes} bytes",
        HEXLOWER.encode(&counts.log_id)
    )
}

/// Opens the store in `data_dir`, and makes none.
fn open(data_dir: &Path) -> Result<SledStore, Box<dyn Error>> {
    if !has_store(data_dir)? {
        return Err(format!("there is no store in `{}`; set --data-dir", data_dir.display()).into());
    }
    Ok(SledStore::open(data_dir, &SledOptions::default())?)
}
