use std::collections::VecDeque;
use std::sync::Mutex;

use muster_core::finding::Absence;
use muster_core::ids::Revision;
use muster_core::report::{Report, Unmapped};
use muster_core::triage::{TriageAction, TriageState};
use muster_core::unit::{Unit, UnitCondition};
use muster_sources::document::Document;
use muster_sources::source::{Fault, FoundUnit, Page, Pass, PassKind, Reader, SourceError};

use super::pass::{PassDone, PassError};
use super::scope::{Memory, rest_after};
use super::*;
use crate::testing::{Bench, decision, report, unit};
use crate::writer::Decisions;

/// A pass, page by page.
type Script = Vec<Result<Page, SourceError>>;

/// A source whose passes are written down.
struct Scripted {
    units: Vec<FoundUnit>,
    passes: Mutex<VecDeque<Script>>,
    asked: Mutex<Vec<Pass>>,
    lane: bool,
}

impl Scripted {
    fn new(passes: impl IntoIterator<Item = Script>) -> Self {
        Self {
            units: vec![FoundUnit::readable(unit())],
            passes: Mutex::new(passes.into_iter().collect()),
            asked: Mutex::default(),
            lane: false,
        }
    }
}

#[async_trait::async_trait]
impl Source for Scripted {
    fn scope(&self) -> Unit {
        Unit { part: String::new(), ..unit() }
    }

    async fn units(&self) -> Result<Vec<FoundUnit>, SourceError> {
        Ok(self.units.clone())
    }

    fn has_triage_lane(&self) -> bool {
        self.lane
    }

    fn read(&self, _: &Unit, pass: Pass) -> Box<dyn Reader> {
        self.asked.lock().unwrap().push(pass);
        let script = self.passes.lock().unwrap().pop_front().unwrap_or_default();
        Box::new(ScriptedReader(script.into()))
    }
}

struct ScriptedReader(VecDeque<Result<Page, SourceError>>);

#[async_trait::async_trait]
impl Reader for ScriptedReader {
    async fn next_page(&mut self) -> Result<Option<Page>, SourceError> {
        self.0.pop_front().transpose()
    }

    fn memo(&self) -> String {
        "memo".to_owned()
    }
}

fn documents(reports: &[Report]) -> Page {
    let documents =
        reports.iter().map(|report| Document::Report(Box::new(report.clone()))).collect();
    Page { documents, ..Page::default() }
}

fn error(condition: UnitCondition) -> SourceError {
    SourceError {
        condition,
        fault: Fault::Refused,
        operation: "guardduty:ListFindings",
        code: "SomeException".to_owned(),
        message: "it said no".to_owned(),
        hint: "ask again".to_owned(),
    }
}

fn collector(bench: &Bench) -> Collector {
    Collector {
        view: Arc::clone(&bench.view),
        writer: bench.writer.clone(),
        units: Arc::default(),
        quarantine: Arc::clone(&bench.quarantine),
        clock: bench.clock.clone(),
        schedule: Schedule {
            interval: BTreeMap::new(),
            sweep: Duration::from_hours(6),
            triage: Duration::from_mins(15),
        },
        checkpoints: BTreeMap::new(),
        passes: Semaphore::new(PASSES_MAX),
    }
}

async fn pass(
    collector: &Collector,
    source: &Scripted,
    memory: &mut Memory,
) -> Result<PassDone, PassError> {
    super::pass::run(collector, source, &unit(), memory, &CancellationToken::new()).await
}

#[tokio::test]
async fn the_first_pass_sweeps_and_the_next_reads_what_changed_with_an_overlap() {
    let bench = Bench::new();
    let collector = collector(&bench);
    let source = Scripted::new([vec![Ok(documents(&[report(1)])), Ok(documents(&[report(2)]))]]);
    let mut memory = Memory::default();

    let first = pass(&collector, &source, &mut memory).await.unwrap();
    bench.clock.pass(60_000);
    pass(&collector, &source, &mut memory).await.unwrap();

    assert_eq!((first.sweep, first.read, first.changed), (true, 2, 2));
    let stored = checkpoints(&*bench.store).unwrap();
    let began = crate::testing::NOW;
    let checkpoint = &stored[&unit().to_string()];
    assert_eq!((checkpoint.watermark, checkpoint.swept), (Some(began), Some(began)));
    assert_eq!(checkpoint.memo, "memo");
    let asked = source.asked.lock().unwrap();
    assert_eq!((asked[0].kind, asked[0].until), (PassKind::Sweep, began));
    assert_eq!(asked[1].kind, PassKind::Incremental { since: began.plus(-15 * 60_000) });
    assert_eq!(asked[1].until, began.plus(60_000));
}

