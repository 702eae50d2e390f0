//! Which finding a report belongs to, and the canonical names of resources.

use crate::report::OriginKey;

/// The finding key of a report.
pub fn finding_key(origin: &OriginKey) -> String {
    origin.text.clone()
}
