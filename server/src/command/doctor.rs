//! `musterd doctor`: whether collection can work, and what to do where it cannot.

use std::collections::BTreeSet;
use std::error::Error;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use clap::ValueEnum;
use futures::stream::{self, StreamExt};
use muster_core::unit::SourceKind;
use muster_sources::aws::{self, AwsSettings, Pacer, Scope, TokenBuckets};
use muster_sources::operations::Operation;
use muster_sources::source::Source;
use serde::Serialize;

use crate::app;
use crate::clock::{Clock as _, SystemClock};
use crate::config::{CollectConfig, Config};
use crate::doctor::{self, Check, Outcome};

/// How many sources are looked at at once.
const AT_ONCE: usize = 8;

/// How long one source may take: its calls, their retries and their pace.
const PATIENCE: Duration = Duration::from_mins(1);

/// How often a call is attempted: who waits before a terminal wants to know soon.
const ATTEMPTS_MAX: u32 = 2;

/// How what was found is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Lines for people.
    Text,
    /// One JSON document.
    Json,
}

/// What was found, as JSON.
#[derive(Serialize)]
struct Document<'a> {
    pass: usize,
    warn: usize,
    fail: usize,
    checks: &'a [Check],
}

/// Looks at everything and prints it. `false` when a check failed.
pub(super) fn run(config: &Config, format: Format) -> Result<bool, Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut checks = doctor::machine(&config.data_dir);
    checks.extend(runtime.block_on(collection(&config.collect)));
    let out = io::stdout().lock();
    match format {
        Format::Text => write_text(&checks, out)?,
        Format::Json => write_json(&checks, out)?,
    }
    let [_, _, fail] = counts(&checks);
    Ok(fail == 0)
}

/// Remembers which operations were called.
#[derive(Debug, Default)]
struct Recorder {
    buckets: TokenBuckets,
    called: Mutex<BTreeSet<Operation>>,
}

impl Recorder {
    fn called(&self) -> BTreeSet<Operation> {
        self.called.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Pacer for Recorder {
    async fn admit(&self, scope: &Scope, operation: Operation) {
        self.called.lock().unwrap_or_else(PoisonError::into_inner).insert(operation);
        self.buckets.admit(scope, operation).await;
    }

    fn throttled(&self, scope: &Scope, operation: Operation) {
        self.buckets.throttled(scope, operation);
    }
}

/// Looks at every account and source of the settings.
async fn collection(config: &CollectConfig) -> Vec<Check> {
    let recorder = Arc::new(Recorder::default());
    let (mut checks, mut sources) = (Vec::new(), Vec::new());
    for mut settings in app::accounts(config) {
        settings.attempts_max = settings.attempts_max.min(ATTEMPTS_MAX);
        let pacer: Arc<dyn Pacer> = Arc::clone(&recorder) as _;
        let (found, readable) = account(&settings, config, pacer).await;
        checks.extend(found);
        sources.extend(readable);
    }
    let now = SystemClock.now();
    let looks = sources.iter().map(|source| doctor::source(source.as_ref(), now, PATIENCE));
    let looked: Vec<Vec<Check>> = stream::iter(looks).buffered(AT_ONCE).collect().await;
    checks.extend(looked.into_iter().flatten());
    checks.push(untried(&config.sources, &recorder.called()));
    checks
}

/// Who the credentials belong to, and the sources of that account.
async fn account(
    settings: &AwsSettings,
    config: &CollectConfig,
    pacer: Arc<dyn Pacer>,
) -> (Vec<Check>, Vec<Box<dyn Source>>) {
    let named = settings.account.or_else(|| settings.role.as_ref()?.account());
    let group = named.map_or_else(|| "account".to_owned(), |id| format!("account {id}"));
    let name = "identity";
    let account = match aws::connect(settings, pacer).await {
        Ok(account) => account,
        Err(error) => return (vec![Check::of(&group, name, &error)], Vec::new()),
    };
    let sources = account.sources(&config.sources, &config.regions);
    let group = format!("account {}", account.id());
    let identity = match account.identity().await {
        Ok(identity) => identity,
        Err(error) => return (vec![Check::of(&group, name, &error)], sources),
    };
    let check = Check::pass(&group, name, &identity.arn);
    let check = if identity.account == account.id() {
        check
    } else {
        let detail = format!("{} is in account {}", identity.arn, identity.account);
        let fix = "the credentials belong to another account than the settings name: give `role_arn` \
                   (a role in it to assume) or `profile`";
        Check::pass(&group, name, detail).but(Outcome::Fail, fix)
    };
    let clock = identity.date.map(|date| doctor::clock(SystemClock.now(), date));
    (clock.into_iter().chain([check]).collect(), sources)
}

/// Says which IAM actions nothing needed yet: they are used when there is more to read.
fn untried(sources: &[SourceKind], called: &BTreeSet<Operation>) -> Check {
    let of_these =
        |operation: &Operation| operation.source().is_some_and(|source| sources.contains(&source));
    let never = Operation::ALL.into_iter().filter(of_these);
    let allowed: BTreeSet<&str> = called.iter().map(|one| one.iam_action()).collect();
    let actions: BTreeSet<&str> =
        never.map(Operation::iam_action).filter(|action| !allowed.contains(action)).collect();
    if actions.is_empty() {
        return Check::pass("permissions", "IAM actions", "every action was used");
    }
    let names: Vec<&str> = actions.into_iter().collect();
    let detail =
        format!("not tried, because nothing on a first page needed it: {}", names.join(", "));
    let fix =
        "`musterd iam policy` prints what is needed in all; compare it with the role's policy";
    Check::pass("permissions", "IAM actions", detail).but(Outcome::Warn, fix)
}

/// How many checks passed, are warnings, and failed.
fn counts(checks: &[Check]) -> [usize; 3] {
    [Outcome::Pass, Outcome::Warn, Outcome::Fail]
        .map(|outcome| checks.iter().filter(|check| check.outcome == outcome).count())
}

/// Lines in groups, in the order in which they were found. Names come from AWS: nothing in them may
/// move the terminal.
fn write_text(checks: &[Check], mut out: impl Write) -> io::Result<()> {
    let width = checks.iter().map(|check| check.name.chars().count()).max().unwrap_or(0);
    let mut groups: Vec<&str> = Vec::new();
    for check in checks {
        if !groups.contains(&check.group.as_str()) {
            groups.push(&check.group);
        }
    }
    for group in groups {
        writeln!(out, "{group}")?;
        for check in checks.iter().filter(|check| check.group == group) {
            let Check { name, outcome, detail, code, fix, .. } = check;
            let code = if code.is_empty() || detail.contains(code.as_str()) {
                String::new()
            } else {
                format!(" ({code})")
            };
            let detail = format!("{detail}{code}").escape_debug().to_string().replace("\\'", "'");
            let detail = detail.replace("\\\"", "\"");
            writeln!(out, "  {}  {name:width$}  {detail}", outcome.as_str())?;
            for line in fix.lines() {
                writeln!(out, "        {:width$}  fix: {line}", "")?;
            }
        }
    }
    let [pass, warn, fail] = counts(checks);
    writeln!(out, "{pass} pass, {warn} warn, {fail} fail")
}

fn write_json(checks: &[Check], mut out: impl Write) -> Result<(), Box<dyn Error>> {
    let [pass, warn, fail] = counts(checks);
    serde_json::to_writer_pretty(&mut out, &Document { pass, warn, fail, checks })?;
    Ok(writeln!(out)?)
}
