//! What a document says about how urgent it is, as it is stored.
//!
//! What holds of the fields of [`finding`](super::finding) holds of these. A whole message that is
//! absent says nothing, as rows of before there were signals do.

use muster_core::report::{ExploitState, Privilege, Signals, Tag, Vulnerability};

use super::numbers::{Numbered, optional};
use super::{Damage, narrow};

/// [`Signals`] that say something.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct SignalsMessage {
    #[prost(uint32, optional, tag = "1")]
    criticality: Option<u32>,
    #[prost(uint32, optional, tag = "2")]
    confidence: Option<u32>,
    #[prost(message, repeated, tag = "3")]
    tags: Vec<TagMessage>,
    #[prost(uint32, tag = "4")]
    privilege: u32,
    #[prost(bool, tag = "5")]
    sequence: bool,
    #[prost(message, optional, tag = "6")]
    vulnerability: Option<VulnerabilityMessage>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct TagMessage {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct VulnerabilityMessage {
    #[prost(string, repeated, tag = "1")]
    ids: Vec<String>,
    #[prost(uint32, tag = "2")]
    exploit: u32,
    #[prost(uint32, optional, tag = "3")]
    epss_permille: Option<u32>,
    #[prost(bool, optional, tag = "4")]
    fix_available: Option<bool>,
}

impl SignalsMessage {
    /// The message of `signals`; `None` when they say nothing.
    pub(super) fn of(signals: &Signals) -> Option<Self> {
        (*signals != Signals::default()).then(|| signals.into())
    }
}

impl From<&Signals> for SignalsMessage {
    fn from(signals: &Signals) -> Self {
        let tag = |tag: &Tag| TagMessage { key: tag.key.clone(), value: tag.value.clone() };
        let vulnerability = |vulnerability: &Vulnerability| VulnerabilityMessage {
            ids: vulnerability.ids.clone(),
            exploit: vulnerability.exploit.number(),
            epss_permille: vulnerability.epss_permille.map(u32::from),
            fix_available: vulnerability.fix_available,
        };
        Self {
            criticality: signals.criticality.map(u32::from),
            confidence: signals.confidence.map(u32::from),
            tags: signals.tags.iter().map(tag).collect(),
            privilege: signals.privilege.number(),
            sequence: signals.sequence,
            vulnerability: signals.vulnerability.as_ref().map(vulnerability),
        }
    }
}

impl TryFrom<SignalsMessage> for Signals {
    type Error = Damage;

    fn try_from(message: SignalsMessage) -> Result<Self, Damage> {
        let percent = |name, number: Option<u32>| number.map(|n| narrow(name, n)).transpose();
        let vulnerability = |message: VulnerabilityMessage| -> Result<_, Damage> {
            let permille = message.epss_permille;
            Ok(Vulnerability {
                ids: message.ids,
                exploit: optional::<ExploitState>(message.exploit)?.unwrap_or_default(),
                epss_permille: permille.map(|n| narrow("epss_permille", n)).transpose()?,
                fix_available: message.fix_available,
            })
        };
        let tags = message.tags.into_iter();
        Ok(Self {
            criticality: percent("criticality", message.criticality)?,
            confidence: percent("confidence", message.confidence)?,
            tags: tags.map(|tag| Tag { key: tag.key, value: tag.value }).collect(),
            privilege: optional::<Privilege>(message.privilege)?.unwrap_or_default(),
            sequence: message.sequence,
            vulnerability: message.vulnerability.map(vulnerability).transpose()?,
        })
    }
}
