//! Turns the reports of one finding into its facts.
//!
//! A finding may hold reports of several [origins](crate::identity::Origin): those that a
//! [weakness class](crate::weakness) joins, or that somebody merged. What each kind of report is
//! worth:
//!
//! | report | speaks | its closing |
//! |---|---|---|
//! | of a product's own API; a Security Hub control; a custom product in Security Hub | always | counts |
//! | Security Hub copy of `GuardDuty`, Access Analyzer, Inspector, Macie, Config, Health: late and lossy (archiving in `GuardDuty` never reaches it) | where its own original was never read, or can no longer be | counts |
//! | Trusted Advisor mirror of a control: lags by a day, and covers only some | where that control was never read, or can no longer be | proves nothing: beside other witnesses it is silent, alone it means that nobody can say |
//! | Access Analyzer error finding: the analyzer cannot look, and turns what it found to resolved | always | beside other witnesses it is silent; while open, nobody can say |
//! | Trusted Advisor row `not_available`, any report whose unit can no longer be read | always, as unobservable | none: the others cannot close the finding without it |
//!
//! The rules, in order:
//! 1. A copy is compared with its own original alone, by origin key: the original of something else
//!    in the same finding hides no copy.
//! 2. Of what speaks, the status is the worst (see [`Status`]): open while any says so, resolved when
//!    all are. A report that was lost is not taken for closed, whatever the others say (promise C3).
//!    `dissent` says that the reports, copies included, do not agree on whether it is open.
//! 3. While it is open, only the open reports that speak say how bad it is and who says so: a closed
//!    report never keeps a finding on top. A copy never counts as a product beside its original.
//! 4. Facts are those of the original, but what customers write at Security Hub is written to its
//!    copy: a severity that was overridden there counts instead of the original's.
//! 5. How urgent it is follows the same rules: of the open reports that speak the widest access, the
//!    most that can be done with it, the worst that is said of a weakness in software, and the tags
//!    of all. It is a false positive when customers say so of every report that speaks, or of a copy of
//!    it: what another product says on its own stands. Criticality and confidence, which customers write at Security Hub, count from a copy
//!    as well.
//! 6. Texts, resources and rule come from the lead: of what speaks, the first of the open, the
//!    original, the worst, then by report key. Not the newest: which of two reports that agree was
//!    refreshed last says nothing, and the title must not move with it.
//!
//! A function of the set of reports: their order does not matter (promise D2).

mod signals;

use std::cmp::Reverse;

use crate::finding::{Absence, Facts, HeldReport};
use crate::report::{
    FALSE_POSITIVE, IdentityRule, NOT_ANALYZED, Report, Resource, Severity, Status,
};
use crate::unit::SourceKind;

/// A report that speaks for the finding, and what it says there.
#[derive(Clone, Copy)]
struct Witness<'a> {
    held: &'a HeldReport,
    status: Status,
    severity: (u8, Severity),
}

/// Folds the reports of one finding. `None` when there are none.
pub fn fold(reports: &[HeldReport]) -> Option<Facts> {
    let witnesses: Vec<Witness<'_>> = witnesses(reports).collect();
    let lead = witnesses.iter().max_by(|a, b| rank(a).cmp(&rank(b)))?.held;
    let status = witnesses.iter().map(|witness| witness.status).min()?;
    let open = reports.iter().filter(|held| held.status().is_open()).count();

    let speaking: Vec<Witness<'_>> = witnesses
        .iter()
        .copied()
        .filter(|witness| !status.is_open() || witness.status.is_open())
        .collect();
    let (severity_normalized, severity) = speaking.iter().map(|witness| witness.severity).max()?;
    let exposure = speaking.iter().map(|witness| witness.held.report.exposure).max()?;

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
        facet: first_text(lead, reports, |held| &held.report.facet),
        exposure,
        signals: signals::of(&speaking, reports),
        sample: reports.iter().any(|held| held.report.sample),
        false_positive: speaking.iter().all(|witness| is_refuted(&witness.held.report, reports)),
        remediation: first_text(lead, reports, |held| &held.report.remediation),
        remediation_url: first_text(lead, reports, |held| &held.report.remediation_url),
        first_observed: reports.iter().filter_map(|held| held.report.first_observed).min(),
        last_observed: reports.iter().filter_map(|held| held.report.last_observed).max(),
        provider_updated: reports.iter().filter_map(|held| held.report.provider_updated).max(),
    })
}

/// What `held`, one of `reports`, says for their finding; `None` when it does not speak.
pub(crate) fn testimony(held: &HeldReport, reports: &[HeldReport]) -> Option<Status> {
    is_heard(held, reports)
        .then(|| said(held, reports.iter().any(|other| is_plain(other, reports))))?
}

