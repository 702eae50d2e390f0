//! The AWS resources that made-up findings are about.

use serde_json::{Map, Value, json};

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

    /// An EC2 instance; `name` is its `Name` tag, the id follows from it.
    pub fn instance(scope: &Scope, name: &str) -> Self {
        let id = format!("i-0{}", ec2_id(scope, "instance", name));
        let arn = ec2_arn(scope, "instance", &id);
        let address = private_address(scope, &id);
        Self::new("AwsEc2Instance", "AWS::EC2::Instance", scope, arn).tagged("Name", name).detailed(
            json!({
                "Type": "t3.large",
                "ImageId": format!("ami-0{}", ec2_id(scope, "image", &id)),
                "IpV4Addresses": [public_address(scope, &id), address],
                "IamInstanceProfileArn":
                    format!("arn:aws:iam::{}:instance-profile/{name}", scope.account),
                "VpcId": format!("vpc-0{}", ec2_id(scope, "vpc", "main")),
                "SubnetId": format!("subnet-0{}", ec2_id(scope, "subnet", "public-a")),
                "LaunchedAt": "2025-06-02T07:41:19.000Z",
                "NetworkInterfaces": [{
                    "NetworkInterfaceId": format!("eni-0{}", ec2_id(scope, "interface", &id))
                }],
                "VirtualizationType": "hvm",
                "MetadataOptions": {
                    "HttpEndpoint": "enabled",
                    "HttpProtocolIpv6": "disabled",
                    "HttpPutResponseHopLimit": 2,
                    "HttpTokens": "optional",
                    "InstanceMetadataTags": "disabled"
                },
                "Monitoring": { "State": "disabled" }
            }),
        )
    }

    /// A security group that lets the world in on `port`.
    pub fn security_group(scope: &Scope, name: &str, port: u16) -> Self {
        let id = format!("sg-0{}", ec2_id(scope, "group", name));
        let arn = ec2_arn(scope, "security-group", &id);
        Self::new("AwsEc2SecurityGroup", "AWS::EC2::SecurityGroup", scope, arn).detailed(json!({
            "GroupName": name,
            "GroupId": id,
            "OwnerId": scope.account,
            "VpcId": format!("vpc-0{}", ec2_id(scope, "vpc", "main")),
            "IpPermissions": [{
                "IpProtocol": "tcp",
                "FromPort": port,
                "ToPort": port,
                "IpRanges": [{ "CidrIp": "0.0.0.0/0" }]
            }],
            "IpPermissionsEgress": [{
                "IpProtocol": "-1",
                "IpRanges": [{ "CidrIp": "0.0.0.0/0" }]
            }]
        }))
    }

    /// An EBS snapshot. Its ARN has no account.
    pub fn snapshot(scope: &Scope, name: &str) -> Self {
        let id = format!("snap-0{}", ec2_id(scope, "snapshot", name));
        let arn = format!("arn:aws:ec2:{}::snapshot/{id}", scope.region);
        Self::new("Other", "AWS::EC2::Snapshot", scope, arn).tagged("Name", name)
    }

    /// An EBS volume that is not encrypted.
    pub fn volume(scope: &Scope, name: &str) -> Self {
        let id = format!("vol-0{}", ec2_id(scope, "volume", name));
        let arn = ec2_arn(scope, "volume", &id);
        Self::new("AwsEc2Volume", "AWS::EC2::Volume", scope, arn).tagged("Name", name).detailed(
            json!({
                "CreateTime": "2024-11-20T16:02:44.000Z",
                "DeviceName": "/dev/xvda",
                "Encrypted": false,
                "Size": 200,
                "SnapshotId": "",
                "Status": "in-use",
                "VolumeId": id,
                "VolumeType": "gp3",
                "VolumeScanStatus": "NOT_SCANNED"
            }),
        )
    }

    /// A VPC.
    pub fn vpc(scope: &Scope, name: &str) -> Self {
        let id = format!("vpc-0{}", ec2_id(scope, "vpc", name));
        let arn = ec2_arn(scope, "vpc", &id);
        Self::new("AwsEc2Vpc", "AWS::EC2::VPC", scope, arn).tagged("Name", name).detailed(json!({
            "CidrBlockAssociationSet": [{
                "AssociationId": format!("vpc-cidr-assoc-0{}", ec2_id(scope, "cidr", name)),
                "CidrBlock": "10.20.0.0/16",
                "CidrBlockState": "associated"
            }],
            "DhcpOptionsId": format!("dopt-0{}", ec2_id(scope, "dhcp", name)),
            "State": "available"
        }))
    }

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

    /// A Lambda function.
    pub fn function(scope: &Scope, name: &str) -> Self {
        let arn = arn("lambda", scope, &format!("function:{name}"));
        Self::new("AwsLambdaFunction", "AWS::Lambda::Function", scope, arn).detailed(json!({
            "FunctionName": name,
            "Handler": "handler.main",
            "Runtime": "python3.8",
            "MemorySize": 256,
            "Timeout": 30,
            "CodeSize": 184_320,
            "Role": format!("arn:aws:iam::{}:role/{name}-role", scope.account),
            "LastModified": "2023-07-07T07:07:07.000Z",
            "TracingConfig": { "Mode": "PassThrough" },
            "Version": "$LATEST"
        }))
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

    /// An EKS cluster.
    pub fn cluster(scope: &Scope, name: &str) -> Self {
        let arn = arn("eks", scope, &format!("cluster/{name}"));
        Self::new("AwsEksCluster", "AWS::EKS::Cluster", scope, arn).detailed(json!({
            "Name": name,
            "Version": "1.31",
            "ClusterStatus": "ACTIVE",
            "RoleArn": format!("arn:aws:iam::{}:role/{name}-cluster", scope.account),
            "ResourcesVpcConfig": { "EndpointPublicAccess": true }
        }))
    }

    /// A classic load balancer.
    pub fn load_balancer(scope: &Scope, name: &str) -> Self {
        let arn = arn("elasticloadbalancing", scope, &format!("loadbalancer/{name}"));
        Self::new("AwsElbLoadBalancer", "AWS::ElasticLoadBalancing::LoadBalancer", scope, arn)
            .detailed(json!({
                "LoadBalancerName": name,
                "Scheme": "internet-facing",
                "DnsName": format!("{name}-1208764532.{}.elb.amazonaws.com", scope.region),
                "ListenerDescriptions": [{
                    "Listener": {
                        "InstancePort": 80,
                        "InstanceProtocol": "HTTP",
                        "LoadBalancerPort": 80,
                        "Protocol": "HTTP"
                    }
                }]
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
