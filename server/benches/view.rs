//! Measures the view in memory: `cargo bench -p muster-server --bench view [findings ..]`.
//!
//! For each size (100,000 and a million unless others are given): how long building takes, how much
//! memory a finding costs, how long a page of 50 takes for each filter, cold (the selection is made)
//! and warm (the selection is kept), how long a summary takes, and how long applying a change takes.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

#[path = "view/heads.rs"]
mod heads;

use std::time::{Duration, Instant};

use muster_core::filter::Filter;
use muster_core::ids::{FindingId, Revision};
use muster_core::maturity::{Table, Tally};
use muster_core::report::Status;
use muster_core::time::Millis;
use muster_server::view::{GroupBy, Loader, Order, Position, Query, View};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::heads::{ACCOUNTS, REGIONS, account, synthetic_heads};

/// How often each filter is asked.
const ROUNDS: usize = 300;

/// What people ask for, from plain to correlated. `{account}`, `{region}`, `{hex}` and `{rule}` differ
/// from question to question.
const FILTERS: [&str; 26] = [
    "",
    "status = RESOLVED",
    "severity = LOW",
    "account = {account}",
    "status = ACTIVE AND triage = NEW",
    "status = ACTIVE AND severity >= HIGH",
    "status = RESOLVED AND account = {account}",
    "status = RESOLVED AND severity = LOW AND region = {region}",
    "severity = INFORMATIONAL AND NOT triage = SUPPRESSED",
    "NOT status = ACTIVE AND NOT triage = NEW",
    "(class = THREAT OR class = EXPOSURE) AND status = ACTIVE",
    "source = guardduty AND region = {region}",
    "score >= 650",
    "score < 100 AND status = ACTIVE",
    "assignee = \"user7\"",
    "stale = true AND triage != NEW",
    "rule = \"CVE-2025-0{hex4}\"",
    "title : encrypted",
    "title : \"disallowed remote\" AND account = {account}",
    "text : \"sg-0{hex3}\"",
    "text : openssl AND status = ACTIVE",
    "resource : \"i-0{hex4}\"",
    "resource : \"arn:aws:s3\"",
    "resource : \"{region}:{account}\" AND severity >= MEDIUM",
    "resource : \"prod-payments\"",
    "resource : prod",
];

fn main() {
    let sizes: Vec<u32> = std::env::args().filter_map(|size| size.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![100_000, 1_000_000] } else { sizes };
    let runs: Vec<Run> = sizes.iter().map(|size| Run::new(*size)).collect();

    println!(
        "\n{:<64} {:>9} {:>17} {:>17}",
        "page of 50, microseconds", "selected", "cold p50 p99", "warm p50 p99"
    );
    for index in 0..runs.first().map_or(0, |run| run.pages.len()) {
        for run in &runs {
            let page = &run.pages[index];
            println!(
                "{:<54} {:>9} {:>9} {:>8} {:>8} {:>8} {:>8}",
                page.name,
                run.size,
                page.selected,
                us(page.cold.0),
                us(page.cold.1),
                us(page.warm.0),
                us(page.warm.1),
            );
        }
        if let [small, large] = runs.as_slice() {
            let ratio = |of: fn(&PageTimes) -> Duration| {
                of(&large.pages[index]).as_secs_f64() / of(&small.pages[index]).as_secs_f64()
            };
            println!(
                "{:>83} {:>17.1} {:>17.1}",
                "p99 ratio",
                ratio(|page| page.cold.1),
                ratio(|page| page.warm.1)
            );
        }
    }
}

/// The figures of one size.
struct Run {
    size: u32,
    pages: Vec<PageTimes>,
}

/// The median and the 99th percentile of one question.
struct PageTimes {
    name: String,
    selected: u64,
    cold: (Duration, Duration),
    warm: (Duration, Duration),
}

impl Run {
    fn new(size: u32) -> Self {
        let before = resident();
        let mut loader = Loader::default();
        let mut loading = Duration::ZERO;
        for head in synthetic_heads(size, 7) {
            let start = Instant::now();
            loader.add(&head);
            loading += start.elapsed();
        }
        let start = Instant::now();
        let mut view = loader.finish(Revision(u64::from(size) * 3));
        let finishing = start.elapsed();
        let bytes = resident().saturating_sub(before);
        println!(
            "{size} findings: built in {:.2} s (rows {:.2} s, orders {:.2} s), {} MB resident, {} bytes a finding",
            (loading + finishing).as_secs_f64(),
            loading.as_secs_f64(),
            finishing.as_secs_f64(),
            bytes / 1_000_000,
            bytes / u64::from(size),
        );
        measure_maturity(&view);
        let pages = measure_pages(&view);
        measure_summaries(&view);
        measure_lookups(&view, size);
        measure_changes(&mut view, size);
        Self { size, pages }
    }
}

/// How long the maturity report of all accounts takes, and the longest that the writer waits for it.
fn measure_maturity(view: &View) {
    let start = Instant::now();
    let mut tally = Tally::new(&Table::builtin(), Millis(1_770_000_000_000));
    let (mut place, mut longest) = (Some(0), Duration::ZERO);
    while let Some(from) = place {
        let step = Instant::now();
        place = view.tell(&mut tally, from, &|_| true);
        longest = longest.max(step.elapsed());
    }
    let counted = start.elapsed();
    let report = tally.organization(&[]);
    println!(
        "maturity report of {} accounts: {} ms, {} ms of it in the view (longest step {} ms)",
        report.accounts.len(),
        start.elapsed().as_millis(),
        counted.as_millis(),
        longest.as_millis()
    );
}

