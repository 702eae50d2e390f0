//! What is promised of a subscription, case by case; `model` has the properties.

mod model;

use super::*;

const NOW: Millis = Millis(1_767_225_600_000);
const START: Place = Place::Log(Revision(10));

fn id(number: u8) -> FindingId {
    FindingId([number; 16])
}

fn found(revision: u64, finding: u8) -> Found {
    let revision = Revision(revision);
    Found { key: Key::Change(revision), finding: id(finding), revision, time: NOW }
}

fn key(revision: u64) -> Key {
    Key::Change(Revision(revision))
}

fn ack(state: &State, revision: u64, attempt: u32, verdict: Verdict) -> Ack {
    Ack { generation: state.generation, key: key(revision), attempt, verdict }
}

fn retry() -> Verdict {
    Verdict::Retry { delay_ms: None, reason: "busy".to_owned() }
}

fn ready(state: &State, now: Millis) -> Vec<Key> {
    state.ready(now).map(|(key, _)| key).collect()
}

/// A subscription that has read these changes, as revision and finding.
fn reading(settings: &Settings, read: &[(u64, u8)]) -> State {
    let mut state = State::new(START, NOW);
    let found: Vec<Found> = read.iter().map(|(revision, id)| found(*revision, *id)).collect();
    state.advance(settings, START, Place::Log(Revision(20)), &found, NOW).unwrap();
    state
}

#[test]
fn the_floor_is_before_the_first_unsettled_change_and_moves_by_acknowledgements_alone() {
    let settings = Settings::default();
    let mut state = reading(&settings, &[(12, 1), (15, 2), (17, 3)]);
    assert_eq!(state.floor(), Revision(11));

    let leases = state.lease(&settings, &[key(12), key(15), key(17)], Holder::Pull, NOW);
    assert_eq!(leases.len(), 3);
    assert_eq!(state.settle(&settings, NOW, &ack(&state, 15, 1, Verdict::Done)), Outcome::Accepted);
    assert_eq!(state.floor(), Revision(11));
    assert_eq!(state.settle(&settings, NOW, &ack(&state, 12, 1, Verdict::Done)), Outcome::Accepted);
    assert_eq!(state.floor(), Revision(16));
    assert_eq!(state.settle(&settings, NOW, &ack(&state, 17, 1, Verdict::Done)), Outcome::Accepted);
    assert_eq!(state.floor(), Revision(20));

    let again = state.settle(&settings, NOW, &ack(&state, 17, 1, Verdict::Done));
    assert_eq!(again, Outcome::AlreadySettled);
    let unread = state.settle(&settings, NOW, &ack(&state, 21, 1, Verdict::Done));
    assert_eq!(unread, Outcome::Unknown);
}

#[test]
fn a_later_change_of_a_finding_waits_for_the_earlier_one() {
    let settings = Settings::default();
    let mut state = reading(&settings, &[(12, 1), (13, 1), (14, 2)]);

    assert_eq!(ready(&state, NOW), [key(12), key(14)]);
    state.lease(&settings, &[key(12), key(13), key(14)], Holder::Pull, NOW);
    assert_eq!(ready(&state, NOW), []);
    state.settle(&settings, NOW, &ack(&state, 12, 1, Verdict::Done));

    assert_eq!(ready(&state, NOW), [key(13)]);
}

#[test]
fn a_retry_comes_after_a_delay_that_doubles_up_to_its_limit_and_then_the_change_is_parked() {
    let settings = Settings {
        attempts_max: 5,
        backoff_min_ms: 1_000,
        backoff_max_ms: 3_000,
        ..Settings::default()
    };
    let mut state = reading(&settings, &[(12, 1), (13, 1)]);
    let mut now = NOW;

    for (attempt, delay) in [(1, 1_000), (2, 2_000), (3, 3_000), (4, 3_000)] {
        let leases = state.lease(&settings, &[key(12)], Holder::Pull, now);
        assert_eq!(leases, [Lease { key: key(12), attempt }]);
        state.settle(&settings, now, &ack(&state, 12, attempt, retry()));
        assert_eq!((ready(&state, now), state.next_due(now)), (vec![], Some(now.plus(delay))));
        now = now.plus(delay);
    }
    state.lease(&settings, &[key(12)], Holder::Pull, now);
    let outcome = state.settle(&settings, now, &ack(&state, 12, 5, retry()));

    assert_eq!(outcome, Outcome::Accepted);
    let parked = &state.parked[&key(12)];
    assert_eq!((parked.attempts, &*parked.reason, parked.at), (5, "busy", now));
    assert_eq!(ready(&state, now), [key(13)], "later changes of its finding go on");
    assert_eq!(state.floor(), Revision(12), "what is parked is settled");
}

