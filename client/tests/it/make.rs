//! Values for tests.

use muster_api::v1::watch_findings_response::Event;
use muster_api::v1::*;

use crate::fake::Step;

/// A full id that begins with `start`.
pub(crate) fn id(start: &str) -> String {
    format!("fnd_{start:a<26}")
}

pub(crate) fn finding(start: &str, revision: u64) -> Finding {
    Finding { id: id(start), revision, ..Finding::default() }
}

pub(crate) fn at(revision: u64, cursor: &str) -> LogPosition {
    LogPosition { log_id: "log".into(), revision, cursor: cursor.into() }
}

pub(crate) fn snapshot_start(revision: u64) -> Step {
    let position = Some(at(revision, "start"));
    Step::Send(Event::SnapshotStart(SnapshotStart { position, count: 2, ..Default::default() }))
}

pub(crate) fn snapshot_batch<const N: usize>(findings: [(&str, u64); N], cursor: &str) -> Step {
    let findings = findings.map(|(start, revision)| finding(start, revision)).to_vec();
    Step::Send(Event::SnapshotBatch(SnapshotBatch { findings, cursor: cursor.into() }))
}

pub(crate) fn snapshot_end(revision: u64, findings_sent: u64) -> Step {
    let position = Some(at(revision, &format!("t{revision}")));
    Step::Send(Event::SnapshotEnd(SnapshotEnd { position, findings_sent }))
}

/// A change of a finding whose image is as old as the change.
pub(crate) fn change(start: &str, revision: u64) -> Change {
    Change {
        revision,
        event_id: format!("log:{revision}"),
        kinds: vec![ChangeKind::Triaged.into()],
        finding_id: id(start),
        finding: Some(finding(start, revision)),
        filter_effect: FilterEffect::Stayed.into(),
        ..Change::default()
    }
}

pub(crate) fn batch<const N: usize>(after: u64, through: u64, changes: [(&str, u64); N]) -> Step {
    Step::Send(Event::ChangeBatch(ChangeBatch {
        changes: changes.map(|(start, revision)| change(start, revision)).to_vec(),
        after_revision: after,
        through_revision: through,
        cursor: format!("t{through}"),
    }))
}

pub(crate) fn bookmark(revision: u64) -> Step {
    let position = Some(at(revision, &format!("t{revision}")));
    let coverage = Some(Coverage { complete: true, ..Coverage::default() });
    Step::Send(Event::Bookmark(Bookmark { position, coverage, ..Bookmark::default() }))
}
