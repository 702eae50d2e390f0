//! A made-up company with four accounts, for `musterd demo` and for tests that want a whole world.
//!
//! [`world`] is the beginning: about a hundred reports of about sixty problems, many of them told by
//! two or three products. [`scenario`] is what happens from there on: a busy minute and a half, then
//! cycle after cycle of ordinary life.

use std::time::Duration;

use jiff::Timestamp;

mod exposure;
mod identity;
mod life;
mod posture;
mod story;
mod threats;

use self::story::Story;
use crate::clock::earlier;
use crate::scenario::{Cycles, Scenario};
use crate::world::{AnalyzerKind, ControlFindings, World};
use crate::{Event, Scope};

/// The accounts: id and name. The first is where Muster's own credentials are; it can assume a role
/// in each of the others.
pub const ACCOUNTS: [(&str, &str); 4] = [
    (SECURITY, "security-tooling"),
    (PRODUCTION, "production"),
    (DATA, "data-platform"),
    (SANDBOX, "sandbox"),
];

/// The Regions where everything is on.
pub const REGIONS: [&str; 2] = [EUROPE, AMERICA];

const SECURITY: &str = "104857600001";
const PRODUCTION: &str = "209715200002";
const DATA: &str = "314572800003";
/// Has no support plan.
const SANDBOX: &str = "419430400004";
const EUROPE: &str = "eu-west-1";
const AMERICA: &str = "us-east-1";

/// The world as it is at `now`.
///
/// # Panics
///
/// When the story does not fit the world, which a test rules out.
pub fn world(seed: u64, now: Timestamp) -> World {
    let mut world = World::new(seed, now);
    for (account, _) in ACCOUNTS {
        for region in REGIONS {
            let scope = Scope::new(account, region);
            world.enable_security_hub(&scope, ControlFindings::PerControl);
            world.enable_guardduty(&scope);
            world.enable_inspector(&scope, []);
            world.create_analyzer(&scope, OUTSIDE, AnalyzerKind::Account);
        }
        let main = Scope::new(account, EUROPE);
        world.create_analyzer(&main, UNUSED, AnalyzerKind::AccountUnusedAccess);
        if account != SANDBOX {
            world.subscribe_support(account);
        }
    }
    let (scope, finding) = posture::inspected(earlier(now, Duration::from_hours(5)));
    world.enable_inspector(&scope, [finding]);
    let mut told = story().events;
    // The oldest first, as it happened.
    told.sort_by_key(|(hours_ago, _)| std::cmp::Reverse(*hours_ago));
    for (hours_ago, event) in told {
        let at = earlier(now, Duration::from_hours(u64::from(hours_ago)));
        world.apply(event, at).expect("the story fits the world it is told in");
    }
    for (account, _) in ACCOUNTS.iter().filter(|(account, _)| *account != SANDBOX) {
        let refresh = Event::Refresh { account: (*account).to_owned(), check: None };
        let at = earlier(now, Duration::from_mins(20));
        world.apply(refresh, at).expect("the account has a support plan");
    }
    world
}

/// What happens from there on.
pub fn scenario(seed: u64) -> Scenario {
    Scenario::new(life::opening()).then(Cycles {
        begin: Duration::from_secs(90),
        length: Duration::from_mins(1),
        plan: life::cycle,
        seed,
        next: 0,
    })
}

const OUTSIDE: &str = "external-access";
const UNUSED: &str = "unused-access";

fn story() -> Story {
    let mut story = Story::default();
    exposure::tell(&mut story);
    identity::tell(&mut story);
    threats::tell(&mut story);
    posture::tell(&mut story);
    story
}
