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
        *self.count(score) += 1;
    }

    fn remove(&mut self, place: u32, score: u16) {
        self.places.remove(place);
        *self.count(score) -= 1;
    }

    fn count(&mut self, score: u16) -> &mut u32 {
        &mut self.scores[usize::from(score.min(SCORE_MAX))]
    }

    fn highest(&self) -> u16 {
        let highest = self.scores.iter().rposition(|count| *count > 0);
        highest.and_then(|score| u16::try_from(score).ok()).unwrap_or(0)
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
            (row.severity, row.status, row.triage, row.class, row.stale, row.source_bits())
        };
        if values(old) != values(new) {
            self.remove(old, place);
            self.insert(new, place);
        } else if old.score != new.score {
            self.each(new, |value| {
                *value.count(old.score) -= 1;
                *value.count(new.score) += 1;
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

    /// The open threats.
    pub(super) fn open_threats(&self) -> RoaringBitmap {
        let threats = self.class(FindingClass::Threat);
        let open = Status::ALL.into_iter().filter(|status| status.is_open());
        open.fold(RoaringBitmap::new(), |all, status| all | (self.status(status) & threats))
    }

    /// No row for which `test` is (or is not) `so` has a higher score.
    pub(super) fn highest(&self, test: &Test, so: bool) -> u16 {
        match test {
            Test::Severity(comparison, wanted) => highest(Severity::ALL, &self.severity, |value| {
                comparison.holds(&value, wanted) == so
            }),
            Test::Status(wanted) => {
                highest(Status::ALL, &self.status, |value| (value == *wanted) == so)
            }
            Test::Triage(wanted) => {
                highest(TriageState::ALL, &self.triage, |value| (value == *wanted) == so)
            }
            Test::Class(wanted) => {
                highest(FindingClass::ALL, &self.class, |value| (value == *wanted) == so)
            }
            Test::Source(wanted) if so => self.source[*wanted as usize].highest(),
            Test::Stale(wanted) if *wanted == so => self.stale.highest(),
            Test::Score(comparison, wanted) => {
                let mut scores = (0..=SCORE_MAX).rev();
                scores.find(|score| comparison.holds(score, wanted) == so).unwrap_or(0)
            }
            Test::Source(_)
            | Test::Stale(_)
            | Test::Account(_)
            | Test::Region(_)
            | Test::Text(..) => SCORE_MAX,
        }
    }
}

/// The highest score of the values that are wanted.
fn highest<T>(
    names: impl IntoIterator<Item = T>,
    values: &[Value],
    wanted: impl Fn(T) -> bool,
) -> u16 {
    let wanted =
        names.into_iter().zip(values).filter_map(|(name, value)| wanted(name).then_some(value));
    wanted.map(Value::highest).max().unwrap_or(0)
}
