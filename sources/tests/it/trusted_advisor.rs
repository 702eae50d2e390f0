//! Trusted Advisor.

use std::collections::BTreeSet;

use muster_core::unit::{SourceKind, UnitCondition};
use muster_sources::source::Fault as Failure;
use muster_testkit::{ErrorKind, Event, Fault, FaultRule, Flag, FlagStatus, Operation};
use serde_json::Value;

use super::*;

const KIND: SourceKind = SourceKind::TrustedAdvisor;

/// The check whose results these tests move.
const CHECK: &str = "HCP4007jGY";

/// An account with a support plan and one open port.
async fn start_flagged() -> Emulator {
    start_flagged_still().await.0
}

/// The same, with a clock that stands still.
async fn start_flagged_still() -> (Emulator, ManualClock) {
    let mut world = empty_world();
    world.subscribe_support(ACCOUNT);
    let (emulator, clock) = start_still(world).await;
    emulator.apply(open_port("ssh")).unwrap();
    refresh(&emulator, None);
    (emulator, clock)
}

fn open_port(name: &str) -> Event {
    let cells = [
        ("Security Group Name", name),
        ("Security Group ID", "sg-0123456789abcdef0 (vpc-0fedcba9876543210)"),
        ("Protocol", "tcp"),
        ("Ports", "22"),
    ];
    Event::Flag(Flag {
        name: name.to_owned(),
        account: ACCOUNT.to_owned(),
        check: CHECK.to_owned(),
        status: FlagStatus::Error,
        region: Some(REGION.to_owned()),
        cells: cells.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
    })
}

fn refresh(emulator: &Emulator, check: Option<&str>) {
    let check = check.map(str::to_owned);
    emulator.apply(Event::Refresh { account: ACCOUNT.to_owned(), check }).unwrap();
}

/// The checks whose results were asked for.
fn fetched(emulator: &Emulator) -> Vec<String> {
    emulator
        .calls()
        .requests_of(Operation::DescribeCheckResult)
        .map(|request| {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            body["checkId"].as_str().unwrap().to_owned()
        })
        .collect()
}

/// The pages of a pass, and what it remembers.
async fn read_with_memo(source: &dyn Source, pass: Pass) -> (Vec<Page>, String) {
    let unit = only_unit(source).await;
    let mut reader = source.read(&unit, pass);
    let mut pages = Vec::new();
    while let Some(page) = reader.next_page().await.unwrap() {
        pages.push(page);
    }
    (pages, reader.memo())
}

fn incremental_with(memo: &str) -> Pass {
    let checkpoint = Checkpoint { memo: memo.to_owned(), ..Checkpoint::default() };
    Pass { checkpoint, ..incremental(0, HOUR_MS) }
}

#[tokio::test]
async fn a_sweep_reads_the_security_checks_in_us_east_1_whatever_the_region() {
    let emulator = start_flagged().await;
    let account = account(&emulator).await;
    let regions = [REGION.parse().unwrap(), "ap-south-1".parse().unwrap()];

    let sources = account.sources(&[KIND], &regions);
    let [source] = sources.as_slice() else { panic!("one source expected") };
    let pages = read(&**source, sweep()).await.unwrap();

    assert_eq!(source.scope().to_string(), "trusted-advisor/111122223333/us-east-1");
    let reports = reports(&pages);
    assert_eq!(reports.len(), 1);
    assert_eq!((reports[0].rule_id.as_str(), reports[0].account.as_str()), (CHECK, ACCOUNT));
    let calls = emulator.calls();
    assert!(calls.requests().all(|request| request.scope.region == "us-east-1"));
    assert!(fetched(&emulator).len() > 10);
    assert_eq!(calls.refused(), 0);
}

