//! The places that have one value: one of them for most values, a million for some.

use std::borrow::Cow;

use roaring::{MultiOps, RoaringBitmap};

/// Beyond this many places a bitmap is smaller and faster than a list.
const FEW_MAX: usize = if cfg!(test) { 3 } else { 32 };

/// Beyond this many places a union is made by setting bits, not by sorting.
const SORT_MAX: usize = if cfg!(test) { 6 } else { 2048 };

/// A bitmap with no more places than this is taken apart for a union.
const SMALL_MAX: u64 = if cfg!(test) { 5 } else { 512 };

/// A set of places.
#[derive(Debug)]
pub(super) enum Postings {
    /// Exactly this one.
    One(u32),
    /// In order.
    Few(Vec<u32>),
    /// Once there are many it stays a bitmap.
    Many(Box<RoaringBitmap>),
}

impl Postings {
    /// Takes places that are in order.
    pub(super) fn build(places: &[u32]) -> Self {
        match places {
            [one] => Self::One(*one),
            _ if places.len() <= FEW_MAX => Self::Few(places.to_vec()),
            _ => {
                let many: RoaringBitmap = places.iter().copied().collect();
                // A copy has no room in reserve.
                Self::Many(Box::new(RoaringBitmap::clone(&many)))
            }
        }
    }

    /// Adds a place.
    pub(super) fn insert(&mut self, place: u32) {
        match self {
            Self::One(one) if *one == place => {}
            Self::One(one) => *self = Self::Few(vec![place.min(*one), place.max(*one)]),
            Self::Few(few) if few.is_empty() => *self = Self::One(place),
            Self::Few(few) => {
                if let Err(index) = few.binary_search(&place) {
                    few.insert(index, place);
                }
                if few.len() > FEW_MAX {
                    *self = Self::Many(Box::new(few.iter().copied().collect()));
                }
            }
            Self::Many(many) => {
                many.insert(place);
            }
        }
    }

    /// Removes a place; says whether none is left.
    pub(super) fn remove(&mut self, place: u32) -> bool {
        match self {
            Self::One(one) => *one == place,
            Self::Few(few) => {
                if let Ok(index) = few.binary_search(&place) {
                    few.remove(index);
                }
                few.is_empty()
            }
            Self::Many(many) => {
                many.remove(place);
                many.is_empty()
            }
        }
    }

    /// As a bitmap.
    pub(super) fn bitmap(&self) -> Cow<'_, RoaringBitmap> {
        match self {
            Self::One(one) => Cow::Owned(RoaringBitmap::from_iter([*one])),
            Self::Few(few) => Cow::Owned(few.iter().copied().collect()),
            Self::Many(many) => Cow::Borrowed(many),
        }
    }
}

/// What is in any of `sets`.
pub(super) fn union<'a>(sets: impl Iterator<Item = &'a Postings>) -> Cow<'a, RoaringBitmap> {
    let mut few = Vec::new();
    let mut many: Vec<&RoaringBitmap> = Vec::new();
    for set in sets {
        match set {
            Postings::One(one) => few.push(*one),
            Postings::Few(places) => few.extend_from_slice(places),
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
