//! Wrong requests, each with the fields that its error names.

use muster_api::v1 as wire;
use muster_api::v1::triage_action::{Action, Assign, Done, Snooze, Suppress, snooze};
use tonic::{Code, Status};

use super::sample::{id, sample};
use super::world::{World, fact, fields, reason};

/// Asserts that an error is `INVALID_FIELD` and names exactly these.
fn assert_names(error: &Status, expected: &[&str]) {
    assert_eq!(reason(error), (Code::InvalidArgument, "INVALID_FIELD".to_owned()), "{error:?}");
    assert_eq!(fields(error), expected, "{error:?}");
    for field in expected {
        assert!(error.message().contains(field), "the sentence names it too: {error:?}");
    }
}

#[tokio::test]
async fn a_filter_that_does_not_parse_is_refused_at_its_byte() {
    let world = World::start().await;
    let filter = "severity >= HIGH AND colour = red".to_owned();
    let list = wire::ListFindingsRequest { filter: filter.clone(), ..Default::default() };
    let watch = wire::WatchFindingsRequest { filter: filter.clone(), ..Default::default() };
    let summarize =
        wire::SummarizeFindingsRequest { filter, group_by: vec!["status".to_owned()], limit: 0 };

    for error in [
        world.findings().list_findings(list).await.unwrap_err(),
        world.findings().watch_findings(watch).await.unwrap_err(),
        world.findings().summarize_findings(summarize).await.unwrap_err(),
    ] {
        assert_eq!(reason(&error), (Code::InvalidArgument, "INVALID_FILTER".to_owned()));
        assert_eq!(fact(&error, "offset"), "21");
        assert_eq!(fields(&error), ["filter"]);
        assert!(error.message().contains("`colour` is not a field"), "{error:?}");
    }
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_list_is_said_at_once() {
    let world = World::start().await;
    let request = wire::ListFindingsRequest {
        page_size: -1,
        page_token: "x".repeat(1025),
        order: 9,
        view: 9,
        filter: String::new(),
    };

    let error = world.findings().list_findings(request).await.unwrap_err();

    assert_names(&error, &["order", "view", "page_size", "page_token"]);
}

#[tokio::test]
async fn a_page_token_belongs_to_its_query_and_its_store() {
    let world = World::holding([sample(1, 70), sample(2, 70)]).await;
    let other = World::holding([sample(1, 70), sample(2, 70)]).await;
    let first = wire::ListFindingsRequest { page_size: 1, ..Default::default() };
    let page = world.findings().list_findings(first.clone()).await.unwrap().into_inner();
    let token = page.next_page_token;
    let with =
        |token: &str| wire::ListFindingsRequest { page_token: token.to_owned(), ..first.clone() };
    let filtered =
        wire::ListFindingsRequest { filter: "status = ACTIVE".to_owned(), ..with(&token) };
    let ordered =
        wire::ListFindingsRequest { order: wire::FindingOrder::Newest.into(), ..with(&token) };

    let mut client = world.findings();
    assert!(client.list_findings(with(&token)).await.is_ok());
    for (request, expected) in [
        (filtered, "PAGE_TOKEN_MISMATCH"),
        (ordered, "PAGE_TOKEN_MISMATCH"),
        (with(&page.position.unwrap().cursor), "PAGE_TOKEN_MISMATCH"),
        (with("bm90IG91cnM"), "TOKEN_MALFORMED"),
        (with("?"), "TOKEN_MALFORMED"),
    ] {
        let error = client.list_findings(request).await.unwrap_err();

        assert_eq!(reason(&error), (Code::InvalidArgument, expected.to_owned()));
        assert_eq!(fields(&error), ["page_token"]);
    }
    let error = other.findings().list_findings(with(&token)).await.unwrap_err();
    assert_eq!(reason(&error), (Code::FailedPrecondition, "LOG_CHANGED".to_owned()));
}

#[tokio::test]
async fn a_watch_is_refused_before_it_begins() {
    let world = World::start().await;
    let seconds = |seconds| Some(prost_types::Duration { seconds, nanos: 0 });
    let request = wire::WatchFindingsRequest {
        cursor: "abc".to_owned(),
        snapshot: wire::SnapshotMode::None.into(),
        heartbeat_interval: seconds(301),
        max_batch_size: -1,
        ..Default::default()
    };

    let error = world.findings().watch_findings(request).await.unwrap_err();

    assert_names(&error, &["snapshot", "heartbeat_interval", "max_batch_size"]);
    let request =
        wire::WatchFindingsRequest { heartbeat_interval: seconds(0), ..Default::default() };
    let error = world.findings().watch_findings(request).await.unwrap_err();
    assert_names(&error, &["heartbeat_interval"]);
}

#[tokio::test]
async fn ids_and_their_number_are_checked() {
    let world = World::start().await;
    let mut client = world.findings();

    for text in ["", "fnd_", "abc", "fnd_UPPER", "fnd_0189", &"a".repeat(27)] {
        let request = wire::GetFindingRequest { id: text.to_owned(), view: 0 };
        assert_names(&client.get_finding(request).await.unwrap_err(), &["id"]);
    }
    let batch = |ids| wire::BatchGetFindingsRequest { ids, view: 0 };
    let none = client.batch_get_findings(batch(Vec::new())).await.unwrap_err();
    let many = client.batch_get_findings(batch(vec![id(1).to_string(); 501])).await.unwrap_err();
    let prefix = client.batch_get_findings(batch(vec!["fnd_abcd".to_owned()])).await.unwrap_err();
    assert_names(&none, &["ids"]);
    assert_names(&many, &["ids"]);
    assert_names(&prefix, &["ids[0]"]);
}

#[tokio::test]
async fn what_to_group_by_is_one_or_two_known_fields() {
    let world = World::start().await;

    for (names, field) in [
        (vec![], "group_by"),
        (vec!["status"; 3], "group_by"),
        (vec!["status", "status"], "group_by[1]"),
        (vec!["colour"], "group_by[0]"),
    ] {
        let group_by = names.into_iter().map(str::to_owned).collect();
        let request = wire::SummarizeFindingsRequest { group_by, ..Default::default() };
        let error = world.findings().summarize_findings(request).await.unwrap_err();

        assert_eq!(fields(&error).first().map(String::as_str), Some(field));
    }
}

#[tokio::test]
async fn wrong_decisions_name_their_field() {
    let world = World::holding([sample(1, 70)]).await;
    let of = |action: Option<Action>| wire::TriageFindingRequest {
        finding_id: id(1).to_string(),
        action: Some(wire::TriageAction { action }),
        ..Default::default()
    };
    let span = |seconds| prost_types::Duration { seconds, nanos: 0 };
    let snooze = |until| Some(Action::Snooze(Snooze { until }));
    let ten_years = snooze(Some(snooze::Until::Duration(span(315_360_000))));
    let no_time = prost_types::Timestamp { seconds: i64::MAX, nanos: 0 };
    let cases = [
        (of(None), vec!["action"]),
        (of(snooze(None)), vec!["action.snooze"]),
        (of(snooze(Some(snooze::Until::Duration(span(0))))), vec!["action.snooze.duration"]),
        (of(snooze(Some(snooze::Until::UntilTime(no_time)))), vec!["action.snooze.until_time"]),
        (of(ten_years), vec!["action.snooze"]),
        (
            of(Some(Action::Suppress(Suppress::default()))),
            vec!["action.suppress", "action.suppress.reason"],
        ),
        (of(Some(Action::Done(Done { reason: 99 }))), vec!["action.done.reason"]),
        (
            of(Some(Action::Done(Done { reason: wire::TriageReason::Duplicate.into() }))),
            vec!["action.done.reason"],
        ),
        (
            of(Some(Action::Assign(Assign { assignee: "a".repeat(257) }))),
            vec!["action.assign.assignee"],
        ),
    ];

    for (request, expected) in cases {
        let error = world.triage().triage_finding(request).await.unwrap_err();

        assert_names(&error, &expected);
    }
    let request = wire::TriageFindingRequest {
        finding_id: "fnd_abcd".to_owned(),
        comment: "c".repeat(4097),
        etag: "e".repeat(65),
        on_behalf_of: "o".repeat(257),
        request_id: "not a uuid".to_owned(),
        action: None,
        expected_content_version: None,
    };
    let error = world.triage().triage_finding(request).await.unwrap_err();
    let all = ["finding_id", "comment", "etag", "on_behalf_of", "action", "request_id"];
    assert_names(&error, &all);
}

#[tokio::test]
async fn units_and_conditions_must_be_known_words() {
    let world = World::start().await;

    let conditions = vec![0, 2, 77];
    let request = wire::ListUnitsRequest { conditions, ..Default::default() };
    let error = world.units().list_units(request).await.unwrap_err();
    assert_names(&error, &["conditions[0]", "conditions[2]"]);

    let request =
        wire::ListUnmappedDocumentsRequest { unit: "nonsense".to_owned(), ..Default::default() };
    let error = world.units().list_unmapped_documents(request).await.unwrap_err();
    assert_names(&error, &["unit"]);
}
