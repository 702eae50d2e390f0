//! `grpc.health.v1`: what works, for load balancers and for `grpc_health_probe`.

use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

use muster_api::v1::findings_service_server::SERVICE_NAME as FINDINGS;
use muster_api::v1::maturity_service_server::SERVICE_NAME as MATURITY;
use muster_api::v1::priority_service_server::SERVICE_NAME as PRIORITY;
use muster_api::v1::subscription_service_server::SERVICE_NAME as SUBSCRIPTIONS;
use muster_api::v1::triage_service_server::SERVICE_NAME as TRIAGE;
use muster_api::v1::unit_service_server::SERVICE_NAME as UNITS;

/// What has a health of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The process: the empty service name.
    Process,
    /// Reads: the store is readable and the view is built.
    Findings,
    /// Writes: the store takes them.
    Triage,
    /// What is collected.
    Units,
    /// The maturity report.
    Maturity,
    /// Scores and their rules.
    Priority,
    /// Durable consumers: like writes.
    Subscriptions,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Process,
        Self::Findings,
        Self::Triage,
        Self::Units,
        Self::Maturity,
        Self::Priority,
        Self::Subscriptions,
    ];

    /// The service name that a health check asks for.
    pub fn service_name(self) -> &'static str {
        match self {
            Self::Process => "",
            Self::Findings => FINDINGS,
            Self::Triage => TRIAGE,
            Self::Units => UNITS,
            Self::Maturity => MATURITY,
            Self::Priority => PRIORITY,
            Self::Subscriptions => SUBSCRIPTIONS,
        }
    }
}

/// Tells health checks what works. Nothing does until [`Health::set`] says so.
#[derive(Clone, Debug)]
pub struct Health(HealthReporter);

impl Health {
    /// Everything is `NOT_SERVING`.
    pub async fn new() -> Self {
        let health = Self(HealthReporter::new());
        health.set_all(false).await;
        health
    }

    /// Says whether `part` works; checks and watchers of health learn of it at once.
    pub async fn set(&self, part: Part, serving: bool) {
        let status = if serving { ServingStatus::Serving } else { ServingStatus::NotServing };
        self.0.set_service_status(part.service_name(), status).await;
    }

    /// Says it of every part.
    pub async fn set_all(&self, serving: bool) {
        for part in Part::ALL {
            self.set(part, serving).await;
        }
    }

    /// Ends the streams of those who watch the health: nothing more will be said.
    pub(super) async fn end_watches(&self) {
        let mut reporter = self.0.clone();
        for part in Part::ALL {
            reporter.clear_service_status(part.service_name()).await;
        }
    }

    pub(super) fn service(&self) -> HealthServer<HealthService> {
        HealthServer::new(HealthService::from_health_reporter(self.0.clone()))
    }
}
