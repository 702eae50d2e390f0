//! What two findings have to do with each other, without being one.

use super::entry::Said;
use super::{Class, Classes};
use crate::finding::Finding;
use crate::identity::{Arn, account_root};
use crate::report::FindingClass;

/// What one finding has to do with another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Relation {
    /// What the second is to the first.
    pub kind: RelationKind,
    /// The class that says so: the second's own, or that to which a report relates; empty where the
    /// shared resource alone says it.
    pub class: String,
}

/// What the second of two findings is to the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RelationKind {
    /// A threat on its resource.
    Threat,
    /// A weakness of the resource on which it is a threat.
    Threatened,
    /// The same at coarser grain: the account of a snapshot, the group of a rule.
    Whole,
    /// The same at finer grain.
    Part,
    /// The same weakness of the same resource, another facet or Region of it; or of a resource that
    /// has one name in both, where it is not known which of several it is.
    Sibling,
    /// Another weakness of the same resource that often comes with it.
    Near,
    /// No weakness of its own, but has to do with it (a notice, software that is out of support).
    Evidence,
    /// What the first is evidence of.
    Evidenced,
}

impl RelationKind {
    /// The words shown to people, after the first finding.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Threat => "threat on the resource",
            Self::Threatened => "weakness of the threatened resource",
            Self::Whole => "the whole of which this is a part",
            Self::Part => "part of it",
            Self::Sibling => "same weakness, another facet",
            Self::Near => "often comes with it",
            Self::Evidence => "has to do with it",
            Self::Evidenced => "what it has to do with",
        }
    }

    /// What the first is to the second.
    #[must_use]
    pub fn turned(self) -> Self {
        match self {
            Self::Threat => Self::Threatened,
            Self::Threatened => Self::Threat,
            Self::Whole => Self::Part,
            Self::Part => Self::Whole,
            Self::Sibling => Self::Sibling,
            Self::Near => Self::Near,
            Self::Evidence => Self::Evidenced,
            Self::Evidenced => Self::Evidence,
        }
    }
}

/// The canonical ids of the resources on which findings may be that have to do with `finding`, without
/// repeats: its own, the primary one first, then the bucket or account that contains it. The parts of
/// a whole lie elsewhere: they name it, not it them.
pub fn around(finding: &Finding) -> Vec<String> {
    let mut around: Vec<String> = Vec::new();
    let own = finding.facts.resources.iter().map(|resource| resource.id.as_str());
    let primary = finding.resource_id();
    let arn = Arn::parse(primary);
    let bucket = arn.filter(|arn| arn.service == "s3").and_then(|_| primary.split_once('/'));
    let account = arn.map(|arn| account_root(arn.partition, finding.facts.account.as_str()));
    let containing = bucket.map(|(bucket, _)| bucket).into_iter().chain(account.as_deref());
    for id in own.chain(containing).filter(|id| !id.is_empty()) {
        if !around.iter().any(|known| known == id) {
            around.push(id.to_owned());
        }
    }
    around
}

impl Classes {
    /// What `b` is to `a`: `None` when they have nothing to do with each other, or are one.
    ///
    /// `relation(b, a)` is the same relation, [turned](RelationKind::turned).
    pub fn relation(&self, a: &Finding, b: &Finding) -> Option<Relation> {
        if a.id == b.id {
            return None;
        }
        let (of_a, of_b) = (self.class_of(a), self.class_of(b));
        if let (Some(class), Some(other)) = (of_a, of_b)
            && let Some(kind) = between((a, class), (b, other))
        {
            // One class says it to both sides.
            let class = if kind == RelationKind::Part { other } else { class };
            return Some(Relation { kind, class: class.id.clone() });
        }
        let found = of_a.and_then(|class| evidence((a, class), b));
        let turned = || {
            let found = of_b.and_then(|class| evidence((b, class), a))?;
            Some(Relation { kind: found.kind.turned(), ..found })
        };
        found.or_else(turned).or_else(|| threat(a, b)).or_else(|| {
            let found = threat(b, a)?;
            Some(Relation { kind: found.kind.turned(), ..found })
        })
    }
}

