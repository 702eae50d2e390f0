//! What is known of the work: who says it, how often it came back, how much it takes.

use super::Line;
use crate::finding::Due;
use crate::priority::Factor;
use crate::priority::form::{Number, Pairs};
use crate::priority::seen::Seen;
use crate::priority::table::{Effort, Table};
use crate::time::Millis;

pub(super) fn corroboration(table: &Table, seen: &Seen<'_>) -> Line {
    let products = seen.inputs.facts.products.len();
    let points = table.reached(Pairs::Products, i32::try_from(products).unwrap_or(i32::MAX));
    match products {
        0 | 1 => Line::new(points, "1 product"),
        more => Line::new(points, format!("{more} products")),
    }
}

pub(super) fn recurrence(table: &Table, seen: &Seen<'_>) -> Line {
    let times = seen.inputs.lifecycle.reopened;
    let points = table.number(Number::Again).saturating_mul(times.into());
    match times {
        0 => Line::new(0, "never came back"),
        1 => Line::new(points, "came back once"),
        more => Line::new(points, format!("came back {more} times")),
    }
}

/// What a deadline gives that is over on the day of `now`, of something that is there `since` then.
///
/// In quarters of the time that there was: it moves on few days.
pub(in crate::priority) fn overdue(
    table: &Table,
    due: Option<&Due>,
    since: Millis,
    now: Millis,
) -> Line {
    let Some(due) = due else { return Line::new(0, "no deadline") };
    let days = now.day() - due.day();
    if days <= 0 {
        return Line::new(0, "not over");
    }
    let time = (due.day() - since.day()).max(1);
    // Beyond any cap: the text must not move on either.
    let quarters = i32::try_from((days.saturating_mul(4) / time).min(4)).unwrap_or(4);
    let points = table.number(Number::Overdue) + quarters * table.number(Number::OverdueQuarter);
    let value = match quarters {
        0 => "the deadline is over",
        1 => "over by a quarter of the time that it had",
        2 => "over by half of the time that it had",
        3 => "over by three quarters of the time that it had",
        _ => "over by all of the time that it had, or more",
    };
    Line::new(points.min(table.cap(Factor::Overdue)), value)
}

pub(super) fn quick_win(table: &Table, seen: &Seen<'_>) -> Line {
    let Some((phase, effort)) = seen.quick_win else {
        return Line::new(0, "not known to be quick");
    };
    let of_phase = match phase {
        1 => table.number(Number::Phase1),
        2 => table.number(Number::Phase2),
        3 => table.number(Number::Phase3),
        _ => 0,
    };
    let (of_effort, effort) = match effort {
        Effort::Low => (table.number(Number::LowEffort), "little"),
        Effort::Medium => (table.number(Number::MediumEffort), "medium"),
        Effort::High => (0, "much"),
    };
    Line::new(of_phase + of_effort, format!("phase {phase}, {effort} effort"))
}

pub(super) fn compliance(table: &Table, seen: &Seen<'_>) -> Line {
    let count = i32::try_from(seen.standards).unwrap_or(i32::MAX);
    let points = table.number(Number::Standard).saturating_mul(count);
    match count {
        0 => Line::new(0, "in no standard in scope"),
        1 => Line::new(points, "in 1 standard in scope"),
        more => Line::new(points, format!("in {more} standards in scope")),
    }
}
