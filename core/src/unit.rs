//! What is collected and judged on its own.

use std::fmt;

use crate::ids::{AccountId, Region};
use crate::time::Millis;

/// The AWS product whose API a report was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceKind {
    /// Security Hub CSPM, `GetFindings` (ASFF).
    SecurityHub,
    /// `GuardDuty`.
    GuardDuty,
    /// IAM Access Analyzer.
    AccessAnalyzer,
    /// Trusted Advisor, through the Support API.
    TrustedAdvisor,
    /// Inspector, `ListFindings`.
    Inspector,
    /// Macie, `GetFindings`.
    Macie,
    /// Config, compliance of resources with rules.
    Config,
}

impl SourceKind {
    /// All of them, in the order in which they are listed to people.
    pub const ALL: [Self; 7] = [
        Self::SecurityHub,
        Self::GuardDuty,
        Self::AccessAnalyzer,
        Self::TrustedAdvisor,
        Self::Inspector,
        Self::Macie,
        Self::Config,
    ];

    /// Those whose APIs are collected, and can be named in settings. Documents of the others are
    /// understood, but only events and imports bring them.
    pub const COLLECTED: [Self; 5] = [
        Self::SecurityHub,
        Self::GuardDuty,
        Self::AccessAnalyzer,
        Self::TrustedAdvisor,
        Self::Inspector,
    ];

    /// Those that are collected when the settings name none: what a role that was made for them may read
    /// goes on to be all that is asked for.
    pub const DEFAULT: [Self; 4] =
        [Self::SecurityHub, Self::GuardDuty, Self::AccessAnalyzer, Self::TrustedAdvisor];

    /// The name in settings, filters and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SecurityHub => "securityhub",
            Self::GuardDuty => "guardduty",
            Self::AccessAnalyzer => "access-analyzer",
            Self::TrustedAdvisor => "trusted-advisor",
            Self::Inspector => "inspector",
            Self::Macie => "macie",
            Self::Config => "config",
        }
    }

    /// The kind with that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The kind with that name, if its API is collected.
    pub fn collected_from_name(name: &str) -> Option<Self> {
        Self::COLLECTED.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for SourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is collected, scheduled, checkpointed and judged on its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unit {
    /// Which product's API.
    pub source: SourceKind,
    /// The account whose credentials read it.
    pub account: AccountId,
    /// The Region whose endpoint is asked.
    pub region: Region,
    /// The detector id or analyzer ARN; empty where the product has no such thing.
    pub part: String,
}

/// `guardduty/123456789012/eu-central-1/12abc34d…`: stable, used as a key and shown to people.
impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.source, self.account, self.region)?;
        if self.part.is_empty() { Ok(()) } else { write!(f, "/{}", self.part) }
    }
}

impl std::str::FromStr for Unit {
    type Err = ParseUnitError;

    fn from_str(text: &str) -> Result<Self, ParseUnitError> {
        let error = || ParseUnitError { text: text.to_owned() };
        let mut parts = text.splitn(4, '/');
        let mut next = || parts.next().ok_or_else(error);
        Ok(Self {
            source: SourceKind::from_name(next()?).ok_or_else(error)?,
            account: next()?.parse().map_err(|_| error())?,
            region: next()?.parse().map_err(|_| error())?,
            part: parts.next().unwrap_or_default().to_owned(),
        })
    }
}

/// Why a text does not name a unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` does not name a unit (source/account/Region, then detector or analyzer)")]
pub struct ParseUnitError {
    text: String,
}

/// Whether a unit's silence means "clean".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnitCondition {
    /// Not read yet since the start.
    Pending,
    /// Read completely, within its interval.
    Healthy,
    /// Works, but AWS slows it down.
    Throttled,
    /// The credentials may not do it: a person must act.
    Denied,
    /// The product is not enabled there (no detector, hub not enabled).
    NotEnabled,
    /// The account's support plan does not include it (`SubscriptionRequiredException`).
    NotSubscribed,
    /// No answer: endpoint, network, timeout.
    Unreachable,
    /// Credentials are missing or expired.
    NoCredentials,
    /// Fails otherwise.
    Failing,
}

impl UnitCondition {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Pending,
        Self::Healthy,
        Self::Throttled,
        Self::Denied,
        Self::NotEnabled,
        Self::NotSubscribed,
        Self::Unreachable,
        Self::NoCredentials,
        Self::Failing,
    ];

    /// The name shown to people and used in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Healthy => "HEALTHY",
            Self::Throttled => "THROTTLED",
            Self::Denied => "DENIED",
            Self::NotEnabled => "NOT_ENABLED",
            Self::NotSubscribed => "NOT_SUBSCRIBED",
            Self::Unreachable => "UNREACHABLE",
            Self::NoCredentials => "NO_CREDENTIALS",
            Self::Failing => "FAILING",
        }
    }

    /// Whether silence from the unit means that there is nothing to report (promise C3).
    pub fn silence_means_clean(self) -> bool {
        match self {
            Self::Healthy => true,
            Self::Pending
            | Self::Throttled
            | Self::Denied
            | Self::NotEnabled
            | Self::NotSubscribed
            | Self::Unreachable
            | Self::NoCredentials
            | Self::Failing => false,
        }
    }
}

/// How far collection of a unit has come; stored in the same commit as the findings it covers
/// (promise C1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// Everything updated before this was read by an incremental pass.
    pub watermark: Option<Millis>,
    /// When the last complete sweep began.
    pub swept: Option<Millis>,
    /// What people decided at the product before this was read, by a pass for it or a sweep.
    pub triaged: Option<Millis>,
    /// How many sweeps of this unit were complete.
    pub sweeps: u64,
    /// What the source itself wants to remember, opaque to everybody else, at most 64 KiB
    /// (Trusted Advisor: the time of each check's last result).
    pub memo: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_reads_back_from_its_name() {
        for text in [
            "securityhub/123456789012/eu-central-1",
            "guardduty/123456789012/eu-central-1/12abc34d",
            "access-analyzer/123456789012/eu-central-1/arn:aws:access-analyzer:eu-central-1:123456789012:analyzer/a",
        ] {
            let unit: Unit = text.parse().unwrap();

            assert_eq!(unit.to_string(), text);
        }
        assert!("guardduty/12/eu".parse::<Unit>().is_err());
    }
}
