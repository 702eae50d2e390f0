//! Arguments of `muster subscriptions`.

use std::time::Duration;

use clap::{ArgGroup, Args, Subcommand};
use jiff::Timestamp;
use muster_api::v1::ChangeKind;

use super::View;
use crate::cli::duration::{parse_duration, parse_positive, parse_time};

/// `muster subscriptions`.
#[derive(Debug, Clone, Args)]
pub(crate) struct SubscriptionsArgs {
    #[command(subcommand)]
    pub(crate) command: SubscriptionsCommand,
}

/// What to do with subscriptions.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum SubscriptionsCommand {
    /// Make one; a retry is safe
    Create(CreateArgs),
    /// List all, with where they stand
    #[command(visible_alias = "ls")]
    List,
    /// Show one
    Get {
        /// Its name
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Change description or limits of one
    Update(UpdateArgs),
    /// Delete one, with what it gave up
    Delete {
        /// Its name
        #[arg(value_name = "NAME")]
        name: String,
        /// Only when it has this etag
        #[arg(long, value_name = "ETAG", default_value = "")]
        etag: String,
    },
    /// Move its position: what it did not acknowledge is given up or comes again
    Reset(ResetArgs),
    /// Deliver what there is, as JSON lines
    ///
    /// Without --ack the same comes again after the ack deadline. With it, what was printed is
    /// acknowledged once it is written.
    Pull(PullArgs),
    /// List what it gave up
    Parked {
        /// Its name
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Deliver again what it gave up, or drop it
    Resolve(ResolveArgs),
}

/// Limits of a subscription.
#[derive(Debug, Clone, Args)]
pub(crate) struct LimitArgs {
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,

    /// Deliver at most so many that are not acknowledged (1 to 1000) [default: 256]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) max_outstanding: Option<u32>,

    /// Deliver again what is not acknowledged in this time (10s to 10m) [default: 1m]
    #[arg(long, value_name = "DURATION", value_parser = parse_positive)]
    pub(crate) ack_deadline: Option<Duration>,

    /// Give up what failed so often; 0 never does [default: 10]
    #[arg(long, value_name = "N")]
    pub(crate) attempts: Option<u32>,

    /// Wait this long after the first failure, then twice as long each time [default: 1s]
    #[arg(long, value_name = "DURATION", value_parser = parse_positive)]
    pub(crate) min_backoff: Option<Duration>,

    /// Wait at most this long [default: 10m]
    #[arg(long, value_name = "DURATION", value_parser = parse_positive)]
    pub(crate) max_backoff: Option<Duration>,
}

/// `muster subscriptions create`.
#[derive(Debug, Clone, Args)]
pub(crate) struct CreateArgs {
    /// Its name: small letters, digits and hyphens
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    /// Which findings (see `muster help filters`) [default: all]
    #[arg(short, long, value_name = "FILTER", default_value = "", hide_default_value = true)]
    pub(crate) filter: String,

    /// Where to start: snapshot, oldest, now, or a time such as 2026-12-01
    #[arg(long, value_name = "WHERE", default_value = "snapshot", value_parser = parse_start)]
    pub(crate) start: Start,

    /// Of findings that match before and after: only changes of these kinds, for example
    /// created,triaged [default: all but observed and rescored]
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = parse_kind)]
    pub(crate) kinds: Vec<ChangeKind>,

    /// How much of each finding: basic, full or raw
    #[arg(long, value_enum, value_name = "VIEW", default_value_t = View::Full, hide_possible_values = true)]
    pub(crate) view: View,

    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// `muster subscriptions update`.
#[derive(Debug, Clone, Args)]
pub(crate) struct UpdateArgs {
    /// Its name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    /// Only when it has this etag
    #[arg(long, value_name = "ETAG", default_value = "")]
    pub(crate) etag: String,

    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// `muster subscriptions reset`.
#[derive(Debug, Clone, Args)]
pub(crate) struct ResetArgs {
    /// Its name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    /// Where to: snapshot, oldest, now, or a time such as 2026-12-01
    #[arg(long, value_name = "WHERE", value_parser = parse_start)]
    pub(crate) start: Start,

