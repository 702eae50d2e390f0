//! What the command line needs from its process.

use std::io::{self, BufRead, BufReader, BufWriter, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anstream::{AutoStream, ColorChoice};
use jiff::Timestamp;
use uuid::Uuid;

use super::args::{Color, GlobalArgs};
use super::ui::Ui;
use crate::backoff::system_random;
use crate::{Client, InvalidServer};

/// Makes a client of a server that is named like `http://127.0.0.1:7443`.
pub type Connect = Box<dyn FnOnce(&str) -> Result<Client, InvalidServer> + Send>;

/// Where something is printed.
pub type Output = Box<dyn Write + Send + Sync>;

/// A process, or what a test puts in its place.
pub struct Host {
    /// Where data goes.
    pub stdout: Output,
    /// Where everything else goes.
    pub stderr: Output,
    /// Where ids and answers come from.
    pub stdin: Box<dyn BufRead + Send>,
    /// Somebody can be asked: stdin and stderr are terminals.
    pub interactive: bool,
    /// Columns of the terminal that stdout is; `None` when it is none.
    pub width: Option<usize>,
    /// Whether `--color auto` colours stdout.
    pub color_stdout: bool,
    /// Whether `--color auto` colours stderr.
    pub color_stderr: bool,
    /// The user's name, for the actor.
    pub user: Option<String>,
    /// What time it is.
    pub now: fn() -> Timestamp,
    /// A new id for a write.
    pub request_id: Box<dyn FnMut() -> Uuid + Send + Sync>,
    /// A number from 0 to 1, for jitter.
    pub random: fn() -> f64,
    /// Makes the client.
    pub connect: Connect,
    /// Set while writes are under way: an interrupt then says so.
    pub writing: Arc<AtomicBool>,
}

/// What is left of a host when its streams are taken.
pub(crate) struct Rest {
    pub(crate) stdin: Box<dyn BufRead + Send>,
    pub(crate) interactive: bool,
    pub(crate) user: Option<String>,
    pub(crate) request_id: Box<dyn FnMut() -> Uuid + Send + Sync>,
    pub(crate) random: fn() -> f64,
    pub(crate) connect: Connect,
    pub(crate) writing: Arc<AtomicBool>,
}

impl Host {
    /// This process.
    pub fn system() -> Self {
        let env = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
        let width = io::stdout().is_terminal().then(|| {
            let columns = env("COLUMNS").and_then(|columns| columns.parse().ok());
            let measured = || terminal_size::terminal_size_of(io::stdout());
            columns.or_else(|| measured().map(|(width, _)| usize::from(width.0))).unwrap_or(80)
        });
        let colors = |choice| !matches!(choice, ColorChoice::Never);
        Self {
            stdout: Box::new(BufWriter::with_capacity(64 * 1024, io::stdout())),
            stderr: Box::new(io::stderr()),
            stdin: Box::new(BufReader::new(io::stdin())),
            interactive: io::stdin().is_terminal() && io::stderr().is_terminal(),
            width,
            color_stdout: colors(AutoStream::choice(&io::stdout())),
            color_stderr: colors(AutoStream::choice(&io::stderr())),
            user: env("USER").or_else(|| env("LOGNAME")),
            now: Timestamp::now,
            request_id: Box::new(Uuid::new_v4),
            random: system_random,
            connect: Box::new(Client::connect_lazy),
            writing: Arc::default(),
        }
    }

    pub(crate) fn into_ui(self, global: &GlobalArgs) -> (Ui, Rest) {
        let color = |auto| match global.color {
            Color::Auto => auto,
            Color::Always => true,
            Color::Never => false,
        };
        let ui = Ui {
            out: self.stdout,
            err: self.stderr,
            color_out: color(self.color_stdout),
            color_err: color(self.color_stderr),
            quiet: global.quiet,
            width: self.width,
            now: self.now,
        };
        let rest = Rest {
            stdin: self.stdin,
            interactive: self.interactive,
            user: self.user,
            request_id: self.request_id,
            random: self.random,
            connect: self.connect,
            writing: self.writing,
        };
        (ui, rest)
    }
}
