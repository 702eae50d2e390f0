//! GuardDuty: detectors, ids by criteria, findings by id.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::State;
use super::error::{ApiError, invalid};
use super::listing::Cut;
use super::request::Call;
use super::tokens::{Position, SortKey};
use crate::clock::millis_text;
use crate::operation::{Operation, Service};
use crate::scope::Scope;
use crate::world::Detector;

/// Ids in a page, and ids in a `GetFindings` call, at most.
const PAGE_MAX: usize = 50;

fn refused(message: &str) -> ApiError {
    invalid(Service::GuardDuty, message)
}

fn json_of<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, ApiError> {
    serde_json::from_slice(if body.is_empty() { b"{}" } else { body }).map_err(|error| {
        refused(&format!("The request is rejected because the body is not valid: {error}"))
    })
}

/// The detector that the path names, which must be the caller's.
fn detector<'a>(state: &'a State, call: &Call, scope: &Scope) -> Result<&'a Detector, ApiError> {
    let id = call.path.first().map_or("", String::as_str);
    let own = state.config.world.detector(scope).filter(|detector| detector.id == id);
    own.ok_or_else(|| {
        refused(
            "The request is rejected because the input detectorId is not owned by the current account.",
        )
    })
}

/// `GET /detector`: none where GuardDuty is not enabled.
pub(crate) fn list_detectors(state: &State, scope: &Scope) -> Vec<u8> {
    let ids: Vec<&str> = state
        .config
        .world
        .detector(scope)
        .map(|detector| detector.id.as_str())
        .into_iter()
        .collect();
    json!({ "detectorIds": ids }).to_string().into_bytes()
}

