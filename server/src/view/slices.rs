//! Numbers of places as a bitmap for each bit: comparing a million of them, or finding the highest,
//! takes one bitmap operation for each bit, however the numbers are distributed.

use roaring::RoaringBitmap;

/// A number for each place.
#[derive(Debug, Default)]
pub(super) struct Slices {
    /// The places whose number has bit 0, 1, ….
    bits: Vec<RoaringBitmap>,
}

/// The places with the highest numbers.
#[derive(Debug, PartialEq)]
pub(super) struct Top {
    /// Surely among them; fewer than were asked for.
    pub(super) above: RoaringBitmap,
    /// All with the highest number that is not above; together at least as many as were asked for,
    /// if there are so many.
    pub(super) tied: RoaringBitmap,
}

impl Slices {
    /// Takes the numbers of many places at once.
    pub(super) fn build(numbers: impl Iterator<Item = (u32, u64)>) -> Self {
        let mut bits: Vec<Vec<u8>> = Vec::new();
        for (place, number) in numbers {
            let (byte, mask) = (place as usize / 8, 1 << (place % 8));
            let mut ones = number;
            while ones != 0 {
                let bit = ones.trailing_zeros() as usize;
                if bits.len() <= bit {
                    bits.resize_with(bit + 1, Vec::new);
                }
                if let Some(bytes) = bits.get_mut(bit) {
                    if bytes.len() <= byte {
                        bytes.resize(byte + 1, 0);
                    }
                    bytes[byte] |= mask;
                }
                ones &= ones - 1;
            }
        }
        Self { bits: bits.iter().map(|bytes| RoaringBitmap::from_lsb0_bytes(0, bytes)).collect() }
    }

    /// Changes the number of a place (new places have 0).
    pub(super) fn change(&mut self, place: u32, old: u64, new: u64) {
        let mut flipped = old ^ new;
        while flipped != 0 {
            let bit = flipped.trailing_zeros() as usize;
            if self.bits.len() <= bit {
                self.bits.resize_with(bit + 1, RoaringBitmap::new);
            }
            if let Some(places) = self.bits.get_mut(bit) {
                if new >> bit & 1 == 1 {
                    places.insert(place);
                } else {
                    places.remove(place);
                }
            }
            flipped &= flipped - 1;
        }
    }

    /// Those of `places` with a number below `number`, and those with exactly it.
    pub(super) fn compare(
        &self,
        places: &RoaringBitmap,
        number: u64,
    ) -> (RoaringBitmap, RoaringBitmap) {
        if number.checked_ilog2().is_some_and(|bit| bit as usize >= self.bits.len()) {
            return (places.clone(), RoaringBitmap::new());
        }
        let mut below = RoaringBitmap::new();
        let mut equal = places.clone();
        for (bit, ones) in self.bits.iter().enumerate().rev() {
            if number >> bit & 1 == 1 {
                let ones = &equal & ones;
                below |= std::mem::replace(&mut equal, ones.clone()) - ones;
            } else {
                equal -= ones;
            }
            if equal.is_empty() {
                break;
            }
        }
        (below, equal)
    }

    /// The `count` (not 0) of `places` with the highest numbers.
    pub(super) fn top(&self, places: &RoaringBitmap, count: u64) -> Top {
        let mut above = RoaringBitmap::new();
        let mut tied = places.clone();
        for ones in self.bits.iter().rev() {
            if tied.is_disjoint(ones) {
                continue;
            }
            let ones = &tied & ones;
            if above.len() + ones.len() >= count {
                tied = ones;
            } else {
                tied -= &ones;
                above |= ones;
            }
        }
        Top { above, tied }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn slices_compare_and_order_as_numbers_do(
            numbers in vec((0..40_u64, any::<bool>()), 1..60),
            number in prop_oneof![0..45_u64, any::<u64>()],
            count in 1..20_u64,
        ) {
            let mut slices = Slices::build((0..).zip(numbers.iter().map(|(number, _)| number ^ 0x11)));
            for (place, (number, _)) in (0..).zip(&numbers) {
                slices.change(place, number ^ 0x11, *number);
            }
            let places = || (0..).zip(&numbers).filter(|(_, (_, chosen))| *chosen);
            let where_ = |is: &dyn Fn(u64) -> bool| -> RoaringBitmap {
                places().filter(|(_, (other, _))| is(*other)).map(|(place, _)| place).collect()
            };
            let all = where_(&|_| true);

            let (below, equal) = slices.compare(&all, number);
            let top = slices.top(&all, count);

            prop_assert_eq!(below, where_(&|other| other < number));
            prop_assert_eq!(equal, where_(&|other| other == number));
            let mut sorted: Vec<u64> = places().map(|(_, (other, _))| *other).collect();
            sorted.sort_unstable_by(|a, b| b.cmp(a));
            let threshold = usize::try_from(count).ok().and_then(|count| sorted.get(count - 1));
            if let Some(threshold) = threshold {
                prop_assert_eq!(top.above, where_(&|other| other > *threshold));
                prop_assert_eq!(top.tied, where_(&|other| other == *threshold));
            } else {
                prop_assert_eq!(top.above | top.tied, all);
            }
        }
    }
}
