//! `musterd` as a child process.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use muster_client::Client;
use muster_testkit::{Config, ControlFindings, Emulator, Limits, Scope, World};

/// How long anything may take before the test fails instead of hanging. Not a measure: a machine
/// under load must pass.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// The account of the emulator.
pub(crate) const ACCOUNT: &str = "123456789012";

/// Where everything is.
pub(crate) fn scope() -> Scope {
    Scope::new(ACCOUNT, "eu-central-1")
}

/// An emulator with Security Hub and nothing in it, without rate limits.
pub(crate) async fn emulator() -> Emulator {
    let now = jiff::Timestamp::now();
    let mut world = World::new(1, now);
    world.add_account(ACCOUNT);
    world.enable_security_hub(&scope(), ControlFindings::PerControl);
    Emulator::start(Config::new(world).limits(Limits::unlimited())).await.unwrap()
}

/// `musterd` with nothing from the environment but what is given.
pub(crate) fn musterd(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_musterd"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    // Where temporary files go is the machine's business.
    for name in ["TMPDIR", "PATH"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

/// `musterd serve` on a free port, against an emulator.
pub(crate) fn serve(data_dir: &Path, emulator: &str) -> Command {
    let mut command = musterd(&["serve"]);
    command
        .env("MUSTER_LISTEN", "127.0.0.1:0")
        .env("MUSTER_DATA_DIR", data_dir)
        .env("MUSTER_LOG_FORMAT", "json")
        .env("MUSTER_ACCOUNTS", ACCOUNT)
        .env("MUSTER_COLLECT_REGIONS", "eu-central-1")
        .env("MUSTER_COLLECT_SOURCES", "securityhub")
        .env("MUSTER_COLLECT_ENDPOINT", emulator)
        .env("MUSTER_COLLECT_INTERVAL_SECURITYHUB", "1s")
        .env("MUSTER_COLLECT_SWEEP_INTERVAL", "1s")
        .env("AWS_ACCESS_KEY_ID", "AKIAMUSTERTEST000000")
        .env("AWS_SECRET_ACCESS_KEY", "nothing");
    command
}

/// A running server.
pub(crate) struct Server {
    child: Child,
    log: Receiver<String>,
    pub(crate) address: String,
}

impl Server {
    /// Starts it and waits until it serves.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let stderr = child.stderr.take().unwrap();
        let (tell, log) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
        let mut server = Self { child, log, address: String::new() };
        let line = server.wait_for("serving");
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        line["address"].as_str().unwrap().clone_into(&mut server.address);
        server
    }

    /// Waits for a log line with that message.
    pub(crate) fn wait_for(&self, message: &str) -> String {
        let wanted = format!("\"message\":\"{message}\"");
        let mut lines = Vec::new();
        loop {
            match self.log.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(&wanted) => return line,
                Ok(line) => lines.push(line),
                Err(error) => panic!("no `{message}` ({error}) in:\n{}", lines.join("\n")),
            }
        }
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect_lazy(&self.address).unwrap().with_actor("user:test").unwrap()
    }

    /// kill -9.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and how it ended.
    pub(crate) fn terminate(mut self) -> ExitStatus {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Gone already, mostly.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What a program printed to standard error.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