#[tokio::test]
async fn what_people_decided_is_read_on_a_schedule_of_its_own_and_concludes_nothing() {
    let bench = Bench::new();
    let collector = collector(&bench);
    let both = vec![Ok(documents(&[report(1), report(2)]))];
    let only_one = vec![Ok(documents(&[report(1)]))];
    let passes = [both, Vec::new(), Vec::new(), only_one, Vec::new()];
    let source = Scripted { lane: true, ..Scripted::new(passes) };
    let mut memory = Memory::default();
    let minute = 60_000;

    for minutes in [0, 10, 5, 5] {
        bench.clock.pass(minutes * minute);
        pass(&collector, &source, &mut memory).await.unwrap();
    }

    let began = crate::testing::NOW;
    let kinds: Vec<PassKind> = source.asked.lock().unwrap().iter().map(|one| one.kind).collect();
    let incremental =
        |minutes: i64| PassKind::Incremental { since: began.plus((minutes - 15) * minute) };
    let triage = PassKind::Triage { since: began.plus(-15 * minute) };
    assert_eq!(kinds, [PassKind::Sweep, incremental(0), incremental(10), triage, incremental(15)]);
    let checkpoint = &memory.checkpoint;
    assert_eq!(checkpoint.triaged, Some(began.plus(15 * minute)));
    assert_eq!(checkpoint.watermark, Some(began.plus(20 * minute)));
    assert!(memory.suspects.is_empty(), "nothing is missed by what reads a part");
}

#[tokio::test]
async fn unchanged_reports_write_nothing() {
    let bench = Bench::new();
    let collector = collector(&bench);
    let page = || vec![Ok(documents(&[report(1), report(2)]))];
    let source = Scripted::new([page(), page()]);
    let mut memory = Memory::default();
    pass(&collector, &source, &mut memory).await.unwrap();
    let stored = checkpoints(&*bench.store).unwrap();

    bench.clock.pass(60_000);
    let again = pass(&collector, &source, &mut memory).await.unwrap();

    assert_eq!((again.read, again.changed), (2, 0));
    assert_eq!(bench.store.head(), Revision(2));
    assert_eq!(checkpoints(&*bench.store).unwrap(), stored);
    // In memory the unit is as fresh as its last pass.
    assert_eq!(memory.checkpoint.watermark, Some(crate::testing::NOW.plus(60_000)));
}

#[tokio::test]
async fn a_sighting_is_written_once_in_thirty_days() {
    let bench = Bench::new();
    let collector = collector(&bench);
    let began = crate::testing::NOW;
    let day_ms = muster_core::time::DAY_MS;
    let seen = |days: i64| {
        let class = muster_core::report::FindingClass::Misconfiguration;
        let looked = Some(began.plus(days * day_ms));
        let report = Report { class, last_observed: looked, provider_updated: looked, ..report(1) };
        vec![Ok(documents(&[report]))]
    };
    let source = Scripted::new([seen(0), seen(29), seen(30), seen(59)]);
    let mut memory = Memory::default();

    let mut changed = Vec::new();
    for _ in 0..4 {
        changed.push(pass(&collector, &source, &mut memory).await.unwrap().changed);
        bench.clock.pass(30 * day_ms);
    }

    assert_eq!(changed, [1, 0, 1, 0]);
}

#[tokio::test]
async fn a_pass_that_breaks_off_keeps_what_it_read_and_moves_no_checkpoint() {
    let bench = Bench::new();
    let collector = collector(&bench);
    let broken = vec![Ok(documents(&[report(1)])), Err(error(UnitCondition::Failing))];
    let source = Scripted::new([broken]);
    let mut memory = Memory::default();

    let outcome = pass(&collector, &source, &mut memory).await;

    assert!(matches!(outcome, Err(PassError::Source(_))));
    assert_eq!(memory.checkpoint, Checkpoint::default());
    assert_eq!(checkpoints(&*bench.store).unwrap(), BTreeMap::new());
    // The page that was read may be stored already; storing it again later changes nothing.
    assert!(bench.store.head() <= Revision(1));
}

