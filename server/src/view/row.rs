//! What the view holds of one finding.

use std::cell::OnceCell;

use muster_core::filter::Fields;
use muster_core::ids::{AccountId, FindingId, Revision};
use muster_core::priority::SCORE_MAX;
use muster_core::report::{FindingClass, Severity, Status};
use muster_core::time::Millis;
use muster_core::triage::TriageState;
use muster_core::unit::SourceKind;

use super::View;
use super::resource::ResourceNumber;
use crate::store::Head;

/// One dense row: 96 bytes. Texts are numbers in their columns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) id: FindingId,
    pub(super) revision: Revision,
    /// In milliseconds; a time before 1970 counts as 0.
    pub(super) created: u64,
    /// When a snooze or suppression ends.
    pub(super) until: Option<Millis>,
    pub(super) texts: TextNumbers,
    /// At most [`SCORE_MAX`].
    pub(super) score: u16,
    pub(super) severity: Severity,
    pub(super) status: Status,
    pub(super) triage: TriageState,
    pub(super) class: FindingClass,
    /// Bit `n` stands for the source kind number `n`.
    sources: u8,
    pub(super) stale: bool,
    pub(super) overdue: bool,
    /// The last day on which it is not overdue, in days since 1970; 0 when nothing sets one.
    due: u32,
}

/// The numbers of a row's texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TextNumbers {
    pub(super) account: u32,
    pub(super) region: u32,
    pub(super) assignee: u32,
    pub(super) rule: u32,
    pub(super) title: u32,
    pub(super) resource: ResourceNumber,
}

const _: () = assert!(size_of::<Option<Row>>() <= 96, "a row is dense");

impl Row {
    /// The row of `head`, whose texts have these numbers.
    pub(super) fn new(head: &Head, texts: TextNumbers) -> Self {
        let facets = &head.facets;
        let hidden = matches!(facets.triage, TriageState::Snoozed | TriageState::Suppressed);
        Self {
            id: head.id,
            revision: head.revision,
            created: u64::try_from(head.created.0).unwrap_or(0),
            until: head.until.filter(|_| hidden),
            texts,
            score: facets.score.min(SCORE_MAX),
            severity: facets.severity,
            status: facets.status,
            triage: facets.triage,
            class: facets.class,
            sources: facets.sources.iter().fold(0, |bits, source| bits | 1 << *source as u8),
            stale: facets.stale,
            overdue: facets.overdue,
            due: facets.due.and_then(|day| u32::try_from(day).ok()).unwrap_or(0),
        }
    }

    /// The last day on which it is not overdue, in days since 1970.
    pub(super) fn due(&self) -> Option<i64> {
        (self.due > 0).then(|| i64::from(self.due))
    }

    /// The APIs its reports were read from, as bits.
    pub(super) fn source_bits(&self) -> u8 {
        self.sources
    }

    /// The APIs its reports were read from.
    pub(super) fn sources(&self) -> impl Iterator<Item = SourceKind> + use<> {
        let sources = self.sources;
        SourceKind::ALL.into_iter().filter(move |source| sources >> *source as u8 & 1 == 1)
    }
}

/// What filters see of a row.
pub(super) struct RowFields<'a> {
    pub(super) view: &'a View,
    pub(super) row: &'a Row,
    pub(super) resource: OnceCell<String>,
}

impl Fields for RowFields<'_> {
    fn score(&self) -> u16 {
        self.row.score
    }
    fn severity(&self) -> Severity {
        self.row.severity
    }
    fn status(&self) -> Status {
        self.row.status
    }
    fn triage(&self) -> TriageState {
        self.row.triage
    }
    fn class(&self) -> FindingClass {
        self.row.class
    }
    fn has_source(&self, source: SourceKind) -> bool {
        self.row.sources().any(|other| other == source)
    }
    fn account(&self) -> AccountId {
        let text = self.view.accounts.text(self.row.texts.account);
        text.parse().expect("the column of accounts is filled from account ids")
    }
    fn region(&self) -> &str {
        self.view.regions.text(self.row.texts.region)
    }
    fn assignee(&self) -> &str {
        self.view.assignees.text(self.row.texts.assignee)
    }
    fn stale(&self) -> bool {
        self.row.stale
    }
    fn due(&self) -> Option<i64> {
        self.row.due()
    }
    fn overdue(&self) -> bool {
        self.row.overdue
    }
    fn resource(&self) -> &str {
        self.resource.get_or_init(|| self.view.resources.text(self.row.texts.resource))
    }
    fn rule_id(&self) -> &str {
        self.view.rules.text(self.row.texts.rule)
    }
    fn title(&self) -> &str {
        self.view.titles.text(self.row.texts.title)
    }
}
