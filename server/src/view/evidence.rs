//! Feeds a maturity tally with what the view knows of findings.

use std::collections::HashMap;

use muster_core::maturity::{AccountNumber, Held, RegionNumber, RuleNumber, Seen, Tally};
use muster_core::report::{FindingClass, IdentityRule};
use muster_core::time::{HOUR_MS, Millis};
use muster_core::unit::{SourceKind, Unit};

use super::View;
use super::row::Row;

/// How many findings one step takes: some milliseconds, so that the writer never waits for the whole.
pub const STEP: usize = if cfg!(test) { 8 } else { 32 * 1024 };

/// What the title of a threat begins with that `GuardDuty` made to show what one looks like.
const SAMPLE: &str = "[SAMPLE]";

/// What is known of the texts of the view while a step runs, by their numbers.
struct Numbers<'a> {
    accounts: HashMap<u32, AccountNumber>,
    regions: HashMap<u32, RegionNumber>,
    rules: HashMap<(u32, Option<IdentityRule>, FindingClass), RuleNumber>,
    units: HashMap<u32, (SourceKind, bool)>,
    current: &'a dyn Fn(&str) -> bool,
}

impl View {
    /// Adds up to [`STEP`] findings to `tally`, from the place `from` on (0 for the first ones), and
    /// says where the next step begins; `None` when there are no more. `current` says whether the unit
    /// of a name is read.
    ///
    /// Between two steps the view may change: a finding that changes is seen as it was or as it is,
    /// and one that is new or goes may be seen or not.
    pub fn tell(
        &self,
        tally: &mut Tally,
        from: u32,
        current: &dyn Fn(&str) -> bool,
    ) -> Option<u32> {
        let mut numbers = Numbers {
            accounts: HashMap::new(),
            regions: HashMap::new(),
            rules: HashMap::new(),
            units: HashMap::new(),
            current,
        };
        let mut held = Vec::new();
        let mut last = None;
        for place in self.live.range(from..).take(STEP) {
            let row = self.rows.at(place);
            held.clear();
            for entry in self.reports.at(place) {
                let key = (entry.rule, entry.identity, row.class);
                let rule = *numbers.rules.entry(key).or_insert_with(|| {
                    tally.rule(entry.identity, self.reports.rule(entry.rule), row.class)
                });
                let (source, current) = *numbers.units.entry(entry.unit).or_insert_with(|| {
                    let name = self.reports.unit(entry.unit);
                    let source = name.parse::<Unit>().map(|unit| unit.source);
                    // A name that is none is of no unit that is read.
                    source.map_or((SourceKind::Config, false), |source| {
                        (source, (numbers.current)(name))
                    })
                });
                let looked = Millis(i64::from(entry.looked_hour) * HOUR_MS);
                held.push(Held { rule, source, current, absent: entry.absent, looked });
            }
            self.tell_one(tally, row, &mut numbers, &held);
            last = Some(place);
        }
        last?.checked_add(1)
    }

    fn tell_one(&self, tally: &mut Tally, row: &Row, numbers: &mut Numbers<'_>, held: &[Held]) {
        let account = *numbers.accounts.entry(row.texts.account).or_insert_with(|| {
            let text = self.accounts.text(row.texts.account);
            tally.account(text.parse().expect("the column of accounts is filled from account ids"))
        });
        let region = *numbers.regions.entry(row.texts.region).or_insert_with(|| {
            let text = self.regions.text(row.texts.region);
            tally.region(&text.parse().expect("the column of Regions is filled from Regions"))
        });
        let sample = row.class == FindingClass::Threat
            && self.titles.text(row.texts.title).starts_with(SAMPLE);
        tally.add(&Seen {
            id: row.id,
            account,
            region,
            status: row.status,
            triage: row.triage,
            severity: row.severity,
            score: row.score,
            created: Millis(i64::try_from(row.created).unwrap_or(i64::MAX)),
            sample,
            reports: held,
        });
    }
}
