//! What each factor gives.

use std::fmt::{Display, Write as _};

use super::assets::Known;
use super::table::{Condition, Environment, Floor, RuleKnown, Table, Tier};
use super::{Factor, Inputs, Model, Reason};
use crate::finding::{Due, Facts};
use crate::report::{ExploitState, Exposure, FindingClass, Privilege, Severity, Vulnerability};
use crate::time::{DAY_MS, Millis};

/// From how many points a threat or a privilege counts for combinations.
const STRONG: i32 = 80;

/// From how many points an exploit does.
const LIKELY: i32 = 90;

/// Room for what was seen, in bytes: most texts are shorter, so that none is moved while it grows.
const TEXT_BYTES: usize = 48;

/// The most that each factor gives.
#[derive(Clone, Copy, Debug)]
pub(super) struct Most([i32; Factor::ALL.len()]);

impl Most {
    pub(super) fn of(table: &Table) -> Self {
        let p = &table.points;
        let exploit = [
            p.exploit.known_exploited,
            p.exploit.active,
            p.exploit.epss_half,
            p.exploit.epss_tenth,
            p.exploit.proof_of_concept,
        ];
        let threat = [p.threat.recon, p.threat.suspicious, p.threat.compromise, p.threat.sequence];
        let phase = [p.quick_win.phase_1, p.quick_win.phase_2, p.quick_win.phase_3];
        let exposure = [
            p.exposure.private,
            p.exposure.organization,
            p.exposure.cross_account,
            p.exposure.internet,
            p.exposure.public,
        ];
        let environment = [
            p.environment.production,
            p.environment.unknown,
            p.environment.staging,
            p.environment.development,
            p.environment.sandbox,
        ];
        let privilege = [
            p.privilege.read,
            p.privilege.write,
            p.privilege.escalation,
            p.privilege.admin,
            p.privilege.root,
        ];
        let largest = |points: &[i32]| points.iter().copied().max().unwrap_or(0);
        Self(Factor::ALL.map(|factor| match factor {
            Factor::Severity => table.severity.most(),
            Factor::Exposure => largest(&exposure),
            Factor::Criticality => p.criticality.full,
            Factor::Environment => largest(&environment),
            Factor::Privilege => largest(&privilege),
            Factor::Threat => largest(&threat),
            Factor::Exploit => largest(&exploit) + p.exploit.automatable + p.exploit.total_impact,
            Factor::Corroboration => largest(&[p.corroboration.two, p.corroboration.three]),
            Factor::Recurrence => p.recurrence.most,
            Factor::Recency => largest(&[p.recency.day, p.recency.week, p.recency.month]),
            Factor::Overdue => p.overdue.most,
            Factor::QuickWin => {
                largest(&phase) + largest(&[p.quick_win.low_effort, p.quick_win.medium_effort])
            }
            Factor::Compliance => p.compliance.most,
            Factor::Combination => p.combination.most,
            Factor::Compression | Factor::Floor => 0,
        }))
    }

    pub(super) fn sum(&self) -> i32 {
        self.0.iter().sum()
    }

    fn at(&self, factor: Factor) -> i32 {
        self.0[factor as usize]
    }
}

impl Model {
    /// All factors but what depends on their sum, in order.
    pub(super) fn factors(&self, inputs: Inputs<'_>, rule: RuleKnown<'_>, day: i64) -> Vec<Reason> {
        let table = &self.0.table;
        let asset = table.index.look_up(&table.assets, inputs.facts);
        let exposure = self.exposure(inputs.facts);
        let (criticality, critical) = self.criticality(inputs.facts, asset);
        let privilege = self.privilege(inputs.facts, rule);
        let threat = self.threat(inputs, rule, day);
        let exploit = self.exploit(inputs);
        let together = Together {
            reachable: inputs.facts.exposure >= Exposure::Internet,
            exploit: exploit.points,
            worst: inputs.exploitation.is_some_and(|found| {
                found.automatable == Some(true) && found.total_impact == Some(true)
            }),
            precious: critical == Some(100) || inputs.facts.class == FindingClass::SensitiveData,
            threat: threat.points,
            privilege: privilege.points,
        };
        let mut reasons = Vec::with_capacity(16);
        reasons.extend([
            self.severity(inputs.facts),
            exposure,
            criticality,
            self.environment(asset),
            privilege,
            threat,
            exploit,
            self.corroboration(inputs.facts),
            self.recurrence(inputs),
            self.recency(inputs.facts, day),
            self.quick_win(rule),
            self.compliance(rule),
            self.combination(&together),
        ]);
        reasons
    }

