//! Makes the table of text, and says what is wrong with it.

use std::collections::HashSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::evidence::{Entry, Fact, Kind, Says};
use super::{Domain, Effort, Observability, Phase, Recommendation};
use crate::report::Severity;
use crate::unit::SourceKind;

/// The largest text of a table, in bytes (1 MiB).
const TEXT_BYTES_MAX: usize = 1024 * 1024;

/// The most recommendations.
const RECOMMENDATIONS_MAX: usize = 1024;

/// The most ids of one entry.
const LIST_MAX: usize = 1024;

/// The longest text, in bytes: that of a rule id of a report.
const TEXT_MAX: usize = 256;

/// The only version of the form there is.
const VERSION: &str = "1";

/// The longest time that may be left to act, in days.
const DAYS_MAX: u16 = 365;

/// What is wrong with a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the maturity table, line {line}: {what}")]
pub struct TableError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, and what to do.
    pub what: String,
}

/// The recommendations of `text`, by phase, otherwise in its order.
pub(super) fn recommendations(text: &str) -> Result<Vec<Recommendation>, TableError> {
    let mut read = Text(text).recommendations()?;
    read.sort_by_key(|recommendation| recommendation.phase);
    Ok(read)
}

/// The text under reading.
#[derive(Clone, Copy)]
struct Text<'t>(&'t str);

type Value<'t> = Spanned<DeValue<'t>>;

