//! What must hold of entries, of conditions, and of all classes together.

use std::collections::BTreeMap;

use super::entry::{Entry, Product};
use super::read::{ClassesError, Read};

/// Attributes whose values are known: others are impossible.
const KNOWN: [(&str, &[&str]); 3] = [
    ("access", &["", "read", "write", "unknown"]),
    ("public", &["", "true", "false"]),
    ("row status", &["", "error", "warning", "ok", "not_available"]),
];

/// Says what is wrong with an entry.
pub(super) fn entry(entry: &Entry, merge: bool) -> Result<(), String> {
    let Entry { product, other, rules, .. } = entry;
    let name = product.as_str();
    if merge && !product.is_posture() {
        return Err(format!(
            "`{name}` says what happens, not what is wrong: it never opens or closes a weakness; \
             move it to `relate`"
        ));
    }
    if merge && let Some(rule) = rules.iter().find(|rule| rule.contains('*')) {
        return Err(format!("`{rule}`: only `relate` knows `*`; write each id"));
    }
    if *product == Product::Advisor
        && let Some(rule) = rules.iter().find(|r| is_mirror(r))
    {
        return Err(format!("`{rule}` mirrors a control: write its `control`"));
    }
    if *product == Product::Other {
        let named = other.split_once('/').is_some_and(|(company, product)| {
            !company.is_empty() && !product.is_empty() && !product.contains('/')
        });
        if !named {
            return Err(format!("`{other}` is not `company/product`"));
        }
        if other.starts_with("aws/") && own(other) {
            return Err(format!("`{other}` has a key of its own; use it instead of `product`"));
        }
    }
    Ok(())
}

/// Trusted Advisor's mirrors of Security Hub controls.
fn is_mirror(check: &str) -> bool {
    check.starts_with("Hs4Ma3G")
}

/// The products that other keys stand for.
fn own(product: &str) -> bool {
    [
        "aws/access-analyzer",
        "aws/config",
        "aws/guardduty",
        "aws/health",
        "aws/inspector",
        "aws/macie",
        "aws/securityhub",
        "aws/trusted-advisor",
    ]
    .contains(&product)
}

/// Says what is wrong with a condition: its values are in lower case.
pub(super) fn condition(name: &str, values: &[String]) -> Result<(), String> {
    if name.is_empty() || name.chars().any(|c| c.is_uppercase() || c.is_control()) {
        return Err(format!("`{name}`: names of attributes are in lower case"));
    }
    let Some((_, known)) = KNOWN.iter().find(|(known, _)| *known == name) else {
        return Ok(());
    };
    match values.iter().find(|value| !known.contains(&value.as_str())) {
        Some(value) => {
            let known: Vec<_> = known.iter().filter(|value| !value.is_empty()).copied().collect();
            Err(format!("`{name}` is never `{value}`, but one of {}", known.join(", ")))
        }
        None => Ok(()),
    }
}

/// Says what is wrong with classes together: names that lead nowhere, and ids that two of them take.
pub(super) fn together(classes: &[Read]) -> Result<(), ClassesError> {
    let known: BTreeMap<&str, &Read> =
        classes.iter().map(|read| (read.class.id.as_str(), read)).collect();
    for read in classes {
        for name in read.class.parents.iter().chain(&read.class.near) {
            let Some(other) = known.get(name.as_str()).filter(|_| *name != read.class.id) else {
                return Err(read.error(format!("`{name}` is no other class")));
            };
            let is_parent = read.class.parents.contains(name);
            if is_parent && other.class.parents.contains(&read.class.id) {
                return Err(read.error(format!("`{name}` is both its parent and its part")));
            }
        }
    }
    taken_once(classes)
}

/// Says which id two classes take, whose conditions neither exclude each other nor are one narrower
/// than the other.
fn taken_once(classes: &[Read]) -> Result<(), ClassesError> {
    let mut takers: BTreeMap<Id<'_>, Vec<(&Read, &Entry)>> = BTreeMap::new();
    for read in classes {
        for entry in &read.class.merge {
            for rule in &entry.rules {
                let known = takers.entry((entry.product, &entry.other, rule)).or_default();
                let doubtful = known.iter().find(|(other, taker)| {
                    other.class.id != read.class.id
                        && entry.when.overlap(&taker.when)
                        && !entry.when.is_narrower(&taker.when)
                        && !taker.when.is_narrower(&entry.when)
                });
                if let Some((other, _)) = doubtful {
                    return Err(taken_twice(read, other, entry.product, rule));
                }
                known.push((read, entry));
            }
        }
    }
    Ok(())
}

/// Product, company and product of another one, id.
type Id<'a> = (Product, &'a str, &'a str);

/// Two classes take one id: told of the operator's, who can change it.
fn taken_twice(one: &Read, other: &Read, product: Product, rule: &str) -> ClassesError {
    let (blamed, other) = if one.is_own() { (one, other) } else { (other, one) };
    blamed.error(format!(
        "class `{}` (line {} of {}) takes {} `{rule}` too; add conditions that exclude each other, or \
         move it to `relate`",
        other.class.id,
        other.line,
        other.text,
        product.as_str(),
    ))
}
