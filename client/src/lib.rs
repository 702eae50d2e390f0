//! The client of Muster: a library for programs, and the `muster` command line.
//!
//! Parts:
//! - [`Client`] makes the calls of the contract over one lazily made connection, and turns every
//!   failure into a [`CallError`] that says whether to try again and what to do.
//! - [`Watch`] is a stream of changes that resumes by itself, proves that it has no gap, and keeps
//!   the cursor that a program stores to go on after its own restart.
//! - [`cli`] is the command line; the binary only calls it.
//!
//! It knows the wire (`muster_api`) and nothing else: neither the domain types nor the server.
//! Deliberately absent: TLS and authentication, which the server does not have yet. Plaintext is
//! spoken to loopback addresses only.

mod backoff;
pub mod cli;
mod client;
mod endpoint;
mod error;
mod watch;

pub use backoff::Backoff;
pub use client::{Client, InvalidActor, MAX_MESSAGE_BYTES};
pub use endpoint::{DEFAULT_SERVER, InvalidServer};
pub use error::{CallError, FieldViolation};
pub use watch::{
    ChainError, ReconnectCause, RestartReason, Watch, WatchError, WatchEvent, WatchOptions,
    WatchedChange,
};
