//! The maturity report, and attestations.

use muster_api::v1 as wire;
use muster_core::maturity::{
    AccountPlace, Attestation, Counts, Domain, Effort, Observability, Phase, Recommendation,
    Report, Scope, Standing, Step, Table, Totals, Verdict, VerdictCounts,
};
use muster_core::time::Millis;

use super::finding::actor;
use super::timestamp;
use crate::maturity::{Record, Vouched};

/// The most rules of a recommendation that are sent.
const RULES_MAX: usize = 64;

/// The most accounts that are sent: each has a byte for each recommendation, and some more.
const ACCOUNTS_MAX: usize = 5000;

/// A report, with the standings and steps of one phase or of all.
pub(crate) fn maturity(
    table: &Table,
    report: &Report,
    phase: Option<Phase>,
    now: Millis,
) -> wire::GetMaturityResponse {
    let all = table.all();
    let of_phase = |at: usize| {
        let found = all.get(at)?;
        phase.is_none_or(|phase| found.phase == phase).then_some(found)
    };
    let next = match phase {
        None => report.next.clone(),
        Some(phase) => report.next_of(table, phase),
    };
    wire::GetMaturityResponse {
        account_id: String::new(),
        create_time: Some(timestamp(now)),
        table_hash: table.hash().to_owned(),
        phase: report.place.phase.number().into(),
        complete: report.place.complete,
        standings: report
            .standings
            .iter()
            .filter_map(|one| Some(standing(of_phase(one.recommendation)?, one, now)))
            .collect(),
        totals: Some(totals(&report.totals)),
        next: next.iter().filter_map(|one| Some(step(all.get(one.recommendation)?, one))).collect(),
        accounts: report.accounts.iter().take(ACCOUNTS_MAX).map(account).collect(),
        account_count: u32::try_from(report.accounts.len()).unwrap_or(u32::MAX),
        coverage: None,
    }
}

fn standing(known: &Recommendation, one: &Standing, now: Millis) -> wire::RecommendationStanding {
    let rules = one.rules.iter().take(RULES_MAX).map(|rule| wire::RuleEvidence {
        rule_id: rule.rule_id.clone(),
        for_count: rule.favour,
        against_count: rule.against,
    });
    let findings = one.examples.iter().map(|example| wire::FindingEvidence {
        finding_id: example.finding.to_string(),
        rule_id: example.rule_id.clone(),
        score: example.score.into(),
        against: example.against,
    });
    let off = one.off.iter();
    wire::RecommendationStanding {
        id: known.id.clone(),
        name: known.name.clone(),
        second_names: known.second.clone(),
        phase: known.phase.number().into(),
        domain: known.domain.as_str().to_owned(),
        top10: known.top10.unwrap_or(0).into(),
        effort: effort(known.effort).into(),
        observability: observability(known.seen).into(),
        advice: known.advice.clone(),
        verdict: verdict(one.verdict).into(),
        reason: one.why.clone(),
        counts: Some(counts(&one.counts)),
        finding_count: one.findings,
        risk: one.risk,
        rules: rules.collect(),
        findings: findings.collect(),
        off: off.map(|(source, account, region)| format!("{source}/{account}/{region}")).collect(),
        attestation: one.attestation.as_ref().map(|said| attestation(said, now)),
        expired_attestation: one.expired.as_ref().map(|said| attestation(said, now)),
        accounts: Some(verdicts(&one.accounts)),
    }
}

fn counts(counts: &Counts) -> wire::EvidenceCounts {
    wire::EvidenceCounts {
        passed: counts.passed,
        failed: counts.failed,
        used: counts.used,
        acted: counts.acted,
        late: counts.late,
        on: counts.on,
        off: counts.off,
        configured: counts.configured,
        hints: counts.hints,
        suppressed: counts.accepted,
        unseen: counts.unseen,
        stale: counts.stale,
    }
}

