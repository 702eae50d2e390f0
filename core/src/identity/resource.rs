//! One name for each resource, whichever shape a product writes.
//!
//! Most products write ARNs, which need little. What AWS gives no ARN gets a documented pseudo-ARN:
//!
//! | form | what |
//! |---|---|
//! | `acct-key:{account}:{key id}` | an access key |
//! | `acct-principal:{account}:{id}` | a principal known by its unique id alone |
//! | `ta-row:{account}:{check}:{hash}` | a Trusted Advisor row that names no resource |
//! | `other:{partition}:{region}:{account}:{kind}/{text}` | a text that is no name AWS knows |

use std::borrow::Cow;

use super::{Arn, bounded_part};
use crate::ids::{AccountId, Region};

/// Where a report comes from: what completes a name that is not an ARN.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// `aws`, `aws-cn`…
    pub partition: &'a str,
    /// The account that owns the resource.
    pub account: AccountId,
    /// The resource's Region.
    pub region: &'a Region,
}

/// The name of an account as a resource: the ARN of its root.
pub fn account_root(partition: &str, account: &str) -> String {
    format!("arn:{partition}:iam::{account}:root")
}

/// The name of an access key. AWS has no ARN for it.
pub fn access_key(account: AccountId, key: &str) -> String {
    format!("acct-key:{account}:{key}")
}

/// The name of a principal of which only the unique id is known (`AROA…:session`).
pub fn principal(account: AccountId, id: &str) -> String {
    format!("acct-principal:{account}:{id}")
}

/// One text for a principal that has access: an account's root ARN and its bare number are the same.
pub fn canonical_principal(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    let root = Arn::parse(text)
        .filter(|arn| arn.service == "iam" && arn.resource == "root" && is_account(arn.account));
    bounded_part(root.map_or(text, |arn| arn.account))
}

/// The canonical name of the resource that a provider calls `id` and says is a `kind` (an ASFF type
/// such as `AwsS3Bucket`, a Config type such as `AWS::S3::Bucket`, or empty).
///
/// - An ARN keeps its text; partition, service and Region in lower case; without a final `/`. S3
///   buckets have no Region and account, EC2 snapshots no account; Lambda functions no qualifier;
///   instance and security group ids are in lower case.
/// - An account, however written, is `arn:{partition}:iam::{account}:root`.
/// - A bare id is completed from `kind` and `place`.
///
/// Applied to its own result it changes nothing. Longer names than
/// [`PART_BYTES_MAX`](super::PART_BYTES_MAX) end in a hash.
pub fn canonical_resource(id: &str, kind: &str, place: &Place<'_>) -> String {
    let id = id.trim();
    let id = bounded_part(id);
    let name = match Arn::parse(&id) {
        Some(arn) => canonical_arn(&arn),
        None if is_pseudo(&id) => id.clone().into_owned(),
        None => complete(&id, kind, place),
    };
    match bounded_part(&name) {
        Cow::Borrowed(_) => name,
        Cow::Owned(bounded) => bounded,
    }
}

fn canonical_arn(arn: &Arn<'_>) -> String {
    let (partition, service, region) =
        (lower_case(arn.partition), lower_case(arn.service), lower_case(arn.region));
    let cut = arn.resource.trim_end_matches(|c: char| c == '/' || c.is_whitespace());
    // The final slash of an S3 object's name belongs to the name.
    let resource = if service == "s3" && cut.contains('/') { arn.resource } else { cut };
    let account = arn.account;
    match &*service {
        // Seen in findings of Cloud Custodian: `arn:aws:::123456789012:`.
        "" if is_account(account) && resource.is_empty() => account_root(&partition, account),
        // Buckets belong to a partition. Access points and the like do have a Region and an account.
        "s3" if is_bucket_name(resource) => joined(&partition, "s3", "", "", &[resource]),
        "ec2" => canonical_ec2(&partition, &region, account, resource),
        "lambda" => joined(&partition, "lambda", &region, account, &[without_qualifier(resource)]),
        service => joined(&partition, service, &region, account, &[resource]),
    }
}

