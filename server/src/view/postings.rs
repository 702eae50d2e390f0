//! The places that have one value: one of them for most values, a million for some.

use std::borrow::Cow;

use roaring::{MultiOps, RoaringBitmap};

/// So many places are kept in the value itself: most values have fewer.
const FEW_MAX: usize = if cfg!(test) { 2 } else { 5 };

/// Beyond this many places a bitmap is smaller and faster than a list.
const LIST_MAX: usize = if cfg!(test) { 4 } else { 32 };

/// Beyond this many places a union is made by setting bits, not by sorting.
const SORT_MAX: usize = if cfg!(test) { 6 } else { 2048 };

/// A bitmap with no more places than this is taken apart for a union.
const SMALL_MAX: u64 = if cfg!(test) { 5 } else { 512 };

/// A set of places: 24 bytes, and nothing else for most values.
#[derive(Debug)]
pub(super) enum Postings {
    /// The first `count` of these, in order.
    Few { count: u8, places: [u32; FEW_MAX] },
    /// In order.
    List(Box<[u32]>),
    /// Once there are many it stays a bitmap.
    Many(Box<RoaringBitmap>),
}

const _: () = assert!(size_of::<Option<Postings>>() <= 24, "there are millions of them");

impl Postings {
    /// Takes places that are in order.
    pub(super) fn build(ordered: &[u32]) -> Self {
        if ordered.len() <= FEW_MAX {
            let mut places = [0; FEW_MAX];
            places[..ordered.len()].copy_from_slice(ordered);
            Self::Few { count: u8::try_from(ordered.len()).unwrap_or(0), places }
        } else if ordered.len() <= LIST_MAX {
            Self::List(ordered.into())
        } else {
            let many: RoaringBitmap = ordered.iter().copied().collect();
            // A copy has no room in reserve.
            Self::Many(Box::new(RoaringBitmap::clone(&many)))
        }
    }

    /// Adds a place.
    pub(super) fn insert(&mut self, place: u32) {
        if let Self::Many(many) = self {
            many.insert(place);
            return;
        }
        let listed = self.listed();
        if let Err(index) = listed.binary_search(&place) {
            let (before, behind) = listed.split_at(index);
            *self = Self::build(&[before, &[place], behind].concat());
        }
    }

    /// Removes a place; says whether none is left.
    pub(super) fn remove(&mut self, place: u32) -> bool {
        if let Self::Many(many) = self {
            many.remove(place);
            return many.is_empty();
        }
        let left: Vec<u32> =
            self.listed().iter().copied().filter(|other| *other != place).collect();
        *self = Self::build(&left);
        left.is_empty()
    }

    /// As a bitmap.
    pub(super) fn bitmap(&self) -> Cow<'_, RoaringBitmap> {
        match self {
            Self::Many(many) => Cow::Borrowed(many),
            Self::Few { .. } | Self::List(_) => Cow::Owned(self.listed().iter().copied().collect()),
        }
    }

    /// The places, in order, unless there are many.
    fn listed(&self) -> &[u32] {
        match self {
            Self::Few { count, places } => places.get(..usize::from(*count)).unwrap_or_default(),
            Self::List(places) => places,
            Self::Many(_) => &[],
        }
    }
}

/// What is in any of `sets`.
pub(super) fn union<'a>(sets: impl Iterator<Item = &'a Postings>) -> Cow<'a, RoaringBitmap> {
    let mut few = Vec::new();
    let mut many: Vec<&RoaringBitmap> = Vec::new();
    for set in sets {
        match set {
            Postings::Few { .. } | Postings::List(_) => few.extend_from_slice(set.listed()),
            Postings::Many(places) => many.push(places),
        }
    }
    if let ([], [one]) = (few.as_slice(), many.as_slice()) {
        return Cow::Borrowed(one);
    }
    // Thousands of small bitmaps are faster to take apart than to unite.
    many.retain(|places| {
        let small = places.len() <= SMALL_MAX;
        if small {
            few.extend(*places);
        }
        !small
    });
    let few = bitmap(few);
    Cow::Owned(if many.is_empty() { few } else { many.union() | few })
}

/// A bitmap of places in any order, with repeats.
fn bitmap(mut places: Vec<u32>) -> RoaringBitmap {
    let Some(last) = places.iter().max().copied() else { return RoaringBitmap::new() };
    if places.len() <= SORT_MAX {
        places.sort_unstable();
        return places.into_iter().collect();
    }
    let mut bits = vec![0_u8; last as usize / 8 + 1];
    for place in places {
        if let Some(byte) = bits.get_mut(place as usize / 8) {
            *byte |= 1 << (place % 8);
        }
    }
    RoaringBitmap::from_lsb0_bytes(0, &bits)
}
