//! By when a finding is to be fixed.
//!
//! The clock begins when it was first stored ([`Lifecycle::since`](crate::finding::Lifecycle)), and
//! does not stop. Of all rules that apply the earliest date wins. None depends on the day for which this
//! is asked: a date does not move by itself.

use super::Band;
use super::form::Number;
use super::seen::Seen;
use super::table::{Deadline, Table};
use crate::finding::Due;
use crate::time::{DAY_MS, Millis};

/// The deadline of a finding that has `score`, whatever is over by now.
pub(super) fn due(table: &Table, seen: &Seen<'_>, score: i32) -> Option<Due> {
    let since = seen.inputs.lifecycle.since.day();
    let first = [cisa(table, seen, since), kev(table, seen)];
    let first = first.into_iter().flatten();
    let own = table.deadlines.iter().enumerate();
    let own = own.filter(|(at, rule)| fits(table, seen, *at, rule, score));
    let own = own.map(|(_, rule)| (since.saturating_add(rule.days), rule.id.clone()));
    let all = first.chain(own).chain([band(table, since, score)]);
    // Of several for one day, the first.
    let (day, rule) = all.min_by_key(|(day, _)| *day)?;
    Some(Due { at: end(day), rule })
}

/// The end of a day, in UTC.
fn end(day: i64) -> Millis {
    Millis(day.saturating_add(1).saturating_mul(DAY_MS))
}

fn cisa(table: &Table, seen: &Seen<'_>, since: i64) -> Option<(i64, String)> {
    let row = table.cisa(seen.cisa()?);
    let days = row.days.filter(|_| table.number(Number::UseCisa) > 0)?;
    let forensics = if row.forensics { ", with forensics" } else { "" };
    Some((since.saturating_add(days), format!("CISA BOD 26-04: {}{forensics}", in_days(days))))
}

fn kev(table: &Table, seen: &Seen<'_>) -> Option<(i64, String)> {
    let published = seen.inputs.exploitation.filter(|found| found.known_exploited)?;
    let day = published.kev_due.filter(|_| table.number(Number::UseKev) > 0)?;
    Some((day, "CISA KEV".to_owned()))
}

fn band(table: &Table, since: i64, score: i32) -> (i64, String) {
    let band = Band::of(u16::try_from(score).unwrap_or(0));
    let days = table.number(match band {
        Band::P0 => Number::DueP0,
        Band::P1 => Number::DueP1,
        Band::P2 => Number::DueP2,
        Band::P3 => Number::DueP3,
        Band::P4 => Number::DueP4,
    });
    let days = i64::from(days);
    (since.saturating_add(days), format!("{}: {}", band.as_str(), in_days(days)))
}

fn in_days(days: i64) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}

/// Whether the operator's rule is for this finding.
fn fits(table: &Table, seen: &Seen<'_>, at: usize, rule: &Deadline, score: i32) -> bool {
    let facts = seen.inputs.facts;
    rule.class.is_none_or(|class| class == facts.class)
        && facts.severity >= rule.severity
        && score >= rule.score
        && seen.exposure >= rule.exposure
        && rule.environment.is_none_or(|one| seen.environment == Some(one))
        && (!rule.by_rule || table.is_deadline_of(at, &facts.rule_id))
        && rule.place.fits(facts)
}
