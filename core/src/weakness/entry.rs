//! An entry of a class: which reports it matches.

use std::borrow::Cow;

use crate::report::{IdentityRule, NOT_ANALYZED, Report};

/// Who says it, as entries name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Product {
    /// A Security Hub control, by whichever standard and path, or its Trusted Advisor mirror.
    Control,
    /// An AWS Config managed rule.
    Config,
    /// A Trusted Advisor check of its own.
    Advisor,
    /// An IAM Access Analyzer finding type.
    Analyzer,
    /// A Macie finding type.
    Macie,
    /// An Inspector finding type.
    Inspector,
    /// Anything else in Security Hub.
    Other,
    /// A `GuardDuty` finding type.
    GuardDuty,
    /// A Health event type code.
    Health,
}

impl Product {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Control,
        Self::Config,
        Self::Advisor,
        Self::Analyzer,
        Self::Macie,
        Self::Inspector,
        Self::Other,
        Self::GuardDuty,
        Self::Health,
    ];

    /// Its key in an entry.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Control => "control",
            Self::Config => "config",
            Self::Advisor => "advisor",
            Self::Analyzer => "analyzer",
            Self::Macie => "macie",
            Self::Inspector => "inspector",
            Self::Other => "product",
            Self::GuardDuty => "guardduty",
            Self::Health => "health",
        }
    }

    /// The product with that key.
    pub(super) fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|product| product.as_str() == key)
    }

    /// Whether it says what is wrong with a resource, so that its reports may open and close a
    /// weakness. `GuardDuty` and Health say what happens.
    pub fn is_posture(self) -> bool {
        !matches!(self, Self::GuardDuty | Self::Health)
    }

    /// One text for an id of this product.
    pub(super) fn canonical(self, rule: &str) -> Cow<'_, str> {
        match self {
            // AWS writes `iam.9` and `Opensearch.2`.
            Self::Control => rule.to_ascii_uppercase().into(),
            _ => rule.into(),
        }
    }
}

/// What a report says, in the terms of entries.
pub(super) struct Said<'a> {
    pub(super) product: Product,
    pub(super) rule: Cow<'a, str>,
}

impl<'a> Said<'a> {
    /// `None` of a report that says that nobody could look.
    pub(super) fn of(report: &'a Report) -> Option<Self> {
        let attribute = |name| report.attributes.iter().find(|known| known.name == name);
        let named = |name| attribute(name).map_or(&*report.rule_id, |known| &*known.value);
        let (product, rule) = match report.origin.rule {
            IdentityRule::Control => (Product::Control, &*report.rule_id),
            IdentityRule::ConfigRule => (Product::Config, named("config rule")),
            IdentityRule::TrustedAdvisor => (Product::Advisor, &*report.rule_id),
            IdentityRule::ExternalAccess | IdentityRule::AccessAnalyzer => {
                (Product::Analyzer, &*report.rule_id)
            }
            IdentityRule::Macie => (Product::Macie, &*report.rule_id),
            IdentityRule::Inspector => (Product::Inspector, named("finding type")),
            IdentityRule::OtherAsff => (Product::Other, &*report.rule_id),
            IdentityRule::GuardDuty => (Product::GuardDuty, &*report.rule_id),
            IdentityRule::Health => (Product::Health, &*report.rule_id),
        };
        let not_analyzed = product == Product::Analyzer && report.status_detail == NOT_ANALYZED;
        (!not_analyzed).then(|| Self { product, rule: product.canonical(rule) })
    }
}

/// Which reports belong to a class, or relate to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Who says it.
    pub product: Product,
    /// Company and product of [`Product::Other`], for example `prowler/prowler`; otherwise empty.
    pub other: String,
    /// Ids of that product, in one case where the product has no one case; to relate, `*` stands for
    /// any text.
    pub rules: Vec<String>,
    /// What must hold besides.
    pub when: Conditions,
}

impl Entry {
    /// Whether a report relates by this entry.
    pub(super) fn relates(&self, said: &Said<'_>, report: &Report) -> bool {
        self.product == said.product
            && (self.product != Product::Other || self.other == report.product)
            && self.rules.iter().any(|pattern| fits(pattern, &said.rule))
            && self.when.hold(report)
    }
}

/// Whether `text` is `pattern`, in which `*` is any text.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(rest) = text.strip_prefix(head) else {
        return false;
    };
    rest.char_indices()
        .map(|(at, _)| at)
        .chain([rest.len()])
        .any(|at| rest.get(at..).is_some_and(|rest| fits(tail, rest)))
}

/// Attributes and the values that they may have; sorted by attribute, values sorted and in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conditions(pub(super) Vec<(String, Vec<String>)>);

impl Conditions {
    /// Whether every attribute of the report has only values that it may have, and some value unless
    /// it may be absent (an empty text among the values).
    pub(super) fn hold(&self, report: &Report) -> bool {
        self.0.iter().all(|(name, values)| {
            let may_be = |value: &str| values.iter().any(|may| may.eq_ignore_ascii_case(value));
            let mut said = report.attribute(name).peekable();
            if said.peek().is_none() { may_be("") } else { said.all(may_be) }
        })
    }

    /// Whether a report may fulfil both.
    pub(super) fn overlap(&self, other: &Self) -> bool {
        self.0.iter().all(|(name, values)| {
            other.values(name).is_none_or(|others| values.iter().any(|v| others.contains(v)))
        })
    }

    /// Whether every report that fulfils these fulfils `other`, and not the other way round.
    pub(super) fn is_narrower(&self, other: &Self) -> bool {
        let within = |narrow: &Self, wide: &Self| {
            wide.0.iter().all(|(name, values)| {
                narrow.values(name).is_some_and(|mine| mine.iter().all(|v| values.contains(v)))
            })
        };
        within(self, other) && !within(other, self)
    }

    /// A narrower one comes before a wider one: more attributes, or fewer values of the same.
    pub(super) fn width(&self) -> impl Ord + use<> {
        (std::cmp::Reverse(self.0.len()), self.0.iter().map(|(_, v)| v.len()).sum::<usize>())
    }

    fn values(&self, name: &str) -> Option<&[String]> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, values)| values.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text, does) in [
            ("S3.8", "S3.8", true),
            ("S3.8", "S3.80", false),
            ("CredentialAccess:RDS/*", "CredentialAccess:RDS/TorIPCaller.FailedLogin", true),
            ("CredentialAccess:RDS/*", "Discovery:RDS/TorIPCaller", false),
            ("*:Kubernetes/*", "Policy:Kubernetes/AdminAccessToDefaultServiceAccount", true),
            ("*:Kubernetes/*", "Policy:S3/BucketPublicAccessGranted", false),
            ("a*é*z", "aéz", true),
            ("*", "", true),
        ] {
            assert_eq!(fits(pattern, text), does, "{pattern} {text}");
        }
    }
}
