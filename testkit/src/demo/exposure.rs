//! What the internet can reach.

use super::story::{Story, america, europe, shared};
use super::{DATA, PRODUCTION, SANDBOX};
use crate::{FlagStatus, Resource};

const EVERYBODY: (&str, &str) = ("AWS", "*");

pub(super) fn tell(story: &mut Story) {
    buckets(story);
    databases(story);
    network(story);
    policies(story);
}

/// The customer exports: told by all four products.
pub(super) fn customer_exports() -> Resource {
    Resource::bucket(&europe(DATA), "acme-customer-exports")
        .tagged("team", "data-platform")
        .tagged("classification", "confidential")
}

pub(super) fn bastion() -> Resource {
    Resource::instance(&europe(PRODUCTION), "bastion").tagged("team", "platform")
}

fn buckets(story: &mut Story) {
    let exports = customer_exports();
    story.failed("exports-read", "S3.2", &exports, (2, 3));
    story.failed("exports-block", "S3.8", &exports, (2, 40));
    story.shared("exports-outside", &exports, EVERYBODY, &["s3:GetObject", "s3:ListBucket"], 3);
    story.flag(
        "exports-permissions",
        DATA,
        ("Pfx0RwqBli", FlagStatus::Error),
        Some("eu-west-1"),
        &[
            ("Region Name", "EU (Ireland)"),
            ("Region API Parameter", "eu-west-1"),
            ("Bucket Name", "acme-customer-exports"),
            ("ACL Allows List", "No"),
            ("ACL Allows Upload/Delete", "No"),
            ("Policy Allows Access", "Yes"),
        ],
    );

    let site = Resource::bucket(&europe(PRODUCTION), "acme-static-site").tagged("team", "web");
    story.failed("site-block", "S3.8", &site, (5, 210));
    story.flag(
        "site-permissions",
        PRODUCTION,
        ("Pfx0RwqBli", FlagStatus::Warning),
        Some("eu-west-1"),
        &[
            ("Region Name", "EU (Ireland)"),
            ("Region API Parameter", "eu-west-1"),
            ("Bucket Name", "acme-static-site"),
            ("ACL Allows List", "No"),
            ("ACL Allows Upload/Delete", "No"),
            ("Policy Allows Access", "No"),
        ],
    );

    let drop = Resource::bucket(&america(SANDBOX), "acme-sandbox-drop");
    story.failed("drop-write", "S3.3", &drop, (7, 12));
    story.shared("drop-outside", &drop, EVERYBODY, &["s3:PutObject", "s3:DeleteObject"], 12);
}

fn databases(story: &mut Story) {
    let orders = Resource::database(&europe(PRODUCTION), "orders").tagged("team", "shop");
    story.failed("orders-public", "RDS.2", &orders, (3, 26));
    story.failed("orders-plain", "RDS.3", &orders, (3, 400));
    story.flag(
        "orders-encryption",
        PRODUCTION,
        ("c1qf5bt006", FlagStatus::Error),
        Some("eu-west-1"),
        &[("Resource", &orders.id), ("Engine Name", "postgres")],
    );

    let last = Resource::database_snapshot(&europe(PRODUCTION), "orders-final");
    story.failed("orders-snapshot", "RDS.1", &last, (9, 15));
    story.shared("orders-snapshot-outside", &last, EVERYBODY, &["rds:RestoreDBSnapshot"], 15);
    story.flag(
        "orders-snapshot-permissions",
        PRODUCTION,
        ("rSs93HQwa1", FlagStatus::Error),
        Some("eu-west-1"),
        &[("DB Instance or Cluster ID", "orders"), ("Snapshot ID", "orders-final")],
    );

    let image = Resource::snapshot(&europe(PRODUCTION), "golden-image-2023");
    let account = Resource::account(&europe(PRODUCTION));
    story.failed("snapshots-public", "EC2.1", &account, (6, 48));
    story.shared("image-outside", &image, EVERYBODY, &["ec2:CreateVolume"], 48);
    let volume = Resource::volume(&europe(PRODUCTION), "golden-image-source");
    story.flag(
        "image-permissions",
        PRODUCTION,
        ("ePs02jT06w", FlagStatus::Error),
        Some("eu-west-1"),
        &[
            ("Volume ID", &volume.name),
            ("Snapshot ID", &image.name),
            ("Description", "Golden image 2023, do not delete"),
        ],
    );
}

