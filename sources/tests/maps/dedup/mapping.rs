//! From a labelled document to its reports, as the page of its API would be mapped.

use std::collections::BTreeSet;

use bytes::Bytes;
use muster_core::report::Report;
use muster_core::unit::{SourceKind, Unit};
use muster_sources::document::Document;
use muster_sources::{access_analyzer, guardduty, security_hub, trusted_advisor};
use serde_json::{Value, json};

use super::labels::Labelled;

/// The reports of a document, or why there are none.
pub(super) fn reports(labelled: &Labelled) -> Result<Vec<Report>, String> {
    let document = Bytes::from(labelled.document.get().to_owned());
    let context = &labelled.context;
    let documents = match labelled.path.as_str() {
        "asff" => {
            vec![security_hub::map::finding(&document, &unit(context, SourceKind::SecurityHub))]
        }
        "guardduty" => {
            vec![guardduty::map::finding(&document, &unit(context, SourceKind::GuardDuty))]
        }
        "access-analyzer" => vec![access(&document, &unit(context, SourceKind::AccessAnalyzer))],
        "trusted-advisor" => row(&document, context),
        path => return Err(format!("nothing maps the path {path}")),
    };
    let mut reports = Vec::new();
    for document in documents {
        reports.extend(reports_of(document)?);
    }
    Ok(reports)
}

pub(super) fn reports_of(document: Document) -> Result<Vec<Report>, String> {
    match document {
        Document::Report(report) => Ok(vec![*report]),
        Document::Unmapped(unmapped) => Err(unmapped.error),
    }
}

/// The unit whose page brought the document.
fn unit(context: &Value, source: SourceKind) -> Unit {
    let text = |name: &str| context[name].as_str().unwrap_or_default();
    Unit {
        source,
        account: text("account").parse().unwrap(),
        region: text("region").parse().unwrap(),
        part: [text("analyzer"), text("detector")].concat(),
    }
}

/// `ListFindings` has the access in the finding, `GetFindingV2` in a list of details.
fn access(document: &Bytes, unit: &Unit) -> Document {
    let value: Value = serde_json::from_slice(document).unwrap();
    if value.get("findingDetails").is_some() {
        access_analyzer::map::finding(std::slice::from_ref(document), unit)
    } else {
        access_analyzer::map::external_finding(document, unit, &BTreeSet::new())
    }
}

/// A row of a check, in the answer that has nothing but it.
fn row(document: &Bytes, context: &Value) -> Vec<Document> {
    let checks = json!({"checks": [context["check"]]}).to_string();
    let check = trusted_advisor::map::checks(&checks.into()).unwrap().remove(0);
    let row: Value = serde_json::from_slice(document).unwrap();
    let result = json!({"result": {
        "checkId": check.id,
        "timestamp": "2026-03-04T05:06:07Z",
        "status": row["status"],
        "resourcesSummary": {
            "resourcesProcessed": 1, "resourcesFlagged": 1,
            "resourcesIgnored": 0, "resourcesSuppressed": 0,
        },
        "flaggedResources": [row],
    }});
    let unit = unit(context, SourceKind::TrustedAdvisor);
    trusted_advisor::map::result(&result.to_string().into(), &check, &unit).unwrap().documents
}