/// `GET /detector/{detector}`.
pub(crate) fn get_detector(state: &State, call: &Call, scope: &Scope) -> Result<Vec<u8>, ApiError> {
    let detector = detector(state, call, scope)?;
    let role = format!(
        "arn:aws:iam::{}:role/aws-service-role/guardduty.amazonaws.com/AWSServiceRoleForAmazonGuardDuty",
        scope.account
    );
    let feature = |name: &str| json!({ "name": name, "status": "ENABLED", "updatedAt": detector.created_at.as_second() });
    let body = json!({
        "createdAt": millis_text(detector.created_at),
        "updatedAt": millis_text(detector.created_at),
        "findingPublishingFrequency": detector.publishing_frequency,
        "serviceRole": role,
        "status": "ENABLED",
        "features": [
            feature("CLOUD_TRAIL"),
            feature("DNS_LOGS"),
            feature("FLOW_LOGS"),
            feature("S3_DATA_EVENTS"),
            feature("RUNTIME_MONITORING")
        ],
        "tags": {}
    });
    Ok(body.to_string().into_bytes())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListFindings {
    finding_criteria: Option<Box<RawValue>>,
    sort_criteria: Option<Box<RawValue>>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct SortCriteria {
    attribute_name: Option<String>,
    order_by: Option<String>,
}

/// `POST /detector/{detector}/findings`.
pub(crate) fn list_findings(
    state: &mut State,
    call: &Call,
    scope: &Scope,
    now: Timestamp,
) -> Result<Vec<u8>, ApiError> {
    detector(state, call, scope)?;
    let request: ListFindings = json_of(&call.body)?;
    let limit = match request.max_results {
        None => PAGE_MAX,
        Some(limit @ 1..=50) => usize::try_from(limit).unwrap_or(PAGE_MAX),
        Some(_) => {
            return Err(refused(
                "The request is rejected because maxResults is not between 1 and 50.",
            ));
        }
    };
    let raw = |value: &Option<Box<RawValue>>| value.as_ref().map_or("", |raw| raw.get()).to_owned();
    let (criteria, sort) = (raw(&request.finding_criteria), raw(&request.sort_criteria));
    let query = format!("{criteria}\n{sort}");
    let operation = Operation::ListGuardDutyFindings;
    let after = state
        .position(request.next_token.as_deref(), operation, scope, &query, now)
        .map_err(|_| refused("The request is rejected because the nextToken is invalid."))?;
    let criteria = Criteria::parse(&criteria)?;
    let sort: SortCriteria =
        if sort.is_empty() { SortCriteria::default() } else { json_of(sort.as_bytes())? };
    let descending = sort.order_by.as_deref() == Some("DESC");
    let cut = Cut { after, descending, limit };
    let visible = state.config.world.visible_detectors(scope);
    let candidates =
        visible.iter().flat_map(|detector| &detector.findings).filter_map(|(id, document)| {
            if !criteria.admit(document) {
                return None;
            }
            let key = sort_key(document, sort.attribute_name.as_deref());
            Some((Position { key, id: id.clone() }, id.clone()))
        });
    let page = cut.page(candidates);
    // GuardDuty says that there is no further page with an empty token.
    let next = page.next.map_or_else(String::new, |position| {
        state.tokens.issue(operation, scope, &query, position, now)
    });
    Ok(json!({ "findingIds": page.items, "nextToken": next }).to_string().into_bytes())
}

/// `POST /detector/{detector}/findings/get`: what is not there is left out.
pub(crate) fn get_findings(state: &State, call: &Call, scope: &Scope) -> Result<Vec<u8>, ApiError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct GetFindings {
        #[serde(default)]
        finding_ids: Vec<String>,
    }
    detector(state, call, scope)?;
    let request: GetFindings = json_of(&call.body)?;
    if request.finding_ids.is_empty() || request.finding_ids.len() > PAGE_MAX {
        return Err(refused(
            "The request is rejected because findingIds does not have between 1 and 50 members.",
        ));
    }
    let visible = state.config.world.visible_detectors(scope);
    let found: Vec<&Value> = request
        .finding_ids
        .iter()
        .filter_map(|id| visible.iter().find_map(|detector| detector.findings.get(id)))
        .collect();
    Ok(json!({ "findings": found }).to_string().into_bytes())
}

/// `FindingCriteria`: fields by their path in the document.
struct Criteria(Vec<(String, Condition)>);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Condition {
    #[serde(alias = "eq")]
    equals: Option<Vec<String>>,
    #[serde(alias = "neq")]
    not_equals: Option<Vec<String>>,
    #[serde(alias = "gt")]
    greater_than: Option<i64>,
    #[serde(alias = "gte")]
    greater_than_or_equal: Option<i64>,
    #[serde(alias = "lt")]
    less_than: Option<i64>,
    #[serde(alias = "lte")]
    less_than_or_equal: Option<i64>,
}

impl Criteria {
    fn parse(text: &str) -> Result<Self, ApiError> {
        #[derive(Deserialize, Default)]
        #[serde(default)]
        struct Given {
            criterion: Map<String, Value>,
        }
        let given: Given = if text.is_empty() || text == "null" {
            Given::default()
        } else {
            json_of(text.as_bytes())?
        };
        let mut criteria = Vec::new();
        for (field, condition) in given.criterion {
            let condition: Condition = serde_json::from_value(condition).map_err(|error| {
                refused(&format!(
                    "The request is rejected because the criterion {field} is not valid: {error}"
                ))
            })?;
            let longest = [&condition.equals, &condition.not_equals];
            if longest.into_iter().flatten().any(|values| values.len() > 50) {
                return Err(refused(
                    "The request is rejected because a criterion has more than 50 values.",
                ));
            }
            criteria.push((field, condition));
        }
        Ok(Self(criteria))
    }

    fn admit(&self, document: &Value) -> bool {
        self.0.iter().all(|(field, condition)| condition.holds(&field_values(document, field)))
    }
}

impl Condition {
    fn holds(&self, values: &[Value]) -> bool {
        let texts: Vec<String> = values.iter().map(text).collect();
        let numbers: Vec<i64> = values.iter().filter_map(number).collect();
        let bounded = |bound: Option<i64>, test: fn(i64, i64) -> bool| {
            bound.is_none_or(|bound| numbers.iter().any(|found| test(*found, bound)))
        };
        self.equals.as_ref().is_none_or(|wanted| texts.iter().any(|found| wanted.contains(found)))
            && self
                .not_equals
                .as_ref()
                .is_none_or(|unwanted| !texts.iter().any(|found| unwanted.contains(found)))
            && bounded(self.greater_than, |found, bound| found > bound)
            && bounded(self.greater_than_or_equal, |found, bound| found >= bound)
            && bounded(self.less_than, |found, bound| found < bound)
            && bounded(self.less_than_or_equal, |found, bound| found <= bound)
    }
}

/// The values at a path such as `resource.s3BucketDetails.name`.
fn field_values(document: &Value, field: &str) -> Vec<Value> {
    let mut found = vec![document];
    for member in field.split('.') {
        found = found
            .into_iter()
            .flat_map(|at| match at {
                Value::Array(items) => items.iter().collect::<Vec<_>>(),
                other => vec![other],
            })
            .filter_map(|at| at.get(member))
            .collect();
    }
    found.into_iter().cloned().collect()
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

/// Criteria are whole numbers; times in documents are text and count as epoch milliseconds.
fn number(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond),
        // Severities have a fraction; the criterion is whole, so it compares the whole part.
        Value::Number(number) => format!("{:.0}", number.as_f64()?.floor()).parse().ok(),
        _ => None,
    }
}

fn sort_key(document: &Value, attribute: Option<&str>) -> SortKey {
    let Some(attribute) = attribute else { return SortKey::None };
    match field_values(document, attribute).first() {
        Some(Value::String(text)) => {
            text.parse().map_or_else(|_| SortKey::Text(text.clone()), SortKey::Time)
        }
        Some(value @ Value::Number(_)) => SortKey::Number(number(value).unwrap_or_default()),
        _ => SortKey::None,
    }
}
