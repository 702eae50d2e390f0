use std::fs;

use muster_core::change::ChangeKind;
use muster_core::triage::{Triage, TriageAction, TriageState};

use super::*;
use crate::store::histories::{FINDINGS, fill, texts};
use crate::store::journal::{JOURNAL_FILE, Journal};
use crate::store::{
    Changes, Commit, Committed, MemoryStore, MetaWrite, SledOptions, SledStore, samples,
};
use crate::testing::{Bench, decision, report};
use crate::writer::Decisions;

/// What is answered for what is held.
type Distort<T> = fn(T) -> Option<T>;

/// A store that answers something else than it holds.
struct Distorted {
    inner: MemoryStore,
    finding: Distort<Finding>,
    head: Distort<Head>,
    change: Distort<Change>,
    /// A change that does not read back; the last finding does not then either.
    damaged: Option<Revision>,
}

impl Distorted {
    /// A full store that is as it should be.
    fn new() -> Self {
        let inner = MemoryStore::new();
        fill(&inner);
        Self { inner, finding: Some, head: Some, change: Some, damaged: None }
    }
}

impl Store for Distorted {
    fn log_id(&self) -> [u8; 16] {
        self.inner.log_id()
    }

    fn head(&self) -> Revision {
        self.inner.head()
    }

    fn oldest(&self) -> Revision {
        self.inner.oldest()
    }

    fn scan_heads(&self, visit: &mut dyn FnMut(Head)) -> Result<(), StoreError> {
        self.inner.scan_heads(&mut |head| (self.head)(head).into_iter().for_each(&mut *visit))
    }

    fn scan_findings(&self, visit: &mut dyn FnMut(Finding)) -> Result<(), StoreError> {
        let scan = &mut |finding| (self.finding)(finding).into_iter().for_each(&mut *visit);
        self.inner.scan_findings(scan)?;
        self.damaged.map_or(Ok(()), |_| Err(damage("a record")))
    }

    fn findings(&self, ids: &[FindingId]) -> Result<Vec<Option<Finding>>, StoreError> {
        self.inner.findings(ids)
    }

    fn changes(&self, after: Revision, limit: usize) -> Result<Changes, StoreError> {
        let Changes { changes, head } = self.inner.changes(after, limit)?;
        if changes.iter().any(|change| Some(change.revision) == self.damaged) {
            return Err(damage("a change"));
        }
        Ok(Changes { changes: changes.into_iter().filter_map(self.change).collect(), head })
    }

    fn change(&self, revision: Revision) -> Result<Option<Change>, StoreError> {
        if Some(revision) == self.damaged {
            return Err(damage("a change"));
        }
        self.inner.change(revision)
    }

    fn commit(&self, commit: &Commit) -> Result<Committed, StoreError> {
        self.inner.commit(commit)
    }

    fn meta(&self, table: MetaTable, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.meta(table, key)
    }

    fn scan_meta(
        &self,
        table: MetaTable,
        after: &[u8],
        limit: usize,
    ) -> Result<Vec<MetaRow>, StoreError> {
        self.inner.scan_meta(table, after, limit)
    }

    fn compact(&self, through: Revision, ids: &[FindingId]) -> Result<Revision, StoreError> {
        self.inner.compact(through, ids)
    }
}

fn damage(what: &str) -> StoreError {
    StoreError::Corrupt { what: what.to_owned() }
}

/// What a walk of the distorted store finds, as texts.
fn found(store: &Distorted) -> Vec<String> {
    texts(verify(store).unwrap().violations.kept())
}

/// The findings are numbered by their keys, which end with 3 for one of them.
fn is_third(finding: &Finding) -> bool {
    finding.key.ends_with("a3")
}

#[test]
fn a_store_that_the_rules_filled_keeps_every_promise() {
    let home = tempfile::tempdir().unwrap();
    let sled = SledStore::open(home.path(), &SledOptions::default()).unwrap();
    let memory = MemoryStore::new();

    for store in [&memory as &dyn Store, &sled] {
        fill(store);
        let verified = verify(store).unwrap();

        assert_eq!(texts(verified.violations.kept()), [""; 0]);
        assert_eq!((verified.findings, verified.heads), (FINDINGS as u64, FINDINGS as u64));
        assert_eq!((verified.changes, verified.head), (store.head().0, store.head()));
        assert_eq!(verified.rows, 4);
        assert!(verified.reports > FINDINGS as u64);
        let newest = verified.newest_decision.unwrap();
        assert!(store.change(newest).unwrap().unwrap().kinds.contains(&ChangeKind::Triaged));
    }
}

