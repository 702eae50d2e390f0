//! What people vouch for, because no finding can say it.

use std::fmt;

use super::Table;
use crate::ids::AccountId;
use crate::time::{DAY_MS, Millis};
use crate::triage::Actor;

/// The longest text of an attestation, in bytes.
pub const ATTESTATION_BYTES_MAX: usize = 4096;

/// The longest time that an attestation counts, in milliseconds: 365 days. Nobody vouches for ever.
pub const ATTESTATION_MS_MAX: i64 = 365 * DAY_MS;

/// What an attestation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// All accounts.
    Organization,
    /// One account.
    Account(AccountId),
}

impl Scope {
    /// Whether what is said of this scope counts for `account`.
    pub fn covers(self, account: AccountId) -> bool {
        match self {
            Self::Organization => true,
            Self::Account(own) => own == account,
        }
    }
}

/// `organization`, or the account.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Organization => f.write_str("organization"),
            Self::Account(account) => account.fmt(f),
        }
    }
}

/// Somebody vouches that a recommendation is followed, until a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attestation {
    /// The id of the recommendation.
    pub recommendation: String,
    /// Of what.
    pub scope: Scope,
    /// Who.
    pub author: Actor,
    /// What they have seen: a document, a meeting, a link.
    pub evidence: String,
    /// When it was made.
    pub made: Millis,
    /// From then on it counts no more.
    pub expires: Millis,
}

/// Why somebody cannot vouch so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AttestationError {
    /// The table has no such recommendation.
    #[error("`{0}` is no recommendation of the model; see GetMaturity for their ids")]
    Recommendation(String),
    /// Nothing was said.
    #[error("is missing; say what shows it: a document, a meeting, a link")]
    NoEvidence,
    /// Too much was said.
    #[error("has {bytes} bytes; at most {ATTESTATION_BYTES_MAX}")]
    LongEvidence {
        /// How much.
        bytes: usize,
    },
    /// It would have expired already.
    #[error("`{expires}` is not after now (`{now}`)")]
    Expired {
        /// When it would expire.
        expires: Millis,
        /// The server's time.
        now: Millis,
    },
    /// It would count for too long.
    #[error("`{expires}` is more than 365 days ahead; nobody vouches for longer")]
    TooLong {
        /// When it would expire.
        expires: Millis,
    },
}

impl AttestationError {
    /// The field that is wrong.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Recommendation(_) => "recommendation",
            Self::NoEvidence | Self::LongEvidence { .. } => "evidence",
            Self::Expired { .. } | Self::TooLong { .. } => "expire_time",
        }
    }
}

impl Attestation {
    /// Takes what somebody says, with the id as the table writes it.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong.
    pub fn new(table: &Table, said: Self) -> Result<Self, AttestationError> {
        let known = table.get(&said.recommendation);
        let known =
            known.ok_or_else(|| AttestationError::Recommendation(said.recommendation.clone()))?;
        if said.evidence.trim().is_empty() {
            return Err(AttestationError::NoEvidence);
        }
        let bytes = said.evidence.len();
        if bytes > ATTESTATION_BYTES_MAX {
            return Err(AttestationError::LongEvidence { bytes });
        }
        let (expires, now) = (said.expires, said.made);
        if expires <= now {
            return Err(AttestationError::Expired { expires, now });
        }
        if expires.since(now) > ATTESTATION_MS_MAX {
            return Err(AttestationError::TooLong { expires });
        }
        Ok(Self { recommendation: known.id.clone(), ..said })
    }

    /// Whether it counts at `now`.
    pub fn counts(&self, now: Millis) -> bool {
        now < self.expires
    }
}
