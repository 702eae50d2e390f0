//! Writes that are repeated until they are answered.

use std::future::Future;

use crate::cli::session::Session;
use crate::{Backoff, CallError, Client};

/// How often a write is sent at most, with the same request id.
const TRIES: u32 = 5;

/// Sends a write until it is answered. `call` must send the same request id each time, so that a
/// write which was carried out and whose answer was lost is not carried out again.
pub(super) async fn until_answered<T, F>(
    session: &mut Session,
    call: impl Fn(Client) -> F,
) -> Result<T, CallError>
where
    F: Future<Output = Result<T, CallError>>,
{
    let mut attempt = 0;
    loop {
        let error = match call(session.client.clone()).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        attempt += 1;
        if attempt == TRIES || !error.is_retryable() {
            return Err(error);
        }
        if attempt == 1 {
            session.ui.note("no answer; repeating with the same request id");
        }
        let random = (session.random)();
        tokio::time::sleep(Backoff::CALL.delay(attempt - 1, error.retry_after(), random)).await;
    }
}
