//! What must hold of one rule, of the rules of one text, and of all rules together.

use std::collections::BTreeMap;

use super::Factor;
use super::SCORE_MAX;
use super::form::{List, Number, ORDERED, Pairs, SCORED};
use super::read::{At, ModelError, Raw, Rule, row};

/// Says what is wrong with a rule by itself.
pub(super) fn rule(rule: &Rule) -> Result<(), ModelError> {
    let has = |name: &str| rule.fields.iter().any(|(known, _)| *known == name);
    if has("value") && !has("tag") {
        return Err(rule.error("`value` is that of a `tag`; name its key"));
    }
    let place = ["tag", "arn", "account"].into_iter().any(has);
    match rule.list {
        List::Criticality | List::Sensitive | List::Environment if !place => {
            Err(rule.error("it says of no resource; write `tag`, `arn` or `account`"))
        }
        List::Floor if !["rules", "threat", "cisa_days"].into_iter().any(has) => {
            Err(rule.error("it is for nothing; write `rules`, `threat` or `cisa_days`"))
        }
        List::Combination if rule.fields.len() <= 2 => {
            Err(rule.error("it combines nothing; say what must come together"))
        }
        List::Threat if has("severe") != has("severe_from") => {
            Err(rule.error("`severe` and `severe_from` belong together"))
        }
        List::Threat if is_milder(rule) => {
            Err(rule.error("`severe` is milder than `is`: what is worse would score lower"))
        }
        _ => Ok(()),
    }
}

fn is_milder(rule: &Rule) -> bool {
    let rank = |name| {
        let word = rule.text(name)?;
        super::form::TIERS.iter().position(|tier| *tier == word)
    };
    rank("severe").is_some_and(|severe| Some(severe) < rank("is"))
}

/// Says what stands twice in one text.
pub(super) fn once(raw: &Raw) -> Result<(), ModelError> {
    let mut ids: BTreeMap<(List, &str), &Rule> = BTreeMap::new();
    let mut rows: BTreeMap<[bool; 4], &Rule> = BTreeMap::new();
    let mut patterns: BTreeMap<(List, String), &Rule> = BTreeMap::new();
    for rule in &raw.rules {
        let before = rule.text("id").and_then(|id| ids.insert((rule.list, id), rule));
        if let Some(before) = before {
            let what = format!("line {} has that id too; give one another", before.at.line);
            return Err(rule.error(what));
        }
        let before = (rule.list == List::Cisa).then(|| rows.insert(row(rule), rule)).flatten();
        if let Some(before) = before {
            let what = format!("line {} answers the same; leave one out", before.at.line);
            return Err(rule.error(what));
        }
        if !matches!(rule.list, List::Privilege | List::Threat | List::QuickWin) {
            continue;
        }
        for pattern in rule.texts("rules") {
            let before = patterns.insert((rule.list, pattern.to_ascii_lowercase()), rule);
            if let Some(before) = before {
                let line = before.at.line;
                let what = format!("`{pattern}` is in the rule of line {line} too; leave one out");
                return Err(rule.error(what));
            }
        }
    }
    Ok(())
}

/// Says what is wrong with the rules as they would be in force.
pub(super) fn whole(raw: &Raw) -> Result<(), ModelError> {
    let start = At { text: "the rules", line: 1 };
    for (factor, cap) in Factor::ALL.into_iter().zip(&raw.caps) {
        if cap.is_none() {
            return Err(start.error(format!("[{}] needs `cap`", factor.as_str())));
        }
    }
    for (number, value) in Number::ALL.into_iter().zip(&raw.numbers) {
        let (section, key) = number.place();
        if value.is_none() {
            return Err(start.error(format!("[{section}] needs `{key}`")));
        }
    }
    ordered(raw)?;
    for (pairs, value) in Pairs::ALL.into_iter().zip(&raw.pairs) {
        let (section, key) = pairs.place();
        let Some((value, at)) = value else {
            return Err(start.error(format!("[{section}] needs `{key}`")));
        };
        table(pairs, value).map_err(|what| at.error(format!("`{section}.{key}`: {what}")))?;
    }
    if let Some((percent, at)) = raw.numbers[Number::RelatedPercent as usize]
        && percent > 100
    {
        return Err(at.error("`related_percent` is at most 100"));
    }
    reaches(raw)?;
    cisa(raw, start)?;
    scope(raw)
}

