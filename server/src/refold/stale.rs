//! Routes of former re-folds that no longer lead where they should.

use std::collections::{HashMap, HashSet};

use muster_core::finding::Finding;
use muster_core::ids::FindingId;
use muster_core::plan;

use super::{NOTES_MAX, Run};
use crate::routes::{self, RouteFrom, RoutedBy};
use crate::store::{MetaTable, MetaWrite, StoreError};

/// How many rows are read, and written, at once.
const STEP_ROWS: usize = 1_000;

/// Which routes a run may have made stale: to look at all of them reads two findings for each.
#[derive(Debug, Default)]
pub(super) struct Stirred {
    /// In how many groups a finding was planned, by [`short`].
    planned: HashMap<u64, u8>,
    /// The groups to which this run made a route, by [`short`].
    routed: HashSet<u64>,
    /// Not known any more: too many, or another run began the work.
    unknown: bool,
}

impl Stirred {
    /// For a run that goes on with what another one began.
    pub(super) fn unknown() -> Self {
        Self { unknown: true, ..Self::default() }
    }

    /// Notes that a group was planned with these findings, and whether a route to it was made.
    pub(super) fn note(
        &mut self,
        group: FindingId,
        members: impl Iterator<Item = FindingId>,
        routed: bool,
    ) {
        if self.unknown {
            return;
        }
        for member in members {
            let times = self.planned.entry(short(member)).or_default();
            *times = times.saturating_add(1);
        }
        if routed {
            self.routed.insert(short(group));
        }
        if self.planned.len() + self.routed.len() > NOTES_MAX {
            *self = Self::unknown();
        }
    }

    /// Whether a route from `group` to `holder` may be wrong now: it was right before, or as this run
    /// made it, and another group moved the reports of one of them since.
    fn is(&self, group: FindingId, holder: FindingId) -> bool {
        let times = |id| self.planned.get(&short(id)).copied().unwrap_or_default();
        let times = times(group).max(times(holder));
        self.unknown || times > u8::from(self.routed.contains(&short(group)))
    }
}

/// The first bytes of an id, which is a digest: two that share them are only looked at in vain.
fn short(id: FindingId) -> u64 {
    id.0.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

impl Run<'_> {
    /// Corrects the routes of keys whose finding has become another group's.
    ///
    /// Such a route would bring the next report with that key into a finding that is about something
    /// else (promise D3).
    pub(super) fn drop_stale_routes(&mut self) -> Result<(), StoreError> {
        let mut after = Vec::new();
        loop {
            let rows = self.store.scan_meta(MetaTable::Route, &after, STEP_ROWS)?;
            let Some((last, _)) = rows.last() else { return Ok(()) };
            after.clone_from(last);
            let mut corrected = Vec::new();
            for (key, value) in &rows {
                let (from, route) = routes::read_row(key, value)?;
                if let (RouteFrom::Key(group), RoutedBy::Rules) = (from, route.by)
                    && self.stirred.is(group, route.to())
                {
                    corrected.extend(self.corrected(group, route.to())?);
                }
            }
            self.write(Vec::new(), corrected)?;
        }
    }

    /// What a route from `group` to `holder` must become; `None` when it is right.
    fn corrected(
        &self,
        group: FindingId,
        holder: FindingId,
    ) -> Result<Option<MetaWrite>, StoreError> {
        let mut found = self.store.findings(&[holder, group])?.into_iter();
        let (holder, own) = (found.next().flatten(), found.next().flatten());
        let holds = holder.as_ref().filter(|holder| !holder.reports.is_empty());
        let right = match holds {
            Some(holder) => self.claimed(holder)?.is_none_or(|claimed| claimed == group),
            // Nobody has come yet: the name is kept free for the time being.
            None => false,
        };
        if right {
            return Ok(None);
        }
        let from = RouteFrom::Key(group);
        let own = own.filter(|own| !own.reports.is_empty());
        let taken = match &own {
            Some(own) => self.claimed(own)?.is_some_and(|claimed| claimed != group),
            None => false,
        };
        match own.filter(|_| taken) {
            None => Ok(Some(routes::row(from, None))),
            Some(_) if holds.is_none() => Ok(None),
            Some(own) => Ok(Some(routes::row(from, self.free_name(&own.key)?.as_ref()))),
        }
    }

    /// The group that a finding stays with.
    fn claimed(&self, finding: &Finding) -> Result<Option<FindingId>, StoreError> {
        Ok(plan::claim(finding.id, &self.placer().all(finding)?))
    }
}
