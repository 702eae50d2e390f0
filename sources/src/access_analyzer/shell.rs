//! Reads `ListAnalyzers`, then for each analyzer its findings.
//!
//! An external analyzer's findings come complete from `ListFindings`; the others' as summaries from
//! `ListFindingsV2`, and a call of `GetFindingV2` for each that changed. AWS filters neither by
//! time: every pass lists everything, and what did not change is only named
//! ([`Page::present`](crate::source::Page::present)).

mod external;
mod summaries;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use aws_sdk_accessanalyzer::{Client, config};
use muster_core::ids::AccountId;
use muster_core::time::Millis;
use muster_core::unit::{SourceKind, Unit};

use super::map::{self, Analyzer, AnalyzerKind};
use crate::aws::{Caller, Pages};
use crate::operations::Operation;
use crate::source::{Fault, FoundUnit, Page, Pass, PassKind, Reader, Source, SourceError};
use external::External;
use summaries::Summaries;

/// How many analyzers or findings are asked for in a page.
const PAGE_SIZE: i32 = 100;

/// How far behind the watermark a sweep fetches details again: AWS shows a changed finding up to
/// 30 minutes late, so its `updatedAt` may lie before what had been read (1 hour).
const OVERLAP_MS: i64 = 3_600_000;

/// IAM Access Analyzer in one account and Region.
#[derive(Debug)]
pub(crate) struct AccessAnalyzer {
    account: AccountId,
    api: Arc<Api>,
}

/// What the source and its readers share.
#[derive(Debug)]
struct Api {
    client: Client,
    caller: Caller,
    /// What each analyzer looks for, as last listed: it decides how its findings are read.
    kinds: Mutex<BTreeMap<String, AnalyzerKind>>,
}

impl AccessAnalyzer {
    pub(crate) fn new(account: AccountId, caller: Caller) -> Self {
        let client = client(&caller);
        Self { account, api: Arc::new(Api { client, caller, kinds: Mutex::default() }) }
    }

    fn found(&self, analyzer: Analyzer) -> FoundUnit {
        let obstacle = (analyzer.status != "ACTIVE" && !analyzer.status.is_empty()).then(|| {
            let message = format!("the analyzer is {}, not ACTIVE", analyzer.status);
            let operation = Operation::AccessAnalyzerListAnalyzers;
            SourceError {
                hint: inactive_hint(&analyzer.status).to_owned(),
                ..self.api.caller.fault(operation, Fault::Absent, message)
            }
        });
        FoundUnit { unit: Unit { part: analyzer.arn, ..self.scope() }, obstacle }
    }
}

/// What to do about an analyzer that is not active, by its status (AWS's API model).
fn inactive_hint(status: &str) -> &'static str {
    match status {
        "CREATING" => "it is being made: Muster reads it when it is active",
        "DISABLED" => {
            "an organization's analyzer is disabled when its administrator or the trusted access \
             is taken away: give it back, or delete the analyzer"
        }
        _ => "AWS could not make it: delete it and make it again",
    }
}

impl Api {
    async fn analyzers(&self) -> Result<Vec<Analyzer>, SourceError> {
        let operation = Operation::AccessAnalyzerListAnalyzers;
        let mut pages = Pages::new(operation);
        let mut analyzers = Vec::new();
        while !pages.at_end() {
            let request =
                self.client.list_analyzers().max_results(PAGE_SIZE).set_next_token(pages.token());
            let answer = self
                .caller
                .call(operation, |capture| request.customize().interceptor(capture).send())
                .await?;
            let found = map::analyzers_page(&answer.body)
                .map_err(|error| self.caller.unreadable(operation, &error, &answer))?;
            analyzers.extend(found.analyzers);
            pages.advance(&self.caller, found.next_token)?;
        }
        let kinds = analyzers.iter().map(|found| (found.arn.clone(), found.kind)).collect();
        *self.kinds.lock().unwrap_or_else(PoisonError::into_inner) = kinds;
        Ok(analyzers)
    }

    fn known_kind(&self, arn: &str) -> Option<AnalyzerKind> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner).get(arn).copied()
    }

    /// What an analyzer looks for; lists the analyzers when it is not known yet.
    async fn kind(&self, arn: &str) -> Result<AnalyzerKind, SourceError> {
        if let Some(kind) = self.known_kind(arn) {
            return Ok(kind);
        }
        self.analyzers().await?;
        self.known_kind(arn).ok_or_else(|| {
            self.caller.fault(
                Operation::AccessAnalyzerListAnalyzers,
                Fault::Absent,
                format!("there is no analyzer {arn}"),
            )
        })
    }
}

fn client(caller: &Caller) -> Client {
    let config = config::Builder::from(caller.config()).retry_partition(caller.retries());
    Client::from_conf(config.build())
}

#[async_trait]
impl Source for AccessAnalyzer {
    fn scope(&self) -> Unit {
        Unit {
            source: SourceKind::AccessAnalyzer,
            account: self.account,
            region: self.api.caller.region().clone(),
            part: String::new(),
        }
    }

