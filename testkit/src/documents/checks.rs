//! The Trusted Advisor checks that made-up results are of.
//!
//! Ids, names and column headers are AWS's (as of 2026); the descriptions are ours.

use super::controls::{CONTROLS, ControlInfo};

/// A check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckInfo {
    /// For example `Pfx0RwqBli`.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// `security`, or one of the categories that Muster does not read.
    pub category: &'static str,
    /// What it looks at, in HTML as the API has it.
    pub description: String,
    /// The headers of its columns. Real ones move from time to time.
    pub columns: &'static [&'static str],
    /// Whether AWS refreshes it by itself and refuses to do so on request.
    pub is_automatic: bool,
    /// The control that it mirrors.
    pub mirrors: Option<&'static ControlInfo>,
}

/// Every check, mirrors of Security Hub controls included.
pub fn checks() -> Vec<CheckInfo> {
    let native = NATIVE.iter().map(|native| CheckInfo {
        id: native.id,
        name: native.name,
        category: native.category,
        description: format!(
            "{}<br>\n<br>\n<h4 class='headerBodyStyle'>Alert Criteria</h4><br>\n{}",
            native.about, native.criteria
        ),
        columns: native.columns,
        is_automatic: native.is_automatic,
        mirrors: None,
    });
    let mirrors = CONTROLS.iter().filter(|control| !control.mirror.is_empty()).map(mirror);
    native.chain(mirrors).collect()
}

/// The mirror of a control. AWS spells "control ID" in two ways, and so does this.
fn mirror(control: &'static ControlInfo) -> CheckInfo {
    let spelling = if control.id.len().is_multiple_of(2) { "Control Id" } else { "control ID" };
    let criteria = match control.severity {
        "CRITICAL" | "HIGH" => "Red: the Security Hub control failed.",
        _ => "Yellow: the Security Hub control failed.",
    };
    CheckInfo {
        id: control.mirror,
        name: control.title,
        category: "security",
        description: format!(
            "{}<br>\n<br>\n<h4 class='headerBodyStyle'>Source</h4><br>\nAWS Security Hub<br>\n\
             Security Hub {spelling}: {}<br>\n<br>\n\
             <h4 class='headerBodyStyle'>Alert Criteria</h4><br>\n{criteria}",
            control.description, control.id
        ),
        columns: &["Status", "Region", "Resource", "Last Updated Time"],
        is_automatic: true,
        mirrors: Some(control),
    }
}

struct Native {
    id: &'static str,
    name: &'static str,
    category: &'static str,
    is_automatic: bool,
    about: &'static str,
    criteria: &'static str,
    columns: &'static [&'static str],
}

macro_rules! natives {
    ($($id:literal $category:ident $auto:literal $name:literal $about:literal $criteria:literal [$($column:literal)*];)*) => {
        const NATIVE: &[Native] = &[$(Native {
            id: $id,
            name: $name,
            category: stringify!($category),
            is_automatic: $auto,
            about: $about,
            criteria: $criteria,
            columns: &[$($column),*],
        }),*];
    };
}

