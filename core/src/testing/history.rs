//! What happens to one finding over time, and what the rules write about it.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};

use super::{DAYS, START, command, report, unit};
use crate::change::Change;
use crate::finding::Finding;
use crate::plan::{self, Command, Mutation, Observation};
use crate::report::{IdentityRule, OriginKey, Report, ReportDigest, ReportKey};
use crate::time::{DAY_MS, Millis};
use crate::unit::SourceKind;

/// The versions of one report, in the order in which its product wrote them: update times rise from
/// one to the next, and no two have the same content.
pub type Versions = Vec<Report>;

/// Something that happens to a finding.
#[derive(Clone, Debug)]
pub enum Step {
    /// Units read these.
    Observe(Vec<Observation>),
    /// Somebody decides.
    Decide(Command),
    /// Two complete sweeps did not return these.
    Conclude(Vec<ReportDigest>),
    /// Reports are about something else now.
    Withdraw(Vec<ReportKey>),
    /// Nothing but time.
    Tick,
}

/// The reports of one finding: natives with their Security Hub copies, one control by several
/// standards with its Trusted Advisor mirror, or one report alone.
pub fn one_finding() -> impl Strategy<Value = Vec<Report>> {
    use SourceKind::{AccessAnalyzer, GuardDuty, SecurityHub, TrustedAdvisor};
    let rules = prop_oneof![
        Just((IdentityRule::GuardDuty, vec![GuardDuty, SecurityHub])),
        Just((IdentityRule::ExternalAccess, vec![AccessAnalyzer, AccessAnalyzer, SecurityHub])),
        Just((IdentityRule::Control, vec![SecurityHub, SecurityHub, TrustedAdvisor])),
        Just((IdentityRule::TrustedAdvisor, vec![TrustedAdvisor])),
        Just((IdentityRule::OtherAsff, vec![SecurityHub])),
    ];
    rules
        .prop_flat_map(|(rule, sources)| {
            let count = sources.len();
            (Just(rule), subsequence(sources, 1..=count), vec(report(), count))
        })
        .prop_map(|(rule, sources, reports)| {
            let about = OriginKey { rule, text: format!("{}|123456789012|a", rule.as_str()) };
            let reports = sources.into_iter().zip(reports).enumerate();
            reports.map(|(n, (source, report))| cast(report, &about, source, n)).collect()
        })
}

/// `report` as the one of `source` about `origin`, the `n`th of its finding.
fn cast(report: Report, origin: &OriginKey, source: SourceKind, n: usize) -> Report {
    let product = match (origin.rule, source) {
        (IdentityRule::GuardDuty, _) => "aws/guardduty",
        (IdentityRule::ExternalAccess, _) => "aws/access-analyzer",
        (IdentityRule::OtherAsff, _) => "prowler/prowler",
        (_, SourceKind::TrustedAdvisor) => "aws/trusted-advisor",
        _ => "aws/securityhub",
    };
    Report {
        key: ReportKey {
            path: super::path(source),
            provider_id: format!("arn:aws:{product}:{source}:{n}"),
        },
        origin: origin.clone(),
        source,
        product: product.to_owned(),
        ..report
    }
}

/// What the product of `report` writes about it over time; see [`Versions`].
pub fn versions(report: Report) -> impl Strategy<Value = Versions> {
    // Most versions differ from the one before in a few things, as real ones do.
    let next = (super::report(), any::<[bool; 4]>(), 1..4 * DAY_MS);
    vec(next, 0..4).prop_map(move |drafts| {
        let mut versions = vec![Report { provider_updated: Some(START), ..report.clone() }];
        for (draft, keep, ms) in drafts {
            let last = versions.last().expect("the first version is there");
            let mut version = last.clone();
            version.provider_updated = last.provider_updated.map(|time| time.plus(ms));
            version.last_observed = draft.last_observed;
            version.status = draft.status;
            if keep[0] {
                version.severity = draft.severity;
                version.severity_normalized = draft.severity_normalized;
            }
            if keep[1] {
                version.title = draft.title;
                version.exposure = draft.exposure;
                version.signals = draft.signals;
            }
            if keep[2] {
                version.customer = draft.customer;
            }
            if keep[3] {
                version.resources = draft.resources;
                version.status_detail = draft.status_detail;
            }
            if versions.iter().all(|known| known.material_hash() != version.material_hash()) {
                versions.push(version);
            }
        }
        versions
    })
}

