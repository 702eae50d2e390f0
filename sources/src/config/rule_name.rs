//! Names of Config rules.

/// The managed rule that a rule is an instance of, by its name, for people and classes.
///
/// What others than a person deploy has a name with a part of its own:
/// - Security Hub: `securityhub-s3-bucket-public-read-prohibited-1a2b3c4d` (Security Hub user guide,
///   "How Security Hub uses Config rules": a service-linked rule has a random suffix);
/// - conformance packs: `…-conformance-pack-` and an id of lower-case letters and digits (Config
///   developer guide);
/// - organization rules: `OrgConfigRule-…-` and eight letters and digits.
pub(crate) fn managed(name: &str) -> String {
    let name = name.trim();
    let lower = name.to_ascii_lowercase();
    if let Some(rest) = lower.strip_prefix("securityhub-") {
        return without_suffix(rest, |c| c.is_ascii_hexdigit()).to_owned();
    }
    let own = lower.strip_prefix("orgconfigrule-");
    let lower =
        own.map_or(lower.as_str(), |rest| without_suffix(rest, |c| c.is_ascii_alphanumeric()));
    match lower.rsplit_once("-conformance-pack-") {
        Some((rule, id)) if is_id(id) && !rule.is_empty() => rule.to_owned(),
        _ => lower.to_owned(),
    }
}

/// The managed rule by the identifier of its source: `S3_BUCKET_PUBLIC_READ_PROHIBITED` is
/// `s3-bucket-public-read-prohibited`. `None` when it is none: a custom rule has the ARN of a function.
///
/// A few have names that differ from their identifiers (Config developer guide, "List of Config
/// managed rules"): those that people know are used.
pub(crate) fn of_identifier(identifier: &str) -> Option<String> {
    let is_identifier = !identifier.is_empty()
        && identifier.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    if !is_identifier {
        return None;
    }
    let name = match identifier {
        "INCOMING_SSH_DISABLED" => "restricted-ssh",
        "RESTRICTED_INCOMING_TRAFFIC" => "restricted-common-ports",
        "INSTANCES_IN_VPC" => "ec2-instances-in-vpc",
        "MULTI_REGION_CLOUD_TRAIL_ENABLED" => "multi-region-cloudtrail-enabled",
        "CLOUD_TRAIL_ENABLED" => "cloudtrail-enabled",
        _ => return Some(identifier.to_ascii_lowercase().replace('_', "-")),
    };
    Some(name.to_owned())
}

/// `name` of `name-1a2b3c4d`, when the last eight characters are such.
fn without_suffix(name: &str, is_part: fn(&char) -> bool) -> &str {
    match name.rsplit_once('-') {
        Some((rule, id)) if id.len() == 8 && id.chars().all(|c| is_part(&c)) => rule,
        _ => name,
    }
}

fn is_id(text: &str) -> bool {
    (8..=16).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// Whether Security Hub deployed the rule for a control, so that the control says the same.
pub(crate) fn is_of_security_hub(name: &str) -> bool {
    name.to_ascii_lowercase().starts_with("securityhub-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_managed_rule_is_found_in_every_name() {
        for (name, rule) in [
            ("s3-bucket-public-read-prohibited", "s3-bucket-public-read-prohibited"),
            ("S3-Bucket-Logging", "s3-bucket-logging"),
            (
                "securityhub-s3-bucket-public-read-prohibited-1a2b3c4d",
                "s3-bucket-public-read-prohibited",
            ),
            ("securityhub-access-keys-rotated", "access-keys-rotated"),
            ("restricted-ssh-conformance-pack-a1b2c3d4e", "restricted-ssh"),
            ("OrgConfigRule-restricted-ssh-o5p6q7r8", "restricted-ssh"),
            ("my-conformance-pack-", "my-conformance-pack-"),
        ] {
            assert_eq!(managed(name), rule, "{name}");
        }
    }

    #[test]
    fn an_identifier_is_the_name_in_capitals_but_for_some() {
        let name = |identifier| of_identifier(identifier);

        assert_eq!(name("ACCESS_KEYS_ROTATED").as_deref(), Some("access-keys-rotated"));
        assert_eq!(name("INCOMING_SSH_DISABLED").as_deref(), Some("restricted-ssh"));
        assert_eq!(name("arn:aws:lambda:eu-west-1:123456789012:function:f"), None);
        assert_eq!(name(""), None);
    }
}
