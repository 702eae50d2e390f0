//! The view in memory: lists, counts and filters without touching the store.

use muster_core::ids::{FindingId, Revision};
use muster_core::report::ReportDigest;
use muster_core::triage::TriageState;

use crate::store::Head;

/// Placeholder until the view lands.
#[derive(Debug, Default)]
pub struct View;

/// What the view knows of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownReport {
    /// The finding that holds it.
    pub finding: FindingId,
    /// The hash of its content.
    pub content_hash: u64,
    /// Something was concluded from its absence.
    pub absent: bool,
    /// What people decided about the finding.
    pub triage: TriageState,
}

impl View {
    /// Placeholder.
    pub fn report(&self, _: &ReportDigest) -> Option<KnownReport> {
        None
    }
    /// Placeholder.
    pub fn contains(&self, _: FindingId) -> bool {
        false
    }
    /// Placeholder.
    pub fn unit_reports(
        &self,
        _: &str,
        _: impl Fn(&str) -> bool,
    ) -> Vec<(FindingId, ReportDigest)> {
        Vec::new()
    }
    /// Placeholder.
    pub fn apply(&mut self, _: &[Head], _: Revision) {}
    /// Placeholder.
    pub fn remove(&mut self, _: &[FindingId]) {}
}
