//! Health events: what AWS says about an account.

use bytes::Bytes;
use muster_core::identity::{Arn, Origin, Place, account_root, bounded_part};
use muster_core::report::{
    CustomerFields, Exposure, FindingClass, Report, ReportKey, ReportPath, Resource, Severity,
    Signals, Status, TEXT_BYTES_MAX,
};
use serde::Deserialize;

use super::map::Envelope;
use crate::document::Document;
use crate::draft::{self, Remarks, add_resource, partition_or, unmapped, word};
use crate::lenient::{Many, Maybe, Moment, Scalar};

/// The detail of an event. From the Health user guide, "Reference: AWS Health events Amazon
/// EventBridge schema".
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Detail<'a> {
    #[serde(borrow)]
    affected_account: Scalar<'a>,
    #[serde(borrow)]
    affected_entities: Many<Maybe<Entity<'a>>>,
    #[serde(borrow)]
    event_arn: Scalar<'a>,
    #[serde(borrow)]
    event_description: Many<Maybe<Description<'a>>, 1>,
    #[serde(borrow)]
    event_region: Scalar<'a>,
    #[serde(borrow)]
    event_type_code: Scalar<'a>,
    last_updated_time: Moment,
    #[serde(borrow)]
    service: Scalar<'a>,
    start_time: Moment,
    #[serde(borrow)]
    status_code: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Entity<'a> {
    #[serde(borrow)]
    entity_value: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Description<'a> {
    #[serde(borrow)]
    latest_description: Scalar<'a>,
}

/// Maps a Health event. Only one without an event ARN cannot be mapped.
pub(super) fn event(raw: &Bytes, envelope: &Envelope) -> Document {
    let detail = match draft::parse::<Detail<'_>>(envelope.detail()) {
        Ok(detail) => detail,
        Err(error) => return unmapped(error, raw),
    };
    let arn = detail.event_arn.text().unwrap_or_default();
    match blanked(&arn) {
        Some(event) => Document::Report(Box::new(report(&detail, &event, raw, envelope))),
        None => unmapped("eventArn: missing, or not that of an event", raw),
    }
}

/// The event's ARN with an empty account: `arn:aws:health:us-east-1::event/SERVICE/CODE/ID`. The copy
/// in Security Hub fills the account in.
fn blanked(arn: &str) -> Option<String> {
    let parts = Arn::parse(arn).filter(|arn| arn.service == "health")?;
    let is_event = parts.resource.starts_with("event/") && parts.resource.split('/').count() == 4;
    is_event.then(|| format!("arn:{}:health:{}::{}", parts.partition, parts.region, parts.resource))
}

fn report(detail: &Detail<'_>, event: &str, raw: &Bytes, envelope: &Envelope) -> Report {
    let unit = envelope.place();
    let mut remarks = Remarks::default();
    let account = detail.affected_account.as_str().parse().unwrap_or(unit.account);
    let region = draft::read_region(detail.event_region.as_str());
    let region = region.unwrap_or_else(|| unit.region.clone());
    let partition = partition_or(Arn::parse(event).map_or("", |arn| arn.partition), &region);
    let place = Place { partition, account, region: &region };
    let origin = Origin::Health { account, event };
    let code = detail.event_type_code.text().unwrap_or_default();
    let is_threat = ["AWS_ABUSE_", "AWS_RISK_"].iter().any(|start| code.starts_with(start));
    let severity = severity(detail.service.as_str(), &code);
    let is_closed = detail.status_code.as_str() == "closed";
    let text = detail.event_description.items.first().and_then(|text| text.get());
    let (raw, raw_truncated) = draft::raw(raw);
    let sent = remarks.time("time", &envelope.time);
    Report {
        key: ReportKey {
            path: ReportPath::Event,
            provider_id: bounded_part(&format!("health/{account}/{event}")).into_owned(),
        },
        origin: origin.key(),
        source: unit.source,
        product: "aws/health".to_owned(),
        class: if is_threat { FindingClass::Threat } else { FindingClass::Misconfiguration },
        rule_id: word(&code),
        title: draft::title(if code.is_empty() { event } else { &code }),
        description: text.map_or_else(String::new, |text| {
            remarks.text("latestDescription", &text.latest_description, TEXT_BYTES_MAX)
        }),
        severity,
        severity_normalized: severity.floor(),
        status: if is_closed { Status::Resolved } else { Status::Active },
        status_detail: word(if is_closed { "closed" } else { "open" }),
        resources: resources(detail, &place),
        facet: String::new(),
        attributes: Vec::new(),
        exposure: Exposure::Unknown,
        signals: Signals::default(),
        sample: false,
        customer: CustomerFields::default(),
        remediation: String::new(),
        remediation_url: String::new(),
        first_observed: remarks.time("startTime", &detail.start_time),
        last_observed: sent,
        provider_created: remarks.time("startTime", &detail.start_time),
        provider_updated: remarks.time("lastUpdatedTime", &detail.last_updated_time).or(sent),
        count: 1,
        account,
        region,
        remarks: remarks.into_vec(),
        raw,
        raw_truncated,
    }
}

/// Health gives none: those that Security Hub gives its copies (Security Hub user guide, "AWS Health
/// severity").
fn severity(service: &str, code: &str) -> Severity {
    if service == "RISK" || code.contains("S3_OPEN_ACCESS") {
        Severity::Critical
    } else if service == "ABUSE" || code.contains("SECURITY_NOTIFICATION") {
        Severity::High
    } else if ["CERTIFICATE", "END_OF_SUPPORT", "VULNERABILITY"].iter().any(|w| code.contains(w)) {
        Severity::Medium
    } else {
        Severity::Low
    }
}

/// The entities; the account when there is none.
fn resources(detail: &Detail<'_>, place: &Place<'_>) -> Vec<Resource> {
    let mut found = Vec::new();
    let entities = detail.affected_entities.items.iter().filter_map(|entity| entity.get());
    for id in entities.filter_map(|entity| entity.entity_value.text()) {
        add_resource(&mut found, draft::resource(&id, "", place));
    }
    if found.is_empty() {
        found.push(Resource {
            id: account_root(place.partition, place.account.as_str()),
            original: String::new(),
            kind: "AwsAccount".to_owned(),
        });
    }
    found
}
