//! The resources that threats name besides their primary one.

use std::collections::HashMap;

use roaring::RoaringBitmap;

/// Both ways: threats are few, and most name one resource.
#[derive(Debug, Default)]
pub(super) struct Threatened {
    places: HashMap<String, RoaringBitmap>,
    of: HashMap<u32, Vec<String>>,
}

impl Threatened {
    /// Says what `place` threatens, instead of what it threatened.
    pub(super) fn replace(&mut self, place: u32, resources: &[String]) {
        if self.of(place) == resources {
            return;
        }
        self.clear(place);
        for resource in resources {
            self.places.entry(resource.clone()).or_default().insert(place);
        }
        if !resources.is_empty() {
            self.of.insert(place, resources.to_vec());
        }
    }

    /// Forgets what `place` threatened.
    pub(super) fn clear(&mut self, place: u32) {
        for resource in self.of.remove(&place).unwrap_or_default() {
            if let Some(places) = self.places.get_mut(&resource) {
                places.remove(place);
                if places.is_empty() {
                    self.places.remove(&resource);
                }
            }
        }
    }

    /// What `place` threatens.
    pub(super) fn of(&self, place: u32) -> &[String] {
        self.of.get(&place).map_or(&[], Vec::as_slice)
    }

    /// The threats that name `resource` so.
    pub(super) fn naming(&self, resource: &str) -> impl Iterator<Item = u32> {
        self.places.get(resource).into_iter().flatten()
    }
}
