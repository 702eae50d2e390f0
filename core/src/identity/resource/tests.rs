//! Shapes of one resource, and names that must not meet.

use proptest::prelude::*;

use super::*;

fn canonical(id: &str, kind: &str) -> String {
    let region = "eu-west-1".parse().unwrap();
    let account = "123456789012".parse().unwrap();
    canonical_resource(id, kind, &Place { partition: "aws", account, region: &region })
}

const ACCOUNT: &str = "arn:aws:iam::123456789012:root";
const INSTANCE: &str = "arn:aws:ec2:eu-west-1:123456789012:instance/i-0abc12345def67890";
const GROUP: &str = "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-0abc12345def67890";
const SNAPSHOT: &str = "arn:aws:ec2:eu-west-1::snapshot/snap-0abc12345def67890";
const BUCKET: &str = "arn:aws:s3:::b-1";
const FUNCTION: &str = "arn:aws:lambda:eu-west-1:123456789012:function:f";
const KEY: &str = "acct-key:123456789012:AKIAI44QH8DHBEXAMPLE";

const ROLE: &str = "arn:aws:iam::123456789012:role/Name";
const USER: &str = "arn:aws:iam::123456789012:user/ann";
const PRINCIPAL: &str = "acct-principal:123456789012:AIDACKCEVSQ6C2EXAMPLE";
const IMAGE: &str = "arn:aws:ec2:eu-west-1::image/ami-0abc12345def67890";
const SNAPSHOT_OF_DB: &str = "arn:aws:rds:eu-west-1:123456789012:snapshot:s-1";
const KMS: &str = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const QUEUE: &str = "arn:aws:sqs:eu-west-1:123456789012:q";
const BALANCER: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/lb";
const LAYERS: &str = "arn:aws:ecr:eu-west-1:123456789012:repository/r/sha256:af96";
const LOGS: &str = "arn:aws:logs:eu-west-1:123456789012:log-group:g";

