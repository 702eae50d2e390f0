//! Failures that are not the fault of one field.

use std::time::Duration;

use axum::body::Body;
use muster_api::v1 as wire;
use muster_api::v1::triage_action::{Acknowledge, Action};
use prost::Message;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::Channel;
use tonic::{Code, IntoRequest, Request, Status};
use tonic_types::StatusExt;
use tower::ServiceExt;

use super::sample::{id, sample};
use super::world::{World, reason};
use crate::api::{Limits, layers, routes};
use crate::store::StoreError;

fn acknowledge(number: u32) -> wire::TriageFindingRequest {
    let action = Some(Action::Acknowledge(Acknowledge {}));
    wire::TriageFindingRequest {
        finding_id: id(number).to_string(),
        action: Some(wire::TriageAction { action }),
        ..Default::default()
    }
}

fn get(number: u32) -> wire::GetFindingRequest {
    wire::GetFindingRequest { id: id(number).to_string(), view: 0 }
}

/// Sends bytes as they are.
#[derive(Clone, Default)]
struct Bare;

impl Codec for Bare {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }
    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Bare {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        bytes::BufMut::put_slice(buffer, &item);
        Ok(())
    }
}

impl Decoder for Bare {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let length = bytes::Buf::remaining(buffer);
        Ok(Some(bytes::Buf::copy_to_bytes(buffer, length).to_vec()))
    }
}

/// Calls a method with bytes.
async fn call(channel: Channel, path: &'static str, bytes: Vec<u8>) -> Status {
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.unwrap();
    let path = http::uri::PathAndQuery::from_static(path);
    client.unary(Request::new(bytes), path, Bare).await.unwrap_err()
}

#[tokio::test]
async fn what_the_codec_refuses_has_a_reason_too() {
    let world = World::start().await;
    let list = "/muster.v1.FindingsService/ListFindings";
    let cases = [
        (list, vec![0xff; 8], Code::InvalidArgument, "UNDECODABLE"),
        (list, vec![b'x'; 257 * 1024], Code::ResourceExhausted, "REQUEST_TOO_LARGE"),
        ("/muster.v1.FindingsService/Nothing", vec![], Code::Unimplemented, "UNKNOWN_METHOD"),
        ("/nobody.v1.Knows/This", vec![], Code::Unimplemented, "UNKNOWN_METHOD"),
    ];

    for (path, bytes, code, expected) in cases {
        let error = call(world.channel(), path, bytes).await;

        assert_eq!(reason(&error), (code, expected.to_owned()), "{path}");
    }
}

#[tokio::test]
async fn a_batch_of_decisions_may_be_larger_than_other_requests() {
    let world = World::holding([sample(1, 70)]).await;
    let requests = (1..=200)
        .map(|n| wire::TriageFindingRequest { comment: "c".repeat(4000), ..acknowledge(n) });
    let request = wire::BatchTriageFindingsRequest {
        requests: requests.collect(),
        mode: wire::BatchMode::Independent.into(),
        request_id: String::new(),
    };

    let answer = world.triage().batch_triage_findings(request).await.unwrap().into_inner();

    assert_eq!((answer.results.len(), answer.failed_count), (200, 199));
}

#[tokio::test]
async fn the_cause_of_an_internal_error_is_not_sent() {
    let world = World::holding([sample(1, 70)]).await;
    world.store.fail(|| StoreError::Io {
        attempt: "read /var/lib/secret".to_owned(),
        source: std::io::Error::other("sector 7"),
    });

    let mut request = get(1).into_request();
    request.metadata_mut().insert("x-request-id", "ticket-42".parse().unwrap());
    let error = world.findings().get_finding(request).await.unwrap_err();

    assert_eq!(reason(&error), (Code::Internal, "INTERNAL".to_owned()));
    let all = format!("{error:?}");
    assert!(!all.contains("secret") && !all.contains("sector"), "{all}");
    assert_eq!(error.metadata().get("x-request-id").unwrap(), "ticket-42");
}

#[tokio::test]
async fn every_answer_names_its_request() {
    let world = World::holding([sample(1, 70)]).await;

    let mut request = get(1).into_request();
    request.metadata_mut().insert("x-request-id", "ticket-42".parse().unwrap());
    let named = world.findings().get_finding(request).await.unwrap();
    let unnamed = world.findings().get_finding(get(1)).await.unwrap();

    assert_eq!(named.metadata().get("x-request-id").unwrap(), "ticket-42");
    assert_eq!(unnamed.metadata().get("x-request-id").unwrap().len(), 36);
}

