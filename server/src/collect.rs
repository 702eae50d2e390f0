//! Reads every unit on its schedule, for ever, and says what it could not see.
//!
//! One task for each source (product, account, Region): it finds the units, reads each that is due,
//! and waits. Units fail alone. A pass sends what changed to the writer page by page; only when all
//! of it is durable does the checkpoint move (promise C1). Only a sweep that read everything
//! concludes that something is gone, and only when the sweep before it missed the same (promise C2).
//! Whatever stands in the way of reading is the unit's condition on the board (promise C3).
//!
//! Page tokens are never stored: a pass that was cut short begins again from its checkpoint.

#[cfg(feature = "aws")]
mod account;
mod pass;
mod scope;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use futures::future::join_all;
use muster_core::time::Millis;
use muster_core::unit::{Checkpoint, SourceKind};
use muster_sources::source::Source;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::checkpoint;
use crate::clock::Clock;
use crate::quarantine::Quarantine;
use crate::store::{MetaTable, Store, StoreError};
use crate::units::UnitBoard;
use crate::view::View;
use crate::writer::WriterHandle;

/// How far an incremental pass reaches back before its watermark: AWS applies updates minutes late.
pub const OVERLAP: Duration = Duration::from_mins(15);

/// How long a unit rests that only a person can mend (no permission, not enabled): asking more often
/// would only fill CloudTrail.
pub const PERSON_RETRY: Duration = Duration::from_hours(1);

/// The longest rest after failures that may mend themselves.
pub const BACKOFF_MAX: Duration = Duration::from_mins(15);

/// How many units are read at once.
pub const PASSES_MAX: usize = 16;

/// A checkpoint that only grew older is stored this often: until then a restart reads a little more.
const CHECKPOINT_REST: Duration = Duration::from_mins(10);

/// How often each source is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Between two passes over what changed, for each source.
    pub interval: BTreeMap<SourceKind, Duration>,
    /// Between two complete sweeps.
    pub sweep: Duration,
    /// Between two passes over what people decided at a product.
    pub triage: Duration,
}

impl Schedule {
    fn interval(&self, source: SourceKind) -> Duration {
        self.interval.get(&source).copied().unwrap_or(Duration::from_mins(5))
    }
}

/// What the collector works with.
pub struct Collector {
    /// Knows which reports are unchanged, and which a unit has.
    pub view: Arc<RwLock<View>>,
    /// Stores what changed.
    pub writer: WriterHandle,
    /// Shows the units.
    pub units: Arc<UnitBoard>,
    /// Counts what could not be mapped.
    pub quarantine: Arc<Quarantine>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// How often.
    pub schedule: Schedule,
    /// Where units stood when the process started.
    pub checkpoints: BTreeMap<String, Checkpoint>,
    /// Bounds the passes at work.
    pub passes: Semaphore,
}

impl Collector {
    /// Reads these sources until `stop`. A pass under way ends between two pages.
    pub async fn read(&self, sources: &[Box<dyn Source>], stop: &CancellationToken) {
        join_all(sources.iter().map(|source| scope::run(self, source.as_ref(), stop))).await;
    }

    fn now(&self) -> Millis {
        self.clock.now()
    }
}

/// Where the units stood, by name.
pub fn checkpoints(store: &dyn Store) -> Result<BTreeMap<String, Checkpoint>, StoreError> {
    const ROWS: usize = 1000;
    let mut all = BTreeMap::new();
    let mut after = Vec::new();
    loop {
        let rows = store.scan_meta(MetaTable::Checkpoint, &after, ROWS)?;
        let Some((last, _)) = rows.last() else { return Ok(all) };
        after.clone_from(last);
        for (key, value) in rows {
            let unit = String::from_utf8_lossy(&key).into_owned();
            let checkpoint = checkpoint::decode(&unit, &value)?;
            all.insert(unit, checkpoint);
        }
    }
}