/// What a product calls it, its type, the canonical name.
const SHAPES: [(&str, &str, &str); 60] = [
    ("AWS::::Account:123456789012", "AwsAccount", ACCOUNT),
    ("123456789012", "Other", ACCOUNT),
    ("123456789012", "AwsGlue", ACCOUNT),
    ("123456789012", "AwsS3Bucket", ACCOUNT),
    ("arn:aws:::123456789012:", "Other", ACCOUNT),
    (ACCOUNT, "AwsAccount", ACCOUNT),
    ("i-0abc12345def67890", "AwsEc2Instance", INSTANCE),
    ("i-0abc12345def67890", "", INSTANCE),
    ("I-0ABC12345DEF67890", "AWS::EC2::Instance", INSTANCE),
    ("arn:aws:ec2:eu-west-1:123456789012:i-0abc12345def67890", "AwsEc2Instance", INSTANCE),
    ("arn:aws:EC2:EU-WEST-1:123456789012:instance/i-0ABC12345DEF67890", "", INSTANCE),
    (GROUP, "AwsEc2SecurityGroup", GROUP),
    ("sg-0abc12345def67890", "AWS::EC2::SecurityGroup", GROUP),
    ("arn:aws:ec2:eu-west-1:123456789012:snapshot/snap-0abc12345def67890", "", SNAPSHOT),
    ("snap-0abc12345def67890", "AwsEc2Snapshot", SNAPSHOT),
    ("arn:aws:s3:::b-1/", "AwsS3Bucket", BUCKET),
    ("b-1", "AWS::S3::Bucket", BUCKET),
    ("arn:aws:::b-1", "AwsS3Bucket", BUCKET),
    ("arn:aws:s3:eu-west-1:123456789012:b-1", "AwsS3Bucket", BUCKET),
    ("arn:aws:lambda:eu-west-1:123456789012:function:f:$LATEST", "AwsLambdaFunction", FUNCTION),
    ("arn:aws:lambda:eu-west-1:123456789012:function:f:7", "", FUNCTION),
    ("f", "AWS::Lambda::Function", FUNCTION),
    ("AWS::IAM::AccessKey:AKIAI44QH8DHBEXAMPLE", "AwsIamAccessKey", KEY),
    ("AKIAI44QH8DHBEXAMPLE", "AwsIamAccessKey", KEY),
    ("123456789012", "AWS::::Account", ACCOUNT),
    ("arn:aws:iam::123456789012:role/Name", "AwsIamRole", ROLE),
    ("arn:aws:iam::123456789012:role/service-role/deep/Name", "AwsIamRole", ROLE),
    ("arn:aws:iam:us-east-1:123456789012:role/Name/", "", ROLE),
    ("Name", "AWS::IAM::Role", ROLE),
    ("arn:aws:iam::123456789012:user/team/ann", "AwsIamUser", USER),
    ("arn:aws:iam::123456789012:user/ann", "", USER),
    ("ann", "AwsIamUser", USER),
    ("ann@x.org", "AWS::IAM::User", "arn:aws:iam::123456789012:user/ann@x.org"),
    ("AIDACKCEVSQ6C2EXAMPLE", "AWS::IAM::User", PRINCIPAL),
    ("AIDACKCEVSQ6C2EXAMPLE", "AwsIamUser", PRINCIPAL),
    ("sg-0abc12345def67890 (vpc-0abc12345def67890)", "AwsEc2SecurityGroup", GROUP),
    ("sg-0abc12345def67890 (vpc-0abc)", "", GROUP),
    ("ami-0abc12345def67890", "AWS::EC2::Image", IMAGE),
    ("arn:aws:ec2:eu-west-1:123456789012:image/ami-0abc12345def67890", "", IMAGE),
    ("arn:aws:ec2:eu-west-1::image/ami-0ABC12345DEF67890", "AwsEc2Image", IMAGE),
    ("arn:aws:s3:::b-1", "Other", BUCKET),
    ("db-1", "AWS::RDS::DBInstance", "arn:aws:rds:eu-west-1:123456789012:db:db-1"),
    ("db-1", "AwsRdsDbInstance", "arn:aws:rds:eu-west-1:123456789012:db:db-1"),
    ("s-1", "AWS::RDS::DBSnapshot", SNAPSHOT_OF_DB),
    ("arn:aws:rds:EU-WEST-1:123456789012:snapshot:s-1", "", SNAPSHOT_OF_DB),
    ("s-1", "AwsRdsDbClusterSnapshot", "arn:aws:rds:eu-west-1:123456789012:cluster-snapshot:s-1"),
    ("1234abcd-12ab-34cd-56ef-1234567890ab", "AWS::KMS::Key", KMS),
    ("arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab", "", KMS),
    ("https://sqs.eu-west-1.amazonaws.com/123456789012/q", "AWS::SQS::Queue", QUEUE),
    ("arn:aws:sqs:eu-west-1:123456789012:q", "AwsSqsQueue", QUEUE),
    ("lb", "AwsElbLoadBalancer", BALANCER),
    ("lb", "AWS::ElasticLoadBalancing::LoadBalancer", BALANCER),
    ("123456789012/d", "AWS::Elasticsearch::Domain", "arn:aws:es:eu-west-1:123456789012:domain/d"),
    ("E1", "AWS::CloudFront::Distribution", "arn:aws:cloudfront::123456789012:distribution/E1"),
    ("t", "AWS::CloudTrail::Trail", "arn:aws:cloudtrail:eu-west-1:123456789012:trail/t"),
    ("arn:aws:ecr:eu-west-1:123456789012:repository/r/sha256:af96", "AwsEcrContainerImage", LAYERS),
    ("arn:aws:ecr:eu-west-1:123456789012:repository/r@sha256:af96", "", LAYERS),
    ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/r@sha256:af96", "AwsEcrContainerImage", LAYERS),
    ("arn:aws:logs:eu-west-1:123456789012:log-group:g:*", "", LOGS),
    ("arn:aws:logs:eu-west-1:123456789012:log-group:g", "AwsLogsLogGroup", LOGS),
];

#[test]
fn the_shapes_of_one_resource_agree() {
    for (id, kind, name) in SHAPES {
        assert_eq!(canonical(id, kind), name, "{id} {kind}");
    }
}

#[test]
fn shapes_of_different_resources_differ() {
    for (a, kind_a, name_a) in SHAPES {
        for (b, kind_b, name_b) in SHAPES {
            let is_one = canonical(a, kind_a) == canonical(b, kind_b);

            assert_eq!(is_one, name_a == name_b, "{a} {kind_a}, {b} {kind_b}");
        }
    }
}

#[test]
fn a_database_known_by_its_resource_id_has_no_guessed_name() {
    let id = "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    assert!(canonical(id, "AWS::RDS::DBInstance").starts_with("other:"));
    assert!(canonical("cluster-ABCDEFGHIJKLMNOPQRST", "AWS::RDS::DBCluster").starts_with("other:"));
}

#[test]
fn a_snapshot_and_a_cluster_snapshot_of_one_name_are_two() {
    assert_ne!(
        canonical("s", "AWS::RDS::DBSnapshot"),
        canonical("s", "AWS::RDS::DBClusterSnapshot")
    );
    assert_eq!(
        canonical("rds:db-1-2022", "AWS::RDS::DBSnapshot"),
        "arn:aws:rds:eu-west-1:123456789012:snapshot:rds:db-1-2022"
    );
}