#[tokio::test]
async fn what_two_complete_sweeps_miss_is_gone_and_not_before() {
    let bench = Bench::new();
    let mut collector = collector(&bench);
    collector.schedule.sweep = Duration::from_secs(1);
    let both = || vec![Ok(documents(&[report(1), report(2)]))];
    let one = || vec![Ok(documents(&[report(1)]))];
    let broken = || vec![Ok(documents(&[report(1)])), Err(error(UnitCondition::Failing))];
    let source = Scripted::new([both(), one(), both(), one(), broken(), one()]);
    let mut memory = Memory::default();
    let absent = |bench: &Bench| bench.finding(&report(2)).unwrap().reports[0].absence;

    let mut seen = Vec::new();
    for _ in 0..6 {
        // What a broken pass says does not matter here, only what is concluded from it.
        drop(pass(&collector, &source, &mut memory).await);
        bench.clock.pass(1000);
        seen.push(absent(&bench));
    }

    // Missed once, seen again, missed once, a broken sweep, missed twice.
    let gone = Some(Absence::Unobservable);
    assert_eq!(seen, [None, None, None, None, None, gone]);
    assert_eq!(bench.finding(&report(1)).unwrap().reports[0].absence, None);

    source.passes.lock().unwrap().push_back(both());
    pass(&collector, &source, &mut memory).await.unwrap();
    assert_eq!(absent(&bench), None);
}

#[tokio::test]
async fn nothing_is_concluded_from_a_rule_that_was_not_judged_or_a_report_that_is_present() {
    let bench = Bench::new();
    let mut collector = collector(&bench);
    collector.schedule.sweep = Duration::from_secs(1);
    let all = vec![Ok(documents(&[report(1), report(2)]))];
    let unjudged = || {
        let page = Page { unjudged: vec![report(1).rule_id], ..Page::default() };
        vec![Ok(page)]
    };
    let present = || {
        let page = Page { present: vec![report(1).key, report(2).key], ..Page::default() };
        vec![Ok(page)]
    };
    let source = Scripted::new([all, unjudged(), unjudged(), present(), present()]);
    let mut memory = Memory::default();

    for _ in 0..5 {
        pass(&collector, &source, &mut memory).await.unwrap();
        bench.clock.pass(1000);
    }

    assert_eq!(bench.store.head(), Revision(2));
}

#[tokio::test]
async fn a_finding_that_is_done_reopens_when_the_source_looked_again() {
    let bench = Bench::new();
    let collector = collector(&bench);
    let mut later = report(1);
    later.last_observed = Some(crate::testing::NOW.plus(120_000));
    later.class = muster_core::report::FindingClass::Misconfiguration;
    let mut before = later.clone();
    before.last_observed = Some(crate::testing::NOW);
    let pages =
        [&before, &before, &later].map(|report| vec![Ok(documents(std::slice::from_ref(report)))]);
    let source = Scripted::new(pages);
    let mut memory = Memory::default();
    pass(&collector, &source, &mut memory).await.unwrap();
    bench.clock.pass(60_000);
    let reason = muster_core::triage::TriageReason::Fixed;
    let done = decision(&before, TriageAction::Done { reason });
    let asked = Decisions { decisions: vec![done], atomic: true, request: None };
    bench.writer.decide(asked).await.unwrap();

    pass(&collector, &source, &mut memory).await.unwrap();
    assert_eq!(bench.finding(&before).unwrap().triage.state, TriageState::Done);

    pass(&collector, &source, &mut memory).await.unwrap();
    assert_eq!(bench.finding(&before).unwrap().triage.state, TriageState::New);
    let change = bench.store.change(bench.store.head()).unwrap().unwrap();
    assert!(change.comment.contains("still"), "{}", change.comment);
}

#[tokio::test]
async fn one_page_with_thousands_of_reports_and_a_broken_document_is_stored_whole() {
    let bench = Bench::new();
    let collector = collector(&bench);
    let reports: Vec<_> = (0..1201).map(report).collect();
    let mut page = documents(&reports);
    page.documents.push(Document::Unmapped(Unmapped {
        error: "severity: missing".to_owned(),
        raw: "{".into(),
    }));
    let source = Scripted::new([vec![Ok(page)]]);

    let done = pass(&collector, &source, &mut Memory::default()).await.unwrap();

    assert_eq!((done.read, done.changed), (1202, 1201));
    assert_eq!(bench.quarantine.count(&unit().to_string()), 1);
}

