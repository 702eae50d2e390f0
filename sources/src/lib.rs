//! Reads findings from AWS.
//!
//! The only crate that knows AWS. Each product is a module with two halves: a shell that calls the
//! API and keeps nothing, and a pure mapping from the bytes of one document to a
//! [`Report`](muster_core::report::Report). Schedules, retries, budgets, checkpoints and conclusions
//! belong to the collector.

pub mod access_analyzer;
#[cfg(feature = "sdk")]
pub mod aws;
mod body;
pub mod document;
mod draft;
mod exposure;
pub mod guardduty;
mod lenient;
pub mod operations;
pub mod security_hub;
pub mod source;
pub mod trusted_advisor;