fn network(story: &mut Story) {
    let ssh = Resource::security_group(&europe(PRODUCTION), "bastion-ssh", 22);
    let shown = format!("{} (vpc-0a1b2c3d4e5f60718)", ssh.name);
    story.failed("ssh-open", "EC2.13", &ssh, (4, 95));
    story.failed("ssh-high-risk", "EC2.19", &ssh, (4, 95));
    story.flag(
        "ssh-port",
        PRODUCTION,
        ("HCP4007jGY", FlagStatus::Error),
        Some("eu-west-1"),
        &[
            ("Security Group Name", "bastion-ssh"),
            ("Security Group ID", &shown),
            ("Protocol", "tcp"),
            ("Ports", "22"),
        ],
    );
    story.flag(
        "ssh-unrestricted",
        PRODUCTION,
        ("1iG5NDGVre", FlagStatus::Error),
        Some("eu-west-1"),
        &[
            ("Security Group Name", "bastion-ssh"),
            ("Security Group ID", &shown),
            ("Protocol", "tcp"),
            ("Port", "22"),
            ("IP Range", "0.0.0.0/0"),
        ],
    );
    let rdp = Resource::security_group(&america(SANDBOX), "windows-jump", 3389);
    story.failed("rdp-open", "EC2.14", &rdp, (11, 30));

    let cluster = Resource::cluster(&europe(PRODUCTION), "platform");
    story.failed("cluster-public", "EKS.1", &cluster, (8, 160));
    let legacy = Resource::load_balancer(&europe(PRODUCTION), "legacy-web");
    story.failed("legacy-listener", "ELB.3", &legacy, (10, 700));
    story.flag(
        "legacy-listener-security",
        PRODUCTION,
        ("a2sEc6ILx", FlagStatus::Error),
        Some("eu-west-1"),
        &[
            ("Load Balancer Name", "legacy-web"),
            ("Load Balancer Port", "80"),
            ("Reason", "No listener uses a secure protocol"),
        ],
    );
}

fn policies(story: &mut Story) {
    let hooks = Resource::queue(&europe(PRODUCTION), "webhook-inbox");
    story.failed("hooks-public", "SQS.3", &hooks, (5, 64));
    story.shared("hooks-outside", &hooks, EVERYBODY, &["sqs:SendMessage"], 64);

    let resize = Resource::function(&europe(PRODUCTION), "image-resize");
    story.failed("resize-public", "Lambda.1", &resize, (6, 20));
    story.failed("resize-runtime", "Lambda.2", &resize, (6, 120));
    story.shared("resize-outside", &resize, EVERYBODY, &["lambda:InvokeFunction"], 20);
    story.flag(
        "resize-deprecated",
        PRODUCTION,
        ("L4dfs2Q4C5", FlagStatus::Error),
        Some("eu-west-1"),
        &[
            ("Function ARN", &format!("{}:$LATEST", resize.id)),
            ("Runtime", "python3.8"),
            ("Days to Deprecation", "0"),
            ("Deprecation Date", "2024-10-14"),
            ("Average Daily Invokes", "1830"),
        ],
    );

    let key = Resource::key(&europe(DATA), "warehouse");
    let partner = ("AWS", "arn:aws:iam::777788889999:root");
    let in_organization = [("aws:PrincipalOrgID", "o-a1b2c3d4e5")];
    let event = shared("warehouse-key", &key, partner, &["kms:Decrypt"], &in_organization, 33);
    story.add(1, event);
    let secret = Resource::secret(&europe(DATA), "warehouse/loader");
    story.shared("loader-secret", &secret, partner, &["secretsmanager:GetSecretValue"], 33);
    story.failed("loader-rotation", "SecretsManager.1", &secret, (12, 90));
}
