//! By when a finding is to be fixed.

use std::fmt;

use super::table::{Deadline, RuleKnown};
use super::{Band, Inputs, Model};
use crate::finding::Due;
use crate::report::Exposure;
use crate::time::{DAY_MS, Millis};

impl Model {
    /// The earliest of what applies: the window of the band of `score`, CISA's table for
    /// vulnerabilities, the date of CISA's catalog, and the operator's own.
    pub(super) fn due(
        &self,
        inputs: Inputs<'_>,
        rule: RuleKnown<'_>,
        vulnerability_days: Option<i64>,
        score: u16,
    ) -> Option<Due> {
        let since = inputs.lifecycle.since.day();
        let band = Band::of(score);
        let by_band = self.0.table.days[band as usize];
        let own = rule.first(|rule| rule.days);
        let known = inputs.exploitation.and_then(|found| found.kev_due);
        let rules = [
            Some((since + by_band, Rule::Band(band, by_band))),
            vulnerability_days.map(|within| (since + within, Rule::Table(within))),
            // A catalog's date before the finding was there is no date to keep.
            known.map(|day| (day.max(since + 1), Rule::Catalog)),
            own.map(|within| (since + within, Rule::Own(within))),
        ];
        let first = rules.into_iter().flatten().min_by_key(|(day, _)| *day);
        let end = |day: i64| Millis(day.saturating_add(1).saturating_mul(DAY_MS));
        first.map(|(day, rule)| Due { at: end(day), rule: rule.to_string() })
    }

    /// The days that CISA's table gives a vulnerability; `None` for others, and for those that are
    /// fixed with the next upgrade.
    pub(super) fn vulnerability_days(&self, inputs: Inputs<'_>) -> Option<i64> {
        let named = |ids: &[String]| !ids.is_empty();
        let said = inputs.facts.signals.vulnerability.as_ref();
        if inputs.exploitation.is_none() && !said.is_some_and(|said| named(&said.ids)) {
            return None;
        }
        let found = inputs.exploitation;
        let row = [
            found.is_some_and(|found| found.known_exploited),
            inputs.facts.exposure >= Exposure::Internet,
            found.is_some_and(|found| found.automatable == Some(true)),
            found.is_some_and(|found| found.total_impact == Some(true)),
        ];
        self.0.table.vulnerability_days[Deadline::index(row)]
    }
}

/// What sets a deadline, and in how many days.
enum Rule {
    Band(Band, i64),
    Table(i64),
    Catalog,
    Own(i64),
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = match self {
            Self::Band(band, days) => {
                write!(f, "{}: ", band.as_str())?;
                days
            }
            Self::Table(days) => {
                f.write_str("CISA BOD 26-04: ")?;
                days
            }
            Self::Own(days) => {
                f.write_str("your rule: ")?;
                days
            }
            Self::Catalog => return f.write_str("CISA KEV"),
        };
        if *days == 1 { f.write_str("1 day") } else { write!(f, "{days} days") }
    }
}
