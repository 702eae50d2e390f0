mod load;
mod order;
mod relations;

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::finding::HeldReport;
use crate::report::{
    Attribute, CustomerFields, Exposure, FindingClass, IdentityRule, NOT_ANALYZED, OriginKey,
    ReportKey, ReportPath, Resource, Severity, Status,
};
use crate::testing;
use crate::unit::SourceKind;

const ACCOUNT: &str = "arn:aws:iam::123456789012:root";
const BUCKET: &str = "arn:aws:s3:::data";
const GROUP: &str = "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-0abc";

/// What `product` says by `rule` about `resource`, with these attributes.
pub(super) fn says(
    product: IdentityRule,
    rule: &str,
    resource: &str,
    attributes: &[(&str, &str)],
) -> Report {
    use IdentityRule as Rule;
    let (source, path, name) = match product {
        Rule::GuardDuty => (SourceKind::GuardDuty, ReportPath::Native, "aws/guardduty"),
        Rule::ExternalAccess | Rule::AccessAnalyzer => {
            (SourceKind::AccessAnalyzer, ReportPath::Native, "aws/access-analyzer")
        }
        Rule::TrustedAdvisor => {
            (SourceKind::TrustedAdvisor, ReportPath::Native, "aws/trusted-advisor")
        }
        Rule::Control => (SourceKind::SecurityHub, ReportPath::Asff, "aws/securityhub"),
        Rule::Inspector => (SourceKind::SecurityHub, ReportPath::Asff, "aws/inspector"),
        Rule::Macie => (SourceKind::SecurityHub, ReportPath::Asff, "aws/macie"),
        Rule::ConfigRule => (SourceKind::SecurityHub, ReportPath::Asff, "aws/config"),
        Rule::Health => (SourceKind::SecurityHub, ReportPath::Asff, "aws/health"),
        Rule::OtherAsff => (SourceKind::SecurityHub, ReportPath::Asff, "prowler/prowler"),
    };
    let text = format!("{}|123456789012|{rule}|{resource}", product.as_str());
    let mut attributes: Vec<Attribute> = attributes
        .iter()
        .map(|(name, value)| Attribute { name: (*name).to_owned(), value: (*value).to_owned() })
        .collect();
    attributes.sort_unstable();
    Report {
        key: ReportKey { path, provider_id: text.clone() },
        origin: OriginKey { rule: product, text },
        source,
        product: name.to_owned(),
        account: "123456789012".parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
        class: match product {
            Rule::GuardDuty => FindingClass::Threat,
            _ => FindingClass::Misconfiguration,
        },
        rule_id: rule.to_owned(),
        title: format!("{rule} of {resource}"),
        description: String::new(),
        severity: Severity::High,
        severity_normalized: 70,
        status: Status::Active,
        status_detail: String::new(),
        resources: vec![of(resource)],
        facet: String::new(),
        attributes,
        exposure: Exposure::Unknown,
        signals: crate::report::Signals::default(),
        sample: false,
        customer: CustomerFields::default(),
        remediation: String::new(),
        remediation_url: String::new(),
        first_observed: None,
        last_observed: None,
        provider_created: None,
        provider_updated: None,
        count: 1,
        remarks: Vec::new(),
        raw: bytes::Bytes::new(),
        raw_truncated: false,
    }
}

pub(super) fn of(resource: &str) -> Resource {
    Resource { id: resource.to_owned(), original: String::new(), kind: String::new() }
}

fn with_facet(report: Report, facet: &str) -> Report {
    Report { facet: facet.to_owned(), ..report }
}

fn key(report: &Report) -> String {
    Classes::builtin().key(report).text
}

/// What Trusted Advisor says of a security group's rule.
fn rule_of_group(check: &str, from: &str, to: &str) -> Report {
    let ports =
        [("from port", from), ("to port", to), ("protocol", "tcp"), ("row status", "error")];
    let row = says(IdentityRule::TrustedAdvisor, check, GROUP, &ports);
    let facet = format!("tcp:{from}-{to}");
    let provider_id = format!("{}|{facet}", row.key.provider_id);
    with_facet(Report { key: ReportKey { provider_id, ..row.key }, ..row }, &facet)
}

