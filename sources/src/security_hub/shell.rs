//! Reads `GetFindings`, page by page.
//!
//! One unit for each account and Region: Security Hub has no detectors. In the home Region of a
//! cross-Region aggregation it returns the linked Regions' findings too, under the same ids.
//!
//! `BatchUpdateFindings`, what people decide in the console, never moves `UpdatedAt` (AWS's API model), so
//! that an incremental pass does not see it. A triage pass asks for what is decided now: suppressed or
//! notified, resolved while its control fails, and what got a note. What was decided by the last
//! triage pass of this process and is not any more went back to new, and is asked for by its id. What
//! moves none of these (a severity alone) is seen by the next sweep, and so is what went back to new
//! while no process ran.

use std::collections::{HashSet, VecDeque};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use aws_sdk_securityhub::types::{
    AwsSecurityFindingFilters, DateFilter, SortCriterion, SortOrder, StringFilter,
    StringFilterComparison,
};
use aws_sdk_securityhub::{Client, config};
use bytes::Bytes;
use muster_core::ids::AccountId;
use muster_core::time::Millis;
use muster_core::unit::{SourceKind, Unit};
use serde::Deserialize;

use super::map;
use crate::aws::{Caller, Pages};
use crate::document::Document;
use crate::operations::Operation;
use crate::source::{FoundUnit, Page, Pass, PassKind, Reader, Source, SourceError};

const OPERATION: Operation = Operation::SecurityHubGetFindings;

/// The most findings that AWS gives in a page.
const PAGE_SIZE: i32 = 100;

/// The most values of one attribute in a filter (AWS's API model).
const VALUES_MAX: usize = 20;

/// Of how many findings at most it is remembered that people decided on them. Beyond, the next sweep sees
/// that they are new again.
const DECIDED_MAX: usize = 50_000;

/// Security Hub CSPM in one account and Region.
#[derive(Debug)]
pub(crate) struct SecurityHub {
    account: AccountId,
    client: Client,
    caller: Caller,
    decided: Arc<Mutex<HashSet<String>>>,
}

impl SecurityHub {
    pub(crate) fn new(account: AccountId, caller: Caller) -> Self {
        Self { account, client: client(&caller), caller, decided: Arc::default() }
    }
}

fn client(caller: &Caller) -> Client {
    let config = config::Builder::from(caller.config()).retry_partition(caller.retries());
    Client::from_conf(config.build())
}

#[async_trait]
impl Source for SecurityHub {
    fn scope(&self) -> Unit {
        Unit {
            source: SourceKind::SecurityHub,
            account: self.account,
            region: self.caller.region().clone(),
            part: String::new(),
        }
    }

    /// Asks nothing: whether the hub is enabled is what the first page says, and asking for it
    /// would need one permission more.
    async fn units(&self) -> Result<Vec<FoundUnit>, SourceError> {
        Ok(vec![FoundUnit::readable(self.scope())])
    }

    fn has_triage_lane(&self) -> bool {
        true
    }

    fn read(&self, unit: &Unit, pass: Pass) -> Box<dyn Reader> {
        let lane = matches!(pass.kind, PassKind::Triage { .. });
        Box::new(Findings {
            client: self.client.clone(),
            caller: self.caller.clone(),
            unit: unit.clone(),
            lists: lists(&pass),
            pages: Pages::new(OPERATION),
            lane: lane.then(|| Lane { decided: Arc::clone(&self.decided), ..Lane::default() }),
        })
    }
}

/// What a triage pass knows of findings that people decided on, by their ids.
#[derive(Debug, Default)]
struct Lane {
    /// By the last pass.
    decided: Arc<Mutex<HashSet<String>>>,
    /// By this one.
    now: HashSet<String>,
    /// Those that went back to new are being asked for.
    asks_back: bool,
}

impl Lane {
    /// Notes the ids of a page.
    fn note(&mut self, documents: &[Document]) {
        let raw = documents.iter().filter_map(|document| document.reports().first());
        let ids = raw.filter_map(|report| serde_json::from_slice::<Named>(&report.raw).ok());
        let room = DECIDED_MAX.saturating_sub(self.now.len());
        self.now.extend(ids.map(|named| named.id).take(room));
    }

