//! What is published about vulnerabilities: the catalog of known exploited ones (CISA KEV), the
//! probability that one is exploited (FIRST EPSS), and CISA's decision points (SSVC).
//!
//! Values only: nothing here reads a file or the network. Whoever reads the published files makes an
//! [`Intel`] of their rows, and hands it to the rules. 300,000 scores take 2 MB: a CVE is a number,
//! and each list is sorted by it.

mod cve;

pub use self::cve::Cve;
use crate::report::{Signals, epss_step};
use crate::time::Millis;

/// What the loaded intelligence says about the worst CVE of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exploitation {
    /// The worst of its CVEs.
    pub cve: String,
    /// It is in the catalog of known exploited vulnerabilities. `false` also when no catalog is
    /// loaded.
    pub known_exploited: bool,
    /// The day by which the catalog asks for its remediation (`dueDate`), in days since 1970.
    pub kev_due: Option<i64>,
    /// The catalog knows of its use by ransomware (`knownRansomwareCampaignUse`).
    pub ransomware: bool,
    /// The probability that it is exploited within 30 days, in thousandths: 0 or one of
    /// [`EPSS_STEPS`](crate::report::EPSS_STEPS), so that it moves only when that matters.
    pub epss_permille: Option<u16>,
    /// Its exploitation can be automated, from finding a target to running code (SSVC).
    pub automatable: Option<bool>,
    /// It gives all of the system that has it, not a part (SSVC technical impact).
    pub total_impact: Option<bool>,
}

/// What the catalog of known exploited vulnerabilities says about one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Which.
    pub cve: Cve,
    /// The day by which the catalog asks for its remediation, in days since 1970; `None` when it
    /// gives none.
    pub due_day: Option<i32>,
    /// It is known to be used by ransomware.
    pub ransomware: bool,
}

/// The decision points of one vulnerability (SSVC, as CISA publishes them).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Which.
    pub cve: Cve,
    /// Its exploitation can be automated; `None` when nobody says.
    pub automatable: Option<bool>,
    /// It gives all of the system that has it; `None` when nobody says.
    pub total_impact: Option<bool>,
}

/// Where intelligence comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feed {
    /// CISA's catalog of known exploited vulnerabilities.
    Kev,
    /// FIRST's exploit prediction scores.
    Epss,
    /// CISA's decision points.
    Ssvc,
}

impl Feed {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Kev, Self::Epss, Self::Ssvc];

    /// The name shown to people, and of its option on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kev => "kev",
            Self::Epss => "epss",
            Self::Ssvc => "ssvc",
        }
    }

    /// After how many days it is stale: EPSS is published daily, the catalog every few days, and
    /// decision points of new CVEs every week.
    pub fn stale_days(self) -> i64 {
        match self {
            Self::Kev => 14,
            Self::Epss => 7,
            Self::Ssvc => 30,
        }
    }
}

/// Which issue of a feed it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Issue {
    /// The version that it names: `2025.11.20`, `v2025.03.14`; empty when it names none.
    pub version: String,
    /// When it was published; `None` when it does not say.
    pub date: Option<Millis>,
}

/// What is loaded of one feed, for people and metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which feed.
    pub feed: Feed,
    /// Which issue.
    pub issue: Issue,
    /// About how many CVEs.
    pub cves: usize,
}

impl Part {
    /// How many days old it is; `None` when it does not say when it was published. Negative when
    /// that lies ahead.
    pub fn age_days(&self, now: Millis) -> Option<i64> {
        self.issue.date.map(|date| now.day() - date.day())
    }

    /// Whether a newer issue must have been published since. One without a date counts as stale.
    pub fn is_stale(&self, now: Millis) -> bool {
        self.age_days(now).is_none_or(|days| days > self.feed.stale_days())
    }
}

/// Why rows make no list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is listed twice")]
pub struct Twice(pub Cve);

/// Rows sorted by CVE, to look one up: the numbers apart from what is said, so that neither is
/// padded.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Table<T> {
    issue: Issue,
    cves: Box<[Cve]>,
    rows: Box<[T]>,
}

impl<T: Copy> Table<T> {
    fn new(issue: Issue, mut rows: Vec<(Cve, T)>) -> Result<Self, Twice> {
        rows.sort_unstable_by_key(|(cve, _)| *cve);
        let twice = rows.windows(2).find_map(|pair| match pair {
            [(one, _), (other, _)] if one == other => Some(*one),
            _ => None,
        });
        if let Some(cve) = twice {
            return Err(Twice(cve));
        }
        let cves = rows.iter().map(|(cve, _)| *cve).collect();
        Ok(Self { issue, cves, rows: rows.into_iter().map(|(_, row)| row).collect() })
    }

    fn get(&self, cve: Cve) -> Option<T> {
        self.rows.get(self.cves.binary_search(&cve).ok()?).copied()
    }

    fn part(&self, feed: Feed) -> Part {
        Part { feed, issue: self.issue.clone(), cves: self.cves.len() }
    }

    fn bytes(&self) -> usize {
        size_of_val(&*self.cves) + size_of_val(&*self.rows)
    }
}

/// What is loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intel {
    kev: Option<Table<(Option<i32>, bool)>>,
    epss: Option<Table<u16>>,
    ssvc: Option<Table<(Option<bool>, Option<bool>)>>,
}

