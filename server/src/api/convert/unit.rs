//! What is being collected.

use muster_api::v1 as wire;

use muster_core::time::Millis;

use super::{duration_ms, enums, timestamp};
use crate::quarantine::Kept;
use crate::units::{Coverage, UnitError, UnitState};

/// The most units that a coverage names.
const DEGRADED_MAX: usize = 20;

/// A unit, with how many reports are held from it.
pub(crate) fn unit(state: &UnitState, report_count: u64) -> wire::Unit {
    wire::Unit {
        name: state.unit.to_string(),
        source: enums::source(state.unit.source).into(),
        account_id: state.unit.account.to_string(),
        region: state.unit.region.to_string(),
        part: state.unit.part.clone(),
        condition: enums::unit_condition(state.condition).into(),
        condition_since_time: Some(timestamp(state.since)),
        watermark_time: state.checkpoint.watermark.map(timestamp),
        last_success_time: state.last_success.map(timestamp),
        last_sweep_time: state.checkpoint.swept.map(timestamp),
        next_attempt_time: state.next_attempt.map(timestamp),
        interval: Some(duration_ms(state.interval_ms)),
        error: state.error.as_ref().map(error),
        consecutive_failures: state.failures,
        report_count,
        unmapped_count: state.unmapped,
        last_pass_duration: state.last_pass_ms.map(duration_ms),
    }
}

fn error(error: &UnitError) -> wire::UnitError {
    wire::UnitError {
        operation: error.operation.clone(),
        code: error.code.clone(),
        message: error.message.clone(),
        hint: error.hint.clone(),
    }
}

/// Whether what is shown is all there is.
pub(crate) fn coverage(coverage: &Coverage) -> wire::Coverage {
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let degraded = coverage.degraded.iter().take(DEGRADED_MAX);
    wire::Coverage {
        complete: coverage.complete(),
        unit_count: count(coverage.units),
        degraded: degraded
            .map(|(name, condition)| wire::DegradedUnit {
                name: name.clone(),
                condition: enums::unit_condition(*condition).into(),
            })
            .collect(),
        degraded_count: count(coverage.degraded.len()),
    }
}

/// A document that could not be mapped.
pub(crate) fn unmapped(document: Kept) -> wire::UnmappedDocument {
    wire::UnmappedDocument {
        unit: document.unit,
        create_time: Some(timestamp(Millis(document.create_time_ms))),
        error: document.error,
        raw_json: document.raw.into(),
    }
}
