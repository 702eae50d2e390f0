//! From a labelled document to its reports, as the page of its API would be mapped.

use std::collections::BTreeSet;

use bytes::Bytes;
use muster_core::report::Report;
use muster_core::unit::{SourceKind, Unit};
use muster_sources::document::Document;
use muster_sources::trusted_advisor::map::Check;
use muster_sources::{
    access_analyzer, config, events, guardduty, inspector, macie, security_hub, trusted_advisor,
};
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
        "ocsf" => {
            let unit = unit(context, SourceKind::SecurityHub);
            vec![security_hub::map::ocsf::finding(&document, &unit)]
        }
        "inspector2" => {
            vec![inspector::map::finding(&document, &unit(context, SourceKind::Inspector))]
        }
        "macie2" => vec![macie::map::finding(&document, &unit(context, SourceKind::Macie))],
        "config" => vec![evaluation(&document, context)],
        "event" => {
            let unit = unit(context, SourceKind::SecurityHub);
            events::map::event(&document, &checks(context), &unit)
        }
        path => return Err(format!("nothing maps the path {path}")),
    };
    let mut reports = Vec::new();
    for document in documents {
        reports.extend(reports_of(document)?);
    }
    Ok(reports)
}

pub(super) fn reports_of(document: Document) -> Result<Vec<Report>, String> {
    document.into_reports().map_err(|unmapped| unmapped.error)
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

/// An evaluation, with the rule that `DescribeConfigRules` describes.
fn evaluation(document: &Bytes, context: &Value) -> Document {
    let rules = json!({"ConfigRules": [context["rule"]]}).to_string();
    let rule = config::map::rules_page(&rules.into()).unwrap().rules.remove(0);
    config::map::evaluation(document, &rule, &unit(context, SourceKind::Config))
}

/// The checks that `DescribeTrustedAdvisorChecks` describes: the one of the document, if it has one.
fn checks(context: &Value) -> Vec<Check> {
    let checks: Vec<&Value> = context.get("check").into_iter().collect();
    trusted_advisor::map::checks(&json!({"checks": checks}).to_string().into()).unwrap()
}

/// A row of a check, in the answer that has nothing but it.
fn row(document: &Bytes, context: &Value) -> Vec<Document> {
    let check = checks(context).remove(0);
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