    /// What gives nothing has no text: it is no line, and most factors of most findings give nothing.
    fn reason(&self, factor: Factor, points: i32, value: impl Display) -> Reason {
        let max = self.0.most.at(factor);
        let points = points.min(max);
        let mut text = String::new();
        if points != 0 {
            text.reserve(TEXT_BYTES);
            write!(text, "{value}").expect("a string takes all");
        }
        Reason { factor, points, max, value: text, missing: false }
    }

    fn missing(&self, factor: Factor, value: &str) -> Reason {
        let max = self.0.most.at(factor);
        Reason { factor, points: 0, max, value: value.to_owned(), missing: true }
    }

    fn severity(&self, facts: &Facts) -> Reason {
        let n = facts.severity_normalized.min(100);
        let points = self.0.table.severity.at(n.into());
        let label = facts.severity.as_str();
        match facts.signals.confidence {
            None | Some(100..) => {
                self.reason(Factor::Severity, points, format_args!("{label} ({n})"))
            }
            Some(sure) => {
                let points = points * (50 + i32::from(sure) / 2) / 100;
                let value = format_args!("{label} ({n}), confidence {sure}");
                self.reason(Factor::Severity, points, value)
            }
        }
    }

    fn exposure(&self, facts: &Facts) -> Reason {
        let p = &self.0.table.points.exposure;
        let (points, value) = match facts.exposure {
            Exposure::Unknown => {
                return self.missing(Factor::Exposure, "no report says who can reach it");
            }
            Exposure::Private => (p.private, "inside the account"),
            Exposure::Organization => (p.organization, "the organization"),
            Exposure::CrossAccount => (p.cross_account, "principals outside the account"),
            Exposure::Internet => (p.internet, "a way from the internet"),
            Exposure::Public => (p.public, "public"),
        };
        self.reason(Factor::Exposure, points, value)
    }

    /// With the criticality, 0 to 100.
    fn criticality(&self, facts: &Facts, asset: Known<'_>) -> (Reason, Option<u8>) {
        let said = facts.signals.criticality.map(|said| (said.min(100), "said at Security Hub"));
        let both = asset.criticality.into_iter().chain(said);
        let Some((criticality, why)) = both.max_by_key(|one| one.0) else {
            return (self.missing(Factor::Criticality, "nobody said how much it matters"), None);
        };
        let points = self.0.table.points.criticality.full * i32::from(criticality) / 100;
        let value = format_args!("{criticality}: {why}");
        (self.reason(Factor::Criticality, points, value), Some(criticality))
    }

    fn environment(&self, asset: Known<'_>) -> Reason {
        let p = &self.0.table.points.environment;
        let Some((environment, name)) = asset.environment else {
            return self.reason(Factor::Environment, p.unknown, "not known");
        };
        let points = match environment {
            Environment::Production => p.production,
            Environment::Staging => p.staging,
            Environment::Development => p.development,
            Environment::Sandbox => p.sandbox,
        };
        let value = format_args!("{}: {name}", environment.as_str());
        self.reason(Factor::Environment, points, value)
    }

    fn privilege(&self, facts: &Facts, rule: RuleKnown<'_>) -> Reason {
        let p = &self.0.table.points.privilege;
        let by_rule = rule.first(|rule| rule.privilege);
        let (points, value) = match facts.signals.privilege.max(by_rule.unwrap_or_default()) {
            Privilege::Unknown if is_about_access(facts) => {
                return self.missing(Factor::Privilege, "no report says what it allows");
            }
            Privilege::Unknown => (0, "not about access"),
            Privilege::Read => (p.read, "reading"),
            Privilege::Write => (p.write, "writing"),
            Privilege::Escalation => (p.escalation, "gaining more"),
            Privilege::Admin => (p.admin, "administration"),
            Privilege::Root => (p.root, "root"),
        };
        self.reason(Factor::Privilege, points, value)
    }

