//! Calls over other transports than a good connection.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use http_body_util::{Full, StreamBody};
use muster_api::v1::{ListFindingsRequest, WatchFindingsResponse};
use muster_client::{Client, ReconnectCause, WatchEvent, WatchOptions};
use prost::Message;
use tonic::Code;

use crate::fake::Fake;
use crate::make::bucket;

/// A transport that answers every request with these bytes and then ends.
fn answering(status: u16, body: &'static [u8]) -> Client {
    Client::from_service(tower::service_fn(move |_request| async move {
        let response = http::Response::builder()
            .status(status)
            .header("content-type", "application/grpc")
            .body(Full::new(Bytes::from_static(body)))
            .unwrap();
        Ok::<_, Infallible>(response)
    }))
}

#[tokio::test]
async fn an_answer_without_a_final_status_counts_as_unavailable() {
    let error =
        answering(200, b"").list_findings(ListFindingsRequest::default()).await.unwrap_err();

    assert_eq!(error.code(), Code::Unavailable);
    assert_eq!(error.reason(), None);
}

#[tokio::test]
async fn an_answer_cut_inside_a_message_counts_as_unavailable() {
    // A frame of ten bytes of which two came.
    let client = answering(200, b"\0\0\0\0\x0aab");

    let error = client.list_findings(ListFindingsRequest::default()).await.unwrap_err();

    assert_eq!(error.code(), Code::Unavailable, "{error:?}");
}

#[tokio::test]
async fn a_proxy_that_has_no_server_counts_as_unavailable() {
    let error =
        answering(503, b"").list_findings(ListFindingsRequest::default()).await.unwrap_err();

    assert_eq!(error.code(), Code::Unavailable);
    assert!(error.is_retryable());
}

#[tokio::test]
async fn another_service_at_the_address_is_not_tried_for_ever() {
    let error =
        answering(404, b"").list_findings(ListFindingsRequest::default()).await.unwrap_err();

    assert_eq!(error.code(), Code::Unimplemented);
    assert!(!error.is_retryable());
}

#[tokio::test(start_paused = true)]
async fn a_watch_cut_inside_a_message_reconnects() {
    let client = answering(200, b"\0\0\0\0\x0aab");

    let event = client.watch(WatchOptions::default()).next().await.unwrap();

    let WatchEvent::Reconnecting { cause: ReconnectCause::Failed(error), .. } = event else {
        panic!("{event:?}")
    };
    assert_eq!(error.code(), Code::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_is_given_up_after_the_timeout() {
    let client = Client::from_service(tower::service_fn(|_request| {
        std::future::pending::<Result<http::Response<Full<Bytes>>, Infallible>>()
    }));

    let before = tokio::time::Instant::now();
    let error = client
        .with_timeout(Duration::from_secs(4))
        .list_findings(ListFindingsRequest::default())
        .await
        .unwrap_err();

    assert_eq!(error.code(), Code::DeadlineExceeded);
    assert_eq!(before.elapsed(), Duration::from_secs(4));
    assert_eq!(error.to_string(), "ListFindings failed: no answer within 4s");
}

#[tokio::test]
async fn a_message_over_the_limit_is_an_error_that_waiting_does_not_mend() {
    // A frame that announces 33 MiB.
    let client = answering(200, b"\0\x02\x10\0\0");

    let error = client.list_findings(ListFindingsRequest::default()).await.unwrap_err();

    assert_eq!(error.code(), Code::OutOfRange);
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn clones_of_a_client_work_side_by_side() {
    let fake = Fake::default();
    fake.state().findings.push(bucket());
    let client = fake.client().with_actor("user:alice").unwrap();

    let calls = (0..20).map(|_| {
        let client = client.clone();
        async move {
            let request = ListFindingsRequest { page_size: 1, ..ListFindingsRequest::default() };
            client.list_findings(request).await.unwrap().total_count
        }
    });
    let counts = futures::future::join_all(calls).await;

    assert_eq!(counts, vec![1; 20]);
    assert!(fake.state().actors.iter().all(|actor| actor == "user:alice"));
}

#[tokio::test(start_paused = true)]
async fn a_stream_without_trailers_ends_in_a_reconnection() {
    let client = Client::from_service(tower::service_fn(|_request| async {
        let message = WatchFindingsResponse::default().encode_to_vec();
        let mut frame = vec![0, 0, 0, 0, u8::try_from(message.len()).unwrap()];
        frame.extend(message);
        let frames = [Ok::<_, Infallible>(http_body::Frame::data(Bytes::from(frame)))];
        Ok::<_, Infallible>(http::Response::new(StreamBody::new(stream::iter(frames))))
    }));

    let event = client.watch(WatchOptions::default()).next().await.unwrap();

    assert!(matches!(event, WatchEvent::Reconnecting { attempt: 1, .. }), "{event:?}");
}
