//! The log entries of one finding.

use muster_api::v1 as wire;
use muster_core::ids::Revision;
use tonic::Code;

use super::sample::{id, sample};
use super::world::{World, reason};
use crate::store::Store;

fn history(number: u32) -> wire::ListFindingHistoryRequest {
    let id = id(number).to_string();
    wire::ListFindingHistoryRequest { id, page_size: 2, page_token: String::new() }
}

/// Five changes of finding 1, with others between them.
async fn world() -> World {
    let world = World::start().await;
    for severity in [10, 20, 40, 70, 90] {
        world.observe([sample(1, severity), sample(2, severity)]);
    }
    world
}

#[tokio::test]
async fn history_goes_back_page_by_page_to_the_first_change() {
    let world = world().await;
    let mut revisions = Vec::new();
    let mut request = history(1);

    loop {
        let page = world.findings().list_finding_history(request.clone()).await.unwrap();
        let page = page.into_inner();
        assert!(!page.truncated_by_retention);
        assert!(page.changes.iter().all(|change| change.finding_id == id(1).to_string()));
        revisions.extend(page.changes.iter().map(|change| change.revision));
        if page.next_page_token.is_empty() {
            let first = page.changes.last().unwrap();
            assert_eq!(first.kinds, [i32::from(wire::ChangeKind::Created)]);
            break;
        }
        request.page_token = page.next_page_token;
    }

    assert_eq!(revisions, [9, 7, 5, 3, 1]);
}

#[tokio::test]
async fn history_says_when_the_log_no_longer_keeps_its_beginning() {
    let world = world().await;
    world.store.compact(Revision(5), &[]).unwrap();

    let request = wire::ListFindingHistoryRequest { page_size: 10, ..history(1) };
    let page = world.findings().list_finding_history(request).await.unwrap().into_inner();

    let revisions: Vec<_> = page.changes.iter().map(|change| change.revision).collect();
    assert_eq!(revisions, [9, 7]);
    assert!(page.truncated_by_retention);
    assert!(page.next_page_token.is_empty());
}

#[tokio::test]
async fn a_token_of_another_finding_is_refused() {
    let world = world().await;
    let page = world.findings().list_finding_history(history(1)).await.unwrap().into_inner();

    let request =
        wire::ListFindingHistoryRequest { page_token: page.next_page_token, ..history(2) };
    let error = world.findings().list_finding_history(request).await.unwrap_err();

    assert_eq!(reason(&error), (Code::InvalidArgument, "PAGE_TOKEN_MISMATCH".to_owned()));
}

#[tokio::test]
async fn the_history_of_an_unknown_finding_is_not_found() {
    let world = world().await;

    let error = world.findings().list_finding_history(history(3)).await.unwrap_err();

    assert_eq!(reason(&error), (Code::NotFound, "FINDING_NOT_FOUND".to_owned()));
}
