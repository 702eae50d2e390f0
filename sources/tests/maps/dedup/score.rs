//! Precision and recall on the labelled set.

use std::collections::BTreeMap;
use std::fmt::Write;

use muster_core::report::Report;
use muster_core::weakness::Classes;

use super::labels::{Label, Pair, Set};
use super::mapping;
use super::methods::Method;

/// What became of each pair.
pub(super) struct Score {
    outcomes: Vec<Outcome>,
    /// Each document that is not mapped, and why: its pairs are not joined.
    gaps: BTreeMap<String, String>,
}

struct Outcome {
    pair: Pair,
    /// By each method that joins it, what placed the reports with the common key.
    joined: BTreeMap<Method, String>,
}

/// Some pairs, counted.
#[derive(Default)]
struct Tally {
    pairs: usize,
    joined: usize,
}

impl Tally {
    fn add(&mut self, is_joined: bool) {
        self.pairs += 1;
        self.joined += usize::from(is_joined);
    }

    /// The part that is joined, with three decimals, never rounded up to 1.
    fn share(&self) -> String {
        let thousandths = (self.joined * 1000).checked_div(self.pairs).unwrap_or(1000);
        format!("{}.{:03}", thousandths / 1000, thousandths % 1000)
    }
}

impl Score {
    /// Maps every document once and tries every method on every pair.
    pub(super) fn of(set: &Set) -> Self {
        let classes = Classes::builtin();
        let mut gaps = BTreeMap::new();
        let mut keys = BTreeMap::new();
        for document in set.documents.values() {
            let reports: Vec<Report> = mapping::reports(document).unwrap_or_else(|gap| {
                gaps.insert(document.id.clone(), gap);
                Vec::new()
            });
            for method in Method::ALL {
                let found = method.keys(&classes, document.document.get(), &reports);
                keys.insert((&document.id, method), found);
            }
        }
        let outcome = |pair: &Pair| {
            let common = |method: Method| {
                let left = keys.get(&(&pair.left, method))?;
                let right = keys.get(&(&pair.right, method))?;
                left.iter().find_map(|(key, by)| right.contains_key(key).then(|| by.clone()))
            };
            let joined = Method::ALL.into_iter().filter_map(|m| Some((m, common(m)?))).collect();
            Outcome { pair: pair.clone(), joined }
        };
        Self { outcomes: set.pairs.iter().map(outcome).collect(), gaps }
    }

    /// The pairs of different problems that share a finding key.
    pub(super) fn joined_wrongly(&self) -> Vec<String> {
        let of = |o: &&Outcome| o.pair.label == Label::Different && o.is_joined(Method::Muster);
        let line = |outcome: &Outcome| {
            let Outcome { pair, joined } = outcome;
            format!(
                "{} and {}, by {}: {}",
                pair.left,
                pair.right,
                joined[&Method::Muster],
                pair.why
            )
        };
        self.outcomes.iter().filter(of).map(line).collect()
    }

    /// Every figure, as the page has them.
    pub(super) fn to_markdown(&self) -> String {
        let mut text = String::new();
        self.write_methods(&mut text);
        self.write_rules(&mut text);
        self.write_near_misses(&mut text);
        self.write_placements(&mut text);
        self.write_misses(&mut text);
        text
    }

    fn of_label(&self, label: Label) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(move |outcome| outcome.pair.label == label)
    }

    fn tally(&self, label: Label, method: Method) -> Tally {
        let mut tally = Tally::default();
        self.of_label(label).for_each(|outcome| tally.add(outcome.is_joined(method)));
        tally
    }

    fn write_methods(&self, text: &mut String) {
        text.push_str(
            "| method | same problem | joined | recall | near misses | joined | precision |\n",
        );
        text.push_str("|---|---|---|---|---|---|---|\n");
        for method in Method::ALL {
            let same = self.tally(Label::Same, method);
            let different = self.tally(Label::Different, method);
            let all = same.joined + different.joined;
            let precision = Tally { pairs: all, joined: same.joined }.share();
            let (name, recall) = (method.name(), same.share());
            let (pairs, joined) = (same.pairs, same.joined);
            let (misses, wrong) = (different.pairs, different.joined);
            let row = format!(
                "{name} | {pairs} | {joined} | {recall} | {misses} | {wrong} | {precision}"
            );
            writeln!(text, "| {row} |").unwrap();
        }
    }

    fn write_rules(&self, text: &mut String) {
        text.push_str("\n| what must join them | pairs | joined | recall |\n|---|---|---|---|\n");
        for (rule, tally) in self.by_rule(Label::Same) {
            writeln!(text, "| {rule} | {} | {} | {} |", tally.pairs, tally.joined, tally.share())
                .unwrap();
        }
    }

    fn write_near_misses(&self, text: &mut String) {
        text.push_str("\n| near miss | pairs | joined |\n|---|---|---|\n");
        for (rule, tally) in self.by_rule(Label::Different) {
            writeln!(text, "| {rule} | {} | {} |", tally.pairs, tally.joined).unwrap();
        }
    }

    fn by_rule(&self, label: Label) -> BTreeMap<&str, Tally> {
        let mut rules: BTreeMap<&str, Tally> = BTreeMap::new();
        for outcome in self.of_label(label) {
            rules.entry(&outcome.pair.rule).or_default().add(outcome.is_joined(Method::Muster));
        }
        rules
    }

    /// Precision by what placed the reports, which is not always what the labeller expected.
    fn write_placements(&self, text: &mut String) {
        let mut placements: BTreeMap<&str, Tally> = BTreeMap::new();
        for outcome in &self.outcomes {
            if let Some(placed_by) = outcome.joined.get(&Method::Muster) {
                let tally = placements.entry(placed_by).or_default();
                tally.add(outcome.pair.label == Label::Same);
            }
        }
        text.push_str("\n| what joined them | pairs | right | precision |\n|---|---|---|---|\n");
        for (by, tally) in placements {
            writeln!(text, "| {by} | {} | {} | {} |", tally.pairs, tally.joined, tally.share())
                .unwrap();
        }
    }

    /// Each pair of one problem that is not joined.
    fn write_misses(&self, text: &mut String) {
        text.push_str("\n| missed | | what it is |\n|---|---|---|\n");
        for outcome in self.of_label(Label::Same).filter(|o| !o.is_joined(Method::Muster)) {
            let Pair { left, right, rule, why, .. } = &outcome.pair;
            let gap = [left, right].into_iter().find_map(|id| self.gaps.get(id));
            let gap = gap.map(|gap| format!(" ({gap})")).unwrap_or_default();
            writeln!(text, "| `{left}` | `{right}` | {rule}: {why}{gap} |").unwrap();
        }
    }
}

impl Outcome {
    fn is_joined(&self, method: Method) -> bool {
        self.joined.contains_key(&method)
    }
}
