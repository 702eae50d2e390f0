//! Compares the decision journal with the store.

use std::path::Path;

use muster_core::ids::Revision;
use muster_core::invariants::{Promise, Violation};

use super::Verified;
use crate::store::journal::{JOURNAL_FILE, JournalError, walk};

/// What was found in the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalVerified {
    /// Whole lines, of this log and of those before it.
    pub lines: u64,
    /// The newest decision of this log in it; zero when there is none.
    pub revision: Revision,
    /// What does not hold.
    pub violations: Vec<Violation>,
    /// What the next start puts right.
    pub warnings: Vec<String>,
}

/// Walks the journal in `directory` and compares it with what was found in the store whose log has
/// that id.
///
/// A decision is acknowledged when it is in both. So a journal that is behind, or has a torn end, is
/// what a crash may leave, and the next start makes up for it; a journal that is ahead says that the
/// store has lost what was acknowledged.
///
/// # Errors
///
/// When the disk refuses. A broken chain is a violation.
pub fn verify_journal(
    directory: &Path,
    log_id: [u8; 16],
    store: &Verified,
) -> Result<JournalVerified, JournalError> {
    let walked = match walk(&directory.join(JOURNAL_FILE), log_id) {
        Ok(walked) => walked,
        Err(error @ JournalError::Broken { .. }) => {
            let violation = Violation { promise: Promise::S1, what: error.to_string() };
            return Ok(JournalVerified {
                violations: vec![violation],
                ..JournalVerified::default()
            });
        }
        Err(error) => return Err(error),
    };
    let revision = walked.revision;
    let mut found = JournalVerified { lines: walked.lines, revision, ..JournalVerified::default() };
    if walked.torn_bytes() > 0 {
        found.warnings.push(format!(
            "the journal ends with {} bytes that are no whole line: they were never acknowledged, \
             and the next start moves them aside",
            walked.torn_bytes()
        ));
    }
    let newest = store.newest_decision.unwrap_or_default();
    // Of what retention removed from the log, nothing can be said.
    if revision > newest && revision >= store.oldest {
        let what = format!(
            "the journal has a decision at revision {revision}; the newest in the store is {newest}"
        );
        found.violations.push(Violation { promise: Promise::S1, what });
    }
    if revision < newest {
        found.warnings.push(format!(
            "the journal lacks the decisions behind revision {revision}, up to {newest}: the next \
             start appends them"
        ));
    }
    Ok(found)
}
