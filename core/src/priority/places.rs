//! Which resources a rule means.

use std::collections::BTreeMap;

use super::patterns::{Patterns, fits, order};
use super::read::Rule;
use crate::finding::Facts;
use crate::ids::AccountId;

/// Rules that mean resources, by tag, ARN and account.
///
/// Every rule is found by one of what it asks for, and then asked for the rest: few are tried that do
/// not fit.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    places: Vec<Place>,
    arns: Patterns<usize>,
    /// Keys in lower case, sorted.
    tags: Vec<(Box<[u8]>, usize)>,
    accounts: BTreeMap<AccountId, Vec<usize>>,
}

/// What a rule asks for. What is empty asks for nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    tags: Vec<Box<[u8]>>,
    /// In lower case; empty for any.
    values: Vec<Box<[u8]>>,
    arns: Vec<Box<[u8]>>,
    accounts: Vec<AccountId>,
}

impl Place {
    pub(super) fn of(rule: &Rule) -> Self {
        let lower = |name: &str| -> Vec<Box<[u8]>> {
            let texts = rule.texts(name).iter();
            texts.map(|text| text.to_ascii_lowercase().into_bytes().into()).collect()
        };
        let accounts = rule.texts("account").iter();
        Self {
            tags: lower("tag"),
            values: lower("value"),
            arns: lower("arn"),
            accounts: accounts.filter_map(|account| account.parse().ok()).collect(),
        }
    }

    /// Whether the resources of a finding are meant.
    pub(super) fn fits(&self, facts: &Facts) -> bool {
        self.of_account(facts) && self.of_arn(facts) && self.of_tag(facts)
    }

    fn of_account(&self, facts: &Facts) -> bool {
        self.accounts.is_empty() || self.accounts.contains(&facts.account)
    }

    fn of_arn(&self, facts: &Facts) -> bool {
        let is_meant = |id: &str| self.arns.iter().any(|arn| fits(arn, id.as_bytes()));
        self.arns.is_empty() || facts.resources.iter().any(|resource| is_meant(&resource.id))
    }

    fn of_tag(&self, facts: &Facts) -> bool {
        let is_value = |value: &str| {
            self.values.is_empty()
                || self.values.iter().any(|one| fits(one, value.trim().as_bytes()))
        };
        let is_key = |key: &str| {
            let key = key.as_bytes();
            self.tags.iter().any(|tag| key.eq_ignore_ascii_case(tag))
        };
        self.tags.is_empty()
            || facts.signals.tags.iter().any(|tag| is_key(&tag.key) && is_value(&tag.value))
    }
}

impl Places {
    pub(super) fn new<'a>(rules: impl IntoIterator<Item = &'a Rule>) -> Self {
        let mut all = Self::default();
        let mut arns: Vec<(&str, usize)> = Vec::new();
        for (at, rule) in rules.into_iter().enumerate() {
            let place = Place::of(rule);
            if !place.arns.is_empty() {
                arns.extend(rule.texts("arn").iter().map(|arn| (arn.as_str(), at)));
            } else if !place.tags.is_empty() {
                all.tags.extend(place.tags.iter().map(|key| (key.clone(), at)));
            } else {
                for account in &place.accounts {
                    all.accounts.entry(*account).or_default().push(at);
                }
            }
            all.places.push(place);
        }
        all.arns = Patterns::new(arns);
        all.tags.sort_unstable();
        all
    }

    /// Calls `found` with the index of each rule that means the resources of a finding, in any order
    /// and perhaps repeatedly.
    pub(super) fn each(&self, facts: &Facts, mut found: impl FnMut(usize)) {
        let mut candidate = |at: usize| {
            if self.places.get(at).is_some_and(|place| place.fits(facts)) {
                found(at);
            }
        };
        for resource in &facts.resources {
            self.arns.each(&resource.id, &mut candidate);
        }
        for tag in &facts.signals.tags {
            let key = tag.key.as_bytes();
            let from = self.tags.partition_point(|(known, _)| order(known, key).is_lt());
            let named = self.tags.iter().skip(from);
            let named = named.take_while(|(known, _)| order(known, key).is_eq());
            named.for_each(|(_, at)| candidate(*at));
        }
        if let Some(of_account) = self.accounts.get(&facts.account) {
            of_account.iter().for_each(|at| candidate(*at));
        }
    }
}
