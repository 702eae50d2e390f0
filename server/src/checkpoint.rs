//! The stored form of checkpoints: one row for each unit, by its name.

use muster_core::time::Millis;
use muster_core::unit::Checkpoint;
use prost::Message;

use crate::store::StoreError;

#[derive(Clone, PartialEq, Message)]
struct Row {
    #[prost(int64, optional, tag = "1")]
    watermark_ms: Option<i64>,
    #[prost(int64, optional, tag = "2")]
    swept_ms: Option<i64>,
    #[prost(uint64, tag = "3")]
    sweeps: u64,
    #[prost(string, tag = "4")]
    memo: String,
    #[prost(int64, optional, tag = "5")]
    triaged_ms: Option<i64>,
}

/// Writes a checkpoint.
pub fn encode(checkpoint: &Checkpoint) -> Vec<u8> {
    let row = Row {
        watermark_ms: checkpoint.watermark.map(|time| time.0),
        swept_ms: checkpoint.swept.map(|time| time.0),
        sweeps: checkpoint.sweeps,
        memo: checkpoint.memo.clone(),
        triaged_ms: checkpoint.triaged.map(|time| time.0),
    };
    row.encode_to_vec()
}

/// Reads the checkpoint of `unit` back.
pub fn decode(unit: &str, value: &[u8]) -> Result<Checkpoint, StoreError> {
    let row = Row::decode(value)
        .map_err(|_| StoreError::Corrupt { what: format!("the checkpoint of {unit}") })?;
    Ok(Checkpoint {
        watermark: row.watermark_ms.map(Millis),
        swept: row.swept_ms.map(Millis),
        triaged: row.triaged_ms.map(Millis),
        sweeps: row.sweeps,
        memo: row.memo,
    })
}