impl Text<'_> {
    fn error(&self, span: Range<usize>, what: impl Into<String>) -> TableError {
        let before = self.0.get(..span.start).unwrap_or(self.0);
        TableError { line: before.matches('\n').count() + 1, what: what.into() }
    }

    fn recommendations(self) -> Result<Vec<Recommendation>, TableError> {
        if self.0.len() > TEXT_BYTES_MAX {
            return Err(self.error(0..0, format!("the text has more than {TEXT_BYTES_MAX} bytes")));
        }
        let table = DeTable::parse(self.0).map_err(|error| {
            self.error(error.span().unwrap_or(0..0), format!("no TOML: {}", error.message()))
        })?;
        let (mut version, mut rows) = (None, Vec::new());
        for (key, value) in table.get_ref() {
            match &**key.get_ref() {
                "version" => version = value.get_ref().as_integer().map(|n| (n.as_str(), value)),
                "recommendation" => rows = self.list(value)?,
                other => {
                    let what =
                        format!("`{other}` is not known; there are `version` and `recommendation`");
                    return Err(self.error(key.span(), what));
                }
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
        if rows.len() > RECOMMENDATIONS_MAX {
            let what = format!("more than {RECOMMENDATIONS_MAX} recommendations");
            return Err(self.error(0..0, what));
        }
        let (mut read, mut ids) = (Vec::with_capacity(rows.len()), HashSet::new());
        for row in rows {
            let recommendation = self.recommendation(row)?;
            if !ids.insert(recommendation.id.clone()) {
                let what = format!("`{}` is there twice", recommendation.id);
                return Err(self.error(row.span(), what));
            }
            read.push(recommendation);
        }
        Ok(read)
    }

    fn recommendation(self, row: &Value<'_>) -> Result<Recommendation, TableError> {
        let (mut id, mut name, mut advice) = (None, None, None);
        let (mut domain, mut effort, mut seen) = (None, None, None);
        let (mut second, mut top10, mut evidence) = (Vec::new(), None, Vec::new());
        for (key, value) in self.table(row)? {
            match &**key.get_ref() {
                "id" => id = Some(self.id(value)?),
                "name" => name = Some(self.text(value)?),
                "second" => second = self.texts(value)?,
                "domain" => {
                    domain = Some(self.word(value, Domain::ALL.map(Domain::as_str), |name| {
                        Domain::from_name(name)
                    })?);
                }
                "top10" => top10 = Some(self.number(value, 1..=10)?),
                "effort" => {
                    effort = Some(self.word(value, Effort::ALL.map(Effort::as_str), |name| {
                        Effort::from_name(name)
                    })?);
                }
                "seen" => {
                    let names = Observability::ALL.map(Observability::as_str);
                    seen = Some(self.word(value, names, Observability::from_name)?);
                }
                "advice" => advice = Some(self.text(value)?),
                "evidence" => evidence = self.entries(value)?,
                other => {
                    let what = format!("`{other}` is no key of a recommendation");
                    return Err(self.error(key.span(), what));
                }
            }
        }
        let missing =
            |key: &str| self.error(row.span(), format!("the recommendation has no `{key}`"));
        let (id, phase) = id.ok_or_else(|| missing("id"))?;
        let recommendation = Recommendation {
            name: name.ok_or_else(|| missing("name"))?,
            second,
            phase,
            domain: domain.ok_or_else(|| missing("domain"))?,
            top10: top10.map(|n| u8::try_from(n).unwrap_or(10)),
            effort: effort.ok_or_else(|| missing("effort"))?,
            seen: seen.ok_or_else(|| missing("seen"))?,
            advice: advice.ok_or_else(|| missing("advice"))?,
            evidence,
            id,
        };
        self.together(row, &recommendation)?;
        Ok(recommendation)
    }

    /// What no key shows by itself.
    fn together(self, row: &Value<'_>, wanted: &Recommendation) -> Result<(), TableError> {
        let mut known = HashSet::new();
        let mut decides = false;
        for entry in &wanted.evidence {
            decides |= !matches!(entry, Entry::Findings { says: Says::Hint, .. });
            let Entry::Findings { kind, ids, .. } = entry else { continue };
            for id in ids {
                if !known.insert((*kind, id.clone())) {
                    let what = format!("`{}`: `{id}` is there twice", wanted.id);
                    return Err(self.error(row.span(), what));
                }
            }
        }
        if wanted.seen == Observability::Direct && !decides {
            let what = format!("`{}` is seen directly, and nothing decides it", wanted.id);
            return Err(self.error(row.span(), what));
        }
        Ok(())
    }

    fn entries(self, value: &Value<'_>) -> Result<Vec<Entry>, TableError> {
        self.list(value)?.into_iter().map(|value| self.entry(value)).collect()
    }

    fn entry(self, value: &Value<'_>) -> Result<Entry, TableError> {
        let table = self.table(value)?;
        let (mut what, mut says, mut from, mut days) = (None, None, None, None);
        for (key, item) in table {
            match &**key.get_ref() {
                "says" => {
                    says = Some(self.word(item, Says::ALL.map(Says::as_str), Says::from_name)?);
                }
                "from" => {
                    let names = Severity::ALL.map(Severity::as_str);
                    from = Some(self.word(item, names, Severity::from_name)?);
                }
                "days" => days = Some(self.number(item, 1..=i64::from(DAYS_MAX))?),
                name if what.is_none() => what = Some((name.to_owned(), key.span(), item)),
                _ => return Err(self.error(key.span(), "an entry has one kind: write two entries")),
            }
        }
        let Some((name, span, item)) = what else {
            return Err(self.error(value.span(), "the entry has no kind"));
        };
        let entry = self.of_kind(&name, span.clone(), item, says)?;
        if says.is_some() && !matches!(entry, Entry::Findings { .. }) {
            return Err(self.error(span, format!("`says` does not belong to `{name}`")));
        }
        match (entry, from, days) {
            (Entry::Acting { kind, .. }, Some(from), Some(days)) => {
                let days = u16::try_from(days).unwrap_or(DAYS_MAX);
                Ok(Entry::Acting { kind, from, days })
            }
            (Entry::Acting { .. }, ..) => {
                Err(self.error(span, "`acting` needs `from`, a severity, and `days`"))
            }
            (entry, None, None) => Ok(entry),
            _ => Err(self.error(span, "`from` and `days` belong to `acting` alone")),
        }
    }

    fn of_kind(
        self,
        name: &str,
        span: Range<usize>,
        item: &Value<'_>,
        says: Option<Says>,
    ) -> Result<Entry, TableError> {
        if let Some(kind) = Kind::from_key(name) {
            let ids = self.texts(item)?.iter().map(|id| kind.canonical(id)).collect();
            return Ok(Entry::Findings { kind, ids, says: says.unwrap_or(kind.says()) });
        }
        match name {
            "alive" => {
                let names = SourceKind::ALL.map(SourceKind::as_str);
                Ok(Entry::Alive(self.word(item, names, SourceKind::from_name)?))
            }
            "acting" => {
                let names = Kind::ALL.map(|kind| kind.product().as_str());
                let of =
                    |name: &str| Kind::ALL.into_iter().find(|kind| kind.product().as_str() == name);
                let kind = self.word(item, names, of)?;
                Ok(Entry::Acting { kind, from: Severity::High, days: 0 })
            }
            "configured" => {
                let names = Fact::ALL.map(Fact::as_str);
                Ok(Entry::Configured(self.word(item, names, Fact::from_name)?))
            }
            _ => {
                let kinds = Kind::ALL.map(Kind::as_str).join(", ");
                let what = format!("`{name}` is none of {kinds}, alive, acting, configured");
                Err(self.error(span, what))
            }
        }
    }

    /// `P1-IAM-2`: the phase is its digit.
    fn id(self, value: &Value<'_>) -> Result<(String, Phase), TableError> {
        let id = self.text(value)?;
        let read = || {
            let (phase, rest) = id.strip_prefix('P')?.split_once('-')?;
            let (domain, number) = rest.split_once('-')?;
            let letters =
                (2..=4).contains(&domain.len()) && domain.bytes().all(|b| b.is_ascii_uppercase());
            let number: u8 = number.parse().ok()?;
            let phase = Phase::from_number(phase.parse().ok()?)?;
            (letters && number > 0).then_some(phase)
        };
        match read() {
            Some(phase) => Ok((id, phase)),
            None => Err(self.error(value.span(), format!("`{id}` is no id such as P1-IAM-2"))),
        }
    }

    fn word<T, const N: usize>(
        self,
        value: &Value<'_>,
        names: [&str; N],
        of: impl Fn(&str) -> Option<T>,
    ) -> Result<T, TableError> {
        let text = self.text(value)?;
        of(&text).ok_or_else(|| {
            self.error(value.span(), format!("`{text}` is none of {}", names.join(", ")))
        })
    }

    fn number(
        self,
        value: &Value<'_>,
        range: std::ops::RangeInclusive<i64>,
    ) -> Result<i64, TableError> {
        let number = value.get_ref().as_integer().and_then(|n| n.as_str().parse().ok());
        number.filter(|number| range.contains(number)).ok_or_else(|| {
            let what = format!("a number from {} to {} is expected", range.start(), range.end());
            self.error(value.span(), what)
        })
    }

    /// A text that is not empty.
    fn text(self, value: &Value<'_>) -> Result<String, TableError> {
        let Some(text) = value.get_ref().as_str() else {
            return Err(self.error(value.span(), "a text in quotes is expected"));
        };
        let bad = text.trim().is_empty()
            || text.len() > TEXT_MAX
            || text.contains(|c: char| c.is_control());
        if bad {
            let what = format!("a text has 1 to {TEXT_MAX} bytes and no control characters");
            return Err(self.error(value.span(), what));
        }
        Ok(text.to_owned())
    }

    /// A text or a list of them.
    fn texts(self, value: &Value<'_>) -> Result<Vec<String>, TableError> {
        if !matches!(value.get_ref(), DeValue::Array(_)) {
            return Ok(vec![self.text(value)?]);
        }
        let items = self.list(value)?;
        if items.is_empty() || items.len() > LIST_MAX {
            let what =
                format!("the list has 1 to {LIST_MAX} items; leave it out if there are none");
            return Err(self.error(value.span(), what));
        }
        items.into_iter().map(|item| self.text(item)).collect()
    }

    fn list<'v, 't>(self, value: &'v Value<'t>) -> Result<Vec<&'v Value<'t>>, TableError> {
        let list = value.get_ref().as_array();
        let list = list.ok_or_else(|| self.error(value.span(), "a list is expected"))?;
        Ok(list.iter().collect())
    }

    fn table<'v, 't>(self, value: &'v Value<'t>) -> Result<&'v DeTable<'t>, TableError> {
        let table = value.get_ref().as_table();
        table.ok_or_else(|| self.error(value.span(), "a table is expected"))
    }
}