    /// What kind of threat a finding type is, of which `rule` is known. Looking around is worse where
    /// `GuardDuty` says HIGH: what was found may be taken.
    fn tier(rule: RuleKnown<'_>, rule_id: &str, severity: u8, sequence: bool) -> Tier {
        if sequence || rule_id.starts_with("AttackSequence:") {
            return Tier::Sequence;
        }
        let by_severity = if severity >= 70 { Tier::Compromise } else { Tier::Suspicious };
        match rule.first(|rule| rule.tier) {
            None => by_severity,
            Some(Tier::Recon) if by_severity == Tier::Compromise => by_severity,
            Some(tier) => tier,
        }
    }

    fn tier_points(&self, tier: Tier) -> i32 {
        let p = &self.0.table.points.threat;
        match tier {
            Tier::Recon => p.recon,
            Tier::Suspicious => p.suspicious,
            Tier::Compromise => p.compromise,
            Tier::Sequence => p.sequence,
        }
    }

    fn threat(&self, inputs: Inputs<'_>, rule: RuleKnown<'_>, day: i64) -> Reason {
        if let Some(tier) = Self::own_tier(inputs.facts, rule) {
            return self.reason(Factor::Threat, self.tier_points(tier), tier.as_str());
        }
        let beside = inputs.threat.zip(self.tier_beside(inputs));
        let Some((there, tier)) = beside.filter(|(there, _)| there.counts_on(day)) else {
            return self.reason(Factor::Threat, 0, "none open and recent on the resource");
        };
        let value = format_args!("{} on the resource: {}", tier.as_str(), there.rule_id);
        self.reason(Factor::Threat, self.tier_points(tier) / 2, value)
    }

    /// What kind of threat a finding is; `None` for what is none.
    fn own_tier(facts: &Facts, rule: RuleKnown<'_>) -> Option<Tier> {
        let (severity, sequence) = (facts.severity_normalized, facts.signals.sequence);
        let is_threat = facts.class == FindingClass::Threat;
        is_threat.then(|| Self::tier(rule, &facts.rule_id, severity, sequence))
    }

    /// What kind of threat is on the resource of a finding that is none.
    fn tier_beside(&self, inputs: Inputs<'_>) -> Option<Tier> {
        let there = inputs.threat.filter(|_| inputs.facts.class != FindingClass::Threat)?;
        let rule = self.0.table.rule(&there.rule_id);
        Some(Self::tier(rule, &there.rule_id, there.severity_normalized, false))
    }

    fn exploit(&self, inputs: Inputs<'_>) -> Reason {
        let p = &self.0.table.points.exploit;
        let found = inputs.exploitation;
        let none = Vulnerability::default();
        let said = inputs.facts.signals.vulnerability.as_ref();
        if said.is_none() && found.is_none() {
            if inputs.facts.class == FindingClass::Vulnerability {
                return self.missing(Factor::Exploit, "no report and no list says if it is used");
            }
            return self.reason(Factor::Exploit, 0, "no weakness in software");
        }
        let said = said.unwrap_or(&none);
        let epss = found.and_then(|found| found.epss_permille).max(said.epss_permille);
        let below_tenth = p.epss_tenth * i32::from(epss.unwrap_or(0).min(100)) / 100;
        let mut ways = [
            (
                found.is_some_and(|found| found.known_exploited),
                p.known_exploited,
                "known exploited",
            ),
            (said.exploit == ExploitState::Active, p.active, "being used"),
            (epss >= Some(500), p.epss_half, "EPSS of 0.5 and more"),
            (epss >= Some(100), p.epss_tenth, "EPSS of 0.1 and more"),
            (epss > Some(0), below_tenth, "EPSS below 0.1"),
            (said.exploit == ExploitState::ProofOfConcept, p.proof_of_concept, "code is published"),
        ];
        ways.sort_by_key(|(_, points, _)| -points);
        let known = found.is_some_and(|found| found.epss_permille.is_some())
            || said.epss_permille.is_some()
            || said.exploit != ExploitState::Unknown;
        let best = ways.into_iter().find(|(is, ..)| *is).map(|(_, points, value)| (points, value));
        let (mut points, way) = best.unwrap_or((0, "not known to be used"));
        let is = |answer: Option<bool>| answer == Some(true);
        let (mut automatable, mut total) = ("", "");
        if found.is_some_and(|found| is(found.automatable)) {
            points += p.automatable;
            automatable = ", automatable";
        }
        if found.is_some_and(|found| is(found.total_impact)) {
            points += p.total_impact;
            total = ", total impact";
        }
        if points == 0 && !known {
            return self.missing(Factor::Exploit, "no report and no list says if it is used");
        }
        self.reason(Factor::Exploit, points, format_args!("{way}{automatable}{total}"))
    }

