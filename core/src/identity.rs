//! Which finding a report belongs to, and the canonical names of resources.
//!
//! An [`Origin`] says what a report is about, in the terms of the product that found it. Its
//! [`OriginKey`] is the same text by every path on which the same thing can be reported: the
//! product's own API, the copy in Security Hub, another Region's aggregate. Reports with one origin
//! key are one finding.
//!
//! | rule | key | native | Security Hub copy: ASFF `Id`, OCSF `finding_info.uid` |
//! |---|---|---|---|
//! | `gd` | partition, Region, account, finding id | `Finding.{Partition,Region,AccountId,Id}` | `arn:…:guardduty:R:A:detector/D/finding/F`, read from the right; not the detector |
//! | `aax` | analyzer, resource, principal | `ListFindings` item without `error` | `{analyzer}/{resource}`, the principal among the details; without one a group of its own |
//! | `aa` | analyzer, finding id | `ListFindingsV2` item, or one with `error` | `{analyzer}/{resource}/{type}`, the id in `ProductFields.findingId` or `finding_info.uid_alt` |
//! | `insp` | finding's ARN | `findingArn` | the same; Inspector Classic in `ProductFields` |
//! | `mac` | partition, Region, account, finding id | `Finding.{partition,region,accountId,id}` | the id, the last segment |
//! | `cfg` | rule's ARN, resource | rule and `EvaluationResultQualifier` | `{rule ARN}/finding/{hash}`; the hash is not stable |
//! | `hlt` | account, event's ARN without account | events alone: `eventArn`, `affectedAccount` | `{event ARN with the account}/{hash}` |
//! | `shc` | partition, account, Region or `global`, control, resource | Security Hub itself, and Trusted Advisor's mirrors (`Hs4Ma3G…`) | `…:security-control/{control}/finding/…`, `…:subscription/{standard}/v/{version}/{rule}/finding/…` |
//! | `ta` | account, check, Region, resource or hash of the row, facet | a row of `DescribeTrustedAdvisorCheckResult` | never: Trusted Advisor only receives |
//! | `asff` | product, account, Region of the product's ARN, id | – | everything else |
//!
//! An event has the key of the native document that it carries.
//!
//! Invariants (promises D2 and D3), each a property test:
//! - a key is injective: two origins that differ in any part have different keys, whatever the parts
//!   contain;
//! - a key depends on nothing that moves while the problem stays: no title, no time, no counter, no
//!   hash made by a provider from those;
//! - a canonical resource name is its own canonical name.
//!
//! The rules are those that AWS documents and recorded findings of each product support; where they
//! are not obvious, the rule says where it comes from.

mod arn;
mod control;
mod resource;

pub use arn::Arn;
pub use control::{control_of_rule, is_control_id, is_global_control};
pub use resource::{
    Place, access_key, account_root, canonical_principal, canonical_resource, principal,
};

use crate::finding::Placement;
use crate::ids::{AccountId, FindingId, Region, digest128};
use crate::report::{IdentityRule, OriginKey};

/// The longest part of a key and the longest canonical resource name, in bytes (2 KiB). AWS bounds
/// ARNs at 2048 and ASFF ids at 512 characters. Of a longer text, the end is replaced by a hash of
/// the whole, so that it stays distinct.
pub const PART_BYTES_MAX: usize = 2048;

/// What the keys of weaknesses begin with. No [`IdentityRule`] has that name.
const WEAKNESS: &str = "wk";

