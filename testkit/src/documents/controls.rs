//! The Security Hub controls that made-up findings come from.
//!
//! Ids, severities and Config rule names are AWS's; the texts are ours. Severity is that of the
//! control reference in 2026.

/// A control of Security Hub CSPM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlInfo {
    /// For example `S3.2`.
    pub id: &'static str,
    /// `LOW`, `MEDIUM`, `HIGH` or `CRITICAL`.
    pub severity: &'static str,
    /// What should be so.
    pub title: &'static str,
    /// What the control looks at.
    pub description: &'static str,
    /// The Config managed rule behind it; empty for the few that have none.
    pub config_rule: &'static str,
    /// The Trusted Advisor check that mirrors it (`Hs4Ma3G…`); empty for none known.
    pub mirror: &'static str,
    /// Whether the CIS AWS Foundations Benchmark has it beside the AWS standard.
    pub in_cis: bool,
}

/// The control with this id, in any case.
pub fn control(id: &str) -> Option<&'static ControlInfo> {
    CONTROLS.iter().find(|control| control.id.eq_ignore_ascii_case(id))
}

macro_rules! controls {
    ($($id:literal $severity:ident $rule:literal $mirror:literal $cis:literal $title:literal $description:literal;)*) => {
        /// Every control that this crate can make findings of.
        pub const CONTROLS: &[ControlInfo] = &[$(ControlInfo {
            id: $id,
            severity: stringify!($severity),
            title: $title,
            description: $description,
            config_rule: $rule,
            mirror: $mirror,
            in_cis: $cis,
        }),*];
    };
}

