//! What is decided, and its words.

use std::time::Duration;

use jiff::Timestamp;
use muster_api::v1::triage_action::Action;
use muster_api::v1::{Finding, TriageAction, TriageFindingRequest};

use crate::cli::time::to_wire;

/// A decision, to be applied to findings.
#[derive(Debug, Clone)]
pub(super) struct Decision {
    action: Action,
    comment: String,
}

/// When a decision ends by itself.
#[derive(Debug, Clone, Copy)]
pub(super) enum End {
    /// From the server's now.
    After(prost_types::Duration),
    /// Then.
    At(prost_types::Timestamp),
}

impl End {
    pub(super) fn after(duration: Duration) -> Self {
        let seconds = i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
        let nanos = i32::try_from(duration.subsec_nanos()).unwrap_or_default();
        Self::After(prost_types::Duration { seconds, nanos })
    }

    pub(super) fn at(time: Timestamp) -> Self {
        Self::At(to_wire(time))
    }
}

impl Decision {
    pub(super) fn new(action: Action, comment: Option<&str>) -> Self {
        Self { action, comment: comment.unwrap_or_default().to_owned() }
    }

    pub(super) fn action(&self) -> &Action {
        &self.action
    }

    /// The word of the log: `acknowledge`.
    pub(super) fn word(&self) -> &'static str {
        match self.action {
            Action::Acknowledge(_) => "acknowledge",
            Action::Start(_) => "start",
            Action::Snooze(_) => "snooze",
            Action::Suppress(_) => "suppress",
            Action::Done(_) => "done",
            Action::Reopen(_) => "reopen",
            Action::Assign(_) => "assign",
            Action::Comment(_) => "comment",
        }
    }

    /// What to do, for a question: `declare 3 findings done`.
    pub(super) fn infinitive(&self, findings: &str) -> String {
        match &self.action {
            Action::Acknowledge(_) => format!("acknowledge {findings}"),
            Action::Start(_) => format!("start {findings}"),
            Action::Snooze(_) => format!("snooze {findings}"),
            Action::Suppress(_) => format!("suppress {findings}"),
            Action::Done(_) => format!("declare {findings} done"),
            Action::Reopen(_) => format!("reopen {findings}"),
            Action::Assign(assign) if assign.assignee.is_empty() => {
                format!("take {findings} from who has them")
            }
            Action::Assign(assign) => format!("assign {findings} to {}", assign.assignee),
            Action::Comment(_) => format!("comment on {findings}"),
        }
    }

    /// What was done: `acknowledged`.
    pub(super) fn past(&self) -> &'static str {
        match &self.action {
            Action::Acknowledge(_) => "acknowledged",
            Action::Start(_) => "started",
            Action::Snooze(_) => "snoozed",
            Action::Suppress(_) => "suppressed",
            Action::Done(_) => "done",
            Action::Reopen(_) => "reopened",
            Action::Assign(assign) if assign.assignee.is_empty() => "taken away",
            Action::Assign(_) => "assigned",
            Action::Comment(_) => "commented on",
        }
    }

    /// The command for one finding, as a part of a batch.
    pub(super) fn request(&self, finding: &Finding) -> TriageFindingRequest {
        TriageFindingRequest {
            finding_id: finding.id.clone(),
            action: Some(TriageAction { action: Some(self.action.clone()) }),
            comment: self.comment.clone(),
            ..TriageFindingRequest::default()
        }
    }
}
