//! The gRPC API: what of the server others see.
//!
//! Only this module knows the wire types. A call goes through `layers` (request id, span, metrics,
//! deadline, overload), `validate` (every field has a limit), one of the services, and back through
//! `convert` or `error`, each the only border of its kind. The services read the view for order and
//! counts and the store for records, and send every write to the writer.
//!
//! Parts: [`serve`] owns sockets, `findings`, `watch`, `triage`, `units`, `maturity` and
//! `subscriptions` are the services, `changes` turns log entries into what clients get, `cursor`
//! makes page tokens and watch positions, `read` keeps blocking reads off the async threads.
//!
//! Deliberately absent: authentication (this server listens on loopback only for now), and any state
//! of a client between calls, subscriptions aside. Tokens and cursors carry what is needed.

mod changes;
mod convert;
mod cursor;
mod error;
mod findings;
mod health;
mod layers;
mod mailbox;
mod maturity;
mod priority;
mod read;
pub mod serve;
mod subscriptions;
mod triage;
mod units;
mod validate;
mod watch;

use std::fmt;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use muster_api::v1::findings_service_server::FindingsServiceServer;
use muster_api::v1::maturity_service_server::MaturityServiceServer;
use muster_api::v1::priority_service_server::PriorityServiceServer;
use muster_api::v1::subscription_service_server::SubscriptionServiceServer;
use muster_api::v1::triage_service_server::TriageServiceServer;
use muster_api::v1::unit_service_server::UnitServiceServer;
use muster_core::weakness::Classes;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::service::Routes;

use self::findings::Findings;
pub use self::health::{Health, Part};
use self::maturity::Maturity;
use self::priority::Priority;
use self::read::Reads;
use self::subscriptions::Subscriptions;
use self::triage::Triage;
use self::units::Units;
use self::watch::Watches;
use crate::clock::Clock;
use crate::feed::Feed;
use crate::ranking::InForce;
use crate::store::Store;
use crate::subscriptions::Board;
use crate::units::UnitBoard;
use crate::view::View;
use crate::writer::WriterHandle;

/// What the API answers from, and where it sends writes.
#[derive(Clone)]
pub struct Backend {
    /// The truth: records and the log.
    pub store: Arc<dyn Store>,
    /// Order, counts and filters. The API only reads it.
    pub view: Arc<RwLock<View>>,
    /// Takes decisions.
    pub writer: WriterHandle,
    /// The live end of the log.
    pub feed: Arc<Feed>,
    /// How urgent findings are: what is in force.
    pub ranking: Arc<InForce>,
    /// Which reports say the same: those in force.
    pub classes: Arc<Classes>,
    /// What is being collected.
    pub units: Arc<UnitBoard>,
    /// Durable consumers, as they were committed.
    pub subscriptions: Arc<Board>,
    /// The server's clock: snoozes that are asked for as durations count from it.
    pub clock: Arc<dyn Clock>,
    /// Cancelled once, when the server is to stop: no new calls, streams end with `GoAway`.
    pub drain: CancellationToken,
    /// How much of everything.
    pub limits: Limits,
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// How much the API does at once, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections. Beyond, new ones wait in the kernel's queue.
    pub connections_max: usize,
    /// Calls at once on one connection (HTTP/2 streams). Beyond, the client waits.
    pub streams_max: u32,
    /// Unary calls at once. Beyond, `UNAVAILABLE` with `OVERLOADED`.
    pub calls_max: usize,
    /// Reads of the store or the view at once, each on a blocking thread. Beyond, calls wait for
    /// their turn or their deadline.
    pub reads_max: usize,
    /// Watches at once. Beyond, `RESOURCE_EXHAUSTED` with `TOO_MANY_WATCHES`.
    pub watches_max: usize,
    /// Consumers at once who wait for changes of subscriptions. Beyond, `RESOURCE_EXHAUSTED` with
    /// `TOO_MANY_CONSUMERS`.
    pub consumers_max: usize,
    /// The longest a unary call may take; a shorter `grpc-timeout` of the client goes first.
    pub deadline: Duration,
    /// How long a watcher may take nothing before it is ended with `SLOW_CONSUMER`.
    pub stall: Duration,
    /// How long a new connection may take to send the HTTP/2 preface.
    pub preface: Duration,
    /// How long calls and streams have to end after `drain`; then their connections are closed.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 512,
            streams_max: 128,
            calls_max: 256,
            reads_max: 8,
            watches_max: 1024,
            consumers_max: 1024,
            deadline: Duration::from_secs(30),
            stall: Duration::from_mins(1),
            preface: Duration::from_secs(5),
            drain: Duration::from_secs(10),
        }
    }
}

/// The largest request, in bytes (256 KiB): decoded messages take a hundred times the room of empty
/// parts on the wire.
const REQUEST_BYTES_MAX: usize = 256 * 1024;

/// The largest request with a batch of decisions, in bytes (1 MiB).
const BATCH_REQUEST_BYTES_MAX: usize = 1024 * 1024;

/// The largest answer, in bytes (4 MiB): what clients read unless they were told otherwise. Lists
/// are cut well below.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The services, without layers: findings, triage, units, maturity, priority, health and reflection.
/// Watches and sessions run as tasks of `tasks`.
pub fn routes(backend: &Backend, health: &Health, tasks: &TaskTracker) -> Routes {
    let reads = Reads::new(backend.clone());
    let watches = Watches::new(reads.clone(), tasks.clone());
    let findings = FindingsServiceServer::new(Findings::new(reads.clone(), watches))
        .max_decoding_message_size(REQUEST_BYTES_MAX)
        .max_encoding_message_size(ANSWER_BYTES_MAX);
    let triage = TriageServiceServer::new(Triage::new(reads.clone()))
        .max_decoding_message_size(BATCH_REQUEST_BYTES_MAX)
        .max_encoding_message_size(ANSWER_BYTES_MAX);
    let maturity = MaturityServiceServer::new(Maturity::new(reads.clone()))
        .max_decoding_message_size(REQUEST_BYTES_MAX)
        .max_encoding_message_size(ANSWER_BYTES_MAX);
    let priority = PriorityServiceServer::new(Priority::new(reads.clone()))
        .max_decoding_message_size(BATCH_REQUEST_BYTES_MAX)
        .max_encoding_message_size(ANSWER_BYTES_MAX);
    let subscriptions = Subscriptions::new(reads.clone(), tasks.clone());
    let subscriptions = SubscriptionServiceServer::new(subscriptions)
        .max_decoding_message_size(BATCH_REQUEST_BYTES_MAX)
        .max_encoding_message_size(ANSWER_BYTES_MAX);
    let units = UnitServiceServer::new(Units::new(reads))
        .max_decoding_message_size(REQUEST_BYTES_MAX)
        .max_encoding_message_size(ANSWER_BYTES_MAX);
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(muster_api::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    // Python's grpcio-reflection still asks v1alpha.
    let reflection_v1 = reflection().build_v1().expect("the build made the descriptors");
    let reflection_v1alpha = reflection().build_v1alpha().expect("the build made the descriptors");
    Routes::new(findings)
        .add_service(triage)
        .add_service(units)
        .add_service(maturity)
        .add_service(priority)
        .add_service(subscriptions)
        .add_service(health.service())
        .add_service(reflection_v1)
        .add_service(reflection_v1alpha)
}

#[cfg(test)]
mod tests;
