//! One pass over one unit.

use std::collections::HashSet;

use futures::stream::{FuturesUnordered, StreamExt};
use metrics::counter;
use muster_core::ids::FindingId;
use muster_core::plan;
use muster_core::report::{Report, ReportDigest, Status, Unmapped};
use muster_core::time::Millis;
use muster_core::triage::TriageState;
use muster_core::unit::{Checkpoint, SourceKind, Unit};
use muster_sources::source::{Page, Pass, PassKind, Source, SourceError};
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;

use super::scope::{Memory, millis};
use super::{CHECKPOINT_REST, Collector, OVERLAP};
use crate::view::View;
use crate::writer::{Ingest, WriteError, WriterHandle};

/// How many pages of a unit may wait to be durable while the next one is read.
const PAGES_IN_FLIGHT: usize = 4;

/// How many reports are sent to the writer at once: one Trusted Advisor answer may have thousands.
const INGEST_REPORTS_MAX: usize = 500;

/// How much of a document that is too large to be stored is kept, in bytes.
const TOO_LARGE_KEPT: usize = 64 * 1024;

/// What a complete pass did.
#[derive(Debug, Default)]
pub(super) struct PassDone {
    /// It read everything.
    pub(super) sweep: bool,
    /// Documents.
    pub(super) read: u64,
    /// Findings that were made or changed.
    pub(super) changed: u64,
    /// Findings that changed because something is gone.
    pub(super) gone: u64,
    /// What went wrong with parts of it.
    pub(super) remarks: Vec<String>,
}

/// Why a pass did not come to its end.
#[derive(Debug)]
pub(super) enum PassError {
    /// The process stops.
    Stopped,
    /// AWS.
    Source(SourceError),
    /// The store.
    Write(WriteError),
}

impl From<SourceError> for PassError {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}

impl From<WriteError> for PassError {
    fn from(error: WriteError) -> Self {
        Self::Write(error)
    }
}

/// Reads what is due of a unit, and moves its checkpoint when all of it is durable.
pub(super) async fn run(
    collector: &Collector,
    source: &dyn Source,
    unit: &Unit,
    memory: &mut Memory,
    stop: &CancellationToken,
) -> Result<PassDone, PassError> {
    let until = collector.now();
    let kind = due(collector, &memory.checkpoint, until);
    let mut done = pass(collector, source, unit, memory, (kind, until), stop).await?;
    // With a sweep it was read.
    let until = collector.now();
    if source.has_triage_lane()
        && let Some(kind) = triage_due(collector, &memory.checkpoint, until)
    {
        let more = pass(collector, source, unit, memory, (kind, until), stop).await?;
        done.read += more.read;
        done.changed += more.changed;
        done.remarks.extend(more.remarks);
    }
    Ok(done)
}

/// One pass of this kind.
async fn pass(
    collector: &Collector,
    source: &dyn Source,
    unit: &Unit,
    memory: &mut Memory,
    (kind, until): (PassKind, Millis),
    stop: &CancellationToken,
) -> Result<PassDone, PassError> {
    let pass = Pass { kind, until, checkpoint: memory.checkpoint.clone() };
    let mut reader = source.read(unit, pass);
    let mut done = PassDone { sweep: kind == PassKind::Sweep, ..PassDone::default() };
    let mut seen = Seen::default();
    let mut storing = FuturesUnordered::new();
    let ended = loop {
        let page = tokio::select! {
            biased;
            () = stop.cancelled() => break Err(PassError::Stopped),
            page = reader.next_page() => page,
        };
        let page = match page {
            Ok(Some(page)) => page,
            Ok(None) => break Ok(()),
            Err(error) => break Err(error.into()),
        };
        done.read += page.documents.len() as u64;
        done.remarks.extend(page.remarks.iter().cloned());
        for ingest in changed(collector, page, &mut seen) {
            // A task of its own: it goes on while the next page is waited for.
            let (writer, unit) = (collector.writer.clone(), unit.clone());
            storing.push(tokio::spawn(async move { store(&writer, &unit, ingest).await }));
        }
        while storing.len() >= PAGES_IN_FLIGHT
            && let Some(stored) = storing.next().await
        {
            done.changed += joined(stored)?;
        }
    };
    // What was read is stored, however the pass ended.
    while let Some(stored) = storing.next().await {
        done.changed += joined(stored)?;
    }
    // Who was seen is suspected no more.
    memory.suspects.retain(|digest| !seen.reports.contains(digest));
    ended?;
    let memo = reader.memo();
    let next = next(&memory.checkpoint, kind, until, memo);
    advance(collector, unit, memory, &done, next, until).await?;
    // Trusted Advisor always has checks: an answer without any says nothing.
    let empty = unit.source == SourceKind::TrustedAdvisor && seen.is_empty();
    if done.sweep && !seen.unmapped && !empty {
        done.gone = conclude(collector, unit, memory, &seen).await?;
    }
    count(unit, kind, &done);
    Ok(done)
}

