//! Arguments of the commands that decide.

use std::time::Duration;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use muster_api::v1::TriageReason;

use super::FilterArgs;
use crate::cli::duration::{parse_positive, parse_time};

/// On which findings, and under which conditions.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct SelectionArgs {
    /// Finding ids, or unique prefixes of 4 characters or more; `-` reads ids from stdin, one a line
    #[arg(value_name = "ID")]
    pub(crate) ids: Vec<String>,

    #[command(flatten)]
    pub(crate) filter: FilterArgs,

    /// Do not ask before changing what the filter matches
    #[arg(short, long, help_heading = "Safety")]
    pub(crate) yes: bool,

    /// With --yes: refuse when the filter matches more than this [default: 100]
    #[arg(long, value_name = "N", help_heading = "Safety")]
    pub(crate) max: Option<u64>,

    /// Show what would change, and change nothing
    #[arg(long, help_heading = "Safety")]
    pub(crate) dry_run: bool,

    /// Only if the finding's triage.etag is still this (one finding; see `muster get -o json`)
    #[arg(long, value_name = "ETAG", help_heading = "Safety")]
    pub(crate) if_unchanged: Option<String>,
}

/// A decision that needs nothing but findings.
#[derive(Debug, Clone, Args)]
pub(crate) struct DecideArgs {
    /// Why, for the history
    #[arg(short = 'm', long, value_name = "TEXT")]
    pub(crate) comment: Option<String>,

    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
}

/// Gives findings to somebody.
#[derive(Debug, Clone, Args)]
pub(crate) struct AssignArgs {
    /// To whom, for example alice@example.com; `me` for yourself, `nobody` to take it away
    #[arg(long, value_name = "NAME")]
    pub(crate) to: String,

    /// Why, for the history
    #[arg(short = 'm', long, value_name = "TEXT")]
    pub(crate) comment: Option<String>,

    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
}

/// Says something about findings.
#[derive(Debug, Clone, Args)]
pub(crate) struct NoteArgs {
    /// What to say, at most 4 KiB
    #[arg(short = 'm', long, value_name = "TEXT")]
    pub(crate) comment: String,

    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
}

/// Hides findings until a time.
#[derive(Debug, Clone, Args)]
pub(crate) struct SnoozeArgs {
    #[command(flatten)]
    pub(crate) end: EndArgs,

    /// Why, for the history
    #[arg(short = 'm', long, value_name = "TEXT")]
    pub(crate) comment: Option<String>,

    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
}

/// Accepts findings, or declares them no problem, for a time. Nothing is accepted for ever.
#[derive(Debug, Clone, Args)]
pub(crate) struct SuppressArgs {
    /// Why: false-positive, accepted-risk, mitigated, duplicate or test-resource
    #[arg(long, value_enum, value_name = "REASON", hide_possible_values = true)]
    pub(crate) reason: SuppressReason,

    #[command(flatten)]
    pub(crate) end: EndArgs,

    /// What was considered; kept in the history
    #[arg(short = 'm', long, value_name = "TEXT")]
    pub(crate) comment: String,

    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
}

/// Declares findings fixed.
#[derive(Debug, Clone, Args)]
pub(crate) struct DoneArgs {
    /// How: fixed or mitigated
    #[arg(
        long,
        value_enum,
        value_name = "REASON",
        default_value_t = DoneReason::Fixed,
        hide_possible_values = true
    )]
    pub(crate) reason: DoneReason,

    /// What was done, for the history
    #[arg(short = 'm', long, value_name = "TEXT")]
    pub(crate) comment: Option<String>,

    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
}

/// When a decision ends by itself.
#[derive(Debug, Clone, Copy, Default, Args)]
#[group(multiple = false)]
pub(crate) struct EndArgs {
    /// For so long, for example 12h, 7d or 2w
    #[arg(long = "for", value_name = "DURATION", value_parser = parse_positive)]
    pub(crate) duration: Option<Duration>,

    /// Until then, for example 2026-12-01 or 2026-12-01T08:00 (UTC)
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) until: Option<Timestamp>,
}

/// Why a finding is suppressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SuppressReason {
    FalsePositive,
    AcceptedRisk,
    Mitigated,
    Duplicate,
    TestResource,
}

impl From<SuppressReason> for TriageReason {
    fn from(reason: SuppressReason) -> Self {
        match reason {
            SuppressReason::FalsePositive => Self::FalsePositive,
            SuppressReason::AcceptedRisk => Self::AcceptedRisk,
            SuppressReason::Mitigated => Self::Mitigated,
            SuppressReason::Duplicate => Self::Duplicate,
            SuppressReason::TestResource => Self::TestResource,
        }
    }
}

/// Why a finding is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DoneReason {
    Fixed,
    Mitigated,
}

impl From<DoneReason> for TriageReason {
    fn from(reason: DoneReason) -> Self {
        match reason {
            DoneReason::Fixed => Self::Fixed,
            DoneReason::Mitigated => Self::Mitigated,
        }
    }
}
