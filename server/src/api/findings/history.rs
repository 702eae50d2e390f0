//! The log entries of one finding.

use muster_api::v1 as wire;
use muster_core::ids::{FindingId, Revision};

use super::get::one_id;
use crate::api::convert::{self, Budget, LIST_BYTES_MAX};
use crate::api::cursor::{self, Binding, Family, Place, TokenError};
use crate::api::error::ApiError;
use crate::api::read::Reader;
use crate::api::validate::reads::History;

/// Follows the links from the newest change back.
pub(super) fn list(
    reader: &Reader<'_>,
    wanted: &History,
) -> Result<wire::ListFindingHistoryResponse, ApiError> {
    let id = one_id(reader, &wanted.id)?;
    let log_id = reader.store().log_id();
    let binding = Binding { log_id, query: cursor::query_hash(&["history", &id.to_string()]) };
    let mut next = start(reader, id, &wanted.page_token, &binding)?;

    let mut answer = wire::ListFindingHistoryResponse::default();
    let mut budget = Budget::new(LIST_BYTES_MAX);
    while next > Revision::ZERO {
        let Some(change) = reader.store().change(next)? else {
            answer.truncated_by_retention = true;
            return Ok(answer);
        };
        let entry = convert::change(&change, log_id);
        if answer.changes.len() == wanted.limit || !budget.fits(&entry) {
            answer.next_page_token = cursor::encode(&Place::History(next), &binding);
            return Ok(answer);
        }
        answer.changes.push(entry);
        next = change.previous;
    }
    Ok(answer)
}

fn start(
    reader: &Reader<'_>,
    id: FindingId,
    token: &str,
    binding: &Binding,
) -> Result<Revision, ApiError> {
    if token.is_empty() {
        return Ok(reader.finding(id)?.revision);
    }
    match cursor::decode(token, Family::Page, binding)? {
        Place::History(revision) => Ok(revision),
        _ => Err(TokenError::Mismatch(Family::Page).into()),
    }
}
