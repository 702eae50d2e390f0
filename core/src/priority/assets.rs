//! What the rules say of a resource: looked up by account, ARN and tag, however many resources the
//! operator names.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::patterns::Patterns;
use super::table::{Asset, Environment};
use crate::finding::Facts;
use crate::ids::AccountId;

/// The assets of a table, by what they are found by. Indexes are those of the table.
#[derive(Clone, Debug, Default)]
pub(super) struct Assets {
    accounts: HashMap<AccountId, Vec<usize>>,
    arns: Patterns,
    /// Sorted by key as [`order`] does, in lower case; no values means any.
    tags: Vec<(String, Vec<String>, usize)>,
}

/// What is known of a resource, and the name of the asset that says so.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known<'a> {
    /// The highest, 0 to 100; of several, that of the first asset.
    pub(super) criticality: Option<(u8, &'a str)>,
    /// Of the first asset that has one.
    pub(super) environment: Option<(Environment, &'a str)>,
}

impl Assets {
    pub(super) fn new(assets: &[Asset]) -> Self {
        let mut index = Self::default();
        for (at, asset) in assets.iter().enumerate() {
            for account in &asset.accounts {
                index.accounts.entry(*account).or_default().push(at);
            }
            let tags = asset.tags.iter();
            index.tags.extend(tags.map(|(key, values)| (key.clone(), values.clone(), at)));
        }
        let arns = assets.iter().enumerate();
        let arns = arns.flat_map(|(at, asset)| asset.arns.iter().map(move |arn| (&**arn, at)));
        index.arns = Patterns::new(arns);
        index.tags.sort_by(|(a, ..), (b, ..)| order(a, b));
        index
    }

    /// What `assets`, of which this was made, say of the primary resource of a finding.
    pub(super) fn look_up<'a>(&self, assets: &'a [Asset], facts: &Facts) -> Known<'a> {
        let (mut criticality, mut environment) = (None::<(u8, usize)>, None::<usize>);
        self.each(facts, |at| {
            let Some(asset) = assets.get(at) else { return };
            if let Some(new) = asset.criticality {
                let is_higher =
                    |(known, first): (u8, usize)| new > known || (new == known && at < first);
                if criticality.is_none_or(is_higher) {
                    criticality = Some((new, at));
                }
            }
            if asset.environment.is_some() && environment.is_none_or(|first| at < first) {
                environment = Some(at);
            }
        });
        let name = |at: usize| assets.get(at).map(|asset| asset.name.as_str());
        let environment = environment.and_then(|at| assets.get(at));
        Known {
            criticality: criticality.and_then(|(value, at)| Some((value, name(at)?))),
            environment: environment.and_then(|asset| Some((asset.environment?, &*asset.name))),
        }
    }

    /// Calls `found` with each asset that the resource is, in any order and perhaps repeatedly.
    fn each(&self, facts: &Facts, mut found: impl FnMut(usize)) {
        for at in self.accounts.get(&facts.account).into_iter().flatten() {
            found(*at);
        }
        if let Some(resource) = facts.resources.first() {
            self.arns.each(&resource.id, &mut found);
        }
        for tag in &facts.signals.tags {
            let from = self.tags.partition_point(|(key, ..)| order(key, &tag.key).is_lt());
            let of_key = self.tags.iter().skip(from);
            let of_key = of_key.take_while(|(key, ..)| order(key, &tag.key).is_eq());
            for (_, values, at) in of_key {
                let is_value = |value: &String| value.eq_ignore_ascii_case(&tag.value);
                if values.is_empty() || values.iter().any(is_value) {
                    found(*at);
                }
            }
        }
    }
}

/// How a text in lower case and another one sort, without regard to case: the shorter first, because
/// that is compared at once.
fn order(lower: &str, text: &str) -> Ordering {
    let bytes = || text.bytes().map(|byte| byte.to_ascii_lowercase());
    lower.len().cmp(&text.len()).then_with(|| lower.bytes().cmp(bytes()))
}
