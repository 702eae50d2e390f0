//! One message between a stream's task and its connection.
//!
//! Not a channel, because the sender must be able to take back what nobody took: a connection whose
//! client does not read is not polled, so whatever waits in a channel would stay in memory until the
//! client goes away.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures::Stream;
use tokio::sync::Notify;
use tonic::Status;

use crate::api::error::ApiError;

/// Makes the two ends.
pub(super) fn pair<T>() -> (Outbox<T>, Inbox<T>) {
    let shared = Arc::new(Shared { state: Mutex::default(), taken: Notify::new() });
    (Outbox(Arc::clone(&shared)), Inbox(shared))
}

/// The end of the watch.
pub(super) struct Outbox<T>(Arc<Shared<T>>);

/// The end of the connection.
pub(super) struct Inbox<T>(Arc<Shared<T>>);

/// The connection is gone: nobody will take anything.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Gone;

struct Shared<T> {
    state: Mutex<State<T>>,
    /// The message was taken, or the connection is gone.
    taken: Notify,
}

struct State<T> {
    message: Option<T>,
    /// How the stream ends after the message.
    end: Option<Status>,
    /// Nothing more comes.
    sealed: bool,
    /// Nobody takes anything any more.
    gone: bool,
    reader: Option<Waker>,
}

impl<T> Default for State<T> {
    fn default() -> Self {
        Self { message: None, end: None, sealed: false, gone: false, reader: None }
    }
}

impl<T> Shared<T> {
    fn state(&self) -> MutexGuard<'_, State<T>> {
        // Every change under this lock is a plain assignment: a panic leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(mut state: MutexGuard<'_, State<T>>) {
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}

impl<T> Outbox<T> {
    /// Waits until the last message was taken.
    pub(super) async fn ready(&self) -> Result<(), Gone> {
        loop {
            let taken = self.0.taken.notified();
            {
                let state = self.0.state();
                if state.gone {
                    return Err(Gone);
                }
                if state.message.is_none() {
                    return Ok(());
                }
            }
            taken.await;
        }
    }

    /// Waits until the connection is gone.
    pub(super) async fn gone(&self) {
        loop {
            let taken = self.0.taken.notified();
            if self.0.state().gone {
                return;
            }
            taken.await;
        }
    }

    /// Puts a message in. The caller has waited for [`Self::ready`].
    pub(super) fn put(&self, message: T) {
        let mut state = self.0.state();
        state.message = Some(message);
        Shared::wake(state);
    }

    /// Ends the stream after the message that waits.
    pub(super) fn end(self, status: Status) {
        self.0.state().end = Some(status);
    }

    /// Ends the stream at once: a message that waits is taken back, and freed.
    pub(super) fn end_now(self, status: Status) {
        let mut state = self.0.state();
        state.message = None;
        state.end = Some(status);
    }
}

impl<T> Drop for Outbox<T> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.sealed = true;
        Shared::wake(state);
    }
}

impl<T> Stream for Inbox<T> {
    type Item = Result<T, Status>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut state = self.0.state();
        if let Some(message) = state.message.take() {
            drop(state);
            self.0.taken.notify_one();
            return Poll::Ready(Some(Ok(message)));
        }
        if state.gone {
            return Poll::Ready(None);
        }
        if state.sealed {
            state.gone = true;
            // A watch never ends without saying why.
            let end = state.end.take();
            let unsaid = || ApiError::Panicked("a watch ended without a word".to_owned()).into();
            return Poll::Ready(Some(Err(end.unwrap_or_else(unsaid))));
        }
        state.reader = Some(context.waker().clone());
        Poll::Pending
    }
}

impl<T> Drop for Inbox<T> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.gone = true;
        state.message = None;
        drop(state);
        self.0.taken.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, StreamExt};
    use tonic::Code;

    use super::*;

    #[tokio::test]
    async fn the_next_message_waits_until_the_last_one_is_taken() {
        let (outbox, mut inbox) = pair();

        outbox.ready().await.unwrap();
        outbox.put(1);
        assert_eq!(outbox.ready().now_or_never(), None);

        assert_eq!(inbox.next().await.unwrap().unwrap(), 1);
        assert_eq!(outbox.ready().now_or_never(), Some(Ok(())));
    }

    #[tokio::test]
    async fn an_end_comes_after_the_message_and_only_once() {
        let (outbox, mut inbox) = pair();

        outbox.put(1);
        outbox.end(Status::aborted("over"));

        assert_eq!(inbox.next().await.unwrap().unwrap(), 1);
        assert_eq!(inbox.next().await.unwrap().unwrap_err().code(), Code::Aborted);
        assert!(inbox.next().await.is_none());
    }

    #[tokio::test]
    async fn an_immediate_end_frees_the_message_that_nobody_took() {
        let (outbox, mut inbox) = pair();
        let message = Arc::new(());

        outbox.put(Arc::clone(&message));
        outbox.end_now(Status::aborted("over"));

        assert_eq!(Arc::strong_count(&message), 1, "freed before the connection is polled");
        assert_eq!(inbox.next().await.unwrap().unwrap_err().code(), Code::Aborted);
    }

    #[tokio::test]
    async fn an_end_wakes_whoever_waits_for_a_message() {
        let (outbox, mut inbox) = pair::<()>();

        let waits = tokio::spawn(async move { inbox.next().await });
        tokio::task::yield_now().await;
        drop(outbox);

        let end = waits.await.unwrap().unwrap().unwrap_err();
        assert_eq!(end.code(), Code::Internal, "it says that it ended without a word");
    }

    #[tokio::test]
    async fn a_connection_that_is_gone_ends_the_wait() {
        let (outbox, inbox) = pair();

        outbox.put(1);
        drop(inbox);

        assert_eq!(outbox.ready().await, Err(Gone));
        outbox.gone().await;
    }
}
