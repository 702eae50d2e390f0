//! From values to the wire: the only border in that direction.
//!
//! What is sent is bounded: lists are cut by bytes as well as by count, because a client reads
//! messages of 4 MiB at most unless it was told otherwise.

mod change;
mod enums;
mod finding;
mod maturity;
mod page;
mod subscription;
mod unit;

pub(crate) use self::change::{change, position};
pub(crate) use self::enums::{
    band, kind_from_wire, reason_from_wire, relation, status, unit_condition_from_wire,
};
pub(crate) use self::finding::{finding, reason, regrouping, triage};
pub(crate) use self::maturity::{maturity, record, vouched};
pub(crate) use self::page::{Budget, LIST_BYTES_MAX};
pub(crate) use self::subscription::{
    detail, outcome, parked, parked_id, subscription, subscription_status,
};
pub(crate) use self::unit::{coverage, unit, unmapped};

use std::time::Duration;

use muster_core::time::Millis;

/// How much of a finding is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// What a list needs.
    Basic,
    /// All but the raw documents.
    Full,
    /// All.
    Raw,
}

impl Detail {
    /// The name that tokens are bound to.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Full => "full",
            Self::Raw => "raw",
        }
    }
}

/// A point in time.
pub(crate) fn timestamp(time: Millis) -> prost_types::Timestamp {
    let (seconds, millis) = (time.0.div_euclid(1000), time.0.rem_euclid(1000));
    let nanos = i32::try_from(millis * 1_000_000).expect("below a second");
    prost_types::Timestamp { seconds, nanos }
}

/// A span of milliseconds.
pub(crate) fn duration_ms(ms: i64) -> prost_types::Duration {
    let nanos = i32::try_from(ms % 1000 * 1_000_000).expect("below a second");
    prost_types::Duration { seconds: ms / 1000, nanos }
}

/// A span of time.
pub(crate) fn duration(span: Duration) -> prost_types::Duration {
    let seconds = i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
    let nanos = i32::try_from(span.subsec_nanos()).expect("below a second");
    prost_types::Duration { seconds, nanos }
}

/// The latest point in time there is: the end of the year 9999.
const SECONDS_MAX: i64 = 253_402_300_799;

/// The earliest: the beginning of the year 1.
const SECONDS_MIN: i64 = -62_135_596_800;

/// A point in time as a client gives it; `None` when it is none.
pub(crate) fn millis(time: prost_types::Timestamp) -> Option<Millis> {
    let fits = (SECONDS_MIN..=SECONDS_MAX).contains(&time.seconds)
        && (0..1_000_000_000).contains(&time.nanos);
    fits.then(|| Millis(time.seconds * 1000 + i64::from(time.nanos) / 1_000_000))
}

/// A span as a client gives it, in milliseconds; `None` when it is none or not above zero.
pub(crate) fn span_ms(span: prost_types::Duration) -> Option<i64> {
    let span = Duration::try_from(span).ok()?;
    i64::try_from(span.as_millis()).ok().filter(|ms| *ms > 0)
}

#[cfg(test)]
mod tests;
