//! Brings other weakness classes into force in a store: first as a dry run, then as logged changes.
//!
//! One scan finds the reports that must move and notes, for each, the group that it goes to and the
//! finding that has it. Then group after group is planned by [`muster_core::plan::refold`]: one
//! finding survives with its id, decisions and history, the others become forwarding records. A dry
//! run does the same and writes nothing, so that its figures are those of the run itself.
//!
//! Memory is bounded: of the notes at most [`NOTES_MAX`] are kept, those of the smallest group ids;
//! the others are left for another scan. A run that ends early leaves a store in which every report
//! is in one finding; the same command goes on with it, and no server starts before (`rules`).

mod place;
mod stale;
mod window;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use muster_core::finding::{Finding, Placement};
use muster_core::ids::{FindingId, Revision};
use muster_core::intel::Intel;
use muster_core::plan::{self, Group, Member, Mutation, Refolded};
use muster_core::report::{FindingClass, Status};
use muster_core::time::Millis;
use muster_core::weakness::Classes;

use self::place::Placer;
use self::stale::Stirred;
use self::window::{Note, Window};
use crate::ranking::{self, Ranking};
use crate::routes::{self, Route, RouteFrom, RoutedBy, Routes};
use crate::rules;
use crate::store::{Commit, MetaTable, MetaWrite, Outcome, Store, StoreError, commit_id};
use crate::writer;

/// How many notes are kept at once: 40 bytes each, and 16 for each group, so about 110 MB.
pub const NOTES_MAX: usize = 2_000_000;

/// How many mutations are gathered for a commit.
const COMMIT_MUTATIONS: usize = 1_000;

/// Whether to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Only say what would happen.
    DryRun,
    /// Write it.
    Apply,
}

/// What a re-fold does, in figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refold {
    /// Findings that were looked at, forwarding records included.
    pub findings: u64,
    /// Reports that go to another finding, or stay for another reason.
    pub reports: u64,
    /// Findings that lose all their reports to others, and forward to them.
    pub merged: u64,
    /// Findings that are made of reports which leave others.
    pub founded: u64,
    /// Changes of status, from and to; not those of findings that forward.
    pub statuses: BTreeMap<(Status, Status), u64>,
    /// Reports that move or stay for another reason, by what places them then.
    pub by: BTreeMap<Placement, u64>,
    /// Scans over the store.
    pub scans: u32,
    /// The newest revision afterwards.
    pub head: Revision,
}

/// Re-folds a store by `classes`, and brings them into force.
///
/// What is written is planned by `intel`: the intelligence that the server would have. `progress` is
/// told the groups done and those known.
///
/// # Errors
///
/// When the store fails. What was written until then stays; run it again.
pub fn refold(
    store: &dyn Store,
    classes: &Classes,
    intel: Arc<Intel>,
    mode: Mode,
    now: Millis,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Refold, StoreError> {
    let mut run = Run::new(store, classes, mode, now)?;
    run.ranking.intel = intel;
    run.all(progress)?;
    Ok(run.figures)
}

struct Run<'a> {
    store: &'a dyn Store,
    classes: &'a Classes,
    mode: Mode,
    now: Millis,
    ranking: Ranking,
    notes_max: usize,
    figures: Refold,
    commits: u64,
    /// There is no route: nobody need look for one.
    unrouted: bool,
    /// There was none at the last scan, by which the groups that it found are planned.
    unrouted_at_scan: bool,
    /// What it may have made wrong.
    stirred: Stirred,
}

/// What the next commit writes.
#[derive(Default)]
struct Batch {
    mutations: Vec<Mutation>,
    routes: BTreeMap<RouteFrom, Option<Route>>,
    /// The findings that it changes.
    touched: HashSet<FindingId>,
    /// Resources on which a threat may count for other findings than before.
    stirred: BTreeSet<String>,
}

impl<'a> Run<'a> {
    fn new(
        store: &'a dyn Store,
        classes: &'a Classes,
        mode: Mode,
        now: Millis,
    ) -> Result<Self, StoreError> {
        let goes_on = rules::refolding(store)?.is_some();
        Ok(Self {
            store,
            classes,
            mode,
            now,
            ranking: Ranking { model: ranking::in_force(store)?, ..Ranking::builtin() },
            notes_max: NOTES_MAX,
            figures: Refold::default(),
            commits: 0,
            unrouted: routes::is_empty(store)?,
            unrouted_at_scan: false,
            stirred: if goes_on { Stirred::unknown() } else { Stirred::default() },
        })
    }

    fn all(&mut self, progress: &mut dyn FnMut(u64, u64)) -> Result<(), StoreError> {
        if self.mode == Mode::Apply {
            self.write(Vec::new(), vec![rules::begin(self.classes.text())])?;
        }
        let mut from = None;
        loop {
            let window = self.scan(from)?;
            from = window.until();
            self.groups(&window, progress)?;
            if from.is_none() {
                break;
            }
        }
        if self.mode == Mode::Apply {
            self.drop_stale_routes()?;
            self.write(Vec::new(), rules::activate(self.classes.text()))?;
        }
        self.figures.head = self.store.head();
        Ok(())
    }

