//! Re-folding a store of a million findings: how long, and how much memory.
//!
//! First what a store of a former version sees, where no class has grouped anything yet, so that most
//! reports move; then what a change of one class does.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use muster_core::finding::Placement;
use muster_core::time::Millis;
use muster_core::weakness::Classes;
use muster_server::refold::{Mode, Refold, refold};
use muster_server::store::{SledOptions, SledStore};

use crate::open;

/// Which share of the reports the class has that is taken away: one in so many, or less.
const ONE_IN: u64 = 10;

pub(crate) fn run(count: u64) {
    let directory = tempfile::tempdir().expect("a directory");
    open::fill(directory.path(), count);
    open::in_child("refold-child", directory.path());
}

pub(crate) fn child(directory: &Path) {
    let store = SledStore::open(directory, &SledOptions::default()).expect("the store opens");
    let builtin = Classes::builtin();
    let done = both(&store, &builtin, "all classes are new");
    open::memory("bounded by a constant");
    let Some(class) = class_of_some(&done) else { return };
    let off = format!("version = 1\n[[class]]\nid = \"{class}\"\noff = true\n");
    let without = Classes::read(builtin.text(), Some(&off)).expect("the classes are right");
    both(&store, &without, &format!("without {class}"));
    open::memory("bounded by a constant");
}

/// Shows a re-fold, then does it; both timed.
fn both(store: &SledStore, classes: &Classes, what: &str) -> Refold {
    let now = Millis(jiff::Timestamp::now().as_millisecond());
    let [_, done] = [Mode::DryRun, Mode::Apply].map(|mode| {
        let began = Instant::now();
        let done =
            refold(store, classes, Arc::default(), mode, now, &mut |_, _| {}).expect("the store is re-folded");
        println!(
            "re-fold of {} findings, {what}, {mode:?}: {:.1?} (goal 2 min), {} reports moved, {} merged, {} scans",
            done.findings,
            began.elapsed(),
            done.reports,
            done.merged,
            done.scans
        );
        done
    });
    done
}

/// The largest class that has at most one report in [`ONE_IN`].
fn class_of_some(done: &Refold) -> Option<String> {
    let classes = done.by.iter().filter_map(|(placement, reports)| match placement {
        Placement::Class(class) => Some((*reports, class)),
        Placement::Origin | Placement::Decision => None,
    });
    let some = classes.filter(|(reports, _)| reports * ONE_IN <= done.findings);
    some.max().map(|(_, class)| class.clone())
}
