//! What moved between two images of a finding.

use crate::change::FieldChange;
use crate::finding::{Facts, Finding, HeldReport};
use crate::intel::Exploitation;
use crate::priority::Gate;
use crate::report::{Resource, Signals, bounded};
use crate::time::Millis;
use crate::triage::TriageReason;

/// The longest value shown in a field change, in bytes.
const VALUE_BYTES_MAX: usize = 256;

/// How much of what did not move is shown before what did, in bytes.
const CONTEXT_BYTES: usize = 32;

/// Whether a person who decided would look again: it is open, and it was closed before or says
/// something else now. Times, who says it, and advice are not worth a look, and neither is anything
/// about a finding that is closed (Security Hub lowers the severity of a control that passes).
pub(super) fn material(before: &Facts, after: &Facts) -> bool {
    let reopened = !before.status.is_open();
    let moved = (before.severity, before.severity_normalized)
        != (after.severity, after.severity_normalized)
        // Who closes a way in, or learns what kind it is, need not be asked again.
        || before.exposure < after.exposure
        || worse(&before.signals, &after.signals)
        || before.class != after.class
        || before.rule_id != after.rule_id
        || before.title != after.title
        || before.description != after.description
        || before.facet != after.facet
        || before.sample != after.sample
        || (before.false_positive && !after.false_positive)
        || ids(&before.resources) != ids(&after.resources)
        || (before.account, &before.region) != (after.account, &after.region);
    after.status.is_open() && (reopened || moved)
}

/// Whether there is news of an attack or an exploit.
fn worse(before: &Signals, after: &Signals) -> bool {
    let exploit = |signals: &Signals| signals.vulnerability.as_ref().map(|found| found.exploit);
    (after.sequence && !before.sequence) || exploit(before) < exploit(after)
}

fn ids(resources: &[Resource]) -> Vec<&str> {
    resources.iter().map(|resource| resource.id.as_str()).collect()
}

