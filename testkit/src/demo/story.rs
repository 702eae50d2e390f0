//! Short ways to say what is in the world.

use std::collections::BTreeMap;

use super::{OUTSIDE, UNUSED};
use crate::{
    Access, AccessKind, Compliance, Control, Event, Flag, FlagStatus, Resource, Scope, Threat,
};

/// Events, each with how many hours ago it happened.
#[derive(Default)]
pub(super) struct Story {
    pub events: Vec<(u32, Event)>,
}

impl Story {
    pub(super) fn add(&mut self, hours_ago: u32, event: Event) {
        self.events.push((hours_ago, event));
    }

    /// A control that failed: last evaluated `hours_ago`, first seen `days` ago.
    pub(super) fn failed(
        &mut self,
        name: &str,
        id: &str,
        resource: &Resource,
        (hours_ago, days): (u32, u32),
    ) {
        let scope = resource.scope.clone();
        let event = control(name, id, &scope, resource, Compliance::Failed, days);
        self.add(hours_ago, event);
    }

    /// A GuardDuty finding: last seen `hours_ago`, first seen `hours` before that.
    pub(super) fn threat(
        &mut self,
        name: &str,
        kind: &str,
        resource: &Resource,
        (hours_ago, hours, count): (u32, u32, u32),
    ) {
        self.add(hours_ago, threat(name, kind, &resource.scope, resource, hours, count));
    }

    /// Access from outside, found `days` ago.
    pub(super) fn shared(
        &mut self,
        name: &str,
        resource: &Resource,
        with: (&str, &str),
        actions: &[&str],
        days: u32,
    ) {
        self.add(1, shared(name, resource, with, actions, &[], days));
    }

    /// Access that nobody uses, found `days` ago.
    pub(super) fn unused(&mut self, name: &str, resource: &Resource, kind: AccessKind, days: u32) {
        let analyzer = analyzer(&Scope::new(&resource.scope.account, super::EUROPE), UNUSED);
        self.add(2, access(name, analyzer, resource, kind, days));
    }

    /// A flagged resource, visible after the refresh that ends the story.
    pub(super) fn flag(
        &mut self,
        name: &str,
        account: &str,
        (check, status): (&str, FlagStatus),
        region: Option<&str>,
        cells: &[(&str, &str)],
    ) {
        let cells = cells.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let flag = Flag {
            name: name.to_owned(),
            account: account.to_owned(),
            check: check.to_owned(),
            status,
            region: region.map(ToOwned::to_owned),
            cells,
        };
        self.add(3, Event::Flag(flag));
    }
}

pub(super) fn control(
    name: &str,
    id: &str,
    scope: &Scope,
    resource: &Resource,
    compliance: Compliance,
    days: u32,
) -> Event {
    Event::Control(Control {
        name: name.to_owned(),
        control: id.to_owned(),
        scope: scope.clone(),
        resource: resource.clone(),
        compliance,
        age_hours: days * 24,
    })
}

pub(super) fn threat(
    name: &str,
    kind: &str,
    scope: &Scope,
    resource: &Resource,
    age_hours: u32,
    count: u32,
) -> Event {
    Event::Threat(Threat {
        name: name.to_owned(),
        kind: kind.to_owned(),
        scope: scope.clone(),
        resource: resource.clone(),
        count,
        age_hours,
        sample: false,
    })
}

pub(super) fn shared(
    name: &str,
    resource: &Resource,
    (kind, who): (&str, &str),
    actions: &[&str],
    condition: &[(&str, &str)],
    days: u32,
) -> Event {
    // Global resources are analysed where the company lives.
    let is_global = resource.id.starts_with("arn:aws:iam:");
    let region = if is_global { super::EUROPE } else { &resource.scope.region };
    let condition = condition.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    let kind = AccessKind::External {
        principal: (kind.to_owned(), who.to_owned()),
        actions: actions.iter().map(|action| (*action).to_owned()).collect(),
        condition: condition.collect::<BTreeMap<_, _>>(),
        is_public: who == "*",
    };
    let analyzer = analyzer(&Scope::new(&resource.scope.account, region), OUTSIDE);
    access(name, analyzer, resource, kind, days)
}

fn access(name: &str, analyzer: String, resource: &Resource, kind: AccessKind, days: u32) -> Event {
    let (name, resource, age_hours) = (name.to_owned(), resource.clone(), days * 24);
    Event::Access(Access { name, analyzer, resource, kind, age_hours })
}

fn analyzer(scope: &Scope, name: &str) -> String {
    let Scope { account, region } = scope;
    format!("arn:aws:access-analyzer:{region}:{account}:analyzer/{name}")
}

pub(super) fn europe(account: &str) -> Scope {
    Scope::new(account, super::EUROPE)
}

pub(super) fn america(account: &str) -> Scope {
    Scope::new(account, super::AMERICA)
}
