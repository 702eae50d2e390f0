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

mod named;

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
///   buckets have no Region and account, EC2 snapshots and images no account; Lambda functions no
///   qualifier, log groups no `:*`; ids of EC2 are in lower case.
/// - IAM users, roles, groups and policies of an account have no path: "names must be unique within
///   the account" whatever their path (IAM API reference, `CreateUser`, `CreateRole`, `CreateGroup`,
///   `CreatePolicy`), and many products know the name alone.
/// - An account, however written, is `arn:{partition}:iam::{account}:root`.
/// - A bare id or name is completed from `kind` and `place`. A unique id of IAM (`AIDA…`), as Config
///   has it, is a principal of its own: nothing in it says which name it has.
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
        // IAM has no Regions.
        "iam" => joined(&partition, "iam", "", account, &[&without_path(account, resource)]),
        // The API writes log groups with `:*`, for the streams in them.
        "logs" => {
            let resource = resource.trim_end_matches(":*");
            joined(&partition, "logs", &region, account, &[resource])
        }
        // Some write an image like a container runtime does.
        "ecr" => {
            let resource = resource.replacen("@sha256:", "/sha256:", 1);
            joined(&partition, "ecr", &region, account, &[&resource])
        }
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
    // Snapshots and images have none (Service Authorization Reference, EC2); Trusted Advisor knows one.
    let account = if matches!(kind, "snapshot" | "image") { "" } else { account };
    let id = if ec2_kind(id) == Some(kind) { lower_case(id) } else { Cow::Borrowed(id) };
    joined(partition, "ec2", region, account, &[kind, "/", &id])
}

/// `user/name` of `user/path/name`. AWS's own policies, which belong to the account `aws`, keep theirs.
fn without_path<'a>(account: &str, resource: &'a str) -> Cow<'a, str> {
    if !is_account(account) {
        return resource.into();
    }
    match (resource.split_once('/'), resource.rsplit_once('/')) {
        (Some((kind @ ("user" | "role" | "group" | "policy"), path)), Some((_, name)))
            if path != name && !name.is_empty() =>
        {
            format!("{kind}/{name}").into()
        }
        _ => resource.into(),
    }
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
    // Trusted Advisor adds the VPC of a security group.
    let bare = id.split_once(" (vpc-").map_or(id, |(group, _)| group);
    if let Some(ec2) = ec2_kind(bare).filter(|_| says_ec2(bare, kind)) {
        return canonical_ec2(
            partition,
            region.as_str(),
            account.as_str(),
            &format!("{ec2}/{bare}"),
        );
    }
    if let Some(arn) = named::arn(id, kind, place) {
        return arn;
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
const EC2_KINDS: [(&str, &str); 22] = [
    ("acl", "network-acl"),
    ("ami", "image"),
    ("cgw", "customer-gateway"),
    ("dopt", "dhcp-options"),
    ("eipalloc", "elastic-ip"),
    ("eni", "network-interface"),
    ("fl", "vpc-flow-log"),
    ("i", "instance"),
    ("igw", "internet-gateway"),
    ("lt", "launch-template"),
    ("nat", "natgateway"),
    ("pcx", "vpc-peering-connection"),
    ("rtb", "route-table"),
    ("sg", "security-group"),
    ("snap", "snapshot"),
    ("subnet", "subnet"),
    ("tgw", "transit-gateway"),
    ("vgw", "vpn-gateway"),
    ("vol", "volume"),
    ("vpc", "vpc"),
    ("vpce", "vpc-endpoint"),
    ("vpn", "vpn-connection"),
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
mod tests;
