//! What must hold of the log.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::{Broken, Promise, Violation};
use crate::change::{Change, ChangeKind, Facets, REGROUPINGS};
use crate::finding::Finding;
use crate::ids::{FindingId, Revision};
use crate::time::Millis;
use crate::triage::TriageState;

/// Says what does not hold of one log entry alone.
///
/// F1: it has its place, kinds, and a link to the entry before exactly when there is one. T1: a
/// decision has an actor, a time, and a text where one is required. T2: what is no decision leaves
/// triage as it is.
pub fn change(change: &Change) -> Vec<Violation> {
    let mut broken = Broken::default();
    broken.unless(change.previous < change.revision, Promise::F1, || {
        format!("it follows revision {}", change.previous)
    });
    let kinds = &change.kinds;
    let ordered = !kinds.is_empty() && kinds.is_sorted_by(|a, b| a < b);
    broken.unless(ordered, Promise::F1, || format!("its kinds are {kinds:?}"));
    let first = kinds.contains(&ChangeKind::Created);
    let linked = first == (change.previous == Revision::ZERO) && first == change.before.is_none();
    broken.unless(linked, Promise::F1, || {
        "kind, link and image before it do not agree on whether it is the first".to_owned()
    });
    regrouped(change, &mut broken);
    if kinds.contains(&ChangeKind::Triaged) {
        decided(change, &mut broken);
    } else if let Some(before) = &change.before {
        undecided(before, &change.after, &mut broken);
    }
    broken.of(&format!("change {}", change.revision))
}

/// A change of triage.
fn decided(change: &Change, broken: &mut Broken) {
    let actor = change.actor.principal.as_str();
    broken.unless(!actor.is_empty(), Promise::T1, || "nobody decided it".to_owned());
    broken.unless(change.time != Millis::default(), Promise::T1, || "it has no time".to_owned());
    // The server's own decisions have no action, and say why.
    let explained = matches!(change.action.as_str(), "" | "suppress" | "comment");
    broken.unless(!explained || !change.comment.trim().is_empty(), Promise::T1, || {
        "nobody said why".to_owned()
    });
    if actor.starts_with("source:") {
        let before = change.before.as_ref().map(|before| before.triage);
        let reopens = before == Some(TriageState::Done) && change.after.triage == TriageState::New;
        broken.unless(reopens, Promise::T2, || format!("{actor} decided it, and did not reopen"));
    }
}

/// T1: what moves reports between findings has an action of its own, an actor and a time, and
/// nothing else has such an action.
fn regrouped(change: &Change, broken: &mut Broken) {
    let moves = REGROUPINGS.contains(&change.action.as_str());
    let is_kind = change.kinds.contains(&ChangeKind::Regrouped);
    broken.unless(moves == is_kind, Promise::T1, || {
        format!(
            "its action `{}` and its kinds do not agree on whether reports moved",
            change.action
        )
    });
    let named = !change.actor.principal.is_empty() && change.time != Millis::default();
    broken.unless(!is_kind || named, Promise::T1, || "nobody moved its reports".to_owned());
}

/// A change of anything else.
fn undecided(before: &Facets, after: &Facets, broken: &mut Broken) {
    let kept = (before.triage, &before.assignee) == (after.triage, &after.assignee);
    broken.unless(kept, Promise::T2, || {
        format!("triage went from {} to {}", before.triage.as_str(), after.triage.as_str())
    });
    broken.unless(after.stale || !before.stale, Promise::T2, || {
        "a stale decision was confirmed by nobody".to_owned()
    });
}

/// Of all entries in order, and of the findings beside them.
///
/// Give it every entry with [`append`](Self::append), then [`end`](Self::end), then every finding
/// with [`image`](Self::image), then ask for what is [`lost`](Self::lost). Holds about 40 bytes for
/// each finding that the log names.
#[derive(Clone, Debug)]
pub struct Log {
    oldest: Revision,
    next: Revision,
    newest: BTreeMap<FindingId, Newest>,
}

