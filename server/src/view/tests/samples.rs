//! Random findings, filters and positions from small domains, so that values, texts and keys meet.

use muster_core::change::Facets;
use muster_core::ids::{FindingId, Revision};
use muster_core::report::{FindingClass, ReportDigest, Severity, Status};
use muster_core::testing::DUE_DAYS;
use muster_core::time::Millis;
use muster_core::triage::TriageState;
use muster_core::unit::SourceKind;
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::super::{Order, Position};
use crate::store::{Head, ReportHead};

/// How many findings there can be.
const FINDINGS: u8 = 48;

const ACCOUNTS: [&str; 3] = ["111111111111", "222222222222", "123456789012"];
const REGIONS: [&str; 3] = ["eu-west-1", "us-east-1", "global"];
const UNITS: [&str; 2] =
    ["securityhub/111111111111/eu-west-1", "guardduty/111111111111/eu-west-1/d"];
const RESOURCES: [&str; 12] = [
    "arn:aws:s3:::prod-data",
    "arn:aws:s3:::PROD-Data",
    "arn:aws:s3:::prod-data/",
    "arn:aws:ec2:eu-west-1:111111111111:instance/i-0abc",
    "arn:aws:ec2:eu-west-1:111111111111:instance/i-0abd",
    "arn:aws:iam::111111111111:root",
    "arn:aws:iam::111111111111:role/path/Admin",
    "AWS::::Account:111111111111",
    "prod-data",
    "Ünï:cödé/Ä",
    "\u{0}\u{1}:\u{202e}/\u{7f}",
    "",
];

/// A short text over an alphabet in which parts of texts often meet.
pub(super) fn scrap() -> impl Strategy<Value = String> {
    vec(select(vec!['a', 'b', 'A', ':', '/', 'é']), 0..7)
        .prop_map(|chars| chars.into_iter().collect())
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![scrap(), select(RESOURCES.to_vec()).prop_map(str::to_owned)]
}

/// An id; few first bytes, so that prefixes and neighbours matter.
pub(super) fn id() -> impl Strategy<Value = FindingId> {
    (0..FINDINGS).prop_map(numbered)
}

/// The id of that number: no order of numbers is an order of ids.
fn numbered(number: u8) -> FindingId {
    let mut bytes = FindingId::derive(&number.to_string()).0;
    bytes[0] = number % 3 * 127;
    FindingId(bytes)
}

fn facets() -> impl Strategy<Value = Facets> {
    let enumerated = (
        prop_oneof![3 => select(vec![0_u16, 249, 250, 480, 1000]), 1 => 0..=1000_u16],
        select(Severity::ALL.to_vec()),
        select(Status::ALL.to_vec()),
        select(TriageState::ALL.to_vec()),
        select(FindingClass::ALL.to_vec()),
        subsequence(SourceKind::ALL.to_vec(), 0..=3),
    );
    let texts = (
        select(ACCOUNTS.to_vec()),
        select(REGIONS.to_vec()),
        select(vec!["", "alice", "ALICE", "bob"]),
        (any::<bool>(), proptest::option::of(DUE_DAYS), any::<bool>()),
        text(),
        prop_oneof![select(vec!["S3.1", "EC2.19"]).prop_map(str::to_owned), scrap()],
        prop_oneof![select(vec!["Bucket is public", "bucket"]).prop_map(str::to_owned), scrap()],
    );
    (enumerated, texts).prop_map(|(enumerated, texts)| {
        let (score, severity, status, triage, class, sources) = enumerated;
        let (account, region, assignee, (stale, due, overdue), resource, rule_id, title) = texts;
        Facets {
            score,
            severity,
            status,
            triage,
            class,
            sources,
            account: account.parse().unwrap(),
            region: region.parse().unwrap(),
            assignee: assignee.to_owned(),
            stale,
            due,
            overdue,
            resource,
            rule_id,
            title,
        }
    })
}

fn reports() -> impl Strategy<Value = Vec<ReportHead>> {
    let report = |key: u8| {
        let moves = (any::<u64>(), any::<bool>(), any::<u32>());
        (moves, select(UNITS.to_vec()), select(vec!["S3.1", "EC2.19"])).prop_map(
            move |((content_hash, absent, looked_hour), unit, rule_id)| ReportHead {
                key: digest(key),
                content_hash,
                unit: unit.to_owned(),
                rule_id: rule_id.to_owned(),
                absent,
                looked_hour,
                identity: None,
            },
        )
    };
    btree_set(0..60_u8, 0..4)
        .prop_flat_map(move |keys| keys.into_iter().map(report).collect::<Vec<_>>())
}

fn digest(key: u8) -> ReportDigest {
    ReportDigest(FindingId::derive(&format!("report {key}")).0)
}

/// Any report, known or not.
pub(super) fn any_digest() -> impl Strategy<Value = ReportDigest> {
    (0..64_u8).prop_map(digest)
}

/// A finding. Its revision is given when it is applied.
pub(super) fn head() -> impl Strategy<Value = Head> {
    let times = (0..4_i64, proptest::option::of(0..100_i64));
    let more = (reports(), vec(facets().prop_map(|facets| facets.resource), 0..3));
    (id(), facets(), times, more).prop_map(|(id, facets, (created, until), more)| Head {
        id,
        revision: Revision::ZERO,
        facets,
        created: Millis(created),
        updated: Millis(created),
        until: until.map(Millis),
        reports: more.0,
        threatens: more.1,
    })
}

