//! What the tests of the writer and the collector share: a store in memory with its real writer, a
//! clock that stands still, and made-up reports.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, RwLock};

use bytes::Bytes;
use muster_core::finding::Finding;
use muster_core::ids::FindingId;
use muster_core::plan::{Command, Mutation};
use muster_core::report::{
    CustomerFields, Exposure, FindingClass, IdentityRule, OriginKey, Report, ReportKey, ReportPath,
    Resource, Severity, Status,
};
use muster_core::time::Millis;
use muster_core::triage::{Actor, TriageAction};
use muster_core::unit::{SourceKind, Unit};
use muster_core::weakness::Classes;

use crate::clock::Clock;
use crate::feed::Feed;
use crate::quarantine::Quarantine;
use crate::ranking::{InForce, Ranking};
use crate::store::{MemoryStore, Store};
use crate::subscriptions::Board;
use crate::view::View;
use crate::writer::{self, Decision, DecisionLog, Ingest, Parts, WriterHandle};

/// When tests begin: 2026-01-01.
pub(crate) const NOW: Millis = Millis(1_767_225_600_000);

/// A clock that tests move.
pub(crate) struct TestClock(pub(crate) AtomicI64);

impl TestClock {
    pub(crate) fn pass(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Millis {
        Millis(self.0.load(Ordering::Relaxed))
    }
}

/// Remembers what was appended, and refuses when told to.
#[derive(Clone, Default)]
pub(crate) struct TestLog {
    pub(crate) appended: Arc<Mutex<Vec<String>>>,
    pub(crate) full: Arc<Mutex<bool>>,
}

impl DecisionLog for TestLog {
    fn append(&mut self, committed: &[Mutation]) -> Result<(), String> {
        if *self.full.lock().unwrap() {
            return Err("no space left on device".to_owned());
        }
        let actions = committed.iter().map(|done| done.change.action.clone());
        self.appended.lock().unwrap().extend(actions.filter(|action| !action.is_empty()));
        Ok(())
    }
}

/// A store in memory with its real writer.
pub(crate) struct Bench {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) view: Arc<RwLock<View>>,
    pub(crate) feed: Arc<Feed>,
    pub(crate) writer: WriterHandle,
    pub(crate) quarantine: Arc<Quarantine>,
    pub(crate) subscriptions: Arc<Board>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) log: TestLog,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with_retention(i64::MAX)
    }

    pub(crate) fn with_retention(retention_ms: i64) -> Self {
        let clock = Arc::new(TestClock(AtomicI64::new(NOW.0)));
        Self::over(Arc::new(MemoryStore::new()), clock, TestLog::default(), retention_ms)
    }

    /// Another process over the same store, as after a crash.
    pub(crate) fn restart(&self) -> Self {
        let (store, clock) = (Arc::clone(&self.store), Arc::clone(&self.clock));
        // Names of commits hold the time.
        clock.pass(1);
        Self::over(store, clock, self.log.clone(), i64::MAX)
    }

    fn over(
        store: Arc<MemoryStore>,
        clock: Arc<TestClock>,
        log: TestLog,
        retention_ms: i64,
    ) -> Self {
        let view = Arc::new(RwLock::new(View::build(&*store).unwrap()));
        let feed = Arc::new(Feed::new(store.head()));
        let quarantine = Arc::new(Quarantine::open(&*store).unwrap());
        let subscriptions = Arc::new(Board::open(&*store).unwrap());
        let (writer, _thread) = writer::spawn(Parts {
            store: store.clone(),
            classes: Arc::new(Classes::builtin()),
            ranking: Arc::new(InForce::new(Ranking::builtin())),
            view: Arc::clone(&view),
            feed: Arc::clone(&feed),
            decisions: Box::new(log.clone()),
            quarantine: Arc::clone(&quarantine),
            subscriptions: Arc::clone(&subscriptions),
            clock: clock.clone(),
            retention_ms,
        })
        .unwrap();
        Self { store, view, feed, writer, quarantine, subscriptions, clock, log }
    }

    /// The newest image of the finding that a report belongs to.
    pub(crate) fn finding(&self, report: &Report) -> Option<Finding> {
        self.store.findings(&[id(report)]).unwrap().pop().flatten()
    }

    /// Stores reports as the unit of the samples.
    pub(crate) async fn ingest(&self, reports: &[Report]) -> writer::Ingested {
        self.writer.ingest(unit(), page(reports)).await.unwrap()
    }
}

/// The unit that reads every sample.
pub(crate) fn unit() -> Unit {
    "guardduty/123456789012/eu-central-1/12abc34d".parse().unwrap()
}

/// Reports as the writer takes them.
pub(crate) fn page(reports: &[Report]) -> Ingest {
    let reports = reports.iter().map(|report| (report.clone(), report.content_hash())).collect();
    Ingest { reports, ..Ingest::default() }
}

/// The finding that a report belongs to.
pub(crate) fn id(report: &Report) -> FindingId {
    Classes::builtin().key(report).id()
}

/// A decision by a person.
pub(crate) fn decision(report: &Report, action: TriageAction) -> Decision {
    let actor = Actor { principal: "user:alice".to_owned(), on_behalf_of: String::new() };
    let command = Command { action, comment: String::new(), actor, request_id: String::new() };
    Decision { finding: id(report), command, etag: None, content_version: None }
}

/// An open report of the finding of that number.
pub(crate) fn report(number: u32) -> Report {
    let resource = format!("arn:aws:ec2:eu-central-1:123456789012:instance/i-{number:08x}");
    let text = format!("gd|aws|eu-central-1|123456789012|{number:08x}");
    Report {
        key: ReportKey {
            path: ReportPath::Native,
            provider_id: format!("arn:aws:guardduty:finding/{number:08x}"),
        },
        origin: OriginKey { rule: IdentityRule::GuardDuty, text },
        source: SourceKind::GuardDuty,
        product: "aws/guardduty".to_owned(),
        account: "123456789012".parse().unwrap(),
        region: "eu-central-1".parse().unwrap(),
        class: FindingClass::Threat,
        rule_id: "Recon:EC2/PortProbeUnprotectedPort".to_owned(),
        title: format!("Probe {number}"),
        description: String::new(),
        severity: Severity::Medium,
        severity_normalized: 50,
        status: Status::Active,
        status_detail: "ACTIVE".to_owned(),
        resources: vec![Resource {
            id: resource.clone(),
            original: resource,
            kind: "Instance".to_owned(),
        }],
        facet: String::new(),
        exposure: Exposure::Unknown,
        signals: muster_core::report::Signals::default(),
        sample: false,
        customer: CustomerFields::default(),
        remediation: String::new(),
        remediation_url: String::new(),
        first_observed: Some(NOW),
        last_observed: Some(NOW),
        provider_created: Some(NOW),
        provider_updated: Some(NOW),
        count: 1,
        remarks: Vec::new(),
        raw: Bytes::from(format!("{{\"id\":{number}}}")),
        raw_truncated: false,
        attributes: Vec::new(),
    }
}
