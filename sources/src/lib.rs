//! Reads findings from AWS.
//!
//! The only crate that knows AWS. Each product is a module with two halves: a shell that calls the
//! API and keeps nothing, and a pure mapping from the bytes of one document to a
//! [`Report`](muster_core::report::Report). Schedules, retries, budgets, checkpoints and conclusions
//! belong to the collector.

mod access;
pub mod access_analyzer;
mod attributes;
#[cfg(feature = "sdk")]
pub mod aws;
mod body;
pub mod config;
pub mod document;
mod draft;
pub mod events;
mod exposure;
pub mod guardduty;
pub mod inspector;
mod lenient;
pub mod macie;
pub mod operations;
mod resource_type;
pub mod security_hub;
mod signals;
pub mod source;
pub mod trusted_advisor;
