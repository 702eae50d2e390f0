//! Rows read back, units say what is on.

use muster_core::maturity::{Attestation, Liveness, Scope};
use muster_core::time::DAY_MS;
use muster_core::triage::Actor;
use muster_core::unit::UnitCondition;
use proptest::prelude::*;

use super::*;
use crate::testing::{NOW, unit};

fn actor(name: &str) -> Actor {
    Actor { principal: format!("user:{name}"), on_behalf_of: String::new() }
}

fn attestation(scope: Scope, evidence: &str) -> Attestation {
    Attestation {
        recommendation: "P2-SG-3".to_owned(),
        scope,
        author: actor("ada"),
        evidence: evidence.to_owned(),
        made: NOW,
        expires: NOW.plus(DAY_MS),
    }
}

fn record(scope: Scope, said: &[String]) -> Record {
    let recommendation = "P2-SG-3".to_owned();
    let mut record = Record { recommendation, scope, entries: Vec::new() };
    for evidence in said {
        record.add(attestation(scope, evidence));
    }
    record
}

proptest! {
    #[test]
    fn a_row_reads_back_and_keeps_the_last_of_what_was_said(
        said in prop::collection::vec(".{0,40}", 1..40),
        account: bool,
        withdrawn: bool,
    ) {
        let account = account.then(|| Scope::Account("123456789012".parse().unwrap()));
        let mut record = record(account.unwrap_or(Scope::Organization), &said);
        if withdrawn {
            let last = record.entries.last_mut().unwrap();
            let comment = said[0].clone();
            last.withdrawn = Some(Withdrawal { by: actor("bob"), at: NOW, comment });
        }
        let row = record.write();

        let read = read_row(&row.key, &row.value.unwrap()).unwrap();

        prop_assert_eq!(read.standing().is_some(), !withdrawn);
        prop_assert_eq!(read.entries.len(), said.len().min(ENTRIES_MAX));
        let last = &read.entries.last().unwrap().attestation.evidence;
        prop_assert_eq!(last, said.last().unwrap());
        prop_assert_eq!(read, record);
    }

    #[test]
    fn no_bytes_make_a_row_panic(key: Vec<u8>, value: Vec<u8>) {
        prop_assert!(read_row(&key, &value).is_err());
    }
}

#[test]
fn a_row_under_another_key_is_damaged() {
    let row = record(Scope::Organization, &["seen".to_owned()]).write();

    let error = read_row(b"P2-SG-4|", &row.value.unwrap()).unwrap_err();

    assert!(error.to_string().contains("that of another"), "{error}");
}

#[test]
fn a_unit_says_whether_its_product_is_on() {
    let state = |condition, read: Option<i64>| {
        let mut state = UnitState::pending(unit(), 60_000, NOW);
        state.become_(condition, NOW);
        state.checkpoint.watermark = read.map(|ago| NOW.plus(-ago));
        liveness(&state, NOW)
    };

    assert_eq!(state(UnitCondition::Healthy, None), Liveness::On);
    assert_eq!(state(UnitCondition::Throttled, None), Liveness::On);
    assert_eq!(state(UnitCondition::NotEnabled, Some(0)), Liveness::Off);
    // After a restart the checkpoint says how far it was read.
    assert_eq!(state(UnitCondition::Pending, Some(DAY_MS)), Liveness::On);
    assert_eq!(state(UnitCondition::Pending, Some(DAY_MS + 1)), Liveness::Unknown);
    assert_eq!(state(UnitCondition::Denied, None), Liveness::Unknown);
    assert_eq!(state(UnitCondition::NotSubscribed, None), Liveness::Unknown);
}

#[test]
fn what_a_unit_read_counts_while_it_is_read() {
    let board = UnitBoard::default();
    let mut state = UnitState::pending(unit(), 60_000, NOW);
    state.become_(UnitCondition::Healthy, NOW);
    board.put(state);
    let view = View::default();
    let table = Table::builtin();

    let tally = tally(&table, &board, NOW, || Ok::<_, ()>(&view)).unwrap();
    let report = tally.of_account(unit().account, &[]);

    let met: Vec<&str> = report
        .standings
        .iter()
        .filter(|standing| standing.counts.on > 0)
        .map(|standing| &*table.all()[standing.recommendation].id)
        .collect();
    assert_eq!(met, ["P1-TD-1"]);
}
