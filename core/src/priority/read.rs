//! Makes rules of text, and says what is wrong with it.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Factor;
use super::check;
use super::form::{Kind, List, NUMBER_MAX, Number, Pairs, SCORED, sections};
use crate::ids::AccountId;

/// The largest text of rules, in bytes (1 MiB).
const TEXT_BYTES_MAX: usize = 1024 * 1024;

/// The most rules of one list.
const RULES_MAX: usize = 4096;

/// The most texts of one list.
const TEXTS_MAX: usize = 1024;

/// The longest text, in bytes. An ARN has at most 2048.
const TEXT_MAX: usize = 2048;

/// The most pairs of one table.
const PAIRS_MAX: usize = 64;

/// What the texts are called.
const BASE: &str = "the rules";
const OWN: &str = "your rules";

/// The only version of the form there is.
const VERSION: i64 = 1;

/// What is wrong with a text of rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}, line {line}: {what}")]
pub struct ModelError {
    /// Which text: `the rules` or `your rules`.
    pub text: &'static str,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, and what to do.
    pub what: String,
}

/// Where something stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct At {
    pub(super) text: &'static str,
    pub(super) line: usize,
}

impl At {
    pub(super) fn error(self, what: impl Into<String>) -> ModelError {
        ModelError { text: self.text, line: self.line, what: what.into() }
    }
}

/// What a field of a rule says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Texts(Vec<String>),
    /// Of a fixed set, or a name.
    Text(String),
    Number(i32),
    Flag(bool),
}

/// A rule of a list.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) list: List,
    /// In the order of [`List::fields`].
    pub(super) fields: Vec<(&'static str, Said)>,
    pub(super) at: At,
}

impl Rule {
    fn get(&self, name: &str) -> Option<&Said> {
        self.fields.iter().find(|(known, _)| *known == name).map(|(_, said)| said)
    }

    pub(super) fn texts(&self, name: &str) -> &[String] {
        match self.get(name) {
            Some(Said::Texts(texts)) => texts,
            _ => &[],
        }
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Said::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub(super) fn number(&self, name: &str) -> Option<i32> {
        match self.get(name) {
            Some(Said::Number(number)) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        matches!(self.get(name), Some(Said::Flag(true)))
    }

    /// An error about it.
    pub(super) fn error(&self, what: impl AsRef<str>) -> ModelError {
        let (section, list) = self.list.place();
        let name = self.text("id").map(|id| format!(" `{id}`")).unwrap_or_default();
        self.at.error(format!("[[{section}.{list}]]{name}: {}", what.as_ref()))
    }
}

/// All that texts say, one over the other.
#[derive(Clone, Debug)]
pub(super) struct Raw {
    pub(super) caps: [Option<(i32, At)>; SCORED],
    pub(super) numbers: [Option<(i32, At)>; Number::ALL.len()],
    pub(super) pairs: [Option<(Vec<(i32, i32)>, At)>; Pairs::ALL.len()],
    /// Ids of standards that count.
    pub(super) scope: Option<(Vec<String>, At)>,
    /// Those that are tried first come first.
    pub(super) rules: Vec<Rule>,
}

/// What `base` says, and over it the operator's text.
pub(super) fn compose(base: &str, operator: Option<&str>) -> Result<Raw, ModelError> {
    let mut raw = Text { name: BASE, text: base }.read()?;
    if let Some(text) = operator {
        let own = (Text { name: OWN, text }).read()?;
        raw.put(own);
    }
    check::whole(&raw)?;
    Ok(raw)
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            caps: [None; SCORED],
            numbers: [None; Number::ALL.len()],
            pairs: [const { None }; Pairs::ALL.len()],
            scope: None,
            rules: Vec::new(),
        }
    }
}

