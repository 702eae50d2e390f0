//! From reports, decisions and the current image of a finding to what must be written.
//!
//! Pure: the caller reads the heads, plans, commits, and plans again what turned out stale.

use crate::change::Change;
use crate::finding::Finding;
use crate::ids::Revision;

/// A new image of one finding, planned from a known revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutation {
    /// The revision it was computed from; zero when there was no finding.
    pub base: Revision,
    /// The finding after it. Its `revision` is set by the commit.
    pub finding: Finding,
    /// The log entry. Its `revision` and `previous` are set by the commit.
    pub change: Change,
}
