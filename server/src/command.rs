//! The command line of `musterd`.
//!
//! Exit codes: 0 done, 1 failed (every cause is printed), 2 wrong usage, 78 a wrong setting
//! (`EX_CONFIG`).

mod demo;
mod doctor;
mod intel;
mod offline;
mod serve;

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs, io};

use clap::{Parser, Subcommand};
use muster_core::unit::SourceKind;

use crate::app::AppError;
use crate::config::{Config, ConfigError};
use crate::refold::Mode;
use crate::rules::{self, RulesError};

/// A wrong setting, as in `sysexits.h`.
pub const EX_CONFIG: u8 = 78;

/// Collects AWS security findings, ranks them, remembers decisions, streams them over gRPC.
#[derive(Debug, Parser)]
#[command(name = "musterd", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Collect and serve until SIGTERM or SIGINT.
    Serve {
        /// The settings file; each setting can also be given as a variable (`MUSTER_LISTEN`…).
        #[arg(long, value_name = "FILE", env = "MUSTER_CONFIG")]
        config: Option<PathBuf>,
        /// A file with weakness classes of your own; wins over the setting.
        #[arg(long, value_name = "FILE")]
        weakness_classes: Option<PathBuf>,
    },
    /// Try it without AWS: an emulator with made-up findings, a temporary store.
    Demo(demo::Options),
    /// Walk a whole store and check what must hold. The server must be stopped.
    Verify(DataDir),
    /// Write a whole store as one checksummed stream. The server must be stopped.
    Export {
        #[command(flatten)]
        data: DataDir,
        /// Where to; standard output when absent.
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Make a store from an exported stream, in a directory that has none.
    Import {
        #[command(flatten)]
        data: DataDir,
        /// From where; standard input when absent.
        #[arg(long, short, value_name = "FILE")]
        input: Option<PathBuf>,
    },
    /// Show what other weakness classes would do to a store, and with `--apply` do it. The server must
    /// be stopped.
    Refold {
        #[command(flatten)]
        data: DataDir,
        /// A file with weakness classes of your own, over those of this program: the one that the
        /// server is given.
        #[arg(long, value_name = "FILE", env = "MUSTER_WEAKNESS_CLASSES")]
        weakness_classes: Option<PathBuf>,
        /// Move the reports, and bring the classes into force.
        #[arg(long)]
        apply: bool,
    },
    /// Bring published intelligence about vulnerabilities, or show what is there. The server may run:
    /// it reads what changed within a day.
    Intel {
        #[command(subcommand)]
        command: intel::Command,
    },
    /// Look whether collection can work, before or after a start: credentials, each account, Region
    /// and product, the disk, the clock. Reads a first page of each; stores nothing. Exits with 1 when
    /// something must be done.
    Doctor {
        /// The settings file, as of `serve`.
        #[arg(long, value_name = "FILE", env = "MUSTER_CONFIG")]
        config: Option<PathBuf>,
        /// How to write it.
        #[arg(long, short, value_enum, default_value = "text")]
        output: doctor::Format,
    },
    /// What IAM must allow.
    Iam {
        #[command(subcommand)]
        command: IamCommand,
    },
    /// The same as `iam policy`.
    #[command(hide = true)]
    IamPolicy(PolicyOptions),
}

#[derive(Debug, Subcommand)]
enum IamCommand {
    /// Print the least-privilege policy for the sources, from the table of operations that the code
    /// calls.
    Policy(PolicyOptions),
}

#[derive(Debug, clap::Args)]
struct PolicyOptions {
    /// Which sources; those that are collected by default when absent.
    #[arg(long, value_delimiter = ',', value_parser = source)]
    sources: Vec<SourceKind>,
}

#[derive(Debug, clap::Args)]
struct DataDir {
    /// The data directory.
    #[arg(long, value_name = "DIR", env = "MUSTER_DATA_DIR", default_value = "muster-data")]
    data_dir: PathBuf,
}

fn source(name: &str) -> Result<SourceKind, String> {
    SourceKind::collected_from_name(name).ok_or_else(|| {
        format!("expected one of {}", SourceKind::COLLECTED.map(SourceKind::as_str).join(", "))
    })
}

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Serve { config, weakness_classes } => match settings(config.as_deref()) {
            Ok(mut config) => {
                config.weakness_classes = weakness_classes.or(config.weakness_classes);
                match serve::run(config) {
                    Err(error) if is_setting(error.as_ref()) => {
                        return fail(EX_CONFIG, error.as_ref());
                    }
                    outcome => outcome,
                }
            }
            Err(error) => return fail(EX_CONFIG, error.as_ref()),
        },
        Command::Demo(options) => demo::run(&options),
        Command::Verify(data) => offline::verify(&data.data_dir),
        Command::Export { data, output } => offline::export(&data.data_dir, output.as_deref()),
        Command::Import { data, input } => offline::import(&data.data_dir, input.as_deref()),
        Command::Refold { data, weakness_classes, apply } => {
            let mode = if apply { Mode::Apply } else { Mode::DryRun };
            match rules::configured(weakness_classes.as_deref()) {
                Ok(classes) => offline::refold(&data.data_dir, &classes, mode),
                Err(error) => return fail(EX_CONFIG, &error),
            }
        }
        Command::Intel { command } => intel::run(&command),
        Command::Doctor { config, output } => match settings(config.as_deref()) {
            Ok(config) => match doctor::run(&config, output) {
                Ok(false) => return ExitCode::from(1),
                outcome => outcome.map(drop),
            },
            Err(error) => return fail(EX_CONFIG, error.as_ref()),
        },
        Command::Iam { command: IamCommand::Policy(options) } | Command::IamPolicy(options) => {
            iam_policy(&options.sources)
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(1, error.as_ref()),
    }
}

/// Whether something must be set or done before a server can start.
fn is_setting(error: &(dyn Error + 'static)) -> bool {
    matches!(
        error.downcast_ref::<AppError>(),
        Some(AppError::Rules(
            RulesError::Unfinished | RulesError::File { .. } | RulesError::Operator(_)
        ))
    )
}

/// Reads the settings. This and the SDK's credential chain are the only readers of the environment.
fn settings(file: Option<&Path>) -> Result<Config, Box<dyn Error>> {
    let text = file.map(read).transpose()?;
    Ok(Config::read(text.as_deref(), |name| env::var(name).ok())?)
}

fn read(file: &Path) -> Result<String, ConfigError> {
    fs::read_to_string(file).map_err(|error| ConfigError::Value {
        name: "--config".to_owned(),
        value: file.display().to_string(),
        expected: format!("a file that can be read ({error})"),
    })
}

fn iam_policy(sources: &[SourceKind]) -> Result<(), Box<dyn Error>> {
    let default = SourceKind::DEFAULT;
    let sources = if sources.is_empty() { &default[..] } else { sources };
    writeln!(io::stdout(), "{}", muster_sources::operations::iam_policy(sources))?;
    Ok(())
}

/// Prints an error with every cause.
fn fail(code: u8, error: &dyn Error) -> ExitCode {
    let mut text = format!("error: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str("\n  caused by: ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    // Nobody reads standard error: the exit code still tells.
    drop(writeln!(io::stderr(), "{text}"));
    ExitCode::from(code)
}
