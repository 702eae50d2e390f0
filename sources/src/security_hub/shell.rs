//! Reads `GetFindings`, page by page.
//!
//! One unit for each account and Region: Security Hub has no detectors. In the home Region of a
//! cross-Region aggregation it returns the linked Regions' findings too, under the same ids.

use async_trait::async_trait;
use aws_sdk_securityhub::types::{AwsSecurityFindingFilters, DateFilter, SortCriterion, SortOrder};
use aws_sdk_securityhub::{Client, config};
use muster_core::ids::AccountId;
use muster_core::unit::{SourceKind, Unit};

use super::map;
use crate::aws::{Caller, Pages};
use crate::operations::Operation;
use crate::source::{FoundUnit, Page, Pass, PassKind, Reader, Source, SourceError};

const OPERATION: Operation = Operation::SecurityHubGetFindings;

/// The most findings that AWS gives in a page.
const PAGE_SIZE: i32 = 100;

/// Security Hub CSPM in one account and Region.
#[derive(Debug)]
pub(crate) struct SecurityHub {
    account: AccountId,
    client: Client,
    caller: Caller,
}

impl SecurityHub {
    pub(crate) fn new(account: AccountId, caller: Caller) -> Self {
        Self { account, client: client(&caller), caller }
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

    fn read(&self, unit: &Unit, pass: Pass) -> Box<dyn Reader> {
        Box::new(Findings {
            client: self.client.clone(),
            caller: self.caller.clone(),
            unit: unit.clone(),
            filters: filters(&pass),
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
    /// The same for every page: AWS refuses the token when it moves ("Input Query has changed").
    filters: Option<AwsSecurityFindingFilters>,
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
            .get_findings()
            .set_filters(self.filters.clone())
            .sort_criteria(oldest_update_first())
            .max_results(PAGE_SIZE)
            .set_next_token(self.pages.token());
        let answer = self
            .caller
            .call(OPERATION, |capture| request.customize().interceptor(capture).send())
            .await?;
        let found = map::findings_page(&answer.body, &self.unit)
            .map_err(|error| self.caller.unreadable(OPERATION, &error, &answer))?;
        self.pages.advance(&self.caller, found.next_token)?;
        Ok(Some(Page {
            documents: found.documents,
            throttled: answer.throttled,
            ..Page::default()
        }))
    }

    fn memo(&self) -> String {
        String::new()
    }
}

/// What a pass asks for; both record states in either case.
///
/// A sweep asks without a window. With one that ends at its start, a finding that is updated while
/// the sweep runs would leave the window and look gone; without one it moves to the end of the list
/// and is read there. Every emulator knows the request without filters, too.
fn filters(pass: &Pass) -> Option<AwsSecurityFindingFilters> {
    match pass.kind {
        PassKind::Sweep => None,
        PassKind::Incremental { since } => {
            let window =
                DateFilter::builder().start(since.to_string()).end(pass.until.to_string()).build();
            Some(AwsSecurityFindingFilters::builder().updated_at(window).build())
        }
    }
}

/// The oldest update first: what changes while the pass runs comes later, not into pages that have
/// been read.
fn oldest_update_first() -> SortCriterion {
    SortCriterion::builder().field("UpdatedAt").sort_order(SortOrder::Ascending).build()
}
