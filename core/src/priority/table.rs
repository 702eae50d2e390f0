//! The rules as they are used.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::assets::Assets;
use crate::ids::AccountId;
use crate::report::Privilege;

/// A monotone, piecewise linear function from (0, 0).
#[derive(Clone, Debug, Default)]
pub(super) struct Anchors(pub(super) Vec<(i32, i32)>);

impl Anchors {
    /// Its value at `x`, rounded down; beyond the last anchor the last one's.
    pub(super) fn at(&self, x: i32) -> i32 {
        let step = self.0.windows(2).find_map(|two| match *two {
            [(x0, y0), (x1, y1)] if x <= x1 => Some(y0 + (y1 - y0) * (x.max(x0) - x0) / (x1 - x0)),
            _ => None,
        });
        step.unwrap_or_else(|| self.most())
    }

    /// Its largest value.
    pub(super) fn most(&self) -> i32 {
        self.0.last().map_or(0, |last| last.1)
    }
}

/// Names the points there are once, as fields and as they are written.
macro_rules! points {
    ($($factor:ident { $($value:ident),* })*) => {
        /// What each value of each factor gives.
        #[derive(Clone, Debug, Default)]
        pub(super) struct Points {
            $(pub(super) $factor: $factor::Points,)*
        }

        impl Points {
            /// The number of that name.
            pub(super) fn place(&mut self, factor: &str, value: &str) -> Option<&mut i32> {
                match (factor, value) {
                    $($((stringify!($factor), stringify!($value)) => {
                        Some(&mut self.$factor.$value)
                    })*)*
                    _ => None,
                }
            }

            /// The names of a factor, or the factors where there is no such one, for people.
            pub(super) fn like(factor: &str) -> String {
                let names = Self::names();
                let of_factor: Vec<&str> = names
                    .split(", ")
                    .filter(|name| name.split_once('.').is_some_and(|(of, _)| of == factor))
                    .collect();
                if of_factor.is_empty() {
                    return [$(stringify!($factor)),*].join(", ");
                }
                of_factor.join(", ")
            }

            /// All names, for people.
            pub(super) fn names() -> String {
                [$($(concat!(stringify!($factor), ".", stringify!($value))),*),*].join(", ")
            }
        }

        $(
            /// The values of one factor.
            pub(super) mod $factor {
                /// What each gives.
                #[derive(Clone, Copy, Debug, Default)]
                pub(in crate::priority) struct Points {
                    $(pub(in crate::priority) $value: i32,)*
                }
            }
        )*
    };
}

points! {
    exposure { private, organization, cross_account, internet, public }
    criticality { full }
    environment { production, unknown, staging, development, sandbox }
    privilege { read, write, escalation, admin, root }
    threat { recon, suspicious, compromise, sequence }
    exploit {
        known_exploited, active, epss_half, epss_tenth, proof_of_concept, automatable, total_impact
    }
    corroboration { two, three }
    recurrence { each, most }
    recency { day, week, month }
    overdue { first, most }
    quick_win { phase_1, phase_2, phase_3, low_effort, medium_effort }
    compliance { each, most }
    combination {
        reachable_exploitable, reachable_automatable, reachable_precious, threatened_privileged,
        exploitable_privileged, most
    }
}

/// What a resource is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Environment {
    Production,
    Staging,
    Development,
    Sandbox,
}

impl Environment {
    pub(super) const ALL: [Self; 4] =
        [Self::Production, Self::Staging, Self::Development, Self::Sandbox];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Staging => "staging",
            Self::Development => "development",
            Self::Sandbox => "sandbox",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }
}

/// What kind of threat it is. Ordered: later is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tier {
    /// Somebody looks around.
    Recon,
    /// It may be hostile.
    Suspicious,
    /// Something is taken over, or nearly so.
    Compromise,
    /// An attack in several steps.
    Sequence,
}

impl Tier {
    pub(super) const ALL: [Self; 4] =
        [Self::Recon, Self::Suspicious, Self::Compromise, Self::Sequence];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Recon => "recon",
            Self::Suspicious => "suspicious",
            Self::Compromise => "compromise",
            Self::Sequence => "sequence",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }
}

/// What is known of a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RuleFacts {
    pub(super) privilege: Option<Privilege>,
    pub(super) tier: Option<Tier>,
    /// Of the maturity model, 1 to 4.
    pub(super) phase: Option<u8>,
    /// 1 low, 2 medium, 3 high.
    pub(super) effort: Option<u8>,
    /// The standards in scope that ask for it.
    pub(super) standards: Vec<String>,
    /// By when the operator wants it fixed, in days.
    pub(super) days: Option<i64>,
}

