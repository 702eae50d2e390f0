//! Plans the requests of one commit.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use muster_core::finding::Finding;
use muster_core::ids::{FindingId, Revision};
use muster_core::plan::{self, Observation, Rules};
use muster_core::priority::Model;
use muster_core::report::{ReportDigest, ReportKey, Unmapped};
use muster_core::time::Millis;
use muster_core::unit::{Checkpoint, Unit};
use tokio::sync::oneshot;

use super::answer::{Answer, DecidedDraft};
use super::place::{Placing, newest, place};
use super::requests;
use super::subscribe::Answered;
use super::thread::{Writer, WriterFailure, strip};
use super::{
    Decision, Decisions, DecisionsDone, Ingest, Ingested, Merge, Refused, Regrouped, Request,
    Split, WriteError,
};
use crate::checkpoint;
use crate::maturity::{Attest, Attested};
use crate::ranking::{self, Ranking};
use crate::routes::{Placed, Routes};
use crate::store::{MetaTable, MetaWrite, Mutation, Store, StoreError};
use crate::subscriptions::{Action, Ask};
use crate::view::{ON_RESOURCE_MAX, View};

/// The newest images of the findings of a round.
pub(super) type Images = HashMap<FindingId, Finding>;

/// A request, sorted by the findings that it touches.
pub(super) enum Prepared {
    Ingest {
        unit: Unit,
        groups: BTreeMap<FindingId, Vec<Observation>>,
        unmapped: Vec<Unmapped>,
        checkpoint: Option<Checkpoint>,
        answer: oneshot::Sender<Result<Ingested, WriteError>>,
    },
    Decide(Decisions, Vec<FindingId>, oneshot::Sender<Result<DecisionsDone, WriteError>>),
    Merge(Merge, [FindingId; 2], oneshot::Sender<Result<Regrouped, WriteError>>),
    Split(Split, oneshot::Sender<Result<Regrouped, WriteError>>),
    Attest(Attest, oneshot::Sender<Result<Attested, WriteError>>),
    Subscription(Ask, Answered),
    Conclude(BTreeMap<FindingId, Vec<ReportDigest>>, oneshot::Sender<Result<u64, WriteError>>),
    Tick(Vec<FindingId>, oneshot::Sender<Result<u64, WriteError>>),
    Withdraw(Vec<(FindingId, ReportKey)>, Vec<FindingId>),
    Relate(Vec<String>, Vec<FindingId>),
    Housekeep(oneshot::Sender<Result<u64, WriteError>>),
    Activate(Model, oneshot::Sender<Result<u64, WriteError>>),
}

/// Reports of a request must leave other findings first.
pub(super) struct Departure {
    /// What does that.
    pub(super) withdraw: Request,
    /// The request as it was, to be prepared again afterwards.
    pub(super) request: Request,
}

/// A request that was looked at.
pub(super) enum Step {
    /// It can be planned.
    Ready(Box<Prepared>),
    /// Something else comes first.
    Departs(Box<Departure>),
}

/// Sorts a request by findings.
pub(super) fn prepare(
    request: Request,
    view: &View,
    routes: &Routes<'_>,
    store: &dyn Store,
    now: Millis,
) -> Result<Step, StoreError> {
    Ok(Step::Ready(Box::new(match request {
        Request::Ingest(unit, mut page, answer) => {
            newest(&mut page, now);
            let Placing { placed, left } = place(&page, view, routes, store, now)?;
            if !left.is_empty() {
                let withdraw = Request::Withdraw(left);
                let request = Request::Ingest(unit, page, answer);
                return Ok(Step::Departs(Box::new(Departure { withdraw, request })));
            }
            let Ingest { reports, unmapped, checkpoint } = page;
            let mut groups: BTreeMap<FindingId, Vec<Observation>> = BTreeMap::new();
            for ((report, content_hash), Placed { id, key }) in reports.into_iter().zip(placed) {
                let seen = Observation { report, content_hash, unit: unit.clone(), finding: key };
                groups.entry(id).or_default().push(seen);
            }
            Prepared::Ingest { unit, groups, unmapped, checkpoint, answer }
        }
        Request::Decide(decisions, answer) => {
            let ids = decisions.decisions.iter().map(|decision| decision.finding).collect();
            Prepared::Decide(decisions, ids, answer)
        }
        Request::Merge(merge, answer) => {
            let ids = [merge.into, merge.from];
            Prepared::Merge(merge, ids, answer)
        }
        Request::Split(split, answer) => Prepared::Split(split, answer),
        Request::Attest(wanted, answer) => Prepared::Attest(wanted, answer),
        Request::Subscription(ask, answer) => Prepared::Subscription(ask, answer),
        Request::Conclude(missing, answer) => {
            let mut groups: BTreeMap<FindingId, Vec<ReportDigest>> = BTreeMap::new();
            for (id, digest) in missing {
                groups.entry(id).or_default().push(digest);
            }
            Prepared::Conclude(groups, answer)
        }
        Request::Tick(ids, answer) => Prepared::Tick(ids, answer),
        Request::Withdraw(left) => {
            let mut ids: Vec<_> = left.iter().map(|(id, _)| *id).collect();
            ids.sort_unstable();
            ids.dedup();
            Prepared::Withdraw(left, ids)
        }
        Request::Relate(resources) => {
            let there = resources.iter();
            let there = there.flat_map(|resource| view.on_resource(resource, ON_RESOURCE_MAX));
            let ids = there.collect();
            Prepared::Relate(resources, ids)
        }
        Request::Housekeep(answer) => Prepared::Housekeep(answer),
        Request::Activate(model, answer) => Prepared::Activate(model, answer),
    })))
}

