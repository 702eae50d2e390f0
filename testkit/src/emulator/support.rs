//! AWS Support: Trusted Advisor's checks, summaries and results, in JSON 1.1.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::State;
use super::error::{ApiError, ErrorKind, invalid};
use super::request::Call;
use crate::clock::seconds_text;
use crate::operation::{Operation, Service};
use crate::scope::Scope;
use crate::world::Event;
use crate::world::advisor::{Advisor, Check};

/// How long after a refresh the next one is refused, in milliseconds. AWS says five minutes.
const REFRESH_PAUSE_MS: i64 = 300_000;

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Request {
    language: Option<String>,
    check_id: Option<String>,
    check_ids: Option<Vec<String>>,
}

fn refused(message: &str) -> ApiError {
    invalid(Service::Support, message)
}

/// Any of the operations.
pub(crate) fn answer(
    state: &mut State,
    call: &Call,
    scope: &Scope,
    now: Timestamp,
) -> Result<Vec<u8>, ApiError> {
    // Trusted Advisor is served in one Region; a request signed for another is not valid there.
    if scope.region != "us-east-1" {
        return Err(ApiError::new(
            400,
            "InvalidSignatureException",
            format!("Credential should be scoped to a valid region, not '{}'.", scope.region),
        ));
    }
    let request: Request =
        serde_json::from_slice(if call.body.is_empty() { b"{}" } else { &call.body })
            .map_err(|error| ApiError::new(400, "SerializationException", error.to_string()))?;
    let account = &scope.account;
    let advisor = state
        .config
        .world
        .advisor(account)
        .ok_or_else(|| ErrorKind::SubscriptionRequired.error(Service::Support, "", account))?;
    let body = match call.operation {
        Operation::DescribeChecks => {
            let language = request.language.as_deref().unwrap_or_default();
            if language.is_empty() {
                return Err(refused("A language is required"));
            }
            json!({ "checks": advisor.checks.values().map(description).collect::<Vec<_>>() })
        }
        Operation::DescribeCheckSummaries => {
            let checks = chosen(advisor, request.check_ids)?;
            json!({ "summaries": checks.into_iter().map(summary).collect::<Vec<_>>() })
        }
        Operation::DescribeCheckResult => {
            let id = request.check_id.ok_or_else(|| refused("A checkId is required"))?;
            json!({ "result": result(find(advisor, &id)?) })
        }
        Operation::DescribeCheckRefreshStatuses => {
            let checks = chosen(advisor, request.check_ids)?;
            let statuses = checks.into_iter().map(|check| refresh_status(check, now));
            json!({ "statuses": statuses.collect::<Vec<_>>() })
        }
        _ => {
            let id = request.check_id.ok_or_else(|| refused("A checkId is required"))?;
            refresh(state, scope, &id, now)?
        }
    };
    Ok(body.to_string().into_bytes())
}

fn find<'a>(advisor: &'a Advisor, id: &str) -> Result<&'a Check, ApiError> {
    let check = advisor.checks.get(id);
    check.ok_or_else(|| refused(&format!("There is no check with the id {id}, or no more")))
}

fn chosen(advisor: &Advisor, ids: Option<Vec<String>>) -> Result<Vec<&Check>, ApiError> {
    let ids = ids.ok_or_else(|| refused("checkIds are required"))?;
    ids.iter().map(|id| find(advisor, id)).collect()
}

fn description(check: &Check) -> Value {
    json!({
        "id": check.info.id,
        "name": check.info.name,
        "description": check.info.description,
        "category": check.info.category,
        "metadata": check.columns
    })
}

fn resources(check: &Check) -> Value {
    let suppressed = check.published.values().filter(|row| row.is_suppressed).count();
    json!({
        "resourcesProcessed": check.processed,
        "resourcesFlagged": check.flagged(),
        "resourcesIgnored": 0,
        "resourcesSuppressed": suppressed
    })
}

fn savings() -> Value {
    json!({ "costOptimizing": { "estimatedMonthlySavings": 0.0, "estimatedPercentMonthlySavings": 0.0 } })
}

fn summary(check: &Check) -> Value {
    json!({
        "checkId": check.info.id,
        "timestamp": seconds_text(check.refreshed_at),
        "status": check.status(),
        "hasFlaggedResources": check.flagged() > 0,
        "resourcesSummary": resources(check),
        "categorySpecificSummary": savings()
    })
}

fn result(check: &Check) -> Value {
    let rows = check.published.iter().map(|(id, row)| {
        let mut flagged = json!({
            "status": row.status.as_str(),
            "resourceId": id,
            "isSuppressed": row.is_suppressed,
            "metadata": row.metadata
        });
        // Global resources have no Region at all.
        if let Some(region) = &row.region {
            flagged["region"] = json!(region);
        }
        flagged
    });
    json!({
        "checkId": check.info.id,
        "timestamp": seconds_text(check.refreshed_at),
        "status": check.status(),
        "resourcesSummary": resources(check),
        "categorySpecificSummary": savings(),
        "flaggedResources": rows.collect::<Vec<_>>()
    })
}

fn refresh_status(check: &Check, now: Timestamp) -> Value {
    let waited = now.duration_since(check.refreshed_at).as_millis();
    let left = i64::try_from(waited).map_or(0, |waited| (REFRESH_PAUSE_MS - waited).max(0));
    json!({ "checkId": check.info.id, "status": "success", "millisUntilNextRefreshable": left })
}

/// `RefreshTrustedAdvisorCheck`: done at once; checks that AWS refreshes by itself refuse.
fn refresh(state: &mut State, scope: &Scope, id: &str, now: Timestamp) -> Result<Value, ApiError> {
    let world = &mut state.config.world;
    let account = &scope.account;
    let is_automatic = match world.advisor(account) {
        Some(advisor) => find(advisor, id)?.info.is_automatic,
        None => return Err(ErrorKind::SubscriptionRequired.error(Service::Support, "", account)),
    };
    if is_automatic {
        let message = format!("Check {id} is not refreshable");
        return Err(ApiError::new(400, "InvalidParameterValueException", message));
    }
    let event = Event::Refresh { account: account.clone(), check: Some(id.to_owned()) };
    world.apply(event, now).map_err(|error| refused(&error.to_string()))?;
    let advisor = world.advisor(account);
    let check = advisor.map(|advisor| find(advisor, id)).transpose()?;
    Ok(json!({ "status": check.map(|check| refresh_status(check, now)) }))
}
