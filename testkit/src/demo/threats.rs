//! What GuardDuty sees.

use super::exposure::{bastion, customer_exports};
use super::identity::jenkins;
use super::story::{Story, america, europe};
use super::{DATA, PRODUCTION, SANDBOX, SECURITY};
use crate::{Event, FlagStatus, Resource, Threat};

pub(super) fn tell(story: &mut Story) {
    sequences(story);
    instances(story);
    credentials(story);
    sample(story);
}

fn sequences(story: &mut Story) {
    let jenkins = jenkins();
    story.threat(
        "jenkins-sequence",
        "AttackSequence:IAM/CompromisedCredentials",
        &jenkins,
        (1, 19, 1),
    );
    let elsewhere = "UnauthorizedAccess:IAMUser/ConsoleLoginSuccess.B";
    story.threat("jenkins-login", elsewhere, &jenkins, (2, 18, 4));
    story.threat(
        "jenkins-grants",
        "PrivilegeEscalation:IAMUser/AnomalousBehavior",
        &jenkins,
        (1, 9, 2),
    );

    let exports = customer_exports();
    story.threat("exports-granted", "Policy:S3/BucketAnonymousAccessGranted", &exports, (2, 70, 1));
    story.threat("exports-read-out", "Exfiltration:S3/AnomalousBehavior", &exports, (1, 11, 6));
}

fn instances(story: &mut Story) {
    let runner = Resource::instance(&america(SANDBOX), "build-runner-7").tagged("team", "ml");
    story.threat("runner-mining", "CryptoCurrency:EC2/BitcoinTool.B!DNS", &runner, (1, 30, 212));
    story.threat("runner-process", "CryptoCurrency:Runtime/BitcoinTool.B", &runner, (1, 30, 3));
    let web = Resource::instance(&europe(PRODUCTION), "web-3").tagged("team", "web");
    story.threat("web-backdoor", "Backdoor:EC2/C&CActivity.B!DNS", &web, (3, 8, 17));
    let bastion = bastion();
    story.threat("bastion-probe", "Recon:EC2/PortProbeUnprotectedPort", &bastion, (1, 2000, 914));
    story.threat("bastion-guessing", "UnauthorizedAccess:EC2/SSHBruteForce", &bastion, (1, 52, 38));
    let jump = Resource::instance(&america(SANDBOX), "windows-jump");
    story.threat("jump-guessing", "UnauthorizedAccess:EC2/RDPBruteForce", &jump, (4, 26, 11));
    let notebook = Resource::instance(&europe(DATA), "notebook-12").tagged("team", "data-platform");
    story.threat("notebook-tor", "UnauthorizedAccess:EC2/TorClient", &notebook, (6, 1, 2));
}

fn credentials(story: &mut Story) {
    let root = Resource::account(&europe(DATA));
    story.threat("root-used", "Policy:IAMUser/RootCredentialUsage", &root, (20, 2, 3));
    let mut trainee = Resource::user(SANDBOX, "trainee");
    trainee.scope = europe(SANDBOX);
    story.threat(
        "trail-stopped",
        "Stealth:IAMUser/CloudTrailLoggingDisabled",
        &trainee,
        (22, 1, 1),
    );
    let mut auditor = Resource::user(SECURITY, "auditor");
    auditor.scope = europe(SECURITY);
    story.threat("auditor-lists", "Discovery:IAMUser/AnomalousBehavior", &auditor, (40, 3, 1));
    story.add(39, Event::Archive { name: "auditor-lists".to_owned() });
    story.failed("no-trail", "CloudTrail.1", &Resource::account(&europe(SANDBOX)), (9, 1));
    let trail = Resource::trail(&europe(SECURITY), "organization-trail");
    story.flag(
        "trail-check",
        SECURITY,
        ("c25hn9x03v", FlagStatus::Ok),
        Some("eu-west-1"),
        &[("Resource", &trail.id), ("Logging Status", "Enabled")],
    );
}

/// Somebody tried the button that makes sample findings.
fn sample(story: &mut Story) {
    let scope = europe(SECURITY);
    let sample = Threat {
        name: "sample".to_owned(),
        kind: "Trojan:EC2/DNSDataExfiltration".to_owned(),
        resource: Resource::instance(&scope, "GeneratedFindingInstance"),
        scope,
        count: 1,
        age_hours: 0,
        sample: true,
    };
    story.add(90, Event::Threat(sample));
}
