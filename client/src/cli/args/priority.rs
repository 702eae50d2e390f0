//! Arguments of `muster explain` and `muster priority`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `muster explain`.
#[derive(Debug, Clone, Args)]
pub(crate) struct ExplainArgs {
    /// The finding: its id, or a unique beginning of it
    #[arg(value_name = "ID")]
    pub(crate) id: String,
}

/// `muster priority`.
#[derive(Debug, Clone, Args)]
pub(crate) struct PriorityArgs {
    #[command(subcommand)]
    pub(crate) command: PriorityCommand,
}

/// What to do with the rules.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum PriorityCommand {
    /// Print the rules in force
    Show {
        /// Only the operator's own, as they were activated
        #[arg(long)]
        own: bool,
    },
    /// Show what rules of yours would do
    Preview {
        /// A file with your rules (TOML); an empty one stands for none
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Bring rules of yours into force
    Activate {
        /// A file with your rules (TOML); an empty one stands for none
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Only when these are in force now: the hash that `show` or `preview` printed
        #[arg(long, value_name = "HASH", default_value = "")]
        over: String,
    },
}
