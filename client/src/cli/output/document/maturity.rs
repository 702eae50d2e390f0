//! The maturity report and attestations in JSON.

use std::borrow::Cow;

use muster_api::v1::{
    AccountMaturity, Attestation, Effort, EvidenceCounts, FindingEvidence, GetMaturityResponse,
    MaturityStep, MaturityVerdict, Observability, RecommendationStanding, RuleEvidence,
    VerdictCounts,
};
use serde::Serialize;

use super::{CoverageDoc, text};
use crate::cli::time::rfc3339;
use crate::cli::words::Word;

/// The whole report.
#[derive(Debug, Serialize)]
pub(crate) struct MaturityDoc<'a> {
    account_id: Option<&'a str>,
    create_time: Option<String>,
    table_hash: &'a str,
    phase: i32,
    complete: bool,
    totals: TotalsDoc<'a>,
    standings: Vec<StandingDoc<'a>>,
    next: Vec<StepDoc<'a>>,
    accounts: Vec<AccountDoc<'a>>,
    account_count: u32,
    coverage: Option<CoverageDoc>,
}

#[derive(Debug, Serialize)]
struct TotalsDoc<'a> {
    all: CountsDoc,
    phases: Vec<CountsDoc>,
    domains: Vec<DomainDoc<'a>>,
}

#[derive(Debug, Serialize)]
struct DomainDoc<'a> {
    domain: &'a str,
    all: CountsDoc,
    phases: Vec<CountsDoc>,
}

/// How many have which verdict.
#[derive(Debug, Default, Serialize)]
pub(crate) struct CountsDoc {
    met: u32,
    partly: u32,
    unmet: u32,
    unknown: u32,
    attested: u32,
}

/// One recommendation.
#[derive(Debug, Serialize)]
pub(crate) struct StandingDoc<'a> {
    id: &'a str,
    name: &'a str,
    second_names: &'a [String],
    phase: i32,
    domain: &'a str,
    top10: Option<i32>,
    effort: Cow<'static, str>,
    observability: Cow<'static, str>,
    advice: &'a str,
    verdict: Cow<'static, str>,
    reason: &'a str,
    counts: EvidenceDoc,
    finding_count: u32,
    risk: u64,
    rules: Vec<RuleDoc<'a>>,
    findings: Vec<FindingEvidenceDoc<'a>>,
    off: &'a [String],
    attestation: Option<AttestationDoc<'a>>,
    expired_attestation: Option<AttestationDoc<'a>>,
    accounts: Option<CountsDoc>,
}

#[derive(Debug, Serialize)]
struct EvidenceDoc {
    passed: u32,
    failed: u32,
    used: u32,
    acted: u32,
    late: u32,
    on: u32,
    off: u32,
    configured: u32,
    hints: u32,
    suppressed: u32,
    unseen: u32,
    stale: u32,
}

#[derive(Debug, Serialize)]
struct RuleDoc<'a> {
    rule_id: &'a str,
    for_count: u32,
    against_count: u32,
}

#[derive(Debug, Serialize)]
struct FindingEvidenceDoc<'a> {
    finding_id: &'a str,
    rule_id: &'a str,
    score: u32,
    against: bool,
}

#[derive(Debug, Serialize)]
struct StepDoc<'a> {
    id: &'a str,
    name: &'a str,
    phase: i32,
    verdict: Cow<'static, str>,
    quick_win: bool,
    risk: u64,
    finding_count: u32,
    effort: Cow<'static, str>,
    action: &'a str,
}

#[derive(Debug, Serialize)]
struct AccountDoc<'a> {
    account_id: &'a str,
    phase: i32,
    complete: bool,
    counts: CountsDoc,
    verdicts: Vec<Cow<'static, str>>,
    risk: u64,
}

/// What somebody vouches for.
#[derive(Debug, Serialize)]
pub(crate) struct AttestationDoc<'a> {
    recommendation_id: &'a str,
    account_id: Option<&'a str>,
    author: Option<&'a str>,
    on_behalf_of: Option<&'a str>,
    evidence: &'a str,
    create_time: Option<String>,
    expire_time: Option<String>,
    expired: bool,
    replaced: bool,
    withdrawal: Option<WithdrawalDoc<'a>>,
}

#[derive(Debug, Serialize)]
struct WithdrawalDoc<'a> {
    actor: Option<&'a str>,
    time: Option<String>,
    comment: Option<&'a str>,
}

