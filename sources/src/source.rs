//! What every source is to the collector.

use async_trait::async_trait;
use muster_core::report::ReportKey;
use muster_core::time::Millis;
use muster_core::unit::{Checkpoint, SourceKind, Unit, UnitCondition};

pub use crate::document::Document;

/// One product's API, in one account and Region.
#[async_trait]
pub trait Source: Send + Sync {
    /// Which product.
    fn kind(&self) -> SourceKind {
        self.scope().source
    }

    /// The product, account and Region, as a unit without a part: under this name it is shown when
    /// [`Self::units`] fails.
    fn scope(&self) -> Unit;

    /// Finds the units: one for each detector or analyzer, or one when the product has no such
    /// thing.
    ///
    /// Never empty: where there is no detector or analyzer, the answer is a unit without a part and
    /// with an obstacle, so that the account and Region are shown as not looked at (promise C3).
    async fn units(&self) -> Result<Vec<FoundUnit>, SourceError>;

    /// Whether what people decide at the product moves no time that an incremental pass asks for, so
    /// that [`PassKind::Triage`] is needed to see it before the next sweep.
    fn has_triage_lane(&self) -> bool {
        false
    }

    /// Begins a pass over a unit. Nothing is asked before the first page.
    fn read(&self, unit: &Unit, pass: Pass) -> Box<dyn Reader>;
}

/// A unit, and what is known to be in the way of reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundUnit {
    /// The unit.
    pub unit: Unit,
    /// Why its silence would mean nothing (no detector, analyzer disabled). Such a unit is shown
    /// with this condition and not read.
    pub obstacle: Option<SourceError>,
}

impl FoundUnit {
    /// A unit that can be read.
    pub fn readable(unit: Unit) -> Self {
        Self { unit, obstacle: None }
    }
}

/// A pass under way. Page tokens live here and die here: they are never stored.
#[async_trait]
pub trait Reader: Send {
    /// The next page, or `None` after the last one. After an error the pass is over and has
    /// concluded nothing; asking again asks for the same page again.
    async fn next_page(&mut self) -> Result<Option<Page>, SourceError>;

    /// What the source wants to remember for the next pass; asked once, after the last page.
    fn memo(&self) -> String;
}

/// What a pass is to read. The bounds are pinned: AWS refuses a page token when they move.
///
/// A source that can filter by time asks an incremental pass for `since..until`. A sweep asks for
/// everything without an upper bound: what is updated while it runs must not look gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    /// Everything, or what changed since a time.
    pub kind: PassKind,
    /// When the pass began; the upper bound of an incremental one, the same for every page.
    pub until: Millis,
    /// Where the unit stood before this pass.
    pub checkpoint: Checkpoint,
}

/// How much a pass reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassKind {
    /// What changed at or after this time (overlap included).
    Incremental {
        /// The lower bound.
        since: Millis,
    },
    /// Everything: only this can conclude that something is gone.
    Sweep,
    /// What people decided at the product, where [`Source::has_triage_lane`]. Concludes nothing.
    Triage {
        /// When the last one, or the last sweep, began (overlap included).
        since: Millis,
    },
}

/// Some documents of a pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Each document, mapped or with its error.
    pub documents: Vec<Document>,
    /// Reports that are still there and did not change since the pass before, so that they were not
    /// fetched again (Access Analyzer lists summaries; details cost a call each).
    pub present: Vec<ReportKey>,
    /// Rule ids that this pass could not judge (a Trusted Advisor check that says `not_available`):
    /// nothing is concluded from the absence of their reports.
    pub unjudged: Vec<String>,
    /// What went wrong with a part of the page without ending the pass, for people: usually empty.
    pub remarks: Vec<String>,
    /// How many attempts AWS throttled while the page was read. They were repeated; a unit with
    /// many of them works, slowly ([`UnitCondition::Throttled`]).
    pub throttled: u32,
}

/// Why a call failed, as a state of the unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation} failed: {message}")]
pub struct SourceError {
    /// What it means for the unit.
    pub condition: UnitCondition,
    /// How it failed.
    pub fault: Fault,
    /// The API operation, for example `securityhub:GetFindings`: the one that failed, which is
    /// `sts:AssumeRole` when the role could not be taken.
    pub operation: &'static str,
    /// The AWS error code; empty when there was no answer.
    pub code: String,
    /// The whole chain of causes, for people.
    pub message: String,
    /// What a person can do about it; empty when nothing (it will be tried again).
    pub hint: String,
}

impl SourceError {
    /// Whether the next pass may succeed although nobody does anything.
    ///
    /// `false` means that a person must act: asking often only makes noise in CloudTrail.
    pub fn is_transient(&self) -> bool {
        match self.condition {
            UnitCondition::Throttled | UnitCondition::Unreachable | UnitCondition::Failing => true,
            UnitCondition::Pending
            | UnitCondition::Healthy
            | UnitCondition::Denied
            | UnitCondition::NotEnabled
            | UnitCondition::NotSubscribed
            | UnitCondition::NoCredentials => false,
        }
    }
}

/// How a call or a pass failed: a closed set, for metrics and decisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// AWS answered with an error.
    Refused,
    /// No connection, or it broke before there was an answer.
    NoAnswer,
    /// No complete answer in time.
    TimedOut,
    /// No request could be signed: credentials are missing, or getting them failed.
    Credentials,
    /// The answer ended before its end.
    BodyTruncated,
    /// The answer is larger than the limit.
    BodyTooLarge,
    /// The answer is not what the operation answers (not JSON, or not an object with its lists).
    BodyUnreadable,
    /// AWS gave a page token for the second time: the list would never end.
    RepeatedToken,
    /// The list has more pages than the limit.
    TooManyPages,
    /// There is nothing to read: no detector, no analyzer, or it is disabled.
    Absent,
    /// The settings contradict each other, or a request could not be made from them.
    Settings,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Refused,
        Self::NoAnswer,
        Self::TimedOut,
        Self::Credentials,
        Self::BodyTruncated,
        Self::BodyTooLarge,
        Self::BodyUnreadable,
        Self::RepeatedToken,
        Self::TooManyPages,
        Self::Absent,
        Self::Settings,
    ];

    /// The name used in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::NoAnswer => "no_answer",
            Self::TimedOut => "timed_out",
            Self::Credentials => "credentials",
            Self::BodyTruncated => "body_truncated",
            Self::BodyTooLarge => "body_too_large",
            Self::BodyUnreadable => "body_unreadable",
            Self::RepeatedToken => "repeated_token",
            Self::TooManyPages => "too_many_pages",
            Self::Absent => "absent",
            Self::Settings => "settings",
        }
    }
}
