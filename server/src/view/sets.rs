//! A bitmap for each value of each enumerated field.

use std::borrow::Cow;

use muster_core::filter::Comparison;
use muster_core::report::{FindingClass, Severity, Status};
use muster_core::triage::TriageState;
use muster_core::unit::SourceKind;
use roaring::RoaringBitmap;

use super::row::Row;

/// The places that have each value.
#[derive(Debug, Default)]
pub(super) struct Sets {
    severity: [RoaringBitmap; Severity::ALL.len()],
    status: [RoaringBitmap; Status::ALL.len()],
    triage: [RoaringBitmap; TriageState::ALL.len()],
    class: [RoaringBitmap; FindingClass::ALL.len()],
    source: [RoaringBitmap; SourceKind::ALL.len()],
    stale: RoaringBitmap,
}

impl Sets {
    /// Adds a row.
    pub(super) fn insert(&mut self, row: &Row, place: u32) {
        self.severity[row.severity as usize].insert(place);
        self.status[row.status as usize].insert(place);
        self.triage[row.triage as usize].insert(place);
        self.class[row.class as usize].insert(place);
        for source in row.sources() {
            self.source[source as usize].insert(place);
        }
        if row.stale {
            self.stale.insert(place);
        }
    }

    /// Removes a row.
    pub(super) fn remove(&mut self, row: &Row, place: u32) {
        self.severity[row.severity as usize].remove(place);
        self.status[row.status as usize].remove(place);
        self.triage[row.triage as usize].remove(place);
        self.class[row.class as usize].remove(place);
        for source in row.sources() {
            self.source[source as usize].remove(place);
        }
        self.stale.remove(place);
    }

    /// Replaces a row; most of the time nothing here moves.
    pub(super) fn replace(&mut self, old: &Row, new: &Row, place: u32) {
        let seen = |row: &Row| {
            (row.severity, row.status, row.triage, row.class, row.stale, row.source_bits())
        };
        if seen(old) != seen(new) {
            self.remove(old, place);
            self.insert(new, place);
        }
    }

    /// The places with that severity.
    pub(super) fn severity(&self, severity: Severity) -> &RoaringBitmap {
        &self.severity[severity as usize]
    }

    /// The places with a severity that stands so to `severity`.
    pub(super) fn severities(
        &self,
        comparison: Comparison,
        severity: Severity,
    ) -> Cow<'_, RoaringBitmap> {
        let holds = |other: &Severity| comparison.holds(other, &severity);
        let mut sets = Severity::ALL.into_iter().filter(holds).map(|other| self.severity(other));
        let Some(first) = sets.next() else { return Cow::default() };
        sets.fold(Cow::Borrowed(first), |all, set| Cow::Owned(all.as_ref() | set))
    }

    /// The places with that status.
    pub(super) fn status(&self, status: Status) -> &RoaringBitmap {
        &self.status[status as usize]
    }

    /// The places with that triage state.
    pub(super) fn triage(&self, triage: TriageState) -> &RoaringBitmap {
        &self.triage[triage as usize]
    }

    /// The places of that class.
    pub(super) fn class(&self, class: FindingClass) -> &RoaringBitmap {
        &self.class[class as usize]
    }

    /// The places with a report from that source.
    pub(super) fn source(&self, source: SourceKind) -> &RoaringBitmap {
        &self.source[source as usize]
    }

    /// The places decided on older content.
    pub(super) fn stale(&self) -> &RoaringBitmap {
        &self.stale
    }

    /// The open threats.
    pub(super) fn open_threats(&self) -> RoaringBitmap {
        let threats = self.class(FindingClass::Threat);
        let open = Status::ALL.into_iter().filter(|status| status.is_open());
        open.fold(RoaringBitmap::new(), |all, status| all | (self.status(status) & threats))
    }
}
