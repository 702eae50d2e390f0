//! `muster get`, `history`, `units`, `unmapped` and what needs no server.

use muster_api::v1::{
    Actor, Change, ChangeKind, FieldChange, Finding, Source, Unit, UnitCondition, UnitError,
    UnmappedDocument,
};
use muster_client::cli::Exit;

use crate::cli::{SCRIPT, Terminal, muster, muster_args};
use crate::fake::{Fake, State};
use crate::make::{HOSTILE, bucket, hostile, sample, time};

fn fake() -> Fake {
    Fake::new(State { findings: vec![bucket(), hostile(), sample()], ..State::default() })
}

#[tokio::test]
async fn a_finding_is_shown_with_its_reasons_and_reports() {
    insta::assert_snapshot!(muster(&fake(), "get 3kq7").await.all());
}

#[tokio::test]
async fn hostile_text_is_harmless_in_the_detail_view() {
    let fake = fake();
    fake.state().findings[1].description = HOSTILE.into();

    insta::assert_snapshot!(muster(&fake, "get fnd_aa22bcdefghijklmnopqrstuvw").await.stdout);
}

#[tokio::test]
async fn reasons_that_do_not_sum_are_not_passed_over() {
    let fake = fake();
    fake.state().findings[0].priority.as_mut().unwrap().score = 813;

    let ran = muster(&fake, "get 3kq7").await;

    assert!(ran.stderr.contains("do not sum to the score"), "{}", ran.stderr);
}

#[tokio::test]
async fn one_finding_is_one_json_document_and_several_are_a_list() {
    let one = muster(&fake(), "get 3kq7 -o json --raw").await.stdout;
    let two = muster(&fake(), "get 3kq7 aa22b -o json").await.stdout;

    insta::assert_snapshot!(one);
    let document: serde_json::Value = serde_json::from_str(&one).unwrap();
    assert_eq!(document["reports"][0]["raw_json"]["T"], "x\u{202e}y");
    let document: serde_json::Value = serde_json::from_str(&two).unwrap();
    assert_eq!(document["findings"].as_array().unwrap().len(), 2);
    assert_eq!(document["findings"][0]["id"], bucket().id);
}

#[tokio::test]
async fn raw_documents_go_into_a_pipe_byte_for_byte_and_are_safe_on_a_terminal() {
    let pipe = muster(&fake(), "get 3kq7 --raw").await.stdout;
    let terminal = Terminal { width: Some(80), ..SCRIPT };
    let shown = muster_args(&fake(), terminal, &["get", "3kq7", "--raw"]).await.stdout;

    assert_eq!(pipe.trim_end().as_bytes(), bucket().reports[0].raw_json);
    assert_eq!(shown, "{\n  \"Id\": 1.5,\n  \"T\": \"x\\u202ey\"\n}\n");
}

#[tokio::test]
async fn an_ambiguous_prefix_lists_its_candidates() {
    let ran = muster(&fake(), "get aa22").await;

    insta::assert_snapshot!(ran.all());
}

