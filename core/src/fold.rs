//! Turns the reports of one finding into its facts.
//!
//! The rules, in order:
//! 1. A copy does not testify where its original does. The Security Hub copy of a `GuardDuty`,
//!    Access Analyzer, Inspector or Macie finding is late and lossy (archiving in `GuardDuty` never
//!    reaches it), and a Trusted Advisor mirror of a Security Hub control lags by a day: they count
//!    only where the original was never read, or can no longer be.
//! 2. Of what testifies, the status is the worst (see [`Status`](crate::report::Status)); `dissent`
//!    says that the reports, copies included, do not agree on whether it is open.
//! 3. While it is open, only the open reports that testify say how bad it is and who says so: a
//!    closed report never keeps a finding on top. A copy never counts as a product beside its
//!    original.
//! 4. Texts, resources and rule come from the lead: of what testifies, the first of the native, the
//!    open, the worst, then by report key. Not the newest: which of two reports that agree was
//!    refreshed last says nothing, and the title must not move with it.
//!
//! A function of the set of reports: their order does not matter (promise D2).

use std::cmp::Reverse;

use crate::finding::{Absence, Facts, HeldReport};
use crate::report::{IdentityRule, Report, ReportPath, Resource};
use crate::unit::SourceKind;

/// Folds the reports of one finding. `None` when there are none.
pub fn fold(reports: &[HeldReport]) -> Option<Facts> {
    let witnesses: Vec<&HeldReport> =
        reports.iter().filter(|held| testifies(held, reports)).collect();
    let lead = witnesses.iter().max_by(|a, b| rank(a).cmp(&rank(b)))?;
    let status = witnesses.iter().map(|held| held.status()).min()?;
    let open = reports.iter().filter(|held| held.status().is_open()).count();

    let speaking: Vec<&HeldReport> = witnesses
        .iter()
        .copied()
        .filter(|held| !status.is_open() || held.status().is_open())
        .collect();
    let (severity_normalized, severity) = speaking
        .iter()
        .map(|held| (held.report.severity_normalized, held.report.severity))
        .max()?;
    let exposure = speaking.iter().map(|held| held.report.exposure).max()?;

    let report = &lead.report;
    Some(Facts {
        products: products(&speaking, reports),
        account: report.account,
        region: report.region.clone(),
        class: report.class,
        rule_id: report.rule_id.clone(),
        title: report.title.clone(),
        description: report.description.clone(),
        severity,
        severity_normalized,
        status,
        dissent: open != 0 && open != reports.len(),
        resources: resources(lead, &witnesses),
        facet: report.facet.clone(),
        exposure,
        sample: reports.iter().any(|held| held.report.sample),
        remediation: first_text(lead, reports, |held| &held.report.remediation),
        remediation_url: first_text(lead, reports, |held| &held.report.remediation_url),
        first_observed: reports.iter().filter_map(|held| held.report.first_observed).min(),
        last_observed: reports.iter().filter_map(|held| held.report.last_observed).max(),
        provider_updated: reports.iter().filter_map(|held| held.report.provider_updated).max(),
    })
}

/// Whether a report speaks for the finding: it is no copy, or no original of it can be read.
pub(crate) fn testifies(held: &HeldReport, reports: &[HeldReport]) -> bool {
    !is_copy(&held.report)
        || originals(&held.report, reports)
            .all(|original| original.absence == Some(Absence::Unobservable))
}

/// Whether what the report says was said first by another API.
fn is_copy(report: &Report) -> bool {
    match report.origin.rule {
        IdentityRule::GuardDuty
        | IdentityRule::ExternalAccess
        | IdentityRule::AccessAnalyzer
        | IdentityRule::Inspector
        | IdentityRule::Macie
        | IdentityRule::ConfigRule
        | IdentityRule::Health => report.path().is_hub(),
        IdentityRule::Control => report.source == SourceKind::TrustedAdvisor,
        IdentityRule::TrustedAdvisor | IdentityRule::OtherAsff => false,
    }
}

/// What `copy` may be a copy of.
fn originals<'a>(
    copy: &'a Report,
    reports: &'a [HeldReport],
) -> impl Iterator<Item = &'a HeldReport> {
    reports.iter().filter(|held| held.report.origin == copy.origin && !is_copy(&held.report))
}

/// Who leads; total, because no two reports have one key.
fn rank(held: &HeldReport) -> impl Ord {
    (
        held.report.path() == ReportPath::Native,
        held.status().is_open(),
        held.report.severity_normalized,
        Reverse(&held.report.key),
    )
}

/// The independent products among those that speak.
fn products(speaking: &[&HeldReport], reports: &[HeldReport]) -> Vec<String> {
    let independent = speaking
        .iter()
        .filter(|held| !is_copy(&held.report) || originals(&held.report, reports).next().is_none());
    let mut products: Vec<_> = independent.map(|held| held.report.product.clone()).collect();
    products.sort_unstable();
    products.dedup();
    products
}

/// The lead's resources, then what others add; at most [`crate::report::RESOURCES_MAX`].
fn resources(lead: &HeldReport, witnesses: &[&HeldReport]) -> Vec<Resource> {
    let mut others = witnesses.to_vec();
    others.sort_unstable_by(|a, b| a.report.key.cmp(&b.report.key));
    let mut resources = lead.report.resources.clone();
    for resource in others.iter().flat_map(|held| &held.report.resources) {
        if !resources.iter().any(|known| known.id == resource.id) {
            resources.push(resource.clone());
        }
    }
    resources.truncate(crate::report::RESOURCES_MAX);
    resources
}

/// The lead's text, or the first that any report has, by key.
fn first_text<'a>(
    lead: &'a HeldReport,
    reports: &'a [HeldReport],
    text: impl Fn(&'a HeldReport) -> &'a String,
) -> String {
    let own = text(lead);
    if !own.is_empty() {
        return own.clone();
    }
    let others = reports.iter().filter(|held| !text(held).is_empty());
    others.min_by_key(|held| &held.report.key).map(|held| text(held).clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
