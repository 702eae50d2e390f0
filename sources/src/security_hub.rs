//! Security Hub CSPM: `GetFindings`, ASFF.

pub mod map;
#[cfg(feature = "sdk")]
pub(crate) mod shell;