impl Prepared {
    /// The findings it touches.
    pub(super) fn findings(&self) -> Box<dyn Iterator<Item = &FindingId> + '_> {
        match self {
            Self::Ingest { groups, .. } => Box::new(groups.keys()),
            Self::Conclude(groups, _) => Box::new(groups.keys()),
            Self::Decide(_, ids, _)
            | Self::Tick(ids, _)
            | Self::Withdraw(_, ids)
            | Self::Relate(_, ids) => Box::new(ids.iter()),
            Self::Merge(_, ids, _) => Box::new(ids.iter()),
            Self::Split(split, _) => Box::new(std::iter::once(&split.finding)),
            Self::Attest(..) | Self::Subscription(..) | Self::Housekeep(_) | Self::Activate(..) => {
                Box::new(std::iter::empty())
            }
        }
    }

    /// Everything that no other request of the same commit may touch.
    pub(super) fn touches(&self) -> Vec<[u8; 16]> {
        let mut keys: Vec<[u8; 16]> = self.findings().map(|id| id.0).collect();
        match self {
            Self::Ingest { groups, .. } => {
                let reports = groups.values().flatten().map(|seen| seen.report.key.digest().0);
                keys.extend(reports);
            }
            Self::Decide(Decisions { request: Some((id, _)), .. }, ..) => {
                keys.push(muster_core::ids::digest128(id.as_bytes()));
            }
            Self::Subscription(ask, _) => {
                let name = format!("subscription|{}", ask.name);
                keys.push(muster_core::ids::digest128(name.as_bytes()));
            }
            Self::Decide(..)
            | Self::Merge(..)
            | Self::Split(..)
            | Self::Attest(..)
            | Self::Conclude(..)
            | Self::Tick(..)
            | Self::Withdraw(..)
            | Self::Relate(..)
            | Self::Housekeep(_)
            | Self::Activate(..) => {}
        }
        keys
    }

    /// Whether it must be the only one of its commit: it changes what the others are planned from.
    pub(super) fn goes_alone(&self) -> bool {
        match self {
            Self::Housekeep(_)
            | Self::Merge(..)
            | Self::Split(..)
            | Self::Attest(..)
            | Self::Activate(..) => true,
            // How many there are is counted.
            Self::Subscription(ask, _) => matches!(ask.what, Action::Create(..)),
            Self::Ingest { .. }
            | Self::Decide(..)
            | Self::Conclude(..)
            | Self::Tick(..)
            | Self::Withdraw(..)
            | Self::Relate(..) => false,
        }
    }

    /// How many reports it brings.
    pub(super) fn reports(&self) -> usize {
        match self {
            Self::Ingest { groups, .. } => groups.values().map(Vec::len).sum(),
            Self::Decide(_, ids, _) | Self::Tick(ids, _) | Self::Relate(_, ids) => ids.len(),
            Self::Conclude(groups, _) => groups.len(),
            Self::Withdraw(left, _) => left.len(),
            Self::Merge(..) | Self::Split(..) => 2,
            Self::Attest(..) | Self::Subscription(..) | Self::Housekeep(_) | Self::Activate(..) => {
                0
            }
        }
    }

    /// The request as it was.
    pub(super) fn into_request(self) -> Request {
        match self {
            Self::Ingest { unit, groups, unmapped, checkpoint, answer } => {
                let seen = groups.into_values().flatten();
                let reports = seen.map(|seen| (seen.report, seen.content_hash)).collect();
                Request::Ingest(unit, Ingest { reports, unmapped, checkpoint }, answer)
            }
            Self::Decide(decisions, _, answer) => Request::Decide(decisions, answer),
            Self::Conclude(groups, answer) => {
                let pairs = groups
                    .into_iter()
                    .flat_map(|(id, digests)| digests.into_iter().map(move |digest| (id, digest)));
                Request::Conclude(pairs.collect(), answer)
            }
            Self::Merge(merge, _, answer) => Request::Merge(merge, answer),
            Self::Split(split, answer) => Request::Split(split, answer),
            Self::Attest(wanted, answer) => Request::Attest(wanted, answer),
            Self::Subscription(ask, answer) => Request::Subscription(ask, answer),
            Self::Tick(ids, answer) => Request::Tick(ids, answer),
            Self::Withdraw(left, _) => Request::Withdraw(left),
            Self::Relate(resources, _) => Request::Relate(resources),
            Self::Housekeep(answer) => Request::Housekeep(answer),
            Self::Activate(model, answer) => Request::Activate(model, answer),
        }
    }
}

