//! What a watch promises, against a server that breaks off, repeats itself, and lies.

use std::time::Duration;

use futures::StreamExt;
use muster_api::v1::watch_findings_response::Event;
use muster_api::v1::{GoAway, SnapshotMode};
use muster_client::{
    ChainError, ReconnectCause, RestartReason, Watch, WatchError, WatchEvent, WatchOptions,
};
use tonic::Code;
use tonic_types::ErrorDetails;

use crate::fake::{Fake, Step, status, status_with};
use crate::make::{batch, bookmark, snapshot_batch, snapshot_end, snapshot_start};

fn watch(fake: &Fake) -> Watch {
    watch_with(fake, WatchOptions::default())
}

fn watch_with(fake: &Fake, options: WatchOptions) -> Watch {
    fake.client().watch(WatchOptions { random: Box::new(|| 1.0), ..options })
}

/// The next event in a few words.
async fn tell(watch: &mut Watch) -> String {
    match watch.next().await {
        Ok(event) => describe(&event),
        Err(WatchError::Chain(error)) => format!("broken: {error}"),
        Err(error) => format!("error: {error}"),
    }
}

fn describe(event: &WatchEvent) -> String {
    match event {
        WatchEvent::SnapshotStart(start) => {
            format!("start {}", start.position.as_ref().unwrap().revision)
        }
        WatchEvent::Findings(findings) => {
            let images = findings.iter().map(|one| format!("{}@{}", &one.id[4..5], one.revision));
            format!("findings {}", images.collect::<Vec<_>>().join(" "))
        }
        WatchEvent::SnapshotEnd(end) => format!("end {}", end.position.as_ref().unwrap().revision),
        WatchEvent::Changes { changes, after_revision, through_revision } => {
            let changes = changes.iter().map(|one| {
                let mark = if one.superseded { "~" } else { "" };
                format!(" {mark}{}@{}", &one.change.finding_id[4..5], one.change.revision)
            });
            format!("({after_revision}, {through_revision}]{}", changes.collect::<String>())
        }
        WatchEvent::Bookmark(mark) => {
            format!("bookmark {}", mark.position.as_ref().unwrap().revision)
        }
        WatchEvent::Reconnecting { cause, delay, attempt } => {
            let cause = match cause {
                ReconnectCause::GoAway { reason } => format!("go away ({reason})"),
                ReconnectCause::Silent => "silent".into(),
                ReconnectCause::Ended => "ended".into(),
                ReconnectCause::Failed(error) => format!("{:?}", error.code()),
                _ => "?".into(),
            };
            format!("reconnect {attempt} after {delay:?}: {cause}")
        }
        WatchEvent::Restarting { reason } => format!("restart {reason:?}"),
        _ => "?".into(),
    }
}

async fn tell_all<const N: usize>(watch: &mut Watch) -> [String; N] {
    let mut told = Vec::new();
    for _ in 0..N {
        told.push(tell(watch).await);
    }
    told.try_into().unwrap()
}

#[tokio::test]
async fn a_snapshot_is_followed_by_the_tail() {
    let fake = Fake::with_streams([vec![
        snapshot_start(5),
        snapshot_batch([("b", 3), ("c", 5)], "s1"),
        snapshot_end(5, 2),
        batch(5, 7, [("b", 6), ("c", 7)]),
        bookmark(9),
        batch(9, 10, [("d", 10)]),
    ]]);
    let mut watch = watch(&fake);

    let told = tell_all::<6>(&mut watch).await;

    assert_eq!(
        told,
        ["start 5", "findings b@3 c@5", "end 5", "(5, 7] b@6 c@7", "bookmark 9", "(9, 10] d@10"]
    );
    assert_eq!(watch.revision(), Some(10));
    assert_eq!(watch.log_id(), "log");
    assert_eq!(fake.state().watches[0].snapshot(), SnapshotMode::PriorityOrder);
}

