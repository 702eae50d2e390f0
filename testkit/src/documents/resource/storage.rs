//! Buckets, databases, queues, secrets, trails.

use serde_json::json;

use super::{Resource, arn, ec2_id};
use crate::scope::Scope;
use crate::seeded;

impl Resource {
    /// An S3 bucket.
    pub fn bucket(scope: &Scope, name: &str) -> Self {
        Self::new("AwsS3Bucket", "AWS::S3::Bucket", scope, format!("arn:aws:s3:::{name}")).detailed(
            json!({
                "OwnerAccountId": scope.account,
                "OwnerId": seeded::hex(0, &["owner", &scope.account], 64),
                "CreatedAt": "2023-03-14T09:26:53.000Z",
                "Name": name,
                "ServerSideEncryptionConfiguration": {
                    "Rules": [{ "ApplyServerSideEncryptionByDefault": { "SSEAlgorithm": "AES256" } }]
                },
                "BucketVersioningConfiguration": { "Status": "Suspended", "IsMfaDeleteEnabled": false },
                "PublicAccessBlockConfiguration": {
                    "BlockPublicAcls": false,
                    "BlockPublicPolicy": false,
                    "IgnorePublicAcls": false,
                    "RestrictPublicBuckets": false
                }
            }),
        )
    }

    /// An EBS snapshot. Its ARN has no account.
    pub fn snapshot(scope: &Scope, name: &str) -> Self {
        let id = format!("snap-0{}", ec2_id(scope, "snapshot", name));
        let arn = format!("arn:aws:ec2:{}::snapshot/{id}", scope.region);
        Self::new("Other", "AWS::EC2::Snapshot", scope, arn).tagged("Name", name)
    }

    /// An RDS instance.
    pub fn database(scope: &Scope, name: &str) -> Self {
        let arn = arn("rds", scope, &format!("db:{name}"));
        Self::new("AwsRdsDbInstance", "AWS::RDS::DBInstance", scope, arn).detailed(json!({
            "DBInstanceIdentifier": name,
            "DBInstanceClass": "db.r6g.large",
            "DbiResourceId": format!("db-{}", seeded::capitals(0, &["db", &scope.account, name], 26)),
            "Engine": "postgres",
            "EngineVersion": "15.8",
            "Endpoint": {
                "Address": format!("{name}.c7kq2m4xyzab.{}.rds.amazonaws.com", scope.region),
                "Port": 5432,
                "HostedZoneId": "Z1TTGA775OQIYO"
            },
            "InstanceCreateTime": "2024-02-29T13:37:00.000Z",
            "PubliclyAccessible": true,
            "StorageEncrypted": false,
            "MultiAz": false,
            "BackupRetentionPeriod": 7,
            "AllocatedStorage": 100,
            "MasterUsername": "dbadmin",
            "VpcSecurityGroups": [{
                "VpcSecurityGroupId": format!("sg-0{}", ec2_id(scope, "group", "rds")),
                "Status": "active"
            }]
        }))
    }

    /// A manual snapshot of an RDS instance.
    pub fn database_snapshot(scope: &Scope, name: &str) -> Self {
        let arn = arn("rds", scope, &format!("snapshot:{name}"));
        Self::new("AwsRdsDbSnapshot", "AWS::RDS::DBSnapshot", scope, arn).detailed(json!({
            "DbSnapshotIdentifier": name,
            "DbInstanceIdentifier": name.trim_end_matches("-final"),
            "Engine": "postgres",
            "Encrypted": false,
            "SnapshotType": "manual",
            "Status": "available"
        }))
    }

    /// An SQS queue.
    pub fn queue(scope: &Scope, name: &str) -> Self {
        Self::new("AwsSqsQueue", "AWS::SQS::Queue", scope, arn("sqs", scope, name))
            .detailed(json!({ "QueueName": name, "KmsDataKeyReusePeriodSeconds": 300 }))
    }

    /// An SNS topic.
    pub fn topic(scope: &Scope, name: &str) -> Self {
        Self::new("AwsSnsTopic", "AWS::SNS::Topic", scope, arn("sns", scope, name))
            .detailed(json!({ "TopicName": name, "Owner": scope.account }))
    }

    /// A secret of Secrets Manager.
    pub fn secret(scope: &Scope, name: &str) -> Self {
        let tail = seeded::capitals(0, &["secret", &scope.account, name], 6);
        let arn = arn("secretsmanager", scope, &format!("secret:{name}-{tail}"));
        Self::new("AwsSecretsManagerSecret", "AWS::SecretsManager::Secret", scope, arn)
            .detailed(json!({ "Name": name, "RotationEnabled": false, "Deleted": false }))
    }

    /// A CloudTrail trail.
    pub fn trail(scope: &Scope, name: &str) -> Self {
        let arn = arn("cloudtrail", scope, &format!("trail/{name}"));
        Self::new("AwsCloudTrailTrail", "AWS::CloudTrail::Trail", scope, arn).detailed(json!({
            "Name": name,
            "HomeRegion": scope.region,
            "IsMultiRegionTrail": true,
            "IncludeGlobalServiceEvents": true,
            "LogFileValidationEnabled": false,
            "S3BucketName": format!("{name}-{}", scope.account)
        }))
    }
}
