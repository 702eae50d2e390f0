//! Documents as AWS products write them, made up by us but with every field that real ones have.

pub mod access;
pub mod asff;
pub mod bulk;
pub mod checks;
pub mod controls;
pub(crate) mod copies;
pub(crate) mod guardduty;
pub mod resource;
pub mod threats;
