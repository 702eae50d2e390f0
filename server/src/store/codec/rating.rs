//! How urgent a finding is, and what that follows from.

use muster_core::finding::{Due, Lifecycle};
use muster_core::intel::Exploitation;
use muster_core::priority::{Priority, Reason};
use muster_core::time::Millis;

use super::numbers::{Numbered, number, optional};
use super::{Damage, narrow};

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct PriorityMessage {
    #[prost(uint32, tag = "1")]
    score: u32,
    #[prost(message, repeated, tag = "2")]
    reasons: Vec<ReasonMessage>,
    #[prost(uint32, tag = "3")]
    gate: u32,
    // The number of the rules that former versions had; none is 0.
    #[prost(uint32, tag = "4")]
    former_model: u32,
    #[prost(string, tag = "5")]
    model: String,
    #[prost(uint32, tag = "6")]
    raw: u32,
    #[prost(int64, tag = "7")]
    as_of: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ReasonMessage {
    #[prost(uint32, tag = "1")]
    factor: u32,
    // Was unsigned, which reads the same.
    #[prost(int32, tag = "2")]
    points: i32,
    #[prost(string, tag = "3")]
    value: String,
    #[prost(bool, tag = "4")]
    missing: bool,
    #[prost(int32, tag = "5")]
    max: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ExploitationMessage {
    #[prost(string, tag = "1")]
    cve: String,
    #[prost(bool, tag = "2")]
    known_exploited: bool,
    #[prost(int64, optional, tag = "3")]
    kev_due: Option<i64>,
    #[prost(bool, tag = "4")]
    ransomware: bool,
    #[prost(uint32, optional, tag = "5")]
    epss_permille: Option<u32>,
    #[prost(bool, optional, tag = "6")]
    automatable: Option<bool>,
    #[prost(bool, optional, tag = "7")]
    total_impact: Option<bool>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct LifecycleMessage {
    #[prost(int64, tag = "1")]
    since: i64,
    #[prost(int64, optional, tag = "2")]
    closed: Option<i64>,
    #[prost(uint32, tag = "3")]
    reopened: u32,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct DueMessage {
    #[prost(int64, tag = "1")]
    at: i64,
    #[prost(string, tag = "2")]
    rule: String,
}

impl From<&Priority> for PriorityMessage {
    fn from(priority: &Priority) -> Self {
        let reason = |reason: &Reason| ReasonMessage {
            factor: reason.factor.number(),
            points: reason.points,
            max: reason.max,
            value: reason.value.clone(),
            missing: reason.missing,
        };
        Self {
            score: priority.score.into(),
            raw: priority.raw.into(),
            reasons: priority.reasons.iter().map(reason).collect(),
            gate: number(priority.gate),
            former_model: 0,
            model: priority.model.clone(),
            as_of: priority.as_of,
        }
    }
}

impl TryFrom<PriorityMessage> for Priority {
    type Error = Damage;

    fn try_from(message: PriorityMessage) -> Result<Self, Damage> {
        let mut reasons = Vec::with_capacity(message.reasons.len());
        for reason in message.reasons {
            reasons.push(Reason {
                factor: Numbered::from_number(reason.factor)?,
                points: reason.points,
                max: reason.max,
                value: reason.value,
                missing: reason.missing,
            });
        }
        let former = message.model.is_empty() && message.former_model > 0;
        Ok(Self {
            score: narrow("score", message.score)?,
            raw: narrow("raw", message.raw)?,
            reasons,
            gate: optional(message.gate)?,
            model: if former { message.former_model.to_string() } else { message.model },
            as_of: message.as_of,
        })
    }
}

impl From<&Exploitation> for ExploitationMessage {
    fn from(found: &Exploitation) -> Self {
        Self {
            cve: found.cve.clone(),
            known_exploited: found.known_exploited,
            kev_due: found.kev_due,
            ransomware: found.ransomware,
            epss_permille: found.epss_permille.map(u32::from),
            automatable: found.automatable,
            total_impact: found.total_impact,
        }
    }
}

impl TryFrom<ExploitationMessage> for Exploitation {
    type Error = Damage;

    fn try_from(message: ExploitationMessage) -> Result<Self, Damage> {
        let epss = message.epss_permille.map(|permille| narrow("epss", permille)).transpose()?;
        Ok(Self {
            cve: message.cve,
            known_exploited: message.known_exploited,
            kev_due: message.kev_due,
            ransomware: message.ransomware,
            epss_permille: epss,
            automatable: message.automatable,
            total_impact: message.total_impact,
        })
    }
}

impl From<&Lifecycle> for LifecycleMessage {
    fn from(lifecycle: &Lifecycle) -> Self {
        Self {
            since: lifecycle.since.0,
            closed: lifecycle.closed.map(|time| time.0),
            reopened: lifecycle.reopened.into(),
        }
    }
}

impl LifecycleMessage {
    pub(super) fn into_lifecycle(self) -> Result<Lifecycle, Damage> {
        Ok(Lifecycle {
            since: Millis(self.since),
            closed: self.closed.map(Millis),
            reopened: narrow("reopened", self.reopened)?,
        })
    }
}

impl From<&Due> for DueMessage {
    fn from(due: &Due) -> Self {
        Self { at: due.at.0, rule: due.rule.clone() }
    }
}

impl From<DueMessage> for Due {
    fn from(message: DueMessage) -> Self {
        Self { at: Millis(message.at), rule: message.rule }
    }
}
