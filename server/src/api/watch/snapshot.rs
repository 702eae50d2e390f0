//! The first part of a watch: all that matches, most urgent first.

use muster_api::v1 as wire;
use muster_api::v1::watch_findings_response::Event;
use muster_core::ids::Revision;

use super::{BATCH_BYTES_MAX, End, Watcher};
use crate::api::convert::{self, Budget, Detail};
use crate::api::cursor::Place;
use crate::api::error::ApiError;
use crate::api::read::Reader;
use crate::api::validate::Selection;
use crate::view::{Order, Position, Query};

/// How many records are read at once, so that a batch that is soon full does not unpack what it
/// leaves for the next.
const READ_MAX: usize = 100;

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
            let batch = self.next_batch(after).await?;
            after = batch.last.or(after);
            if !batch.findings.is_empty() {
                findings_sent += batch.findings.len() as u64;
                let (findings, cursor) = (batch.findings, self.cursor(&place(after)));
                self.put(Event::SnapshotBatch(wire::SnapshotBatch { findings, cursor }));
            }
            if !batch.more {
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

    async fn next_batch(&self, after: Option<Position>) -> Result<Batch, ApiError> {
        let (selection, detail) = (self.wanted.selection.clone(), self.wanted.detail);
        let limit = self.wanted.batch_size;
        let read = move |reader: &Reader<'_>| Batch::read(reader, &selection, detail, after, limit);
        self.reads.run(read).await
    }
}

/// A part of a snapshot.
struct Batch {
    findings: Vec<wire::Finding>,
    /// Where the next one begins; `None` when there was nothing.
    last: Option<Position>,
    more: bool,
}

impl Batch {
    /// Reads what comes after `after`. A record may be newer than the view by now: it is sent as it
    /// is if it still matches; if it does not, the tail says so.
    fn read(
        reader: &Reader<'_>,
        selection: &Selection,
        detail: Detail,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Self, ApiError> {
        let filter = &selection.filter;
        let page = reader.view()?.page(&Query { filter, order: Order::Priority, after, limit });
        let mut budget = Budget::new(BATCH_BYTES_MAX);
        let mut batch = Self { findings: Vec::new(), last: None, more: page.more };
        for run in page.positions.chunks(READ_MAX) {
            let ids: Vec<_> = run.iter().map(|position| position.id).collect();
            for (position, image) in run.iter().zip(reader.store().findings(&ids)?) {
                if let Some(image) = image.filter(|image| selection.selects(image)) {
                    let finding = convert::finding(&image, detail);
                    if !budget.fits(&finding) {
                        batch.more = true;
                        return Ok(batch);
                    }
                    batch.findings.push(finding);
                }
                batch.last = Some(*position);
            }
        }
        Ok(batch)
    }
}
