//! What a document says, beside its severity, about how urgent it is.
//!
//! What a document does not say stays unknown: unknown is not the same as safe.

use super::{FieldHash, bounded};

/// The most tags kept of a resource. AWS allows 50 that users set ("Tag naming limits and
/// requirements", AWS tagging guide).
pub const TAGS_MAX: usize = 50;

/// The longest key of a tag, in bytes: the 128 characters that AWS allows, of the longest kind.
pub const TAG_KEY_BYTES_MAX: usize = 4 * 128;

/// The longest value of a tag, in bytes: the 256 characters that AWS allows, of the longest kind.
pub const TAG_VALUE_BYTES_MAX: usize = 4 * 256;

/// The most CVE ids kept of a vulnerability. An advisory of a distribution may name hundreds.
pub const CVES_MAX: usize = 32;

/// The EPSS values that are stored, in thousandths, beside 0: what a finding has moves only from one
/// to the next, because the model moves by a little every day.
pub const EPSS_STEPS: [u16; 4] = [1, 10, 100, 500];

/// What a document says that decides how urgent it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signals {
    /// How much the customer says that the resource matters, 0 to 100 (ASFF `Criticality`: 0 "no
    /// criticality", 100 "reserved for the most critical resources").
    pub criticality: Option<u8>,
    /// How likely it is that the finding is right, 0 to 100 (ASFF `Confidence`).
    pub confidence: Option<u8>,
    /// The tags of the primary resource: sorted, without repeats, at most [`TAGS_MAX`].
    pub tags: Vec<Tag>,
    /// What can be done with the access that it is about.
    pub privilege: Privilege,
    /// An attack in several steps that `GuardDuty` put together (`AttackSequence:…`).
    pub sequence: bool,
    /// What it says about a weakness in software.
    pub vulnerability: Option<Vulnerability>,
}

/// A tag of a resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag {
    /// As written; at most [`TAG_KEY_BYTES_MAX`].
    pub key: String,
    /// As written; at most [`TAG_VALUE_BYTES_MAX`].
    pub value: String,
}

/// What can be done with the access that a report is about. Ordered: later is more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Privilege {
    /// The report does not say.
    #[default]
    Unknown,
    /// Reading.
    Read,
    /// Writing, changing, using.
    Write,
    /// Gaining more: passing or assuming roles, writing policies, making keys.
    Escalation,
    /// Everything that an administrator can.
    Admin,
    /// The root user of an account.
    Root,
}

impl Privilege {
    /// All of them, from the least.
    pub const ALL: [Self; 6] =
        [Self::Unknown, Self::Read, Self::Write, Self::Escalation, Self::Admin, Self::Root];

    /// The name shown to people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN",
            Self::Read => "READ",
            Self::Write => "WRITE",
            Self::Escalation => "ESCALATION",
            Self::Admin => "ADMIN",
            Self::Root => "ROOT",
        }
    }
}

/// Whether a weakness in software can be used by what is published. Ordered: later is worse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExploitState {
    /// The report does not say.
    #[default]
    Unknown,
    /// It says that there is none.
    None,
    /// There is code that uses it.
    ProofOfConcept,
    /// It is being used.
    Active,
}

impl ExploitState {
    /// All of them, from the least.
    pub const ALL: [Self; 4] = [Self::Unknown, Self::None, Self::ProofOfConcept, Self::Active];

    /// The name shown to people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN",
            Self::None => "NONE",
            Self::ProofOfConcept => "PROOF_OF_CONCEPT",
            Self::Active => "ACTIVE",
        }
    }
}

/// What a report says about a weakness in software.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vulnerability {
    /// Its CVE ids, in upper case: sorted, without repeats, at most [`CVES_MAX`].
    pub ids: Vec<String>,
    /// Whether it can be used by what is published.
    pub exploit: ExploitState,
    /// The probability that it is used within 30 days (FIRST EPSS), in thousandths: 0 or one of
    /// [`EPSS_STEPS`].
    pub epss_permille: Option<u16>,
    /// Whether there is a version without it.
    pub fix_available: Option<bool>,
}

impl Vulnerability {
    /// Whether it says nothing at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds what another report says about the same problem: all ids, the worst of the rest.
    pub(crate) fn join(&mut self, other: &Self) {
        self.ids.extend_from_slice(&other.ids);
        self.exploit = self.exploit.max(other.exploit);
        self.epss_permille = self.epss_permille.max(other.epss_permille);
        self.fix_available = self.fix_available.max(other.fix_available);
    }
}

/// The stored value for an EPSS probability in thousandths: the largest of [`EPSS_STEPS`] that it
/// reaches, or 0.
pub fn epss_step(permille: u16) -> u16 {
    EPSS_STEPS.into_iter().rev().find(|step| permille >= *step).unwrap_or(0)
}

/// Sorts tags as [`Signals::tags`] has them: bounded, without repeats. Of too many, the first in
/// that order are kept; returns whether something was cut or left out.
pub fn arrange_tags(tags: &mut Vec<Tag>) -> bool {
    let mut is_cut = false;
    for tag in &mut *tags {
        for (text, max) in
            [(&mut tag.key, TAG_KEY_BYTES_MAX), (&mut tag.value, TAG_VALUE_BYTES_MAX)]
        {
            let kept = bounded(text, max).len();
            is_cut |= kept < text.len();
            text.truncate(kept);
        }
    }
    tags.sort_unstable();
    tags.dedup();
    is_cut |= tags.len() > TAGS_MAX;
    tags.truncate(TAGS_MAX);
    is_cut
}

/// Sorts CVE ids as [`Vulnerability::ids`] has them. Of too many, the newest are kept; returns
/// whether any was left out.
pub fn arrange_ids(ids: &mut Vec<String>) -> bool {
    ids.sort_unstable();
    ids.dedup();
    let over = ids.len().saturating_sub(CVES_MAX);
    ids.drain(..over);
    over > 0
}

impl Signals {
    /// Adds them to the hash of a report. Those that say nothing add nothing, so that a report
    /// without any hashes as it did before there were signals.
    pub(super) fn hash(&self, hash: &mut FieldHash) {
        if *self == Self::default() {
            return;
        }
        let number = |value: Option<u16>| value.map_or(0, |value| u64::from(value) + 1);
        hash.text("signals");
        hash.number(number(self.criticality.map(u16::from)));
        hash.number(number(self.confidence.map(u16::from)));
        hash.number(self.tags.len() as u64);
        for tag in &self.tags {
            hash.text(&tag.key);
            hash.text(&tag.value);
        }
        hash.text(self.privilege.as_str());
        hash.number(self.sequence.into());
        let Some(vulnerability) = &self.vulnerability else { return };
        hash.number(vulnerability.ids.len() as u64);
        for id in &vulnerability.ids {
            hash.text(id);
        }
        hash.text(vulnerability.exploit.as_str());
        hash.number(number(vulnerability.epss_permille.map(epss_step)));
        hash.number(number(vulnerability.fix_available.map(u16::from)));
    }
}

#[cfg(test)]
mod tests;
