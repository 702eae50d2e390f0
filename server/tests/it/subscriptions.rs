//! What a subscription confirmed survives kill -9: nothing acknowledged comes again, and everything
//! else does.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use muster_api::v1::consume_request::{AckBatch, Credit, Open, Request as Said};
use muster_api::v1::consume_response::Response as Heard;
use muster_api::v1::start_from::Position;
use muster_api::v1::subscription_service_client::SubscriptionServiceClient;
use muster_api::v1::{
    Ack, AckStatus, ChangeKind, ConsumeRequest, CreateSubscriptionRequest, GetSubscriptionRequest,
    StartFrom, StartPosition, SubscriptionConfig, SubscriptionStatus, ack,
};
use muster_testkit::documents::bulk::generate_asff;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;

use crate::process::{PATIENCE, Server, emulator, scope, serve};

const NAME: &str = "siem";

const ROUNDS: usize = 12;

/// How many findings are new in each round.
const NEW: u64 = 60;

/// What the consumer knows.
#[derive(Default)]
struct Known {
    /// Revisions that were delivered, by now.
    delivered: BTreeSet<u64>,
    /// Those whose ack was confirmed.
    confirmed: BTreeSet<u64>,
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_confirmed_comes_again_and_everything_else_does_when_the_process_is_killed() {
    let directory = tempfile::tempdir().unwrap();
    let data_dir = directory.path().join("data");
    let emulator = emulator().await;
    let known = Arc::new(Mutex::new(Known::default()));

    for round in 0..ROUNDS {
        let documents = generate_asff(NEW, round as u64, jiff::Timestamp::now());
        emulator.with_world(|world| world.load_asff(&scope(), documents)).unwrap();
        let server = Server::start(serve(&data_dir, emulator.url()));
        let mut client = connect(&server);
        if round == 0 {
            create(&mut client).await;
        }

        let (tell, mut told) = watch::channel(0);
        let work = tokio::spawn(consume(client, Arc::clone(&known), tell));
        // A different number in each round, so that the kill hits another place.
        let wanted = 5 + (round * 17) % 40;
        let reached = told.wait_for(|confirmed| *confirmed >= wanted);
        tokio::time::timeout(PATIENCE, reached).await.expect("acks are confirmed").unwrap();
        server.kill();
        work.await.unwrap();
    }

    let server = Server::start(serve(&data_dir, emulator.url()));
    let mut client = connect(&server);
    let (tell, mut told) = watch::channel(0);
    let work = tokio::spawn(consume(client.clone(), Arc::clone(&known), tell));
    let status = tokio::time::timeout(PATIENCE, async {
        loop {
            let status = status(&mut client).await;
            let read = known.lock().unwrap().confirmed.len() as u64;
            // What was acknowledged when the process died may have been stored or not.
            if status.ack_floor == status.head_revision && read + 500 > ROUNDS as u64 * NEW {
                break status;
            }
            told.changed().await.unwrap();
        }
    });
    let status = status.await.expect("it comes to the end of the log");
    assert!(server.terminate().success());
    work.await.unwrap();

    let known = known.lock().unwrap();
    let missing: Vec<u64> =
        (1..=status.ack_floor).filter(|revision| !known.delivered.contains(revision)).collect();
    assert!(missing.is_empty(), "{missing:?} of {} are lost", status.ack_floor);
    assert!(known.confirmed.len() >= ROUNDS * 5);
}

fn connect(server: &Server) -> SubscriptionServiceClient<Channel> {
    let address = format!("http://{}", server.address);
    SubscriptionServiceClient::new(Channel::from_shared(address).unwrap().connect_lazy())
}

async fn create(client: &mut SubscriptionServiceClient<Channel>) {
    let kinds = (1..=8).map(|kind| ChangeKind::try_from(kind).unwrap().into()).collect();
    let position = Some(Position::At(StartPosition::Oldest.into()));
    let request = CreateSubscriptionRequest {
        id: NAME.to_owned(),
        config: Some(SubscriptionConfig { kinds, ..SubscriptionConfig::default() }),
        start: Some(StartFrom { position }),
    };
    client.create_subscription(request).await.unwrap();
}

async fn status(client: &mut SubscriptionServiceClient<Channel>) -> SubscriptionStatus {
    let request = GetSubscriptionRequest { id: NAME.to_owned() };
    let answer = client.get_subscription(request).await.unwrap().into_inner();
    answer.subscription.unwrap().status.unwrap()
}

/// Consumes and acknowledges, one after another, until the server is gone; tells how many acks were
/// confirmed.
async fn consume(
    mut client: SubscriptionServiceClient<Channel>,
    known: Arc<Mutex<Known>>,
    tell: watch::Sender<usize>,
) {
    let (say, said) = mpsc::channel(64);
    let credit = Some(Credit { max_deliveries: 16, max_bytes: 0 });
    let open = Said::Open(Open { subscription_id: NAME.to_owned(), credit });
    say.send(ConsumeRequest { request: Some(open) }).await.unwrap();
    let Ok(answer) = client.consume(ReceiverStream::new(said)).await else { return };
    let mut heard = answer.into_inner();
    let mut revisions = std::collections::HashMap::new();
    while let Ok(Some(message)) = heard.message().await {
        match message.response.unwrap() {
            Heard::Deliveries(batch) => {
                for delivery in batch.deliveries {
                    let revision = delivery.change.unwrap().revision;
                    {
                        let mut known = known.lock().unwrap();
                        assert!(!known.confirmed.contains(&revision), "{revision} comes again");
                        known.delivered.insert(revision);
                    }
                    revisions.insert(delivery.ack_id.clone(), revision);
                    let verdict = Some(ack::Verdict::Done(ack::Done {}));
                    let acks = vec![Ack { ack_id: delivery.ack_id, verdict }];
                    let request = Some(Said::Acks(AckBatch { acks }));
                    if say.send(ConsumeRequest { request }).await.is_err() {
                        return;
                    }
                }
            }
            Heard::AckResults(batch) => {
                for result in batch.results {
                    assert_eq!(result.status(), AckStatus::Accepted);
                    known.lock().unwrap().confirmed.insert(revisions[&result.ack_id]);
                }
                tell.send_modify(|confirmed| *confirmed += 1);
            }
            Heard::Opened(_) | Heard::Status(_) | Heard::SessionEnd(_) => {}
        }
    }
}
