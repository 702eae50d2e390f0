//! From counts to a verdict.

use super::tally::Counts;
use super::{Observability, VerdictCounts};

/// How far a recommendation is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Everything that was seen speaks for it, and that is enough to judge it.
    Met,
    /// Some speaks for it, and some against; or what speaks for it judges only a part.
    Partly,
    /// All that was seen speaks against it.
    Unmet,
    /// Nothing was seen that decides it.
    Unknown,
    /// Somebody vouches for it, and no finding says otherwise.
    Attested,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Met, Self::Attested, Self::Partly, Self::Unmet, Self::Unknown];

    /// The name shown to people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Met => "MET",
            Self::Partly => "PARTLY",
            Self::Unmet => "UNMET",
            Self::Unknown => "UNKNOWN",
            Self::Attested => "ATTESTED",
        }
    }

    /// Whether nothing is left to do.
    pub fn is_done(self) -> bool {
        match self {
            Self::Met | Self::Attested => true,
            Self::Partly | Self::Unmet | Self::Unknown => false,
        }
    }

    /// The verdict of one account. An attestation fills what findings leave open, and never outweighs
    /// one that speaks against it.
    pub(super) fn of(seen: Observability, counts: &Counts, attested: bool) -> Self {
        let whole = seen == Observability::Direct && counts.accepted == 0;
        let found = match (counts.favour() > 0, counts.against() > 0) {
            (false, false) => Self::Unknown,
            (false, true) => Self::Unmet,
            (true, true) => Self::Partly,
            (true, false) if whole => Self::Met,
            (true, false) => Self::Partly,
        };
        if attested && counts.against() == 0 && found != Self::Met { Self::Attested } else { found }
    }

    /// The verdict of an organization from those of its accounts: met only where every account is, so
    /// that an account of which nothing is known is not taken for one that is fine.
    pub(super) fn together(accounts: &VerdictCounts) -> Self {
        let all = accounts.total();
        let is = |count: u32| count == all;
        if is(accounts.unknown) {
            Self::Unknown
        } else if is(accounts.met) {
            Self::Met
        } else if is(accounts.met + accounts.attested) {
            Self::Attested
        } else if accounts.met + accounts.partly + accounts.attested == 0 {
            Self::Unmet
        } else {
            Self::Partly
        }
    }
}
