//! What the operator sees: metrics and log lines.

use std::io;
use std::sync::{Arc, Mutex};

use metrics_exporter_prometheus::PrometheusBuilder;
use muster_api::v1 as wire;
use tonic::IntoRequest;

use super::sample::{id, sample};
use super::world::World;
use crate::api::serve::Drained;
use crate::store::StoreError;

fn get(number: u32) -> wire::GetFindingRequest {
    wire::GetFindingRequest { id: id(number).to_string(), view: 0 }
}

#[tokio::test]
async fn calls_are_counted_by_method_and_by_the_code_they_ended_with() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    // For this thread; the runtime of a test has no other.
    let _guard = metrics::set_default_local_recorder(&recorder);
    let world = World::holding([sample(1, 70)]).await;

    world.findings().get_finding(get(1)).await.unwrap();
    world.findings().get_finding(get(9)).await.unwrap_err();
    let mut unknown = tonic::client::Grpc::new(world.channel());
    unknown.ready().await.unwrap();
    let path = http::uri::PathAndQuery::from_static("/scanner/x");
    let codec = tonic_prost::ProstCodec::<wire::GetFindingRequest, wire::Finding>::default();
    unknown.unary(get(1).into_request(), path, codec).await.unwrap_err();
    let request = wire::WatchFindingsRequest::default();
    let mut stream = world.findings().watch_findings(request).await.unwrap().into_inner();
    stream.message().await.unwrap();
    let during = metrics.render();
    let stop = tokio::spawn(world.stop());
    while let Ok(Some(_)) = stream.message().await {}
    assert_eq!(stop.await.unwrap(), Drained { cut: 0 });
    let after = metrics.render();

    let service = "muster.v1.FindingsService";
    for line in [
        format!("muster_api_handled_total{{method=\"{service}/GetFinding\",code=\"OK\"}} 1"),
        format!("muster_api_handled_total{{method=\"{service}/GetFinding\",code=\"NOT_FOUND\"}} 1"),
        "muster_api_handled_total{method=\"unknown\",code=\"UNIMPLEMENTED\"} 1".to_owned(),
        format!("muster_api_started_total{{method=\"{service}/WatchFindings\"}} 1"),
        format!("muster_api_in_flight{{method=\"{service}/WatchFindings\"}} 1"),
        "muster_watches 1".to_owned(),
        "muster_api_connections 1".to_owned(),
    ] {
        assert!(during.contains(&line), "{line}\nis not in\n{during}");
    }
    assert!(!during.contains("scanner"), "labels are a closed set");
    // The code of a stream stands in its trailers.
    let ended = format!(
        "muster_api_handled_total{{method=\"{service}/WatchFindings\",code=\"UNAVAILABLE\"}} 1"
    );
    assert!(after.contains(&ended), "{after}");
    assert!(after.contains("muster_watches_ended_total{reason=\"drain\"} 1"), "{after}");
    assert!(after.contains("muster_watches 0"), "{after}");
    assert!(after.contains("muster_api_connections 0"), "{after}");
}

/// Collects log lines.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs a test in a process of its own: whether a span is wanted is kept for the whole process, and
/// tests beside it want none. Says whether this is that process.
fn alone(test: &str) -> bool {
    const MARK: &str = "MUSTER_TEST_ALONE";
    if std::env::var_os(MARK).is_some() {
        return true;
    }
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    let output = child.args(["--exact", test]).env(MARK, "1").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
    false
}

#[tokio::test]
async fn the_cause_of_an_internal_error_is_logged_once_under_the_id_of_its_call() {
    let name = "the_cause_of_an_internal_error_is_logged_once_under_the_id_of_its_call";
    if !alone(&format!("api::tests::telemetry::{name}")) {
        return;
    }
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::INFO)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let world = World::holding([sample(1, 70)]).await;
    world.store.fail(|| StoreError::Io {
        attempt: "read record 7".to_owned(),
        source: io::Error::other("sector 7"),
    });

    let mut request = get(1).into_request();
    request.metadata_mut().insert("x-request-id", "ticket-42".parse().unwrap());
    world.findings().get_finding(request).await.unwrap_err();

    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let said: Vec<_> = text.lines().filter(|line| line.contains("sector 7")).collect();
    assert_eq!(said.len(), 1, "{text}");
    for part in ["ERROR", "read record 7: sector 7", "request_id=ticket-42", "GetFinding"] {
        assert!(said[0].contains(part), "`{part}` is not in {}", said[0]);
    }
}
