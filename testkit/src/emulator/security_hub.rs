//! Security Hub CSPM: `GetFindings` and `DescribeHub`.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use serde_json::json;
use serde_json::value::RawValue;

mod filters;

use self::filters::Filters;
use super::State;
use super::error::{ApiError, ErrorKind, invalid};
use super::listing::{Cut, Page};
use super::request::Call;
use super::tokens::{BadToken, Position, SortKey};
use crate::clock::millis_text;
use crate::operation::{Operation, Service};
use crate::scope::Scope;
use crate::world::hub::Stored;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetFindings {
    filters: Option<Box<RawValue>>,
    sort_criteria: Option<Box<RawValue>>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SortCriterion {
    field: String,
    #[serde(default)]
    sort_order: String,
}

fn refused(message: &str) -> ApiError {
    invalid(Service::SecurityHub, message)
}

fn check_enabled(state: &State, scope: &Scope) -> Result<(), ApiError> {
    if state.config.world.hub(scope).is_some() {
        return Ok(());
    }
    Err(ErrorKind::NotEnabled.error(Service::SecurityHub, "", &scope.account))
}

/// `GET /accounts`.
pub(crate) fn describe_hub(state: &State, scope: &Scope) -> Result<Vec<u8>, ApiError> {
    check_enabled(state, scope)?;
    let Some(hub) = state.config.world.hub(scope) else { return Ok(Vec::new()) };
    let Scope { account, region } = scope;
    let body = json!({
        "HubArn": format!("arn:aws:securityhub:{region}:{account}:hub/default"),
        "SubscribedAt": millis_text(hub.subscribed_at),
        "AutoEnableControls": true,
        "ControlFindingGenerator": hub.control_findings.as_str()
    });
    Ok(body.to_string().into_bytes())
}

/// `POST /findings`.
pub(crate) fn get_findings(
    state: &mut State,
    call: &Call,
    scope: &Scope,
    now: Timestamp,
) -> Result<Vec<u8>, ApiError> {
    check_enabled(state, scope)?;
    let request: GetFindings =
        serde_json::from_slice(if call.body.is_empty() { b"{}" } else { &call.body })
            .map_err(|error| refused(&format!("The request is not valid JSON: {error}")))?;
    let limit = match request.max_results {
        None => 100,
        Some(limit @ 1..=100) => usize::try_from(limit).unwrap_or(100),
        Some(limit) => {
            let message = format!("Invalid parameter MaxResults: {limit} is not between 1 and 100");
            return Err(refused(&message));
        }
    };
    let raw = |value: &Option<Box<RawValue>>| value.as_ref().map_or("", |raw| raw.get()).to_owned();
    let (filters, sort) = (raw(&request.filters), raw(&request.sort_criteria));
    // The token is pinned to these bytes: a bound that moves between pages is refused.
    let query = format!("{filters}\n{sort}");
    let operation = Operation::GetFindings;
    let after = state
        .position(request.next_token.as_deref(), operation, scope, &query, now)
        .map_err(|bad| match bad {
            BadToken::Unknown => refused("Invalid parameter: NextToken is invalid or has expired"),
            BadToken::QueryChanged => refused("Input Query has changed"),
        })?;
    let filters = Filters::parse(&filters, now).map_err(|message| refused(&message))?;
    let sort = Sort::parse(&sort)?;
    let cut = Cut { after, descending: sort.descending, limit };
    let page = select(state, scope, &filters, &sort, &cut);
    let body = body(&page.items);
    let next =
        page.next.map(|position| state.tokens.issue(operation, scope, &query, position, now));
    Ok(finish(body, next.as_deref()))
}

/// What the findings are sorted by.
struct Sort {
    field: Option<&'static filters::Attribute>,
    by_update: bool,
    descending: bool,
}

impl Sort {
    fn parse(text: &str) -> Result<Self, ApiError> {
        let criteria: Vec<SortCriterion> = if text.is_empty() || text == "null" {
            Vec::new()
        } else {
            serde_json::from_str(text)
                .map_err(|error| refused(&format!("Invalid SortCriteria: {error}")))?
        };
        let Some(first) = criteria.first() else {
            return Ok(Self { field: None, by_update: false, descending: false });
        };
        let field = filters::attribute(&first.field).ok_or_else(|| {
            refused(&format!("Invalid parameter SortCriteria: no field {}", first.field))
        })?;
        let descending = first.sort_order.eq_ignore_ascii_case("desc");
        Ok(Self { field: Some(field), by_update: first.field == "UpdatedAt", descending })
    }

    fn key(&self, updated_at: Timestamp, document: &Value) -> SortKey {
        let Some(field) = self.field else { return SortKey::None };
        if self.by_update {
            return SortKey::Time(updated_at);
        }
        let first = field.values(document).into_iter().next();
        match first {
            Some(Value::String(text)) => {
                text.parse().map_or_else(|_| SortKey::Text(text.clone()), SortKey::Time)
            }
            Some(Value::Number(number)) => SortKey::Number(number.as_i64().unwrap_or_default()),
            _ => SortKey::None,
        }
    }
}

/// The page of findings that a caller sees.
fn select(
    state: &State,
    scope: &Scope,
    filters: &Filters,
    sort: &Sort,
    cut: &Cut,
) -> Page<bytes::Bytes> {
    let mut candidates = Vec::new();
    for hub in state.config.world.visible_hubs(scope) {
        let after = cut.after.as_ref().filter(|_| sort.by_update).and_then(|after| {
            let SortKey::Time(time) = after.key else { return None };
            Some((time, after.id.clone()))
        });
        // In the order of the index, a page and one more is enough from each hub.
        let enough = if sort.by_update { cut.limit + 1 } else { usize::MAX };
        let ordered = hub.by_update(after.as_ref(), sort.by_update && sort.descending);
        let matching = ordered.filter_map(|(id, stored)| candidate(id, stored, filters, sort));
        candidates.extend(matching.filter(|(position, _)| cut.is_after(position)).take(enough));
    }
    cut.page(candidates.into_iter())
}

fn candidate(
    id: &str,
    stored: &Stored,
    filters: &Filters,
    sort: &Sort,
) -> Option<(Position, bytes::Bytes)> {
    if !filters.admit_update(stored.updated_at) {
        return None;
    }
    let mut key = SortKey::Time(stored.updated_at);
    if filters.need_document() || !sort.by_update {
        let document: Value = serde_json::from_slice(&stored.text).ok()?;
        if !filters.admit(&document) {
            return None;
        }
        key = sort.key(stored.updated_at, &document);
    }
    Some((Position { key, id: id.to_owned() }, stored.text.clone()))
}

/// The documents exactly as they are stored, in a list.
fn body(documents: &[bytes::Bytes]) -> Vec<u8> {
    let mut body = b"{\"Findings\":[".to_vec();
    for (index, document) in documents.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        body.extend_from_slice(document);
    }
    body.push(b']');
    body
}

fn finish(mut body: Vec<u8>, next: Option<&str>) -> Vec<u8> {
    if let Some(next) = next {
        body.extend_from_slice(format!(",\"NextToken\":{}", json!(next)).as_bytes());
    }
    body.push(b'}');
    body
}
