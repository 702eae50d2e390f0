//! Accounts, users, roles, policies, keys.

use serde_json::json;

use super::{Resource, arn};
use crate::scope::Scope;
use crate::seeded;

impl Resource {
    /// An IAM user.
    pub fn user(account: &str, name: &str) -> Self {
        Self::iam("AwsIamUser", "AWS::IAM::User", account, "user", name).detailed(json!({
            "UserName": name,
            "UserId": format!("AIDA{}", seeded::capitals(0, &["user", account, name], 17)),
            "Path": "/",
            "CreateDate": "2022-08-30T12:13:14.000Z",
            "AttachedManagedPolicies": [{
                "PolicyName": "PowerUserAccess",
                "PolicyArn": "arn:aws:iam::aws:policy/PowerUserAccess"
            }],
            "GroupList": ["developers"]
        }))
    }

    /// An IAM role.
    pub fn role(account: &str, name: &str) -> Self {
        Self::iam("AwsIamRole", "AWS::IAM::Role", account, "role", name).detailed(json!({
            "RoleName": name,
            "RoleId": format!("AROA{}", seeded::capitals(0, &["role", account, name], 17)),
            "Path": "/",
            "CreateDate": "2022-10-11T08:00:00.000Z",
            "MaxSessionDuration": 3600,
            "AttachedManagedPolicies": [{
                "PolicyName": "ReadOnlyAccess",
                "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"
            }],
            "AssumeRolePolicyDocument": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"ec2.amazonaws.com\"},\"Action\":\"sts:AssumeRole\"}]}"
        }))
    }

    /// A customer managed IAM policy.
    pub fn policy(account: &str, name: &str) -> Self {
        Self::iam("AwsIamPolicy", "AWS::IAM::ManagedPolicy", account, "policy", name).detailed(
            json!({
                "AttachmentCount": 3,
                "CreateDate": "2023-01-19T10:30:00.000Z",
                "DefaultVersionId": "v2",
                "IsAttachable": true,
                "Path": "/",
                "PermissionsBoundaryUsageCount": 0,
                "PolicyId": format!("ANPA{}", seeded::capitals(0, &["policy", account, name], 17)),
                "PolicyName": name
            }),
        )
    }

    /// The account itself, as Security Hub names it.
    pub fn account(scope: &Scope) -> Self {
        let id = format!("AWS::::Account:{}", scope.account);
        let mut account = Self::new("AwsAccount", "AWS::::Account", scope, id);
        account.name.clone_from(&scope.account);
        account
    }

    /// A KMS key.
    pub fn key(scope: &Scope, name: &str) -> Self {
        let id = seeded::uuid(0, &["key", &scope.account, &scope.region, name]);
        let arn = arn("kms", scope, &format!("key/{id}"));
        Self::new("AwsKmsKey", "AWS::KMS::Key", scope, arn).detailed(json!({
            "AWSAccountId": scope.account,
            "KeyId": id,
            "KeyManager": "CUSTOMER",
            "KeyState": "Enabled",
            "Origin": "AWS_KMS",
            "Description": name,
            "KeyRotationStatus": false
        }))
    }

    fn iam(
        asff: &'static str,
        cloudformation: &'static str,
        account: &str,
        kind: &str,
        name: &str,
    ) -> Self {
        let scope = Scope::new(account, "us-east-1");
        Self::new(asff, cloudformation, &scope, format!("arn:aws:iam::{account}:{kind}/{name}"))
    }
}