/// What happens to one finding, with the time of each step; times rise, the first step observes.
pub fn steps() -> impl Strategy<Value = Vec<(Millis, Step)>> {
    let cast = one_finding().prop_flat_map(|reports| {
        let versions: Vec<_> = reports.into_iter().map(versions).collect();
        versions.prop_map(|all| all.into_iter().flatten().collect::<Vec<_>>())
    });
    let draft = (0_u8..10, any::<Index>(), any::<Index>(), 1..3 * DAY_MS);
    (cast, vec(draft, 0..12)).prop_flat_map(|(reports, drafts)| {
        let mut now = START.plus(DAYS / 2 * DAY_MS);
        let mut steps = vec![step(0, now, &reports, 0, 0)];
        for (kind, one, other, ms) in drafts {
            now = now.plus(ms);
            steps.push(step(
                kind,
                now,
                &reports,
                one.index(reports.len()),
                other.index(reports.len()),
            ));
        }
        steps
    })
}

/// A step of one of the kinds of [`Step`], observations and decisions more often than the rest.
fn step(
    kind: u8,
    now: Millis,
    reports: &[Report],
    one: usize,
    other: usize,
) -> BoxedStrategy<(Millis, Step)> {
    let pick = |index: usize| reports.get(index).expect("the index is within").clone();
    let (one, other) = (pick(one), pick(other));
    let at = move |step| (now, step);
    match kind {
        0..=3 => {
            let seen = |report: Report| {
                unit(report.source).prop_map(move |unit| Observation {
                    content_hash: report.content_hash(),
                    finding: crate::identity::FindingKey::of_origin(&report.origin),
                    report: report.clone(),
                    unit,
                })
            };
            (seen(one), seen(other))
                .prop_map(move |(one, other)| at(Step::Observe(vec![one, other])))
                .boxed()
        }
        4..=6 => command(now).prop_map(move |command| at(Step::Decide(command))).boxed(),
        7 => Just(at(Step::Conclude(vec![one.key.digest(), other.key.digest()]))).boxed(),
        8 => Just(at(Step::Withdraw(vec![one.key]))).boxed(),
        _ => Just(at(Step::Tick)).boxed(),
    }
}

/// What the rules write about one step.
///
/// # Panics
///
/// Panics when a decision is refused: [`steps`] makes only allowed ones.
pub fn take(current: Option<&Finding>, now: Millis, step: &Step) -> Option<Mutation> {
    let rules = super::rules(now);
    match step {
        Step::Observe(seen) => plan::observe(current, seen.clone(), rules),
        Step::Decide(command) => {
            plan::decide(current?, command, rules).expect("the command is allowed")
        }
        Step::Conclude(gone) => plan::conclude(current?, gone, rules),
        Step::Withdraw(left) => plan::withdraw(current?, left, rules),
        Step::Tick => plan::tick(current?, rules),
    }
}

/// What the rules write about `steps`, committed to a log of its own: each mutation has the
/// revisions that its commit gave it, from 1. Steps that change nothing are left out.
pub fn play(steps: &[(Millis, Step)]) -> Vec<Mutation> {
    let mut log: Vec<Mutation> = Vec::new();
    for (now, step) in steps {
        let current = log.last().map(|last| &last.finding);
        log.extend(take(current, *now, step).map(commit));
    }
    log
}

/// A mutation with the revisions that its commit to a log of its own gives it.
pub fn commit(mut mutation: Mutation) -> Mutation {
    mutation.change.previous = mutation.base;
    mutation.change.revision = mutation.base.next();
    mutation.finding.revision = mutation.base.next();
    mutation
}

/// The mutations of one finding, as a store of its own would have committed them: bases and
/// revisions run from 0 and 1. A test that commits to a shared log sets them itself.
pub fn history() -> impl Strategy<Value = Vec<Mutation>> {
    steps().prop_map(|steps| play(&steps))
}

/// A mutation of some age, as it was committed.
pub fn mutation() -> impl Strategy<Value = Mutation> {
    (history(), any::<Index>()).prop_map(|(log, index)| index.get(&log).clone())
}

/// A finding of some age.
pub fn finding() -> impl Strategy<Value = Finding> {
    mutation().prop_map(|mutation| mutation.finding)
}

/// A log entry of some age.
pub fn change() -> impl Strategy<Value = Change> {
    mutation().prop_map(|mutation| mutation.change)
}
