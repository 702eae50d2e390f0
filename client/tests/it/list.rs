//! `muster ls` and `muster summary`.

use muster_api::v1::{Coverage, SummaryGroup};
use muster_client::cli::Exit;
use tonic::Code;
use tonic_types::ErrorDetails;

use crate::cli::{SCRIPT, Terminal, muster, muster_args};
use crate::fake::{Fake, State, status, status_with};
use crate::make::{bucket, complete, finding, hostile, partial, sample};

fn state() -> State {
    State {
        findings: vec![bucket(), hostile(), sample()],
        coverage: complete(),
        ..State::default()
    }
}

fn fake() -> Fake {
    Fake::new(state())
}

fn group(status: &str, triage: &str, count: u64) -> SummaryGroup {
    SummaryGroup { keys: vec![status.into(), triage.into()], count, max_score: 700 }
}

#[tokio::test]
async fn a_table_in_a_pipe_is_whole_and_has_a_header() {
    insta::assert_snapshot!(muster(&fake(), "ls").await.all());
}

#[tokio::test]
async fn a_table_on_a_terminal_is_as_wide_as_it() {
    for width in [60, 80, 120] {
        let terminal = Terminal { width: Some(width), ..SCRIPT };

        let ran = muster_args(&fake(), terminal, &["ls"]).await;

        insta::assert_snapshot!(format!("terminal_{width}"), ran.stdout);
    }
}

#[tokio::test]
async fn colours_follow_severity_and_never_come_from_findings() {
    let terminal = Terminal { width: Some(120), color: true, ..SCRIPT };

    let ran = muster_args(&fake(), terminal, &["ls"]).await;

    insta::assert_snapshot!(ran.stdout.replace('\u{1b}', "ESC"));
}

#[tokio::test]
async fn wide_shows_every_column() {
    insta::assert_snapshot!(muster(&fake(), "ls -o wide").await.stdout);
}

#[tokio::test]
async fn json_is_one_document_with_what_the_server_said() {
    let ran = muster(&fake(), "ls -o json").await;

    insta::assert_snapshot!(ran.stdout);
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(document["schema_version"], 1);
    assert_eq!(document["findings"][1]["title"], crate::make::HOSTILE);
}

#[tokio::test]
async fn an_empty_list_is_a_whole_document_too() {
    let fake = Fake::new(State { coverage: complete(), ..State::default() });

    let json = muster(&fake, "ls -o json").await.stdout;
    let csv = muster(&fake, "ls -o csv").await.stdout;

    let document: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(document["findings"], serde_json::json!([]));
    assert_eq!(csv.lines().count(), 1, "the header");
}

#[tokio::test]
async fn jsonl_is_one_finding_a_line() {
    let ran = muster(&fake(), "ls -o jsonl").await;

    insta::assert_snapshot!(ran.stdout);
    for line in ran.stdout.lines() {
        let document: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(document["schema_version"], 1);
    }
}

#[tokio::test]
async fn csv_has_no_formulas() {
    insta::assert_snapshot!(muster(&fake(), "ls -o csv").await.stdout);
}

#[tokio::test]
async fn name_prints_ids_and_nothing_else() {
    let ran = muster(&fake(), "ls -o name").await;

    insta::assert_snapshot!(ran.stdout);
}

#[tokio::test]
async fn nothing_hostile_reaches_a_person_in_any_format() {
    let hostile = |c: char| {
        c.is_control() && c != '\n'
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{200b}' | '\u{2066}')
    };
    let fake = Fake::new(State { coverage: partial(), ..state() });
    for format in ["table", "wide", "json", "jsonl", "csv", "name"] {
        let ran = muster(&fake, &format!("ls -o {format}")).await;

        assert!(!ran.stdout.contains(hostile), "{format}: {:?}", ran.stdout);
        assert!(!ran.stderr.contains(hostile), "{format}: {:?}", ran.stderr);
    }
}