/// The newest entry of a finding.
#[derive(Clone, Debug)]
struct Newest {
    revision: Revision,
    /// A hash of what it leads to.
    after: u64,
    closed: bool,
    /// The finding was met.
    stored: bool,
}

impl Log {
    /// A log whose oldest entry has that revision; 1 when nothing was removed from it yet.
    pub fn new(oldest: Revision) -> Self {
        Self { oldest, next: oldest, newest: BTreeMap::new() }
    }

    /// F1: says what does not hold of the next entry, alone and behind those before it.
    pub fn append(&mut self, entry: &Change) -> Vec<Violation> {
        let mut broken = Broken::default();
        let (revision, next) = (entry.revision, self.next);
        broken.unless(revision == next, Promise::F1, || format!("{next} should be there"));
        self.next = revision.next().max(next);
        let linked = match self.newest.get(&entry.finding) {
            Some(last) if entry.previous == last.revision => {
                let begins = entry.before.as_ref().map(fingerprint);
                broken.unless(begins == Some(last.after), Promise::F1, || {
                    format!("it does not begin where {} ended", last.revision)
                });
                true
            }
            // Retention removed the finding, and it came back.
            Some(last) => self.is_compacted() && last.closed && entry.previous == Revision::ZERO,
            None => entry.previous == Revision::ZERO || entry.previous < self.oldest,
        };
        broken.unless(linked, Promise::F1, || {
            format!("it links to {}, which is not the entry before", entry.previous)
        });
        let newest = Newest {
            revision,
            after: fingerprint(&entry.after),
            closed: !entry.after.status.is_open(),
            stored: false,
        };
        self.newest.insert(entry.finding, newest);
        let mut broken = broken.of(&format!("change {revision}"));
        broken.extend(change(entry));
        broken
    }

    /// F1: says whether the log ends at `head`.
    pub fn end(&self, head: Revision) -> Vec<Violation> {
        let mut broken = Broken::default();
        broken.unless(self.next == head.next(), Promise::F1, || {
            format!("the log ends before {}, and should end with {head}", self.next)
        });
        broken.0
    }

    /// F1: says whether a stored finding is what its newest entry led to. A finding whose entries
    /// were all removed by retention is older than the log.
    pub fn image(&mut self, finding: &Finding) -> Vec<Violation> {
        let mut broken = Broken::default();
        let (oldest, revision) = (self.oldest, finding.revision);
        if let Some(newest) = self.newest.get_mut(&finding.id) {
            newest.stored = true;
            let last = newest.revision;
            broken.unless(last == revision, Promise::F1, || {
                format!("it is at revision {revision}, its newest change is {last}")
            });
            let same = newest.after == fingerprint(&Facets::of(finding));
            broken.unless(same || last != revision, Promise::F1, || {
                format!("it is not what change {revision} led to")
            });
        } else {
            let older = Revision::ZERO < revision && revision < oldest;
            broken.unless(older, Promise::F1, || {
                format!("it is at revision {revision}, and the log has no change of it")
            });
        }
        broken.of(&format!("finding {}", finding.id))
    }

    /// S1: the findings that the log names and that were not met. Retention removes closed ones,
    /// once it has begun to remove entries.
    pub fn lost(&self) -> impl Iterator<Item = Violation> {
        let removable = self.is_compacted();
        let explained = move |last: &Newest| last.stored || (removable && last.closed);
        let lost = self.newest.iter().filter(move |(_, last)| !explained(last));
        lost.map(|(id, last)| Violation {
            promise: Promise::S1,
            what: format!("finding {id} is not stored; its newest change is {}", last.revision),
        })
    }

    fn is_compacted(&self) -> bool {
        self.oldest > Revision(1)
    }
}

/// A hash that is compared within one process only.
fn fingerprint(facets: &Facets) -> u64 {
    let mut hasher = DefaultHasher::new();
    facets.hash(&mut hasher);
    hasher.finish()
}
