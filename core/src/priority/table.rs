//! The rules, arranged to be looked up.

use super::Factor;
use super::form::{
    CLASSES, EFFORTS, ENVIRONMENTS, EXPOSURES, List, Number, PRIVILEGES, Pairs, SCORED, SEVERITIES,
    TIERS,
};
use super::patterns::Patterns;
use super::places::{Place, Places};
use super::read::{Raw, Rule, row};
use crate::report::{Exposure, FindingClass, Privilege, Severity};

/// Where a resource is used. Ordered: later is more important; not known is between staging and
/// production.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Environment {
    Sandbox,
    Development,
    Staging,
    Production,
}

/// How bad a threat is. Ordered: later is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tier {
    Recon,
    Suspicious,
    Compromise,
    Sequence,
}

/// How much work it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Effort {
    Low,
    Medium,
    High,
}

/// How bad threats of some types are.
#[derive(Clone, Copy, Debug)]
struct ThreatRule {
    is: Tier,
    severe: Option<(i32, Tier)>,
}

/// What makes each other worse.
#[derive(Clone, Debug)]
pub(super) struct Combination {
    pub(super) id: String,
    pub(super) points: i32,
    pub(super) exposure: Exposure,
    pub(super) exploit: i32,
    pub(super) threat: i32,
    pub(super) privilege: i32,
    pub(super) automatable: bool,
    pub(super) total_impact: bool,
    pub(super) valued: bool,
}

/// At least this score.
#[derive(Clone, Debug)]
pub(super) struct Floor {
    pub(super) id: String,
    pub(super) score: i32,
    pub(super) threat: Option<Tier>,
    pub(super) cisa_days: Option<i64>,
}

/// A row of CISA's table.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CisaRow {
    /// `None`: with the next upgrade.
    pub(super) days: Option<i64>,
    pub(super) forensics: bool,
}

/// A deadline that the operator sets. All that it asks for has to fit.
#[derive(Clone, Debug)]
pub(super) struct Deadline {
    pub(super) id: String,
    pub(super) days: i64,
    pub(super) by_rule: bool,
    pub(super) class: Option<FindingClass>,
    pub(super) severity: Severity,
    pub(super) score: i32,
    pub(super) exposure: Exposure,
    pub(super) environment: Option<Environment>,
    pub(super) place: Place,
}

/// The rules.
#[derive(Debug)]
pub(super) struct Table {
    caps: [i32; SCORED],
    numbers: [i32; Number::ALL.len()],
    pairs: [Vec<(i32, i32)>; Pairs::ALL.len()],
    criticality: (Places, Vec<u8>),
    sensitive: Places,
    environment: (Places, Vec<Environment>),
    privilege: Patterns<(usize, Privilege)>,
    threats: (Patterns<usize>, Vec<ThreatRule>),
    quick_wins: Patterns<(usize, (u8, Effort))>,
    /// Those in scope.
    standards: Vec<Patterns<()>>,
    pub(super) combinations: Vec<Combination>,
    pub(super) floors: Vec<Floor>,
    floor_rules: Patterns<usize>,
    cisa: [CisaRow; 16],
    pub(super) deadlines: Vec<Deadline>,
    deadline_rules: Patterns<usize>,
}

impl Table {
    /// Of rules that were checked: what is not there counts nothing.
    pub(super) fn new(raw: &Raw) -> Self {
        let of = |list| raw.list(list).collect::<Vec<&Rule>>();
        let value = |value: &Option<(i32, _)>| value.as_ref().map_or(0, |(number, _)| *number);
        let pairs = |at: usize| raw.pairs[at].as_ref().map_or_else(Vec::new, |(p, _)| p.clone());
        let (floors, deadlines) = (of(List::Floor), of(List::Deadline));
        Self {
            caps: raw.caps.each_ref().map(value),
            numbers: raw.numbers.each_ref().map(value),
            pairs: std::array::from_fn(pairs),
            criticality: (Places::new(of(List::Criticality)), percents(&of(List::Criticality))),
            sensitive: Places::new(of(List::Sensitive)),
            environment: (
                Places::new(of(List::Environment)),
                of(List::Environment).iter().filter_map(|rule| environment(rule, "is")).collect(),
            ),
            privilege: by_rule(&of(List::Privilege), |at, rule| (at, privilege(rule))),
            threats: (by_rule(&of(List::Threat), |at, _| at), threats(&of(List::Threat))),
            quick_wins: by_rule(&of(List::QuickWin), |at, rule| (at, quick_win(rule))),
            standards: standards(raw),
            combinations: of(List::Combination).into_iter().map(combination).collect(),
            floor_rules: by_rule(&floors, |at, _| at),
            floors: floors.into_iter().map(floor).collect(),
            cisa: cisa(&of(List::Cisa)),
            deadline_rules: by_rule(&deadlines, |at, _| at),
            deadlines: deadlines.into_iter().map(deadline).collect(),
        }
    }

