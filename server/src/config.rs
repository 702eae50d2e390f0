//! The settings: read once, into values that cannot be wrong.
//!
//! A setting comes from its environment variable, else from the file, else it has a default. The
//! variable of `collect.interval.guardduty` is `MUSTER_COLLECT_INTERVAL_GUARDDUTY`: upper case, dots
//! become underscores. README.md lists the settings; the test below keeps that list complete.

mod value;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use muster_core::ids::{AccountId, Region};
use muster_core::unit::SourceKind;

pub use self::value::ConfigError;
use self::value::{Settings, list, one_of};
use crate::collect::Schedule;

/// What the process needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where the gRPC API listens; loopback only, since it has no TLS yet.
    pub listen: SocketAddr,
    /// Where metrics are served in Prometheus' text format; `None` is off. Loopback only.
    pub metrics_listen: Option<SocketAddr>,
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// Which log lines are written, as in `info` or `muster_server=debug,warn`.
    pub log: String,
    /// How log lines are written.
    pub log_format: LogFormat,
    /// How long a stop may take before what is left is cut.
    pub drain: Duration,
    /// Closed findings and log entries are kept so long.
    pub retention: Duration,
    /// The operator's weakness classes, over those of this program.
    pub weakness_classes: Option<PathBuf>,
    /// The most watchers at once.
    pub watchers_max: usize,
    /// The longest a unary call may take.
    pub call_timeout: Duration,
    /// The most calls at work at once.
    pub calls_max: usize,
    /// What is collected.
    pub collect: CollectConfig,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Text for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What is collected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectConfig {
    /// Which products.
    pub sources: Vec<SourceKind>,
    /// Which Regions.
    pub regions: Vec<Region>,
    /// Which accounts; empty means the one that the credentials belong to.
    pub accounts: Vec<AccountConfig>,
    /// The endpoint of every service, for an emulator; `None` is AWS's own.
    pub endpoint: Option<String>,
    /// How often.
    pub schedule: Schedule,
    /// How often a call is attempted in all.
    pub attempts_max: u32,
}

/// How an account is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountConfig {
    /// The account; `None` asks STS.
    pub id: Option<AccountId>,
    /// A role to assume in it.
    pub role_arn: Option<String>,
    /// What the role's trust policy asks for.
    pub external_id: Option<String>,
    /// A profile of the shared configuration.
    pub profile: Option<String>,
}

const LOOPBACK: &str = "a loopback address and port such as 127.0.0.1:7443 (this version has no TLS \
                        yet, so it serves no other)";

impl Config {
    /// Reads the settings: `file` is the text of `muster.toml`, `lookup` gives environment variables.
    ///
    /// # Errors
    ///
    /// The setting, where it was set, its value and what was expected. Settings that do not exist
    /// are errors too.
    pub fn read(
        file: Option<&str>,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let region = lookup("AWS_REGION").or_else(|| lookup("AWS_DEFAULT_REGION"));
        let mut settings = Settings::new(file, lookup)?;
        let config = Self {
            listen: settings.parse("listen", "127.0.0.1:7443", LOOPBACK, loopback)?,
            metrics_listen: settings.parse("metrics_listen", "", LOOPBACK, |text| {
                if text.is_empty() { Some(None) } else { loopback(text).map(Some) }
            })?,
            data_dir: settings.parse("data_dir", "muster-data", "a directory", |text| {
                (!text.is_empty()).then(|| PathBuf::from(text))
            })?,
            log: settings.parse(
                "log",
                "info",
                "a level or directives, such as info",
                directives,
            )?,
            log_format: settings.parse(
                "log_format",
                "text",
                "text or json",
                |text| match text {
                    "text" => Some(LogFormat::Text),
                    "json" => Some(LogFormat::Json),
                    _ => None,
                },
            )?,
            drain: settings.duration("drain_timeout", "25s")?,
            retention: settings.duration("retention", "90d")?,
            weakness_classes: settings
                .optional("weakness_classes", "a file", |text| Some(PathBuf::from(text)))?,
            watchers_max: settings.number("limits.watchers", "1000", 1..=100_000)?,
            call_timeout: settings.duration("limits.call_timeout", "30s")?,
            calls_max: settings.number("limits.calls", "256", 1..=100_000)?,
            collect: collect(&mut settings, region.as_deref())?,
        };
        settings.finish()?;
        Ok(config)
    }
}

fn collect(
    settings: &mut Settings<'_>,
    region: Option<&str>,
) -> Result<CollectConfig, ConfigError> {
    let kinds = SourceKind::COLLECTED.map(SourceKind::as_str);
    let default = SourceKind::DEFAULT.map(SourceKind::as_str).join(",");
    let sources = settings.parse("collect.sources", &default, &one_of(&kinds), |text| {
        list(text, SourceKind::collected_from_name).filter(|sources| !sources.is_empty())
    })?;
    let regions = settings.parse(
        "collect.regions",
        region.unwrap_or_default(),
        "one or more Regions such as eu-central-1 (or set AWS_REGION)",
        |text| list(text, |code| code.parse().ok()).filter(|regions: &Vec<_>| !regions.is_empty()),
    )?;
    let mut interval = BTreeMap::new();
    for kind in SourceKind::COLLECTED {
        let default = match kind {
            SourceKind::SecurityHub | SourceKind::GuardDuty => "1m",
            SourceKind::AccessAnalyzer => "5m",
            SourceKind::TrustedAdvisor
            | SourceKind::Inspector
            | SourceKind::Macie
            | SourceKind::Config => "15m",
        };
        interval.insert(kind, settings.duration(&format!("collect.interval.{kind}"), default)?);
    }
    let sweep = settings.duration("collect.sweep_interval", "6h")?;
    let triage = settings.duration("collect.triage_interval", "15m")?;
    Ok(CollectConfig {
        sources,
        regions,
        accounts: settings.accounts()?,
        endpoint: settings.optional("collect.endpoint", "an http(s) address", |text| {
            text.starts_with("http").then(|| text.to_owned())
        })?,
        schedule: Schedule { interval, sweep, triage },
        attempts_max: settings.number("collect.attempts", "5", 1..=20)?,
    })
}

fn loopback(text: &str) -> Option<SocketAddr> {
    text.parse().ok().filter(|address: &SocketAddr| address.ip().is_loopback())
}

fn directives(text: &str) -> Option<String> {
    tracing_subscriber::EnvFilter::try_new(text).ok().map(|_| text.to_owned())
}

#[cfg(test)]
mod tests;