#[tokio::test]
async fn the_cursor_stands_for_what_was_yielded_and_not_more() {
    let fake = Fake::with_streams([vec![
        snapshot_start(5),
        snapshot_batch([("b", 3)], "s1"),
        snapshot_end(5, 1),
        batch(5, 7, [("b", 6)]),
    ]]);
    let mut watch = watch(&fake);
    assert_eq!(watch.cursor(), None);

    for cursor in ["start", "s1", "t5", "t7"] {
        tell(&mut watch).await;
        assert_eq!(watch.cursor(), Some(cursor));
    }
}

#[tokio::test]
async fn a_gap_ends_the_watch_with_an_error() {
    let fake =
        Fake::with_streams([vec![bookmark(5), batch(5, 7, [("b", 6)]), batch(8, 9, [("c", 9)])]]);
    let mut watch = watch_with(&fake, WatchOptions { snapshot: false, ..WatchOptions::default() });

    let told = tell_all::<4>(&mut watch).await;

    assert_eq!(
        told,
        [
            "bookmark 5",
            "(5, 7] b@6",
            "broken: revisions after 7 up to 8 are missing",
            "error: the watch has ended"
        ]
    );
    assert_eq!(watch.cursor(), Some("t7"), "what lies behind the gap is not covered");
}

#[tokio::test(start_paused = true)]
async fn a_gap_across_connections_is_found_too() {
    let fake = Fake::with_streams([
        vec![bookmark(5), batch(5, 7, [("b", 6)]), Step::End],
        vec![batch(8, 9, [("c", 9)])],
    ]);
    let mut watch = watch(&fake);

    let told = tell_all::<4>(&mut watch).await;

    assert_eq!(told[3], "broken: revisions after 7 up to 8 are missing");
}

#[tokio::test]
async fn a_stream_that_contradicts_itself_ends_the_watch() {
    for (script, complaint) in [
        (vec![bookmark(5), batch(4, 6, [])], "the stream went back from revision 5 to 4"),
        (vec![bookmark(5), bookmark(4)], "the stream went back from revision 5 to 4"),
        (vec![bookmark(5), batch(5, 4, [])], "the stream went back from revision 5 to 4"),
        (
            vec![bookmark(5), batch(5, 7, [("b", 8)])],
            "revision 8 does not belong into (5, 7] there",
        ),
        (
            vec![bookmark(5), batch(5, 7, [("b", 7), ("c", 6)])],
            "revision 6 does not belong into (5, 7] there",
        ),
        (vec![snapshot_start(5), batch(5, 6, [])], "a change batch came inside a snapshot"),
        (
            vec![bookmark(5), snapshot_batch([("b", 1)], "s")],
            "a snapshot batch came after the end of the snapshot",
        ),
        (vec![snapshot_start(5), snapshot_end(5, 1)], "the snapshot has 0 of 1 findings"),
        (vec![snapshot_start(5), snapshot_end(6, 0)], "revisions after 5 up to 6 are missing"),
    ] {
        let fake = Fake::with_streams([script]);
        let mut watch = watch(&fake);

        let told = tell_all::<2>(&mut watch).await;

        assert_eq!(told[1], format!("broken: {complaint}"));
    }
}

#[tokio::test]
async fn another_log_on_the_same_stream_is_an_error() {
    let mut other = bookmark(9);
    if let Step::Send(Event::Bookmark(mark)) = &mut other {
        mark.position.as_mut().unwrap().log_id = "other".into();
    }
    let fake = Fake::with_streams([vec![bookmark(5), other]]);
    let mut watch = watch(&fake);
    tell(&mut watch).await;

    let error = watch.next().await.unwrap_err();

    assert!(matches!(error, WatchError::Chain(ChainError::LogMixed { .. })));
}

