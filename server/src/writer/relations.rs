//! Threats and the other findings on their resource: an open threat makes these more urgent.
//!
//! What a commit does to threats moves other findings, in a commit of its own right behind it, before
//! anything that waits. Until that is durable, a row of the store names the resource, written with
//! the first commit, so that a crash between the two loses nothing.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use muster_core::change::{ChangeKind, Facets};
use muster_core::filter::Fields;
use muster_core::finding::{Finding, RelatedThreat};
use muster_core::ids::{FindingId, digest128};
use muster_core::plan;
use muster_core::report::FindingClass;

use super::Request;
use super::plan::{Images, Round};
use super::thread::{Writer, WriterFailure};
use crate::store::{MetaTable, MetaWrite, Mutation, Store, StoreError};
use crate::view::{ON_RESOURCE_MAX, View};

/// How many findings one commit looks at, but for those of one resource.
const STEP_FINDINGS: usize = 256;

/// How the rows begin that name resources whose relations are due.
const DUE: &[u8] = b"relate|";

/// How many of them are read at once.
const SCAN_ROWS: usize = 256;

impl Writer {
    /// The resources on which relations may move by these mutations: those that have both a threat
    /// and something else.
    pub(super) fn stirred(&self, mutations: &[Mutation]) -> BTreeSet<String> {
        let view = self.parts.view.read().expect("no holder of this lock panics");
        let here = |facets: &Facets| facets.class == FindingClass::Threat;
        if !view.has_threats() && !mutations.iter().any(|done| here(&done.change.after)) {
            return BTreeSet::new();
        }
        let mut resources = BTreeSet::new();
        for done in mutations.iter().filter(|done| stirs(done, &view)) {
            let facets = done.change.before.iter().chain([&done.change.after]);
            resources.extend(facets.map(|facets| facets.resource.clone()));
            resources.extend(done.finding.threatens().map(str::to_owned));
            resources.extend(view.threatens(done.finding.id).iter().cloned());
        }
        resources.retain(|resource| {
            let coming = mutations.iter().filter(|done| names(&done.finding, resource));
            let mut classes: Vec<FindingClass> =
                coming.map(|done| done.change.after.class).collect();
            classes.extend(classes_on(&view, resource));
            is_mixed(&classes)
        });
        resources
    }

    /// The resources of a threat that something else is on, too.
    pub(super) fn threatened(&self, finding: &Finding) -> Vec<String> {
        if finding.facts.class != FindingClass::Threat {
            return Vec::new();
        }
        let view = self.parts.view.read().expect("no holder of this lock panics");
        let named = [finding.resource_id()].into_iter().chain(finding.threatens());
        named.filter(|resource| is_mixed(&classes_on(&view, resource))).map(str::to_owned).collect()
    }

    /// Requests that relate what is on these resources.
    pub(super) fn relating(&self, resources: BTreeSet<String>) -> Vec<Request> {
        let view = self.parts.view.read().expect("no holder of this lock panics");
        let (mut requests, mut step, mut findings) = (Vec::new(), Vec::new(), 0);
        for resource in resources {
            let count = view.on_resource(&resource, ON_RESOURCE_MAX).len();
            if findings + count > STEP_FINDINGS && !step.is_empty() {
                requests.push(Request::Relate(std::mem::take(&mut step)));
                findings = 0;
            }
            findings += count;
            step.push(resource);
        }
        if !step.is_empty() {
            requests.push(Request::Relate(step));
        }
        requests
    }

