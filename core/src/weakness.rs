//! Weakness classes: when reports of several products say the same of the same resource.
//!
//! A class is data (`core/data/weakness-classes.toml`, which an operator extends with a file of the
//! same form): which controls, rules, checks and finding types say that weakness, and what only has
//! to do with it. Two kinds of evidence are kept apart:
//!
//! - *merge*: posture products assert the state of a resource. Their reports are one finding, with the
//!   key `wk|{class}|{resource}[|{region}][|{facet}]`, and together open and close it.
//! - *relate*: behaviour (`GuardDuty`, Health), or the same at another grain (the account of a
//!   snapshot, the user of a key). It is linked, and makes the weakness more urgent; it never opens
//!   or closes it.
//!
//! Parts: [`Classes`] places reports ([`Classes::key`]); `read` makes them of text and says what is
//! wrong with it; [`Classes::relation`] says what two findings have to do with each other.
//!
//! Invariants: a key is a function of the report and the classes alone, so that no order of reports
//! matters (D2); at most one class takes a report, because texts in which two could are refused; the
//! key of a class is injective in resource, Region and facet (D3).

mod check;
mod entry;
mod read;
mod relation;
mod write;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use self::entry::Said;
pub(crate) use self::entry::fits;
pub use self::entry::{Conditions, Entry, Product};
pub use self::read::ClassesError;
pub use self::relation::{Relation, RelationKind, around};
use crate::finding::{Finding, Placement};
use crate::identity::{Arn, FindingKey, account_root};
use crate::ids::digest128;
use crate::report::Report;

/// The classes of this program.
const BUILTIN: &str = include_str!("../data/weakness-classes.toml");

static BUILTIN_CLASSES: LazyLock<Classes> = LazyLock::new(|| {
    Classes::read(BUILTIN, None).expect("the classes of this program are right: a test reads them")
});

/// A weakness, and what says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// For example `s3.public_read`; part of the finding key.
    pub id: String,
    /// What is wrong, for people.
    pub title: String,
    /// What tells its findings on one resource apart.
    pub facet: Facet,
    /// Each Region has a finding of its own.
    pub per_region: bool,
    /// Which resource of a report it is about.
    pub about: About,
    /// Classes of which it is a part, at finer grain.
    pub parents: Vec<String>,
    /// Classes that often come with it on the same resource.
    pub near: Vec<String>,
    /// What says it.
    pub merge: Vec<Entry>,
    /// What has to do with it.
    pub relate: Vec<Entry>,
}

/// What tells the findings of a class on one resource apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Facet {
    /// Nothing.
    None,
    /// [`Report::facet`].
    OfReport,
    /// The values of these attributes.
    Attributes(Vec<String>),
}

/// Which resource of a report a class is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// The first.
    Primary,
    /// The first of one of these types.
    Kind(Vec<String>),
    /// The account, whatever the report names.
    Account,
}

/// The classes that are in force. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Classes(Arc<Table>);

#[derive(Debug, Default)]
struct Table {
    classes: Vec<Class>,
    /// By product, then by canonical rule id: the narrower entry first.
    index: [HashMap<String, Vec<Candidate>>; Product::ALL.len()],
    text: String,
}

/// An entry that may take a report.
#[derive(Debug)]
struct Candidate {
    /// Index in the table.
    class: usize,
    /// As [`Entry::other`].
    other: String,
    when: Conditions,
}

impl Classes {
    /// Those of this program.
    pub fn builtin() -> Self {
        BUILTIN_CLASSES.clone()
    }

    /// Reads the classes of `base` (those of this program, or the [text](Self::text) of those that
    /// were in force) and, over them, those of the operator.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, with its file, its line and what to do.
    pub fn read(base: &str, operator: Option<&str>) -> Result<Self, ClassesError> {
        let classes = read::compose(base, operator)?;
        let text = write::text(&classes);
        let mut index: [HashMap<String, Vec<Candidate>>; Product::ALL.len()] = Default::default();
        for (class, Class { merge, .. }) in classes.iter().enumerate() {
            for entry in merge {
                let rules = &mut index[entry.product as usize];
                for rule in &entry.rules {
                    rules.entry(rule.clone()).or_default().push(Candidate {
                        class,
                        other: entry.other.clone(),
                        when: entry.when.clone(),
                    });
                }
            }
        }
        for candidates in index.iter_mut().flat_map(HashMap::values_mut) {
            candidates.sort_by_key(|candidate| candidate.when.width());
        }
        Ok(Self(Arc::new(Table { classes, index, text })))
    }

