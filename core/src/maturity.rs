//! Where an organization stands on the AWS Security Maturity Model, and what says so.
//!
//! The model is data (`core/data/maturity.toml`): what is recommended, in which phase and domain, and
//! which controls, checks, findings and facts are evidence for or against it. [`Table`] reads it.
//!
//! [`Tally`] is fed finding by finding and product by product, keeps counts and a few examples, and
//! says a [`Verdict`] for each recommendation, of the organization and of each account:
//!
//! - evidence *for*: a control that passed, a check that is ok, a product that answers, a threat that
//!   was decided on, a finding that could not be without what is recommended;
//! - evidence *against*: a finding that is open, a product that is off, a threat left alone too long.
//!
//! Invariants: silence is [`Verdict::Unknown`], never met, and so is what was read by a unit that is
//! not read any more; a recommendation that findings cannot wholly judge is never met by findings; an
//! [`Attestation`] never outweighs a finding; the order in which findings come does not matter.

mod attestation;
mod evidence;
mod next;
mod read;
mod report;
mod tally;
mod verdict;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

pub use self::attestation::{
    ATTESTATION_BYTES_MAX, ATTESTATION_MS_MAX, Attestation, AttestationError, Scope,
};
use self::evidence::Link;
pub use self::evidence::{Entry, Fact, Kind, Says};
pub use self::next::{STEPS_MAX, Step};
pub use self::read::TableError;
pub use self::report::{
    AccountPlace, Example, Place, Report, RuleCount, Standing, Totals, VerdictCounts,
};
pub use self::tally::{
    AccountNumber, Counts, EXAMPLES_MAX, Held, Liveness, RECENT_MS, RegionNumber, RuleNumber, Seen,
    Tally,
};
pub use self::verdict::Verdict;
use crate::ids::digest128;

/// The table of this program.
const BUILTIN: &str = include_str!("../data/maturity.toml");

static BUILTIN_TABLE: LazyLock<Table> = LazyLock::new(|| {
    Table::read(BUILTIN).expect("the table of this program is right: a test reads it")
});

/// A phase of the model; the numbers are those in recommendation ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// 1: what can be done in days.
    QuickWins,
    /// 2: what most should have.
    Foundational,
    /// 3: what makes it scale.
    Efficient,
    /// 4: what is improved all the time.
    Optimized,
}

impl Phase {
    /// All of them, in order.
    pub const ALL: [Self; 4] =
        [Self::QuickWins, Self::Foundational, Self::Efficient, Self::Optimized];

    /// 1 to 4.
    pub fn number(self) -> u8 {
        self as u8 + 1
    }

    /// The phase with that number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.number() == number)
    }

    /// The name shown to people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::QuickWins => "Quick Wins",
            Self::Foundational => "Foundational",
            Self::Efficient => "Efficient",
            Self::Optimized => "Optimized",
        }
    }
}

/// A domain of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Domain {
    /// Contacts, Regions, training, responsibility.
    SecurityGovernance,
    /// Whether things are as they should be.
    SecurityAssurance,
    /// Who may do what.
    Identity,
    /// Seeing that somebody attacks.
    ThreatDetection,
    /// Weak software.
    VulnerabilityManagement,
    /// Networks and machines.
    InfrastructureProtection,
    /// Encryption, backups, sensitive data.
    DataProtection,
    /// What is built.
    ApplicationSecurity,
    /// Answering and recovering.
    IncidentResponse,
}

impl Domain {
    /// All of them, in the model's order.
    pub const ALL: [Self; 9] = [
        Self::SecurityGovernance,
        Self::SecurityAssurance,
        Self::Identity,
        Self::ThreatDetection,
        Self::VulnerabilityManagement,
        Self::InfrastructureProtection,
        Self::DataProtection,
        Self::ApplicationSecurity,
        Self::IncidentResponse,
    ];

