//! What the demo prints.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::Duration;

use muster_core::change::{Change, ChangeKind};
use muster_core::filter::Filter;
use muster_core::finding::Finding;
use muster_core::ids::{FindingId, Revision};
use muster_core::priority::Band;
use muster_core::time::Millis;
use tokio_util::sync::CancellationToken;

use crate::api::Backend;
use crate::view::{Order, Query};

/// How many findings stand in the table.
const TOP: usize = 10;

/// A burst of changes is shown when it has been quiet for so long.
const QUIET: Duration = Duration::from_millis(700);

/// More changes at once than this are counted, not listed.
const LINES_MAX: usize = 6;

/// Prints what happens.
pub(super) struct Screen {
    backend: Backend,
    shown: Revision,
    top: Vec<(FindingId, u16)>,
}

impl Screen {
    pub(super) fn new(backend: Backend) -> Self {
        Self { backend, shown: Revision::ZERO, top: Vec::new() }
    }

    /// Says what runs and what to try.
    pub(super) fn welcome(address: SocketAddr, elsewhere: bool, emulator: &str) -> io::Result<()> {
        let server = if elsewhere { format!(" --server http://{address}") } else { String::new() };
        let text = format!(
            "\
Muster demo: the real server and collectors, an emulator of AWS with a made-up company, a temporary store.
  API {address}    emulator {emulator}    Ctrl-C ends it and removes the store

Try in another terminal (from the source tree: cargo run -q --bin muster -- ls):
  muster{server} ls                      the most urgent first
  muster{server} get ID                  one finding, and why it stands where it stands
  muster{server} watch                   what changes, as it changes
  muster{server} ack ID                  a decision; also start, snooze, suppress, done, reopen
  muster{server} units                   what is being read, and what cannot be

"
        );
        print(&text)
    }

    /// Prints what changes, until `stop`.
    pub(super) async fn run(mut self, stop: CancellationToken) -> io::Result<()> {
        let mut head = self.backend.feed.subscribe();
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                moved = head.changed() => if moved.is_err() { return Ok(()) },
            }
            // The beginning comes in bursts: wait for the end of one, but not for ever.
            let first = tokio::time::Instant::now();
            while first.elapsed() < 4 * QUIET {
                let quiet = tokio::time::timeout(QUIET, head.changed()).await;
                if !matches!(quiet, Ok(Ok(()))) {
                    break;
                }
            }
            let backend = self.backend.clone();
            let shown = self.shown;
            let read = tokio::task::spawn_blocking(move || News::read(&backend, shown));
            let Ok(Ok(news)) = read.await else { return Ok(()) };
            self.show(&news)?;
        }
    }

    fn show(&mut self, news: &News) -> io::Result<()> {
        let mut text = String::new();
        let now = self.backend.clock.now();
        if self.shown > Revision::ZERO {
            for (change, title) in news.changes.iter().take(LINES_MAX) {
                text.push_str(&line(change, title));
            }
            let more = news.changes.len().saturating_sub(LINES_MAX);
            if more > 0 {
                text.push_str(&" ".repeat(10));
                let more = format!("and {more} more changes\n");
                text.push_str(&more);
            }
        }
        self.shown = news.head;
        let top: Vec<(FindingId, u16)> =
            news.top.iter().map(|finding| (finding.id, finding.priority.score)).collect();
        if top != self.top {
            text.push_str(&news.table(now));
            self.top = top;
        }
        print(&text)
    }
}

/// What is new since the last look.
struct News {
    head: Revision,
    changes: Vec<(Change, String)>,
    top: Vec<Finding>,
    total: u64,
    reports: u64,
    units: usize,
    degraded: usize,
}

