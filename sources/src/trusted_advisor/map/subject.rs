//! What a row is about: the resource behind its cells, and what distinguishes it there.

use muster_core::identity::{Place, account_root};
use muster_core::ids::Region;
use muster_core::report::{Attribute, Resource};

use super::row::Row;
use crate::access::Access;
use crate::attributes::{Attributes, Ports};
use crate::draft::{resource, word};

/// Checks that are about the account, or about a Region of it, as a whole.
const OF_ACCOUNT: [&str; 6] = [
    "07602fcad6", // IAM Access Analyzer external access (is there an analyzer?)
    "7DAFEmoDos", // MFA on root account
    "Yw2K9puPzl", // IAM password policy
    "c2vlfg0f4h", // root user access key
    "c2vlfg0p86", // IAM SAML identity provider
    "zXCkfM1nI3", // IAM use (no longer offered)
];

/// `RDS public snapshots`: the cells do not say whether of an instance or of a cluster.
const RDS_PUBLIC_SNAPSHOTS: &str = "rSs93HQwa1";

/// The resources of a row, the primary one first; none when the cells name none.
pub(super) fn resources(check: &str, cells: &Row<'_>, place: &Place<'_>) -> Vec<Resource> {
    if OF_ACCOUNT.contains(&check) {
        return vec![account(place)];
    }
    if let Some(arn) = cells.arn() {
        return vec![resource(arn, "", place)];
    }
    if check == RDS_PUBLIC_SNAPSHOTS {
        return rds_snapshots(cells, place);
    }
    let found = ec2(cells, place).or_else(|| iam(cells, place)).or_else(|| named(cells, place));
    let found = found.or_else(|| Some(resource(cells.cell(&["Resource"])?, "", place)));
    found.into_iter().collect()
}

/// The account as a resource.
pub(super) fn account(place: &Place<'_>) -> Resource {
    Resource {
        id: account_root(place.partition, place.account.as_str()),
        original: String::new(),
        kind: "AwsAccount".to_owned(),
    }
}

/// The row itself, where it names nothing.
pub(super) fn row(check: &str, hash: &str, place: &Place<'_>) -> Resource {
    Resource {
        id: format!("ta-row:{}:{check}:{hash}", place.account),
        original: String::new(),
        kind: String::new(),
    }
}

/// Both names that the snapshot may have, the one of an instance's first.
fn rds_snapshots(cells: &Row<'_>, place: &Place<'_>) -> Vec<Resource> {
    let Some(id) = cells.cell(&["Snapshot ID"]) else {
        return Vec::new();
    };
    let Place { partition, account, region } = place;
    [("snapshot", "AwsRdsDbSnapshot"), ("cluster-snapshot", "AwsRdsDbClusterSnapshot")]
        .into_iter()
        .map(|(part, kind)| {
            let arn = format!("arn:{partition}:rds:{region}:{account}:{part}:{id}");
            Resource { original: word(id), ..resource(&arn, kind, place) }
        })
        .collect()
}

/// Load balancers and what EC2 has ids for. A load balancer's security groups are not its name, and a
/// snapshot comes before the volume it was made of.
fn ec2(cells: &Row<'_>, place: &Place<'_>) -> Option<Resource> {
    if let Some(name) = cells.cell(&["Load Balancer Name"]) {
        let Place { partition, account, region } = place;
        let arn =
            format!("arn:{partition}:elasticloadbalancing:{region}:{account}:loadbalancer/{name}");
        return Some(Resource {
            original: word(name),
            ..resource(&arn, "AwsElbLoadBalancer", place)
        });
    }
    if let Some(name) = cells.cell(&["ALB Name"]) {
        return Some(resource(name, "AwsElbv2LoadBalancer", place));
    }
    if let Some(cell) = cells.cell(&["Security Group ID"]) {
        return Some(resource(group_id(cell), "AwsEc2SecurityGroup", place));
    }
    [
        ("Snapshot ID", "AwsEc2Snapshot"),
        ("Instance ID", "AwsEc2Instance"),
        ("Volume ID", "AwsEc2Volume"),
        ("VPC ID", "AwsEc2Vpc"),
    ]
    .into_iter()
    .find_map(|(column, kind)| Some(resource(cells.cell(&[column])?, kind, place)))
}

/// `sg-…` of a cell that may be `sg-… (vpc-…)`.
fn group_id(cell: &str) -> &str {
    let Some(at) = cell.find("sg-") else {
        return cell;
    };
    let id = cell.get(at..).unwrap_or(cell);
    let end = id.char_indices().skip(3).find(|(_, c)| !c.is_ascii_alphanumeric());
    end.and_then(|(end, _)| id.get(..end)).unwrap_or(id)
}

/// Users, by name: their path is not known.
fn iam(cells: &Row<'_>, place: &Place<'_>) -> Option<Resource> {
    let Place { partition, account: number, .. } = place;
    if let Some(name) = cells.cell(&["IAM User", "User Name (IAM or Root)", "User Name"]) {
        if ["root", "<root_account>"].iter().any(|root| name.eq_ignore_ascii_case(root)) {
            return Some(account(place));
        }
        let arn = format!("arn:{partition}:iam::{number}:user/{name}");
        return Some(Resource { original: word(name), ..resource(&arn, "AwsIamUser", place) });
    }
    if let Some(key) = cells.cell(&["Access Key ID"]) {
        return Some(resource(key, "AwsIamAccessKey", place));
    }
    cells.cell(&["Account ID"]).map(|id| resource(id, "AwsAccount", place))
}