#[test]
fn every_product_that_says_a_weakness_lands_in_its_finding() {
    use IdentityRule::{ConfigRule, Control, ExternalAccess, Macie, TrustedAdvisor};
    let public = [("public", "true"), ("resource type", "AWS::S3::Bucket"), ("access", "read")];
    let row = [("row status", "error"), ("access", "read"), ("acl allows list", "Yes")];
    let reports = [
        says(Control, "S3.2", BUCKET, &[]),
        says(Control, "s3.2", BUCKET, &[]),
        says(ConfigRule, "my-rule", BUCKET, &[("config rule", "s3-bucket-public-read-prohibited")]),
        says(ConfigRule, "s3-bucket-public-read-prohibited", BUCKET, &[]),
        says(TrustedAdvisor, "Pfx0RwqBli", BUCKET, &row),
        says(ExternalAccess, "ExternalAccess", BUCKET, &public),
        says(Macie, "Policy:IAMUser/S3BucketPublic", BUCKET, &[("access", "unknown")]),
    ];

    for report in reports {
        assert_eq!(key(&report), "wk|s3.public_read|arn:aws:s3:::data", "{}", report.origin);
        let placement = Classes::builtin().key(&report).placement;
        assert_eq!(placement, Placement::Class("s3.public_read".to_owned()));
    }
}

#[test]
fn bucket_permissions_are_several_weaknesses_by_colour_and_statement() {
    let row = |attributes: &[(&str, &str)]| {
        key(&says(IdentityRule::TrustedAdvisor, "Pfx0RwqBli", BUCKET, attributes))
    };

    assert_eq!(
        row(&[("row status", "error"), ("access", "write")]),
        format!("wk|s3.public_write|{BUCKET}")
    );
    assert_eq!(
        row(&[("row status", "error"), ("access", "unknown")]),
        format!("wk|s3.public_read|{BUCKET}")
    );
    assert_eq!(row(&[("row status", "warning")]), format!("wk|s3.bucket_bpa_off|{BUCKET}"));
    assert_eq!(row(&[("row status", "error")]), format!("wk|s3.not_evaluated|{BUCKET}"));
    assert_eq!(row(&[("row status", "ok")]), format!("ta|123456789012|Pfx0RwqBli|{BUCKET}"));
}

#[test]
fn only_a_rule_for_port_22_alone_is_what_the_control_about_it_says() {
    let control = key(&says(IdentityRule::Control, "EC2.13", GROUP, &[]));

    assert_eq!(key(&rule_of_group("HCP4007jGY", "22", "22")), control);
    assert_eq!(control, format!("wk|sg.open_ssh|{GROUP}"));
    for (check, from, to) in [
        ("HCP4007jGY", "20", "22"),
        ("HCP4007jGY", "0", "65535"),
        ("HCP4007jGY", "3306", "3306"),
        ("1iG5NDGVre", "22", "22"),
    ] {
        let row = key(&rule_of_group(check, from, to));

        assert!(row.ends_with(&format!("|{GROUP}|tcp:{from}-{to}")), "{row}");
    }
    let rdp = key(&says(IdentityRule::Control, "EC2.14", GROUP, &[]));
    assert_eq!(key(&rule_of_group("HCP4007jGY", "3389", "3389")), rdp);
}

