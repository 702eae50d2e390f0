//! Findings by id, and ids by prefix.

use std::collections::HashMap;

use muster_api::v1 as wire;
use muster_core::ids::FindingId;

use super::explain::Explainer;
use crate::api::convert::{self, Budget, Detail, LIST_BYTES_MAX};
use crate::api::error::ApiError;
use crate::api::read::{READ_MAX, Reader};
use crate::api::validate::IdText;
use crate::api::validate::reads::{BatchGet, Get};

/// The most ids that are named when a prefix fits several.
const CANDIDATES_MAX: usize = 10;

pub(super) fn get(reader: &Reader<'_>, get: &Get) -> Result<wire::GetFindingResponse, ApiError> {
    let id = one_id(reader, &get.id)?;
    let finding = reader.finding(id)?;
    let mut shown = convert::finding(&finding, get.detail);
    if get.detail != Detail::Basic {
        Explainer::new(reader).explain(&finding, &mut shown)?;
    }
    Ok(wire::GetFindingResponse { finding: Some(shown) })
}

/// The finding that a text stands for.
pub(in crate::api) fn one_id(reader: &Reader<'_>, text: &IdText) -> Result<FindingId, ApiError> {
    let prefix = match text {
        IdText::Full(id) => return Ok(*id),
        IdText::Prefix(prefix) => prefix,
    };
    let candidates = reader.view()?.resolve(prefix, CANDIDATES_MAX);
    match candidates.as_slice() {
        [] => Err(ApiError::FindingNotFound(prefix.clone())),
        [id] => Ok(*id),
        _ => Err(ApiError::AmbiguousId { prefix: prefix.clone(), candidates }),
    }
}

pub(super) fn resolve(
    reader: &Reader<'_>,
    prefixes: Vec<(String, IdText)>,
) -> Result<wire::ResolveFindingIdsResponse, ApiError> {
    let view = reader.view()?;
    let results = prefixes.into_iter().map(|(prefix, text)| {
        let ids = match text {
            IdText::Full(id) if view.contains(id) => vec![id],
            IdText::Full(_) => Vec::new(),
            IdText::Prefix(prefix) => view.resolve(&prefix, CANDIDATES_MAX),
        };
        wire::ResolvedId { prefix, ids: ids.iter().map(ToString::to_string).collect() }
    });
    Ok(wire::ResolveFindingIdsResponse { results: results.collect() })
}

pub(super) fn batch_get(
    reader: &Reader<'_>,
    get: &BatchGet,
) -> Result<wire::BatchGetFindingsResponse, ApiError> {
    let mut answer = wire::BatchGetFindingsResponse::default();
    let mut budget = Budget::new(LIST_BYTES_MAX);
    let mut full = false;
    let mut explainer = Explainer::new(reader);
    for ids in get.ids.chunks(READ_MAX) {
        // Once it is full only whether the others exist is asked, of the view.
        if full {
            let view = reader.view()?;
            for id in ids {
                let there = view.contains(*id);
                let list = if there { &mut answer.omitted_ids } else { &mut answer.missing_ids };
                list.push(id.to_string());
            }
            continue;
        }
        let found: HashMap<FindingId, _> =
            reader.findings(ids)?.into_iter().map(|finding| (finding.id, finding)).collect();
        for id in ids {
            let Some(finding) = found.get(id) else {
                answer.missing_ids.push(id.to_string());
                continue;
            };
            let mut shown = convert::finding(finding, get.detail);
            if !full && get.detail != Detail::Basic {
                explainer.explain(finding, &mut shown)?;
            }
            full = full || !budget.fits(&shown);
            if full {
                answer.omitted_ids.push(shown.id);
            } else {
                answer.findings.push(shown);
            }
        }
    }
    Ok(answer)
}
