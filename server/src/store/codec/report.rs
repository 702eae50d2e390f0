//! A report as it is stored, in the finding that holds it.
//!
//! What holds of the fields of [`finding`](super::finding) holds of these.

use bytes::Bytes;
use muster_core::finding::{HeldReport, Placement};
use muster_core::report::{Attribute, CustomerFields, OriginKey, Report, ReportKey, Resource};
use muster_core::time::Millis;

use super::numbers::{Numbered, number, optional};
use super::signals::SignalsMessage;
use super::{Damage, narrow, parsed, required};

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct HeldMessage {
    #[prost(message, optional, tag = "1")]
    report: Option<ReportMessage>,
    #[prost(string, tag = "2")]
    unit: String,
    #[prost(fixed64, tag = "3")]
    content_hash: u64,
    #[prost(int64, tag = "4")]
    first_stored: i64,
    #[prost(uint32, tag = "5")]
    absence: u32,
    /// The class that placed it; empty for none.
    #[prost(string, tag = "6")]
    class: String,
    /// A decision placed it.
    #[prost(bool, tag = "7")]
    decided: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ReportMessage {
    #[prost(uint32, tag = "1")]
    path: u32,
    #[prost(string, tag = "2")]
    provider_id: String,
    #[prost(uint32, tag = "3")]
    origin_rule: u32,
    #[prost(string, tag = "4")]
    origin_text: String,
    #[prost(uint32, tag = "5")]
    source: u32,
    #[prost(string, tag = "6")]
    product: String,
    #[prost(string, tag = "7")]
    account: String,
    #[prost(string, tag = "8")]
    region: String,
    #[prost(uint32, tag = "9")]
    class: u32,
    #[prost(string, tag = "10")]
    rule_id: String,
    #[prost(string, tag = "11")]
    title: String,
    #[prost(string, tag = "12")]
    description: String,
    #[prost(uint32, tag = "13")]
    severity: u32,
    #[prost(uint32, tag = "14")]
    severity_normalized: u32,
    #[prost(uint32, tag = "15")]
    status: u32,
    #[prost(string, tag = "16")]
    status_detail: String,
    #[prost(message, repeated, tag = "17")]
    resources: Vec<ResourceMessage>,
    #[prost(string, tag = "18")]
    facet: String,
    #[prost(uint32, tag = "19")]
    exposure: u32,
    #[prost(bool, tag = "20")]
    sample: bool,
    #[prost(string, tag = "21")]
    customer_workflow: String,
    #[prost(string, tag = "22")]
    customer_note: String,
    #[prost(string, tag = "23")]
    customer_verification: String,
    #[prost(uint32, tag = "24")]
    customer_severity: u32,
    #[prost(string, tag = "25")]
    remediation: String,
    #[prost(string, tag = "26")]
    remediation_url: String,
    #[prost(int64, optional, tag = "27")]
    first_observed: Option<i64>,
    #[prost(int64, optional, tag = "28")]
    last_observed: Option<i64>,
    #[prost(int64, optional, tag = "29")]
    provider_created: Option<i64>,
    #[prost(int64, optional, tag = "30")]
    provider_updated: Option<i64>,
    #[prost(uint32, tag = "31")]
    count: u32,
    #[prost(string, repeated, tag = "32")]
    remarks: Vec<String>,
    #[prost(bytes = "bytes", tag = "33")]
    raw: Bytes,
    #[prost(bool, tag = "34")]
    raw_truncated: bool,
    #[prost(message, repeated, tag = "35")]
    attributes: Vec<AttributeMessage>,
    #[prost(message, optional, tag = "36")]
    signals: Option<SignalsMessage>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct AttributeMessage {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ResourceMessage {
    #[prost(string, tag = "1")]
    id: String,
    #[prost(string, tag = "2")]
    original: String,
    #[prost(string, tag = "3")]
    kind: String,
}

impl From<&HeldReport> for HeldMessage {
    fn from(held: &HeldReport) -> Self {
        Self {
            report: Some((&held.report).into()),
            unit: held.unit.to_string(),
            content_hash: held.content_hash,
            first_stored: held.first_stored.0,
            absence: number(held.absence),
            class: match &held.placed {
                Placement::Class(class) => class.clone(),
                Placement::Origin | Placement::Decision => String::new(),
            },
            decided: held.placed == Placement::Decision,
        }
    }
}

impl TryFrom<HeldMessage> for HeldReport {
    type Error = Damage;

    fn try_from(message: HeldMessage) -> Result<Self, Damage> {
        Ok(Self {
            report: required("report", message.report)?.try_into()?,
            unit: parsed("unit", &message.unit)?,
            content_hash: message.content_hash,
            first_stored: Millis(message.first_stored),
            absence: optional(message.absence)?,
            placed: match (message.decided, message.class) {
                (true, _) => Placement::Decision,
                (false, class) if class.is_empty() => Placement::Origin,
                (false, class) => Placement::Class(class),
            },
        })
    }
}

impl From<&Report> for ReportMessage {
    fn from(report: &Report) -> Self {
        let ms = |time: Option<Millis>| time.map(|time| time.0);
        Self {
            path: report.key.path.number(),
            provider_id: report.key.provider_id.clone(),
            origin_rule: report.origin.rule.number(),
            origin_text: report.origin.text.clone(),
            source: report.source.number(),
            product: report.product.clone(),
            account: report.account.to_string(),
            region: report.region.to_string(),
            class: report.class.number(),
            rule_id: report.rule_id.clone(),
            title: report.title.clone(),
            description: report.description.clone(),
            severity: report.severity.number(),
            severity_normalized: report.severity_normalized.into(),
            status: report.status.number(),
            status_detail: report.status_detail.clone(),
            resources: report.resources.iter().map(ResourceMessage::from).collect(),
            facet: report.facet.clone(),
            exposure: report.exposure.number(),
            sample: report.sample,
            customer_workflow: report.customer.workflow.clone(),
            customer_note: report.customer.note.clone(),
            customer_verification: report.customer.verification.clone(),
            customer_severity: number(report.customer.provider_severity),
            remediation: report.remediation.clone(),
            remediation_url: report.remediation_url.clone(),
            first_observed: ms(report.first_observed),
            last_observed: ms(report.last_observed),
            provider_created: ms(report.provider_created),
            provider_updated: ms(report.provider_updated),
            count: report.count,
            remarks: report.remarks.clone(),
            raw: report.raw.clone(),
            raw_truncated: report.raw_truncated,
            attributes: report.attributes.iter().map(AttributeMessage::from).collect(),
            signals: SignalsMessage::of(&report.signals),
        }
    }
}

impl From<&Attribute> for AttributeMessage {
    fn from(attribute: &Attribute) -> Self {
        Self { name: attribute.name.clone(), value: attribute.value.clone() }
    }
}

impl From<AttributeMessage> for Attribute {
    fn from(message: AttributeMessage) -> Self {
        Self { name: message.name, value: message.value }
    }
}

impl TryFrom<ReportMessage> for Report {
    type Error = Damage;

    fn try_from(message: ReportMessage) -> Result<Self, Damage> {
        Ok(Self {
            key: ReportKey {
                path: Numbered::from_number(message.path)?,
                provider_id: message.provider_id,
            },
            origin: OriginKey {
                rule: Numbered::from_number(message.origin_rule)?,
                text: message.origin_text,
            },
            source: Numbered::from_number(message.source)?,
            product: message.product,
            account: parsed("report.account", &message.account)?,
            region: parsed("report.region", &message.region)?,
            class: Numbered::from_number(message.class)?,
            rule_id: message.rule_id,
            title: message.title,
            description: message.description,
            severity: Numbered::from_number(message.severity)?,
            severity_normalized: narrow("severity_normalized", message.severity_normalized)?,
            status: Numbered::from_number(message.status)?,
            status_detail: message.status_detail,
            resources: message.resources.into_iter().map(Resource::from).collect(),
            facet: message.facet,
            exposure: Numbered::from_number(message.exposure)?,
            sample: message.sample,
            customer: CustomerFields {
                workflow: message.customer_workflow,
                note: message.customer_note,
                verification: message.customer_verification,
                provider_severity: optional(message.customer_severity)?,
            },
            remediation: message.remediation,
            remediation_url: message.remediation_url,
            first_observed: message.first_observed.map(Millis),
            last_observed: message.last_observed.map(Millis),
            provider_created: message.provider_created.map(Millis),
            provider_updated: message.provider_updated.map(Millis),
            count: message.count,
            remarks: message.remarks,
            raw: message.raw,
            raw_truncated: message.raw_truncated,
            attributes: message.attributes.into_iter().map(Attribute::from).collect(),
            signals: message.signals.unwrap_or_default().try_into()?,
        })
    }
}

impl From<&Resource> for ResourceMessage {
    fn from(resource: &Resource) -> Self {
        Self {
            id: resource.id.clone(),
            original: resource.original.clone(),
            kind: resource.kind.clone(),
        }
    }
}

impl From<ResourceMessage> for Resource {
    fn from(message: ResourceMessage) -> Self {
        Self { id: message.id, original: message.original, kind: message.kind }
    }
}