/// A field with its value for people.
type Field = (&'static str, fn(&Finding) -> String);

/// The fields of a finding that a change may move, in the order in which they are shown.
const FIELDS: [Field; 33] = [
    ("status", |f| f.facts.status.as_str().to_owned()),
    ("dissent", |f| f.facts.dissent.to_string()),
    ("severity", |f| f.facts.severity.as_str().to_owned()),
    ("severity_normalized", |f| f.facts.severity_normalized.to_string()),
    ("exposure", |f| f.facts.exposure.as_str().to_owned()),
    ("class", |f| f.facts.class.as_str().to_owned()),
    ("rule_id", |f| f.facts.rule_id.clone()),
    ("title", |f| f.facts.title.clone()),
    ("description", |f| f.facts.description.clone()),
    ("facet", |f| f.facts.facet.clone()),
    ("resources", |f| ids(&f.facts.resources).join(", ")),
    ("account", |f| f.facts.account.to_string()),
    ("region", |f| f.facts.region.to_string()),
    ("sample", |f| f.facts.sample.to_string()),
    ("false_positive", |f| f.facts.false_positive.to_string()),
    ("remediation", |f| f.facts.remediation.clone()),
    ("remediation_url", |f| f.facts.remediation_url.clone()),
    ("products", |f| f.facts.products.join(", ")),
    ("reports", |f| f.reports.iter().map(summary).collect::<Vec<_>>().join(", ")),
    ("notes", notes),
    ("first_observed_time", |f| time(f.facts.first_observed)),
    ("last_observed_time", |f| time(f.facts.last_observed)),
    ("merged_into", |f| f.merged_into.map_or_else(String::new, |id| id.to_string())),
    ("threat", |f| f.threat.as_ref().map_or_else(String::new, |t| t.finding.to_string())),
    ("exploitation", |f| f.exploitation.as_ref().map_or_else(String::new, exploitation)),
    ("priority.score", |f| f.priority.score.to_string()),
    ("priority.gate", |f| f.priority.gate.map_or("", Gate::as_str).to_owned()),
    ("due", |f| f.due.as_ref().map_or_else(String::new, |due| time(Some(due.at)))),
    ("triage.state", |f| f.triage.state.as_str().to_owned()),
    ("triage.assignee", |f| f.triage.assignee.clone()),
    ("triage.reason", |f| f.triage.reason.map_or("", TriageReason::as_str).to_owned()),
    ("triage.expire_time", |f| time(f.triage.until)),
    ("triage.stale", |f| f.triage.stale.to_string()),
];

/// The fields that moved, for people.
pub(super) fn fields(before: &Finding, after: &Finding) -> Vec<FieldChange> {
    let moved = FIELDS.into_iter().filter_map(|(field, value)| {
        let (before, after) = (value(before), value(after));
        (before != after).then(|| FieldChange {
            field: field.to_owned(),
            before: excerpt(&before, &after),
            after: excerpt(&after, &before),
        })
    });
    moved.collect()
}

/// `asff aws/securityhub ACTIVE HIGH (FAILED, NOTIFIED)`: a report with what its source and the
/// customers there say.
fn summary(held: &HeldReport) -> String {
    let report = &held.report;
    let absent = if held.absence.is_some() { "absent" } else { "" };
    let customer = &report.customer;
    let said = [absent, &report.status_detail, &customer.workflow, &customer.verification];
    let said: Vec<_> = said.into_iter().filter(|word| !word.is_empty()).collect();
    let (path, product) = (report.path().as_str(), &report.product);
    let (status, severity) = (held.status().as_str(), report.severity.as_str());
    let line = format!("{path} {product} {status} {severity}");
    if said.is_empty() { line } else { format!("{line} ({})", said.join(", ")) }
}

/// `CVE-2021-44228, known exploited`.
fn exploitation(found: &Exploitation) -> String {
    let known = if found.known_exploited { ", known exploited" } else { "" };
    format!("{}{known}", found.cve)
}

/// What customers noted at the provider.
fn notes(finding: &Finding) -> String {
    let notes = finding.reports.iter().map(|held| held.report.customer.note.as_str());
    notes.filter(|note| !note.is_empty()).collect::<Vec<_>>().join("; ")
}

fn time(time: Option<Millis>) -> String {
    time.map_or_else(String::new, |time| time.to_string())
}

/// At most [`VALUE_BYTES_MAX`] bytes of `text`; of a longer one the part where it leaves `other`.
fn excerpt(text: &str, other: &str) -> String {
    if text.len() <= VALUE_BYTES_MAX {
        return text.to_owned();
    }
    let same = text.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let begin = bounded(text, same.saturating_sub(CONTEXT_BYTES)).len();
    if same < VALUE_BYTES_MAX / 2 || begin == 0 {
        return bounded(text, VALUE_BYTES_MAX).to_owned();
    }
    let (_, rest) = text.split_at(begin);
    format!("…{}", bounded(rest, VALUE_BYTES_MAX - '…'.len_utf8()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_value_is_shown_where_it_moved() {
        let before = format!("{}old{}", "a".repeat(1000), "z".repeat(1000));
        let after = format!("{}new{}", "a".repeat(1000), "z".repeat(1000));

        assert!(excerpt(&before, &after).starts_with("…aaa"));
        assert!(excerpt(&before, &after).contains("aold"));
        assert!(excerpt(&after, &before).contains("anew"));
        assert_eq!(excerpt(&before, &after).len(), VALUE_BYTES_MAX);
        assert_eq!(excerpt("short", &after), "short");
    }

    #[test]
    fn a_long_value_is_cut_at_a_character() {
        let before = "é".repeat(400);
        let after = format!("{}x", "é".repeat(300));

        for shown in [excerpt(&before, &after), excerpt(&after, &before), excerpt(&before, "")] {
            assert!(shown.len() <= VALUE_BYTES_MAX);
        }
        assert_ne!(excerpt(&before, &after), excerpt(&after, &before));
    }
}
