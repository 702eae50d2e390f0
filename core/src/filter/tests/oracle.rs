//! A second reading of the language, by texts alone, that the parser and the evaluation must agree
//! with.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::*;
use crate::testing::DUE_DAYS;
use crate::testing::facets;

/// A filter as a person means it.
#[derive(Clone, Debug)]
enum Wish {
    Is { field: &'static str, operator: &'static str, value: String },
    Not(Box<Wish>),
    All(Vec<Wish>),
    Any(Vec<Wish>),
}

/// The words of an enumerated field, from the least.
fn words(field: &str) -> Option<Vec<String>> {
    let names = |names: &[&str]| Some(names.iter().map(|&name| name.to_owned()).collect());
    match field {
        "severity" => names(&["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"]),
        "score" => Some((0..=1000).map(|score: u16| score.to_string()).collect()),
        "due" => Some(DUE_DAYS.map(crate::time::date).collect()),
        _ => None,
    }
}

/// What `facets` has in a field, as text; of `text`, each that is searched.
fn values(field: &str, facets: &Facets) -> Vec<String> {
    let one = |text: &str| vec![text.to_owned()];
    match field {
        "severity" => one(facets.severity.as_str()),
        "score" => one(&facets.score.to_string()),
        "status" => one(facets.status.as_str()),
        "triage" => one(facets.triage.as_str()),
        "class" => one(facets.class.as_str()),
        "source" => facets.sources.iter().map(|source| source.as_str().to_owned()).collect(),
        "account" => one(facets.account.as_str()),
        "region" => one(facets.region.as_str()),
        "stale" => one(&facets.stale.to_string()),
        "due" => facets.due.map(crate::time::date).into_iter().collect(),
        "overdue" => one(&facets.overdue.to_string()),
        "assignee" => one(&facets.assignee),
        "resource" => one(&facets.resource),
        "rule" => one(&facets.rule_id),
        "title" => one(&facets.title),
        _ => vec![facets.title.clone(), facets.resource.clone(), facets.rule_id.clone()],
    }
}

impl Wish {
    fn holds(&self, facets: &Facets) -> bool {
        match self {
            Self::Not(wish) => !wish.holds(facets),
            Self::All(wishes) => wishes.iter().all(|wish| wish.holds(facets)),
            Self::Any(wishes) => wishes.iter().any(|wish| wish.holds(facets)),
            Self::Is { field, operator: "!=", value } => {
                !Self::Is { field, operator: "=", value: value.clone() }.holds(facets)
            }
            Self::Is { field, operator, value } => {
                let wanted = value.to_ascii_lowercase();
                let rank = |text: &str| {
                    let words = words(field).expect("only ordered fields are compared");
                    words.iter().position(|word| word.eq_ignore_ascii_case(text)).unwrap()
                };
                values(field, facets).iter().any(|has| match *operator {
                    "=" => has.to_ascii_lowercase() == wanted,
                    ":" => has.to_ascii_lowercase().contains(&wanted),
                    "<" => rank(has) < rank(value),
                    "<=" => rank(has) <= rank(value),
                    ">" => rank(has) > rank(value),
                    _ => rank(has) >= rank(value),
                })
            }
        }
    }

    /// One of the ways to write it.
    fn text(&self, style: u8) -> String {
        let group = |wishes: &[Self], word: &str| {
            let parts = wishes.iter().map(|wish| wish.text(style));
            format!("({})", parts.collect::<Vec<_>>().join(word))
        };
        match self {
            Self::Not(wish) if style & 1 == 0 => format!("NOT ({})", wish.text(style)),
            Self::Not(wish) => format!("-({})", wish.text(style)),
            Self::All(wishes) => group(wishes, " AND "),
            Self::Any(wishes) => group(wishes, "  OR "),
            Self::Is { field, operator, value } => {
                let space = if style & 2 == 0 { "" } else { " " };
                let plain = value.bytes().all(|b| b.is_ascii_alphanumeric() || b":-".contains(&b));
                let value = if plain && !value.is_empty() {
                    value.clone()
                } else {
                    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
                };
                format!("{field}{space}{operator}{space}{value}")
            }
        }
    }
}

/// A wish about values like those of `facets`.
fn is(facets: Facets) -> impl Strategy<Value = Wish> {
    let fields = vec![
        "severity", "score", "status", "triage", "class", "source", "account", "region", "stale",
        "due", "overdue", "assignee", "resource", "rule", "title", "text",
    ];
    let ordered = select(vec!["=", "!=", "<", "<=", ">", ">="]);
    let texts = select(vec!["=", "!=", ":"]);
    let draft = (select(fields), ordered, texts, any::<bool>(), 0..6_usize, 0..6_usize);
    draft.prop_map(move |(field, ordered, text, equal, from, count)| {
        let value = values(field, &facets).into_iter().next().unwrap_or_default();
        let (operator, value) = match field {
            "severity" | "score" => (ordered, value),
            "due" if value.is_empty() => (ordered, crate::time::date(DUE_DAYS.start)),
            "due" => (ordered, value),
            "overdue" | "status" | "triage" | "class" | "account" | "region" | "stale" => {
                (if equal { "=" } else { "!=" }, value)
            }
            "source" if value.is_empty() => ("=", "guardduty".to_owned()),
            "source" => (if equal { "=" } else { "!=" }, value),
            _ => {
                let operator = if field == "text" { ":" } else { text };
                let part = value.chars().skip(from).take(count).collect();
                (operator, if operator == ":" { part } else { value })
            }
        };
        Wish::Is { field, operator, value }
    })
}

fn wish() -> impl Strategy<Value = Wish> {
    let leaf = facets().prop_flat_map(is);
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|wish| Wish::Not(Box::new(wish))),
            vec(inner.clone(), 1..4).prop_map(Wish::All),
            vec(inner, 1..4).prop_map(Wish::Any),
        ]
    })
}

proptest! {
    #[test]
    fn a_filter_selects_what_it_says(wish in wish(), style: u8, facets in facets()) {
        let text = wish.text(style);
        let filter = Filter::parse(&text);
        prop_assert!(filter.is_ok(), "{}: {:?}", text, filter);

        prop_assert_eq!(filter.unwrap().matches(&facets), wish.holds(&facets), "{}", text);
    }

    #[test]
    fn a_filter_about_a_finding_selects_it(
        (wish, facets) in facets().prop_flat_map(|facets| (is(facets.clone()), Just(facets))),
        style: u8,
    ) {
        let filter = Filter::parse(&wish.text(style)).unwrap();
        let canonical = Filter::parse(&filter.to_string()).unwrap();

        prop_assert_eq!(filter.matches(&facets), wish.holds(&facets));
        prop_assert_eq!(&canonical, &filter);
        prop_assert_eq!(canonical.matches(&facets), wish.holds(&facets));
    }
}
