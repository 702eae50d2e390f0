//! Keeps a second process out of a data directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Seek, Write};
use std::path::Path;

use super::{StoreError, io_error};

/// The name of the lock file. It stays when the process ends: the lock is the operating system's,
/// and ends with the process however that ends.
pub(super) const FILE: &str = "LOCK";

/// Holds a data directory.
#[derive(Debug)]
pub(super) struct DirectoryLock {
    _file: File,
}

impl DirectoryLock {
    /// Takes the directory, or says who has it.
    pub(super) fn take(directory: &Path) -> Result<Self, StoreError> {
        let path = directory.join(FILE);
        let attempt = || format!("lock `{}`", path.display());
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(|source| io_error(attempt(), source))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Locked { path: directory.display().to_string() });
            }
            Err(TryLockError::Error(source)) => return Err(io_error(attempt(), source)),
        }
        // For people only; the lock does not depend on it.
        let written = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        written.map_err(|source| io_error(attempt(), source))?;
        Ok(Self { _file: file })
    }
}

/// Whether a process holds the directory. Nothing is made or changed.
pub fn is_held(directory: &Path) -> bool {
    let file = OpenOptions::new().read(true).write(true).open(directory.join(FILE));
    file.is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
}
