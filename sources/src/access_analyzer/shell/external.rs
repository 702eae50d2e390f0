//! External access: `ListFindings`, whose items are complete.

use std::collections::BTreeSet;

use aws_sdk_accessanalyzer::types::Criterion;
use bytes::Bytes;
use muster_core::unit::Unit;

use super::super::map;
use super::{Api, PAGE_SIZE};
use crate::aws::{Answer, Pages};
use crate::operations::Operation;
use crate::source::{Page, SourceError};

const OPERATION: Operation = Operation::AccessAnalyzerListFindings;

/// The list of an external analyzer's findings.
#[derive(Debug)]
pub(super) struct External {
    /// The resources that the analyzer may not look at; `None` before they were asked for.
    denied: Option<BTreeSet<String>>,
    pages: Pages,
}

impl External {
    pub(super) fn new() -> Self {
        Self { denied: None, pages: Pages::new(OPERATION) }
    }

    pub(super) async fn next_page(
        &mut self,
        api: &Api,
        unit: &Unit,
    ) -> Result<Option<Page>, SourceError> {
        if self.pages.at_end() {
            return Ok(None);
        }
        if self.denied.is_none() {
            self.denied = Some(denied(api, unit).await?);
        }
        let nothing = BTreeSet::new();
        let denied = self.denied.as_ref().unwrap_or(&nothing);
        let answer = list(api, unit, self.pages.token(), None).await?;
        let map = |body: &Bytes| map::external_findings_page(body, unit, denied);
        self.pages.read(&api.caller, &answer, map).map(Some)
    }
}

/// The resources that the analyzer may not look at.
///
/// When access is denied, AWS turns the resource's other findings to `RESOLVED` although the
/// exposure may remain; the mapping needs to know before it reads them.
async fn denied(api: &Api, unit: &Unit) -> Result<BTreeSet<String>, SourceError> {
    let exists = Criterion::builder().exists(true).build();
    let mut pages = Pages::new(OPERATION);
    let mut resources = BTreeSet::new();
    while !pages.at_end() {
        let answer = list(api, unit, pages.token(), Some(exists.clone())).await?;
        let found = map::denied_resources_page(&answer.body)
            .map_err(|error| api.caller.unreadable(OPERATION, &error, &answer))?;
        resources.extend(found.ids);
        pages.advance(&api.caller, found.next_token)?;
    }
    Ok(resources)
}

async fn list(
    api: &Api,
    unit: &Unit,
    token: Option<String>,
    error: Option<Criterion>,
) -> Result<Answer, SourceError> {
    let mut request = api
        .client
        .list_findings()
        .analyzer_arn(&unit.part)
        .max_results(PAGE_SIZE)
        .set_next_token(token);
    if let Some(error) = error {
        request = request.filter("error", error);
    }
    api.caller.call(OPERATION, |capture| request.customize().interceptor(capture).send()).await
}
