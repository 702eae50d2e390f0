//! Made-up reports, as variations of [`crate::testing::report`].

use bytes::Bytes;
use muster_core::identity::FindingKey;
use muster_core::ids::FindingId;
use muster_core::plan::Observation;
use muster_core::report::{FindingClass, IdentityRule, Report, Severity, Status};
use muster_core::unit::SourceKind;

pub(super) use crate::testing::{NOW, unit};

/// A report of the finding of a number.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) number: u32,
    report: Report,
}

/// An open report of the finding of that number, with that severity (0 to 100).
pub(super) fn sample(number: u32, severity: u8) -> Sample {
    let report = Report {
        // No threat: its score does not move with the day.
        class: FindingClass::Misconfiguration,
        title: format!("Sample {number}"),
        description: "A description.".to_owned(),
        severity: Severity::from_normalized(severity),
        severity_normalized: severity,
        ..crate::testing::report(number)
    };
    Sample { number, report }
}

/// The id of the finding of that number.
pub(super) fn id(number: u32) -> FindingId {
    crate::testing::id(&crate::testing::report(number))
}

impl Sample {
    pub(super) fn closed(mut self) -> Self {
        self.report.status = Status::Resolved;
        self
    }

    pub(super) fn titled(mut self, title: &str) -> Self {
        title.clone_into(&mut self.report.title);
        self
    }

    /// What Security Hub says of a control.
    pub(super) fn control(mut self, id: &str) -> Self {
        self.report.origin.rule = IdentityRule::Control;
        self.report.source = SourceKind::SecurityHub;
        id.clone_into(&mut self.report.rule_id);
        self
    }

    /// In that account.
    pub(super) fn in_account(mut self, account: &str) -> Self {
        self.report.account = account.parse().unwrap();
        self
    }

    /// What it says is hostile activity.
    pub(super) fn threat(mut self) -> Self {
        self.report.class = FindingClass::Threat;
        self
    }

    /// On the resource of the finding of that number.
    pub(super) fn on_resource_of(mut self, number: u32) -> Self {
        self.report.resources = crate::testing::report(number).resources;
        self
    }

    /// What a product says by this rule, of this resource.
    pub(super) fn says(mut self, product: IdentityRule, rule: &str, resource: &str) -> Self {
        self.report.origin.rule = product;
        rule.clone_into(&mut self.report.rule_id);
        self.report.resources.truncate(1);
        for primary in &mut self.report.resources {
            resource.clone_into(&mut primary.id);
        }
        self
    }

    pub(super) fn with_raw(mut self, raw: impl Into<Bytes>) -> Self {
        self.report.raw = raw.into();
        self
    }

    /// Another report of the same finding.
    pub(super) fn report_number(mut self, number: u32) -> Self {
        let provider_id = &mut self.report.key.provider_id;
        *provider_id = format!("{provider_id}/{number}");
        self
    }

    /// The sample as a unit read it.
    pub(super) fn observed(&self) -> Observation {
        let report = self.report.clone();
        let finding = FindingKey::of_origin(&report.origin);
        Observation { content_hash: report.content_hash(), report, unit: unit(), finding }
    }
}
