//! Reads and verifies a journal.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use super::JournalError;
use super::line::{Entry, ORIGIN};

/// The longest line, in bytes (1 MiB): a comment has at most 4 KiB, and escaping can make it six
/// times as long.
const LINE_BYTES_MAX: usize = 1024 * 1024;

/// What a journal holds, as far as it is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// How many decisions.
    pub entries: u64,
    /// The hash of the last line; zeros when there is none. Noted elsewhere, it proves later that
    /// nothing before it was altered.
    pub hash: [u8; 32],
    /// How many bytes they take.
    pub bytes: u64,
    /// What stands behind them and is no line: the rest of a write that was cut short.
    pub torn_bytes: u64,
}

/// Reads the journal in `path` from its beginning, and verifies the chain. A missing file is an
/// empty journal.
///
/// # Errors
///
/// [`JournalError::Broken`] names the first line that is not as it was written, when whole lines
/// follow it.
pub fn read_journal(path: &Path, visit: &mut dyn FnMut(&Entry)) -> Result<Summary, JournalError> {
    let failed = |source| JournalError::io("read", path, source);
    let mut summary = Summary { entries: 0, hash: ORIGIN, bytes: 0, torn_bytes: 0 };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(summary),
        Err(error) => return Err(failed(error)),
    };
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    // The first line that is wrong; only lines of a torn tail may follow it.
    let mut wrong: Option<(u64, String)> = None;
    let mut number = 0;
    while read_line(&mut reader, &mut line).map_err(failed)? {
        number += 1;
        let length = line.len() as u64;
        let parsed = match line.strip_suffix(b"\n") {
            Some(text) => Entry::parse(text),
            None => Err(super::line::Wrong("it has no end".to_owned())),
        };
        match (parsed, &wrong) {
            (Ok(_), Some((line, why))) => return Err(broken(path, *line, why)),
            (Ok((entry, hash)), None) => {
                if let Err(why) = entry.follows(summary.entries, &summary.hash) {
                    return Err(broken(path, number, &why.0));
                }
                visit(&entry);
                summary.entries += 1;
                summary.bytes += length;
                summary.hash = hash;
            }
            (Err(_), Some(_)) => summary.torn_bytes += length,
            (Err(why), None) => {
                summary.torn_bytes += length;
                wrong = Some((number, why.0));
            }
        }
    }
    Ok(summary)
}

/// Reads up to the end of a line; `false` at the end of the file. A longer line than any that was
/// written comes in parts, none of which reads.
fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(!line.is_empty());
        }
        let end = buffer.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        let taken = end.unwrap_or(buffer.len());
        line.extend_from_slice(buffer.get(..taken).unwrap_or_default());
        reader.consume(taken);
        if end.is_some() || line.len() >= LINE_BYTES_MAX {
            return Ok(true);
        }
    }
}

fn broken(path: &Path, line: u64, why: &str) -> JournalError {
    JournalError::Broken { path: path.display().to_string(), line, why: why.to_owned() }
}
