//! Clones of the engine for the threads that read.
//!
//! A handle of the engine is `Send` but not `Sync`: each thread needs a clone. Clones are lent for
//! one operation and come back, so there are as many as there were readers at once.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Db, StoreError};
use crate::store::codec::{Dictionaries, Unpacker};

/// The most clones kept for later; more are made when more threads read at once.
const IDLE_MAX: usize = 16;

/// How long the writer waits for readers to come back before it puts off reopening the engine. A
/// long scan puts it off until the scan is over.
const RETURN_WAIT: Duration = Duration::from_millis(200);

/// One thread's access to the engine.
pub(super) struct Reader {
    pub(super) db: Db,
    pub(super) unpacker: Unpacker,
}

/// Lends readers.
pub(super) struct Readers {
    dictionaries: Dictionaries,
    pool: Mutex<Pool>,
    moved: Condvar,
}

struct Pool {
    /// `None` while the engine is being reopened, and for ever after a failed write.
    template: Option<Db>,
    idle: Vec<Reader>,
    lent: usize,
    /// New readers wait.
    closing: bool,
}

impl Readers {
    /// Lends clones of `template`.
    pub(super) fn new(template: Db, dictionaries: Dictionaries) -> Self {
        let template = Some(template);
        let pool = Mutex::new(Pool { template, idle: Vec::new(), lent: 0, closing: false });
        Self { dictionaries, pool, moved: Condvar::new() }
    }

    /// Reads. A panic of the engine becomes an error: it means that a file is not as it should be.
    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&mut Reader) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut reader = self.lend()?;
        match catch_unwind(AssertUnwindSafe(|| read(&mut reader))) {
            Ok(result) => {
                self.take_back(reader);
                result
            }
            Err(panic) => {
                // Its locks may be held for ever: it must be neither used nor dropped. It counts
                // as lent from now on, so the engine is not reopened any more either.
                std::mem::forget(reader);
                let what = format!("the engine panicked in a read: {}", message(&*panic));
                Err(StoreError::Corrupt { what })
            }
        }
    }

    /// Drops all clones, so that the engine can be closed. `false` when a reader keeps its clone;
    /// everything is then as before.
    pub(super) fn close(&self) -> bool {
        let mut pool = self.pool();
        pool.closing = true;
        let waited = self.moved.wait_timeout_while(pool, RETURN_WAIT, |pool| pool.lent > 0);
        let (mut pool, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if pool.lent > 0 {
            pool.closing = false;
            drop(pool);
            self.moved.notify_all();
            return false;
        }
        pool.idle.clear();
        pool.template = None;
        true
    }

    /// Lends clones of `template` again; of nothing, and readers fail.
    pub(super) fn reopen(&self, template: Option<Db>) {
        let mut pool = self.pool();
        pool.template = template;
        pool.closing = false;
        drop(pool);
        self.moved.notify_all();
    }

    /// Gives up the engine without closing it, after a failed write: closing would flush.
    pub(super) fn forget(&self) {
        let mut pool = self.pool();
        std::mem::forget(pool.template.take());
        std::mem::forget(std::mem::take(&mut pool.idle));
    }

    fn lend(&self) -> Result<Reader, StoreError> {
        let waited = self.moved.wait_while(self.pool(), |pool| pool.closing);
        let mut pool = waited.unwrap_or_else(PoisonError::into_inner);
        let reader = match (pool.idle.pop(), &pool.template) {
            (Some(reader), _) => reader,
            (None, Some(template)) => {
                Reader { db: template.clone(), unpacker: Unpacker::new(&self.dictionaries) }
            }
            (None, None) => {
                let cause = "the engine is closed".to_owned();
                return Err(StoreError::Poisoned { cause });
            }
        };
        pool.lent += 1;
        Ok(reader)
    }

    fn take_back(&self, reader: Reader) {
        let mut pool = self.pool();
        if pool.template.is_none() {
            // Given up while it was lent.
            std::mem::forget(reader);
        } else if pool.idle.len() < IDLE_MAX && !pool.closing {
            pool.idle.push(reader);
        }
        pool.lent -= 1;
        drop(pool);
        self.moved.notify_all();
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a panic says.
pub(super) fn message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message")
}