#[tokio::test]
async fn a_stop_ends_the_pass_between_two_pages() {
    let bench = Bench::new();
    let collector = collector(&bench);
    let source = Scripted::new([vec![Ok(documents(&[report(1)]))]]);
    let stop = CancellationToken::new();
    stop.cancel();

    let outcome =
        super::pass::run(&collector, &source, &unit(), &mut Memory::default(), &stop).await;

    assert!(matches!(outcome, Err(PassError::Stopped)));
    assert_eq!(bench.store.head(), Revision::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_unit_that_fails_shows_why_and_stops_no_other() {
    let bench = Bench::new();
    let collector = collector(&bench);
    let board = Arc::clone(&collector.units);
    let denied = Scripted::new([vec![Err(error(UnitCondition::Denied))]]);
    let mut absent = Scripted::new([]);
    let other = Unit { region: "eu-west-1".parse().unwrap(), part: String::new(), ..unit() };
    absent.units =
        vec![FoundUnit { unit: other.clone(), obstacle: Some(error(UnitCondition::NotEnabled)) }];
    let mut healthy = Scripted::new([vec![Ok(documents(&[report(1)]))]]);
    let third = Unit { region: "us-east-1".parse().unwrap(), ..unit() };
    healthy.units = vec![FoundUnit::readable(third.clone())];
    let sources: Vec<Box<dyn Source>> = vec![Box::new(denied), Box::new(absent), Box::new(healthy)];
    let stop = CancellationToken::new();
    let shown = |name: String| board.unit(&name).map(|state| state.condition);
    let settled = || {
        shown(unit().to_string()) == Some(UnitCondition::Denied)
            && shown(other.to_string()) == Some(UnitCondition::NotEnabled)
            && shown(third.to_string()) == Some(UnitCondition::Healthy)
    };

    let watch = async {
        while !settled() {
            tokio::task::yield_now().await;
        }
        stop.cancel();
    };
    tokio::join!(collector.read(&sources, &stop), watch);

    let state = board.unit(&unit().to_string()).unwrap();
    let shown = state.error.unwrap();
    assert_eq!((shown.code.as_str(), shown.hint.as_str()), ("SomeException", "ask again"));
    let coverage = board.coverage();
    assert!(!coverage.complete());
    assert_eq!(coverage.degraded.len(), 2);
}

#[test]
fn failures_rest_longer_each_time_and_an_hour_where_a_person_must_act() {
    let minute = Duration::from_mins(1);
    let transient = error(UnitCondition::Unreachable);
    let rest = |failures| rest_after("unit", failures, &transient, minute);

    assert!(rest(0) >= minute && rest(0) < minute * 2);
    assert!(rest(1) > rest(0) && rest(2) > rest(1));
    assert!(rest(40) >= BACKOFF_MAX && rest(40) <= BACKOFF_MAX + BACKOFF_MAX / 5);
    assert_ne!(rest(3), rest_after("another", 3, &transient, minute));
    let denied = rest_after("unit", 0, &error(UnitCondition::Denied), minute);
    assert!(denied >= PERSON_RETRY);
}

/// A source that is listed once and then denies the list.
struct ListedOnce(Scripted, Mutex<bool>);

#[async_trait::async_trait]
impl Source for ListedOnce {
    fn scope(&self) -> Unit {
        self.0.scope()
    }

    async fn units(&self) -> Result<Vec<FoundUnit>, SourceError> {
        let listed = std::mem::replace(&mut *self.1.lock().unwrap(), true);
        if listed { Err(error(UnitCondition::Denied)) } else { self.0.units().await }
    }

    fn read(&self, unit: &Unit, pass: Pass) -> Box<dyn Reader> {
        self.0.read(unit, pass)
    }
}

#[tokio::test(start_paused = true)]
async fn units_whose_list_is_denied_do_not_look_healthy_any_more() {
    let bench = Bench::new();
    let collector = collector(&bench);
    let board = Arc::clone(&collector.units);
    let source = Scripted::new([vec![Ok(documents(&[report(1)]))]]);
    let sources: Vec<Box<dyn Source>> = vec![Box::new(ListedOnce(source, Mutex::new(false)))];
    let stop = CancellationToken::new();
    let shown = || board.unit(&unit().to_string()).map(|state| state.condition);
    let watch = async {
        for condition in [UnitCondition::Healthy, UnitCondition::Denied] {
            while shown() != Some(condition) {
                tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            }
        }
        stop.cancel();
    };

    tokio::join!(collector.read(&sources, &stop), watch);

    assert_eq!(shown(), Some(UnitCondition::Denied));
}
