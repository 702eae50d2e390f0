//! What moved between two images of a finding.

use crate::change::FieldChange;
use crate::finding::{Facts, Finding};
use crate::report::{Resource, bounded};

/// The longest value shown in a field change, in bytes.
const VALUE_BYTES_MAX: usize = 256;

/// Whether a person would look again: everything but times, who says it, and a status that closes.
pub(super) fn material(before: &Facts, after: &Facts) -> bool {
    let reopened = !before.status.is_open() && after.status.is_open();
    reopened
        || (before.severity, before.severity_normalized)
            != (after.severity, after.severity_normalized)
        || before.exposure != after.exposure
        || before.class != after.class
        || before.rule_id != after.rule_id
        || before.title != after.title
        || before.description != after.description
        || before.facet != after.facet
        || ids(&before.resources) != ids(&after.resources)
        || (before.account, &before.region) != (after.account, &after.region)
}

fn ids(resources: &[Resource]) -> Vec<&str> {
    resources.iter().map(|resource| resource.id.as_str()).collect()
}

/// A field with its value for people.
type Field = (&'static str, fn(&Finding) -> String);

/// The fields that moved, for people.
pub(super) fn fields(before: &Finding, after: &Finding) -> Vec<FieldChange> {
    let names: [Field; 18] = [
        ("status", |f| f.facts.status.as_str().to_owned()),
        ("severity", |f| f.facts.severity.as_str().to_owned()),
        ("severity_normalized", |f| f.facts.severity_normalized.to_string()),
        ("exposure", |f| f.facts.exposure.as_str().to_owned()),
        ("class", |f| f.facts.class.as_str().to_owned()),
        ("rule_id", |f| f.facts.rule_id.clone()),
        ("title", |f| f.facts.title.clone()),
        ("description", |f| f.facts.description.clone()),
        ("resources", |f| ids(&f.facts.resources).join(", ")),
        ("region", |f| f.facts.region.to_string()),
        ("products", |f| f.facts.products.join(", ")),
        ("reports", reports),
        ("priority.score", |f| f.priority.score.to_string()),
        ("triage.state", |f| f.triage.state.as_str().to_owned()),
        ("triage.assignee", |f| f.triage.assignee.clone()),
        ("triage.reason", |f| f.triage.reason.map_or("", |r| r.as_str()).to_owned()),
        ("triage.expire_time", |f| f.triage.until.map_or_else(String::new, |t| t.to_string())),
        ("triage.stale", |f| f.triage.stale.to_string()),
    ];
    let moved = names.into_iter().filter_map(|(field, value)| {
        let (before, after) = (value(before), value(after));
        let short = |text: &str| bounded(text, VALUE_BYTES_MAX).to_owned();
        (before != after).then(|| FieldChange {
            field: field.to_owned(),
            before: short(&before),
            after: short(&after),
        })
    });
    moved.collect()
}

/// Each report with its status and the customers' workflow: `asff aws/guardduty ACTIVE (NOTIFIED)`.
fn reports(finding: &Finding) -> String {
    let lines = finding.reports.iter().map(|held| {
        let report = &held.report;
        let (path, status) = (report.path().as_str(), held.status().as_str());
        match report.customer.workflow.as_str() {
            "" => format!("{path} {} {status}", report.product),
            workflow => format!("{path} {} {status} ({workflow})", report.product),
        }
    });
    lines.collect::<Vec<_>>().join(", ")
}
