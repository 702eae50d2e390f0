//! Reads `ListFindings`, page by page.
//!
//! One unit for each account and Region. Where Inspector is off, `ListFindings` may be an empty list, which
//! would look clean, so `BatchGetAccountStatus` is asked before. A delegated administrator reads its
//! members' findings.

use async_trait::async_trait;
use aws_sdk_inspector2::types::{DateFilter, FilterCriteria, Status};
use aws_sdk_inspector2::{Client, config};
use aws_smithy_types::DateTime;
use bytes::Bytes;
use muster_core::ids::AccountId;
use muster_core::unit::{SourceKind, Unit};

use super::map;
use crate::aws::{Caller, Pages};
use crate::operations::Operation;
use crate::source::{Fault, FoundUnit, Page, Pass, PassKind, Reader, Source, SourceError};

const OPERATION: Operation = Operation::InspectorListFindings;

/// The most findings that AWS gives in a page.
const PAGE_SIZE: i32 = 100;

/// Inspector in one account and Region.
#[derive(Debug)]
pub(crate) struct Inspector {
    account: AccountId,
    client: Client,
    caller: Caller,
}

impl Inspector {
    pub(crate) fn new(account: AccountId, caller: Caller) -> Self {
        let config = config::Builder::from(caller.config()).retry_partition(caller.retries());
        Self { account, client: Client::from_conf(config.build()), caller }
    }
}

#[async_trait]
impl Source for Inspector {
    fn scope(&self) -> Unit {
        Unit {
            source: SourceKind::Inspector,
            account: self.account,
            region: self.caller.region().clone(),
            part: String::new(),
        }
    }

    async fn units(&self) -> Result<Vec<FoundUnit>, SourceError> {
        let operation = Operation::InspectorBatchGetAccountStatus;
        let request = self.client.batch_get_account_status().account_ids(self.account.as_str());
        let (answer, _) = self
            .caller
            .call_typed(operation, |capture| request.customize().interceptor(capture).send())
            .await?;
        let own = self.account.as_str();
        let state = answer.accounts().iter().find(|state| state.account_id() == own);
        let status = state.and_then(|state| state.state()).map(|state| state.status().clone());
        let obstacle = match status {
            // Suspended and changing ones keep what they found.
            Some(Status::Disabled | Status::Disabling) => {
                let message = "Inspector is disabled".to_owned();
                Some(self.caller.fault(operation, Fault::Absent, message))
            }
            _ => None,
        };
        Ok(vec![FoundUnit { unit: self.scope(), obstacle }])
    }

    fn read(&self, unit: &Unit, pass: Pass) -> Box<dyn Reader> {
        Box::new(Findings {
            client: self.client.clone(),
            caller: self.caller.clone(),
            unit: unit.clone(),
            criteria: criteria(&pass),
            pages: Pages::new(OPERATION),
        })
    }
}

/// A pass over the findings.
#[derive(Debug)]
struct Findings {
    client: Client,
    caller: Caller,
    unit: Unit,
    /// The same for every page.
    criteria: Option<FilterCriteria>,
    pages: Pages,
}

#[async_trait]
impl Reader for Findings {
    async fn next_page(&mut self) -> Result<Option<Page>, SourceError> {
        if self.pages.at_end() {
            return Ok(None);
        }
        let request = self
            .client
            .list_findings()
            .set_filter_criteria(self.criteria.clone())
            .max_results(PAGE_SIZE)
            .set_next_token(self.pages.token());
        let answer = self
            .caller
            .call(OPERATION, |capture| request.customize().interceptor(capture).send())
            .await?;
        let map = |body: &Bytes| map::findings_page(body, &self.unit);
        self.pages.read(&self.caller, &answer, map).map(Some)
    }

    fn memo(&self) -> String {
        String::new()
    }
}

/// What a pass asks for; open, suppressed and closed, because `findingStatus` is left out. A sweep asks
/// without a window, so that what is updated while it runs does not look gone.
fn criteria(pass: &Pass) -> Option<FilterCriteria> {
    match pass.kind {
        PassKind::Sweep => None,
        PassKind::Incremental { since } | PassKind::Triage { since } => {
            let window = DateFilter::builder()
                .start_inclusive(DateTime::from_millis(since.0))
                .end_inclusive(DateTime::from_millis(pass.until.0));
            Some(FilterCriteria::builder().updated_at(window.build()).build())
        }
    }
}
