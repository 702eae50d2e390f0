//! Puts the factors together: sum, compression, floor, deadline.

use super::factors::{self, Line};
use super::form::{Pairs, SCORED};
use super::seen::Seen;
use super::table::{Floor, Table};
use super::{Factor, Gate, Inputs, Priority, Rating, Reason};
use crate::finding::{Due, Facts};
use crate::time::Millis;

/// A score, and all that leads to it.
#[derive(Clone, Debug)]
pub(super) struct Scored<'t> {
    /// In the order of [`Factor::ALL`].
    pub(super) lines: [Line; SCORED],
    pub(super) raw: i32,
    pub(super) compressed: i32,
    /// The floor that raises it.
    pub(super) floor: Option<&'t Floor>,
    pub(super) due: Option<Due>,
}

/// Why a finding with these facts is not ranked.
pub(super) fn gate(facts: &Facts) -> Option<Gate> {
    match (facts.sample, facts.status.is_open()) {
        (true, _) => Some(Gate::Sample),
        (false, false) => Some(Gate::Closed),
        (false, true) => None,
    }
}

/// Rates a finding as of the day of `now`.
pub(super) fn rate(table: &Table, model: &str, inputs: Inputs<'_>, now: Millis) -> Rating {
    let priority = Priority { model: model.to_owned(), as_of: now.day(), ..Priority::default() };
    let gate = gate(inputs.facts);
    if gate.is_some() {
        return Rating { priority: Priority { gate, ..priority }, due: None };
    }
    let scored = Scored::new(table, &Seen::new(table, inputs, now), now);
    let (score, raw) = (scored.score(), u16::try_from(scored.raw).unwrap_or(u16::MAX));
    let due = scored.due.clone();
    let counting = scored.reasons(table).filter(|one| one.points != 0 || one.missing);
    Rating { priority: Priority { score, raw, reasons: counting.collect(), ..priority }, due }
}

impl<'t> Scored<'t> {
    pub(super) fn new(table: &'t Table, seen: &Seen<'_>, now: Millis) -> Self {
        let mut lines = factors::lines(table, seen);
        let sum: i32 = lines.iter().map(|line| line.points).sum();
        let floor = floor(table, seen);
        // The deadline is that of the first day, so that it stays.
        let fresh = factors::recency_at_first(table, seen);
        let first = sum - lines[Factor::Recency as usize].points + fresh;
        let first = table.between(Pairs::Compression, first);
        let due = super::due::due(table, seen, first.max(floor.map_or(0, |floor| floor.score)));

        let since = seen.inputs.lifecycle.since;
        let overdue = factors::overdue(table, due.as_ref(), since, now);
        let raw = sum + overdue.points;
        lines[Factor::Overdue as usize] = overdue;
        let compressed = table.between(Pairs::Compression, raw);
        let floor = floor.filter(|floor| floor.score > compressed);
        Self { lines, raw, compressed, floor, due }
    }

    pub(super) fn score(&self) -> u16 {
        let score = self.floor.map_or(self.compressed, |floor| floor.score);
        u16::try_from(score).unwrap_or(0).min(super::SCORE_MAX)
    }

    /// Every factor, also those that count nothing; they sum to the score.
    pub(super) fn reasons(self, table: &Table) -> impl Iterator<Item = Reason> {
        let compression = self.compressed - self.raw;
        let compression = if compression == 0 {
            Line::new(0, "none")
        } else {
            let most: i32 = Factor::ALL.into_iter().map(|factor| table.cap(factor)).sum();
            Line::new(compression, format!("{} of at most {most} points", self.raw))
        };
        let floor = self.floor.map_or_else(
            || Line::new(0, "none"),
            |floor| {
                let value = format!("{}: at least {}", floor.id, floor.score);
                Line::new(floor.score - self.compressed, value)
            },
        );
        let lines = self.lines.into_iter().chain([compression, floor]);
        Factor::ALL.into_iter().zip(lines).map(|(factor, line)| Reason {
            factor,
            points: line.points,
            value: line.value.into_owned(),
            missing: line.missing,
        })
    }
}

/// The highest floor that is for a finding.
fn floor<'t>(table: &'t Table, seen: &Seen<'_>) -> Option<&'t Floor> {
    let cisa = seen.cisa().and_then(|answers| table.cisa(answers).days);
    let mut highest: Option<&Floor> = None;
    let mut raise = |floor: &'t Floor| {
        if highest.is_none_or(|known| floor.score > known.score) {
            highest = Some(floor);
        }
    };
    table.each_floor(&seen.inputs.facts.rule_id, &mut raise);
    for floor in &table.floors {
        let by_threat = floor.threat.is_some_and(|least| seen.tier >= Some(least));
        let by_cisa = floor.cisa_days.zip(cisa).is_some_and(|(most, days)| days <= most);
        if by_threat || by_cisa {
            raise(floor);
        }
    }
    highest
}
