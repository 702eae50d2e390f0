//! What can happen in a [`World`](super::World).

use serde_json::Value;

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
        /// The whole ASFF document. `Id` and `UpdatedAt` must be there.
        document: Value,
    },
    /// Security Hub evaluates a control again and nothing changed: only times move. For a GuardDuty
    /// finding, the activity goes on: `count` and the times move.
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
    /// GuardDuty (which moves no time) or in Access Analyzer.
    Archive {
        /// The finding.
        name: String,
    },
    /// An archived finding becomes active again.
    Unarchive {
        /// The finding.
        name: String,
    },
    /// The finding is no longer there at all, as after retention.
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
