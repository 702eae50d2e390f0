//! The commands that decide.

use std::time::Duration;

use muster_api::v1::triage_action::{Action, snooze, suppress};
use muster_api::v1::{
    BatchMode, BatchTriageFindingsRequest, Finding, ItemError, Triage, TriageReason, TriageState,
};
use muster_client::cli::Exit;
use tonic::Code;
use tonic_types::ErrorDetails;

use crate::cli::{Ran, SCRIPT, Terminal, muster, muster_args};
use crate::fake::{Fake, State, status, status_with};
use crate::make::{bucket, hostile, sample};

fn fake() -> Fake {
    Fake::new(State { findings: vec![bucket(), hostile(), sample()], ..State::default() })
}

/// As many new findings as asked for.
fn many(count: u32) -> Fake {
    let digits = b"abcdefghijklmnopqrstuvwxyz234567";
    let id = |number: u32| {
        let place = |shift: u32| char::from(digits[(number >> shift & 31) as usize]);
        format!("fnd_{}{}{}{}{}", place(15), place(10), place(5), place(0), "a".repeat(22))
    };
    let findings = (0..count).map(|number| Finding {
        id: id(number),
        title: format!("finding {number}"),
        content_version: 4,
        triage: Some(Triage {
            state: TriageState::New.into(),
            etag: format!("\"{number}\""),
            ..Triage::default()
        }),
        ..Finding::default()
    });
    Fake::new(State { findings: findings.collect(), ..State::default() })
}

fn only_batch(fake: &Fake) -> BatchTriageFindingsRequest {
    let state = fake.state();
    assert_eq!(state.batches.len(), 1);
    state.batches[0].clone()
}

fn only_action(fake: &Fake) -> Action {
    only_batch(fake).requests[0].action.clone().unwrap().action.unwrap()
}

fn refusal(code: Code, reason: &str, message: &str) -> ItemError {
    ItemError {
        code: code.into(),
        reason: reason.into(),
        message: message.into(),
        ..ItemError::default()
    }
}

async fn ask(fake: &Fake, answer: &str, args: &[&str]) -> Ran {
    let terminal = Terminal { interactive: true, stdin: answer.into(), ..SCRIPT };
    muster_args(fake, terminal, args).await
}

#[tokio::test]
async fn a_decision_says_what_changed_and_how_to_undo_it() {
    let fake = fake();

    let ran = muster(&fake, "ack aa22b aa22z 3kq7 -m seen").await;

    insta::assert_snapshot!(ran.all());
    let batch = only_batch(&fake);
    assert_eq!(batch.mode(), BatchMode::Independent);
    assert_eq!(batch.request_id, "00000000-0000-0000-0000-000000000001");
    assert_eq!(batch.requests[0].comment, "seen");
    assert_eq!(batch.requests[0].etag, "", "whoever names a finding means it as it is");
    assert!(fake.state().actors.iter().all(|actor| actor == "user:alice"));
}

#[tokio::test]
async fn every_decision_is_sent_as_the_contract_wants_it() {
    let day = |days: i64| prost_types::Duration { seconds: days * 86_400, nanos: 0 };
    for (args, check) in [
        (
            vec!["snooze", "3kq7", "--for", "7d"],
            Box::new(move |action: &Action| match action {
                Action::Snooze(snooze) => snooze.until == Some(snooze::Until::Duration(day(7))),
                _ => false,
            }) as Box<dyn Fn(&Action) -> bool>,
        ),
        (
            vec!["snooze", "3kq7", "--until", "2026-12-24"],
            Box::new(|action| match action {
                Action::Snooze(snooze) => {
                    let time = crate::make::time("2026-12-24T00:00:00Z");
                    snooze.until == Some(snooze::Until::UntilTime(time))
                }
                _ => false,
            }),
        ),
        (
            vec!["suppress", "3kq7", "--reason", "accepted-risk", "-m", "why"],
            Box::new(move |action| match action {
                Action::Suppress(suppress) => {
                    suppress.reason() == TriageReason::AcceptedRisk
                        && suppress.until == Some(suppress::Until::Duration(day(90)))
                }
                _ => false,
            }),
        ),
        (
            vec!["done", "3kq7", "--reason", "mitigated"],
            Box::new(|action| match action {
                Action::Done(done) => done.reason() == TriageReason::Mitigated,
                _ => false,
            }),
        ),
        (
            vec!["assign", "3kq7", "--to", "me"],
            Box::new(|action| match action {
                Action::Assign(assign) => assign.assignee == "alice",
                _ => false,
            }),
        ),
        (vec!["start", "3kq7"], Box::new(|action| matches!(action, Action::Start(_)))),
        (vec!["reopen", "3kq7"], Box::new(|action| matches!(action, Action::Reopen(_)))),
        (vec!["note", "3kq7", "-m", "x"], Box::new(|action| matches!(action, Action::Comment(_)))),
    ] {
        let fake = fake();

        let ran = muster_args(&fake, SCRIPT, &args).await;

        assert_eq!(ran.exit, Exit::Ok, "{args:?}: {}", ran.stderr);
        let action = only_action(&fake);
        assert!(check(&action), "{args:?}: {action:?}");
    }
}

