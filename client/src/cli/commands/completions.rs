//! `muster completions`.

use clap::CommandFactory;

use crate::cli::args::{Cli, CompletionsArgs};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::session::Session;

/// Prints the script. Made in memory first: the generator panics on a closed pipe.
pub(super) fn run(session: &mut Session, args: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "muster", &mut script);
    session.ui.bytes(&script)?;
    Ok(Exit::Ok)
}
