//! Access Analyzer.

use std::collections::BTreeMap;

use muster_testkit::{Access, AccessKind, AnalyzerKind, Emulator, Event, Resource, Service, World};
use serde_json::{Value, json};

use crate::client::{Answer, call};
use crate::{ACCOUNT, scope, small_world, start};

/// A world with an analyzer of access from outside and one of unused access.
fn world() -> (World, String, String) {
    let mut world = small_world();
    let external = world.create_analyzer(&scope(), "outside", AnalyzerKind::Account);
    let unused = world.create_analyzer(&scope(), "unused", AnalyzerKind::AccountUnusedAccess);
    (world, external, unused)
}

fn shared_role(name: &str, analyzer: &str, role: &str, with: &str) -> Event {
    Event::Access(Access {
        name: name.to_owned(),
        analyzer: analyzer.to_owned(),
        resource: Resource::role(ACCOUNT, role),
        kind: AccessKind::External {
            principal: ("AWS".to_owned(), with.to_owned()),
            actions: vec!["sts:AssumeRole".to_owned()],
            condition: BTreeMap::new(),
            is_public: false,
        },
        age_hours: 30,
    })
}

fn unused_permissions(name: &str, analyzer: &str, services: usize) -> Event {
    let services = (0..services)
        .map(|number| (format!("service-{number:02}"), vec![format!("service-{number:02}:Get")]));
    Event::Access(Access {
        name: name.to_owned(),
        analyzer: analyzer.to_owned(),
        resource: Resource::role(ACCOUNT, "deployer"),
        kind: AccessKind::UnusedPermission(services.collect()),
        age_hours: 300,
    })
}

async fn post(emulator: &Emulator, path: &str, body: Value) -> Answer {
    call(emulator, Service::AccessAnalyzer, "POST", path).body(body).send().await
}

/// The copy in Security Hub with this id.
fn copy(emulator: &Emulator, id: &str) -> Value {
    emulator.with_world(|world| {
        serde_json::from_slice(world.hub(&scope()).unwrap().document(id).unwrap()).unwrap()
    })
}

#[tokio::test]
async fn analyzers_are_listed_by_type() {
    let (world, external, unused) = world();
    let (emulator, _clock) = start(world).await;

    let all = call(&emulator, Service::AccessAnalyzer, "GET", "/analyzer").send().await.json();
    let one =
        call(&emulator, Service::AccessAnalyzer, "GET", "/analyzer?type=ACCOUNT_UNUSED_ACCESS");
    let one = one.send().await.json();

    assert_eq!(all["analyzers"].as_array().unwrap().len(), 2);
    assert_eq!(all["analyzers"][0]["arn"], external.as_str());
    assert_eq!(one["analyzers"].as_array().unwrap().len(), 1);
    assert_eq!(one["analyzers"][0]["arn"], unused.as_str());
}

#[tokio::test]
async fn the_first_api_shows_principals_and_only_access_from_outside() {
    let (world, external, unused) = world();
    let (emulator, _clock) = start(world).await;
    for number in 0..3 {
        let (name, with) = (format!("share-{number}"), format!("44445555666{number}"));
        emulator.apply(shared_role(&name, &external, "partner", &with)).unwrap();
    }

    let query = json!({ "analyzerArn": external, "maxResults": 2 });
    let first = post(&emulator, "/finding", query.clone()).await.json();
    let mut rest = query;
    rest["nextToken"] = first["nextToken"].clone();
    let second = post(&emulator, "/finding", rest).await.json();
    let refused = post(&emulator, "/finding", json!({ "analyzerArn": unused })).await;

    assert_eq!(first["findings"].as_array().unwrap().len(), 2);
    assert_eq!(second["findings"].as_array().unwrap().len(), 1);
    assert_eq!(second.get("nextToken"), None);
    assert!(first["findings"][0]["principal"]["AWS"].is_string());
    assert_eq!(first["findings"][0]["isPublic"], false);
    assert_eq!(refused.status, 400);
    assert_eq!(refused.header("x-amzn-errortype"), "ValidationException");
}

#[tokio::test]
async fn details_of_unused_permissions_take_several_pages() {
    let (world, _external, unused) = world();
    let (emulator, _clock) = start(world).await;
    emulator.apply(unused_permissions("wide", &unused, 24)).unwrap();
    let list = post(&emulator, "/findingv2", json!({ "analyzerArn": unused })).await.json();
    assert_eq!(list["findings"][0]["findingType"], "UnusedPermission");
    assert_eq!(list["findings"][0].get("principal"), None);
    let id = list["findings"][0]["id"].as_str().unwrap();
    let arn = unused.replace(':', "%3A").replace('/', "%2F");

    let mut services = Vec::new();
    let mut token = String::new();
    for _ in 0..3 {
        let target = format!("/findingv2/{id}?analyzerArn={arn}&nextToken={token}");
        let page = call(&emulator, Service::AccessAnalyzer, "GET", &target).send().await.json();
        for part in page["findingDetails"].as_array().unwrap() {
            services.push(part["unusedPermissionDetails"]["serviceNamespace"].clone());
        }
        token = page["nextToken"].as_str().unwrap_or_default().replace('+', "%2B");
    }

    let expected: Vec<Value> = (0..24).map(|n| json!(format!("service-{n:02}"))).collect();
    assert_eq!(services, expected);
    assert_eq!(token, "");
}

