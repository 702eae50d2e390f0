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
    fn kind(&self) -> SourceKind;

    /// Finds the units: one for each detector or analyzer, or one when the product has none.
    async fn units(&self) -> Result<Vec<Unit>, SourceError>;

    /// Begins a pass over a unit. Nothing is asked before the first page.
    fn read(&self, unit: &Unit, pass: Pass) -> Box<dyn Reader>;
}

/// A pass under way. Page tokens live here and die here: they are never stored.
#[async_trait]
pub trait Reader: Send {
    /// The next page, or `None` after the last one. After an error the pass is over.
    async fn next_page(&mut self) -> Result<Option<Page>, SourceError>;

    /// What the source wants to remember for the next pass; asked once, after the last page.
    fn memo(&self) -> String;
}

/// What a pass is to read. The bounds are pinned: AWS refuses a page token when they move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    /// Everything, or what changed since a time.
    pub kind: PassKind,
    /// The upper bound, the same for every page.
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
}

/// Why a call failed, as a state of the unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation} failed: {message}")]
pub struct SourceError {
    /// What it means for the unit.
    pub condition: UnitCondition,
    /// The API operation, for example `securityhub:GetFindings`.
    pub operation: &'static str,
    /// The AWS error code; empty when there was no answer.
    pub code: String,
    /// The whole chain of causes, for people.
    pub message: String,
    /// What a person can do about it; empty when nothing (it will be tried again).
    pub hint: String,
}
