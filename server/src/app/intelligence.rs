//! Reads the files of published intelligence again when they change. Who rates all findings again
//! waits for that (`housekeeper`).

use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::clock::Clock;
use crate::intel::{IntelStatus, Shelf};
use crate::ranking::InForce;

/// How often somebody looks whether a file is another one: often enough for feeds that are published
/// daily, and a look costs three calls of the file system.
const LOOK: Duration = Duration::from_hours(1);

/// Brings other intelligence into force when there is any, until `stop`. What is written from then on
/// is planned by it.
pub(super) async fn run(
    shelf: Arc<Shelf>,
    ranking: Arc<InForce>,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) {
    let mut looks = tokio::time::interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tell(&shelf, &*clock);
    let mut problems = shelf.status().problems;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = looks.tick() => {}
        }
        let reading = Arc::clone(&shelf);
        let is_other = match tokio::task::spawn_blocking(move || reading.refresh()).await {
            Ok(is_other) => is_other,
            Err(error) => {
                warn!(%error, "the intelligence could not be read");
                continue;
            }
        };
        if is_other {
            ranking.set_intel(shelf.intel());
        }
        let now = shelf.status().problems;
        if is_other || now != problems {
            tell(&shelf, &*clock);
        }
        problems = now;
        shelf.measure(clock.now());
    }
}

/// Says what is loaded, how old it is, and what is wrong.
fn tell(shelf: &Shelf, clock: &dyn Clock) {
    let IntelStatus { parts, problems } = shelf.status();
    for part in parts {
        let (feed, age_days) = (part.feed.as_str(), part.age_days(clock.now()));
        let stale = part.is_stale(clock.now());
        info!(
            feed,
            cves = part.cves,
            version = part.issue.version,
            age_days,
            stale,
            "intelligence"
        );
    }
    for problem in problems {
        let (feed, message) = (problem.feed.as_str(), problem.message);
        warn!(feed, message, "a file of intelligence cannot be used: what was read before stays");
    }
}