#[tokio::test]
async fn a_changed_policy_gives_a_new_id_and_resolves_the_old_one() {
    let (world, external, _unused) = world();
    let (emulator, _clock) = start(world).await;
    emulator.apply(shared_role("share", &external, "partner", "444455556666")).unwrap();
    let old = emulator.with_world(|world| world.ids("share")).remove(0);

    emulator.apply(Event::Reissue { name: "share".to_owned(), kind: None }).unwrap();

    let new = emulator.with_world(|world| world.ids("share")).remove(0);
    assert_ne!(old, new);
    let active = json!({ "analyzerArn": external, "filter": { "status": { "eq": ["ACTIVE"] } } });
    let active = post(&emulator, "/finding", active).await.json();
    assert_eq!(active["findings"].as_array().unwrap().len(), 1);
    assert_eq!(active["findings"][0]["id"], new.as_str());
    emulator.with_world(|world| {
        assert_eq!(world.analyzer(&external).unwrap().status_of(&old), Some("RESOLVED"));
    });
}

#[tokio::test]
async fn the_copy_of_a_resource_shows_one_principal_and_ends_with_the_last() {
    let (world, external, _unused) = world();
    let (emulator, _clock) = start(world).await;
    emulator.apply(shared_role("one", &external, "partner", "444455556666")).unwrap();
    emulator.apply(shared_role("two", &external, "partner", "777788889999")).unwrap();
    let id = format!("{external}/arn:aws:iam::{ACCOUNT}:role/partner");
    let shown = |copy: &Value| {
        let details = &copy["Resources"][0]["Details"]["Other"]["External Principal"];
        details.as_str().unwrap().to_owned()
    };
    let first = shown(&copy(&emulator, &id));
    let (shown_first, other) =
        if first == "444455556666" { ("one", "two") } else { ("two", "one") };

    emulator.apply(Event::Resolve { name: shown_first.to_owned() }).unwrap();
    let second = copy(&emulator, &id);
    emulator.apply(Event::Resolve { name: other.to_owned() }).unwrap();
    let last = copy(&emulator, &id);

    assert_ne!(shown(&second), first);
    assert_eq!(second["RecordState"], "ACTIVE");
    assert_eq!(last["RecordState"], "ARCHIVED");
}

#[tokio::test]
async fn the_copy_of_unused_access_carries_the_native_id() {
    let (world, _external, unused) = world();
    let (emulator, _clock) = start(world).await;
    emulator.apply(unused_permissions("wide", &unused, 2)).unwrap();

    let copy = copy(
        &emulator,
        &format!("{unused}/arn:aws:iam::{ACCOUNT}:role/deployer/UnusedPermissions"),
    );

    let native = emulator.with_world(|world| world.ids("wide")).remove(0);
    assert_eq!(copy["ProductFields"]["findingId"], native.as_str());
    assert_eq!(copy["ProductFields"]["findingType"], "UnusedPermission");
    assert_eq!(copy["AwsAccountId"], ACCOUNT);
}

#[tokio::test]
async fn a_finding_that_is_not_there_is_named_in_the_error() {
    let (world, external, _unused) = world();
    let (emulator, _clock) = start(world).await;

    let target = format!("/findingv2/nothing?analyzerArn={external}");
    let answer = call(&emulator, Service::AccessAnalyzer, "GET", &target).send().await;

    assert_eq!(answer.status, 404);
    assert_eq!(answer.header("x-amzn-errortype"), "ResourceNotFoundException");
    assert_eq!(answer.json()["resourceId"], "nothing");
}

#[tokio::test]
async fn a_rescan_moves_only_the_time_of_the_analysis() {
    let (world, external, _unused) = world();
    let (emulator, clock) = start(world).await;
    emulator.apply(shared_role("share", &external, "partner", "444455556666")).unwrap();
    let list = json!({ "analyzerArn": external });
    let mut before = post(&emulator, "/finding", list.clone()).await.json();
    clock.advance(std::time::Duration::from_hours(24));

    emulator.apply(Event::Heartbeat { name: "share".to_owned() }).unwrap();

    let after = post(&emulator, "/finding", list).await.json();
    assert_ne!(after, before);
    before["findings"][0]["analyzedAt"] = after["findings"][0]["analyzedAt"].clone();
    assert_eq!(after, before);
}
