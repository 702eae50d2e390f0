//! What other rules would do.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::RwLock;
use std::time::{Duration, Instant};

use muster_core::filter::Filter;
use muster_core::finding::Finding;
use muster_core::ids::FindingId;
use muster_core::priority::{Band, Inputs, Model};
use muster_core::time::Millis;

use crate::store::{Store, StoreError};
use crate::view::{Order, Query, View};

/// How long a preview looks.
pub const PREVIEW_MAX: Duration = Duration::from_secs(5);

/// How many findings that would move are named.
pub const MOVES_MAX: usize = 20;

/// How many findings are read at once.
const STEP: usize = 256;

/// What other rules would do to the open findings that were looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// Open findings that were looked at, the most urgent first.
    pub examined: u64,
    /// Open findings.
    pub total: u64,
    /// How many of those looked at would have another score.
    pub changed: u64,
    /// How many would go from a band to another.
    pub bands: BTreeMap<(Band, Band), u64>,
    /// Those that would move most.
    pub moves: Vec<Move>,
}

/// A finding that would move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// Which.
    pub id: FindingId,
    /// One line for people.
    pub title: String,
    /// Control id, finding type or check id.
    pub rule_id: String,
    /// Its score by the rules in force, and by the others.
    pub scores: [u16; 2],
}

/// Rates open findings by the rules in force and by `other`, as of the day of `now`, until `until`.
///
/// # Errors
///
/// When the store cannot be read.
pub fn preview(
    (store, view): (&dyn Store, &RwLock<View>),
    [model, other]: [&Model; 2],
    now: Millis,
    until: Instant,
) -> Result<Preview, StoreError> {
    let open = Filter::parse("status = ACTIVE OR status = UNOBSERVABLE");
    let open = open.expect("a filter of this program");
    let mut done = Preview::default();
    let mut after = None;
    while Instant::now() < until {
        let page = {
            let query = Query { filter: &open, order: Order::Priority, after, limit: STEP };
            view.read().expect("no holder of this lock panics").page(&query)
        };
        done.total = page.total;
        let ids: Vec<FindingId> = page.positions.iter().map(|position| position.id).collect();
        for finding in store.findings(&ids)?.into_iter().flatten() {
            done.note(&finding, [model, other], now);
        }
        done.examined += ids.len() as u64;
        after = page.positions.last().copied();
        if !page.more {
            break;
        }
    }
    Ok(done)
}

impl Preview {
    fn note(&mut self, finding: &Finding, models: [&Model; 2], now: Millis) {
        let scores = models.map(|model| model.rate(Inputs::of(finding), now).priority.score);
        if scores[0] == scores[1] {
            return;
        }
        self.changed += 1;
        let bands = scores.map(Band::of);
        if bands[0] != bands[1] {
            *self.bands.entry((bands[0], bands[1])).or_default() += 1;
        }
        let by = |one: &Move| Reverse(one.scores[0].abs_diff(one.scores[1]));
        let one = Move {
            id: finding.id,
            title: finding.facts.title.clone(),
            rule_id: finding.facts.rule_id.clone(),
            scores,
        };
        let at = self.moves.partition_point(|other| by(other) <= by(&one));
        if at < MOVES_MAX {
            self.moves.insert(at, one);
            self.moves.truncate(MOVES_MAX);
        }
    }
}