/// The outcome of a task that stores a page.
fn joined(stored: Result<Result<u64, WriteError>, JoinError>) -> Result<u64, WriteError> {
    stored.unwrap_or_else(|error| Err(WriteError::Closed(error.to_string())))
}

/// Everything when the last complete sweep is too old, else what changed.
fn due(collector: &Collector, checkpoint: &Checkpoint, now: Millis) -> PassKind {
    let sweep_ms = millis(collector.schedule.sweep);
    let fresh = checkpoint.swept.is_some_and(|swept| now.since(swept) < sweep_ms);
    match checkpoint.watermark {
        Some(watermark) if fresh => {
            PassKind::Incremental { since: watermark.plus(-millis(OVERLAP)) }
        }
        Some(_) | None => PassKind::Sweep,
    }
}

/// A pass over what people decided, when the last one or the last sweep is too old.
fn triage_due(collector: &Collector, checkpoint: &Checkpoint, now: Millis) -> Option<PassKind> {
    // A checkpoint of before there was a lane says nothing of it: then the sweep's time stands for it.
    let last = checkpoint.triaged.max(checkpoint.swept)?;
    let is_due = now.since(last) >= millis(collector.schedule.triage);
    is_due.then(|| PassKind::Triage { since: last.plus(-millis(OVERLAP)) })
}

/// The checkpoint after a complete pass.
fn next(former: &Checkpoint, kind: PassKind, until: Millis, memo: String) -> Checkpoint {
    match kind {
        PassKind::Triage { .. } => Checkpoint { triaged: Some(until), ..former.clone() },
        PassKind::Incremental { .. } => {
            Checkpoint { watermark: Some(until), memo, ..former.clone() }
        }
        PassKind::Sweep => Checkpoint {
            watermark: Some(until),
            swept: Some(until),
            triaged: Some(until),
            sweeps: former.sweeps + 1,
            memo,
        },
    }
}

/// What a pass has met.
#[derive(Default)]
struct Seen {
    reports: HashSet<ReportDigest>,
    unjudged: HashSet<String>,
    /// A document could not be mapped: whose report is missing cannot be said.
    unmapped: bool,
}

impl Seen {
    fn is_empty(&self) -> bool {
        self.reports.is_empty() && self.unjudged.is_empty()
    }
}

/// What of a page must be stored. An unchanged report costs a hash and a look-up.
fn changed(collector: &Collector, page: Page, seen: &mut Seen) -> Vec<Ingest> {
    seen.unjudged.extend(page.unjudged);
    seen.reports.extend(page.present.iter().map(muster_core::report::ReportKey::digest));
    let mut hashed = Vec::with_capacity(page.documents.len());
    let mut unmapped: Vec<Unmapped> = Vec::new();
    for document in page.documents {
        match document.into_reports() {
            Ok(reports) => hashed.extend(reports.into_iter().map(|report| {
                let (digest, hash) = (report.key.digest(), report.content_hash());
                (digest, hash, report)
            })),
            Err(document) => unmapped.push(document),
        }
    }
    seen.unmapped |= !unmapped.is_empty();
    seen.reports.extend(hashed.iter().map(|(digest, ..)| *digest));
    let mut reports: Vec<(Report, u64)> = {
        let view = collector.view.read().expect("no holder of this lock panics");
        hashed
            .into_iter()
            .filter(|(digest, hash, report)| !unchanged(&view, digest, *hash, report))
            .map(|(_, hash, report)| (report, hash))
            .collect()
    };
    let mut ingests = Vec::new();
    while !reports.is_empty() || !unmapped.is_empty() {
        let rest = reports.split_off(reports.len().min(INGEST_REPORTS_MAX));
        let unmapped = std::mem::take(&mut unmapped);
        ingests.push(Ingest { reports, unmapped, checkpoint: None });
        reports = rest;
    }
    ingests
}

