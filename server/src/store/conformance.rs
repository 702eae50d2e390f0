//! What every engine must do: one suite, run against each.

use muster_core::ids::Revision;
use muster_core::triage::{Triage, TriageState};

use super::samples::{self, created, updated};
use super::{Commit, Head, MetaTable, MetaWrite, Mutation, Outcome, Store, StoreError};

/// A commit of `mutations`, named `id`.
pub(crate) fn commit(id: u8, mutations: Vec<Mutation>) -> Commit {
    Commit { id: [id; 16], mutations, meta: Vec::new() }
}

fn heads(store: &dyn Store) -> Vec<Head> {
    let mut heads = Vec::new();
    store.scan_heads(&mut |head| heads.push(head)).unwrap();
    heads.sort_by_key(|head| head.id);
    heads
}

pub(crate) fn an_empty_store_is_empty(store: &dyn Store) {
    assert_eq!(store.head(), Revision::ZERO);
    assert_eq!(store.oldest(), Revision(1));
    assert!(heads(store).is_empty());
    assert_eq!(store.findings(&[samples::id(1)]).unwrap(), [None]);
    assert_eq!(store.changes(Revision::ZERO, 10).unwrap().changes, []);
    assert_eq!(store.change(Revision(1)).unwrap(), None);
}

pub(crate) fn what_was_committed_reads_back(store: &dyn Store) {
    let mutations: Vec<_> = (0..3).map(created).collect();

    let committed = store.commit(&commit(1, mutations.clone())).unwrap();

    let revisions = [1, 2, 3].map(|revision| Outcome::Applied(Revision(revision)));
    assert_eq!(committed.outcomes, revisions);
    assert_eq!((committed.head, store.head()), (Revision(3), Revision(3)));
    let mut expected = mutations[1].finding.clone();
    expected.revision = Revision(2);
    let found = store.findings(&[samples::id(1), samples::id(9)]).unwrap();
    assert_eq!(found, [Some(expected.clone()), None]);
    assert!(heads(store).contains(&Head::of(&expected)));
    assert_eq!(heads(store).len(), 3);
    let run = store.changes(Revision(1), 1).unwrap();
    assert_eq!(run.head, Revision(3));
    assert_eq!(run.changes.len(), 1);
    assert_eq!(run.changes[0].finding, expected.id);
    assert_eq!(run.changes[0].revision, Revision(2));
    assert_eq!(store.change(Revision(2)).unwrap().as_ref(), run.changes.first());
    let mut scanned = Vec::new();
    store.scan_findings(&mut |finding| scanned.push(finding)).unwrap();
    assert_eq!(scanned.len(), 3);
    assert!(scanned.contains(&expected));
}

pub(crate) fn a_stale_mutation_changes_nothing_and_says_so(store: &dyn Store) {
    store.commit(&commit(1, vec![created(1)])).unwrap();

    let mutations = vec![updated(1, 1, Revision(7)), created(1), updated(2, 1, Revision(1))];
    let committed = store.commit(&commit(2, mutations)).unwrap();

    let stale = [1, 1, 0].map(|revision| Outcome::Stale(Revision(revision)));
    assert_eq!(committed.outcomes, stale);
    assert_eq!(store.head(), Revision(1));
    assert_eq!(store.findings(&[samples::id(1)]).unwrap()[0].as_ref().unwrap().content_version, 1);
}

pub(crate) fn a_finding_changes_once_in_a_commit(store: &dyn Store) {
    let mutations = vec![created(1), created(1), updated(1, 1, Revision(1))];

    let committed = store.commit(&commit(1, mutations)).unwrap();

    let expected =
        [Outcome::Applied(Revision(1)), Outcome::Stale(Revision(1)), Outcome::Applied(Revision(2))];
    assert_eq!(committed.outcomes, expected);
}

pub(crate) fn a_repeated_commit_answers_as_the_first_time(store: &dyn Store) {
    let first = commit(1, vec![created(1), updated(2, 1, Revision(5))]);
    let answer = store.commit(&first).unwrap();

    assert_eq!(store.commit(&first).unwrap(), answer);
    assert_eq!(store.head(), Revision(1));
}

pub(crate) fn history_is_a_chain_of_links(store: &dyn Store) {
    store.commit(&commit(1, vec![created(1), created(2)])).unwrap();
    store.commit(&commit(2, vec![updated(1, 1, Revision(1))])).unwrap();
    store.commit(&commit(3, vec![updated(1, 2, Revision(3))])).unwrap();

    let mut chain = Vec::new();
    let mut next = store.findings(&[samples::id(1)]).unwrap()[0].as_ref().unwrap().revision;
    while let Some(change) = store.change(next).unwrap() {
        chain.push(change.revision.0);
        next = change.previous;
    }
    assert_eq!(chain, [4, 3, 1]);
}

