//! Cutting a listing into pages.

use super::tokens::Position;

/// One page, and where the next one begins, if there is one.
pub(crate) struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<Position>,
}

/// Which part of a listing is wanted.
pub(crate) struct Cut {
    /// Only what comes after this.
    pub after: Option<Position>,
    pub descending: bool,
    pub limit: usize,
}

impl Cut {
    /// Whether a candidate comes after the page before.
    pub(crate) fn is_after(&self, position: &Position) -> bool {
        match &self.after {
            None => true,
            Some(after) if self.descending => position < after,
            Some(after) => position > after,
        }
    }

    /// Sorts the candidates and takes a page of them.
    pub(crate) fn page<T>(&self, candidates: impl Iterator<Item = (Position, T)>) -> Page<T> {
        let mut candidates: Vec<_> =
            candidates.filter(|(position, _)| self.is_after(position)).collect();
        candidates.sort_by(|(a, _), (b, _)| if self.descending { b.cmp(a) } else { a.cmp(b) });
        let has_more = candidates.len() > self.limit;
        candidates.truncate(self.limit);
        let next = candidates.last().filter(|_| has_more).map(|(position, _)| position.clone());
        Page { items: candidates.into_iter().map(|(_, item)| item).collect(), next }
    }
}
