//! The ids that begin with what somebody typed.

use muster_core::ids::FindingId;

/// The bits of an id.
const ID_BITS: u32 = 128;

/// The lowest and the highest id whose text, without `fnd_`, begins with `prefix`; `None` when no id
/// does.
///
/// A character stands for five bits, the highest first; of the last one only three are used, and
/// the others are zero.
pub(super) fn range(prefix: &str) -> Option<(FindingId, FindingId)> {
    let mut lowest: u128 = 0;
    let mut left = ID_BITS;
    for byte in prefix.bytes() {
        let bits = match byte {
            b'a'..=b'z' => u128::from(byte - b'a'),
            b'2'..=b'7' => u128::from(byte - b'2') + 26,
            _ => return None,
        };
        match left.checked_sub(5) {
            Some(rest) => {
                lowest |= bits << rest;
                left = rest;
            }
            None if left > 0 && bits.trailing_zeros() >= 5 - left => {
                lowest |= bits >> (5 - left);
                left = 0;
            }
            None => return None,
        }
    }
    let highest = lowest | u128::MAX.checked_shr(ID_BITS - left).unwrap_or(0);
    Some((FindingId(lowest.to_be_bytes()), FindingId(highest.to_be_bytes())))
}
