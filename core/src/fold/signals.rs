//! What the reports of a finding say together about how urgent it is.

use super::{Witness, is_copy};
use crate::finding::HeldReport;
use crate::report::{Report, Signals, Tag, Vulnerability, arrange_ids, arrange_tags};

/// What `speaking`, of `reports`, say.
///
/// A witness that states no confidence makes no reservation, so that only when all of them state one
/// the finding has any: that of the surest.
pub(super) fn of(speaking: &[Witness<'_>], reports: &[HeldReport]) -> Signals {
    let said = || speaking.iter().map(|witness| &witness.held.report.signals);
    let confidences = speaking.iter().map(|witness| {
        let copies = copies(witness.held, reports).filter_map(|copy| copy.signals.confidence);
        copies.min().or(witness.held.report.signals.confidence)
    });
    let criticalities = speaking.iter().flat_map(|witness| {
        let copies = copies(witness.held, reports).map(|copy| copy.signals.criticality);
        copies.chain([witness.held.report.signals.criticality])
    });
    Signals {
        criticality: criticalities.max().flatten(),
        confidence: confidences.reduce(surest).flatten(),
        tags: tags(speaking, reports),
        privilege: said().map(|signals| signals.privilege).max().unwrap_or_default(),
        sequence: said().any(|signals| signals.sequence),
        vulnerability: vulnerability(said()),
    }
}

fn surest(a: Option<u8>, b: Option<u8>) -> Option<u8> {
    a.zip(b).map(|(a, b)| a.max(b))
}

/// The Security Hub copies of an original: what customers write there is written to them. A closed
/// copy of an open original lags behind it.
fn copies<'a>(held: &'a HeldReport, reports: &'a [HeldReport]) -> impl Iterator<Item = &'a Report> {
    let is_original = !is_copy(&held.report);
    let copies = reports.iter().filter(move |copy| {
        is_original
            && copy.report.path().is_hub()
            && is_copy(&copy.report)
            && copy.report.origin == held.report.origin
            && (copy.status().is_open() || !held.status().is_open())
    });
    copies.map(|copy| &copy.report)
}

/// The tags that those who speak have seen; where they have seen none, those of any report: a native
/// document may leave them out, and its copy have them.
fn tags(speaking: &[Witness<'_>], reports: &[HeldReport]) -> Vec<Tag> {
    let seen = speaking.iter().flat_map(|witness| &witness.held.report.signals.tags);
    let mut tags: Vec<Tag> = seen.cloned().collect();
    if tags.is_empty() {
        tags = reports.iter().flat_map(|held| &held.report.signals.tags).cloned().collect();
    }
    arrange_tags(&mut tags);
    tags
}

fn vulnerability<'a>(said: impl Iterator<Item = &'a Signals>) -> Option<Vulnerability> {
    let all = said.filter_map(|signals| signals.vulnerability.as_ref());
    let mut joined = all.fold(None, |joined: Option<Vulnerability>, one| {
        let mut joined = joined.unwrap_or_default();
        joined.join(one);
        Some(joined)
    })?;
    arrange_ids(&mut joined.ids);
    Some(joined)
}
