//! CISA's decision points of vulnerabilities (SSVC), as a table.
//!
//! CISA publishes them in the CVE records of its Vulnrichment, as `Automatable` (`yes`, `no`) and
//! `Technical Impact` (`partial`, `total`). This reads them as columns of these names, in any order
//! and among others:
//!
//! ```text
//! #date:2025-11-20
//! cve,automatable,technical_impact
//! CVE-2021-44228,yes,total
//! ```

use std::io::BufRead;

use muster_core::intel::{Cve, Decision, Intel};

use super::csv::{Lines, cells, excerpt};
use super::{CVES_MAX, ReadError, epss};

/// Reads decision points into `intel`, in the place of those that it has.
pub(super) fn read(from: impl BufRead, intel: Intel) -> Result<Intel, ReadError> {
    let mut lines = Lines::new(from);
    let (issue, header) = epss::head(&mut lines)?;
    let columns = Columns::read(&header).map_err(|message| lines.error(message))?;
    let mut decisions = Vec::new();
    while let Some(line) = lines.next()? {
        match columns.row(line) {
            Ok(decision) => decisions.push(decision),
            Err(message) => return Err(lines.error(message)),
        }
        if decisions.len() > CVES_MAX {
            return Err(lines.error(format!("more than {CVES_MAX} CVEs")));
        }
    }
    if decisions.is_empty() {
        return Err(ReadError::Whole("it has no decision points".to_owned()));
    }
    intel.with_ssvc(issue, &decisions).map_err(|twice| ReadError::Whole(twice.to_string()))
}

/// Where the columns are.
struct Columns {
    cve: usize,
    automatable: usize,
    impact: usize,
}

impl Columns {
    fn read(header: &str) -> Result<Self, String> {
        let names: Vec<String> =
            cells(header).map(|name| name.to_ascii_lowercase().replace(' ', "_")).collect();
        let find = |name: &str| {
            let found = names.iter().position(|one| one.starts_with(name));
            found.ok_or_else(|| format!("no column `{name}` in `{}`", excerpt(header)))
        };
        Ok(Self {
            cve: find("cve")?,
            automatable: find("automatable")?,
            impact: find("technical_impact")?,
        })
    }

    fn row(&self, line: &str) -> Result<Decision, String> {
        let cells: Vec<&str> = cells(line).collect();
        let cell = |at: usize| cells.get(at).copied().unwrap_or_default();
        let id = cell(self.cve);
        let cve = Cve::parse(id).ok_or_else(|| format!("`{}` is no CVE id", excerpt(id)))?;
        let automatable = choice(cell(self.automatable), "yes", "no")?;
        let total_impact = choice(cell(self.impact), "total", "partial")?;
        Ok(Decision { cve, automatable, total_impact })
    }
}

fn choice(text: &str, yes: &str, no: &str) -> Result<Option<bool>, String> {
    match text.to_ascii_lowercase() {
        text if text.is_empty() => Ok(None),
        text if text == yes => Ok(Some(true)),
        text if text == no => Ok(Some(false)),
        text => Err(format!("`{}` is neither `{yes}` nor `{no}`", excerpt(&text))),
    }
}
