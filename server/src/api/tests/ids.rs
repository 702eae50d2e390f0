//! Findings by id and by prefix.

use std::collections::HashMap;

use muster_api::v1 as wire;
use muster_api::v1::FindingView;
use tonic::Code;

use super::sample::{id, sample};
use super::world::{World, fact, reason};

fn get(id: impl Into<String>) -> wire::GetFindingRequest {
    wire::GetFindingRequest { id: id.into(), view: 0 }
}

/// Two numbers whose ids begin with the same four characters.
fn alike() -> (u32, u32) {
    let mut met = HashMap::new();
    for number in 1.. {
        if let Some(other) = met.insert(id(number).to_string()[..8].to_owned(), number) {
            return (other, number);
        }
    }
    unreachable!("32^4 prefixes run out");
}

#[tokio::test]
async fn a_finding_is_found_by_id_and_by_unique_prefix() {
    let world = World::holding([sample(1, 70), sample(2, 70)]).await;
    let whole = id(1).to_string();

    for text in [whole.as_str(), &whole[..12], &whole[4..12]] {
        let found = world.findings().get_finding(get(text)).await.unwrap().into_inner();

        let finding = found.finding.unwrap();
        assert_eq!(finding.id, whole, "asked for {text}");
        assert_eq!(finding.reports.len(), 1, "FULL unless asked otherwise");
    }
}

#[tokio::test]
async fn a_prefix_of_several_findings_names_them() {
    let (one, other) = alike();
    let world = World::holding([sample(one, 70), sample(other, 70)]).await;

    let prefix = &id(one).to_string()[..8];
    let error = world.findings().get_finding(get(prefix)).await.unwrap_err();

    assert_eq!(reason(&error), (Code::InvalidArgument, "AMBIGUOUS_ID".to_owned()));
    let mut both = [id(one), id(other)];
    both.sort_unstable();
    assert_eq!(fact(&error, "candidates"), both.map(|id| id.to_string()).join(","));
}

#[tokio::test]
async fn an_unknown_id_or_prefix_is_not_found() {
    let world = World::holding([sample(1, 70)]).await;

    for text in [id(9).to_string(), "fnd_zzzz".to_owned()] {
        let error = world.findings().get_finding(get(text)).await.unwrap_err();

        assert_eq!(reason(&error), (Code::NotFound, "FINDING_NOT_FOUND".to_owned()));
    }
}

#[tokio::test]
async fn a_batch_gives_what_is_there_and_names_what_is_not() {
    let world = World::holding([sample(1, 70), sample(2, 70)]).await;

    let ids = [2, 9, 1].map(|number| id(number).to_string()).to_vec();
    let request = wire::BatchGetFindingsRequest { ids, view: 0 };
    let batch = world.findings().batch_get_findings(request).await.unwrap().into_inner();

    let found: Vec<_> = batch.findings.iter().map(|finding| finding.id.clone()).collect();
    assert_eq!(found, [id(2), id(1)].map(|id| id.to_string()), "in the order of the request");
    assert_eq!(batch.missing_ids, [id(9).to_string()]);
    assert!(batch.omitted_ids.is_empty());
}

#[tokio::test]
async fn a_batch_that_is_full_names_what_it_left_out() {
    let big = "x".repeat(500 * 1024);
    let world = World::holding((1..=6).map(|n| sample(n, 70).with_raw(big.clone()))).await;

    let ids = (1..=7).map(|number| id(number).to_string()).collect();
    let request = wire::BatchGetFindingsRequest { ids, view: FindingView::Raw.into() };
    let batch = world.findings().batch_get_findings(request).await.unwrap().into_inner();

    assert_eq!(batch.findings.len(), 4);
    assert_eq!(batch.omitted_ids, [id(5), id(6)].map(|id| id.to_string()));
    assert_eq!(batch.missing_ids, [id(7).to_string()]);
}

#[tokio::test]
async fn prefixes_resolve_to_none_one_or_several_ids() {
    let (one, other) = alike();
    let world = World::holding([sample(one, 70), sample(other, 70)]).await;

    let shared = id(one).to_string()[..8].to_owned();
    let prefixes = vec![id(one).to_string(), shared, "zzzz".to_owned()];
    let request = wire::ResolveFindingIdsRequest { prefixes: prefixes.clone() };
    let resolved = world.findings().resolve_finding_ids(request).await.unwrap().into_inner();

    let counts: Vec<_> = resolved.results.iter().map(|result| result.ids.len()).collect();
    assert_eq!(counts, [1, 2, 0]);
    let asked: Vec<_> = resolved.results.iter().map(|result| result.prefix.clone()).collect();
    assert_eq!(asked, prefixes);
}
