use std::fs;

use muster_core::ids::Revision;
use muster_core::triage::TriageAction;

use super::*;
use crate::testing::{Bench, decision, report};
use crate::writer::Decisions;

const LOG: [u8; 16] = [7; 16];

/// A store with three decisions in its log.
async fn decided() -> Bench {
    let bench = Bench::new();
    bench.ingest(&[report(1), report(2)]).await;
    for (number, action) in
        [(1, TriageAction::Acknowledge), (2, TriageAction::Start), (1, TriageAction::Start)]
    {
        let decisions = vec![decision(&report(number), action)];
        let asked = Decisions { decisions, atomic: true, request: None };
        bench.writer.decide(asked).await.unwrap();
    }
    bench
}

fn open(directory: &Path) -> (Journal, Recovery) {
    Journal::open(directory, LOG).unwrap()
}

#[tokio::test]
async fn what_the_log_has_and_the_journal_lacks_is_appended_once() {
    let bench = decided().await;
    let directory = tempfile::tempdir().unwrap();

    let (mut journal, _) = open(directory.path());
    assert_eq!(journal.catch_up(&*bench.store).unwrap(), 3);
    assert_eq!(journal.catch_up(&*bench.store).unwrap(), 0);
    drop(journal);
    let (mut journal, recovery) = open(directory.path());
    assert_eq!(recovery, Recovery { lines: 3, ..Recovery::default() });
    assert_eq!(journal.catch_up(&*bench.store).unwrap(), 0);

    let text = fs::read_to_string(directory.path().join(JOURNAL_FILE)).unwrap();
    let lines: Vec<Line> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let actions: Vec<_> = lines.iter().map(|line| line.action.as_str()).collect();
    assert_eq!(actions, ["acknowledge", "start", "start"]);
    assert_eq!(lines[0].moved[0], "triage.state: NEW -> ACKNOWLEDGED");
    assert_eq!((lines[0].actor.as_str(), lines[0].revision), ("user:alice", 3));
    assert_eq!(lines[0].key, report(1).origin.text);
}

#[tokio::test]
async fn an_end_that_is_torn_anywhere_is_cut_off_kept_and_made_up_for() {
    let bench = decided().await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(JOURNAL_FILE);
    open(directory.path()).0.catch_up(&*bench.store).unwrap();
    let whole = fs::read(&path).unwrap();
    let last = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;

    // Every position of the first and the last bytes, and some between.
    let cuts = (last + 1..whole.len())
        .filter(|cut| cut - last < 8 || whole.len() - cut < 8 || cut.is_multiple_of(37));
    for cut in cuts {
        fs::write(&path, &whole[..cut]).unwrap();

        let (mut journal, recovery) = open(directory.path());
        let again = journal.catch_up(&*bench.store).unwrap();

        assert_eq!((recovery.lines, recovery.torn_bytes), (2, (cut - last) as u64));
        let torn = recovery.torn.unwrap();
        assert_eq!(fs::read(&torn).unwrap(), &whole[last..cut]);
        fs::remove_file(torn).unwrap();
        assert_eq!(again, 1);
        assert_eq!(fs::read(&path).unwrap(), whole, "cut at {cut}");
    }
    // A last line with blocks that never came.
    let mut holes = whole.clone();
    holes[last + 5..last + 40].fill(0);
    fs::write(&path, &holes).unwrap();
    assert_eq!(open(directory.path()).1.lines, 2);
}

#[tokio::test]
async fn a_line_that_was_altered_removed_or_put_in_is_named() {
    let bench = decided().await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(JOURNAL_FILE);
    open(directory.path()).0.catch_up(&*bench.store).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let altered = text.replacen("user:alice", "user:mallory", 1);
    let removed = format!("{}\n{}\n", lines[0], lines[2]);
    let put_in = format!("{}\n{}\n{}\n", lines[0], lines[0], lines[1]);

    for (text, number, what) in [
        (altered, 1, "altered"),
        (format!("{removed}{removed}"), 2, "does not follow"),
        (put_in, 2, "does not follow"),
        (format!("x\n{text}"), 1, "not a decision"),
    ] {
        fs::write(&path, &text).unwrap();

        let error = Journal::open(directory.path(), LOG).unwrap_err();

        assert!(error.to_string().contains(what), "{error}");
        assert!(matches!(error, JournalError::Broken { number: n, .. } if n == number), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text, "nothing was changed");
    }
}

#[tokio::test]
async fn another_log_goes_on_in_the_same_file() {
    let bench = decided().await;
    let directory = tempfile::tempdir().unwrap();
    open(directory.path()).0.catch_up(&*bench.store).unwrap();

    let (mut journal, _) = Journal::open(directory.path(), [8; 16]).unwrap();

    assert_eq!(journal.catch_up(&*bench.store).unwrap(), 3);
    let path = directory.path().join(JOURNAL_FILE);
    assert_eq!(walk(&path, LOG).unwrap().lines, 6);
    assert_eq!(walk(&path, [8; 16]).unwrap().revision, Revision(5));
}

#[tokio::test]
async fn a_start_looks_only_at_the_end_of_the_log_unless_the_journal_was_moved_away() {
    let bench = decided().await;
    let directory = tempfile::tempdir().unwrap();
    let log_id = bench.store.log_id();
    let (mut journal, _) = Journal::open(directory.path(), log_id).unwrap();
    journal.catch_up(&*bench.store).unwrap();
    // As if the log had grown by a step since.
    journal.through = Revision(PROGRESS_STEP);
    let note = journal.progress().unwrap();
    assert_eq!(journal.progress(), None);
    let commit = crate::store::Commit { id: [1; 16], mutations: Vec::new(), meta: vec![note] };
    bench.store.commit(&commit).unwrap();

    let (mut again, _) = Journal::open(directory.path(), log_id).unwrap();
    again.catch_up(&*bench.store).unwrap();
    assert_eq!(again.through, Revision(PROGRESS_STEP));

    fs::remove_file(directory.path().join(JOURNAL_FILE)).unwrap();
    let (mut new, _) = Journal::open(directory.path(), log_id).unwrap();
    assert_eq!(new.catch_up(&*bench.store).unwrap(), 3);
}