    /// A unit for each analyzer; one that is not active has an obstacle.
    async fn units(&self) -> Result<Vec<FoundUnit>, SourceError> {
        let analyzers = without_duplicates(self.api.analyzers().await?);
        if analyzers.is_empty() {
            let obstacle = self.api.caller.fault(
                Operation::AccessAnalyzerListAnalyzers,
                Fault::Absent,
                "there is no analyzer".to_owned(),
            );
            return Ok(vec![FoundUnit { unit: self.scope(), obstacle: Some(obstacle) }]);
        }
        Ok(analyzers.into_iter().map(|analyzer| self.found(analyzer)).collect())
    }

    fn read(&self, unit: &Unit, pass: Pass) -> Box<dyn Reader> {
        Box::new(Findings {
            api: Arc::clone(&self.api),
            unit: unit.clone(),
            since: details_since(&pass),
            list: None,
        })
    }
}

/// Leaves out the analyzers that a service made where the customer has an active one that looks for
/// the same.
///
/// The unified Security Hub makes one for unused access. It says again, under other ids, what a
/// customer's own says.
fn without_duplicates(analyzers: Vec<Analyzer>) -> Vec<Analyzer> {
    let own: BTreeSet<AnalyzerKind> = analyzers
        .iter()
        .filter(|analyzer| analyzer.managed_by.is_empty() && analyzer.status == "ACTIVE")
        .map(|analyzer| analyzer.kind)
        .collect();
    let (duplicates, kept): (Vec<_>, Vec<_>) = analyzers
        .into_iter()
        .partition(|analyzer| !analyzer.managed_by.is_empty() && own.contains(&analyzer.kind));
    for analyzer in duplicates {
        tracing::debug!(
            analyzer = %analyzer.arn,
            managed_by = %analyzer.managed_by,
            "left out an analyzer that doubles the customer's own"
        );
    }
    kept
}

/// From when on details are fetched again; `None` is all.
fn details_since(pass: &Pass) -> Option<Millis> {
    match pass.kind {
        PassKind::Incremental { since } | PassKind::Triage { since } => Some(since),
        PassKind::Sweep => pass.checkpoint.watermark.map(|watermark| watermark.plus(-OVERLAP_MS)),
    }
}

/// A pass over the findings of an analyzer.
#[derive(Debug)]
struct Findings {
    api: Arc<Api>,
    unit: Unit,
    since: Option<Millis>,
    /// How they are read; `None` before the first page.
    list: Option<List>,
}

#[derive(Debug)]
enum List {
    External(External),
    Summaries(Summaries),
}

#[async_trait]
impl Reader for Findings {
    async fn next_page(&mut self) -> Result<Option<Page>, SourceError> {
        let mut list = match self.list.take() {
            Some(list) => list,
            None => match self.api.kind(&self.unit.part).await? {
                AnalyzerKind::External => List::External(External::new()),
                AnalyzerKind::Unused | AnalyzerKind::Internal | AnalyzerKind::Other => {
                    List::Summaries(Summaries::new(self.since))
                }
            },
        };
        let page = match &mut list {
            List::External(list) => list.next_page(&self.api, &self.unit).await,
            List::Summaries(list) => list.next_page(&self.api, &self.unit).await,
        };
        self.list = Some(list);
        page
    }

    fn memo(&self) -> String {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use muster_core::unit::Checkpoint;

    use super::*;

    fn analyzer(name: &str, kind: AnalyzerKind, status: &str, managed_by: &str) -> Analyzer {
        Analyzer {
            arn: name.to_owned(),
            kind,
            type_name: String::new(),
            status: status.to_owned(),
            managed_by: managed_by.to_owned(),
        }
    }

    #[test]
    fn a_services_analyzer_is_read_unless_the_customers_own_says_the_same() {
        const HUB: &str = "securityhubv2.amazonaws.com";
        let kept = |analyzers: Vec<Analyzer>| -> Vec<String> {
            without_duplicates(analyzers).into_iter().map(|analyzer| analyzer.arn).collect()
        };
        let service = || analyzer("service", AnalyzerKind::Unused, "ACTIVE", HUB);

        assert_eq!(kept(vec![service()]), ["service"]);
        assert_eq!(
            kept(vec![service(), analyzer("own", AnalyzerKind::Unused, "ACTIVE", "")]),
            ["own"]
        );
        assert_eq!(
            kept(vec![service(), analyzer("own", AnalyzerKind::Unused, "DISABLED", "")]),
            ["service", "own"]
        );
        assert_eq!(
            kept(vec![service(), analyzer("own", AnalyzerKind::External, "ACTIVE", "")]),
            ["service", "own"]
        );
    }

    #[test]
    fn a_sweep_fetches_details_from_a_while_before_the_watermark() {
        let pass = |kind, watermark| Pass {
            kind,
            until: Millis(9 * OVERLAP_MS),
            checkpoint: Checkpoint { watermark, ..Checkpoint::default() },
        };
        let watermark = Some(Millis(5 * OVERLAP_MS));

        assert_eq!(details_since(&pass(PassKind::Sweep, None)), None);
        assert_eq!(details_since(&pass(PassKind::Sweep, watermark)), Some(Millis(4 * OVERLAP_MS)));
        let incremental = PassKind::Incremental { since: Millis(7) };
        assert_eq!(details_since(&pass(incremental, watermark)), Some(Millis(7)));
    }
}