#[test]
fn a_given_delay_counts_instead_and_a_rejection_parks_at_once() {
    let settings = Settings::default();
    let mut state = reading(&settings, &[(12, 1), (13, 2)]);
    state.lease(&settings, &[key(12), key(13)], Holder::Pull, NOW);

    let later = Verdict::Retry { delay_ms: Some(7), reason: String::new() };
    state.settle(&settings, NOW, &ack(&state, 12, 1, later));
    let never = Verdict::Reject { reason: "x".repeat(REASON_BYTES_MAX + 1) };
    state.settle(&settings, NOW, &ack(&state, 13, 1, never));

    assert_eq!(ready(&state, NOW.plus(7)), [key(12)]);
    assert_eq!(state.parked[&key(13)].reason.len(), REASON_BYTES_MAX);
}

#[test]
fn what_nobody_acknowledges_in_time_is_due_again_and_a_late_word_is_heard() {
    let settings = Settings { attempts_max: 2, ..Settings::default() };
    let mut state = reading(&settings, &[(12, 1), (13, 2)]);
    state.lease(&settings, &[key(12), key(13)], Holder::Pull, NOW);

    let late = NOW.plus(settings.ack_deadline_ms);
    state.sweep(&settings, late);
    assert_eq!(ready(&state, late), [key(12), key(13)]);
    assert_eq!(state.settle(&settings, late, &ack(&state, 12, 1, retry())), Outcome::Outdated);
    assert_eq!(
        state.settle(&settings, late, &ack(&state, 12, 1, Verdict::Done)),
        Outcome::Accepted
    );
    assert_eq!(ready(&state, late), [key(13)]);

    state.lease(&settings, &[key(13)], Holder::Pull, late);
    let later = late.plus(settings.ack_deadline_ms);
    state.sweep(&settings, later);
    assert_eq!(state.parked[&key(13)].reason, "not acknowledged before its deadline");
    assert_eq!(
        state.settle(&settings, later, &ack(&state, 13, 2, Verdict::Done)),
        Outcome::Accepted
    );
    assert!(state.parked.is_empty(), "it was done after all");
}

#[test]
fn a_new_session_fences_the_old_one_and_the_end_of_a_session_parks_nothing() {
    let settings = Settings { attempts_max: 1, ..Settings::default() };
    let mut state = reading(&settings, &[(12, 1)]);
    let first = state.open();
    state.lease(&settings, &[key(12)], Holder::Session(first), NOW);
    let long = NOW.plus(10 * settings.ack_deadline_ms);
    state.sweep(&settings, long);
    assert_eq!(ready(&state, long), [], "a session holds what it has while it lives");

    let second = state.open();
    state.sweep(&settings, long);
    assert_eq!(ready(&state, long), [key(12)]);
    assert_eq!(state.lease(&settings, &[key(12)], Holder::Session(first), long), []);
    let leases = state.lease(&settings, &[key(12)], Holder::Session(second), long);
    assert_eq!(leases, [Lease { key: key(12), attempt: 2 }]);

    state.close(first);
    assert!(state.is_live, "the first one is over already");
    state.close(second);
    state.sweep(&settings, long);
    assert_eq!(ready(&state, long), [key(12)], "due at once, and not parked");
}

#[test]
fn it_is_saturated_by_unsettled_changes_and_stale_when_the_log_lost_one() {
    let settings = Settings { outstanding_max: 2, ..Settings::default() };
    let mut state = reading(&settings, &[(12, 1), (15, 2)]);
    let standing =
        |state: &State, oldest| state.standing(&settings, Revision(oldest), Revision(30));

    assert_eq!((standing(&state, 1), state.room(&settings)), (Standing::Saturated, 0));
    let more =
        state.advance(&settings, state.place, Place::Log(Revision(21)), &[found(21, 3)], NOW);
    assert_eq!(more, Err(NotTaken::Odd));
    assert_eq!(standing(&state, 12), Standing::Saturated);
    assert_eq!(standing(&state, 13), Standing::Stale);

    state.lease(&settings, &[key(12), key(15)], Holder::Pull, NOW);
    state.settle(&settings, NOW, &ack(&state, 12, 1, Verdict::Done));
    assert_eq!(standing(&state, 13), Standing::Active);
    let head = Revision(14);
    assert_eq!(state.standing(&settings, Revision(99), head), Standing::Active, "it has all of it");
}

#[test]
fn what_somebody_else_read_meanwhile_is_not_taken_twice() {
    let settings = Settings::default();
    let mut state = reading(&settings, &[(12, 1)]);

    let again = state.advance(&settings, START, Place::Log(Revision(20)), &[found(12, 1)], NOW);

    assert_eq!(again, Err(NotTaken::Moved));
    assert_eq!(state.outstanding.len(), 1);
}

