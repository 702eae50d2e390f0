//! Pages of subscriptions and of what they gave up.

use std::ops::Bound;
use std::sync::Arc;

use muster_api::v1 as wire;

use super::hand::Query;
use crate::api::convert::{self, Budget, LIST_BYTES_MAX};
use crate::api::cursor::{self, Binding, Family, Place, TokenError, query_hash};
use crate::api::error::ApiError;
use crate::api::read::{Reader, Reads};
use crate::api::validate::subscriptions::{List, key};
use crate::subscriptions::Entry;

/// A page of subscriptions, by name.
pub(super) async fn subscriptions(
    reads: &Reads,
    wanted: List,
) -> Result<wire::ListSubscriptionsResponse, ApiError> {
    let binding = Binding { log_id: reads.log_id(), query: query_hash(&["subscriptions"]) };
    let after = match &*wanted.page_token {
        "" => String::new(),
        token => match cursor::decode(token, Family::Page, &binding)? {
            Place::Subscriptions(name) => name,
            _ => return Err(TokenError::Mismatch(Family::Page).into()),
        },
    };
    let now = reads.backend().clock.now();
    let page = reads.backend().subscriptions.page(&after, wanted.limit + 1);
    let read = move |reader: &Reader<'_>| {
        let mut answer = wire::ListSubscriptionsResponse::default();
        let mut budget = Budget::new(LIST_BYTES_MAX);
        for entry in page {
            let shown = convert::subscription(&entry, reader.store(), now)?;
            if answer.subscriptions.len() == wanted.limit || !budget.fits(&shown) {
                let last = answer.subscriptions.last().map(|last| last.id.clone());
                let place = Place::Subscriptions(last.unwrap_or_default());
                answer.next_page_token = cursor::encode(&place, &binding);
                break;
            }
            answer.subscriptions.push(shown);
        }
        Ok(answer)
    };
    reads.run(read).await
}

/// A page of what a subscription gave up, in order.
pub(super) async fn parked(
    reads: &Reads,
    entry: Arc<Entry>,
    wanted: List,
) -> Result<wire::ListParkedChangesResponse, ApiError> {
    let query = query_hash(&["parked", &wanted.name]);
    let binding = Binding { log_id: reads.log_id(), query };
    let after = match &*wanted.page_token {
        "" => Bound::Unbounded,
        token => match cursor::decode(token, Family::Page, &binding)? {
            Place::Parked(id) => key(&id).map_or(Bound::Unbounded, Bound::Excluded),
            _ => return Err(TokenError::Mismatch(Family::Page).into()),
        },
    };
    let entry = entry.at(reads.backend().clock.now());
    let query = Query::of(&entry.subscription)?;
    let read = move |reader: &Reader<'_>| {
        let mut answer = wire::ListParkedChangesResponse::default();
        let mut budget = Budget::new(LIST_BYTES_MAX);
        for (key, parked) in entry.state.parked.range((after, Bound::Unbounded)) {
            let (finding, revision, time) = (parked.finding, parked.revision, parked.time);
            let change = query.again(reader, *key, finding, revision, time)?;
            let shown = convert::parked(*key, parked, change);
            if answer.parked.len() == wanted.limit || !budget.fits(&shown) {
                let last = answer.parked.last().map(|last| last.id.clone()).unwrap_or_default();
                answer.next_page_token = cursor::encode(&Place::Parked(last), &binding);
                break;
            }
            answer.parked.push(shown);
        }
        Ok(answer)
    };
    reads.run(read).await
}
