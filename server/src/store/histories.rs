//! Stores full of made-up findings of every kind, for tests that look at whole stores.

use muster_core::ids::FindingId;
use muster_core::invariants::Violation;
use muster_core::plan::Mutation;
use muster_core::testing::history;
use muster_core::unit::Checkpoint;
use proptest::collection::vec;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::{Commit, MetaTable, MetaWrite, Outcome, Store};
use crate::checkpoint;

/// How many findings [`fill`] makes.
pub(crate) const FINDINGS: usize = 40;

/// Stores the histories of [`FINDINGS`] findings, one step of each after the other, and rows in the
/// small tables. The same in each run.
pub(crate) fn fill(store: &dyn Store) {
    let mut runner = TestRunner::deterministic();
    let tree = vec(history(), FINDINGS).new_tree(&mut runner).expect("nothing is filtered");
    let histories: Vec<Vec<Mutation>> = tree.current();
    let longest = histories.iter().map(Vec::len).max().unwrap_or_default();
    for step in 0..longest {
        let steps = histories.iter().enumerate();
        let steps = steps.filter_map(|(number, log)| Some(distinct(log.get(step)?, number)));
        commit(store, u8::try_from(step).unwrap(), steps.collect());
    }
    let meta = vec![
        row(MetaTable::Checkpoint, UNIT, checkpoint::encode(&Checkpoint::default())),
        row(MetaTable::Store, "a fact", b"of the store".to_vec()),
        row(MetaTable::Store, "another", Vec::new()),
        row(MetaTable::Unit, UNIT, vec![0xff; 3000]),
    ];
    store.commit(&Commit { id: [255; 16], mutations: Vec::new(), meta }).unwrap();
}

/// The unit whose checkpoint is stored.
pub(crate) const UNIT: &str = "securityhub/123456789012/eu-central-1";

fn row(table: MetaTable, key: &str, value: Vec<u8>) -> MetaWrite {
    MetaWrite { table, key: key.into(), value: Some(value) }
}

/// The mutation as one of a finding of its own: generated ones are all about a few.
fn distinct(mutation: &Mutation, number: usize) -> Mutation {
    let mut mutation = mutation.clone();
    let finding = &mut mutation.finding;
    finding.key = format!("{}{number}", finding.key);
    finding.id = FindingId::derive(&finding.key);
    for held in &mut finding.reports {
        held.report.origin.text.clone_from(&finding.key);
        held.report.key.provider_id = format!("{}:{number}", held.report.key.provider_id);
        held.content_hash = held.report.content_hash();
    }
    mutation.change.finding = finding.id;
    mutation
}

/// Commits mutations over whatever is newest.
fn commit(store: &dyn Store, id: u8, mut mutations: Vec<Mutation>) {
    let ids: Vec<_> = mutations.iter().map(|mutation| mutation.finding.id).collect();
    let newest = store.findings(&ids).unwrap();
    for (mutation, newest) in mutations.iter_mut().zip(newest) {
        mutation.base = newest.map_or_else(Default::default, |finding| finding.revision);
    }
    let committed = store.commit(&Commit { id: [id; 16], mutations, meta: Vec::new() }).unwrap();
    assert!(committed.outcomes.iter().all(|outcome| matches!(outcome, Outcome::Applied(_))));
}

/// Violations as their texts, to compare with none.
pub(crate) fn texts(found: &[Violation]) -> Vec<String> {
    found.iter().map(ToString::to_string).collect()
}