    fn corroboration(&self, facts: &Facts) -> Reason {
        let p = &self.0.table.points.corroboration;
        let products = facts.products.len();
        let points = match products {
            0 | 1 => 0,
            2 => p.two,
            _ => p.three.max(p.two),
        };
        self.reason(Factor::Corroboration, points, format_args!("{products} products"))
    }

    fn recurrence(&self, inputs: Inputs<'_>) -> Reason {
        let p = &self.0.table.points.recurrence;
        let times = inputs.lifecycle.reopened;
        let points = p.each.saturating_mul(times.into());
        self.reason(Factor::Recurrence, points, format_args!("came back {times} times"))
    }

    fn recency(&self, facts: &Facts, day: i64) -> Reason {
        let p = &self.0.table.points.recency;
        if facts.class != FindingClass::Threat {
            return self.reason(Factor::Recency, 0, "not a threat");
        }
        let Some(seen) = facts.seen() else {
            return self.missing(Factor::Recency, "the threat has no time");
        };
        // The texts name the step, not the day: a score that stays is not written again every day.
        let (points, value) = match day - seen.day() {
            ..-1 => return self.missing(Factor::Recency, "the threat's time lies ahead"),
            // The provider's clock may already have the next day.
            -1..=1 => (p.day.max(p.week).max(p.month), "seen since yesterday"),
            2..=7 => (p.week.max(p.month), "seen within 7 days"),
            8..=30 => (p.month, "seen within 30 days"),
            _ => (0, "not seen for 30 days"),
        };
        self.reason(Factor::Recency, points, value)
    }

    /// The sum of the factors when the threat, or that on its resource, was just seen: what `now` sums
    /// to without it.
    pub(super) fn fresh(&self, inputs: Inputs<'_>, rule: RuleKnown<'_>, day: i64, now: i32) -> i32 {
        let seen = match inputs.facts.class {
            FindingClass::Threat => inputs.facts.seen().map(Millis::day),
            _ => inputs.threat.and_then(|threat| threat.seen),
        };
        let Some(seen) = seen.filter(|seen| *seen < day) else {
            return now;
        };
        let then = self.factors(inputs, rule, seen);
        then.iter().map(|reason| reason.points).sum::<i32>().max(now)
    }

    /// Once the deadline has passed, by quarters of its window.
    pub(super) fn overdue(&self, inputs: Inputs<'_>, due: Option<&Due>, day: i64) -> Reason {
        let p = &self.0.table.points.overdue;
        let Some(due) = due.filter(|due| due.at.0 <= day * DAY_MS) else {
            return self.reason(Factor::Overdue, 0, "not overdue");
        };
        let window = (due.day() - inputs.lifecycle.since.day()).max(1);
        let late = day - due.day();
        let quarters = i32::try_from((4 * late / window).min(4)).unwrap_or(4);
        let points = p.first.min(p.most) + (p.most - p.first).max(0) * quarters / 4;
        let rule = &due.rule;
        let factor = Factor::Overdue;
        match quarters {
            0 => self.reason(factor, points, format_args!("after {rule}")),
            1..=3 => {
                let value = format_args!("after {rule}, by {quarters} quarters of that");
                self.reason(factor, points, value)
            }
            _ => self.reason(factor, points, format_args!("after {rule}, by as long again")),
        }
    }

    fn quick_win(&self, rule: RuleKnown<'_>) -> Reason {
        let p = &self.0.table.points.quick_win;
        let Some(phase) = rule.first(|rule| rule.phase) else {
            return self.reason(Factor::QuickWin, 0, "not in the maturity model");
        };
        let by_phase = match phase {
            1 => p.phase_1,
            2 => p.phase_2,
            3 => p.phase_3,
            _ => 0,
        };
        let (by_effort, word) = match rule.first(|rule| rule.effort) {
            Some(1) => (p.low_effort, ", low effort"),
            Some(2) => (p.medium_effort, ", medium effort"),
            _ => (0, ""),
        };
        let value = format_args!("phase {phase}{word}");
        self.reason(Factor::QuickWin, by_phase + by_effort, value)
    }