impl Intel {
    /// Nothing: every CVE is unknown.
    pub fn none() -> Self {
        Self::default()
    }

    /// With the catalog of known exploited vulnerabilities, in the place of any other.
    ///
    /// # Errors
    ///
    /// When a CVE is listed twice.
    pub fn with_kev(self, issue: Issue, known: &[Known]) -> Result<Self, Twice> {
        let rows = known.iter().map(|known| (known.cve, (known.due_day, known.ransomware)));
        Ok(Self { kev: Some(Table::new(issue, rows.collect())?), ..self })
    }

    /// With EPSS probabilities in thousandths, in the place of any other.
    ///
    /// # Errors
    ///
    /// When a CVE is listed twice.
    pub fn with_epss(self, issue: Issue, scores: Vec<(Cve, u16)>) -> Result<Self, Twice> {
        Ok(Self { epss: Some(Table::new(issue, scores)?), ..self })
    }

    /// With decision points, in the place of any other.
    ///
    /// # Errors
    ///
    /// When a CVE is listed twice.
    pub fn with_ssvc(self, issue: Issue, decisions: &[Decision]) -> Result<Self, Twice> {
        let rows = decisions.iter().map(|one| (one.cve, (one.automatable, one.total_impact)));
        Ok(Self { ssvc: Some(Table::new(issue, rows.collect())?), ..self })
    }

    /// Without a feed.
    #[must_use]
    pub fn without(self, feed: Feed) -> Self {
        match feed {
            Feed::Kev => Self { kev: None, ..self },
            Feed::Epss => Self { epss: None, ..self },
            Feed::Ssvc => Self { ssvc: None, ..self },
        }
    }

    /// Whether nothing is loaded.
    pub fn is_none(&self) -> bool {
        self.kev.is_none() && self.epss.is_none() && self.ssvc.is_none()
    }

    /// Whether the catalog of known exploited vulnerabilities is loaded: without it, that a CVE is
    /// not known to be exploited means nothing.
    pub fn has_kev(&self) -> bool {
        self.kev.is_some()
    }

    /// What is known of the worst CVE of `signals`; `None` when they name none, or nothing is known
    /// of any. That the loaded catalog has none of them is known.
    ///
    /// The worst is the known exploited one, of several that ransomware uses, then the earliest due,
    /// the one more likely to be exploited, the easier and the more harmful, and the newest.
    pub fn of(&self, signals: &Signals) -> Option<Exploitation> {
        let ids = &signals.vulnerability.as_ref()?.ids;
        let known = ids.iter().filter_map(|id| self.look_up(Cve::parse(id)?));
        known.max_by(|a, b| a.rank().cmp(&b.rank())).map(|worst| worst.exploitation())
    }

    /// What is known of one CVE; `None` when nothing is.
    pub fn of_cve(&self, cve: Cve) -> Option<Exploitation> {
        self.look_up(cve).map(|found| found.exploitation())
    }

    fn look_up(&self, cve: Cve) -> Option<Found> {
        let kev = self.kev.as_ref().map(|table| table.get(cve));
        let epss = self.epss.as_ref().and_then(|table| table.get(cve));
        let ssvc = self.ssvc.as_ref().and_then(|table| table.get(cve));
        let is_known = kev.is_some() || epss.is_some() || ssvc.is_some();
        is_known.then(|| Found { cve, kev: kev.flatten(), epss, ssvc: ssvc.unwrap_or_default() })
    }

    /// What is loaded of each feed.
    pub fn parts(&self) -> Vec<Part> {
        let all = [
            self.kev.as_ref().map(|table| table.part(Feed::Kev)),
            self.epss.as_ref().map(|table| table.part(Feed::Epss)),
            self.ssvc.as_ref().map(|table| table.part(Feed::Ssvc)),
        ];
        all.into_iter().flatten().collect()
    }

    /// How much memory the lists take, in bytes.
    pub fn bytes(&self) -> usize {
        self.kev.as_ref().map_or(0, Table::bytes)
            + self.epss.as_ref().map_or(0, Table::bytes)
            + self.ssvc.as_ref().map_or(0, Table::bytes)
    }
}

/// What the lists have about one CVE.
struct Found {
    cve: Cve,
    kev: Option<(Option<i32>, bool)>,
    epss: Option<u16>,
    ssvc: (Option<bool>, Option<bool>),
}

impl Found {
    /// Later is worse; total.
    fn rank(&self) -> impl Ord + use<> {
        let (due, ransomware) = self.kev.unwrap_or_default();
        let due = due.map(std::cmp::Reverse);
        (self.kev.is_some(), ransomware, due, self.epss, self.ssvc, self.cve)
    }

    fn exploitation(&self) -> Exploitation {
        let (due, ransomware) = self.kev.unwrap_or_default();
        let (automatable, total_impact) = self.ssvc;
        Exploitation {
            cve: self.cve.to_string(),
            known_exploited: self.kev.is_some(),
            kev_due: due.map(i64::from),
            ransomware,
            epss_permille: self.epss.map(epss_step),
            automatable,
            total_impact,
        }
    }
}

#[cfg(test)]
mod tests;