/// The reports that speak.
fn witnesses(reports: &[HeldReport]) -> impl Iterator<Item = Witness<'_>> {
    let plain = reports.iter().any(|held| is_plain(held, reports));
    reports.iter().filter(|held| is_heard(held, reports)).filter_map(move |held| {
        let status = said(held, plain)?;
        Some(Witness { held, status, severity: severity(held, reports) })
    })
}

/// Whether a report is no copy, or no original of it can be read.
fn is_heard(held: &HeldReport, reports: &[HeldReport]) -> bool {
    !is_copy(&held.report)
        || originals(&held.report, reports)
            .all(|original| original.absence == Some(Absence::Unobservable))
}

/// What a report that is heard says, by whether there are `plain` ones beside it.
fn said(held: &HeldReport, plain: bool) -> Option<Status> {
    let status = held.status();
    match (is_gap(&held.report), proves_nothing(held), plain) {
        (true, _, true) => status.is_open().then_some(Status::Unobservable),
        (false, true, true) => None,
        (false, true, false) => Some(Status::Unobservable),
        (true, _, false) | (false, false, _) => Some(status),
    }
}

/// Whether a report is heard, and means what it says.
fn is_plain(held: &HeldReport, reports: &[HeldReport]) -> bool {
    !is_gap(&held.report) && !proves_nothing(held) && is_heard(held, reports)
}

/// Whether it says that Access Analyzer cannot look at the resource: nothing about who has access.
fn is_gap(report: &Report) -> bool {
    report.origin.rule == IdentityRule::AccessAnalyzer && report.status_detail == NOT_ANALYZED
}

/// Whether it is a mirror of a control that closed: Trusted Advisor may not have looked again.
fn proves_nothing(held: &HeldReport) -> bool {
    is_mirror(&held.report) && held.status() == Status::Resolved
}

/// Whether it is Trusted Advisor's mirror of a Security Hub control (`Hs4Ma3G…`).
fn is_mirror(report: &Report) -> bool {
    report.origin.rule == IdentityRule::Control && report.source == SourceKind::TrustedAdvisor
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
        IdentityRule::Control => is_mirror(report),
        IdentityRule::TrustedAdvisor | IdentityRule::OtherAsff => false,
    }
}

/// Whether customers say of a report, or of a copy of it, that it is a false positive.
fn is_refuted(report: &Report, reports: &[HeldReport]) -> bool {
    let of_it = reports.iter().map(|held| &held.report);
    let mut of_it = of_it.filter(|other| {
        other.key == report.key || (other.origin == report.origin && is_copy(other))
    });
    of_it.any(|one| one.customer.verification == FALSE_POSITIVE)
}

/// What `copy` may be a copy of.
fn originals<'a>(
    copy: &'a Report,
    reports: &'a [HeldReport],
) -> impl Iterator<Item = &'a HeldReport> {
    reports.iter().filter(|held| held.report.origin == copy.origin && !is_copy(&held.report))
}

/// How bad a report says that it is: what customers overrode in a copy of it, where they did.
fn severity(held: &HeldReport, reports: &[HeldReport]) -> (u8, Severity) {
    let own = &held.report;
    let overridden = reports.iter().filter(|copy| {
        let report = &copy.report;
        report.path().is_hub()
            && report.customer.provider_severity.is_some_and(|severity| severity != report.severity)
            && report.origin == own.origin
            && !is_copy(own)
            && is_copy(report)
            && (copy.status().is_open() || !held.status().is_open())
    });
    let overridden = overridden.map(|copy| (copy.report.severity_normalized, copy.report.severity));
    overridden.max().unwrap_or((own.severity_normalized, own.severity))
}

/// Who leads; total, because no two reports have one key.
fn rank<'a>(witness: &Witness<'a>) -> impl Ord + use<'a> {
    (
        witness.status.is_open(),
        !is_copy(&witness.held.report),
        witness.severity,
        Reverse(&witness.held.report.key),
    )
}

/// The independent products among those that speak.
fn products(speaking: &[Witness<'_>], reports: &[HeldReport]) -> Vec<String> {
    let independent = speaking
        .iter()
        .map(|witness| &witness.held.report)
        .filter(|report| !is_copy(report) || originals(report, reports).next().is_none());
    let mut products: Vec<&str> = independent.map(|report| &*report.product).collect();
    products.sort_unstable();
    products.dedup();
    products.into_iter().map(str::to_owned).collect()
}

/// The lead's resources, then what others add; at most [`crate::report::RESOURCES_MAX`].
fn resources(lead: &HeldReport, witnesses: &[Witness<'_>]) -> Vec<Resource> {
    let more = |held: &&HeldReport| held.report.resources != lead.report.resources;
    let mut others: Vec<_> = witnesses.iter().map(|witness| witness.held).filter(more).collect();
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
