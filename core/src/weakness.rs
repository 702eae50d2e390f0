//! Weakness classes: when reports of several products say the same of the same resource.

use crate::identity::FindingKey;
use crate::report::Report;

/// The classes that are in force.
#[derive(Clone, Debug, Default)]
pub struct Classes {}

impl Classes {
    /// Those of this program.
    pub fn builtin() -> Self {
        Self {}
    }

    /// Which finding `report` belongs to.
    pub fn key(&self, report: &Report) -> FindingKey {
        FindingKey::of_origin(&report.origin)
    }
}
