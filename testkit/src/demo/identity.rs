//! Who can do what, and with which old keys.

use super::story::{Story, america, control, europe};
use super::{DATA, PRODUCTION, SANDBOX, SECURITY};
use crate::documents::resource::access_key;
use crate::{AccessKind, Compliance, Event, FlagStatus, Resource, Scope};

/// The build server's user, whose key is public.
pub(super) fn jenkins() -> Resource {
    let mut user = Resource::user(PRODUCTION, "jenkins").tagged("team", "platform");
    user.scope = europe(PRODUCTION);
    user
}

pub(super) fn tell(story: &mut Story) {
    root(story);
    keys(story);
    people(story);
    roles(story);
}

fn root(story: &mut Story) {
    // A control on a global resource is evaluated in every Region.
    for (name, scope) in [("root-key-eu", europe(DATA)), ("root-key-us", america(DATA))] {
        let root = Resource::account(&scope);
        let event = control(name, "IAM.4", &scope, &root, Compliance::Failed, 75);
        story.add(8, event);
    }
    let root = Resource::account(&europe(DATA));
    story.failed("root-mfa", "IAM.9", &root, (7, 18));
    story.flag("root-mfa-check", DATA, ("7DAFEmoDos", FlagStatus::Error), None, &[]);
    story.failed("root-hardware-mfa", "IAM.6", &Resource::account(&europe(PRODUCTION)), (7, 320));
    story.flag(
        "root-key-check",
        DATA,
        ("c2vlfg0f4h", FlagStatus::Error),
        None,
        &[("Account ID", DATA)],
    );
}

fn keys(story: &mut Story) {
    let jenkins = jenkins();
    story.flag(
        "jenkins-exposed",
        PRODUCTION,
        ("12Fnkpl8Y5", FlagStatus::Error),
        None,
        &[
            ("Access Key ID", &access_key(PRODUCTION, "jenkins")),
            ("User Name (IAM or Root)", "jenkins"),
            ("Fraud Type", "Exposed"),
            ("Case ID", "177000000000001"),
            ("Location", "https://code.example.com/acme/build-scripts"),
            ("Usage (USD per Day)", "41"),
        ],
    );
    story.failed("jenkins-key-age", "IAM.3", &jenkins, (13, 500));
    story.flag(
        "jenkins-rotation",
        PRODUCTION,
        ("DqdJqYeRm5", FlagStatus::Error),
        None,
        &[
            ("IAM User", "jenkins"),
            ("Access Key", &access_key(PRODUCTION, "jenkins")),
            ("Key Last Rotated", "2023-06-01T09:00:00Z"),
            ("Reason", "The key is older than 2 years"),
        ],
    );
    let mut report = Resource::user(DATA, "report-export");
    report.scope = europe(DATA);
    story.failed("report-key-age", "IAM.3", &report, (14, 20));
    story.flag(
        "report-rotation",
        DATA,
        ("DqdJqYeRm5", FlagStatus::Warning),
        None,
        &[
            ("IAM User", "report-export"),
            ("Access Key", &access_key(DATA, "report-export")),
            ("Key Last Rotated", "2025-10-02T09:00:00Z"),
            ("Reason", "The key is older than 90 days"),
        ],
    );
    let key = AccessKind::UnusedAccessKey {
        access_key: access_key(PRODUCTION, "old-contractor"),
        last_accessed: "2025-02-11T17:20:00Z".parse().ok(),
    };
    let contractor = Resource::user(PRODUCTION, "old-contractor");
    story.unused("contractor-key", &contractor, key, 60);
    let password = AccessKind::UnusedPassword { last_accessed: None };
    story.unused("contractor-password", &contractor, password, 60);
}

fn people(story: &mut Story) {
    for (name, user) in [("maria-mfa", "maria"), ("tomas-mfa", "tomas")] {
        let mut user = Resource::user(PRODUCTION, user);
        user.scope = europe(PRODUCTION);
        story.failed(name, "IAM.5", &user, (15, 44));
    }
    let mut contractor = Resource::user(PRODUCTION, "old-contractor");
    contractor.scope = europe(PRODUCTION);
    story.failed("contractor-unused", "IAM.8", &contractor, (15, 61));
    story.failed("password-policy", "IAM.7", &Resource::account(&europe(DATA)), (16, 365));
    story.flag(
        "password-policy-check",
        DATA,
        ("Yw2K9puPzl", FlagStatus::Warning),
        None,
        &[
            ("Password Policy", "Enabled"),
            ("Uppercase", "Enabled"),
            ("Lowercase", "Enabled"),
            ("Number", "Disabled"),
            ("Non-alphanumeric", "Disabled"),
            ("Reason", "A content requirement is missing"),
        ],
    );
    let mut admin = Resource::policy(PRODUCTION, "legacy-admin");
    admin.scope = europe(PRODUCTION);
    story.failed("legacy-admin", "IAM.1", &admin, (17, 900));
}

fn roles(story: &mut Story) {
    let partner = Resource::role(PRODUCTION, "partner-sync");
    let assume = ["sts:AssumeRole"];
    story.shared("partner-one", &partner, ("AWS", "444455556666"), &assume, 210);
    story.shared("partner-two", &partner, ("AWS", "arn:aws:iam::777788889999:root"), &assume, 9);
    let deploy = Resource::role(PRODUCTION, "ci-deploy");
    let provider = format!("arn:aws:iam::{PRODUCTION}:oidc-provider/token.actions.example.com");
    let web = ["sts:AssumeRoleWithWebIdentity"];
    story.shared("ci-deploy", &deploy, ("Federated", &provider), &web, 130);

    for (name, account, role) in [
        ("unused-etl", DATA, "nightly-etl-2022"),
        ("unused-break-glass", SECURITY, "break-glass"),
        ("unused-poc", SANDBOX, "poc-vision"),
    ] {
        let kind = AccessKind::UnusedRole { last_accessed: "2024-12-01T03:00:00Z".parse().ok() };
        story.unused(name, &Resource::role(account, role), kind, 120);
    }
    let granted = [
        "athena",
        "backup",
        "batch",
        "cloudformation",
        "cloudfront",
        "cloudwatch",
        "dynamodb",
        "ec2",
        "ecr",
        "ecs",
        "eks",
        "events",
        "firehose",
        "glue",
        "kinesis",
        "kms",
        "lambda",
        "logs",
        "rds",
        "redshift",
        "s3",
        "sns",
        "sqs",
        "ssm",
    ];
    let services = granted.map(|service| {
        (service.to_owned(), vec![format!("{service}:List*"), format!("{service}:Create*")])
    });
    let wide = AccessKind::UnusedPermission(services.to_vec());
    story.unused("wide-deployer", &Resource::role(PRODUCTION, "deployer"), wide, 45);

    let scope = Scope::new(SANDBOX, "us-east-1");
    let account = Resource::account(&scope);
    story.failed("no-analyzer", "IAM.28", &account, (18, 33));
    let note = Some(("The sandbox is analysed from outside.".to_owned(), "maria".to_owned()));
    let (name, workflow) = ("no-analyzer".to_owned(), "SUPPRESSED".to_owned());
    story.add(2, Event::Triage { name, workflow, note });
}
