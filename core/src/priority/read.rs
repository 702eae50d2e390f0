//! Makes a table of rules of text, and says what is wrong with it.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::table::{
    Anchors, Asset, Condition, Deadline, Environment, Floor, Points, RuleFacts, Table, Tier,
};
use super::{Band, SCORE_MAX};
use crate::report::Privilege;

/// The largest text of rules, in bytes (1 MiB).
pub(super) const TEXT_BYTES_MAX: usize = 1024 * 1024;

/// The most points that one value gives.
const POINTS_MAX: i32 = 1000;

/// The longest time to fix something, in days.
const DAYS_MAX: i64 = 3650;

/// Values of a factor from the least to the worst: a worse one must not count less.
const ORDERS: [(&str, &[&str]); 9] = [
    ("exposure", &["private", "organization", "cross_account", "internet", "public"]),
    ("environment", &["sandbox", "development", "staging", "production"]),
    ("privilege", &["read", "write", "escalation", "admin", "root"]),
    ("threat", &["recon", "suspicious", "compromise", "sequence"]),
    ("exploit", &["epss_tenth", "epss_half"]),
    ("exploit", &["proof_of_concept", "active"]),
    ("corroboration", &["two", "three"]),
    ("recency", &["month", "week", "day"]),
    ("overdue", &["first", "most"]),
];

/// What is wrong with rules.
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

