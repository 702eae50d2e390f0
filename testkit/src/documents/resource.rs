//! The AWS resources that made-up findings are about.

use serde_json::{Map, Value, json};

mod compute;
mod identity;
mod storage;

use crate::scope::Scope;
use crate::seeded;

/// A resource, under each of the names that the products use for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// The type in ASFF, for example `AwsS3Bucket`.
    pub asff_type: &'static str,
    /// The type in `CloudFormation` and Access Analyzer, for example `AWS::S3::Bucket`.
    pub cloudformation_type: &'static str,
    /// The id in ASFF: nearly always an ARN.
    pub id: String,
    /// The bare name or id inside the ARN.
    pub name: String,
    /// Where it is. Global resources are in `us-east-1`.
    pub scope: Scope,
    /// Its tags.
    pub tags: Vec<(String, String)>,
    /// ASFF's `Details` of that type; `Null` for none.
    pub details: Value,
}

impl Resource {
    fn new(asff: &'static str, cloudformation: &'static str, scope: &Scope, id: String) -> Self {
        let name = id.rsplit([':', '/']).next().unwrap_or_default().to_owned();
        Self {
            asff_type: asff,
            cloudformation_type: cloudformation,
            id,
            name,
            scope: scope.clone(),
            tags: Vec::new(),
            details: Value::Null,
        }
    }

    /// The same with a tag.
    #[must_use]
    pub fn tagged(mut self, key: &str, value: &str) -> Self {
        self.tags.push((key.to_owned(), value.to_owned()));
        self
    }

    /// The same with ASFF details.
    #[must_use]
    pub fn detailed(mut self, details: Value) -> Self {
        self.details = details;
        self
    }

    /// The entry of `Resources` in an ASFF document.
    pub(crate) fn asff(&self) -> Value {
        let mut entry = json!({
            "Type": self.asff_type,
            "Id": self.id,
            "Partition": "aws",
            "Region": self.scope.region,
        });
        if let Some(entry) = entry.as_object_mut() {
            if !self.tags.is_empty() {
                entry.insert("Tags".to_owned(), self.tag_map());
            }
            if !self.details.is_null() {
                entry.insert("Details".to_owned(), json!({ self.asff_type: self.details }));
            }
        }
        entry
    }

    /// The tags as GuardDuty lists them.
    pub(crate) fn tag_list(&self) -> Value {
        self.tags.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect()
    }

    fn tag_map(&self) -> Value {
        let tags = self.tags.iter().map(|(key, value)| (key.clone(), json!(value)));
        Value::Object(tags.collect::<Map<_, _>>())
    }
}

fn arn(service: &str, scope: &Scope, path: &str) -> String {
    format!("arn:aws:{service}:{}:{}:{path}", scope.region, scope.account)
}

fn ec2_arn(scope: &Scope, kind: &str, id: &str) -> String {
    arn("ec2", scope, &format!("{kind}/{id}"))
}

/// The sixteen digits after the `0` that EC2 ids begin with.
pub(crate) fn ec2_id(scope: &Scope, kind: &str, name: &str) -> String {
    seeded::hex(0, &["ec2", &scope.account, &scope.region, kind, name], 16)
}

/// The id of the access key of a user, which follows from the names.
pub fn access_key(account: &str, user: &str) -> String {
    format!("AKIA{}", seeded::capitals(0, &["key", account, user], 16))
}

/// The private address of an instance.
pub(crate) fn private_address(scope: &Scope, name: &str) -> String {
    let [a, b, ..] = seeded::digest(0, &["private", &scope.account, &scope.region, name]);
    format!("10.20.{a}.{b}")
}

/// The public address of an instance, from the range set aside for documentation.
pub(crate) fn public_address(scope: &Scope, name: &str) -> String {
    let [a, ..] = seeded::digest(0, &["public", &scope.account, &scope.region, name]);
    format!("203.0.113.{a}")
}
