//! `GuardDuty`: `ListDetectors`, `ListFindings`, `GetFindings`.

pub mod map;
#[cfg(feature = "sdk")]
pub(crate) mod shell;
