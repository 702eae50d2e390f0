//! AWS's errors, in the exact form of each protocol.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};

use super::Body;
use crate::operation::Service;

/// An error as the caller's SDK will see it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ApiError {
    /// The HTTP status.
    pub status: u16,
    /// The code: `AccessDeniedException` and the like.
    pub code: &'static str,
    /// The sentence.
    pub message: String,
    /// Further members of the body, for errors that have some.
    pub members: Vec<(&'static str, Value)>,
    /// The value of `Retry-After`, in seconds.
    pub retry_after_seconds: Option<u32>,
}

impl ApiError {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { status, code, message, members: Vec::new(), retry_after_seconds: None }
    }

    pub(crate) fn with(mut self, member: &'static str, value: impl Into<Value>) -> Self {
        self.members.push((member, value.into()));
        self
    }

    /// The answer that carries it.
    pub(crate) fn respond(&self, service: Option<Service>, request_id: &str) -> Response<Body> {
        let (content_type, body) = match service {
            Some(Service::Sts) => ("text/xml", self.xml(request_id)),
            Some(Service::Support) => {
                ("application/x-amz-json-1.1", self.json("__type", "message"))
            }
            // Security Hub models its members in upper camel case.
            Some(Service::SecurityHub) => ("application/json", self.json("Code", "Message")),
            Some(Service::GuardDuty) => ("application/json", self.json("__type", "message")),
            Some(Service::AccessAnalyzer | Service::Inspector) | None => {
                ("application/json", self.json("code", "message"))
            }
        };
        let mut response = Response::new(
            Full::new(Bytes::from(body))
                .map_err(|never: std::convert::Infallible| match never {})
                .boxed(),
        );
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        // The REST protocols name the error in a header; JSON 1.1 and XML in the body.
        if !matches!(service, Some(Service::Support | Service::Sts)) {
            headers.insert("x-amzn-errortype", HeaderValue::from_static(self.code));
        }
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    fn json(&self, code: &str, message: &str) -> String {
        let mut body = json!({ code: self.code, message: self.message });
        for (member, value) in &self.members {
            body[*member] = value.clone();
        }
        body.to_string()
    }

    fn xml(&self, request_id: &str) -> String {
        let kind = if self.status < 500 { "Sender" } else { "Receiver" };
        format!(
            "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>{kind}</Type>\
             <Code>{}</Code><Message>{}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>",
            self.code,
            xml_text(&self.message),
        )
    }
}

/// Text inside an XML element.
pub(crate) fn xml_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A kind of failure, from which each service's own error follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The policy does not allow the action: `AccessDeniedException`, 403 (400 in JSON 1.1).
    AccessDenied,
    /// The product is not enabled: `InvalidAccessException` in Security Hub. The others have no
    /// such error; they say it with empty lists or `AccessDenied`.
    NotEnabled,
    /// `ResourceNotFoundException`; GuardDuty says `BadRequestException`.
    NotFound,
    /// `ValidationException`, `InvalidInputException`, `BadRequestException` or
    /// `InvalidParameterValueException`.
    Invalid,
    /// The rate is exceeded: `TooManyRequestsException` or `ThrottlingException`.
    Throttled,
    /// The support plan has no API: `SubscriptionRequiredException`.
    SubscriptionRequired,
    /// The session has run out: `ExpiredTokenException`.
    ExpiredToken,
    /// The credentials are unknown: `UnrecognizedClientException`.
    UnrecognizedClient,
    /// AWS failed: `InternalException`, `InternalServerException` and the like, 500.
    Internal,
    /// AWS is overloaded: `ServiceUnavailable`, 503.
    Unavailable,
}

impl ErrorKind {
    /// The error of this kind that a service gives. `action` and `account` are for its sentence.
    pub(crate) fn error(self, service: Service, action: &str, account: &str) -> ApiError {
        match self {
            Self::AccessDenied => denied(service, action, account),
            Self::NotEnabled => not_enabled(service, action, account),
            Self::NotFound => not_found(service),
            Self::Invalid => invalid(service, "The request is not valid."),
            Self::Throttled => throttled(service),
            Self::SubscriptionRequired => ApiError::new(
                400,
                "SubscriptionRequiredException",
                "Premium Support Subscription is required to use this service.",
            ),
            Self::ExpiredToken => expired(service),
            Self::UnrecognizedClient => unrecognized(service),
            Self::Internal => internal(service),
            Self::Unavailable => {
                ApiError::new(503, "ServiceUnavailable", "The service is unavailable. Try again.")
            }
        }
    }
}