fn measure_pages(view: &View) -> Vec<PageTimes> {
    let mut random = StdRng::seed_from_u64(11);
    let orders = [
        (Order::Priority, false),
        (Order::Priority, true),
        (Order::RecentlyChanged, false),
        (Order::Newest, false),
    ];
    let mut all = Vec::new();
    for (order, deep) in orders {
        let mut times = vec![(Vec::new(), Vec::new(), 0); FILTERS.len()];
        for _ in 0..ROUNDS {
            // Each filter once a round: by the time it comes again its selection is no longer kept.
            for (filter, (cold, warm, selected)) in FILTERS.iter().zip(&mut times) {
                let filter = Filter::parse(&filled(filter, &mut random)).expect("a filter");
                let after = deep.then(|| somewhere(order, &mut random));
                let query = Query { filter: &filter, order, after, limit: 50 };
                cold.push(timed(|| *selected = view.page(&query).total));
                warm.push(timed(|| view.page(&query)));
            }
        }
        for (filter, (cold, warm, selected)) in FILTERS.iter().zip(times) {
            let name = format!("{order:?}{} {filter}", if deep { ", deep" } else { "" });
            all.push(PageTimes {
                name,
                selected,
                cold: percentiles(cold),
                warm: percentiles(warm),
            });
        }
    }
    all
}

fn measure_summaries(view: &View) {
    use GroupBy::{Account, Band, Class, Region, Rule, Severity, Status, Triage};
    for by in [
        vec![Severity],
        vec![Status, Triage],
        vec![Band, Class],
        vec![Account],
        vec![Account, Region],
        vec![Rule, Account],
    ] {
        for text in ["", "status = ACTIVE AND severity >= HIGH"] {
            let filter = Filter::parse(text).expect("a filter");
            let times = (0..20).map(|_| timed(|| view.summarize(&filter, &by, 100))).collect();
            let (median, worst) = percentiles(times);
            println!(
                "  summary by {by:?} of `{text}`: p50 {} us, p99 {} us",
                us(median),
                us(worst)
            );
        }
    }
}

fn measure_lookups(view: &View, size: u32) {
    let mut random = StdRng::seed_from_u64(13);
    let ids: Vec<FindingId> = (0..10_000)
        .map(|_| FindingId::derive(&format!("finding {}", random.random_range(0..size))))
        .collect();
    let each = |time: Duration| time.as_nanos() / 10_000;
    let contains = timed(|| ids.iter().filter(|id| view.contains(**id)).count());
    let reports: Vec<_> = (0..10_000)
        .map(|_| format!("report {} securityhub", random.random_range(0..size)))
        .map(|key| muster_core::report::ReportDigest(FindingId::derive(&key).0))
        .collect();
    let report = timed(|| reports.iter().filter_map(|key| view.report(key)).count());
    let prefix = timed(|| {
        ids.iter().map(|id| view.resolve(&id.to_string()[4..10], 10).len()).sum::<usize>()
    });
    let open = timed(|| view.open(500, ids.first().copied()));
    let unit = format!("securityhub/{}/{}", account(3), REGIONS[0]);
    let unit_reports = timed(|| view.unit_reports(&unit, |_| true).len());
    println!(
        "  look-ups: finding {} ns, report {} ns, prefix {} ns, 500 open {} us, {} reports of a unit {} us",
        each(contains),
        each(report),
        each(prefix),
        us(open),
        view.unit_report_count(&unit),
        us(unit_reports),
    );
}

fn measure_changes(view: &mut View, size: u32) {
    let mut revision = u64::from(size) * 3;
    let mut next = |heads: &mut Vec<muster_server::store::Head>| {
        for head in heads {
            revision += 1;
            head.revision = Revision(revision);
        }
        Revision(revision)
    };
    let mut changed: Vec<_> = synthetic_heads(size, 7).step_by(size as usize / 20_000).collect();
    for head in &mut changed {
        (head.facets.status, head.facets.score) = (Status::Resolved, 0);
        head.reports.iter_mut().for_each(|report| report.content_hash += 1);
    }
    let mut fresh: Vec<_> = synthetic_heads(size + 20_000, 7).skip(size as usize).collect();
    for (what, heads) in [("changed", &mut changed), ("new", &mut fresh)] {
        let head = next(heads);
        let times: Vec<Duration> =
            heads.chunks(100).map(|heads| timed(|| view.apply(heads, head))).collect();
        let sum: Duration = times.iter().sum();
        let worst = times.iter().max().copied().unwrap_or_default();
        println!(
            "  apply {what}: {} ns a finding; the slowest batch of 100 took {} us",
            sum.as_nanos() / heads.len() as u128,
            us(worst),
        );
    }
}

fn filled(filter: &str, random: &mut StdRng) -> String {
    filter
        .replace("{account}", account(random.random_range(0..ACCOUNTS)).as_str())
        .replace("{region}", REGIONS[random.random_range(0..3)])
        .replace("{hex4}", &format!("{:04}", random.random_range(0..8000)))
        .replace("{hex3}", &format!("{:03x}", random.random_range(0..0xFFF)))
}

fn somewhere(order: Order, random: &mut StdRng) -> Position {
    let key = match order {
        Order::Priority => random.random_range(0..700),
        Order::Newest | Order::RecentlyChanged => random.random(),
    };
    Position { key, id: FindingId(random.random()) }
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    std::hint::black_box(work());
    start.elapsed()
}

fn percentiles(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)];
    (at(50), at(99))
}

fn us(time: Duration) -> u128 {
    time.as_micros()
}

/// Memory of this process, in bytes; 0 where `/proc` does not say.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}
