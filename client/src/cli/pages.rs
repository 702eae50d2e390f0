//! Lists of findings, page by page.

use muster_api::v1::{ListFindingsRequest, ListFindingsResponse};

use super::failure::Failure;
use super::session::Session;

/// Findings asked for at once. The server cuts a page at 2 MiB anyway.
const PAGE_SIZE: u64 = 500;

/// The rest of a list.
pub(crate) struct Pages {
    request: ListFindingsRequest,
    /// How many are still wanted; `None` for all.
    left: Option<u64>,
    ended: bool,
}

impl Pages {
    /// A list that begins at `request.page_token`; `page_size` is chosen here.
    pub(crate) fn new(request: ListFindingsRequest, limit: Option<u64>) -> Self {
        Self { request, left: limit, ended: false }
    }

    /// The next page; `None` after the last, or when enough was taken.
    pub(crate) async fn next(
        &mut self,
        session: &Session,
    ) -> Result<Option<ListFindingsResponse>, Failure> {
        if self.ended || self.left == Some(0) {
            return Ok(None);
        }
        let size = self.left.unwrap_or(PAGE_SIZE).min(PAGE_SIZE);
        self.request.page_size = i32::try_from(size).unwrap_or(i32::MAX);
        let page = session
            .client
            .list_findings(self.request.clone())
            .await
            .map_err(|error| session.failed_with(&error, &self.request.filter))?;
        self.left = self.left.map(|left| left.saturating_sub(page.findings.len() as u64));
        self.ended = page.next_page_token.is_empty();
        self.request.page_token.clone_from(&page.next_page_token);
        Ok(Some(page))
    }

    /// Where the list goes on; `None` when it is complete.
    pub(crate) fn token(&self) -> Option<&str> {
        Some(self.request.page_token.as_str()).filter(|_| !self.ended)
    }
}
