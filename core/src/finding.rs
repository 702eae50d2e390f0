//! What people work on: one problem on one resource, or one threat.

use crate::ids::{AccountId, FindingId, Region, Revision};
use crate::intel::Exploitation;
use crate::priority::Priority;
use crate::report::{Exposure, FindingClass, Report, Resource, Severity, Signals, Status};
use crate::time::{DAY_MS, Millis};
use crate::triage::Triage;
use crate::unit::Unit;

/// A finding: reports folded to facts, one triage state, one priority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Derived from `key`.
    pub id: FindingId,
    /// The finding key that it was made for: that of its first report, or of a split. Its reports
    /// may have come by another one since, by decisions and changed classes.
    pub key: String,
    /// What the products say, ordered by report key. Empty only when its last report moved to
    /// another finding: its source changed what it is about, or the findings were merged.
    pub reports: Vec<HeldReport>,
    /// What the reports say together; see [`crate::fold`].
    pub facts: Facts,
    /// What people decided.
    pub triage: Triage,
    /// How urgent it is, and why.
    pub priority: Priority,
    /// The finding that has its reports now. It keeps its own history and decisions, and is closed.
    pub merged_into: Option<FindingId>,
    /// The strongest open threat on the same resource; `None` for threats themselves.
    pub threat: Option<RelatedThreat>,
    /// What the loaded intelligence says about its worst CVE.
    pub exploitation: Option<Exploitation>,
    /// Since when the problem has been there, and how often it came back.
    pub lifecycle: Lifecycle,
    /// By when it is to be fixed; `None` while it is closed, a sample, or no rule sets a time.
    pub due: Option<Due>,
    /// When Muster first stored it.
    pub created: Millis,
    /// When Muster last stored a change.
    pub updated: Millis,
    /// Position of its last change in the log; zero before it is stored.
    pub revision: Revision,
    /// Number of the last material change reported by a source; starts at 1.
    pub content_version: u64,
}

/// A report as a finding holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldReport {
    /// What the product says.
    pub report: Report,
    /// The unit that read it last.
    pub unit: Unit,
    /// What put it into this finding.
    pub placed: Placement,
    /// [`Report::content_hash`] of `report`.
    pub content_hash: u64,
    /// When Muster first stored it.
    pub first_stored: Millis,
    /// Set when two complete sweeps did not return it, or its unit can no longer be read: what that
    /// means. Overrides the report's own status until it is seen again.
    pub absence: Option<Absence>,
}

/// What put a report into its finding (promise D3). Shown with each report.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Placement {
    /// It is about the same thing, by the rule of its [origin key](crate::report::OriginKey).
    #[default]
    Origin,
    /// It says the same weakness of the same resource: the id of the [class](crate::weakness).
    Class(String),
    /// Somebody merged or split it by hand; the history says who and why.
    Decision,
}

/// How long a problem must be gone to be a new one when it comes back, in days: before, the clock of
/// its deadline goes on.
pub const REOPEN_DAYS: i64 = 14;

/// Since when a problem has been there, and how often it came back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lifecycle {
    /// Where the clock of the deadline begins: when Muster first stored it, or when it came back after
    /// it was gone for [`REOPEN_DAYS`]. Not moved by what is read again, nor by another source.
    pub since: Millis,
    /// When its sources last closed it, while it is closed.
    pub closed: Option<Millis>,
    /// How often it came back after it was closed.
    pub reopened: u16,
}

impl Lifecycle {
    /// Of a problem that is first seen `now`.
    pub fn new(is_open: bool, now: Millis) -> Self {
        Self { since: now, closed: (!is_open).then_some(now), reopened: 0 }
    }

    /// After its sources say `now` whether it is open.
    #[must_use]
    pub fn after(self, is_open: bool, now: Millis) -> Self {
        match (self.closed, is_open) {
            (None, true) | (Some(_), false) => self,
            (None, false) => Self { closed: Some(now), ..self },
            (Some(closed), true) => {
                let anew = now.since(closed) >= REOPEN_DAYS * DAY_MS;
                let since = if anew { now } else { self.since };
                Self { since, closed: None, reopened: self.reopened.saturating_add(1) }
            }
        }
    }
}

/// By when a problem is to be fixed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The end of that day, in UTC.
    pub at: Millis,
    /// What says so, for people: `P1: 7 days`, `CISA KEV`.
    pub rule: String,
}

impl Due {
    /// Its last day, in days since 1970.
    pub fn day(&self) -> i64 {
        self.at.plus(-1).day()
    }
}

/// For how many days after it was last seen a threat counts for what else is on its resources.
pub const RELATED_DAYS: i64 = 30;

