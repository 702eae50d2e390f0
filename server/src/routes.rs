//! Which finding a report goes to: the one place that says so.
//!
//! By itself a report goes to the finding of its key, which the [classes](Classes) in force make of
//! it. People and changed classes say otherwise, and what they said is a row of
//! [`MetaTable::Route`], written in the commit that moves the reports:
//!
//! | key | says |
//! |---|---|
//! | `r` and the digest of a report key | this report goes there (a *pin*, made by a split) |
//! | `o` and the digest of an origin key | so do all reports with this origin key |
//! | `k` and a finding id | the key of this finding is that one's now (made by a re-fold) |
//! | `a` and a finding id | what would be in this finding is in that one (an *alias*, made by a merge) |
//!
//! A report's own pin counts first, then that of its origin, then its key, for which a `k` row may
//! name a finding that had another key before; from there aliases are followed. So a report has one place at any time, whatever came before it (promises D1 and D2), and
//! every later refresh goes to where the decision put it (D3).
//!
//! A row holds the *key* of the finding that it leads to, not only its id: when retention has removed
//! that finding, the next report makes the same one again, with the id that tickets know.

use muster_core::finding::Placement;
use muster_core::identity::FindingKey;
use muster_core::ids::{FindingId, digest128};
use muster_core::report::{OriginKey, Report, ReportDigest};
use muster_core::weakness::Classes;

use crate::store::{MetaTable, MetaWrite, Store, StoreError};

/// How many aliases are followed. Each is a merge of a finding that was merged into before: people
/// make few, and a merge that would exceed this is refused.
pub const HOPS_MAX: usize = 64;

/// What a route says about where it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RouteFrom {
    /// A report.
    Report(ReportDigest),
    /// All reports with an origin key, by [`origin_digest`] of it.
    Origin([u8; 16]),
    /// All reports whose key is the one that this finding would be made for.
    Key(FindingId),
    /// All reports that would be in this finding.
    Finding(FindingId),
}

/// Who made a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RoutedBy {
    /// A person or an integration.
    Decision,
    /// A re-fold, when the classes changed.
    Rules,
}

/// Where a route leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The key of the finding ([`Finding::key`](muster_core::finding::Finding::key)).
    pub key: String,
    /// Who made it.
    pub by: RoutedBy,
}

impl Route {
    /// The finding.
    pub fn to(&self) -> FindingId {
        FindingId::derive(&self.key)
    }
}

/// Where a report belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The finding. It may not exist (yet, or any more): then the report makes it by `key`.
    pub id: FindingId,
    /// Its key, and what put the report there.
    pub key: FindingKey,
}

/// The way of a report to its finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walk {
    /// The pin that it begins with.
    pub pin: Option<RouteFrom>,
    /// The findings that it passes; the last is the one it belongs to. Never empty.
    pub steps: Vec<Placed>,
    /// Who made the aliases between them.
    pub aliases: Vec<RoutedBy>,
}

impl Walk {
    /// The finding that it ends in.
    ///
    /// # Panics
    ///
    /// Never: a walk has a step.
    pub fn end(&self) -> &Placed {
        self.steps.last().expect("a walk has a step")
    }

    /// What would place the report in `id` if the way ended there; `None` when it does not pass.
    pub fn at(&self, id: FindingId) -> Option<&Placed> {
        self.steps.iter().find(|step| step.id == id)
    }

    /// The first finding on the way that somebody merged into the next.
    pub fn merged(&self) -> Option<&Placed> {
        let hops = self.steps.iter().zip(&self.aliases);
        hops.filter(|(_, by)| **by == RoutedBy::Decision).map(|(step, _)| step).next()
    }
}

/// Says where reports go.
#[derive(Clone, Copy)]
pub struct Routes<'a> {
    store: &'a dyn Store,
    classes: &'a Classes,
    is_empty: bool,
}

