//! Inspector: vulnerabilities in software, and ports that can be reached. `BatchGetAccountStatus`,
//! `ListFindings`.

pub mod map;
#[cfg(feature = "sdk")]
pub(crate) mod shell;
pub(crate) mod weakness;
