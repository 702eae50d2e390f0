//! Enumerations, one total match each.

use muster_api::v1 as wire;
use muster_core::change::ChangeKind;
use muster_core::priority::Band;
use muster_core::report::{
    ExploitState, Exposure, FindingClass, Privilege, ReportPath, Severity, Status,
};
use muster_core::triage::{TriageReason, TriageState};
use muster_core::unit::{SourceKind, UnitCondition};
use muster_core::weakness::RelationKind;

pub(super) fn source(source: SourceKind) -> wire::Source {
    match source {
        SourceKind::SecurityHub => wire::Source::SecurityHub,
        SourceKind::GuardDuty => wire::Source::Guardduty,
        SourceKind::AccessAnalyzer => wire::Source::AccessAnalyzer,
        SourceKind::TrustedAdvisor => wire::Source::TrustedAdvisor,
        SourceKind::Inspector => wire::Source::Inspector,
        SourceKind::Macie => wire::Source::Macie,
        SourceKind::Config => wire::Source::Config,
    }
}

pub(super) fn path(path: ReportPath) -> wire::ReportPath {
    match path {
        ReportPath::Native => wire::ReportPath::Native,
        ReportPath::Asff => wire::ReportPath::Asff,
        ReportPath::Ocsf => wire::ReportPath::Ocsf,
        ReportPath::Event => wire::ReportPath::Event,
    }
}

pub(super) fn severity(severity: Severity) -> wire::Severity {
    match severity {
        Severity::Informational => wire::Severity::Informational,
        Severity::Low => wire::Severity::Low,
        Severity::Medium => wire::Severity::Medium,
        Severity::High => wire::Severity::High,
        Severity::Critical => wire::Severity::Critical,
    }
}

pub(super) fn class(class: FindingClass) -> wire::FindingClass {
    match class {
        FindingClass::Threat => wire::FindingClass::Threat,
        FindingClass::Vulnerability => wire::FindingClass::Vulnerability,
        FindingClass::Misconfiguration => wire::FindingClass::Misconfiguration,
        FindingClass::SensitiveData => wire::FindingClass::SensitiveData,
        FindingClass::Exposure => wire::FindingClass::Exposure,
    }
}

pub(super) fn exposure(exposure: Exposure) -> wire::Exposure {
    match exposure {
        Exposure::Unknown => wire::Exposure::Unknown,
        Exposure::Private => wire::Exposure::Private,
        Exposure::Organization => wire::Exposure::Organization,
        Exposure::CrossAccount => wire::Exposure::CrossAccount,
        Exposure::Internet => wire::Exposure::Internet,
        Exposure::Public => wire::Exposure::Public,
    }
}

/// What a weakness class says that another finding is.
pub(crate) fn relation(kind: RelationKind) -> wire::FindingRelation {
    match kind {
        // The one that counts is marked by whoever knows it.
        RelationKind::Threat => wire::FindingRelation::SameResource,
        RelationKind::Threatened => wire::FindingRelation::Threatened,
        RelationKind::Whole => wire::FindingRelation::Whole,
        RelationKind::Part => wire::FindingRelation::Part,
        RelationKind::Sibling => wire::FindingRelation::Sibling,
        RelationKind::Near => wire::FindingRelation::Near,
        RelationKind::Evidence => wire::FindingRelation::Evidence,
        RelationKind::Evidenced => wire::FindingRelation::Evidenced,
    }
}

pub(super) fn privilege(privilege: Privilege) -> wire::Privilege {
    match privilege {
        Privilege::Unknown => wire::Privilege::Unknown,
        Privilege::Read => wire::Privilege::Read,
        Privilege::Write => wire::Privilege::Write,
        Privilege::Escalation => wire::Privilege::Escalation,
        Privilege::Admin => wire::Privilege::Admin,
        Privilege::Root => wire::Privilege::Root,
    }
}

pub(super) fn exploit(exploit: ExploitState) -> wire::ExploitState {
    match exploit {
        ExploitState::Unknown => wire::ExploitState::Unknown,
        ExploitState::None => wire::ExploitState::None,
        ExploitState::ProofOfConcept => wire::ExploitState::ProofOfConcept,
        ExploitState::Active => wire::ExploitState::Active,
    }
}

pub(crate) fn status(status: Status) -> wire::Status {
    match status {
        Status::Active => wire::Status::Active,
        Status::Unobservable => wire::Status::Unobservable,
        Status::Archived => wire::Status::Archived,
        Status::Expired => wire::Status::Expired,
        Status::Resolved => wire::Status::Resolved,
    }
}

/// The band of a score.
pub(crate) fn band(band: Band) -> wire::PriorityBand {
    match band {
        Band::P4 => wire::PriorityBand::P4,
        Band::P3 => wire::PriorityBand::P3,
        Band::P2 => wire::PriorityBand::P2,
        Band::P1 => wire::PriorityBand::P1,
        Band::P0 => wire::PriorityBand::P0,
    }
}

