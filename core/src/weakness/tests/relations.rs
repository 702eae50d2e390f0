//! What findings have to do with each other.

use super::*;

fn relation(a: &Report, b: &Report) -> Option<(RelationKind, String)> {
    let classes = Classes::builtin();
    let (a, b) = (finding(a.clone()), finding(b.clone()));
    let found = classes.relation(&a, &b);
    let turned = classes.relation(&b, &a);
    assert_eq!(found.as_ref().map(|r| r.kind.turned()), turned.map(|r| r.kind), "both ways");
    found.map(|found| (found.kind, found.class))
}

#[test]
fn behaviour_on_the_resource_is_a_threat_to_it() {
    use IdentityRule::{Control, GuardDuty, Health};
    let public = says(Control, "S3.2", BUCKET, &[]);
    let granted = says(GuardDuty, "Policy:S3/BucketPublicAccessGranted", BUCKET, &[]);
    let other = says(GuardDuty, "Discovery:S3/TorIPCaller", BUCKET, &[]);
    let elsewhere = says(GuardDuty, "Policy:S3/BucketPublicAccessGranted", "arn:aws:s3:::x", &[]);
    let notice = says(Health, "AWS_S3_OPEN_ACCESS_BUCKET_NOTIFICATION", BUCKET, &[]);

    let named = Some((RelationKind::Threat, "s3.public_read".to_owned()));
    assert_eq!(relation(&public, &granted), named);
    assert_eq!(relation(&public, &other), Some((RelationKind::Threat, String::new())));
    assert_eq!(relation(&public, &elsewhere), None);
    assert_eq!(
        relation(&public, &notice),
        Some((RelationKind::Evidence, "s3.public_read".to_owned()))
    );
    assert_eq!(
        Classes::builtin().related(&granted).map(|class| &*class.id).collect::<Vec<_>>(),
        ["s3.public_read", "s3.public_write"]
    );
}

#[test]
fn a_part_knows_its_whole() {
    use IdentityRule::{Control, TrustedAdvisor};
    let whole = says(Control, "EC2.1", ACCOUNT, &[]);
    let mut snapshot =
        says(TrustedAdvisor, "ePs02jT06w", "arn:aws:ec2:eu-west-1::snapshot/snap-1", &[]);
    let found = Some((RelationKind::Part, "ebs.snapshot_public".to_owned()));
    assert_eq!(relation(&whole, &snapshot), found);
    snapshot.region = "us-east-1".parse().unwrap();
    assert_eq!(relation(&whole, &snapshot), None, "another Region");

    let group = says(Control, "EC2.19", GROUP, &[]);
    let port = rule_of_group("HCP4007jGY", "3306", "3306");
    assert_eq!(relation(&port, &group), Some((RelationKind::Whole, "sg.open_port".to_owned())));

    let user = says(Control, "IAM.3", "arn:aws:iam::123456789012:user/team/u", &[]);
    let key = says(TrustedAdvisor, "DqdJqYeRm5", "arn:aws:iam::123456789012:user/u", &[]);
    let key = with_facet(key, "AKIA1");
    let found = Some((RelationKind::Part, "iam.key_not_rotated".to_owned()));
    assert_eq!(relation(&user, &key), found, "Trusted Advisor does not know the path");
}

#[test]
fn facets_and_neighbours_of_one_resource_are_linked() {
    use IdentityRule::Control;
    let port = |port| rule_of_group("HCP4007jGY", port, port);
    let found = Some((RelationKind::Sibling, "sg.open_port".to_owned()));
    assert_eq!(relation(&port("3306"), &port("5432")), found);

    let (any, hardware) =
        (says(Control, "IAM.9", ACCOUNT, &[]), says(Control, "IAM.6", ACCOUNT, &[]));
    assert_eq!(relation(&any, &hardware).map(|found| found.0), Some(RelationKind::Near));
    let bucket = says(Control, "S3.8", BUCKET, &[]);
    let account = says(Control, "S3.1", ACCOUNT, &[]);
    assert_eq!(relation(&bucket, &account).map(|found| found.0), Some(RelationKind::Near));

    let apart = (says(Control, "S3.5", BUCKET, &[]), says(Control, "S3.9", BUCKET, &[]));
    assert_eq!(relation(&apart.0, &apart.1), None);
    assert_eq!(relation(&bucket, &bucket), None, "it is the same");
}

#[test]
fn the_account_links_nothing_by_itself() {
    use IdentityRule::{Control, GuardDuty};
    let mut threat = says(GuardDuty, "Recon:EC2/PortProbeUnprotectedPort", GROUP, &[]);
    threat.resources.push(of(ACCOUNT));
    let mut weakness = says(Control, "S3.9", BUCKET, &[]);
    weakness.resources.push(of(ACCOUNT));

    assert_eq!(relation(&weakness, &threat), None);
}
