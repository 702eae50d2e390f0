//! Documents that could not be mapped: kept with their error, counted and shown.
//!
//! A row's key is the complement of its time, then a digest of unit and document, so that a scan
//! gives the newest first and a document that is sent again is kept once. At most [`KEPT_MAX`] are
//! kept; what comes later is counted and logged, not kept, so that a broken provider cannot fill the
//! disk.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use metrics::counter;
use muster_core::ids::digest128;
use muster_core::report::Unmapped;
use muster_core::time::Millis;
use muster_core::unit::Unit;
use prost::Message;
use tracing::warn;

use crate::store::{MetaTable, MetaWrite, Store, StoreError};

/// How many documents are kept at most.
pub const KEPT_MAX: usize = 10_000;

/// How many rows the scan at the start reads at once: a row may have half a megabyte.
const SCAN_ROWS: usize = 64;

/// A kept document.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Kept {
    /// The name of the unit it came from.
    #[prost(string, tag = "1")]
    pub unit: String,
    /// When it was first met.
    #[prost(int64, tag = "2")]
    pub create_time_ms: i64,
    /// Names the field and what is wrong with it.
    #[prost(string, tag = "3")]
    pub error: String,
    /// The document, at most [`muster_core::report::RAW_BYTES_MAX`] of it.
    #[prost(bytes = "bytes", tag = "4")]
    pub raw: bytes::Bytes,
}

impl Kept {
    /// Reads a row back.
    pub fn read(value: &[u8]) -> Result<Self, StoreError> {
        Self::decode(value)
            .map_err(|_| StoreError::Corrupt { what: "a document in quarantine".to_owned() })
    }
}

/// What is known of the kept documents without reading them.
#[derive(Debug, Default)]
pub struct Quarantine {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    digests: HashSet<[u8; 16]>,
    by_unit: HashMap<String, u64>,
}

impl Quarantine {
    /// Reads what the store keeps.
    pub fn open(store: &dyn Store) -> Result<Self, StoreError> {
        let mut known = Known::default();
        let mut after = Vec::new();
        loop {
            let rows = store.scan_meta(MetaTable::Quarantine, &after, SCAN_ROWS)?;
            let Some((last, _)) = rows.last() else { break };
            after.clone_from(last);
            for (_, value) in rows {
                let kept = Kept::read(&value)?;
                known.digests.insert(digest(&kept.unit, &kept.raw));
                *known.by_unit.entry(kept.unit).or_default() += 1;
            }
        }
        Ok(Self { known: Mutex::new(known) })
    }

    /// How many documents of a unit are kept.
    pub fn count(&self, unit: &str) -> u64 {
        let known = self.known.lock().expect("no holder of this lock panics");
        known.by_unit.get(unit).copied().unwrap_or(0)
    }

    /// The row that keeps a document; `None` when it is kept already, or too many are.
    pub(crate) fn row(&self, unit: &Unit, document: &Unmapped, now: Millis) -> Option<MetaWrite> {
        let name = unit.to_string();
        let digest = digest(&name, &document.raw);
        {
            let known = self.known.lock().expect("no holder of this lock panics");
            if known.digests.contains(&digest) {
                return None;
            }
            if known.digests.len() >= KEPT_MAX {
                counter!("muster_quarantine_full_total").increment(1);
                warn!(unit = %name, error = %document.error, "quarantine is full: not kept");
                return None;
            }
        }
        let newest_first = u64::MAX - u64::try_from(now.0).unwrap_or(0);
        let kept = Kept {
            unit: name,
            create_time_ms: now.0,
            error: document.error.clone(),
            raw: document.raw.clone(),
        };
        Some(MetaWrite {
            table: MetaTable::Quarantine,
            key: [&newest_first.to_be_bytes()[..], &digest[..]].concat(),
            value: Some(kept.encode_to_vec()),
        })
    }

    /// Notes what a durable commit kept.
    pub(crate) fn note(&self, committed: &[MetaWrite]) {
        let mut known = self.known.lock().expect("no holder of this lock panics");
        for row in committed.iter().filter(|row| row.table == MetaTable::Quarantine) {
            let Some(kept) = row.value.as_deref().and_then(|value| Kept::read(value).ok()) else {
                continue;
            };
            if known.digests.insert(digest(&kept.unit, &kept.raw)) {
                *known.by_unit.entry(kept.unit).or_default() += 1;
            }
        }
    }
}

fn digest(unit: &str, raw: &[u8]) -> [u8; 16] {
    digest128(&[unit.as_bytes(), b"\0", raw].concat())
}