/// What a report is about, by the rule that fits it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin<'a> {
    /// A `GuardDuty` finding. Not by detector: the administrator and the member may show different
    /// detectors for one finding.
    GuardDuty {
        /// `aws`, `aws-cn`…
        partition: &'a str,
        /// The finding's own Region, which may differ from the one asked.
        region: &'a Region,
        /// The member account.
        account: AccountId,
        /// The finding id (32 hexadecimal digits).
        finding: &'a str,
    },
    /// External access to a resource, which Access Analyzer reports again under new ids whenever
    /// the policy changes and still shares.
    ExternalAccess {
        /// The analyzer's ARN.
        analyzer: &'a str,
        /// The canonical resource.
        resource: &'a str,
        /// Who has access, from [`canonical_principal`]; empty when the report does not say, which
        /// makes a group of its own.
        principal: &'a str,
    },
    /// Unused or internal access, or a resource that the analyzer cannot look at.
    AccessAnalyzer {
        /// The analyzer's ARN.
        analyzer: &'a str,
        /// The native finding id.
        finding: &'a str,
    },
    /// A Security Hub control on a resource, by whichever standard and path it is reported.
    Control {
        /// `aws`, `aws-cn`…
        partition: &'a str,
        /// The account.
        account: AccountId,
        /// The Region; [`Region::global`] where [`is_global_control`] says so.
        region: &'a Region,
        /// The control, in any case (AWS is not consistent about it).
        control: &'a str,
        /// The canonical resource.
        resource: &'a str,
    },
    /// A flagged resource of a Trusted Advisor check of its own (not a mirror of a control).
    TrustedAdvisor {
        /// The account.
        account: AccountId,
        /// The check id.
        check: &'a str,
        /// The row's Region.
        region: &'a Region,
        /// The canonical resource, or `@` and a hash of what does not move in the row.
        resource: &'a str,
        /// What tells its rows of one resource apart (a key, a port, a certificate); empty when
        /// there is one row for a resource.
        facet: &'a str,
    },
    /// An Inspector finding.
    Inspector {
        /// Its ARN.
        arn: &'a str,
    },
    /// A Macie finding. Macie has no ARNs.
    Macie {
        /// `aws`, `aws-cn`…
        partition: &'a str,
        /// Its Region.
        region: &'a Region,
        /// Its account.
        account: AccountId,
        /// Its id.
        finding: &'a str,
    },
    /// A Config rule on a resource. Not by the hash in the id: it is not stable.
    ConfigRule {
        /// The rule's ARN.
        rule: &'a str,
        /// The canonical resource.
        resource: &'a str,
    },
    /// A Health event in an account.
    Health {
        /// The account.
        account: AccountId,
        /// The event's ARN with an empty account.
        event: &'a str,
    },
    /// Anything else in Security Hub.
    OtherAsff {
        /// Company and product, as in [`Report::product`](crate::report::Report::product).
        product: &'a str,
        /// The account.
        account: AccountId,
        /// The Region of the `ProductArn`, which AWS asks for together with the `Id`; empty when it
        /// has none.
        region: &'a str,
        /// The ASFF `Id`.
        id: &'a str,
    },
}

impl Origin<'_> {
    /// The rule that applies.
    pub fn rule(&self) -> IdentityRule {
        match self {
            Self::GuardDuty { .. } => IdentityRule::GuardDuty,
            Self::ExternalAccess { .. } => IdentityRule::ExternalAccess,
            Self::AccessAnalyzer { .. } => IdentityRule::AccessAnalyzer,
            Self::Control { .. } => IdentityRule::Control,
            Self::TrustedAdvisor { .. } => IdentityRule::TrustedAdvisor,
            Self::Inspector { .. } => IdentityRule::Inspector,
            Self::Macie { .. } => IdentityRule::Macie,
            Self::ConfigRule { .. } => IdentityRule::ConfigRule,
            Self::Health { .. } => IdentityRule::Health,
            Self::OtherAsff { .. } => IdentityRule::OtherAsff,
        }
    }

    /// The canonical text: the rule's name and the parts, separated by `|`.
    pub fn key(&self) -> OriginKey {
        let rule = self.rule();
        let mut text = KeyText::new(rule.as_str());
        match *self {
            Self::GuardDuty { partition, region, account, finding }
            | Self::Macie { partition, region, account, finding } => {
                text.part(partition).part(region.as_str()).part(account.as_str()).part(finding);
            }
            Self::ExternalAccess { analyzer, resource, principal } => {
                text.part(analyzer).part(resource);
                if !principal.is_empty() {
                    text.part(principal);
                }
            }
            Self::AccessAnalyzer { analyzer, finding } => {
                text.part(analyzer).part(finding);
            }
            Self::Control { partition, account, region, control, resource } => {
                text.part(partition).part(account.as_str()).part(region.as_str());
                text.part(&control.to_ascii_uppercase()).part(resource);
            }
            Self::TrustedAdvisor { account, check, region, resource, facet } => {
                text.part(account.as_str()).part(check).part(region.as_str()).part(resource);
                if !facet.is_empty() {
                    text.part(facet);
                }
            }
            Self::Inspector { arn } => {
                text.part(arn);
            }
            Self::ConfigRule { rule, resource } => {
                text.part(rule).part(resource);
            }
            Self::Health { account, event } => {
                text.part(account.as_str()).part(event);
            }
            Self::OtherAsff { product, account, region, id } => {
                text.part(product).part(account.as_str()).part(region).part(id);
            }
        }
        OriginKey { rule, text: text.0 }
    }
}

