//! Arguments of the commands that move reports between findings.

use clap::Args;

/// `muster merge`.
#[derive(Debug, Clone, Args)]
pub(crate) struct MergeArgs {
    /// The finding that gives its reports away: its id, or a unique prefix of 4 characters or more
    #[arg(value_name = "FROM")]
    pub(crate) from: String,

    /// The finding that takes them
    #[arg(long, value_name = "ID")]
    pub(crate) into: String,

    /// Why, for the history of both
    #[arg(short = 'm', long, value_name = "TEXT")]
    pub(crate) comment: String,
}

/// `muster split`.
#[derive(Debug, Clone, Args)]
pub(crate) struct SplitArgs {
    /// The finding: its id, or a unique prefix of 4 characters or more
    #[arg(value_name = "ID")]
    pub(crate) id: String,

    /// The report: its number in `muster get`, or its key (`reports[].key` in JSON)
    #[arg(value_name = "REPORT")]
    pub(crate) report: String,

    /// Why, for the history of both
    #[arg(short = 'm', long, value_name = "TEXT")]
    pub(crate) comment: String,
}
