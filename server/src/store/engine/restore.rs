//! Puts a store that was built from another one where it belongs.
//!
//! It is built in a directory of its own inside of the data directory, so on the same file system
//! even where that is a mount point, and moved to its place when it is complete. The data directory
//! is locked meanwhile. Until [`Restore::finish`] has returned, dropping it leaves the directory as
//! it was.

use std::fs::{self, File};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use muster_core::change::Change;
use muster_core::finding::Finding;
use muster_core::ids::Revision;
use tempfile::TempDir;

use super::lock::{self, DirectoryLock};
use super::readers::message;
use super::{Rebuild, SledOptions, StoreError, io_error};
use crate::store::MetaTable;

/// Where the engine's files are, in a data directory.
const ENGINE_DIRECTORY: &str = "sled";

/// Where a store is, or would be, in `directory`.
pub(crate) fn store_path(directory: &Path) -> PathBuf {
    directory.join(ENGINE_DIRECTORY)
}

/// Whether there is a store in `directory`, which is not opened.
///
/// # Errors
///
/// When the directory cannot be searched.
pub fn has_store(directory: &Path) -> io::Result<bool> {
    store_path(directory).try_exists()
}

/// A store in the making.
pub(crate) struct Restore {
    // The order matters when it is given up: the engine closes, its files go, then what was made for
    // them, and the lock last.
    /// `None` once the engine has failed.
    rebuild: Option<Rebuild>,
    work: TempDir,
    made: Made,
    _lock: DirectoryLock,
    directory: PathBuf,
}

impl Restore {
    /// Begins a store for `directory`, which is made when there is none.
    ///
    /// # Errors
    ///
    /// [`StoreError::Locked`] when a process has the directory, [`StoreError::Io`] when the disk
    /// refuses.
    pub(crate) fn begin(directory: &Path, options: &SledOptions) -> Result<Self, StoreError> {
        let failed = |source| {
            io_error(
                format!("make a directory for the import in `{}`", directory.display()),
                source,
            )
        };
        let made = Made::directory(directory).map_err(failed)?;
        let lock = DirectoryLock::take(directory)?;
        let work =
            tempfile::Builder::new().prefix("import-").tempdir_in(directory).map_err(failed)?;
        let rebuild = Some(Rebuild::new(work.path(), options)?);
        Ok(Self { rebuild, work, made, _lock: lock, directory: directory.to_owned() })
    }

    /// Adds a finding, which has its revision.
    pub(crate) fn finding(&mut self, finding: &Finding) -> Result<(), StoreError> {
        self.guarded(|rebuild| rebuild.finding(finding))
    }

    /// Adds a log entry, which has its revision and its link.
    pub(crate) fn change(&mut self, change: &Change) -> Result<(), StoreError> {
        self.guarded(|rebuild| rebuild.change(change))
    }

    /// Adds a row of a small table.
    pub(crate) fn meta(
        &mut self,
        table: MetaTable,
        key: &[u8],
        value: Vec<u8>,
    ) -> Result<(), StoreError> {
        self.guarded(|rebuild| rebuild.meta(table, key, value))
    }

    /// Completes the store, whose log goes from `oldest` to `head`, and puts it where it belongs.
    /// Returns the id of its log: a new one, so that no cursor of the old log is taken for one of
    /// this.
    pub(crate) fn finish(
        mut self,
        oldest: Revision,
        head: Revision,
    ) -> Result<[u8; 16], StoreError> {
        let rebuild = self.rebuild.take().ok_or_else(failed_before)?;
        let finish = AssertUnwindSafe(|| rebuild.finish(head, oldest));
        let log_id = catch_unwind(finish).unwrap_or_else(|panic| Err(panicked(&*panic)))?;
        let (from, to) = (store_path(self.work.path()), store_path(&self.directory));
        let moved = sync(&from).and_then(|()| fs::rename(&from, &to));
        let moved = moved.and_then(|()| sync(&self.directory));
        moved.map_err(|source| {
            io_error(format!("move the imported store to `{}`", to.display()), source)
        })?;
        self.made.keep();
        Ok(log_id)
    }

    /// Runs `work`. After a panic the engine is given up without being closed, because its locks may
    /// be held for ever.
    fn guarded(
        &mut self,
        work: impl FnOnce(&mut Rebuild) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let rebuild = self.rebuild.as_mut().ok_or_else(failed_before)?;
        match catch_unwind(AssertUnwindSafe(|| work(rebuild))) {
            Ok(result) => result,
            Err(panic) => {
                std::mem::forget(self.rebuild.take());
                Err(panicked(&*panic))
            }
        }
    }
}

fn failed_before() -> StoreError {
    StoreError::Poisoned { cause: "the import has failed before".to_owned() }
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> StoreError {
    StoreError::Poisoned { cause: format!("the engine panicked: {}", message(panic)) }
}

fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// What a restore made outside of its own directory: taken away again unless it is kept.
struct Made {
    /// The lock file.
    lock: Option<PathBuf>,
    /// The data directory.
    directory: Option<PathBuf>,
}

impl Made {
    /// Makes the data directory when there is none.
    fn directory(directory: &Path) -> io::Result<Self> {
        let is_new = !directory.try_exists()?;
        fs::create_dir_all(directory)?;
        let lock = directory.join(lock::FILE);
        let lock = if lock.try_exists()? { None } else { Some(lock) };
        Ok(Self { lock, directory: is_new.then(|| directory.to_owned()) })
    }

    fn keep(&mut self) {
        (self.lock, self.directory) = (None, None);
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        // The lock is still held. What cannot be removed is in nobody's way.
        if let Some(lock) = &self.lock {
            fs::remove_file(lock).ok();
        }
        if let Some(directory) = &self.directory {
            fs::remove_dir(directory).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{SledStore, Store, samples};

    /// Enough for some batches, and for a dictionary on the way.
    const COUNT: u64 = 1_200;

    #[test]
    fn a_store_that_is_closed_and_opened_on_the_way_is_whole() {
        let home = tempfile::tempdir().unwrap();
        // The engine is closed and opened after each batch.
        let options = SledOptions { written_bytes: 1, ..SledOptions::default() };
        let mut restore = Restore::begin(home.path(), &options).unwrap();
        for number in 1..=COUNT {
            let mut sample = samples::created(number);
            sample.finding.revision = Revision(number);
            sample.change.revision = Revision(number);
            restore.finding(&sample.finding).unwrap();
            restore.change(&sample.change).unwrap();
        }
        assert!(!has_store(home.path()).unwrap());
        let locked = SledStore::open(home.path(), &options).unwrap_err();
        assert!(matches!(locked, StoreError::Locked { .. }), "{locked}");

        let log_id = restore.finish(Revision(1), Revision(COUNT)).unwrap();

        let store = SledStore::open(home.path(), &options).unwrap();
        assert_eq!((store.log_id(), store.head()), (log_id, Revision(COUNT)));
        let ids: Vec<_> = (1..=COUNT).map(samples::id).collect();
        let findings = store.findings(&ids).unwrap();
        let revisions = findings.into_iter().flatten().map(|finding| finding.revision.0);
        assert!(revisions.eq(1..=COUNT));
        assert_eq!(store.changes(Revision::ZERO, 9_999).unwrap().changes.len(), ids.len());
    }
}
