//! Generators of values for property tests, here and in the crates above (feature `testing`).
//!
//! Single values ([`report`], [`facets`], [`command`]…) are free in every field within the limits
//! that the mappings and the API keep. Findings, changes and mutations are not: they come out of a
//! [`history()`], which the rules of [`crate::plan`] wrote, so that whatever must hold for a stored
//! finding holds for a generated one.
//!
//! Times lie in the first weeks of 2026 ([`START`]), so that a test can put "now" after them. Texts
//! contain what hostile names contain: controls, quotes, bidirectional marks, other scripts.

mod history;
mod signals;

use std::sync::LazyLock;

use bytes::Bytes;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

pub use self::history::{
    Step, Versions, change, commit, finding, history, mutation, one_finding, play, steps, take,
    versions,
};
pub use self::signals::signals;
use crate::change::Facets;
use crate::finding::{Absence, HeldReport};
use crate::ids::{AccountId, Region};
use crate::intel::Intel;
use crate::plan::{Command, Observation, Rules};
use crate::priority::Model;
use crate::report::{
    Attribute, CustomerFields, Exposure, FindingClass, IdentityRule, OriginKey, Report, ReportKey,
    ReportPath, Resource, Severity, Status,
};
use crate::time::{DAY_MS, Millis};
use crate::triage::{Actor, TriageAction, TriageReason, TriageState};
use crate::unit::{SourceKind, Unit};

/// 2026-01-01T00:00:00Z: no generated time is earlier.
pub const START: Millis = Millis(1_767_225_600_000);

static MODEL: LazyLock<Model> = LazyLock::new(Model::builtin);

static INTEL: LazyLock<Intel> = LazyLock::new(Intel::none);

/// The rules of this program, without intelligence, at that time.
pub fn rules(now: Millis) -> Rules<'static> {
    Rules { model: &MODEL, intel: &INTEL, now }
}

/// No generated time is this many days after [`START`] or later.
pub const DAYS: i64 = 40;

/// A point in time from [`START`] for [`DAYS`] days, often a round one, so that equal ones occur.
pub fn millis() -> impl Strategy<Value = Millis> {
    let hour = DAY_MS / 24;
    prop_oneof![
        (0..DAYS * 24).prop_map(move |hours| START.plus(hours * hour)),
        (0..DAYS * DAY_MS).prop_map(|ms| START.plus(ms)),
    ]
}

/// The characters of [`text`]: plain ones, and one in five of those that break terminals, keys,
/// formats and tables.
const CHARS: &str =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJ \"\\|%{'\u{1b}\u{0}\n\u{202e}\u{200b}é世🔥";

/// A line of text as a provider or a person may write it, at most `chars_max` characters.
pub fn text(chars_max: usize) -> impl Strategy<Value = String> {
    // Drawn from one number: a strategy for each character made these tests ten times slower.
    (any::<u64>(), 0..=chars_max).prop_map(|(seed, chars)| {
        let count = CHARS.chars().count() as u64;
        let mut state = seed;
        let next = |_| {
            // Knuth's MMIX generator.
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let index = usize::try_from((state >> 33) % count).expect("below the count");
            CHARS.chars().nth(index).expect("below the count")
        };
        (0..chars).map(next).collect()
    })
}

/// One of the first `count` letters.
fn letter(count: usize) -> impl Strategy<Value = String> {
    // No regular expression: proptest would read it again for each value.
    (0..count).prop_map(|index| ('a'..='z').nth(index).map_or_else(String::new, String::from))
}

/// One of three accounts.
pub fn account() -> impl Strategy<Value = AccountId> {
    select(vec!["123456789012", "111122223333", "000000000012"])
        .prop_map(|account| account.parse().expect("twelve digits"))
}

/// One of four Regions, `global` among them.
pub fn region() -> impl Strategy<Value = Region> {
    select(vec!["eu-central-1", "us-east-1", "us-gov-west-1", "global"])
        .prop_map(|region| region.parse().expect("a Region code"))
}

