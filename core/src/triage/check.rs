//! What no state allows.

use super::{
    COMMENT_BYTES_MAX, NAME_BYTES_MAX, SNOOZE_MS_MAX, SUPPRESS_MS_MAX, TriageAction, TriageReason,
};
use crate::time::{DAY_MS, Millis};

/// Why a decision is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TriageError {
    /// A time that is not ahead, or too far.
    #[error("`{field}` must be after now and at most {days_max} days ahead, not {until}")]
    Until {
        /// The field of the command.
        field: &'static str,
        /// The longest allowed.
        days_max: i64,
        /// What was asked.
        until: Millis,
    },
    /// A reason that does not belong to the command.
    #[error("`{field}` does not take {}; give one of {expected}", reason.as_str())]
    Reason {
        /// The field of the command.
        field: &'static str,
        /// What was asked.
        reason: TriageReason,
        /// What would be right.
        expected: &'static str,
    },
    /// A text is required.
    #[error("`comment` is required to {action}: say why, for whoever reads it later")]
    CommentMissing {
        /// What was asked.
        action: &'static str,
    },
    /// A text is too long.
    #[error("`{field}` has {bytes} bytes; at most {bytes_max} are kept")]
    TooLong {
        /// The field of the command.
        field: &'static str,
        /// How long it is.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
}

impl TriageError {
    /// The field of the command that is wrong.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Until { field, .. }
            | Self::Reason { field, .. }
            | Self::TooLong { field, .. } => field,
            Self::CommentMissing { .. } => "comment",
        }
    }
}

/// Refuses what no state allows.
pub(super) fn check(action: &TriageAction, comment: &str, now: Millis) -> Result<(), TriageError> {
    let too_long = |field, text: &str, bytes_max| {
        (text.len() > bytes_max)
            .then_some(TriageError::TooLong { field, bytes: text.len(), bytes_max })
            .map_or(Ok(()), Err)
    };
    let ahead = |field, until: Millis, ms_max: i64| {
        let fits = until > now && until.since(now) <= ms_max;
        if fits {
            Ok(())
        } else {
            Err(TriageError::Until { field, days_max: ms_max / DAY_MS, until })
        }
    };
    too_long("comment", comment, COMMENT_BYTES_MAX)?;
    match action {
        TriageAction::Acknowledge | TriageAction::Start | TriageAction::Reopen => Ok(()),
        TriageAction::Snooze { until } => ahead("action.snooze", *until, SNOOZE_MS_MAX),
        TriageAction::Suppress { reason, until } => {
            if !reason.suppresses() {
                return Err(TriageError::Reason {
                    field: "action.suppress.reason",
                    reason: *reason,
                    expected: "FALSE_POSITIVE, ACCEPTED_RISK, MITIGATED, DUPLICATE, TEST_RESOURCE",
                });
            }
            if comment.trim().is_empty() {
                return Err(TriageError::CommentMissing { action: "suppress" });
            }
            ahead("action.suppress.expire_time", *until, SUPPRESS_MS_MAX)
        }
        TriageAction::Done { reason } if !reason.finishes() => Err(TriageError::Reason {
            field: "action.done.reason",
            reason: *reason,
            expected: "FIXED, MITIGATED",
        }),
        TriageAction::Done { .. } => Ok(()),
        TriageAction::Assign { assignee } => {
            too_long("action.assign.assignee", assignee, NAME_BYTES_MAX)
        }
        TriageAction::Comment if comment.trim().is_empty() => {
            Err(TriageError::CommentMissing { action: "comment" })
        }
        TriageAction::Comment => Ok(()),
    }
}
