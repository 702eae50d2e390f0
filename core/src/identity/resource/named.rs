//! Names that are not ARNs, by the type of the resource.

use super::{Place, is_account, is_kind, is_word, principal};

/// Where an ARN has a Region.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    Region,
    Global,
}

use Reach::{Global, Region};

/// Service and name of the type in Config (which in ASFF are the same in another case), service of
/// the ARN, and what comes before the name in it.
///
/// What Config uses as `ResourceId`: Config developer guide, "Supported resource types"; the forms of
/// ARNs: Service Authorization Reference. Types whose id in Config is an ARN need no entry.
#[rustfmt::skip]
const NAMED: [(&str, &str, Reach, &str, &str); 24] = [
    ("CloudFront", "Distribution", Global, "cloudfront", "distribution/"),
    ("CloudTrail", "Trail", Region, "cloudtrail", "trail/"),
    ("CodeBuild", "Project", Region, "codebuild", "project/"),
    ("DynamoDB", "Table", Region, "dynamodb", "table/"),
    ("ECR", "Repository", Region, "ecr", "repository/"),
    ("ECS", "Cluster", Region, "ecs", "cluster/"),
    ("EFS", "FileSystem", Region, "elasticfilesystem", "file-system/"),
    ("EKS", "Cluster", Region, "eks", "cluster/"),
    ("Elb", "LoadBalancer", Region, "elasticloadbalancing", "loadbalancer/"),
    ("ElasticLoadBalancing", "LoadBalancer", Region, "elasticloadbalancing", "loadbalancer/"),
    ("IAM", "Group", Global, "iam", "group/"),
    ("IAM", "Policy", Global, "iam", "policy/"),
    ("IAM", "Role", Global, "iam", "role/"),
    ("IAM", "User", Global, "iam", "user/"),
    ("KMS", "Key", Region, "kms", "key/"),
    ("Kinesis", "Stream", Region, "kinesis", "stream/"),
    ("Lambda", "Function", Region, "lambda", "function:"),
    ("RDS", "DBCluster", Region, "rds", "cluster:"),
    ("RDS", "DBClusterSnapshot", Region, "rds", "cluster-snapshot:"),
    ("RDS", "DBInstance", Region, "rds", "db:"),
    ("RDS", "DBSnapshot", Region, "rds", "snapshot:"),
    ("Redshift", "Cluster", Region, "redshift", "cluster:"),
    ("SageMaker", "NotebookInstance", Region, "sagemaker", "notebook-instance/"),
    ("WorkSpaces", "Workspace", Region, "workspaces", "workspace/"),
];

/// What the unique ids of IAM begin with: groups, users, instance profiles, policies, roles (IAM user
/// guide, "Unique identifiers").
const UNIQUE: [&str; 5] = ["AGPA", "AIDA", "AIPA", "ANPA", "AROA"];

/// The ARN of what a product calls `id` and says is a `kind`; the pseudo-ARN of a unique id of IAM;
/// `None` when neither id nor kind say which.
pub(super) fn arn(id: &str, kind: &str, place: &Place<'_>) -> Option<String> {
    if let Some(found) = queue(id, kind, place).or_else(|| image(id, place)) {
        return Some(found);
    }
    if is_unique(id)
        && (kind.is_empty() || kind.starts_with("AwsIam") || kind.starts_with("AWS::IAM::"))
    {
        return Some(principal(place.account, id));
    }
    if let Some(found) = domain(id, kind, place) {
        return Some(found);
    }
    let Place { partition, account, region } = place;
    let (.., reach, service, prefix) =
        NAMED.iter().find(|(service, name, ..)| is_kind(kind, service, name))?;
    let is_name = is_name(service, id) || is_snapshot(prefix, id);
    if !is_name || is_resource_id(prefix, id) {
        return None;
    }
    let region = if *reach == Global { "" } else { region.as_str() };
    Some(format!("arn:{partition}:{service}:{region}:{account}:{prefix}{id}"))
}

/// Whether `id` can be a name in that service: words, and in IAM `+=,.@` (IAM API reference), in
/// `DynamoDB` `.`, in ECR `./`.
fn is_name(service: &str, id: &str) -> bool {
    let more: &[u8] = match service {
        "iam" => b"+=,.@_-",
        "dynamodb" => b"._-",
        "ecr" => b"./_-",
        _ => b"_-",
    };
    id.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || more.contains(&b))
}

fn is_unique(id: &str) -> bool {
    (16..=128).contains(&id.len())
        && UNIQUE.iter().any(|start| id.starts_with(start))
        && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Automatic snapshots have a name of two parts: `rds:database-1-2022-01-01-00-00`.
fn is_snapshot(prefix: &str, id: &str) -> bool {
    let name = id.strip_prefix("rds:").filter(|_| prefix.ends_with("snapshot:"));
    name.is_some_and(is_word)
}

/// Config knows databases by ids that their ARNs do not have: `db-ABCDEFGHIJKLMNOPQRSTUVWXYZ`,
/// `cluster-…`.
fn is_resource_id(prefix: &str, id: &str) -> bool {
    let start = match prefix {
        "db:" => "db-",
        "cluster:" => "cluster-",
        _ => return false,
    };
    id.strip_prefix(start).is_some_and(|rest| {
        rest.len() >= 20 && rest.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    })
}

/// A queue, which Config calls by its URL: `https://sqs.eu-west-1.amazonaws.com/123456789012/name`.
fn queue(id: &str, kind: &str, place: &Place<'_>) -> Option<String> {
    if !is_kind(kind, "SQS", "Queue") {
        return None;
    }
    let rest = id.strip_prefix("https://sqs.")?;
    let (host, path) = rest.split_once('/')?;
    let (region, _) = host.split_once(".amazonaws.com")?;
    let (account, name) = path.split_once('/')?;
    let is_place =
        is_account(account) && is_word(region) && is_word(name.trim_end_matches(".fifo"));
    is_place.then(|| format!("arn:{}:sqs:{region}:{account}:{name}", place.partition))
}

/// A container image as runtimes call it:
/// `123456789012.dkr.ecr.eu-west-1.amazonaws.com/name@sha256:…`.
fn image(id: &str, place: &Place<'_>) -> Option<String> {
    let (account, rest) = id.split_once(".dkr.ecr.")?;
    let (region, rest) = rest.split_once(".amazonaws.com")?;
    let (_, path) = rest.split_once('/').filter(|(cn, _)| cn.is_empty() || *cn == ".cn")?;
    let (name, digest) = path.split_once("@sha256:")?;
    let is_name =
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b));
    let is_image = is_account(account) && is_word(region) && is_name && is_word(digest);
    let partition = place.partition;
    is_image.then(|| {
        format!("arn:{partition}:ecr:{region}:{account}:repository/{name}/sha256:{digest}")
    })
}

/// A search domain, which Config calls `123456789012/name`.
fn domain(id: &str, kind: &str, place: &Place<'_>) -> Option<String> {
    let is_domain = ["Elasticsearch", "OpenSearch", "OpenSearchService"]
        .iter()
        .any(|service| is_kind(kind, service, "Domain"));
    let name = id.strip_prefix(place.account.as_str()).and_then(|id| id.strip_prefix('/'));
    let name = name.unwrap_or(id);
    let Place { partition, account, region } = place;
    (is_domain && is_word(name))
        .then(|| format!("arn:{partition}:es:{region}:{account}:domain/{name}"))
}
