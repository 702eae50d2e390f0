//! The second part of a watch: every change after a revision, in the order of the log.

use std::convert::Infallible;
use std::sync::Arc;

use muster_api::v1 as wire;
use muster_api::v1::FilterEffect;
use muster_api::v1::watch_findings_response::Event;
use muster_core::change::{Change, ChangeKind};
use muster_core::filter::Filter;
use muster_core::finding::Finding;
use muster_core::ids::Revision;
use tokio::time::Instant;

use super::{BATCH_BYTES_MAX, Begin, End, Watcher};
use crate::api::convert::{self, Budget, Detail};
use crate::api::cursor::Place;
use crate::api::error::ApiError;
use crate::api::read::Reader;
use crate::feed::Published;
use crate::store::StoreError;

/// How many log entries are looked at before the client, the heartbeat and the drain get a look in.
const RUN_MAX: usize = 512;

/// A part of the log, as the client gets it.
#[derive(Debug, Default)]
struct Run {
    /// What concerns the client.
    changes: Vec<wire::Change>,
    /// Everything up to here was looked at.
    through: Revision,
}

impl Watcher {
    /// Sends changes and bookmarks until something ends the watch.
    pub(super) async fn tail(&mut self) -> Result<Infallible, End> {
        let feed = Arc::clone(&self.reads.backend().feed);
        let mut head = feed.subscribe();
        let mut reached = self.covered;
        let mut beat = match self.begin {
            Begin::Now(_) => Instant::now(),
            Begin::Snapshot { .. } | Begin::Resumed(_) => Instant::now() + self.wanted.heartbeat,
        };
        loop {
            self.ready(&Place::Live(reached)).await?;
            if beat <= Instant::now() {
                self.bookmark(reached);
                beat = Instant::now() + self.wanted.heartbeat;
                continue;
            }
            let newest = *head.borrow_and_update();
            if reached < newest {
                let run = self.next_run(reached, newest).await?;
                reached = run.through;
                if !run.changes.is_empty() {
                    self.batch(run);
                    beat = Instant::now() + self.wanted.heartbeat;
                }
                continue;
            }
            let drain = &self.reads.backend().drain;
            tokio::select! {
                () = drain.cancelled() => return Err(End::Drain(Place::Live(reached))),
                () = self.outbox.gone() => return Err(End::Gone),
                () = tokio::time::sleep_until(beat) => {}
                // The feed outlives the watch, so this is a new head and never an error.
                _ = head.changed() => {}
            }
        }
    }

    fn batch(&mut self, run: Run) {
        let cursor = self.cursor(&Place::Live(run.through));
        self.put(Event::ChangeBatch(wire::ChangeBatch {
            changes: run.changes,
            after_revision: self.covered.0,
            through_revision: run.through.0,
            cursor,
        }));
        self.covered = run.through;
    }

    /// Proves that we live, and how far.
    fn bookmark(&mut self, reached: Revision) {
        let backend = self.reads.backend();
        let head = backend.feed.head().max(reached);
        let lag = u32::try_from(head.0 - reached.0).unwrap_or(u32::MAX);
        metrics::histogram!("muster_watch_lag_revisions").record(f64::from(lag));
        self.put(Event::Bookmark(wire::Bookmark {
            position: Some(self.position(&Place::Live(reached))),
            head_revision: head.0,
            server_time: Some(convert::timestamp(backend.clock.now())),
            coverage: Some(self.coverage()),
        }));
        self.covered = reached;
    }

    /// The next run after `after`, up to `newest`: from the feed for who keeps up, from the log of
    /// the store for who does not, and for who wants raw documents, which the feed does not hold.
    async fn next_run(&self, after: Revision, newest: Revision) -> Result<Run, ApiError> {
        let (filter, detail) = (&self.wanted.selection.filter, self.wanted.detail);
        let (limit, log_id) = (self.wanted.batch_size, self.binding.log_id);
        if detail != Detail::Raw
            && let Some(recent) = self.reads.backend().feed.recent(after, RUN_MAX)
            && !recent.is_empty()
        {
            return recent_run(&recent, after, &Shape { filter, detail, limit, log_id });
        }
        let filter = filter.clone();
        let read = move |reader: &Reader<'_>| {
            logged_run(reader, after, newest, &Shape { filter: &filter, detail, limit, log_id })
        };
        self.reads.run(read).await
    }
}

/// What a client wants of the log.
struct Shape<'a> {
    filter: &'a Filter,
    detail: Detail,
    /// Changes in a message at most.
    limit: usize,
    log_id: [u8; 16],
}

impl Shape<'_> {
    /// What a change means to the client; `None` when nothing.
    fn effect(&self, change: &Change) -> Option<FilterEffect> {
        let before = change.before.as_ref().is_some_and(|before| self.filter.matches(before));
        match (before, self.filter.matches(&change.after)) {
            (false, false) => None,
            (false, true) => Some(FilterEffect::Entered),
            // It moved by less than people should know of.
            (true, true) if change.kinds == [ChangeKind::Rescored] => None,
            (true, true) => Some(FilterEffect::Stayed),
            (true, false) => Some(FilterEffect::Left),
        }
    }

    fn change(
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

/// Makes a run of what the feed holds.
fn recent_run(
    recent: &[Arc<Published>],
    after: Revision,
    shape: &Shape<'_>,
) -> Result<Run, ApiError> {
    let mut run = Run { changes: Vec::new(), through: after };
    let mut budget = Budget::new(BATCH_BYTES_MAX);
    for Published { change, finding } in recent.iter().map(AsRef::as_ref) {
        follows(run.through, change)?;
        if let Some(effect) = shape.effect(change) {
            let entry = shape.change(change, effect, Some(finding));
            if run.changes.len() == shape.limit || !budget.fits(&entry) {
                break;
            }
            run.changes.push(entry);
        }
        run.through = change.revision;
    }
    Ok(run)
}

/// Makes a run of what the store holds. The images are the newest, so at least as new as the change.
fn logged_run(
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
    let mut budget = Budget::new(BATCH_BYTES_MAX);
    for (change, effect) in wanted {
        let image = reader.store().findings(&[change.finding])?.pop().flatten();
        let entry = shape.change(change, effect, image.as_ref());
        if !budget.fits(&entry) {
            // Everything before it was looked at; it is the first of the next run.
            through = Revision(change.revision.0 - 1);
            break;
        }
        changes.push(entry);
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