#[tokio::test]
async fn a_store_that_refuses_is_unavailable_and_a_panic_is_internal() {
    let world = World::holding([sample(1, 70)]).await;

    world.store.fail(|| StoreError::Poisoned { cause: "/dev/sda".to_owned() });
    let poisoned = world.findings().get_finding(get(1)).await.unwrap_err();
    world.store.fail(|| panic!("a bug"));
    let panicked = world.findings().get_finding(get(1)).await.unwrap_err();

    assert_eq!(reason(&poisoned), (Code::Unavailable, "STORE_READ_ONLY".to_owned()));
    assert!(!poisoned.message().contains("/dev"), "{poisoned:?}");
    assert_eq!(reason(&panicked), (Code::Internal, "INTERNAL".to_owned()));
    assert!(!panicked.message().contains("bug"), "{panicked:?}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_takes_too_long_ends_and_says_that_a_write_may_have_happened() {
    let world = World::holding([sample(1, 70)]).await;
    let _held = world.hold_the_writer();
    let begin = Instant::now();

    let error = world.triage().triage_finding(acknowledge(1)).await.unwrap_err();

    assert_eq!(reason(&error), (Code::DeadlineExceeded, "DEADLINE".to_owned()));
    assert!(error.message().contains("request_id"), "says what to do: {error:?}");
    assert_eq!(begin.elapsed(), Limits::default().deadline);
}

/// Without the generated client, which gives up by itself at the same moment.
#[tokio::test(start_paused = true)]
async fn a_client_may_give_a_shorter_deadline_than_the_server() {
    let world = World::holding([sample(1, 70)]).await;
    let _held = world.hold_the_writer();
    let routes = routes(&world.backend, &world.health, &TaskTracker::new());
    let service = layers::apply(routes, &world.backend);
    let message = acknowledge(1).encode_to_vec();
    let frame = [&[0, 0, 0, 0, u8::try_from(message.len()).unwrap()], message.as_slice()].concat();
    let request = http::Request::post("/muster.v1.TriageService/TriageFinding")
        .header("content-type", "application/grpc")
        .header("grpc-timeout", "2S")
        .body(Body::from(frame))
        .unwrap();
    let begin = Instant::now();

    let response = service.oneshot(request).await.unwrap();

    let error = Status::from_header_map(response.headers()).unwrap();
    assert_eq!(reason(&error), (Code::DeadlineExceeded, "DEADLINE".to_owned()));
    assert_eq!(begin.elapsed(), Duration::from_secs(2));
}

#[tokio::test]
async fn beyond_the_calls_at_once_the_next_is_refused_with_when_to_come_back() {
    let limits = Limits { calls_max: 1, ..Limits::default() };
    let world = World::with_limits(limits).await;
    world.observe([sample(1, 70), sample(2, 70)]);
    let held = world.hold_the_writer();
    let first = tokio::spawn({
        let mut client = world.triage();
        async move { client.triage_finding(acknowledge(1)).await }
    });

    // It has the only place, and waits for the writer.
    while world.finding(1).unwrap().triage.version == 0 {
        tokio::task::yield_now().await;
    }
    let error = world.findings().get_finding(get(2)).await.unwrap_err();
    drop(held);

    assert_eq!(reason(&error), (Code::Unavailable, "OVERLOADED".to_owned()));
    let retry = error.get_details_retry_info().unwrap().retry_delay.unwrap();
    assert!(retry >= Duration::from_secs(1));
    assert!(first.await.unwrap().is_ok(), "who was in is served");
}

#[tokio::test]
async fn reflection_names_the_services_by_both_versions() {
    use tonic_reflection::pb::v1::ServerReflectionRequest;
    use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
    use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
    use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
    use tonic_reflection::pb::v1alpha;

    let world = World::start().await;
    let mut client = ServerReflectionClient::new(world.channel());
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let answers = client.server_reflection_info(futures::stream::iter([request])).await.unwrap();
    let answer = answers.into_inner().message().await.unwrap().unwrap();

    let Some(MessageResponse::ListServicesResponse(services)) = answer.message_response else {
        panic!("{answer:?}");
    };
    let names: Vec<_> = services.service.iter().map(|service| service.name.as_str()).collect();
    for name in ["FindingsService", "TriageService", "UnitService", "MaturityService"] {
        assert!(names.contains(&format!("muster.v1.{name}").as_str()), "{names:?}");
    }
    let mut old = v1alpha::server_reflection_client::ServerReflectionClient::new(world.channel());
    let request = v1alpha::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(
            v1alpha::server_reflection_request::MessageRequest::FileContainingSymbol(
                "muster.v1.Finding".to_owned(),
            ),
        ),
    };
    let answers = old.server_reflection_info(futures::stream::iter([request])).await.unwrap();
    assert!(answers.into_inner().message().await.unwrap().is_some());
}
