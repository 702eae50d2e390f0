//! What can be typed. The doc comments here are the help texts.

mod filter;
mod maturity;
mod priority;
mod regroup;
mod subscriptions;
mod triage;

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;
use muster_api::v1::{FindingOrder, FindingView};

pub(crate) use filter::{Composed, FilterArgs, Hidden};
pub(crate) use maturity::{AttestArgs, End, MaturityArgs};
pub(crate) use priority::{ExplainArgs, PriorityArgs, PriorityCommand};
pub(crate) use regroup::{MergeArgs, SplitArgs};
pub(crate) use subscriptions::{
    CreateArgs as CreateSubscriptionArgs, PullArgs, ResetArgs, ResolveArgs, Start,
    SubscriptionsArgs, SubscriptionsCommand, UpdateArgs,
};
pub(crate) use triage::{
    AssignArgs, DecideArgs, DoneArgs, EndArgs, NoteArgs, SelectionArgs, SnoozeArgs, SuppressArgs,
};

use super::duration::parse_positive;
use super::topics;
use crate::DEFAULT_SERVER;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default())
    .error(AnsiColor::Red.on_default().bold());

/// Lists, watches and decides security findings.
///
/// Start with `muster ls`: what is open, most urgent first. `muster get ID` says why a finding is
/// where it is; `muster ack ID` takes it off the pile of new ones; `muster units` says whether
/// everything could be read.
#[derive(Debug, Parser)]
#[command(
    name = "muster",
    version,
    styles = STYLES,
    arg_required_else_help = true,
    after_help = topics::OVERVIEW,
    max_term_width = 100
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// The server, on this machine: `http://HOST[:PORT]`
    #[arg(
        long,
        global = true,
        env = "MUSTER_SERVER",
        hide_env_values = true,
        value_name = "URL",
        default_value = DEFAULT_SERVER,
        value_hint = ValueHint::Url
    )]
    pub(crate) server: String,

    /// Who decides, for example user:alice [default: user:$USER]
    #[arg(long, global = true, env = "MUSTER_ACTOR", hide_env_values = true, value_name = "ACTOR")]
    pub(crate) actor: Option<String>,

    /// How to print: table, wide, json, jsonl, csv, name or svg (see `muster help output`)
    #[arg(
        short,
        long,
        global = true,
        value_enum,
        value_name = "FORMAT",
        default_value_t = Format::Table,
        hide_possible_values = true
    )]
    pub(crate) output: Format,

    /// When to colour: auto, always or never
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value_t = Color::Auto,
        hide_possible_values = true
    )]
    pub(crate) color: Color,

    /// Print data and errors only: no counts, warnings or hints
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,

    /// How long a call may take, for example 500ms, 10s or 2m
    #[arg(
        long,
        global = true,
        value_name = "DURATION",
        default_value = "30s",
        value_parser = parse_positive
    )]
    pub(crate) timeout: Duration,
}

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people, as wide as the terminal
    Table,
    /// For people, with every column
    Wide,
    /// One JSON document
    Json,
    /// One JSON document a line
    Jsonl,
    /// Comma-separated values with a header
    Csv,
    /// Ids only, one a line
    Name,
    /// A picture, of `maturity` alone
    Svg,
}

impl Format {
    /// Whether a person reads it.
    pub(crate) fn is_human(self) -> bool {
        matches!(self, Self::Table | Self::Wide)
    }