impl Raw {
    /// Lets `own` win: its numbers and tables take the place of others, its rules that of rules with
    /// the same id, and the rest of its rules are tried first.
    fn put(&mut self, own: Self) {
        for (number, own) in self.caps.iter_mut().zip(own.caps) {
            *number = own.or(*number);
        }
        for (number, own) in self.numbers.iter_mut().zip(own.numbers) {
            *number = own.or(*number);
        }
        for (pairs, own) in self.pairs.iter_mut().zip(own.pairs) {
            *pairs = own.or_else(|| pairs.take());
        }
        self.scope = own.scope.or_else(|| self.scope.take());
        let mut rules = own.rules;
        for rule in std::mem::take(&mut self.rules) {
            let replaced = rule.text("id").is_some_and(|id| {
                rules.iter().any(|own| own.list == rule.list && own.text("id") == Some(id))
            });
            let replaced = replaced || (rule.list == List::Cisa && same_row(&rules, &rule));
            if !replaced {
                rules.push(rule);
            }
        }
        rules.sort_by_key(|rule| rule.list);
        self.rules = rules;
    }

    /// The rules of a list, in the order in which they are tried.
    pub(super) fn list(&self, list: List) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(move |rule| rule.list == list)
    }
}

/// The four answers of a row of CISA's table.
pub(super) fn row(rule: &Rule) -> [bool; 4] {
    ["known", "exposed", "automatable", "total_impact"].map(|name| rule.flag(name))
}

fn same_row(rules: &[Rule], rule: &Rule) -> bool {
    rules.iter().any(|own| own.list == List::Cisa && row(own) == row(rule))
}

/// A text under reading.
#[derive(Clone, Copy)]
struct Text<'t> {
    name: &'static str,
    text: &'t str,
}

type Value<'t> = Spanned<DeValue<'t>>;

