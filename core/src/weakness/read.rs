//! Makes classes of text, and says what is wrong with it.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::check;
use super::entry::{Conditions, Entry, Product};
use super::{About, Class, Facet};

/// The largest text of classes, in bytes (1 MiB).
const TEXT_BYTES_MAX: usize = 1024 * 1024;

/// The most classes in force.
const CLASSES_MAX: usize = 4096;

/// The most values of one list (ids of an entry, values of a condition).
const LIST_MAX: usize = 1024;

/// The longest id, title, rule or value, in bytes: that of a rule id of a report.
const TEXT_MAX: usize = 256;

/// What the operator's text is called.
const OWN: &str = "your classes";

/// The only version of the form there is.
const VERSION: i64 = 1;

/// What is wrong with a text of classes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}, line {line}: {what}")]
pub struct ClassesError {
    /// Which text: `the classes` or `your classes`.
    pub text: &'static str,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, and what to do.
    pub what: String,
}

/// A class, and where it stands.
pub(super) struct Read {
    pub(super) class: Class,
    /// It takes away the class with that id.
    off: bool,
    pub(super) text: &'static str,
    pub(super) line: usize,
}

impl Read {
    /// Whether the operator wrote it.
    pub(super) fn is_own(&self) -> bool {
        self.text == OWN
    }

    /// An error about it.
    pub(super) fn error(&self, what: impl Into<String>) -> ClassesError {
        let what = format!("class `{}`: {}", self.class.id, what.into());
        ClassesError { text: self.text, line: self.line, what }
    }
}

/// The classes of `base` and over them those of the operator, by id.
pub(super) fn compose(base: &str, operator: Option<&str>) -> Result<Vec<Class>, ClassesError> {
    let mut classes = Text { name: "the classes", text: base }.classes()?;
    if let Some(text) = operator {
        for own in (Text { name: OWN, text }).classes()? {
            let known = classes.iter().position(|known| known.class.id == own.class.id);
            match known {
                Some(at) if own.off => {
                    classes.remove(at);
                    // Links to it go with it. What the operator's own classes name must be there.
                    for base in classes.iter_mut().filter(|read| read.text != OWN) {
                        base.class.parents.retain(|name| *name != own.class.id);
                        base.class.near.retain(|name| *name != own.class.id);
                    }
                }
                None if own.off => {
                    return Err(own.error("there is none to take away; compare the id"));
                }
                Some(at) => {
                    classes.remove(at);
                    classes.push(own);
                }
                None => classes.push(own),
            }
        }
    }
    classes.sort_by(|a, b| a.class.id.cmp(&b.class.id));
    if let Some(one) = classes.get(CLASSES_MAX) {
        return Err(one.error(format!("more than {CLASSES_MAX} classes")));
    }
    check::together(&classes)?;
    Ok(classes.into_iter().map(|read| read.class).collect())
}

/// A text under reading.
#[derive(Clone, Copy)]
struct Text<'t> {
    name: &'static str,
    text: &'t str,
}

type Value<'t> = Spanned<DeValue<'t>>;