    /// Whether it holds whole findings.
    pub(crate) fn is_json(self) -> bool {
        matches!(self, Self::Json | Self::Jsonl)
    }
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless the environment says otherwise (see `muster help environment`)
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List findings, most urgent first
    ///
    /// Closed findings (resolved, archived, expired) and those set aside (snoozed, suppressed, done)
    /// are left out unless you ask for them, by --all, --status, --triage or in --filter; the count
    /// line says how many.
    #[command(visible_alias = "list")]
    Ls(LsArgs),
    /// Show everything about a finding
    ///
    /// The reasons of the priority, what each product reports and which rule put it there, what was
    /// decided, what else is open on the resource, and what to do.
    Get(GetArgs),
    /// Show what is there, then what changes, as it changes
    ///
    /// Takes the filters of `ls`, and leaves out the same findings. A lost connection is made again at
    /// the same place: nothing is missed. -o jsonl is for programs.
    Watch(WatchArgs),
    /// Acknowledge: somebody has seen it
    ///
    /// Findings are named by id, piped in as `muster ls -o name | muster ack -`, or selected by the
    /// filters of `ls`. What a filter selects is counted and shown first, and changed only where
    /// nobody decided and nothing changed since.
    Ack(DecideArgs),
    /// Start: somebody works on it
    Start(DecideArgs),
    /// Give findings to somebody
    Assign(AssignArgs),
    /// Say something about findings
    Note(NoteArgs),
    /// Hide findings until a time
    ///
    /// They come back as new at that time, by themselves. At most 90 days.
    Snooze(SnoozeArgs),
    /// Accept findings, or declare them no problem, for a time
    ///
    /// They come back as new at that time, by themselves: 90 days from now unless --for or --until
    /// says otherwise, and at most 365 days. Nothing is accepted for ever.
    Suppress(SuppressArgs),
    /// Declare findings fixed; a source that still reports one reopens it
    Done(DoneArgs),
    /// Take a decision back: findings are new again
    Reopen(DecideArgs),
    /// Merge two findings: all reports of one belong to the other
    ///
    /// The finding given with --into keeps its id, decisions and history. The other one becomes a
    /// record that leads there, and keeps its own. Every later refresh respects it. `muster split`
    /// takes it back.
    #[command(after_help = topics::MERGE)]
    Merge(MergeArgs),
    /// Split a report off its finding
    ///
    /// A report that came by `muster merge` goes back to where it was, with all that came with it.
    /// Any other becomes a finding of its own, together with the other reports about the same thing
    /// (its Security Hub copy, other standards). Every later refresh respects it.
    #[command(after_help = topics::SPLIT)]
    Split(SplitArgs),
    /// Show what happened to a finding, newest first
    History(HistoryArgs),
    /// Show what is collected, how fresh it is, and what is wrong
    ///
    /// A unit is a source in an account and Region, with its detector or analyzer. Only a healthy
    /// unit's silence means that nothing is there.
    Units(UnitsArgs),
    /// Count findings by one or two fields
    ///
    /// Takes the filters of `ls`, and leaves out the same findings.
    Summary(SummaryArgs),
    /// Show why a finding is as urgent as it is
    ///
    /// What counts, with how many points of how many, which report says so, what would lower the score
    /// most, and what is not known. The points sum to the score.
    Explain(ExplainArgs),
    /// Show, preview or change the rules of priority
    ///
    /// The operator's rules (points, floors, deadlines, crown jewels, environments) stand over those of
    /// Muster. Preview shows what they would do; activate brings them into force.
    Priority(PriorityArgs),
    /// Show how far the AWS Security Maturity Model is followed
    ///
    /// Each of its 65 recommendations is met, partly met, unmet, unknown or attested, by what findings,
    /// products and decisions say; then what to do next. Nothing seen is unknown, never met.
    #[command(after_help = topics::MATURITY)]
    Maturity(MaturityArgs),
    /// Vouch for what no finding can show, until a time
    ///
    /// An attestation fills what findings leave open, and never outweighs one that speaks against it.
    #[command(after_help = topics::ATTEST)]
    Attest(AttestArgs),
    /// Durable consumers: make, show, move and read them
    ///
    /// A subscription keeps what its consumer has acknowledged. What is not acknowledged comes again;
    /// what fails too often is parked, and shown.
    #[command(visible_alias = "subs", after_help = topics::SUBSCRIPTIONS)]
    Subscriptions(SubscriptionsArgs),
    /// Show documents that could not be understood
    ///
    /// They are kept, with the reason, and read again with the next sweep once that is mended.
    Unmapped(UnmappedArgs),
    /// Print a completion script for a shell
    ///
    /// For example: muster completions bash > ~/.local/share/bash-completion/completions/muster
    Completions(CompletionsArgs),
    /// Print the version
    Version,
    /// What the exit codes mean
    #[command(hide = true, help_template = topics::EXIT_CODES_TEMPLATE.as_str())]
    ExitCodes,
    /// How to write filters
    #[command(hide = true, help_template = topics::FILTERS)]
    Filters,
    /// Output formats and their schema
    #[command(hide = true, help_template = topics::OUTPUT)]
    Output,
    /// Environment variables
    #[command(hide = true, help_template = topics::ENVIRONMENT)]
    Environment,
}

/// `muster ls`.
#[derive(Debug, Args)]
pub(crate) struct LsArgs {
    /// Print at most this many; 0 prints all [default: 50 for table and wide, all otherwise]
    #[arg(short = 'n', long, value_name = "N", help_heading = "Which page")]
    pub(crate) limit: Option<u32>,

    /// Go on where an earlier list with the same filter and order ended
    #[arg(long, value_name = "TOKEN", help_heading = "Which page")]
    pub(crate) page_token: Option<String>,

    /// Order: priority, newest or changed
    #[arg(
        long,
        value_enum,
        value_name = "ORDER",
        default_value_t = Order::Priority,
        hide_possible_values = true,
        help_heading = "Which page"
    )]
    pub(crate) order: Order,

    /// How much of each finding JSON holds: basic, full or raw
    #[arg(
        long,
        value_enum,
        value_name = "VIEW",
        default_value_t = View::Basic,
        hide_possible_values = true
    )]
    pub(crate) view: View,

    /// Exit with 10 when a listed kind of finding also matches this filter
    #[arg(long, value_name = "FILTER")]
    pub(crate) fail_on: Option<String>,

    #[command(flatten)]
    pub(crate) filter: FilterArgs,
}