pub(crate) fn small_tables_are_written_with_the_commit(store: &dyn Store) {
    let write = |key: &str, value: Option<&str>| MetaWrite {
        table: MetaTable::Checkpoint,
        key: key.into(),
        value: value.map(Into::into),
    };
    let other = MetaWrite { table: MetaTable::Unit, ..write("a", Some("other")) };
    let meta = vec![write("a", Some("1")), write("b", Some("2")), write("c", Some("3")), other];
    store.commit(&Commit { id: [1; 16], mutations: vec![created(1)], meta }).unwrap();
    let meta = vec![write("b", None), write("a", Some("4"))];
    store.commit(&Commit { id: [2; 16], mutations: vec![], meta }).unwrap();

    let row = |key: &str, value: &str| (key.as_bytes().to_vec(), value.as_bytes().to_vec());
    assert_eq!(store.meta(MetaTable::Checkpoint, b"a").unwrap(), Some(b"4".to_vec()));
    assert_eq!(store.meta(MetaTable::Checkpoint, b"b").unwrap(), None);
    let all = store.scan_meta(MetaTable::Checkpoint, b"", 10).unwrap();
    assert_eq!(all, [row("a", "4"), row("c", "3")]);
    assert_eq!(store.scan_meta(MetaTable::Checkpoint, b"a", 10).unwrap(), [row("c", "3")]);
    assert_eq!(store.scan_meta(MetaTable::Checkpoint, b"", 1).unwrap(), [row("a", "4")]);
    assert_eq!(store.head(), Revision(1));
}

pub(crate) fn a_checkpoint_is_not_written_when_a_mutation_is_stale(store: &dyn Store) {
    let meta = vec![MetaWrite {
        table: MetaTable::Checkpoint,
        key: b"unit".to_vec(),
        value: Some(b"far".to_vec()),
    }];
    let mutations = vec![created(1), updated(2, 1, Revision(1))];

    store.commit(&Commit { id: [1; 16], mutations, meta }).unwrap();

    assert_eq!(store.head(), Revision(1));
    assert_eq!(store.meta(MetaTable::Checkpoint, b"unit").unwrap(), None);
}

pub(crate) fn what_is_too_large_is_refused_before_anything_is_written(store: &dyn Store) {
    let meta = vec![MetaWrite {
        table: MetaTable::Quarantine,
        key: b"k".to_vec(),
        value: Some(vec![0; super::META_VALUE_BYTES_MAX + 1]),
    }];

    let error = store.commit(&Commit { id: [1; 16], mutations: vec![created(1)], meta });

    assert!(matches!(error, Err(StoreError::TooLarge { .. })));
    assert_eq!(store.head(), Revision::ZERO);
    store.commit(&commit(2, vec![created(1)])).unwrap();
}

pub(crate) fn a_decision_reads_back(store: &dyn Store) {
    store.commit(&commit(1, vec![created(1)])).unwrap();
    let finding = store.findings(&[samples::id(1)]).unwrap().remove(0).unwrap();
    let triage = Triage { state: TriageState::Acknowledged, ..Triage::default() };
    let mutation = samples::triaged(&finding, "user:alice", triage);

    store.commit(&commit(2, vec![mutation.clone()])).unwrap();

    let stored = store.findings(&[samples::id(1)]).unwrap().remove(0).unwrap();
    assert_eq!(stored.triage, mutation.finding.triage);
    let change = store.change(Revision(2)).unwrap().unwrap();
    assert_eq!(change.actor.principal, "user:alice");
    assert_eq!(change.before, mutation.change.before);
    assert_eq!(change.after.triage, TriageState::Acknowledged);
}

pub(crate) fn compaction_removes_old_changes_and_says_so(store: &dyn Store) {
    store.commit(&commit(1, (0..200).map(created).collect())).unwrap();

    store.compact(Revision(150), &[samples::id(3), samples::id(999)]).unwrap();

    assert_eq!(store.oldest(), Revision(151));
    assert_eq!(store.change(Revision(150)).unwrap(), None);
    let error = store.changes(Revision(149), 10).unwrap_err();
    assert!(matches!(error, StoreError::Compacted { oldest: Revision(151) }), "{error}");
    assert_eq!(store.changes(Revision(150), 100).unwrap().changes.len(), 50);
    assert_eq!(store.findings(&[samples::id(3)]).unwrap(), [None]);
    assert_eq!(heads(store).len(), 199);
    store.compact(Revision(9999), &[]).unwrap();
    assert_eq!((store.oldest(), store.head()), (Revision(201), Revision(200)));
    assert_eq!(store.changes(Revision(200), 10).unwrap().changes, []);
    let committed = store.commit(&commit(2, vec![created(3)])).unwrap();
    assert_eq!(committed.outcomes, [Outcome::Applied(Revision(201))]);
}

/// Makes each case a test for an engine; `$open` makes an empty store and what it lives in.
macro_rules! conformance {
    ($engine:ident, $open:expr) => {
        conformance!(
            $engine, $open,
            an_empty_store_is_empty,
            what_was_committed_reads_back,
            a_stale_mutation_changes_nothing_and_says_so,
            a_finding_changes_once_in_a_commit,
            a_repeated_commit_answers_as_the_first_time,
            history_is_a_chain_of_links,
            small_tables_are_written_with_the_commit,
            a_checkpoint_is_not_written_when_a_mutation_is_stale,
            what_is_too_large_is_refused_before_anything_is_written,
            a_decision_reads_back,
            compaction_removes_old_changes_and_says_so,
        );
    };
    ($engine:ident, $open:expr, $($case:ident),+ $(,)?) => {
        mod $engine {
            $(
                #[test]
                fn $case() {
                    let (store, _home) = $open;
                    super::$case(&store);
                }
            )+
        }
    };
}

conformance!(memory, (crate::store::MemoryStore::new(), ()));
conformance!(sled, {
    let home = tempfile::tempdir().unwrap();
    let options = crate::store::SledOptions::default();
    let store = crate::store::SledStore::open(home.path(), &options).unwrap();
    (store, home)
});
