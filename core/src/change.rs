//! The change log: what happened to findings, in one total order.

use crate::finding::{Due, Finding};
use crate::ids::{AccountId, FindingId, Region, Revision};
use crate::report::{FindingClass, Severity, Status};
use crate::time::Millis;
use crate::triage::{Actor, TriageState};
use crate::unit::SourceKind;

/// What kind of thing happened; a change may be of several kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// First seen.
    Created,
    /// A source reports something materially new.
    ContentUpdated,
    /// What the sources say now moved.
    StatusChanged,
    /// A person, an integration, an expiry or a regression changed triage.
    Triaged,
    /// The priority moved so far that people should know (another band, 25 points, other reasons), and
    /// none of the above.
    Reprioritized,
    /// A report came, went or brought something immaterial (a later day, another path, a note), and
    /// none of the first four.
    Observed,
    /// Reports came from or went to another finding, by a decision or by changed classes.
    Regrouped,
    /// The priority moved by less than that, and none of the others: streams of the newest state leave
    /// it out.
    Rescored,
}

impl ChangeKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Created,
        Self::ContentUpdated,
        Self::StatusChanged,
        Self::Triaged,
        Self::Reprioritized,
        Self::Observed,
        Self::Regrouped,
        Self::Rescored,
    ];

    /// The name shown to people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::ContentUpdated => "CONTENT_UPDATED",
            Self::StatusChanged => "STATUS_CHANGED",
            Self::Triaged => "TRIAGED",
            Self::Reprioritized => "REPRIORITIZED",
            Self::Observed => "OBSERVED",
            Self::Regrouped => "REGROUPED",
            Self::Rescored => "RESCORED",
        }
    }
}

/// The actions that move reports between findings: two decisions, and what changed classes do.
pub const REGROUPINGS: [&str; 3] = ["merge", "split", "refold"];

/// One field that moved, for people: short texts, before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// Its path, for example `triage.state` or `severity`.
    pub field: String,
    /// Before; empty when there was nothing.
    pub before: String,
    /// After; empty when there is nothing.
    pub after: String,
}

/// One entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its position; zero before it is stored.
    pub revision: Revision,
    /// The finding's change before this one; zero for the first. History follows these links.
    pub previous: Revision,
    /// When.
    pub time: Millis,
    /// Which finding.
    pub finding: FindingId,
    /// What kinds of thing happened; sorted, without repeats, never empty.
    pub kinds: Vec<ChangeKind>,
    /// Who or what caused it.
    pub actor: Actor,
    /// The id of the request that caused it; empty when it had none.
    pub request_id: String,
    /// The decision, for example `suppress`; empty when it was none.
    pub action: String,
    /// What was said with it, or why the server did it.
    pub comment: String,
    /// What moved; empty for a comment, and for the first change unless reports came from another
    /// finding.
    pub fields: Vec<FieldChange>,
    /// What filters see of the finding before it; `None` for the first change.
    pub before: Option<Facets>,
    /// What filters see of the finding after it.
    pub after: Facets,
}

impl Change {
    /// Whether somebody decided it, or time did by a former decision: these are kept beside the log
    /// too. What changed classes move follows from the classes.
    pub fn is_decision(&self) -> bool {
        let moves = self.kinds.contains(&ChangeKind::Regrouped) && self.action != "refold";
        moves || self.kinds.contains(&ChangeKind::Triaged)
    }
}

/// What filters and lists see of a finding without reading its record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Facets {
    /// 0 to 1000.
    pub score: u16,
    /// Label.
    pub severity: Severity,
    /// What the sources say.
    pub status: Status,
    /// What people decided.
    pub triage: TriageState,
    /// What kind of statement it is.
    pub class: FindingClass,
    /// The APIs its reports were read from; sorted, without repeats.
    pub sources: Vec<SourceKind>,
    /// The account that owns the problem.
    pub account: AccountId,
    /// Its Region.
    pub region: Region,
    /// Who has it; empty means nobody.
    pub assignee: String,
    /// The decision was taken on older content.
    pub stale: bool,
    /// The last day on which it is not overdue, in days since 1970; `None` when nothing sets one.
    pub due: Option<i64>,
    /// Its deadline has passed.
    pub overdue: bool,
    /// The canonical id of the primary resource.
    pub resource: String,
    /// Control id, finding type or check id.
    pub rule_id: String,
    /// One line for people.
    pub title: String,
}

impl Facets {
    /// What filters see of `finding`.
    pub fn of(finding: &Finding) -> Self {
        let mut sources: Vec<_> = finding.reports.iter().map(|held| held.report.source).collect();
        sources.sort_unstable();
        sources.dedup();
        Self {
            score: finding.priority.score,
            severity: finding.facts.severity,
            status: finding.facts.status,
            triage: finding.triage.state,
            class: finding.facts.class,
            sources,
            account: finding.facts.account,
            region: finding.facts.region.clone(),
            assignee: finding.triage.assignee.clone(),
            stale: finding.triage.stale,
            due: finding.due.as_ref().map(Due::day),
            overdue: finding.is_overdue(),
            resource: finding.resource_id().to_owned(),
            rule_id: finding.facts.rule_id.clone(),
            title: finding.facts.title.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::filter::Fields;
    use crate::testing::finding;

    proptest! {
        #[test]
        fn facets_are_what_the_finding_says(finding in finding()) {
            let facets = Facets::of(&finding);
            let facts = &finding.facts;

            prop_assert_eq!((facets.score, facets.severity), (finding.priority.score, facts.severity));
            prop_assert_eq!((facets.status, facets.class), (facts.status, facts.class));
            prop_assert_eq!((facets.triage, facets.stale), (finding.triage.state, finding.triage.stale));
            prop_assert_eq!((facets.account, facets.region()), (facts.account, facts.region.as_str()));
            prop_assert_eq!((&facets.assignee, &facets.rule_id), (&finding.triage.assignee, &facts.rule_id));
            prop_assert_eq!((&facets.title, facets.resource()), (&facts.title, finding.resource_id()));
            for source in SourceKind::ALL {
                let read = finding.reports.iter().any(|held| held.report.source == source);
                prop_assert_eq!(facets.has_source(source), read);
            }
            prop_assert!(facets.sources.is_sorted_by(|a, b| a < b));
        }
    }
}
