//! Where the reports of a finding go under the new classes.

use muster_core::finding::{Finding, HeldReport, Placement};
use muster_core::ids::FindingId;
use muster_core::plan::Placed;
use muster_core::weakness::Classes;

use crate::routes::{self, Route, RouteFrom, RoutedBy, Routes};
use crate::store::StoreError;

/// Says where reports go.
pub(super) struct Placer<'a> {
    routes: Routes<'a>,
    classes: &'a Classes,
}

impl<'a> Placer<'a> {
    pub(super) fn new(routes: Routes<'a>, classes: &'a Classes) -> Self {
        Self { routes, classes }
    }

    /// Where each report of `finding` goes.
    pub(super) fn all(&self, finding: &Finding) -> Result<Vec<Placed>, StoreError> {
        finding.reports.iter().map(|held| self.one(finding, held)).collect()
    }

    /// What keeps the reports of `finding` that decisions placed there, where their way under the new
    /// classes no longer leads to it.
    pub(super) fn pins(&self, finding: &Finding) -> Result<Vec<(RouteFrom, Route)>, StoreError> {
        let mut pins = Vec::new();
        for held in finding.reports.iter().filter(|held| held.placed == Placement::Decision) {
            if self.routes.place(&held.report)?.key.placement != Placement::Decision {
                let from = RouteFrom::Origin(routes::origin_digest(&held.report.origin));
                let route = Route { key: finding.key.clone(), by: RoutedBy::Decision };
                pins.push((from, route));
            }
        }
        Ok(pins)
    }

    fn one(&self, finding: &Finding, held: &HeldReport) -> Result<Placed, StoreError> {
        let key = self.classes.key(&held.report);
        let mut end = self.routes.place_by(&held.report, key.clone())?;
        if held.placed == Placement::Decision && end.key.placement != Placement::Decision {
            end.id = finding.id;
            end.key.placement = Placement::Decision;
        }
        let decided = end.key.placement == Placement::Decision;
        let group =
            if decided { FindingId::derive(&format!("decision|{}", end.id)) } else { key.id() };
        Ok(Placed { group, holder: end.id, key: key.text, placement: end.key.placement })
    }
}

/// Whether a report is where it should be, for the reason that is noted.
pub(super) fn is_right(finding: &Finding, held: &HeldReport, placed: &Placed) -> bool {
    placed.holder == finding.id && placed.placement == held.placed
}
