//! Failures on demand, scripted for an operation, an account and a Region.

use std::time::Duration;

use serde_json::{Value, json};

use super::error::ErrorKind;
use crate::operation::{Operation, Service};
use crate::scope::Scope;

/// What goes wrong.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// AWS answers with an error, in the form of its protocol.
    Error(ErrorKind),
    /// Something in between answers: a bare status with this body and no AWS error in it.
    Status(u16, String),
    /// The answer comes later. Other faults of the same call still apply.
    Delay(Duration),
    /// The connection ends without an answer.
    Close,
    /// The answer begins as usual and ends in the middle of its body.
    Truncate,
    /// A page names the token that it was asked with as the next one, so that the pages never end.
    /// Calls without a token are not affected (nor counted).
    RepeatToken,
    /// One more document at the end of the list of a page, or one more id in a list of ids.
    ExtraDocument(Value),
    /// Success, but the body is this text (a captive portal, a proxy's page).
    WrongContent(String),
}

impl Fault {
    /// An extra document that no mapping can make sense of: every member has the wrong type.
    pub fn malformed_document() -> Self {
        Self::ExtraDocument(json!({
            "SchemaVersion": 2018,
            "Id": ["not", "an", "id"],
            "id": { "not": "an id" },
            "UpdatedAt": "the day before yesterday",
            "updatedAt": -1,
            "Severity": "very",
            "severity": "very",
            "Resources": { "Type": 7 },
            "resource": null
        }))
    }

    /// A page of HTML with status 200.
    pub fn html() -> Self {
        Self::WrongContent("<!doctype html><title>Sign in to the network</title>".to_owned())
    }
}

/// A fault, with where and how often it happens.
#[derive(Clone, Debug, PartialEq)]
pub struct FaultRule {
    operation: Option<Operation>,
    service: Option<Service>,
    account: Option<String>,
    region: Option<String>,
    /// How many calls are still affected; `None` for all.
    left: Option<u32>,
    /// How many calls are let through first.
    skip: u32,
    fault: Fault,
}

impl FaultRule {
    /// Every call of an operation fails so.
    pub fn on(operation: Operation, fault: Fault) -> Self {
        Self { operation: Some(operation), ..Self::everywhere(fault) }
    }

    /// Every call of a service fails so.
    pub fn on_service(service: Service, fault: Fault) -> Self {
        Self { service: Some(service), ..Self::everywhere(fault) }
    }

    /// Every call fails so.
    pub fn everywhere(fault: Fault) -> Self {
        Self {
            operation: None,
            service: None,
            account: None,
            region: None,
            left: None,
            skip: 0,
            fault,
        }
    }

    /// Only calls of this account.
    #[must_use]
    pub fn in_account(mut self, account: impl Into<String>) -> Self {
        self.account = Some(account.into());
        self
    }

    /// Only calls signed for this Region.
    #[must_use]
    pub fn in_region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Only the next `calls` calls.
    #[must_use]
    pub fn times(mut self, calls: u32) -> Self {
        self.left = Some(calls);
        self
    }

    /// Not the next `calls` calls, only those after them.
    #[must_use]
    pub fn after(mut self, calls: u32) -> Self {
        self.skip = calls;
        self
    }

    fn concerns(&self, operation: Operation, scope: &Scope, has_token: bool) -> bool {
        self.operation.is_none_or(|of| of == operation)
            && self.service.is_none_or(|of| of == operation.service())
            && self.account.as_ref().is_none_or(|of| *of == scope.account)
            && self.region.as_ref().is_none_or(|of| *of == scope.region)
            && (has_token || self.fault != Fault::RepeatToken)
    }
}

/// Names a rule that was added, to take it away again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultId(u64);

/// The rules in force.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Vec<(FaultId, FaultRule)>,
    next: u64,
}

impl Faults {
    pub(crate) fn add(&mut self, rule: FaultRule) -> FaultId {
        let id = FaultId(self.next);
        self.next += 1;
        self.rules.push((id, rule));
        id
    }

    pub(crate) fn remove(&mut self, id: FaultId) {
        self.rules.retain(|(of, _)| *of != id);
    }

    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    /// What goes wrong with this call: delays, and the first other fault. Counts it.
    pub(crate) fn strike(
        &mut self,
        operation: Operation,
        scope: &Scope,
        has_token: bool,
    ) -> (Duration, Option<Fault>) {
        let mut delay = Duration::ZERO;
        let mut struck = None;
        for (_, rule) in &mut self.rules {
            if !rule.concerns(operation, scope, has_token) {
                continue;
            }
            let is_delay = matches!(rule.fault, Fault::Delay(_));
            if !is_delay && struck.is_some() {
                continue;
            }
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            match &mut rule.left {
                Some(0) => continue,
                Some(left) => *left -= 1,
                None => {}
            }
            match &rule.fault {
                Fault::Delay(by) => delay += *by,
                other => struck = Some(other.clone()),
            }
        }
        self.rules.retain(|(_, rule)| rule.left != Some(0));
        (delay, struck)
    }
}
