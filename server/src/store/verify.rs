//! Walks a whole store and checks what must hold.
//!
//! The checks themselves are in [`muster_core::invariants`]; here they meet the rows. The log is read
//! first, then every finding is compared with it, every head with its finding, and the small tables
//! are read. Nothing is changed.
//!
//! Of each finding an id and hashes are held, about 200 bytes; documents and log entries are read in
//! bounded steps. A row that does not read back is one violation (S1), and the walk goes on as far
//! as the engine lets it.

mod journal;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use muster_core::change::Change;
use muster_core::finding::Finding;
use muster_core::ids::{FindingId, Revision};
use muster_core::invariants::{self, Log, Owners, Promise, Violation};
use muster_core::priority::Model;
use muster_core::unit::Unit;
use muster_core::weakness::Classes;

pub use self::journal::{JournalVerified, verify_journal};
use super::{Head, MetaRow, MetaTable, Store, StoreError};
use crate::quarantine::Kept;
use crate::ranking;
use crate::routes::{self, RouteFrom, Routes};
use crate::{checkpoint, maturity, subscriptions, writer};

/// How many violations are kept with their text; all are counted.
pub const VIOLATIONS_KEPT: usize = 100;

/// How many log entries are read at once.
const STEP_CHANGES: usize = 500;

/// How many rows of a small table are read at once: a row may have a megabyte.
const STEP_ROWS: usize = 16;

/// How many routes are read at once.
const STEP_ROUTES: usize = 1024;

/// What a walk found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// The oldest revision in the log.
    pub oldest: Revision,
    /// The newest one.
    pub head: Revision,
    /// Findings that read back.
    pub findings: u64,
    /// The reports in them.
    pub reports: u64,
    /// Heads that read back.
    pub heads: u64,
    /// Log entries that read back.
    pub changes: u64,
    /// Rows of small tables.
    pub rows: u64,
    /// The newest decision in the log, which the decision journal must have; `None` when the log has
    /// none.
    pub newest_decision: Option<Revision>,
    /// What does not hold.
    pub violations: Violations,
}

/// Violations: all counted, the first [`VIOLATIONS_KEPT`] kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Violations {
    total: u64,
    kept: Vec<Violation>,
}

impl Violations {
    /// How many there are.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The first ones.
    pub fn kept(&self) -> &[Violation] {
        &self.kept
    }

    /// Adds some.
    pub fn note(&mut self, found: impl IntoIterator<Item = Violation>) {
        for violation in found {
            self.total += 1;
            if self.kept.len() < VIOLATIONS_KEPT {
                self.kept.push(violation);
            }
        }
    }

    fn damaged(&mut self, what: String) {
        self.note([Violation { promise: Promise::S1, what }]);
    }
}

/// Walks all of `store`, to which nobody writes meanwhile.
///
/// # Errors
///
/// When the engine or the disk refuses. What does not read back or does not hold is no error but a
/// violation.
pub fn verify(store: &dyn Store) -> Result<Verified, StoreError> {
    let (oldest, head) = (store.oldest(), store.head());
    let mut walk = Walk {
        store,
        found: Verified { oldest, head, ..Verified::default() },
        log: Log::new(oldest),
        owners: Owners::default(),
        model: ranking::in_force(store)?,
        images: BTreeMap::new(),
    };
    walk.log()?;
    let is_complete = walk.findings()?;
    walk.heads(is_complete)?;
    for table in MetaTable::ALL {
        walk.rows(table)?;
    }
    walk.routes()?;
    Ok(walk.found)
}

struct Walk<'a> {
    store: &'a dyn Store,
    found: Verified,
    log: Log,
    owners: Owners,
    /// The rules of priority in force.
    model: Model,
    images: BTreeMap<FindingId, Image>,
}

/// What the head of a finding must be.
struct Image {
    head: u64,
    /// The head was met.
    met: bool,
    /// It has reports.
    holds: bool,
}