impl RuleFacts {
    /// Takes from `other` what it does not know.
    pub(super) fn fill(&mut self, other: &Self) {
        self.privilege = self.privilege.or(other.privilege);
        self.tier = self.tier.or(other.tier);
        self.phase = self.phase.or(other.phase);
        self.effort = self.effort.or(other.effort);
        self.days = self.days.or(other.days);
        if self.standards.is_empty() {
            self.standards.clone_from(&other.standards);
        }
    }
}

/// What the operator says of resources.
#[derive(Clone, Debug)]
pub(super) struct Asset {
    pub(super) name: String,
    pub(super) accounts: Vec<AccountId>,
    pub(super) arns: Vec<String>,
    /// Keys with their values, in lower case; no values means any.
    pub(super) tags: Vec<(String, Vec<String>)>,
    pub(super) environment: Option<Environment>,
    pub(super) criticality: Option<u8>,
}

/// Whether `text` is like `pattern`, in which `*` stands for any text.
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

/// What must not be low.
#[derive(Clone, Debug)]
pub(super) struct Floor {
    pub(super) id: String,
    pub(super) score: u16,
    pub(super) condition: Condition,
}

/// When a floor holds.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    Rules(Vec<String>),
    WithinDays(i64),
    /// A threat of this kind and worse, seen within so many days.
    Threat {
        least: Tier,
        seen_within: Option<i64>,
    },
    /// A weakness that could have helped such a threat, on its resource.
    Beside {
        least: Tier,
        seen_within: Option<i64>,
    },
}

/// Rows of the table of deadlines of vulnerabilities.
pub(super) struct Deadline;

impl Deadline {
    /// What it is decided by.
    pub(super) const INPUTS: [&str; 4] =
        ["known_exploited", "exposed", "automatable", "total_impact"];

    /// The row of these answers to [`INPUTS`](Self::INPUTS).
    pub(super) fn index(row: [bool; 4]) -> usize {
        row.into_iter().fold(0, |index, is| index << 1 | usize::from(is))
    }

    /// The row in which these are so.
    pub(super) fn row(when: &[String]) -> usize {
        Self::index(Self::INPUTS.map(|name| when.iter().any(|given| given == name)))
    }

    /// What is so in a row, for people.
    pub(super) fn names(row: usize) -> String {
        let of_bits = Self::INPUTS.iter().rev().enumerate();
        let is = of_bits.filter(|(bit, _)| row >> bit & 1 == 1).map(|(_, name)| *name);
        let mut is: Vec<&str> = is.collect();
        is.reverse();
        is.join(", ")
    }
}

/// All rules.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) severity: Anchors,
    pub(super) compression: Anchors,
    pub(super) points: Points,
    /// Days by band, P4 first.
    pub(super) days: [i64; 5],
    /// Days by [`Deadline::index`]; `None` is with the next upgrade.
    pub(super) vulnerability_days: [Option<i64>; 16],
    pub(super) floors: Vec<Floor>,
    pub(super) assets: Vec<Asset>,
    /// How to find them; made by [`Table::arrange`].
    pub(super) index: Assets,
    /// By id, and until they are arranged by purpose as `Recon:*`.
    pub(super) rules: HashMap<String, RuleFacts>,
    /// Ids of the rules of each standard, by its id.
    pub(super) standards: BTreeMap<String, Vec<String>>,
    /// Ids of the standards that count.
    pub(super) scope: BTreeSet<String>,
    /// By purpose as `Recon`; made by [`Table::arrange`].
    pub(super) purposes: HashMap<String, RuleFacts>,
}

impl Table {
    /// Makes what things are looked up by, once all texts are read.
    pub(super) fn arrange(&mut self) {
        self.index = Assets::new(&self.assets);
        for standard in &self.scope {
            for id in self.standards.get(standard).into_iter().flatten() {
                let known = &mut self.rules.entry(id.clone()).or_default().standards;
                if !known.contains(standard) {
                    known.push(standard.clone());
                }
            }
        }
        for (id, known) in &self.rules {
            if let Some(purpose) = id.strip_suffix(":*") {
                self.purposes.insert(purpose.to_owned(), known.clone());
            }
        }
        self.rules.retain(|id, _| !id.ends_with(":*"));
    }

    /// What is known of a rule, and of all of its purpose.
    pub(super) fn rule(&self, id: &str) -> RuleKnown<'_> {
        let of_purpose = id.split_once(':').and_then(|(purpose, _)| self.purposes.get(purpose));
        RuleKnown([self.rules.get(id), of_purpose])
    }
}

/// What is known of a rule.
#[derive(Clone, Copy, Debug)]
pub(super) struct RuleKnown<'t>([Option<&'t RuleFacts>; 2]);

impl<'t> RuleKnown<'t> {
    /// The first that it has of something.
    pub(super) fn first<T>(self, of: impl Fn(&'t RuleFacts) -> Option<T>) -> Option<T> {
        self.0.into_iter().flatten().find_map(of)
    }
}
