//! The parts of a native finding that are read.

use serde::Deserialize;

use crate::lenient::{Maybe, Moment, Scalar, Tags};

/// A finding.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Finding<'a> {
    #[serde(borrow)]
    pub(super) id: Scalar<'a>,
    #[serde(borrow)]
    pub(super) account_id: Scalar<'a>,
    #[serde(borrow)]
    pub(super) region: Scalar<'a>,
    #[serde(borrow)]
    pub(super) partition: Scalar<'a>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Scalar<'a>,
    #[serde(borrow)]
    pub(super) title: Scalar<'a>,
    #[serde(borrow)]
    pub(super) description: Scalar<'a>,
    #[serde(borrow)]
    pub(super) severity: Maybe<MacieSeverity<'a>>,
    #[serde(borrow)]
    pub(super) archived: Scalar<'a>,
    #[serde(borrow)]
    pub(super) sample: Scalar<'a>,
    #[serde(borrow)]
    pub(super) count: Scalar<'a>,
    pub(super) created_at: Moment,
    pub(super) updated_at: Moment,
    #[serde(borrow, rename = "resourcesAffected")]
    pub(super) affected: Maybe<Affected<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct MacieSeverity<'a> {
    #[serde(borrow)]
    pub(super) score: Scalar<'a>,
    /// `Low`, `Medium`, `High`.
    #[serde(borrow, rename = "description")]
    pub(super) word: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Affected<'a> {
    #[serde(borrow, rename = "s3Bucket")]
    pub(super) bucket: Maybe<Bucket<'a>>,
    #[serde(borrow, rename = "s3Object")]
    pub(super) object: Maybe<Object<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Bucket<'a> {
    #[serde(borrow)]
    pub(super) arn: Scalar<'a>,
    #[serde(borrow)]
    pub(super) name: Scalar<'a>,
    #[serde(borrow)]
    pub(super) public_access: Maybe<PublicAccess<'a>>,
    #[serde(borrow)]
    pub(super) tags: Tags<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Object<'a> {
    /// Bucket and key.
    #[serde(borrow)]
    pub(super) path: Scalar<'a>,
    #[serde(borrow, rename = "publicAccess")]
    pub(super) is_public: Scalar<'a>,
    #[serde(borrow)]
    pub(super) tags: Tags<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PublicAccess<'a> {
    /// `PUBLIC`, `NOT_PUBLIC`, `UNKNOWN`.
    #[serde(borrow, rename = "effectivePermission")]
    pub(super) effective: Scalar<'a>,
    #[serde(borrow, rename = "permissionConfiguration")]
    configuration: Maybe<Configuration<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Configuration<'a> {
    #[serde(borrow, rename = "bucketLevelPermissions")]
    bucket: Maybe<BucketPermissions<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct BucketPermissions<'a> {
    #[serde(borrow)]
    access_control_list: Maybe<Grants<'a>>,
    #[serde(borrow)]
    bucket_policy: Maybe<Grants<'a>>,
}

/// What a list of grants or a policy allows anybody to do.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Grants<'a> {
    #[serde(borrow, rename = "allowsPublicReadAccess")]
    pub(super) read: Scalar<'a>,
    #[serde(borrow, rename = "allowsPublicWriteAccess")]
    pub(super) write: Scalar<'a>,
}

impl<'a> PublicAccess<'a> {
    /// The list of grants and the policy; `None` when the finding has neither.
    pub(super) fn grants(&self) -> Option<[Option<&Grants<'a>>; 2]> {
        let bucket = self.configuration.get()?.bucket.get()?;
        let both = [bucket.access_control_list.get(), bucket.bucket_policy.get()];
        both.iter().any(Option::is_some).then_some(both)
    }
}