#[tokio::test]
async fn a_suppression_without_an_end_says_which_one_it_gets() {
    let fake = fake();

    let ran = muster_args(
        &fake,
        SCRIPT,
        &["suppress", "3kq7", "--reason", "false-positive", "-m", "a test bucket"],
    )
    .await;

    assert!(ran.stderr.starts_with("for 90d, since neither"), "{}", ran.stderr);
}

#[tokio::test]
async fn what_cannot_be_decided_is_refused_before_anything_is_sent() {
    for line in [
        "ack",
        "ack 3kq7 --filter x=y",
        "ack - -",
        "ack 3kq7 aa22b --if-unchanged e",
        "ack 3kq7 -o csv",
        "snooze 3kq7",
        "snooze 3kq7 --for 91d",
        "snooze 3kq7 --for 7",
        "snooze 3kq7 --for 7d --until 2026-12-24",
        "snooze 3kq7 --until 2026-11-30",
        "snooze 3kq7 --until 2027-12-01",
        "suppress 3kq7 --reason false-positive",
        "suppress 3kq7 --reason fixed -m x",
        "suppress 3kq7 --reason false-positive -m x --for 366d",
        "note 3kq7",
        "assign 3kq7",
        "done 3kq7 --reason duplicate",
        "ack aa22",
    ] {
        let fake = fake();

        let ran = muster(&fake, line).await;

        assert_eq!((ran.exit, ran.stdout.as_str()), (Exit::Usage, ""), "{line}: {}", ran.stderr);
        assert!(fake.state().batches.is_empty(), "{line}");
    }
}

#[tokio::test]
async fn one_unknown_id_stops_all() {
    let fake = fake();

    let ran = muster(&fake, "ack 3kq7 fnd_77777777777777777777777777").await;

    assert_eq!(ran.exit, Exit::NotFound);
    assert!(fake.state().batches.is_empty());
}

#[tokio::test]
async fn ids_come_from_stdin_as_name_prints_them() {
    let fake = fake();
    let names = muster(&fake, "ls -o name").await.stdout;
    let terminal = Terminal { stdin: format!("{names}\n  3kq7  \n"), ..SCRIPT };

    let ran = muster_args(&fake, terminal, &["ack", "-", "-o", "name"]).await;

    assert_eq!(only_batch(&fake).requests.len(), 3, "each once");
    // The bucket was acknowledged before.
    assert_eq!(ran.stdout, format!("{}\n{}\n", hostile().id, sample().id));
}

#[tokio::test]
async fn a_dry_run_shows_and_changes_nothing() {
    for format in ["table", "json", "jsonl", "name"] {
        let fake = fake();

        let ran = muster(&fake, &format!("ack --all --dry-run -o {format}")).await;

        insta::assert_snapshot!(format!("dry_run_{format}"), ran.all());
        assert!(fake.state().batches.is_empty());
    }
}

