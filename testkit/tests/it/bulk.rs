//! Many documents.

use std::collections::HashSet;

use muster_testkit::documents::bulk::{generate_asff, generate_guardduty};
use serde_json::Value;

use crate::{scope, small_world, start_time};

fn parsed(text: &[u8]) -> Value {
    serde_json::from_slice(text).unwrap()
}

#[test]
fn documents_are_distinct_in_id_and_in_what_they_are_about() {
    let mut ids = HashSet::new();
    let mut subjects = HashSet::new();
    let mut bytes = 0;
    for text in generate_asff(5_000, 1, start_time()) {
        bytes += text.len();
        let document = parsed(&text);
        assert!(ids.insert(document["Id"].to_string()), "{}", document["Id"]);
        let rule = document["GeneratorId"].to_string();
        let resource = &document["Resources"][0]["Id"];
        assert!(subjects.insert(format!("{rule} {} {resource}", document["Title"])), "{resource}");
        assert!(!text.windows(9).any(|window| window == b"mark-name"));
    }
    let average = bytes / 5_000;
    assert!((2_000..4_500).contains(&average), "{average} bytes on average");
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let take = |seed| generate_asff(50, seed, start_time()).collect::<Vec<_>>();

    assert_eq!(take(1), take(1));
    assert_ne!(take(1), take(2));
}

#[test]
fn a_heartbeat_moves_times_and_nothing_else() {
    let first = generate_asff(200, 1, start_time());
    for (before, after) in first.clone().zip(first.heartbeat(2)) {
        let (mut before, after) = (parsed(&before), parsed(&after));
        assert_ne!(before["UpdatedAt"], after["UpdatedAt"]);
        for time in ["UpdatedAt", "LastObservedAt", "ProcessedAt"] {
            before[time] = after[time].clone();
        }
        if before["ProductName"] == "GuardDuty" {
            for field in ["Description", "ProductFields"] {
                before[field] = after[field].clone();
            }
        }
        assert_eq!(before, after);
    }
}

#[test]
fn guardduty_documents_have_distinct_ids_that_their_arns_end_in() {
    let mut ids = HashSet::new();
    for text in generate_guardduty(1_000, 4, start_time()) {
        let document = parsed(&text);
        let id = document["id"].as_str().unwrap().to_owned();
        assert!(document["arn"].as_str().unwrap().ends_with(&format!("/finding/{id}")));
        assert!(ids.insert(id));
    }
}

#[test]
fn a_world_takes_them_as_they_are() {
    let mut world = small_world();

    let loaded = world.load_asff(&scope(), generate_asff(2_000, 1, start_time())).unwrap();

    assert_eq!(loaded, 2_000);
    assert_eq!(world.hub(&scope()).unwrap().len(), 2_000);
}