#[test]
fn a_snapshot_goes_by_id_and_is_followed_by_the_log() {
    let settings = Settings::default();
    let start = Revision(10);
    let place = |after| Place::Snapshot { start, after };
    let mut state = State::new(place(None), NOW);
    let met = |number| Found { key: Key::Snapshot(id(number)), ..found(9, number) };

    state.advance(&settings, place(None), place(Some(id(3))), &[met(1), met(3)], NOW).unwrap();
    assert_eq!(state.floor(), start);
    let back = state.advance(&settings, state.place, place(Some(id(2))), &[], NOW);
    assert_eq!(back, Err(NotTaken::Odd));
    state.advance(&settings, state.place, Place::Log(start), &[met(4)], NOW).unwrap();
    let to = Place::Log(Revision(11));
    state.advance(&settings, state.place, to, &[found(11, 3)], NOW).unwrap();

    let keys = [Key::Snapshot(id(1)), Key::Snapshot(id(3)), Key::Snapshot(id(4))];
    assert_eq!(ready(&state, NOW), keys, "the change of a finding waits for its state");
    assert_eq!(state.check(), Ok(()));
}

#[test]
fn what_is_redelivered_does_not_move_the_floor_back_and_what_is_discarded_is_gone() {
    let settings = Settings::default();
    let mut state = reading(&settings, &[(12, 1), (13, 2), (14, 1)]);
    state.lease(&settings, &[key(12), key(13)], Holder::Pull, NOW);
    for revision in [12, 13] {
        let never = Verdict::Reject { reason: "no".to_owned() };
        state.settle(&settings, NOW, &ack(&state, revision, 1, never));
    }
    state.lease(&settings, &[key(14)], Holder::Pull, NOW);
    state.settle(&settings, NOW, &ack(&state, 14, 1, Verdict::Done));

    assert_eq!(state.redeliver(&settings, &[key(12), key(99)], NOW), [key(12)]);
    assert_eq!(state.discard(&[key(13), key(12)]), [key(13)]);

    assert_eq!((state.floor(), ready(&state, NOW)), (Revision(20), vec![key(12)]));
    assert_eq!(state.standing(&settings, Revision(19), Revision(30)), Standing::Active);
    let leases = state.lease(&settings, &[key(12)], Holder::Pull, NOW);
    assert_eq!(leases, [Lease { key: key(12), attempt: 1 }]);
}

#[test]
fn a_reset_forgets_what_is_out_and_keeps_what_is_parked() {
    let settings = Settings::default();
    let mut state = reading(&settings, &[(12, 1), (13, 2)]);
    let epoch = state.open();
    state.lease(&settings, &[key(12), key(13)], Holder::Session(epoch), NOW);
    let never = Verdict::Reject { reason: "no".to_owned() };
    state.settle(&settings, NOW, &ack(&state, 12, 1, never));
    let before = ack(&state, 13, 1, Verdict::Done);

    state.reset(Place::Log(Revision(30)), NOW);

    assert_eq!(state.settle(&settings, NOW, &before), Outcome::Unknown);
    assert_eq!((state.floor(), state.parked.len(), state.is_live), (Revision(30), 1, false));
    assert_eq!(state.lease(&settings, &[key(13)], Holder::Session(epoch), NOW), []);
}

#[test]
fn when_no_more_can_be_parked_a_change_is_put_off() {
    let settings = Settings { attempts_max: 1, ..Settings::default() };
    let mut state = reading(&settings, &[(12, 1)]);
    let parked = Parked {
        finding: id(9),
        revision: Revision(1),
        time: NOW,
        attempts: 1,
        reason: String::new(),
        at: NOW,
    };
    state.parked = (100..1100).map(|revision| (key(revision), parked.clone())).collect();
    state.lease(&settings, &[key(12)], Holder::Pull, NOW);

    assert_eq!(state.settle(&settings, NOW, &ack(&state, 12, 1, retry())), Outcome::NotParked);

    assert_eq!(state.next_due(NOW), Some(NOW.plus(settings.backoff_max_ms)));
    assert_eq!(state.check(), Ok(()));
}

#[test]
fn a_clock_that_goes_back_keeps_nothing_for_long() {
    let settings = Settings::default();
    let mut state = reading(&settings, &[(12, 1), (13, 2)]);
    state.lease(&settings, &[key(12), key(13)], Holder::Pull, NOW);
    state.settle(&settings, NOW, &ack(&state, 13, 1, retry()));

    let back = NOW.plus(-30 * crate::time::DAY_MS);
    state.sweep(&settings, back);

    assert_eq!(ready(&state, back), [key(12), key(13)]);
}
