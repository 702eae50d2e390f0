//! Whether collection can work: what `musterd doctor` looks at, as values.
//!
//! Each source is asked as the collector asks it, by the same code, so that a check cannot pass where
//! collection would fail: its units, and of each unit the first page. Nothing is stored.

mod machine;

use std::collections::BTreeSet;
use std::time::Duration;

use muster_core::ids::AccountId;
use muster_core::time::Millis;
use muster_core::unit::{Checkpoint, Unit, UnitCondition};
use muster_sources::source::{Document, Page, Pass, PassKind, Source, SourceError};
use serde::Serialize;
use tokio::time::timeout;

pub use self::machine::{clock, machine};

/// How it stands with one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It works.
    Pass,
    /// It works, or may be meant so; somebody should know.
    Warn,
    /// It does not work: a person must act.
    Fail,
}

impl Outcome {
    /// The word shown to people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "FAIL",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What it belongs to: the machine, an account, an account and Region.
    pub group: String,
    /// What was looked at.
    pub name: String,
    /// How it stands.
    pub outcome: Outcome,
    /// What was found.
    pub detail: String,
    /// The AWS operation that failed; empty when none did.
    pub operation: String,
    /// The AWS error code; empty when there was none.
    pub code: String,
    /// What to do; empty when nothing.
    pub fix: String,
}

impl Check {
    /// One that needs nothing to be done.
    pub fn pass(group: &str, name: &str, detail: impl Into<String>) -> Self {
        Self {
            group: group.to_owned(),
            name: name.to_owned(),
            outcome: Outcome::Pass,
            detail: detail.into(),
            operation: String::new(),
            code: String::new(),
            fix: String::new(),
        }
    }

    /// The same with another outcome, and what to do.
    #[must_use]
    pub fn but(self, outcome: Outcome, fix: impl Into<String>) -> Self {
        Self { outcome, fix: fix.into(), ..self }
    }

    /// A call that failed.
    pub fn of(group: &str, name: &str, error: &SourceError) -> Self {
        let outcome = match error.condition {
            UnitCondition::NotEnabled | UnitCondition::NotSubscribed | UnitCondition::Throttled => {
                Outcome::Warn
            }
            _ => Outcome::Fail,
        };
        Self {
            outcome,
            detail: format!("{}: {}", error.condition.as_str(), error.message),
            operation: error.operation.to_owned(),
            code: error.code.clone(),
            fix: error.hint.clone(),
            ..Self::pass(group, name, "")
        }
    }
}

/// Looks at one source: finds its units, and reads the first page of each; for so long at most.
pub async fn source(source: &dyn Source, now: Millis, patience: Duration) -> Vec<Check> {
    let scope = source.scope();
    let (group, name) = (group(&scope), scope.source.as_str());
    let looked = timeout(patience, units(source, &group, name, now)).await;
    looked.unwrap_or_else(|_| {
        let detail = format!("no answer within {} s", patience.as_secs());
        let fix = "look at the network, the endpoint, and whether AWS throttles this account";
        vec![Check::pass(&group, name, detail).but(Outcome::Fail, fix)]
    })
}

async fn units(source: &dyn Source, group: &str, name: &str, now: Millis) -> Vec<Check> {
    let found = match source.units().await {
        Ok(found) => found,
        Err(error) => return vec![Check::of(group, name, &error)],
    };
    let mut checks = Vec::with_capacity(found.len());
    for found in found {
        let name = named(&found.unit);
        checks.push(match found.obstacle {
            Some(obstacle) => Check::of(group, &name, &obstacle),
            None => unit(source, &found.unit, group, &name, now).await,
        });
    }
    checks
}

async fn unit(source: &dyn Source, unit: &Unit, group: &str, name: &str, now: Millis) -> Check {
    let checkpoint = Checkpoint::default();
    let pass = Pass { kind: PassKind::Sweep, until: now, checkpoint };
    let mut reader = source.read(unit, pass);
    match reader.next_page().await {
        Err(error) => Check::of(group, name, &error),
        Ok(None) => Check::pass(group, name, "readable; nothing there"),
        Ok(Some(page)) => seen(&page, unit, group, name),
    }
}

/// What the first page shows.
fn seen(page: &Page, unit: &Unit, group: &str, name: &str) -> Check {
    let read = || page.documents.iter().flat_map(Document::reports);
    let others = read().map(|report| report.account).filter(|account| *account != unit.account);
    let members: BTreeSet<AccountId> = others.collect();
    let unmapped = page.documents.iter().filter(|one| matches!(one, Document::Unmapped(_))).count();
    let reports = read().count() + page.present.len();
    let mut detail = match reports {
        0 => "readable; nothing on the first page".to_owned(),
        1 => "readable; 1 report on the first page".to_owned(),
        _ => format!("readable; {reports} reports on the first page"),
    };
    if !members.is_empty() {
        detail = format!(
            "{detail}, some of other accounts ({}): it reads as an administrator",
            members.len()
        );
    }
    let check = Check::pass(group, name, detail);
    if page.throttled > 0 {
        let fix =
            "AWS slows these calls down: something else calls the same operation in this account";
        return check.but(Outcome::Warn, fix);
    }
    if let Some(remark) = page.remarks.first() {
        return check.but(Outcome::Warn, remark.clone());
    }
    if unmapped > 0 {
        let fix = format!(
            "{unmapped} documents could not be mapped: they are kept and counted (`muster units`)"
        );
        return check.but(Outcome::Warn, fix);
    }
    check
}

/// The heading of what belongs to an account and Region.
fn group(unit: &Unit) -> String {
    format!("account {}, {}", unit.account, unit.region)
}

/// A unit within its group.
fn named(unit: &Unit) -> String {
    let name = unit.part.rsplit('/').next().unwrap_or_default();
    if name.is_empty() {
        unit.source.as_str().to_owned()
    } else {
        format!("{} {name}", unit.source)
    }
}

#[cfg(test)]
mod tests;