#[test]
fn near_misses_stay_apart() {
    use IdentityRule::{AccessAnalyzer, Control, ExternalAccess, TrustedAdvisor};
    let user = "arn:aws:iam::123456789012:user/u";
    let snapshot = "arn:aws:ec2:eu-west-1::snapshot/snap-1";
    let bucket = |principal| {
        let attributes = [("public", "false"), ("resource type", "AWS::S3::Bucket")];
        with_facet(says(ExternalAccess, "ExternalAccess", BUCKET, &attributes), principal)
    };
    let key_of = |check, id| with_facet(says(TrustedAdvisor, check, user, &[]), id);
    let apart = vec![
        (says(Control, "IAM.6", ACCOUNT, &[]), says(Control, "IAM.9", ACCOUNT, &[])),
        (says(Control, "ELB.3", "arn:lb", &[]), says(Control, "ELB.8", "arn:lb", &[])),
        (says(Control, "EC2.1", ACCOUNT, &[]), says(TrustedAdvisor, "ePs02jT06w", snapshot, &[])),
        (says(Control, "EC2.18", GROUP, &[]), says(Control, "EC2.19", GROUP, &[])),
        (says(Control, "EC2.19", GROUP, &[]), rule_of_group("HCP4007jGY", "3306", "3306")),
        (says(Control, "IAM.3", user, &[]), key_of("DqdJqYeRm5", "AKIA1")),
        (key_of("DqdJqYeRm5", "AKIA1"), key_of("DqdJqYeRm5", "AKIA2")),
        (key_of("DqdJqYeRm5", "AKIA1"), key_of("12Fnkpl8Y5", "AKIA1")),
        (
            says(Control, "IAM.22", user, &[]),
            with_facet(says(AccessAnalyzer, "UnusedIAMUserAccessKey", user, &[]), "AKIA1"),
        ),
        (says(Control, "S3.6", BUCKET, &[]), bucket("111122223333")),
        (bucket("444455556666"), bucket("111122223333")),
        (
            says(TrustedAdvisor, "07602fcad6", ACCOUNT, &[]),
            says(ExternalAccess, "ExternalAccess", ACCOUNT, &[("public", "true")]),
        ),
        (says(Control, "S3.8", BUCKET, &[]), says(Control, "S3.8", "arn:aws:s3:::other", &[])),
        (says(Control, "S3.2", BUCKET, &[]), says(Control, "S3.3", BUCKET, &[])),
        (says(Control, "IAM.20", ACCOUNT, &[]), says(Control, "CloudWatch.1", ACCOUNT, &[])),
    ];

    for (one, other) in apart {
        assert_ne!(key(&one), key(&other), "{} {}", one.origin, other.origin);
    }
}

#[test]
fn controls_that_ask_for_the_same_work_are_one_finding() {
    let user = "arn:aws:iam::123456789012:user/u";
    for (one, others, resource) in [
        ("IAM.8", &["IAM.22"][..], user),
        ("IAM.5", &["IAM.19"], user),
        ("IAM.7", &["IAM.10", "IAM.13", "IAM.17"], ACCOUNT),
        ("CloudTrail.1", &["CloudTrail.3"], ACCOUNT),
        ("ES.2", &["Opensearch.2"], "arn:aws:es:eu-west-1:123456789012:domain/d"),
    ] {
        for other in others {
            let [one, other] = [one, other]
                .map(|control| key(&says(IdentityRule::Control, control, resource, &[])));

            assert_eq!(one, other);
        }
    }
}

#[test]
fn an_account_has_a_finding_for_each_region_only_where_regions_differ() {
    let at = |control, region: &str, resource| {
        let report = says(IdentityRule::Control, control, resource, &[]);
        key(&Report { region: region.parse().unwrap(), ..report })
    };

    assert_eq!(
        at("EC2.7", "eu-west-1", ACCOUNT),
        format!("wk|ebs.default_enc_off|{ACCOUNT}|eu-west-1")
    );
    assert_ne!(at("EC2.7", "eu-west-1", ACCOUNT), at("EC2.7", "us-east-1", ACCOUNT));
    assert_eq!(at("S3.1", "eu-west-1", ACCOUNT), at("S3.1", "us-east-1", ACCOUNT));
    let other = "other:aws:eu-west-1:123456789012:Other/EBS Default Encryption";
    assert_eq!(at("EC2.7", "eu-west-1", other), at("EC2.7", "eu-west-1", ACCOUNT));
}

