//! Walks a whole store and checks what must hold.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use muster_core::ids::{FindingId, Revision};
use muster_core::invariants::{Findings, Log, Promise, Subject, Violation};

use super::{Head, MetaTable, Store, StoreError};

/// How many changes are read at once.
const RUN: usize = 1_000;

/// How many violations are kept; the rest is counted.
pub const VIOLATIONS_MAX: usize = 1_000;

/// What [`verify`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// How many findings were read.
    pub findings: u64,
    /// How many heads were read.
    pub heads: u64,
    /// How many changes were read.
    pub changes: u64,
    /// How many rows of the small tables were read.
    pub meta: u64,
    /// The oldest and the newest revision of the log.
    pub log: (Revision, Revision),
    /// Broken promises, at most [`VIOLATIONS_MAX`].
    pub violations: Vec<Violation>,
    /// How many promises were broken.
    pub violations_total: u64,
    /// Rows that do not read back. A walk ends at the first one of its table.
    pub damage: Vec<String>,
}

impl Verification {
    /// Whether everything was read and holds.
    pub fn is_clean(&self) -> bool {
        self.violations_total == 0 && self.damage.is_empty()
    }

    fn take(&mut self, violations: &mut Vec<Violation>) {
        self.violations_total += violations.len() as u64;
        let free = VIOLATIONS_MAX - self.violations.len();
        self.violations.extend(violations.drain(..).take(free));
    }

    /// Keeps damage, so that the rest is walked too; everything else ends the walk.
    fn survive(&mut self, walked: Result<(), StoreError>) -> Result<(), StoreError> {
        match walked {
            Err(StoreError::Corrupt { what }) => {
                self.damage.push(what);
                Ok(())
            }
            walked => walked,
        }
    }
}

/// Walks everything: the log, the findings, the heads and the small tables. Nobody may write
/// meanwhile. Takes some 200 bytes a finding.
///
/// Checks D1, D3, T1, T2, P1 and F1 as far as values show them (see
/// [`invariants`](muster_core::invariants)), that heads agree with their records, and that every
/// row reads back.
///
/// # Errors
///
/// When the walk itself is not possible; what is wrong with the store is in the result.
pub fn verify(store: &dyn Store) -> Result<Verification, StoreError> {
    let mut result = Verification { log: (store.oldest(), store.head()), ..Default::default() };
    let mut log = Log::new(store.oldest());
    let walked = walk_log(store, &mut log, &mut result);
    result.survive(walked)?;
    let mut heads = HashMap::new();
    let walked = walk_findings(store, &log, &mut heads, &mut result);
    result.survive(walked)?;
    let walked = walk_heads(store, heads, &mut result);
    result.survive(walked)?;
    for table in MetaTable::ALL {
        let walked = walk_table(store, table, &mut result);
        result.survive(walked)?;
    }
    Ok(result)
}

fn walk_log(store: &dyn Store, log: &mut Log, result: &mut Verification) -> Result<(), StoreError> {
    let mut violations = Vec::new();
    loop {
        let run = store.changes(log.last(), RUN)?;
        for change in &run.changes {
            log.check(change, &mut violations);
            result.changes += 1;
            result.take(&mut violations);
        }
        if run.changes.is_empty() {
            break;
        }
    }
    if log.last() != store.head() {
        let subject = Subject::Change(log.last().next());
        let what = format!("the log ends before it, not at {}", store.head());
        violations.push(Violation { promise: Promise::F1, subject, what });
        result.take(&mut violations);
    }
    Ok(())
}

/// Also notes what the head of each finding must be.
fn walk_findings(
    store: &dyn Store,
    log: &Log,
    heads: &mut HashMap<FindingId, u64>,
    result: &mut Verification,
) -> Result<(), StoreError> {
    let mut findings = Findings::default();
    let mut violations = Vec::new();
    store.scan_findings(&mut |finding| {
        findings.check(&finding, &mut violations);
        log.check_finding(&finding, &mut violations);
        heads.insert(finding.id, hash(&Head::of(&finding)));
        result.findings += 1;
        result.take(&mut violations);
    })
}

fn walk_heads(
    store: &dyn Store,
    mut expected: HashMap<FindingId, u64>,
    result: &mut Verification,
) -> Result<(), StoreError> {
    let mut violations = Vec::new();
    let broken = |id, what: &str| {
        let (promise, subject) = (Promise::D1, Subject::Finding(id));
        Violation { promise, subject, what: what.to_owned() }
    };
    store.scan_heads(&mut |head| {
        result.heads += 1;
        match expected.remove(&head.id) {
            Some(record) if record == hash(&head) => {}
            Some(_) => violations.push(broken(head.id, "its head does not agree with its record")),
            None => violations.push(broken(head.id, "it has a head and no record")),
        }
        result.take(&mut violations);
    })?;
    for id in expected.into_keys() {
        violations.push(broken(id, "it has a record and no head"));
    }
    result.take(&mut violations);
    Ok(())
}

fn walk_table(
    store: &dyn Store,
    table: MetaTable,
    result: &mut Verification,
) -> Result<(), StoreError> {
    let mut after = Vec::new();
    loop {
        let rows = store.scan_meta(table, &after, RUN)?;
        result.meta += rows.len() as u64;
        match rows.into_iter().next_back() {
            Some((key, _)) => after = key,
            None => return Ok(()),
        }
    }
}

fn hash(head: &Head) -> u64 {
    let mut hasher = DefaultHasher::new();
    head.hash(&mut hasher);
    hasher.finish()
}
