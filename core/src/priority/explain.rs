//! Why a finding has its score: who says so, what would lower it, and what is not known.

use super::factors::Line as Points;
use super::rate::{Scored, gate};
use super::seen::{Exploit, Recency, Seen};
use super::table::Table;
use super::{Factor, Inputs, Reason};
use crate::finding::{Finding, HeldReport};
use crate::fold::testimony;
use crate::ids::FindingId;
use crate::report::{ExploitState, Exposure, FindingClass, Privilege, ReportKey};
use crate::time::{DAY_MS, Millis};

/// The most counterfactuals that are shown.
const LOWER_MAX: usize = 3;

/// Why a finding has its score. Computed when asked for, never stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// Every factor in the order of [`Factor::ALL`], also those that count nothing; the points sum to the
    /// score. Empty for what is not ranked.
    pub lines: Vec<Line>,
    /// What would lower it most, at most three, the most first.
    pub lower: Vec<Counterfactual>,
    /// What is not known, in the order of [`Factor::ALL`].
    pub unknown: Vec<Unknown>,
}

/// A line of an explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What counts, and how much.
    pub reason: Reason,
    /// The most points of the factor by these rules; 0 for compression and floor, which have no limit of
    /// their own.
    pub points_max: i32,
    /// The reports that say so, sorted; empty for what the rules or Muster itself know.
    pub evidence: Vec<ReportKey>,
    /// The other finding that says so.
    pub related: Option<FindingId>,
}

/// What would lower a score.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counterfactual {
    /// What to do, for people.
    pub action: String,
    /// By how much the score would fall, compression and floors considered.
    pub points: u16,
}

/// What is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The factor that it would count for.
    pub factor: Factor,
    /// How to learn it, for people.
    pub learn: String,
}

/// Explains what `table` gives a finding on the day of its priority.
pub(super) fn explain(table: &Table, finding: &Finding) -> Explanation {
    let inputs = Inputs::of(finding);
    if gate(inputs.facts).is_some() {
        return Explanation::default();
    }
    let now = Millis(finding.priority.as_of.saturating_mul(DAY_MS));
    let seen = Seen::new(table, inputs, now);
    let scored = Scored::new(table, &seen, now);
    let lower = lower(table, &seen, &scored, now);
    let unknown = unknown(&seen, &scored.lines);
    let line = |reason: Reason| Line {
        points_max: table.cap(reason.factor),
        evidence: evidence(finding, &seen, &reason),
        related: seen
            .related
            .filter(|_| reason.factor == Factor::Threat)
            .map(|(_, threat)| threat.finding),
        reason,
    };
    Explanation { lines: scored.reasons(table).map(line).collect(), lower, unknown }
}

/// The reports that say what `reason` counts.
fn evidence(finding: &Finding, seen: &Seen<'_>, reason: &Reason) -> Vec<ReportKey> {
    if reason.missing {
        return Vec::new();
    }
    let facts = &finding.facts;
    let rule = |held: &HeldReport| held.report.rule_id == facts.rule_id;
    let says = |held: &HeldReport| {
        let (report, signals) = (&held.report, &held.report.signals);
        match reason.factor {
            Factor::Severity => report.severity_normalized == facts.severity_normalized,
            Factor::Exposure => report.exposure == facts.exposure,
            Factor::Criticality => {
                signals.criticality.is_some_and(|n| Some(n) == seen.criticality)
                    || (seen.criticality > facts.signals.criticality && !signals.tags.is_empty())
            }
            Factor::Environment => seen.environment.is_some() && !signals.tags.is_empty(),
            Factor::Privilege if seen.privilege == Privilege::Unknown => false,
            Factor::Privilege => {
                signals.privilege == seen.privilege
                    || (seen.privilege > facts.signals.privilege && rule(held))
            }
            Factor::Threat => report.class == FindingClass::Threat && seen.tier.is_some(),
            Factor::Exploit => signals.vulnerability.is_some(),
            Factor::Corroboration => facts.products.contains(&report.product),
            Factor::Recency => {
                let is_last = report.last_observed == facts.last_observed;
                report.class == FindingClass::Threat && is_last
            }
            Factor::QuickWin | Factor::Compliance | Factor::Floor => {
                reason.points != 0 && rule(held)
            }
            Factor::Recurrence | Factor::Overdue | Factor::Combination | Factor::Compression => {
                false
            }
        }
    };
    let reports = &finding.reports;
    let heard = reports.iter().filter(|held| testimony(held, reports).is_some());
    let mut keys: Vec<_> =
        heard.filter(|held| says(held)).map(|held| held.report.key.clone()).collect();
    // What customers wrote at Security Hub counts from a copy as well.
    if keys.is_empty() && matches!(reason.factor, Factor::Severity | Factor::Criticality) {
        keys =
            reports.iter().filter(|held| says(held)).map(|held| held.report.key.clone()).collect();
    }
    keys.sort_unstable();
    keys
}

