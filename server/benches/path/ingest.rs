//! New findings, from JSON bytes to durable and visible; unchanged reports, from JSON bytes to the
//! look-up that finds them unchanged.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::stream::{FuturesUnordered, StreamExt};
use muster_core::report::FindingClass;
use muster_server::writer::Ingest;
use muster_sources::security_hub;
use muster_testkit::documents::bulk::{Documents, generate_asff};

use crate::stack::{Stack, unit};

/// As Security Hub pages.
const PAGE: usize = 100;

/// As the collector has in flight.
const IN_FLIGHT: usize = 4;

pub(crate) fn run(count: u64) {
    let documents = generate_asff(count, 7, jiff::Timestamp::now());
    let fresh = pages(documents.clone());
    let again = pages(documents.heartbeat(1));
    let bytes: usize = fresh.iter().map(Bytes::len).sum();
    println!("# {count} ASFF documents, {} bytes each on average", bytes as u64 / count);

    let directory = tempfile::tempdir().expect("a directory");
    let runtime = tokio::runtime::Builder::new_multi_thread().build().expect("a runtime");
    let stack = Stack::open(directory.path());
    let began = Instant::now();
    runtime.block_on(ingest(&stack, &fresh));
    let ours = rate(count, began.elapsed());
    assert_eq!(stack.view.read().expect("no panic").len() as u64, count);
    let stored = stored_bytes(directory.path());

    let alone = sled_alone(&fresh, PAGE * IN_FLIGHT);
    let began = Instant::now();
    for page in &fresh {
        black_box(serde_json::from_slice::<serde_json::Value>(page).expect("JSON"));
    }
    let parse = rate(count, began.elapsed());
    println!("new findings, bytes to durable and visible: {ours:.0}/s");
    println!("  sled alone, the same documents and batches, three rows: {alone:.0}/s");
    println!("  ratio {:.2} (goal 0.5); on disk {} bytes a finding", ours / alone, stored / count);

    let head = stack.store.head();
    let began = Instant::now();
    let unchanged: u64 = again.iter().map(|page| unchanged(&stack, page)).sum();
    let same = rate(count, began.elapsed());
    assert_eq!(unchanged, count, "a heartbeat changes nothing but the day of a threat");
    assert_eq!(stack.store.head(), head, "nothing was written");
    println!("unchanged reports, bytes to known unchanged: {same:.0}/s, no write");
    println!(
        "  serde_json alone, the same bytes: {parse:.0}/s; ratio {:.2} (goal 0.5)",
        same / parse
    );
}

pub(crate) fn pages(documents: Documents) -> Vec<Bytes> {
    let documents: Vec<Bytes> = documents.collect();
    let page = |documents: &[Bytes]| {
        let joined = documents.join(&b","[..]);
        Bytes::from([&b"{\"Findings\":["[..], &joined[..], &b"]}"[..]].concat())
    };
    documents.chunks(PAGE).map(page).collect()
}

fn map(page: &Bytes) -> Vec<(muster_core::report::Report, u64)> {
    let page = security_hub::map::findings_page(page, &unit()).expect("a page");
    let reports = page.documents.into_iter().flat_map(|document| match document.into_reports() {
        Ok(reports) => reports,
        Err(unmapped) => panic!("{}", unmapped.error),
    });
    let hashed = |report: muster_core::report::Report| {
        let hash = report.content_hash();
        (report, hash)
    };
    reports.map(hashed).collect()
}

pub(crate) async fn ingest(stack: &Stack, pages: &[Bytes]) {
    let mut storing = FuturesUnordered::new();
    for page in pages {
        let reports = map(page);
        let writer = stack.writer.clone();
        storing.push(tokio::spawn(async move {
            writer.ingest(unit(), Ingest { reports, ..Ingest::default() }).await
        }));
        while storing.len() >= IN_FLIGHT {
            storing.next().await.expect("one waits").expect("no panic").expect("stored");
        }
    }
    while let Some(stored) = storing.next().await {
        stored.expect("no panic").expect("stored");
    }
}

fn unchanged(stack: &Stack, page: &Bytes) -> u64 {
    let reports = map(page);
    let view = stack.view.read().expect("no panic");
    // A heartbeat moves a threat to the next day, which its priority depends on: that is news.
    let same = reports.iter().filter(|(report, hash)| {
        let known = view.report(&report.key.digest()).expect("it was stored");
        known.content_hash == *hash || report.class == FindingClass::Threat
    });
    same.count() as u64
}

/// What the engine alone does: the document as the record, a head and a log row of usual size, one
/// batch and one flush for as many documents as the collector has in flight.
fn sled_alone(pages: &[Bytes], batch_size: usize) -> f64 {
    let directory = tempfile::tempdir().expect("a directory");
    let db: sled::Db<64> = sled::Config::new()
        .path(directory.path())
        .cache_capacity_bytes(128 * 1024 * 1024)
        .zstd_compression_level(1)
        .flush_every_ms(None)
        .open()
        .expect("sled opens");
    let documents: Vec<Box<serde_json::value::RawValue>> = pages
        .iter()
        .flat_map(|page| {
            #[derive(serde::Deserialize)]
            struct Page {
                #[serde(rename = "Findings")]
                findings: Vec<Box<serde_json::value::RawValue>>,
            }
            serde_json::from_slice::<Page>(page).expect("a page").findings
        })
        .collect();
    let began = Instant::now();
    let mut number = 0_u64;
    for chunk in documents.chunks(batch_size) {
        let mut batch = sled::Batch::default();
        for document in chunk {
            number += 1;
            // Ids are hashes: rows do not come in the order of their keys.
            let id = muster_core::ids::digest128(&number.to_be_bytes());
            batch.insert(&[&b"h"[..], &id].concat()[..], &[7; 200][..]);
            batch.insert(&[&b"r"[..], &id].concat()[..], document.get().as_bytes());
            batch.insert(&[&b"l"[..], &number.to_be_bytes()].concat()[..], &[7; 200][..]);
        }
        db.apply_batch(batch).expect("a batch");
        db.flush().expect("a flush");
    }
    rate(documents.len() as u64, began.elapsed())
}

fn stored_bytes(directory: &Path) -> u64 {
    let entries = std::fs::read_dir(directory).expect("a directory");
    let sizes = entries.map(|entry| {
        let entry = entry.expect("an entry");
        let about = entry.metadata().expect("metadata");
        if about.is_dir() { stored_bytes(&entry.path()) } else { allocated(&about) }
    });
    sizes.sum()
}

/// What a file takes on disk: sled's files have holes.
fn allocated(about: &std::fs::Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt;
    about.blocks() * 512
}

#[expect(clippy::cast_precision_loss, reason = "a rate")]
pub(crate) fn rate(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}
