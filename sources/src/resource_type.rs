//! One name for the type of a resource: the one of Config, which Access Analyzer and Macie use too.

use muster_core::identity::Arn;
use muster_core::report::Resource;

/// An S3 bucket.
pub(crate) const BUCKET: &str = "AWS::S3::Bucket";

/// What begins the resource part of an ARN, by service, and the type. From the resource types of the
/// Access Analyzer API and the ARN formats in the Service Authorization Reference. The first that
/// fits counts.
const BY_ARN: [(&str, &str, &str); 21] = [
    ("dynamodb", "table/", "AWS::DynamoDB::Table"),
    ("ec2", "instance/", "AWS::EC2::Instance"),
    ("ec2", "security-group/", "AWS::EC2::SecurityGroup"),
    ("ec2", "snapshot/", "AWS::EC2::Snapshot"),
    ("ec2", "volume/", "AWS::EC2::Volume"),
    ("ecr", "repository/", "AWS::ECR::Repository"),
    ("elasticfilesystem", "file-system/", "AWS::EFS::FileSystem"),
    ("iam", "role/", "AWS::IAM::Role"),
    ("iam", "user/", "AWS::IAM::User"),
    ("kms", "key/", "AWS::KMS::Key"),
    ("lambda", "function:", "AWS::Lambda::Function"),
    ("lambda", "layer:", "AWS::Lambda::LayerVersion"),
    ("rds", "cluster-snapshot:", "AWS::RDS::DBClusterSnapshot"),
    ("rds", "cluster:", "AWS::RDS::DBCluster"),
    ("rds", "db:", "AWS::RDS::DBInstance"),
    ("rds", "snapshot:", "AWS::RDS::DBSnapshot"),
    ("s3", "", BUCKET),
    ("s3express", "bucket/", "AWS::S3Express::DirectoryBucket"),
    ("secretsmanager", "secret:", "AWS::SecretsManager::Secret"),
    ("sns", "", "AWS::SNS::Topic"),
    ("sqs", "", "AWS::SQS::Queue"),
];

/// The type of a resource by its canonical name, or else the one that the product gives, in whichever
/// form. By the name first, because a copy may call the type `Other`.
pub(crate) fn config_type(resource: &Resource) -> String {
    let by_arn = Arn::parse(&resource.id).and_then(|arn| {
        BY_ARN
            .iter()
            .find(|(service, start, kind)| {
                arn.service == *service
                    && arn.resource.starts_with(start)
                    && (*kind != BUCKET || is_bucket(&arn))
            })
            .map(|(.., kind)| (*kind).to_owned())
    });
    by_arn.unwrap_or_else(|| resource.kind.clone())
}

/// Whether it is a bucket, not an object in one nor an access point.
fn is_bucket(arn: &Arn<'_>) -> bool {
    arn.account.is_empty() && !arn.resource.contains(['/', ':'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_known_by_the_name_of_the_resource() {
        for (id, kind, found) in [
            ("arn:aws:s3:::b", "Other", BUCKET),
            ("arn:aws:s3:::b/k", "AwsS3Object", "AwsS3Object"),
            ("arn:aws:s3:eu-west-1:1:accesspoint/a", "x", "x"),
            ("arn:aws:iam::1:role/r", "AwsIamRole", "AWS::IAM::Role"),
            ("arn:aws:rds:eu-west-1:1:cluster-snapshot:s", "", "AWS::RDS::DBClusterSnapshot"),
            ("other:aws:eu-west-1:1:X/y", "AWS::New::Thing", "AWS::New::Thing"),
        ] {
            let resource =
                Resource { id: id.into(), original: String::new(), kind: kind.to_owned() };

            assert_eq!(config_type(&resource), found, "{id}");
        }
    }
}
