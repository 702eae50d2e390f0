//! Chance that repeats: ids and random numbers from a seed and a name.
//!
//! Everything is derived from what it is for, never from the order of the calls, so that a world
//! that is built in another order is the same world.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use rand::SeedableRng;
use rand::rngs::StdRng;
use sha2::{Digest, Sha256};

/// 32 bytes that follow from the seed and the parts.
pub(crate) fn digest(seed: u64, parts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(seed.to_be_bytes());
    for part in parts {
        // The length keeps ("ab", "c") and ("a", "bc") apart.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}

/// Random numbers that follow from the seed and the parts.
pub(crate) fn rng(seed: u64, parts: &[&str]) -> StdRng {
    StdRng::from_seed(digest(seed, parts))
}

/// `length` hexadecimal digits, at most 64.
pub(crate) fn hex(seed: u64, parts: &[&str], length: usize) -> String {
    let mut text = HEXLOWER.encode(&digest(seed, parts));
    text.truncate(length);
    text
}

/// A random (version 4) UUID in its usual form.
pub(crate) fn uuid(seed: u64, parts: &[&str]) -> String {
    let digits = hex(seed, parts, 30);
    let part = |range: std::ops::Range<usize>| digits.get(range).unwrap_or_default();
    format!("{}-{}-4{}-a{}-{}", part(0..8), part(8..12), part(12..15), part(15..18), part(18..30))
}

/// The opaque 43 characters by which Trusted Advisor names a flagged resource.
pub(crate) fn opaque(seed: u64, parts: &[&str]) -> String {
    BASE64URL_NOPAD.encode(&digest(seed, parts))
}

/// The unique part of an IAM or access key id: `length` capital letters and digits.
pub(crate) fn capitals(seed: u64, parts: &[&str], length: usize) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bytes = digest(seed, parts);
    bytes.iter().take(length).map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect()
}
