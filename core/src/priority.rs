//! How urgent a finding is, and why.
//!
//! Additive factors whose points sum exactly to the score (promise P1). The full set (criticality,
//! privilege, exploits, deadlines) adds rows to [`Factor`] and functions beside the ones below;
//! nothing else changes.
//!
//! A score is a pure function of the facts, of the strongest open threat on the same resource, and
//! of the day. What is unknown counts 0 and says so.
//! What people decided does not move it: a suppressed finding keeps its score, and lists leave it
//! out by its triage.
//!
//! Monotone: a finding that is worse in severity, exposure, recency, related threat or number of
//! products, and the same in the rest, never scores lower.

use std::sync::Arc;

use crate::finding::{Due, Facts, Finding, Lifecycle, RelatedThreat};
use crate::intel::Exploitation;
use crate::report::{Exposure, FindingClass};
use crate::time::Millis;

/// The highest score.
pub const SCORE_MAX: u16 = 1000;

/// The version of the rules below, stored with each score.
pub const MODEL: u32 = 2;

/// What contributes to a score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Factor {
    /// How bad the source says it is.
    Severity,
    /// Who can reach the resource.
    Exposure,
    /// How fresh a threat is.
    Recency,
    /// An open threat on the same resource: somebody may be using the weakness. Nothing for threats
    /// themselves, for which recency counts.
    Threat,
    /// How many independent products say it.
    Corroboration,
}

impl Factor {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 5] =
        [Self::Severity, Self::Exposure, Self::Recency, Self::Threat, Self::Corroboration];

    /// The name shown to people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Severity => "severity",
            Self::Exposure => "exposure",
            Self::Recency => "recency",
            Self::Threat => "threat",
            Self::Corroboration => "corroboration",
        }
    }

    /// The most points it gives. Those of one finding sum to at most [`SCORE_MAX`], because recency
    /// counts for threats alone and a related threat for everything else.
    pub fn points_max(self) -> i32 {
        match self {
            Self::Severity => 500,
            Self::Exposure => 200,
            Self::Recency => 220,
            Self::Threat => 110,
            Self::Corroboration => 80,
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
    /// What sums to it, in the order of [`Factor::ALL`]; empty with a gate.
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

/// The rules.
#[derive(Clone, Debug)]
pub struct Model(Arc<str>);

impl Model {
    /// Those of this program.
    pub fn builtin() -> Self {
        Self(MODEL.to_string().into())
    }

    /// Names them.
    pub fn hash(&self) -> &str {
        &self.0
    }

    /// Rates a finding as of the day of `now`.
    pub fn rate(&self, inputs: Inputs<'_>, now: Millis) -> Rating {
        Rating { priority: score(inputs.facts, inputs.threat, now), due: None }
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

/// Scores `facts` as of the day of `now`; `threat` is the strongest open threat on the same resource.
pub fn score(facts: &Facts, threat: Option<&RelatedThreat>, now: Millis) -> Priority {
    let gate = if facts.sample {
        Some(Gate::Sample)
    } else if facts.status.is_open() {
        None
    } else {
        Some(Gate::Closed)
    };
    if gate.is_some() {
        let model = MODEL.to_string();
        return Priority { gate, model, as_of: now.day(), ..Priority::default() };
    }
    let reasons = vec![
        severity(facts),
        exposure(facts),
        recency(facts, now),
        related(facts, threat),
        corroboration(facts),
    ];
    let sum: i32 = reasons.iter().map(|reason| reason.points).sum();
    let score = u16::try_from(sum).expect("at most the highest score");
    Priority { score, raw: score, reasons, gate: None, model: MODEL.to_string(), as_of: now.day() }
}

/// Linear between these, so that a higher severity never scores lower: (severity, points).
const SEVERITY_POINTS: [(i32, i32); 6] =
    [(0, 0), (1, 70), (40, 200), (70, 360), (90, 450), (100, 500)];

fn severity(facts: &Facts) -> Reason {
    let n = facts.severity_normalized.min(100);
    let value = format!("{} ({n})", facts.severity.as_str());
    Reason { factor: Factor::Severity, points: severity_points(n), value, missing: false }
}

fn severity_points(normalized: u8) -> i32 {
    let n = i32::from(normalized.min(100));
    let step = SEVERITY_POINTS.windows(2).find_map(|pair| match *pair {
        [(low, low_points), (high, high_points)] if n <= high => {
            Some(low_points + (high_points - low_points) * (n - low) / (high - low))
        }
        _ => None,
    });
    step.expect("the table ends at 100")
}

fn exposure(facts: &Facts) -> Reason {
    let (points, value) = match facts.exposure {
        Exposure::Unknown => (0, "not known: no report says who can reach it"),
        Exposure::Private => (0, "inside the account"),
        Exposure::Organization => (20, "accounts of the organization"),
        Exposure::CrossAccount => (80, "principals outside the account"),
        Exposure::Internet => (160, "a network path from the internet"),
        Exposure::Public => (200, "public"),
    };
    Reason {
        factor: Factor::Exposure,
        points,
        value: value.to_owned(),
        missing: facts.exposure == Exposure::Unknown,
    }
}

fn recency(facts: &Facts, now: Millis) -> Reason {
    let reason =
        |points, value: String, missing| Reason { factor: Factor::Recency, points, value, missing };
    if facts.class != FindingClass::Threat {
        return reason(0, "not a threat".to_owned(), false);
    }
    let seen = facts.last_observed.or(facts.provider_updated).or(facts.first_observed);
    let Some(seen) = seen else {
        return reason(0, "not known: the threat has no time".to_owned(), true);
    };
    // The texts name the step, not the day: a score that stays is not written again every day.
    let (points, value) = match now.day() - seen.day() {
        ..-1 => return reason(0, "not known: the threat's time lies ahead".to_owned(), true),
        // The provider's clock may already have the next day.
        -1..=1 => (220, "seen since yesterday"),
        2..=7 => (110, "seen within 7 days"),
        8..=30 => (30, "seen within 30 days"),
        _ => (0, "not seen for 30 days"),
    };
    reason(points, value.to_owned(), false)
}

/// In proportion to the severity of the threat.
fn related(facts: &Facts, threat: Option<&RelatedThreat>) -> Reason {
    let (points, value) = match threat {
        _ if facts.class == FindingClass::Threat => (0, "a threat itself".to_owned()),
        None => (0, "no open threat on the same resource".to_owned()),
        Some(threat) => {
            let n = i32::from(threat.severity_normalized.min(100));
            (Factor::Threat.points_max() * n / 100, format!("{} ({n})", threat.rule_id))
        }
    };
    Reason { factor: Factor::Threat, points, value, missing: false }
}

fn corroboration(facts: &Facts) -> Reason {
    let products = facts.products.len();
    let points = match products {
        0 | 1 => 0,
        2 => 50,
        _ => 80,
    };
    let value = if products == 1 { "1 product".to_owned() } else { format!("{products} products") };
    Reason { factor: Factor::Corroboration, points, value, missing: false }
}

#[cfg(test)]
mod tests;
