//! What people decided, and what may be decided next.
//!
//! Status ("still reported?") is a fact and belongs to the sources; triage is a decision and belongs
//! to people. A source can only reopen a finding that was done, or mark a decision as stale
//! (promise T2).

mod check;

pub use check::TriageError;

use crate::time::{DAY_MS, Millis};

/// The longest snooze: 90 days.
pub const SNOOZE_MS_MAX: i64 = 90 * DAY_MS;

/// The longest suppression: 365 days (`docs/adr/0005`): nothing is accepted for ever.
pub const SUPPRESS_MS_MAX: i64 = 365 * DAY_MS;

/// The longest comment, in bytes.
pub const COMMENT_BYTES_MAX: usize = 4096;

/// The longest name of an assignee or actor, in bytes.
pub const NAME_BYTES_MAX: usize = 256;

/// The state of a decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TriageState {
    /// Nobody decided yet.
    #[default]
    New,
    /// Somebody has seen it.
    Acknowledged,
    /// Somebody works on it.
    InProgress,
    /// Hidden until a time.
    Snoozed,
    /// Accepted or not a problem, until a time.
    Suppressed,
    /// Declared fixed. A source that still or again reports it reopens it.
    Done,
}

impl TriageState {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::New,
        Self::Acknowledged,
        Self::InProgress,
        Self::Snoozed,
        Self::Suppressed,
        Self::Done,
    ];

    /// The name shown to people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::Acknowledged => "ACKNOWLEDGED",
            Self::InProgress => "IN_PROGRESS",
            Self::Snoozed => "SNOOZED",
            Self::Suppressed => "SUPPRESSED",
            Self::Done => "DONE",
        }
    }
}

/// Why a finding was suppressed or is done, or why the server reopened it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TriageReason {
    /// Not a real problem.
    FalsePositive,
    /// The risk is accepted.
    AcceptedRisk,
    /// Another control mitigates it.
    Mitigated,
    /// Fixed.
    Fixed,
    /// The same problem as another finding.
    Duplicate,
    /// A test or demo resource.
    TestResource,
    /// By the server: the snooze or suppression ran out.
    Ended,
    /// By the server: a source still or again reports what was done.
    Regressed,
}

impl TriageReason {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::FalsePositive,
        Self::AcceptedRisk,
        Self::Mitigated,
        Self::Fixed,
        Self::Duplicate,
        Self::TestResource,
        Self::Ended,
        Self::Regressed,
    ];

    /// The name shown to people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FalsePositive => "FALSE_POSITIVE",
            Self::AcceptedRisk => "ACCEPTED_RISK",
            Self::Mitigated => "MITIGATED",
            Self::Fixed => "FIXED",
            Self::Duplicate => "DUPLICATE",
            Self::TestResource => "TEST_RESOURCE",
            Self::Ended => "ENDED",
            Self::Regressed => "REGRESSED",
        }
    }

    /// Whether a person may give it for a suppression.
    pub fn suppresses(self) -> bool {
        match self {
            Self::FalsePositive
            | Self::AcceptedRisk
            | Self::Mitigated
            | Self::Duplicate
            | Self::TestResource => true,
            Self::Fixed | Self::Ended | Self::Regressed => false,
        }
    }

    /// Whether a person may give it for "done".
    pub fn finishes(self) -> bool {
        match self {
            Self::Fixed | Self::Mitigated => true,
            Self::FalsePositive
            | Self::AcceptedRisk
            | Self::Duplicate
            | Self::TestResource
            | Self::Ended
            | Self::Regressed => false,
        }
    }
}

/// Who did something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Actor {
    /// For example `user:alice`, `system:expiry`, `source:guardduty`; at most [`NAME_BYTES_MAX`].
    pub principal: String,
    /// For whom an integration says that it acts; informational.
    pub on_behalf_of: String,
}

impl Actor {
    /// The server itself, in one of its roles.
    pub fn system(role: &str) -> Self {
        Self { principal: format!("system:{role}"), on_behalf_of: String::new() }
    }
}

/// What people decided about one finding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Triage {
    /// The state.
    pub state: TriageState,
    /// Who has it; empty means nobody.
    pub assignee: String,
    /// Why the state is what it is, where a reason was given.
    pub reason: Option<TriageReason>,
    /// The text that came with the last decision; empty when none did.
    pub comment: String,
    /// When a snooze or suppression ends.
    pub until: Option<Millis>,
    /// When the last decision was taken; `None` before the first. Assigning and commenting decide
    /// nothing: they are in the log.
    pub decided: Option<Millis>,
    /// Who took it: a person, an integration, or the server (`system:expiry`, `system:regression`).
    pub decided_by: Actor,
    /// The finding's content version the decision was based on.
    pub content_version: u64,
    /// The finding changed materially after the decision.
    pub stale: bool,
    /// Grows by one with each change of triage; the etag is made from it.
    pub version: u64,
}

/// A decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TriageAction {
    /// I have seen it.
    Acknowledge,
    /// Work started.
    Start,
    /// Not before this time.
    Snooze {
        /// When it comes back: after now, at most [`SNOOZE_MS_MAX`] ahead.
        until: Millis,
    },
    /// Not a problem, or accepted, until this time.
    Suppress {
        /// Why; one that [`TriageReason::suppresses`].
        reason: TriageReason,
        /// When it comes back: after now, at most [`SUPPRESS_MS_MAX`] ahead.
        until: Millis,
    },
    /// Fixed.
    Done {
        /// Why; one that [`TriageReason::finishes`].
        reason: TriageReason,
    },
    /// Back to new.
    Reopen,
    /// Give it to somebody; empty means nobody.
    Assign {
        /// Who; at most [`NAME_BYTES_MAX`].
        assignee: String,
    },
    /// Say something; the state stays.
    Comment,
}

