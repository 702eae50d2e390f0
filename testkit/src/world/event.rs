//! What can happen in a [`World`](super::World).

use serde_json::Value;

use super::advisor::FlagStatus;
use crate::documents::access::AccessKind;
use crate::documents::asff::Compliance;
use crate::documents::resource::Resource;
use crate::scope::Scope;

/// Something that happens. Findings are addressed by the name they were given when they appeared.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// Security Hub evaluates a control for the first time.
    Control(Control),
    /// Security Hub evaluates it again, with this result. The finding is updated in place; a
    /// passed one becomes `RESOLVED`, one that fails again becomes `NEW` unless it is suppressed.
    Evaluate {
        /// The finding.
        name: String,
        /// The result.
        compliance: Compliance,
    },
    /// A product imports a finding of its own making (`BatchImportFindings`).
    Import {
        /// How later events call it.
        name: String,
        /// The hub that receives it.
        scope: Scope,
        /// The whole ASFF document. `Id` must be there; times that are missing are now.
        document: Value,
    },
    /// The product looks again and finds the same. In Security Hub only times move; in GuardDuty the
    /// activity goes on, so `count` and the times move; in Access Analyzer only `analyzedAt` moves.
    Heartbeat {
        /// The finding.
        name: String,
    },
    /// Somebody edits the finding in the console (`BatchUpdateFindings`): `UpdatedAt` stays.
    Triage {
        /// The finding.
        name: String,
        /// `NEW`, `NOTIFIED`, `RESOLVED` or `SUPPRESSED`.
        workflow: String,
        /// The note, and who wrote it.
        note: Option<(String, String)>,
    },
    /// The finding is archived: by Security Hub because the resource is gone, by a person in
    /// GuardDuty (which moves no time) or in Access Analyzer. In Trusted Advisor a person excludes
    /// the resource.
    Archive {
        /// The finding.
        name: String,
    },
    /// An archived finding becomes active again.
    Unarchive {
        /// The finding.
        name: String,
    },
    /// The finding is no longer there at all, as after retention. The copy of a GuardDuty finding
    /// goes with it, that of an Access Analyzer finding is archived or shows what is left. A
    /// resource that Trusted Advisor no longer flags is gone after the next refresh.
    Vanish {
        /// The finding.
        name: String,
    },
    /// GuardDuty detects something.
    Threat(Threat),
    /// GuardDuty sees the same again and changes its mind about how bad it is.
    Escalate {
        /// The finding.
        name: String,
        /// The new severity, 1.0 to 10.0.
        severity: f64,
    },
    /// Access Analyzer finds something.
    Access(Access),
    /// Access Analyzer sees that the access is gone: `RESOLVED`.
    Resolve {
        /// The finding.
        name: String,
    },
    /// A policy changed and still grants access: the finding is `RESOLVED`, and one with another id
    /// has its name from now on.
    Reissue {
        /// The finding.
        name: String,
        /// What it says now; `None` for the same.
        kind: Option<AccessKind>,
    },
    /// Trusted Advisor will flag a resource from the next refresh on.
    Flag(Flag),
    /// Trusted Advisor evaluates a check, or all of them: results and timestamps move.
    Refresh {
        /// The account.
        account: String,
        /// The check; `None` for all.
        check: Option<String>,
    },
    /// Trusted Advisor tries to evaluate a check and cannot: `not_available`, without resources,
    /// until the next refresh.
    FailCheck {
        /// The account.
        account: String,
        /// The check.
        check: String,
    },
}

/// A control finding that appears.
#[derive(Clone, Debug, PartialEq)]
pub struct Control {
    /// How later events call it.
    pub name: String,
    /// For example `S3.2`; see [`controls`](crate::documents::controls).
    pub control: String,
    /// Where it is evaluated.
    pub scope: Scope,
    /// What it is about.
    pub resource: Resource,
    /// What it concludes.
    pub compliance: Compliance,
    /// How long ago it was first seen, in hours.
    pub age_hours: u32,
}

/// A GuardDuty finding that appears.
#[derive(Clone, Debug, PartialEq)]
pub struct Threat {
    /// How later events call it.
    pub name: String,
    /// For example `UnauthorizedAccess:EC2/SSHBruteForce`; see
    /// [`threats`](crate::documents::threats).
    pub kind: String,
    /// The detector's account and Region.
    pub scope: Scope,
    /// What it is about.
    pub resource: Resource,
    /// How often it was seen until now.
    pub count: u32,
    /// How long ago it was first seen, in hours.
    pub age_hours: u32,
    /// Whether GuardDuty's own sample generator made it.
    pub sample: bool,
}

/// An Access Analyzer finding that appears.
#[derive(Clone, Debug, PartialEq)]
pub struct Access {
    /// How later events call it.
    pub name: String,
    /// The ARN of the analyzer.
    pub analyzer: String,
    /// What it is about.
    pub resource: Resource,
    /// What is the matter.
    pub kind: AccessKind,
    /// How long ago it was first seen, in hours.
    pub age_hours: u32,
}

/// A resource that Trusted Advisor flags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// How later events call it.
    pub name: String,
    /// The account.
    pub account: String,
    /// The id of the check; see [`checks`](crate::documents::checks).
    pub check: String,
    /// How bad it is.
    pub status: FlagStatus,
    /// Where the resource is; `None` for global ones.
    pub region: Option<String>,
    /// Cells by header name. `Status`, `Region` and the times fill themselves; others are null.
    pub cells: Vec<(String, String)>,
}

/// Why an event could not happen. The world is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WorldError {
    /// No finding has this name.
    #[error("no finding is called `{0}`")]
    UnknownName(String),
    /// The name is taken.
    #[error("a finding is already called `{0}`")]
    NameTaken(String),
    /// The product is not enabled there.
    #[error("{product} is not enabled in {scope}")]
    NotEnabled {
        /// The product.
        product: &'static str,
        /// Where.
        scope: Scope,
    },
    /// The catalogue has no such control, finding type or check.
    #[error("the catalogue has no `{0}`")]
    UnknownKind(String),
    /// There is no such analyzer.
    #[error("there is no analyzer `{0}`")]
    UnknownAnalyzer(String),
    /// The event does not fit the product of the finding.
    #[error("`{name}` is a finding of {product}, to which this cannot happen")]
    WrongProduct {
        /// The finding.
        name: String,
        /// Its product.
        product: &'static str,
    },
    /// The document lacks something that the product needs.
    #[error("the document has no valid `{0}`")]
    Document(&'static str),
}
