//! What put reports where they are, and `muster merge` and `split`.

use muster_client::cli::Exit;
use tonic::Code;
use tonic_types::ErrorDetails;

use crate::cli::{SCRIPT, muster, muster_args};
use crate::fake::{Fake, State, status, status_with};
use crate::make::{bucket, bucket_of_three, forwarding, hostile};

fn fake() -> Fake {
    let mut other = hostile();
    other.title = "Public bucket".into();
    other.key = "ta|logs".into();
    other.reports = bucket_of_three().reports.split_off(1);
    other.reports[0].origin_key.clone_from(&other.key);
    other.report_count = 2;
    let findings = vec![bucket_of_three(), other, forwarding()];
    Fake::new(State { findings, ..State::default() })
}

#[tokio::test]
async fn reports_stand_together_by_what_put_them_there() {
    insta::assert_snapshot!(muster(&fake(), "get 3kq7").await.all());
}

#[tokio::test]
async fn a_forwarding_record_says_where_to_go_on() {
    let ran = muster(&fake(), "get 5for").await;

    let head: Vec<&str> = ran.stdout.lines().take(4).collect();
    insta::assert_snapshot!(head.join("\n"), @r"
    Amazon S3 Bucket Permissions
    fnd_5forbcdefghijklmnopqrstuvw
    merged into fnd_3kq7bcdefghijklmnopqrstuvw (user:alice, 2026-12-01 09:00Z (3h ago): one bucket, one owner)
    go on there: muster get 3kq7bcde
    ");
    assert!(!ran.stdout.contains("report"), "{}", ran.stdout);
}

#[tokio::test]
async fn json_has_all_of_it() {
    let ran = muster(&fake(), "get 3kq7 5for -o json").await;

    let document: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let (finding, record) = (&document["findings"][0], &document["findings"][1]);
    assert_eq!(finding["weakness_class"], "s3.public_read");
    assert_eq!(finding["related"][0]["relation"], "THREAT");
    let report = &finding["reports"][1];
    assert_eq!(report["key"], "native|ta|Pfx0RwqBli|logs");
    assert_eq!(report["placement"]["kind"], "DECISION");
    assert_eq!(report["placement"]["decided"]["actor"]["principal"], "user:alice");
    let class = &finding["reports"][2];
    assert_eq!(class["attributes"][0]["name"], "access");
    assert_eq!(class["signals"]["tags"][0]["value"], "prod");
    assert_eq!(class["signals"]["privilege"], "READ");
    assert_eq!(class["signals"]["vulnerability"]["cves"][0], "CVE-2021-44228");
    assert_eq!(class["signals"]["vulnerability"]["exploit"], "PROOF_OF_CONCEPT");
    assert_eq!(record["merged_into_id"], bucket().id);
    assert_eq!(record["merged"]["action"], "merge");
}

#[tokio::test]
async fn merge_says_what_moved_and_how_to_undo_it() {
    let fake = fake();

    let ran = muster_args(&fake, SCRIPT, &["merge", "aa22", "--into", "3kq7", "-m", "one bucket"]);

    insta::assert_snapshot!(ran.await.all());
    let state = fake.state();
    let sent = &state.merges[0];
    assert_eq!((&sent.into_id, &sent.from_id), (&bucket().id, &hostile().id));
    assert_eq!(sent.comment, "one bucket");
    assert!(!sent.request_id.is_empty());
}

#[tokio::test]
async fn a_merge_without_an_answer_is_repeated_with_the_same_request_id() {
    let fake = fake();
    let busy = status(Code::Unavailable, "OVERLOADED", "busy");
    fake.state().errors.insert("MergeFindings", [busy].into());

    let ran = muster(&fake, "merge aa22 --into 3kq7 -m why -o json").await;

    assert_eq!(ran.exit, Exit::Ok, "{}", ran.stderr);
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(document["into"]["id"], bucket().id);
    assert_eq!(document["from"]["merged_into_id"], bucket().id);
    assert_eq!(document["moved_report_keys"].as_array().unwrap().len(), 2);
    let state = fake.state();
    assert_eq!(state.merges.len(), 2);
    assert_eq!(state.merges[0], state.merges[1]);
}

#[tokio::test]
async fn split_takes_the_number_that_get_shows() {
    let fake = fake();

    let ran = muster_args(&fake, SCRIPT, &["split", "3kq7", "2", "-m", "another owner"]).await;

    insta::assert_snapshot!(ran.all());
    // Number 2 is the third by key: `get` puts the class before what came by hand.
    assert_eq!(fake.state().splits[0].report_key, bucket_of_three().reports[2].key);
}

#[tokio::test]
async fn split_takes_a_key_too() {
    let fake = fake();

    let ran = muster(&fake, "split 3kq7 native|ta|Pfx0RwqBli|logs -m why -o name").await;

    assert_eq!(ran.stdout, "fnd_7newbcdefghijklmnopqrstuvw\n");
    assert_eq!(fake.state().splits[0].report_key, "native|ta|Pfx0RwqBli|logs");
}

#[tokio::test]
async fn a_report_that_is_not_there_is_answered_with_those_that_are() {
    let number = muster(&fake(), "split 3kq7 4 -m why").await;
    let key = muster(&fake(), "split 3kq7 asff|none -m why").await;

    assert_eq!((number.exit, key.exit), (Exit::Usage, Exit::NotFound));
    insta::assert_snapshot!(number.stderr);
    assert!(key.stderr.contains("native|ta|Pfx0RwqBli|logs"), "{}", key.stderr);
}

#[tokio::test]
async fn a_forwarding_record_is_a_conflict_that_names_the_way() {
    let fake = fake();
    let into = bucket().id;
    let merged = || {
        let (details, metadata) = (ErrorDetails::new(), [("merged_into", into.as_str())]);
        status_with(Code::FailedPrecondition, "FINDING_MERGED", "it was merged", details, metadata)
    };
    fake.state().errors.insert("MergeFindings", [merged()].into());

    let merge = muster(&fake, "merge 5for --into aa22 -m why").await;
    let split = muster(&fake, "split 5for 1 -m why").await;

    for ran in [merge, split] {
        assert_eq!(ran.exit, Exit::Conflict, "{}", ran.stderr);
        assert!(ran.stderr.contains("muster get"), "{}", ran.stderr);
    }
    assert!(fake.state().splits.is_empty());
}

#[tokio::test]
async fn what_is_wrong_is_refused_before_anything_is_sent() {
    let fake = fake();

    let same = muster(&fake, "merge 3kq7 --into 3kq7 -m why").await;
    let silent = muster_args(&fake, SCRIPT, &["merge", "aa22", "--into", "3kq7", "-m", " "]).await;
    let without = muster(&fake, "split 3kq7 1").await;
    let csv = muster(&fake, "split 3kq7 1 -m why -o csv").await;

    for ran in [same, silent, without, csv] {
        assert_eq!(ran.exit, Exit::Usage, "{}", ran.stderr);
    }
    assert!(fake.state().merges.is_empty() && fake.state().splits.is_empty());
}

#[tokio::test]
async fn help_has_examples() {
    for command in ["merge", "split"] {
        let ran = muster(&fake(), &format!("{command} --help")).await;

        insta::assert_snapshot!(format!("help_{command}"), ran.stdout);
    }
}