#[test]
fn what_retention_removed_is_not_missed() {
    let store = MemoryStore::new();
    fill(&store);
    let mut closed = Vec::new();
    store
        .scan_findings(&mut |finding| {
            if !finding.facts.status.is_open() {
                closed.push(finding.id);
            }
        })
        .unwrap();
    assert!(!closed.is_empty());

    store.compact(Revision(store.head().0 / 2), &closed).unwrap();

    let verified = verify(&store).unwrap();
    assert_eq!(texts(verified.violations.kept()), [""; 0]);
    assert_eq!(verified.findings, (FINDINGS - closed.len()) as u64);
    store.compact(store.head(), &[]).unwrap();
    assert_eq!(verify(&store).unwrap().violations.total(), 0);
}

#[test]
fn a_finding_that_is_not_what_the_log_and_its_head_say_is_found() {
    let cases: [(Distort<Finding>, &[&str]); 5] = [
        (
            |finding| (!is_third(&finding)).then_some(finding),
            &["S1: finding", "S1: there is a head"],
        ),
        (
            |mut finding| {
                if is_third(&finding) {
                    finding.revision = Revision(1);
                }
                Some(finding)
            },
            &["F1: finding", "S1: the head of"],
        ),
        (
            |mut finding| {
                if is_third(&finding) {
                    finding.facts.title.push('x');
                }
                Some(finding)
            },
            &["F1: finding", "S1: the head of"],
        ),
        (
            |mut finding| {
                if is_third(&finding) {
                    finding.triage.state = TriageState::Snoozed;
                }
                Some(finding)
            },
            &["T1: finding", "F1: finding", "S1: the head of"],
        ),
        (
            |mut finding| {
                if is_third(&finding) {
                    finding.priority.score ^= 1;
                }
                Some(finding)
            },
            &["P1: finding", "F1: finding", "S1: the head of"],
        ),
    ];

    for (index, (finding, expected)) in cases.into_iter().enumerate() {
        let found = found(&Distorted { finding, ..Distorted::new() });

        for start in expected {
            assert!(found.iter().any(|text| text.starts_with(start)), "case {index}: {found:?}");
        }
    }
}

#[test]
fn findings_that_share_a_report_or_an_id_are_found() {
    let finding = |mut finding: Finding| {
        if is_third(&finding) {
            let held = finding.reports.first_mut()?;
            held.report.key = samples::finding(1, 0).reports.remove(0).report.key;
            held.report.origin.text.insert(0, 'x');
        }
        Some(finding)
    };
    let shared = Distorted { finding, ..Distorted::new() };
    shared.commit(&Commit { mutations: vec![samples::created(1)], ..Commit::default() }).unwrap();

    let found = found(&shared);

    assert!(found.iter().any(|text| text.starts_with("D1: report")), "{found:?}");
    assert!(found.iter().any(|text| text.starts_with("D3: finding")), "{found:?}");
}

#[test]
fn a_head_that_is_missing_or_another_is_found() {
    let missing =
        Distorted { head: |head| (head.revision.0 % 2 == 0).then_some(head), ..Distorted::new() };
    assert!(found(&missing).iter().all(|text| text.starts_with("S1") && text.contains("no head")));
    assert!(!found(&missing).is_empty());

    let other = |mut head: Head| {
        for report in &mut head.reports {
            report.content_hash ^= 1;
        }
        Some(head)
    };
    let other = Distorted { head: other, ..Distorted::new() };
    assert!(found(&other).iter().all(|text| text.starts_with("S1: the head of")));
    assert!(found(&other).len() >= FINDINGS / 2);
}

#[test]
fn a_log_with_a_hole_or_a_wrong_link_is_found() {
    let cases: [(Distort<Change>, &str); 4] = [
        (|change| (change.revision != Revision(7)).then_some(change), "F1: change 8: 7 should"),
        (|change| (change.revision < Revision(30)).then_some(change), "F1: the log ends before 30"),
        (
            |mut change| {
                if change.revision == Revision(40) {
                    change.previous = Revision(39);
                }
                Some(change)
            },
            "F1: change 40: it links to 39",
        ),
        (
            |mut change| {
                change.actor.principal.clear();
                Some(change)
            },
            "T1: change",
        ),
    ];

    for (change, expected) in cases {
        let found = found(&Distorted { change, ..Distorted::new() });

        assert!(found.iter().any(|text| text.starts_with(expected)), "{expected}: {found:?}");
    }
}

