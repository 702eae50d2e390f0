//! The parts of an ARN.

/// An ARN, cut at its colons: `arn:partition:service:region:account:resource`.
///
/// The parts are as they were written: nothing is checked but that there are six of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arn<'a> {
    /// `aws`, `aws-cn`, `aws-us-gov`…
    pub partition: &'a str,
    /// For example `s3`.
    pub service: &'a str,
    /// Empty for global services.
    pub region: &'a str,
    /// Empty for S3 and a few others.
    pub account: &'a str,
    /// All the rest, which may contain colons and slashes.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Cuts `text`; `None` when it does not begin with `arn:` or has fewer than six parts.
    pub fn parse(text: &'a str) -> Option<Self> {
        let rest = text.strip_prefix("arn:")?;
        let (partition, rest) = rest.split_once(':')?;
        let (service, rest) = rest.split_once(':')?;
        let (region, rest) = rest.split_once(':')?;
        let (account, resource) = rest.split_once(':')?;
        Some(Self { partition, service, region, account, resource })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resource_keeps_its_colons() {
        let arn = Arn::parse("arn:aws:rds:eu-west-1:123456789012:snapshot:rds:db-1").unwrap();

        assert_eq!(arn.service, "rds");
        assert_eq!(arn.account, "123456789012");
        assert_eq!(arn.resource, "snapshot:rds:db-1");
    }

    #[test]
    fn what_is_not_an_arn_is_none() {
        for text in ["", "arn", "arn:aws:s3", "i-1", "AWS::::Account:1", "arn:aws:s3::b"] {
            assert_eq!(Arn::parse(text), None, "{text}");
        }
    }
}
