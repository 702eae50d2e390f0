//! Reads `ListDetectors`, then for each detector `ListFindings` and `GetFindings`.

use async_trait::async_trait;
use aws_sdk_guardduty::types::{Condition, FindingCriteria, OrderBy, SortCriteria};
use aws_sdk_guardduty::{Client, config};
use muster_core::ids::AccountId;
use muster_core::unit::{SourceKind, Unit};

use super::map;
use crate::aws::{Caller, Pages};
use crate::document::{Document, IdsPage};
use crate::operations::Operation;
use crate::source::{Fault, FoundUnit, Page, Pass, PassKind, Reader, Source, SourceError};

/// The most ids or findings that AWS gives in a page.
const PAGE_SIZE: i32 = 50;

/// `GuardDuty` in one account and Region.
#[derive(Debug)]
pub(crate) struct GuardDuty {
    account: AccountId,
    client: Client,
    caller: Caller,
}

impl GuardDuty {
    pub(crate) fn new(account: AccountId, caller: Caller) -> Self {
        Self { account, client: client(&caller), caller }
    }

    async fn detectors(&self) -> Result<Vec<String>, SourceError> {
        let operation = Operation::GuardDutyListDetectors;
        let mut pages = Pages::new(operation);
        let mut detectors = Vec::new();
        while !pages.at_end() {
            let request =
                self.client.list_detectors().max_results(PAGE_SIZE).set_next_token(pages.token());
            let answer = self
                .caller
                .call(operation, |capture| request.customize().interceptor(capture).send())
                .await?;
            let found = map::detectors_page(&answer.body)
                .map_err(|error| self.caller.unreadable(operation, &error, &answer))?;
            detectors.extend(found.ids);
            pages.advance(&self.caller, found.next_token)?;
        }
        Ok(detectors)
    }
}

fn client(caller: &Caller) -> Client {
    let config = config::Builder::from(caller.config()).retry_partition(caller.retries());
    Client::from_conf(config.build())
}

#[async_trait]
impl Source for GuardDuty {
    fn scope(&self) -> Unit {
        Unit {
            source: SourceKind::GuardDuty,
            account: self.account,
            region: self.caller.region().clone(),
            part: String::new(),
        }
    }

    /// A unit for each detector; AWS allows one for each account and Region.
    async fn units(&self) -> Result<Vec<FoundUnit>, SourceError> {
        let detectors = self.detectors().await?;
        if detectors.is_empty() {
            let obstacle = self.caller.fault(
                Operation::GuardDutyListDetectors,
                Fault::Absent,
                "there is no detector".to_owned(),
            );
            return Ok(vec![FoundUnit { unit: self.scope(), obstacle: Some(obstacle) }]);
        }
        Ok(detectors
            .into_iter()
            .map(|part| FoundUnit::readable(Unit { part, ..self.scope() }))
            .collect())
    }

    fn read(&self, unit: &Unit, pass: Pass) -> Box<dyn Reader> {
        Box::new(Findings {
            client: self.client.clone(),
            caller: self.caller.clone(),
            unit: unit.clone(),
            criteria: criteria(&pass),
            pages: Pages::new(Operation::GuardDutyListFindings),
        })
    }
}

/// A pass over the findings of a detector.
#[derive(Debug)]
struct Findings {
    client: Client,
    caller: Caller,
    unit: Unit,
    /// The same for every page.
    criteria: Option<FindingCriteria>,
    pages: Pages,
}

impl Findings {
    async fn list(&self) -> Result<(IdsPage, u32), SourceError> {
        let operation = Operation::GuardDutyListFindings;
        let request = self
            .client
            .list_findings()
            .detector_id(&self.unit.part)
            .set_finding_criteria(self.criteria.clone())
            .sort_criteria(oldest_update_first())
            .max_results(PAGE_SIZE)
            .set_next_token(self.pages.token());
        let answer = self
            .caller
            .call(operation, |capture| request.customize().interceptor(capture).send())
            .await?;
        let found = map::finding_ids_page(&answer.body)
            .map_err(|error| self.caller.unreadable(operation, &error, &answer))?;
        Ok((found, answer.throttled))
    }

    async fn fetch(&self, ids: &[String]) -> Result<(Vec<Document>, u32), SourceError> {
        let operation = Operation::GuardDutyGetFindings;
        let request = self
            .client
            .get_findings()
            .detector_id(&self.unit.part)
            .set_finding_ids(Some(ids.to_vec()));
        let answer = self
            .caller
            .call(operation, |capture| request.customize().interceptor(capture).send())
            .await?;
        let documents = map::findings(&answer.body, &self.unit)
            .map_err(|error| self.caller.unreadable(operation, &error, &answer))?;
        if documents.len() < ids.len() {
            // They ran out of their 90 days between the two calls.
            tracing::debug!(
                unit = %self.unit,
                listed = ids.len(),
                returned = documents.len(),
                "guardduty returned fewer findings than it listed"
            );
        }
        Ok((documents, answer.throttled))
    }
}

#[async_trait]
impl Reader for Findings {
    async fn next_page(&mut self) -> Result<Option<Page>, SourceError> {
        if self.pages.at_end() {
            return Ok(None);
        }
        let (found, mut throttled) = self.list().await?;
        let mut documents = Vec::with_capacity(found.ids.len());
        // One call, unless whoever answers gives larger pages than asked for.
        for ids in found.ids.chunks(PAGE_SIZE.unsigned_abs() as usize) {
            let (fetched, fetch_throttled) = self.fetch(ids).await?;
            documents.extend(fetched);
            throttled += fetch_throttled;
        }
        self.pages.advance(&self.caller, found.next_token)?;
        Ok(Some(Page { documents, throttled, ..Page::default() }))
    }

    fn memo(&self) -> String {
        String::new()
    }
}

/// What a pass asks for; archived or not, because `service.archived` is left out.
///
/// In criteria, `updatedAt` is in milliseconds since the epoch, unlike in findings (AWS's API
/// model). A sweep asks without a window, so that what is updated while it runs does not look gone.
fn criteria(pass: &Pass) -> Option<FindingCriteria> {
    match pass.kind {
        PassKind::Sweep => None,
        PassKind::Incremental { since } | PassKind::Triage { since } => {
            let window =
                Condition::builder().greater_than_or_equal(since.0).less_than(pass.until.0).build();
            Some(FindingCriteria::builder().criterion("updatedAt", window).build())
        }
    }
}

fn oldest_update_first() -> SortCriteria {
    SortCriteria::builder().attribute_name("updatedAt").order_by(OrderBy::Asc).build()
}
