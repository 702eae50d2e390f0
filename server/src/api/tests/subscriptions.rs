//! Durable consumers by polling, as clients meet them.

mod deliver;
mod manage;
mod many;

use std::collections::{BTreeMap, BTreeSet};

use muster_api::v1 as wire;
use muster_api::v1::ack::Verdict;
use muster_api::v1::start_from::Position;
use muster_api::v1::subscription_service_client::SubscriptionServiceClient;
use muster_api::v1::{AckStatus, FilterEffect, StartPosition, SubscriptionState};
use muster_core::ids::Revision;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tonic::transport::Channel;
use tonic::{Code, Status};

use super::sample::{id, sample};
use super::watch::{OPEN_AND_BAD, listed, stir};
use super::world::{World, fact, fields, reason};
use crate::store::Store;

pub(super) const NAME: &str = "tickets";

pub(super) fn service(world: &World) -> SubscriptionServiceClient<Channel> {
    SubscriptionServiceClient::new(world.channel())
}

pub(super) fn at(position: StartPosition) -> wire::StartFrom {
    wire::StartFrom { position: Some(Position::At(position.into())) }
}

pub(super) fn wanted(filter: &str, start: StartPosition) -> wire::CreateSubscriptionRequest {
    let config = wire::SubscriptionConfig { filter: filter.to_owned(), ..Default::default() };
    let start = Some(at(start));
    wire::CreateSubscriptionRequest { id: NAME.to_owned(), config: Some(config), start }
}

pub(super) async fn create(
    world: &World,
    filter: &str,
    start: StartPosition,
) -> wire::Subscription {
    let done = service(world).create_subscription(wanted(filter, start)).await.unwrap();
    done.into_inner().subscription.unwrap()
}

pub(super) async fn pull_some(world: &World, max_deliveries: i32) -> Vec<wire::Delivery> {
    let request = wire::PullChangesRequest {
        subscription_id: NAME.to_owned(),
        max_deliveries,
        ..Default::default()
    };
    service(world).pull_changes(request).await.unwrap().into_inner().deliveries
}

pub(super) async fn pull(world: &World) -> Vec<wire::Delivery> {
    pull_some(world, 0).await
}

pub(super) fn done() -> Verdict {
    Verdict::Done(wire::ack::Done {})
}

pub(super) fn reject() -> Verdict {
    Verdict::Reject(wire::ack::Reject { reason: "no such queue".to_owned() })
}

pub(super) fn ack(delivery: &wire::Delivery, verdict: Verdict) -> wire::Ack {
    wire::Ack { ack_id: delivery.ack_id.clone(), verdict: Some(verdict) }
}

pub(super) async fn say(world: &World, acks: Vec<wire::Ack>) -> Vec<AckStatus> {
    let request = wire::AckChangesRequest { subscription_id: NAME.to_owned(), acks };
    let answer = service(world).ack_changes(request).await.unwrap().into_inner();
    answer.results.iter().map(wire::AckResult::status).collect()
}

pub(super) async fn ack_all(world: &World, deliveries: &[wire::Delivery]) {
    let acks = deliveries.iter().map(|delivery| ack(delivery, done())).collect();
    let results = say(world, acks).await;
    assert!(results.iter().all(|status| *status == AckStatus::Accepted), "{results:?}");
}

pub(super) async fn get(world: &World) -> wire::Subscription {
    let request = wire::GetSubscriptionRequest { id: NAME.to_owned() };
    service(world).get_subscription(request).await.unwrap().into_inner().subscription.unwrap()
}

pub(super) async fn status(world: &World) -> wire::SubscriptionStatus {
    get(world).await.status.unwrap()
}

pub(super) fn reset(floor: u64, start: StartPosition) -> wire::ResetSubscriptionRequest {
    wire::ResetSubscriptionRequest {
        id: NAME.to_owned(),
        start: Some(at(start)),
        expected_ack_floor: floor,
        comment: "after the outage".to_owned(),
    }
}

pub(super) fn change(delivery: &wire::Delivery) -> &wire::Change {
    delivery.change.as_ref().unwrap()
}

pub(super) fn revisions(deliveries: &[wire::Delivery]) -> Vec<u64> {
    deliveries.iter().map(|delivery| change(delivery).revision).collect()
}

pub(super) async fn refused(world: &World) -> Status {
    let subscription_id = NAME.to_owned();
    let request = wire::PullChangesRequest { subscription_id, ..Default::default() };
    service(world).pull_changes(request).await.unwrap_err()
}
