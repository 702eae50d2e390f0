//! How bad a row is and what it says now.

use std::collections::HashMap;
use std::sync::LazyLock;

use muster_core::report::{Exposure, FindingClass, Privilege, Severity, Status};

use super::row::Row;
use super::{Check, CheckSummary};
use crate::draft::Remarks;
use crate::exposure;
use crate::lenient::excerpt;
use crate::signals;

/// Severity, service, numbers.
const CONTROL_SEVERITY: &str = include_str!("../../../data/control-severity.tsv");

static SEVERITIES: LazyLock<HashMap<String, Severity>> = LazyLock::new(|| {
    let mut severities = HashMap::new();
    for line in CONTROL_SEVERITY.lines().filter(|line| !line.starts_with('#')) {
        let mut fields = line.split('\t');
        let (name, service, numbers) = (fields.next(), fields.next(), fields.next());
        if let (Some(severity), Some(service), Some(numbers)) =
            (name.and_then(Severity::from_name), service, numbers)
        {
            let control = |number: &str| format!("{service}.{number}").to_ascii_uppercase();
            severities.extend(numbers.split(' ').map(|number| (control(number), severity)));
        }
    }
    severities
});

/// What a row's status says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Ok,
    Warning,
    Error,
    /// Trusted Advisor could not look, or says something that this program does not know.
    Unknown,
}

impl Verdict {
    /// Reads a status of the API (`error`) or of an event (`ERROR`).
    pub(super) fn read(status: &str, remarks: &mut Remarks) -> Self {
        match status.to_ascii_lowercase().as_str() {
            "ok" => Self::Ok,
            "warning" | "warn" => Self::Warning,
            "error" => Self::Error,
            "not_available" => Self::Unknown,
            "" => {
                remarks.note("status: missing");
                Self::Unknown
            }
            _ => {
                remarks.note(format_args!("status: `{}` is not known", excerpt(status)));
                Self::Unknown
            }
        }
    }

    /// The status of the report.
    pub(super) fn status(self) -> Status {
        match self {
            Self::Ok => Status::Resolved,
            Self::Warning | Self::Error => Status::Active,
            Self::Unknown => Status::Unobservable,
        }
    }
}

/// Whether absence from a result, or from what a summary announces, means anything.
pub(super) fn is_unjudged(summary: &CheckSummary, status_reason: &str) -> bool {
    !matches!(summary.status.as_str(), "ok" | "warning" | "error")
        || summary.ignored > 0
        || status_reason.eq_ignore_ascii_case("no_data_ok")
}

/// Checks whose red means the worst, whatever the colour says elsewhere. Each has a Security Hub
/// control of the same weakness that is `CRITICAL`, but for exposed keys, which have none.
const CRITICAL_WHEN_RED: [&str; 5] = [
    "12Fnkpl8Y5", // exposed access keys
    "7DAFEmoDos", // MFA on root account (IAM.9)
    "c2vlfg0f4h", // root user access key (IAM.4)
    "ePs02jT06w", // EBS public snapshots (EC2.1)
    "rSs93HQwa1", // RDS public snapshots (RDS.1)
];

/// S3 bucket permissions: three weaknesses in one, by status and columns.
pub(super) const S3_BUCKET_PERMISSIONS: &str = "Pfx0RwqBli";

/// Checks that flag data that anybody can have.
const PUBLIC_WHEN_FLAGGED: [&str; 2] = [
    "ePs02jT06w", // EBS public snapshots
    "rSs93HQwa1", // RDS public snapshots
];

/// Checks that flag ports open to any address.
const INTERNET_WHEN_FLAGGED: [&str; 2] = [
    "1iG5NDGVre", // security groups, unrestricted access
    "HCP4007jGY", // security groups, specific ports unrestricted
];

/// Checks whose red says the same, and whose yellow says less.
const INTERNET_WHEN_RED: [&str; 2] = [
    "8604e947f2", // Application Load Balancer security group: a public target, open to any address
    "nNauJisYIT", // RDS security group: open to any address
];

