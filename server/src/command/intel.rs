//! `musterd intel`: published intelligence about vulnerabilities, from files.

use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use muster_core::intel::{Cve, Exploitation, Feed, Part};
use muster_core::time::{DAY_MS, Millis};

use super::DataDir;
use crate::clock::{Clock as _, SystemClock};
use crate::intel;

/// What to do with the intelligence of a data directory.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check files, and when all are what they should be put them into the data directory.
    Load {
        #[command(flatten)]
        data: DataDir,
        #[command(flatten)]
        files: Files,
    },
    /// Show what is in the data directory, and how old it is.
    Show {
        #[command(flatten)]
        data: DataDir,
        /// What is known of this CVE.
        #[arg(long, value_name = "ID", value_parser = cve)]
        cve: Option<Cve>,
    },
}

/// The files to load; nothing is fetched from the internet.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(super) struct Files {
    /// CISA's catalog of known exploited vulnerabilities, in JSON.
    #[arg(long, value_name = "FILE")]
    kev: Option<PathBuf>,
    /// FIRST's exploit prediction scores, in CSV, unpacked.
    #[arg(long, value_name = "FILE")]
    epss: Option<PathBuf>,
    /// Decision points, in CSV: columns `cve`, `automatable` (yes, no), `technical_impact` (partial,
    /// total).
    #[arg(long, value_name = "FILE")]
    ssvc: Option<PathBuf>,
}

impl Files {
    fn list(&self) -> Vec<(Feed, &Path)> {
        let all = [(Feed::Kev, &self.kev), (Feed::Epss, &self.epss), (Feed::Ssvc, &self.ssvc)];
        all.into_iter().filter_map(|(feed, file)| Some((feed, file.as_deref()?))).collect()
    }
}

fn cve(text: &str) -> Result<Cve, String> {
    Cve::parse(text).ok_or_else(|| "expected an id such as CVE-2021-44228".to_owned())
}

/// Does it.
pub(super) fn run(command: &Command) -> Result<(), Box<dyn Error>> {
    let now = SystemClock.now();
    let mut out = io::stdout().lock();
    match command {
        Command::Load { data, files } => {
            let parts = intel::install(&data.data_dir, &files.list())?;
            for part in &parts {
                writeln!(out, "loaded {}", line(part, now))?;
            }
            Ok(())
        }
        Command::Show { data, cve: None } => show(&data.data_dir, now, &mut out),
        Command::Show { data, cve: Some(cve) } => {
            let (intel, _) = intel::load(&data.data_dir);
            match intel.of_cve(*cve) {
                Some(found) => known(&found, &mut out)?,
                None => writeln!(out, "{cve}: nothing is known")?,
            }
            Ok(())
        }
    }
}

/// Shows every feed. Fails when a file cannot be used.
fn show(data_dir: &Path, now: Millis, out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let (intel, problems) = intel::load(data_dir);
    let parts = intel.parts();
    for feed in Feed::ALL {
        match parts.iter().find(|part| part.feed == feed) {
            Some(part) => writeln!(out, "{}", line(part, now))?,
            None => writeln!(out, "{:<5} not loaded", feed.as_str())?,
        }
    }
    for problem in &problems {
        writeln!(out, "wrong: {} {}", problem.feed.as_str(), problem.message)?;
    }
    if problems.is_empty() { Ok(()) } else { Err("not every file can be used".into()) }
}

/// `kev   1460 CVEs, 2025.11.20 of 2025-11-20, 5 days old`.
fn line(part: &Part, now: Millis) -> String {
    let Part { feed, issue, cves } = part;
    let version = if issue.version.is_empty() { "no version" } else { &issue.version };
    let version = version.escape_debug();
    let age = match (issue.date, part.age_days(now)) {
        (Some(date), Some(days)) => format!("of {}, {days} days old", day(date.day())),
        _ => "without a date".to_owned(),
    };
    let stale = if part.is_stale(now) { ": stale, load a newer one" } else { "" };
    format!("{:<5} {cves} CVEs, {version} {age}{stale}", feed.as_str())
}

fn known(found: &Exploitation, out: &mut dyn Write) -> io::Result<()> {
    let yes = |known: Option<bool>| match known {
        Some(true) => "yes",
        Some(false) => "no",
        None => "not known",
    };
    let exploited = if found.known_exploited { "yes" } else { "not in the catalog" };
    let due = found.kev_due.map_or_else(String::new, |due| format!(", due {}", day(due)));
    let epss = found.epss_permille.map_or_else(
        || "not known".to_owned(),
        |permille| format!("at least {}.{} %", permille / 10, permille % 10),
    );
    writeln!(out, "{}", found.cve)?;
    writeln!(out, "known exploited  {exploited}{due}")?;
    writeln!(out, "ransomware       {}", yes(found.known_exploited.then_some(found.ransomware)))?;
    writeln!(out, "EPSS             {epss}")?;
    writeln!(out, "automatable      {}", yes(found.automatable))?;
    writeln!(out, "total impact     {}", yes(found.total_impact))
}

/// `2025-11-20`.
fn day(day: i64) -> String {
    let text = Millis(day.saturating_mul(DAY_MS)).to_string();
    text.split('T').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use muster_core::intel::Issue;

    use super::*;

    #[test]
    fn a_line_says_how_old_it_is() {
        let date = Millis::parse("2025-11-20T18:00:00Z").unwrap();
        let issue = Issue { version: "2025.11.20".to_owned(), date: Some(date) };
        let part = Part { feed: Feed::Kev, issue, cves: 1460 };

        assert_eq!(
            line(&part, date.plus(5 * DAY_MS)),
            "kev   1460 CVEs, 2025.11.20 of 2025-11-20, 5 days old"
        );
        assert!(line(&part, date.plus(50 * DAY_MS)).ends_with("stale, load a newer one"));
    }

    #[test]
    fn what_is_known_of_a_cve_is_told_and_the_rest_is_not_known() {
        let found = Exploitation {
            cve: "CVE-2021-44228".to_owned(),
            known_exploited: true,
            kev_due: Some(18_985),
            ransomware: true,
            epss_permille: Some(500),
            automatable: None,
            total_impact: Some(true),
        };
        let mut out = Vec::new();
        known(&found, &mut out).unwrap();

        let text = String::from_utf8(out).unwrap();
        for line in [
            "known exploited  yes, due 2021-12-24",
            "EPSS             at least 50.0 %",
            "automatable      not known",
            "total impact     yes",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
    }
}
