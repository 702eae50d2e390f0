//! Reads the checks, their summaries, and the results of those that changed.
//!
//! The summaries are the change detector: an incremental pass fetches a result only when the check
//! was evaluated after the one that the unit's memo remembers. A sweep fetches all. One check is one
//! page. What is wrong with one check (AWS refuses deprecated ids) stays with that check.

mod memo;

use std::collections::{BTreeMap, VecDeque};

use async_trait::async_trait;
use aws_sdk_support::{Client, config};
use muster_core::ids::AccountId;
use muster_core::unit::{SourceKind, Unit, UnitCondition};

use super::map::{self, Check, CheckResult, CheckSummary};
use crate::aws::{Caller, TrustedAdvisorSettings};
use crate::operations::Operation;
use crate::source::{Fault, FoundUnit, Page, Pass, PassKind, Reader, Source, SourceError};
use memo::Memo;

/// How many checks are asked for in one call for summaries. AWS names no limit; one that is refused
/// costs no more than this many their summary.
const SUMMARIES_AT_ONCE: usize = 50;

/// Trusted Advisor of one account.
#[derive(Debug)]
pub(crate) struct TrustedAdvisor {
    account: AccountId,
    client: Client,
    caller: Caller,
    settings: TrustedAdvisorSettings,
}

impl TrustedAdvisor {
    pub(crate) fn new(
        account: AccountId,
        caller: Caller,
        settings: TrustedAdvisorSettings,
    ) -> Self {
        Self { account, client: client(&caller), caller, settings }
    }
}

fn client(caller: &Caller) -> Client {
    let config = config::Builder::from(caller.config()).retry_partition(caller.retries());
    Client::from_conf(config.build())
}

#[async_trait]
impl Source for TrustedAdvisor {
    fn scope(&self) -> Unit {
        Unit {
            source: SourceKind::TrustedAdvisor,
            account: self.account,
            region: self.caller.region().clone(),
            part: String::new(),
        }
    }

    /// Asks nothing: whether the support plan includes it is what the first page says.
    async fn units(&self) -> Result<Vec<FoundUnit>, SourceError> {
        Ok(vec![FoundUnit::readable(self.scope())])
    }

    fn read(&self, unit: &Unit, pass: Pass) -> Box<dyn Reader> {
        Box::new(Results {
            api: Api {
                client: self.client.clone(),
                caller: self.caller.clone(),
                settings: self.settings.clone(),
            },
            unit: unit.clone(),
            known: match pass.kind {
                PassKind::Incremental { .. } | PassKind::Triage { .. } => {
                    Memo::parse(&pass.checkpoint.memo)
                }
                PassKind::Sweep => Memo::default(),
            },
            memo: Memo::default(),
            todo: None,
            read: 0,
            failed: None,
        })
    }
}

/// A pass over the checks.
#[derive(Debug)]
struct Results {
    api: Api,
    unit: Unit,
    /// What the unit knew before the pass; empty for a sweep, which reads everything.
    known: Memo,
    /// What it knows after it.
    memo: Memo,
    /// The checks to fetch, each with its summary where there is one; `None` before the first page.
    todo: Option<VecDeque<(Check, Option<CheckSummary>)>>,
    /// How many results were read.
    read: usize,
    /// Why the last check that failed did.
    failed: Option<SourceError>,
}

#[async_trait]
impl Reader for Results {
    async fn next_page(&mut self) -> Result<Option<Page>, SourceError> {
        let Some(todo) = &mut self.todo else {
            return self.begin().await.map(Some);
        };
        let Some((check, summary)) = todo.front().cloned() else {
            return self.end();
        };
        let page = match self.api.result(&check, &self.unit).await {
            Ok((result, throttled)) => {
                self.read += 1;
                self.remember(&check, summary.as_ref(), &result);
                page_of(&check, result, throttled)
            }
            Err(error) if concerns_check(&error) => {
                let page = unjudged_page(&check, &error);
                self.failed = Some(error);
                page
            }
            Err(error) => return Err(error),
        };
        if let Some(todo) = &mut self.todo {
            todo.pop_front();
        }
        Ok(Some(page))
    }

    fn memo(&self) -> String {
        self.memo.to_text()
    }
}

impl Results {
    /// Lists the checks and decides which of them to fetch.
    async fn begin(&mut self) -> Result<Page, SourceError> {
        let mut page = Page::default();
        let checks = self.api.checks(&mut page).await?;
        let mut summaries = BTreeMap::new();
        for checks in checks.chunks(SUMMARIES_AT_ONCE) {
            self.api.summaries(checks, &mut summaries, &mut page).await?;
        }
        let mut todo = VecDeque::new();
        for check in checks {
            let summary: Option<CheckSummary> = summaries.remove(&check.id);
            match summary {
                Some(summary) if self.known.has(&check.id, &summary.timestamp) => {
                    self.memo.set(&check.id, &summary.timestamp);
                }
                summary => todo.push_back((check, summary)),
            }
        }
        self.todo = Some(todo);
        Ok(page)
    }

