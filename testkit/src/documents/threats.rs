//! The GuardDuty finding types that made-up findings are of.
//!
//! Types, severities and resource kinds are AWS's; the texts are ours.

/// What a finding type says happened: the `action` block of its documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionKind {
    /// A DNS request to this domain.
    Dns(&'static str),
    /// A network connection: direction, local port, remote port.
    Connection {
        /// `INBOUND` or `OUTBOUND`.
        direction: &'static str,
        /// The port of the instance.
        local_port: u16,
        /// The port of the other end.
        remote_port: u16,
    },
    /// Probes of this open port.
    PortProbe(u16),
    /// A call of this API, given as service and name.
    ApiCall(&'static str, &'static str),
    /// A sequence of signals, each a type of its own.
    Sequence(&'static [&'static str]),
    /// A process, as runtime monitoring saw it.
    Process(&'static str),
}

/// A GuardDuty finding type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThreatInfo {
    /// For example `UnauthorizedAccess:EC2/SSHBruteForce`.
    pub kind: &'static str,
    /// 1.0 to 10.0; 9.0 and above is critical.
    pub severity: f64,
    /// `Instance`, `AccessKey`, `S3Bucket`, `EKSCluster`, `AttackSequence`.
    pub resource_type: &'static str,
    /// `TARGET` or `ACTOR`.
    pub role: &'static str,
    /// What the resource did or suffered, after its name.
    pub title: &'static str,
    /// What happened.
    pub action: ActionKind,
    /// The namespace of ASFF's `Types` before the type itself.
    pub namespace: &'static str,
}

/// The finding type with this name.
pub fn threat(kind: &str) -> Option<&'static ThreatInfo> {
    THREATS.iter().find(|threat| threat.kind == kind)
}

use ActionKind::{ApiCall, Connection, Dns, PortProbe, Process, Sequence};

macro_rules! threats {
    ($($kind:literal $severity:literal $resource:literal $role:literal $namespace:literal $title:literal $action:expr;)*) => {
        /// Every finding type that this crate can make findings of.
        pub const THREATS: &[ThreatInfo] = &[$(ThreatInfo {
            kind: $kind,
            severity: $severity,
            resource_type: $resource,
            role: $role,
            title: $title,
            action: $action,
            namespace: $namespace,
        }),*];
    };
}

