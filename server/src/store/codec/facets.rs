//! Facets and heads as they are stored.

use bytes::Bytes;
use muster_core::change::Facets;
use muster_core::ids::{FindingId, Revision};
use muster_core::report::ReportDigest;
use muster_core::time::Millis;

use super::numbers::Numbered;
use super::{Damage, id, narrow, parsed, required};
use crate::store::{Head, ReportHead};

/// [`Facets`].
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct FacetsMessage {
    #[prost(uint32, tag = "1")]
    score: u32,
    #[prost(uint32, tag = "2")]
    severity: u32,
    #[prost(uint32, tag = "3")]
    status: u32,
    #[prost(uint32, tag = "4")]
    triage: u32,
    #[prost(uint32, tag = "5")]
    class: u32,
    #[prost(uint32, repeated, tag = "6")]
    sources: Vec<u32>,
    #[prost(string, tag = "7")]
    account: String,
    #[prost(string, tag = "8")]
    region: String,
    #[prost(string, tag = "9")]
    assignee: String,
    #[prost(bool, tag = "10")]
    stale: bool,
    #[prost(string, tag = "11")]
    resource: String,
    #[prost(string, tag = "12")]
    rule_id: String,
    #[prost(string, tag = "13")]
    title: String,
}

/// A [`Head`] without its id, which is its key, and its revision, which stands in front of it.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct HeadMessage {
    #[prost(message, optional, tag = "1")]
    facets: Option<FacetsMessage>,
    #[prost(int64, tag = "2")]
    created: i64,
    #[prost(int64, tag = "3")]
    updated: i64,
    #[prost(int64, optional, tag = "4")]
    until: Option<i64>,
    #[prost(message, repeated, tag = "5")]
    reports: Vec<ReportHeadMessage>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ReportHeadMessage {
    #[prost(bytes = "bytes", tag = "1")]
    key: Bytes,
    #[prost(fixed64, tag = "2")]
    content_hash: u64,
    #[prost(string, tag = "3")]
    unit: String,
    #[prost(string, tag = "4")]
    rule_id: String,
    #[prost(bool, tag = "5")]
    absent: bool,
}

impl From<&Facets> for FacetsMessage {
    fn from(facets: &Facets) -> Self {
        Self {
            score: facets.score.into(),
            severity: facets.severity.number(),
            status: facets.status.number(),
            triage: facets.triage.number(),
            class: facets.class.number(),
            sources: facets.sources.iter().map(|source| source.number()).collect(),
            account: facets.account.to_string(),
            region: facets.region.to_string(),
            assignee: facets.assignee.clone(),
            stale: facets.stale,
            resource: facets.resource.clone(),
            rule_id: facets.rule_id.clone(),
            title: facets.title.clone(),
        }
    }
}

impl TryFrom<FacetsMessage> for Facets {
    type Error = Damage;

    fn try_from(message: FacetsMessage) -> Result<Self, Damage> {
        let mut sources = Vec::with_capacity(message.sources.len());
        for source in message.sources {
            sources.push(Numbered::from_number(source)?);
        }
        Ok(Self {
            score: narrow("score", message.score)?,
            severity: Numbered::from_number(message.severity)?,
            status: Numbered::from_number(message.status)?,
            triage: Numbered::from_number(message.triage)?,
            class: Numbered::from_number(message.class)?,
            sources,
            account: parsed("account", &message.account)?,
            region: parsed("region", &message.region)?,
            assignee: message.assignee,
            stale: message.stale,
            resource: message.resource,
            rule_id: message.rule_id,
            title: message.title,
        })
    }
}

impl From<&Head> for HeadMessage {
    fn from(head: &Head) -> Self {
        Self {
            facets: Some((&head.facets).into()),
            created: head.created.0,
            updated: head.updated.0,
            until: head.until.map(|time| time.0),
            reports: head.reports.iter().map(ReportHeadMessage::from).collect(),
        }
    }
}

impl HeadMessage {
    /// The head of the finding `id` at `revision`.
    pub(crate) fn into_head(self, id: FindingId, revision: Revision) -> Result<Head, Damage> {
        let mut reports = Vec::with_capacity(self.reports.len());
        for report in self.reports {
            reports.push(report.try_into()?);
        }
        Ok(Head {
            id,
            revision,
            facets: required("facets", self.facets)?.try_into()?,
            created: Millis(self.created),
            updated: Millis(self.updated),
            until: self.until.map(Millis),
            reports,
        })
    }
}

impl From<&ReportHead> for ReportHeadMessage {
    fn from(report: &ReportHead) -> Self {
        Self {
            key: Bytes::copy_from_slice(&report.key.0),
            content_hash: report.content_hash,
            unit: report.unit.clone(),
            rule_id: report.rule_id.clone(),
            absent: report.absent,
        }
    }
}

impl TryFrom<ReportHeadMessage> for ReportHead {
    type Error = Damage;

    fn try_from(message: ReportHeadMessage) -> Result<Self, Damage> {
        Ok(Self {
            key: ReportDigest(id("report.key", &message.key)?),
            content_hash: message.content_hash,
            unit: message.unit,
            rule_id: message.rule_id,
            absent: message.absent,
        })
    }
}