/// Whether nothing has to be written for a report. One that is still active must be looked at where
/// its finding was declared done: the source may have looked again since. One whose stored times are
/// old is written again, so that its absence can be judged by them.
fn unchanged(view: &View, digest: &ReportDigest, hash: u64, report: &Report) -> bool {
    view.report(digest).is_some_and(|known| {
        let reopens = known.triage == TriageState::Done && report.status == Status::Active;
        let refreshes = plan::refreshes(known.looked_hour, report.looked_hour());
        known.content_hash == hash && !known.absent && !reopens && !refreshes
    })
}

/// Stores a part of a page; says how many findings were made or changed. What is too large to be
/// stored is sent alone, and at last kept as a document that could not be mapped.
async fn store(writer: &WriterHandle, unit: &Unit, page: Ingest) -> Result<u64, WriteError> {
    let again = page.clone();
    let (refusal, alone) = match writer.ingest(unit.clone(), page).await {
        Ok(done) => return Ok(done.created + done.changed),
        Err(WriteError::TooLarge { message, alone }) => (message, alone),
        Err(error) => return Err(error),
    };
    let documents = again.reports.len() + again.unmapped.len();
    if documents <= 1 && !alone {
        // Somebody else's row was too large, and this came with it.
        return Box::pin(store(writer, unit, again)).await;
    }
    if let ([(report, _)], 1) = (again.reports.as_slice(), documents) {
        let raw = report.raw.slice(..report.raw.len().min(TOO_LARGE_KEPT));
        let unmapped = vec![Unmapped { error: refusal, raw }];
        return Box::pin(store(writer, unit, Ingest { unmapped, ..Ingest::default() })).await;
    }
    if documents <= 1 {
        return Err(WriteError::TooLarge { message: refusal, alone });
    }
    let mut changed = 0;
    let reports = again
        .reports
        .into_iter()
        .map(|report| Ingest { reports: vec![report], ..Ingest::default() });
    let unmapped = again
        .unmapped
        .into_iter()
        .map(|document| Ingest { unmapped: vec![document], ..Ingest::default() });
    for page in reports.chain(unmapped) {
        changed += Box::pin(store(writer, unit, page)).await?;
    }
    Ok(changed)
}

/// Moves the checkpoint. It is stored when it says something new, or is old enough.
async fn advance(
    collector: &Collector,
    unit: &Unit,
    memory: &mut Memory,
    done: &PassDone,
    next: Checkpoint,
    until: Millis,
) -> Result<(), WriteError> {
    let rested = memory.stored.as_ref().is_none_or(|(stored, at)| {
        until.since(*at) >= millis(CHECKPOINT_REST) || stored.memo != next.memo || done.sweep
    });
    if rested || done.changed > 0 {
        let page = Ingest { checkpoint: Some(next.clone()), ..Ingest::default() };
        collector.writer.ingest(unit.clone(), page).await?;
        memory.stored = Some((next.clone(), until));
    }
    memory.checkpoint = next;
    Ok(())
}

/// Concludes what two complete sweeps did not return; says how many findings changed.
async fn conclude(
    collector: &Collector,
    unit: &Unit,
    memory: &mut Memory,
    seen: &Seen,
) -> Result<u64, WriteError> {
    let missing: Vec<(FindingId, ReportDigest)> = {
        let view = collector.view.read().expect("no holder of this lock panics");
        let judged = |rule: &str| !seen.unjudged.contains(rule);
        let mut held = view.unit_reports(&unit.to_string(), judged);
        held.retain(|(_, digest)| !seen.reports.contains(digest));
        held
    };
    let suspects = std::mem::take(&mut memory.suspects);
    let (gone, suspects): (Vec<_>, Vec<_>) =
        missing.into_iter().partition(|(_, digest)| suspects.contains(digest));
    memory.suspects = suspects.into_iter().map(|(_, digest)| digest).collect();
    if gone.is_empty() { Ok(0) } else { collector.writer.conclude(gone).await }
}

fn count(unit: &Unit, kind: PassKind, done: &PassDone) {
    let source = unit.source.as_str();
    let kind = match kind {
        PassKind::Sweep => "sweep",
        PassKind::Incremental { .. } => "incremental",
        PassKind::Triage { .. } => "triage",
    };
    counter!("muster_collect_passes_total", "source" => source, "kind" => kind).increment(1);
    counter!("muster_collect_documents_total", "source" => source).increment(done.read);
    counter!("muster_collect_changes_total", "source" => source)
        .increment(done.changed + done.gone);
}
