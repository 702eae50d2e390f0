//! `UnitService`: what is being collected, and what could not be mapped.

use muster_api::v1 as wire;
use muster_api::v1::unit_service_server::UnitService;
use tonic::{Request, Response, Status};

use super::convert::{self, Budget, LIST_BYTES_MAX};
use super::cursor::{self, Binding, Family, Place, TokenError};
use super::error::ApiError;
use super::read::{Reader, Reads};
use super::validate::units::{self as validate, ListUnits, ListUnmapped};
use crate::quarantine::Kept;
use crate::store::MetaTable;

/// How many kept documents are read at once: each may have 512 KiB.
const ROWS_READ_MAX: usize = 16;

/// How many kept documents are looked at for one page. A page of a unit that has few among many ends
/// here, perhaps empty, with a token to go on.
const ROWS_SEEN_MAX: usize = 2048;

/// Answers from the board of units and the store.
#[derive(Clone, Debug)]
pub(super) struct Units {
    reads: Reads,
}

impl Units {
    pub(super) fn new(reads: Reads) -> Self {
        Self { reads }
    }
}

#[tonic::async_trait]
impl UnitService for Units {
    async fn list_units(
        &self,
        request: Request<wire::ListUnitsRequest>,
    ) -> Result<Response<wire::ListUnitsResponse>, Status> {
        let wanted = validate::list_units(request.into_inner())?;
        Ok(Response::new(self.reads.run(move |reader| list_units(reader, &wanted)).await?))
    }

    async fn list_unmapped_documents(
        &self,
        request: Request<wire::ListUnmappedDocumentsRequest>,
    ) -> Result<Response<wire::ListUnmappedDocumentsResponse>, Status> {
        let wanted = validate::list_unmapped(request.into_inner())?;
        Ok(Response::new(self.reads.run(move |reader| list_unmapped(reader, &wanted)).await?))
    }
}

fn list_units(
    reader: &Reader<'_>,
    wanted: &ListUnits,
) -> Result<wire::ListUnitsResponse, ApiError> {
    let binding = Binding { log_id: reader.store().log_id(), query: wanted.query_hash() };
    let after = match place(&wanted.page_token, &binding)? {
        None => String::new(),
        Some(Place::Units(name)) => name,
        Some(_) => return Err(TokenError::Mismatch(Family::Page).into()),
    };
    let selected = |condition| {
        wanted.conditions.is_empty() || wanted.conditions.binary_search(&condition).is_ok()
    };
    let page = reader.units().page(&after, wanted.limit + 1, |state| selected(state.condition));
    let mut budget = Budget::new(LIST_BYTES_MAX);
    let mut answer = wire::ListUnitsResponse::default();
    for state in &page {
        let count = reader.view()?.unit_report_count(&state.unit.to_string());
        let unit = convert::unit(state, count);
        if answer.units.len() == wanted.limit || !budget.fits(&unit) {
            let last = answer.units.last().map(|unit| unit.name.clone()).unwrap_or_default();
            answer.next_page_token = cursor::encode(&Place::Units(last), &binding);
            break;
        }
        answer.units.push(unit);
    }
    Ok(answer)
}

fn list_unmapped(
    reader: &Reader<'_>,
    wanted: &ListUnmapped,
) -> Result<wire::ListUnmappedDocumentsResponse, ApiError> {
    let binding = Binding { log_id: reader.store().log_id(), query: wanted.query_hash() };
    let mut after = match place(&wanted.page_token, &binding)? {
        None => Vec::new(),
        Some(Place::Unmapped(key)) => key,
        Some(_) => return Err(TokenError::Mismatch(Family::Page).into()),
    };
    let mut answer = wire::ListUnmappedDocumentsResponse::default();
    let mut budget = Budget::new(LIST_BYTES_MAX);
    let token = |after: &[u8]| cursor::encode(&Place::Unmapped(after.to_vec()), &binding);
    for _ in 0..ROWS_SEEN_MAX / ROWS_READ_MAX {
        let rows = reader.store().scan_meta(MetaTable::Quarantine, &after, ROWS_READ_MAX)?;
        let complete = rows.len() < ROWS_READ_MAX;
        for (key, value) in rows {
            let document = Kept::read(&value)?;
            if wanted.unit.is_empty() || wanted.unit == document.unit {
                let document = convert::unmapped(document);
                if answer.documents.len() == wanted.limit || !budget.fits(&document) {
                    answer.next_page_token = token(&after);
                    return Ok(answer);
                }
                answer.documents.push(document);
            }
            after = key;
        }
        if complete {
            return Ok(answer);
        }
    }
    answer.next_page_token = token(&after);
    Ok(answer)
}

/// What a page token stands for; `None` at the first page.
fn place(token: &str, binding: &Binding) -> Result<Option<Place>, ApiError> {
    if token.is_empty() {
        return Ok(None);
    }
    Ok(Some(cursor::decode(token, Family::Page, binding)?))
}
