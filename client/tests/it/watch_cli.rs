//! `muster watch`, as people and programs see it.

use std::io::{self, Write};

use muster_api::v1::watch_findings_response::Event;
use muster_api::v1::{
    Actor, Bookmark, Change, ChangeBatch, ChangeKind, FieldChange, FilterEffect, SnapshotBatch,
    SnapshotEnd, SnapshotMode, SnapshotStart,
};
use muster_client::cli::{Exit, run};
use tonic::Code;

use crate::cli::{Ran, SCRIPT, Shared, Terminal, host, muster, muster_args};
use crate::fake::{Fake, Step, status};
use crate::make::{HOSTILE, at, batch, bookmark, bucket, complete, hostile, partial, sample, time};

/// The watch ends here, so that the test does.
fn the_end() -> Step {
    Step::Fail(status(Code::Internal, "INTERNAL", "the end of the test"))
}

fn start() -> Step {
    Step::Send(Event::SnapshotStart(SnapshotStart {
        position: Some(at(80, "start")),
        count: 3,
        coverage: Some(complete()),
        canonical_filter: "severity = HIGH".into(),
    }))
}

fn findings() -> Step {
    let findings = vec![bucket(), hostile(), sample()];
    Step::Send(Event::SnapshotBatch(SnapshotBatch { findings, cursor: "s1".into() }))
}

fn end() -> Step {
    let position = Some(at(80, "t80"));
    Step::Send(Event::SnapshotEnd(SnapshotEnd { position, findings_sent: 3 }))
}

fn changes() -> Step {
    let field = |field: &str, before: &str, after: &str| FieldChange {
        field: field.into(),
        before: before.into(),
        after: after.into(),
    };
    let triaged = Change {
        revision: 81,
        event_id: "log:81".into(),
        commit_time: Some(time("2026-12-01T12:00:01Z")),
        kinds: vec![ChangeKind::Triaged.into()],
        finding_id: hostile().id,
        finding: Some(muster_api::v1::Finding { revision: 81, ..hostile() }),
        fields: vec![field("triage.state", "NEW", "DONE"), field("title", "", HOSTILE)],
        filter_effect: FilterEffect::Left.into(),
        actor: Some(Actor { principal: "user:bob".into(), on_behalf_of: HOSTILE.into() }),
        action: "done".into(),
        comment: HOSTILE.into(),
        ..Change::default()
    };
    let gone = Change {
        revision: 82,
        event_id: "log:82".into(),
        commit_time: Some(time("2026-12-01T12:00:02Z")),
        kinds: vec![ChangeKind::StatusChanged.into()],
        finding_id: sample().id,
        fields: vec![field("status", "ACTIVE", "RESOLVED")],
        filter_effect: FilterEffect::Stayed.into(),
        actor: Some(Actor { principal: "source:guardduty".into(), on_behalf_of: String::new() }),
        ..Change::default()
    };
    Step::Send(Event::ChangeBatch(ChangeBatch {
        changes: vec![triaged, gone],
        after_revision: 80,
        through_revision: 82,
        cursor: "t82".into(),
    }))
}

fn partial_bookmark() -> Step {
    Step::Send(Event::Bookmark(Bookmark {
        position: Some(at(82, "t82")),
        head_revision: 82,
        server_time: Some(time("2026-12-01T12:00:15Z")),
        coverage: Some(partial()),
    }))
}

fn whole() -> Fake {
    Fake::with_streams([
        vec![start(), findings(), end(), changes(), partial_bookmark(), Step::End],
        vec![bookmark(82), the_end()],
    ])
}

#[tokio::test(start_paused = true)]
async fn people_see_a_line_for_each_finding_and_change() {
    let ran = muster(&whole(), "watch --severity high").await;

    insta::assert_snapshot!(ran.all());
}

#[tokio::test(start_paused = true)]
async fn on_a_terminal_every_line_fits() {
    let terminal = Terminal { width: Some(72), ..SCRIPT };

    let ran = muster_args(&whole(), terminal, &["watch", "-n", "2", "-o", "wide"]).await;

    insta::assert_snapshot!(ran.all());
}

