//! A finding as it is stored.
//!
//! Fields are only added; a number is never used again. Zero and empty are what an older writer
//! left out, so a new field must mean the same by them.

use bytes::Bytes;
use muster_core::finding::{Due, Facts, Finding, Lifecycle, RelatedThreat};
use muster_core::ids::{FindingId, Revision};
use muster_core::intel::Exploitation;
use muster_core::report::Resource;
use muster_core::time::Millis;
use muster_core::triage::{Actor, Triage};

use super::numbers::{Numbered, number, optional};
use super::rating::{DueMessage, ExploitationMessage, LifecycleMessage, PriorityMessage};
use super::report::{HeldMessage, ResourceMessage};
use super::signals::SignalsMessage;
use super::{Damage, id, narrow, parsed, required};

/// A [`Finding`] without its revision, which stands in front of it in the row.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct FindingMessage {
    #[prost(bytes = "bytes", tag = "1")]
    id: Bytes,
    #[prost(string, tag = "2")]
    key: String,
    #[prost(message, repeated, tag = "3")]
    reports: Vec<HeldMessage>,
    #[prost(message, optional, tag = "4")]
    facts: Option<FactsMessage>,
    #[prost(message, optional, tag = "5")]
    triage: Option<TriageMessage>,
    #[prost(message, optional, tag = "6")]
    priority: Option<PriorityMessage>,
    #[prost(int64, tag = "7")]
    created: i64,
    #[prost(int64, tag = "8")]
    updated: i64,
    #[prost(uint64, tag = "9")]
    content_version: u64,
    #[prost(bytes = "bytes", tag = "10")]
    merged_into: Bytes,
    #[prost(message, optional, tag = "11")]
    threat: Option<ThreatMessage>,
    #[prost(message, optional, tag = "12")]
    exploitation: Option<ExploitationMessage>,
    // Absent in rows of former versions: first seen when it was made.
    #[prost(message, optional, tag = "13")]
    lifecycle: Option<LifecycleMessage>,
    #[prost(message, optional, tag = "14")]
    due: Option<DueMessage>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ThreatMessage {
    #[prost(bytes = "bytes", tag = "1")]
    finding: Bytes,
    #[prost(uint32, tag = "2")]
    severity_normalized: u32,
    #[prost(string, tag = "3")]
    rule_id: String,
    #[prost(int64, optional, tag = "4")]
    seen: Option<i64>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct FactsMessage {
    #[prost(string, repeated, tag = "1")]
    products: Vec<String>,
    #[prost(string, tag = "2")]
    account: String,
    #[prost(string, tag = "3")]
    region: String,
    #[prost(uint32, tag = "4")]
    class: u32,
    #[prost(string, tag = "5")]
    rule_id: String,
    #[prost(string, tag = "6")]
    title: String,
    #[prost(string, tag = "7")]
    description: String,
    #[prost(uint32, tag = "8")]
    severity: u32,
    #[prost(uint32, tag = "9")]
    severity_normalized: u32,
    #[prost(uint32, tag = "10")]
    status: u32,
    #[prost(bool, tag = "11")]
    dissent: bool,
    #[prost(message, repeated, tag = "12")]
    resources: Vec<ResourceMessage>,
    #[prost(string, tag = "13")]
    facet: String,
    #[prost(uint32, tag = "14")]
    exposure: u32,
    #[prost(bool, tag = "15")]
    sample: bool,
    #[prost(string, tag = "16")]
    remediation: String,
    #[prost(string, tag = "17")]
    remediation_url: String,
    #[prost(int64, optional, tag = "18")]
    first_observed: Option<i64>,
    #[prost(int64, optional, tag = "19")]
    last_observed: Option<i64>,
    #[prost(int64, optional, tag = "20")]
    provider_updated: Option<i64>,
    #[prost(message, optional, tag = "21")]
    signals: Option<SignalsMessage>,
    #[prost(bool, tag = "22")]
    false_positive: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
struct TriageMessage {
    #[prost(uint32, tag = "1")]
    state: u32,
    #[prost(string, tag = "2")]
    assignee: String,
    #[prost(uint32, tag = "3")]
    reason: u32,
    #[prost(string, tag = "4")]
    comment: String,
    #[prost(int64, optional, tag = "5")]
    until: Option<i64>,
    #[prost(int64, optional, tag = "6")]
    decided: Option<i64>,
    #[prost(message, optional, tag = "7")]
    decided_by: Option<ActorMessage>,
    #[prost(uint64, tag = "8")]
    content_version: u64,
    #[prost(bool, tag = "9")]
    stale: bool,
    #[prost(uint64, tag = "10")]
    version: u64,
}

/// An [`Actor`].
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ActorMessage {
    #[prost(string, tag = "1")]
    principal: String,
    #[prost(string, tag = "2")]
    on_behalf_of: String,
}

impl From<&Finding> for FindingMessage {
    fn from(finding: &Finding) -> Self {
        Self {
            id: bytes(&finding.id),
            key: finding.key.clone(),
            reports: finding.reports.iter().map(HeldMessage::from).collect(),
            facts: Some((&finding.facts).into()),
            triage: Some((&finding.triage).into()),
            priority: Some((&finding.priority).into()),
            created: finding.created.0,
            updated: finding.updated.0,
            content_version: finding.content_version,
            merged_into: finding.merged_into.map_or_else(Bytes::new, |into| bytes(&into)),
            threat: finding.threat.as_ref().map(ThreatMessage::from),
            exploitation: finding.exploitation.as_ref().map(ExploitationMessage::from),
            lifecycle: Some((&finding.lifecycle).into()),
            due: finding.due.as_ref().map(DueMessage::from),
        }
    }
}

fn bytes(finding: &FindingId) -> Bytes {
    Bytes::copy_from_slice(&finding.0)
}

impl From<&RelatedThreat> for ThreatMessage {
    fn from(threat: &RelatedThreat) -> Self {
        Self {
            finding: bytes(&threat.finding),
            severity_normalized: threat.severity_normalized.into(),
            rule_id: threat.rule_id.clone(),
            seen: threat.seen,
        }
    }
}

impl TryFrom<ThreatMessage> for RelatedThreat {
    type Error = Damage;

    fn try_from(message: ThreatMessage) -> Result<Self, Damage> {
        Ok(Self {
            finding: FindingId(id("threat.finding", &message.finding)?),
            severity_normalized: narrow("threat.severity", message.severity_normalized)?,
            rule_id: message.rule_id,
            seen: message.seen,
        })
    }
}

impl FindingMessage {
    /// The finding, at `revision`.
    pub(crate) fn into_finding(self, revision: Revision) -> Result<Finding, Damage> {
        let mut reports = Vec::with_capacity(self.reports.len());
        for held in self.reports {
            reports.push(held.try_into()?);
        }
        let merged_into = if self.merged_into.is_empty() {
            None
        } else {
            Some(FindingId(id("merged_into", &self.merged_into)?))
        };
        let facts: Facts = required("facts", self.facts)?.try_into()?;
        let lifecycle = if let Some(lifecycle) = self.lifecycle {
            lifecycle.into_lifecycle()?
        } else {
            let closed = (!facts.status.is_open()).then_some(Millis(self.updated));
            Lifecycle { since: Millis(self.created), closed, reopened: 0 }
        };
        Ok(Finding {
            id: FindingId(id("id", &self.id)?),
            key: self.key,
            reports,
            facts,
            triage: required("triage", self.triage)?.try_into()?,
            priority: required("priority", self.priority)?.try_into()?,
            created: Millis(self.created),
            updated: Millis(self.updated),
            revision,
            content_version: self.content_version,
            merged_into,
            threat: self.threat.map(RelatedThreat::try_from).transpose()?,
            exploitation: self.exploitation.map(Exploitation::try_from).transpose()?,
            lifecycle,
            due: self.due.map(Due::from),
        })
    }
}

impl From<&Facts> for FactsMessage {
    fn from(facts: &Facts) -> Self {
        let ms = |time: Option<Millis>| time.map(|time| time.0);
        Self {
            products: facts.products.clone(),
            account: facts.account.to_string(),
            region: facts.region.to_string(),
            class: facts.class.number(),
            rule_id: facts.rule_id.clone(),
            title: facts.title.clone(),
            description: facts.description.clone(),
            severity: facts.severity.number(),
            severity_normalized: facts.severity_normalized.into(),
            status: facts.status.number(),
            dissent: facts.dissent,
            resources: facts.resources.iter().map(ResourceMessage::from).collect(),
            facet: facts.facet.clone(),
            exposure: facts.exposure.number(),
            sample: facts.sample,
            false_positive: facts.false_positive,
            remediation: facts.remediation.clone(),
            remediation_url: facts.remediation_url.clone(),
            first_observed: ms(facts.first_observed),
            last_observed: ms(facts.last_observed),
            provider_updated: ms(facts.provider_updated),
            signals: SignalsMessage::of(&facts.signals),
        }
    }
}

impl TryFrom<FactsMessage> for Facts {
    type Error = Damage;

    fn try_from(message: FactsMessage) -> Result<Self, Damage> {
        Ok(Self {
            products: message.products,
            account: parsed("facts.account", &message.account)?,
            region: parsed("facts.region", &message.region)?,
            class: Numbered::from_number(message.class)?,
            rule_id: message.rule_id,
            title: message.title,
            description: message.description,
            severity: Numbered::from_number(message.severity)?,
            severity_normalized: narrow("severity_normalized", message.severity_normalized)?,
            status: Numbered::from_number(message.status)?,
            dissent: message.dissent,
            resources: message.resources.into_iter().map(Resource::from).collect(),
            facet: message.facet,
            exposure: Numbered::from_number(message.exposure)?,
            sample: message.sample,
            false_positive: message.false_positive,
            remediation: message.remediation,
            remediation_url: message.remediation_url,
            first_observed: message.first_observed.map(Millis),
            last_observed: message.last_observed.map(Millis),
            provider_updated: message.provider_updated.map(Millis),
            signals: message.signals.unwrap_or_default().try_into()?,
        })
    }
}

impl From<&Triage> for TriageMessage {
    fn from(triage: &Triage) -> Self {
        Self {
            state: triage.state.number(),
            assignee: triage.assignee.clone(),
            reason: number(triage.reason),
            comment: triage.comment.clone(),
            until: triage.until.map(|time| time.0),
            decided: triage.decided.map(|time| time.0),
            decided_by: Some((&triage.decided_by).into()),
            content_version: triage.content_version,
            stale: triage.stale,
            version: triage.version,
        }
    }
}

impl TryFrom<TriageMessage> for Triage {
    type Error = Damage;

    fn try_from(message: TriageMessage) -> Result<Self, Damage> {
        Ok(Self {
            state: Numbered::from_number(message.state)?,
            assignee: message.assignee,
            reason: optional(message.reason)?,
            comment: message.comment,
            until: message.until.map(Millis),
            decided: message.decided.map(Millis),
            decided_by: message.decided_by.unwrap_or_default().into(),
            content_version: message.content_version,
            stale: message.stale,
            version: message.version,
        })
    }
}

impl From<&Actor> for ActorMessage {
    fn from(actor: &Actor) -> Self {
        Self { principal: actor.principal.clone(), on_behalf_of: actor.on_behalf_of.clone() }
    }
}

impl From<ActorMessage> for Actor {
    fn from(message: ActorMessage) -> Self {
        Self { principal: message.principal, on_behalf_of: message.on_behalf_of }
    }
}