impl<'a> MaturityDoc<'a> {
    pub(crate) fn new(report: &'a GetMaturityResponse) -> Self {
        let totals = report.totals.as_ref();
        let domains = totals.map_or(&[][..], |totals| &totals.domains);
        let phases = totals.map_or(&[][..], |totals| &totals.phases);
        Self {
            account_id: text(&report.account_id),
            create_time: rfc3339(report.create_time.as_ref()),
            table_hash: &report.table_hash,
            phase: report.phase,
            complete: report.complete,
            totals: TotalsDoc {
                all: CountsDoc::new(totals.and_then(|totals| totals.all.as_ref())),
                phases: phases.iter().map(|counts| CountsDoc::new(Some(counts))).collect(),
                domains: domains
                    .iter()
                    .map(|domain| DomainDoc {
                        domain: &domain.domain,
                        all: CountsDoc::new(domain.all.as_ref()),
                        phases: domain.phases.iter().map(|one| CountsDoc::new(Some(one))).collect(),
                    })
                    .collect(),
            },
            standings: report.standings.iter().map(StandingDoc::new).collect(),
            next: report.next.iter().map(StepDoc::new).collect(),
            accounts: report.accounts.iter().map(AccountDoc::new).collect(),
            account_count: report.account_count,
            coverage: CoverageDoc::new(report.coverage.as_ref()),
        }
    }
}

impl CountsDoc {
    fn new(counts: Option<&VerdictCounts>) -> Self {
        let Some(counts) = counts else { return Self::default() };
        Self {
            met: counts.met,
            partly: counts.partly,
            unmet: counts.unmet,
            unknown: counts.unknown,
            attested: counts.attested,
        }
    }
}

impl<'a> StandingDoc<'a> {
    pub(crate) fn new(one: &'a RecommendationStanding) -> Self {
        let accounts = one.accounts.as_ref();
        let counted = |counts: &&VerdictCounts| **counts != VerdictCounts::default();
        Self {
            id: &one.id,
            name: &one.name,
            second_names: &one.second_names,
            phase: one.phase,
            domain: &one.domain,
            top10: (one.top10 != 0).then_some(one.top10),
            effort: Effort::word(one.effort),
            observability: Observability::word(one.observability),
            advice: &one.advice,
            verdict: MaturityVerdict::word(one.verdict),
            reason: &one.reason,
            counts: EvidenceDoc::new(one.counts.unwrap_or_default()),
            finding_count: one.finding_count,
            risk: one.risk,
            rules: one.rules.iter().map(RuleDoc::new).collect(),
            findings: one.findings.iter().map(FindingEvidenceDoc::new).collect(),
            off: &one.off,
            attestation: one.attestation.as_ref().map(AttestationDoc::new),
            expired_attestation: one.expired_attestation.as_ref().map(AttestationDoc::new),
            accounts: accounts.filter(counted).map(|counts| CountsDoc::new(Some(counts))),
        }
    }
}

impl EvidenceDoc {
    fn new(counts: EvidenceCounts) -> Self {
        Self {
            passed: counts.passed,
            failed: counts.failed,
            used: counts.used,
            acted: counts.acted,
            late: counts.late,
            on: counts.on,
            off: counts.off,
            configured: counts.configured,
            hints: counts.hints,
            suppressed: counts.suppressed,
            unseen: counts.unseen,
            stale: counts.stale,
        }
    }
}

impl<'a> RuleDoc<'a> {
    fn new(rule: &'a RuleEvidence) -> Self {
        let RuleEvidence { rule_id, for_count, against_count } = rule;
        Self { rule_id, for_count: *for_count, against_count: *against_count }
    }
}

impl<'a> FindingEvidenceDoc<'a> {
    fn new(one: &'a FindingEvidence) -> Self {
        let FindingEvidence { finding_id, rule_id, score, against } = one;
        Self { finding_id, rule_id, score: *score, against: *against }
    }
}

impl<'a> StepDoc<'a> {
    fn new(step: &'a MaturityStep) -> Self {
        Self {
            id: &step.id,
            name: &step.name,
            phase: step.phase,
            verdict: MaturityVerdict::word(step.verdict),
            quick_win: step.quick_win,
            risk: step.risk,
            finding_count: step.finding_count,
            effort: Effort::word(step.effort),
            action: &step.action,
        }
    }
}

impl<'a> AccountDoc<'a> {
    fn new(one: &'a AccountMaturity) -> Self {
        Self {
            account_id: &one.account_id,
            phase: one.phase,
            complete: one.complete,
            counts: CountsDoc::new(one.counts.as_ref()),
            verdicts: one.verdicts.iter().map(|one| MaturityVerdict::word(*one)).collect(),
            risk: one.risk,
        }
    }
}

impl<'a> AttestationDoc<'a> {
    pub(crate) fn new(one: &'a Attestation) -> Self {
        let author = one.author.as_ref();
        Self {
            recommendation_id: &one.recommendation_id,
            account_id: text(&one.account_id),
            author: author.map(|author| author.principal.as_str()),
            on_behalf_of: author.and_then(|author| text(&author.on_behalf_of)),
            evidence: &one.evidence,
            create_time: rfc3339(one.create_time.as_ref()),
            expire_time: rfc3339(one.expire_time.as_ref()),
            expired: one.expired,
            replaced: one.replaced,
            withdrawal: one.withdrawal.as_ref().map(|withdrawal| WithdrawalDoc {
                actor: withdrawal.actor.as_ref().map(|actor| actor.principal.as_str()),
                time: rfc3339(withdrawal.time.as_ref()),
                comment: text(&withdrawal.comment),
            }),
        }
    }
}