#[tokio::test]
async fn what_does_not_exist_has_its_own_exit_code() {
    let one = muster(&fake(), "get 7777").await;
    let full = muster(&fake(), "get fnd_77777777777777777777777777").await;
    let several = muster(&fake(), "get 7777 6666 3kq7").await;

    for ran in [&one, &full, &several] {
        assert_eq!((ran.exit, ran.stdout.as_str()), (Exit::NotFound, ""), "{}", ran.stderr);
    }
    insta::assert_snapshot!(several.stderr, @r"
    error: 2 findings do not exist
      7777
      6666
    hint: it may have been removed by retention, or belong to another server
    ");
}

#[tokio::test]
async fn what_is_no_id_is_refused_without_asking_the_server() {
    let fake = fake();

    for typed in ["abc", "fnd_x", "CRITICAL!", "arn:aws:s3:::logs"] {
        let ran = muster(&fake, &format!("get {typed}")).await;
        assert_eq!(ran.exit, Exit::Usage, "{typed}");
    }

    assert!(fake.state().calls.is_empty());
}

#[tokio::test]
async fn an_answer_that_was_full_is_asked_for_again() {
    // The scripted server fits two findings into an answer.
    let ran = muster(&fake(), "get aa22z 3kq7 aa22b -o name").await;

    let ids: Vec<String> = [sample(), bucket(), hostile()].map(|one: Finding| one.id).to_vec();
    assert_eq!(ran.stdout.lines().collect::<Vec<_>>(), ids);
}

fn history() -> Vec<Change> {
    let triaged = Change {
        revision: 77,
        event_id: "log:77".into(),
        commit_time: Some(time("2026-12-01T09:00:00Z")),
        kinds: vec![ChangeKind::Triaged.into()],
        finding_id: bucket().id,
        fields: vec![FieldChange {
            field: "triage.state".into(),
            before: "NEW".into(),
            after: "ACKNOWLEDGED".into(),
        }],
        actor: Some(Actor { principal: "user:bob".into(), on_behalf_of: String::new() }),
        action: "acknowledge".into(),
        comment: HOSTILE.into(),
        ..Change::default()
    };
    let created = Change {
        revision: 3,
        event_id: "log:3".into(),
        commit_time: Some(time("2026-11-24T12:05:00Z")),
        kinds: vec![ChangeKind::Created.into()],
        finding_id: bucket().id,
        actor: Some(Actor { principal: "source:securityhub".into(), on_behalf_of: String::new() }),
        ..Change::default()
    };
    vec![triaged, created]
}

#[tokio::test]
async fn a_history_tells_who_did_what() {
    let fake = Fake::new(State {
        findings: vec![bucket()],
        history: history(),
        page_max: Some(1),
        ..State::default()
    });
    for format in ["table", "json", "jsonl", "csv"] {
        let ran = muster(&fake, &format!("history 3kq7 -o {format}")).await;

        insta::assert_snapshot!(format!("history_{format}"), ran.all());
    }

    let limited = muster(&fake, "history 3kq7 -n 1").await;

    assert!(limited.stderr.contains("there are older ones"), "{}", limited.stderr);
}

fn units() -> Vec<Unit> {
    let unit = |name: &str, condition: UnitCondition| Unit {
        name: name.into(),
        source: Source::Guardduty.into(),
        account_id: "123456789012".into(),
        region: "eu-central-1".into(),
        condition: condition.into(),
        condition_since_time: Some(time("2026-11-30T12:00:00Z")),
        last_success_time: Some(time("2026-12-01T11:58:00Z")),
        interval: Some(prost_types::Duration { seconds: 60, nanos: 500_000_000 }),
        report_count: 12,
        ..Unit::default()
    };
    let denied = |name| Unit {
        error: Some(UnitError {
            operation: "guardduty:ListFindings".into(),
            code: "AccessDeniedException".into(),
            message: HOSTILE.into(),
            hint: "allow guardduty:ListFindings for the role".into(),
        }),
        consecutive_failures: 4,
        last_success_time: None,
        unmapped_count: 2,
        ..unit(name, UnitCondition::Denied)
    };
    vec![
        unit("guardduty/123456789012/eu-central-1/d1", UnitCondition::Healthy),
        denied("guardduty/123456789012/us-east-1/d2"),
        denied("guardduty/123456789012/us-west-2/d3"),
    ]
}

#[tokio::test]
async fn units_show_problems_first_and_say_what_to_do_once() {
    let fake = Fake::new(State { units: units(), ..State::default() });
    for format in ["table", "wide", "json", "jsonl", "csv", "name"] {
        let ran = muster(&fake, &format!("units -o {format}")).await;

        insta::assert_snapshot!(format!("units_{format}"), ran.all());
    }
}

#[tokio::test]
async fn no_units_at_all_is_explained() {
    let fake = fake();

    let all = muster(&fake, "units").await;
    let problems = muster(&fake, "units --problems").await;

    assert!(all.stderr.contains("the server collects nothing"), "{}", all.stderr);
    assert_eq!(problems.stderr, "no unit has a problem\n");
}

#[tokio::test]
async fn documents_that_were_not_understood_are_shown() {
    let document = |raw: &[u8]| UnmappedDocument {
        unit: "securityhub/123456789012/eu-central-1".into(),
        create_time: Some(time("2026-12-01T11:00:00Z")),
        error: format!("Severity.Label: `{HOSTILE}` is no severity"),
        raw_json: raw.to_vec(),
    };
    let unmapped = vec![document(b"{\"a\":1}"), document(b"not json \x1b[31m")];
    let fake = Fake::new(State { unmapped, ..State::default() });
    for format in ["table", "json", "jsonl", "csv"] {
        let ran = muster(&fake, &format!("unmapped -o {format}")).await;

        insta::assert_snapshot!(format!("unmapped_{format}"), ran.all());
    }

    let raw = muster(&fake, "unmapped --raw").await;

    assert_eq!(raw.stdout, "{\"a\":1}\nnot json \u{1b}[31m\n");
}

#[tokio::test]
async fn help_and_topics_need_no_server() {
    let fake = fake();
    for (name, line) in [
        ("help", "--help"),
        ("help_ls", "help ls"),
        ("help_suppress", "help suppress"),
        ("help_exit_codes", "help exit-codes"),
        ("help_filters", "help filters"),
        ("help_output", "help output"),
        ("help_environment", "help environment"),
    ] {
        let ran = muster(&fake, line).await;

        assert_eq!((ran.exit, ran.stderr.as_str()), (Exit::Ok, ""), "{line}");
        insta::assert_snapshot!(name, ran.stdout);
    }
    assert_eq!(
        muster(&fake, "exit-codes").await.stdout.trim_end(),
        muster(&fake, "help exit-codes").await.stdout.trim_end()
    );
    assert!(fake.state().calls.is_empty());
}

#[tokio::test]
async fn a_mistyped_command_is_corrected() {
    let ran = muster(&fake(), "histroy abcd").await;

    assert_eq!(ran.exit, Exit::Usage);
    assert!(ran.stderr.contains("similar subcommands exist: 'list', 'history'"), "{}", ran.stderr);
}

#[tokio::test]
async fn completions_and_version_are_printed() {
    let fake = fake();

    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = muster(&fake, &format!("completions {shell}")).await;
        assert!(ran.stdout.contains("suppress"), "{shell}");
    }
    let version = muster(&fake, "version").await.stdout;
    let json = muster(&fake, "version -o json").await.stdout;

    assert_eq!(version, format!("muster {}\n", env!("CARGO_PKG_VERSION")));
    assert!(json.starts_with("{\"schema_version\":1,\"version\":"), "{json}");
}