#[tokio::test]
async fn an_incremental_pass_fetches_only_what_was_evaluated_again() {
    let (emulator, clock) = start_flagged_still().await;
    let source = source(&emulator, KIND).await;
    let (_, memo) = read_with_memo(&*source, sweep()).await;
    let all = fetched(&emulator);

    let (pages, unchanged) = read_with_memo(&*source, incremental_with(&memo)).await;
    assert_eq!(reports(&pages).len(), 0);
    assert_eq!(unchanged, memo);
    assert_eq!(fetched(&emulator).len(), all.len());

    emulator.apply(open_port("rdp")).unwrap();
    clock.advance(Duration::from_mins(10));
    refresh(&emulator, Some(CHECK));
    let (pages, moved) = read_with_memo(&*source, incremental_with(&memo)).await;
    assert_eq!(reports(&pages).len(), 2);
    assert_eq!(fetched(&emulator)[all.len()..], [CHECK]);
    assert_ne!(moved, memo);

    read_with_memo(&*source, Pass { checkpoint: incremental_with(&moved).checkpoint, ..sweep() })
        .await;
    assert_eq!(fetched(&emulator).len(), 2 * all.len() + 1, "a sweep reads everything");
}

#[tokio::test]
async fn a_check_that_could_not_be_evaluated_is_not_judged_nor_remembered() {
    let emulator = start_flagged().await;
    let (account, check) = (ACCOUNT.to_owned(), CHECK.to_owned());
    emulator.apply(Event::FailCheck { account, check }).unwrap();

    let (pages, memo) = read_with_memo(&*source(&emulator, KIND).await, sweep()).await;

    let unjudged: Vec<&String> = pages.iter().flat_map(|page| &page.unjudged).collect();
    assert_eq!(unjudged, [CHECK]);
    assert!(!memo.contains(CHECK), "{memo}");
}

#[tokio::test]
async fn a_check_that_aws_refuses_leaves_the_others_alone() {
    let emulator = start_flagged().await;
    let refused = Fault::Error(ErrorKind::Invalid);
    emulator.inject(FaultRule::on(Operation::DescribeCheckResult, refused).times(1));

    let (pages, memo) = read_with_memo(&*source(&emulator, KIND).await, sweep()).await;

    let unjudged: Vec<&String> = pages.iter().flat_map(|page| &page.unjudged).collect();
    let remarks: Vec<&String> = pages.iter().flat_map(|page| &page.remarks).collect();
    assert_eq!((unjudged.len(), remarks.len()), (1, 1));
    let first = fetched(&emulator).remove(0);
    assert!(remarks[0].contains(&first) && remarks[0].contains("InvalidParameterValueException"));
    assert!(!memo.contains(&first) && fetched(&emulator).len() > 10);
}

#[tokio::test]
async fn without_summaries_everything_is_read() {
    let emulator = start_flagged().await;
    let source = source(&emulator, KIND).await;
    let (_, memo) = read_with_memo(&*source, sweep()).await;
    let all = fetched(&emulator).len();
    let refused = Fault::Error(ErrorKind::Invalid);
    emulator.inject(FaultRule::on(Operation::DescribeCheckSummaries, refused));

    let (pages, _) = read_with_memo(&*source, incremental_with(&memo)).await;

    assert_eq!(fetched(&emulator).len(), 2 * all);
    assert!(pages[0].remarks.iter().any(|remark| remark.contains("no summaries")));
}

#[tokio::test]
async fn a_pass_in_which_every_check_failed_says_nothing_about_any() {
    let emulator = start_flagged().await;
    let refused = Fault::Error(ErrorKind::Invalid);
    emulator.inject(FaultRule::on(Operation::DescribeCheckResult, refused));

    let error = read(&*source(&emulator, KIND).await, sweep()).await.unwrap_err();

    assert_eq!((error.condition, error.fault), (UnitCondition::Failing, Failure::Refused));
}

#[tokio::test]
async fn without_a_support_plan_the_unit_says_which_plan_it_needs() {
    let mut world = empty_world();
    world.add_account(ACCOUNT);
    let emulator = start(world).await;

    let error = read(&*source(&emulator, KIND).await, sweep()).await.unwrap_err();

    assert_eq!(error.condition, UnitCondition::NotSubscribed);
    assert_eq!(error.code, "SubscriptionRequiredException");
    assert!(error.hint.contains("support plan for account 111122223333"), "{}", error.hint);
    assert!(!error.is_transient());
}

#[tokio::test]
async fn every_check_is_asked_for_once() {
    let emulator = start_flagged().await;

    read(&*source(&emulator, KIND).await, sweep()).await.unwrap();

    let fetched = fetched(&emulator);
    let different: BTreeSet<&String> = fetched.iter().collect();
    assert_eq!(different.len(), fetched.len());
}
