//! From an HTTP request to a caller and an operation.

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, header};

use crate::operation::{Operation, Service};

/// Who signed a request, as its `Authorization` header says. The signature itself is not checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    pub access_key: String,
    pub region: String,
    pub service: String,
    pub session_token: Option<String>,
}

impl Signature {
    /// Reads `AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, …`.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let header = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let credential = header.strip_prefix("AWS4-HMAC-SHA256 ")?.trim();
        let credential =
            credential.split(',').find_map(|part| part.trim().strip_prefix("Credential="))?;
        if !header.contains("Signature=") {
            return None;
        }
        let parts: Vec<&str> = credential.split('/').collect();
        let [access_key, _date, region, service, "aws4_request"] = parts[..] else { return None };
        let session_token = headers
            .get("x-amz-security-token")
            .and_then(|token| token.to_str().ok())
            .map(ToOwned::to_owned);
        Some(Self {
            access_key: access_key.to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
            session_token,
        })
    }
}

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub operation: Operation,
    /// The variable parts of the path, decoded.
    pub path: Vec<String>,
    pub query: Vec<(String, String)>,
    pub body: Bytes,
}

impl Call {
    /// Finds the operation; `None` when the service has none there.
    pub(crate) fn of(service: Service, parts: &Parts, body: Bytes) -> Option<Self> {
        let query = pairs(parts.uri.query().unwrap_or_default());
        let segments: Vec<String> =
            parts.uri.path().split('/').filter(|part| !part.is_empty()).map(decoded).collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let (operation, path) = match service {
            Service::SecurityHub
            | Service::GuardDuty
            | Service::AccessAnalyzer
            | Service::Inspector => rest(service, &parts.method, &segments)?,
            Service::Support => (support(parts)?, vec![]),
            Service::Sts => (sts(&body)?, vec![]),
        };
        let path = path.into_iter().map(ToOwned::to_owned).collect();
        Some(Self { operation, path, query, body })
    }

    /// The value of a query parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The page token, wherever the operation carries it.
    pub(crate) fn page_token(&self) -> Option<String> {
        #[derive(serde::Deserialize)]
        struct Paged {
            #[serde(alias = "NextToken", rename = "nextToken")]
            token: Option<String>,
        }
        if let Some(token) = self.parameter("nextToken") {
            return Some(token.to_owned());
        }
        serde_json::from_slice::<Paged>(&self.body).ok()?.token.filter(|token| !token.is_empty())
    }
}

fn rest<'a>(
    service: Service,
    method: &Method,
    segments: &[&'a str],
) -> Option<(Operation, Vec<&'a str>)> {
    Some(match (service, method.as_str(), segments) {
        (Service::SecurityHub, "POST", ["findings"]) => (Operation::GetFindings, vec![]),
        (Service::SecurityHub, "GET", ["accounts"]) => (Operation::DescribeHub, vec![]),
        (Service::GuardDuty, "GET", ["detector"]) => (Operation::ListDetectors, vec![]),
        (Service::GuardDuty, "GET", ["detector", id]) => (Operation::GetDetector, vec![id]),
        (Service::GuardDuty, "POST", ["detector", id, "findings"]) => {
            (Operation::ListGuardDutyFindings, vec![id])
        }
        (Service::GuardDuty, "POST", ["detector", id, "findings", "get"]) => {
            (Operation::GetGuardDutyFindings, vec![id])
        }
        (Service::Inspector, "POST", ["status", "batch", "get"]) => {
            (Operation::BatchGetAccountStatus, vec![])
        }
        (Service::Inspector, "POST", ["findings", "list"]) => {
            (Operation::ListInspectorFindings, vec![])
        }
        (Service::AccessAnalyzer, "GET", ["analyzer"]) => (Operation::ListAnalyzers, vec![]),
        (Service::AccessAnalyzer, "POST", ["finding"]) => (Operation::ListAccessFindings, vec![]),
        (Service::AccessAnalyzer, "POST", ["findingv2"]) => {
            (Operation::ListAccessFindingsV2, vec![])
        }
        (Service::AccessAnalyzer, "GET", ["findingv2", id]) => {
            (Operation::GetAccessFindingV2, vec![id])
        }
        _ => return None,
    })
}

/// JSON 1.1 names the operation in a header.
fn support(parts: &Parts) -> Option<Operation> {
    let target = parts.headers.get("x-amz-target")?.to_str().ok()?;
    let name = target.strip_prefix("AWSSupport_20130415.")?;
    Operation::ALL
        .into_iter()
        .find(|operation| operation.service() == Service::Support && operation.name() == name)
}

/// The query protocol names it in the form.
fn sts(body: &Bytes) -> Option<Operation> {
    let form = pairs(std::str::from_utf8(body).ok()?);
    let (_, action) = form.into_iter().find(|(key, _)| key == "Action")?;
    Operation::ALL
        .into_iter()
        .find(|operation| operation.service() == Service::Sts && operation.name() == action)
}

/// The pairs of a query string or form.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(&key.replace('+', " ")), decoded(&value.replace('+', " ")))
        })
        .collect()
}

/// Resolves `%41`; what is no valid escape stays as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = match (first, after) {
            (b'%', [high, low, ..]) => hex_digit(*high).zip(hex_digit(*low)),
            _ => None,
        };
        if let Some((high, low)) = escaped {
            bytes.push(high << 4 | low);
            rest = &after[2..];
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}
