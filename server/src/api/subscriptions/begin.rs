//! Where a subscription begins.

use muster_core::ids::Revision;
use muster_core::time::Millis;

use crate::api::cursor::{self, Binding, Family, Place, TokenError};
use crate::api::error::ApiError;
use crate::api::read::{Reader, Reads};
use crate::api::validate::subscriptions::StartText;
use crate::store::{Store, StoreError};
use crate::subscriptions::Start;

/// Looks a beginning up.
pub(super) async fn find(
    reads: &Reads,
    start: StartText,
    query: [u8; 8],
) -> Result<Start, ApiError> {
    match start {
        StartText::Snapshot => Ok(Start::Snapshot),
        StartText::Oldest => Ok(Start::Oldest),
        StartText::Now => Ok(Start::Now),
        StartText::Time(time) => {
            let read = move |reader: &Reader<'_>| Ok(before(reader.store(), time)?);
            Ok(Start::After(reads.run(read).await?))
        }
        StartText::Cursor(text) => {
            let read = move |reader: &Reader<'_>| at_cursor(reader.store(), &text, query);
            Ok(Start::After(reads.run(read).await?))
        }
    }
}

/// The place of a cursor, which must be in the log.
fn at_cursor(store: &dyn Store, text: &str, query: [u8; 8]) -> Result<Revision, ApiError> {
    let log_id = store.log_id();
    let binding = Binding { log_id, query };
    let revision = match cursor::decode(text, Family::Cursor, &binding)? {
        Place::Live(revision) => revision,
        Place::Snapshot { .. } => {
            let wrong = "is inside a snapshot, which goes by another order; start at SNAPSHOT";
            return Err(ApiError::field("start.cursor", wrong));
        }
        _ => return Err(TokenError::Mismatch(Family::Cursor).into()),
    };
    if revision > store.head() {
        return Err(TokenError::LogChanged { family: Family::Cursor, log_id }.into());
    }
    let oldest = store.oldest();
    if revision.next() < oldest {
        return Err(StoreError::Compacted { oldest }.into());
    }
    Ok(revision)
}

/// The last change before the first one that was committed at `time` or later.
fn before(store: &dyn Store, time: Millis) -> Result<Revision, StoreError> {
    let (mut from, mut to) = (store.oldest().0, store.head().0 + 1);
    while from < to {
        let middle = from + (to - from) / 2;
        // One that retention removed a moment ago is an old one.
        let is_before = store.change(Revision(middle))?.is_none_or(|change| change.time < time);
        if is_before { from = middle + 1 } else { to = middle }
    }
    Ok(Revision(from.saturating_sub(1)))
}
