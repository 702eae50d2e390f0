//! What Muster's tests and its demo run against instead of AWS.
//!
//! - [`Emulator`]: real HTTP on a port of its own, answering the operations that Muster reads as AWS
//!   does: signed requests, pages with pinned filters, published rate limits, typed errors.
//! - [`World`]: what it answers from. It changes only by [`Event`]s, so a test decides what happens
//!   and when.
//! - [`Fault`]s: what goes wrong, scripted for an operation, an account and a Region.
//! - [`documents`]: the made-up documents themselves, and many of them for benchmarks.
//!
//! Time is an argument ([`Clock`]) and chance a seed. No document here is a copy of a real one.
//!
//! What this crate deliberately does not do: check signatures, evaluate policies, or write anything
//! back to a product.

pub mod clock;
pub mod demo;
pub mod documents;
pub mod emulator;
pub mod operation;
pub mod scenario;
pub mod scope;
pub mod world;

mod seeded;

pub use clock::{Clock, ManualClock};
pub use documents::access::AccessKind;
pub use documents::asff::Compliance;
pub use documents::resource::Resource;
pub use emulator::{
    CallCount, Calls, Config, Emulator, ErrorKind, Fault, FaultId, FaultRule, Limit, Limits,
    Request,
};
pub use operation::{Operation, Service};
pub use scenario::Scenario;
pub use scope::Scope;
pub use world::{
    Access, AnalyzerKind, Control, ControlFindings, Event, Flag, FlagStatus, Threat, World,
    WorldError,
};