threats! {
    "CryptoCurrency:EC2/BitcoinTool.B!DNS" 8.0 "Instance" "ACTOR" "TTPs/Command and Control"
        "asks for a domain name of a cryptocurrency pool"
        Dns("eu.stratum.pool.example");
    "CryptoCurrency:Runtime/BitcoinTool.B" 8.0 "Instance" "ACTOR" "TTPs/Command and Control"
        "runs a process that talks to a cryptocurrency pool"
        Process("/tmp/.x/kworkerds");
    "Backdoor:EC2/C&CActivity.B!DNS" 8.0 "Instance" "ACTOR" "TTPs/Command and Control"
        "asks for a domain name of a command and control server"
        Dns("update-check.badcdn.example");
    "Trojan:EC2/DNSDataExfiltration" 8.0 "Instance" "ACTOR" "TTPs/Exfiltration"
        "sends data out inside DNS queries"
        Dns("a9f3.tunnel.example");
    "UnauthorizedAccess:EC2/TorClient" 8.0 "Instance" "ACTOR" "TTPs/Command and Control"
        "connects to a Tor guard node"
        Connection { direction: "OUTBOUND", local_port: 41_022, remote_port: 9001 };
    "UnauthorizedAccess:EC2/SSHBruteForce" 2.0 "Instance" "TARGET" "TTPs/Initial Access"
        "is the target of SSH password guessing"
        Connection { direction: "INBOUND", local_port: 22, remote_port: 51_764 };
    "UnauthorizedAccess:EC2/RDPBruteForce" 2.0 "Instance" "TARGET" "TTPs/Initial Access"
        "is the target of RDP password guessing"
        Connection { direction: "INBOUND", local_port: 3389, remote_port: 50_311 };
    "Recon:EC2/PortProbeUnprotectedPort" 2.0 "Instance" "TARGET" "TTPs/Discovery"
        "is probed on an open port by a known scanner"
        PortProbe(22);
    "Execution:Runtime/ReverseShell" 8.0 "Instance" "ACTOR" "TTPs/Execution"
        "runs a shell whose input and output is a network connection"
        Process("/bin/bash");
    "UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS" 8.0 "AccessKey" "TARGET" "TTPs/Credential Access"
        "has credentials of an instance that are used from outside AWS"
        ApiCall("s3.amazonaws.com", "ListBuckets");
    "UnauthorizedAccess:IAMUser/ConsoleLoginSuccess.B" 5.0 "AccessKey" "TARGET" "TTPs/Initial Access"
        "signed in to the console from several places at once"
        ApiCall("signin.amazonaws.com", "ConsoleLogin");
    "CredentialAccess:IAMUser/AnomalousBehavior" 5.0 "AccessKey" "TARGET" "TTPs/Credential Access"
        "reads secrets as it never did before"
        ApiCall("secretsmanager.amazonaws.com", "GetSecretValue");
    "PrivilegeEscalation:IAMUser/AnomalousBehavior" 5.0 "AccessKey" "TARGET" "TTPs/Privilege Escalation"
        "grants permissions as it never did before"
        ApiCall("iam.amazonaws.com", "AttachUserPolicy");
    "Discovery:IAMUser/AnomalousBehavior" 2.0 "AccessKey" "TARGET" "TTPs/Discovery"
        "lists resources as it never did before"
        ApiCall("ec2.amazonaws.com", "DescribeInstances");
    "Recon:IAMUser/MaliciousIPCaller" 5.0 "AccessKey" "TARGET" "TTPs/Discovery"
        "is used from an address on a threat list"
        ApiCall("iam.amazonaws.com", "ListUsers");
    "Policy:IAMUser/RootCredentialUsage" 2.0 "AccessKey" "TARGET" "Software and Configuration Checks"
        "called an API"
        ApiCall("account.amazonaws.com", "GetContactInformation");
    "Stealth:IAMUser/CloudTrailLoggingDisabled" 2.0 "AccessKey" "TARGET" "TTPs/Defense Evasion"
        "turned a trail off"
        ApiCall("cloudtrail.amazonaws.com", "StopLogging");
    "Policy:S3/BucketAnonymousAccessGranted" 8.0 "S3Bucket" "TARGET" "Software and Configuration Checks"
        "became readable by everybody on the internet"
        ApiCall("s3.amazonaws.com", "PutBucketPolicy");
    "Discovery:S3/MaliciousIPCaller" 8.0 "S3Bucket" "TARGET" "TTPs/Discovery"
        "is listed from an address on a threat list"
        ApiCall("s3.amazonaws.com", "ListObjects");
    "Exfiltration:S3/AnomalousBehavior" 8.0 "S3Bucket" "TARGET" "TTPs/Exfiltration"
        "is read in an amount and manner never seen before"
        ApiCall("s3.amazonaws.com", "GetObject");
    "AttackSequence:IAM/CompromisedCredentials" 9.0 "AttackSequence" "TARGET" "TTPs/Credential Access"
        "may be in the hands of somebody else, by a sequence of signals"
        Sequence(&[
            "UnauthorizedAccess:IAMUser/ConsoleLoginSuccess.B",
            "PrivilegeEscalation:IAMUser/AnomalousBehavior",
            "CredentialAccess:IAMUser/AnomalousBehavior",
            "Stealth:IAMUser/CloudTrailLoggingDisabled",
        ]);
    "AttackSequence:S3/CompromisedData" 9.0 "AttackSequence" "TARGET" "TTPs/Exfiltration"
        "may have lost data, by a sequence of signals"
        Sequence(&[
            "Discovery:S3/MaliciousIPCaller",
            "Policy:S3/BucketAnonymousAccessGranted",
            "Exfiltration:S3/AnomalousBehavior",
        ]);
}
