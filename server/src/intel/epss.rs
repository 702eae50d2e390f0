//! FIRST's exploit prediction scores, as they are published every day.
//!
//! ```text
//! #model_version:v2025.03.14,score_date:2025-11-20T12:55:00Z
//! cve,epss,percentile
//! CVE-1999-0001,0.01141,0.77751
//! ```

use std::io::BufRead;

use muster_core::intel::{Cve, Intel, Issue};

use super::csv::{self, Lines, cells, excerpt};
use super::{CVES_MAX, ReadError};

/// Reads scores into `intel`, in the place of those that it has.
pub(super) fn read(from: impl BufRead, intel: Intel) -> Result<Intel, ReadError> {
    let mut lines = Lines::new(from);
    let (issue, header) = head(&mut lines)?;
    let is_scores = header.to_ascii_lowercase().starts_with("cve,epss");
    if !is_scores {
        let message =
            format!("`{}` instead of `cve,epss,percentile`: is it EPSS?", excerpt(&header));
        return Err(lines.error(message));
    }
    let mut scores = Vec::new();
    while let Some(line) = lines.next()? {
        match row(line) {
            Ok(score) => scores.push(score),
            Err(message) => return Err(lines.error(message)),
        }
        if scores.len() > CVES_MAX {
            return Err(lines.error(format!("more than {CVES_MAX} scores")));
        }
    }
    if scores.is_empty() {
        return Err(ReadError::Whole("it has no scores".to_owned()));
    }
    intel.with_epss(issue, scores).map_err(|twice| ReadError::Whole(twice.to_string()))
}

/// The issue, where the first line names one, and the line with the names of the columns.
pub(super) fn head(lines: &mut Lines<impl BufRead>) -> Result<(Issue, String), ReadError> {
    let nothing = || ReadError::Whole("it is empty".to_owned());
    let first = lines.next()?.ok_or_else(nothing)?.to_owned();
    match csv::issue(&first) {
        None => Ok((Issue::default(), first)),
        Some(Err(message)) => Err(lines.error(message)),
        Some(Ok(issue)) => Ok((issue, lines.next()?.ok_or_else(nothing)?.to_owned())),
    }
}

fn row(line: &str) -> Result<(Cve, u16), String> {
    let mut cells = cells(line);
    let (id, score) = (cells.next().unwrap_or_default(), cells.next().unwrap_or_default());
    let cve = Cve::parse(id).ok_or_else(|| format!("`{}` is no CVE id", excerpt(id)))?;
    let probability = score.parse::<f64>().ok().filter(|score| (0.0..=1.0).contains(score));
    let Some(probability) = probability else {
        return Err(format!("`{}` is no probability from 0 to 1", excerpt(score)));
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "in the range of 0 to 1000"
    )]
    let permille = (probability * 1000.0 + 1e-6).floor() as u16;
    Ok((cve, permille))
}
