//! The values and rules of Muster.
//!
//! Everything here is a function of its arguments: no I/O, no clock, no random number, no
//! environment. Time comes in as [`time::Millis`], so that tests and replays decide it.
//!
//! Reading order: a source maps a document to a [`report::Report`]; [`identity`] says which finding
//! it belongs to; [`fold`] turns the reports of one finding into its facts; [`triage`] holds what
//! people decided; [`priority`] scores; [`plan`] puts these together and says what to write.
//! [`invariants`] names what must hold afterwards.

pub mod change;
pub mod filter;
pub mod finding;
pub mod fold;
pub mod identity;
pub mod ids;
pub mod intel;
pub mod invariants;
pub mod maturity;
pub mod plan;
pub mod priority;
pub mod report;
pub mod subscription;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod time;
pub mod triage;
pub mod unit;
pub mod weakness;
