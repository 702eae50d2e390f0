//! Ack ids: which delivery of what, for the consumer to bring back.
//!
//! `base64url(version, generation, attempt, revision or finding, checksum)`. The checksum covers the
//! name of the subscription too, so that an id of another one is unknown, and not a wrong ack.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use muster_core::ids::{FindingId, Revision};
use muster_core::subscription::{Ack, Key, Verdict};
use sha2::{Digest, Sha256};

const VERSION: u8 = 1;

const CHECKSUM_BYTES: usize = 8;

/// Makes the id of a delivery.
pub(super) fn write(name: &str, generation: u64, key: Key, attempt: u32) -> String {
    let mut bytes = vec![VERSION];
    bytes.extend_from_slice(&generation.to_be_bytes());
    bytes.extend_from_slice(&attempt.to_be_bytes());
    match key {
        Key::Change(revision) => bytes.extend_from_slice(&revision.0.to_be_bytes()),
        Key::Snapshot(id) => bytes.extend_from_slice(&id.0),
    }
    let checksum = checksum(name, &bytes);
    bytes.extend_from_slice(&checksum);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads an id back, with what is said of it; `None` when it is none of that subscription.
pub(super) fn read(name: &str, text: &str, verdict: Verdict) -> Option<Ack> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (bytes, sum) = bytes.split_last_chunk::<CHECKSUM_BYTES>()?;
    if checksum(name, bytes) != *sum {
        return None;
    }
    let ([VERSION], rest) = bytes.split_first_chunk()? else { return None };
    let (generation, rest) = rest.split_first_chunk()?;
    let (attempt, rest) = rest.split_first_chunk()?;
    let key = match <[u8; 8]>::try_from(rest) {
        Ok(revision) => Key::Change(Revision(u64::from_be_bytes(revision))),
        Err(_) => Key::Snapshot(FindingId(rest.try_into().ok()?)),
    };
    let (generation, attempt) = (u64::from_be_bytes(*generation), u32::from_be_bytes(*attempt));
    Some(Ack { generation, key, attempt, verdict })
}

fn checksum(name: &str, bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let digest = Sha256::new().chain_update(name).chain_update([0]).chain_update(bytes).finalize();
    *digest.first_chunk().expect("SHA-256 has 32 bytes")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::api::validate::subscriptions::ACK_ID_BYTES_MAX;

    fn key() -> impl Strategy<Value = Key> {
        prop_oneof![
            any::<u64>().prop_map(|revision| Key::Change(Revision(revision))),
            any::<[u8; 16]>().prop_map(|id| Key::Snapshot(FindingId(id))),
        ]
    }

    proptest! {
        #[test]
        fn an_id_reads_back_for_its_own_subscription_only(
            generation: u64, key in key(), attempt: u32, cut in 1..8_usize,
        ) {
            let text = write("tickets", generation, key, attempt);

            let ack = Ack { generation, key, attempt, verdict: Verdict::Done };
            prop_assert_eq!(read("tickets", &text, Verdict::Done), Some(ack));
            prop_assert_eq!(read("siem", &text, Verdict::Done), None);
            prop_assert_eq!(read("tickets", &text[cut..], Verdict::Done), None);
            prop_assert!(text.len() <= ACK_ID_BYTES_MAX);
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,80}") {
            prop_assert_eq!(read("tickets", &text, Verdict::Done), None);
        }
    }
}