    fn compliance(&self, rule: RuleKnown<'_>) -> Reason {
        let p = &self.0.table.points.compliance;
        let named = |rule: &'_ super::table::RuleFacts| !rule.standards.is_empty();
        let standards = rule.first(|rule| named(rule).then_some(&rule.standards[..]));
        let standards = standards.unwrap_or_default();
        let count = i32::try_from(standards.len()).unwrap_or(i32::MAX);
        let points = p.each.saturating_mul(count).min(p.most);
        let value = if points > 0 { standards.join(", ") } else { String::new() };
        self.reason(Factor::Compliance, points, value)
    }

    fn combination(&self, of: &Together) -> Reason {
        let p = &self.0.table.points.combination;
        let pairs = [
            (
                of.reachable && of.exploit >= LIKELY,
                p.reachable_exploitable,
                "reachable and exploited",
            ),
            (of.reachable && of.worst, p.reachable_automatable, "reachable and automatable"),
            (of.reachable && of.precious, p.reachable_precious, "reachable and precious"),
            (
                of.threat >= STRONG && of.privilege >= STRONG,
                p.threatened_privileged,
                "threatened and privileged",
            ),
            (
                of.exploit >= LIKELY && of.privilege >= STRONG,
                p.exploitable_privileged,
                "exploited and privileged",
            ),
        ];
        let there = || pairs.iter().filter(|(is, ..)| *is);
        let points = there().map(|(_, points, _)| points).sum();
        if points == 0 {
            return self.reason(Factor::Combination, 0, "");
        }
        let values: Vec<&str> = there().map(|(_, _, value)| *value).collect();
        self.reason(Factor::Combination, points, values.join(", "))
    }

    /// The highest floor that holds for what is to be fixed in so many `days` by the table of
    /// vulnerabilities, on this day; as if threats had just been seen without one.
    pub(super) fn floor(
        &self,
        inputs: Inputs<'_>,
        rule: RuleKnown<'_>,
        days: Option<i64>,
        today: Option<i64>,
    ) -> Option<&Floor> {
        let facts = inputs.facts;
        let is = |tier: Option<Tier>, least: Tier| tier.is_some_and(|tier| tier >= least);
        // What has no time is not old.
        let recent = |seen: Option<i64>, within: Option<i64>| match (today, within, seen) {
            (Some(today), Some(within), Some(seen)) => today - seen <= within,
            _ => true,
        };
        let holds = |floor: &&Floor| match &floor.condition {
            Condition::Rules(rules) => rules.contains(&facts.rule_id),
            Condition::WithinDays(within) => days.is_some_and(|days| days <= *within),
            Condition::Threat { least, seen_within } => {
                is(Self::own_tier(facts, rule), *least)
                    && recent(facts.seen().map(Millis::day), *seen_within)
            }
            Condition::Beside { least, seen_within } => {
                could_help(facts, rule)
                    && is(self.tier_beside(inputs), *least)
                    && recent(inputs.threat.and_then(|threat| threat.seen), *seen_within)
            }
        };
        self.0.table.floors.iter().filter(holds).max_by_key(|floor| floor.score)
    }
}

/// Whether a weakness may have helped an attack: not what is low and opens nothing, as missing tags.
fn could_help(facts: &Facts, rule: RuleKnown<'_>) -> bool {
    let privilege = rule.first(|rule| rule.privilege).max(Some(facts.signals.privilege));
    facts.severity >= Severity::Medium
        || facts.class == FindingClass::Exposure
        || facts.exposure >= Exposure::CrossAccount
        || privilege >= Some(Privilege::Write)
}

/// Whether it is a question at all what an access allows.
fn is_about_access(facts: &Facts) -> bool {
    let of_iam = facts.resources.first().is_some_and(|one| one.kind.starts_with("AwsIam"));
    of_iam || matches!(facts.class, FindingClass::Threat | FindingClass::Exposure)
}

/// What counts together.
struct Together {
    reachable: bool,
    exploit: i32,
    worst: bool,
    precious: bool,
    threat: i32,
    privilege: i32,
}
