//! Reads the filter language, one byte offset at a time.

use std::fmt::Display;
use std::str::FromStr;

use super::{
    Comparison, Expr, FILTER_BYTES_MAX, FILTER_DEPTH_MAX, FILTER_RESTRICTIONS_MAX, FilterError,
    Test, TextField, TextMatch,
};
use crate::report::{FindingClass, Severity, Status};
use crate::time::from_date;
use crate::triage::TriageState;
use crate::unit::SourceKind;

/// The fields, for errors.
const FIELDS: &str = "severity, score, status, triage, class, source, account, region, assignee, \
                      stale, due, overdue, resource, rule, title, text";

/// Reads the whole text.
pub(super) fn parse(text: &str) -> Result<Option<Expr>, FilterError> {
    check_length(text.len(), FILTER_BYTES_MAX, "")?;
    let mut parser = Parser { text, at: 0, depth: 0, restrictions: 0 };
    parser.skip_space();
    if parser.rest().is_empty() {
        return Ok(None);
    }
    let expr = parser.expression()?;
    if parser.rest().is_empty() {
        check_length(expr.to_string().len(), 0, " in canonical form")?;
        return Ok(Some(expr));
    }
    Err(parser.error(if parser.rest().starts_with(')') {
        "this `)` closes nothing".to_owned()
    } else {
        "expected AND, OR or the end; join restrictions with AND".to_owned()
    }))
}

fn check_length(bytes: usize, offset: usize, form: &str) -> Result<(), FilterError> {
    if bytes <= FILTER_BYTES_MAX {
        return Ok(());
    }
    let message = format!("the filter has {bytes} bytes{form}; at most {FILTER_BYTES_MAX}");
    Err(FilterError { offset, message })
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    restrictions: usize,
}