    /// A pass in which every check failed read nothing: its silence means nothing.
    fn end(&mut self) -> Result<Option<Page>, SourceError> {
        match &self.failed {
            Some(error) if self.read == 0 => Err(error.clone()),
            _ => Ok(None),
        }
    }

    /// Remembers a result by the time that its summary had when the pass began: if the check was
    /// evaluated again in between, the next pass fetches it again.
    fn remember(&mut self, check: &Check, summary: Option<&CheckSummary>, result: &CheckResult) {
        let timestamp = summary.map_or(&result.timestamp, |summary| &summary.timestamp);
        if !result.unjudged && !timestamp.is_empty() {
            self.memo.set(&check.id, timestamp);
        }
    }
}

fn page_of(check: &Check, result: CheckResult, throttled: u32) -> Page {
    let unjudged = result.unjudged.then(|| map::rule_id(check).to_owned());
    Page {
        documents: result.documents,
        unjudged: unjudged.into_iter().collect(),
        throttled,
        ..Page::default()
    }
}

fn unjudged_page(check: &Check, error: &SourceError) -> Page {
    Page {
        unjudged: vec![map::rule_id(check).to_owned()],
        remarks: vec![format!("check {} ({}) was not read: {error}", check.id, check.name)],
        ..Page::default()
    }
}

/// Whether a failure is the check's own, so that the others may still be read.
fn concerns_check(error: &SourceError) -> bool {
    match error.fault {
        Fault::Refused => {
            matches!(error.condition, UnitCondition::Failing | UnitCondition::NotEnabled)
        }
        Fault::BodyUnreadable | Fault::BodyTooLarge => true,
        Fault::NoAnswer
        | Fault::TimedOut
        | Fault::Credentials
        | Fault::BodyTruncated
        | Fault::RepeatedToken
        | Fault::TooManyPages
        | Fault::Absent
        | Fault::Settings => false,
    }
}

/// The three calls.
#[derive(Debug)]
struct Api {
    client: Client,
    caller: Caller,
    settings: TrustedAdvisorSettings,
}

impl Api {
    /// The checks of the categories in the settings.
    async fn checks(&self, page: &mut Page) -> Result<Vec<Check>, SourceError> {
        let operation = Operation::SupportDescribeChecks;
        let request =
            self.client.describe_trusted_advisor_checks().language(&self.settings.language);
        let answer = self
            .caller
            .call(operation, |capture| request.customize().interceptor(capture).send())
            .await?;
        page.throttled += answer.throttled;
        let mut checks = map::checks(&answer.body)
            .map_err(|error| self.caller.unreadable(operation, &error, &answer))?;
        let categories = &self.settings.categories;
        checks.retain(|check| categories.is_empty() || categories.contains(&check.category));
        Ok(checks)
    }

    /// The summaries of some checks. Without them the checks count as changed.
    async fn summaries(
        &self,
        checks: &[Check],
        summaries: &mut BTreeMap<String, CheckSummary>,
        page: &mut Page,
    ) -> Result<(), SourceError> {
        let operation = Operation::SupportDescribeCheckSummaries;
        let ids = checks.iter().map(|check| check.id.clone().into()).collect();
        let request =
            self.client.describe_trusted_advisor_check_summaries().set_check_ids(Some(ids));
        let answered = self
            .caller
            .call(operation, |capture| request.customize().interceptor(capture).send())
            .await;
        let found = answered.and_then(|answer| {
            page.throttled += answer.throttled;
            map::summaries(&answer.body)
                .map_err(|error| self.caller.unreadable(operation, &error, &answer))
        });
        match found {
            Ok(found) => {
                summaries.extend(found.into_iter().map(|found| (found.check_id.clone(), found)));
                Ok(())
            }
            Err(error) if concerns_check(&error) => {
                page.remarks.push(format!(
                    "no summaries of {} checks, which are read in full: {error}",
                    checks.len()
                ));
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    async fn result(&self, check: &Check, unit: &Unit) -> Result<(CheckResult, u32), SourceError> {
        let operation = Operation::SupportDescribeCheckResult;
        let request = self
            .client
            .describe_trusted_advisor_check_result()
            .check_id(&check.id)
            .language(&self.settings.language);
        let answer = self
            .caller
            .call(operation, |capture| request.customize().interceptor(capture).send())
            .await?;
        let result = map::result(&answer.body, check, unit)
            .map_err(|error| self.caller.unreadable(operation, &error, &answer))?;
        Ok((result, answer.throttled))
    }
}
