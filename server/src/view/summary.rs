//! Counts by one or two fields.

use std::collections::HashMap;

use muster_core::filter::Filter;
use muster_core::priority::Band;
use muster_core::report::{FindingClass, Severity, Status};
use muster_core::triage::TriageState;
use muster_core::unit::SourceKind;
use roaring::RoaringBitmap;

use super::View;
use super::query::{GROUP_BY_MAX, Group, GroupBy, Summary};
use super::row::Row;

/// The bands, from the lowest; their numbers are places in this list.
const BANDS: [Band; 5] = [Band::P4, Band::P3, Band::P2, Band::P1, Band::P0];

/// Up to this many groups are counted in a table.
const TABLE_MAX: usize = if cfg!(test) { 20 } else { 1 << 16 };

/// The numbers of the values that a group has; 0 for a field that was not asked for.
type Values = [u32; GROUP_BY_MAX];

/// What is known of a group.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    count: u64,
    max_score: u16,
}

impl View {
    /// Counts the findings that `filter` selects by the values of one or two fields (more than
    /// [`GROUP_BY_MAX`] are ignored). At most `limit` groups are returned, the largest first.
    pub fn summarize(&self, filter: &Filter, by: &[GroupBy], limit: usize) -> Summary {
        let selected = self.select(filter);
        let by = by.get(..GROUP_BY_MAX).unwrap_or(by);
        let enumerated = by.iter().all(|by| self.parts(*by, &RoaringBitmap::new()).is_some());
        let groups =
            if enumerated { self.intersect(&selected, by) } else { self.scan(&selected, by) };
        let mut groups: Vec<_> = groups.into_iter().filter(|(_, group)| group.count > 0).collect();
        let names = |values: &Values| -> Vec<&str> {
            by.iter().zip(values).map(|(by, value)| self.name(*by, *value)).collect()
        };
        // Names are looked up only where counts do not decide: there may be a million groups.
        let order = |a: &(Values, Count), b: &(Values, Count)| {
            b.1.count.cmp(&a.1.count).then_with(|| names(&a.0).cmp(&names(&b.0)))
        };
        let left_off = groups.len().saturating_sub(limit);
        if left_off > 0 {
            groups.select_nth_unstable_by(limit, order);
            groups.truncate(limit);
        }
        groups.sort_unstable_by(order);
        let groups = groups.iter().map(|(values, Count { count, max_score })| Group {
            keys: names(values).into_iter().map(str::to_owned).collect(),
            count: *count,
            max_score: *max_score,
        });
        Summary { groups: groups.collect(), total: selected.len(), left_off }
    }

    /// Counts by intersecting sets: for fields with few values.
    fn intersect(&self, selected: &RoaringBitmap, by: &[GroupBy]) -> Vec<(Values, Count)> {
        let mut groups = vec![([0; GROUP_BY_MAX], selected.clone())];
        for (index, by) in by.iter().enumerate() {
            let split = groups.iter().flat_map(|(values, set)| {
                let parts = self.parts(*by, set).unwrap_or_default();
                parts.into_iter().filter(|(_, part)| !part.is_empty()).map(move |(value, part)| {
                    let mut values = *values;
                    values[index] = value;
                    (values, part)
                })
            });
            groups = split.collect();
        }
        let scores = self.orders.scores();
        let count =
            |set: &RoaringBitmap| Count { count: set.len(), max_score: scores.highest(set) };
        groups.iter().map(|(values, set)| (*values, count(set))).collect()
    }

    /// `set` by the values of a field that has a set for each; `None` for another one.
    fn parts(&self, by: GroupBy, set: &RoaringBitmap) -> Option<Vec<(u32, RoaringBitmap)>> {
        let sets = &self.sets;
        Some(match by {
            GroupBy::Severity => parts(set, Severity::ALL, |value| sets.severity(value)),
            GroupBy::Status => parts(set, Status::ALL, |value| sets.status(value)),
            GroupBy::Triage => parts(set, TriageState::ALL, |value| sets.triage(value)),
            GroupBy::Class => parts(set, FindingClass::ALL, |value| sets.class(value)),
            GroupBy::Source => parts(set, SourceKind::ALL, |value| sets.source(value)),
            GroupBy::Band
            | GroupBy::Account
            | GroupBy::Region
            | GroupBy::Assignee
            | GroupBy::Rule => return None,
        })
    }

