//! The parts of answers of the Support API that are read. From its model, version 2013-04-15.

use serde::Deserialize;

use crate::lenient::{Many, Maybe, Moment, Pairs, Scalar};

/// The most columns of a check (AWS has 33 at most).
const COLUMNS_MAX: usize = 128;

/// `TrustedAdvisorCheckDescription`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct CheckDescription<'a> {
    #[serde(borrow)]
    pub(super) id: Scalar<'a>,
    #[serde(borrow)]
    pub(super) name: Scalar<'a>,
    #[serde(borrow)]
    pub(super) description: Scalar<'a>,
    #[serde(borrow)]
    pub(super) category: Scalar<'a>,
    #[serde(borrow)]
    pub(super) metadata: Many<Scalar<'a>, COLUMNS_MAX>,
}

/// `TrustedAdvisorCheckSummary`, and the head of `TrustedAdvisorCheckResult`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Summary<'a> {
    #[serde(borrow)]
    pub(super) check_id: Scalar<'a>,
    #[serde(borrow)]
    pub(super) timestamp: Scalar<'a>,
    /// The same, as a time.
    #[serde(skip)]
    pub(super) evaluated: Moment,
    #[serde(borrow)]
    pub(super) status: Scalar<'a>,
    /// Only in the other API; read in case it comes to this one: `no_data_ok` is no evidence.
    #[serde(borrow)]
    pub(super) status_reason: Scalar<'a>,
    #[serde(borrow, rename = "resourcesSummary")]
    pub(super) counts: Maybe<Counts<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Counts<'a> {
    #[serde(borrow, rename = "resourcesFlagged")]
    pub(super) flagged: Scalar<'a>,
    #[serde(borrow, rename = "resourcesIgnored")]
    pub(super) ignored: Scalar<'a>,
    #[serde(borrow, rename = "resourcesSuppressed")]
    pub(super) suppressed: Scalar<'a>,
}

/// `TrustedAdvisorResourceDetail`: a row.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct FlaggedResource<'a> {
    #[serde(borrow)]
    pub(super) status: Scalar<'a>,
    #[serde(borrow)]
    pub(super) region: Scalar<'a>,
    /// A hash that AWS makes of the row, not the id of a resource.
    #[serde(borrow)]
    pub(super) resource_id: Scalar<'a>,
    #[serde(borrow)]
    pub(super) is_suppressed: Scalar<'a>,
    #[serde(borrow)]
    pub(super) metadata: Many<Scalar<'a>, COLUMNS_MAX>,
}

/// The detail of an event about a row.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Item<'a> {
    #[serde(borrow, rename = "check-name")]
    pub(super) check_name: Scalar<'a>,
    /// The cells by their column.
    #[serde(borrow, rename = "check-item-detail")]
    pub(super) cells: Maybe<Pairs<'a>>,
    /// `OK`, `WARN`, `ERROR`, `INFO`.
    #[serde(borrow)]
    pub(super) status: Scalar<'a>,
    /// An ARN, or empty.
    #[serde(borrow)]
    pub(super) resource_id: Scalar<'a>,
}