#[test]
fn what_does_not_read_back_is_found_and_hides_nothing_else() {
    let head = |mut head: Head| {
        head.created.0 += 1;
        Some(head)
    };
    let store = Distorted { head, damaged: Some(Revision(7)), ..Distorted::new() };

    let verified = verify(&store).unwrap();

    let found = texts(verified.violations.kept());
    assert_eq!(verified.changes, store.head().0 - 1);
    assert!(found.contains(&"S1: a change".to_owned()), "{found:?}");
    assert!(found.contains(&"F1: change 8: 7 should be there".to_owned()), "{found:?}");
    let cut = "S1: a record; the findings behind it were not read".to_owned();
    assert!(found.contains(&cut), "{found:?}");
    let heads = found.iter().filter(|text| text.starts_with("S1: the head of"));
    assert_eq!(heads.count(), FINDINGS);
}

#[test]
fn a_row_that_does_not_read_back_is_found() {
    let store = Distorted::new();
    let row = |table, key: &str, value: &[u8]| MetaWrite {
        table,
        key: key.into(),
        value: Some(value.to_vec()),
    };
    let broken = [0xff; 5];
    let meta = vec![
        row(MetaTable::Checkpoint, "guardduty/123456789012/eu-central-1", &broken),
        row(MetaTable::Checkpoint, "nowhere", &[]),
        row(MetaTable::Quarantine, "q", &broken),
        row(MetaTable::Request, "r", &broken),
    ];
    store.commit(&Commit { id: [9; 16], mutations: Vec::new(), meta }).unwrap();

    let found = verify(&store).unwrap().violations;

    let promises: Vec<_> = found.kept().iter().map(|found| found.promise).collect();
    assert_eq!(promises, [Promise::C1, Promise::C1, Promise::S1, Promise::S1]);
}

#[test]
fn all_violations_are_counted_and_the_first_are_kept() {
    let store = Distorted {
        change: |mut change| {
            change.kinds.clear();
            change.time = muster_core::time::Millis(0);
            Some(change)
        },
        ..Distorted::new()
    };

    let verified = verify(&store).unwrap();

    assert!(verified.changes > VIOLATIONS_KEPT as u64);
    assert!(verified.violations.total() >= verified.changes);
    assert_eq!(verified.violations.kept().len(), VIOLATIONS_KEPT);
}

#[tokio::test]
async fn a_journal_that_is_behind_is_a_warning_and_one_that_is_ahead_a_violation() {
    let bench = Bench::new();
    bench.ingest(&[report(1)]).await;
    let decisions = vec![decision(&report(1), TriageAction::Acknowledge)];
    bench.writer.decide(Decisions { decisions, atomic: true, request: None }).await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let log_id = bench.store.log_id();
    let verified = verify(&*bench.store).unwrap();
    assert_eq!(verified.newest_decision, Some(Revision(2)));
    let check = |verified: &Verified| verify_journal(directory.path(), log_id, verified).unwrap();

    let behind = check(&verified);
    let (mut journal, _) = Journal::open(directory.path(), log_id).unwrap();
    journal.catch_up(&*bench.store).unwrap();
    drop(journal);
    let level = check(&verified);
    let ahead = check(&Verified { newest_decision: None, ..verified.clone() });
    let compacted = Verified { newest_decision: None, oldest: Revision(3), ..verified.clone() };

    assert_eq!((behind.lines, behind.violations.len(), behind.warnings.len()), (0, 0, 1));
    let whole = JournalVerified { lines: 1, revision: Revision(2), ..Default::default() };
    assert_eq!(level, whole);
    assert_eq!(texts(&ahead.violations).len(), 1);
    assert_eq!(check(&compacted), whole);

    let path = directory.path().join(JOURNAL_FILE);
    let line = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{line}{{\"sequence\":2")).unwrap();
    let torn = check(&verified);
    fs::write(&path, format!("{}{line}", line.replace("alice", "mallory"))).unwrap();
    let broken = check(&verified);

    assert_eq!((torn.lines, torn.violations.len(), torn.warnings.len()), (1, 0, 1));
    assert!(broken.violations[0].what.contains("altered"), "{broken:?}");
}

#[test]
fn samples_keep_every_promise() {
    let store = MemoryStore::new();
    let first = Commit { id: [1; 16], mutations: vec![samples::created(1)], meta: Vec::new() };
    store.commit(&first).unwrap();
    let finding = store.findings(&[samples::id(1)]).unwrap().remove(0).unwrap();
    let triage = Triage { state: TriageState::Acknowledged, ..Triage::default() };
    let mutations = vec![samples::triaged(&finding, "user:alice", triage)];
    store.commit(&Commit { id: [2; 16], mutations, meta: Vec::new() }).unwrap();

    assert_eq!(texts(verify(&store).unwrap().violations.kept()), [""; 0]);
}