impl Walk<'_> {
    fn log(&mut self) -> Result<(), StoreError> {
        let head = self.found.head;
        let mut after = Revision(self.found.oldest.0.saturating_sub(1));
        while after < head {
            match self.store.changes(after, STEP_CHANGES) {
                Ok(run) => {
                    for change in &run.changes {
                        self.change(change);
                    }
                    // Without a change the next one is missing, which shows at the one after it.
                    let last = run.changes.last().map_or(after, |change| change.revision);
                    after = last.max(after.next());
                }
                Err(StoreError::Corrupt { .. }) => after = self.damaged_run(after)?,
                Err(error) => return Err(error),
            }
        }
        self.found.violations.note(self.log.end(head));
        Ok(())
    }

    /// Reads a run in which a row does not read back, one by one.
    fn damaged_run(&mut self, after: Revision) -> Result<Revision, StoreError> {
        let last = Revision(after.0.saturating_add(STEP_CHANGES as u64)).min(self.found.head);
        for revision in after.0 + 1..=last.0 {
            match self.store.change(Revision(revision)) {
                Ok(Some(change)) => self.change(&change),
                // Shows at the one after it.
                Ok(None) => {}
                Err(StoreError::Corrupt { what }) => self.found.violations.damaged(what),
                Err(error) => return Err(error),
            }
        }
        Ok(last)
    }

    fn change(&mut self, change: &Change) {
        self.found.changes += 1;
        if change.is_decision() {
            self.found.newest_decision = self.found.newest_decision.max(Some(change.revision));
        }
        self.found.violations.note(self.log.append(change));
    }

    /// Whether all of them read back.
    fn findings(&mut self) -> Result<bool, StoreError> {
        let store = self.store;
        let scanned = store.scan_findings(&mut |finding| self.finding(&finding));
        let is_complete = self.damage("the findings", scanned)?;
        if is_complete {
            self.found.violations.note(self.log.lost());
        }
        Ok(is_complete)
    }

    fn finding(&mut self, finding: &Finding) {
        self.found.findings += 1;
        self.found.reports += finding.reports.len() as u64;
        let violations = &mut self.found.violations;
        violations.note(invariants::finding(finding, &self.model));
        violations.note(self.owners.claim(finding));
        violations.note(self.log.image(finding));
        let holds = !finding.reports.is_empty();
        let image = Image { head: fingerprint(&Head::of(finding)), met: false, holds };
        self.images.insert(finding.id, image);
    }

    fn heads(&mut self, findings_complete: bool) -> Result<(), StoreError> {
        let store = self.store;
        let scanned = store.scan_heads(&mut |head| self.head(&head, findings_complete));
        if self.damage("the heads", scanned)? {
            let violations = &mut self.found.violations;
            for (id, _) in self.images.iter().filter(|(_, image)| !image.met) {
                violations.damaged(format!("finding {id} has no head, so no list shows it"));
            }
        }
        Ok(())
    }

    fn head(&mut self, head: &Head, findings_complete: bool) {
        self.found.heads += 1;
        let (id, revision) = (head.id, head.revision);
        let violations = &mut self.found.violations;
        match self.images.get_mut(&id) {
            Some(image) if image.met => {
                let what = format!("finding {id} has two heads");
                violations.note([Violation { promise: Promise::D1, what }]);
            }
            Some(image) => {
                image.met = true;
                if image.head != fingerprint(head) {
                    let what = format!("the head of finding {id}, at {revision}, is not its own");
                    violations.damaged(what);
                }
            }
            None if findings_complete => {
                violations
                    .damaged(format!("there is a head of {id}, at {revision}, and no finding"));
            }
            None => {}
        }
    }

    fn rows(&mut self, table: MetaTable) -> Result<(), StoreError> {
        let mut after = Vec::new();
        loop {
            let rows = self.store.scan_meta(table, &after, STEP_ROWS);
            let rows = match rows {
                Ok(rows) => rows,
                Err(error) => return self.damage("a small table", Err(error)).map(drop),
            };
            let Some((last, _)) = rows.last() else { return Ok(()) };
            after.clone_from(last);
            self.found.rows += rows.len() as u64;
            self.found.violations.note(rows.iter().filter_map(|row| check_row(table, row)));
        }
    }

    /// D1 and D3: every alias comes to an end, and what has one holds no reports of its own.
    fn routes(&mut self) -> Result<(), StoreError> {
        let classes = Classes::builtin();
        let routes = Routes::new(self.store, &classes)?;
        let mut after = Vec::new();
        loop {
            let rows = self.store.scan_meta(MetaTable::Route, &after, STEP_ROUTES)?;
            let Some((last, _)) = rows.last() else { return Ok(()) };
            after.clone_from(last);
            for (key, value) in rows {
                // What does not read is noted already.
                let Ok((from, route)) = routes::read_row(&key, &value) else { continue };
                let RouteFrom::Finding(id) = from else {
                    self.end_of(&routes, route.to())?;
                    continue;
                };
                self.end_of(&routes, id)?;
                if self.images.get(&id).is_some_and(|image| image.holds) {
                    let to = route.to();
                    let what = format!("what would be finding {id} is {to}, and it has reports");
                    self.found.violations.note([Violation { promise: Promise::D1, what }]);
                }
            }
        }
    }

    /// Follows the routes from `id`.
    fn end_of(&mut self, routes: &Routes<'_>, id: FindingId) -> Result<(), StoreError> {
        match routes.end(id) {
            Ok(_) => Ok(()),
            Err(StoreError::Corrupt { what }) => {
                self.found.violations.note([Violation { promise: Promise::D1, what }]);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Notes that a scan ended early because a row does not read back; says whether it did not.
    fn damage(&mut self, of: &str, scanned: Result<(), StoreError>) -> Result<bool, StoreError> {
        match scanned {
            Ok(()) => Ok(true),
            Err(StoreError::Corrupt { what }) => {
                let what = format!("{what}; {of} behind it were not read");
                self.found.violations.damaged(what);
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}

/// What is wrong with a row of a small table.
fn check_row(table: MetaTable, (key, value): &MetaRow) -> Option<Violation> {
    let name = String::from_utf8_lossy(key);
    let (promise, read) = match table {
        MetaTable::Checkpoint => {
            let named = name.parse::<Unit>().map_err(|error| error.to_string());
            let read = checkpoint::decode(&name, value).map_err(|error| error.to_string());
            (Promise::C1, named.and(read.map(drop)))
        }
        MetaTable::Request => {
            let read = writer::check_request(&name, value);
            (Promise::S1, read.map_err(|error| error.to_string()))
        }
        MetaTable::Quarantine => {
            let read = Kept::read(value).map_err(|error| error.to_string());
            (Promise::S1, read.map(drop))
        }
        MetaTable::Route => {
            let read = routes::read_row(key, value).map_err(|error| error.to_string());
            (Promise::D3, read.map(drop))
        }
        MetaTable::Attestation => {
            let read = maturity::read_row(key, value).map_err(|error| error.to_string());
            (Promise::S1, read.map(drop))
        }
        MetaTable::Subscription => {
            let read = subscriptions::check_row(key, value).map_err(|error| error.to_string());
            (Promise::S1, read)
        }
        // Nothing is kept there yet.
        MetaTable::Unit | MetaTable::Store => return None,
    };
    read.err().map(|what| Violation { promise, what })
}

/// A hash that is compared within this walk only.
fn fingerprint(head: &Head) -> u64 {
    let mut hasher = DefaultHasher::new();
    head.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
pub(crate) mod tests;
