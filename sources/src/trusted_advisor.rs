//! Trusted Advisor, through the Support API.

pub mod map;
#[cfg(feature = "sdk")]
pub(crate) mod shell;