/// What one commit will write, and who is told.
pub(super) struct Round {
    pub(super) now: Millis,
    ranking: Ranking,
    head: Revision,
    pub(super) mutations: Vec<Mutation>,
    pub(super) meta: Vec<MetaWrite>,
    pub(super) answers: Vec<Answer>,
    /// The rules that it brings into force.
    pub(super) activates: Option<Model>,
    /// Resources on which relations may have moved.
    pub(super) stirred: BTreeSet<String>,
}

impl Round {
    pub(super) fn new(now: Millis, head: Revision, ranking: Ranking) -> Self {
        Self {
            now,
            ranking,
            head,
            mutations: Vec::new(),
            meta: Vec::new(),
            answers: Vec::new(),
            activates: None,
            stirred: BTreeSet::new(),
        }
    }

    /// What findings are planned by.
    pub(super) fn rules(&self) -> Rules<'_> {
        self.ranking.rules(self.now)
    }

    /// Adds a mutation; says at which revision it will stand.
    pub(super) fn push(&mut self, mutation: Mutation) -> Revision {
        self.mutations.push(mutation);
        Revision(self.head.0 + self.mutations.len() as u64)
    }
}

impl Writer {
    pub(super) fn plan(
        &mut self,
        request: Prepared,
        images: &Images,
        round: &mut Round,
    ) -> Result<(), WriterFailure> {
        match request {
            Prepared::Ingest { unit, groups, unmapped, checkpoint, answer } => {
                let mut done = Ingested::default();
                for (id, seen) in groups {
                    let current = images.get(&id);
                    if let Some(mutation) = plan::observe(current, seen, round.rules()) {
                        round.push(mutation);
                        let counter =
                            if current.is_some() { &mut done.changed } else { &mut done.created };
                        *counter += 1;
                    }
                }
                for document in unmapped {
                    let row = self.parts.quarantine.row(&unit, &document, round.now);
                    // Twice in one page is once.
                    let row = row.filter(|row| round.meta.iter().all(|other| other.key != row.key));
                    done.unmapped += u64::from(row.is_some());
                    round.meta.extend(row);
                }
                round.meta.extend(checkpoint.map(|checkpoint| MetaWrite {
                    table: MetaTable::Checkpoint,
                    key: unit.to_string().into_bytes(),
                    value: Some(checkpoint::encode(&checkpoint)),
                }));
                round.answers.push(Answer::Ingest(answer, done));
            }
            Prepared::Decide(decisions, _, answer) => {
                return self.plan_decisions(decisions, answer, images, round);
            }
            Prepared::Merge(merge, _, answer) => {
                return self.plan_merge(merge, answer, images, round);
            }
            Prepared::Split(split, answer) => {
                return self.plan_split(split, answer, images, round);
            }
            Prepared::Attest(wanted, answer) => return self.plan_attest(wanted, answer, round),
            Prepared::Subscription(ask, answer) => self.plan_subscription(ask, answer, round),
            Prepared::Conclude(groups, answer) => {
                let planned = groups.into_iter().filter_map(|(id, missing)| {
                    plan::conclude(images.get(&id)?, &missing, round.rules())
                });
                count(planned.collect(), answer, round);
            }
            Prepared::Tick(ids, answer) => {
                let planned = ids
                    .iter()
                    .filter_map(|id| plan::tick(images.get(id)?, round.rules()))
                    .collect();
                count(planned, answer, round);
                // Where a threat is, others are seen to again: once a day, whatever was missed.
                let threats = ids.iter().filter_map(|id| images.get(id));
                let threats = threats.flat_map(|finding| self.threatened(finding));
                round.stirred.extend(threats);
            }
            Prepared::Relate(resources, _) => {
                return self.plan_relations(&resources, images, round);
            }
            Prepared::Withdraw(left, ids) => {
                for id in ids {
                    let keys = left.iter().filter(|(from, _)| *from == id).map(|(_, key)| key);
                    let Some(current) = images.get(&id) else { continue };
                    let keys: Vec<ReportKey> = keys.cloned().collect();
                    if let Some(mutation) = plan::withdraw(current, &keys, round.rules()) {
                        round.push(mutation);
                    }
                }
            }
            Prepared::Activate(model, answer) => {
                round.meta.push(ranking::activate(&model));
                round.activates = Some(model);
                round.answers.push(Answer::Count(answer, 0));
            }
            Prepared::Housekeep(answer) => {
                let removed = self.housekeep(round.now).map_err(WriterFailure::Store)?;
                round.answers.push(Answer::Count(answer, removed));
            }
        }
        Ok(())
    }

