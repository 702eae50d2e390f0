//! What is known about a finding that decides how urgent it is: the inputs, looked up in the rules.

use super::Inputs;
use super::table::{Effort, Environment, Table, Tier};
use crate::finding::RelatedThreat;
use crate::report::{ExploitState, Exposure, FindingClass, Privilege};
use crate::time::Millis;

/// What is known, and nothing of how many points it has.
#[derive(Clone, Debug)]
pub(super) struct Seen<'a> {
    pub(super) inputs: Inputs<'a>,
    pub(super) exposure: Exposure,
    pub(super) criticality: Option<u8>,
    pub(super) sensitive: bool,
    pub(super) environment: Option<Environment>,
    pub(super) privilege: Privilege,
    pub(super) tier: Option<Tier>,
    pub(super) related: Option<(Tier, &'a RelatedThreat)>,
    pub(super) exploit: Exploit,
    pub(super) recency: Recency,
    pub(super) quick_win: Option<(u8, Effort)>,
    pub(super) standards: usize,
}

/// What is known of how a weakness in software is used.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Exploit {
    /// It is one, or names a CVE.
    pub(super) is_about: bool,
    /// Of that CVE, something is published.
    pub(super) is_known: bool,
    pub(super) listed: bool,
    pub(super) state: ExploitState,
    pub(super) epss: Option<u16>,
    pub(super) automatable: Option<bool>,
    pub(super) total_impact: Option<bool>,
}

/// When a threat was last seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recency {
    /// It is no threat.
    NoThreat,
    /// No report says.
    Unknown,
    /// Later than the day for which this is asked.
    Ahead,
    /// That many days before.
    Days(i32),
}

impl<'a> Seen<'a> {
    pub(super) fn new(table: &Table, inputs: Inputs<'a>, now: Millis) -> Self {
        let facts = inputs.facts;
        let is_threat = facts.class == FindingClass::Threat;
        let tier = is_threat.then(|| {
            let by_type = table.tier(&facts.rule_id, facts.severity_normalized);
            if facts.signals.sequence { Tier::Sequence } else { by_type }
        });
        let related = inputs.threat.filter(|_| !is_threat);
        let related =
            related.map(|threat| (table.tier(&threat.rule_id, threat.severity_normalized), threat));
        let signals = &facts.signals;
        Self {
            inputs,
            exposure: facts.exposure,
            criticality: signals.criticality.map(|n| n.min(100)).max(table.criticality(facts)),
            sensitive: facts.class == FindingClass::SensitiveData || table.is_sensitive(facts),
            environment: table.environment(facts),
            privilege: signals.privilege.max(table.privilege(&facts.rule_id)),
            tier,
            related,
            exploit: Exploit::of(inputs),
            recency: Recency::of(inputs, now),
            quick_win: table.quick_win(&facts.rule_id),
            standards: table.standards(&facts.rule_id),
        }
    }

    /// Whether losing it would hurt most.
    pub(super) fn is_valued(&self, crown_jewel: i32) -> bool {
        self.sensitive || self.criticality.is_some_and(|n| i32::from(n) >= crown_jewel)
    }

    /// Whether it can be reached from the internet.
    pub(super) fn is_reachable(&self) -> bool {
        self.exposure >= Exposure::Internet
    }

    /// The answers that CISA's table asks for; `None` where there is no CVE.
    pub(super) fn cisa(&self) -> Option<[bool; 4]> {
        let Exploit { is_about, listed, automatable, total_impact, .. } = self.exploit;
        let has_cve = is_about && self.inputs.has_cve();
        let answers =
            [listed, self.is_reachable(), automatable == Some(true), total_impact == Some(true)];
        has_cve.then_some(answers)
    }
}

impl Exploit {
    fn of(inputs: Inputs<'_>) -> Self {
        let said = inputs.facts.signals.vulnerability.as_ref();
        let published = inputs.exploitation;
        Self {
            is_about: inputs.facts.class == FindingClass::Vulnerability || inputs.has_cve(),
            is_known: published.is_some(),
            listed: published.is_some_and(|found| found.known_exploited),
            state: said.map_or(ExploitState::Unknown, |said| said.exploit),
            epss: published
                .and_then(|found| found.epss_permille)
                .max(said.and_then(|said| said.epss_permille)),
            automatable: published.and_then(|found| found.automatable),
            total_impact: published.and_then(|found| found.total_impact),
        }
    }
}

impl Recency {
    fn of(inputs: Inputs<'_>, now: Millis) -> Self {
        let facts = inputs.facts;
        if facts.class != FindingClass::Threat {
            return Self::NoThreat;
        }
        let seen = facts.last_observed.or(facts.provider_updated).or(facts.first_observed);
        let Some(seen) = seen else { return Self::Unknown };
        match now.day() - seen.day() {
            ..-1 => Self::Ahead,
            // The provider's clock may already have the next day.
            days => Self::Days(i32::try_from(days.max(0)).unwrap_or(i32::MAX)),
        }
    }
}

impl Inputs<'_> {
    fn has_cve(&self) -> bool {
        let said = self.facts.signals.vulnerability.as_ref();
        self.exploitation.is_some() || said.is_some_and(|said| !said.ids.is_empty())
    }
}
