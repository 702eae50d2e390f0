//! What a report says about how urgent it is, in JSON.

use std::borrow::Cow;

use muster_api::v1::{ExploitState, Privilege, Signals, Vulnerability};
use serde::Serialize;

use crate::cli::words::Word;

/// Signals; what is not known is null or the word `UNKNOWN`.
#[derive(Debug, Serialize)]
pub(super) struct SignalsDoc<'a> {
    criticality: Option<u32>,
    confidence: Option<u32>,
    tags: Vec<TagDoc<'a>>,
    privilege: Cow<'static, str>,
    attack_sequence: bool,
    vulnerability: Option<VulnerabilityDoc<'a>>,
}

#[derive(Debug, Serialize)]
struct TagDoc<'a> {
    key: &'a str,
    value: &'a str,
}

#[derive(Debug, Serialize)]
struct VulnerabilityDoc<'a> {
    cves: &'a [String],
    exploit: Cow<'static, str>,
    epss_permille: Option<u32>,
    fix_available: Option<bool>,
}

impl<'a> SignalsDoc<'a> {
    pub(super) fn new(signals: &'a Signals) -> Self {
        let tags = signals.tags.iter();
        Self {
            criticality: signals.criticality,
            confidence: signals.confidence,
            tags: tags.map(|tag| TagDoc { key: &tag.key, value: &tag.value }).collect(),
            privilege: Privilege::word(signals.privilege),
            attack_sequence: signals.attack_sequence,
            vulnerability: signals.vulnerability.as_ref().map(VulnerabilityDoc::new),
        }
    }
}

impl<'a> VulnerabilityDoc<'a> {
    fn new(vulnerability: &'a Vulnerability) -> Self {
        Self {
            cves: &vulnerability.cves,
            exploit: ExploitState::word(vulnerability.exploit),
            epss_permille: vulnerability.epss_permille,
            fix_available: vulnerability.fix_available,
        }
    }
}
