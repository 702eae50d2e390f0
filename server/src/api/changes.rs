//! From log entries to the changes that a client gets: what a filter makes of each, and with which
//! image. Watches and subscriptions read the log by this alone.

use muster_api::v1 as wire;
use muster_api::v1::FilterEffect;
use muster_core::change::{Change, ChangeKind};
use muster_core::filter::Filter;
use muster_core::finding::Finding;
use muster_core::ids::{FindingId, Revision};
use muster_core::time::Millis;

use super::convert::{self, Budget, Detail};
use super::error::ApiError;
use super::read::Reader;
use crate::feed::{Feed, Published};
use crate::store::StoreError;

/// How many log entries are looked at before the client, the heartbeat and the drain get a look in.
pub(super) const RUN_MAX: usize = 512;

/// A part of the log, as the client gets it.
#[derive(Debug, Default)]
pub(super) struct Run {
    /// What concerns the client.
    pub(super) changes: Vec<Entry>,
    /// Everything up to here was looked at.
    pub(super) through: Revision,
}

/// A change of a run.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) revision: Revision,
    pub(super) finding: FindingId,
    pub(super) time: Millis,
    pub(super) change: wire::Change,
}

impl Entry {
    fn new(logged: &Change, change: wire::Change) -> Self {
        let Change { revision, finding, time, .. } = *logged;
        Self { revision, finding, time, change }
    }
}

/// Which changes a client gets of findings that matched before and match after.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stayed<'a> {
    /// All but those that moved the score by less than people should know of.
    AllButRescored,
    /// Those with one of these kinds.
    Of(&'a [ChangeKind]),
}

impl Stayed<'_> {
    fn tells(self, change: &Change) -> bool {
        match self {
            Self::AllButRescored => change.kinds != [ChangeKind::Rescored],
            Self::Of(kinds) => change.kinds.iter().any(|kind| kinds.contains(kind)),
        }
    }
}

/// What a client wants of the log.
pub(super) struct Shape<'a> {
    pub(super) filter: &'a Filter,
    pub(super) detail: Detail,
    /// Changes in a run at most.
    pub(super) limit: usize,
    /// Their bytes at most; the first one always fits.
    pub(super) bytes_max: usize,
    pub(super) log_id: [u8; 16],
    pub(super) stayed: Stayed<'a>,
}

impl Shape<'_> {
    /// What a change means to the client; `None` when nothing.
    pub(super) fn effect(&self, change: &Change) -> Option<FilterEffect> {
        let before = change.before.as_ref().is_some_and(|before| self.filter.matches(before));
        match (before, self.filter.matches(&change.after)) {
            (false, false) => None,
            (false, true) => Some(FilterEffect::Entered),
            (true, true) => self.stayed.tells(change).then_some(FilterEffect::Stayed),
            (true, false) => Some(FilterEffect::Left),
        }
    }

    /// A change as the client gets it.
    pub(super) fn change(
        &self,
        change: &Change,
        effect: FilterEffect,
        image: Option<&Finding>,
    ) -> wire::Change {
        let finding = image.map(|image| convert::finding(image, self.detail));
        let filter_effect = effect.into();
        wire::Change { finding, filter_effect, ..convert::change(change, self.log_id) }
    }
}

/// Makes a run of what the feed holds. `None` when it does not hold it, or not all of it: raw
/// documents.
pub(super) fn recent_run(
    feed: &Feed,
    after: Revision,
    shape: &Shape<'_>,
) -> Result<Option<Run>, ApiError> {
    if shape.detail == Detail::Raw {
        return Ok(None);
    }
    let Some(recent) = feed.recent(after, RUN_MAX).filter(|recent| !recent.is_empty()) else {
        return Ok(None);
    };
    let mut run = Run { changes: Vec::new(), through: after };
    let mut budget = Budget::new(shape.bytes_max);
    for Published { change, finding } in recent.iter().map(AsRef::as_ref) {
        follows(run.through, change)?;
        if let Some(effect) = shape.effect(change) {
            let entry = shape.change(change, effect, Some(finding));
            if run.changes.len() == shape.limit || !budget.fits(&entry) {
                break;
            }
            run.changes.push(Entry::new(change, entry));
        }
        run.through = change.revision;
    }
    Ok(Some(run))
}

/// Makes a run of what the store holds. The images are the newest, so at least as new as the change.
pub(super) fn logged_run(
    reader: &Reader<'_>,
    after: Revision,
    newest: Revision,
    shape: &Shape<'_>,
) -> Result<Run, ApiError> {
    let mut logged = reader.store().changes(after, RUN_MAX)?.changes;
    // What is not published yet is not shown by the view either: it comes with the next run.
    logged.retain(|change| change.revision <= newest);
    let mut through = after;
    let mut wanted = Vec::new();
    for change in &logged {
        follows(through, change)?;
        if let Some(effect) = shape.effect(change) {
            if wanted.len() == shape.limit {
                break;
            }
            wanted.push((change, effect));
        }
        through = change.revision;
    }
    if through == after {
        let what = format!("the log ends at revision {after}, but its head is {newest}");
        return Err(StoreError::Corrupt { what }.into());
    }

    let mut changes = Vec::new();
    let mut budget = Budget::new(shape.bytes_max);
    for (change, effect) in wanted {
        let image = reader.store().findings(&[change.finding])?.pop().flatten();
        let entry = shape.change(change, effect, image.as_ref());
        if !budget.fits(&entry) {
            // Everything before it was looked at; it is the first of the next run.
            through = Revision(change.revision.0 - 1);
            break;
        }
        changes.push(Entry::new(change, entry));
    }
    Ok(Run { changes, through })
}

/// The log has no gap (promise F1): better no stream than one that hides a hole.
fn follows(through: Revision, change: &Change) -> Result<(), ApiError> {
    if change.revision == through.next() {
        return Ok(());
    }
    let what = format!("revision {} follows {through} in the log", change.revision);
    Err(StoreError::Corrupt { what }.into())
}
