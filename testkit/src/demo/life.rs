//! What happens after the beginning.

use std::time::Duration;

use rand::RngExt;
use rand::seq::IndexedRandom;

use super::exposure::{bastion, customer_exports};
use super::identity::jenkins;
use super::story::{america, control, europe, shared, threat};
use super::{DATA, PRODUCTION, SANDBOX};
use crate::{Compliance, Event, Resource, seeded};

/// How many cycles a finding of ordinary life stays before it is gone.
const CYCLES_KEPT: u32 = 4;

fn at(seconds: u64, event: Event) -> (Duration, Event) {
    (Duration::from_secs(seconds), event)
}

fn named(name: &str) -> String {
    name.to_owned()
}

/// The first minute and a half: things get worse, somebody acts, things get better.
pub(super) fn opening() -> Vec<(Duration, Event)> {
    let exports = customer_exports();
    let sequence = "AttackSequence:S3/CompromisedData";
    let runner = Resource::instance(&america(SANDBOX), "build-runner-7").tagged("team", "ml");
    let partner = Resource::role(PRODUCTION, "partner-sync");
    let third = ("AWS", "arn:aws:iam::999988887777:role/collector");
    vec![
        at(3, Event::Heartbeat { name: named("bastion-guessing") }),
        at(5, Event::Heartbeat { name: named("runner-mining") }),
        at(8, threat("exports-sequence", sequence, &europe(DATA), &exports, 0, 1)),
        at(12, Event::Heartbeat { name: named("imds-web-1") }),
        at(
            15,
            threat(
                "runner-shell",
                "Execution:Runtime/ReverseShell",
                &america(SANDBOX),
                &runner,
                0,
                1,
            ),
        ),
        at(20, Event::Escalate { name: named("bastion-guessing"), severity: 8.0 }),
        at(25, shared("partner-three", &partner, third, &["sts:AssumeRole"], &[], 0)),
        at(30, Event::Evaluate { name: named("exports-read"), compliance: Compliance::Passed }),
        at(31, Event::Resolve { name: named("exports-outside") }),
        at(33, Event::Vanish { name: named("exports-permissions") }),
        at(35, refresh(DATA)),
        at(40, Event::Reissue { name: named("partner-two"), kind: None }),
        at(45, Event::Archive { name: named("jump-guessing") }),
        at(50, Event::Evaluate { name: named("ssh-open"), compliance: Compliance::Passed }),
        at(51, Event::Evaluate { name: named("ssh-high-risk"), compliance: Compliance::Passed }),
        at(52, Event::Vanish { name: named("ssh-port") }),
        at(53, Event::Vanish { name: named("ssh-unrestricted") }),
        at(55, refresh(PRODUCTION)),
        at(60, Event::Evaluate { name: named("orders-public"), compliance: Compliance::Passed }),
        at(
            65,
            Event::Triage {
                name: named("cluster-public"),
                workflow: named("NOTIFIED"),
                note: Some((named("Asked the platform team."), named("tomas"))),
            },
        ),
        at(70, Event::Archive { name: named("imds-web-2") }),
        at(75, Event::Unarchive { name: named("jump-guessing") }),
        at(80, Event::Evaluate { name: named("exports-read"), compliance: Compliance::Failed }),
        at(85, Event::Heartbeat { name: named("partner-one") }),
    ]
}

/// A minute of ordinary life.
pub(super) fn cycle(seed: u64, cycle: u32) -> Vec<(Duration, Event)> {
    const QUIET: [&str; 8] = [
        "imds-web-1",
        "imds-web-3",
        "cluster-public",
        "vpc-main",
        "volume-etl",
        "trail-key",
        "orders-plain",
        "legacy-listener",
    ];
    let number = cycle.to_string();
    let mut rng = seeded::rng(seed, &["cycle", &number]);
    let mut events = Vec::new();
    // Providers say the same again all day.
    for second in (2..60).step_by(6) {
        let name = QUIET.choose(&mut rng).copied().unwrap_or("imds-web-1");
        events.push(at(second, Event::Heartbeat { name: named(name) }));
    }
    for second in [7, 27, 47] {
        events.push(at(second, Event::Heartbeat { name: named("bastion-probe") }));
    }
    events.extend(guessing(cycle, rng.random_range(10..16)));
    events.extend(bucket(cycle, rng.random_range(18..26)));
    if cycle.is_multiple_of(2) {
        events.push(at(39, Event::Reissue { name: named("partner-one"), kind: None }));
        let jenkins = jenkins();
        let name = format!("life-{cycle}-caller");
        let kind = "Recon:IAMUser/MaliciousIPCaller";
        events.push(at(42, threat(&name, kind, &jenkins.scope, &jenkins, 0, 1)));
    } else {
        let name = format!("life-{}-caller", cycle - 1);
        events.push(at(44, Event::Archive { name }));
    }
    events.push(at(56, refresh(PRODUCTION)));
    events.extend(forget(cycle));
    events
}

/// Somebody guesses passwords for a while.
fn guessing(cycle: u32, begin: u64) -> Vec<(Duration, Event)> {
    let name = format!("life-{cycle}-guessing");
    let bastion = bastion();
    let kind = "UnauthorizedAccess:EC2/SSHBruteForce";
    vec![
        at(begin, threat(&name, kind, &bastion.scope, &bastion, 0, 1)),
        at(begin + 12, Event::Heartbeat { name: name.clone() }),
        at(begin + 25, Event::Heartbeat { name }),
    ]
}

/// Somebody makes a bucket, forgets a setting, and is told.
fn bucket(cycle: u32, begin: u64) -> Vec<(Duration, Event)> {
    let name = format!("life-{cycle}-bucket");
    let scope = europe(DATA);
    let bucket = Resource::bucket(&scope, &format!("acme-scratch-{cycle:04}"));
    let passed = Event::Evaluate { name: name.clone(), compliance: Compliance::Passed };
    vec![
        at(begin, control(&name, "S3.8", &scope, &bucket, Compliance::Failed, 0)),
        at(begin + 30, passed),
    ]
}

/// What an earlier cycle left behind is gone, so that the world does not grow.
fn forget(cycle: u32) -> Vec<(Duration, Event)> {
    let Some(old) = cycle.checked_sub(CYCLES_KEPT) else { return Vec::new() };
    let mut gone = vec![format!("life-{old}-guessing"), format!("life-{old}-bucket")];
    if old.is_multiple_of(2) {
        gone.push(format!("life-{old}-caller"));
    }
    gone.into_iter().map(|name| at(58, Event::Vanish { name })).collect()
}

fn refresh(account: &str) -> Event {
    Event::Refresh { account: named(account), check: None }
}