/// What `b` is to a weakness by the `relate` entries of its class.
fn evidence((a, class): (&Finding, &Class), b: &Finding) -> Option<Relation> {
    let relates = b.reports.iter().any(|held| {
        let said = Said::of(&held.report);
        said.is_some_and(|said| class.relate.iter().any(|e| e.relates(&said, &held.report)))
    });
    let kind = match b.facts.class {
        FindingClass::Threat => RelationKind::Threat,
        FindingClass::Vulnerability
        | FindingClass::Misconfiguration
        | FindingClass::SensitiveData
        | FindingClass::Exposure => RelationKind::Evidence,
    };
    let found = Relation { kind, class: class.id.clone() };
    (relates && (shares(a, b) || contains(a, b) || contains(b, a))).then_some(found)
}

/// What a finding of one class is to one of another.
fn between((a, class): (&Finding, &Class), (b, other): (&Finding, &Class)) -> Option<RelationKind> {
    let same = shares(a, b);
    if class.id == other.id {
        return same.then_some(RelationKind::Sibling);
    }
    let same_region = |whole: &Class| !whole.per_region || a.facts.region == b.facts.region;
    if class.parents.contains(&other.id) && same_region(other) && (same || contains(b, a)) {
        return Some(RelationKind::Whole);
    }
    if other.parents.contains(&class.id) && same_region(class) && (same || contains(a, b)) {
        return Some(RelationKind::Part);
    }
    let near = class.near.contains(&other.id) || other.near.contains(&class.id);
    (near && (same || contains(a, b) || contains(b, a))).then_some(RelationKind::Near)
}

/// Whether `b` is a threat on the resource of `a`, which is none.
fn threat(a: &Finding, b: &Finding) -> Option<Relation> {
    let is_threat = |finding: &Finding| finding.facts.class == FindingClass::Threat;
    let found = Relation { kind: RelationKind::Threat, class: String::new() };
    (!is_threat(a) && is_threat(b) && shares(a, b)).then_some(found)
}

/// Whether a resource of one is a resource of the other. Not the account: it is a resource of much
/// that has nothing to do with each other, but where it is the primary one of both.
fn shares(a: &Finding, b: &Finding) -> bool {
    let both = same(a.resource_id(), b.resource_id());
    let is_account = |id: &str| id.ends_with(":root") && id.starts_with("arn:");
    let ids = |finding: &'_ Finding| -> Vec<String> {
        finding.facts.resources.iter().map(|resource| resource.id.clone()).collect()
    };
    let others = ids(b);
    both || ids(a).iter().any(|id| !is_account(id) && others.iter().any(|other| same(id, other)))
}

/// Whether the primary resource of `whole` is the account or the bucket of that of `part`.
fn contains(whole: &Finding, part: &Finding) -> bool {
    let (outer, inner) = (whole.resource_id(), part.resource_id());
    let Some(arn) = Arn::parse(outer) else {
        return false;
    };
    if arn.service == "s3" {
        let rest = inner.strip_prefix(outer);
        return rest.is_some_and(|rest| rest.starts_with('/'));
    }
    outer == account_root(arn.partition, part.facts.account.as_str()) && outer != inner
}

/// Whether two names are of one resource. Of users and roles some products do not know the path.
fn same(a: &str, b: &str) -> bool {
    if a == b {
        return !a.is_empty();
    }
    let (Some(one), Some(other)) = (Arn::parse(a), Arn::parse(b)) else {
        return false;
    };
    let is_iam = |arn: &Arn<'_>| arn.service == "iam";
    let place = |arn: &Arn<'_>| (arn.partition.to_owned(), arn.account.to_owned());
    if !is_iam(&one) || !is_iam(&other) || place(&one) != place(&other) {
        return false;
    }
    let (Some((kind, one)), Some((other_kind, other))) =
        (one.resource.split_once('/'), other.resource.split_once('/'))
    else {
        return false;
    };
    let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let without_path = !one.contains('/') || !other.contains('/');
    kind == other_kind && without_path && last(one) == last(other)
}