    /// The ack floor that `get` showed you: nobody else has moved it since
    #[arg(long, value_name = "REVISION")]
    pub(crate) floor: u64,

    /// Why, for the record
    #[arg(short = 'm', long, value_name = "TEXT")]
    pub(crate) comment: String,
}

/// `muster subscriptions pull`.
#[derive(Debug, Clone, Args)]
pub(crate) struct PullArgs {
    /// Its name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    /// At most so many (1 to 1000)
    #[arg(short = 'n', long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(i32).range(1..=1000))]
    pub(crate) limit: i32,

    /// Wait so long for the first one, at most 55s
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = parse_duration)]
    pub(crate) wait: Duration,

    /// Acknowledge what was printed
    #[arg(long)]
    pub(crate) ack: bool,
}

/// `muster subscriptions resolve`.
#[derive(Debug, Clone, Args)]
#[command(group = ArgGroup::new("what").required(true).args(["redeliver", "discard"]))]
pub(crate) struct ResolveArgs {
    /// Its name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    /// Which, as `parked` names them
    #[arg(value_name = "ID", required_unless_present = "all", conflicts_with = "all")]
    pub(crate) ids: Vec<String>,

    /// All of them
    #[arg(long)]
    pub(crate) all: bool,

    /// Deliver them again
    #[arg(long)]
    pub(crate) redeliver: bool,

    /// Drop them for good
    #[arg(long, requires = "comment")]
    pub(crate) discard: bool,

    /// Why, for the record
    #[arg(short = 'm', long, value_name = "TEXT")]
    pub(crate) comment: Option<String>,
}

/// Where a subscription starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// With the state of every finding.
    Snapshot,
    /// With the oldest change that is kept.
    Oldest,
    /// With the next change.
    Now,
    /// With the first change at this time or later.
    At(Timestamp),
}

/// Reads a kind of change, as JSON spells it, in any case.
///
/// # Errors
///
/// The text says what would be right.
fn parse_kind(text: &str) -> Result<ChangeKind, String> {
    let word = text.trim().to_ascii_uppercase().replace('-', "_");
    let known = ChangeKind::from_str_name(&format!("CHANGE_KIND_{word}"));
    known.filter(|kind| *kind != ChangeKind::Unspecified).ok_or_else(|| {
        format!(
            "`{text}` is no kind of change: expected created, content-updated, status-changed, \
             triaged, reprioritized, observed, regrouped or rescored"
        )
    })
}

/// Reads a start.
///
/// # Errors
///
/// The text says what would be right.
fn parse_start(text: &str) -> Result<Start, String> {
    match text {
        "snapshot" => Ok(Start::Snapshot),
        "oldest" => Ok(Start::Oldest),
        "now" => Ok(Start::Now),
        _ => parse_time(text).map(Start::At).map_err(|_| {
            format!("`{text}` is neither snapshot, oldest or now, nor a time such as 2026-12-01")
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_a_word_of_the_contract() {
        assert_eq!(parse_kind("status-changed"), Ok(ChangeKind::StatusChanged));
        assert_eq!(parse_kind("TRIAGED"), Ok(ChangeKind::Triaged));
        assert!(parse_kind("unspecified").unwrap_err().contains("reprioritized"));
    }

    #[test]
    fn a_start_is_a_place_or_a_time() {
        assert_eq!(parse_start("oldest"), Ok(Start::Oldest));
        let time = "2026-12-01T00:00:00Z".parse().unwrap();
        assert_eq!(parse_start("2026-12-01"), Ok(Start::At(time)));
        assert!(parse_start("yesterday").unwrap_err().contains("snapshot, oldest or now"));
    }
}
