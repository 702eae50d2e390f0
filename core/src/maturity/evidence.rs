//! What speaks for or against a recommendation, and which findings that are.

use super::{Inner, Table};
use crate::report::{FindingClass, IdentityRule, Severity};
use crate::unit::SourceKind;
use crate::weakness::fits;

/// Who says it, as entries name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A Security Hub control, by any standard, or its Trusted Advisor mirror.
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
    /// A `GuardDuty` finding type.
    GuardDuty,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Control,
        Self::Config,
        Self::Advisor,
        Self::Analyzer,
        Self::Macie,
        Self::Inspector,
        Self::GuardDuty,
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
            Self::GuardDuty => "guardduty",
        }
    }

    /// The kind with that key.
    pub(super) fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == key)
    }

    /// The product whose findings these are.
    pub fn product(self) -> SourceKind {
        match self {
            Self::Control => SourceKind::SecurityHub,
            Self::Config => SourceKind::Config,
            Self::Advisor => SourceKind::TrustedAdvisor,
            Self::Analyzer => SourceKind::AccessAnalyzer,
            Self::Macie => SourceKind::Macie,
            Self::Inspector => SourceKind::Inspector,
            Self::GuardDuty => SourceKind::GuardDuty,
        }
    }

    /// What a finding of this kind means unless its entry says otherwise.
    pub(super) fn says(self) -> Says {
        match self {
            Self::Control | Self::Config | Self::Advisor => Says::Judges,
            Self::Analyzer | Self::Macie | Self::Inspector | Self::GuardDuty => Says::Against,
        }
    }

    /// Whether the product stops reporting what is fixed, so that silence about what it reported
    /// means that it passed ([`crate::plan::absence()`]).
    pub(super) fn lists_only_failures(self) -> bool {
        matches!(self, Self::Advisor | Self::Config)
    }

    /// One text for an id of this kind.
    pub(super) fn canonical(self, id: &str) -> String {
        match self {
            // AWS writes `iam.9` and `Opensearch.2`.
            Self::Control => id.to_ascii_uppercase(),
            Self::Config => id.to_ascii_lowercase(),
            Self::Advisor | Self::Analyzer | Self::Macie | Self::Inspector | Self::GuardDuty => {
                id.to_owned()
            }
        }
    }

    /// Who says what was identified by `rule`; `None` for what no entry can name.
    fn of_rule(rule: IdentityRule) -> Option<Self> {
        Some(match rule {
            IdentityRule::Control => Self::Control,
            IdentityRule::ConfigRule => Self::Config,
            IdentityRule::TrustedAdvisor => Self::Advisor,
            IdentityRule::ExternalAccess | IdentityRule::AccessAnalyzer => Self::Analyzer,
            IdentityRule::Macie => Self::Macie,
            IdentityRule::Inspector => Self::Inspector,
            IdentityRule::GuardDuty => Self::GuardDuty,
            // A custom product may call its rules as it likes: it proves nothing here.
            IdentityRule::Health | IdentityRule::OtherAsff => return None,
        })
    }
}

/// What a finding means for a recommendation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Says {
    /// Nothing by itself: it is shown.
    Hint,
    /// That it exists speaks for the recommendation, whatever it says.
    Use,
    /// Open, it speaks against the recommendation; closed it says nothing.
    Against,
    /// Passed, it speaks for the recommendation; open, against.
    Judges,
}

impl Says {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Hint, Self::Use, Self::Against, Self::Judges];

    /// Its name in an entry.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hint => "hint",
            Self::Use => "use",
            Self::Against => "against",
            Self::Judges => "judges",
        }
    }

    /// The meaning with that name.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|says| says.as_str() == name)
    }
}

/// Something that the operator told Muster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fact {
    /// Which resources matter most.
    CrownJewels,
}

impl Fact {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::CrownJewels];

    /// Its name in an entry.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CrownJewels => "crown-jewels",
        }
    }

    /// The fact with that name.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fact| fact.as_str() == name)
    }
}

/// An entry of a recommendation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Findings with one of these ids, where `*` stands for any text.
    Findings {
        /// Who says it.
        kind: Kind,
        /// The ids, in one case where the product has no one case.
        ids: Vec<String>,
        /// What they mean.
        says: Says,
    },
    /// A product that answers in an account and Region.
    Alive(SourceKind),
    /// Findings of a product that were decided on in time.
    Acting {
        /// Whose findings.
        kind: Kind,
        /// From this severity up.
        from: Severity,
        /// After so many days without a decision it is too late.
        days: u16,
    },
    /// Something that the operator told Muster.
    Configured(Fact),
}

/// What a finding means for one recommendation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// Its place in the table.
    pub(super) recommendation: u16,
    pub(super) weigh: Weigh,
}

/// By what a finding is weighed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weigh {
    /// By what it says.
    Says(Says),
    /// By what was done about it.
    Acting { from: Severity, days: u16 },
}

impl Inner {
    /// Notes which findings an entry is about.
    pub(super) fn link(&mut self, index: usize, entry: &Entry) {
        let recommendation = u16::try_from(index).expect("a table has at most 1024 rows");
        match entry {
            Entry::Findings { kind, ids, says } => {
                let link = Link { recommendation, weigh: Weigh::Says(*says) };
                for id in ids {
                    if id.contains('*') {
                        self.patterns.push((*kind, id.clone(), link));
                    } else {
                        self.exact.entry((*kind, id.clone())).or_default().push(link);
                    }
                }
            }
            Entry::Acting { kind, from, days } => {
                let weigh = Weigh::Acting { from: *from, days: *days };
                self.acting.push((*kind, Link { recommendation, weigh }));
            }
            Entry::Alive(_) | Entry::Configured(_) => {}
        }
    }
}

