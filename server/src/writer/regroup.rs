//! Merges and splits: moves reports between findings because somebody says so.

use muster_core::change::FieldChange;
use muster_core::finding::{Finding, HeldReport, Placement};
use muster_core::identity::FindingKey;
use muster_core::ids::{FindingId, Revision};
use muster_core::plan::{self, Regrouping, Rules};
use muster_core::report::ReportKey;
use tokio::sync::oneshot;

use super::answer::Answer;
use super::plan::{Images, Round};
use super::requests;
use super::thread::{Writer, WriterFailure, strip};
use super::{Refused, WriteError};
use crate::routes::{self, HOPS_MAX, Placed, Route, RouteFrom, RoutedBy, Walk};
use crate::store::{MetaWrite, Mutation, StoreError};

/// That all reports of one finding belong to another.
#[derive(Clone, Debug)]
pub struct Merge {
    /// The finding that takes them. It keeps its id, triage and history.
    pub into: FindingId,
    /// The finding that gives them away. It becomes a forwarding record.
    pub from: FindingId,
    /// Who asks, and why; its action is `merge`.
    pub by: Regrouping,
    /// Only when the triage of `into` has this etag.
    pub into_etag: Option<String>,
    /// Only when the triage of `from` has this etag.
    pub from_etag: Option<String>,
    /// The call's own id, with the hash of what it asks, so that a repeat gets the first outcome.
    pub request: Option<(String, [u8; 32])>,
}

/// That a report, with all that are about the same thing by their origin key, is a finding of its
/// own; or, when it came by a merge, that this merge is undone.
#[derive(Clone, Debug)]
pub struct Split {
    /// The finding that holds it.
    pub finding: FindingId,
    /// The report.
    pub report: ReportKey,
    /// Who asks, and why; its action is `split`.
    pub by: Regrouping,
    /// Only when the triage of `finding` has this etag.
    pub etag: Option<String>,
    /// The call's own id, with the hash of what it asks, so that a repeat gets the first outcome.
    pub request: Option<(String, [u8; 32])>,
}

/// What became of a merge or a split.
#[derive(Clone, Debug)]
pub struct Regrouped {
    /// The finding that was named first: what was merged into, or split from. Without raw documents;
    /// in a replay, as it is now.
    pub finding: Finding,
    /// The other one: what was merged away, or what the split reports are now.
    pub other: Finding,
    /// The revision of the later of the two changes.
    pub revision: Revision,
    /// This is the outcome of an earlier call with the same request id.
    pub replayed: bool,
}

/// What a merge or a split will write.
pub(super) struct Planned {
    /// The finding that was named first, then the other.
    mutations: [Mutation; 2],
    /// Where later reports go.
    routes: Vec<MetaWrite>,
}

impl Writer {
    /// Plans a merge, alone in its round.
    pub(super) fn plan_merge(
        &self,
        merge: Merge,
        answer: oneshot::Sender<Result<Regrouped, WriteError>>,
        images: &Images,
        round: &mut Round,
    ) -> Result<(), WriterFailure> {
        let Merge { into, from, .. } = merge;
        if let Some(again) = self.repeated(merge.request.as_ref(), into)? {
            round.answers.push(Answer::Told(answer, Box::new(again)));
            return Ok(());
        }
        let planned = match sides(&merge, images) {
            Ok((into, from)) => self.merge(into, from, &merge.by, round.rules())?,
            Err(refused) => Err(refused),
        };
        finish(planned, from, merge.request, answer, round);
        Ok(())
    }

    fn merge(
        &self,
        into: &Finding,
        from: &Finding,
        by: &Regrouping,
        rules: Rules<'_>,
    ) -> Result<Result<Planned, Refused>, WriterFailure> {
        let routes = self.routes();
        for held in &from.reports {
            let walk = routes.walk(&held.report).map_err(WriterFailure::Store)?;
            if walk.steps.len() >= HOPS_MAX {
                let message = format!(
                    "finding {} was merged over more than {HOPS_MAX} others: merge into it instead",
                    from.id
                );
                return Ok(Err(Refused::Invalid { field: "from".to_owned(), message }));
            }
        }
        let mut mutations = match plan::merge(into, from, by, rules) {
            Ok(mutations) => mutations,
            Err(error) => return Ok(Err(error.into())),
        };
        let keys: Vec<ReportKey> =
            from.reports.iter().map(|held| held.report.key.clone()).collect();
        let [taken, given] = &mut mutations;
        note(taken, Side::Gains, "merged_from", from.id, &keys);
        note(given, Side::Loses, "merged_into", into.id, &keys);
        let alias = Route { key: into.key.clone(), by: RoutedBy::Decision };
        let mut rows = vec![routes::row(RouteFrom::Finding(from.id), Some(&alias))];
        // A finding that has reports is where its routes end.
        if routes.route(RouteFrom::Finding(into.id)).map_err(WriterFailure::Store)?.is_some() {
            rows.push(routes::row(RouteFrom::Finding(into.id), None));
        }
        Ok(Ok(Planned { mutations, routes: rows }))
    }

