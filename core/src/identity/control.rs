//! Security Hub controls: one id for what each standard names differently.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use super::Arn;

/// Rules of standards whose id is not that of the control: `standard/v/version/rule`, control.
const CONTROL_OF_RULE: &str = include_str!("../../data/control-of-rule.tsv");

static CONTROLS: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    CONTROL_OF_RULE
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('\t'))
        .map(|(rule, control)| (rule.to_ascii_lowercase(), control))
        .collect()
});

/// Whether `text` has the form of a control id: `S3.8`, `CloudTrail.2`.
///
/// The rules of standards do not: `2.7` (CIS), `PCI.S3.1`.
pub fn is_control_id(text: &str) -> bool {
    text.split_once('.').is_some_and(|(service, number)| {
        service.len() <= 64
            && service.starts_with(|c: char| c.is_ascii_alphabetic())
            && service.bytes().all(|b| b.is_ascii_alphanumeric())
            && (1..=6).contains(&number.len())
            && number.bytes().all(|b| b.is_ascii_digit())
    })
}

/// The control that `generator` (an ASFF `GeneratorId`) stands for; `None` when it names none.
///
/// - `security-control/S3.8` is the consolidated form;
/// - `aws-foundational-security-best-practices/v/1.0.0/S3.8` and its like end in the control id;
/// - CIS and PCI DSS have ids of their own, which a table resolves; CIS 1.2.0 writes them
///   `arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0/rule/2.7`;
/// - a rule of those that the table does not know keeps its whole path as the id of a control of its
///   own, so that it is never merged with another.
pub fn control_of_rule(generator: &str) -> Option<Cow<'_, str>> {
    if let Some(control) = generator.strip_prefix("security-control/") {
        return is_control_id(control).then_some(Cow::Borrowed(control));
    }
    let path = match generator.split_once(":ruleset/") {
        Some((_, rule)) => Cow::Owned(rule.replacen("/rule/", "/", 1)),
        None => Cow::Borrowed(generator),
    };
    let (_, versioned) = path.split_once("/v/")?;
    let (_, rule) = versioned.split_once('/')?;
    if let Some(control) = CONTROLS.get(&path.to_ascii_lowercase()) {
        return Some(Cow::Borrowed(control));
    }
    if is_control_id(rule) {
        return Some(Cow::Owned(rule.to_owned()));
    }
    let is_rule =
        !rule.is_empty() && rule.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    is_rule.then_some(path)
}

/// Whether a control's findings are about something that has no Region, so that every Region in
/// which AWS evaluates it reports the same problem: IAM and `CloudFront` resources, and controls of
/// those services on the account.
///
/// `kind` is the ASFF type of the resource, empty when unknown; `resource` its canonical name.
pub fn is_global_control(control: &str, kind: &str, resource: &str) -> bool {
    // IAM.28 is about the analyzer of each Region.
    if control.eq_ignore_ascii_case("IAM.28") {
        return false;
    }
    let service = control.split('.').next().unwrap_or_default();
    if ["IAM", "CloudFront"].iter().any(|global| service.eq_ignore_ascii_case(global)) {
        return true;
    }
    if ["AwsIam", "AwsCloudFront", "AWS::IAM::", "AWS::CloudFront::"]
        .iter()
        .any(|global| kind.starts_with(global))
    {
        return true;
    }
    // The account stands for controls of every service, so its name (an IAM ARN) says nothing.
    Arn::parse(resource).is_some_and(|arn| match arn.service {
        "iam" => arn.resource != "root",
        "cloudfront" => true,
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_name_a_control_gives_its_id() {
        for (generator, control) in [
            ("security-control/CloudTrail.2", "CloudTrail.2"),
            ("aws-foundational-security-best-practices/v/1.0.0/CloudTrail.2", "CloudTrail.2"),
            ("service-managed-aws-control-tower/v/1.0.0/CloudTrail.2", "CloudTrail.2"),
            ("nist-800-53/v/5.0.0/CloudTrail.2", "CloudTrail.2"),
            ("pci-dss/v/3.2.1/PCI.CloudTrail.1", "CloudTrail.2"),
            (
                "arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0/rule/2.7",
                "CloudTrail.2",
            ),
            ("cis-aws-foundations-benchmark/v/1.4.0/3.7", "CloudTrail.2"),
            ("aws-foundational-security-best-practices/v/1.0.0/ELBv2.1", "ELB.1"),
            (
                "arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0/rule/1.1",
                "CloudWatch.1",
            ),
            (
                "cis-aws-foundations-benchmark/v/9.0.0/1.1",
                "cis-aws-foundations-benchmark/v/9.0.0/1.1",
            ),
            ("pci-dss/v/3.2.1/PCI.New.1", "pci-dss/v/3.2.1/PCI.New.1"),
        ] {
            assert_eq!(control_of_rule(generator).as_deref(), Some(control), "{generator}");
        }
    }

    #[test]
    fn what_names_no_control_is_none() {
        for generator in
            ["", "TestGeneratorId", "security-control/", "security-control/x", "a/v/1", "a/v/1/"]
        {
            assert_eq!(control_of_rule(generator), None, "{generator}");
        }
    }

    #[test]
    fn the_table_has_every_rule_once_and_only_controls() {
        let lines = CONTROL_OF_RULE.lines().filter(|line| !line.starts_with('#')).count();

        assert_eq!(CONTROLS.len(), lines);
        assert_eq!(lines, 127);
        assert!(CONTROLS.values().all(|control| is_control_id(control)));
    }

    #[test]
    fn iam_and_cloudfront_have_no_region() {
        let root = "arn:aws:iam::123456789012:root";

        assert!(is_global_control("IAM.9", "AwsAccount", root));
        assert!(is_global_control("iam.9", "", root));
        assert!(is_global_control("KMS.1", "AwsIamPolicy", "arn:aws:iam::123456789012:policy/p"));
        assert!(is_global_control("KMS.1", "", "arn:aws:iam::123456789012:policy/p"));
        assert!(is_global_control("X.1", "", "arn:aws:cloudfront::123456789012:distribution/E1"));
        assert!(!is_global_control("EC2.7", "AwsAccount", root));
        assert!(!is_global_control("S3.8", "AwsS3Bucket", "arn:aws:s3:::b"));
    }
}
