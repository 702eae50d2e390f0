//! Security Hub CSPM: `GetFindings`, ASFF.

pub mod map;
// #[cfg(feature = "sdk")]
// pub mod shell;