    /// Plans a split, alone in its round.
    pub(super) fn plan_split(
        &self,
        split: Split,
        answer: oneshot::Sender<Result<Regrouped, WriteError>>,
        images: &Images,
        round: &mut Round,
    ) -> Result<(), WriterFailure> {
        let id = split.finding;
        if let Some(again) = self.repeated(split.request.as_ref(), id)? {
            round.answers.push(Answer::Told(answer, Box::new(again)));
            return Ok(());
        }
        let planned = match current(id, split.etag.as_ref(), images) {
            Ok(finding) => self.split(finding, &split.report, &split.by, round.rules())?,
            Err(refused) => Err(refused),
        };
        let other = planned.as_ref().map_or(id, |planned| planned.mutations[1].finding.id);
        finish(planned, other, split.request, answer, round);
        Ok(())
    }

    fn split(
        &self,
        finding: &Finding,
        report: &ReportKey,
        by: &Regrouping,
        rules: Rules<'_>,
    ) -> Result<Result<Planned, Refused>, WriterFailure> {
        let leaving = match plan::leaving(finding, report) {
            Ok(leaving) => leaving,
            Err(error) => return Ok(Err(error.into())),
        };
        let parting = self.parting(finding, report, &leaving).map_err(WriterFailure::Store)?;
        let Parting { leaving, to, row } = parting;
        let keys: Vec<ReportKey> = leaving.iter().map(|(key, _)| key.clone()).collect();
        let image = self.read([to.id].iter())?.remove(&to.id);
        let target = image.as_ref().ok_or(to.key.text.as_str());
        let mut mutations = match plan::split(finding, &leaving, target, by, rules) {
            Ok(mutations) => mutations,
            Err(error) => return Ok(Err(error.into())),
        };
        let [rest, gained] = &mut mutations;
        note(rest, Side::Loses, "split_into", to.id, &keys);
        note(gained, Side::Gains, "split_from", finding.id, &keys);
        Ok(Ok(Planned { mutations, routes: vec![row] }))
    }

    /// Which reports leave with `report`, and where to.
    fn parting(
        &self,
        finding: &Finding,
        report: &ReportKey,
        leaving: &[ReportKey],
    ) -> Result<Parting, StoreError> {
        let routes = self.routes();
        let mut walks = Vec::with_capacity(finding.reports.len());
        for held in &finding.reports {
            walks.push((held, routes.walk(&held.report)?));
        }
        let chosen = walks.iter().find(|(held, _)| held.report.key == *report);
        let Some((held, walk)) = chosen else { unreachable!("`leaving` found it") };
        // It came by a merge: that is undone, with everything that came the same way.
        let merged = walk.merged().filter(|_| walk.end().id == finding.id);
        if let Some(merged) = merged {
            let parted = |(held, walk): &(&HeldReport, Walk)| {
                let placed = walk.at(merged.id)?;
                Some((held.report.key.clone(), placed.key.placement.clone()))
            };
            let leaving: Vec<_> = walks.iter().filter_map(parted).collect();
            if leaving.len() < walks.len() {
                let row = routes::row(RouteFrom::Finding(merged.id), None);
                return Ok(Parting { leaving, to: merged.clone(), row });
            }
        }
        let pinned = |walk: &Walk| matches!(walk.pin, Some(RouteFrom::Report(_)));
        let of_origin =
            |(other, _): &&(&HeldReport, Walk)| other.report.origin == held.report.origin;
        // All that the finding has is about the same thing: then only this report leaves.
        let alone = leaving.len() < walks.iter().filter(of_origin).count();
        let (from, name) = if alone || pinned(walk) {
            (RouteFrom::Report(report.digest()), report.to_string())
        } else {
            let origin = &held.report.origin;
            (RouteFrom::Origin(routes::origin_digest(origin)), origin.text.clone())
        };
        let moves = |(other, walk): &&(&HeldReport, Walk)| match from {
            RouteFrom::Report(_) => other.report.key == *report,
            RouteFrom::Origin(_) | RouteFrom::Key(_) | RouteFrom::Finding(_) => {
                leaving.contains(&other.report.key) && !pinned(walk)
            }
        };
        let moving = walks.iter().filter(moves);
        let leaving =
            moving.map(|(held, _)| (held.report.key.clone(), Placement::Decision)).collect();
        let mut key = format!("split|{name}");
        // That finding may be this one, or merged into another: then this is one more.
        while FindingId::derive(&key) == finding.id
            || routes.route(RouteFrom::Finding(FindingId::derive(&key)))?.is_some()
        {
            key.insert_str(0, "split|");
        }
        let row = routes::row(from, Some(&Route { key: key.clone(), by: RoutedBy::Decision }));
        let key = FindingKey { text: key, placement: Placement::Decision };
        Ok(Parting { leaving, to: Placed { id: key.id(), key }, row })
    }

