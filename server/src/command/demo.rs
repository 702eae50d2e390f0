//! `musterd demo`: everything but AWS.
//!
//! The real server, collectors and SDK run against the emulator of `muster-testkit`, in which a
//! made-up company with four accounts lives through a busy day. The store is temporary.

mod show;

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use muster_core::unit::SourceKind;
use muster_sources::aws::StaticKeys;
use muster_testkit::{Config as EmulatorConfig, Emulator, demo};
use tokio_util::sync::CancellationToken;

use self::show::Screen;
use super::serve::on_signal;
use crate::app::{App, AppError};
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, ConfigError};
use crate::telemetry;

/// Where the command line looks for a server by itself.
const DEFAULT_LISTEN: &str = "127.0.0.1:7443";

/// How often the made-up world moves on.
const TICK: Duration = Duration::from_secs(1);

/// Of the demo.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Where the API listens (loopback only); default 127.0.0.1:7443, or any free port when that is
    /// taken.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Stop by itself after so many seconds.
    #[arg(long, value_name = "N")]
    seconds: Option<u64>,
    /// Another seed makes another company.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Which log lines are written to standard error.
    #[arg(long, value_name = "DIRECTIVES", default_value = "error")]
    log: String,
}

/// Runs until a signal, or for as long as the options say.
pub(super) fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    telemetry::log(&options.log, crate::config::LogFormat::Text);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(demonstrate(options))
}

async fn demonstrate(options: &Options) -> Result<(), Box<dyn Error>> {
    let directory = tempfile::Builder::new().prefix("muster-demo-").tempdir()?;
    let clock = Arc::new(SystemClock);
    let now = jiff::Timestamp::from_millisecond(clock.now().0)?;
    let emulator = Emulator::start(EmulatorConfig::new(demo::world(options.seed, now))).await?;
    let data_dir = directory.path().display().to_string();
    let settings = |listen: &str| settings(listen, &data_dir, emulator.url());

    let listen = options.listen.map_or_else(|| DEFAULT_LISTEN.to_owned(), |at| at.to_string());
    let app = match App::build(settings(&listen)?, clock.clone()).await {
        Err(AppError::Listen { .. }) if options.listen.is_none() => {
            App::build(settings("127.0.0.1:0")?, clock).await?
        }
        other => other?,
    };
    let app = app.with_keys(&StaticKeys {
        access_key_id: "AKIAMUSTERDEMO000000".to_owned(),
        secret_access_key: "the emulator checks no signature".to_owned(),
        session_token: None,
    });

    let stop = CancellationToken::new();
    tokio::spawn(on_signal(stop.clone()));
    let screen = Screen::new(app.backend().clone());
    Screen::welcome(app.address(), app.address().to_string() != DEFAULT_LISTEN, emulator.url())?;
    let life = live(emulator, options.seed, stop.clone());
    let shown = screen.run(stop.clone());
    let limit = async {
        match options.seconds {
            Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
            None => std::future::pending().await,
        }
        stop.cancel();
    };
    let running = app.run(stop.clone());
    tokio::pin!(life, shown, limit, running);
    let (mut closed, mut limited) = (None, false);
    loop {
        tokio::select! {
            ended = &mut running => {
                ended?;
                break;
            }
            // Nobody reads any more: stop as if told to.
            outcome = &mut shown, if closed.is_none() => {
                closed = Some(outcome);
                stop.cancel();
            }
            () = &mut life => {}
            () = &mut limit, if !limited => limited = true,
        }
    }
    match closed {
        Some(Err(error)) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        Some(_) | None => Ok(()),
    }
}

/// Lets the made-up world live, second by second.
async fn live(emulator: Emulator, seed: u64, stop: CancellationToken) {
    let mut scenario = demo::scenario(seed);
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = ticks.tick() => {}
        }
        for event in scenario.advance(TICK) {
            if let Err(error) = emulator.apply(event) {
                tracing::error!(%error, "the story does not fit the world");
            }
        }
    }
    // The emulator stays until the collectors have stopped.
    std::future::pending::<()>().await;
}

/// The settings that a file would give, with short intervals.
fn settings(listen: &str, data_dir: &str, emulator: &str) -> Result<Config, ConfigError> {
    let roles = demo::ACCOUNTS
        .iter()
        .skip(1)
        .map(|(account, _)| format!("arn:aws:iam::{account}:role/MusterReader"));
    let own = demo::ACCOUNTS.iter().take(1).map(|(account, _)| (*account).to_owned());
    let accounts = own.chain(roles).collect::<Vec<_>>().join(",");
    let regions = demo::REGIONS.join(",");
    let sources = SourceKind::COLLECTED.map(SourceKind::as_str).join(",");
    Config::read(None, |variable| {
        let value = match variable {
            "MUSTER_LISTEN" => listen,
            "MUSTER_DATA_DIR" => data_dir,
            "MUSTER_ACCOUNTS" => &accounts,
            "MUSTER_COLLECT_REGIONS" => &regions,
            "MUSTER_COLLECT_SOURCES" => &sources,
            "MUSTER_COLLECT_ENDPOINT" => emulator,
            "MUSTER_COLLECT_SWEEP_INTERVAL" => "15s",
            "MUSTER_DRAIN_TIMEOUT" => "5s",
            name if name.starts_with("MUSTER_COLLECT_INTERVAL_") => "2s",
            _ => return None,
        };
        Some(value.to_owned())
    })
}
