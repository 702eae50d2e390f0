//! Lines and cells of the published tables.

use std::io::{BufRead, Read};

use muster_core::intel::Issue;
use muster_core::time::Millis;

use super::ReadError;

/// The longest line, in bytes.
const LINE_BYTES_MAX: u64 = 4096;

/// Reads a table line by line.
pub(super) struct Lines<R> {
    from: R,
    buffer: Vec<u8>,
    /// The number of the last line, from 1.
    pub(super) number: u64,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(from: R) -> Self {
        Self { from, buffer: Vec::new(), number: 0 }
    }

    /// The next line that is not empty, without its end; `None` after the last.
    pub(super) fn next(&mut self) -> Result<Option<&str>, ReadError> {
        loop {
            self.buffer.clear();
            let mut line = (&mut self.from).take(LINE_BYTES_MAX + 1);
            if line.read_until(b'\n', &mut self.buffer)? == 0 {
                return Ok(None);
            }
            self.number += 1;
            if self.buffer.len() as u64 > LINE_BYTES_MAX {
                return Err(self.error(format!("longer than {LINE_BYTES_MAX} bytes")));
            }
            if !self.buffer.trim_ascii().is_empty() {
                break;
            }
        }
        match std::str::from_utf8(&self.buffer) {
            // Some editors put a mark in front of the first line.
            Ok(text) => Ok(Some(text.trim_start_matches('\u{feff}').trim())),
            Err(_) => Err(ReadError::line(self.number, "not UTF-8")),
        }
    }

    /// An error in the last line.
    pub(super) fn error(&self, message: impl Into<String>) -> ReadError {
        ReadError::line(self.number, message)
    }
}

/// The issue that a first line such as `#model_version:v2025.03.14,score_date:2025-11-20T12:55:00Z`
/// names. `None` when it is no such line, an error when its date is none.
pub(super) fn issue(line: &str) -> Option<Result<Issue, String>> {
    let mut issue = Issue::default();
    for member in line.strip_prefix('#')?.split(',') {
        let (name, value) = member.split_once(':').unwrap_or((member, ""));
        match name.trim() {
            "model_version" | "version" => value.trim().clone_into(&mut issue.version),
            "score_date" | "date" => match Millis::parse(&with_time(value.trim())) {
                Ok(date) => issue.date = Some(date),
                Err(error) => return Some(Err(format!("{}: {error}", name.trim()))),
            },
            _ => {}
        }
    }
    Some(Ok(issue))
}

/// A day as a time of that day.
pub(super) fn with_time(date: &str) -> String {
    if date.len() == "2025-11-20".len() { format!("{date}T00:00:00Z") } else { date.to_owned() }
}

/// The cells of a line. No published table has quotes with commas inside.
pub(super) fn cells(line: &str) -> impl Iterator<Item = &str> {
    line.split(',').map(|cell| cell.trim().trim_matches('"'))
}

/// A text of a file for people, on one line and short.
pub(super) fn excerpt(text: &str) -> String {
    muster_core::report::bounded(text, 60).escape_debug().to_string()
}