impl Text<'_> {
    fn error(&self, span: Range<usize>, what: impl Into<String>) -> ClassesError {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        ClassesError { text: self.name, line, what: what.into() }
    }

    fn classes(self) -> Result<Vec<Read>, ClassesError> {
        if self.text.len() > TEXT_BYTES_MAX {
            return Err(self.error(0..0, format!("the text has more than {TEXT_BYTES_MAX} bytes")));
        }
        let table = DeTable::parse(self.text).map_err(|error| {
            self.error(error.span().unwrap_or(0..0), format!("no TOML: {}", error.message()))
        })?;
        let (mut version, mut classes) = (None, Vec::new());
        for (key, value) in table.get_ref() {
            match &**key.get_ref() {
                "version" => version = value.get_ref().as_integer().map(|n| (n.as_str(), value)),
                "class" => classes = self.list(value)?,
                other => {
                    let what = format!("`{other}` is not known; there are `version` and `class`");
                    return Err(self.error(key.span(), what));
                }
            }
        }
        match version {
            Some((number, _)) if number == VERSION.to_string() => {}
            Some((_, value)) => {
                let what = format!("this program reads `version = {VERSION}`");
                return Err(self.error(value.span(), what));
            }
            None => return Err(self.error(0..0, format!("write `version = {VERSION}` first"))),
        }
        let classes = classes.into_iter().map(|value| self.class(value));
        let classes = classes.collect::<Result<Vec<_>, _>>()?;
        for (at, read) in classes.iter().enumerate() {
            if classes.iter().take(at).any(|known| known.class.id == read.class.id) {
                return Err(read.error("is there twice; give one of the two another id"));
            }
        }
        Ok(classes)
    }

    fn class(self, value: &Value<'_>) -> Result<Read, ClassesError> {
        let table = self.table(value)?;
        let mut class = Class {
            id: String::new(),
            title: String::new(),
            facet: Facet::None,
            per_region: false,
            about: About::Primary,
            parents: Vec::new(),
            near: Vec::new(),
            merge: Vec::new(),
            relate: Vec::new(),
        };
        let mut off = false;
        for (key, value) in table {
            match &**key.get_ref() {
                "id" => class.id = self.id(value)?,
                "title" => class.title = self.text(value)?,
                "facet" => class.facet = self.facet(value)?,
                "per" => class.per_region = self.per_region(value)?,
                "resource" => class.about = self.about(value)?,
                "parent" => class.parents = self.texts(value)?,
                "near" => class.near = self.texts(value)?,
                "merge" => class.merge = self.entries(value, true)?,
                "relate" => class.relate = self.entries(value, false)?,
                "off" => off = self.flag(value)?,
                other => {
                    return Err(self.error(key.span(), format!("`{other}` is no key of a class")));
                }
            }
        }
        // A class of an array of tables begins at its header, an inline one at its brace.
        let read = Read { class, off, text: self.name, line: self.error(value.span(), "").line };
        let Class { id, title, merge, .. } = &read.class;
        if id.is_empty() {
            return Err(read.error("has no `id`"));
        }
        if off && table.len() > 2 {
            return Err(
                read.error("is `off`, and says more; write its `id` and `off = true` alone")
            );
        }
        if !off && title.is_empty() {
            return Err(read.error("has no `title`; write what is wrong, for people"));
        }
        if !off && merge.is_empty() {
            return Err(read.error("has no `merge` entry, so that no report is of it"));
        }
        Ok(read)
    }

    fn entries(self, value: &Value<'_>, merge: bool) -> Result<Vec<Entry>, ClassesError> {
        self.list(value)?.into_iter().map(|value| self.entry(value, merge)).collect()
    }

    fn entry(self, value: &Value<'_>, merge: bool) -> Result<Entry, ClassesError> {
        let (mut who, mut rule, mut when) = (None, None, Conditions::default());
        for (key, item) in self.table(value)? {
            let name = &**key.get_ref();
            match (name, Product::from_key(name)) {
                ("when", _) => when = self.conditions(item)?,
                ("rule", _) => rule = Some(item),
                (_, Some(_)) if who.is_some() => {
                    return Err(
                        self.error(key.span(), "an entry has one product: write two entries")
                    );
                }
                (_, Some(product)) => who = Some((product, item)),
                (_, None) => {
                    let products = Product::ALL.map(Product::as_str).join(", ");
                    let what = format!("`{name}` is none of {products}, rule, when");
                    return Err(self.error(key.span(), what));
                }
            }
        }
        let Some((product, item)) = who else {
            return Err(self.error(value.span(), "the entry has no product"));
        };
        let (other, rules) = match (product, rule) {
            (Product::Other, Some(rule)) => (self.text(item)?.to_ascii_lowercase(), rule),
            (Product::Other, None) => {
                return Err(self.error(value.span(), "`product` needs its rules in `rule`"));
            }
            (_, Some(rule)) => {
                return Err(self.error(rule.span(), "`rule` belongs to `product` alone"));
            }
            (_, None) => (String::new(), item),
        };
        let span = rules.span();
        let rules = self.texts(rules)?;
        let rules = rules.iter().map(|rule| product.canonical(rule).into_owned()).collect();
        let entry = Entry { product, other, rules, when };
        check::entry(&entry, merge).map_err(|what| self.error(span, what))?;
        Ok(entry)
    }

    fn conditions(self, value: &Value<'_>) -> Result<Conditions, ClassesError> {
        let mut conditions = Vec::new();
        for (key, item) in self.table(value)? {
            let name = key.get_ref().to_string();
            let mut values = Vec::new();
            for value in self.one_or_more(item)? {
                values.push(self.any_text(value)?.to_ascii_lowercase());
            }
            values.sort_unstable();
            values.dedup();
            check::condition(&name, &values).map_err(|what| self.error(key.span(), what))?;
            conditions.push((name, values));
        }
        conditions.sort_unstable();
        Ok(Conditions(conditions))
    }

    fn facet(self, value: &Value<'_>) -> Result<Facet, ClassesError> {
        match value.get_ref() {
            DeValue::Boolean(true) => Ok(Facet::OfReport),
            DeValue::Boolean(false) => Ok(Facet::None),
            DeValue::Array(_) => self.texts(value).map(Facet::Attributes),
            _ => Err(self.error(value.span(), "`facet` is true, false or a list of attributes")),
        }
    }

    fn about(self, value: &Value<'_>) -> Result<About, ClassesError> {
        let kinds = self.texts(value)?;
        Ok(if kinds == ["account"] { About::Account } else { About::Kind(kinds) })
    }

    fn per_region(self, value: &Value<'_>) -> Result<bool, ClassesError> {
        if self.text(value)? == "region" {
            return Ok(true);
        }
        Err(self.error(value.span(), "`per` can only be \"region\""))
    }

    fn id(self, value: &Value<'_>) -> Result<String, ClassesError> {
        let id = self.text(value)?;
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
        if id.bytes().all(allowed) {
            return Ok(id);
        }
        Err(self.error(value.span(), "an id has lower-case letters, digits, `.`, `_`, `-` alone"))
    }

    fn flag(self, value: &Value<'_>) -> Result<bool, ClassesError> {
        let flag = value.get_ref().as_bool();
        flag.ok_or_else(|| self.error(value.span(), "true or false is expected"))
    }

    /// A text that is not empty.
    fn text(self, value: &Value<'_>) -> Result<String, ClassesError> {
        let text = self.any_text(value)?;
        if text.trim().is_empty() {
            return Err(self.error(value.span(), "the text is empty"));
        }
        Ok(text)
    }

    fn any_text(self, value: &Value<'_>) -> Result<String, ClassesError> {
        let Some(text) = value.get_ref().as_str() else {
            return Err(self.error(value.span(), "a text in quotes is expected"));
        };
        if text.len() > TEXT_MAX || text.contains(|c: char| c.is_control()) {
            let what = format!("a text has at most {TEXT_MAX} bytes and no control characters");
            return Err(self.error(value.span(), what));
        }
        Ok(text.to_owned())
    }

    /// A text or a list of texts, in the order of the text, without repeats.
    fn texts(self, value: &Value<'_>) -> Result<Vec<String>, ClassesError> {
        let mut texts: Vec<String> = Vec::new();
        for value in self.one_or_more(value)? {
            let text = self.text(value)?;
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        Ok(texts)
    }

    fn one_or_more<'v, 't>(self, value: &'v Value<'t>) -> Result<Vec<&'v Value<'t>>, ClassesError> {
        if !matches!(value.get_ref(), DeValue::Array(_)) {
            return Ok(vec![value]);
        }
        let items = self.list(value)?;
        if items.is_empty() || items.len() > LIST_MAX {
            let what =
                format!("the list has 1 to {LIST_MAX} items; leave it out if there are none");
            return Err(self.error(value.span(), what));
        }
        Ok(items)
    }

    fn list<'v, 't>(self, value: &'v Value<'t>) -> Result<Vec<&'v Value<'t>>, ClassesError> {
        let list = value.get_ref().as_array();
        let list = list.ok_or_else(|| self.error(value.span(), "a list is expected"))?;
        Ok(list.iter().collect())
    }

    fn table<'v, 't>(self, value: &'v Value<'t>) -> Result<&'v DeTable<'t>, ClassesError> {
        let table = value.get_ref().as_table();
        table.ok_or_else(|| self.error(value.span(), "a table is expected"))
    }
}