#[tokio::test]
async fn an_image_older_than_the_one_held_is_dropped() {
    let fake = Fake::with_streams([vec![
        snapshot_start(5),
        snapshot_batch([("b", 8), ("c", 2)], "s1"),
        // The finding moved while the snapshot was read, and is met again.
        snapshot_batch([("b", 6), ("d", 1)], "s2"),
        snapshot_end(5, 4),
        // The tail starts at 5, behind the image of revision 8.
        batch(5, 9, [("b", 6), ("b", 8), ("b", 9)]),
    ]]);
    let mut watch = watch(&fake);

    let told = tell_all::<5>(&mut watch).await;

    assert_eq!(told[1], "findings b@8 c@2");
    assert_eq!(told[2], "findings d@1");
    assert_eq!(told[4], "(5, 9] ~b@6 b@8 b@9");
}

#[tokio::test]
async fn a_superseded_change_carries_no_image() {
    let fake = Fake::with_streams([vec![
        snapshot_start(5),
        snapshot_batch([("b", 8)], "s1"),
        snapshot_end(5, 1),
        batch(5, 8, [("b", 6), ("b", 8)]),
    ]]);
    let mut watch = watch(&fake);
    tell_all::<3>(&mut watch).await;

    let WatchEvent::Changes { changes, .. } = watch.next().await.unwrap() else { panic!() };

    assert_eq!(changes[0].change.finding, None);
    assert_eq!(changes[1].change.finding.as_ref().unwrap().revision, 8);
}

#[tokio::test(start_paused = true)]
async fn a_resumed_stream_repeats_nothing_to_the_caller() {
    let fake = Fake::with_streams([
        vec![bookmark(5), batch(5, 7, [("b", 6), ("c", 7)]), Step::End],
        vec![batch(6, 8, [("c", 7), ("d", 8)]), batch(8, 8, [])],
    ]);
    let mut watch = watch(&fake);

    let told = tell_all::<5>(&mut watch).await;

    assert_eq!(
        told,
        ["bookmark 5", "(5, 7] b@6 c@7", "reconnect 1 after 250ms: ended", "(7, 8] d@8", "(8, 8]"]
    );
    let state = fake.state();
    assert_eq!(state.watches[1].cursor, "t7");
    assert_eq!(state.watches[1].snapshot(), SnapshotMode::Unspecified);
}