/// Which finding a report belongs to, and what says so. [Classes](crate::weakness::Classes) make it
/// of a report.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FindingKey {
    /// The canonical text: a weakness of a resource, or the origin key.
    pub text: String,
    /// What put the report there.
    pub placement: Placement,
}

impl FindingKey {
    /// The key of what no class joins with others: the origin key itself.
    pub fn of_origin(origin: &OriginKey) -> Self {
        Self { text: origin.text.clone(), placement: Placement::Origin }
    }

    /// The key of a weakness: `wk|{class}|{resource}`, then the parts by which its class tells
    /// findings on one resource apart (Region, facet). How many there are is a matter of the class,
    /// so that keys of one class are told apart by their parts.
    pub fn of_weakness<'a>(
        class: &str,
        resource: &str,
        apart: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let mut text = KeyText::new(WEAKNESS);
        text.part(class).part(resource);
        for part in apart {
            text.part(part);
        }
        Self { text: text.0, placement: Placement::Class(class.to_owned()) }
    }

    /// The id of the finding with that key.
    pub fn id(&self) -> FindingId {
        FindingId::derive(&self.text)
    }
}

/// Bounds a text that is part of an identity: at most [`PART_BYTES_MAX`] bytes, distinct for
/// distinct texts, and unchanged when it is bounded again.
pub fn bounded_part(text: &str) -> std::borrow::Cow<'_, str> {
    if text.len() <= PART_BYTES_MAX {
        return text.into();
    }
    let hash = data_encoding::HEXLOWER.encode(&digest128(text.as_bytes()));
    let kept = crate::report::bounded(text, PART_BYTES_MAX - hash.len() - 1);
    format!("{kept}~{hash}").into()
}

/// A key under construction.
struct KeyText(String);

impl KeyText {
    fn new(rule: &str) -> Self {
        let mut text = String::with_capacity(192);
        text.push_str(rule);
        Self(text)
    }

