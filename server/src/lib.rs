//! The server of Muster.
//!
//! ```text
//! sources -> collect -> writer -> store -> view, feed -> api -> clients
//! ```
//!
//! [`writer`] is the only place that writes the [`store`]; [`view`] and [`feed`] are made of what was
//! committed; `api` alone knows the wire, `store` alone knows keys and bytes.

pub mod api;
#[cfg(feature = "aws")]
pub mod app;
pub mod checkpoint;
pub mod clock;
pub mod collect;
#[cfg(feature = "aws")]
pub mod command;
pub mod config;
pub mod doctor;
pub mod feed;
pub mod intel;
pub mod maturity;
pub mod quarantine;
pub mod ranking;
pub mod refold;
pub mod routes;
pub mod rules;
pub mod store;
pub mod subscriptions;
pub mod telemetry;
pub mod units;
pub mod view;
pub mod writer;

#[cfg(test)]
mod testing;