/// An operator as written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operator {
    Compare(Comparison),
    NotEqual,
    Has,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).expect("`at` moves by whole characters")
    }

    fn error(&self, message: String) -> FilterError {
        FilterError { offset: self.at, message }
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    /// `expr := term { AND term } | term { OR term }`
    fn expression(&mut self) -> Result<Expr, FilterError> {
        let first = self.term()?;
        let Some(word) = self.keyword(&["AND", "OR"]) else { return Ok(first) };
        let mut parts = vec![first, self.term()?];
        loop {
            let before = self.at;
            match self.keyword(&["AND", "OR"]) {
                Some(next) if next == word => parts.push(self.term()?),
                Some(_) => {
                    self.at = before;
                    let message =
                        "AND and OR are mixed here; say with parentheses which goes first";
                    return Err(self.error(message.to_owned()));
                }
                None => break,
            }
        }
        Ok(if word == "AND" { Expr::And(parts) } else { Expr::Or(parts) })
    }

    /// `term := [ NOT | "-" ] ( restriction | "(" expr ")" )`
    fn term(&mut self) -> Result<Expr, FilterError> {
        self.skip_space();
        let negated = self.keyword(&["NOT"]).is_some() || self.symbol("-");
        let group_at = self.at;
        let inner = if self.symbol("(") { self.group(group_at)? } else { self.restriction()? };
        Ok(if negated { not(inner) } else { inner })
    }

    /// `expr ")"`, after a parenthesis at `group_at`.
    fn group(&mut self, group_at: usize) -> Result<Expr, FilterError> {
        self.depth += 1;
        if self.depth > FILTER_DEPTH_MAX {
            let message = format!("parentheses nested more than {FILTER_DEPTH_MAX} deep");
            return Err(FilterError { offset: group_at, message });
        }
        let inner = self.expression()?;
        if !self.symbol(")") {
            return Err(self.error("expected `)`, AND or OR".to_owned()));
        }
        self.depth -= 1;
        Ok(inner)
    }

    /// Takes one of `words` if it stands here as a whole word.
    fn keyword(&mut self, words: &[&'static str]) -> Option<&'static str> {
        self.skip_space();
        let rest = self.rest();
        let ends =
            |after: &str| after.is_empty() || after.starts_with([' ', '\t', '\n', '\r', '(']);
        let word = words.iter().find(|word| rest.strip_prefix(**word).is_some_and(ends))?;
        self.at += word.len();
        self.skip_space();
        Some(word)
    }

    fn symbol(&mut self, symbol: &str) -> bool {
        let found = self.rest().starts_with(symbol);
        if found {
            self.at += symbol.len();
            self.skip_space();
        }
        found
    }

    /// `restr := field op literal`
    fn restriction(&mut self) -> Result<Expr, FilterError> {
        self.restrictions += 1;
        if self.restrictions > FILTER_RESTRICTIONS_MAX {
            return Err(self.error(format!("more than {FILTER_RESTRICTIONS_MAX} restrictions")));
        }
        let field_at = self.at;
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '.'));
        let field = rest.get(..end.unwrap_or(rest.len())).expect("ASCII before `end`");
        if field.is_empty() {
            return Err(self.error(format!("expected a field: {FIELDS}")));
        }
        self.at += field.len();
        self.skip_space();
        let operator_at = self.at;
        let Some(operator) = self.operator() else {
            self.at = if known(field) { operator_at } else { field_at };
            return Err(self.error(if known(field) {
                format!("expected an operator after `{field}`: = != < <= > >= :")
            } else {
                format!("`{field}` is not a field; expected one of {FIELDS}")
            }));
        };
        self.skip_space();
        let literal_at = self.at;
        let literal = self.literal()?;
        self.skip_space();
        let error = |offset, message| FilterError { offset, message };
        let test = match test(field, operator, &literal) {
            Ok(test) => test,
            Err(Wrong::Field) => {
                let message = format!("`{field}` is not a field; expected one of {FIELDS}");
                return Err(error(field_at, message));
            }
            Err(Wrong::Operator(allowed)) => {
                return Err(error(operator_at, format!("`{field}` takes {allowed}")));
            }
            Err(Wrong::Literal(expected)) => {
                let literal: String = literal.chars().take(64).collect();
                return Err(error(literal_at, format!("`{literal}` is not {expected}")));
            }
        };
        let test = Expr::Test(test);
        Ok(if operator == Operator::NotEqual { not(test) } else { test })
    }

    fn operator(&mut self) -> Option<Operator> {
        let operators = [
            ("!=", Operator::NotEqual),
            ("<=", Operator::Compare(Comparison::AtMost)),
            (">=", Operator::Compare(Comparison::AtLeast)),
            ("<", Operator::Compare(Comparison::Less)),
            (">", Operator::Compare(Comparison::Greater)),
            ("=", Operator::Compare(Comparison::Equal)),
            (":", Operator::Has),
        ];
        let (text, operator) =
            operators.into_iter().find(|(text, _)| self.rest().starts_with(text))?;
        self.at += text.len();
        Some(operator)
    }

    /// A quoted text, or everything up to white space or `)`.
    fn literal(&mut self) -> Result<String, FilterError> {
        let start = self.at;
        let rest = self.rest();
        let Some(quoted) = rest.strip_prefix('"') else {
            let end = rest.find(|c: char| c.is_whitespace() || c == ')').unwrap_or(rest.len());
            let word = rest.get(..end).expect("`find` gives a boundary");
            if word.is_empty() {
                return Err(
                    self.error("expected a value; write \"\" for the empty text".to_owned())
                );
            }
            self.at += end;
            return Ok(word.to_owned());
        };
        let mut text = String::new();
        let mut chars = quoted.char_indices();
        while let Some((index, char)) = chars.next() {
            match char {
                '"' => {
                    self.at = start + 1 + index + 1;
                    return Ok(text);
                }
                '\\' => match chars.next() {
                    Some((_, escaped)) => text.push(escaped),
                    None => break,
                },
                other => text.push(other),
            }
        }
        Err(FilterError { offset: start, message: "this quote is not closed".to_owned() })
    }
}

fn not(expr: Expr) -> Expr {
    match expr {
        Expr::Not(inner) => *inner,
        other @ (Expr::And(_) | Expr::Or(_) | Expr::Test(_)) => Expr::Not(Box::new(other)),
    }
}

fn known(field: &str) -> bool {
    FIELDS.split(", ").any(|name| name == field)
}

