//! Who can reach the resource, where the rule of a report alone says so.

use muster_core::report::Exposure;

/// Controls whose failure says that anybody can reach data or an API, in upper case. S3.1, S3.8 and
/// their like are among them: they say that nothing blocks public access.
///
/// From the titles of the controls in the Security Hub user guide, as the next two tables.
const PUBLIC: [&str; 18] = [
    "CLOUDTRAIL.6",
    "DOCUMENTDB.3",
    "EC2.1",
    "EC2.182",
    "KMS.5",
    "LAMBDA.1",
    "NEPTUNE.3",
    "RDS.1",
    "S3.1",
    "S3.19",
    "S3.2",
    "S3.24",
    "S3.3",
    "S3.8",
    "SNS.4",
    "SQS.3",
    "SSM.4",
    "SSM.7",
];

/// Controls whose failure says that a network path leads from the internet to the resource: an
/// address, an open port, an endpoint that takes connections from anywhere. What only lets others
/// get an address later (EC2.15, EC2.25, `AutoScaling.5`) is none.
const INTERNET: [&str; 21] = [
    "DMS.1",
    "EC2.13",
    "EC2.14",
    "EC2.18",
    "EC2.19",
    "EC2.21",
    "EC2.53",
    "EC2.54",
    "EC2.9",
    "ECS.16",
    "ECS.2",
    "EKS.1",
    "EMR.1",
    "ES.2",
    "MSK.4",
    "OPENSEARCH.2",
    "RDS.2",
    "RDS.46",
    "REDSHIFT.1",
    "REDSHIFT.15",
    "REDSHIFTSERVERLESS.3",
];

/// Controls whose failure says that other accounts can reach the resource.
const CROSS_ACCOUNT: [&str; 1] = ["S3.6"];

/// What the failure of `control` says about exposure.
pub(crate) fn of_failed_control(control: &str) -> Exposure {
    let control = control.to_ascii_uppercase();
    let control = control.as_str();
    if PUBLIC.contains(&control) {
        Exposure::Public
    } else if INTERNET.contains(&control) {
        Exposure::Internet
    } else if CROSS_ACCOUNT.contains(&control) {
        Exposure::CrossAccount
    } else {
        Exposure::Unknown
    }
}

/// What it says that a resource does not comply with a managed Config rule, by the name that the
/// attribute `config rule` has: the rules behind the controls above, and their like (Config developer
/// guide, "List of Config managed rules").
pub(crate) fn of_config_rule(rule: &str) -> Exposure {
    match rule.replace('_', "-").as_str() {
        "ebs-snapshot-public-restorable-check"
        | "kms-key-policy-no-public-access"
        | "lambda-function-public-access-prohibited"
        | "rds-snapshots-public-prohibited"
        | "s3-bucket-level-public-access-prohibited"
        | "s3-bucket-public-read-prohibited"
        | "s3-bucket-public-write-prohibited"
        | "sns-topic-no-public-access"
        | "sqs-queue-no-public-access"
        | "ssm-document-not-public" => Exposure::Public,
        "dms-replication-not-public"
        | "ec2-instance-no-public-ip"
        | "eks-endpoint-no-public-access"
        | "elasticsearch-in-vpc-only"
        | "emr-master-no-public-ip"
        | "opensearch-in-vpc-only"
        | "rds-instance-public-access-check"
        | "redshift-cluster-public-access-check"
        | "restricted-common-ports"
        | "restricted-ssh"
        | "vpc-sg-open-only-to-authorized-ports" => Exposure::Internet,
        _ => Exposure::Unknown,
    }
}

/// What a `GuardDuty` finding type says (`GuardDuty` user guide, finding types).
///
/// Two of the S3 policy types and one of Kubernetes are about access for anybody; a port that is
/// probed "is not blocked by a security group, access control list, or firewall"; dashboards are
/// exposed by a load balancer.
pub(crate) fn of_guardduty_type(kind: &str) -> Exposure {
    match kind {
        "Policy:S3/BucketAnonymousAccessGranted"
        | "Policy:S3/BucketPublicAccessGranted"
        | "Policy:Kubernetes/AnonymousAccessGranted" => Exposure::Public,
        "Policy:Kubernetes/ExposedDashboard"
        | "Policy:Kubernetes/KubeflowDashboardExposed"
        | "Recon:EC2/PortProbeEMRUnprotectedPort"
        | "Recon:EC2/PortProbeUnprotectedPort" => Exposure::Internet,
        _ => Exposure::Unknown,
    }
}

/// What an Inspector finding about reachability says, by its text. Inspector looks for paths from
/// internet gateways, and for such from peered networks and virtual private gateways (Inspector user
/// guide, "Network reachability"): of these it is not said who is at the other end.
pub(crate) fn of_reachability(text: &str) -> Exposure {
    let text = text.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let is_inner = says(&[
        "peered",
        "peering",
        "pcx-",
        "virtual private gateway",
        "virtualprivategateway",
        "vpngateway",
        "vgw-",
        "direct connect",
    ]);
    if says(&["internet"]) || !is_inner { Exposure::Internet } else { Exposure::Unknown }
}

/// What a Macie finding type says.
pub(crate) fn of_macie_type(kind: &str) -> Exposure {
    match kind.rsplit('/').next().unwrap_or_default() {
        "S3BucketPublic" => Exposure::Public,
        "S3BucketSharedExternally" | "S3BucketReplicatedExternally" => Exposure::CrossAccount,
        _ => Exposure::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_public_access_control_says_public() {
        for control in ["S3.1", "S3.2", "S3.3", "S3.8", "EC2.1", "RDS.1", "lambda.1"] {
            assert_eq!(of_failed_control(control), Exposure::Public, "{control}");
        }
        for control in ["EC2.19", "EC2.13", "RDS.2", "EKS.1", "ec2.9"] {
            assert_eq!(of_failed_control(control), Exposure::Internet, "{control}");
        }
        assert_eq!(of_failed_control("S3.6"), Exposure::CrossAccount);
        assert_eq!(of_failed_control("S3.5"), Exposure::Unknown);
        assert_eq!(of_failed_control(""), Exposure::Unknown);
    }

    #[test]
    fn no_control_says_two_things() {
        for control in PUBLIC.iter().chain(&CROSS_ACCOUNT) {
            assert!(!INTERNET.contains(control), "{control}");
        }
        assert!(PUBLIC.is_sorted() && INTERNET.is_sorted());
    }

    #[test]
    fn reachability_is_from_the_internet_unless_another_network_is_named() {
        for (text, exposure) in [
            ("Port 22 is reachable from an Internet Gateway", Exposure::Internet),
            ("reachable from the InternetGateway igw-1 and the peered VPC", Exposure::Internet),
            ("", Exposure::Internet),
            ("Port 22 is reachable from a Peered VPC", Exposure::Unknown),
            ("reachable from a Virtual Private Gateway vgw-1", Exposure::Unknown),
        ] {
            assert_eq!(of_reachability(text), exposure, "{text}");
        }
    }
}
