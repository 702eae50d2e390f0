//! Runs the command line in this process, against a scripted server.

use std::io::{Cursor, Write};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use muster_client::cli::{Exit, Host, Output, run};
use uuid::Uuid;

use crate::fake::Fake;

/// How the command line is run.
pub(crate) struct Terminal {
    pub(crate) width: Option<usize>,
    pub(crate) color: bool,
    pub(crate) interactive: bool,
    pub(crate) stdin: String,
}

/// In a script: nothing is a terminal.
pub(crate) const SCRIPT: Terminal =
    Terminal { width: None, color: false, interactive: false, stdin: String::new() };

/// What a run of the command line left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) exit: Exit,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Both streams and the exit code, for snapshots.
    pub(crate) fn all(&self) -> String {
        format!("{}----- stderr\n{}----- {:?}\n", self.stdout, self.stderr, self.exit)
    }
}

/// Noon of the first of December, when every test takes place.
pub(crate) fn now() -> Timestamp {
    "2026-12-01T12:00:00Z".parse().unwrap()
}

/// Runs a line, as a shell splits it on spaces.
pub(crate) async fn muster(fake: &Fake, line: &str) -> Ran {
    muster_args(fake, SCRIPT, &line.split_whitespace().collect::<Vec<_>>()).await
}

pub(crate) async fn muster_args(fake: &Fake, terminal: Terminal, args: &[&str]) -> Ran {
    let (stdout, stderr) = (Shared::default(), Shared::default());
    let host = host(fake, terminal, Box::new(stdout.clone()), Box::new(stderr.clone()));
    let args = ["muster"].iter().chain(args).map(Into::into).collect();

    let exit = run(args, host).await;

    Ran { exit, stdout: stdout.text(), stderr: stderr.text() }
}

pub(crate) fn host(fake: &Fake, terminal: Terminal, stdout: Output, stderr: Output) -> Host {
    let client = fake.client();
    let mut ids = 0;
    Host {
        stdout,
        stderr,
        stdin: Box::new(Cursor::new(terminal.stdin.into_bytes())),
        interactive: terminal.interactive,
        width: terminal.width,
        color_stdout: terminal.color,
        color_stderr: terminal.color,
        user: Some("alice".into()),
        now,
        request_id: Box::new(move || {
            ids += 1;
            Uuid::from_u128(ids)
        }),
        random: || 1.0,
        connect: Box::new(|_server| Ok(client)),
        writing: Arc::default(),
    }
}

/// A stream that a test reads afterwards.
#[derive(Clone, Default)]
pub(crate) struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