impl TriageAction {
    /// The name shown to people and written to the journal.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge",
            Self::Start => "start",
            Self::Snooze { .. } => "snooze",
            Self::Suppress { .. } => "suppress",
            Self::Done { .. } => "done",
            Self::Reopen => "reopen",
            Self::Assign { .. } => "assign",
            Self::Comment => "comment",
        }
    }

    /// Whether it says what to do about the finding. The others only say who has it, or something.
    pub fn decides(&self) -> bool {
        match self {
            Self::Assign { .. } | Self::Comment => false,
            Self::Acknowledge
            | Self::Start
            | Self::Snooze { .. }
            | Self::Suppress { .. }
            | Self::Done { .. }
            | Self::Reopen => true,
        }
    }
}

impl Triage {
    /// Carries out a command: what triage is afterwards, or `None` when nothing changes and nothing
    /// new is said.
    ///
    /// Total: every action is defined in every state, and leads to the same state from each.
    /// `content_version` is the finding's now.
    ///
    /// # Errors
    ///
    /// What no state allows: a time that is not ahead or too far, a reason of another action, a
    /// missing or too long text.
    pub fn decide(
        &self,
        action: &TriageAction,
        comment: &str,
        actor: &Actor,
        content_version: u64,
        now: Millis,
    ) -> Result<Option<Self>, TriageError> {
        check::check(action, comment, now)?;
        let mut next = self.clone();
        next.state = next_state(self.state, action);
        match action {
            TriageAction::Acknowledge | TriageAction::Start | TriageAction::Reopen => {
                (next.reason, next.until) = (None, None);
            }
            TriageAction::Snooze { until } => (next.reason, next.until) = (None, Some(*until)),
            TriageAction::Suppress { reason, until } => {
                (next.reason, next.until) = (Some(*reason), Some(*until));
            }
            TriageAction::Done { reason } => (next.reason, next.until) = (Some(*reason), None),
            TriageAction::Assign { assignee } => next.assignee.clone_from(assignee),
            TriageAction::Comment => {}
        }
        let decides = action.decides();
        next.stale &= !decides;
        let says_nothing = comment.is_empty() || (decides && comment == self.comment);
        if next == *self && says_nothing {
            return Ok(None);
        }
        next.version += 1;
        if decides {
            next.content_version = content_version;
            next = next.decided(actor.clone(), comment, now);
        }
        Ok(Some(next))
    }

    /// What triage is once `now` has come: a snooze or suppression that ran out returns to new.
    /// `None` when nothing runs out.
    pub fn expire(&self, now: Millis) -> Option<Self> {
        let what = match self.state {
            TriageState::Snoozed => "snooze",
            TriageState::Suppressed => "suppression",
            TriageState::New
            | TriageState::Acknowledged
            | TriageState::InProgress
            | TriageState::Done => return None,
        };
        let until = self.until.filter(|until| *until <= now)?;
        let why = format!("the {what} ended on {until}");
        Some(self.returned(TriageReason::Ended).decided(Actor::system("expiry"), &why, now))
    }

    /// What triage is after a source still or again reports the finding, and `why` says so: done
    /// is reopened. `None` when nothing changes.
    pub fn regress(&self, why: &str, now: Millis) -> Option<Self> {
        match self.state {
            TriageState::Done => {
                let next = self.returned(TriageReason::Regressed);
                Some(next.decided(Actor::system("regression"), why, now))
            }
            TriageState::New
            | TriageState::Acknowledged
            | TriageState::InProgress
            | TriageState::Snoozed
            | TriageState::Suppressed => None,
        }
    }

    /// What triage is after the finding changed materially: a decision becomes stale, and stays.
    /// The etag does not move, so that no refresh by a source refuses a person's write. `None` when
    /// nothing changes.
    pub fn content_changed(&self) -> Option<Self> {
        let decided = match self.state {
            TriageState::Acknowledged
            | TriageState::InProgress
            | TriageState::Snoozed
            | TriageState::Suppressed
            | TriageState::Done => true,
            TriageState::New => false,
        };
        (decided && !self.stale).then(|| Self { stale: true, ..self.clone() })
    }

    /// The strong validator of this triage, for conditional writes: changes with each command,
    /// expiry and regression, and never by a refresh alone.
    pub fn etag(&self) -> String {
        format!("\"t{}\"", self.version)
    }

    /// Back to new by the server. Whoever has it keeps it.
    fn returned(&self, reason: TriageReason) -> Self {
        Self {
            state: TriageState::New,
            reason: Some(reason),
            until: None,
            stale: false,
            version: self.version + 1,
            ..self.clone()
        }
    }

    fn decided(mut self, actor: Actor, comment: &str, now: Millis) -> Self {
        self.decided = Some(now);
        self.decided_by = actor;
        comment.clone_into(&mut self.comment);
        self
    }
}

/// The state machine.
fn next_state(state: TriageState, action: &TriageAction) -> TriageState {
    match action {
        TriageAction::Acknowledge => TriageState::Acknowledged,
        TriageAction::Start => TriageState::InProgress,
        TriageAction::Snooze { .. } => TriageState::Snoozed,
        TriageAction::Suppress { .. } => TriageState::Suppressed,
        TriageAction::Done { .. } => TriageState::Done,
        TriageAction::Reopen => TriageState::New,
        TriageAction::Assign { .. } | TriageAction::Comment => state,
    }
}

#[cfg(test)]
pub(crate) use tests::sound;
#[cfg(test)]
mod tests;
