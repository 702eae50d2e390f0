//! Opening a store of a million findings: how long, and how much memory.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use bytes::Bytes;
use muster_core::identity::FindingKey;
use muster_core::plan::{self, Observation};
use muster_core::time::Millis;
use muster_server::ranking::Ranking;
use muster_server::store::{Commit, SledOptions, SledStore, Store};
use muster_server::view::View;
use muster_sources::security_hub;
use muster_testkit::documents::bulk::generate_asff;

use crate::stack::unit;

/// How many findings one commit of the preparation makes.
const BATCH: usize = 2000;

pub(crate) fn run(count: u64) {
    let directory = tempfile::tempdir().expect("a directory");
    let began = Instant::now();
    fill(directory.path(), count);
    println!("# {count} findings, loaded in {:.0?}", began.elapsed());
    in_child("open-child", directory.path());
}

/// Measures in a process of its own, so that only its memory is counted.
pub(crate) fn in_child(part: &str, directory: &Path) {
    let me = std::env::current_exe().expect("a path");
    let child = Command::new(me).arg(part).arg(directory).output().expect("a child");
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
    print!("{}", String::from_utf8_lossy(&child.stdout));
}

pub(crate) fn child(directory: &Path) {
    let began = Instant::now();
    let store = SledStore::open(directory, &SledOptions::default()).expect("the store opens");
    let opened = began.elapsed();
    let mut count = 0_u64;
    let scanned = Instant::now();
    store.scan_heads(&mut |_| count += 1).expect("the heads read");
    let scan = scanned.elapsed();
    drop(store);

    let began = Instant::now();
    let store = SledStore::open(directory, &SledOptions::default()).expect("the store opens");
    let view = View::build(&store).expect("the heads read");
    println!("open with {} findings: {:.2?} (goal 5 s)", view.len(), began.elapsed());
    println!("  the engine alone {opened:.2?}, a bare scan of {count} heads {scan:.2?}");
    memory("under 700 MB resident");
}

/// Prints the memory of this process, now and at its peak.
pub(crate) fn memory(goal: &str) {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    for name in ["VmRSS", "VmHWM"] {
        let line = status.lines().find(|line| line.starts_with(name)).expect("a line");
        let kib: u64 = line.split_whitespace().nth(1).expect("a number").parse().expect("KiB");
        println!("  {name} {} MB (goal: {goal})", kib / 1000);
    }
}

pub(crate) fn fill(directory: &Path, count: u64) {
    let store = SledStore::open(directory, &SledOptions::default()).expect("the store opens");
    let now = jiff::Timestamp::now();
    let time = Millis(now.as_millisecond());
    let documents: Vec<Bytes> = Vec::with_capacity(BATCH);
    let mut batch = documents;
    let mut number = 0_u128;
    for document in generate_asff(count, 11, now) {
        batch.push(document);
        if batch.len() == BATCH {
            number += 1;
            commit(&store, &batch, number, time);
            batch.clear();
        }
    }
    commit(&store, &batch, number + 1, time);
}

fn commit(store: &SledStore, documents: &[Bytes], number: u128, now: Millis) {
    let page = [&b"{\"Findings\":["[..], &documents.join(&b","[..]), b"]}"].concat();
    let page = security_hub::map::findings_page(&page.into(), &unit()).expect("a page");
    let mutations = page.documents.into_iter().flat_map(|document| match document.into_reports() {
        Ok(reports) => reports,
        Err(unmapped) => panic!("{}", unmapped.error),
    });
    let mutations = mutations.filter_map(|report| {
        let content_hash = report.content_hash();
        let finding = FindingKey::of_origin(&report.origin);
        let ranking = Ranking::builtin();
        plan::observe(
            None,
            vec![Observation { report, content_hash, unit: unit(), finding }],
            ranking.rules(now),
        )
    });
    let commit =
        Commit { id: number.to_be_bytes(), mutations: mutations.collect(), meta: Vec::new() };
    store.commit(&commit).expect("a commit");
}
