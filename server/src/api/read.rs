//! Reads of the view and the store, off the async threads.

use std::sync::{Arc, RwLockReadGuard};

use muster_core::finding::Finding;
use muster_core::ids::FindingId;
use muster_core::weakness::Classes;
use tokio::sync::Semaphore;

use super::convert::{Budget, Detail};
use super::error::ApiError;
use super::layers::panic_text;
use super::validate::Selection;
use super::{Backend, convert};
use crate::store::Store;
use crate::units::UnitBoard;
use crate::view::{Position, View};

/// How many findings are read from the store at once: they come with their documents, so an answer
/// that is soon full must not unpack what it leaves out.
pub(crate) const READ_MAX: usize = 32;

/// The same where the documents are shown: two of the largest fill an answer.
pub(crate) const READ_RAW_MAX: usize = 2;

/// Runs reads on blocking threads, a bounded number at once.
///
/// A call that gives up leaves its read running: its place is free only when it is done.
#[derive(Clone, Debug)]
pub(crate) struct Reads {
    backend: Arc<Backend>,
    places: Arc<Semaphore>,
}

impl Reads {
    pub(crate) fn new(backend: Backend) -> Self {
        let places = Arc::new(Semaphore::new(backend.limits.reads_max));
        Self { backend: Arc::new(backend), places }
    }

    /// What is read from.
    pub(crate) fn backend(&self) -> &Backend {
        &self.backend
    }

    /// Which log this is.
    pub(crate) fn log_id(&self) -> [u8; 16] {
        self.backend.store.log_id()
    }

    /// Runs `read` on a blocking thread.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader<'_>) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.expect("nobody closes the semaphore");
        let backend = Arc::clone(&self.backend);
        let span = tracing::Span::current();
        let task = tokio::task::spawn_blocking(move || {
            let outcome = span.in_scope(|| read(&Reader { backend: &backend }));
            drop(place);
            outcome
        });
        task.await.unwrap_or_else(|error| {
            let panic = error.try_into_panic();
            Err(ApiError::Panicked(
                panic.map_or_else(|error| error.to_string(), |panic| panic_text(&*panic)),
            ))
        })
    }
}

/// What a read sees.
pub(crate) struct Reader<'a> {
    backend: &'a Backend,
}

impl Reader<'_> {
    /// The store.
    pub(crate) fn store(&self) -> &dyn Store {
        &*self.backend.store
    }

    /// The view, for as long as the answer is kept: keep it only for the lookup.
    pub(crate) fn view(&self) -> Result<RwLockReadGuard<'_, View>, ApiError> {
        let view = self.backend.view.read();
        view.map_err(|_| ApiError::Panicked("the view broke while it was written".to_owned()))
    }

    /// The weakness classes in force.
    pub(crate) fn classes(&self) -> &Classes {
        &self.backend.classes
    }

    /// The board of units.
    pub(crate) fn units(&self) -> &UnitBoard {
        &self.backend.units
    }

    /// Whether what is shown is all there is.
    pub(crate) fn coverage(&self) -> muster_api::v1::Coverage {
        convert::coverage(&self.backend.units.coverage())
    }

    /// The newest images of those that are still there, in order.
    pub(crate) fn findings(&self, ids: &[FindingId]) -> Result<Vec<Finding>, ApiError> {
        Ok(self.store().findings(ids)?.into_iter().flatten().collect())
    }

    /// The newest image.
    pub(crate) fn finding(&self, id: FindingId) -> Result<Finding, ApiError> {
        let found = self.findings(&[id])?.pop();
        found.ok_or_else(|| ApiError::FindingNotFound(id.to_string()))
    }

    /// The findings at `positions` as they are now, as far as they fit into `bytes_max`. A record may
    /// be newer than the view: one that no longer matches, or is gone, is left out.
    pub(crate) fn shown(
        &self,
        positions: &[Position],
        selection: &Selection,
        detail: Detail,
        bytes_max: usize,
    ) -> Result<Shown, ApiError> {
        let mut budget = Budget::new(bytes_max);
        let mut shown = Shown { findings: Vec::new(), last: None };
        let run_max = if detail == Detail::Raw { READ_RAW_MAX } else { READ_MAX };
        for run in positions.chunks(run_max) {
            let ids: Vec<_> = run.iter().map(|position| position.id).collect();
            for (position, image) in run.iter().zip(self.store().findings(&ids)?) {
                if let Some(image) = image.filter(|image| selection.selects(image)) {
                    let finding = convert::finding(&image, detail);
                    if !budget.fits(&finding) {
                        return Ok(shown);
                    }
                    shown.findings.push(finding);
                }
                shown.last = Some(*position);
            }
        }
        Ok(shown)
    }
}

/// Findings at positions of the view.
#[derive(Debug)]
pub(crate) struct Shown {
    /// In order.
    pub(crate) findings: Vec<muster_api::v1::Finding>,
    /// The last position that was dealt with, whether or not its finding is shown; the next page
    /// begins after it.
    pub(crate) last: Option<Position>,
}
