//! The words for enumerated values: the same in filters, options, JSON, CSV and tables.

use std::borrow::Cow;

use muster_api::v1::{
    AckStatus, ChangeKind, Effort, ExploitState, Exposure, FilterEffect, FindingClass,
    FindingRelation, FindingView, MaturityVerdict, Observability, PlacementKind, PriorityBand,
    Privilege, ReportPath, Severity, Source, Status, SubscriptionState, TriageReason, TriageState,
    UnitCondition,
};

/// An enumerated value of the contract.
pub(crate) trait Word: TryFrom<i32> {
    /// What every name of the enum begins with in the contract.
    const PREFIX: &'static str;

    /// The name in the contract.
    fn name(&self) -> &'static str;

    /// The word for a number on the wire: the name without its prefix, for example `HIGH`. A value
    /// that this release does not know yet is `UNKNOWN_` and its number.
    fn word(number: i32) -> Cow<'static, str> {
        match Self::try_from(number) {
            Ok(value) => {
                Cow::Borrowed(value.name().strip_prefix(Self::PREFIX).unwrap_or(value.name()))
            }
            Err(_) => Cow::Owned(format!("UNKNOWN_{number}")),
        }
    }

    /// The word, or nothing for the value that stands for none.
    fn known(number: i32) -> Option<Cow<'static, str>> {
        (number != 0).then(|| Self::word(number))
    }

    /// The word for people: `in progress`.
    fn lower(number: i32) -> String {
        Self::word(number).to_ascii_lowercase().replace('_', " ")
    }
}

macro_rules! words {
    ($($kind:ty => $prefix:literal;)*) => {
        $(impl Word for $kind {
            const PREFIX: &'static str = $prefix;

            fn name(&self) -> &'static str {
                self.as_str_name()
            }
        })*
    };
}

words! {
    AckStatus => "ACK_STATUS_";
    ChangeKind => "CHANGE_KIND_";
    Effort => "EFFORT_";
    ExploitState => "EXPLOIT_STATE_";
    Exposure => "EXPOSURE_";
    FilterEffect => "FILTER_EFFECT_";
    FindingClass => "FINDING_CLASS_";
    FindingRelation => "FINDING_RELATION_";
    FindingView => "FINDING_VIEW_";
    MaturityVerdict => "MATURITY_VERDICT_";
    Observability => "OBSERVABILITY_";
    PlacementKind => "PLACEMENT_KIND_";
    PriorityBand => "PRIORITY_BAND_";
    Privilege => "PRIVILEGE_";
    ReportPath => "REPORT_PATH_";
    Severity => "SEVERITY_";
    Status => "STATUS_";
    SubscriptionState => "SUBSCRIPTION_STATE_";
    TriageReason => "TRIAGE_REASON_";
    TriageState => "TRIAGE_STATE_";
    UnitCondition => "UNIT_CONDITION_";
}

/// The word for a source, as filters spell it.
pub(crate) fn source(number: i32) -> Cow<'static, str> {
    Cow::Borrowed(match Source::try_from(number) {
        Ok(Source::SecurityHub) => "securityhub",
        Ok(Source::Guardduty) => "guardduty",
        Ok(Source::AccessAnalyzer) => "access-analyzer",
        Ok(Source::TrustedAdvisor) => "trusted-advisor",
        Ok(Source::Inspector) => "inspector",
        Ok(Source::Macie) => "macie",
        Ok(Source::Config) => "config",
        Ok(Source::Unspecified) => "unspecified",
        Err(_) => return Cow::Owned(format!("unknown-{number}")),
    })
}

/// `1 finding`, `2 findings`.
pub(crate) fn count(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_names_without_their_prefix() {
        assert_eq!(Severity::word(4), "HIGH");
        assert_eq!(TriageState::lower(3), "in progress");
        assert_eq!(TriageReason::known(0), None);
        assert_eq!(source(3), "access-analyzer");
    }

    #[test]
    fn values_of_a_newer_server_are_shown_by_number() {
        assert_eq!(Severity::word(9), "UNKNOWN_9");
        assert_eq!(source(9), "unknown-9");
    }
}