    /// Appends a part. `|` and `%` are written `%7C` and `%25`, so that parts cannot run into each
    /// other; control characters likewise, because keys are printed.
    fn part(&mut self, part: &str) -> &mut Self {
        self.0.push('|');
        let part = bounded_part(part);
        let mut rest: &str = &part;
        // What is escaped is ASCII: its bytes are no part of other characters.
        let is_special = |byte: u8| matches!(byte, b'|' | b'%') || byte.is_ascii_control();
        // Almost always there is none, which is quickest to see without stopping at each byte.
        if !rest.bytes().fold(false, |found, byte| found | is_special(byte)) {
            self.0.push_str(rest);
            return self;
        }
        while let Some(at) = rest.bytes().position(is_special) {
            let (plain, special) = rest.split_at(at);
            let mut chars = special.chars();
            let code = chars.next().map_or(0, u32::from);
            self.0.push_str(plain);
            self.0.push('%');
            for digit in [code >> 4, code & 0xF] {
                self.0.extend(char::from_digit(digit, 16).map(|digit| digit.to_ascii_uppercase()));
            }
            rest = chars.as_str();
        }
        self.0.push_str(rest);
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn account() -> AccountId {
        "123456789012".parse().unwrap()
    }

    fn region() -> Region {
        "eu-west-1".parse().unwrap()
    }

    /// The parts of a key, read back.
    fn parts(key: &OriginKey) -> Vec<String> {
        let read = |part: &str| {
            let mut text = String::new();
            let mut rest = part;
            while let Some((plain, escape)) = rest.split_once('%') {
                text.push_str(plain);
                text.push(char::from(u8::from_str_radix(&escape[..2], 16).unwrap()));
                rest = &escape[2..];
            }
            text + rest
        };
        key.text.split('|').map(read).collect()
    }

    #[test]
    fn each_rule_writes_the_key_that_is_documented() {
        let region = &region();
        let account = account();
        let analyzer = "arn:aws:access-analyzer:eu-west-1:123456789012:analyzer/a";
        let cases = [
            (
                Origin::GuardDuty { partition: "aws", region, account, finding: "d6ba" },
                "gd|aws|eu-west-1|123456789012|d6ba".to_owned(),
            ),
            (
                Origin::Macie { partition: "aws", region, account, finding: "ab12" },
                "mac|aws|eu-west-1|123456789012|ab12".to_owned(),
            ),
            (
                Origin::ExternalAccess { analyzer, resource: "arn:aws:s3:::b", principal: "*" },
                format!("aax|{analyzer}|arn:aws:s3:::b|*"),
            ),
            (
                Origin::ExternalAccess { analyzer, resource: "arn:aws:s3:::b", principal: "" },
                format!("aax|{analyzer}|arn:aws:s3:::b"),
            ),
            (Origin::AccessAnalyzer { analyzer, finding: "f-1" }, format!("aa|{analyzer}|f-1")),
            (
                Origin::Control {
                    partition: "aws",
                    account,
                    region: &Region::global(),
                    control: "iam.9",
                    resource: "arn:aws:iam::123456789012:root",
                },
                "shc|aws|123456789012|global|IAM.9|arn:aws:iam::123456789012:root".to_owned(),
            ),
            (
                Origin::TrustedAdvisor {
                    account,
                    check: "Pfx0RwqBli",
                    region,
                    resource: "@ab",
                    facet: "",
                },
                "ta|123456789012|Pfx0RwqBli|eu-west-1|@ab".to_owned(),
            ),
            (
                Origin::Inspector { arn: "arn:aws:inspector2:eu-west-1:1:finding/f" },
                "insp|arn:aws:inspector2:eu-west-1:1:finding/f".to_owned(),
            ),
            (
                Origin::ConfigRule { rule: "arn:aws:config:r", resource: "arn:aws:s3:::b" },
                "cfg|arn:aws:config:r|arn:aws:s3:::b".to_owned(),
            ),
            (
                Origin::Health { account, event: "arn:aws:health:us-east-1::event/S/T/I" },
                "hlt|123456789012|arn:aws:health:us-east-1::event/S/T/I".to_owned(),
            ),
            (
                Origin::OtherAsff { product: "prowler/prowler", account, region: "", id: "p|1%" },
                "asff|prowler/prowler|123456789012||p%7C1%25".to_owned(),
            ),
        ];

        for (origin, text) in cases {
            let key = origin.key();

            assert_eq!(key.text, text);
            assert_eq!(key.rule, origin.rule());
            assert!(text.starts_with(&format!("{}|", key.rule.as_str())));
        }
    }

    #[test]
    fn a_finding_id_is_that_of_its_key() {
        let key = Origin::Inspector { arn: "arn:x" }.key();

        let key = FindingKey::of_origin(&key);
        assert_eq!(key.text, "insp|arn:x");
        assert_eq!(key.id(), FindingId::derive("insp|arn:x"));
    }

    #[test]
    fn a_part_of_any_length_is_bounded_and_stays_distinct() {
        let long = "a".repeat(PART_BYTES_MAX + 1);
        let other = format!("{}b", "a".repeat(PART_BYTES_MAX));

        assert_eq!(bounded_part(&long).len(), PART_BYTES_MAX);
        assert_ne!(bounded_part(&long), bounded_part(&other));
        assert_eq!(bounded_part(&bounded_part(&long)), bounded_part(&long));
        assert_eq!(bounded_part("a"), "a");
    }

    proptest! {
        #[test]
        fn a_key_reads_back_to_its_parts(product in "[a-z|%\n ]{0,8}/[a-zé|]{0,8}", id in any::<String>()) {
            let (account, region) = (account(), "eu-west-1");
            let key = Origin::OtherAsff { product: &product, account, region, id: &id }.key();

            prop_assert_eq!(parts(&key), ["asff", &product, "123456789012", "eu-west-1", &id]);
            prop_assert!(!key.text.contains(|c: char| c.is_ascii_control()));
        }

        #[test]
        fn external_access_with_and_without_a_principal_never_meet(
            resource in "[a-z|%]{0,6}", principal in "[a-z|%]{1,6}", other in "[a-z|%]{0,13}",
        ) {
            let analyzer = "arn:a";
            let with = Origin::ExternalAccess { analyzer, resource: &resource, principal: &principal };
            let without = Origin::ExternalAccess { analyzer, resource: &other, principal: "" };

            prop_assert_ne!(with.key().text, without.key().text);
        }
    }
}
