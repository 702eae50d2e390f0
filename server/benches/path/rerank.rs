//! Rating all open findings again after other rules were activated, as the housekeeper does it, and how
//! long a decision waits meanwhile.

use std::path::Path;
use std::time::{Duration, Instant};

use muster_core::plan::Command;
use muster_core::priority::Model;
use muster_core::triage::{Actor, TriageAction};
use muster_server::writer::{Decision, Decisions};

use crate::open;
use crate::stack::Stack;

/// How many findings a step has, as in the housekeeper.
const STEP: usize = 200;

/// Rules by which every score is another one.
const OTHER: &str = "version = 1\n[points.environment]\nunknown = 0\n";

pub(crate) fn run(count: u64) {
    let directory = tempfile::tempdir().expect("a directory");
    open::fill(directory.path(), count);
    open::in_child("rerank-child", directory.path());
}

pub(crate) fn child(directory: &Path) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(measure(&Stack::open(directory)));
    open::memory("bounded by the view");
}

async fn measure(stack: &Stack) {
    let model = Model::read(Model::builtin().text(), Some(OTHER)).expect("the rules read");
    stack.writer.activate(model).await.expect("they are activated");
    let began = Instant::now();
    let (mut after, mut looked, mut changed) = (None, 0, 0);
    let mut waits: Vec<Duration> = Vec::new();
    loop {
        let step = stack.view.read().expect("the view").open(STEP, after);
        let (Some(last), Some(first)) = (step.last().copied(), step.first().copied()) else {
            break;
        };
        after = Some(last);
        looked += step.len();
        let ticking = stack.writer.tick(step);
        if (looked / STEP).is_multiple_of(10) {
            let deciding = async {
                let asked = Instant::now();
                let command = Command {
                    action: TriageAction::Acknowledge,
                    comment: String::new(),
                    actor: Actor {
                        principal: "user:bench".to_owned(),
                        on_behalf_of: String::new(),
                    },
                    request_id: String::new(),
                };
                let one = Decision { finding: first, command, etag: None, content_version: None };
                let decisions = Decisions { decisions: vec![one], atomic: true, request: None };
                stack.writer.decide(decisions).await.expect("it is decided");
                asked.elapsed()
            };
            let (ticked, waited) = tokio::join!(ticking, deciding);
            changed += ticked.expect("time passes");
            waits.push(waited);
        } else {
            changed += ticking.await.expect("time passes");
        }
    }
    waits.sort_unstable();
    let p99 = waits.get(waits.len() * 99 / 100).copied().unwrap_or_default();
    println!(
        "rating {looked} open findings again: {:.1?} (goal 2 min at 1,000,000), {changed} changed; a \
         decision meanwhile waits {p99:.1?} (p99 of {}, goal 300 ms)",
        began.elapsed(),
        waits.len()
    );
}
