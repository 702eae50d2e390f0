//! What filters selected lately.
//!
//! People page through one filter, and dashboards ask the same ones again and again. So the newest
//! selections are kept. A finding that changes does not touch them (the writer does not pay for
//! readers): whoever asks next looks again at the places that were touched since.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use muster_core::filter::Filter;
use roaring::RoaringBitmap;

/// How many selections are kept; one of a million findings has at most 128 KiB.
const KEPT_MAX: usize = if cfg!(test) { 2 } else { 16 };

/// How many touched places are remembered; with more, a selection is made anew.
const TOUCHED_MAX: usize = if cfg!(test) { 8 } else { 1024 };

/// The newest selections.
#[derive(Debug, Default)]
pub(super) struct Selections {
    /// The last one used is last.
    kept: Mutex<Vec<(Filter, Selection)>>,
}

/// What a filter selected.
#[derive(Clone, Debug)]
pub(super) struct Selection {
    /// [`Touched::count`] when it was made.
    pub(super) touched: u64,
    pub(super) places: Arc<RoaringBitmap>,
}

impl Selections {
    /// What `filter` selected when it was last asked.
    pub(super) fn find(&self, filter: &Filter) -> Option<Selection> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(other, _)| other == filter).map(|(_, selection)| selection.clone())
    }

    /// Remembers what `filter` selects, instead of what was not used for the longest time.
    pub(super) fn keep(&self, filter: &Filter, touched: u64, places: &Arc<RoaringBitmap>) {
        let selection = Selection { touched, places: Arc::clone(places) };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.iter().position(|(other, _)| other == filter);
        if let Some(index) = known.or((kept.len() == KEPT_MAX).then_some(0)) {
            kept.remove(index);
        }
        kept.push((filter.clone(), selection));
    }
}

/// The places that were touched last.
#[derive(Debug, Default)]
pub(super) struct Touched {
    places: VecDeque<u32>,
    count: u64,
}

impl Touched {
    /// Notes that the row at `place` came, changed or went.
    pub(super) fn note(&mut self, place: u32) {
        if self.places.len() == TOUCHED_MAX {
            self.places.pop_front();
        }
        self.places.push_back(place);
        self.count += 1;
    }

    /// How many times a place was touched.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The places touched after `count` of them; `None` when that is too long ago.
    pub(super) fn since(&self, count: u64) -> Option<impl Iterator<Item = u32>> {
        let missed = usize::try_from(self.count.checked_sub(count)?).ok()?;
        let skip = self.places.len().checked_sub(missed)?;
        Some(self.places.iter().skip(skip).copied())
    }
}