/// What is worse must not have fewer points.
fn ordered(raw: &Raw) -> Result<(), ModelError> {
    for group in ORDERED {
        for pair in group.windows(2) {
            let [less, more] = *pair else { continue };
            let (Some((low, low_at)), Some((high, high_at))) =
                (raw.numbers[less as usize], raw.numbers[more as usize])
            else {
                continue;
            };
            if low > high {
                let (section, less) = less.place();
                let (_, more) = more.place();
                // Told of the operator's number, who can change it.
                let at = if high_at.text == "the rules" { low_at } else { high_at };
                return Err(at.error(format!(
                    "[{section}] `{less}` is {low}, more than `{more}` with {high}: what is worse would \
                     count less; change one"
                )));
            }
        }
    }
    Ok(())
}

fn table(pairs: Pairs, table: &[(i32, i32)]) -> Result<(), String> {
    let steps = || table.windows(2).filter_map(|pair| <[_; 2]>::try_from(pair).ok());
    if let Some([(one, _), (next, _)]) = steps().find(|[a, b]| a.0 >= b.0) {
        return Err(format!("{next} comes after {one}; sort the pairs by their first number"));
    }
    let falls = pairs == Pairs::Days;
    if let Some([(_, one), (x, next)]) = steps().find(|[a, b]| a.1 != b.1 && (a.1 > b.1) != falls) {
        let what = if falls { "rises" } else { "falls" };
        return Err(format!(
            "at {x} it {what} from {one} to {next}: what is worse would count less"
        ));
    }
    let (first, last) = (table.first().map(|pair| pair.0), table.last().copied());
    match pairs {
        Pairs::Severity if first != Some(0) || last.is_none_or(|pair| pair.0 != 100) => {
            Err("it goes from 0 to 100".to_owned())
        }
        Pairs::Compression if last.is_none_or(|(_, score)| score != i32::from(SCORE_MAX)) => {
            Err(format!("its last pair leads to {SCORE_MAX}"))
        }
        Pairs::Compression => {
            let mut before = (0, 0);
            for &(raw, score) in table {
                if score - before.1 > raw - before.0 {
                    return Err(format!("up to {raw} it adds points: it can only take off"));
                }
                before = (raw, score);
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// The table of scores must go as far as points can.
fn reaches(raw: &Raw) -> Result<(), ModelError> {
    let caps = raw.caps.iter().flatten();
    let sum: i32 = caps.clone().map(|(cap, _)| cap).sum();
    let Some((table, at)) = &raw.pairs[Pairs::Compression as usize] else { return Ok(()) };
    let end = table.last().map_or(0, |pair| pair.0);
    if sum <= end {
        return Ok(());
    }
    let changed = caps.map(|(_, at)| *at).find(|at| at.text != "the rules");
    let what = format!(
        "the caps sum to {sum}, `compression.anchors` ends at {end}; let it end at {sum} or more, or \
         lower a cap"
    );
    Err(if at.text == "the rules" { changed.unwrap_or(*at) } else { *at }.error(what))
}

/// Every combination of answers must have a row, and another yes must not give more time.
fn cisa(raw: &Raw, start: At) -> Result<(), ModelError> {
    let rows: BTreeMap<[bool; 4], &Rule> =
        raw.list(List::Cisa).map(|rule| (row(rule), rule)).collect();
    // No date is later than every date.
    let days = |rule: &Rule| match rule.number("days") {
        Some(0) | None => i32::MAX,
        Some(days) => days,
    };
    for number in 0..16_u8 {
        let answers = [1, 2, 4, 8].map(|bit| number & bit != 0);
        let Some(rule) = rows.get(&answers) else {
            let what = format!("[[deadlines.cisa]] needs a row for {answers:?}");
            return Err(start.error(what));
        };
        for at in 0..answers.len() {
            let mut fewer = answers;
            fewer[at] = false;
            let milder = rows.get(&fewer).filter(|milder| days(milder) < days(rule));
            if let Some(milder) = milder {
                let blamed = if rule.at.text == "the rules" { milder } else { rule };
                let what = "a row with one more yes gives more time; change one";
                return Err(blamed.error(what));
            }
        }
    }
    Ok(())
}

/// Standards in scope must be there.
fn scope(raw: &Raw) -> Result<(), ModelError> {
    let Some((scope, at)) = &raw.scope else { return Ok(()) };
    let known: Vec<&str> = raw.list(List::Standard).filter_map(|rule| rule.text("id")).collect();
    match scope.iter().find(|id| !known.contains(&id.as_str())) {
        Some(id) => Err(at.error(format!(
            "`{id}` is no standard; there are {}, or write a [[compliance.standard]] with its rules",
            known.join(", ")
        ))),
        None => Ok(()),
    }
}

const _: () = assert!(SCORED == 14, "caps are listed for every factor with points");
