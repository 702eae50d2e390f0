//! The points of each factor: functions of what is known and of the rules.
//!
//! Monotone: what is worse never has fewer points. What is not known has none, and says so. Texts name
//! steps, never days or counts that move by themselves: a score that stays is not written again.

mod attack;
mod work;

use std::borrow::Cow;

pub(super) use self::attack::recency_at_first;
pub(super) use self::work::overdue;
use super::Factor;
use super::form::{Number, Pairs, SCORED};
use super::seen::Seen;
use super::table::{Environment, Table};
use crate::report::{Exposure, FindingClass, Privilege};

/// What a factor gives.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    /// At most the cap of the factor.
    pub(super) points: i32,
    /// What was seen, for people.
    pub(super) value: Cow<'static, str>,
    /// It is not known.
    pub(super) missing: bool,
}

impl Line {
    pub(super) fn new(points: i32, value: impl Into<Cow<'static, str>>) -> Self {
        Self { points, value: value.into(), missing: false }
    }

    pub(super) fn missing(value: &'static str) -> Self {
        Self { points: 0, value: value.into(), missing: true }
    }
}

/// What every factor with points gives, in the order of [`Factor::ALL`]; nothing yet for a deadline that
/// is over, which follows from the rest.
pub(super) fn lines(table: &Table, seen: &Seen<'_>) -> [Line; SCORED] {
    let mut lines = [
        severity(table, seen),
        exposure(table, seen),
        criticality(table, seen),
        environment(table, seen),
        privilege(table, seen),
        attack::threat(table, seen),
        attack::exploit(table, seen),
        work::corroboration(table, seen),
        work::recurrence(table, seen),
        attack::recency(table, seen),
        Line::new(0, "not over"),
        work::quick_win(table, seen),
        work::compliance(table, seen),
        Line::default(),
    ];
    for (factor, line) in Factor::ALL.into_iter().zip(&mut lines) {
        line.points = line.points.min(table.cap(factor));
    }
    lines[Factor::Combination as usize] = attack::combination(table, seen, &lines);
    lines
}

fn severity(table: &Table, seen: &Seen<'_>) -> Line {
    let facts = seen.inputs.facts;
    let n = facts.severity_normalized.min(100);
    let points = table.between(Pairs::Severity, n.into());
    let label = facts.severity.as_str();
    match facts.signals.confidence.map(|confidence| confidence.min(100)) {
        Some(sure) => {
            let points = points * (100 + i32::from(sure)) / 200;
            Line::new(points, format!("{label} ({n}), confidence {sure}"))
        }
        None => Line::new(points, format!("{label} ({n})")),
    }
}

fn exposure(table: &Table, seen: &Seen<'_>) -> Line {
    let (number, value) = match seen.exposure {
        Exposure::Unknown => {
            return Line::missing("not known: no report says who can reach it");
        }
        Exposure::Private => (Number::Private, "inside the account"),
        Exposure::Organization => (Number::Organization, "accounts of the organization"),
        Exposure::CrossAccount => (Number::CrossAccount, "principals outside the account"),
        Exposure::Internet => (Number::Internet, "a network path from the internet"),
        Exposure::Public => (Number::Public, "public"),
    };
    Line::new(table.number(number), value)
}

fn criticality(table: &Table, seen: &Seen<'_>) -> Line {
    match seen.criticality {
        None => Line::missing("not known: no report and no rule says how much it matters"),
        Some(n) => {
            let points = table.cap(Factor::Criticality) * i32::from(n) / 100;
            let is_crown = i32::from(n) >= table.number(Number::CrownJewel);
            let crown = if is_crown { ", a crown jewel" } else { "" };
            Line::new(points, format!("{n} of 100{crown}"))
        }
    }
}

fn environment(table: &Table, seen: &Seen<'_>) -> Line {
    let (number, value) = match seen.environment {
        Some(Environment::Sandbox) => (Number::Sandbox, "sandbox"),
        Some(Environment::Development) => (Number::Development, "development"),
        Some(Environment::Staging) => (Number::Staging, "staging"),
        None => (Number::UnknownEnvironment, "not known: no tag and no rule says"),
        Some(Environment::Production) => (Number::Production, "production"),
    };
    let points = table.number(number);
    Line { missing: seen.environment.is_none() && points == 0, ..Line::new(points, value) }
}

fn privilege(table: &Table, seen: &Seen<'_>) -> Line {
    let (number, value) = match seen.privilege {
        Privilege::Unknown if is_about_access(seen) => {
            return Line::missing("not known: no report says what the access can do");
        }
        Privilege::Unknown => return Line::new(0, "not about access"),
        Privilege::Read => (Number::Read, "reading"),
        Privilege::Write => (Number::Write, "writing"),
        Privilege::Escalation => (Number::Escalation, "gaining more access"),
        Privilege::Admin => (Number::Admin, "everything an administrator can"),
        Privilege::Root => (Number::Root, "the root user"),
    };
    Line::new(table.number(number), value)
}

/// Whether what can be done with an access is a question at all.
fn is_about_access(seen: &Seen<'_>) -> bool {
    let facts = seen.inputs.facts;
    let of_iam = facts.resources.first().is_some_and(|one| one.kind.starts_with("AwsIam"));
    of_iam || matches!(facts.class, FindingClass::Threat | FindingClass::Exposure)
}