/// Checks about software that no longer gets fixes.
const OUTDATED_SOFTWARE: [&str; 4] = ["L4dfs2Q4C5", "Qsdfp3A4L3", "Qsdfp3A4L4", "c1dfprch15"];

/// Severity and exposure of a row.
///
/// Red is `HIGH` and yellow `MEDIUM`, except that a mirror of a control has the control's severity,
/// and a few checks a worse one. S3 bucket permissions are red also when Trusted Advisor could not
/// look, which shows in that no column says yes.
pub(super) fn severity(check: &Check, verdict: Verdict, cells: &Row<'_>) -> (Severity, Exposure) {
    let colour = match verdict {
        Verdict::Ok | Verdict::Unknown => return (Severity::Informational, Exposure::Unknown),
        Verdict::Warning => Severity::Medium,
        Verdict::Error => Severity::High,
    };
    if let Some(control) = &check.control {
        let severity = SEVERITIES.get(&control.to_ascii_uppercase()).copied().unwrap_or(colour);
        return (severity, exposure::of_failed_control(control));
    }
    let id = check.id.as_str();
    if id == S3_BUCKET_PERMISSIONS && verdict == Verdict::Error {
        let columns = ["ACL Allows List", "ACL Allows Upload/Delete", "Policy Allows Access"];
        return if columns.iter().any(|column| cells.says_yes(column)) {
            (Severity::Critical, Exposure::Public)
        } else {
            (Severity::Informational, Exposure::Unknown)
        };
    }
    let is_worst = verdict == Verdict::Error && CRITICAL_WHEN_RED.contains(&id);
    let is_open = INTERNET_WHEN_FLAGGED.contains(&id)
        || (verdict == Verdict::Error && INTERNET_WHEN_RED.contains(&id));
    let exposure = if PUBLIC_WHEN_FLAGGED.contains(&id) {
        Exposure::Public
    } else if is_open {
        Exposure::Internet
    } else {
        Exposure::Unknown
    };
    (if is_worst { Severity::Critical } else { colour }, exposure)
}

/// What a flagged row says that can be done: the checks of the root user's MFA and access keys, and
/// mirrors of controls.
pub(super) fn privilege(check: &Check, verdict: Verdict) -> Privilege {
    match verdict {
        Verdict::Ok | Verdict::Unknown => Privilege::Unknown,
        Verdict::Warning | Verdict::Error => match (&check.control, check.id.as_str()) {
            (Some(control), _) => signals::of_failed_control(control),
            (None, "7DAFEmoDos" | "c2vlfg0f4h") => Privilege::Root,
            (None, _) => Privilege::Unknown,
        },
    }
}

/// What kind of statement the check makes.
pub(super) fn class(check: &Check) -> FindingClass {
    let id = check.id.as_str();
    if OUTDATED_SOFTWARE.contains(&id) {
        FindingClass::Vulnerability
    } else if id == "12Fnkpl8Y5" {
        FindingClass::Exposure
    } else {
        FindingClass::Misconfiguration
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_severities_of_controls_are_read() {
        assert_eq!(SEVERITIES.len(), 589);
        assert_eq!(SEVERITIES["S3.2"], Severity::Critical);
        assert_eq!(SEVERITIES["IAM.3"], Severity::Medium);
    }

    #[test]
    fn a_status_is_read_from_the_api_and_from_events() {
        let mut remarks = Remarks::default();
        let mut read = |status| Verdict::read(status, &mut remarks);

        assert_eq!(read("error"), Verdict::Error);
        assert_eq!(read("WARN"), Verdict::Warning);
        assert_eq!(read("ok").status(), Status::Resolved);
        assert_eq!(read("not_available").status(), Status::Unobservable);
        assert_eq!(read("INFO").status(), Status::Unobservable);
        assert_eq!(remarks.into_vec(), ["status: `INFO` is not known"]);
    }
}
