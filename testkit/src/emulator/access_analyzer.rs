//! IAM Access Analyzer: analyzers, and findings by both of its APIs.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::State;
use super::error::{ApiError, invalid};
use super::listing::Cut;
use super::request::Call;
use super::tokens::{Position, SortKey};
use crate::clock::seconds_text;
use crate::documents::access::AccessFinding;
use crate::operation::{Operation, Service};
use crate::scope::Scope;
use crate::world::Analyzer;

/// Items in a page, at most and when nobody says how many.
const PAGE_MAX: usize = 100;

/// Parts of a finding's details in a page when nobody says how many. AWS publishes no figure; this
/// one is small enough for a story to need a second page.
const DETAILS_PAGE: usize = 10;

fn refused(message: &str) -> ApiError {
    invalid(Service::AccessAnalyzer, message)
}

fn not_found(id: &str, kind: &str) -> ApiError {
    ApiError::new(404, "ResourceNotFoundException", format!("{kind} not found: {id}"))
        .with("resourceId", id)
        .with("resourceType", kind)
}

/// The analyzer, which must be in the caller's account and Region.
fn analyzer<'a>(state: &'a State, arn: &str, scope: &Scope) -> Result<&'a Analyzer, ApiError> {
    if !arn.starts_with("arn:") || !arn.contains(":analyzer/") {
        return Err(refused(&format!("Invalid analyzerArn: {arn}")));
    }
    let analyzer = state.config.world.analyzer(arn);
    analyzer.filter(|found| found.scope == *scope).ok_or_else(|| not_found(arn, "Analyzer"))
}

fn limit(given: Option<i64>, default: usize) -> Result<usize, ApiError> {
    match given {
        None => Ok(default),
        Some(limit @ 1..=100) => Ok(usize::try_from(limit).unwrap_or(PAGE_MAX)),
        Some(_) => Err(refused("maxResults must be between 1 and 100")),
    }
}

fn whole_number(call: &Call, name: &str) -> Result<Option<i64>, ApiError> {
    let number = call.parameter(name).map(str::parse).transpose();
    number.map_err(|_| refused(&format!("{name} is not a number")))
}

fn after(
    state: &State,
    token: Option<&str>,
    operation: Operation,
    scope: &Scope,
    query: &str,
    now: Timestamp,
) -> Result<Option<Position>, ApiError> {
    let position = state.position(token, operation, scope, query, now);
    position.map_err(|_| refused("Invalid nextToken"))
}

/// A page as JSON: the list under its name, and the next token if there is one.
fn paged(name: &str, items: &[Value], next: Option<String>) -> Value {
    let mut page = json!({ name: items });
    if let Some(next) = next {
        page["nextToken"] = json!(next);
    }
    page
}

/// `GET /analyzer`.
pub(crate) fn list_analyzers(
    state: &mut State,
    call: &Call,
    scope: &Scope,
    now: Timestamp,
) -> Result<Vec<u8>, ApiError> {
    let operation = Operation::ListAnalyzers;
    let kind = call.parameter("type").unwrap_or_default().to_owned();
    let token = call.parameter("nextToken");
    let after = after(state, token, operation, scope, &kind, now)?;
    let cut = Cut {
        after,
        descending: false,
        limit: limit(whole_number(call, "maxResults")?, PAGE_MAX)?,
    };
    let analyzers = state.config.world.analyzers.values();
    let candidates = analyzers
        .filter(|analyzer| analyzer.scope == *scope)
        .filter(|analyzer| kind.is_empty() || analyzer.kind.as_str() == kind)
        .map(|analyzer| {
            let position = Position { key: SortKey::None, id: analyzer.arn() };
            (position, summary(analyzer))
        });
    let page = cut.page(candidates);
    let next = page.next.map(|position| state.tokens.issue(operation, scope, &kind, position, now));
    Ok(paged("analyzers", &page.items, next).to_string().into_bytes())
}

