//! How urgent a finding is, why, and by when it is to be fixed.
//!
//! Points of [factors](Factor) are added. The sum is compressed, so that the top does not become a pile
//! of ties, and lifted by floors; both are lines of their own, so that the lines sum exactly to the
//! score (promise P1). The weights, floors, deadlines and what is known of single rules are a table,
//! `core/data/priority.toml`, with the operator's over it: a [`Model`].
//!
//! A rating is a pure function of the [`Inputs`], the model and the day. What is unknown counts 0 and
//! says so: it is not safe, it is unproven. What people decided does not move it: a suppressed finding
//! keeps its score, and lists leave it out by its triage.
//!
//! Monotone: a finding that is worse in severity, exposure, criticality, privilege, threat, exploit or
//! number of products, and the same in the rest, never scores lower.
//!
//! | where | what |
//! |---|---|
//! | `read` | the table as text, and what is wrong with it |
//! | `table` | the table as it is used |
//! | `assets`, `patterns` | what it says of a resource, looked up |
//! | `factors` | what each factor gives |
//! | `due` | deadlines |
//! | `explain` | who says it, and what would lower it |

mod assets;
mod due;
mod explain;
mod factors;
mod patterns;
mod read;
mod table;

use std::sync::{Arc, LazyLock};

pub use self::explain::{Counterfactual, Explanation, Line};
pub use self::read::ModelError;
use self::read::Text;
use self::table::Table;
use crate::finding::{Due, Facts, Finding, Lifecycle, RelatedThreat};
use crate::ids::digest128;
use crate::intel::Exploitation;
use crate::time::Millis;

/// The highest score.
pub const SCORE_MAX: u16 = 1000;

/// The table of this program.
const BUILTIN: &str = include_str!("../data/priority.toml");

static BUILTIN_MODEL: LazyLock<Model> =
    LazyLock::new(|| Model::read(BUILTIN, None).expect("a test reads the table of this program"));

/// What stands between the table of this program and the operator's in a stored text.
const SEPARATOR: &str = "\n# ---- over these, the operator's own ----\n";

/// What contributes to a score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Factor {
    /// How bad the source says it is.
    Severity,
    /// Who can reach the resource.
    Exposure,
    /// How much the resource matters.
    Criticality,
    /// What it is used for.
    Environment,
    /// What can be done with the access.
    Privilege,
    /// What kind of threat it is, or half of the strongest open one on the same resource.
    Threat,
    /// Whether the weakness in software is used, or likely to be.
    Exploit,
    /// How many independent products say it.
    Corroboration,
    /// How often it came back.
    Recurrence,
    /// How fresh a threat is.
    Recency,
    /// How long its deadline has passed.
    Overdue,
    /// Early in the maturity model, and little work.
    QuickWin,
    /// Standards in scope ask for it.
    Compliance,
    /// What is worse together.
    Combination,
    /// What is taken off a high sum.
    Compression,
    /// What lifts that which must not be low.
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

    /// The name shown to people.
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
}

/// One line of an explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What contributes.
    pub factor: Factor,
    /// How much; negative where something is taken off.
    pub points: i32,
    /// The most that it can give; 0 for what is no factor of its own, and in what was stored before
    /// this was.
    pub max: i32,
    /// What was seen, for people: `HIGH (70)`, `public`, `2 products`. Never what moves with the day.
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
    /// Customers say at Security Hub that it is none.
    FalsePositive,
}

impl Gate {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Closed, Self::Sample, Self::FalsePositive];

    /// The name shown to people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Sample => "sample",
            Self::FalsePositive => "false_positive",
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
    /// What sums to it, in the order of [`Factor::ALL`]: what gives points or is unknown; empty with a
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

/// How far above its floor a score of [`SCORE_MAX`] would be lifted; less in proportion. Narrower than
/// what lies between the floors and bands of this program.
const LIFT_MOST: i32 = 49;

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
    /// All of them, the least urgent first.
    pub const ALL: [Self; 5] = [Self::P4, Self::P3, Self::P2, Self::P1, Self::P0];

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

/// The rules. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Model(Arc<Rules>);

#[derive(Debug)]
struct Rules {
    table: Table,
    text: String,
    hash: String,
    most: factors::Most,
}

impl Model {
    /// Those of this program.
    ///
    /// # Panics
    ///
    /// Never: a test reads them.
    pub fn builtin() -> Self {
        BUILTIN_MODEL.clone()
    }

