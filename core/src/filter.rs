//! The filter language: which findings a list, a summary or a stream is about.
//!
//! AIP-160 syntax, restricted to a typed, total subset without functions and without a clock, so
//! that a resumed stream decides as the first one did. The grammar and the fields stand in
//! `proto/muster/v1/findings_service.proto`, for clients; `filter/parse.rs` keeps to it.
//!
//! A filter is a function of what [`Fields`] says about one finding; the view in memory answers the
//! enumerated fields by bitmaps instead, which must give the same result.

mod parse;

use std::fmt;

use crate::change::Facets;
use crate::ids::{AccountId, Region};
use crate::report::{FindingClass, Severity, Status};
use crate::time::date;
use crate::triage::TriageState;
use crate::unit::SourceKind;

/// The longest filter, in bytes (4 KiB), as written and in canonical form.
pub const FILTER_BYTES_MAX: usize = 4096;

/// The deepest nesting of parentheses.
pub const FILTER_DEPTH_MAX: usize = 16;

/// The most restrictions in one filter.
pub const FILTER_RESTRICTIONS_MAX: usize = 128;

/// What a filter sees of a finding.
pub trait Fields {
    /// 0 to 1000.
    fn score(&self) -> u16;
    /// Label.
    fn severity(&self) -> Severity;
    /// What the sources say.
    fn status(&self) -> Status;
    /// What people decided.
    fn triage(&self) -> TriageState;
    /// What kind of statement it is.
    fn class(&self) -> FindingClass;
    /// Whether any of its reports was read from `source`.
    fn has_source(&self, source: SourceKind) -> bool;
    /// The account that owns the problem.
    fn account(&self) -> AccountId;
    /// Its Region.
    fn region(&self) -> &str;
    /// Who has it; empty means nobody.
    fn assignee(&self) -> &str;
    /// The decision was taken on older content.
    fn stale(&self) -> bool;
    /// The last day on which it is not overdue, in days since 1970.
    fn due(&self) -> Option<i64>;
    /// Its deadline has passed.
    fn overdue(&self) -> bool;
    /// The canonical id of the primary resource.
    fn resource(&self) -> &str;
    /// Control id, finding type or check id.
    fn rule_id(&self) -> &str;
    /// One line for people.
    fn title(&self) -> &str;
}

impl Fields for Facets {
    fn score(&self) -> u16 {
        self.score
    }
    fn severity(&self) -> Severity {
        self.severity
    }
    fn status(&self) -> Status {
        self.status
    }
    fn triage(&self) -> TriageState {
        self.triage
    }
    fn class(&self) -> FindingClass {
        self.class
    }
    fn has_source(&self, source: SourceKind) -> bool {
        self.sources.contains(&source)
    }
    fn account(&self) -> AccountId {
        self.account
    }
    fn region(&self) -> &str {
        self.region.as_str()
    }
    fn assignee(&self) -> &str {
        &self.assignee
    }
    fn stale(&self) -> bool {
        self.stale
    }
    fn due(&self) -> Option<i64> {
        self.due
    }
    fn overdue(&self) -> bool {
        self.overdue
    }
    fn resource(&self) -> &str {
        &self.resource
    }
    fn rule_id(&self) -> &str {
        &self.rule_id
    }
    fn title(&self) -> &str {
        &self.title
    }
}

/// A parsed filter.
///
/// `Display` writes it in canonical form: every parenthesis, no abbreviation. The canonical form
/// parses to the same filter, and two texts with one canonical form select the same findings.
/// It is at most [`FILTER_BYTES_MAX`] long, like every text that parses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    root: Option<Expr>,
}

/// A part of a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expr {
    /// All of these.
    And(Vec<Expr>),
    /// At least one of these.
    Or(Vec<Expr>),
    /// Not this.
    Not(Box<Expr>),
    /// One field.
    Test(Test),
}

/// A restriction of one field. `!=` is parsed as [`Expr::Not`] of the equality.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// How bad it is.
    Severity(Comparison, Severity),
    /// How urgent it is.
    Score(Comparison, u16),
    /// What the sources say.
    Status(Status),
    /// What people decided.
    Triage(TriageState),
    /// What kind of statement it is.
    Class(FindingClass),
    /// Which API a report was read from.
    Source(SourceKind),
    /// Which account.
    Account(AccountId),
    /// Which Region.
    Region(Region),
    /// Decided on older content.
    Stale(bool),
    /// By which day it is to be fixed, in days since 1970. Without a deadline no comparison holds.
    Due(Comparison, i64),
    /// After its deadline.
    Overdue(bool),
    /// A text.
    Text(TextField, TextMatch),
}

/// An order between values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

impl Comparison {
    /// Whether `left` stands so to `right`.
    pub fn holds<T: Ord>(self, left: &T, right: &T) -> bool {
        match self {
            Self::Equal => left == right,
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::Greater => left > right,
            Self::AtLeast => left >= right,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
        }
    }
}

/// A text field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextField {
    /// Who has it.
    Assignee,
    /// The canonical id of the primary resource.
    Resource,
    /// Control id, finding type or check id.
    Rule,
    /// One line for people.
    Title,
    /// Title, resource or rule.
    Any,
}

impl TextField {
    fn as_str(self) -> &'static str {
        match self {
            Self::Assignee => "assignee",
            Self::Resource => "resource",
            Self::Rule => "rule",
            Self::Title => "title",
            Self::Any => "text",
        }
    }
}

