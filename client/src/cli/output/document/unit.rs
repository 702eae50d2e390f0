//! Units, coverage, groups and unmapped documents in JSON.

use std::borrow::Cow;
use std::time::Duration;

use muster_api::v1::{Coverage, SummaryGroup, Unit, UnitCondition, UnitError, UnmappedDocument};
use serde::Serialize;

use super::{RawDoc, text};
use crate::cli::time::rfc3339;
use crate::cli::words::{Word, source};

/// Whether what an answer shows is all there is.
#[derive(Debug, Serialize)]
pub(crate) struct CoverageDoc {
    complete: bool,
    unit_count: u32,
    degraded_count: u32,
    degraded: Vec<DegradedDoc>,
}

#[derive(Debug, Serialize)]
struct DegradedDoc {
    unit: String,
    condition: Cow<'static, str>,
}

impl CoverageDoc {
    pub(crate) fn new(coverage: Option<&Coverage>) -> Option<Self> {
        let coverage = coverage?;
        Some(Self {
            complete: coverage.complete,
            unit_count: coverage.unit_count,
            degraded_count: coverage.degraded_count,
            degraded: coverage
                .degraded
                .iter()
                .map(|unit| DegradedDoc {
                    unit: unit.name.clone(),
                    condition: UnitCondition::word(unit.condition),
                })
                .collect(),
        })
    }
}

/// What is collected and judged on its own.
#[derive(Debug, Serialize)]
pub(crate) struct UnitDoc<'a> {
    name: &'a str,
    source: Cow<'static, str>,
    account_id: &'a str,
    region: &'a str,
    part: Option<&'a str>,
    condition: Cow<'static, str>,
    condition_since_time: Option<String>,
    watermark_time: Option<String>,
    last_success_time: Option<String>,
    last_sweep_time: Option<String>,
    next_attempt_time: Option<String>,
    interval_seconds: Option<f64>,
    last_pass_seconds: Option<f64>,
    consecutive_failures: u32,
    report_count: u64,
    unmapped_count: u64,
    error: Option<ErrorDoc<'a>>,
}

#[derive(Debug, Serialize)]
struct ErrorDoc<'a> {
    operation: &'a str,
    code: Option<&'a str>,
    message: &'a str,
    hint: Option<&'a str>,
}

impl<'a> UnitDoc<'a> {
    pub(crate) fn new(unit: &'a Unit) -> Self {
        Self {
            name: &unit.name,
            source: source(unit.source),
            account_id: &unit.account_id,
            region: &unit.region,
            part: text(&unit.part),
            condition: UnitCondition::word(unit.condition),
            condition_since_time: rfc3339(unit.condition_since_time.as_ref()),
            watermark_time: rfc3339(unit.watermark_time.as_ref()),
            last_success_time: rfc3339(unit.last_success_time.as_ref()),
            last_sweep_time: rfc3339(unit.last_sweep_time.as_ref()),
            next_attempt_time: rfc3339(unit.next_attempt_time.as_ref()),
            interval_seconds: seconds(unit.interval.as_ref()),
            last_pass_seconds: seconds(unit.last_pass_duration.as_ref()),
            consecutive_failures: unit.consecutive_failures,
            report_count: unit.report_count,
            unmapped_count: unit.unmapped_count,
            error: unit.error.as_ref().map(ErrorDoc::new),
        }
    }
}

impl<'a> ErrorDoc<'a> {
    fn new(error: &'a UnitError) -> Self {
        Self {
            operation: &error.operation,
            code: text(&error.code),
            message: &error.message,
            hint: text(&error.hint),
        }
    }
}

fn seconds(duration: Option<&prost_types::Duration>) -> Option<f64> {
    let duration = Duration::try_from(*duration?).ok()?;
    Some(duration.as_secs_f64())
}

/// A group of a summary.
#[derive(Debug, Serialize)]
pub(crate) struct GroupDoc<'a> {
    keys: &'a [String],
    count: u64,
    max_score: u32,
}

impl<'a> GroupDoc<'a> {
    pub(crate) fn new(group: &'a SummaryGroup) -> Self {
        Self { keys: &group.keys, count: group.count, max_score: group.max_score }
    }
}

/// A document that could not be mapped.
#[derive(Debug, Serialize)]
pub(crate) struct UnmappedDoc<'a> {
    unit: &'a str,
    create_time: Option<String>,
    error: &'a str,
    #[serde(flatten)]
    raw: RawDoc,
}

impl<'a> UnmappedDoc<'a> {
    pub(crate) fn new(document: &'a UnmappedDocument) -> Self {
        Self {
            unit: &document.unit,
            create_time: rfc3339(document.create_time.as_ref()),
            error: &document.error,
            raw: RawDoc::new(&document.raw_json),
        }
    }
}