    /// The outcome of an earlier call with that request id, if there was one.
    fn repeated(
        &self,
        request: Option<&(String, [u8; 32])>,
        finding: FindingId,
    ) -> Result<Option<Result<Regrouped, WriteError>>, WriterFailure> {
        let Some((id, hash)) = request else { return Ok(None) };
        let stored = requests::read(&*self.parts.store, id).map_err(WriterFailure::Store)?;
        let Some(stored) = stored else { return Ok(None) };
        let Some((revision, other)) = stored.regrouped().filter(|_| stored.hash == *hash) else {
            return Ok(Some(Err(WriteError::RequestIdReused(id.clone()))));
        };
        let mut images = self.read([finding, other].iter())?;
        let mut image = |id: FindingId| {
            let mut finding =
                images.remove(&id).ok_or(WriteError::Refused(Refused::NotFound(id)))?;
            strip(&mut finding);
            Ok(finding)
        };
        let again = image(finding).and_then(|finding| {
            Ok(Regrouped { finding, other: image(other)?, revision, replayed: true })
        });
        Ok(Some(again))
    }
}

/// Reports that leave a finding.
struct Parting {
    /// Which, and what places each where it goes.
    leaving: Vec<(ReportKey, Placement)>,
    /// Where they go.
    to: Placed,
    /// What makes every later one go there too.
    row: MetaWrite,
}

/// Whether reports come or go.
#[derive(Clone, Copy)]
enum Side {
    Gains,
    Loses,
}

/// Writes into the log what a replay needs: the other finding, and the reports that moved.
fn note(mutation: &mut Mutation, side: Side, field: &str, other: FindingId, reports: &[ReportKey]) {
    let moved = |field: &str, text: String, side: Side| {
        let (before, after) = match side {
            Side::Gains => (String::new(), text),
            Side::Loses => (text, String::new()),
        };
        FieldChange { field: field.to_owned(), before, after }
    };
    let fields = &mut mutation.change.fields;
    // What the finding itself says is noted already.
    if fields.iter().all(|known| known.field != field) {
        fields.push(moved(field, other.to_string(), Side::Gains));
    }
    fields.extend(reports.iter().map(|key| moved("report", key.to_string(), side)));
}

/// Both sides of a merge, as they are.
fn sides<'a>(merge: &Merge, images: &'a Images) -> Result<(&'a Finding, &'a Finding), Refused> {
    let into = current(merge.into, merge.into_etag.as_ref(), images)?;
    Ok((into, current(merge.from, merge.from_etag.as_ref(), images)?))
}

/// The newest image of a finding that is no forwarding record, if its triage has that etag.
fn current<'a>(
    id: FindingId,
    etag: Option<&String>,
    images: &'a Images,
) -> Result<&'a Finding, Refused> {
    let finding = images.get(&id).ok_or(Refused::NotFound(id))?;
    if let Some(into) = finding.merged_into {
        return Err(Refused::Merged { id, into });
    }
    let current = finding.triage.etag();
    if etag.is_some_and(|wanted| *wanted != current) {
        return Err(Refused::EtagMismatch { id, current });
    }
    Ok(finding)
}

/// Adds what was planned to the round, with the row that remembers the call.
fn finish(
    planned: Result<Planned, Refused>,
    other: FindingId,
    request: Option<(String, [u8; 32])>,
    answer: oneshot::Sender<Result<Regrouped, WriteError>>,
    round: &mut Round,
) {
    let Planned { mutations, routes } = match planned {
        Ok(planned) => planned,
        Err(refused) => {
            round.answers.push(Answer::Told(answer, Box::new(Err(WriteError::Refused(refused)))));
            return;
        }
    };
    let first = round.mutations.len();
    let mut revision = Revision::ZERO;
    for mutation in mutations {
        revision = round.push(mutation);
    }
    round.meta.extend(routes);
    let remembered =
        request.map(|(id, hash)| requests::regroup_row(&id, hash, round.now, revision, other));
    round.meta.extend(remembered);
    round.answers.push(Answer::Regroup(answer, RegroupDraft { first, revision }));
}

/// What became of a merge or a split, before its commit.
pub(super) struct RegroupDraft {
    /// The place of the first of the two mutations in the round.
    first: usize,
    revision: Revision,
}

impl RegroupDraft {
    pub(super) fn finish(self, mutations: &[Mutation]) -> Regrouped {
        let image = |index: usize| {
            let mut finding = mutations[index].finding.clone();
            strip(&mut finding);
            finding
        };
        Regrouped {
            finding: image(self.first),
            other: image(self.first + 1),
            revision: self.revision,
            replayed: false,
        }
    }
}