    /// The text of the classes that are in force, the operator's among them: what [`Classes::read`]
    /// makes the same classes of. It has no comments, so that those change no rule.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Stands for the rules: 32 hexadecimal digits of the SHA-256 of [`Classes::text`].
    pub fn hash(&self) -> String {
        data_encoding::HEXLOWER.encode(&digest128(self.0.text.as_bytes()))
    }

    /// All classes, by id.
    pub fn all(&self) -> &[Class] {
        &self.0.classes
    }

    /// The class of that id.
    pub fn get(&self, id: &str) -> Option<&Class> {
        let at = self.0.classes.binary_search_by(|class| class.id.as_str().cmp(id)).ok()?;
        self.0.classes.get(at)
    }

    /// Which finding `report` belongs to: that of a weakness where a class takes it, otherwise that
    /// of its origin.
    pub fn key(&self, report: &Report) -> FindingKey {
        self.weakness(report).unwrap_or_else(|| FindingKey::of_origin(&report.origin))
    }

    /// The class that takes `report`.
    ///
    /// `None` also where the class tells findings apart by what the report does not say: its reports
    /// would be thrown together.
    pub fn class(&self, report: &Report) -> Option<&Class> {
        let class = self.candidate(report)?;
        (class.resource(report).is_some() && class.facet_of(report).is_some()).then_some(class)
    }

    /// The class of a finding: that of its reports.
    pub fn class_of(&self, finding: &Finding) -> Option<&Class> {
        let placed = finding.reports.iter().find_map(|held| match &held.placed {
            Placement::Class(class) => self.get(class),
            Placement::Origin | Placement::Decision => None,
        });
        placed.or_else(|| finding.reports.iter().find_map(|held| self.class(&held.report)))
    }

    /// The classes with which `report` has to do, without saying that weakness.
    pub fn related<'a>(&'a self, report: &'a Report) -> impl Iterator<Item = &'a Class> {
        let said = Said::of(report);
        self.0.classes.iter().filter(move |class| {
            said.as_ref()
                .is_some_and(|said| class.relate.iter().any(|entry| entry.relates(said, report)))
        })
    }

    fn weakness(&self, report: &Report) -> Option<FindingKey> {
        let class = self.candidate(report)?;
        let resource = class.resource(report)?;
        let facet = class.facet_of(report)?;
        let region = class.per_region.then(|| report.region.as_str());
        let apart = region.into_iter().chain(facet.iter().map(|part| &**part));
        Some(FindingKey::of_weakness(&class.id, &resource, apart))
    }

    fn candidate(&self, report: &Report) -> Option<&Class> {
        let said = Said::of(report)?;
        let candidates = self.0.index.get(said.product as usize)?.get(&*said.rule)?;
        let fits = |candidate: &&Candidate| {
            (said.product != Product::Other || candidate.other == report.product)
                && candidate.when.hold(report)
        };
        self.0.classes.get(candidates.iter().find(fits)?.class)
    }
}

impl Class {
    /// The canonical name of the resource of `report` that the class is about.
    fn resource<'a>(&self, report: &'a Report) -> Option<Cow<'a, str>> {
        let primary = report.primary_resource()?;
        match &self.about {
            About::Primary => Some(Cow::Borrowed(&primary.id)),
            About::Kind(kinds) => {
                let named = report.resources.iter().find(|resource| kinds.contains(&resource.kind));
                named.map(|resource| Cow::Borrowed(&*resource.id))
            }
            About::Account => {
                let stated = Arn::parse(&primary.id).map(|arn| arn.partition);
                let partition = stated.unwrap_or_else(|| report.region.partition());
                Some(Cow::Owned(account_root(partition, report.account.as_str())))
            }
        }
    }

    /// What tells the report from others of the class on its resource; `None` when it does not say.
    fn facet_of<'a>(&'a self, report: &'a Report) -> Option<Vec<Cow<'a, str>>> {
        match &self.facet {
            Facet::None => Some(Vec::new()),
            Facet::OfReport if report.facet.is_empty() => None,
            Facet::OfReport => Some(vec![Cow::Borrowed(&report.facet)]),
            Facet::Attributes(names) => names.iter().map(|name| values(report, name)).collect(),
        }
    }
}

/// The values of an attribute as one text; `None` when it has none. Two lists of values have two
/// texts.
fn values<'a>(report: &'a Report, name: &'a str) -> Option<Cow<'a, str>> {
    let escaped = |value: &'a str| -> Cow<'a, str> {
        if value.contains(['%', ',']) {
            value.replace('%', "%25").replace(',', "%2C").into()
        } else {
            value.into()
        }
    };
    let mut values = report.attribute(name);
    let first = escaped(values.next()?);
    Some(values.fold(first, |text, value| format!("{text},{}", escaped(value)).into()))
}

#[cfg(test)]
mod tests;
