//! What must hold of entries, of conditions, and of all classes together.

use std::collections::{BTreeMap, BTreeSet};

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
    let ids: BTreeSet<&str> = classes.iter().map(|read| read.class.id.as_str()).collect();
    for read in classes {
        let named = read.class.parents.iter().chain(&read.class.near);
        for name in named {
            if *name == read.class.id || !ids.contains(name.as_str()) {
                return Err(read.error(format!("`{name}` is no other class")));
            }
        }
        if let Some(ancestor) = read.class.parents.iter().find(|parent| {
            classes.iter().any(|other| {
                other.class.id == **parent && other.class.parents.contains(&read.class.id)
            })
        }) {
            return Err(read.error(format!("`{ancestor}` is both its parent and its part")));
        }
    }
    let mut takers: BTreeMap<(Product, &str, &str), Vec<(&Read, &Entry)>> = BTreeMap::new();
    for read in classes {
        for entry in &read.class.merge {
            for rule in &entry.rules {
                let key = (entry.product, entry.other.as_str(), rule.as_str());
                let known = takers.entry(key).or_default();
                for (other, taker) in known.iter().filter(|(o, _)| o.class.id != read.class.id) {
                    let ordered =
                        entry.when.is_narrower(&taker.when) || taker.when.is_narrower(&entry.when);
                    if entry.when.overlap(&taker.when) && !ordered {
                        return Err(read.error(format!(
                            "class `{}` (line {} of {}) takes {} `{rule}` too; add conditions that \
                             exclude each other, or move it to `relate`",
                            other.class.id,
                            other.line(),
                            other.text(),
                            entry.product.as_str(),
                        )));
                    }
                }
                known.push((read, entry));
            }
        }
    }
    Ok(())
}
