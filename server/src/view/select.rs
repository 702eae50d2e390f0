//! From a filter to the findings it selects.
//!
//! Every test becomes a bitmap: enumerated fields have one for each value, so have
//! scores, texts are looked up in their columns. The result is the same as
//! [`Filter::matches`] on each finding.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::Deref;
use std::sync::Arc;

use muster_core::filter::{Expr, Filter, Test, TextField, TextMatch};
use roaring::{MultiOps, RoaringBitmap};

use super::View;
use super::row::RowFields;

/// Looking at a row costs about as much as looking at this many distinct texts.
const ROW_EFFORT: u64 = 10;

/// What a bitmap operation costs, in distinct texts looked at.
const SET_EFFORT: u64 = if cfg!(test) { 1 } else { 500 };

/// A set of places, borrowed or made.
type Set<'a> = Cow<'a, RoaringBitmap>;

/// What a filter selects.
pub(super) enum Selected<'a> {
    /// A set that is there anyway.
    Kept(&'a RoaringBitmap),
    /// A set that was made, and is remembered.
    Made(Arc<RoaringBitmap>),
}

impl Deref for Selected<'_> {
    type Target = RoaringBitmap;

    fn deref(&self) -> &RoaringBitmap {
        match self {
            Self::Kept(set) => set,
            Self::Made(set) => set,
        }
    }
}

