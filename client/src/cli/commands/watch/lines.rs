//! A watch for programs: one JSON document a line.

use std::time::Duration;

use muster_api::v1::Change;
use serde::Serialize;

use crate::cli::args::View;
use crate::cli::failure::Failure;
use crate::cli::output::document::{ChangeDoc, CoverageDoc, FindingDoc, PositionDoc, Versioned};
use crate::cli::output::json;
use crate::cli::time::rfc3339;
use crate::cli::ui::Ui;
use crate::{ReconnectCause, RestartReason, WatchEvent, WatchedChange};

/// Prints events as lines.
pub(super) struct Lines {
    view: View,
}

/// A line. `cursor` is only on lines after which a program can resume.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line<'a> {
    SnapshotStart {
        position: PositionDoc,
        count: u64,
        filter: &'a str,
        coverage: Option<CoverageDoc>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cursor: Option<&'a str>,
    },
    Finding {
        finding: Box<FindingDoc<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cursor: Option<&'a str>,
    },
    SnapshotEnd {
        position: PositionDoc,
        findings_sent: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        cursor: Option<&'a str>,
    },
    Change {
        change: Box<ChangeDoc<'a>>,
        superseded: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        cursor: Option<&'a str>,
    },
    Bookmark {
        position: PositionDoc,
        head_revision: u64,
        server_time: Option<String>,
        coverage: Option<CoverageDoc>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cursor: Option<&'a str>,
    },
    Reconnecting {
        cause: &'static str,
        message: String,
        delay_seconds: f64,
        attempt: u32,
    },
    Restarting {
        reason: &'static str,
    },
}

impl Lines {
    pub(super) fn new(view: View) -> Self {
        Self { view }
    }

    /// Prints an event; `cursor` stands for everything up to and including it.
    pub(super) fn print(
        &self,
        ui: &mut Ui,
        event: &WatchEvent,
        cursor: Option<&str>,
    ) -> Result<(), Failure> {
        let line = match event {
            WatchEvent::SnapshotStart(start) => Line::SnapshotStart {
                position: PositionDoc::new(start.position.as_ref()),
                count: start.count,
                filter: &start.canonical_filter,
                coverage: CoverageDoc::new(start.coverage.as_ref()),
                cursor,
            },
            WatchEvent::Findings(findings) => {
                for (at, finding) in findings.iter().enumerate() {
                    let cursor = cursor.filter(|_| at + 1 == findings.len());
                    let finding = Box::new(FindingDoc::new(finding, self.view));
                    print(ui, Line::Finding { finding, cursor })?;
                }
                return Ok(());
            }
            WatchEvent::SnapshotEnd(end) => Line::SnapshotEnd {
                position: PositionDoc::new(end.position.as_ref()),
                findings_sent: end.findings_sent,
                cursor,
            },
            WatchEvent::Changes { changes, .. } => {
                return self.changes(ui, changes, cursor);
            }
            WatchEvent::Bookmark(bookmark) => Line::Bookmark {
                position: PositionDoc::new(bookmark.position.as_ref()),
                head_revision: bookmark.head_revision,
                server_time: rfc3339(bookmark.server_time.as_ref()),
                coverage: CoverageDoc::new(bookmark.coverage.as_ref()),
                cursor,
            },
            WatchEvent::Reconnecting { cause, delay, attempt } => {
                reconnecting(cause, *delay, *attempt)
            }
            WatchEvent::Restarting { reason } => Line::Restarting {
                reason: match reason {
                    RestartReason::CursorExpired => "cursor_expired",
                    RestartReason::LogChanged => "log_changed",
                },
            },
        };
        print(ui, line)
    }

    fn changes(
        &self,
        ui: &mut Ui,
        changes: &[WatchedChange],
        cursor: Option<&str>,
    ) -> Result<(), Failure> {
        for (at, WatchedChange { change, superseded }) in changes.iter().enumerate() {
            let change: &Change = change;
            let cursor = cursor.filter(|_| at + 1 == changes.len());
            let change = Box::new(ChangeDoc::new(change, self.view));
            print(ui, Line::Change { change, superseded: *superseded, cursor })?;
        }
        Ok(())
    }
}

fn reconnecting<'a>(cause: &ReconnectCause, delay: Duration, attempt: u32) -> Line<'a> {
    let (cause, message) = match cause {
        ReconnectCause::GoAway { reason } => ("go_away", reason.clone()),
        ReconnectCause::Silent => ("silent", "three heartbeats were missed".to_owned()),
        ReconnectCause::Ended => ("ended", "the server ended the stream".to_owned()),
        ReconnectCause::Failed(error) => ("failed", error.to_string()),
    };
    Line::Reconnecting { cause, message, delay_seconds: delay.as_secs_f64(), attempt }
}

fn print(ui: &mut Ui, line: Line<'_>) -> Result<(), Failure> {
    Ok(ui.bytes(json::to_line(&Versioned::new(line))?.as_bytes())?)
}