impl<'a> Routes<'a> {
    /// The routes in `store` over what `classes` say.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn new(store: &'a dyn Store, classes: &'a Classes) -> Result<Self, StoreError> {
        Ok(Self { store, classes, is_empty: is_empty(store)? })
    }

    /// The same for who knows whether there are routes: without any, the store is never read.
    pub(crate) fn known(store: &'a dyn Store, classes: &'a Classes, is_empty: bool) -> Self {
        Self { store, classes, is_empty }
    }

    /// Where `report` belongs.
    ///
    /// # Errors
    ///
    /// When the store cannot be read, or its aliases lead in a circle.
    pub fn place(&self, report: &Report) -> Result<Placed, StoreError> {
        self.place_by(report, self.classes.key(report))
    }

    /// Where `report` belongs, whose key by the classes is `key`.
    pub(crate) fn place_by(&self, report: &Report, key: FindingKey) -> Result<Placed, StoreError> {
        if self.is_empty {
            return Ok(placed(key));
        }
        let mut steps = self.walk_by(report, key)?.steps;
        Ok(steps.pop().expect("a walk has a step"))
    }

    /// The way of `report` to its finding.
    ///
    /// # Errors
    ///
    /// As for [`place`](Self::place).
    pub fn walk(&self, report: &Report) -> Result<Walk, StoreError> {
        self.walk_by(report, self.classes.key(report))
    }

    fn walk_by(&self, report: &Report, key: FindingKey) -> Result<Walk, StoreError> {
        let own = [
            RouteFrom::Report(report.key.digest()),
            RouteFrom::Origin(origin_digest(&report.origin)),
        ];
        for pin in own {
            if let Some(route) = self.route(pin)? {
                let placement = match route.by {
                    RoutedBy::Decision => Placement::Decision,
                    RoutedBy::Rules => key.placement,
                };
                let first = placed(FindingKey { text: route.key, placement });
                return self.follow(Some(pin), first);
            }
        }
        self.follow(None, self.holder(key)?)
    }

    /// The finding that has the reports with this key, as far as rules say.
    fn holder(&self, key: FindingKey) -> Result<Placed, StoreError> {
        let own = placed(key);
        let Some(route) = self.route(RouteFrom::Key(own.id))? else { return Ok(own) };
        Ok(placed(FindingKey { text: route.key, placement: own.key.placement }))
    }

    /// The finding that holds what would be in `id`: `id` itself when no alias leads on.
    ///
    /// # Errors
    ///
    /// As for [`place`](Self::place).
    pub fn end(&self, id: FindingId) -> Result<FindingId, StoreError> {
        let key = FindingKey { text: String::new(), placement: Placement::Origin };
        Ok(self.follow(None, Placed { id, key })?.end().id)
    }

    /// The route that begins at `from`.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn route(&self, from: RouteFrom) -> Result<Option<Route>, StoreError> {
        if self.is_empty {
            return Ok(None);
        }
        let key = row_key(from);
        let value = self.store.meta(MetaTable::Route, &key)?;
        value.map(|value| read_row(&key, &value).map(|(_, route)| route)).transpose()
    }

    /// Follows aliases from `first`.
    fn follow(&self, pin: Option<RouteFrom>, first: Placed) -> Result<Walk, StoreError> {
        let mut walk = Walk { pin, steps: vec![first], aliases: Vec::new() };
        loop {
            let last = walk.end();
            let Some(route) = self.route(RouteFrom::Finding(last.id))? else { return Ok(walk) };
            let placement = match route.by {
                RoutedBy::Decision => Placement::Decision,
                RoutedBy::Rules => last.key.placement.clone(),
            };
            let next = placed(FindingKey { text: route.key, placement });
            if walk.steps.iter().any(|step| step.id == next.id) {
                let what =
                    format!("the routes of findings {} and {} lead in a circle", last.id, next.id);
                return Err(StoreError::Corrupt { what });
            }
            if walk.steps.len() > HOPS_MAX {
                let first = walk.steps.first().map_or(next.id, |step| step.id);
                let what = format!(
                    "from finding {first} more than {HOPS_MAX} routes lead on, to {} and further",
                    next.id
                );
                return Err(StoreError::Corrupt { what });
            }
            walk.aliases.push(route.by);
            walk.steps.push(next);
        }
    }
}

/// Whether no route was ever made.
///
/// # Errors
///
/// When the store cannot be read.
pub fn is_empty(store: &dyn Store) -> Result<bool, StoreError> {
    Ok(store.scan_meta(MetaTable::Route, &[], 1)?.is_empty())
}

/// What stands for an origin key in a route.
pub fn origin_digest(origin: &OriginKey) -> [u8; 16] {
    digest128(origin.text.as_bytes())
}

/// The row that makes a route, or (`None`) removes it.
pub fn row(from: RouteFrom, route: Option<&Route>) -> MetaWrite {
    let value = route.map(|route| {
        let by = match route.by {
            RoutedBy::Decision => 1,
            RoutedBy::Rules => 2,
        };
        [&route.to().0[..], &[by], route.key.as_bytes()].concat()
    });
    MetaWrite { table: MetaTable::Route, key: row_key(from), value }
}

/// Reads a row back.
///
/// # Errors
///
/// [`StoreError::Corrupt`] with what is wrong.
pub fn read_row(key: &[u8], value: &[u8]) -> Result<(RouteFrom, Route), StoreError> {
    let damaged = |what: &str| StoreError::Corrupt {
        what: format!("the route {}: {what}", data_encoding::HEXLOWER.encode(key)),
    };
    let (kind, id) = key.split_first().ok_or_else(|| damaged("it has no key"))?;
    let id: [u8; 16] = id.try_into().map_err(|_| damaged("its key has another length"))?;
    let from = match kind {
        b'r' => RouteFrom::Report(ReportDigest(id)),
        b'o' => RouteFrom::Origin(id),
        b'k' => RouteFrom::Key(FindingId(id)),
        b'a' => RouteFrom::Finding(FindingId(id)),
        _ => return Err(damaged("its key is of no kind")),
    };
    let (to, rest) = value.split_first_chunk().ok_or_else(|| damaged("it leads nowhere"))?;
    let (by, text) = rest.split_first().ok_or_else(|| damaged("nobody made it"))?;
    let by = match by {
        1 => RoutedBy::Decision,
        2 => RoutedBy::Rules,
        _ => return Err(damaged("nobody made it")),
    };
    let key = String::from_utf8(text.to_vec()).map_err(|_| damaged("its key is no text"))?;
    let route = Route { key, by };
    if route.to() != FindingId(*to) {
        return Err(damaged("its finding is not that of its key"));
    }
    Ok((from, route))
}

fn row_key(from: RouteFrom) -> Vec<u8> {
    let (kind, id) = match from {
        RouteFrom::Report(digest) => (b'r', digest.0),
        RouteFrom::Origin(digest) => (b'o', digest),
        RouteFrom::Key(id) => (b'k', id.0),
        RouteFrom::Finding(id) => (b'a', id.0),
    };
    [&[kind][..], &id].concat()
}

fn placed(key: FindingKey) -> Placed {
    Placed { id: key.id(), key }
}

#[cfg(test)]
mod tests;
