//! The client library against the server: over restarts, and over a real socket.

use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use http::Uri;
use hyper_util::rt::TokioIo;
use muster_api::v1 as wire;
use muster_api::v1::FilterEffect;
use muster_client::{Client, WatchEvent, WatchOptions};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::io::DuplexStream;
use tokio::net::TcpListener;
use tonic::transport::{Channel, Endpoint};

use super::sample::{id, sample};
use super::watch::{OPEN_AND_BAD, listed, stir};
use super::world::World;
use crate::api::serve::local::LocalConnector;
use crate::api::serve::{Drained, serve};
use crate::store::Store;

/// Connects to whichever server runs now.
#[derive(Clone)]
struct Switch(Arc<Mutex<LocalConnector>>);

impl Switch {
    fn to(world: &World) -> Self {
        Self(Arc::new(Mutex::new(world.connector.clone())))
    }

    fn turn(&self, world: &World) {
        *self.0.lock().unwrap() = world.connector.clone();
    }

    fn channel(&self) -> Channel {
        Endpoint::from_static("http://in.process").connect_with_connector_lazy(self.clone())
    }
}

impl tower::Service<Uri> for Switch {
    type Response = TokioIo<DuplexStream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        self.0.lock().unwrap().call(uri)
    }
}

/// Applies what a watch yields to what a client holds.
fn apply(held: &mut BTreeMap<String, u64>, fresh: &mut Vec<String>, event: WatchEvent) {
    match event {
        WatchEvent::SnapshotStart(_) => fresh.clear(),
        WatchEvent::Findings(findings) => {
            for finding in findings {
                fresh.push(finding.id.clone());
                held.insert(finding.id, finding.revision);
            }
        }
        WatchEvent::SnapshotEnd(_) => held.retain(|id, _| fresh.contains(id)),
        WatchEvent::Changes { changes, .. } => {
            for change in changes.into_iter().filter(|change| !change.superseded) {
                let change = change.change;
                match change.filter_effect() {
                    FilterEffect::Left => held.remove(&change.finding_id),
                    _ => held.insert(change.finding_id, change.finding.unwrap().revision),
                };
            }
        }
        WatchEvent::Restarting { reason } => panic!("nothing was lost, but: {reason:?}"),
        _ => {}
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_of_the_client_library_goes_on_through_restarts_of_the_server() {
    let mut random = StdRng::seed_from_u64(7);
    let mut world = World::holding((1..=40).map(|n| sample(n, 90))).await;
    let switch = Switch::to(&world);
    let mut watch = Client::from_channel(switch.channel()).watch(WatchOptions {
        filter: OPEN_AND_BAD.to_owned(),
        max_batch_size: Some(4),
        ..WatchOptions::default()
    });
    let (mut held, mut fresh) = (BTreeMap::new(), Vec::new());

    for _ in 0..6 {
        for _ in 0..7 {
            stir(&world, &mut random, 40);
            stir(&world, &mut random, 40);
            apply(&mut held, &mut fresh, watch.next().await.unwrap());
        }
        world = world.restart().await;
        switch.turn(&world);
    }
    let head = world.store.head().0;
    while watch.revision() != Some(head) {
        apply(&mut held, &mut fresh, watch.next().await.unwrap());
    }

    assert_eq!(held, listed(&world, OPEN_AND_BAD).await);
}

#[tokio::test]
async fn a_real_socket_serves_the_same() {
    let world = World::holding([sample(1, 70)]).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(serve(listener, world.backend.clone(), world.health.clone()));
    let client = Client::connect_lazy(&address.to_string()).unwrap();

    let id = id(1).to_string();
    let answer = client.get_finding(wire::GetFindingRequest { id: id.clone(), view: 0 }).await;
    drop(client);
    world.backend.drain.cancel();

    assert_eq!(answer.unwrap().finding.unwrap().id, id);
    assert_eq!(server.await.unwrap(), Drained { cut: 0 });
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "the port is closed");
}
