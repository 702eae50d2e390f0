//! The shells with the real SDK, against the emulator.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access_analyzer;
mod environment;
mod faults;
mod guardduty;
mod inspector;
mod roles;
mod security_hub;
mod trusted_advisor;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use muster_core::report::Report;
use muster_core::time::Millis;
use muster_core::unit::{Checkpoint, SourceKind, Unit};
use muster_sources::aws::{AwsAccount, AwsSettings, Pacer, Scope, connect};
use muster_sources::document::Document;
use muster_sources::operations::Operation;
use muster_sources::source::{Page, Pass, PassKind, Source, SourceError};
use muster_testkit::{Config, Emulator, Limits, ManualClock, World};

const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-west-1";

/// When every world begins.
const BEGAN: &str = "2026-03-02T10:00:00Z";

const HOUR_MS: i64 = 3_600_000;

/// Lets every call pass.
#[derive(Debug)]
struct Unpaced;

#[async_trait]
impl Pacer for Unpaced {
    async fn admit(&self, _: &Scope, _: Operation) {}

    fn throttled(&self, _: &Scope, _: Operation) {}
}

fn began() -> Millis {
    Millis::parse(BEGAN).unwrap()
}

fn empty_world() -> World {
    World::new(7, BEGAN.parse().unwrap())
}

fn scope() -> muster_testkit::Scope {
    muster_testkit::Scope::new(ACCOUNT, REGION)
}

/// An emulator without rate limits.
async fn start(world: World) -> Emulator {
    Emulator::start(Config::new(world).limits(Limits::unlimited())).await.unwrap()
}

/// The same, with a clock that stands still.
async fn start_still(world: World) -> (Emulator, ManualClock) {
    let clock = ManualClock::new(world.began());
    let config = Config::new(world).limits(Limits::unlimited()).clock(clock.clock());
    (Emulator::start(config).await.unwrap(), clock)
}

/// The account as the emulator serves it; backoff is too short to notice.
async fn account(emulator: &Emulator) -> AwsAccount {
    account_at(emulator.url(), Arc::new(Unpaced)).await
}

async fn account_at(url: &str, pacer: Arc<dyn Pacer>) -> AwsAccount {
    let settings = AwsSettings {
        backoff: Duration::from_millis(1),
        ..AwsSettings::emulator(REGION.parse().unwrap(), ACCOUNT.parse().unwrap(), url)
    };
    connect(&settings, pacer).await.unwrap()
}

async fn source(emulator: &Emulator, kind: SourceKind) -> Box<dyn Source> {
    account(emulator).await.source(kind, &REGION.parse().unwrap()).unwrap()
}

/// A sweep a day after the world began, by a unit that was never read.
fn sweep() -> Pass {
    Pass {
        kind: PassKind::Sweep,
        until: began().plus(24 * HOUR_MS),
        checkpoint: Checkpoint::default(),
    }
}

/// A pass over what changed from `since` until `until`, in milliseconds after the world began.
fn incremental(since: i64, until: i64) -> Pass {
    Pass {
        kind: PassKind::Incremental { since: began().plus(since) },
        until: began().plus(until),
        checkpoint: Checkpoint::default(),
    }
}

/// The only unit that can be read.
async fn only_unit(source: &dyn Source) -> Unit {
    let found = source.units().await.unwrap();
    let [found] = found.as_slice() else { panic!("one unit expected: {found:?}") };
    assert_eq!(found.obstacle, None);
    found.unit.clone()
}

/// Every page of a pass over the only unit.
async fn read(source: &dyn Source, pass: Pass) -> Result<Vec<Page>, SourceError> {
    let unit = only_unit(source).await;
    read_unit(source, &unit, pass).await
}

async fn read_unit(source: &dyn Source, unit: &Unit, pass: Pass) -> Result<Vec<Page>, SourceError> {
    let mut reader = source.read(unit, pass);
    let mut pages = Vec::new();
    while let Some(page) = reader.next_page().await? {
        pages.push(page);
    }
    Ok(pages)
}

/// The reports of some pages; fails on a document that could not be mapped.
fn reports(pages: &[Page]) -> Vec<&Report> {
    pages
        .iter()
        .flat_map(|page| &page.documents)
        .flat_map(|document| match document {
            Document::Unmapped(unmapped) => panic!("unmapped: {}", unmapped.error),
            _ => document.reports(),
        })
        .collect()
}