#[test]
fn an_arn_keeps_what_is_significant() {
    for id in [
        "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess",
        "arn:aws:iam::123456789012:instance-profile/path/name",
        "arn:aws:sts::123456789012:assumed-role/role/session",
        "arn:aws:s3:::bucket/folder/",
        "arn:aws:s3:eu-west-1:123456789012:accesspoint/ap",
        "arn:aws:ecr:eu-central-1:123456789012:repository/repo/sha256:af96",
        "arn:aws:rds:us-east-1:123456789012:snapshot:rds:database-1-2022",
        "arn:aws:lambda:eu-west-1:123456789012:layer:l:3",
        "arn:aws-iso:ec2:us-iso-west-1:111111111111:volume/vol-0a1",
        "arn:aws:cloudfront::123456789012:distribution/E202DN2YO141F9",
    ] {
        assert_eq!(canonical(id, ""), id);
    }
}

#[test]
fn what_is_no_name_is_one_for_each_place_and_kind() {
    let text = canonical("EBS Default Encryption", "Other");

    assert_eq!(text, "other:aws:eu-west-1:123456789012:Other/EBS Default Encryption");
    assert_ne!(text, canonical("EBS Default Encryption", "AwsAccount"));
    assert_eq!(canonical(&text, "Other"), text);
    assert_eq!(canonical("vpc-x1", "GcpVpc"), "other:aws:eu-west-1:123456789012:GcpVpc/vpc-x1");
}

#[test]
fn a_principal_is_an_account_however_it_is_written() {
    assert_eq!(canonical_principal("arn:aws:iam::444455556666:root"), "444455556666");
    assert_eq!(canonical_principal(" 444455556666 "), "444455556666");
    assert_eq!(canonical_principal("*"), "*");
    let role = "arn:aws:iam::444455556666:role/r";
    assert_eq!(canonical_principal(role), role);
}

/// Kinds that change how an id is read, and one that does not.
fn kinds() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "",
        "Other",
        "AwsS3Bucket",
        "AwsEc2Instance",
        "AwsIamAccessKey",
        "AwsLambdaFunction",
        "AWS::S3::Bucket",
        "Gcp/Thing",
        "AWS::IAM::User",
        "AWS::RDS::DBSnapshot",
        "AWS::SQS::Queue",
        "AwsEcrContainerImage",
    ])
}

/// Texts made of the pieces that the rules look at.
fn ids() -> impl Strategy<Value = String> {
    let pieces = vec![
        "arn:",
        "aws:",
        ":",
        "s3",
        "ec2",
        "lambda",
        "iam",
        "/",
        "i-",
        "sg-",
        "0a",
        "Function",
        "function:",
        "123456789012",
        "snapshot/",
        "instance/",
        "user/",
        "role/",
        "logs",
        ":*",
        "ecr",
        "@sha256:",
        " (vpc-",
        "https://sqs.",
        ".amazonaws.com/",
        ".dkr.ecr.",
        "AIDACKCEVSQ6C2EXAMPLE",
        "AWS::::Account:",
        "other:",
        " ",
        "acct-key:",
        "AWS::IAM::AccessKey:",
        "~",
        "%",
        "é",
        "B",
    ];
    prop::collection::vec(prop::sample::select(pieces), 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn a_canonical_name_is_its_own(id in ids(), kind in kinds()) {
        let name = canonical(&id, kind);

        prop_assert_eq!(canonical(&name, kind), name);
    }

    #[test]
    fn any_text_has_a_canonical_name_of_its_own(id in any::<String>(), kind in kinds()) {
        let name = canonical(&id, kind);

        prop_assert!(!name.is_empty());
        prop_assert_eq!(canonical(&name, kind), name);
    }

    #[test]
    fn two_resources_never_share_a_name(
        a in ("(ec2|rds|iam|s3|lambda)", "(eu-west-1|us-east-1)", "[12]{12}", "(db|role|x)/[a-zA-Z]{1,3}"),
        b in ("(ec2|rds|iam|s3|lambda)", "(eu-west-1|us-east-1)", "[12]{12}", "(db|role|x)/[a-zA-Z]{1,3}"),
    ) {
        let [a, b] = [a, b].map(|(s, r, account, path)| format!("arn:aws:{s}:{r}:{account}:{path}"));

        prop_assert_eq!(canonical(&a, "") == canonical(&b, ""), a == b);
    }

    #[test]
    fn bare_ids_of_two_places_never_share_a_name(
        id in "(i-[0-9a-f]{8}|Some text|AKIA[A-Z]{4})", kind in kinds(),
        a in ("[12]{12}", "(eu-west-1|us-east-1)"), b in ("[12]{12}", "(eu-west-1|us-east-1)"),
    ) {
        let name = |(account, region): &(String, String)| {
            let region: Region = region.parse().unwrap();
            let place = Place { partition: "aws", account: account.parse().unwrap(), region: &region };
            canonical_resource(&id, kind, &place)
        };
        // Access keys are known to the account alone, buckets to the partition.
        prop_assume!(a.0 != b.0 && !kind.ends_with("Bucket"));

        prop_assert_ne!(name(&a), name(&b));
    }
}