    /// Where reports go, by what is written so far.
    fn routes(&self) -> Routes<'_> {
        Routes::known(self.store, self.classes, self.unrouted)
    }

    fn placer(&self) -> Placer<'_> {
        Placer::new(self.routes(), self.classes)
    }

    /// The same as of the last scan, as far as that spares looking for routes.
    fn scanned_placer(&self) -> Placer<'_> {
        let routes = Routes::known(self.store, self.classes, self.unrouted_at_scan);
        Placer::new(routes, self.classes)
    }

    /// Notes what must move, of the groups after `from`.
    fn scan(&mut self, from: Option<FindingId>) -> Result<Window, StoreError> {
        self.unrouted_at_scan = self.unrouted;
        let placer = self.scanned_placer();
        let mut window = Window::new(from, self.notes_max);
        let mut failed = None;
        let mut findings: u32 = 0;
        let mut pins = BTreeMap::new();
        let writes = self.mode == Mode::Apply;
        self.store.scan_findings(&mut |finding| {
            findings += 1;
            let placed = match placer.all(&finding) {
                Ok(placed) => placed,
                Err(error) => {
                    failed.get_or_insert(error);
                    return;
                }
            };
            if writes {
                match placer.pins(&finding) {
                    Ok(more) => pins.extend(more),
                    Err(error) => {
                        failed.get_or_insert(error);
                    }
                }
            }
            let held = finding.reports.iter().zip(&placed);
            let is_right =
                |(held, placed): (&_, &plan::Placed)| place::is_right(&finding, held, placed);
            if held.clone().all(is_right) {
                return;
            }
            let claimed = plan::claim(finding.id, &placed);
            let groups: BTreeSet<FindingId> = held
                .filter(|(held, placed)| {
                    !place::is_right(&finding, held, placed) || claimed == Some(placed.group)
                })
                .map(|(_, placed)| placed.group)
                .collect();
            for group in groups {
                let claims = claimed == Some(group);
                window.note(Note { group, finding: finding.id, place: findings, claims });
            }
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
        let rows = pins.iter().map(|(from, route)| routes::row(*from, Some(route))).collect();
        self.write(Vec::new(), rows)?;
        self.figures.findings = findings.into();
        self.figures.scans += 1;
        window.close();
        Ok(window)
    }

    /// Plans the groups of a window, and writes what they need.
    fn groups(
        &mut self,
        window: &Window,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(), StoreError> {
        let groups = window.groups();
        let known = groups.len() as u64;
        let mut batch = Batch::default();
        for (done, notes) in groups.enumerate() {
            let members = if let Some(members) = self.members(notes, &batch)? {
                members
            } else {
                self.flush(&mut batch)?;
                self.members(notes, &batch)?.unwrap_or_default()
            };
            let Some(first) = notes.first() else { continue };
            let ranking = self.ranking.clone();
            let group =
                Group { id: first.group, members: &members, rules: ranking.rules(self.now) };
            let refolded = plan::refold(&group);
            self.count(&group, &refolded);
            if self.mode == Mode::Apply {
                let routed = self.route(&group, &refolded, &mut batch)?;
                let planned = members.iter().map(|member| member.finding.id);
                self.stirred.note(group.id, planned, routed);
                let written = refolded.mutations.iter().map(|mutation| mutation.finding.id);
                batch.touched.extend(written);
                if members.iter().any(|member| is_threatened(&member.finding)) {
                    let written = refolded.mutations.iter().map(|mutation| &mutation.finding);
                    for finding in written {
                        batch.stirred.insert(finding.resource_id().to_owned());
                        batch.stirred.extend(finding.threatens().map(str::to_owned));
                    }
                }
                batch.mutations.extend(refolded.mutations);
                if batch.mutations.len() >= COMMIT_MUTATIONS {
                    self.flush(&mut batch)?;
                }
            }
            progress(done as u64 + 1, known);
        }
        self.flush(&mut batch)
    }

    /// The findings that have to do with a group; `None` when the batch must be written first.
    fn members(&self, notes: &[Note], batch: &Batch) -> Result<Option<Vec<Member>>, StoreError> {
        let placer = self.scanned_placer();
        let claims = |id| notes.iter().any(|note| note.finding == id && note.claims);
        let ids: Vec<FindingId> = notes.iter().map(|note| note.finding).collect();
        if ids.iter().any(|id| batch.touched.contains(id)) {
            return Ok(None);
        }
        let mut members = Vec::with_capacity(ids.len());
        for finding in self.store.findings(&ids)?.into_iter().flatten() {
            let (placed, claims) = (placer.all(&finding)?, claims(finding.id));
            members.push(Member { finding, placed, claims });
        }
        let Some(group) = notes.first().map(|note| note.group) else { return Ok(Some(members)) };
        let mut more = BTreeSet::new();
        let of_group = members.iter().flat_map(|member| &member.placed);
        if let Some(placed) = of_group.clone().find(|placed| placed.group == group) {
            more.insert(placed.holder);
            more.extend(plan::names(&placed.key).map(|name| FindingId::derive(&name)));
        }
        more.retain(|id| !ids.contains(id));
        let more: Vec<FindingId> = more.into_iter().collect();
        if more.iter().any(|id| batch.touched.contains(id)) {
            return Ok(None);
        }
        for finding in self.store.findings(&more)?.into_iter().flatten() {
            let placed = placer.all(&finding)?;
            let claims = plan::claim(finding.id, &placed) == Some(group);
            members.push(Member { finding, placed, claims });
        }
        Ok(Some(members))
    }

    /// Says where the group's key leads from now on, and that the holder's own key leads elsewhere.
    /// Returns whether it said anything.
    fn route(
        &self,
        group: &Group<'_>,
        refolded: &Refolded,
        batch: &mut Batch,
    ) -> Result<bool, StoreError> {
        let Some((holder, key)) = &refolded.holder else { return Ok(false) };
        let all = group.members.iter().flat_map(|member| &member.placed);
        let mut here = all.filter(|placed| placed.group == group.id);
        if here.all(|placed| placed.placement == Placement::Decision) {
            return Ok(false);
        }
        let route = (*holder != group.id).then(|| Route { key: key.clone(), by: RoutedBy::Rules });
        batch.routes.insert(RouteFrom::Key(group.id), route);
        let own = RouteFrom::Key(*holder);
        let routes = self.routes();
        if *holder != group.id && !batch.routes.contains_key(&own) && routes.route(own)?.is_none() {
            batch.routes.insert(own, self.free_name(key)?);
        }
        Ok(true)
    }

    /// A route to the first name of `key` but its own that no finding with reports has.
    fn free_name(&self, key: &str) -> Result<Option<Route>, StoreError> {
        for name in plan::names(key).skip(1) {
            let taken = self.store.findings(&[FindingId::derive(&name)])?.pop().flatten();
            if taken.is_none_or(|finding| finding.reports.is_empty()) {
                return Ok(Some(Route { key: name, by: RoutedBy::Rules }));
            }
        }
        Ok(None)
    }

    fn count(&mut self, group: &Group<'_>, refolded: &Refolded) {
        let figures = &mut self.figures;
        figures.merged += refolded.merged;
        for member in group.members {
            let held = member.finding.reports.iter().zip(&member.placed);
            for (held, placed) in held.filter(|(_, placed)| placed.group == group.id) {
                let stays =
                    refolded.holder.as_ref().is_some_and(|(id, _)| *id == member.finding.id);
                if !stays || held.placed != placed.placement {
                    figures.reports += 1;
                    *figures.by.entry(placed.placement.clone()).or_default() += 1;
                }
            }
        }
        figures.founded += u64::from(refolded.founded);
        let kept = refolded.mutations.iter().skip(usize::from(refolded.founded));
        for Mutation { finding, change, .. } in kept {
            let (Some(before), None) = (&change.before, finding.merged_into) else { continue };
            if before.status != change.after.status {
                let moved = (before.status, change.after.status);
                *figures.statuses.entry(moved).or_default() += 1;
            }
        }
    }

    fn flush(&mut self, batch: &mut Batch) -> Result<(), StoreError> {
        let Batch { mutations, routes, stirred, .. } = std::mem::take(batch);
        let rows = routes.iter().map(|(from, route)| routes::row(*from, route.as_ref()));
        // The next server relates what is there.
        let due = stirred.iter().map(|resource| writer::due(resource));
        self.write(mutations, rows.chain(due).collect())
    }

    fn write(&mut self, mutations: Vec<Mutation>, meta: Vec<MetaWrite>) -> Result<(), StoreError> {
        if mutations.is_empty() && meta.is_empty() {
            return Ok(());
        }
        self.commits += 1;
        self.unrouted &= meta.iter().all(|row| row.table != MetaTable::Route);
        let id = commit_id(self.now, self.commits);
        let committed = self.store.commit(&Commit { id, mutations, meta })?;
        if committed.outcomes.iter().any(|outcome| matches!(outcome, Outcome::Stale(_))) {
            let what = "a finding changed while its group was re-folded".to_owned();
            return Err(StoreError::Corrupt { what });
        }
        Ok(())
    }
}

/// Whether a finding is a threat, or has one on its resource.
fn is_threatened(finding: &Finding) -> bool {
    finding.facts.class == FindingClass::Threat || finding.threat.is_some()
}

#[cfg(test)]
mod tests;
