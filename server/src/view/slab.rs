//! An array that grows in chunks.
//!
//! Growing moves nothing that is there, so it never stops the writer for the time of a copy and never
//! holds the old and the new array at once. Places that were freed are used again.

/// Values at numbered places.
#[derive(Debug)]
pub(super) struct Slab<T> {
    chunks: Vec<Vec<Option<T>>>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    /// How many places a chunk has. Few in tests, so that small models use several chunks.
    const CHUNK: usize = if cfg!(test) { 8 } else { 1024 };

    /// Where the next [`Slab::insert`] will put its value.
    pub(super) fn vacant(&self) -> u32 {
        self.free.last().copied().unwrap_or_else(|| self.places())
    }

    /// Puts a value at [`Slab::vacant`].
    pub(super) fn insert(&mut self, value: T) -> u32 {
        if let Some(place) = self.free.pop() {
            *self.slot(place) = Some(value);
            return place;
        }
        let place = self.places();
        match self.chunks.last_mut() {
            Some(chunk) if chunk.len() < Self::CHUNK => chunk.push(Some(value)),
            _ => {
                let mut chunk = Vec::with_capacity(Self::CHUNK);
                chunk.push(Some(value));
                self.chunks.push(chunk);
            }
        }
        place
    }

    /// Takes the value away and frees its place.
    pub(super) fn remove(&mut self, place: u32) -> T {
        let value = self.slot(place).take().expect("only places in use are freed");
        self.free.push(place);
        value
    }

    /// The value at a place in use.
    pub(super) fn at(&self, place: u32) -> &T {
        let (chunk, index) = Self::split(place);
        let value = self.chunks.get(chunk).and_then(|chunk| chunk.get(index)?.as_ref());
        value.expect("only places in use are asked for")
    }

    /// The value at a place in use.
    pub(super) fn at_mut(&mut self, place: u32) -> &mut T {
        self.slot(place).as_mut().expect("only places in use are asked for")
    }

    /// All values with their places.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &T)> + Clone {
        let values = self.chunks.iter().flatten();
        (0..).zip(values).filter_map(|(place, value)| Some((place, value.as_ref()?)))
    }

    /// How many places were ever used: places are below this.
    pub(super) fn places(&self) -> u32 {
        let last = self.chunks.last().map_or(0, Vec::len);
        let full = self.chunks.len().saturating_sub(1);
        u32::try_from(full * Self::CHUNK + last).expect("fewer than 2^32 values fit into memory")
    }

    fn slot(&mut self, place: u32) -> &mut Option<T> {
        let (chunk, index) = Self::split(place);
        let slot = self.chunks.get_mut(chunk).and_then(|chunk| chunk.get_mut(index));
        slot.expect("only places in use are asked for")
    }

    fn split(place: u32) -> (usize, usize) {
        (place as usize / Self::CHUNK, place as usize % Self::CHUNK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_freed_place_is_used_again() {
        let mut slab = Slab::default();
        for number in 0..20 {
            assert_eq!(slab.vacant(), number);
            assert_eq!(slab.insert(number), number);
        }

        assert_eq!(slab.remove(11), 11);

        assert_eq!(slab.vacant(), 11);
        assert_eq!(slab.insert(99), 11);
        assert_eq!(*slab.at(11), 99);
        assert_eq!(slab.places(), 20);
        assert_eq!(slab.iter().map(|(_, value)| *value).sum::<u32>(), 190 - 11 + 99);
    }
}
