//! GuardDuty.

use std::time::Duration;

use muster_testkit::{Emulator, Event, Resource, Service, Threat};
use serde_json::{Value, json};

use crate::client::{Answer, call};
use crate::{scope, small_world, start};

fn brute_force(name: &str) -> Event {
    Event::Threat(Threat {
        name: name.to_owned(),
        kind: "UnauthorizedAccess:EC2/SSHBruteForce".to_owned(),
        scope: scope(),
        resource: Resource::instance(&scope(), "bastion"),
        count: 3,
        age_hours: 2,
        sample: false,
    })
}

async fn post(emulator: &Emulator, path: &str, body: Value) -> Answer {
    let detector = emulator.with_world(|world| world.detector(&scope()).unwrap().id().to_owned());
    let target = format!("/detector/{detector}{path}");
    call(emulator, Service::GuardDuty, "POST", &target).body(body).send().await
}

#[tokio::test]
async fn a_detector_is_found_and_described() {
    let (emulator, _clock) = start(small_world()).await;

    let list = call(&emulator, Service::GuardDuty, "GET", "/detector").send().await.json();
    let id = list["detectorIds"][0].as_str().unwrap().to_owned();
    let detector =
        call(&emulator, Service::GuardDuty, "GET", &format!("/detector/{id}")).send().await.json();

    assert_eq!(id.len(), 32);
    assert_eq!(detector["status"], "ENABLED");
    assert_eq!(detector["findingPublishingFrequency"], "FIFTEEN_MINUTES");
}

#[tokio::test]
async fn criteria_take_epoch_milliseconds_and_pages_end_in_an_empty_token() {
    let (emulator, clock) = start(small_world()).await;
    for number in 0..5 {
        emulator.apply(brute_force(&format!("threat-{number}"))).unwrap();
        clock.advance(Duration::from_secs(10));
    }
    let since = clock.now().as_millisecond() - 30_000;
    let query = |token: &str| {
        json!({
            "findingCriteria": { "criterion": { "updatedAt": { "greaterThanOrEqual": since } } },
            "sortCriteria": { "attributeName": "updatedAt", "orderBy": "ASC" },
            "maxResults": 2,
            "nextToken": token
        })
    };

    let first = post(&emulator, "/findings", query("")).await.json();
    let second = post(&emulator, "/findings", query(first["nextToken"].as_str().unwrap())).await;

    let expected =
        |name: &str| emulator.with_world(|world| world.ids(name)).into_iter().next().unwrap();
    assert_eq!(first["findingIds"], json!([expected("threat-2"), expected("threat-3")]));
    assert_eq!(second.json()["findingIds"], json!([expected("threat-4")]));
    assert_eq!(second.json()["nextToken"], "");
}

#[tokio::test]
async fn archiving_moves_no_time_and_leaves_the_copy_in_security_hub() {
    let (emulator, clock) = start(small_world()).await;
    emulator.apply(brute_force("threat")).unwrap();
    let id = emulator.with_world(|world| world.ids("threat")).remove(0);
    let get = json!({ "findingIds": [id] });
    let before = post(&emulator, "/findings/get", get.clone()).await.json();
    clock.advance(Duration::from_mins(1));

    emulator.apply(Event::Archive { name: "threat".to_owned() }).unwrap();

    let after = post(&emulator, "/findings/get", get).await.json();
    assert_eq!(after["findings"][0]["service"]["archived"], true);
    assert_eq!(after["findings"][0]["updatedAt"], before["findings"][0]["updatedAt"]);
    let arn = after["findings"][0]["arn"].as_str().unwrap();
    let copy: Value = emulator
        .with_world(|world| {
            serde_json::from_slice(world.hub(&scope()).unwrap().document(arn)?).ok()
        })
        .unwrap();
    assert_eq!(copy["RecordState"], "ACTIVE");
    let archived = json!({ "findingCriteria": { "criterion": { "service.archived": { "equals": ["true"] } } } });
    let listed = post(&emulator, "/findings", archived).await.json();
    assert_eq!(listed["findingIds"], json!([id]));
}
