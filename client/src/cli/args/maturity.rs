//! Arguments of `muster maturity` and `muster attest`.

use std::time::Duration;

use clap::Args;
use jiff::Timestamp;

use crate::cli::duration::{parse_positive, parse_time};

/// `muster maturity`.
#[derive(Debug, Clone, Args)]
pub(crate) struct MaturityArgs {
    /// One account (twelve digits) instead of the organization
    #[arg(long, value_name = "ACCOUNT")]
    pub(crate) account: Option<String>,

    /// Recommendations and steps of one phase: 1 Quick Wins, 2 Foundational, 3 Efficient, 4 Optimized
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..=4))]
    pub(crate) phase: Option<i32>,
}

/// `muster attest`.
#[derive(Debug, Clone, Args)]
pub(crate) struct AttestArgs {
    /// The recommendation, as `muster maturity` names it, for example P2-SG-3
    #[arg(value_name = "ID", required_unless_present = "list", conflicts_with = "list")]
    pub(crate) id: Option<String>,

    /// What shows it: a document, a meeting, a link
    #[arg(
        long,
        value_name = "TEXT",
        required_unless_present_any = ["list", "remove"],
        conflicts_with_all = ["list", "remove"]
    )]
    pub(crate) evidence: Option<String>,

    /// Until when it counts: a time such as 2027-06-30 (UTC), or for how long, such as 180d; at most
    /// 365 days
    #[arg(
        long,
        value_name = "WHEN",
        value_parser = parse_end,
        required_unless_present_any = ["list", "remove"],
        conflicts_with_all = ["list", "remove"]
    )]
    pub(crate) expires: Option<End>,

    /// For this account (twelve digits) instead of the organization
    #[arg(long, value_name = "ACCOUNT", conflicts_with = "list")]
    pub(crate) account: Option<String>,

    /// Take back what is vouched for
    #[arg(long, conflicts_with = "list")]
    pub(crate) remove: bool,

    /// With --remove: why, for the record
    #[arg(short = 'm', long, value_name = "TEXT", requires = "remove")]
    pub(crate) comment: Option<String>,

    /// List what is vouched for
    #[arg(long)]
    pub(crate) list: bool,

    /// With --list: also what was replaced or taken back
    #[arg(long, requires = "list")]
    pub(crate) past: bool,
}

/// When something ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Then.
    At(Timestamp),
    /// So long from the server's now.
    After(Duration),
}

/// Reads a time or a duration.
///
/// # Errors
///
/// The text says what would be right.
fn parse_end(text: &str) -> Result<End, String> {
    // No time has a letter of a unit at its end but `Z`, and no duration has a hyphen.
    if text.contains('-') {
        return parse_time(text).map(End::At);
    }
    parse_positive(text).map(End::After).map_err(|_| {
        format!(
            "`{text}` is neither a time nor a duration: expected for example 2027-06-30 or 180d"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_a_time_or_a_duration() {
        assert_eq!(parse_end("90d"), Ok(End::After(Duration::from_hours(90 * 24))));
        let time = "2027-06-30T00:00:00Z".parse().unwrap();
        assert_eq!(parse_end("2027-06-30"), Ok(End::At(time)));
        for text in ["", "never", "0d", "-5d", "30.06.2027"] {
            assert!(parse_end(text).is_err(), "{text}");
        }
    }
}