/// What other services have names for.
fn named(cells: &Row<'_>, place: &Place<'_>) -> Option<Resource> {
    if let Some(bucket) =
        cells.cell(&["Bucket Name"]).filter(|_| cells.cell(&["Trail Name"]).is_none())
    {
        return Some(resource(bucket, "AwsS3Bucket", place));
    }
    let Place { partition, account, region } = place;
    let none = Region::global();
    [
        ("Trail Name", "cloudtrail", *region, account.as_str(), "trail/", "AwsCloudTrailTrail"),
        (
            "Distribution ID",
            "cloudfront",
            &none,
            account.as_str(),
            "distribution/",
            "AwsCloudFrontDistribution",
        ),
        (
            "EFS File System ID",
            "elasticfilesystem",
            *region,
            account.as_str(),
            "file-system/",
            "AwsEfsFileSystem",
        ),
        ("Hosted Zone ID", "route53", &none, "", "hostedzone/", "AwsRoute53HostedZone"),
        (
            "RDS Security Group Name",
            "rds",
            *region,
            account.as_str(),
            "secgrp:",
            "AwsRdsDbSecurityGroup",
        ),
        ("DB Instance", "rds", *region, account.as_str(), "db:", "AwsRdsDbInstance"),
        ("DB Instance Name", "rds", *region, account.as_str(), "db:", "AwsRdsDbInstance"),
        ("Function Name", "lambda", *region, account.as_str(), "function:", "AwsLambdaFunction"),
    ]
    .into_iter()
    .find_map(|(column, service, region, account, part, kind)| {
        let name = cells.cell(&[column])?;
        let region = if *region == none { "" } else { region.as_str() };
        let arn = format!("arn:{partition}:{service}:{region}:{account}:{part}{name}");
        Some(Resource { original: word(name), ..resource(&arn, kind, place) })
    })
}

/// What distinguishes a row from others on the same resource: the rule of a security group
/// (`protocol:from-to[:range]`), the access key, the port of a listener, a name within a zone.
pub(super) fn facet(cells: &Row<'_>) -> String {
    if let Some(ports) = ports(cells) {
        let range = cells.cell(&["IP Range"]).map_or_else(String::new, |range| format!(":{range}"));
        return word(&format!("{}{range}", ports.facet()));
    }
    let columns = [
        "Access Key",
        "Access Key ID",
        "Load Balancer Port",
        "Certificate Name",
        "Origin",
        "Resource Record Set Name",
    ];
    cells.cell(&columns).map_or_else(String::new, word)
}

/// The ports that a rule of a security group opens.
pub(super) fn ports(cells: &Row<'_>) -> Option<Ports> {
    let protocol = cells.cell(&["Protocol"])?;
    Some(match (cells.cell(&["From Port"]), cells.cell(&["To Port"])) {
        (Some(from), Some(to)) => Ports::between(protocol, from, to),
        _ => Ports::of_cell(protocol, cells.cell(&["Ports", "Port"]).unwrap_or_default()),
    })
}

/// Details on which classes decide: the columns that do not move, the colour, the ports in one form.
pub(super) fn attributes(status: &str, cells: &Row<'_>) -> Attributes {
    let mut attributes = Attributes::default();
    let known = ["ok", "warning", "error", "not_available"];
    let status = match status.to_ascii_lowercase().as_str() {
        "warn" => "warning",
        other => known.iter().find(|known| **known == other).unwrap_or(&"not_available"),
    };
    attributes.add("row status", status);
    let ports = ports(cells);
    if let Some(ports) = &ports {
        attributes.add_ports(ports);
    }
    for (column, text) in cells.fixed() {
        let is_port = matches!(column.as_str(), "protocol" | "from port" | "to port");
        if ports.is_none() || !is_port {
            attributes.add(&column, text);
        }
    }
    attributes
}

/// The columns of S3 bucket permissions that say that anybody can read the bucket.
const READ_COLUMNS: [&str; 2] = ["ACL Allows List", "Policy Allows Access"];

/// The column that says that anybody can write it.
const WRITE_COLUMN: &str = "ACL Allows Upload/Delete";

/// What anybody can do to the bucket of a row; `None` when it is not about that.
pub(super) fn public_access(check: &str, status: &str, cells: &Row<'_>) -> Option<Access> {
    let is_red = status.eq_ignore_ascii_case("error");
    let access = Access {
        read: READ_COLUMNS.iter().any(|column| cells.says_yes(column)),
        write: cells.says_yes(WRITE_COLUMN),
    };
    let says_any = access.read || access.write;
    (check == super::verdict::S3_BUCKET_PERMISSIONS && is_red && says_any).then_some(access)
}

/// Of the columns that make statements, leaves those of the statement about `access`.
pub(super) fn retain_columns_of(access: &str, attributes: &mut Vec<Attribute>) {
    let others: &[&str] = if access == "read" { &[WRITE_COLUMN] } else { &READ_COLUMNS };
    let is_other = |name: &str| others.iter().any(|other| name.eq_ignore_ascii_case(other));
    attributes.retain(|attribute| !is_other(&attribute.name));
}
