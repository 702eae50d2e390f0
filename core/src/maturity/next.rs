//! What to do next, and why a recommendation stands where it does.

use std::cmp::Reverse;

use super::report::Standing;
use super::tally::Counts;
use super::{Effort, Observability, Phase, Recommendation, Verdict};

/// How many things to do are listed.
pub const STEPS_MAX: usize = 10;

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The recommendation's place in the table.
    pub recommendation: usize,
    /// Where it stands.
    pub verdict: Verdict,
    /// It belongs to the phase of quick wins.
    pub quick_win: bool,
    /// What it removes: the sum of the scores of the open findings against it.
    pub risk: u64,
    /// How many findings are against it.
    pub findings: u32,
    /// How much work it is for one account.
    pub effort: Effort,
    /// What to do, in one line for people.
    pub action: String,
}

/// What to do, the best first: quick wins against which something was seen, then what else something
/// was seen against, then what nobody can say. Among these by risk removed for the effort (weeks
/// count three times as much as days, months eight times).
pub(super) fn steps(
    table: &[Recommendation],
    standings: &[Standing],
    phase: Option<Phase>,
) -> Vec<Step> {
    let open = table.iter().zip(standings).filter(|(recommendation, standing)| {
        !standing.verdict.is_done() && phase.is_none_or(|phase| recommendation.phase == phase)
    });
    let mut open: Vec<_> = open.collect();
    open.sort_by_key(|(recommendation, standing)| {
        let seen = standing.counts.against() > 0;
        let quick_win = recommendation.phase == Phase::QuickWins;
        let worth = standing.risk.saturating_mul(24) / weight(recommendation.effort);
        let places = standing.counts.off;
        let order = (recommendation.phase, recommendation.effort, standing.recommendation);
        (!seen, !quick_win, Reverse(worth), Reverse(places), order)
    });
    let step = |(recommendation, standing): (&Recommendation, &Standing)| Step {
        recommendation: standing.recommendation,
        verdict: standing.verdict,
        quick_win: recommendation.phase == Phase::QuickWins,
        risk: standing.risk,
        findings: standing.findings,
        effort: recommendation.effort,
        action: action(recommendation, standing),
    };
    open.into_iter().take(STEPS_MAX).map(step).collect()
}

/// How much an effort weighs.
fn weight(effort: Effort) -> u64 {
    match effort {
        Effort::Low => 1,
        Effort::Medium => 3,
        Effort::High => 8,
    }
}

fn action(recommendation: &Recommendation, standing: &Standing) -> String {
    let counts = &standing.counts;
    let mut action = recommendation.advice.clone();
    if counts.against() == 0 {
        let rest = match (recommendation.seen, counts.favour() > 0) {
            (Observability::Direct, false) => "; nothing shows whether you do",
            (Observability::Direct, true) => "; then let the suppressed findings be checked again",
            (_, _) => "; then attest it",
        };
        action.push_str(rest);
    }
    action
}

/// Why a recommendation stands where it does.
pub(super) fn why(recommendation: &Recommendation, standing: &Standing) -> String {
    let mut parts = counted(&standing.counts);
    if let Some(attestation) = &standing.attestation {
        let (author, expires) = (&attestation.author.principal, attestation.expires);
        parts.push(format!("attested by {author} until {expires}"));
    }
    if let Some(attestation) = &standing.expired {
        let (author, expires) = (&attestation.author.principal, attestation.expires);
        parts.push(format!("the attestation by {author} expired on {expires}"));
    }
    parts.extend(open_end(recommendation, standing).map(str::to_owned));
    let unknown = standing.accounts.unknown;
    if unknown > 0 && standing.verdict != Verdict::Unknown {
        parts.push(format!("unknown in {unknown} of {} accounts", standing.accounts.total()));
    }
    parts.join("; ")
}

/// What was counted, what speaks against it first.
fn counted(counts: &Counts) -> Vec<String> {
    let Counts { passed, failed, late, acted, on, off, .. } = *counts;
    let (judged, threats, places) = (failed + passed, late + acted, on + off);
    let each = [
        (failed, format!("{failed} of {judged} findings are open")),
        (off, format!("off in {off} of {places} places")),
        (late, format!("{late} of {threats} findings were left alone too long")),
        (if failed == 0 { passed } else { 0 }, format!("passed: {passed}")),
        (if off == 0 { on } else { 0 }, format!("places where it is on: {on}")),
        (if late == 0 { acted } else { 0 }, format!("decided on or closed: {acted}")),
        (counts.used, format!("findings that show its use: {}", counts.used)),
        (counts.configured, "Muster was told".to_owned()),
        (counts.accepted, format!("suppressed: {}", counts.accepted)),
        (counts.unseen, format!("AWS cannot tell: {}", counts.unseen)),
        (counts.stale, format!("passed when last read, and not read now: {}", counts.stale)),
        (counts.hints, format!("hints: {}", counts.hints)),
    ];
    each.into_iter().filter(|(count, _)| *count > 0).map(|(_, text)| text).collect()
}

/// What is missing for a better verdict, where nothing speaks against it.
fn open_end(recommendation: &Recommendation, standing: &Standing) -> Option<&'static str> {
    let counts = &standing.counts;
    match (standing.verdict, recommendation.seen) {
        (Verdict::Unknown, Observability::None) => {
            Some("nothing that Muster reads shows it: attest it")
        }
        (Verdict::Unknown, _) => Some("nothing was seen that decides it"),
        (Verdict::Partly, Observability::Direct) => None,
        (Verdict::Partly, _) if counts.against() == 0 => {
            Some("findings judge only a part of it: attest the rest")
        }
        (Verdict::Partly | Verdict::Met | Verdict::Unmet | Verdict::Attested, _) => None,
    }
}
