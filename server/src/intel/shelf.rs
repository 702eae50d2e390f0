//! What a running server has of the files, and when they change.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, RwLock};
use std::time::SystemTime;
use std::{fs, io};

use metrics::gauge;
use muster_core::intel::{Feed, Intel, Part};
use muster_core::time::Millis;

use super::{ReadError, path, read};

/// A file that is there and cannot be used. What was read of its feed before stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Of which feed.
    pub feed: Feed,
    /// What is wrong, with the line.
    pub message: String,
}

/// What is loaded, for the API and for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IntelStatus {
    /// Each feed that is loaded, with its issue: [`Part::age_days`] and [`Part::is_stale`] say how
    /// old it is.
    pub parts: Vec<Part>,
    /// The files that cannot be used.
    pub problems: Vec<Problem>,
}

/// Tells one content of a file from the next, as far as it is replaced and not written over.
type Stamp = Option<(SystemTime, u64)>;

/// The intelligence of a data directory. Everybody who scores takes it from here.
pub struct Shelf {
    data_dir: PathBuf,
    current: RwLock<Arc<Intel>>,
    /// Held while files are read, so that two refreshes do not mix.
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    stamps: [Stamp; Feed::ALL.len()],
    problems: Vec<Problem>,
}

impl Shelf {
    /// Reads what the directory has. What cannot be used is a [`Problem`]: a wrong file keeps no
    /// server from starting.
    pub fn open(data_dir: &Path) -> Self {
        let shelf = Self {
            data_dir: data_dir.to_owned(),
            current: RwLock::new(Arc::new(Intel::none())),
            seen: Mutex::default(),
        };
        shelf.refresh();
        shelf
    }

    /// What is loaded now.
    pub fn intel(&self) -> Arc<Intel> {
        Arc::clone(&self.current.read().expect("no holder of this lock panics"))
    }

    /// What is loaded now and what is wrong, without the content.
    pub fn status(&self) -> IntelStatus {
        let problems = self.seen.lock().expect("no holder of this lock panics").problems.clone();
        IntelStatus { parts: self.intel().parts(), problems }
    }

    /// Reads the files that changed since they were read last; says whether there is other
    /// intelligence now. Blocks while it reads, a second at most for files of the usual size.
    pub fn refresh(&self) -> bool {
        let mut seen = self.seen.lock().expect("no holder of this lock panics");
        let before = self.intel();
        let mut intel = Intel::clone(&before);
        let Seen { stamps, problems } = &mut *seen;
        for (feed, stamp) in Feed::ALL.into_iter().zip(stamps) {
            let path = path(&self.data_dir, feed);
            let read = match stamped(&path) {
                Ok(now) if now == *stamp => continue,
                Ok(None) => {
                    *stamp = None;
                    Ok(intel.clone().without(feed))
                }
                Ok(now) => {
                    *stamp = now;
                    read(feed, &path, intel.clone())
                }
                Err(error) => Err(ReadError::Io(error)),
            };
            problems.retain(|problem| problem.feed != feed);
            match read {
                Ok(read) => intel = read,
                Err(error) => problems.push(Problem { feed, message: text(&path, &error) }),
            }
        }
        let is_other = *before != intel;
        if is_other {
            *self.current.write().expect("no holder of this lock panics") = Arc::new(intel);
        }
        is_other
    }

    /// Sets the metrics: how many CVEs, how old, whether stale, and how many files are wrong.
    #[expect(clippy::cast_precision_loss, reason = "gauges are floats; these stay far below 2^52")]
    pub fn measure(&self, now: Millis) {
        let IntelStatus { parts, problems } = self.status();
        for feed in Feed::ALL {
            let part = parts.iter().find(|part| part.feed == feed);
            let name = feed.as_str();
            gauge!("muster_intel_cves", "feed" => name).set(part.map_or(0, |p| p.cves) as f64);
            let stale = part.is_some_and(|part| part.is_stale(now));
            gauge!("muster_intel_stale", "feed" => name).set(f64::from(u8::from(stale)));
            if let Some(days) = part.and_then(|part| part.age_days(now)) {
                gauge!("muster_intel_age_days", "feed" => name).set(days as f64);
            }
            let wrong = problems.iter().any(|problem| problem.feed == feed);
            gauge!("muster_intel_unreadable", "feed" => name).set(f64::from(u8::from(wrong)));
        }
    }
}

/// When the file was written and how long it is; `None` when there is none.
fn stamped(path: &Path) -> io::Result<Stamp> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some((metadata.modified()?, metadata.len()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The error and its causes.
fn text(path: &Path, error: &ReadError) -> String {
    match error {
        ReadError::Io(cause) => format!("`{}`: {error}: {cause}", path.display()),
        _ => format!("`{}`: {error}", path.display()),
    }
}
