//! The second part of a watch: every change after a revision, in the order of the log.

use std::convert::Infallible;
use std::sync::Arc;

use muster_api::v1 as wire;
use muster_api::v1::watch_findings_response::Event;
use muster_core::ids::Revision;
use tokio::time::Instant;

use super::{BATCH_BYTES_MAX, Begin, End, Watcher};
use crate::api::changes::{self, Run, Shape, Stayed};
use crate::api::convert;
use crate::api::cursor::Place;
use crate::api::error::ApiError;
use crate::api::read::Reader;

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
            changes: run.changes.into_iter().map(|entry| entry.change).collect(),
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

    /// The next run after `after`, up to `newest`.
    async fn next_run(&self, after: Revision, newest: Revision) -> Result<Run, ApiError> {
        let (filter, detail) = (&self.wanted.selection.filter, self.wanted.detail);
        let (limit, log_id) = (self.wanted.batch_size, self.binding.log_id);
        let stayed = Stayed::AllButRescored;
        let shape = Shape { filter, detail, limit, bytes_max: BATCH_BYTES_MAX, log_id, stayed };
        if let Some(run) = changes::recent_run(&self.reads.backend().feed, after, &shape)? {
            return Ok(run);
        }
        let filter = filter.clone();
        let read = move |reader: &Reader<'_>| {
            let shape = Shape {
                filter: &filter,
                detail,
                limit,
                bytes_max: BATCH_BYTES_MAX,
                log_id,
                stayed,
            };
            changes::logged_run(reader, after, newest, &shape)
        };
        self.reads.run(read).await
    }
}
