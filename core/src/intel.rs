//! What is published about vulnerabilities: the catalog of known exploited ones (CISA KEV), the
//! probability that one is exploited (FIRST EPSS), and CISA's decision points (SSVC).
//!
//! Values only: nothing here reads a file or the network. Whoever loads the published files makes an
//! [`Intel`] of their rows, and hands it to the rules.

use crate::report::Signals;

/// What the loaded intelligence says about the worst CVE of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exploitation {
    /// The worst of its CVEs.
    pub cve: String,
    /// It is in the catalog of known exploited vulnerabilities. `false` also when no catalog is
    /// loaded.
    pub known_exploited: bool,
    /// The day by which the catalog asks for its remediation (`dueDate`), in days since 1970.
    pub kev_due: Option<i64>,
    /// The catalog knows of its use by ransomware (`knownRansomwareCampaignUse`).
    pub ransomware: bool,
    /// The probability that it is exploited within 30 days, in thousandths: 0 or one of
    /// [`EPSS_STEPS`](crate::report::EPSS_STEPS), so that it moves only when that matters.
    pub epss_permille: Option<u16>,
    /// Its exploitation can be automated, from finding a target to running code (SSVC).
    pub automatable: Option<bool>,
    /// It gives all of the system that has it, not a part (SSVC technical impact).
    pub total_impact: Option<bool>,
}

/// What is loaded.
#[derive(Clone, Debug, Default)]
pub struct Intel {}

impl Intel {
    /// Nothing: every CVE is unknown.
    pub fn none() -> Self {
        Self::default()
    }

    /// What is known of the worst CVE of `signals`; `None` when they name none, or nothing is known
    /// of any.
    pub fn of(&self, signals: &Signals) -> Option<Exploitation> {
        let _ids = &signals.vulnerability.as_ref()?.ids;
        None
    }
}