impl Text<'_> {
    fn at(self, span: Range<usize>) -> At {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        At { text: self.name, line: before.matches('\n').count() + 1 }
    }

    fn error(self, span: Range<usize>, what: impl Into<String>) -> ModelError {
        self.at(span).error(what)
    }

    fn read(self) -> Result<Raw, ModelError> {
        if self.text.len() > TEXT_BYTES_MAX {
            return Err(self.error(0..0, format!("the text has more than {TEXT_BYTES_MAX} bytes")));
        }
        let table = DeTable::parse(self.text).map_err(|error| {
            self.error(error.span().unwrap_or(0..0), format!("no TOML: {}", error.message()))
        })?;
        let (mut raw, mut version) = (Raw::default(), None);
        for (key, value) in table.get_ref() {
            match &**key.get_ref() {
                "version" => version = Some((self.integer(value)?, value)),
                name => match sections().find(|section| *section == name) {
                    Some(section) => self.section(section, value, &mut raw)?,
                    None => {
                        let known: Vec<_> = sections().collect();
                        let known = known.join(", ");
                        let what = format!("there is no section `{name}`; there are {known}");
                        return Err(self.error(key.span(), what));
                    }
                },
            }
        }
        match version {
            Some((VERSION, _)) => {}
            Some((_, value)) => {
                let what = format!("this program reads `version = {VERSION}`");
                return Err(self.error(value.span(), what));
            }
            None => return Err(self.error(0..0, format!("write `version = {VERSION}` first"))),
        }
        raw.rules.sort_by_key(|rule| (rule.list, rule.at.line));
        check::once(&raw)?;
        Ok(raw)
    }

    fn section(
        self,
        section: &'static str,
        value: &Value<'_>,
        raw: &mut Raw,
    ) -> Result<(), ModelError> {
        for (key, value) in self.table(value)? {
            let name = &**key.get_ref();
            let at = self.at(key.span());
            let cap = Factor::ALL.into_iter().position(|factor| factor.as_str() == section);
            let cap = cap.filter(|_| name == "cap").and_then(|at| raw.caps.get_mut(at));
            if let Some(cap) = cap {
                *cap = Some((self.number(value, 0, NUMBER_MAX)?, at));
            } else if let Some(number) = find(Number::ALL, Number::place, section, name) {
                let number_max =
                    if section == "deadlines" && name.starts_with("use_") { 1 } else { NUMBER_MAX };
                raw.numbers[number as usize] = Some((self.number(value, 0, number_max)?, at));
            } else if let Some(pairs) = find(Pairs::ALL, Pairs::place, section, name) {
                raw.pairs[pairs as usize] = Some((self.pairs(value)?, at));
            } else if let Some(list) = find(List::ALL, List::place, section, name) {
                let rules = self.list(value)?;
                if rules.len() > RULES_MAX {
                    let what = format!("`{name}` has more than {RULES_MAX} rules");
                    return Err(self.error(value.span(), what));
                }
                for rule in rules {
                    raw.rules.push(self.rule(list, rule)?);
                }
            } else if (section, name) == ("compliance", "scope") {
                raw.scope = Some((self.any_texts(value)?, at));
            } else {
                let known = known(section).join(", ");
                let what = format!("[{section}] has no `{name}`; it has {known}");
                return Err(at.error(what));
            }
        }
        Ok(())
    }

    fn rule(self, list: List, value: &Value<'_>) -> Result<Rule, ModelError> {
        let mut rule = Rule { list, fields: Vec::new(), at: self.at(value.span()) };
        let table = self.table(value)?;
        for (key, _) in table {
            let name = &**key.get_ref();
            if !list.fields().any(|(known, _)| known == name) {
                let known: Vec<_> = list.fields().map(|(known, _)| known).collect();
                let what = format!("`{name}` is not known; there are {}", known.join(", "));
                let at = Rule { at: self.at(key.span()), ..rule };
                return Err(at.error(what));
            }
        }
        for (name, kind) in list.fields() {
            let found = table.iter().find(|(key, _)| &**key.get_ref() == name);
            if let Some((_, value)) = found {
                rule.fields.push((name, self.field(kind, value)?));
            }
        }
        if let Some(name) = list.required().find(|name| rule.get(name).is_none()) {
            return Err(rule.error(format!("it needs `{name}`")));
        }
        check::rule(&rule)?;
        Ok(rule)
    }

    fn field(self, kind: Kind, value: &Value<'_>) -> Result<Said, ModelError> {
        Ok(match kind {
            Kind::Texts => Said::Texts(self.texts(value)?),
            Kind::Accounts => {
                let accounts = self.texts(value)?;
                if let Some(wrong) = accounts.iter().find(|text| text.parse::<AccountId>().is_err())
                {
                    let what =
                        format!("`{wrong}` is no account; write its twelve digits in quotes");
                    return Err(self.error(value.span(), what));
                }
                Said::Texts(accounts)
            }
            Kind::Id => {
                let id = self.text(value)?;
                let allowed = |c: char| c.is_ascii_alphanumeric() || " ._-:/".contains(c);
                if id.len() > 64 || !id.chars().all(allowed) {
                    let what =
                        "an id has at most 64 letters, digits, spaces, `.`, `_`, `-`, `:`, `/`";
                    return Err(self.error(value.span(), what));
                }
                Said::Text(id)
            }
            Kind::Word(words) => {
                let word = self.text(value)?.to_ascii_lowercase();
                if !words.contains(&&*word) {
                    let what = format!("`{word}` is none of {}", words.join(", "));
                    return Err(self.error(value.span(), what));
                }
                Said::Text(word)
            }
            Kind::Number(from, to) => Said::Number(self.number(value, from, to)?),
            Kind::Flag => match value.get_ref().as_bool() {
                Some(flag) => Said::Flag(flag),
                None => return Err(self.error(value.span(), "true or false is expected")),
            },
        })
    }

    fn pairs(self, value: &Value<'_>) -> Result<Vec<(i32, i32)>, ModelError> {
        let mut pairs = Vec::new();
        for pair in self.list(value)? {
            let [x, y] = self.list(pair)?[..] else {
                return Err(self.error(pair.span(), "a pair is expected, such as [40, 160]"));
            };
            pairs.push((self.number(x, 0, 1_000_000)?, self.number(y, 0, NUMBER_MAX)?));
        }
        if pairs.is_empty() || pairs.len() > PAIRS_MAX {
            let what = format!("the table has 1 to {PAIRS_MAX} pairs");
            return Err(self.error(value.span(), what));
        }
        Ok(pairs)
    }

    fn number(self, value: &Value<'_>, from: i32, to: i32) -> Result<i32, ModelError> {
        let number = self.integer(value)?;
        let number = i32::try_from(number).ok().filter(|number| (from..=to).contains(number));
        number.ok_or_else(|| self.error(value.span(), format!("the number is not {from} to {to}")))
    }

    fn integer(self, value: &Value<'_>) -> Result<i64, ModelError> {
        let number = value.get_ref().as_integer();
        let number = number.and_then(|n| i64::from_str_radix(n.as_str(), n.radix()).ok());
        number.ok_or_else(|| self.error(value.span(), "a whole number is expected"))
    }

    /// A text that is not empty.
    fn text(self, value: &Value<'_>) -> Result<String, ModelError> {
        let Some(text) = value.get_ref().as_str() else {
            return Err(self.error(value.span(), "a text in quotes is expected"));
        };
        if text.trim().is_empty() {
            return Err(self.error(value.span(), "the text is empty"));
        }
        if text.len() > TEXT_MAX || text.contains(|c: char| c.is_control()) {
            let what = format!("a text has at most {TEXT_MAX} bytes and no control characters");
            return Err(self.error(value.span(), what));
        }
        Ok(text.to_owned())
    }

    /// A text or a list of texts, without repeats.
    fn texts(self, value: &Value<'_>) -> Result<Vec<String>, ModelError> {
        let texts = self.any_texts(value)?;
        if texts.is_empty() {
            let what = "the list is empty; leave the rule out, or name something";
            return Err(self.error(value.span(), what));
        }
        Ok(texts)
    }

    fn any_texts(self, value: &Value<'_>) -> Result<Vec<String>, ModelError> {
        if !matches!(value.get_ref(), DeValue::Array(_)) {
            return Ok(vec![self.text(value)?]);
        }
        let items = self.list(value)?;
        if items.len() > TEXTS_MAX {
            return Err(
                self.error(value.span(), format!("the list has more than {TEXTS_MAX} items"))
            );
        }
        let mut texts: Vec<String> = Vec::new();
        for item in items {
            let text = self.text(item)?;
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        Ok(texts)
    }

    fn list<'v, 't>(self, value: &'v Value<'t>) -> Result<Vec<&'v Value<'t>>, ModelError> {
        let list = value.get_ref().as_array();
        let list = list.ok_or_else(|| self.error(value.span(), "a list is expected"))?;
        Ok(list.iter().collect())
    }

    fn table<'v, 't>(self, value: &'v Value<'t>) -> Result<&'v DeTable<'t>, ModelError> {
        let table = value.get_ref().as_table();
        table.ok_or_else(|| self.error(value.span(), "a table is expected"))
    }
}

/// What has that section and that key.
fn find<T: Copy, const N: usize>(
    all: [T; N],
    place: impl Fn(T) -> (&'static str, &'static str),
    section: &str,
    key: &str,
) -> Option<T> {
    all.into_iter().find(|one| place(*one) == (section, key))
}

/// The keys of a section.
fn known(section: &str) -> Vec<&'static str> {
    let numbers = Number::ALL.into_iter().map(Number::place);
    let pairs = Pairs::ALL.into_iter().map(Pairs::place);
    let lists = List::ALL.into_iter().map(List::place);
    let caps = Factor::ALL.into_iter().take(SCORED).map(|factor| (factor.as_str(), "cap"));
    let all = caps.chain(numbers).chain(pairs).chain(lists).chain([("compliance", "scope")]);
    all.filter(|(known, _)| *known == section).map(|(_, key)| key).collect()
}
