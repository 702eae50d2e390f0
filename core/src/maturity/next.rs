//! What to do next, and why a recommendation stands where it does.

use std::cmp::Reverse;
use std::fmt::Write as _;

use super::report::Standing;
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
pub(super) fn steps(table: &[Recommendation], standings: &[Standing]) -> Vec<Step> {
    let open = table.iter().zip(standings).filter(|(_, standing)| !standing.verdict.is_done());
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
    let counts = &standing.counts;
    let mut parts: Vec<String> = Vec::new();
    let mut part = |count: u32, text: String| {
        if count > 0 {
            parts.push(text);
        }
    };
    let judged = counts.failed + counts.passed;
    part(counts.failed, format!("{} of {judged} findings are open", counts.failed));
    let all = if counts.failed == 0 { "all " } else { "" };
    if counts.failed == 0 {
        part(counts.passed, format!("{all}{} findings passed", counts.passed));
    }
    let places = counts.on + counts.off;
    part(counts.off, format!("off in {} of {places} places", counts.off));
    if counts.off == 0 {
        part(counts.on, format!("on in {places} {}", plural(places, "place")));
    }
    let threats = counts.late + counts.acted;
    part(counts.late, format!("{} of {threats} findings were left alone too long", counts.late));
    if counts.late == 0 {
        part(counts.acted, format!("{threats} {} decided on", plural(threats, "finding")));
    }
    part(counts.used, format!("{} findings show that it is used", counts.used));
    part(counts.configured, "Muster was told".to_owned());
    part(counts.accepted, format!("{} suppressed", counts.accepted));
    part(counts.unseen, format!("AWS cannot tell of {}", counts.unseen));
    part(counts.stale, format!("{} passed when last read, and are not read now", counts.stale));
    part(counts.hints, format!("{} hints", counts.hints));
    let mut why = parts.join("; ");
    let mut also = |text: &str| {
        let separator = if why.is_empty() { "" } else { "; " };
        let _ = write!(why, "{separator}{text}");
    };
    if let Some(attestation) = &standing.attestation {
        let (author, expires) = (&attestation.author.principal, attestation.expires);
        also(&format!("attested by {author} until {expires}"));
    }
    if let Some(attestation) = &standing.expired {
        let (author, expires) = (&attestation.author.principal, attestation.expires);
        also(&format!("the attestation by {author} expired on {expires}"));
    }
    let decided = counts.favour() + counts.against() > 0;
    match (standing.verdict, recommendation.seen) {
        (Verdict::Unknown, Observability::None) => also("nothing that Muster reads shows it: attest it"),
        (Verdict::Unknown, _) if !decided => also("nothing was seen that decides it"),
        (Verdict::Partly, seen) if counts.against() == 0 && seen != Observability::Direct => {
            also("findings judge only a part of it: attest the rest");
        }
        _ => {}
    }
    let unknown = standing.accounts.unknown;
    if unknown > 0 && standing.verdict != Verdict::Unknown {
        also(&format!("unknown in {unknown} of {} accounts", standing.accounts.total()));
    }
    why
}

fn plural(count: u32, word: &str) -> String {
    if count == 1 { word.to_owned() } else { format!("{word}s") }
}