#[test]
fn a_report_that_does_not_say_what_tells_it_apart_keeps_to_its_origin() {
    use IdentityRule::{ExternalAccess, Inspector, Macie};
    let role = "arn:aws:iam::123456789012:role/r";
    let secret = [("resource type", "AWS::IAM::Role"), ("public", "false")];
    let trust = says(ExternalAccess, "ExternalAccess", role, &secret);
    assert_eq!(Classes::builtin().key(&trust), FindingKey::of_origin(&trust.origin));
    assert!(Classes::builtin().class(&trust).is_none());
    assert_eq!(key(&with_facet(trust, "*")), format!("wk|iam.role_external_trust|{role}|*"));

    let found = [("finding type", "PACKAGE_VULNERABILITY"), ("cve", "CVE-1")];
    let cve = says(Inspector, "CVE-1", "arn:i", &found);
    assert_eq!(Classes::builtin().key(&cve), FindingKey::of_origin(&cve.origin));
    let found = [&found[..], &[("package", "b"), ("package", "a,c")]].concat();
    let cve = says(Inspector, "CVE-1", "arn:i", &found);
    assert_eq!(key(&cve), "wk|vuln.package|arn:i|CVE-1|a%252Cc,b");

    let mut object = says(Macie, "SensitiveData:S3Object/Personal", BUCKET, &[]);
    assert_eq!(Classes::builtin().key(&object).placement, Placement::Origin);
    object.resources.push(Resource { kind: "AwsS3Object".to_owned(), ..of("arn:aws:s3:::data/o") });
    assert_eq!(key(&object), "wk|s3.sensitive_data|arn:aws:s3:::data/o");
}

#[test]
fn that_nobody_could_look_is_no_weakness() {
    let attributes = [("resource type", "AWS::SecretsManager::Secret")];
    let report = says(IdentityRule::AccessAnalyzer, "ExternalAccess", "arn:s", &attributes);
    let report = with_facet(report, "444455556666");
    assert_eq!(key(&report), "wk|secret.cross_account|arn:s|444455556666");

    let gap = Report { status_detail: NOT_ANALYZED.to_owned(), ..report };
    assert_eq!(Classes::builtin().key(&gap).placement, Placement::Origin);
}

#[test]
fn a_mirror_is_the_control_that_it_mirrors() {
    let control = says(IdentityRule::Control, "S3.8", BUCKET, &[]);
    let mirror = Report {
        source: SourceKind::TrustedAdvisor,
        key: ReportKey { path: ReportPath::Native, provider_id: "ta".to_owned() },
        ..control.clone()
    };

    assert_eq!(key(&mirror), key(&control));
}

/// Reports of any product, most of them of ids that classes know, with attributes that matter.
fn anything() -> impl Strategy<Value = Report> {
    let rules = select(IdentityRule::ALL.to_vec());
    let ids = select(vec![
        "S3.2",
        "S3.3",
        "EC2.1",
        "EC2.13",
        "IAM.9",
        "IAM.6",
        "EC2.7",
        "CloudTrail.3",
        "Pfx0RwqBli",
        "HCP4007jGY",
        "DqdJqYeRm5",
        "ExternalAccess",
        "UnusedIAMRole",
        "s3-bucket-public-read-prohibited",
        "Policy:IAMUser/S3BucketPublic",
        "PACKAGE_VULNERABILITY",
        "Policy:S3/BucketPublicAccessGranted",
        "AWS_RISK_CREDENTIALS_EXPOSED",
    ]);
    let attributes = proptest::sample::subsequence(
        vec![
            ("access", "read"),
            ("access", "write"),
            ("public", "true"),
            ("public", "false"),
            ("resource type", "AWS::S3::Bucket"),
            ("resource type", "AWS::IAM::Role"),
            ("row status", "error"),
            ("row status", "warning"),
            ("from port", "22"),
            ("to port", "22"),
            ("protocol", "tcp"),
            ("cve", "CVE-1"),
            ("package", "a"),
            ("package", "a|b"),
        ],
        0..6,
    );
    let resources =
        select(vec![ACCOUNT, BUCKET, GROUP, "arn:aws:s3:::data|x", "arn:aws:s3:::da%7Cta"]);
    let facets = select(vec!["", "x", "x|y", "eu-west-1"]);
    let regions = select(vec!["eu-west-1", "us-east-1", "global"]);
    (rules, ids, resources, attributes, facets, regions).prop_map(
        |(rule, id, resource, attributes, facet, region)| Report {
            region: region.parse().unwrap(),
            ..with_facet(says(rule, id, resource, &attributes), facet)
        },
    )
}