/// What would lower the score most.
fn lower(table: &Table, seen: &Seen<'_>, scored: &Scored<'_>, now: Millis) -> Vec<Counterfactual> {
    let without = |action: String, change: &dyn Fn(&mut Seen<'_>)| {
        let mut changed = seen.clone();
        change(&mut changed);
        let score = Scored::new(table, &changed, now).score();
        Counterfactual { action, points: scored.score().saturating_sub(score) }
    };
    let mut all = Vec::new();
    if seen.exposure > Exposure::Private {
        let action = match seen.exposure {
            Exposure::Public => "Take away public access",
            Exposure::Internet => "Close the network path from the internet",
            _ => "Take away the access of other accounts",
        };
        all.push(without(action.to_owned(), &|seen| seen.exposure = Exposure::Private));
    }
    if seen.privilege > Privilege::Read {
        let action = "Take away what the access can do beyond reading".to_owned();
        all.push(without(action, &|seen| seen.privilege = Privilege::Read));
    }
    if let Some((_, threat)) = seen.related {
        let action = format!("Work on the threat on the same resource: {}", threat.rule_id);
        all.push(without(action, &|seen| seen.related = None));
    }
    if seen.exploit.is_about {
        let fix = seen.inputs.facts.signals.vulnerability.as_ref();
        // A fix ends the finding, and with it the score.
        if fix.is_some_and(|said| said.fix_available == Some(true)) {
            let action = "Install the version that has the fix".to_owned();
            all.push(Counterfactual { action, points: scored.score() });
        } else if scored.lines[Factor::Exploit as usize].points > 0 {
            let action =
                "Keep the weakness from being used (a workaround of the vendor)".to_owned();
            all.push(without(action, &|seen| seen.exploit = Exploit::default()));
        }
    }
    all.retain(|one| one.points > 0);
    all.sort_by_key(|one| std::cmp::Reverse(one.points));
    all.truncate(LOWER_MAX);
    all
}

/// What is not known, and how to learn it.
fn unknown(seen: &Seen<'_>, lines: &[Points]) -> Vec<Unknown> {
    let missing = |factor: Factor| lines.get(factor as usize).is_some_and(|line| line.missing);
    let exploit = &seen.exploit;
    let says_nothing = exploit.state == ExploitState::Unknown && exploit.epss.is_none();
    let all = [
        (
            Factor::Exposure,
            missing(Factor::Exposure),
            "turn on IAM Access Analyzer for external access in its Region, and Security Hub's controls for public access",
        ),
        (
            Factor::Criticality,
            missing(Factor::Criticality),
            "tag the resource `criticality`, or write a [[criticality.rule]] for its tag, ARN or account",
        ),
        (
            Factor::Environment,
            seen.environment.is_none(),
            "tag the resource `environment`, or write an [[environment.rule]] for its account",
        ),
        (
            Factor::Privilege,
            missing(Factor::Privilege),
            "turn on IAM Access Analyzer, whose findings name the actions that are allowed",
        ),
        (
            Factor::Exploit,
            exploit.is_about && !exploit.is_known,
            if says_nothing {
                "load the catalogs of CISA (KEV, SSVC) and FIRST (EPSS) with `musterd intel load`, and turn on Inspector"
            } else {
                "load the catalogs of CISA (KEV, SSVC) and FIRST (EPSS) with `musterd intel load`"
            },
        ),
        (
            Factor::Exploit,
            exploit.is_known && (exploit.automatable.is_none() || exploit.total_impact.is_none()),
            "load CISA's decision points (SSVC), which say whether it is automatable and what it gives, with `musterd intel load`",
        ),
        (
            Factor::Recency,
            matches!(seen.recency, Recency::Unknown | Recency::Ahead),
            "compare the clock of this program and the times in the report",
        ),
    ];
    let unknown = all.into_iter().filter(|(_, is_unknown, _)| *is_unknown);
    unknown.map(|(factor, _, learn)| Unknown { factor, learn: learn.to_owned() }).collect()
}