/// A unit of `source`.
pub fn unit(source: SourceKind) -> impl Strategy<Value = Unit> {
    let part = match source {
        SourceKind::SecurityHub
        | SourceKind::TrustedAdvisor
        | SourceKind::Inspector
        | SourceKind::Macie
        | SourceKind::Config => "",
        SourceKind::GuardDuty => "12abc34d567e8fa901bc2d34e56789f0",
        SourceKind::AccessAnalyzer => {
            "arn:aws:access-analyzer:eu-central-1:123456789012:analyzer/external"
        }
    };
    (account(), region()).prop_map(move |(account, region)| Unit {
        source,
        account,
        region,
        part: part.to_owned(),
    })
}

/// An actor with a name.
pub fn actor() -> impl Strategy<Value = Actor> {
    let behalf = prop_oneof![3 => Just(String::new()), 1 => text(8)];
    (select(vec!["user:alice", "user:bob", "integration:tickets"]), behalf).prop_map(
        |(principal, on_behalf_of)| Actor { principal: principal.to_owned(), on_behalf_of },
    )
}

/// A resource.
pub fn resource() -> impl Strategy<Value = Resource> {
    let name = prop_oneof![3 => letter(3), 1 => text(12)];
    let kind = select(vec!["AwsS3Bucket", "AwsEc2Instance", "AwsIamRole", ""]);
    (name, text(12), kind).prop_map(|(name, original, kind)| Resource {
        id: format!("arn:aws:s3:::{name}"),
        original,
        kind: kind.to_owned(),
    })
}

/// Details on which classes decide, mostly none.
pub fn attributes() -> impl Strategy<Value = Vec<Attribute>> {
    let attribute = (select(vec!["access", "public", "to port"]), text(8))
        .prop_map(|(name, value)| Attribute { name: name.to_owned(), value });
    prop_oneof![3 => Just(Vec::new()), 1 => vec(attribute, 1..3)].prop_map(|mut attributes| {
        attributes.sort_unstable();
        attributes.dedup();
        attributes
    })
}

/// What customers wrote, mostly nothing.
pub fn customer() -> impl Strategy<Value = CustomerFields> {
    let written = (
        select(vec!["NEW", "NOTIFIED", "SUPPRESSED", "RESOLVED", ""]),
        text(12),
        select(vec!["UNKNOWN", "TRUE_POSITIVE", "FALSE_POSITIVE", ""]),
        option::of(severity()),
    );
    let written =
        written.prop_map(|(workflow, note, verification, provider_severity)| CustomerFields {
            workflow: workflow.to_owned(),
            note,
            verification: verification.to_owned(),
            provider_severity,
        });
    prop_oneof![Just(CustomerFields::default()), written]
}

/// A severity label.
pub fn severity() -> impl Strategy<Value = Severity> {
    select(Severity::ALL.to_vec())
}

/// Which report it is, and of what: rule, path, API and product fit together.
pub fn identity() -> impl Strategy<Value = (ReportKey, OriginKey, SourceKind, String)> {
    use IdentityRule as Rule;
    use SourceKind::{
        AccessAnalyzer, Config, GuardDuty, Inspector, Macie, SecurityHub, TrustedAdvisor,
    };
    let kinds = vec![
        (Rule::GuardDuty, GuardDuty, "aws/guardduty"),
        (Rule::GuardDuty, SecurityHub, "aws/guardduty"),
        (Rule::ExternalAccess, AccessAnalyzer, "aws/access-analyzer"),
        (Rule::ExternalAccess, SecurityHub, "aws/access-analyzer"),
        (Rule::AccessAnalyzer, AccessAnalyzer, "aws/access-analyzer"),
        (Rule::AccessAnalyzer, SecurityHub, "aws/access-analyzer"),
        (Rule::Control, SecurityHub, "aws/securityhub"),
        (Rule::Control, TrustedAdvisor, "aws/trusted-advisor"),
        (Rule::TrustedAdvisor, TrustedAdvisor, "aws/trusted-advisor"),
        (Rule::Inspector, Inspector, "aws/inspector"),
        (Rule::Inspector, SecurityHub, "aws/inspector"),
        (Rule::Macie, Macie, "aws/macie"),
        (Rule::Macie, SecurityHub, "aws/macie"),
        (Rule::ConfigRule, Config, "aws/config"),
        (Rule::ConfigRule, SecurityHub, "aws/config"),
        (Rule::Health, SecurityHub, "aws/health"),
        (Rule::OtherAsff, SecurityHub, "prowler/prowler"),
    ];
    (select(kinds), letter(3), letter(8)).prop_map(|((rule, source, product), about, id)| {
        let key = ReportKey { path: path(source), provider_id: format!("arn:aws:{product}:{id}") };
        let text = format!("{}|123456789012|{about}", rule.as_str());
        (key, OriginKey { rule, text }, source, product.to_owned())
    })
}