/// A text as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: Spanned<i64>,
    #[serde(default)]
    anchors: BTreeMap<String, Spanned<Vec<(i32, i32)>>>,
    #[serde(default)]
    points: BTreeMap<Spanned<String>, BTreeMap<Spanned<String>, Spanned<i32>>>,
    #[serde(default)]
    deadline: BTreeMap<Spanned<String>, Spanned<i64>>,
    #[serde(default)]
    vulnerability_deadline: Vec<Spanned<DeadlineFile>>,
    #[serde(default)]
    floor: Vec<Spanned<FloorFile>>,
    #[serde(default)]
    asset: Vec<Spanned<AssetFile>>,
    #[serde(default)]
    rule: Vec<Spanned<RuleFile>>,
    #[serde(default)]
    standard: Vec<Spanned<StandardFile>>,
    /// Ids of standards.
    scope: Option<Spanned<Vec<String>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StandardFile {
    id: String,
    /// For people who read the text.
    #[serde(rename = "title")]
    _title: Option<String>,
    rules: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeadlineFile {
    when: Vec<String>,
    /// Left out: with the next upgrade.
    days: Option<i64>,
}

/// What is said of a tier that is none.
const TIERS: &str = "tiers are recon, suspicious, compromise, sequence";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FloorFile {
    id: String,
    score: u16,
    #[serde(default)]
    rules: Vec<String>,
    #[serde(default)]
    sequence: bool,
    within_days: Option<i64>,
    threat: Option<String>,
    beside: Option<String>,
    seen_within: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AssetFile {
    name: String,
    #[serde(default)]
    accounts: Vec<String>,
    #[serde(default)]
    arns: Vec<String>,
    #[serde(default)]
    tags: Vec<TagFile>,
    environment: Option<String>,
    criticality: Option<i32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TagFile {
    key: String,
    #[serde(default)]
    values: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    ids: Vec<String>,
    privilege: Option<String>,
    tier: Option<String>,
    phase: Option<u8>,
    effort: Option<String>,
    #[serde(default)]
    standards: Vec<String>,
    days: Option<i64>,
}

/// A text under reading.
#[derive(Clone, Copy)]
pub(super) struct Text<'t> {
    pub(super) name: &'static str,
    pub(super) text: &'t str,
}

impl Text<'_> {
    fn error(&self, span: Range<usize>, what: impl Into<String>) -> ModelError {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        ModelError { text: self.name, line, what: what.into() }
    }

    /// Puts what it says over `table`: numbers replace, entries of lists come first.
    pub(super) fn over(self, table: &mut Table) -> Result<(), ModelError> {
        if self.text.len() > TEXT_BYTES_MAX {
            return Err(self.error(0..0, format!("the text has more than {TEXT_BYTES_MAX} bytes")));
        }
        let file: File = toml::from_str(self.text)
            .map_err(|error| self.error(error.span().unwrap_or(0..0), error.message()))?;
        if *file.version.get_ref() != 1 {
            let what = "this program reads `version = 1`";
            return Err(self.error(file.version.span(), what));
        }
        self.numbers(&file, table)?;
        self.deadlines(&file, table)?;
        let floors = file.floor.iter().map(|floor| self.floor(floor));
        table.floors.splice(0..0, floors.collect::<Result<Vec<_>, _>>()?);
        let assets = file.asset.iter().map(|asset| self.asset(asset));
        table.assets.splice(0..0, assets.collect::<Result<Vec<_>, _>>()?);
        // Later ones give way to what is there, so the operator's are read first.
        let mut rules = std::mem::take(&mut table.rules);
        for rule in &file.rule {
            self.rule(rule, &mut table.rules)?;
        }
        for (id, known) in rules.drain() {
            table.rules.entry(id).or_default().fill(&known);
        }
        self.standards(&file, table)
    }

    /// Standards replace those with the same id; those in scope must be there.
    fn standards(self, file: &File, table: &mut Table) -> Result<(), ModelError> {
        for standard in &file.standard {
            let StandardFile { id, rules, .. } = standard.get_ref();
            if id.is_empty() || rules.is_empty() {
                let what = format!("standard `{id}`: give it an `id`, and the ids of its `rules`");
                return Err(self.error(standard.span(), what));
            }
            table.standards.insert(id.clone(), rules.clone());
        }
        let Some(scope) = &file.scope else { return Ok(()) };
        let known = &table.standards;
        if let Some(other) = scope.get_ref().iter().find(|id| !known.contains_key(*id)) {
            let known: Vec<&str> = known.keys().map(String::as_str).collect();
            let known = known.join(", ");
            let what = format!(
                "there is no standard `{other}`; there are {known}, or write a [[standard]]"
            );
            return Err(self.error(scope.span(), what));
        }
        table.scope = scope.get_ref().iter().cloned().collect();
        Ok(())
    }

    fn numbers(self, file: &File, table: &mut Table) -> Result<(), ModelError> {
        for (name, pairs) in &file.anchors {
            let anchors = self.anchors(pairs)?;
            match name.as_str() {
                "severity" => table.severity = anchors,
                "compression" => {
                    self.compresses(&anchors, pairs.span())?;
                    table.compression = anchors;
                }
                _ => {
                    let what = format!("there are no anchors `{name}`: severity, compression");
                    return Err(self.error(pairs.span(), what));
                }
            }
        }
        for (factor, values) in &file.points {
            for (value, points) in values {
                let number = *points.get_ref();
                if !(0..=POINTS_MAX).contains(&number) {
                    let what = format!("points are 0 to {POINTS_MAX}, not {number}");
                    return Err(self.error(points.span(), what));
                }
                let names = (factor.get_ref().as_str(), value.get_ref().as_str());
                let Some(place) = table.points.place(names.0, names.1) else {
                    let what = format!(
                        "there are no points `{}.{}`; there are {}",
                        names.0,
                        names.1,
                        Points::like(names.0)
                    );
                    return Err(self.error(value.span(), what));
                };
                *place = number;
            }
        }
        self.orders(file, table)
    }

    /// That a worse value counts no less, whichever text gives each of the two.
    fn orders(self, file: &File, table: &mut Table) -> Result<(), ModelError> {
        let given = |factor: &str, value: &str| {
            let values = file.points.iter().find(|(name, _)| name.get_ref() == factor)?.1;
            values.keys().find(|name| name.get_ref() == value).map(Spanned::span)
        };
        for (factor, values) in ORDERS {
            for pair in values.windows(2) {
                let [less, more] = *pair else { continue };
                let mut points =
                    |value| table.points.place(factor, value).map_or(0, |place| *place);
                let (low, high) = (points(less), points(more));
                if low > high {
                    let span = given(factor, more).or_else(|| given(factor, less));
                    let what = format!(
                        "`{factor}.{more}` ({high}) counts less than `{factor}.{less}` ({low}), \
                         which is not as bad: change both"
                    );
                    return Err(self.error(span.unwrap_or(0..0), what));
                }
            }
        }
        Ok(())
    }

    fn anchors(self, pairs: &Spanned<Vec<(i32, i32)>>) -> Result<Anchors, ModelError> {
        let list = pairs.get_ref();
        let ascends = list.windows(2).all(|two| match two {
            [a, b] => a.0 < b.0 && a.1 <= b.1,
            _ => true,
        });
        let begins = list.first() == Some(&(0, 0)) && list.len() >= 2;
        let most = list.iter().all(|pair| pair.0 <= 100_000 && pair.1 <= 1000);
        if !(ascends && begins && most) {
            let what = "anchors begin with [0, 0] and ascend, to at most 1000 points: a worse input \
                        must never count less";
            return Err(self.error(pairs.span(), what));
        }
        Ok(Anchors(list.clone()))
    }

    /// That a compression takes off, never adds, and uses all scores.
    fn compresses(self, anchors: &Anchors, span: Range<usize>) -> Result<(), ModelError> {
        if anchors.most() != i32::from(SCORE_MAX) {
            let what = format!("the last anchor of the compression leads to {SCORE_MAX}");
            return Err(self.error(span, what));
        }
        match anchors.0.iter().find(|(sum, score)| score > sum) {
            Some((sum, score)) => {
                let what = format!("[{sum}, {score}] adds points: a compression only takes off");
                Err(self.error(span, what))
            }
            None => Ok(()),
        }
    }

    /// That one more yes never gives more days, whichever text gives each of two rows.
    fn hurries(self, file: &File, table: &Table) -> Result<(), ModelError> {
        // With the next upgrade is later than any date.
        let days = |row: usize| table.vulnerability_days[row].unwrap_or(i64::MAX);
        let rows = 0..table.vulnerability_days.len();
        let mut pairs = rows.flat_map(|row| (0..4).map(move |bit| (row, row | 1 << bit)));
        let Some((row, more)) = pairs.find(|(row, more)| days(*more) > days(*row)) else {
            return Ok(());
        };
        let given = |row: usize| {
            let rows = file.vulnerability_deadline.iter();
            let mut rows = rows.filter(|one| Deadline::row(&one.get_ref().when) == row);
            rows.next_back().map(Spanned::span)
        };
        let span = given(row).or_else(|| given(more)).unwrap_or(0..0);
        let (few, many) = (Deadline::names(row), Deadline::names(more));
        let what =
            format!("[{many}] would have more time than [{few}], which is not as bad: change both");
        Err(self.error(span, what))
    }

    fn deadlines(self, file: &File, table: &mut Table) -> Result<(), ModelError> {
        for (band, days) in &file.deadline {
            let known = Band::ALL.into_iter().find(|known| known.as_str() == band.get_ref());
            let Some(known) = known else {
                return Err(self.error(band.span(), "bands are P0, P1, P2, P3, P4"));
            };
            table.days[known as usize] = self.days(*days.get_ref(), days.span())?;
        }
        let [p4, p3, p2, p1, p0] = table.days;
        if !(p0 <= p1 && p1 <= p2 && p2 <= p3 && p3 <= p4) {
            let span = file.deadline.values().next().map_or(0..0, Spanned::span);
            return Err(self.error(span, "a more urgent band must not have more days"));
        }
        for row in &file.vulnerability_deadline {
            let DeadlineFile { when, days } = row.get_ref();
            if let Some(other) = when.iter().find(|name| !Deadline::INPUTS.contains(&name.as_str()))
            {
                let what = format!("`{other}` is none of {}", Deadline::INPUTS.join(", "));
                return Err(self.error(row.span(), what));
            }
            let days = days.map(|days| self.days(days, row.span())).transpose()?;
            table.vulnerability_days[Deadline::row(when)] = days;
        }
        self.hurries(file, table)
    }

    fn days(self, days: i64, span: Range<usize>) -> Result<i64, ModelError> {
        if (1..=DAYS_MAX).contains(&days) {
            return Ok(days);
        }
        Err(self.error(span, format!("days are 1 to {DAYS_MAX}, not {days}")))
    }

    fn floor(self, file: &Spanned<FloorFile>) -> Result<Floor, ModelError> {
        let FloorFile { id, score, rules, sequence, within_days, threat, beside, seen_within } =
            file.get_ref();
        let wrong = |what: &str| self.error(file.span(), format!("floor `{id}`: {what}"));
        let least = |name: &str| Tier::from_name(name).ok_or_else(|| wrong(TIERS));
        let named = (!rules.is_empty()).then(|| Ok(Condition::Rules(rules.clone())));
        let within =
            within_days.map(|days| Ok(Condition::WithinDays(self.days(days, file.span())?)));
        let threat = threat
            .as_deref()
            .map(|name| Ok(Condition::Threat { least: least(name)?, seen_within: *seen_within }));
        let beside = beside
            .as_deref()
            .map(|name| Ok(Condition::Beside { least: least(name)?, seen_within: *seen_within }));
        let is_dated = threat.is_some() || beside.is_some();
        let least = Tier::Sequence;
        let sequence = sequence.then_some(Ok(Condition::Threat { least, seen_within: None }));
        let mut given = [named, sequence, within, threat, beside].into_iter().flatten();
        let (Some(condition), None) = (given.next(), given.next()) else {
            return Err(wrong(
                "give one of `rules`, `sequence`, `within_days`, `threat`, `beside`",
            ));
        };
        let condition = condition?;
        if let Some(days) = seen_within {
            self.days(*days, file.span())?;
            if !is_dated {
                return Err(wrong("`seen_within` goes with `threat` or `beside`"));
            }
        }
        if *score > SCORE_MAX || id.is_empty() {
            let what = format!("floor `{id}`: it has a name, and a score of at most {SCORE_MAX}");
            return Err(self.error(file.span(), what));
        }
        Ok(Floor { id: id.clone(), score: *score, condition })
    }

    fn asset(self, file: &Spanned<AssetFile>) -> Result<Asset, ModelError> {
        let wrong = |what: &str| {
            let what = format!("asset `{}`: {what}", file.get_ref().name);
            self.error(file.span(), what)
        };
        let AssetFile { name, accounts, arns, tags, environment, criticality } = file.get_ref();
        let environment = environment.as_deref().map(|name| {
            Environment::from_name(name)
                .ok_or_else(|| wrong("environments are production, staging, development, sandbox"))
        });
        let criticality = criticality.map(|value| {
            u8::try_from(value)
                .ok()
                .filter(|value| *value <= 100)
                .ok_or_else(|| wrong("a criticality is 0 to 100, where 100 is a crown jewel"))
        });
        let (environment, criticality) = (environment.transpose()?, criticality.transpose()?);
        if environment.is_none() && criticality.is_none() {
            return Err(wrong("says nothing; give it an `environment` or a `criticality`"));
        }
        if accounts.is_empty() && arns.is_empty() && tags.is_empty() {
            return Err(wrong("matches nothing; give it `accounts`, `arns` or `tags`"));
        }
        let accounts = accounts.iter().map(|account| {
            account.parse().map_err(|_| wrong(&format!("`{account}` is no account: 12 digits")))
        });
        Ok(Asset {
            name: name.clone(),
            accounts: accounts.collect::<Result<_, _>>()?,
            arns: arns.clone(),
            tags: tags
                .iter()
                .map(|tag| {
                    let values = tag.values.iter().map(|value| value.to_lowercase()).collect();
                    (tag.key.to_lowercase(), values)
                })
                .collect(),
            environment,
            criticality,
        })
    }

    fn rule(
        self,
        file: &Spanned<RuleFile>,
        rules: &mut std::collections::HashMap<String, RuleFacts>,
    ) -> Result<(), ModelError> {
        let wrong = |what: &str| self.error(file.span(), format!("rule: {what}"));
        let RuleFile { ids, privilege, tier, phase, effort, standards, days } = file.get_ref();
        let privilege = privilege.as_deref().map(|name| {
            let known = Privilege::ALL.into_iter().skip(1);
            let mut known = known.filter(|known| known.as_str().eq_ignore_ascii_case(name));
            known.next().ok_or_else(|| wrong("privileges are read, write, escalation, admin, root"))
        });
        let tier = tier.as_deref().map(|name| Tier::from_name(name).ok_or_else(|| wrong(TIERS)));
        let effort = effort.as_deref().map(|name| match name {
            "low" => Ok(1),
            "medium" => Ok(2),
            "high" => Ok(3),
            _ => Err(wrong("efforts are low, medium, high")),
        });
        if phase.is_some_and(|phase| !(1..=4).contains(&phase)) {
            return Err(wrong("phases are 1 to 4"));
        }
        let facts = RuleFacts {
            privilege: privilege.transpose()?,
            tier: tier.transpose()?,
            phase: *phase,
            effort: effort.transpose()?,
            standards: standards.clone(),
            days: days.map(|days| self.days(days, file.span())).transpose()?,
        };
        if ids.is_empty() || facts == RuleFacts::default() {
            return Err(wrong("give it `ids`, and what is known of them"));
        }
        for id in ids {
            let is_pattern = id.contains('*');
            if id.is_empty() || (is_pattern && id.find('*') != id.find(":*").map(|at| at + 1)) {
                return Err(wrong(&format!("`{id}`: an id, or a purpose as in `Recon:*`")));
            }
            rules.entry(id.clone()).or_default().fill(&facts);
        }
        Ok(())
    }
}