    /// The most points of a factor; 0 of those that only move the sum.
    pub(super) fn cap(&self, factor: Factor) -> i32 {
        self.caps.get(factor as usize).copied().unwrap_or(0)
    }

    pub(super) fn number(&self, number: Number) -> i32 {
        self.numbers[number as usize]
    }

    /// Linear between the pairs, from (0, 0) where the first does not begin there; beyond the last, its
    /// value.
    pub(super) fn between(&self, pairs: Pairs, x: i32) -> i32 {
        let mut before = (0, 0);
        for &(next, y) in &self.pairs[pairs as usize] {
            if x < next {
                let (low, low_y) = before;
                return low_y + (y - low_y) * (x - low) / (next - low).max(1);
            }
            before = (next, y);
        }
        before.1
    }

    /// What the last pair at or below `x` has; 0 below all.
    pub(super) fn reached(&self, pairs: Pairs, x: i32) -> i32 {
        let reached = self.pairs[pairs as usize].iter().rev().find(|pair| pair.0 <= x);
        reached.map_or(0, |pair| pair.1)
    }

    /// The first pair at or above `x`.
    pub(super) fn up_to(&self, pairs: Pairs, x: i32) -> Option<(i32, i32)> {
        self.pairs[pairs as usize].iter().find(|pair| x <= pair.0).copied()
    }

    /// The last number of a table.
    pub(super) fn last(&self, pairs: Pairs) -> i32 {
        self.pairs[pairs as usize].last().map_or(0, |pair| pair.0)
    }

    /// How much rules say that the resources matter.
    pub(super) fn criticality(&self, facts: &crate::finding::Facts) -> Option<u8> {
        let (places, percents) = &self.criticality;
        let mut highest = None;
        places.each(facts, |at| highest = highest.max(percents.get(at).copied()));
        highest
    }

    /// Whether rules say that the resources hold sensitive data.
    pub(super) fn is_sensitive(&self, facts: &crate::finding::Facts) -> bool {
        let mut is = false;
        self.sensitive.each(facts, |_| is = true);
        is
    }

    /// Where the first rule that fits says that the resources are used.
    pub(super) fn environment(&self, facts: &crate::finding::Facts) -> Option<Environment> {
        let (places, environments) = &self.environment;
        let mut first: Option<usize> = None;
        places.each(facts, |at| first = Some(first.map_or(at, |first| first.min(at))));
        environments.get(first?).copied()
    }

    pub(super) fn privilege(&self, rule_id: &str) -> Privilege {
        self.privilege.first(rule_id).map_or(Privilege::Unknown, |(_, privilege)| privilege)
    }

    /// How bad a threat of that type and severity (0 to 100) is.
    pub(super) fn tier(&self, rule_id: &str, severity: u8) -> Tier {
        let (patterns, rules) = &self.threats;
        let rule = patterns.first(rule_id).and_then(|at| rules.get(at));
        let Some(rule) = rule else { return Tier::Recon };
        let severe = rule.severe.filter(|(from, _)| i32::from(severity) >= *from);
        severe.map_or(rule.is, |(_, tier)| tier.max(rule.is))
    }

    /// The phase, and how much work it is.
    pub(super) fn quick_win(&self, rule_id: &str) -> Option<(u8, Effort)> {
        self.quick_wins.first(rule_id).map(|(_, quick_win)| quick_win)
    }

    /// How many standards in scope have the control.
    pub(super) fn standards(&self, rule_id: &str) -> usize {
        self.standards.iter().filter(|standard| standard.first(rule_id).is_some()).count()
    }

    /// Calls `found` with each floor that is for this rule.
    pub(super) fn each_floor<'t>(&'t self, rule_id: &str, mut found: impl FnMut(&'t Floor)) {
        self.floor_rules.each(rule_id, |at| self.floors.get(at).into_iter().for_each(&mut found));
    }

    /// Whether that deadline is for this rule.
    pub(super) fn is_deadline_of(&self, at: usize, rule_id: &str) -> bool {
        let mut is = false;
        self.deadline_rules.each(rule_id, |found| is |= found == at);
        is
    }

    /// CISA's answer to known exploited, exposed, automatable, total impact.
    pub(super) fn cisa(&self, answers: [bool; 4]) -> CisaRow {
        self.cisa[index(answers)]
    }
}

fn index(answers: [bool; 4]) -> usize {
    answers.into_iter().rev().fold(0, |index, answer| index * 2 + usize::from(answer))
}