/// The text in lower case, which it usually is.
fn lower_case(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

/// The ARN of these parts. Every document has one made: this takes a third of the time of `format!`.
fn joined(
    partition: &str,
    service: &str,
    region: &str,
    account: &str,
    resource: &[&str],
) -> String {
    let mut arn = String::with_capacity(128);
    for part in ["arn", partition, service, region, account] {
        arn.push_str(part);
        arn.push(':');
    }
    for part in resource {
        arn.push_str(part);
    }
    arn
}

fn canonical_ec2(partition: &str, region: &str, account: &str, resource: &str) -> String {
    // Seen: `arn:aws:ec2:eu-west-1:123456789012:i-0abc`, without `instance/`.
    let (kind, id) = match resource.split_once('/') {
        Some((kind, id)) => (kind, id),
        None => match ec2_kind(resource) {
            Some(kind) => (kind, resource),
            None => return joined(partition, "ec2", region, account, &[resource]),
        },
    };
    // EC2 and ASFF write snapshots without an account, Trusted Advisor knows one.
    let account = if kind == "snapshot" { "" } else { account };
    let id = if ec2_kind(id) == Some(kind) { lower_case(id) } else { Cow::Borrowed(id) };
    joined(partition, "ec2", region, account, &[kind, "/", &id])
}

/// `function:name` of `function:name:qualifier`.
fn without_qualifier(resource: &str) -> &str {
    let Some(name) = resource.strip_prefix("function:") else {
        return resource;
    };
    match name.split_once(':') {
        Some((name, _)) => resource.split_at("function:".len() + name.len()).0,
        None => resource,
    }
}

/// Completes what is not an ARN.
fn complete(id: &str, kind: &str, place: &Place<'_>) -> String {
    let Place { partition, account, region } = place;
    if let Some(number) = id.strip_prefix("AWS::::Account:").filter(|number| is_account(number)) {
        return account_root(partition, number);
    }
    if let Some(key) = id.strip_prefix("AWS::IAM::AccessKey:").filter(|key| !key.is_empty()) {
        return access_key(*account, key);
    }
    if is_kind(kind, "IAM", "AccessKey") && is_word(id) {
        return access_key(*account, id);
    }
    // A bucket may be called like an account, but then not like its own.
    if is_account(id) && (id == account.as_str() || !is_kind(kind, "S3", "Bucket")) {
        return account_root(partition, id);
    }
    if is_kind(kind, "S3", "Bucket") {
        // Seen in findings of Cloud Custodian: `arn:aws:::name`.
        let name = id.strip_prefix("arn:aws:::").unwrap_or(id);
        if is_bucket_name(name) {
            return format!("arn:{partition}:s3:::{name}");
        }
    }
    if is_kind(kind, "Lambda", "Function") && is_word(id) {
        return format!("arn:{partition}:lambda:{region}:{account}:function:{id}");
    }
    if let Some(ec2) = ec2_kind(id).filter(|_| says_ec2(id, kind)) {
        let account = if ec2 == "snapshot" { "" } else { account.as_str() };
        return joined(partition, "ec2", region.as_str(), account, &[ec2, "/", &lower_case(id)]);
    }
    // The kind is the product's text too: it must not run into the id.
    let kind = kind.replace('%', "%25").replace('/', "%2F");
    format!("other:{partition}:{region}:{account}:{kind}/{id}")
}

/// Whether `id` is one of the pseudo-ARNs of this module, so that it is complete.
fn is_pseudo(id: &str) -> bool {
    let account_at = |place: usize| id.split(':').nth(place).is_some_and(is_account);
    match id.split_once(':').map(|(scheme, _)| scheme) {
        Some("acct-key" | "acct-principal" | "ta-row") => account_at(1),
        Some("other") => account_at(3) && id.contains('/'),
        _ => false,
    }
}

/// Whether `kind` is the ASFF or Config name of that type: `AwsS3Bucket`, `AWS::S3::Bucket`.
fn is_kind(kind: &str, service: &str, name: &str) -> bool {
    let service_and_name = |text: &str, between: &str| {
        text.len() == service.len() + between.len() + name.len()
            && text.get(..service.len()).is_some_and(|s| s.eq_ignore_ascii_case(service))
            && text.get(service.len()..).is_some_and(|rest| {
                rest.strip_prefix(between).is_some_and(|rest| rest.eq_ignore_ascii_case(name))
            })
    };
    match kind.strip_prefix("AWS::") {
        Some(config) => service_and_name(config, "::"),
        None => kind.strip_prefix("Aws").is_some_and(|asff| service_and_name(asff, "")),
    }
}

/// What EC2's ids begin with, and the resource types that these have in ARNs.
const EC2_KINDS: [(&str, &str); 9] = [
    ("acl", "network-acl"),
    ("ami", "image"),
    ("eni", "network-interface"),
    ("i", "instance"),
    ("sg", "security-group"),
    ("snap", "snapshot"),
    ("subnet", "subnet"),
    ("vol", "volume"),
    ("vpc", "vpc"),
];

/// The EC2 resource type of an id such as `i-0abc`, by its prefix.
fn ec2_kind(id: &str) -> Option<&'static str> {
    let (prefix, rest) = id.split_once('-')?;
    let (_, kind) = EC2_KINDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(prefix))?;
    (!rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric())).then_some(*kind)
}

/// Whether a bare id that looks like EC2's is one: its type says so, or nothing contradicts and it is
/// hexadecimal.
fn says_ec2(id: &str, kind: &str) -> bool {
    if kind.starts_with("AwsEc2") || kind.starts_with("AWS::EC2::") {
        return true;
    }
    let digits = id.split_once('-').map_or("", |(_, digits)| digits);
    (kind.is_empty() || kind == "Other")
        && matches!(digits.len(), 8 | 17)
        && digits.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Whether `text` can be a bucket's name (3 to 63 of a-z, 0-9, `.`, `-`; older ones may have upper
/// case and `_`).
fn is_bucket_name(text: &str) -> bool {
    (3..=255).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b))
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
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

    /// What a product calls it, its type, the canonical name.
    const SHAPES: [(&str, &str, &str); 24] = [
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
    ];

    #[test]
    fn the_shapes_of_one_resource_agree() {
        for (id, kind, name) in SHAPES {
            assert_eq!(canonical(id, kind), name, "{id} {kind}");
        }
    }

    #[test]
    fn an_arn_keeps_what_is_significant() {
        for id in [
            "arn:aws:iam::123456789012:role/Path/Name",
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
}
