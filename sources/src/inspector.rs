//! Inspector: vulnerabilities in software, and ports that can be reached.
//!
//! Nothing collects it yet: its findings come by events, imports and Security Hub.

pub mod map;
pub(crate) mod weakness;
