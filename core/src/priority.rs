//! How urgent a finding is, and why.
//!
//! [`Model`] is a table of points and rules (`core/data/priority.toml`, and over it a file of the
//! operator's): 14 factors, each with a cap, add up; the sum is compressed to 0 to 1000, and raised
//! where a floor applies. Every step is a line with its points, and they sum exactly to the score
//! (promise P1). The deadline follows from the score, from CISA's tables and from the operator's rules.
//!
//! A rating is a pure function of the facts, of the strongest open threat on the same resource, of what
//! is published about the CVE, of the lifecycle, of the rules and of the day: integers only, so that it
//! is the same on every machine. What is unknown counts 0 and says so; only an environment that nobody
//! names counts between staging and production.
//! What people decided does not move it: a suppressed finding keeps its score, and lists leave it
//! out by its triage.
//!
//! Monotone: a finding that is worse in one input, and the same in the rest, never scores lower.
//!
//! Parts: `form` says what may stand in rules, `read` reads them, `check` says what is wrong with them,
//! `write` writes them again; `table` has them to be looked up (`patterns`, `places`). `seen` looks up
//! what is known of a finding, `factors` gives points, `rate` puts them together, `due` says by when,
//! `explain` says why.

mod check;
mod due;
mod explain;
mod factors;
mod form;
mod patterns;
mod places;
mod rate;
mod read;
mod seen;
mod table;
mod write;

use std::sync::{Arc, LazyLock};

pub use self::explain::{Counterfactual, Explanation, Line, Unknown};
pub use self::read::ModelError;
use self::table::Table;
use crate::finding::{Due, Facts, Finding, Lifecycle, RelatedThreat};
use crate::ids::digest128;
use crate::intel::Exploitation;
use crate::report::bounded;
use crate::time::Millis;

/// The highest score.
pub const SCORE_MAX: u16 = 1000;

/// The rules of this program.
const BUILTIN: &str = include_str!("../data/priority.toml");

static BUILTIN_MODEL: LazyLock<Model> = LazyLock::new(|| {
    Model::read(BUILTIN, None).expect("the rules of this program are right: a test reads them")
});

/// What contributes to a score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Factor {
    /// How bad the source says it is.
    Severity,
    /// Who can reach the resource.
    Exposure,
    /// How much the resource matters.
    Criticality,
    /// Where it is used.
    Environment,
    /// What can be done with the access that it is about.
    Privilege,
    /// How bad a threat is; for what is none, an open threat on the same resource: somebody may be
    /// using the weakness.
    Threat,
    /// Whether the weakness in software is used.
    Exploit,
    /// How many independent products say it.
    Corroboration,
    /// How often it came back.
    Recurrence,
    /// How fresh a threat is.
    Recency,
    /// Its deadline is over.
    Overdue,
    /// It gives much for little.
    QuickWin,
    /// Standards in scope have it.
    Compliance,
    /// What makes each other worse.
    Combination,
    /// What is taken off, so that the sum ends at [`SCORE_MAX`].
    Compression,
    /// What is added, because the rules give at least a certain score.
    Floor,
}

impl Factor {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 16] = [
        Self::Severity,
        Self::Exposure,
        Self::Criticality,
        Self::Environment,
        Self::Privilege,
        Self::Threat,
        Self::Exploit,
        Self::Corroboration,
        Self::Recurrence,
        Self::Recency,
        Self::Overdue,
        Self::QuickWin,
        Self::Compliance,
        Self::Combination,
        Self::Compression,
        Self::Floor,
    ];

    /// The name shown to people, and of its section in the rules.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Severity => "severity",
            Self::Exposure => "exposure",
            Self::Criticality => "criticality",
            Self::Environment => "environment",
            Self::Privilege => "privilege",
            Self::Threat => "threat",
            Self::Exploit => "exploit",
            Self::Corroboration => "corroboration",
            Self::Recurrence => "recurrence",
            Self::Recency => "recency",
            Self::Overdue => "overdue",
            Self::QuickWin => "quick_win",
            Self::Compliance => "compliance",
            Self::Combination => "combination",
            Self::Compression => "compression",
            Self::Floor => "floor",
        }
    }

    /// The most points that the rules of this program give it; 0 for compression and floor. Other rules
    /// say it in [`Model::points_max`].
    pub fn points_max(self) -> i32 {
        BUILTIN_MODEL.points_max(self)
    }
}

/// One line of an explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What contributes.
    pub factor: Factor,
    /// How much; negative where something is taken off.
    pub points: i32,
    /// What was seen, for people: `HIGH (70)`, `public`, `2 products`.
    pub value: String,
    /// The input is unknown: 0 points does not mean safe.
    pub missing: bool,
}

/// Why a finding is not ranked (its score is 0).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gate {
    /// No source reports it any more.
    Closed,
    /// Made by the product to show what a finding looks like.
    Sample,
}

impl Gate {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Closed, Self::Sample];

    /// The name shown to people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Sample => "sample",
        }
    }
}

