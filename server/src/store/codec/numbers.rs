//! The numbers that stand for enums in stored rows.
//!
//! A number is never used again for something else. They do not follow the order of the variants:
//! a variant can move, its number cannot.

use muster_core::change::ChangeKind;
use muster_core::finding::Absence;
use muster_core::priority::{Factor, Gate};
use muster_core::report::{
    ExploitState, Exposure, FindingClass, IdentityRule, Privilege, ReportPath, Severity, Status,
};
use muster_core::triage::{TriageReason, TriageState};
use muster_core::unit::SourceKind;

use super::Damage;

/// An enum that is stored as a number. Zero stands for nothing.
pub(super) trait Numbered: Sized + Copy {
    /// Its number, never zero.
    fn number(self) -> u32;

    /// What a number stands for.
    fn from_number(number: u32) -> Result<Self, Damage>;
}

/// The number of an optional value; zero for none.
pub(super) fn number<T: Numbered>(value: Option<T>) -> u32 {
    value.map_or(0, T::number)
}

/// The optional value of a number; none for zero.
pub(super) fn optional<T: Numbered>(number: u32) -> Result<Option<T>, Damage> {
    if number == 0 { Ok(None) } else { T::from_number(number).map(Some) }
}

macro_rules! numbered {
    ($($kind:ident { $($variant:ident = $number:literal),+ $(,)? })+) => {$(
        impl Numbered for $kind {
            fn number(self) -> u32 {
                match self { $($kind::$variant => $number),+ }
            }

            fn from_number(number: u32) -> Result<Self, Damage> {
                match number {
                    $($number => Ok($kind::$variant),)+
                    number => Err(Damage::Number { kind: stringify!($kind), number }),
                }
            }
        }
    )+};
}

numbered! {
    Severity { Informational = 1, Low = 2, Medium = 3, High = 4, Critical = 5 }
    Status { Active = 1, Unobservable = 2, Archived = 3, Expired = 4, Resolved = 5 }
    TriageState {
        New = 1, Acknowledged = 2, InProgress = 3, Snoozed = 4, Suppressed = 5, Done = 6,
    }
    TriageReason {
        FalsePositive = 1, AcceptedRisk = 2, Mitigated = 3, Fixed = 4, Duplicate = 5,
        TestResource = 6, Ended = 7, Regressed = 8,
    }
    FindingClass {
        Threat = 1, Vulnerability = 2, Misconfiguration = 3, SensitiveData = 4, Exposure = 5,
    }
    SourceKind {
        SecurityHub = 1, GuardDuty = 2, AccessAnalyzer = 3, TrustedAdvisor = 4, Inspector = 5,
        Macie = 6, Config = 7,
    }
    ReportPath { Native = 1, Asff = 2, Ocsf = 3, Event = 4 }
    IdentityRule {
        GuardDuty = 1, ExternalAccess = 2, AccessAnalyzer = 3, Control = 4, TrustedAdvisor = 5,
        Inspector = 6, Macie = 7, ConfigRule = 8, Health = 9, OtherAsff = 10,
    }
    Exposure {
        Unknown = 1, Private = 2, CrossAccount = 3, Public = 4, Organization = 5, Internet = 6,
    }
    Privilege { Unknown = 1, Read = 2, Write = 3, Escalation = 4, Admin = 5, Root = 6 }
    ExploitState { Unknown = 1, None = 2, ProofOfConcept = 3, Active = 4 }
    Absence { Resolved = 1, Expired = 2, Unobservable = 3 }
    Factor {
        Severity = 1, Exposure = 2, Recency = 3, Corroboration = 4, Threat = 5, Criticality = 6,
        Environment = 7, Privilege = 8, Exploit = 9, Recurrence = 10, Overdue = 11, QuickWin = 12,
        Compliance = 13, Combination = 14, Compression = 15, Floor = 16,
    }
    Gate { Closed = 1, Sample = 2, FalsePositive = 3 }
    ChangeKind {
        Created = 1, ContentUpdated = 2, StatusChanged = 3, Triaged = 4, Reprioritized = 5,
        Observed = 6, Regrouped = 7, Rescored = 8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads_back<T: Numbered + PartialEq + std::fmt::Debug>(all: &[T]) {
        for value in all {
            assert_ne!(value.number(), 0);
            assert_eq!(T::from_number(value.number()), Ok(*value));
        }
        assert!(T::from_number(0).is_err());
        assert!(T::from_number(u32::MAX).is_err());
    }

    #[test]
    fn every_variant_reads_back_from_its_number() {
        reads_back(&Severity::ALL);
        reads_back(&Status::ALL);
        reads_back(&TriageState::ALL);
        reads_back(&TriageReason::ALL);
        reads_back(&FindingClass::ALL);
        reads_back(&SourceKind::ALL);
        reads_back(&ReportPath::ALL);
        reads_back(&IdentityRule::ALL);
        reads_back(&Exposure::ALL);
        reads_back(&Privilege::ALL);
        reads_back(&ExploitState::ALL);
        reads_back(&[Absence::Resolved, Absence::Expired, Absence::Unobservable]);
        reads_back(&Factor::ALL);
        reads_back(&Gate::ALL);
        reads_back(&ChangeKind::ALL);
    }
}