#[tokio::test]
async fn what_is_hidden_by_default_is_counted() {
    let fake = Fake::new(State {
        groups: vec![
            group("ACTIVE", "NEW", 3),
            group("RESOLVED", "SNOOZED", 4),
            group("ACTIVE", "SNOOZED", 2),
            group("UNOBSERVABLE", "DONE", 1),
        ],
        ..state()
    });

    let ran = muster(&fake, "ls").await;

    insta::assert_snapshot!(ran.stderr, @r"
    3 findings
    7 hidden by default: 4 closed, 2 snoozed, 1 done
    hint: --all shows those too
    ");
    let lists = &fake.state().lists;
    assert_eq!(
        lists[0].filter,
        "(status = ACTIVE OR status = UNOBSERVABLE) AND triage != SNOOZED AND triage != \
         SUPPRESSED AND triage != DONE"
    );
}

#[tokio::test]
async fn with_all_nothing_is_hidden_and_nothing_counted() {
    let fake = fake();

    let ran = muster(&fake, "ls --all").await;

    assert_eq!(ran.stderr, "3 findings\n");
    assert_eq!(fake.state().lists[0].filter, "");
    assert_eq!(fake.state().calls, ["ListFindings"]);
}

#[tokio::test]
async fn a_list_that_goes_on_says_how() {
    let ran = muster(&fake(), "ls --all -n 2").await;

    insta::assert_snapshot!(ran.stderr, @r"
    showing 2 of 3 findings
    hint: -n 0 shows all
    ");
    let names = muster(&fake(), "ls --all -n 2 -o name").await;
    assert!(names.stderr.contains("hint: --page-token 2 goes on from here"), "{}", names.stderr);
}

#[tokio::test]
async fn pages_are_read_until_enough_was_taken() {
    let fake = Fake::new(State { page_max: Some(1), ..state() });

    let limited = muster(&fake, "ls -o name -n 2").await;
    let rest = muster(&fake, "ls -o name --page-token 2").await;
    let all = muster(&fake, "ls -o name").await;

    assert_eq!(limited.stdout.lines().count(), 2);
    assert_eq!(rest.stdout.lines().count(), 1);
    assert_eq!(all.stdout.lines().count(), 3);
}

#[tokio::test]
async fn a_table_stops_at_fifty_and_data_does_not() {
    let findings = (0..60).map(|number| finding(&format!("{}", (b'b' + number) as char), 1));
    let fake = Fake::new(State { findings: findings.collect(), ..state() });

    let table = muster(&fake, "ls").await;
    let names = muster(&fake, "ls -o name").await;

    assert_eq!(table.stdout.lines().count(), 51);
    assert_eq!(names.stdout.lines().count(), 60);
}

#[tokio::test]
async fn an_incomplete_list_warns_and_names_what_is_missing() {
    let fake = Fake::new(State { coverage: partial(), ..state() });

    let ran = muster(&fake, "ls --all").await;

    insta::assert_snapshot!(ran.stderr, @r#"
    3 findings
    warning: this may not be all: 1 of 3 units not read well
      denied: guardduty/123456789012/eu-central-1/=HYPERLINK("x") redlacitirc new line tab
    hint: `muster units` shows why, and what to do
    "#);
    assert_eq!(ran.exit, Exit::Ok);
}

#[tokio::test]
async fn an_empty_list_is_explained() {
    let hidden = vec![group("RESOLVED", "NEW", 9)];
    for (name, coverage, groups, line) in [
        ("nothing_collected", Coverage::default(), vec![], "ls"),
        ("all_clear", complete(), vec![], "ls"),
        ("nothing_matches", complete(), vec![], "ls --severity low"),
        ("only_hidden", complete(), hidden, "ls"),
        ("not_everything_read", partial(), vec![], "ls"),
    ] {
        let fake = Fake::new(State { coverage, groups, ..State::default() });

        let ran = muster(&fake, line).await;

        assert_eq!((ran.exit, ran.stdout.as_str()), (Exit::Ok, ""));
        insta::assert_snapshot!(format!("empty_{name}"), ran.stderr);
    }
}

#[tokio::test]
async fn quiet_leaves_the_data_alone() {
    let fake = Fake::new(State { coverage: partial(), ..state() });

    let ran = muster(&fake, "ls -q -n 1").await;

    assert_eq!(ran.stderr, "");
    assert_eq!(ran.stdout.lines().count(), 2);
    assert_eq!(fake.state().calls, ["ListFindings"]);
}

#[tokio::test]
async fn options_become_one_filter() {
    let fake = fake();

    muster_args(
        &fake,
        SCRIPT,
        &["ls", "-a", "--severity", "high,low", "--assignee", "me", "--text", "a\"b"],
    )
    .await;

    assert_eq!(
        fake.state().lists[0].filter,
        r#"(severity = HIGH OR severity = LOW) AND assignee = "alice" AND text:"a\"b""#
    );
}

#[tokio::test]
async fn fail_on_gives_its_own_exit_code() {
    let fake = fake();
    fake.state().counts.insert("(status = RESOLVED) AND (severity >= HIGH)".into(), 0);
    let args =
        |fail_on| ["ls", "-a", "-o", "name", "--filter", "status = RESOLVED", "--fail-on", fail_on];

    let matched = muster_args(&fake, SCRIPT, &args("score > 1")).await;
    let clean = muster_args(&fake, SCRIPT, &args("severity >= HIGH")).await;

    assert_eq!((matched.exit, clean.exit), (Exit::Matched, Exit::Ok));
    assert_eq!(matched.stdout.lines().count(), 3, "the list is printed all the same");
    assert!(matched.stderr.contains("--fail-on matches 3"), "{}", matched.stderr);
}

#[tokio::test]
async fn a_filter_that_does_not_parse_is_shown_with_a_mark() {
    let fake = fake();
    let details = ErrorDetails::with_bad_request_violation("filter", "expected a level");
    let error = status_with(
        Code::InvalidArgument,
        "INVALID_FILTER",
        "the filter does not parse",
        details,
        [("offset", "12")],
    );
    fake.state().errors.insert("ListFindings", [error].into());

    let ran = muster_args(&fake, SCRIPT, &["ls", "-a", "--filter", "severity = \u{1b}X"]).await;

    insta::assert_snapshot!(ran.all(), @r"
    ----- stderr
    error: the filter does not parse
      filter: expected a level
      (severity = )
                  ^
    hint: `muster help filters` has the fields, operators and values
    ----- Usage
    ");
}

#[tokio::test]
async fn errors_of_the_server_have_their_exit_codes_and_hints() {
    for (code, reason, exit) in [
        (Code::InvalidArgument, "PAGE_TOKEN_MISMATCH", Exit::Usage),
        (Code::NotFound, "FINDING_NOT_FOUND", Exit::NotFound),
        (Code::Aborted, "ETAG_MISMATCH", Exit::Conflict),
        (Code::Unavailable, "OVERLOADED", Exit::Unavailable),
        (Code::DeadlineExceeded, "DEADLINE", Exit::Unavailable),
        (Code::Unavailable, "STORE_READ_ONLY", Exit::Failure),
        (Code::Internal, "INTERNAL", Exit::Failure),
    ] {
        let fake = fake();
        let error = status(code, reason, "bad \u{1b}[31mthing");
        fake.state().errors.insert("ListFindings", [error].into());

        let ran = muster(&fake, "ls -o name").await;

        assert_eq!(ran.exit, exit, "{reason}");
        assert!(ran.stderr.starts_with("error: bad thing\n"), "{}", ran.stderr);
        assert!(ran.stderr.contains("\nhint: "), "{reason}: {}", ran.stderr);
    }
}

#[tokio::test]
async fn a_summary_counts_in_every_format() {
    let fake = Fake::new(State {
        groups: vec![group("ACTIVE", "NEW", 3), group("=1+1\u{202e}", "", 1)],
        coverage: complete(),
        ..State::default()
    });
    for format in ["table", "json", "jsonl", "csv"] {
        let ran = muster(&fake, &format!("summary --by status,triage -o {format}")).await;

        insta::assert_snapshot!(format!("summary_{format}"), ran.all());
    }

    let refused = muster(&fake, "summary -o name").await;

    assert_eq!(refused.exit, Exit::Usage);
}
