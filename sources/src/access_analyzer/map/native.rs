//! The parts of native findings that are read.
//!
//! From the shapes of the Access Analyzer API, version 2019-11-01: `FindingSummary` (`ListFindings`),
//! `FindingSummaryV2` (`ListFindingsV2`), `GetFindingV2Response` and `FindingDetails`, which have most
//! members in common.

use serde::Deserialize;

use crate::lenient::{Many, Maybe, Moment, Pairs, Scalar};

/// The most actions of one access that are read.
pub(super) const ACTIONS_MAX: usize = 512;

/// The most details of a finding that are read from one page (AWS sends at most 100).
const DETAILS_MAX: usize = 128;

/// A finding, a summary of one, or a page of one's details.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Finding<'a> {
    #[serde(borrow)]
    pub(super) id: Scalar<'a>,
    /// Instead of the id, in events about unused access.
    #[serde(borrow, rename = "findingId")]
    pub(super) event_id: Scalar<'a>,
    #[serde(borrow)]
    pub(super) resource: Scalar<'a>,
    #[serde(borrow)]
    pub(super) resource_type: Scalar<'a>,
    #[serde(borrow)]
    pub(super) resource_owner_account: Scalar<'a>,
    /// Instead of the owner, in events.
    #[serde(borrow)]
    pub(super) account_id: Scalar<'a>,
    #[serde(borrow)]
    pub(super) status: Scalar<'a>,
    #[serde(borrow, rename = "findingType")]
    pub(super) kind: Scalar<'a>,
    #[serde(borrow)]
    pub(super) error: Scalar<'a>,
    /// Only in events.
    #[serde(borrow)]
    pub(super) is_deleted: Scalar<'a>,
    pub(super) created_at: Moment,
    pub(super) analyzed_at: Moment,
    pub(super) updated_at: Moment,
    // Inline in `ListFindings`.
    #[serde(borrow)]
    pub(super) principal: Maybe<Pairs<'a>>,
    #[serde(borrow)]
    pub(super) action: Many<Scalar<'a>, ACTIONS_MAX>,
    #[serde(borrow)]
    pub(super) condition: Maybe<Pairs<'a>>,
    #[serde(borrow)]
    pub(super) is_public: Scalar<'a>,
    // In `GetFindingV2`.
    #[serde(borrow, rename = "findingDetails")]
    pub(super) details: Many<Maybe<Detail<'a>>, DETAILS_MAX>,
}

/// One of these.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Detail<'a> {
    #[serde(borrow, rename = "externalAccessDetails")]
    pub(super) external_access: Maybe<Access<'a>>,
    #[serde(borrow, rename = "internalAccessDetails")]
    pub(super) internal_access: Maybe<Access<'a>>,
    #[serde(borrow, rename = "unusedPermissionDetails")]
    pub(super) unused_permission: Maybe<UnusedPermission<'a>>,
    #[serde(borrow, rename = "unusedIamUserAccessKeyDetails")]
    pub(super) unused_key: Maybe<Unused<'a>>,
    #[serde(borrow, rename = "unusedIamRoleDetails")]
    pub(super) unused_role: Maybe<Unused<'a>>,
    #[serde(borrow, rename = "unusedIamUserPasswordDetails")]
    pub(super) unused_password: Maybe<Unused<'a>>,
}

/// External or internal access.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Access<'a> {
    #[serde(borrow)]
    pub(super) principal: Maybe<Pairs<'a>>,
    #[serde(borrow)]
    pub(super) action: Many<Scalar<'a>, ACTIONS_MAX>,
    #[serde(borrow)]
    pub(super) condition: Maybe<Pairs<'a>>,
    #[serde(borrow)]
    pub(super) is_public: Scalar<'a>,
    /// Of internal access: `INTRA_ACCOUNT` or `INTRA_ORG`.
    #[serde(borrow, rename = "accessType")]
    pub(super) zone: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct UnusedPermission<'a> {
    #[serde(borrow)]
    pub(super) service_namespace: Scalar<'a>,
    #[serde(borrow)]
    pub(super) actions: Many<Maybe<UnusedAction<'a>>, ACTIONS_MAX>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct UnusedAction<'a> {
    #[serde(borrow)]
    pub(super) action: Scalar<'a>,
}

/// An unused role, password or access key.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Unused<'a> {
    #[serde(borrow)]
    pub(super) access_key_id: Scalar<'a>,
    pub(super) last_accessed: Moment,
}

/// An item of `ListAnalyzers`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Analyzer<'a> {
    #[serde(borrow)]
    pub(super) arn: Scalar<'a>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Scalar<'a>,
    #[serde(borrow)]
    pub(super) status: Scalar<'a>,
    #[serde(borrow)]
    pub(super) managed_by: Scalar<'a>,
}