proptest! {
    #[test]
    fn what_happens_is_never_a_weakness(report in testing::report(), draft in anything()) {
        let classes = Classes::builtin();
        for rule in [IdentityRule::GuardDuty, IdentityRule::Health] {
            let mut report = report.clone();
            report.origin.rule = rule;
            (report.rule_id, report.attributes) = (draft.rule_id.clone(), draft.attributes.clone());

            prop_assert_eq!(classes.key(&report), FindingKey::of_origin(&report.origin));
        }
    }

    #[test]
    fn reports_share_a_key_only_by_one_class_of_one_resource_or_by_their_origin(
        one in anything(), other in anything(),
    ) {
        let classes = Classes::builtin();
        let (a, b) = (classes.key(&one), classes.key(&other));
        if a.text == b.text {
            prop_assert_eq!(&a.placement, &b.placement);
            if let Some(class) = classes.class(&one) {
                prop_assert_eq!(class.resource(&one), class.resource(&other));
                prop_assert_eq!(class.facet_of(&one), class.facet_of(&other));
                prop_assert!(!class.per_region || one.region == other.region);
            } else {
                prop_assert_eq!(one.origin, other.origin);
            }
        }
    }

    #[test]
    fn a_key_of_a_class_and_one_of_an_origin_never_meet(report in testing::report()) {
        let origin = FindingKey::of_origin(&report.origin);

        prop_assert!(!origin.text.starts_with("wk|"));
    }

    #[test]
    fn a_weakness_has_one_key_for_each_of_its_parts(
        one in ("[a-z|%]{0,4}", "[a-z|%,]{0,4}"), other in ("[a-z|%]{0,4}", "[a-z|%,]{0,4}"),
    ) {
        let key = |(resource, facet): &(String, String)| {
            FindingKey::of_weakness("c", resource, [facet.as_str()]).text
        };

        prop_assert_eq!(key(&one) == key(&other), one == other);
    }

    #[test]
    fn lists_of_values_have_texts_of_their_own(
        one in prop::collection::btree_set("[a%,]{0,3}", 1..4), other in prop::collection::btree_set("[a%,]{0,3}", 1..4),
    ) {
        let text = |all: &std::collections::BTreeSet<String>| {
            let all: Vec<_> = all.iter().map(|value| ("package", value.as_str())).collect();
            values(&says(IdentityRule::Inspector, "x", "r", &all), "package").map(Cow::into_owned)
        };

        prop_assert_eq!(text(&one) == text(&other), one == other);
    }
}

/// A finding that holds this report alone.
pub(super) fn finding(report: Report) -> Finding {
    let held = HeldReport {
        placed: Classes::builtin().key(&report).placement,
        content_hash: report.content_hash(),
        unit: "securityhub/123456789012/eu-west-1".parse().unwrap(),
        first_stored: testing::START,
        absence: None,
        report,
    };
    let key = Classes::builtin().key(&held.report);
    Finding {
        id: key.id(),
        key: key.text,
        facts: crate::fold::fold(std::slice::from_ref(&held)).unwrap(),
        reports: vec![held],
        triage: crate::triage::Triage::default(),
        priority: crate::priority::Priority::default(),
        merged_into: None,
        threat: None,
        exploitation: None,
        lifecycle: crate::finding::Lifecycle::default(),
        due: None,
        created: testing::START,
        updated: testing::START,
        revision: crate::ids::Revision(1),
        content_version: 1,
    }
}