/// The patterns of rules, with what `of` makes of a rule and its place in the list.
fn by_rule<T: Copy>(rules: &[&Rule], of: impl Fn(usize, &Rule) -> T) -> Patterns<T> {
    let rules = rules.iter().enumerate();
    Patterns::new(rules.flat_map(|(at, rule)| {
        let value = of(at, rule);
        rule.texts("rules").iter().map(move |pattern| (pattern.as_str(), value))
    }))
}

/// Of the values in the order of `words`, the one that the field names.
fn word<T: Copy>(rule: &Rule, name: &str, words: &[&str], values: &[T]) -> Option<T> {
    let text = rule.text(name)?;
    words.iter().zip(values).find(|(word, _)| **word == text).map(|(_, value)| *value)
}

fn environment(rule: &Rule, name: &str) -> Option<Environment> {
    use Environment::{Development, Production, Sandbox, Staging};
    word(rule, name, &ENVIRONMENTS, &[Sandbox, Development, Staging, Production])
}

fn privilege(rule: &Rule) -> Privilege {
    // The first of all is `Unknown`, for which there is no word.
    word(rule, "is", &PRIVILEGES, &Privilege::ALL[1..]).unwrap_or_default()
}

fn tier(rule: &Rule, name: &str) -> Option<Tier> {
    word(rule, name, &TIERS, &[Tier::Recon, Tier::Suspicious, Tier::Compromise, Tier::Sequence])
}

fn exposure(rule: &Rule) -> Exposure {
    word(rule, "exposure", &EXPOSURES, &Exposure::ALL[1..]).unwrap_or_default()
}

fn percents(rules: &[&Rule]) -> Vec<u8> {
    let percent = |rule: &&Rule| u8::try_from(rule.number("is").unwrap_or(0)).unwrap_or(100);
    rules.iter().map(percent).collect()
}

fn threats(rules: &[&Rule]) -> Vec<ThreatRule> {
    let of = |rule: &&Rule| ThreatRule {
        is: tier(rule, "is").unwrap_or(Tier::Recon),
        severe: rule.number("severe_from").zip(tier(rule, "severe")),
    };
    rules.iter().map(of).collect()
}

fn quick_win(rule: &Rule) -> (u8, Effort) {
    let phase = rule.number("phase").and_then(|phase| u8::try_from(phase).ok()).unwrap_or(4);
    let effort = word(rule, "effort", &EFFORTS, &[Effort::Low, Effort::Medium, Effort::High]);
    (phase, effort.unwrap_or(Effort::High))
}

fn standards(raw: &Raw) -> Vec<Patterns<()>> {
    let scope = raw.scope.as_ref().map_or(&[][..], |(scope, _)| scope);
    let in_scope = raw
        .list(List::Standard)
        .filter(|rule| rule.text("id").is_some_and(|id| scope.iter().any(|one| one == id)));
    in_scope.map(|rule| by_rule(&[rule], |_, _| ())).collect()
}

fn combination(rule: &Rule) -> Combination {
    let number = |name| rule.number(name).unwrap_or(0);
    Combination {
        id: rule.text("id").unwrap_or_default().to_owned(),
        points: number("points"),
        exposure: exposure(rule),
        exploit: number("exploit"),
        threat: number("threat"),
        privilege: number("privilege"),
        automatable: rule.flag("automatable"),
        total_impact: rule.flag("total_impact"),
        valued: rule.flag("valued"),
    }
}

fn floor(rule: &Rule) -> Floor {
    Floor {
        id: rule.text("id").unwrap_or_default().to_owned(),
        score: rule.number("score").unwrap_or(0),
        threat: tier(rule, "threat"),
        cisa_days: rule.number("cisa_days").map(i64::from),
    }
}

fn cisa(rules: &[&Rule]) -> [CisaRow; 16] {
    let mut rows = [CisaRow::default(); 16];
    for rule in rules {
        let days = rule.number("days").filter(|days| *days > 0).map(i64::from);
        rows[index(row(rule))] = CisaRow { days, forensics: rule.flag("forensics") };
    }
    rows
}

fn deadline(rule: &Rule) -> Deadline {
    Deadline {
        id: rule.text("id").unwrap_or_default().to_owned(),
        days: rule.number("days").map_or(0, i64::from),
        by_rule: !rule.texts("rules").is_empty(),
        class: word(rule, "class", &CLASSES, &FindingClass::ALL),
        severity: word(rule, "severity", &SEVERITIES, &Severity::ALL).unwrap_or_default(),
        score: rule.number("score").unwrap_or(0),
        exposure: exposure(rule),
        environment: environment(rule, "environment"),
        place: Place::of(rule),
    }
}
