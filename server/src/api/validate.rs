//! From requests to values that are right: every field has a limit, and an error names the field.
//!
//! Each request has one function here that reads all of it and reports everything that is wrong at
//! once. A test walks the descriptors of the contract, so that no text or list of a request is
//! without a limit.

pub(crate) mod maturity;
pub(crate) mod priority;
pub(crate) mod reads;
pub(crate) mod regroup;
pub(crate) mod subscriptions;
pub(crate) mod triage;
pub(crate) mod units;

use std::fmt;

use muster_api::v1 as wire;
use muster_core::change::Facets;
use muster_core::filter::Filter;
use muster_core::finding::Finding;
use muster_core::ids::{FINDING_ID_PREFIX, FindingId};
use muster_core::report::bounded;

use super::convert::Detail;
use super::cursor::PAGE_TOKEN_BYTES_MAX;
use super::error::ApiError;

/// The longest id or prefix of one, in bytes.
pub(crate) const ID_BYTES_MAX: usize = 64;

/// The shortest prefix of an id, after `fnd_`.
pub(crate) const PREFIX_CHARS_MIN: usize = 4;

/// The most ids or prefixes in one call.
pub(crate) const IDS_MAX: usize = 500;

/// The most violations that one error lists.
const VIOLATIONS_MAX: usize = 16;

/// The longest text shown of a wrong value, in bytes.
const SHOWN_BYTES_MAX: usize = 64;

/// What is wrong with a request, field by field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Violations {
    found: Vec<(String, String)>,
    /// Beyond the first [`VIOLATIONS_MAX`].
    left_off: usize,
}

impl Violations {
    /// One wrong field.
    pub(crate) fn one(field: &str, description: impl Into<String>) -> Self {
        let mut violations = Self::default();
        violations.add(field, description);
        violations
    }

    /// One more wrong field.
    pub(crate) fn add(&mut self, field: &str, description: impl Into<String>) {
        if self.found.len() < VIOLATIONS_MAX {
            self.found.push((field.to_owned(), description.into()));
        } else {
            self.left_off += 1;
        }
    }

    /// Takes over what is wrong with a part of the request.
    pub(crate) fn add_at(&mut self, at: &str, part: Self) {
        for (field, description) in part.found {
            self.add(&format!("{at}.{field}"), description);
        }
        self.left_off += part.left_off;
    }

    /// Takes over what else is wrong.
    pub(crate) fn merge(&mut self, other: Self) {
        for (field, description) in other.found {
            self.add(&field, description);
        }
        self.left_off += other.left_off;
    }

    /// A text must not be longer than this.
    pub(crate) fn text(&mut self, field: &str, text: &str, bytes_max: usize) {
        if text.len() > bytes_max {
            self.add(field, format!("has {} bytes; at most {bytes_max}", text.len()));
        }
    }

    /// A list must have this many entries.
    pub(crate) fn count(&mut self, field: &str, count: usize, min: usize, max: usize) {
        if !(min..=max).contains(&count) {
            self.add(field, format!("has {count} entries; give {min} to {max}"));
        }
    }

    /// `value`, unless something is wrong.
    pub(crate) fn or<T>(self, value: T) -> Result<T, ApiError> {
        if self.is_empty() { Ok(value) } else { Err(ApiError::Invalid(self)) }
    }

    /// Nothing is wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Field and description of each.
    pub(super) fn pairs(&self) -> Vec<(String, String)> {
        self.found.clone()
    }
}

/// One sentence for people.
impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (field, description)) in self.found.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}`{field}` {description}")?;
        }
        match self.left_off {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

/// A wrong value as it is shown: short.
fn shown(text: &str) -> &str {
    bounded(text, SHOWN_BYTES_MAX)
}

/// An id or a prefix of one, as people type it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum IdText {
    /// A whole id.
    Full(FindingId),
    /// What it begins with, after `fnd_`.
    Prefix(String),
}

/// Reads an id or a prefix.
fn id_text(violations: &mut Violations, field: &str, text: &str) -> Option<IdText> {
    if let Ok(id) = text.parse() {
        return Some(IdText::Full(id));
    }
    let body = text.strip_prefix(FINDING_ID_PREFIX).unwrap_or(text);
    let alphabet = body.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7'));
    if alphabet && (PREFIX_CHARS_MIN..26).contains(&body.len()) {
        return Some(IdText::Prefix(body.to_owned()));
    }
    violations.add(
        field,
        format!(
            "`{}` is no finding id and no prefix of one (`fnd_` and {PREFIX_CHARS_MIN} to 26 \
             characters of a-z2-7)",
            shown(text)
        ),
    );
    None
}

/// Reads a whole id.
fn full_id(violations: &mut Violations, field: &str, text: &str) -> Option<FindingId> {
    let id = text.parse().ok();
    if id.is_none() {
        let shown = shown(text);
        violations.add(field, format!("`{shown}` is no finding id (`fnd_` and 26 of a-z2-7)"));
    }
    id
}

/// Reads the size of a page: the default for 0, at most the maximum.
fn page_size(
    violations: &mut Violations,
    field: &str,
    size: i32,
    default: usize,
    max: usize,
) -> usize {
    match usize::try_from(size) {
        Ok(0) => default,
        Ok(size) => size.min(max),
        Err(_) => {
            violations.add(field, format!("is {size}; give 0 (for {default}) to {max}"));
            default
        }
    }
}

/// Reads how much of a finding to return.
fn detail(violations: &mut Violations, view: i32, default: Detail) -> Detail {
    match wire::FindingView::try_from(view) {
        Ok(wire::FindingView::Unspecified) => default,
        Ok(wire::FindingView::Basic) => Detail::Basic,
        Ok(wire::FindingView::Full) => Detail::Full,
        Ok(wire::FindingView::Raw) => Detail::Raw,
        Err(_) => {
            violations.add("view", format!("{view} is no FindingView"));
            default
        }
    }
}

/// A filter, and its canonical form: what tokens are bound to and answers show.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    pub(crate) filter: Filter,
    pub(crate) canonical: String,
}

impl Selection {
    fn parse(text: &str) -> Result<Self, ApiError> {
        let filter = Filter::parse(text)?;
        Ok(Self { canonical: filter.to_string(), filter })
    }

    /// Whether a finding is selected, as it is now.
    pub(crate) fn selects(&self, finding: &Finding) -> bool {
        // Without a filter there is nothing to look at.
        self.filter.root().is_none() || self.filter.matches(&Facets::of(finding))
    }
}

/// A page token as it came; it is read where its binding is known.
fn page_token(violations: &mut Violations, token: String) -> String {
    violations.text("page_token", &token, PAGE_TOKEN_BYTES_MAX);
    token
}

#[cfg(test)]
mod tests;