    /// Reads the rules of `base` (those of this program, or the [text](Self::text) of those that were in
    /// force) and, over them, the operator's. These take the place of the operator's in `base`.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, with its text, its line and what to do.
    pub fn read(base: &str, operator: Option<&str>) -> Result<Self, ModelError> {
        let (base, former) = match base.split_once(SEPARATOR) {
            Some((base, former)) => (base, Some(former)),
            None => (base, None),
        };
        let operator = operator.or(former).filter(|text| !text.is_empty());
        let mut table = Table::default();
        Text { name: "the rules", text: base }.over(&mut table)?;
        if let Some(text) = operator {
            Text { name: "your rules", text }.over(&mut table)?;
        }
        table.arrange();
        let most = factors::Most::of(&table);
        // The most that there is must be the most that can be had.
        if let Some(last) = table.compression.0.pop() {
            let before = table.compression.0.last().map_or(0, |anchor| anchor.0);
            table.compression.0.push((most.sum().max(before + 1), last.1));
        }
        let text = match operator {
            Some(operator) => [base, SEPARATOR, operator].concat(),
            None => base.to_owned(),
        };
        let hash = data_encoding::HEXLOWER.encode(&digest128(text.as_bytes())[..8]);
        Ok(Self(Arc::new(Rules { table, text, hash, most })))
    }

    /// The whole rules, as [`read`](Self::read) takes them for a base.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Whether the operator said which resources matter most.
    pub fn names_crown_jewels(&self) -> bool {
        self.0.table.assets.iter().any(|asset| asset.criticality == Some(100))
    }

    /// The operator's own, as written; empty when there are none.
    pub fn own_text(&self) -> &str {
        self.0.text.split_once(SEPARATOR).map_or("", |(_, own)| own)
    }

    /// Names the rules: 16 hexadecimal digits of the SHA-256 of [`text`](Self::text).
    pub fn hash(&self) -> &str {
        &self.0.hash
    }

    /// Rates a finding as of the day of `now`.
    pub fn rate(&self, inputs: Inputs<'_>, now: Millis) -> Rating {
        let day = now.day();
        if let Some(gate) = gate(inputs.facts) {
            let model = self.0.hash.clone();
            let priority = Priority { gate: Some(gate), model, as_of: day, ..Priority::default() };
            return Rating { priority, due: None };
        }
        let rule = self.0.table.rule(&inputs.facts.rule_id);
        let mut reasons = self.factors(inputs, rule, day);
        let raw: i32 = reasons.iter().map(|reason| reason.points).sum();
        let vulnerability_days = self.vulnerability_days(inputs);
        // A threat, and what is on its resource, keeps the deadline that it had when the threat was just
        // seen: dates do not move with the day.
        let floor = self.floor(inputs, rule, vulnerability_days, None);
        let fresh = self.lifted(self.fresh(inputs, rule, day, raw), floor);
        let due = self.due(inputs, rule, vulnerability_days, fresh);
        let late = self.overdue(inputs, due.as_ref(), day);
        let raw = raw + late.points;
        let at = reasons.partition_point(|reason| reason.factor < Factor::Overdue);
        reasons.insert(at, late);
        let compressed = self.0.table.compression.at(raw);
        if compressed != raw {
            reasons.push(Reason {
                factor: Factor::Compression,
                points: compressed - raw,
                max: 0,
                value: format!("a sum of {raw}"),
                missing: false,
            });
        }
        let floor = self.floor(inputs, rule, vulnerability_days, Some(day));
        let score = lifted(compressed, floor);
        if let Some(floor) = floor.filter(|_| score > compressed) {
            reasons.push(Reason {
                factor: Factor::Floor,
                points: score - compressed,
                max: 0,
                value: floor.id.clone(),
                missing: false,
            });
        }
        reasons.retain(|reason| reason.points != 0 || reason.missing);
        let number = |points: i32| u16::try_from(points).unwrap_or(u16::MAX);
        let (score, raw) = (number(score).min(SCORE_MAX), number(raw));
        let model = self.0.hash.clone();
        Rating { priority: Priority { score, raw, reasons, gate: None, model, as_of: day }, due }
    }

    /// The score of a sum, by compression and a floor.
    fn lifted(&self, raw: i32, floor: Option<&table::Floor>) -> u16 {
        let score = lifted(self.0.table.compression.at(raw), floor);
        u16::try_from(score).unwrap_or(SCORE_MAX)
    }
}

/// A score with what a floor adds to it. What one floor lifts keeps its order, in a narrow range above
/// the floor ([`LIFT_MOST`]): no pile of ties.
fn lifted(score: i32, floor: Option<&table::Floor>) -> i32 {
    let most = i32::from(SCORE_MAX);
    let lifted = floor.map(|floor| i32::from(floor.score) + score * LIFT_MOST / most);
    lifted.map_or(score, |lifted| lifted.min(most).max(score))
}

/// Why a finding is not ranked.
fn gate(facts: &Facts) -> Option<Gate> {
    if facts.sample {
        Some(Gate::Sample)
    } else if !facts.status.is_open() {
        Some(Gate::Closed)
    } else {
        facts.false_positive.then_some(Gate::FalsePositive)
    }
}

#[cfg(test)]
mod tests;
