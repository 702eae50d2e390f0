//! What a watch yields, and how it ends.

use std::time::Duration;

use muster_api::v1::{Bookmark, Change, Finding, SnapshotEnd, SnapshotStart};

use super::ChainError;
use crate::CallError;

/// One thing that happened to a watch.
#[derive(Debug)]
#[non_exhaustive]
pub enum WatchEvent {
    /// A snapshot begins: start an empty view. A second one may follow a first that was not
    /// finished.
    SnapshotStart(SnapshotStart),
    /// Findings of the snapshot, most urgent first. Images older than one that was already yielded
    /// are left out, so it may be shorter than what was sent, but is never empty.
    Findings(Vec<Finding>),
    /// The snapshot is complete: drop what was not received since it began.
    SnapshotEnd(SnapshotEnd),
    /// Live changes, in log order, each once. May be empty: the position moved all the same.
    Changes {
        /// The changes, by revision.
        changes: Vec<WatchedChange>,
        /// What was yielded before covers everything up to here.
        after_revision: u64,
        /// Everything up to here is covered now.
        through_revision: u64,
    },
    /// Nothing to say, but the position moved or time passed.
    Bookmark(Bookmark),
    /// The connection is lost, and is made again after `delay`, at the same position.
    Reconnecting {
        /// Why.
        cause: ReconnectCause,
        /// How long until the next try.
        delay: Duration,
        /// Tries since the last message, from 1.
        attempt: u32,
    },
    /// The position cannot be resumed: a new snapshot follows. What happened in between shows in it
    /// as states, not as changes.
    Restarting {
        /// Why.
        reason: RestartReason,
    },
}

/// A change as the client received it.
#[derive(Debug, Clone, PartialEq)]
pub struct WatchedChange {
    /// The log entry.
    pub change: Change,
    /// A newer image of the finding was already yielded (the snapshot runs ahead of the tail).
    /// `change.finding` is taken out, and `change.filter_effect` says nothing about the present:
    /// who keeps a view leaves it alone, who keeps a log writes it down.
    pub superseded: bool,
}

/// Why a connection is made again.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReconnectCause {
    /// The server asked for it.
    GoAway {
        /// The server's words; escape them before you show them.
        reason: String,
    },
    /// Three heartbeats were missed.
    Silent,
    /// The server ended the stream without saying why.
    Ended,
    /// The call or the connection failed.
    Failed(CallError),
}

/// Why a new snapshot is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RestartReason {
    /// The position is older than the log keeps.
    CursorExpired,
    /// The server has another log: a restored or rebuilt store.
    LogChanged,
}

impl RestartReason {
    pub(super) fn of(error: &CallError) -> Option<Self> {
        match error.reason()? {
            "CURSOR_EXPIRED" => Some(Self::CursorExpired),
            "LOG_CHANGED" => Some(Self::LogChanged),
            _ => None,
        }
    }
}

/// Why a watch ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WatchError {
    /// The server refuses the watch, for example because the filter does not parse.
    #[error(transparent)]
    Call(CallError),
    /// What the server sent does not join what it sent before. Something may be missing: start
    /// again without a cursor, and report it as a fault of the server.
    #[error("the stream of changes is broken")]
    Chain(#[from] ChainError),
    /// The watch ended with an error before.
    #[error("the watch has ended")]
    Ended,
}