pub(super) fn triage_state(state: TriageState) -> wire::TriageState {
    match state {
        TriageState::New => wire::TriageState::New,
        TriageState::Acknowledged => wire::TriageState::Acknowledged,
        TriageState::InProgress => wire::TriageState::InProgress,
        TriageState::Snoozed => wire::TriageState::Snoozed,
        TriageState::Suppressed => wire::TriageState::Suppressed,
        TriageState::Done => wire::TriageState::Done,
    }
}

pub(super) fn reason(reason: TriageReason) -> wire::TriageReason {
    match reason {
        TriageReason::FalsePositive => wire::TriageReason::FalsePositive,
        TriageReason::AcceptedRisk => wire::TriageReason::AcceptedRisk,
        TriageReason::Mitigated => wire::TriageReason::Mitigated,
        TriageReason::Fixed => wire::TriageReason::Fixed,
        TriageReason::Duplicate => wire::TriageReason::Duplicate,
        TriageReason::TestResource => wire::TriageReason::TestResource,
        TriageReason::Ended => wire::TriageReason::Ended,
        TriageReason::Regressed => wire::TriageReason::Regressed,
    }
}

/// A reason as a client gives it; `None` when it gives none.
pub(crate) fn reason_from_wire(reason: wire::TriageReason) -> Option<TriageReason> {
    match reason {
        wire::TriageReason::Unspecified => None,
        wire::TriageReason::FalsePositive => Some(TriageReason::FalsePositive),
        wire::TriageReason::AcceptedRisk => Some(TriageReason::AcceptedRisk),
        wire::TriageReason::Mitigated => Some(TriageReason::Mitigated),
        wire::TriageReason::Fixed => Some(TriageReason::Fixed),
        wire::TriageReason::Duplicate => Some(TriageReason::Duplicate),
        wire::TriageReason::TestResource => Some(TriageReason::TestResource),
        wire::TriageReason::Ended => Some(TriageReason::Ended),
        wire::TriageReason::Regressed => Some(TriageReason::Regressed),
    }
}

pub(super) fn change_kind(kind: ChangeKind) -> wire::ChangeKind {
    match kind {
        ChangeKind::Created => wire::ChangeKind::Created,
        ChangeKind::ContentUpdated => wire::ChangeKind::ContentUpdated,
        ChangeKind::StatusChanged => wire::ChangeKind::StatusChanged,
        ChangeKind::Triaged => wire::ChangeKind::Triaged,
        ChangeKind::Reprioritized => wire::ChangeKind::Reprioritized,
        ChangeKind::Observed => wire::ChangeKind::Observed,
        ChangeKind::Regrouped => wire::ChangeKind::Regrouped,
        ChangeKind::Rescored => wire::ChangeKind::Rescored,
    }
}

/// A kind as a client gives it; `None` when it is unspecified.
pub(crate) fn kind_from_wire(kind: wire::ChangeKind) -> Option<ChangeKind> {
    ChangeKind::ALL.into_iter().find(|known| change_kind(*known) == kind)
}

pub(super) fn unit_condition(condition: UnitCondition) -> wire::UnitCondition {
    match condition {
        UnitCondition::Pending => wire::UnitCondition::Pending,
        UnitCondition::Healthy => wire::UnitCondition::Healthy,
        UnitCondition::Throttled => wire::UnitCondition::Throttled,
        UnitCondition::Denied => wire::UnitCondition::Denied,
        UnitCondition::NotEnabled => wire::UnitCondition::NotEnabled,
        UnitCondition::NotSubscribed => wire::UnitCondition::NotSubscribed,
        UnitCondition::Unreachable => wire::UnitCondition::Unreachable,
        UnitCondition::NoCredentials => wire::UnitCondition::NoCredentials,
        UnitCondition::Failing => wire::UnitCondition::Failing,
    }
}

/// A condition as a client gives it; `None` when it is unspecified.
pub(crate) fn unit_condition_from_wire(condition: wire::UnitCondition) -> Option<UnitCondition> {
    match condition {
        wire::UnitCondition::Unspecified => None,
        wire::UnitCondition::Pending => Some(UnitCondition::Pending),
        wire::UnitCondition::Healthy => Some(UnitCondition::Healthy),
        wire::UnitCondition::Throttled => Some(UnitCondition::Throttled),
        wire::UnitCondition::Denied => Some(UnitCondition::Denied),
        wire::UnitCondition::NotEnabled => Some(UnitCondition::NotEnabled),
        wire::UnitCondition::NotSubscribed => Some(UnitCondition::NotSubscribed),
        wire::UnitCondition::Unreachable => Some(UnitCondition::Unreachable),
        wire::UnitCondition::NoCredentials => Some(UnitCondition::NoCredentials),
        wire::UnitCondition::Failing => Some(UnitCondition::Failing),
    }
}