impl Table {
    /// Who says what has this rule id, what it is called here, and for which recommendations it means
    /// something. `rule` is `None` for reports that an earlier version stored: then the id alone says whose it is.
    pub(super) fn links(
        &self,
        rule: Option<IdentityRule>,
        rule_id: &str,
        class: FindingClass,
    ) -> Option<(Kind, String, Vec<Link>)> {
        let kind = match rule {
            Some(rule) => Kind::of_rule(rule)?,
            None => self.guess(rule_id, class)?,
        };
        let id = match kind {
            Kind::Inspector => inspector_type(rule_id).to_owned(),
            Kind::Config => managed_rule(rule_id),
            _ => kind.canonical(rule_id),
        };
        let table = &*self.0;
        let mut links = table.exact.get(&(kind, id.clone())).cloned().unwrap_or_default();
        let fitting =
            table.patterns.iter().filter(|(of, pattern, _)| *of == kind && fits(pattern, &id));
        links.extend(fitting.map(|(_, _, link)| *link));
        links.extend(table.acting.iter().filter(|(of, _)| *of == kind).map(|(_, link)| *link));
        // People know the rule by the id that its product gives it.
        let name = if kind == Kind::Inspector { id } else { rule_id.to_owned() };
        Some((kind, name, links))
    }

    /// Whose rule id it is, by what the table knows. A threat is `GuardDuty`'s, because its types are
    /// too many to list.
    fn guess(&self, rule_id: &str, class: FindingClass) -> Option<Kind> {
        if class == FindingClass::Threat {
            return rule_id.contains(':').then_some(Kind::GuardDuty);
        }
        let known = |kind: &Kind| {
            self.0.exact.contains_key(&(*kind, kind.canonical(rule_id))) && *kind != Kind::Inspector
        };
        Kind::ALL.into_iter().find(known)
    }
}

/// The type of an Inspector finding whose rule is `rule_id`: that of a package vulnerability is the
/// id of the advisory, that of a code vulnerability the name of a detector.
fn inspector_type(rule_id: &str) -> &str {
    const TYPES: [&str; 3] =
        ["NETWORK_REACHABILITY", "PACKAGE_VULNERABILITY", "CODE_VULNERABILITY"];
    if let Some(named) = TYPES.into_iter().find(|name| *name == rule_id) {
        return named;
    }
    if rule_id.to_ascii_lowercase().contains("network reachability") {
        return "NETWORK_REACHABILITY";
    }
    // `CVE-2024-1`, `GHSA-…`, `ALAS2-2024-1`, `RHSA-2024:1`, `SNYK-…`: capitals, then a hyphen.
    let prefix = rule_id.split('-').next().unwrap_or_default();
    let advisory = rule_id.contains('-')
        && prefix.len() >= 2
        && prefix.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if advisory { "PACKAGE_VULNERABILITY" } else { "CODE_VULNERABILITY" }
}

/// The managed rule of which a Config rule is an instance: what Security Hub, conformance packs and
/// organizations deploy has a part of its own in its name (Config developer guide).
fn managed_rule(name: &str) -> String {
    let lower = name.trim().to_ascii_lowercase();
    if let Some(rest) = lower.strip_prefix("securityhub-") {
        // `securityhub-access-keys-rotated` has no such part, and ends in a word of eight letters
        return without_suffix(rest, |id| id.bytes().any(|b| b.is_ascii_digit())).to_owned();
    }
    if let Some(rest) = lower.strip_prefix("orgconfigrule-") {
        return without_suffix(rest, |_| true).to_owned();
    }
    match lower.split_once("-conformance-pack-") {
        Some((rule, id)) if !rule.is_empty() && !id.is_empty() => rule.to_owned(),
        _ => lower,
    }
}

/// `name` of `name-1a2b3c4d`.
fn without_suffix(name: &str, is_id: impl Fn(&str) -> bool) -> &str {
    match name.rsplit_once('-') {
        Some((rule, id))
            if id.len() == 8 && id.bytes().all(|b| b.is_ascii_alphanumeric()) && is_id(id) =>
        {
            rule
        }
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inspector_finding_has_a_type() {
        for (rule, kind) in [
            ("NETWORK_REACHABILITY", "NETWORK_REACHABILITY"),
            ("Network Reachability - Recognized port reachable", "NETWORK_REACHABILITY"),
            ("CVE-2024-3094", "PACKAGE_VULNERABILITY"),
            ("ALAS2-2024-2500", "PACKAGE_VULNERABILITY"),
            ("GHSA-7fh5-64p2-3v2j", "PACKAGE_VULNERABILITY"),
            ("PACKAGE_VULNERABILITY", "PACKAGE_VULNERABILITY"),
            ("python/hardcoded-credentials@v1.0", "CODE_VULNERABILITY"),
        ] {
            assert_eq!(inspector_type(rule), kind, "{rule}");
        }
    }

    #[test]
    fn a_config_rule_is_an_instance_of_a_managed_rule() {
        for (name, rule) in [
            ("restricted-ssh", "restricted-ssh"),
            ("Restricted-SSH", "restricted-ssh"),
            ("securityhub-restricted-ssh-1a2b3c4d", "restricted-ssh"),
            ("securityhub-access-keys-rotated", "access-keys-rotated"),
            ("OrgConfigRule-restricted-ssh-o5p6q7r8", "restricted-ssh"),
            ("restricted-ssh-conformance-pack-a1b2c3d4e", "restricted-ssh"),
        ] {
            assert_eq!(managed_rule(name), rule, "{name}");
        }
    }
}
