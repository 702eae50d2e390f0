//! Inspector: whether it is on, and its findings by criteria.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::State;
use super::error::{ApiError, invalid};
use super::listing::Cut;
use super::request::Call;
use super::tokens::{Position, SortKey};
use crate::operation::{Operation, Service};
use crate::scope::Scope;

/// Findings in a page, at most.
const PAGE_MAX: usize = 100;

fn refused(message: &str) -> ApiError {
    invalid(Service::Inspector, message)
}

/// `POST /status/batch/get`.
pub(crate) fn status(state: &State, scope: &Scope) -> Vec<u8> {
    let enabled = state.config.world.inspector(scope).is_some();
    let status = json!({
        "status": if enabled { "ENABLED" } else { "DISABLED" },
        "errorCode": "ALREADY_ENABLED",
        "errorMessage": ""
    });
    let resources = json!({ "ec2": status, "ecr": status, "lambda": status });
    let account =
        json!({ "accountId": scope.account, "state": status, "resourceState": resources });
    json!({ "accounts": [account], "failedAccounts": [] }).to_string().into_bytes()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListFindings {
    filter_criteria: Option<Box<RawValue>>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

/// Bounds of `updatedAt`, in seconds since the epoch.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Criteria {
    updated_at: Vec<Window>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Window {
    start_inclusive: Option<f64>,
    end_inclusive: Option<f64>,
}

impl Criteria {
    fn admit(&self, document: &Value) -> bool {
        let updated = document["updatedAt"].as_f64().unwrap_or_default();
        let within = |window: &Window| {
            window.start_inclusive.is_none_or(|start| updated >= start)
                && window.end_inclusive.is_none_or(|end| updated <= end)
        };
        self.updated_at.is_empty() || self.updated_at.iter().any(within)
    }
}

/// `POST /findings/list`: an empty list where Inspector is off.
pub(crate) fn list_findings(
    state: &mut State,
    call: &Call,
    scope: &Scope,
    now: Timestamp,
) -> Result<Vec<u8>, ApiError> {
    let request: ListFindings =
        serde_json::from_slice(if call.body.is_empty() { b"{}" } else { &call.body })
            .map_err(|error| refused(&format!("The request is not valid: {error}")))?;
    let limit = match request.max_results {
        None => PAGE_MAX,
        Some(limit @ 1..=100) => usize::try_from(limit).unwrap_or(PAGE_MAX),
        Some(_) => return Err(refused("maxResults is not between 1 and 100")),
    };
    let criteria = request.filter_criteria.as_ref().map_or("", |raw| raw.get()).to_owned();
    let operation = Operation::ListInspectorFindings;
    let after = state
        .position(request.next_token.as_deref(), operation, scope, &criteria, now)
        .map_err(|_| refused("The nextToken is not valid"))?;
    let wanted: Criteria = if criteria.is_empty() || criteria == "null" {
        Criteria::default()
    } else {
        serde_json::from_str(&criteria)
            .map_err(|error| refused(&format!("The filterCriteria are not valid: {error}")))?
    };
    let cut = Cut { after, descending: false, limit };
    let findings = state.config.world.inspector(scope).into_iter().flatten();
    let candidates = findings
        .filter(|(_, document)| wanted.admit(document))
        .map(|(id, document)| (Position { key: SortKey::None, id: id.clone() }, document.clone()));
    let page = cut.page(candidates);
    let next =
        page.next.map(|position| state.tokens.issue(operation, scope, &criteria, position, now));
    Ok(json!({ "findings": page.items, "nextToken": next }).to_string().into_bytes())
}
