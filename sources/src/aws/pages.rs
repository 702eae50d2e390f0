//! Walks a list page by page.
//!
//! The SDK's paginators are not used: they want typed outputs. What they guard against is guarded
//! against here.

use std::collections::HashSet;

use bytes::Bytes;
use muster_core::ids::digest128;

use super::caller::{Answer, Caller};
use crate::document::{BodyError, FindingsPage};
use crate::operations::Operation;
use crate::source::{Fault, Page, SourceError};

/// The most pages of one list (100,000: 10 million findings, a day of reading at AWS's rate).
///
/// A longer list fails the pass with [`Fault::TooManyPages`].
pub const PAGES_MAX: u32 = 100_000;

/// Where a list stands.
#[derive(Debug)]
pub(crate) struct Pages {
    operation: Operation,
    next: Next,
    read: u32,
    /// Of every token so far, 16 bytes: a cycle of any length is found.
    seen: HashSet<[u8; 16]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Next {
    First,
    Token(String),
    End,
}

impl Pages {
    pub(crate) fn new(operation: Operation) -> Self {
        Self { operation, next: Next::First, read: 0, seen: HashSet::new() }
    }

    /// Whether the last page has been read.
    pub(crate) fn at_end(&self) -> bool {
        self.next == Next::End
    }

    /// The token to ask the next page with; none for the first one.
    pub(crate) fn token(&self) -> Option<String> {
        match &self.next {
            Next::Token(token) => Some(token.clone()),
            Next::First | Next::End => None,
        }
    }

    /// Reads the documents of an answer, and goes on after it.
    pub(crate) fn read(
        &mut self,
        caller: &Caller,
        answer: &Answer,
        map: impl FnOnce(&Bytes) -> Result<FindingsPage, BodyError>,
    ) -> Result<Page, SourceError> {
        let found =
            map(&answer.body).map_err(|error| caller.unreadable(self.operation, &error, answer))?;
        self.advance(caller, found.next_token)?;
        let (documents, throttled) = (found.documents, answer.throttled);
        Ok(Page { documents, throttled, ..Page::default() })
    }

    /// Goes on after a page that was read.
    pub(crate) fn advance(
        &mut self,
        caller: &Caller,
        token: Option<String>,
    ) -> Result<(), SourceError> {
        self.read += 1;
        let Some(token) = token else {
            self.next = Next::End;
            return Ok(());
        };
        if !self.seen.insert(digest128(token.as_bytes())) {
            let message = format!("page {} has a token that an earlier page had", self.read);
            return Err(caller.fault(self.operation, Fault::RepeatedToken, message));
        }
        if self.read >= PAGES_MAX {
            let message = format!("the list goes on after {PAGES_MAX} pages");
            return Err(caller.fault(self.operation, Fault::TooManyPages, message));
        }
        self.next = Next::Token(token);
        Ok(())
    }
}
