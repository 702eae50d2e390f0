//! The real program, from outside: started, stopped, killed, misused.
//!
//! It reads the emulator of `muster-testkit` with the real SDK, and answers the real client. Nothing
//! here waits for time to pass: each step waits for what the program says or does.

#![cfg(feature = "aws")]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod crash;
mod demo;
mod doctor;
mod process;
mod settings;
mod stop;
mod subscriptions;
