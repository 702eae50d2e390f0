//! The client against a scripted server.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod binary;
mod calls;
mod cli;
mod decide;
mod fake;
mod list;
mod make;
mod maturity;
mod regroup;
mod show;
mod subscriptions;
mod watch;
mod watch_cli;