/// A threat on the resource of another finding: it makes that finding more urgent, and says nothing
/// about whether it is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelatedThreat {
    /// Its finding.
    pub finding: FindingId,
    /// Its severity, 0 to 100.
    pub severity_normalized: u8,
    /// Its finding type, for people.
    pub rule_id: String,
    /// The day on which it was last seen, in days since 1970; `None` when its source does not say.
    pub seen: Option<i64>,
}

impl RelatedThreat {
    /// As others on the resource of `threat` know it.
    pub fn of(threat: &Finding) -> Self {
        Self {
            finding: threat.id,
            severity_normalized: threat.facts.severity_normalized,
            rule_id: threat.facts.rule_id.clone(),
            seen: threat.facts.seen().map(Millis::day),
        }
    }

    /// Whether it counts on `day` for what else is on its resources: it was seen within
    /// [`RELATED_DAYS`], or its source does not say when.
    pub fn counts_on(&self, day: i64) -> bool {
        self.seen.is_none_or(|seen| day - seen <= RELATED_DAYS)
    }
}

impl Facts {
    /// When it was last seen, by what the source says.
    pub fn seen(&self) -> Option<Millis> {
        self.last_observed.or(self.provider_updated).or(self.first_observed)
    }
}

impl HeldReport {
    /// What this report says now, absence considered.
    pub fn status(&self) -> Status {
        self.absence.map_or(self.report.status, Absence::status)
    }
}

/// What it means that a report is no longer there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Absence {
    /// The product would report it if it were still so, or said that it is fixed before it forgot it.
    Resolved,
    /// The product forgot it: its retention is over, or it was archived.
    Expired,
    /// Nobody can say.
    Unobservable,
}

impl Absence {
    /// The status that follows.
    pub fn status(self) -> Status {
        match self {
            Self::Resolved => Status::Resolved,
            Self::Expired => Status::Expired,
            Self::Unobservable => Status::Unobservable,
        }
    }
}

/// What the reports of a finding say together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Who says it now, sorted, without repeats, for example `aws/guardduty`; once it is closed, who
    /// said it. Copies do not count beside their originals.
    pub products: Vec<String>,
    /// The account that owns the problem.
    pub account: AccountId,
    /// Its Region; `global` where it has none.
    pub region: Region,
    /// What kind of statement it is.
    pub class: FindingClass,
    /// Control id, finding type or check id.
    pub rule_id: String,
    /// One line for people.
    pub title: String,
    /// The longer text.
    pub description: String,
    /// The highest of the open reports.
    pub severity: Severity,
    /// 0 to 100.
    pub severity_normalized: u8,
    /// The worst of the reports.
    pub status: Status,
    /// The reports do not agree on the status.
    pub dissent: bool,
    /// The resources concerned; the first is the primary one.
    pub resources: Vec<Resource>,
    /// What distinguishes it on the same resource (port, key, principal).
    pub facet: String,
    /// The widest that an open report says.
    pub exposure: Exposure,
    /// What else the open reports say about how urgent it is.
    pub signals: Signals,
    /// A report is a sample made by the product (the Security Hub copy of a sample may not say so).
    pub sample: bool,
    /// Customers say at Security Hub that it is none (`VerificationState` `FALSE_POSITIVE`), of every
    /// report that speaks for it.
    pub false_positive: bool,
    /// Advice.
    pub remediation: String,
    /// A link that explains.
    pub remediation_url: String,
    /// The earliest that a report says.
    pub first_observed: Option<Millis>,
    /// The latest that a stored report says. Heartbeats are not stored, so it may lag.
    pub last_observed: Option<Millis>,
    /// The latest that a stored report says.
    pub provider_updated: Option<Millis>,
}

impl Finding {
    /// Whether its deadline had passed on the day of its priority.
    pub fn is_overdue(&self) -> bool {
        self.due.as_ref().is_some_and(|due| due.at.0 <= self.priority.as_of * DAY_MS)
    }

    /// The canonical ids of the other resources that it names, when it is an open threat: what is on
    /// them is threatened as what is on the primary one is. As many as reports keep
    /// ([`RESOURCES_MAX`](crate::report::RESOURCES_MAX)).
    pub fn threatens(&self) -> impl Iterator<Item = &str> {
        let is_threat = self.facts.class == FindingClass::Threat && self.facts.status.is_open();
        let others = self.facts.resources.iter().skip(1).filter(move |_| is_threat);
        others.map(|resource| resource.id.as_str())
    }

    /// The canonical id of the primary resource.
    pub fn resource_id(&self) -> &str {
        self.facts.resources.first().map_or("", |resource| &resource.id)
    }
}
