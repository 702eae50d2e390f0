//! The requests of `UnitService`.

use muster_api::v1 as wire;
use muster_core::unit::UnitCondition;

use super::{Violations, page_size, page_token, shown};
use crate::api::convert::unit_condition_from_wire;
use crate::api::cursor::query_hash;
use crate::api::error::ApiError;

/// `ListUnits`: units on a page unless asked otherwise, and at most.
pub(crate) const UNITS_SIZE: (usize, usize) = (100, 1000);

/// `ListUnmappedDocuments`: documents on a page unless asked otherwise, and at most.
pub(crate) const UNMAPPED_SIZE: (usize, usize) = (50, 500);

/// The longest name of a unit, in bytes.
pub(crate) const UNIT_BYTES_MAX: usize = 512;

/// The most conditions in a request: each once, with room for those to come.
pub(crate) const CONDITIONS_MAX: usize = 32;

/// A wanted `ListUnits`.
#[derive(Debug)]
pub(crate) struct ListUnits {
    /// Sorted, without repeats; empty means all.
    pub(crate) conditions: Vec<UnitCondition>,
    pub(crate) limit: usize,
    pub(crate) page_token: String,
}

impl ListUnits {
    /// What must stay the same from page to page.
    pub(crate) fn query_hash(&self) -> [u8; 8] {
        let names = self.conditions.iter().map(|condition| condition.as_str());
        let parts: Vec<&str> = std::iter::once("units").chain(names).collect();
        query_hash(&parts)
    }
}

/// Reads a `ListUnits`.
pub(crate) fn list_units(request: wire::ListUnitsRequest) -> Result<ListUnits, ApiError> {
    let mut violations = Violations::default();
    let (default, max) = UNITS_SIZE;
    let limit = page_size(&mut violations, "page_size", request.page_size, default, max);
    violations.count("conditions", request.conditions.len(), 0, CONDITIONS_MAX);
    let mut conditions = Vec::new();
    for (index, number) in request.conditions.iter().take(CONDITIONS_MAX).enumerate() {
        let known = wire::UnitCondition::try_from(*number).ok().and_then(unit_condition_from_wire);
        match known {
            Some(condition) => conditions.push(condition),
            None => violations
                .add(&format!("conditions[{index}]"), format!("{number} is no UnitCondition")),
        }
    }
    conditions.sort_unstable();
    conditions.dedup();
    let page_token = page_token(&mut violations, request.page_token);
    violations.or(ListUnits { conditions, limit, page_token })
}

/// A wanted `ListUnmappedDocuments`.
#[derive(Debug)]
pub(crate) struct ListUnmapped {
    /// Only from this unit; empty means all.
    pub(crate) unit: String,
    pub(crate) limit: usize,
    pub(crate) page_token: String,
}

impl ListUnmapped {
    /// What must stay the same from page to page.
    pub(crate) fn query_hash(&self) -> [u8; 8] {
        query_hash(&["unmapped", &self.unit])
    }
}

/// Reads a `ListUnmappedDocuments`.
pub(crate) fn list_unmapped(
    request: wire::ListUnmappedDocumentsRequest,
) -> Result<ListUnmapped, ApiError> {
    let mut violations = Violations::default();
    let (default, max) = UNMAPPED_SIZE;
    let limit = page_size(&mut violations, "page_size", request.page_size, default, max);
    violations.text("unit", &request.unit, UNIT_BYTES_MAX);
    if !request.unit.is_empty() && request.unit.parse::<muster_core::unit::Unit>().is_err() {
        let shown = shown(&request.unit);
        violations.add("unit", format!("`{shown}` names no unit; see ListUnits for their names"));
    }
    let page_token = page_token(&mut violations, request.page_token);
    violations.or(ListUnmapped { unit: request.unit, limit, page_token })
}
