//! The table of this program.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use super::*;

#[test]
fn the_table_has_every_recommendation_of_the_first_edition() {
    let table = Table::builtin();
    let mut phases = [0; 4];
    for recommendation in table.all() {
        phases[recommendation.phase as usize] += 1;
    }

    assert_eq!(table.all().len(), 65);
    assert_eq!(phases, [15, 19, 18, 13]);
    let mut seen = BTreeMap::new();
    for recommendation in table.all() {
        *seen.entry(recommendation.seen).or_insert(0) += 1;
    }
    assert_eq!(seen.into_values().collect::<Vec<_>>(), [22, 16, 14, 13]);
}

#[test]
fn the_ten_things_to_do_first_are_placed_but_for_one_that_is_no_recommendation() {
    let table = Table::builtin();
    let places: HashSet<u8> = table.all().iter().filter_map(|known| known.top10).collect();

    // The ninth is to rotate keys, which the model says nowhere by itself.
    let missing: Vec<u8> = (1..=10).filter(|place| !places.contains(place)).collect();
    assert_eq!(missing, [9]);
}

#[test]
fn every_id_is_one_that_its_product_has() {
    let known: Vec<(Kind, String)> = Table::builtin()
        .all()
        .iter()
        .flat_map(|recommendation| &recommendation.evidence)
        .filter_map(|entry| match entry {
            Entry::Findings { kind, ids, .. } => Some((*kind, ids)),
            _ => None,
        })
        .flat_map(|(kind, ids)| ids.iter().map(move |id| (kind, id.clone())))
        .collect();

    for (kind, id) in &known {
        let fits = match kind {
            Kind::Control => crate::identity::is_control_id(id),
            Kind::Config => {
                id.bytes().all(|b| b.is_ascii_lowercase() || b"-0123456789".contains(&b))
            }
            Kind::Advisor => id.len() >= 9 && id.bytes().all(|b| b.is_ascii_alphanumeric()),
            Kind::Analyzer => id.bytes().all(|b| b.is_ascii_alphabetic()),
            Kind::Macie => id.starts_with("Policy:") || id.starts_with("SensitiveData:"),
            Kind::Inspector => id.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'),
            Kind::GuardDuty => id.contains(':') || id.starts_with('*'),
        };
        assert!(fits, "{kind:?} {id}");
    }
    assert!(known.len() > 450, "{}", known.len());
}

/// Compares with AWS's tables where they are at hand.
#[test]
fn every_id_is_in_the_tables_of_aws_where_they_are_at_hand() {
    let Ok(folder) = std::env::var("MUSTER_REFERENCE_TABLES") else { return };
    let read = |name: &str| std::fs::read_to_string(Path::new(&folder).join(name)).unwrap();
    let controls = read("securityhub_controls.json").to_ascii_uppercase();
    let threats = read("guardduty_finding_types.json");
    let checks = read("trusted_advisor_security_checks.json");
    let has = |text: &str, id: &str| text.contains(&format!("\"{id}\""));
    for recommendation in Table::builtin().all() {
        for entry in &recommendation.evidence {
            let Entry::Findings { kind, ids, .. } = entry else { continue };
            for id in ids.iter().filter(|id| !id.contains('*')) {
                let there = match kind {
                    Kind::Control => has(&controls, id),
                    Kind::GuardDuty => has(&threats, id),
                    Kind::Advisor => has(&checks, id),
                    _ => true,
                };
                assert!(there, "{}: {id}", recommendation.id);
            }
        }
    }
}
