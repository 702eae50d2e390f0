//! Clones of the engine for the threads that read.
//!
//! A handle of the engine is `Send` but not `Sync`: each thread needs a clone. Clones are lent for
//! one operation and come back, so there are as many as there were readers at once.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use super::{Db, StoreError};
use crate::store::codec::{Dictionaries, Unpacker};

/// The most clones kept for later; more are made when more threads read at once.
const IDLE_MAX: usize = 16;

/// One thread's access to the engine.
pub(super) struct Reader {
    pub(super) db: Db,
    pub(super) unpacker: Unpacker,
}

/// Lends readers.
pub(super) struct Readers {
    dictionaries: Dictionaries,
    pool: Mutex<Pool>,
}

struct Pool {
    template: Db,
    idle: Vec<Reader>,
}

impl Readers {
    /// Lends clones of `template`.
    pub(super) fn new(template: Db, dictionaries: Dictionaries) -> Self {
        Self { dictionaries, pool: Mutex::new(Pool { template, idle: Vec::new() }) }
    }

    /// Reads. A panic of the engine becomes an error: it means that a file is not as it should be.
    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&mut Reader) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut reader = self.lend();
        match catch_unwind(AssertUnwindSafe(|| read(&mut reader))) {
            Ok(result) => {
                self.take_back(reader);
                result
            }
            Err(panic) => {
                // Its locks may be held for ever: it must not be used or dropped again.
                std::mem::forget(reader);
                let what = format!("the engine panicked in a read: {}", message(&*panic));
                Err(StoreError::Corrupt { what })
            }
        }
    }

    /// Gives up the engine without closing it, after a failed write: closing would flush.
    pub(super) fn forget(self) {
        std::mem::forget(self);
    }

    fn lend(&self) -> Reader {
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        pool.idle.pop().unwrap_or_else(|| Reader {
            db: pool.template.clone(),
            unpacker: Unpacker::new(&self.dictionaries),
        })
    }

    fn take_back(&self, reader: Reader) {
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        if pool.idle.len() < IDLE_MAX {
            pool.idle.push(reader);
        }
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
