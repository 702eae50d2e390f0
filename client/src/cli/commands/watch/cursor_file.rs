//! The position of a watch in a file, so that the next run goes on where this one ended.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;

/// The version of the file.
const VERSION: u32 = 1;

/// A file larger than this is not one of ours: a cursor has at most 512 bytes, a filter 4 KiB.
const SIZE_MAX: u64 = 64 * 1024;

/// Where a watch with a filter and view keeps its position.
#[derive(Debug, Clone)]
pub(super) struct CursorFile {
    path: PathBuf,
    filter: String,
    view: String,
}

/// A position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Saved {
    pub(super) cursor: String,
    /// For people who look into the file.
    pub(super) log_id: String,
    /// The same; unknown inside a snapshot.
    pub(super) revision: Option<u64>,
}

/// What the file holds.
#[derive(Debug, Serialize, Deserialize)]
struct Content {
    version: u32,
    filter: String,
    view: String,
    cursor: String,
    log_id: String,
    revision: Option<u64>,
}

impl CursorFile {
    pub(super) fn new(path: PathBuf, filter: &str, view: &str) -> Self {
        Self { path, filter: filter.to_owned(), view: view.to_owned() }
    }

    /// Reads the cursor; `None` when there is no file yet.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is not one of ours, or belongs to a watch with another filter or
    /// view: resuming there would lose what only the other one saw.
    pub(super) async fn load(&self) -> Result<Option<String>, Failure> {
        let path = self.path.clone();
        let read = tokio::task::spawn_blocking(move || read(&path)).await;
        let text = match read.map_err(io::Error::other).flatten() {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failure(&format!("cannot be read: {error}"))),
        };
        let content: Content = serde_json::from_str(&text)
            .map_err(|error| self.failure(&format!("is no cursor file: {error}")))?;
        if content.version != VERSION {
            let version = content.version;
            return Err(self.failure(&format!("has version {version}, not {VERSION}")));
        }
        if content.filter != self.filter || content.view != self.view {
            let Content { filter, view, .. } = content;
            return Err(self
                .failure("belongs to a watch with another filter or view")
                .details([format!("there:  {view}  {filter}"), self.here()])
                .hint("use a file for each filter and view"));
        }
        Ok(Some(content.cursor).filter(|cursor| !cursor.is_empty()))
    }

    /// Replaces the position, whole or not at all, also when the machine loses power.
    pub(super) async fn save(&self, saved: &Saved) -> Result<(), Failure> {
        let content = Content {
            version: VERSION,
            filter: self.filter.clone(),
            view: self.view.clone(),
            cursor: saved.cursor.clone(),
            log_id: saved.log_id.clone(),
            revision: saved.revision,
        };
        let mut text = serde_json::to_string_pretty(&content)?;
        text.push('\n');
        let path = self.path.clone();
        let write = tokio::task::spawn_blocking(move || write(&path, &text)).await;
        let written = write.map_err(io::Error::other).flatten();
        written.map_err(|error| self.failure(&format!("cannot be written: {error}")))
    }

    fn here(&self) -> String {
        format!("here:   {}  {}", self.view, self.filter)
    }

    fn failure(&self, what: &str) -> Failure {
        Failure::new(Exit::Failure, format!("the cursor file {} {what}", self.path.display()))
            .hint("to start again with a snapshot, remove it")
    }
}

fn read(path: &Path) -> io::Result<String> {
    let size = std::fs::metadata(path)?.len();
    if size > SIZE_MAX {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{size} bytes are too many"),
        ));
    }
    std::fs::read_to_string(path)
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut file = NamedTempFile::new_in(directory)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::failure::Told;

    fn told(failure: Failure) -> Told {
        match failure {
            Failure::Told(told) => *told,
            Failure::ClosedPipe => panic!("not a pipe"),
        }
    }

    fn at(directory: &tempfile::TempDir, filter: &str) -> CursorFile {
        CursorFile::new(directory.path().join("at.cursor"), filter, "basic")
    }

    fn saved(cursor: &str) -> Saved {
        Saved { cursor: cursor.into(), log_id: "log".into(), revision: Some(7) }
    }

    #[tokio::test]
    async fn what_was_saved_last_is_loaded() {
        let directory = tempfile::tempdir().unwrap();
        let file = at(&directory, "severity = HIGH");
        assert_eq!(file.load().await.unwrap(), None);

        file.save(&saved("one")).await.unwrap();
        file.save(&saved("two")).await.unwrap();

        assert_eq!(file.load().await.unwrap().as_deref(), Some("two"));
        let left = std::fs::read_dir(directory.path()).unwrap().count();
        assert_eq!(left, 1, "no temporary file stays");
    }

    #[tokio::test]
    async fn a_file_of_another_filter_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        at(&directory, "severity = HIGH").save(&saved("one")).await.unwrap();

        let failure = at(&directory, "severity = LOW").load().await.unwrap_err();

        let told = told(failure);
        assert!(told.message.contains("another filter"), "{told:?}");
        assert_eq!(told.details[0], "there:  basic  severity = HIGH");
    }

    #[tokio::test]
    async fn what_is_no_cursor_file_is_refused_and_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let file = at(&directory, "");
        for content in ["", "not json", "{\"version\":1}", &"x".repeat(70_000)] {
            std::fs::write(directory.path().join("at.cursor"), content).unwrap();

            let told = told(file.load().await.unwrap_err());

            assert!(told.hint.unwrap().contains("remove it"));
        }
    }

    #[tokio::test]
    async fn a_directory_that_is_gone_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let file = CursorFile::new(directory.path().join("no/such/at.cursor"), "", "basic");

        assert!(told(file.save(&saved("one")).await.unwrap_err()).message.contains("written"));
    }
}
