//! Page tokens: opaque, pinned to the query that they came from, and short-lived.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use crate::operation::Operation;
use crate::scope::Scope;
use crate::seeded;

/// How many tokens are remembered; beyond it the oldest are forgotten, and so have expired.
const TOKENS_KEPT: usize = 20_000;

/// Where a listing stands: after this sort key and id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub key: SortKey,
    pub id: String,
}

/// What a listing is sorted by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SortKey {
    /// The document has no such field, or the order was not asked for.
    None,
    Time(Timestamp),
    Number(i64),
    Text(String),
}

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadToken {
    /// It is not one of ours, or too old.
    Unknown,
    /// It is of another query.
    QueryChanged,
}

/// The tokens that were handed out.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    by_text: HashMap<String, Token>,
    oldest_first: VecDeque<String>,
    issued: u64,
}

#[derive(Debug)]
struct Token {
    operation: Operation,
    scope: Scope,
    /// The query byte for byte, without token and page size.
    query: String,
    position: Position,
    issued_at: Timestamp,
}

impl Tokens {
    /// A token with which the listing goes on after `position`.
    pub(crate) fn issue(
        &mut self,
        operation: Operation,
        scope: &Scope,
        query: &str,
        position: Position,
        now: Timestamp,
    ) -> String {
        self.issued += 1;
        let bytes = seeded::digest(self.issued, &["page token", query]);
        let text =
            format!("{}{}", STANDARD.encode(bytes), STANDARD.encode([bytes, bytes].concat()));
        let (scope, query) = (scope.clone(), query.to_owned());
        let token = Token { operation, scope, query, position, issued_at: now };
        if self.oldest_first.len() == TOKENS_KEPT
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.by_text.remove(&oldest);
        }
        self.oldest_first.push_back(text.clone());
        self.by_text.insert(text.clone(), token);
        text
    }

    /// Where the listing stands that this token continues. A token may be used again.
    pub(crate) fn redeem(
        &self,
        text: &str,
        operation: Operation,
        scope: &Scope,
        query: &str,
        now: Timestamp,
        lifetime: Duration,
    ) -> Result<Position, BadToken> {
        let token = self.by_text.get(text).ok_or(BadToken::Unknown)?;
        let age = now.duration_since(token.issued_at);
        if token.operation != operation || token.scope != *scope || age.unsigned_abs() > lifetime {
            return Err(BadToken::Unknown);
        }
        if token.query != query {
            return Err(BadToken::QueryChanged);
        }
        Ok(token.position.clone())
    }
}