fn summary(analyzer: &Analyzer) -> Value {
    let mut summary = json!({
        "arn": analyzer.arn(),
        "name": analyzer.name,
        "type": analyzer.kind.as_str(),
        "status": analyzer.status,
        "createdAt": seconds_text(analyzer.created_at),
        "tags": {}
    });
    let latest = analyzer.findings.values().max_by_key(|finding| finding.analyzed_at);
    if let Some(latest) = latest {
        summary["lastResourceAnalyzed"] = json!(latest.resource);
        summary["lastResourceAnalyzedAt"] = json!(seconds_text(latest.analyzed_at));
    }
    summary
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    analyzer_arn: String,
    filter: Option<Box<RawValue>>,
    sort: Option<Box<RawValue>>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Sort {
    attribute_name: Option<String>,
    order_by: Option<String>,
}

/// `POST /finding` and `POST /findingv2`.
pub(crate) fn list_findings(
    state: &mut State,
    call: &Call,
    scope: &Scope,
    now: Timestamp,
) -> Result<Vec<u8>, ApiError> {
    let operation = call.operation;
    let request: List = serde_json::from_slice(&call.body)
        .map_err(|error| refused(&format!("The body is not valid: {error}")))?;
    let found = analyzer(state, &request.analyzer_arn, scope)?;
    let is_first_api = operation == Operation::ListAccessFindings;
    if is_first_api && !found.kind.is_external() {
        return Err(refused(
            "ListFindings does not support this type of analyzer; use ListFindingsV2",
        ));
    }
    let raw = |value: &Option<Box<RawValue>>| value.as_ref().map_or("", |raw| raw.get()).to_owned();
    let (filter, sort) = (raw(&request.filter), raw(&request.sort));
    let query = format!("{}\n{filter}\n{sort}", request.analyzer_arn);
    let after = after(state, request.next_token.as_deref(), operation, scope, &query, now)?;
    let filter = Filter::parse(&filter)?;
    let sort: Sort = serde_json::from_str(if sort.is_empty() { "{}" } else { &sort })
        .map_err(|error| refused(&format!("Invalid sort: {error}")))?;
    let descending = sort.order_by.as_deref() == Some("DESC");
    let cut = Cut { after, descending, limit: limit(request.max_results, PAGE_MAX)? };
    let candidates = found.findings.values().filter_map(|finding| {
        let facts = facts(finding);
        if !filter.admits(&facts) {
            return None;
        }
        let key = sort.attribute_name.as_ref().and_then(|name| facts[name.as_str()].as_str());
        let key = key.map_or(SortKey::None, |text| SortKey::Text(text.to_owned()));
        let item = if is_first_api { finding.summary_v1() } else { finding.summary_v2() };
        Some((Position { key, id: finding.id.clone() }, item))
    });
    let page = cut.page(candidates);
    let next =
        page.next.map(|position| state.tokens.issue(operation, scope, &query, position, now));
    Ok(paged("findings", &page.items, next).to_string().into_bytes())
}

/// `GET /findingv2/{id}`: the summary, and its details page by page.
pub(crate) fn get_finding(
    state: &mut State,
    call: &Call,
    scope: &Scope,
    now: Timestamp,
) -> Result<Vec<u8>, ApiError> {
    let operation = Operation::GetAccessFindingV2;
    let arn = call.parameter("analyzerArn").unwrap_or_default().to_owned();
    let id = call.path.first().cloned().unwrap_or_default();
    let finding = analyzer(state, &arn, scope)?.findings.get(&id);
    let finding = finding.ok_or_else(|| not_found(&id, "Finding"))?.clone();
    let query = format!("{arn}\n{id}");
    let after = after(state, call.parameter("nextToken"), operation, scope, &query, now)?;
    let limit = limit(whole_number(call, "maxResults")?, DETAILS_PAGE)?;
    let cut = Cut { after, descending: false, limit };
    let details = finding.details().into_iter().enumerate().map(|(index, part)| {
        let key = SortKey::Number(i64::try_from(index).unwrap_or(i64::MAX));
        (Position { key, id: String::new() }, part)
    });
    let page = cut.page(details);
    let next =
        page.next.map(|position| state.tokens.issue(operation, scope, &query, position, now));
    let mut body = finding.summary_v2();
    body["findingDetails"] = Value::Array(page.items);
    if let Some(next) = next {
        body["nextToken"] = json!(next);
    }
    Ok(body.to_string().into_bytes())
}

/// What filters and orders look at.
fn facts(finding: &AccessFinding) -> Value {
    let mut facts = finding.summary_v1();
    facts["findingType"] = json!(finding.kind.finding_type());
    facts
}

/// `filter`: criteria by key. There is none for times, and none for ranges.
struct Filter(HashMap<String, Criterion>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Criterion {
    eq: Option<Vec<String>>,
    neq: Option<Vec<String>>,
    contains: Option<Vec<String>>,
    exists: Option<bool>,
}

impl Filter {
    fn parse(text: &str) -> Result<Self, ApiError> {
        const KEYS: [&str; 8] = [
            "status",
            "resource",
            "resourceType",
            "resourceOwnerAccount",
            "isPublic",
            "error",
            "id",
            "findingType",
        ];
        if text.is_empty() || text == "null" {
            return Ok(Self(HashMap::new()));
        }
        let filter: HashMap<String, Criterion> = serde_json::from_str(text)
            .map_err(|error| refused(&format!("Invalid filter: {error}")))?;
        for (key, criterion) in &filter {
            let is_known = KEYS.contains(&key.as_str())
                || key.starts_with("principal.")
                || key.starts_with("condition.");
            if !is_known {
                return Err(refused(&format!("Invalid filter key: {key}")));
            }
            let lists = [&criterion.eq, &criterion.neq, &criterion.contains];
            if lists.into_iter().flatten().any(|values| values.is_empty() || values.len() > 20) {
                return Err(refused(&format!("Filter {key} must have between 1 and 20 values")));
            }
        }
        Ok(Self(filter))
    }

    fn admits(&self, facts: &Value) -> bool {
        self.0.iter().all(|(key, criterion)| criterion.admits(fact(facts, key).as_deref()))
    }
}

impl Criterion {
    fn admits(&self, found: Option<&str>) -> bool {
        let any = |wanted: &Option<Vec<String>>, test: fn(&str, &str) -> bool| {
            wanted.as_ref().is_none_or(|wanted| {
                found.is_some_and(|found| wanted.iter().any(|value| test(found, value)))
            })
        };
        let is_unwanted = |unwanted: &Vec<String>| {
            found.is_some_and(|found| unwanted.iter().any(|value| value == found))
        };
        any(&self.eq, |found, value| found == value)
            && any(&self.contains, |found, value| found.contains(value))
            && !self.neq.as_ref().is_some_and(is_unwanted)
            && self.exists.is_none_or(|exists| exists == found.is_some())
    }
}

/// The value of a key; after `principal.` and `condition.` the rest is one key, dots and all.
fn fact(facts: &Value, key: &str) -> Option<String> {
    let value = match key.split_once('.') {
        Some((map, key)) => facts.get(map)?.get(key)?,
        None => facts.get(key)?,
    };
    Some(value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned))
}
