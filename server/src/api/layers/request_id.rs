//! Gives each call an id that both sides can name.

use std::fmt;
use std::sync::Arc;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue};

/// The header, in calls and in answers.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is taken over from a client.
const BYTES_MAX: usize = 64;

/// The id of a call, among the request's extensions.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(Arc<str>);

impl RequestId {
    /// The client's id when it is short and plain, because it goes to our log; else a new one.
    fn of(header: Option<&HeaderValue>) -> Self {
        let plain = |text: &&str| {
            (1..=BYTES_MAX).contains(&text.len())
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        };
        let given = header.and_then(|value| value.to_str().ok()).filter(plain);
        Self(given.map_or_else(|| uuid::Uuid::new_v4().to_string().into(), Into::into))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Takes over or makes the id, and sends it back.
pub(super) async fn assign(mut request: Request, next: Next) -> Response {
    let id = RequestId::of(request.headers().get(REQUEST_ID));
    request.extensions_mut().insert(id.clone());
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(text: &str) -> String {
        RequestId::of(Some(&HeaderValue::from_str(text).unwrap())).to_string()
    }

    #[test]
    fn a_plain_id_is_kept_and_anything_else_is_replaced() {
        assert_eq!(given("ticket-42_a.b"), "ticket-42_a.b");

        for odd in ["", "a b", "x\"y", &"a".repeat(65), "%0a"] {
            let id = given(odd);

            assert_ne!(id, odd);
            assert_eq!(id.len(), 36, "a UUID: {id}");
        }
    }
}
