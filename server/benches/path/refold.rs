//! Re-folding a store of a million findings that no class has grouped yet: how long, and how much
//! memory.

use std::path::Path;
use std::time::Instant;

use muster_core::time::Millis;
use muster_core::weakness::Classes;
use muster_server::refold::{Mode, refold};
use muster_server::store::{SledOptions, SledStore};

use crate::open;

pub(crate) fn run(count: u64) {
    let directory = tempfile::tempdir().expect("a directory");
    open::fill(directory.path(), count);
    open::in_child("refold-child", directory.path());
}

pub(crate) fn child(directory: &Path) {
    let store = SledStore::open(directory, &SledOptions::default()).expect("the store opens");
    let now = Millis(jiff::Timestamp::now().as_millisecond());
    for mode in [Mode::DryRun, Mode::Apply] {
        let began = Instant::now();
        let done = refold(&store, &Classes::builtin(), mode, now, &mut |_, _| {})
            .expect("the store is re-folded");
        println!(
            "re-fold of {} findings, {mode:?}: {:.1?} (goal 2 min), {} reports moved, {} merged, {} scans",
            done.findings,
            began.elapsed(),
            done.reports,
            done.merged,
            done.scans
        );
    }
    open::memory("bounded by a constant");
}