    /// What is left to ask for once the lists of the pass are read: what was decided by the last pass
    /// and is not any more, and then nothing. With that the pass is complete, and remembered.
    fn rest(&mut self) -> VecDeque<Filters> {
        let mut known = self.decided.lock().unwrap_or_else(PoisonError::into_inner);
        let mut gone: Vec<&str> = Vec::new();
        if !mem::replace(&mut self.asks_back, true) {
            gone.extend(known.difference(&self.now).map(String::as_str));
            gone.sort_unstable();
        }
        let lists: VecDeque<Filters> =
            gone.chunks(VALUES_MAX).map(|ids| Some(of_ids(ids))).collect();
        if lists.is_empty() {
            known.clone_from(&self.now);
        }
        lists
    }
}

/// The id in a finding.
#[derive(Deserialize)]
struct Named {
    #[serde(rename = "Id")]
    id: String,
}

/// A pass over the findings.
#[derive(Debug)]
struct Findings {
    client: Client,
    caller: Caller,
    unit: Unit,
    /// What is asked for, the first now. The same for every page: AWS refuses the token when it moves
    /// ("Input Query has changed").
    lists: VecDeque<Filters>,
    pages: Pages,
    /// Of a triage pass.
    lane: Option<Lane>,
}

impl Findings {
    /// Goes on to the next list when one is at its end; `false` when all are.
    fn goes_on(&mut self) -> bool {
        if self.pages.at_end() {
            self.lists.pop_front();
            self.pages = Pages::new(OPERATION);
        }
        if let (true, Some(lane)) = (self.lists.is_empty(), &mut self.lane) {
            self.lists = lane.rest();
        }
        !self.lists.is_empty()
    }
}

#[async_trait]
impl Reader for Findings {
    async fn next_page(&mut self) -> Result<Option<Page>, SourceError> {
        if !self.goes_on() {
            return Ok(None);
        }
        let request = self
            .client
            .get_findings()
            .set_filters(self.lists.front().cloned().flatten())
            .sort_criteria(oldest_update_first())
            .max_results(PAGE_SIZE)
            .set_next_token(self.pages.token());
        let answer = self
            .caller
            .call(OPERATION, |capture| request.customize().interceptor(capture).send())
            .await?;
        let map = |body: &Bytes| map::findings_page(body, &self.unit);
        let page = self.pages.read(&self.caller, &answer, map)?;
        if let Some(lane) = self.lane.as_mut().filter(|lane| !lane.asks_back) {
            lane.note(&page.documents);
        }
        Ok(Some(page))
    }

    fn memo(&self) -> String {
        String::new()
    }
}

/// What a list asks for; `None` is everything.
type Filters = Option<AwsSecurityFindingFilters>;

/// The lists of a pass; both record states in each.
///
/// A sweep asks without a window. With one that ends at its start, a finding that is updated while
/// the sweep runs would leave the window and look gone; without one it moves to the end of the list
/// and is read there. Every emulator knows the request without filters, too.
fn lists(pass: &Pass) -> VecDeque<Filters> {
    let filters = AwsSecurityFindingFilters::builder();
    let window = |since: Millis| {
        DateFilter::builder().start(since.to_string()).end(pass.until.to_string()).build()
    };
    match pass.kind {
        PassKind::Sweep => VecDeque::from([None]),
        PassKind::Incremental { since } => {
            VecDeque::from([Some(filters.updated_at(window(since)).build())])
        }
        PassKind::Triage { since } => {
            let by_workflow =
                filters.clone().set_workflow_status(Some(is(&["SUPPRESSED", "NOTIFIED"])));
            // What passes is resolved by Security Hub itself: most controls of most accounts.
            let resolved = filters.clone().set_workflow_status(Some(is(&["RESOLVED"])));
            let resolved =
                resolved.set_compliance_status(Some(is(&["FAILED", "WARNING", "NOT_AVAILABLE"])));
            let noted = filters.note_updated_at(window(since));
            [by_workflow, resolved, noted].map(|list| Some(list.build())).into()
        }
    }
}

/// Findings with these ids.
fn of_ids(ids: &[&str]) -> AwsSecurityFindingFilters {
    AwsSecurityFindingFilters::builder().set_id(Some(is(ids))).build()
}

/// One of these values.
fn is(values: &[&str]) -> Vec<StringFilter> {
    let one = |value: &&str| {
        StringFilter::builder().value(*value).comparison(StringFilterComparison::Equals).build()
    };
    values.iter().map(one).collect()
}

/// The oldest update first: what changes while the pass runs comes later, not into pages that have
/// been read.
fn oldest_update_first() -> SortCriterion {
    SortCriterion::builder().field("UpdatedAt").sort_order(SortOrder::Ascending).build()
}
