//! The world by itself.

use muster_testkit::{Compliance, Event, Resource, Threat, WorldError};
use serde_json::{Value, json};

use crate::{public_bucket, scope, small_world, start_time};

fn document(world: &muster_testkit::World, name: &str) -> Value {
    let id = world.ids(name).remove(0);
    serde_json::from_slice(world.hub(&scope()).unwrap().document(&id).unwrap()).unwrap()
}

#[test]
fn what_cannot_happen_is_refused_and_changes_nothing() {
    let mut world = small_world();
    world.apply(public_bucket("bucket"), start_time()).unwrap();
    let before = world.clone();
    let elsewhere = muster_testkit::Scope::new("999900001111", "eu-west-1");
    let threat = |name: &str, kind: &str, place: &muster_testkit::Scope| {
        Event::Threat(Threat {
            name: name.to_owned(),
            kind: kind.to_owned(),
            scope: place.clone(),
            resource: Resource::instance(place, "web"),
            count: 1,
            age_hours: 0,
            sample: false,
        })
    };
    let port_probe = "Recon:EC2/PortProbeUnprotectedPort";
    let nobody = "nobody".to_owned();

    let refused = [
        (public_bucket("bucket"), WorldError::NameTaken("bucket".to_owned())),
        (Event::Vanish { name: nobody.clone() }, WorldError::UnknownName(nobody)),
        (threat("odd", "Made:EC2/Up", &scope()), WorldError::UnknownKind("Made:EC2/Up".to_owned())),
        (
            threat("far", port_probe, &elsewhere),
            WorldError::NotEnabled { product: "GuardDuty", scope: elsewhere.clone() },
        ),
        (
            Event::Escalate { name: "bucket".to_owned(), severity: 8.0 },
            WorldError::WrongProduct { name: "bucket".to_owned(), product: "Security Hub" },
        ),
        (
            Event::Import { name: "text".to_owned(), scope: scope(), document: json!("text") },
            WorldError::Document("JSON object"),
        ),
    ];

    for (event, error) in refused {
        assert_eq!(world.apply(event, start_time()), Err(error));
    }
    assert!(world == before, "an event that was refused changed the world");
}

#[test]
fn suppression_outlives_a_new_failure_and_notification_does_not() {
    let mut world = small_world();
    for (name, workflow) in [("kept", "SUPPRESSED"), ("reset", "NOTIFIED")] {
        world.apply(public_bucket(name), start_time()).unwrap();
        let (name, workflow) = (name.to_owned(), workflow.to_owned());
        world.apply(Event::Triage { name, workflow, note: None }, start_time()).unwrap();
    }

    for compliance in [Compliance::Passed, Compliance::Failed] {
        for name in ["kept", "reset"] {
            let name = name.to_owned();
            world.apply(Event::Evaluate { name, compliance }, start_time()).unwrap();
        }
    }

    assert_eq!(document(&world, "kept")["Workflow"]["Status"], "SUPPRESSED");
    assert_eq!(document(&world, "reset")["Workflow"]["Status"], "NEW");
}

#[test]
fn a_heartbeat_moves_times_and_nothing_else() {
    let mut world = small_world();
    world.apply(public_bucket("bucket"), start_time()).unwrap();
    let mut before = document(&world, "bucket");
    let later = start_time() + jiff::SignedDuration::from_hours(18);

    world.apply(Event::Heartbeat { name: "bucket".to_owned() }, later).unwrap();

    let after = document(&world, "bucket");
    assert_eq!(after["UpdatedAt"], "2026-03-03T04:00:00.000Z");
    for time in ["UpdatedAt", "LastObservedAt", "ProcessedAt"] {
        before[time] = after[time].clone();
    }
    assert_eq!(after, before);
}

#[test]
fn the_copy_of_a_threat_follows_count_and_severity() {
    let mut world = small_world();
    let threat = Threat {
        name: "guessing".to_owned(),
        kind: "UnauthorizedAccess:EC2/SSHBruteForce".to_owned(),
        scope: scope(),
        resource: Resource::instance(&scope(), "web"),
        count: 1,
        age_hours: 0,
        sample: true,
    };
    world.apply(Event::Threat(threat), start_time()).unwrap();

    let name = "guessing".to_owned();
    world.apply(Event::Escalate { name, severity: 8.0 }, start_time()).unwrap();

    let id = world.ids("guessing").remove(0);
    let native = world.detector(&scope()).unwrap().document(&id).unwrap();
    let arn = native["arn"].as_str().unwrap();
    let copy = world.hub(&scope()).unwrap().document(arn).unwrap();
    let copy: Value = serde_json::from_slice(copy).unwrap();
    assert_eq!(native["service"]["count"], 2);
    assert_eq!(copy["ProductFields"]["aws/guardduty/service/count"], "2");
    assert_eq!(copy["Severity"], json!({ "Product": 8.0, "Label": "HIGH", "Normalized": 80 }));
    assert_eq!(copy["Types"], json!(["TTPs/Initial Access/UnauthorizedAccess:EC2-SSHBruteForce"]));
    assert!(native["title"].as_str().unwrap().starts_with("[SAMPLE] "));
    assert!(!copy["Title"].as_str().unwrap().starts_with("[SAMPLE]"));
    assert_eq!(copy["Sample"], true);

    world.apply(Event::Vanish { name: "guessing".to_owned() }, start_time()).unwrap();
    assert!(world.detector(&scope()).unwrap().is_empty());
    assert!(world.hub(&scope()).unwrap().is_empty());
}