/// Order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Order {
    /// Most urgent first
    Priority,
    /// Newest first, by the time it was first stored
    Newest,
    /// Last changed first
    Changed,
}

impl From<Order> for FindingOrder {
    fn from(order: Order) -> Self {
        match order {
            Order::Priority => Self::Priority,
            Order::Newest => Self::Newest,
            Order::Changed => Self::RecentlyChanged,
        }
    }
}

/// How much of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum View {
    /// What a list needs
    Basic,
    /// All but the documents of the sources
    Full,
    /// All
    Raw,
}

impl From<View> for FindingView {
    fn from(view: View) -> Self {
        match view {
            View::Basic => Self::Basic,
            View::Full => Self::Full,
            View::Raw => Self::Raw,
        }
    }
}

/// `muster get`.
#[derive(Debug, Args)]
pub(crate) struct GetArgs {
    /// Finding ids, or unique prefixes of 4 characters or more
    #[arg(required = true, value_name = "ID")]
    pub(crate) ids: Vec<String>,

    /// Print the documents of the sources as they were read; with -o json, include them
    #[arg(long)]
    pub(crate) raw: bool,
}

/// `muster watch`.
#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    /// Show only changes from now on
    #[arg(long)]
    pub(crate) no_snapshot: bool,

    /// Lines of the snapshot that table and wide show; 0 shows all
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
    pub(crate) limit: u64,

    /// Keep the position in this file and resume there: what was printed once is not lost and, up to
    /// the last batch, not printed again
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) cursor_file: Option<PathBuf>,

    /// The server sends something at least this often; after three silent intervals the connection
    /// is made again
    #[arg(long, value_name = "DURATION", default_value = "15s", value_parser = parse_positive)]
    pub(crate) heartbeat: Duration,

    /// How much of each finding JSON holds: basic, full or raw
    #[arg(
        long,
        value_enum,
        value_name = "VIEW",
        default_value_t = View::Basic,
        hide_possible_values = true
    )]
    pub(crate) view: View,

    #[command(flatten)]
    pub(crate) filter: FilterArgs,
}

/// `muster history`.
#[derive(Debug, Args)]
pub(crate) struct HistoryArgs {
    /// Finding id, or a unique prefix of 4 characters or more
    #[arg(value_name = "ID")]
    pub(crate) id: String,

    /// Print at most this many entries; 0 prints all
    #[arg(short = 'n', long, value_name = "N", default_value_t = 50)]
    pub(crate) limit: u32,
}

/// `muster units`.
#[derive(Debug, Args)]
pub(crate) struct UnitsArgs {
    /// Only units that are not healthy
    #[arg(long)]
    pub(crate) problems: bool,
}

/// `muster summary`.
#[derive(Debug, Args)]
pub(crate) struct SummaryArgs {
    /// One or two of severity, band, status, triage, class, source, account, region, assignee, rule
    #[arg(
        long,
        value_name = "FIELD[,FIELD]",
        value_delimiter = ',',
        num_args = 1..=2,
        default_value = "severity"
    )]
    pub(crate) by: Vec<String>,

    /// Largest groups to print, at most 1000
    #[arg(
        short = 'n',
        long,
        value_name = "N",
        default_value_t = 100,
        value_parser = clap::value_parser!(u16).range(1..=1000)
    )]
    pub(crate) limit: u16,

    #[command(flatten)]
    pub(crate) filter: FilterArgs,
}

/// `muster unmapped`.
#[derive(Debug, Args)]
pub(crate) struct UnmappedArgs {
    /// Only from this unit, as `muster units` names it
    #[arg(long, value_name = "UNIT")]
    pub(crate) unit: Option<String>,

    /// Print at most this many; 0 prints all
    #[arg(short = 'n', long, value_name = "N", default_value_t = 50)]
    pub(crate) limit: u32,

    /// Print the documents as they were read
    #[arg(long)]
    pub(crate) raw: bool,
}

/// `muster completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub(crate) shell: Shell,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn global_options_are_taken_before_and_after_the_command() {
        for line in [["muster", "-o", "json", "ls"], ["muster", "ls", "-o", "json"]] {
            assert_eq!(Cli::try_parse_from(line).unwrap().global.output, Format::Json);
        }
    }

    #[test]
    fn every_command_has_a_one_line_help() {
        for command in Cli::command().get_subcommands() {
            let about = command.get_about().unwrap().to_string();
            assert!(about.len() < 80 && !about.ends_with('.'), "{}: {about}", command.get_name());
        }
    }
}