controls! {
    "S3.1" MEDIUM "s3-account-level-public-access-blocks-periodic" "Hs4Ma3G170" true
        "The account should block public access to S3"
        "Looks at the account-wide Block Public Access settings of S3. It fails when one of the four is off.";
    "S3.2" CRITICAL "s3-bucket-public-read-prohibited" "Hs4Ma3G171" false
        "S3 buckets should not let the public read"
        "Evaluates Block Public Access, the bucket policy and the ACL. It fails when anybody can read from the bucket.";
    "S3.3" CRITICAL "s3-bucket-public-write-prohibited" "Hs4Ma3G172" false
        "S3 buckets should not let the public write"
        "Evaluates Block Public Access, the bucket policy and the ACL. It fails when anybody can write to the bucket.";
    "S3.5" MEDIUM "s3-bucket-ssl-requests-only" "Hs4Ma3G168" true
        "S3 buckets should refuse requests without TLS"
        "Looks for a bucket policy statement that denies requests over plain HTTP.";
    "S3.8" HIGH "s3-bucket-level-public-access-prohibited" "Hs4Ma3G173" true
        "S3 buckets should have Block Public Access turned on"
        "Looks at the four Block Public Access settings of the bucket itself. It fails when one of them is off.";
    "S3.9" MEDIUM "s3-bucket-logging-enabled" "" false
        "S3 buckets should write server access logs"
        "Looks at the logging configuration of the bucket. It fails when no target bucket is set.";
    "EC2.1" CRITICAL "ebs-snapshot-public-restorable-check" "Hs4Ma3G116" false
        "EBS snapshots should not be restorable by everybody"
        "Looks at the create-volume permissions of the account's snapshots. It fails when one of them names all accounts.";
    "EC2.2" HIGH "vpc-default-security-group-closed" "Hs4Ma3G118" true
        "The default security group of a VPC should let nothing through"
        "Looks at the rules of default security groups. It fails when there is an inbound or outbound rule.";
    "EC2.3" MEDIUM "encrypted-volumes" "Hs4Ma3G117" false
        "Attached EBS volumes should be encrypted"
        "Looks at volumes in the attached state. It fails for one that is not encrypted at rest.";
    "EC2.6" MEDIUM "vpc-flow-logs-enabled" "Hs4Ma3G122" true
        "VPCs should have flow logs"
        "Looks for an active flow log of rejected traffic on the VPC.";
    "EC2.7" MEDIUM "ec2-ebs-encryption-by-default" "Hs4Ma3G121" true
        "New EBS volumes should be encrypted by default"
        "Looks at the account's EBS encryption default in this Region.";
    "EC2.8" HIGH "ec2-imdsv2-check" "Hs4Ma3G124" true
        "EC2 instances should require IMDSv2"
        "Looks at the metadata options of the instance. It fails when session tokens are optional.";
    "EC2.9" HIGH "ec2-instance-no-public-ip" "Hs4Ma3G123" false
        "EC2 instances should not have a public IPv4 address"
        "Looks at the configuration item of the instance for a public address.";
    "EC2.13" HIGH "restricted-ssh" "" true
        "Security groups should not open port 22 to the world"
        "Looks for an inbound rule from any address to port 22.";
    "EC2.14" HIGH "restricted-common-ports" "" true
        "Security groups should not open port 3389 to the world"
        "Looks for an inbound rule from any address to port 3389.";
    "EC2.18" HIGH "vpc-sg-open-only-to-authorized-ports" "Hs4Ma3G178" false
        "Security groups should open only agreed ports to the world"
        "Looks for inbound rules from any address to ports other than the agreed ones.";
    "EC2.19" CRITICAL "vpc-sg-restricted-common-ports" "" false
        "Security groups should not open high-risk ports to the world"
        "Looks for inbound rules from any address to ports of administration and database services.";
    "RDS.1" CRITICAL "rds-snapshots-public-prohibited" "" false
        "RDS snapshots should be private"
        "Looks at the restore attribute of manual snapshots. It fails when it names all accounts.";
    "RDS.2" CRITICAL "rds-instance-public-access-check" "" true
        "RDS instances should not be publicly accessible"
        "Looks at the PubliclyAccessible setting of the instance.";
    "RDS.3" MEDIUM "rds-storage-encrypted" "" true
        "RDS instances should be encrypted at rest"
        "Looks at the storage encryption setting of the instance.";
    "RDS.5" MEDIUM "rds-multi-az-support" "" true
        "RDS instances should span more than one Availability Zone"
        "Looks at the Multi-AZ setting of the instance.";
    "IAM.1" HIGH "iam-policy-no-statements-with-admin-access" "Hs4Ma3G137" true
        "IAM policies should not grant everything on everything"
        "Looks at the default version of customer managed policies for a statement that allows all actions on all resources.";
    "IAM.3" MEDIUM "access-keys-rotated" "Hs4Ma3G139" true
        "Access keys of IAM users should be younger than 90 days"
        "Looks at the age of the user's active access keys.";
    "IAM.4" CRITICAL "iam-root-access-key-check" "Hs4Ma3G140" true
        "The root user should have no access key"
        "Looks for an access key of the root user.";
    "IAM.5" MEDIUM "mfa-enabled-for-iam-console-access" "Hs4Ma3G141" true
        "IAM users with a console password should use MFA"
        "Looks for an MFA device of each user who has a console password.";
    "IAM.6" CRITICAL "root-account-hardware-mfa-enabled" "Hs4Ma3G142" true
        "The root user should have a hardware MFA device"
        "Looks for a hardware MFA device of the root user. It fails for virtual devices too.";
    "IAM.7" MEDIUM "iam-password-policy" "Hs4Ma3G143" false
        "The password policy for IAM users should be strong"
        "Looks at length, character classes and reuse in the account's password policy.";
    "IAM.8" MEDIUM "iam-user-unused-credentials-check" "Hs4Ma3G144" false
        "IAM user credentials that nobody uses should be removed"
        "Looks for passwords and active access keys that were not used for 90 days.";
    "IAM.9" CRITICAL "root-account-mfa-enabled" "" true
        "The root user should have an MFA device"
        "Looks for an MFA device of the root user. Virtual ones will do.";
    "IAM.21" LOW "iam-policy-no-statements-with-full-access" "Hs4Ma3G185" false
        "IAM policies should not allow all actions of a service"
        "Looks at customer managed policies for statements that end in a service-wide wildcard.";
    "IAM.28" HIGH "iam-external-access-analyzer-enabled" "" true
        "An external access analyzer should exist"
        "Looks for an Access Analyzer of type account or organization in this Region.";
    "KMS.4" MEDIUM "cmk-backing-key-rotation-enabled" "" true
        "KMS keys should rotate"
        "Looks at the rotation status of customer managed keys.";
    "KMS.5" CRITICAL "kms-key-policy-no-public-access" "" false
        "KMS keys should not be usable by the public"
        "Looks at the key policy for a principal of everybody without a limiting condition.";
    "Lambda.1" CRITICAL "lambda-function-public-access-prohibited" "" false
        "Lambda functions should not be callable by the public"
        "Looks at the resource policy of the function for a principal of everybody.";
    "Lambda.2" MEDIUM "lambda-function-settings-check" "" false
        "Lambda functions should use a supported runtime"
        "Compares the runtime of the function with the supported ones.";
    "SNS.4" CRITICAL "sns-topic-no-public-access" "" false
        "SNS topics should not be open to the public"
        "Looks at the topic policy for a principal of everybody without a limiting condition.";
    "SQS.3" CRITICAL "sqs-queue-no-public-access" "" false
        "SQS queues should not be open to the public"
        "Looks at the queue policy for a principal of everybody without a limiting condition.";
    "CloudTrail.1" HIGH "multi-region-cloudtrail-enabled" "Hs4Ma3G111" true
        "A multi-Region trail should record management events"
        "Looks for a logging trail that covers all Regions and both read and write events.";
    "CloudTrail.2" MEDIUM "cloud-trail-encryption-enabled" "Hs4Ma3G110" true
        "Trails should be encrypted with a KMS key"
        "Looks at the KMS key setting of the trail.";
    "CloudTrail.4" LOW "cloud-trail-log-file-validation-enabled" "Hs4Ma3G109" true
        "Trails should validate their log files"
        "Looks at the log file validation setting of the trail.";
    "ELB.3" MEDIUM "elb-tls-https-listeners-only" "Hs4Ma3G182" false
        "Classic load balancers should listen with HTTPS or TLS"
        "Looks at the front-end protocol of the listeners.";
    "EKS.1" HIGH "eks-endpoint-no-public-access" "" false
        "EKS endpoints should not be public"
        "Looks at the endpoint access setting of the cluster.";
    "GuardDuty.1" HIGH "guardduty-enabled-centralized" "" false
        "GuardDuty should be on"
        "Looks for an enabled detector in this Region.";
    "SSM.1" MEDIUM "ec2-instance-managed-by-systems-manager" "" false
        "EC2 instances should be managed by Systems Manager"
        "Compares running instances with the managed ones.";
    "SecretsManager.1" MEDIUM "secretsmanager-rotation-enabled-check" "" false
        "Secrets should rotate by themselves"
        "Looks at the rotation setting of the secret.";
}