    /// Counts by looking at each row.
    fn scan(&self, selected: &RoaringBitmap, by: &[GroupBy]) -> Vec<(Values, Count)> {
        let widths: Vec<usize> = by.iter().map(|by| self.width(*by)).collect();
        let size = widths.iter().try_fold(1_usize, |size, width| size.checked_mul(*width));
        let second_width = widths.get(1).copied().unwrap_or(1);
        let mut table = vec![Count::default(); size.filter(|size| *size <= TABLE_MAX).unwrap_or(0)];
        let mut map: HashMap<Values, Count> = HashMap::new();
        for place in selected {
            let row = self.rows.at(place);
            each(row, by.first(), |first| {
                each(row, by.get(1), |second| {
                    let group = table.get_mut(first as usize * second_width + second as usize);
                    let group = group.unwrap_or_else(|| map.entry([first, second]).or_default());
                    group.count += 1;
                    group.max_score = group.max_score.max(row.score);
                });
            });
        }
        let values = |index: usize| {
            let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
            [number(index / second_width), number(index % second_width)]
        };
        let table = table.into_iter().enumerate().map(|(index, group)| (values(index), group));
        table.chain(map).collect()
    }

    /// The numbers of a field's values are below this.
    fn width(&self, by: GroupBy) -> usize {
        match by {
            GroupBy::Severity => Severity::ALL.len(),
            GroupBy::Band => BANDS.len(),
            GroupBy::Status => Status::ALL.len(),
            GroupBy::Triage => TriageState::ALL.len(),
            GroupBy::Class => FindingClass::ALL.len(),
            GroupBy::Source => SourceKind::ALL.len(),
            GroupBy::Account => self.accounts.numbers() as usize,
            GroupBy::Region => self.regions.numbers() as usize,
            GroupBy::Assignee => self.assignees.numbers() as usize,
            GroupBy::Rule => self.rules.numbers() as usize,
        }
    }

    /// The name of the value with that number.
    fn name(&self, by: GroupBy, value: u32) -> &str {
        let index = value as usize;
        match by {
            GroupBy::Severity => Severity::ALL[index].as_str(),
            GroupBy::Band => BANDS[index].as_str(),
            GroupBy::Status => Status::ALL[index].as_str(),
            GroupBy::Triage => TriageState::ALL[index].as_str(),
            GroupBy::Class => FindingClass::ALL[index].as_str(),
            GroupBy::Source => SourceKind::ALL[index].as_str(),
            GroupBy::Account => self.accounts.text(value),
            GroupBy::Region => self.regions.text(value),
            GroupBy::Assignee => self.assignees.text(value),
            GroupBy::Rule => self.rules.text(value),
        }
    }
}

/// `set` by the values of an enumerated field.
fn parts<'a, T: Copy>(
    set: &RoaringBitmap,
    values: impl IntoIterator<Item = T>,
    of: impl Fn(T) -> &'a RoaringBitmap,
) -> Vec<(u32, RoaringBitmap)> {
    (0..).zip(values).map(|(number, value)| (number, set & of(value))).collect()
}

/// Calls `visit` with the number of each value of a field; with 0 when there is no field.
fn each(row: &Row, by: Option<&GroupBy>, mut visit: impl FnMut(u32)) {
    let Some(by) = by else { return visit(0) };
    match by {
        GroupBy::Severity => visit(row.severity as u32),
        GroupBy::Band => visit(Band::of(row.score) as u32),
        GroupBy::Status => visit(row.status as u32),
        GroupBy::Triage => visit(row.triage as u32),
        GroupBy::Class => visit(row.class as u32),
        GroupBy::Source => row.sources().for_each(|source| visit(source as u32)),
        GroupBy::Account => visit(row.texts.account),
        GroupBy::Region => visit(row.texts.region),
        GroupBy::Assignee => visit(row.texts.assignee),
        GroupBy::Rule => visit(row.texts.rule),
    }
}
