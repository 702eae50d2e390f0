//! Tasks under names: one that ends early, panics or does not stop is an error of the process.

use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

use super::AppError;

/// The tasks of the process.
pub(super) struct Tasks {
    set: JoinSet<()>,
    names: HashMap<Id, &'static str>,
}

impl Tasks {
    pub(super) fn new() -> Self {
        Self { set: JoinSet::new(), names: HashMap::new() }
    }

    pub(super) fn spawn(
        &mut self,
        name: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        let handle = self.set.spawn(task);
        self.names.insert(handle.id(), name);
    }

    /// Waits for the first task that ends although it should not.
    pub(super) async fn next(&mut self) -> AppError {
        match self.set.join_next_with_id().await {
            Some(Ok((id, ()))) => AppError::Ended(self.name(id)),
            Some(Err(error)) => self.panicked(&error),
            None => std::future::pending().await,
        }
    }

    /// Waits until all have ended, at most so long; then ends the rest.
    pub(super) async fn stop(mut self, deadline: Duration) -> Result<(), AppError> {
        // A little longer than the parts allow themselves, so that they end by themselves.
        let until = Instant::now() + deadline + Duration::from_secs(1);
        let mut outcome = Ok(());
        loop {
            match tokio::time::timeout_at(until, self.set.join_next_with_id()).await {
                Ok(None) => return outcome,
                Ok(Some(Ok((id, ())))) => {
                    self.names.remove(&id);
                }
                Ok(Some(Err(error))) => {
                    outcome = outcome.and(Err(self.panicked(&error)));
                    self.names.remove(&error.id());
                }
                Err(_) => {
                    let name = self.names.values().next().copied().unwrap_or("a task");
                    self.set.shutdown().await;
                    return outcome.and(Err(AppError::Stuck(name, deadline)));
                }
            }
        }
    }

    fn name(&self, id: Id) -> &'static str {
        self.names.get(&id).copied().unwrap_or("a task")
    }

    fn panicked(&self, error: &JoinError) -> AppError {
        AppError::Panicked(self.name(error.id()))
    }
}