impl View {
    /// The places that `filter` selects.
    pub(super) fn select(&self, filter: &Filter) -> Selected<'_> {
        let Some(root) = filter.root() else { return Selected::Kept(&self.live) };
        if let Expr::Test(test) = root
            && let Some(Cow::Borrowed(set)) = self.enumerated(test)
        {
            return Selected::Kept(set);
        }
        let known = self.selections.find(filter).and_then(|known| {
            let mut touched = self.touched.since(known.touched)?.peekable();
            if touched.peek().is_none() {
                return Some(known.places);
            }
            let mut places = RoaringBitmap::clone(&known.places);
            for place in touched {
                if self.live.contains(place) && root.matches(&self.fields(place)) {
                    places.insert(place);
                } else {
                    places.remove(place);
                }
            }
            Some(Arc::new(places))
        });
        let places = known.unwrap_or_else(|| Arc::new(self.evaluate(root).into_owned()));
        self.selections.keep(filter, self.touched.count(), &places);
        Selected::Made(places)
    }

    /// Whether `filter` may select a finding with that score.
    pub(super) fn possible(&self, filter: &Filter, score: u16) -> bool {
        filter.root().is_none_or(|root| self.may_be(root, true, score))
    }

    /// Whether there may be a finding with that score for which `expr` is (or is not) `so`.
    fn may_be(&self, expr: &Expr, so: bool, score: u16) -> bool {
        match expr {
            Expr::Test(test) => self.sets.possible(test, so, score),
            Expr::Not(part) => self.may_be(part, !so, score),
            Expr::And(parts) | Expr::Or(parts) => {
                let mut parts = parts.iter().map(|part| self.may_be(part, so, score));
                // `NOT (a AND b)` is `NOT a OR NOT b`.
                let all = matches!(expr, Expr::And(_)) == so;
                if all { parts.all(|may| may) } else { parts.any(|may| may) }
            }
        }
    }

    /// What filters see of the row at `place`.
    pub(super) fn fields(&self, place: u32) -> RowFields<'_> {
        RowFields { view: self, row: self.rows.at(place), resource: OnceCell::new() }
    }

    fn evaluate(&self, expr: &Expr) -> Set<'_> {
        match expr {
            Expr::And(parts) => self.all_of(parts),
            Expr::Or(parts) => {
                let sets: Vec<Set<'_>> = parts.iter().map(|part| self.evaluate(part)).collect();
                Cow::Owned(sets.iter().map(AsRef::as_ref).union())
            }
            Expr::Not(part) => Cow::Owned(&self.live - self.evaluate(part).as_ref()),
            Expr::Test(test) => self.enumerated(test).unwrap_or_else(|| self.computed(test)),
        }
    }

    /// A conjunction: first what is cheap, smallest set first; then the rest, row by row when few are
    /// left.
    fn all_of(&self, parts: &[Expr]) -> Set<'_> {
        let (mut has, mut lacks, mut rest) = (Vec::new(), Vec::new(), Vec::new());
        for part in parts {
            match part {
                Expr::Test(test) => match self.enumerated(test) {
                    Some(set) => has.push(set),
                    None => rest.push(part),
                },
                Expr::Not(inner) => match inner.as_ref() {
                    Expr::Test(test) => match self.enumerated(test) {
                        Some(set) => lacks.push(set),
                        None => rest.push(part),
                    },
                    Expr::And(_) | Expr::Or(_) | Expr::Not(_) => rest.push(part),
                },
                Expr::And(_) | Expr::Or(_) => rest.push(part),
            }
        }
        has.sort_unstable_by_key(|set| set.len());
        let mut has = has.into_iter();
        let mut left = has.next().unwrap_or(Cow::Borrowed(&self.live));
        for set in has {
            left = Cow::Owned(left.as_ref() & set.as_ref());
        }
        for set in lacks {
            left = Cow::Owned(left.as_ref() - set.as_ref());
        }
        for part in rest {
            left = Cow::Owned(if left.len() * ROW_EFFORT <= self.effort(part) {
                left.iter().filter(|place| part.matches(&self.fields(*place))).collect()
            } else {
                match part {
                    Expr::Not(inner) => left.as_ref() - self.evaluate(inner).as_ref(),
                    Expr::And(_) | Expr::Or(_) | Expr::Test(_) => {
                        left.as_ref() & self.evaluate(part).as_ref()
                    }
                }
            });
        }
        left
    }

    /// The set of a test that needs (next to) no computing.
    fn enumerated(&self, test: &Test) -> Option<Set<'_>> {
        Some(match test {
            Test::Severity(comparison, severity) => self.sets.severities(*comparison, *severity),
            Test::Status(status) => Cow::Borrowed(self.sets.status(*status)),
            Test::Triage(triage) => Cow::Borrowed(self.sets.triage(*triage)),
            Test::Class(class) => Cow::Borrowed(self.sets.class(*class)),
            Test::Source(source) => Cow::Borrowed(self.sets.source(*source)),
            Test::Account(account) => self.accounts.places(account.as_str()),
            Test::Region(region) => self.regions.places(region.as_str()),
            Test::Stale(true) => Cow::Borrowed(self.sets.stale()),
            Test::Stale(false) => Cow::Owned(&self.live - self.sets.stale()),
            Test::Overdue(true) => Cow::Borrowed(self.sets.overdue()),
            Test::Overdue(false) => Cow::Owned(&self.live - self.sets.overdue()),
            Test::Text(TextField::Assignee, TextMatch::Equals(wanted)) => {
                self.assignees.equal(wanted)
            }
            Test::Text(TextField::Rule, TextMatch::Equals(wanted)) => self.rules.equal(wanted),
            Test::Score(..) | Test::Due(..) | Test::Text(..) => return None,
        })
    }

    /// The set of any other test.
    fn computed(&self, test: &Test) -> Set<'_> {
        let everything = Cow::Borrowed(&self.live);
        match test {
            Test::Score(comparison, wanted) => {
                let wanted = |score: u16| comparison.holds(&score, wanted);
                Cow::Owned(self.orders.scores().wanted(wanted))
            }
            Test::Due(comparison, wanted) => {
                let due = |place: &u32| self.rows.at(*place).due();
                let holds =
                    |place: &u32| due(place).is_some_and(|day| comparison.holds(&day, wanted));
                Cow::Owned(self.live.iter().filter(holds).collect())
            }
            Test::Text(field, how) => match field {
                TextField::Assignee => self.assignees.matching(how).unwrap_or(everything),
                TextField::Resource => self.resources.matching(how).unwrap_or(everything),
                TextField::Rule => self.rules.matching(how).unwrap_or(everything),
                TextField::Title => self.titles.matching(how).unwrap_or(everything),
                TextField::Any => {
                    let title = self.titles.matching(how);
                    let texts = [title, self.resources.matching(how), self.rules.matching(how)];
                    let texts: Option<Vec<Set<'_>>> = texts.into_iter().collect();
                    texts.map_or(everything, |texts| {
                        Cow::Owned(texts.iter().map(AsRef::as_ref).union())
                    })
                }
            },
            Test::Severity(..)
            | Test::Status(_)
            | Test::Triage(_)
            | Test::Class(_)
            | Test::Source(_)
            | Test::Account(_)
            | Test::Region(_)
            | Test::Stale(_)
            | Test::Overdue(_) => self.enumerated(test).unwrap_or_default(),
        }
    }

    /// About how many texts have to be looked at for a part of a filter.
    fn effort(&self, expr: &Expr) -> u64 {
        match expr {
            Expr::And(parts) | Expr::Or(parts) => parts.iter().map(|part| self.effort(part)).sum(),
            Expr::Not(part) => self.effort(part),
            Expr::Test(Test::Text(field, how)) => {
                SET_EFFORT
                    + match field {
                        TextField::Assignee => self.assignees.effort(how),
                        TextField::Resource => self.resources.effort(how),
                        TextField::Rule => self.rules.effort(how),
                        TextField::Title => self.titles.effort(how),
                        TextField::Any => {
                            let resource = self.resources.effort(how);
                            self.titles.effort(how) + resource + self.rules.effort(how)
                        }
                    }
            }
            Expr::Test(Test::Due(..)) => SET_EFFORT + self.live.len(),
            Expr::Test(_) => SET_EFFORT,
        }
    }
}
