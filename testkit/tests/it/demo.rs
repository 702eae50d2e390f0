//! The made-up company, and what happens to it.

use std::collections::BTreeSet;
use std::time::Duration;

use muster_testkit::{Emulator, Scope, Service, World, demo};
use serde_json::Value;

use crate::client::call;
use crate::start_time;

fn after(seed: u64, steps: &[u64]) -> World {
    let mut world = demo::world(seed, start_time());
    let mut scenario = demo::scenario(seed);
    for seconds in steps {
        // What happens is dated by the timeline, whatever the steps.
        for event in scenario.advance(Duration::from_secs(*seconds)) {
            world.apply(event, start_time()).unwrap();
        }
    }
    world
}

/// Every ASFF document of a world.
fn documents(world: &World) -> Vec<Value> {
    let mut documents = Vec::new();
    for (account, _) in demo::ACCOUNTS {
        for region in demo::REGIONS {
            let hub = world.hub(&Scope::new(account, region)).unwrap();
            documents.extend(hub.documents().map(|text| serde_json::from_slice(text).unwrap()));
        }
    }
    documents
}

#[test]
fn the_same_seed_gives_the_same_world_whatever_the_steps() {
    let one = after(11, &[600]);
    let many = after(11, &[1; 600]);

    assert!(one == many, "the steps changed the world");
    assert!(one != after(12, &[600]), "the seed changed nothing");
}

#[test]
fn the_story_has_the_severities_and_products_of_real_life() {
    let documents = documents(&demo::world(1, start_time()));
    let count = |label: &str| {
        documents.iter().filter(|document| document["Severity"]["Label"] == label).count()
    };
    let products: BTreeSet<&str> =
        documents.iter().map(|document| document["ProductName"].as_str().unwrap()).collect();

    let expected = ["GuardDuty", "IAM Access Analyzer", "Inspector", "Security Hub"];
    assert_eq!(products, BTreeSet::from(expected));
    assert!((80..110).contains(&documents.len()), "{}", documents.len());
    assert!(count("CRITICAL") >= 8, "{}", count("CRITICAL"));
    assert!(count("MEDIUM") > count("CRITICAL"));
    assert!(count("HIGH") > count("CRITICAL"));
}

#[test]
fn every_document_has_what_asff_requires() {
    for document in documents(&after(3, &[300])) {
        for field in [
            "SchemaVersion",
            "Id",
            "ProductArn",
            "GeneratorId",
            "AwsAccountId",
            "CreatedAt",
            "UpdatedAt",
            "Title",
            "Description",
            "RecordState",
        ] {
            assert!(document[field].is_string(), "{field} of {document}");
        }
        assert!(document["Severity"]["Label"].is_string());
        assert!(document["Resources"][0]["Id"].is_string());
        let id = format!("{}/{}", document["ProductArn"], document["Id"]).replace('"', "");
        assert_eq!(document["ProductFields"]["aws/securityhub/FindingId"], id);
    }
}

#[test]
fn ordinary_life_does_not_make_the_world_grow() {
    let size = |world: &World| documents(world).len();
    let early = size(&after(5, &[90 + 8 * 60]));
    let late = size(&after(5, &[90 + 68 * 60]));

    assert_eq!(early, late);
}

#[tokio::test]
async fn the_company_plays_on_a_running_emulator() {
    let emulator = Emulator::start(demo::world(1, start_time())).await.unwrap();
    let mut scenario = demo::scenario(1);

    let happened = emulator.play(&mut scenario, Duration::from_secs(200)).unwrap();

    assert!(happened > 40, "{happened}");
    let answer = call(&emulator, Service::GuardDuty, "GET", "/detector").send().await;
    assert_eq!(answer.json()["detectorIds"].as_array().unwrap().len(), 1);
}