    fn plan_decisions(
        &mut self,
        decisions: Decisions,
        answer: oneshot::Sender<Result<DecisionsDone, WriteError>>,
        images: &Images,
        round: &mut Round,
    ) -> Result<(), WriterFailure> {
        if let Some((id, hash)) = &decisions.request {
            let stored = requests::read(&*self.parts.store, id).map_err(WriterFailure::Store)?;
            if let Some(stored) = stored {
                let again = if stored.hash == *hash {
                    Ok(stored.replay(&decisions.decisions, images))
                } else {
                    Err(WriteError::RequestIdReused(id.clone()))
                };
                round.answers.push(Answer::Ready(answer, again));
                return Ok(());
            }
        }
        let planned: Vec<Result<Option<Mutation>, Refused>> = decisions
            .decisions
            .iter()
            .map(|decision| decide(decision, images, round.rules()))
            .collect();
        let refused = planned.iter().enumerate().find_map(|(index, outcome)| {
            Some(WriteError::Atomic { index, refused: outcome.as_ref().err()?.clone() })
        });
        if let Some(refused) = refused.filter(|_| decisions.atomic) {
            round.answers.push(Answer::Ready(answer, Err(refused)));
            return Ok(());
        }
        let mut drafts = Vec::with_capacity(planned.len());
        for (decision, outcome) in decisions.decisions.iter().zip(planned) {
            drafts.push(match outcome {
                Ok(Some(mutation)) => {
                    let revision = round.push(mutation);
                    DecidedDraft::Changed { index: round.mutations.len() - 1, revision }
                }
                Ok(None) => {
                    let mut finding = images[&decision.finding].clone();
                    strip(&mut finding);
                    DecidedDraft::Unchanged(Box::new(finding))
                }
                Err(refused) => DecidedDraft::Refused(refused),
            });
        }
        if let Some((id, hash)) = decisions.request {
            round.meta.push(requests::row(&id, hash, round.now, &drafts));
        }
        round.answers.push(Answer::Decide(answer, drafts));
        Ok(())
    }
}

fn decide(
    decision: &Decision,
    images: &Images,
    rules: Rules<'_>,
) -> Result<Option<Mutation>, Refused> {
    let id = decision.finding;
    let current = images.get(&id).ok_or(Refused::NotFound(id))?;
    if let Some(into) = current.merged_into {
        return Err(Refused::Merged { id, into });
    }
    let etag = current.triage.etag();
    if decision.etag.as_ref().is_some_and(|wanted| *wanted != etag) {
        return Err(Refused::EtagMismatch { id, current: etag });
    }
    let version = current.content_version;
    if decision.content_version.is_some_and(|wanted| wanted != version) {
        return Err(Refused::ContentChanged { id, current: version });
    }
    Ok(plan::decide(current, &decision.command, rules)?)
}

/// Adds mutations of which the asker only wants the number.
fn count(
    planned: Vec<Mutation>,
    answer: oneshot::Sender<Result<u64, WriteError>>,
    round: &mut Round,
) {
    let changed = planned.len() as u64;
    for mutation in planned {
        round.push(mutation);
    }
    round.answers.push(Answer::Count(answer, changed));
}
