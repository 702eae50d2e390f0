//! Which finding lies in which slot.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use muster_core::ids::FindingId;

use super::StoreError;
use crate::store::keys::Slot;

/// Finding id to slot, in memory: about 50 MB for a million findings.
///
/// It is read from the heads once, by whoever scans them first (in a server the building of the
/// view), and then follows the commits. Until then nothing is known of any finding.
#[derive(Debug, Default)]
pub(super) struct Places(RwLock<Option<HashMap<FindingId, Slot>>>);

/// The places found in a scan, before they are known to be all.
#[derive(Debug, Default)]
pub(super) struct Found(HashMap<FindingId, Slot>);

impl Found {
    /// Notes one. Two slots for one finding break promise D1.
    pub(super) fn note(&mut self, id: FindingId, slot: Slot) -> Result<(), StoreError> {
        match self.0.insert(id, slot) {
            None => Ok(()),
            Some(other) => Err(StoreError::Corrupt {
                what: format!("finding {id} is in slot {} and in slot {}", other.0, slot.0),
            }),
        }
    }
}

impl Places {
    /// Nothing is stored yet.
    pub(super) fn empty() -> Self {
        Self(RwLock::new(Some(HashMap::new())))
    }

    /// Whether the heads were read.
    pub(super) fn is_known(&self) -> bool {
        self.read().is_some()
    }

    /// What a scan of all heads found; ignored when they were read before.
    pub(super) fn learn(&self, found: Found) {
        self.write().get_or_insert(found.0);
    }

    /// The slots of `ids`, in their order; `None` when the heads were not read yet.
    pub(super) fn slots(&self, ids: &[FindingId]) -> Option<Vec<Option<Slot>>> {
        let places = self.read();
        let places = places.as_ref()?;
        Some(ids.iter().map(|id| places.get(id).copied()).collect())
    }

    /// Findings were added.
    pub(super) fn add(&self, added: impl IntoIterator<Item = (FindingId, Slot)>) {
        if let Some(places) = &mut *self.write() {
            places.extend(added);
        }
    }

    /// Findings were removed.
    pub(super) fn remove(&self, ids: &[FindingId]) {
        if let Some(places) = &mut *self.write() {
            for id in ids {
                places.remove(id);
            }
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Option<HashMap<FindingId, Slot>>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Option<HashMap<FindingId, Slot>>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
