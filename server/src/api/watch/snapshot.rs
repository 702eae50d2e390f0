//! The first part of a watch: all that matches, most urgent first.

use muster_api::v1 as wire;
use muster_api::v1::watch_findings_response::Event;
use muster_core::ids::Revision;

use super::{BATCH_BYTES_MAX, End, Watcher};
use crate::api::cursor::Place;
use crate::api::error::ApiError;
use crate::api::read::{Reader, Shown};
use crate::view::{Order, Position, Query};

impl Watcher {
    /// Sends the snapshot that shows revision `start`, or what of it comes after `after`.
    pub(super) async fn snapshot(
        &mut self,
        start: Revision,
        mut after: Option<Position>,
    ) -> Result<(), End> {
        let place = |after| Place::Snapshot { start, after };
        if after.is_none() {
            self.ready(&place(None)).await?;
            let count = self.count().await?;
            self.put(Event::SnapshotStart(wire::SnapshotStart {
                position: Some(self.position(&place(None))),
                count,
                coverage: Some(self.coverage()),
                canonical_filter: self.wanted.selection.canonical.clone(),
            }));
        }
        let mut findings_sent = 0;
        loop {
            self.ready(&place(after)).await?;
            let (Shown { findings, last }, more) = self.next_batch(after).await?;
            after = last.or(after);
            if !findings.is_empty() {
                findings_sent += findings.len() as u64;
                let cursor = self.cursor(&place(after));
                self.put(Event::SnapshotBatch(wire::SnapshotBatch { findings, cursor }));
            }
            if !more {
                break;
            }
        }
        self.ready(&place(after)).await?;
        let position = Some(self.position(&Place::Live(start)));
        self.put(Event::SnapshotEnd(wire::SnapshotEnd { position, findings_sent }));
        Ok(())
    }

    async fn count(&self) -> Result<u64, ApiError> {
        let filter = self.wanted.selection.filter.clone();
        let count = move |reader: &Reader<'_>| {
            let query = Query { filter: &filter, order: Order::Priority, after: None, limit: 1 };
            Ok(reader.view()?.page(&query).total)
        };
        self.reads.run(count).await
    }

    /// What comes after `after`, and whether more does. A finding that no longer matches is left out
    /// here; the tail says so.
    async fn next_batch(&self, after: Option<Position>) -> Result<(Shown, bool), ApiError> {
        let (selection, detail) = (self.wanted.selection.clone(), self.wanted.detail);
        let (order, limit) = (Order::Priority, self.wanted.batch_size);
        let read = move |reader: &Reader<'_>| {
            let page = {
                let filter = &selection.filter;
                reader.view()?.page(&Query { filter, order, after, limit })
            };
            let shown = reader.shown(&page.positions, &selection, detail, BATCH_BYTES_MAX)?;
            let complete = shown.last.as_ref() == page.positions.last();
            Ok((shown, page.more || !complete))
        };
        self.reads.run(read).await
    }
}
