//! By when a finding is to be fixed.

use super::table::Deadline;
use super::{Band, Inputs, Model};
use crate::finding::Due;
use crate::report::Exposure;
use crate::time::{DAY_MS, Millis};

impl Model {
    /// The earliest of what applies: the window of the band of `score`, CISA's table for
    /// vulnerabilities, the date of CISA's catalog, and the operator's own.
    pub(super) fn due(&self, inputs: Inputs<'_>, score: u16) -> Option<Due> {
        let since = inputs.lifecycle.since.day();
        let band = Band::of(score);
        let by_band = self.0.table.days[band as usize];
        let own = self.0.table.rule(&inputs.facts.rule_id);
        let own = own.into_iter().flatten().find_map(|rule| rule.days);
        let known = inputs.exploitation.and_then(|found| found.kev_due);
        let days = |days: i64| if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
        let rules = [
            Some((since + by_band, format!("{}: {}", band.as_str(), days(by_band)))),
            self.vulnerability_days(inputs)
                .map(|within| (since + within, format!("CISA BOD 26-04: {}", days(within)))),
            // A catalog's date before the finding was there is no date to keep.
            known.map(|day| (day.max(since + 1), "CISA KEV".to_owned())),
            own.map(|within| (since + within, format!("your rule: {}", days(within)))),
        ];
        let first = rules.into_iter().flatten().min_by_key(|(day, _)| *day);
        first.map(|(day, rule)| Due { at: Millis((day + 1).saturating_mul(DAY_MS)), rule })
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
