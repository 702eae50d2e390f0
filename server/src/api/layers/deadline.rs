//! Ends unary calls in time.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderMap;

use super::method;
use crate::api::error::ApiError;
use crate::api::validate::subscriptions::PULL_WAIT_MAX;

/// Answers `DEADLINE_EXCEEDED` when the server's or the client's time is over. A write that is under
/// way goes on: the writer has it.
pub(super) async fn keep(
    State(longest): State<Duration>,
    request: Request,
    next: Next,
) -> Response {
    let method = method::of(&request);
    if !method.unary {
        return next.run(request).await;
    }
    let longest = if method.waits { longest + PULL_WAIT_MAX } else { longest };
    let limit = given(request.headers()).map_or(longest, |given| given.min(longest));
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => ApiError::Deadline { limit }.into_response(),
    }
}

/// The client's `grpc-timeout`: at most eight digits and a unit. `None` when there is none, or when
/// it is no timeout, because then the server's own applies.
pub(in crate::api) fn given(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (unit_at, unit) = text.char_indices().next_back()?;
    let digits = text.get(..unit_at)?;
    let fits = (1..=8).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let amount: u64 = fits.then(|| digits.parse().ok())??;
    match unit {
        'H' => Some(Duration::from_secs(amount * 3600)),
        'M' => Some(Duration::from_secs(amount * 60)),
        'S' => Some(Duration::from_secs(amount)),
        'm' => Some(Duration::from_millis(amount)),
        'u' => Some(Duration::from_micros(amount)),
        'n' => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_of_a_timeout_is_read_and_nonsense_is_none() {
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("grpc-timeout", text.parse().unwrap());
            given(&headers)
        };

        assert_eq!(read("2H"), Some(Duration::from_hours(2)));
        assert_eq!(read("2M"), Some(Duration::from_mins(2)));
        assert_eq!(read("99999999S"), Some(Duration::from_secs(99_999_999)));
        assert_eq!(read("250m"), Some(Duration::from_millis(250)));
        assert_eq!(read("250u"), Some(Duration::from_micros(250)));
        assert_eq!(read("250n"), Some(Duration::from_nanos(250)));
        for nonsense in ["", "S", "123456789S", "-1S", "1.5S", "10", "10x", "1 S"] {
            assert_eq!(read(nonsense), None, "{nonsense}");
        }
    }
}
