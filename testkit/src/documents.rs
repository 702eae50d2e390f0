//! Documents as AWS products write them, made up by us but with every field that real ones have.

pub mod controls;
pub mod resource;
pub mod threats;

pub mod asff;
pub(crate) mod copies;
pub(crate) mod guardduty;
