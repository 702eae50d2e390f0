//! Who attacks, or could.

use super::Line;
use crate::priority::Factor;
use crate::priority::form::{Number, Pairs, SCORED};
use crate::priority::seen::{Exploit, Recency, Seen};
use crate::priority::table::{Combination, Table, Tier};
use crate::report::{ExploitState, FindingClass};

fn tier(table: &Table, tier: Tier) -> (i32, &'static str) {
    let (number, value) = match tier {
        Tier::Recon => (Number::Recon, "somebody looks around"),
        Tier::Suspicious => (Number::Suspicious, "suspicious activity"),
        Tier::Compromise => (Number::Compromise, "a likely compromise"),
        Tier::Sequence => (Number::Sequence, "an attack in several steps"),
    };
    (table.number(number), value)
}

pub(super) fn threat(table: &Table, seen: &Seen<'_>) -> Line {
    if let Some(own) = seen.tier {
        let (points, value) = tier(table, own);
        return Line::new(points, value);
    }
    let Some((related, threat)) = seen.related else {
        return Line::new(0, "no open threat on the resource");
    };
    let (points, value) = tier(table, related);
    let points = points * table.number(Number::RelatedPercent) / 100;
    Line::new(points, format!("{value} on the resource: {}", threat.rule_id))
}

pub(super) fn exploit(table: &Table, seen: &Seen<'_>) -> Line {
    let Exploit { is_about, is_known, listed, state, epss, automatable, total_impact } =
        seen.exploit;
    if !is_about {
        return Line::new(0, "no weakness in software");
    }
    let epss_points = table.reached(Pairs::Epss, epss.unwrap_or(0).into());
    let candidates = [
        (if listed { table.number(Number::Known) } else { 0 }, "known to be exploited (CISA KEV)"),
        match state {
            ExploitState::Unknown | ExploitState::None => (0, ""),
            ExploitState::ProofOfConcept => {
                (table.number(Number::ProofOfConcept), "an exploit is published")
            }
            ExploitState::Active => (table.number(Number::Active), "a report says it is exploited"),
        },
        (epss_points, epss_text(epss)),
    ];
    // The first of those with the most points.
    let worst = candidates.into_iter().rev().max_by_key(|(points, _)| *points);
    let (mut points, worst) = worst.unwrap_or_default();
    let mut values = Vec::new();
    if points > 0 {
        values.push(worst);
    }
    for (answer, number, value) in [
        (automatable, Number::Automatable, "automatable"),
        (total_impact, Number::TotalImpact, "gives the whole system"),
    ] {
        if answer == Some(true) && table.number(number) > 0 {
            points += table.number(number);
            values.push(value);
        }
    }
    match &values[..] {
        [] if !is_known && state == ExploitState::Unknown && epss.is_none() => {
            Line::missing("not known: nothing says whether it is exploited")
        }
        [] => Line::new(points, "no sign that it is exploited"),
        [one] => Line::new(points, *one),
        more => Line::new(points, more.join(", ")),
    }
}

/// The step that was reached: what is stored moves from one to the next only.
fn epss_text(epss: Option<u16>) -> &'static str {
    match epss.unwrap_or(0) {
        500.. => "exploited with a probability of 50 % or more (EPSS)",
        100.. => "exploited with a probability of 10 % or more (EPSS)",
        10.. => "exploited with a probability of 1 % or more (EPSS)",
        _ => "exploited with a probability below 1 % (EPSS)",
    }
}

pub(super) fn recency(table: &Table, seen: &Seen<'_>) -> Line {
    let days = match seen.recency {
        Recency::NoThreat => return Line::new(0, "no threat"),
        Recency::Unknown => return Line::missing("not known: the threat has no time"),
        Recency::Ahead => return Line::missing("not known: the threat's time lies ahead"),
        Recency::Days(days) => days,
    };
    match table.up_to(Pairs::Days, days) {
        Some((1, points)) => Line::new(points, "seen since yesterday"),
        Some((step, points)) => Line::new(points, format!("seen within {step} days")),
        None => Line::new(0, format!("not seen for {} days", table.last(Pairs::Days))),
    }
}

/// The points of a threat that was just seen; nothing for all else.
pub(in crate::priority) fn recency_at_first(table: &Table, seen: &Seen<'_>) -> i32 {
    if seen.inputs.facts.class != FindingClass::Threat {
        return 0;
    }
    let most = table.up_to(Pairs::Days, 0).map_or(0, |pair| pair.1);
    most.min(table.cap(Factor::Recency))
}

pub(super) fn combination(table: &Table, seen: &Seen<'_>, lines: &[Line; SCORED]) -> Line {
    let points = |factor: Factor| lines[factor as usize].points;
    let holds = |rule: &&Combination| {
        seen.exposure >= rule.exposure
            && points(Factor::Exploit) >= rule.exploit
            && points(Factor::Threat) >= rule.threat
            && points(Factor::Privilege) >= rule.privilege
            && (!rule.automatable || seen.exploit.automatable == Some(true))
            && (!rule.total_impact || seen.exploit.total_impact == Some(true))
            && (!rule.valued || seen.is_valued(table.number(Number::CrownJewel)))
    };
    let cap = table.cap(Factor::Combination);
    let mut sum = 0_i32;
    let mut ids = Vec::new();
    for rule in table.combinations.iter().filter(|rule| rule.points > 0).filter(holds) {
        sum = sum.saturating_add(rule.points);
        ids.push(&*rule.id);
    }
    if ids.is_empty() {
        Line::new(0, "nothing that makes another worse")
    } else {
        Line::new(sum.min(cap), ids.join(", "))
    }
}