#[tokio::test(start_paused = true)]
async fn a_resumed_stream_that_falls_further_back_still_must_join() {
    let fake = Fake::with_streams([
        vec![bookmark(9), Step::End],
        vec![bookmark(7), batch(7, 8, []), batch(8, 10, [("b", 9), ("c", 10)])],
    ]);
    let mut watch = watch(&fake);

    let told = tell_all::<5>(&mut watch).await;

    assert_eq!(told[3..], ["(9, 9]", "(9, 10] c@10"]);
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_goes_on_where_the_connection_broke() {
    let fake = Fake::with_streams([
        vec![snapshot_start(5), snapshot_batch([("b", 8)], "s1"), Step::End],
        vec![snapshot_batch([("b", 7), ("c", 2)], "s2"), snapshot_end(5, 2)],
    ]);
    let mut watch = watch(&fake);

    let told = tell_all::<5>(&mut watch).await;

    assert_eq!(told[3..], ["findings c@2", "end 5"]);
    assert_eq!(fake.state().watches[1].cursor, "s1");
}

#[tokio::test(start_paused = true)]
async fn a_go_away_is_followed_at_the_time_the_server_names() {
    let go_away = Event::GoAway(GoAway {
        retry_delay: Some(prost_types::Duration { seconds: 4, nanos: 0 }),
        reason: "draining".into(),
        ..GoAway::default()
    });
    let fake =
        Fake::with_streams([vec![bookmark(5), Step::Send(go_away)], vec![batch(5, 6, [("b", 6)])]]);
    let mut watch = watch(&fake);
    tell(&mut watch).await;

    let told = tell(&mut watch).await;
    let before = tokio::time::Instant::now();
    let resumed = tell(&mut watch).await;

    assert_eq!(told, "reconnect 1 after 5s: go away (draining)");
    assert_eq!(before.elapsed(), Duration::from_secs(5));
    assert_eq!(resumed, "(5, 6] b@6");
}

#[tokio::test(start_paused = true)]
async fn a_cut_connection_is_made_again_at_the_cursor() {
    let fake = Fake::with_streams([vec![bookmark(5)], vec![batch(5, 6, [("b", 6)])]]);
    let mut watch = watch(&fake);
    tell(&mut watch).await;

    fake.cut();
    let told = tell_all::<2>(&mut watch).await;

    assert_eq!(told, ["reconnect 1 after 250ms: Unavailable", "(5, 6] b@6"]);
    assert_eq!(fake.state().watches[1].cursor, "t5");
}

#[tokio::test(start_paused = true)]
async fn transient_errors_are_waited_out_with_growing_delays() {
    let overloaded = || {
        let details = ErrorDetails::with_retry_info(Some(Duration::from_secs(2)));
        Step::Fail(status_with(Code::Unavailable, "OVERLOADED", "too much", details, []))
    };
    let slow = || Step::Fail(status(Code::Aborted, "SLOW_CONSUMER", "too slow"));
    let fake = Fake::with_streams([
        vec![bookmark(5), slow()],
        vec![overloaded()],
        vec![Step::Fail(status(Code::ResourceExhausted, "TOO_MANY_WATCHES", "too many"))],
        vec![batch(5, 6, [("b", 6)]), slow()],
        vec![bookmark(6)],
    ]);
    let mut watch = watch(&fake);

    let told = tell_all::<7>(&mut watch).await;

    assert_eq!(
        told[1..],
        [
            "reconnect 1 after 250ms: Aborted",
            "reconnect 2 after 2.5s: Unavailable",
            "reconnect 3 after 1s: ResourceExhausted",
            "(5, 6] b@6",
            "reconnect 1 after 250ms: Aborted",
            "bookmark 6",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn three_missed_heartbeats_end_the_connection() {
    let heartbeat = Duration::from_secs(10);
    let fake = Fake::with_streams([
        vec![
            bookmark(5),
            Step::Wait(Duration::from_secs(29)),
            bookmark(5),
            Step::Wait(Duration::from_secs(31)),
            bookmark(6),
        ],
        vec![bookmark(7)],
    ]);
    let mut watch = watch_with(&fake, WatchOptions { heartbeat, ..WatchOptions::default() });
    let before = tokio::time::Instant::now();

    let told = tell_all::<4>(&mut watch).await;

    assert_eq!(told, ["bookmark 5", "bookmark 5", "reconnect 1 after 250ms: silent", "bookmark 7"]);
    assert_eq!(before.elapsed().as_secs(), 59);
    assert_eq!(fake.state().watches[0].heartbeat_interval.unwrap().seconds, 10);
}

#[tokio::test(start_paused = true)]
async fn waiting_in_small_steps_loses_nothing_and_still_notices_silence() {
    let heartbeat = Duration::from_secs(10);
    let fake = Fake::with_streams([vec![bookmark(5)], vec![bookmark(6)]]);
    let mut watch = watch_with(&fake, WatchOptions { heartbeat, ..WatchOptions::default() });
    let mut told = Vec::new();

    while told.len() < 3 {
        let tick = tokio::time::timeout(Duration::from_millis(70), tell(&mut watch));
        told.extend(tick.await.ok());
    }

    assert_eq!(told, ["bookmark 5", "reconnect 1 after 250ms: silent", "bookmark 6"]);
}

#[tokio::test]
async fn an_expired_cursor_is_answered_with_a_new_snapshot() {
    for (code, name, reason) in [
        (Code::OutOfRange, "CURSOR_EXPIRED", RestartReason::CursorExpired),
        (Code::FailedPrecondition, "LOG_CHANGED", RestartReason::LogChanged),
    ] {
        let fake = Fake::with_streams([
            vec![Step::Fail(status(code, name, "gone"))],
            vec![snapshot_start(3), snapshot_batch([("b", 1)], "s1"), snapshot_end(3, 1)],
        ]);
        let cursor = Some("old".to_owned());
        let options = WatchOptions { cursor, snapshot: false, ..WatchOptions::default() };
        let mut watch = watch_with(&fake, options);

        let told = tell_all::<4>(&mut watch).await;

        assert_eq!(told, [&format!("restart {reason:?}"), "start 3", "findings b@1", "end 3"]);
        let state = fake.state();
        assert_eq!(state.watches[0].cursor, "old");
        assert_eq!(state.watches[1].cursor, "");
        assert_eq!(state.watches[1].snapshot(), SnapshotMode::PriorityOrder);
    }
}

#[tokio::test]
async fn lower_revisions_of_a_new_log_are_no_step_back() {
    let fake = Fake::with_streams([
        vec![
            bookmark(500),
            Step::Fail(status(Code::FailedPrecondition, "LOG_CHANGED", "restored")),
        ],
        vec![snapshot_start(3), snapshot_end(3, 0), batch(3, 4, [("b", 4)])],
    ]);
    let mut watch = watch(&fake);

    let told = tell_all::<5>(&mut watch).await;

    assert_eq!(told, ["bookmark 500", "restart LogChanged", "start 3", "end 3", "(3, 4] b@4"]);
}

#[tokio::test]
async fn what_waiting_does_not_mend_ends_the_watch() {
    for (code, reason) in [
        (Code::InvalidArgument, "CURSOR_MISMATCH"),
        (Code::InvalidArgument, "INVALID_FILTER"),
        (Code::Internal, "INTERNAL"),
    ] {
        let fake = Fake::with_streams([vec![bookmark(5), Step::Fail(status(code, reason, "no"))]]);
        let mut watch = watch(&fake);
        tell(&mut watch).await;

        let error = watch.next().await.unwrap_err();

        let WatchError::Call(error) = error else { panic!("{error:?}") };
        assert_eq!(error.reason(), Some(reason));
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_not_there_is_waited_for_unless_told_otherwise() {
    let refused = || {
        tower::service_fn(|_uri| async {
            Err::<hyper_util::rt::TokioIo<tokio::io::DuplexStream>, _>(std::io::Error::from(
                std::io::ErrorKind::ConnectionRefused,
            ))
        })
    };
    let client = || {
        let endpoint = tonic::transport::Endpoint::from_static("http://muster.test");
        muster_client::Client::from_channel(endpoint.connect_with_connector_lazy(refused()))
    };
    let mut patient = client().watch(WatchOptions::default());
    let mut hasty = client().watch(WatchOptions { fail_fast: true, ..WatchOptions::default() });

    let waited = patient.next().await.unwrap();
    let error = hasty.next().await.unwrap_err();

    assert!(matches!(waited, WatchEvent::Reconnecting { attempt: 1, .. }));
    let WatchError::Call(error) = error else { panic!("{error:?}") };
    assert!(error.is_connection_refused(), "{error:?}");
}

#[tokio::test]
async fn as_a_stream_it_ends_after_an_error() {
    let fake = Fake::with_streams([vec![bookmark(5), batch(8, 9, [])]]);

    let events: Vec<_> = watch(&fake).into_stream().collect().await;

    assert_eq!(events.len(), 2);
    assert!(events[1].is_err());
}

#[tokio::test]
async fn messages_of_an_unknown_kind_are_ignored() {
    let fake = Fake::with_streams([vec![Step::SendUnknown, bookmark(5)]]);
    let mut watch = watch(&fake);

    assert_eq!(tell(&mut watch).await, "bookmark 5");
}