#[tokio::test(start_paused = true)]
async fn programs_get_a_document_a_line() {
    let ran = muster(&whole(), "watch -o jsonl").await;

    insta::assert_snapshot!(ran.stdout);
    for line in ran.stdout.lines() {
        let document: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(document["schema_version"], 1);
        assert!(document["type"].is_string());
    }
}

#[tokio::test]
async fn formats_that_make_no_sense_are_refused() {
    for format in ["json", "csv", "name"] {
        let fake = whole();

        let ran = muster(&fake, &format!("watch -o {format}")).await;

        assert_eq!(ran.exit, Exit::Usage);
        assert!(ran.stderr.contains("it prints table, wide, jsonl"), "{}", ran.stderr);
        assert!(fake.state().calls.is_empty());
    }
}

#[tokio::test]
async fn without_a_snapshot_only_changes_are_asked_for() {
    let fake = Fake::with_streams([vec![bookmark(80), the_end()]]);

    muster(&fake, "watch --no-snapshot --all --heartbeat 5s").await;

    let state = fake.state();
    assert_eq!(state.watches[0].snapshot(), SnapshotMode::None);
    assert_eq!(state.watches[0].filter, "");
    assert_eq!(state.watches[0].heartbeat_interval.unwrap().seconds, 5);
}

#[tokio::test]
async fn the_position_outlives_the_process() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("at.cursor");
    let file = file.to_str().unwrap();
    let fake = Fake::with_streams([
        vec![start(), findings(), end(), changes(), the_end()],
        vec![batch(82, 83, [("b", 83)]), the_end()],
    ]);
    let args = ["watch", "--cursor-file", file, "-o", "jsonl"];

    muster_args(&fake, SCRIPT, &args).await;
    let second = muster_args(&fake, SCRIPT, &args).await;
    let other = muster_args(&fake, SCRIPT, &["watch", "--all", "--cursor-file", file]).await;

    let state = fake.state();
    assert_eq!(state.watches.len(), 2);
    assert_eq!((state.watches[0].cursor.as_str(), state.watches[1].cursor.as_str()), ("", "t82"));
    assert!(second.stdout.contains("\"revision\":83"), "{}", second.stdout);
    assert!(other.stderr.contains("another filter"), "{}", other.stderr);
    let saved: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!((&saved["cursor"], &saved["revision"]), (&"t83".into(), &83.into()));
}

#[tokio::test]
async fn what_could_not_be_printed_is_not_counted_as_seen() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("at.cursor");
    let fake = Fake::with_streams([vec![start(), findings(), end(), changes()]]);
    let args = ["muster", "watch", "-o", "jsonl", "--cursor-file", file.to_str().unwrap()];
    // The reader goes away after the snapshot has begun.
    let stdout = Box::new(Closing { lines_left: 1 });
    let stderr = Shared::default();
    let host = host(&fake, SCRIPT, stdout, Box::new(stderr.clone()));

    let exit = run(args.map(Into::into).to_vec(), host).await;

    assert_eq!((exit, stderr.text()), (Exit::Ok, String::new()), "a closed pipe is no error");
    assert!(std::fs::read_to_string(file).unwrap().contains("\"cursor\": \"start\""));
}

#[tokio::test]
async fn a_broken_chain_ends_with_an_explanation() {
    let fake = Fake::with_streams([vec![bookmark(80), batch(82, 83, [])]]);

    let ran = muster(&fake, "watch").await;

    insta::assert_snapshot!(ran.all(), @r"
    ----- stderr
    error: the stream of changes is broken: revisions after 80 up to 82 are missing
    hint: start again without the cursor, and report this as a fault of the server
    ----- Failure
    ");
}

#[tokio::test]
async fn an_expired_position_is_told_and_followed_by_a_snapshot() {
    let fake = Fake::with_streams([
        vec![bookmark(2), Step::Fail(status(Code::OutOfRange, "CURSOR_EXPIRED", "too old"))],
        vec![start(), findings(), end(), the_end()],
    ]);

    let Ran { stderr, stdout, .. } = muster(&fake, "watch --no-snapshot").await;

    assert!(stderr.contains("older than the server's log; starting again"), "{stderr}");
    assert_eq!(stdout.lines().count(), 3);
}

/// A reader that goes away.
struct Closing {
    lines_left: usize,
}

impl Write for Closing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.lines_left == 0 {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.lines_left -= 1;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
