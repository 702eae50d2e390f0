//! Who says what a score counts, what would lower it, and what is not known.

use super::{Factor, Inputs, Model, Reason};
use crate::finding::{Facts, Finding, HeldReport};
use crate::report::{Exposure, FindingClass, Privilege, ReportKey};
use crate::time::{DAY_MS, Millis};

/// How many ways to lower a score are told.
const LOWER_MAX: usize = 3;

/// Why a score is what it is, for people and programs. Computed when asked for, by the rules that gave
/// the score.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// What sums to the score.
    pub lines: Vec<Line>,
    /// What would lower it most; at most three.
    pub lower: Vec<Counterfactual>,
    /// What is not known, and how to learn it.
    pub unknown: Vec<(Factor, &'static str)>,
}

/// A line, and who says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The line.
    pub reason: Reason,
    /// The reports that say so; empty for what no report says.
    pub evidence: Vec<ReportKey>,
}

/// What would lower a score.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counterfactual {
    /// What gives the points.
    pub factor: Factor,
    /// What to do, for people.
    pub action: &'static str,
    /// By how much the score would fall.
    pub points: u16,
}

impl Model {
    /// Explains the stored priority of `finding`.
    pub fn explain(&self, finding: &Finding) -> Explanation {
        let lines: Vec<Line> = finding
            .priority
            .reasons
            .iter()
            .map(|reason| Line { reason: reason.clone(), evidence: evidence(reason, finding) })
            .collect();
        let missing = lines.iter().filter(|line| line.reason.missing).map(|line| &line.reason);
        let environment =
            finding.priority.reasons.iter().filter(|reason| {
                reason.factor == Factor::Environment && reason.value == "not known"
            });
        let unknown =
            missing.chain(environment).map(|reason| (reason.factor, learn(reason.factor)));
        Explanation { unknown: unknown.collect(), lower: self.lower(finding), lines }
    }

    fn lower(&self, finding: &Finding) -> Vec<Counterfactual> {
        let day = Millis(finding.priority.as_of.saturating_mul(DAY_MS));
        let score = finding.priority.score;
        let counted = finding.priority.reasons.iter().filter(|reason| reason.points > 0);
        let ways = counted.filter_map(|reason| {
            let mut better = finding.clone();
            let action = improve(reason.factor, &mut better)?;
            let after = self.rate(Inputs::of(&better), day).priority.score;
            let points = score.saturating_sub(after);
            (points > 0).then_some(Counterfactual { factor: reason.factor, action, points })
        });
        let mut ways: Vec<Counterfactual> = ways.collect();
        ways.sort_by_key(|way| std::cmp::Reverse(way.points));
        ways.truncate(LOWER_MAX);
        ways
    }
}

/// Makes `finding` as it would be if what a factor counts were mended; says how.
fn improve(factor: Factor, finding: &mut Finding) -> Option<&'static str> {
    let Finding { facts, threat, exploitation, .. } = finding;
    let Facts { signals, .. } = facts;
    match factor {
        Factor::Exposure => {
            facts.exposure = Exposure::Private;
            Some("close the way in from outside the account")
        }
        Factor::Privilege if signals.privilege > Privilege::Read => {
            signals.privilege = Privilege::Read;
            Some("allow reading alone")
        }
        Factor::Threat if facts.class != FindingClass::Threat => {
            *threat = None;
            Some("answer the threat on the resource, and close it")
        }
        Factor::Exploit => {
            signals.vulnerability = None;
            *exploitation = None;
            Some("update to a version without the weakness")
        }
        Factor::Criticality => {
            signals.criticality = None;
            facts.resources.clear();
            signals.tags.clear();
            Some("move what matters away from this resource")
        }
        Factor::Severity
        | Factor::Privilege
        | Factor::Threat
        | Factor::Environment
        | Factor::Corroboration
        | Factor::Recurrence
        | Factor::Recency
        | Factor::Overdue
        | Factor::QuickWin
        | Factor::Compliance
        | Factor::Combination
        | Factor::Compression
        | Factor::Floor => None,
    }
}

/// How to learn what is not known.
fn learn(factor: Factor) -> &'static str {
    match factor {
        Factor::Exposure => {
            "an IAM Access Analyzer in the Region says who outside can reach what; Security Hub's \
             controls of public access say it of their resources"
        }
        Factor::Criticality => {
            "name crown jewels by account, ARN or tag in your rules, or set Criticality in Security \
             Hub with BatchUpdateFindings"
        }
        Factor::Environment => {
            "tag resources with `environment`, or name accounts in an [[asset]] of your rules"
        }
        Factor::Privilege => "IAM Access Analyzer says what an access allows",
        Factor::Exploit => {
            "Amazon Inspector says if there is an exploit; `musterd intel load` takes CISA's catalog and \
             FIRST's EPSS"
        }
        Factor::Recency => "the product gives the threat no time that can be",
        Factor::Severity
        | Factor::Threat
        | Factor::Corroboration
        | Factor::Recurrence
        | Factor::Overdue
        | Factor::QuickWin
        | Factor::Compliance
        | Factor::Combination
        | Factor::Compression
        | Factor::Floor => "",
    }
}

/// The reports that say what a line counts.
fn evidence(reason: &Reason, finding: &Finding) -> Vec<ReportKey> {
    let facts = &finding.facts;
    let says = |held: &&HeldReport| {
        let report = &held.report;
        let signals = &report.signals;
        held.status().is_open()
            && match reason.factor {
                Factor::Severity => report.severity_normalized == facts.severity_normalized,
                Factor::Exposure => report.exposure == facts.exposure,
                Factor::Criticality => {
                    signals.criticality.is_some()
                        && signals.criticality == facts.signals.criticality
                }
                Factor::Environment => !signals.tags.is_empty(),
                Factor::Privilege => {
                    signals.privilege == facts.signals.privilege
                        && signals.privilege != Privilege::Unknown
                        || report.rule_id == facts.rule_id
                }
                Factor::Threat | Factor::Recency => report.class == FindingClass::Threat,
                Factor::Exploit => signals.vulnerability.is_some(),
                Factor::Corroboration => facts.products.contains(&report.product),
                Factor::QuickWin | Factor::Compliance | Factor::Floor => {
                    report.rule_id == facts.rule_id
                }
                Factor::Recurrence
                | Factor::Overdue
                | Factor::Combination
                | Factor::Compression => false,
            }
    };
    if reason.missing {
        return Vec::new();
    }
    finding.reports.iter().filter(says).map(|held| held.report.key.clone()).collect()
}