/// What happens to the view.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Findings are committed; reports they hold leave whoever held them.
    Apply(Vec<Head>),
    /// Retention removes some.
    Remove(Vec<FindingId>),
    /// The server starts again: the view is loaded from the newest images.
    Restart,
}

/// A history.
pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => vec(head(), 1..12).prop_map(Step::Apply),
        1 => vec(id(), 1..8).prop_map(Step::Remove),
        1 => Just(Step::Restart),
    ];
    vec(step, 1..12)
}

/// The text of a filter.
pub(super) fn filter() -> impl Strategy<Value = String> {
    let term = (any::<bool>(), restriction())
        .prop_map(|(not, test)| if not { format!("NOT {test}") } else { test });
    let nested = term.prop_recursive(3, 12, 4, |inner| {
        (vec(inner, 1..4), select(vec![" AND ", " OR "]), any::<bool>()).prop_map(
            |(parts, word, not)| format!("{}({})", if not { "NOT " } else { "" }, parts.join(word)),
        )
    });
    prop_oneof![1 => Just(String::new()), 12 => nested]
}

fn restriction() -> impl Strategy<Value = String> {
    let quoted = |text: String| format!("\"{}\"", text.replace('"', "\\\""));
    let texts = select(vec!["assignee", "resource", "resource", "rule", "title"]);
    let text = (texts, select(vec!["=", "!=", ":"]), literal())
        .prop_map(move |(field, operator, value)| format!("{field} {operator} {}", quoted(value)));
    let any_text = literal().prop_map(move |value| format!("text : {}", quoted(value)));
    prop_oneof![ordered(), enumerated(), text, any_text]
}

fn ordered() -> impl Strategy<Value = String> {
    let severity = select(Severity::ALL.map(Severity::as_str).to_vec()).prop_map(str::to_owned);
    let score = prop_oneof![select(vec![0_u16, 250, 480, 1000]), 0..=1000_u16];
    let score = score.prop_map(|score| score.to_string());
    let due = DUE_DAYS.prop_map(muster_core::time::date);
    let field =
        prop_oneof![(Just("severity"), severity), (Just("score"), score), (Just("due"), due)];
    (field, select(vec!["=", "!=", "<", "<=", ">", ">="]))
        .prop_map(|((field, value), operator)| format!("{field} {operator} {value}"))
}

fn enumerated() -> impl Strategy<Value = String> {
    let names = |field: &'static str, names: &[&'static str]| (Just(field), select(names.to_vec()));
    let field = prop_oneof![
        names("status", &Status::ALL.map(Status::as_str)),
        names("triage", &TriageState::ALL.map(TriageState::as_str)),
        names("class", &FindingClass::ALL.map(FindingClass::as_str)),
        names("source", &SourceKind::ALL.map(SourceKind::as_str)),
        names("account", &["111111111111", "999999999999"]),
        names("region", &["eu-west-1", "eu-north-1"]),
        names("stale", &["true", "false"]),
        names("overdue", &["true", "false"]),
    ];
    (field, select(vec!["=", "!="]))
        .prop_map(|((field, value), operator)| format!("{field} {operator} {value}"))
}

/// A text to look for: a scrap, a whole value or a part of one.
pub(super) fn literal() -> impl Strategy<Value = String> {
    let part = (select(RESOURCES.to_vec()), any::<prop::sample::Index>(), 0..8_usize).prop_map(
        |(text, start, len)| {
            let chars: Vec<char> = text.chars().collect();
            let start = start.index(chars.len().max(1));
            chars.into_iter().skip(start).take(len).collect()
        },
    );
    prop_oneof![scrap(), text(), part, select(vec!["alice", "is pub"]).prop_map(str::to_owned)]
}

/// Any order.
pub(super) fn order() -> impl Strategy<Value = Order> {
    select(Order::ALL.to_vec())
}

/// A position, usually one where nothing stands.
pub(super) fn position() -> impl Strategy<Value = Position> {
    (prop_oneof![0..5_u64, 240..260_u64, Just(1000), any::<u64>()], id())
        .prop_map(|(key, id)| Position { key, id })
}

/// An unremarkable finding of that name.
pub(super) fn plain(name: &str) -> Head {
    let facets = Facets {
        score: 480,
        severity: Severity::Medium,
        status: Status::Active,
        triage: TriageState::New,
        class: FindingClass::Misconfiguration,
        sources: vec![SourceKind::SecurityHub],
        account: "111111111111".parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
        assignee: String::new(),
        stale: false,
        due: None,
        overdue: false,
        resource: "arn:aws:s3:::prod-data".to_owned(),
        rule_id: "S3.1".to_owned(),
        title: "Bucket is public".to_owned(),
    };
    Head {
        id: FindingId::derive(name),
        revision: Revision(1),
        facets,
        created: Millis(0),
        updated: Millis(0),
        until: None,
        reports: Vec::new(),
        threatens: Vec::new(),
    }
}