impl News {
    fn read(backend: &Backend, shown: Revision) -> Result<Self, crate::store::StoreError> {
        const CHANGES_MAX: usize = 1000;
        let changes = match backend.feed.recent(shown, CHANGES_MAX) {
            Some(recent) => recent
                .iter()
                .map(|done| (done.change.clone(), done.finding.facts.title.clone()))
                .collect(),
            None => Vec::new(),
        };
        let filter = Filter::all();
        let query = Query { filter: &filter, order: Order::Priority, after: None, limit: TOP };
        let page = backend.view.read().expect("no holder of this lock panics").page(&query);
        let ids: Vec<FindingId> = page.positions.iter().map(|position| position.id).collect();
        let coverage = backend.units.coverage();
        let view = backend.view.read().expect("no holder of this lock panics");
        let units = backend.units.page("", usize::MAX, |_| true);
        let reports =
            units.iter().map(|state| view.unit_report_count(&state.unit.to_string())).sum();
        drop(view);
        Ok(Self {
            head: backend.feed.head(),
            changes,
            top: backend.store.findings(&ids)?.into_iter().flatten().collect(),
            total: page.total,
            reports,
            units: coverage.units,
            degraded: coverage.degraded.len(),
        })
    }

    fn table(&self, now: Millis) -> String {
        let mut text = format!(
            "\n{}  {} findings from {} reports; {} of {} units read\n",
            time(now),
            self.total,
            self.reports,
            self.units - self.degraded,
            self.units,
        );
        text.push_str("  BAND SCORE SEVERITY  ID        ACCOUNT       REGION     SOURCES  WHAT\n");
        for finding in &self.top {
            let sources = sources(finding);
            let row = format!(
                "  {:4} {:>5} {:9} {}  {}  {:9}  {:7}  {}\n",
                Band::of(finding.priority.score).as_str(),
                finding.priority.score,
                finding.facts.severity.as_str(),
                short(finding.id),
                finding.facts.account,
                finding.facts.region.as_str(),
                sources,
                safe(&finding.facts.title, 70),
            );
            text.push_str(&row);
        }
        text.push('\n');
        text
    }
}

/// The sources of a finding by their initials: `SH GD AA TA`.
fn sources(finding: &Finding) -> String {
    use muster_core::unit::SourceKind;
    let initials = SourceKind::ALL.into_iter().filter_map(|kind| {
        let there = finding.reports.iter().any(|held| held.report.source == kind);
        there.then_some(match kind {
            SourceKind::SecurityHub => "SH",
            SourceKind::GuardDuty => "GD",
            SourceKind::AccessAnalyzer => "AA",
            SourceKind::TrustedAdvisor => "TA",
            SourceKind::Inspector => "IN",
            SourceKind::Macie => "MA",
            SourceKind::Config => "CO",
        })
    });
    initials.collect::<Vec<_>>().join("+")
}

/// One change: when, what, whose score.
fn line(change: &Change, title: &str) -> String {
    let what = if change.kinds.contains(&ChangeKind::Created) {
        "new".to_owned()
    } else {
        let told = ["triage.state", "status", "severity", "priority.score"];
        let moved = change.fields.iter().find(|field| told.contains(&field.field.as_str()));
        moved.map_or_else(
            || change.kinds.first().map_or("", |kind| kind.as_str()).to_ascii_lowercase(),
            |field| format!("{} -> {}", field.before, field.after),
        )
    };
    format!(
        "{}  {:>4}  {:24} {}  {}\n",
        time(change.time),
        change.after.score,
        safe(&what, 24),
        short(change.finding),
        safe(title, 70),
    )
}

/// Enough of an id to name it.
fn short(id: FindingId) -> String {
    id.to_string().chars().skip(muster_core::ids::FINDING_ID_PREFIX.len()).take(8).collect()
}

fn time(at: Millis) -> String {
    at.to_string().get(11..19).unwrap_or_default().to_owned()
}

/// Titles come from whoever can create a resource: nothing of them may steer the terminal.
fn safe(text: &str, chars_max: usize) -> String {
    let visible = |char: &char| {
        !char.is_control()
            && !matches!(*char, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
    };
    text.chars().filter(visible).take(chars_max).collect()
}

fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
