//! Documents as AWS products write them, made up by us but with every field that real ones have.

pub mod controls;
pub mod resource;
pub mod threats;

pub mod access;
pub mod asff;
pub mod checks;
pub(crate) mod copies;
pub(crate) mod guardduty;