    /// Plans the relations on these resources.
    pub(super) fn plan_relations(
        &self,
        resources: &[String],
        images: &Images,
        round: &mut Round,
    ) -> Result<(), WriterFailure> {
        for resource in resources {
            let mut there: Vec<&Finding> =
                images.values().filter(|finding| names(finding, resource)).collect();
            there.sort_unstable_by_key(|finding| finding.id);
            let strongest = strongest(&there, round.rules().now.day());
            for finding in there {
                let relates =
                    finding.facts.class != FindingClass::Threat && finding.merged_into.is_none();
                let planned =
                    relates.then(|| plan::relate(finding, strongest.clone(), round.rules()));
                if let Some(mutation) = planned.flatten() {
                    round.push(mutation);
                }
            }
            let row = due(resource);
            let store = &self.parts.store;
            if store.meta(row.table, &row.key).map_err(WriterFailure::Store)?.is_some() {
                round.meta.push(MetaWrite { value: None, ..row });
            }
        }
        Ok(())
    }

    /// The relations that were due when a former process ended.
    pub(super) fn unrelated(&self) -> Result<BTreeSet<String>, WriterFailure> {
        read_due(&*self.parts.store).map_err(WriterFailure::Store)
    }
}

/// The row that names a resource whose relations are due: the next start of the writer sees to them.
pub fn due(resource: &str) -> MetaWrite {
    MetaWrite {
        table: MetaTable::Store,
        key: [DUE, &digest128(resource.as_bytes())].concat(),
        value: Some(resource.as_bytes().to_vec()),
    }
}

fn read_due(store: &dyn Store) -> Result<BTreeSet<String>, StoreError> {
    let (mut resources, mut after) = (BTreeSet::new(), DUE.to_vec());
    loop {
        let rows = store.scan_meta(MetaTable::Store, &after, SCAN_ROWS)?;
        let due = rows.into_iter().take_while(|(key, _)| key.starts_with(DUE));
        let before = after.clone();
        for (key, value) in due {
            after = key;
            resources.extend(String::from_utf8(value).ok());
        }
        if after == before {
            return Ok(resources);
        }
    }
}

/// Whether a finding is about a resource, or threatens it.
fn names(finding: &Finding, resource: &str) -> bool {
    finding.resource_id() == resource || finding.threatens().any(|named| named == resource)
}

/// Whether a change may move relations: a finding that is new or elsewhere, or a threat that another
/// finding is more or less urgent by.
fn stirs(done: &Mutation, view: &View) -> bool {
    let change = &done.change;
    let Some(before) = &change.before else { return true };
    let after = &change.after;
    let is_threat = [before, after].iter().any(|facets| facets.class == FindingClass::Threat);
    let counts = |facets: &Facets| (facets.status, facets.score, facets.severity);
    let kinds = &change.kinds;
    let moved = counts(before) != counts(after) || kinds.contains(&ChangeKind::ContentUpdated);
    before.resource != after.resource
        || before.class != after.class
        || kinds.contains(&ChangeKind::Regrouped)
        || (is_threat && moved)
        || !done.finding.threatens().eq(view.threatens(done.finding.id))
}

fn classes_on(view: &View, resource: &str) -> Vec<FindingClass> {
    let ids: Vec<FindingId> = view.on_resource(resource, ON_RESOURCE_MAX);
    ids.into_iter().filter_map(|id| Some(view.facets(id)?.class())).collect()
}

fn is_mixed(classes: &[FindingClass]) -> bool {
    let is_threat = |class: &FindingClass| *class == FindingClass::Threat;
    classes.iter().any(is_threat) && !classes.iter().all(is_threat)
}

/// The open threat with the highest severity, of those the one seen last, then the one with the
/// smallest id; one that [does not count](RelatedThreat::counts_on) only when there is no other. Samples
/// are none.
fn strongest(findings: &[&Finding], today: i64) -> Option<RelatedThreat> {
    let threats = findings.iter().filter(|finding| {
        let facts = &finding.facts;
        facts.class == FindingClass::Threat && facts.status.is_open() && !facts.sample
    });
    let related = threats.map(|finding| RelatedThreat::of(finding));
    related.min_by_key(|threat| {
        (
            !threat.counts_on(today),
            Reverse(threat.severity_normalized),
            Reverse(threat.seen),
            threat.finding,
        )
    })
}