/// By which path reports of `source` come.
pub fn path(source: SourceKind) -> ReportPath {
    match source {
        SourceKind::SecurityHub => ReportPath::Asff,
        SourceKind::GuardDuty
        | SourceKind::AccessAnalyzer
        | SourceKind::TrustedAdvisor
        | SourceKind::Inspector
        | SourceKind::Macie
        | SourceKind::Config => ReportPath::Native,
    }
}

/// A report, free in every field within the limits of [`crate::report`].
pub fn report() -> impl Strategy<Value = Report> {
    let who = (identity(), account(), region(), select(FindingClass::ALL.to_vec()));
    let texts = (
        select(vec!["S3.8", "Recon:EC2/PortProbe", ""]),
        text(16),
        text(24),
        select(vec!["FAILED", "ARCHIVED", "ERROR", "warning", ""]),
        prop_oneof![2 => Just(String::new()), 1 => text(8)],
        prop_oneof![Just(String::new()), text(16)],
        select(vec!["", "https://docs.aws.amazon.com/securityhub/"]),
    );
    let facts = (
        0_u8..=100,
        select(Status::ALL.to_vec()),
        vec(resource(), 1..4),
        select(Exposure::ALL.to_vec()),
        prop_oneof![9 => Just(false), 1 => Just(true)],
        (customer(), attributes(), signals()),
    );
    let times = (option::of(millis()), option::of(millis()), option::of(millis()));
    let rest = (option::of(millis()), any::<u32>(), vec(text(12), 0..3), text(64));
    (who, texts, facts, times, rest).prop_map(|(who, texts, facts, times, rest)| {
        let ((key, origin, source, product), account, region, class) = who;
        let (rule_id, title, description, status_detail, facet, remediation, url) = texts;
        let (severity_normalized, status, resources, exposure, sample, more) = facts;
        let (customer, attributes, signals) = more;
        let (first_observed, last_observed, provider_created) = times;
        let (provider_updated, count, remarks, raw) = rest;
        Report {
            key,
            origin,
            source,
            product,
            account,
            region,
            class,
            rule_id: rule_id.to_owned(),
            title,
            description,
            severity: Severity::from_normalized(severity_normalized),
            severity_normalized,
            status,
            status_detail: status_detail.to_owned(),
            resources,
            facet,
            attributes,
            exposure,
            signals,
            sample,
            customer,
            remediation,
            remediation_url: url.to_owned(),
            first_observed,
            last_observed,
            provider_created,
            provider_updated,
            count,
            remarks,
            raw_truncated: raw.is_empty(),
            raw: Bytes::from(raw.into_bytes()),
        }
    })
}

/// A report as a unit of its source read it.
pub fn observation() -> impl Strategy<Value = Observation> {
    report().prop_flat_map(|report| {
        unit(report.source).prop_map(move |unit| Observation {
            content_hash: report.content_hash(),
            finding: crate::identity::FindingKey::of_origin(&report.origin),
            report: report.clone(),
            unit,
        })
    })
}