fn denied(service: Service, action: &str, account: &str) -> ApiError {
    let message = format!(
        "User: arn:aws:sts::{account}:assumed-role/MusterReader/muster is not authorized to perform: \
         {action} because no identity-based policy allows the {action} action"
    );
    match service {
        Service::Support => ApiError::new(400, "AccessDeniedException", message),
        Service::Sts => ApiError::new(403, "AccessDenied", message),
        Service::SecurityHub
        | Service::GuardDuty
        | Service::AccessAnalyzer
        | Service::Inspector => ApiError::new(403, "AccessDeniedException", message),
    }
}

fn not_enabled(service: Service, action: &str, account: &str) -> ApiError {
    if service == Service::SecurityHub {
        let message = format!("Account {account} is not subscribed to AWS Security Hub");
        return ApiError::new(401, "InvalidAccessException", message);
    }
    denied(service, action, account)
}

fn not_found(service: Service) -> ApiError {
    match service {
        Service::GuardDuty => invalid(service, "The request is rejected because it names nothing."),
        Service::AccessAnalyzer | Service::Inspector => {
            ApiError::new(404, "ResourceNotFoundException", "The resource does not exist.")
                .with("resourceId", "unknown")
                .with("resourceType", "Finding")
        }
        Service::SecurityHub | Service::Support | Service::Sts => {
            ApiError::new(404, "ResourceNotFoundException", "The resource does not exist.")
        }
    }
}

/// The service's error for a request that it refuses.
pub(crate) fn invalid(service: Service, message: &str) -> ApiError {
    match service {
        Service::SecurityHub => ApiError::new(400, "InvalidInputException", message),
        Service::GuardDuty => ApiError::new(400, "BadRequestException", message),
        Service::AccessAnalyzer | Service::Inspector => {
            ApiError::new(400, "ValidationException", message)
                .with("reason", "fieldValidationFailed")
        }
        Service::Support => ApiError::new(400, "InvalidParameterValueException", message),
        Service::Sts => ApiError::new(400, "ValidationError", message),
    }
}

/// The service's error for too many requests.
pub(crate) fn throttled(service: Service) -> ApiError {
    match service {
        Service::SecurityHub => ApiError::new(429, "TooManyRequestsException", "Too Many Requests"),
        Service::GuardDuty => ApiError::new(429, "TooManyRequestsException", "Rate exceeded"),
        Service::AccessAnalyzer | Service::Inspector => {
            let mut error = ApiError::new(429, "ThrottlingException", "Rate exceeded");
            error.retry_after_seconds = Some(1);
            error
        }
        Service::Support => ApiError::new(400, "ThrottlingException", "Rate exceeded"),
        Service::Sts => ApiError::new(400, "Throttling", "Rate exceeded"),
    }
}

fn expired(service: Service) -> ApiError {
    let message = "The security token included in the request is expired";
    match service {
        Service::Sts => ApiError::new(403, "ExpiredToken", message),
        Service::Support => ApiError::new(400, "ExpiredTokenException", message),
        Service::SecurityHub
        | Service::GuardDuty
        | Service::AccessAnalyzer
        | Service::Inspector => ApiError::new(403, "ExpiredTokenException", message),
    }
}

fn unrecognized(service: Service) -> ApiError {
    let message = "The security token included in the request is invalid.";
    match service {
        Service::Sts => ApiError::new(403, "InvalidClientTokenId", message),
        Service::Support => ApiError::new(400, "UnrecognizedClientException", message),
        Service::SecurityHub
        | Service::GuardDuty
        | Service::AccessAnalyzer
        | Service::Inspector => ApiError::new(403, "UnrecognizedClientException", message),
    }
}

fn internal(service: Service) -> ApiError {
    let message = "An internal error occurred. Try again.";
    match service {
        Service::SecurityHub => ApiError::new(500, "InternalException", message),
        Service::GuardDuty => ApiError::new(500, "InternalServerErrorException", message),
        Service::AccessAnalyzer | Service::Inspector => {
            ApiError::new(500, "InternalServerException", message)
        }
        Service::Support => ApiError::new(500, "InternalServerError", message),
        Service::Sts => ApiError::new(500, "InternalFailure", message),
    }
}
