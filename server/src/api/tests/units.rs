//! Units, and documents that could not be mapped.

use muster_api::v1 as wire;
use muster_core::report::Unmapped;
use muster_core::time::Millis;
use muster_core::unit::UnitCondition;
use tonic::Code;

use super::sample::{NOW, sample, unit};
use super::world::{World, reason};
use crate::units::{UnitError, UnitState};
use crate::writer::Ingest;

const ACCOUNT: &str = "123456789012";

const REGIONS: [&str; 3] = ["ap-south-1", "eu-west-1", "us-east-1"];

fn put(world: &World, region: &str, condition: UnitCondition) {
    let unit = format!("securityhub/{ACCOUNT}/{region}").parse().unwrap();
    let mut state = UnitState::pending(unit, 300_000, NOW);
    state.become_(condition, Millis(NOW.0 + 1));
    state.error = (condition == UnitCondition::Denied).then(|| UnitError {
        operation: "securityhub:GetFindings".to_owned(),
        code: "AccessDeniedException".to_owned(),
        ..UnitError::default()
    });
    world.backend.units.put(state);
}

#[tokio::test]
async fn units_are_paged_by_name_and_selected_by_condition() {
    let world = World::start().await;
    let conditions = [UnitCondition::Healthy, UnitCondition::Denied, UnitCondition::Healthy];
    for (region, condition) in REGIONS.into_iter().zip(conditions) {
        put(&world, region, condition);
    }

    let request = wire::ListUnitsRequest { page_size: 2, ..Default::default() };
    let first = world.units().list_units(request.clone()).await.unwrap().into_inner();
    let request = wire::ListUnitsRequest { page_token: first.next_page_token, ..request };
    let second = world.units().list_units(request).await.unwrap().into_inner();
    let conditions = vec![wire::UnitCondition::Denied.into()];
    let request = wire::ListUnitsRequest { conditions, ..Default::default() };
    let denied = world.units().list_units(request).await.unwrap().into_inner();

    let regions = |page: &[wire::Unit]| page.iter().map(|u| u.region.clone()).collect::<Vec<_>>();
    assert_eq!(regions(&first.units), REGIONS[..2]);
    assert_eq!(regions(&second.units), REGIONS[2..]);
    assert!(second.next_page_token.is_empty());
    assert_eq!(regions(&denied.units), ["eu-west-1"]);
    assert_eq!(denied.units[0].error.as_ref().unwrap().code, "AccessDeniedException");
    assert_eq!(denied.units[0].interval.unwrap().seconds, 300);
}

#[tokio::test]
async fn a_unit_says_how_many_reports_it_has() {
    let world = World::holding([sample(1, 70), sample(2, 70)]).await;
    world.backend.units.put(UnitState::pending(unit(), 60_000, NOW));

    let page = world.units().list_units(wire::ListUnitsRequest::default()).await.unwrap();

    let unit = &page.into_inner().units[0];
    assert_eq!((unit.report_count, unit.part.as_str()), (2, "12abc34d"));
    assert_eq!(unit.condition(), wire::UnitCondition::Pending);
}

/// Keeps documents with their errors, one a second.
async fn keep(world: &World, texts: impl IntoIterator<Item = String>) {
    for text in texts {
        world.clock.pass(1000);
        let unmapped = vec![Unmapped { error: "`Id` is missing".to_owned(), raw: text.into() }];
        let page = Ingest { unmapped, ..Ingest::default() };
        world.backend.writer.ingest(unit(), page).await.unwrap();
    }
}

#[tokio::test]
async fn unmapped_documents_are_listed_newest_first_page_by_page() {
    let world = World::start().await;
    keep(&world, (1..=40).map(|n| format!("{{\"n\":{n}}}"))).await;

    let mut request = wire::ListUnmappedDocumentsRequest { page_size: 15, ..Default::default() };
    let mut documents = Vec::new();
    loop {
        let page = world.units().list_unmapped_documents(request.clone()).await.unwrap();
        let page = page.into_inner();
        documents.extend(page.documents);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }

    let texts: Vec<_> = documents.iter().map(|document| document.raw_json.clone()).collect();
    let newest_first: Vec<_> =
        (1..=40).rev().map(|n| format!("{{\"n\":{n}}}").into_bytes()).collect();
    assert_eq!(texts, newest_first);
    assert_eq!(documents[0].error, "`Id` is missing");
    assert_eq!(documents[0].unit, unit().to_string());
}

#[tokio::test]
async fn unmapped_documents_are_selected_by_unit_and_cut_by_bytes() {
    let world = World::start().await;
    keep(&world, (1..=5).map(|n| format!("{n}{}", "x".repeat(500 * 1024)))).await;

    let request = |unit: &str| wire::ListUnmappedDocumentsRequest {
        unit: unit.to_owned(),
        ..Default::default()
    };
    let ours = world.units().list_unmapped_documents(request(&unit().to_string())).await.unwrap();
    let other = request("securityhub/123456789012/eu-west-1");
    let none = world.units().list_unmapped_documents(other).await.unwrap().into_inner();

    assert_eq!(ours.into_inner().documents.len(), 4, "2 MiB hold four of 500 KiB");
    assert!(none.documents.is_empty() && none.next_page_token.is_empty());
}

#[tokio::test]
async fn a_token_of_the_other_list_is_refused() {
    let world = World::start().await;
    keep(&world, ["1".to_owned(), "2".to_owned()]).await;
    let request = wire::ListUnmappedDocumentsRequest { page_size: 1, ..Default::default() };
    let page = world.units().list_unmapped_documents(request).await.unwrap().into_inner();

    let request = wire::ListUnitsRequest { page_token: page.next_page_token, ..Default::default() };
    let error = world.units().list_units(request).await.unwrap_err();

    assert_eq!(reason(&error), (Code::InvalidArgument, "PAGE_TOKEN_MISMATCH".to_owned()));
}
