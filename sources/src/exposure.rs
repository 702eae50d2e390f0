//! Who can reach the resource, where the rule of a report alone says so.

use muster_core::report::Exposure;

/// Controls whose failure says that anybody can reach the resource, in upper case. S3.1, S3.8
/// and their like are among them: they say that nothing blocks public access.
///
/// From the titles of the controls in the Security Hub user guide.
const PUBLIC: [&str; 30] = [
    "CLOUDTRAIL.6",
    "DMS.1",
    "DOCUMENTDB.3",
    "EC2.1",
    "EC2.13",
    "EC2.14",
    "EC2.18",
    "EC2.182",
    "EC2.19",
    "EC2.53",
    "EKS.1",
    "ES.2",
    "KMS.5",
    "LAMBDA.1",
    "MSK.4",
    "NEPTUNE.3",
    "OPENSEARCH.2",
    "RDS.1",
    "RDS.2",
    "REDSHIFT.1",
    "REDSHIFTSERVERLESS.3",
    "S3.1",
    "S3.19",
    "S3.2",
    "S3.24",
    "S3.3",
    "S3.8",
    "SNS.4",
    "SQS.3",
    "SSM.4",
];

/// Controls whose failure says that other accounts can reach the resource.
const CROSS_ACCOUNT: [&str; 1] = ["S3.6"];

/// What the failure of `control` says about exposure.
pub(crate) fn of_failed_control(control: &str) -> Exposure {
    let control = control.to_ascii_uppercase();
    let control = control.as_str();
    if PUBLIC.contains(&control) {
        Exposure::Public
    } else if CROSS_ACCOUNT.contains(&control) {
        Exposure::CrossAccount
    } else {
        Exposure::Unknown
    }
}

/// What a `GuardDuty` finding type says: two of the S3 policy types are about buckets that anybody
/// can reach.
pub(crate) fn of_guardduty_type(kind: &str) -> Exposure {
    match kind {
        "Policy:S3/BucketAnonymousAccessGranted" | "Policy:S3/BucketPublicAccessGranted" => {
            Exposure::Public
        }
        _ => Exposure::Unknown,
    }
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
        for control in ["S3.1", "S3.2", "S3.3", "S3.8", "EC2.1", "RDS.1", "RDS.2", "lambda.1"] {
            assert_eq!(of_failed_control(control), Exposure::Public, "{control}");
        }
        assert_eq!(of_failed_control("S3.6"), Exposure::CrossAccount);
        assert_eq!(of_failed_control("S3.5"), Exposure::Unknown);
        assert_eq!(of_failed_control(""), Exposure::Unknown);
    }
}
