//! The server of Muster.

pub mod store;
