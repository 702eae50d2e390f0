//! Writes rules as the text of which they are read again.

use std::fmt::Write as _;

use super::Factor;
use super::form::{List, Number, Pairs, sections};
use super::read::{Raw, Rule, Said};

/// The text of the rules: without comments, in a fixed order, so that only what changes a rule changes
/// it.
pub(super) fn text(raw: &Raw) -> String {
    let mut text = String::from("version = 1\n");
    for section in sections() {
        writeln!(text, "\n[{section}]").expect("a string takes all");
        for (factor, cap) in Factor::ALL.into_iter().zip(&raw.caps) {
            if let Some((cap, _)) = cap.filter(|_| factor.as_str() == section) {
                line(&mut text, "cap", &cap.to_string());
            }
        }
        for (number, value) in Number::ALL.into_iter().zip(&raw.numbers) {
            let (place, key) = number.place();
            if let Some((value, _)) = value.filter(|_| place == section) {
                line(&mut text, key, &value.to_string());
            }
        }
        for (pairs, value) in Pairs::ALL.into_iter().zip(&raw.pairs) {
            let (place, key) = pairs.place();
            if let Some((value, _)) = value.as_ref().filter(|_| place == section) {
                let value: Vec<_> = value.iter().map(|(x, y)| format!("[{x}, {y}]")).collect();
                line(&mut text, key, &format!("[{}]", value.join(", ")));
            }
        }
        if let Some((scope, _)) = raw.scope.as_ref().filter(|_| section == "compliance") {
            line(&mut text, "scope", &list(scope));
        }
        for of in List::ALL.into_iter().filter(|of| of.place().0 == section) {
            raw.list(of).for_each(|one| rule(&mut text, one));
        }
    }
    text
}

fn rule(text: &mut String, rule: &Rule) {
    let (section, key) = rule.list.place();
    writeln!(text, "[[{section}.{key}]]").expect("a string takes all");
    for (name, said) in &rule.fields {
        let said = match said {
            Said::Texts(texts) => list(texts),
            Said::Text(one) => quoted(one),
            Said::Number(number) => number.to_string(),
            Said::Flag(flag) => flag.to_string(),
        };
        line(text, name, &said);
    }
}

fn line(text: &mut String, key: &str, value: &str) {
    writeln!(text, "{key} = {value}").expect("a string takes all");
}

fn list(texts: &[String]) -> String {
    let texts: Vec<_> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", texts.join(", "))
}

/// A basic string of TOML. What is read has no control characters.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