natives! {
    "Pfx0RwqBli" security false "Amazon S3 Bucket Permissions"
        "Looks at ACL, policy and Block Public Access of every bucket."
        "Red: everybody can list, read, upload or delete. Yellow: Block Public Access is not fully on."
        ["Region Name" "Region API Parameter" "Bucket Name" "ACL Allows List" "ACL Allows Upload/Delete"
         "Status" "Policy Allows Access" "Ignored Bucket Name"];
    "HCP4007jGY" security false "Security Groups - Specific Ports Unrestricted"
        "Looks at security groups for rules that let every address in on particular ports."
        "Red: a port of an administration or database service is open. Yellow: another port is."
        ["Region" "Security Group Name" "Security Group ID" "Protocol" "Status" "Ports"];
    "1iG5NDGVre" security false "Security Groups - Unrestricted Access"
        "Looks at security groups for rules that let every address in."
        "Red: a rule ends in /0 for a port other than 25, 80 and 443."
        ["Region" "Security Group Name" "Security Group ID" "Protocol" "Port" "Status" "IP Range"];
    "ePs02jT06w" security true "Amazon EBS Public Snapshots"
        "Looks at the permissions of EBS snapshots."
        "Red: everybody can restore the snapshot."
        ["Status" "Region" "Volume ID" "Snapshot ID" "Description"];
    "rSs93HQwa1" security true "Amazon RDS Public Snapshots"
        "Looks at the permissions of RDS snapshots."
        "Red: everybody can restore the snapshot."
        ["Status" "Region" "DB Instance or Cluster ID" "Snapshot ID"];
    "c1qf5bt006" security true "Amazon RDS storage encryption is turned off"
        "Looks at the storage encryption of RDS instances."
        "Red: the storage is not encrypted."
        ["Status" "Region" "Resource" "Engine Name" "Last Updated Time"];
    "12Fnkpl8Y5" security true "Exposed Access Keys"
        "Looks for access keys of the account in popular code repositories and for irregular use of them."
        "Red: a key is or may be in the hands of others."
        ["Access Key ID" "User Name (IAM or Root)" "Fraud Type" "Case ID" "Time Updated" "Location"
         "Deadline" "Usage (USD per Day)"];
    "DqdJqYeRm5" security false "IAM Access Key Rotation"
        "Looks at the age of active access keys."
        "Yellow: older than 90 days. Red: older than 2 years."
        ["Status" "IAM User" "Access Key" "Key Last Rotated" "Reason"];
    "Yw2K9puPzl" security false "IAM Password Policy"
        "Looks at the password policy of the account."
        "Red: there is none. Yellow: it lacks a requirement."
        ["Password Policy" "Uppercase" "Lowercase" "Number" "Non-alphanumeric" "Status" "Reason"];
    "7DAFEmoDos" security false "MFA on Root Account"
        "Looks for an MFA device of the root user."
        "Red: there is none."
        [];
    "c2vlfg0f4h" security true "Root User Access Key"
        "Looks for an access key of the root user."
        "Red: there is one."
        ["Status" "Region" "Account ID" "Last Updated Time"];
    "07602fcad6" security true "IAM Access Analyzer External Access"
        "Looks for an external access analyzer in each Region."
        "Red: there is none."
        ["Status" "Region" "Account ID" "Last Updated Time"];
    "c25hn9x03v" security true "AWS CloudTrail Management Event Logging"
        "Looks for a trail that records management events in each Region."
        "Red: there is none, or it is off. Yellow: it cannot deliver."
        ["Status" "Region" "Resource" "Logging Status" "Last Delivery Error" "Last Updated Time"];
    "L4dfs2Q4C5" security true "AWS Lambda Functions Using Deprecated Runtimes"
        "Looks at the runtime of the latest version of every function."
        "Red: the runtime is deprecated. Yellow: it will be within 180 days."
        ["Status" "Region" "Function ARN" "Runtime" "Days to Deprecation" "Deprecation Date"
         "Average Daily Invokes" "Last Refresh Time"];
    "a2sEc6ILx" security false "ELB Listener Security"
        "Looks at the listeners of classic load balancers."
        "Red: no listener uses a secure protocol. Yellow: its policy is not the recommended one."
        ["Region" "Load Balancer Name" "Load Balancer Port" "Status" "Reason"];
    "N425c450f2" security false "CloudFront Custom SSL Certificates in the IAM Certificate Store"
        "Looks at the certificates of distributions."
        "Red: expired. Yellow: soon to expire."
        ["Status" "Distribution ID" "Distribution Domain Name" "Certificate Name" "Reason"];
    "c18d2gz186" security true "Amazon CloudWatch Log Group retention period"
        "Looks at the retention of log groups.<br>Source: AWS Config Managed Rule: cw-loggroup-retention-period-check"
        "Yellow: shorter than a year."
        ["Status" "Region" "Resource" "AWS Config Rule" "Input Parameters" "Last Updated Time"];
    "Qch7DwouX1" cost_optimizing false "Low Utilization Amazon EC2 Instances"
        "Looks at processor and network use of instances over 14 days."
        "Yellow: hardly used."
        ["Region/AZ" "Instance ID" "Instance Name" "Instance Type" "Estimated Monthly Savings"];
    "H7IgTzjTYb" fault_tolerance false "Amazon EBS Snapshots"
        "Looks at the age of the latest snapshot of volumes."
        "Yellow: 7 to 30 days. Red: older, or none."
        ["Region" "Volume ID" "Volume Name" "Snapshot ID" "Snapshot Name" "Snapshot Age" "Volume Attachment"
         "Status" "Reason"];
}
