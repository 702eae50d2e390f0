//! Published intelligence about vulnerabilities, from files that an operator brings.
//!
//! Muster fetches nothing from the internet. `musterd intel load` reads a file as a whole before it
//! puts it into the data directory, where the server finds it:
//!
//! | file in `DIR/intel` | published as |
//! |---|---|
//! | `kev.json` | CISA, "Known Exploited Vulnerabilities Catalog", JSON |
//! | `epss.csv` | FIRST, `epss_scores-current.csv.gz`, unpacked |
//! | `ssvc.csv` | columns `cve`, `automatable`, `technical_impact`, as CISA's Vulnrichment has them |
//!
//! A file replaces its former issue in one step, so the server may run meanwhile. Files are read line
//! by line or entry by entry: memory is that of the lists, 6 bytes for a score.

mod csv;
mod epss;
mod kev;
mod shelf;
mod ssvc;

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use muster_core::intel::{Feed, Intel, Part};

pub use self::shelf::{IntelStatus, Problem, Shelf};

/// The directory of the files, in the data directory.
const DIRECTORY: &str = "intel";

/// The largest file that is read (256 MiB). The catalog has 1.5 MB, the scores of 300,000 CVEs 10 MB.
pub const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// The most CVEs of one file; there were 320,000 in 2026.
pub const CVES_MAX: usize = 4_000_000;

/// Why a file is not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is wrong, in that line (from 1).
    #[error("line {line}: {message}")]
    Line {
        /// Which.
        line: u64,
        /// What is wrong, and what should be there.
        message: String,
    },
    /// It is wrong as a whole.
    #[error("{0}")]
    Whole(String),
    /// It is compressed.
    #[error("it is compressed: unpack it first, for example with `gunzip`")]
    Packed,
    /// It cannot be read.
    #[error("it cannot be read")]
    Io(#[from] io::Error),
}

impl ReadError {
    fn line(line: u64, message: impl Into<String>) -> Self {
        Self::Line { line, message: message.into() }
    }
}

/// Why files could not be put into the data directory.
#[derive(Debug, thiserror::Error)]
pub enum IntelError {
    /// One of them is not what it should be. None was put there.
    #[error("{} `{path}`", feed.as_str())]
    File {
        /// What it should be.
        feed: Feed,
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: ReadError,
    },
    /// The data directory.
    #[error("failed to {attempt} `{path}`")]
    Directory {
        /// What was tried.
        attempt: &'static str,
        /// With which file or directory.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
}

/// The file of a feed in a data directory.
pub fn path(data_dir: &Path, feed: Feed) -> PathBuf {
    let name = match feed {
        Feed::Kev => "kev.json",
        Feed::Epss => "epss.csv",
        Feed::Ssvc => "ssvc.csv",
    };
    data_dir.join(DIRECTORY).join(name)
}

/// Reads the file of a feed into `intel`, in the place of what that had of the feed.
///
/// # Errors
///
/// When it cannot be read, or is not what it should be.
pub fn read(feed: Feed, path: &Path, intel: Intel) -> Result<Intel, ReadError> {
    let file = File::open(path)?;
    let bytes = file.metadata()?.len();
    if bytes > FILE_BYTES_MAX {
        let message = format!("it has {bytes} bytes; at most {FILE_BYTES_MAX} are read");
        return Err(ReadError::Whole(message));
    }
    // A file that grows meanwhile is read no further.
    read_from(feed, BufReader::new(file).take(FILE_BYTES_MAX), intel)
}

/// The same, from anything.
fn read_from(feed: Feed, mut from: impl BufRead, intel: Intel) -> Result<Intel, ReadError> {
    if from.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
        return Err(ReadError::Packed);
    }
    match feed {
        Feed::Kev => kev::read(from, intel),
        Feed::Epss => epss::read(from, intel),
        Feed::Ssvc => ssvc::read(from, intel),
    }
}

/// What a data directory has: each feed that reads, and what is wrong with the others.
pub fn load(data_dir: &Path) -> (Intel, Vec<Problem>) {
    let shelf = Shelf::open(data_dir);
    (Intel::clone(&shelf.intel()), shelf.status().problems)
}

/// Reads these files, and when all are what they should be puts them into the data directory, each in
/// one step. Says what they have.
///
/// # Errors
///
/// When a file is wrong, and nothing was put there; or when the directory cannot be written.
pub fn install(data_dir: &Path, files: &[(Feed, &Path)]) -> Result<Vec<Part>, IntelError> {
    let directory = data_dir.join(DIRECTORY);
    let failed = |attempt, path: &Path| {
        let path = path.to_owned();
        move |source| IntelError::Directory { attempt, path, source }
    };
    fs::create_dir_all(&directory).map_err(failed("make", &directory))?;
    let mut intel = Intel::none();
    let mut copies = Vec::with_capacity(files.len());
    for (feed, path) in files {
        let wrong = |source| IntelError::File { feed: *feed, path: (*path).to_owned(), source };
        // What is read is the copy: nobody writes to that one.
        let mut copy = tempfile::Builder::new()
            .prefix(".loading-")
            // Published data, which the server may read as another user.
            .permissions(fs::Permissions::from_mode(0o644))
            .tempfile_in(&directory)
            .map_err(failed("make a file in", &directory))?;
        let from = File::open(path).map_err(|error| wrong(error.into()))?;
        // One byte more than is allowed shows that it is too long.
        io::copy(&mut from.take(FILE_BYTES_MAX + 1), copy.as_file_mut())
            .map_err(failed("copy to", &directory))?;
        intel = read(*feed, copy.path(), intel).map_err(wrong)?;
        copy.as_file().sync_all().map_err(failed("flush", copy.path()))?;
        copies.push((*feed, copy));
    }
    for (feed, copy) in copies {
        let path = path(data_dir, feed);
        copy.persist(&path).map_err(|error| failed("replace", &path)(error.error))?;
    }
    File::open(&directory)
        .and_then(|directory| directory.sync_all())
        .map_err(failed("flush", &directory))?;
    Ok(intel.parts())
}

#[cfg(test)]
mod tests;
