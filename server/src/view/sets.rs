//! A bitmap for each value of each enumerated field, and how the scores are distributed in it.

use std::borrow::Cow;

use muster_core::filter::{Comparison, Test};
use muster_core::priority::SCORE_MAX;
use muster_core::report::{FindingClass, Severity, Status};
use muster_core::triage::TriageState;
use muster_core::unit::SourceKind;
use roaring::RoaringBitmap;

use super::row::Row;

/// The places that have each value.
#[derive(Debug, Default)]
pub(super) struct Sets {
    severity: [Value; Severity::ALL.len()],
    status: [Value; Status::ALL.len()],
    triage: [Value; TriageState::ALL.len()],
    class: [Value; FindingClass::ALL.len()],
    source: [Value; SourceKind::ALL.len()],
    stale: Value,
    overdue: Value,
}

/// The places that have one value.
#[derive(Debug)]
struct Value {
    places: RoaringBitmap,
    /// How many of them have each score. It says where in the order of priority they begin: what is
    /// resolved has score 0, and stands behind all that is open.
    scores: Vec<u32>,
}

impl Default for Value {
    fn default() -> Self {
        Self { places: RoaringBitmap::new(), scores: vec![0; usize::from(SCORE_MAX) + 1] }
    }
}

impl Value {
    fn insert(&mut self, place: u32, score: u16) {
        self.places.insert(place);
        self.scores[usize::from(score)] += 1;
    }

    fn remove(&mut self, place: u32, score: u16) {
        self.places.remove(place);
        self.scores[usize::from(score)] -= 1;
    }

    fn has(&self, score: u16) -> bool {
        self.scores.get(usize::from(score)).is_some_and(|count| *count > 0)
    }
}

impl Sets {
    /// Takes many rows at once.
    pub(super) fn build<'a>(rows: impl Iterator<Item = (u32, &'a Row)>) -> Self {
        let mut sets = Self::default();
        for (place, row) in rows {
            sets.insert(row, place);
        }
        sets
    }

    /// Adds a row.
    pub(super) fn insert(&mut self, row: &Row, place: u32) {
        self.each(row, |value| value.insert(place, row.score));
    }

    /// Removes a row.
    pub(super) fn remove(&mut self, row: &Row, place: u32) {
        self.each(row, |value| value.remove(place, row.score));
    }

    /// Replaces a row; most of the time little moves here.
    pub(super) fn replace(&mut self, old: &Row, new: &Row, place: u32) {
        let values = |row: &Row| {
            let flags = (row.stale, row.overdue);
            (row.severity, row.status, row.triage, row.class, flags, row.source_bits())
        };
        if values(old) != values(new) {
            self.remove(old, place);
            self.insert(new, place);
        } else if old.score != new.score {
            self.each(new, |value| {
                value.scores[usize::from(old.score)] -= 1;
                value.scores[usize::from(new.score)] += 1;
            });
        }
    }

    fn each(&mut self, row: &Row, mut change: impl FnMut(&mut Value)) {
        change(&mut self.severity[row.severity as usize]);
        change(&mut self.status[row.status as usize]);
        change(&mut self.triage[row.triage as usize]);
        change(&mut self.class[row.class as usize]);
        for source in row.sources() {
            change(&mut self.source[source as usize]);
        }
        if row.stale {
            change(&mut self.stale);
        }
        if row.overdue {
            change(&mut self.overdue);
        }
    }

    /// The places with that severity.
    pub(super) fn severity(&self, severity: Severity) -> &RoaringBitmap {
        &self.severity[severity as usize].places
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
        &self.status[status as usize].places
    }

    /// The places with that triage state.
    pub(super) fn triage(&self, triage: TriageState) -> &RoaringBitmap {
        &self.triage[triage as usize].places
    }

    /// The places of that class.
    pub(super) fn class(&self, class: FindingClass) -> &RoaringBitmap {
        &self.class[class as usize].places
    }

    /// The places with a report from that source.
    pub(super) fn source(&self, source: SourceKind) -> &RoaringBitmap {
        &self.source[source as usize].places
    }

    /// The places decided on older content.
    pub(super) fn stale(&self) -> &RoaringBitmap {
        &self.stale.places
    }

    /// The places after their deadline.
    pub(super) fn overdue(&self) -> &RoaringBitmap {
        &self.overdue.places
    }

    /// The threats, open or closed.
    pub(super) fn threats(&self) -> &RoaringBitmap {
        self.class(FindingClass::Threat)
    }

    /// The places of open findings.
    pub(super) fn open(&self) -> RoaringBitmap {
        let open = Status::ALL.into_iter().filter(|status| status.is_open());
        open.fold(RoaringBitmap::new(), |all, status| all | self.status(status))
    }

    /// Whether there may be a row with that score for which `test` is (or is not) `so`.
    pub(super) fn possible(&self, test: &Test, so: bool, score: u16) -> bool {
        match test {
            Test::Severity(comparison, wanted) => {
                let wanted = |value: &Severity| comparison.holds(value, wanted) == so;
                any_has(Severity::ALL, &self.severity, wanted, score)
            }
            Test::Status(wanted) => {
                any_has(Status::ALL, &self.status, |value| (value == wanted) == so, score)
            }
            Test::Triage(wanted) => {
                any_has(TriageState::ALL, &self.triage, |value| (value == wanted) == so, score)
            }
            Test::Class(wanted) => {
                any_has(FindingClass::ALL, &self.class, |value| (value == wanted) == so, score)
            }
            Test::Source(wanted) if so => self.source[*wanted as usize].has(score),
            Test::Stale(wanted) if *wanted == so => self.stale.has(score),
            Test::Overdue(wanted) if *wanted == so => self.overdue.has(score),
            Test::Score(comparison, wanted) => comparison.holds(&score, wanted) == so,
            Test::Source(_)
            | Test::Stale(_)
            | Test::Overdue(_)
            | Test::Due(..)
            | Test::Account(_)
            | Test::Region(_)
            | Test::Text(..) => true,
        }
    }
}

/// Whether one of the wanted values has a row with that score.
fn any_has<T>(
    names: impl IntoIterator<Item = T>,
    values: &[Value],
    wanted: impl Fn(&T) -> bool,
    score: u16,
) -> bool {
    names.into_iter().zip(values).any(|(name, value)| wanted(&name) && value.has(score))
}