#[tokio::test]
async fn what_a_filter_selects_needs_a_yes_in_a_script() {
    let fake = many(3);

    let ran = muster(&fake, "ack --severity low").await;

    insta::assert_snapshot!(ran.all(), @r"
    ----- stderr
    error: this would acknowledge 3 findings
    hint: see them with --dry-run; to do it, add --yes
    ----- Usage
    ");
    assert!(fake.state().batches.is_empty());
}

#[tokio::test]
async fn a_yes_is_good_for_a_hundred_unless_it_says_more() {
    let fake = many(101);

    let refused = muster(&fake, "ack --severity low --yes").await;
    let done = muster(&fake, "ack --severity low --yes --max 101 -o name").await;

    insta::assert_snapshot!(refused.stderr, @r"
    error: the filter matches 101 findings, more than the 100 that --max allows
    hint: to do it all the same, add --yes --max 101
    ");
    assert_eq!(refused.exit, Exit::Usage);
    assert_eq!((done.exit, done.stdout.lines().count()), (Exit::Ok, 101));
}

#[tokio::test]
async fn a_person_types_the_number() {
    let fake = many(12);

    let ran = ask(&fake, "12\n", &["ack", "--severity", "low", "-o", "name"]).await;

    insta::assert_snapshot!(ran.stderr);
    assert_eq!(ran.stdout.lines().count(), 12);
}

#[tokio::test]
async fn anything_but_the_number_cancels() {
    for answer in ["y\n", "11\n", "\n", ""] {
        let fake = many(12);

        let ran = ask(&fake, answer, &["done", "--severity", "low"]).await;

        assert_eq!(ran.exit, Exit::Usage, "{answer:?}");
        assert!(ran.stderr.ends_with("error: cancelled: nothing was changed\n"), "{}", ran.stderr);
        assert!(fake.state().batches.is_empty());
    }
}

#[tokio::test]
async fn what_a_filter_selected_is_changed_only_as_it_was_shown() {
    let fake = many(2);

    muster(&fake, "ack --severity low --yes").await;

    let batch = only_batch(&fake);
    assert_eq!(batch.requests[1].etag, "\"1\"");
    assert_eq!(batch.requests[1].expected_content_version, Some(4));
}

#[tokio::test]
async fn one_finding_can_be_guarded_by_hand() {
    let fake = fake();
    let stale = refusal(Code::Aborted, "ETAG_MISMATCH", "somebody decided meanwhile");
    fake.state().refused.insert(bucket().id, stale);

    let ran = muster_args(&fake, SCRIPT, &["done", "3kq7", "--if-unchanged", "\"e0\""]).await;

    assert_eq!(only_batch(&fake).requests[0].etag, "\"e0\"");
    assert_eq!(ran.exit, Exit::Conflict);
    insta::assert_snapshot!(ran.all());
}

#[tokio::test]
async fn a_filter_that_matches_nothing_changes_nothing() {
    let fake = many(0);

    let ran = muster(&fake, "ack --severity low").await;

    assert_eq!(ran.exit, Exit::Ok);
    assert_eq!(ran.stderr, "no finding matches: nothing was changed\n");
}

#[tokio::test]
async fn large_selections_go_in_batches_with_an_id_each() {
    let fake = many(1_201);

    let ran = muster(&fake, "start --severity low --yes --max 2000 -q").await;

    assert_eq!(ran.exit, Exit::Ok);
    let state = fake.state();
    let sizes: Vec<usize> = state.batches.iter().map(|batch| batch.requests.len()).collect();
    assert_eq!(sizes, [500, 500, 201]);
    assert_ne!(state.batches[0].request_id, state.batches[1].request_id);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_asked_for_again_with_the_same_id() {
    let fake = fake();
    let details = ErrorDetails::with_retry_info(Some(Duration::from_secs(3)));
    let lost = [
        status_with(Code::Unavailable, "OVERLOADED", "too much", details, []),
        status(Code::DeadlineExceeded, "DEADLINE", "too slow"),
    ];
    fake.state().errors.insert("BatchTriageFindings", lost.into());
    let before = tokio::time::Instant::now();

    let ran = muster(&fake, "ack aa22b").await;

    assert_eq!(ran.exit, Exit::Ok);
    let state = fake.state();
    assert_eq!(state.batches.len(), 3);
    assert!(state.batches.iter().all(|batch| batch.request_id == state.batches[0].request_id));
    assert!(before.elapsed() >= Duration::from_secs(3), "the server is left alone as it asked");
    assert!(ran.stderr.contains("repeating with the same request id"), "{}", ran.stderr);
}

#[tokio::test(start_paused = true)]
async fn an_outcome_that_stays_unknown_is_told_as_such() {
    let fake = many(501);
    let lost = vec![status(Code::Unavailable, "DRAINING", "stopping"); 5];
    fake.state().errors.insert("BatchTriageFindings", lost.into());

    let ran = muster(&fake, "ack --severity low --yes --max 600 -o json").await;

    assert_eq!(ran.exit, Exit::Unavailable);
    assert_eq!(fake.state().batches.len(), 5, "the second batch is not sent");
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(document["failed_count"], 501);
    assert_eq!(document["results"][0]["error"]["reason"], "UNKNOWN_OUTCOME");
    assert_eq!(document["results"][500]["error"]["reason"], "NOT_SENT");
    assert!(ran.stderr.contains("hint: repeat the command"), "{}", ran.stderr);
}

#[tokio::test]
async fn a_batch_that_is_refused_as_a_whole_is_one_error() {
    let fake = fake();
    let refused = status(Code::InvalidArgument, "INVALID_FIELD", "the comment is too long");
    fake.state().errors.insert("BatchTriageFindings", [refused].into());

    let ran = muster(&fake, "ack 3kq7").await;

    assert_eq!((ran.exit, ran.stdout.as_str()), (Exit::Usage, ""));
    assert_eq!(fake.state().batches.len(), 1);
}

#[tokio::test]
async fn partial_failures_are_listed_and_the_exit_code_tells() {
    for (name, refused, exit) in [
        (
            "conflicts",
            vec![
                (bucket().id, refusal(Code::Aborted, "ETAG_MISMATCH", "decided by user:bob")),
                (
                    sample().id,
                    refusal(Code::Aborted, "CONTENT_CHANGED", "it became \u{1b}[5mworse"),
                ),
            ],
            Exit::Conflict,
        ),
        (
            "mixed",
            vec![
                (bucket().id, refusal(Code::Aborted, "ETAG_MISMATCH", "decided by user:bob")),
                (sample().id, refusal(Code::NotFound, "FINDING_NOT_FOUND", "removed")),
            ],
            Exit::Failure,
        ),
    ] {
        let fake = fake();
        fake.state().refused.extend(refused);

        let ran = muster(&fake, "start 3kq7 aa22b aa22z").await;

        assert_eq!(ran.exit, exit);
        insta::assert_snapshot!(format!("partial_{name}"), ran.all());
    }
}

#[tokio::test]
async fn a_report_for_programs_has_both_sides() {
    let fake = fake();
    let gone = refusal(Code::NotFound, "FINDING_NOT_FOUND", "removed");
    fake.state().refused.insert(sample().id, gone);

    let json = muster(&fake, "assign aa22b aa22z --to bob -o json").await;
    let jsonl = muster(&fake, "assign aa22b --to carol -o jsonl").await;

    assert_eq!(json.exit, Exit::NotFound);
    insta::assert_snapshot!("report_json", json.stdout);
    insta::assert_snapshot!("report_jsonl", jsonl.stdout);
}

#[tokio::test]
async fn me_needs_a_name() {
    let fake = fake();

    let ran = muster(&fake, "assign 3kq7 --to me --actor service:ci").await;

    assert_eq!(ran.exit, Exit::Ok);
    assert_eq!(fake.state().actors.last().unwrap(), "service:ci");
    assert!(
        matches!(only_action(&fake), Action::Assign(assign) if assign.assignee == "service:ci")
    );
}

#[tokio::test]
async fn an_actor_that_cannot_be_sent_is_refused() {
    let fake = fake();

    let ran = muster_args(&fake, SCRIPT, &["ack", "3kq7", "--actor", "user: x\n"]).await;

    assert_eq!(ran.exit, Exit::Usage);
    assert!(fake.state().calls.is_empty());
}