/// What is wrong with a restriction.
enum Wrong {
    Field,
    /// The operators that the field takes.
    Operator(&'static str),
    /// What the value should be.
    Literal(String),
}

fn test(field: &str, operator: Operator, literal: &str) -> Result<Test, Wrong> {
    Ok(match field {
        "severity" => {
            let names = Severity::ALL.map(Severity::as_str);
            let value = one_of(literal, &Severity::ALL, &names)?;
            Test::Severity(order(operator)?, value)
        }
        "score" => {
            let value = literal.parse().ok().filter(|score| *score <= crate::priority::SCORE_MAX);
            let value =
                value.ok_or_else(|| Wrong::Literal("a number from 0 to 1000".to_owned()))?;
            Test::Score(order(operator)?, value)
        }
        "status" => {
            equality(operator)?;
            Test::Status(one_of(literal, &Status::ALL, &Status::ALL.map(Status::as_str))?)
        }
        "triage" => {
            equality(operator)?;
            let names = TriageState::ALL.map(TriageState::as_str);
            Test::Triage(one_of(literal, &TriageState::ALL, &names)?)
        }
        "class" => {
            equality(operator)?;
            let names = FindingClass::ALL.map(FindingClass::as_str);
            Test::Class(one_of(literal, &FindingClass::ALL, &names)?)
        }
        "source" => {
            equality(operator)?;
            let names = SourceKind::ALL.map(SourceKind::as_str);
            Test::Source(one_of(literal, &SourceKind::ALL, &names)?)
        }
        "account" => {
            equality(operator)?;
            Test::Account(parsed(literal)?)
        }
        "region" => {
            equality(operator)?;
            Test::Region(parsed(&literal.to_ascii_lowercase())?)
        }
        "stale" => {
            equality(operator)?;
            Test::Stale(one_of(literal, &[true, false], &["true", "false"])?)
        }
        "due" => Test::Due(order(operator)?, day(literal)?),
        "overdue" => {
            equality(operator)?;
            Test::Overdue(one_of(literal, &[true, false], &["true", "false"])?)
        }
        "assignee" => text(TextField::Assignee, operator, literal)?,
        "resource" => text(TextField::Resource, operator, literal)?,
        "rule" => text(TextField::Rule, operator, literal)?,
        "title" => text(TextField::Title, operator, literal)?,
        "text" if operator != Operator::Has => return Err(Wrong::Operator("only `:` (contains)")),
        "text" => text(TextField::Any, operator, literal)?,
        _ => return Err(Wrong::Field),
    })
}

/// The day that `literal` names.
fn day(literal: &str) -> Result<i64, Wrong> {
    from_date(literal).ok_or_else(|| Wrong::Literal("a day, such as 2026-12-31".to_owned()))
}

/// The value whose name `literal` is, in any case.
fn one_of<T: Copy>(literal: &str, values: &[T], names: &[&str]) -> Result<T, Wrong> {
    let found = names.iter().position(|name| name.eq_ignore_ascii_case(literal));
    found
        .and_then(|index| values.get(index).copied())
        .ok_or_else(|| Wrong::Literal(format!("one of {}", names.join(", "))))
}

fn parsed<T: FromStr<Err: Display>>(literal: &str) -> Result<T, Wrong> {
    // The error of the identifier says `… is not an AWS account id …`; only its end is needed.
    literal.parse().map_err(|error: T::Err| {
        let error = error.to_string();
        let expected = error.split_once(" is not ").map(|(_, expected)| expected.to_owned());
        Wrong::Literal(expected.unwrap_or(error))
    })
}

fn order(operator: Operator) -> Result<Comparison, Wrong> {
    match operator {
        Operator::Compare(comparison) => Ok(comparison),
        Operator::NotEqual => Ok(Comparison::Equal),
        Operator::Has => Err(Wrong::Operator("= != < <= > >=")),
    }
}

fn equality(operator: Operator) -> Result<(), Wrong> {
    match operator {
        Operator::Compare(Comparison::Equal) | Operator::NotEqual => Ok(()),
        Operator::Compare(_) | Operator::Has => Err(Wrong::Operator("= and !=")),
    }
}

fn text(field: TextField, operator: Operator, literal: &str) -> Result<Test, Wrong> {
    let wanted = literal.to_ascii_lowercase();
    match operator {
        Operator::Compare(Comparison::Equal) | Operator::NotEqual => {
            Ok(Test::Text(field, TextMatch::Equals(wanted)))
        }
        Operator::Has => Ok(Test::Text(field, TextMatch::Contains(wanted))),
        Operator::Compare(_) => Err(Wrong::Operator("=, != and : (contains)")),
    }
}
