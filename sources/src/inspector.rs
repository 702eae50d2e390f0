//! Inspector: vulnerabilities in software, and ports that can be reached.

pub(crate) mod weakness;