/// How urgent a finding is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Priority {
    /// 0 to [`SCORE_MAX`]: the sum of the reasons, or 0 with a gate.
    pub score: u16,
    /// The same before it was compressed and floored: it tells apart what has one score.
    pub raw: u16,
    /// What sums to it, in the order of [`Factor::ALL`]: what counts, and what is not known. Empty with a
    /// gate.
    pub reasons: Vec<Reason>,
    /// Why it is not ranked at all.
    pub gate: Option<Gate>,
    /// [`Model::hash`] of the rules that gave it; a number where rules of a former version did.
    pub model: String,
    /// The day for which it was computed, in days since 1970.
    pub as_of: i64,
}

impl Priority {
    /// Whether it says the same, whatever the day and the rules.
    pub fn is_same(&self, other: &Self) -> bool {
        (self.score, self.raw, self.gate) == (other.score, other.raw, other.gate)
            && self.reasons == other.reasons
    }

    /// Whether people should know that it was `before`: another band, [`SIGNIFICANT_POINTS`], or other
    /// factors that count.
    pub fn is_significant(&self, before: &Self) -> bool {
        let counting = |priority: &Self| -> Vec<Factor> {
            let counts = priority.reasons.iter().filter(|reason| reason.points != 0);
            counts.map(|reason| reason.factor).collect()
        };
        Band::of(self.score) != Band::of(before.score)
            || self.score.abs_diff(before.score) >= SIGNIFICANT_POINTS
            || self.gate != before.gate
            || counting(self) != counting(before)
    }
}

/// By how many points a score moves that people should know of.
pub const SIGNIFICANT_POINTS: u16 = 25;

/// What a finding is rated by.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// What its reports say.
    pub facts: &'a Facts,
    /// The strongest open threat on the same resource.
    pub threat: Option<&'a RelatedThreat>,
    /// What is published about its worst CVE.
    pub exploitation: Option<&'a Exploitation>,
    /// Since when it has been there.
    pub lifecycle: &'a Lifecycle,
}

impl<'a> Inputs<'a> {
    /// Those of a finding.
    pub fn of(finding: &'a Finding) -> Self {
        Self {
            facts: &finding.facts,
            threat: finding.threat.as_ref(),
            exploitation: finding.exploitation.as_ref(),
            lifecycle: &finding.lifecycle,
        }
    }
}

/// How urgent a finding is, and by when it is to be fixed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rating {
    /// How urgent, and why.
    pub priority: Priority,
    /// By when.
    pub due: Option<Due>,
}

/// The rules. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Model(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    table: Table,
    text: String,
    hash: String,
}

impl Model {
    /// Those of this program.
    pub fn builtin() -> Self {
        BUILTIN_MODEL.clone()
    }

    /// Those of this program as a text with comments, to begin one's own with.
    pub fn builtin_text() -> &'static str {
        BUILTIN
    }

    /// Reads the rules of `base` (those of this program, or the [text](Self::text) of those that were in
    /// force) and, over them, those of the operator.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, with its text, its line and what to do.
    pub fn read(base: &str, operator: Option<&str>) -> Result<Self, ModelError> {
        let raw = read::compose(base, operator)?;
        let text = write::text(&raw);
        let digest = data_encoding::HEXLOWER.encode(&digest128(text.as_bytes()));
        let hash = bounded(&digest, 16).to_owned();
        Ok(Self(Arc::new(Inner { table: Table::new(&raw), text, hash })))
    }

    /// The text of the rules that are in force, the operator's among them: what [`Model::read`] makes the
    /// same rules of. It has no comments, so that those change no rule.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Names the rules: 16 hexadecimal digits of the SHA-256 of [`Model::text`].
    pub fn hash(&self) -> &str {
        &self.0.hash
    }

    /// The most points that these rules give a factor; 0 for compression and floor.
    pub fn points_max(&self, factor: Factor) -> i32 {
        self.0.table.cap(factor)
    }

    /// Rates a finding as of the day of `now`.
    pub fn rate(&self, inputs: Inputs<'_>, now: Millis) -> Rating {
        rate::rate(&self.0.table, &self.0.hash, inputs, now)
    }

    /// Says why a finding has the score that these rules give it on the day of its priority.
    pub fn explain(&self, finding: &Finding) -> Explanation {
        explain::explain(&self.0.table, finding)
    }
}

/// Bands for people and dashboards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Band {
    /// Below 250.
    P4,
    /// 250 to 449.
    P3,
    /// 450 to 649.
    P2,
    /// 650 to 849.
    P1,
    /// 850 and more: now.
    P0,
}

impl Band {
    /// The band of a score.
    pub fn of(score: u16) -> Self {
        match score {
            0..250 => Self::P4,
            250..450 => Self::P3,
            450..650 => Self::P2,
            650..850 => Self::P1,
            850.. => Self::P0,
        }
    }

    /// The name shown to people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::P4 => "P4",
            Self::P3 => "P3",
            Self::P2 => "P2",
            Self::P1 => "P1",
            Self::P0 => "P0",
        }
    }
}

#[cfg(test)]
mod tests;