/// How a text is matched, without regard to ASCII case. The text is in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextMatch {
    /// `=`
    Equals(String),
    /// `:`
    Contains(String),
}

impl TextMatch {
    /// Whether `text` fits.
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Equals(wanted) => text.eq_ignore_ascii_case(wanted),
            Self::Contains(wanted) => contains(text.as_bytes(), wanted.as_bytes()),
        }
    }
}

/// Whether `text` contains `wanted` (in lower case), without regard to ASCII case.
fn contains(text: &[u8], wanted: &[u8]) -> bool {
    wanted.is_empty() || text.windows(wanted.len()).any(|part| part.eq_ignore_ascii_case(wanted))
}

/// Why a text is not a filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("filter, at byte {offset}: {message}")]
pub struct FilterError {
    /// Where, in bytes from the start.
    pub offset: usize,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl Filter {
    /// Selects everything.
    pub fn all() -> Self {
        Self::default()
    }

    /// Reads a filter; the empty text selects everything.
    ///
    /// # Errors
    ///
    /// The byte offset, what is wrong there and what was expected. Never panics; linear in the text.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        parse::parse(text).map(|root| Self { root })
    }

    /// The expression; `None` selects everything.
    pub fn root(&self) -> Option<&Expr> {
        self.root.as_ref()
    }

    /// Whether the finding is selected.
    pub fn matches(&self, fields: &impl Fields) -> bool {
        self.root.as_ref().is_none_or(|expr| expr.matches(fields))
    }
}

impl Expr {
    /// Whether the finding is selected.
    pub fn matches(&self, fields: &impl Fields) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|part| part.matches(fields)),
            Self::Or(parts) => parts.iter().any(|part| part.matches(fields)),
            Self::Not(part) => !part.matches(fields),
            Self::Test(test) => test.matches(fields),
        }
    }
}

impl Test {
    /// Whether the finding is selected.
    pub fn matches(&self, fields: &impl Fields) -> bool {
        match self {
            Self::Severity(comparison, wanted) => comparison.holds(&fields.severity(), wanted),
            Self::Score(comparison, wanted) => comparison.holds(&fields.score(), wanted),
            Self::Status(wanted) => fields.status() == *wanted,
            Self::Triage(wanted) => fields.triage() == *wanted,
            Self::Class(wanted) => fields.class() == *wanted,
            Self::Source(wanted) => fields.has_source(*wanted),
            Self::Account(wanted) => fields.account() == *wanted,
            Self::Region(wanted) => fields.region() == wanted.as_str(),
            Self::Stale(wanted) => fields.stale() == *wanted,
            Self::Due(comparison, wanted) => {
                fields.due().is_some_and(|day| comparison.holds(&day, wanted))
            }
            Self::Overdue(wanted) => fields.overdue() == *wanted,
            Self::Text(field, how) => match field {
                TextField::Assignee => how.matches(fields.assignee()),
                TextField::Resource => how.matches(fields.resource()),
                TextField::Rule => how.matches(fields.rule_id()),
                TextField::Title => how.matches(fields.title()),
                TextField::Any => {
                    how.matches(fields.title())
                        || how.matches(fields.resource())
                        || how.matches(fields.rule_id())
                }
            },
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root.as_ref().map_or(Ok(()), |expr| expr.fmt(f))
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (parts, word) = match self {
            Self::Test(test) => return test.fmt(f),
            Self::Not(part) => return write!(f, "NOT {}", Nested(part)),
            Self::And(parts) => (parts, " AND "),
            Self::Or(parts) => (parts, " OR "),
        };
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                f.write_str(word)?;
            }
            Nested(part).fmt(f)?;
        }
        Ok(())
    }
}

/// A part inside another: in parentheses unless it is a term already.
struct Nested<'a>(&'a Expr);

impl fmt::Display for Nested<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            expr @ (Expr::Test(_) | Expr::Not(_)) => expr.fmt(f),
            expr @ (Expr::And(_) | Expr::Or(_)) => write!(f, "({expr})"),
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Severity(comparison, value) => {
                write!(f, "severity {} {}", comparison.as_str(), value.as_str())
            }
            Self::Score(comparison, value) => write!(f, "score {} {value}", comparison.as_str()),
            Self::Status(value) => write!(f, "status = {}", value.as_str()),
            Self::Triage(value) => write!(f, "triage = {}", value.as_str()),
            Self::Class(value) => write!(f, "class = {}", value.as_str()),
            Self::Source(value) => write!(f, "source = {value}"),
            Self::Account(value) => write!(f, "account = {value}"),
            Self::Region(value) => write!(f, "region = {value}"),
            Self::Stale(value) => write!(f, "stale = {value}"),
            Self::Due(comparison, value) => {
                write!(f, "due {} {}", comparison.as_str(), date(*value))
            }
            Self::Overdue(value) => write!(f, "overdue = {value}"),
            Self::Text(field, TextMatch::Equals(text)) => {
                write!(f, "{} = {}", field.as_str(), Quoted(text))
            }
            Self::Text(field, TextMatch::Contains(text)) => {
                write!(f, "{} : {}", field.as_str(), Quoted(text))
            }
        }
    }
}

/// A text in quotes, as the parser reads it back.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for char in self.0.chars() {
            if matches!(char, '"' | '\\') {
                f.write_str("\\")?;
            }
            write!(f, "{char}")?;
        }
        f.write_str("\"")
    }
}

#[cfg(test)]
mod tests;
