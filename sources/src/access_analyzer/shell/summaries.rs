//! Unused and internal access: `ListFindingsV2`, then `GetFindingV2` for what changed.

use bytes::Bytes;
use muster_core::time::Millis;
use muster_core::unit::Unit;

use super::super::map::{self, SummariesPage, Summary};
use super::{Api, PAGE_SIZE};
use crate::aws::Pages;
use crate::document::Document;
use crate::operations::Operation;
use crate::source::{Page, SourceError};

/// The list of an analyzer's summaries.
#[derive(Debug)]
pub(super) struct Summaries {
    /// What was updated before this is known already.
    since: Option<Millis>,
    pages: Pages,
}

impl Summaries {
    pub(super) fn new(since: Option<Millis>) -> Self {
        Self { since, pages: Pages::new(Operation::AccessAnalyzerListFindingsV2) }
    }

    pub(super) async fn next_page(
        &mut self,
        api: &Api,
        unit: &Unit,
    ) -> Result<Option<Page>, SourceError> {
        if self.pages.at_end() {
            return Ok(None);
        }
        let mut page = Page::default();
        let found = self.list(api, unit, &mut page).await?;
        page.documents.extend(found.unmapped.into_iter().map(Document::Unmapped));
        for summary in found.summaries {
            if self.is_known(&summary) {
                page.present.push(summary.key);
                continue;
            }
            let details = details(api, unit, &summary.id, &mut page).await?;
            // Empty: it is gone since it was listed.
            if !details.is_empty() {
                page.documents.push(map::finding(&details, unit));
            }
        }
        self.pages.advance(&api.caller, found.next_token)?;
        Ok(Some(page))
    }

    fn is_known(&self, summary: &Summary) -> bool {
        match (self.since, summary.updated) {
            (Some(since), Some(updated)) => updated < since,
            (None, _) | (_, None) => false,
        }
    }

    async fn list(
        &self,
        api: &Api,
        unit: &Unit,
        page: &mut Page,
    ) -> Result<SummariesPage, SourceError> {
        let operation = Operation::AccessAnalyzerListFindingsV2;
        let request = api
            .client
            .list_findings_v2()
            .analyzer_arn(&unit.part)
            .max_results(PAGE_SIZE)
            .set_next_token(self.pages.token());
        let answer = api
            .caller
            .call(operation, |capture| request.customize().interceptor(capture).send())
            .await?;
        page.throttled += answer.throttled;
        map::summaries_page(&answer.body, unit)
            .map_err(|error| api.caller.unreadable(operation, &error, &answer))
    }
}

/// All pages of the details of a finding; none when it is gone.
async fn details(
    api: &Api,
    unit: &Unit,
    id: &str,
    page: &mut Page,
) -> Result<Vec<Bytes>, SourceError> {
    let operation = Operation::AccessAnalyzerGetFindingV2;
    let mut pages = Pages::new(operation);
    let mut bodies = Vec::new();
    while !pages.at_end() {
        let request = api
            .client
            .get_finding_v2()
            .analyzer_arn(&unit.part)
            .id(id)
            .set_next_token(pages.token());
        let answer = match api
            .caller
            .call(operation, |capture| request.customize().interceptor(capture).send())
            .await
        {
            Ok(answer) => answer,
            Err(error) if error.code == "ResourceNotFoundException" => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        page.throttled += answer.throttled;
        let next = map::details_next_token(&answer.body)
            .map_err(|error| api.caller.unreadable(operation, &error, &answer))?;
        bodies.push(answer.body);
        pages.advance(&api.caller, next)?;
    }
    Ok(bodies)
}
