//! S1: what was acknowledged survives kill -9.

use std::collections::BTreeMap;

use muster_api::v1::{
    BatchGetFindingsRequest, Finding, TriageAction, TriageFindingRequest, TriageState,
    triage_action,
};
use muster_client::{Client, WatchEvent, WatchOptions};
use muster_testkit::documents::bulk::generate_asff;

use crate::process::{PATIENCE, Server, emulator, musterd, scope, serve};

const ROUNDS: usize = 20;

/// How many findings are new in each round, so that every kill hits an ingest under way.
const NEW: u64 = 250;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_when_the_process_is_killed_in_mid_ingest() {
    let directory = tempfile::tempdir().unwrap();
    let data_dir = directory.path().join("data");
    let emulator = emulator().await;
    // What the server said: the newest revision seen of each finding, and the decisions.
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    let mut decided: BTreeMap<String, u64> = BTreeMap::new();

    for round in 0..ROUNDS {
        let documents = generate_asff(NEW, round as u64, jiff::Timestamp::now());
        emulator.with_world(|world| world.load_asff(&scope(), documents)).unwrap();
        let server = Server::start(serve(&data_dir, emulator.url()));
        let client = server.client();

        check(&client, &seen, &decided).await;
        // A few decisions in each round, a different number each time.
        let wanted = 1 + (round * 7) % 12;
        let work = decide_some(&client, wanted, &mut seen, &mut decided);
        tokio::time::timeout(PATIENCE, work).await.expect("findings come");
        server.kill();
    }

    let server = Server::start(serve(&data_dir, emulator.url()));
    check(&server.client(), &seen, &decided).await;
    assert!(server.terminate().success());
    assert!(decided.len() >= ROUNDS);
    let journal = std::fs::read_to_string(data_dir.join("decisions.jsonl")).unwrap();
    for id in decided.keys() {
        assert!(journal.contains(id), "{id} is not in the journal");
    }
    let verify = musterd(&["verify", "--data-dir"]).arg(&data_dir).output().unwrap();
    assert!(verify.status.success(), "{}", String::from_utf8_lossy(&verify.stderr));
}

/// Everything that was seen or decided is there, not older than it was seen.
async fn check(client: &Client, seen: &BTreeMap<String, u64>, decided: &BTreeMap<String, u64>) {
    let ids: Vec<String> = seen.keys().cloned().collect();
    for ids in ids.chunks(500) {
        let mut wanted = ids.to_vec();
        while !wanted.is_empty() {
            let request = BatchGetFindingsRequest { ids: wanted, view: 0 };
            let answer = client.batch_get_findings(request).await.unwrap();
            assert_eq!(answer.missing_ids, Vec::<String>::new());
            for finding in &answer.findings {
                assert!(finding.revision >= seen[&finding.id], "{finding:?} went back");
                if let Some(revision) = decided.get(&finding.id) {
                    assert!(finding.revision >= *revision);
                    let state = finding.triage.as_ref().unwrap().state();
                    assert_eq!(state, TriageState::Acknowledged, "{}", finding.id);
                }
            }
            wanted = answer.omitted_ids;
        }
    }
}

/// Follows the stream and acknowledges what is new until `wanted` decisions are made.
async fn decide_some(
    client: &Client,
    wanted: usize,
    seen: &mut BTreeMap<String, u64>,
    decided: &mut BTreeMap<String, u64>,
) {
    let mut watch = client.watch(WatchOptions::default());
    let mut made = 0;
    while made < wanted {
        let findings: Vec<Finding> = match watch.next().await.unwrap() {
            WatchEvent::Findings(findings) => findings,
            WatchEvent::Changes { changes, .. } => {
                changes.into_iter().filter_map(|watched| watched.change.finding).collect()
            }
            _ => continue,
        };
        for finding in findings {
            let revision = seen.entry(finding.id.clone()).or_default();
            *revision = finding.revision.max(*revision);
            let new = finding.triage.as_ref().unwrap().state() == TriageState::New;
            if new && made < wanted {
                let done = client.triage_finding(acknowledge(&finding.id)).await.unwrap();
                assert!(done.changed);
                decided.insert(finding.id, done.revision);
                made += 1;
            }
        }
    }
}

fn acknowledge(id: &str) -> TriageFindingRequest {
    let action = triage_action::Action::Acknowledge(triage_action::Acknowledge {});
    TriageFindingRequest {
        finding_id: id.to_owned(),
        action: Some(TriageAction { action: Some(action) }),
        ..TriageFindingRequest::default()
    }
}
