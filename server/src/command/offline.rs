//! What works on a store without a server: `musterd verify`, `export`, `import`.
//!
//! Each opens the store for itself alone, so a running server refuses it.

use std::error::Error;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Write};
use std::path::Path;

use crate::store::journal::{self, JOURNAL_FILE};
use crate::store::transfer::{self, Moved};
use crate::store::verify::Verification;
use crate::store::{SledOptions, SledStore, Store};

/// How many violations are printed; the rest is counted.
const PRINTED_MAX: usize = 20;

/// Walks the store and the journal, and says what does not hold.
pub(super) fn verify(data_dir: &Path) -> Result<(), Box<dyn Error>> {
    let store = open(data_dir)?;
    let result = crate::store::verify::verify(&store)?;
    let path = data_dir.join(JOURNAL_FILE);
    let walked = journal::walk(&path, store.log_id())?;
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{} findings, {} log entries ({} to {}), {} other rows, {} decisions in the journal",
        result.findings, result.changes, result.log.0, result.log.1, result.meta, walked.lines,
    )?;
    if walked.torn_bytes() > 0 {
        let bytes = walked.torn_bytes();
        writeln!(out, "note: the journal has a torn end of {bytes} bytes; a start cuts it off")?;
    }
    report(&mut out, &result)
}

fn report(out: &mut impl Write, result: &Verification) -> Result<(), Box<dyn Error>> {
    if result.is_clean() {
        writeln!(out, "everything holds")?;
        return Ok(());
    }
    for damage in &result.damage {
        writeln!(out, "damaged: {damage}")?;
    }
    for violation in result.violations.iter().take(PRINTED_MAX) {
        writeln!(out, "{violation}")?;
    }
    let (broken, damaged) = (result.violations_total, result.damage.len());
    let advice = "export what reads, or rebuild from AWS: the journal keeps the decisions";
    Err(format!("{broken} broken promises, {damaged} damaged tables; {advice}").into())
}

/// Writes the store as one stream.
pub(super) fn export(data_dir: &Path, output: Option<&Path>) -> Result<(), Box<dyn Error>> {
    let store = open(data_dir)?;
    let Some(output) = output else {
        let mut out = BufWriter::new(io::stdout().lock());
        let moved = transfer::export(&store, &mut out)?;
        out.flush()?;
        return print(&moved, "exported", io::stderr());
    };
    if output.exists() {
        return Err(format!("`{}` is there already", output.display()).into());
    }
    // Whole or not at all: a stream that broke off has another name.
    let mut partial = output.as_os_str().to_owned();
    partial.push(".partial");
    let file = OpenOptions::new().write(true).create(true).truncate(true).open(&partial)?;
    let mut out = BufWriter::new(file);
    let moved = transfer::export(&store, &mut out)?;
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    fs::rename(&partial, output)?;
    print(&moved, "exported", io::stdout())
}

/// Makes a store from a stream.
pub(super) fn import(data_dir: &Path, input: Option<&Path>) -> Result<(), Box<dyn Error>> {
    let options = SledOptions::default();
    let moved = match input {
        Some(input) => {
            let file = File::open(input)
                .map_err(|error| format!("failed to open `{}`: {error}", input.display()))?;
            transfer::import(&mut BufReader::new(file), data_dir, &options)?
        }
        None => transfer::import(&mut io::stdin().lock(), data_dir, &options)?,
    };
    print(&moved, "imported", io::stdout())
}

/// Opens a store that is there: none is made by a wrong name.
fn open(data_dir: &Path) -> Result<SledStore, Box<dyn Error>> {
    if !data_dir.join("sled").is_dir() {
        return Err(format!("there is no store in `{}`; set --data-dir", data_dir.display()).into());
    }
    Ok(SledStore::open(data_dir, &SledOptions::default())?)
}

fn print(moved: &Moved, done: &str, mut out: impl Write) -> Result<(), Box<dyn Error>> {
    writeln!(
        out,
        "{done} {} findings, {} log entries, {} other rows",
        moved.findings, moved.changes, moved.meta
    )?;
    Ok(())
}
