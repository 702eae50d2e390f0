//! The emulator over raw HTTP, and the world behind it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access_analyzer;
mod bulk;
mod client;
mod demo;
mod errors;
mod faults;
mod guardduty;
mod security_hub;
mod sts;
mod support;
mod world;

use muster_testkit::{
    Compliance, Config, Control, ControlFindings, Emulator, Event, ManualClock, Resource, Scope,
    World,
};

/// The account of every test that needs only one.
const ACCOUNT: &str = "111122223333";
/// And its Region.
const REGION: &str = "eu-west-1";

fn scope() -> Scope {
    Scope::new(ACCOUNT, REGION)
}

fn start_time() -> jiff::Timestamp {
    "2026-03-02T10:00:00Z".parse().unwrap()
}

/// A world with Security Hub and GuardDuty on in one Region.
fn small_world() -> World {
    let mut world = World::new(7, start_time());
    world.enable_security_hub(&scope(), ControlFindings::PerControl);
    world.enable_guardduty(&scope());
    world
}

/// An emulator of it, with a clock that stands still.
async fn start(world: World) -> (Emulator, ManualClock) {
    let clock = ManualClock::new(world.began());
    let emulator = Emulator::start(Config::new(world).clock(clock.clock())).await.unwrap();
    (emulator, clock)
}

/// A failed control about a bucket.
fn public_bucket(name: &str) -> Event {
    Event::Control(Control {
        name: name.to_owned(),
        control: "S3.2".to_owned(),
        scope: scope(),
        resource: Resource::bucket(&scope(), name),
        compliance: Compliance::Failed,
        age_hours: 5,
    })
}