fn totals(totals: &Totals) -> wire::MaturityTotals {
    let domain = |domain: Domain| wire::DomainTotals {
        domain: domain.as_str().to_owned(),
        all: Some(verdicts(&totals.domains[domain as usize])),
        phases: totals.cells.iter().map(|row| verdicts(&row[domain as usize])).collect(),
    };
    wire::MaturityTotals {
        all: Some(verdicts(&totals.all)),
        phases: totals.phases.iter().map(verdicts).collect(),
        domains: Domain::ALL.into_iter().map(domain).collect(),
    }
}

fn step(known: &Recommendation, one: &Step) -> wire::MaturityStep {
    wire::MaturityStep {
        id: known.id.clone(),
        name: known.name.clone(),
        phase: known.phase.number().into(),
        verdict: verdict(one.verdict).into(),
        quick_win: one.quick_win,
        risk: one.risk,
        finding_count: one.findings,
        effort: effort(one.effort).into(),
        action: one.action.clone(),
    }
}

fn account(one: &AccountPlace) -> wire::AccountMaturity {
    wire::AccountMaturity {
        account_id: one.account.to_string(),
        phase: one.place.phase.number().into(),
        complete: one.place.complete,
        counts: Some(verdicts(&one.counts)),
        verdicts: one.verdicts.iter().map(|one| verdict(*one).into()).collect(),
        risk: one.risk,
    }
}

/// What was said of one recommendation and scope: what stands, and on request all of it, the newest
/// first.
pub(crate) fn record(record: &Record, show_past: bool, now: Millis) -> Vec<wire::Attestation> {
    let newest = record.entries.iter().rev().enumerate();
    let wanted = newest.filter(|(at, entry)| show_past || (*at == 0 && entry.withdrawn.is_none()));
    wanted.map(|(at, entry)| vouched(entry, at > 0, now)).collect()
}

/// Something that was said, and what became of it.
pub(crate) fn vouched(entry: &Vouched, later: bool, now: Millis) -> wire::Attestation {
    wire::Attestation {
        replaced: later && entry.withdrawn.is_none(),
        withdrawal: entry.withdrawn.as_ref().map(|withdrawn| wire::Withdrawal {
            actor: Some(actor(&withdrawn.by)),
            time: Some(timestamp(withdrawn.at)),
            comment: withdrawn.comment.clone(),
        }),
        ..attestation(&entry.attestation, now)
    }
}

fn attestation(said: &Attestation, now: Millis) -> wire::Attestation {
    wire::Attestation {
        recommendation_id: said.recommendation.clone(),
        account_id: match said.scope {
            Scope::Organization => String::new(),
            Scope::Account(account) => account.to_string(),
        },
        author: Some(actor(&said.author)),
        evidence: said.evidence.clone(),
        create_time: Some(timestamp(said.made)),
        expire_time: Some(timestamp(said.expires)),
        expired: !said.counts(now),
        replaced: false,
        withdrawal: None,
    }
}

fn verdicts(counts: &VerdictCounts) -> wire::VerdictCounts {
    wire::VerdictCounts {
        met: counts.met,
        partly: counts.partly,
        unmet: counts.unmet,
        unknown: counts.unknown,
        attested: counts.attested,
    }
}

fn verdict(verdict: Verdict) -> wire::MaturityVerdict {
    match verdict {
        Verdict::Met => wire::MaturityVerdict::Met,
        Verdict::Partly => wire::MaturityVerdict::Partly,
        Verdict::Unmet => wire::MaturityVerdict::Unmet,
        Verdict::Unknown => wire::MaturityVerdict::Unknown,
        Verdict::Attested => wire::MaturityVerdict::Attested,
    }
}

fn effort(effort: Effort) -> wire::Effort {
    match effort {
        Effort::Low => wire::Effort::Low,
        Effort::Medium => wire::Effort::Medium,
        Effort::High => wire::Effort::High,
    }
}

fn observability(seen: Observability) -> wire::Observability {
    match seen {
        Observability::Direct => wire::Observability::Direct,
        Observability::Partial => wire::Observability::Partial,
        Observability::Indirect => wire::Observability::Indirect,
        Observability::None => wire::Observability::None,
    }
}
