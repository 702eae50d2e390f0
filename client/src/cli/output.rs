//! How things are printed: for people and for programs.

pub(crate) mod changes;
pub(crate) mod csv;
pub(crate) mod detail;
pub(crate) mod document;
pub(crate) mod findings;
pub(crate) mod heatmap;
pub(crate) mod json;
pub(crate) mod table;
