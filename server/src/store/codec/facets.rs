//! Facets and heads as they are stored.

use muster_core::change::Facets;
use muster_core::finding::{Finding, HeldReport};
use muster_core::ids::{FindingId, Revision};
use muster_core::report::ReportDigest;
use muster_core::time::Millis;
use muster_core::unit::SourceKind;

use super::numbers::{Numbered, number, optional};
use super::{Damage, narrow, parsed, required};
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
    #[prost(int64, optional, tag = "14")]
    due: Option<i64>,
    #[prost(bool, tag = "15")]
    overdue: bool,
}

/// A [`Head`] without its id and revision, which stand in front of it.
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
    #[prost(string, repeated, tag = "6")]
    threatens: Vec<String>,
}

/// A [`ReportHead`]. What is nearly always the same as in the facets is left out when it is.
#[derive(Clone, PartialEq, prost::Message)]
struct ReportHeadMessage {
    /// The first and the second half of the key.
    #[prost(fixed64, tag = "1")]
    key_high: u64,
    #[prost(fixed64, tag = "2")]
    key_low: u64,
    #[prost(fixed64, tag = "3")]
    content_hash: u64,
    #[prost(uint32, tag = "4")]
    unit_source: u32,
    /// Empty when it is the account of the facets; so with the Region.
    #[prost(string, tag = "5")]
    unit_account: String,
    #[prost(string, tag = "6")]
    unit_region: String,
    #[prost(string, tag = "7")]
    unit_part: String,
    /// Absent when it is the rule of the facets.
    #[prost(string, optional, tag = "8")]
    rule_id: Option<String>,
    #[prost(bool, tag = "9")]
    absent: bool,
    #[prost(uint32, tag = "10")]
    looked_hour: u32,
    /// Zero where an earlier version wrote it.
    #[prost(uint32, tag = "11")]
    identity: u32,
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
            due: facets.due,
            overdue: facets.overdue,
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
            due: message.due,
            overdue: message.overdue,
            resource: message.resource,
            rule_id: message.rule_id,
            title: message.title,
        })
    }
}

impl From<&Finding> for HeadMessage {
    fn from(finding: &Finding) -> Self {
        let facets = Facets::of(finding);
        let report = |held| ReportHeadMessage::new(held, &facets);
        Self {
            reports: finding.reports.iter().map(report).collect(),
            facets: Some((&facets).into()),
            created: finding.created.0,
            updated: finding.updated.0,
            until: finding.triage.until.map(|time| time.0),
            threatens: finding.threatens().map(str::to_owned).collect(),
        }
    }
}

impl HeadMessage {
    /// The head of the finding `id` at `revision`.
    pub(crate) fn into_head(self, id: FindingId, revision: Revision) -> Result<Head, Damage> {
        let facets: Facets = required("facets", self.facets)?.try_into()?;
        let mut reports = Vec::with_capacity(self.reports.len());
        for report in self.reports {
            reports.push(report.into_head(&facets)?);
        }
        Ok(Head {
            id,
            revision,
            facets,
            created: Millis(self.created),
            updated: Millis(self.updated),
            until: self.until.map(Millis),
            reports,
            threatens: self.threatens,
        })
    }
}

impl ReportHeadMessage {
    fn new(held: &HeldReport, facets: &Facets) -> Self {
        let report = ReportHead::of(held);
        let key = u128::from_be_bytes(report.key.0);
        let unless = |same: bool, text: &str| if same { String::new() } else { text.to_owned() };
        let unit = &held.unit;
        Self {
            key_high: u64::try_from(key >> 64).expect("64 bits are left"),
            key_low: u64::try_from(key & u128::from(u64::MAX)).expect("64 bits are left"),
            content_hash: report.content_hash,
            unit_source: unit.source.number(),
            unit_account: unless(unit.account == facets.account, unit.account.as_str()),
            unit_region: unless(unit.region == facets.region, unit.region.as_str()),
            unit_part: unit.part.clone(),
            rule_id: (report.rule_id != facets.rule_id).then_some(report.rule_id),
            absent: report.absent,
            looked_hour: report.looked_hour,
            identity: number(report.identity),
        }
    }

    fn into_head(self, facets: &Facets) -> Result<ReportHead, Damage> {
        let source: SourceKind = Numbered::from_number(self.unit_source)?;
        let or = |text, other| if str::is_empty(text) { other } else { text };
        let account = or(&self.unit_account, facets.account.as_str());
        let region = or(&self.unit_region, facets.region.as_str());
        let separator = if self.unit_part.is_empty() { "" } else { "/" };
        let unit = [source.as_str(), "/", account, "/", region, separator, &self.unit_part];
        let key = u128::from(self.key_high) << 64 | u128::from(self.key_low);
        Ok(ReportHead {
            key: ReportDigest(key.to_be_bytes()),
            content_hash: self.content_hash,
            unit: unit.concat(),
            rule_id: self.rule_id.unwrap_or_else(|| facets.rule_id.clone()),
            absent: self.absent,
            looked_hour: self.looked_hour,
            identity: optional(self.identity)?,
        })
    }
}
