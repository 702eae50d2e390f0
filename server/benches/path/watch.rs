//! From a commit to the client: 200 watchers over loopback, the real server and client.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use muster_client::{Client, WatchEvent, WatchOptions};
use muster_core::report::{Report, Severity};
use muster_server::writer::Ingest;
use muster_sources::document::Document;
use muster_sources::security_hub;
use muster_testkit::documents::bulk::generate_asff;
use tokio::sync::mpsc;

use crate::stack::{Stack, unit};

const WATCHERS: usize = 200;
const CHANGES: usize = 100;

/// Between two changes: what a busy collector with small updates does.
const PAUSE: Duration = Duration::from_millis(100);

pub(crate) fn run() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(measure());
}

async fn measure() {
    let directory = tempfile::tempdir().expect("a directory");
    let stack = Stack::open(directory.path());
    let served = stack.serve().await;

    let (tell, mut told) = mpsc::channel::<(u64, Instant)>(WATCHERS * CHANGES);
    let (ready, mut is_ready) = mpsc::channel::<()>(WATCHERS);
    let mut watchers = Vec::new();
    for _ in 0..WATCHERS {
        // A connection for each, as different programs would have.
        let client = served.client();
        let (tell, ready) = (tell.clone(), ready.clone());
        watchers.push(tokio::spawn(async move { watch(&client, &tell, &ready).await }));
    }
    drop(tell);
    for _ in 0..WATCHERS {
        is_ready.recv().await.expect("a watcher");
    }

    let mut committed: HashMap<u64, Instant> = HashMap::new();
    let mut base = report();
    for number in 0..CHANGES {
        base.title = format!("change {number}");
        base.severity = Severity::Medium;
        let reports = vec![(base.clone(), base.content_hash())];
        let done = stack.writer.ingest(unit(), Ingest { reports, ..Ingest::default() }).await;
        committed.insert(done.expect("stored").head.0, Instant::now());
        tokio::time::sleep(PAUSE).await;
    }
    let mut latencies: Vec<Duration> = Vec::with_capacity(CHANGES * WATCHERS);
    while latencies.len() < CHANGES * WATCHERS {
        let (revision, at) = told.recv().await.expect("a watcher");
        latencies.push(at.saturating_duration_since(committed[&revision]));
    }
    latencies.sort_unstable();
    let at = |part: usize| latencies[(latencies.len() - 1) * part / 1000];
    println!("# {WATCHERS} watchers, {CHANGES} changes, one each {PAUSE:?}");
    println!(
        "commit to watcher on loopback: p50 {:.1?}, p99 {:.1?} (goal 20 ms), p99.9 {:.1?}",
        at(500),
        at(990),
        at(999)
    );
    served.stop().await;
}

async fn watch(client: &Client, tell: &mpsc::Sender<(u64, Instant)>, ready: &mpsc::Sender<()>) {
    let options = WatchOptions { snapshot: false, ..WatchOptions::default() };
    let mut watch = client.watch(options);
    let mut seen = 0;
    while seen < CHANGES {
        match watch.next().await.expect("the stream goes on") {
            WatchEvent::Bookmark(_) if seen == 0 => ready.send(()).await.unwrap_or(()),
            WatchEvent::Changes { changes, .. } => {
                let now = Instant::now();
                for watched in changes {
                    seen += 1;
                    tell.send((watched.change.revision, now)).await.expect("the measure");
                }
            }
            _ => {}
        }
    }
}

fn report() -> Report {
    let document = generate_asff(1, 3, jiff::Timestamp::now()).next().expect("one");
    let page = [&b"{\"Findings\":["[..], &document, b"]}"].concat();
    let page = security_hub::map::findings_page(&page.into(), &unit()).expect("a page");
    match page.documents.into_iter().next() {
        Some(Document::Report(report)) => *report,
        other => panic!("{other:?}"),
    }
}
