//! The client against a scripted server.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fake;
mod make;
mod watch;
