use std::sync::Mutex;

use async_trait::async_trait;
use muster_core::unit::SourceKind;
use muster_sources::source::{Fault, FoundUnit, Reader};

use super::*;
use crate::testing::NOW;

/// A source whose units and first pages are given.
struct Scripted {
    units: Result<Vec<FoundUnit>, SourceError>,
    page: Result<Option<Page>, SourceError>,
}

struct First(Mutex<Option<Result<Option<Page>, SourceError>>>);

fn scope() -> Unit {
    Unit {
        source: SourceKind::GuardDuty,
        account: "123456789012".parse().unwrap(),
        region: "eu-central-1".parse().unwrap(),
        part: String::new(),
    }
}

fn error(condition: UnitCondition) -> SourceError {
    SourceError {
        condition,
        fault: Fault::Refused,
        operation: "guardduty:ListFindings",
        code: "AccessDeniedException".to_owned(),
        message: "not allowed".to_owned(),
        hint: "allow guardduty:ListFindings".to_owned(),
    }
}

#[async_trait]
impl Source for Scripted {
    fn scope(&self) -> Unit {
        scope()
    }

    async fn units(&self) -> Result<Vec<FoundUnit>, SourceError> {
        self.units.clone()
    }

    fn read(&self, _: &Unit, _: Pass) -> Box<dyn Reader> {
        Box::new(First(Mutex::new(Some(self.page.clone()))))
    }
}

#[async_trait]
impl Reader for First {
    async fn next_page(&mut self) -> Result<Option<Page>, SourceError> {
        self.0.get_mut().unwrap().take().expect("doctor reads one page")
    }

    fn memo(&self) -> String {
        String::new()
    }
}

async fn checks(
    units: Result<Vec<FoundUnit>, SourceError>,
    page: Result<Option<Page>, SourceError>,
) -> Vec<Check> {
    source(&Scripted { units, page }, NOW, Duration::from_mins(1)).await
}

#[tokio::test]
async fn what_cannot_be_listed_or_read_fails_with_the_operation_and_what_to_do() {
    let readable = || Ok(vec![FoundUnit::readable(scope())]);
    let denied = || error(UnitCondition::Denied);

    for found in [checks(Err(denied()), Ok(None)).await, checks(readable(), Err(denied())).await] {
        let [check] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(check.outcome, Outcome::Fail);
        assert_eq!(check.group, "account 123456789012, eu-central-1");
        assert_eq!(check.operation, "guardduty:ListFindings");
        assert!(check.detail.contains("DENIED") && check.fix.contains("allow"), "{check:?}");
    }
}

#[tokio::test]
async fn what_may_be_meant_so_is_a_warning() {
    for condition in
        [UnitCondition::NotEnabled, UnitCondition::NotSubscribed, UnitCondition::Throttled]
    {
        let unit = FoundUnit { unit: scope(), obstacle: Some(error(condition)) };
        let found = checks(Ok(vec![unit]), Ok(None)).await;

        assert_eq!(found[0].outcome, Outcome::Warn, "{condition:?}");
    }
}

#[tokio::test]
async fn each_unit_is_read_and_named_by_its_last_part() {
    let unit = |part: &str| FoundUnit::readable(Unit { part: part.to_owned(), ..scope() });
    let page = Page { throttled: 1, ..Page::default() };
    let found = checks(Ok(vec![unit("a/b"), unit("")]), Ok(Some(page))).await;

    let names: Vec<&str> = found.iter().map(|check| check.name.as_str()).collect();
    assert_eq!(names, ["guardduty b", "guardduty"]);
    assert!(found.iter().all(|check| check.outcome == Outcome::Warn), "{found:?}");
}
