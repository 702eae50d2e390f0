//! One account: learns who it is, then reads its sources.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use muster_core::ids::{AccountId, Region};
use muster_core::unit::{SourceKind, Unit};
use muster_sources::aws::{self, AwsSettings, Pacer};
use muster_sources::source::Source;
use tokio_util::sync::CancellationToken;

use super::Collector;
use super::scope::{Memory, failed, rest_after};

/// Stands for an account that is not known yet, so that what is in the way can be shown.
const UNKNOWN_ACCOUNT: &str = "000000000000";

/// The first rest after a failure to learn which account it is.
const REST: Duration = Duration::from_secs(15);

impl Collector {
    /// Reads these products of all accounts, in these Regions, until `stop`.
    pub async fn run(
        self,
        accounts: Vec<AwsSettings>,
        kinds: Vec<SourceKind>,
        regions: Vec<Region>,
        pacer: Arc<dyn Pacer>,
        stop: CancellationToken,
    ) {
        let (collector, stop) = (&self, &stop);
        let accounts = accounts.iter().map(async |settings| {
            let pacer = Arc::clone(&pacer);
            let connected = connect(collector, settings, &kinds, &regions, pacer, stop).await;
            if let Some(sources) = connected {
                collector.read(&sources, stop).await;
            }
        });
        join_all(accounts).await;
    }
}

/// Connects to an account; tries again until it works. `None` when it is to stop.
async fn connect(
    collector: &Collector,
    settings: &AwsSettings,
    kinds: &[SourceKind],
    regions: &[Region],
    pacer: Arc<dyn Pacer>,
    stop: &CancellationToken,
) -> Option<Vec<Box<dyn Source>>> {
    let mut memory = Memory::default();
    let stand_ins = stand_ins(settings, kinds, regions);
    loop {
        let connected = tokio::select! {
            () = stop.cancelled() => return None,
            connected = aws::connect(settings, Arc::clone(&pacer)) => connected,
        };
        let error = match connected {
            Ok(account) => {
                for unit in stand_ins {
                    collector.units.remove(&unit.to_string());
                }
                return Some(account.sources(kinds, regions));
            }
            Err(error) => error,
        };
        // Credentials are often mended within minutes of the first start: look sooner.
        let rest = rest_after("connect", memory.failures(), &error, REST).min(super::BACKOFF_MAX);
        for unit in &stand_ins {
            super::scope::show_pending(collector, unit, REST);
            failed(collector, &unit.to_string(), &mut memory, &error, rest);
        }
        tokio::select! {
            () = stop.cancelled() => return None,
            () = tokio::time::sleep(rest) => {}
        }
    }
}

fn stand_ins(settings: &AwsSettings, kinds: &[SourceKind], regions: &[Region]) -> Vec<Unit> {
    let unknown: AccountId = UNKNOWN_ACCOUNT.parse().expect("twelve digits");
    let account = settings.account.unwrap_or(unknown);
    let units = kinds.iter().flat_map(|kind| {
        regions.iter().map(move |region| Unit {
            source: *kind,
            account,
            region: region.clone(),
            part: String::new(),
        })
    });
    units.collect()
}
