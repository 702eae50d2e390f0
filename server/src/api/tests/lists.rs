//! Lists and summaries.

use muster_api::v1 as wire;
use muster_api::v1::{FindingOrder, FindingView};
use muster_core::unit::UnitCondition;

use super::sample::{NOW, id, sample, unit};
use super::world::World;
use crate::units::UnitState;

fn list(filter: &str) -> wire::ListFindingsRequest {
    wire::ListFindingsRequest { filter: filter.to_owned(), ..Default::default() }
}

/// Reads all pages of a list, and checks that only the last one has no token.
async fn pages(
    world: &World,
    mut request: wire::ListFindingsRequest,
) -> Vec<wire::ListFindingsResponse> {
    let mut pages = Vec::new();
    loop {
        let page = world.findings().list_findings(request.clone()).await.unwrap().into_inner();
        request.page_token.clone_from(&page.next_page_token);
        pages.push(page);
        if request.page_token.is_empty() {
            return pages;
        }
    }
}

fn ids(pages: &[wire::ListFindingsResponse]) -> Vec<String> {
    pages.iter().flat_map(|page| &page.findings).map(|finding| finding.id.clone()).collect()
}

#[tokio::test]
async fn pages_meet_each_finding_once_most_urgent_first() {
    let severities = [40, 90, 70, 1, 100, 70, 0];
    let world = World::holding((1..).zip(severities).map(|(n, s)| sample(n, s))).await;

    let request = wire::ListFindingsRequest { page_size: 2, ..list("") };
    let pages = pages(&world, request).await;

    let scores: Vec<u32> = pages
        .iter()
        .flat_map(|page| &page.findings)
        .map(|finding| finding.priority.as_ref().unwrap().score)
        .collect();
    assert!(scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
    let mut met = ids(&pages);
    met.sort_unstable();
    met.dedup();
    assert_eq!(met.len(), 7);
    assert_eq!(pages.iter().map(|page| page.findings.len()).collect::<Vec<_>>(), [2, 2, 2, 1]);
    assert!(pages.iter().all(|page| page.total_count == 7));
}

#[tokio::test]
async fn the_other_orders_go_by_time() {
    let world = World::start().await;
    for number in 1..=3 {
        world.observe([sample(number, 70)]);
        world.clock.pass(1000);
    }
    world.observe([sample(1, 90)]);

    let mut request = list("");
    request.order = FindingOrder::Newest.into();
    let newest = ids(&pages(&world, request.clone()).await);
    request.order = FindingOrder::RecentlyChanged.into();
    let changed = ids(&pages(&world, request).await);

    assert_eq!(newest, [3, 2, 1].map(|number| id(number).to_string()));
    assert_eq!(changed, [1, 3, 2].map(|number| id(number).to_string()));
}

#[tokio::test]
async fn a_filter_selects_counts_and_is_shown_in_canonical_form() {
    let world = World::holding((1..=6).map(|n| sample(n, if n % 2 == 0 { 90 } else { 40 }))).await;

    let request = list("severity>=high AND -status=resolved");
    let page = world.findings().list_findings(request).await.unwrap().into_inner();

    assert_eq!((page.findings.len(), page.total_count), (3, 3));
    assert_eq!(page.canonical_filter, "severity >= HIGH AND NOT status = RESOLVED");
    assert_eq!(page.position.unwrap().revision, 6);
}

#[tokio::test]
async fn a_list_says_whether_it_is_all_there_is() {
    let world = World::holding([sample(1, 70)]).await;
    let coverage = async || {
        let page = world.findings().list_findings(list("")).await.unwrap().into_inner();
        page.coverage.unwrap()
    };
    assert!(!coverage().await.complete, "nothing is collected, so nothing is known");

    let mut state = UnitState::pending(unit(), 60_000, NOW);
    state.become_(UnitCondition::Denied, NOW);
    world.backend.units.put(state.clone());
    let denied = coverage().await;
    state.become_(UnitCondition::Healthy, NOW);
    world.backend.units.put(state);

    assert!(!denied.complete);
    assert_eq!((denied.unit_count, denied.degraded_count), (1, 1));
    assert_eq!(denied.degraded[0].name, unit().to_string());
    assert_eq!(denied.degraded[0].condition(), wire::UnitCondition::Denied);
    assert!(coverage().await.complete);
}

#[tokio::test]
async fn each_view_shows_what_it_promises_and_no_more() {
    let world = World::holding([sample(1, 70)]).await;
    let shown = async |view: FindingView| {
        let request = wire::ListFindingsRequest { view: view.into(), ..list("") };
        let page = world.findings().list_findings(request).await.unwrap().into_inner();
        page.findings.into_iter().next().unwrap()
    };

    let basic = shown(FindingView::Unspecified).await;
    assert_eq!((basic.title.as_str(), basic.report_count), ("Sample 1", 1));
    assert_eq!(basic.triage.unwrap().etag, "\"t0\"");
    assert!(basic.key.is_empty() && basic.description.is_empty());
    assert!(basic.reports.is_empty() && basic.remediation.is_none());
    assert!(basic.priority.unwrap().reasons.is_empty());

    let full = shown(FindingView::Full).await;
    let priority = full.priority.unwrap();
    let points: i32 = priority.reasons.iter().map(|reason| reason.points).sum();
    assert_eq!(u32::try_from(points), Ok(priority.score), "the reasons sum to the score");
    assert!(full.key.starts_with("gd|"));
    assert_eq!(full.reports[0].unit, unit().to_string());
    assert!(full.reports[0].raw_json.is_empty());

    let raw = shown(FindingView::Raw).await;
    assert_eq!(raw.reports[0].raw_json, b"{\"id\":1}");
}

#[tokio::test]
async fn a_list_is_cut_by_bytes_and_goes_on_with_the_next_page() {
    let big = "x".repeat(500 * 1024);
    let world = World::holding((1..=9).map(|n| sample(n, 70).with_raw(big.clone()))).await;

    let request = wire::ListFindingsRequest { view: FindingView::Raw.into(), ..list("") };
    let pages = pages(&world, request).await;

    assert_eq!(pages.iter().map(|page| page.findings.len()).collect::<Vec<_>>(), [4, 4, 1]);
    let mut met = ids(&pages);
    met.sort_unstable();
    met.dedup();
    assert_eq!(met.len(), 9);
}

#[tokio::test]
async fn a_finding_with_more_documents_than_fit_shows_the_first_and_says_which_are_left_out() {
    let big = "x".repeat(500 * 1024);
    let reports = (1..=4).map(|n| sample(1, 70).report_number(n).with_raw(big.clone()));
    let world = World::holding(reports).await;

    let request = wire::ListFindingsRequest { view: FindingView::Raw.into(), ..list("") };
    let page = world.findings().list_findings(request).await.unwrap().into_inner();

    let reports = &page.findings[0].reports;
    let shown: Vec<_> = reports.iter().map(|r| (r.raw_json.len(), r.raw_omitted)).collect();
    assert_eq!(shown, [(512_000, false), (512_000, false), (0, true), (0, true)]);
}

#[tokio::test]
async fn what_moved_between_view_and_store_is_shown_as_it_is_or_left_out() {
    let world = World::holding((1..=4).map(|n| sample(n, 70))).await;
    // The store is ahead of the view, as it is for a moment after each commit.
    world.store.commit_unseen(&sample(1, 70).titled("Renamed"), NOW);
    world.store.commit_unseen(&sample(2, 70).closed(), NOW);
    crate::store::Store::compact(&*world.store, muster_core::ids::Revision(0), &[id(3)]).unwrap();

    let request = wire::ListFindingsRequest { page_size: 2, ..list("status = ACTIVE") };
    let pages = pages(&world, request).await;

    let mut shown: Vec<_> = pages
        .iter()
        .flat_map(|page| &page.findings)
        .map(|finding| finding.title.as_str())
        .collect();
    shown.sort_unstable();
    assert_eq!(shown, ["Renamed", "Sample 4"], "closed and removed ones are not shown");
    assert_eq!(pages.len(), 2, "pages go by the view, however many records are left");
}

#[tokio::test]
async fn a_summary_counts_by_two_fields_and_says_what_it_leaves_off() {
    let world =
        World::holding([sample(1, 90), sample(2, 90), sample(3, 40), sample(4, 40).closed()]).await;

    let request = wire::SummarizeFindingsRequest {
        group_by: vec!["severity".to_owned(), "status".to_owned()],
        limit: 1,
        ..Default::default()
    };
    let summary = world.findings().summarize_findings(request).await.unwrap().into_inner();

    assert_eq!((summary.total_count, summary.groups_left_off), (4, 2));
    assert_eq!(summary.groups.len(), 1);
    assert_eq!(summary.groups[0].keys, ["CRITICAL", "ACTIVE"]);
    assert_eq!(summary.groups[0].count, 2);
    assert!(summary.groups[0].max_score > 0);
    assert_eq!(summary.position.unwrap().revision, 4);
}