    /// Its name in the table and in data.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SecurityGovernance => "security_governance",
            Self::SecurityAssurance => "security_assurance",
            Self::Identity => "identity_and_access_management",
            Self::ThreatDetection => "threat_detection",
            Self::VulnerabilityManagement => "vulnerability_management",
            Self::InfrastructureProtection => "infrastructure_protection",
            Self::DataProtection => "data_protection",
            Self::ApplicationSecurity => "application_security",
            Self::IncidentResponse => "incident_response",
        }
    }

    /// The domain with that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|domain| domain.as_str() == name)
    }
}

/// How much work a recommendation is for one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effort {
    /// Days.
    Low,
    /// Weeks.
    Medium,
    /// Months.
    High,
}

impl Effort {
    /// All of them, the least first.
    pub const ALL: [Self; 3] = [Self::Low, Self::Medium, Self::High];

    /// Its name in the table and for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    /// The effort with that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|effort| effort.as_str() == name)
    }
}

/// How far evidence can go for a recommendation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Observability {
    /// Controls and findings judge it.
    Direct,
    /// They judge a necessary part.
    Partial,
    /// They say that something is there or missing.
    Indirect,
    /// Nothing judges it.
    None,
}

impl Observability {
    /// All of them, the best first.
    pub const ALL: [Self; 4] = [Self::Direct, Self::Partial, Self::Indirect, Self::None];

    /// Its name in the table and for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Partial => "partial",
            Self::Indirect => "indirect",
            Self::None => "none",
        }
    }

    /// The observability with that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|seen| seen.as_str() == name)
    }
}

/// What the model recommends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recommendation {
    /// For example `P1-IAM-2`; stable.
    pub id: String,
    /// What is recommended.
    pub name: String,
    /// What the second edition calls it; empty where it dropped it.
    pub second: Vec<String>,
    /// When it is due.
    pub phase: Phase,
    /// What it is about.
    pub domain: Domain,
    /// Its place among AWS's ten things to do first, 1 to 10.
    pub top10: Option<u8>,
    /// How much work it is.
    pub effort: Effort,
    /// How far evidence can go.
    pub seen: Observability,
    /// What to do, for people.
    pub advice: String,
    /// What says how far it is done.
    pub evidence: Vec<Entry>,
}

/// The recommendations, and which findings speak for or against each. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Table(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    recommendations: Vec<Recommendation>,
    /// By kind and canonical id, without patterns.
    exact: HashMap<(Kind, String), Vec<Link>>,
    /// Ids with a `*`.
    patterns: Vec<(Kind, String, Link)>,
    /// Whoever acts on findings of a product.
    acting: Vec<(Kind, Link)>,
    hash: String,
}

impl Table {
    /// That of this program.
    pub fn builtin() -> Self {
        BUILTIN_TABLE.clone()
    }

    /// Reads a table.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, with its line and what to do.
    pub fn read(text: &str) -> Result<Self, TableError> {
        let recommendations = read::recommendations(text)?;
        let mut inner = Inner {
            exact: HashMap::new(),
            patterns: Vec::new(),
            acting: Vec::new(),
            hash: data_encoding::HEXLOWER.encode(&digest128(text.as_bytes())[..8]),
            recommendations: Vec::new(),
        };
        for (index, recommendation) in recommendations.iter().enumerate() {
            for entry in &recommendation.evidence {
                inner.link(index, entry);
            }
        }
        inner.recommendations = recommendations;
        Ok(Self(Arc::new(inner)))
    }

    /// All recommendations, by phase, in the order of the table.
    pub fn all(&self) -> &[Recommendation] {
        &self.0.recommendations
    }

    /// The recommendation with that id, in any case.
    pub fn get(&self, id: &str) -> Option<&Recommendation> {
        self.0.recommendations.iter().find(|known| known.id.eq_ignore_ascii_case(id))
    }

    /// Stands for the text of the table: 16 hexadecimal digits of its SHA-256.
    pub fn hash(&self) -> &str {
        &self.0.hash
    }
}

#[cfg(test)]
mod tests;
