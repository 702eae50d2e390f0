//! The command line: arguments in, output and an exit code out.
//!
//! Parts: `args` says what can be typed; `commands` has a file for each command; `output` prints
//! tables, JSON and CSV; [`Exit`] is every exit code. Everything that a command needs from its
//! process comes in a [`Host`], so a test runs the same code without one.
//!
//! Invariants:
//! - Data goes to stdout, everything else to stderr. A closed pipe is not an error.
//! - No text of a finding reaches a terminal but through `SafeText`, or as JSON with its hostile
//!   characters escaped.
//! - One place makes exit codes from failures (`failure`), one asks before it changes much
//!   (`commands::triage::confirm`).

mod args;
mod commands;
mod coverage;
mod duration;
mod exit;
mod failure;
mod host;
mod ids;
mod output;
mod pages;
mod safe_text;
mod session;
mod time;
mod topics;
mod ui;
mod words;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Parser;

use args::Cli;
pub use exit::Exit;
use failure::Failure;
pub use host::{Connect, Host, Output};
use session::Session;

/// Runs `muster` in this process: its arguments, streams and environment.
pub fn main() -> ExitCode {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            drop(writeln!(std::io::stderr(), "error: failed to start the runtime: {error}"));
            return Exit::Failure.into();
        }
    };
    let writing = Arc::new(AtomicBool::new(false));
    let host = Host { writing: Arc::clone(&writing), ..Host::system() };
    let exit = runtime.block_on(async {
        // A task of its own: this one stays free for Ctrl-C while that one is stuck in a full pipe.
        let command = tokio::spawn(run(std::env::args_os().collect(), host));
        tokio::select! {
            exit = command => exit.unwrap_or(Exit::Failure),
            _ = tokio::signal::ctrl_c() => {
                interrupted(writing.load(Ordering::SeqCst));
                Exit::Interrupted
            }
        }
    });
    // Not dropped: that would wait for a thread that reads from the terminal.
    runtime.shutdown_background();
    exit.into()
}

fn interrupted(while_writing: bool) {
    if while_writing {
        drop(writeln!(
            std::io::stderr(),
            "warning: interrupted: some findings may have been changed; it is safe to repeat the \
             command"
        ));
    }
}

/// Runs one command line, `args[0]` included, and says how it ended.
pub async fn run(args: Vec<OsString>, mut host: Host) -> Exit {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return usage(&error, &mut host),
    };
    let (mut ui, rest) = host.into_ui(&cli.global);
    let ended = match Session::new(&cli.global, ui, rest) {
        Ok(mut session) => {
            let ended = commands::run(&mut session, &cli.command).await;
            ui = session.ui;
            ended
        }
        Err((returned, failure)) => {
            ui = *returned;
            Err(failure)
        }
    };
    let flushed = ui.flush().map_err(Failure::from);
    match ended.and_then(|exit| flushed.map(|()| exit)) {
        Ok(exit) => exit,
        Err(Failure::ClosedPipe) => Exit::Ok,
        Err(Failure::Told(told)) => {
            ui.error(&told);
            told.exit
        }
    }
}

/// Prints help, the version, or what is wrong with the arguments.
fn usage(error: &clap::Error, host: &mut Host) -> Exit {
    let text = error.render();
    let (stream, color) = if error.use_stderr() {
        (&mut host.stderr, host.color_stderr)
    } else {
        (&mut host.stdout, host.color_stdout)
    };
    let text = if color { text.ansi().to_string() } else { text.to_string() };
    // Help into a closed pipe is as good as read.
    drop(stream.write_all(text.as_bytes()));
    drop(stream.flush());
    if error.use_stderr() { Exit::Usage } else { Exit::Ok }
}