/// All versions of `streams`, each once or twice, in any order.
pub fn shuffled(
    streams: impl Strategy<Value = Vec<Vec<Report>>>,
) -> impl Strategy<Value = (Vec<Vec<Report>>, Vec<Report>)> {
    (streams, vec(1..3_usize, 64)).prop_flat_map(|(streams, times)| {
        let reports = streams.iter().flatten().zip(times);
        let reports: Vec<Report> =
            reports.flat_map(|(report, times)| vec![report.clone(); times]).collect();
        (Just(streams), Just(reports).prop_shuffle())
    })
}

/// A report as a finding may hold it.
pub fn held_report() -> impl Strategy<Value = HeldReport> {
    (observation(), millis(), absence()).prop_map(|(seen, first_stored, absence)| HeldReport {
        report: seen.report,
        unit: seen.unit,
        content_hash: seen.content_hash,
        first_stored,
        absence,
        placed: crate::finding::Placement::Origin,
    })
}

/// What is concluded from absence, mostly nothing.
pub fn absence() -> impl Strategy<Value = Option<Absence>> {
    let concluded = select(vec![Absence::Resolved, Absence::Expired, Absence::Unobservable]);
    prop_oneof![3 => Just(None), 1 => concluded.prop_map(Some)]
}

/// An action that is allowed at `now`.
pub fn action(now: Millis) -> impl Strategy<Value = TriageAction> {
    let ahead = move |days: i64| (1..=days * DAY_MS).prop_map(move |ms| now.plus(ms));
    let reasons = |fits: fn(TriageReason) -> bool| {
        select(TriageReason::ALL.into_iter().filter(|reason| fits(*reason)).collect::<Vec<_>>())
    };
    prop_oneof![
        Just(TriageAction::Acknowledge),
        Just(TriageAction::Start),
        ahead(20).prop_map(|until| TriageAction::Snooze { until }),
        (reasons(TriageReason::suppresses), ahead(20))
            .prop_map(|(reason, until)| TriageAction::Suppress { reason, until }),
        reasons(TriageReason::finishes).prop_map(|reason| TriageAction::Done { reason }),
        Just(TriageAction::Reopen),
        select(vec!["", "alice", "bob"])
            .prop_map(|name| TriageAction::Assign { assignee: name.to_owned() }),
        Just(TriageAction::Comment),
    ]
}

/// A command that is allowed at `now`, with a comment where one is required.
pub fn command(now: Millis) -> impl Strategy<Value = Command> {
    let request = prop_oneof![Just(""), Just("8f14e45f-ceea-467f-9a0c-2d1c3f6b7a10")];
    (action(now), text(16), actor(), request).prop_map(|(action, text, actor, request_id)| {
        let required = matches!(action, TriageAction::Suppress { .. } | TriageAction::Comment);
        let comment = if required { format!("because {text}") } else { text };
        Command { action, comment, actor, request_id: request_id.to_owned() }
    })
}

/// The days by which made-up findings are due, in days since 1970.
pub const DUE_DAYS: std::ops::Range<i64> = 20_450..20_460;

/// What filters see, free in every field.
pub fn facets() -> impl Strategy<Value = Facets> {
    let enums = (
        0_u16..=1000,
        severity(),
        select(Status::ALL.to_vec()),
        select(TriageState::ALL.to_vec()),
        select(FindingClass::ALL.to_vec()),
    );
    let sources =
        proptest::sample::subsequence(SourceKind::ALL.to_vec(), 0..=SourceKind::ALL.len());
    let place = (sources, account(), region(), select(vec!["", "alice", "Bob"]), any::<bool>());
    let deadline = (option::of(DUE_DAYS), any::<bool>());
    let texts = (resource(), select(vec!["S3.8", "s3.2", ""]), text(12));
    (enums, place, deadline, texts).prop_map(
        |(enums, place, (due, overdue), (resource, rule_id, title))| {
            let (score, severity, status, triage, class) = enums;
            let (mut sources, account, region, assignee, stale) = place;
            sources.sort_unstable();
            Facets {
                score,
                severity,
                status,
                triage,
                class,
                sources,
                account,
                region,
                assignee: assignee.to_owned(),
                stale,
                due,
                overdue,
                resource: resource.id,
                rule_id: rule_id.to_owned(),
                title,
            }
        },
    )
}
