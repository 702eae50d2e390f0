//! Many documents, fast: for benchmarks and for worlds of a million findings.
//!
//! A few hundred templates are made by the ordinary generators, with marks where the documents
//! differ; a document is then a concatenation of bytes. The mix follows what Security Hub holds in
//! an organization: mostly control findings, some copies of GuardDuty, severities mostly medium.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use super::asff::{Compliance, ControlFinding};
use super::controls::{CONTROLS, ControlInfo};
use super::copies;
use super::guardduty::{self, ThreatFinding};
use super::resource::Resource;
use super::threats::{THREATS, ThreatInfo};
use crate::clock::{earlier, later, millis_text, seconds_text};
use crate::scope::Scope;

/// How many accounts and Regions the documents are spread over.
const ACCOUNTS: u64 = 24;
const REGIONS: [&str; 4] = ["eu-west-1", "eu-central-1", "us-east-1", "us-west-2"];

/// What stands in a template where documents differ. None of it occurs in real text.
const MARK_ACCOUNT: &str = "999999999999";
const MARK_REGION: &str = "zz-mark-9";
const MARK_ID: &str = "ffffffffffffffffffffffffffffffff";
const MARK_UUID: &str = "ffffffff-ffff-4fff-afff-ffffffffffff";
const MARK_NAME: &str = "mark-name";
const MARK_CREATED: &str = "2001-01-01T00:00:00.000Z";
const MARK_UPDATED: &str = "2002-02-02T00:00:00.000Z";

/// `count` distinct ASFF documents of about 3 KB each, as JSON text, updated in the day before
/// `now`. The same arguments give the same bytes.
///
/// Iterate it as it is: nothing is kept. [`Documents::heartbeat`] gives the same findings again with
/// later times and nothing else changed.
pub fn generate_asff(count: u64, seed: u64, now: Timestamp) -> Documents {
    Documents::new(asff_templates(), count, seed, now)
}

/// `count` distinct GuardDuty documents as `GetFindings` returns them, otherwise like
/// [`generate_asff`].
pub fn generate_guardduty(count: u64, seed: u64, now: Timestamp) -> Documents {
    Documents::new(guardduty_templates(), count, seed, now)
}

/// The documents of one call of a generator.
#[derive(Clone, Debug)]
pub struct Documents {
    templates: Arc<[Template]>,
    next: u64,
    count: u64,
    seed: u64,
    now: Timestamp,
    heartbeats: u32,
}

impl Documents {
    fn new(templates: Vec<Template>, count: u64, seed: u64, now: Timestamp) -> Self {
        Self { templates: templates.into(), next: 0, count, seed, now, heartbeats: 0 }
    }

    /// The same findings from the first on, evaluated again `times` times 12 hours later: only
    /// times differ.
    #[must_use]
    pub fn heartbeat(&self, times: u32) -> Self {
        Self { next: 0, heartbeats: times, ..self.clone() }
    }

    /// The document with this number.
    fn document(&self, number: u64) -> Bytes {
        let hash = mixed(self.seed ^ mixed(number));
        let at = usize::try_from(hash % self.templates.len() as u64).unwrap_or_default();
        let template = &self.templates[at];
        let region = usize::try_from(mixed(hash ^ 1) % REGIONS.len() as u64).unwrap_or_default();
        let updated = earlier(self.now, Duration::from_secs(mixed(hash ^ 2) % 86_400));
        let created = earlier(updated, Duration::from_secs(3600 + mixed(hash ^ 3) % 20_000_000));
        let updated = later(updated, Duration::from_hours(12) * self.heartbeats);
        // The number itself makes the id distinct; the hash makes it look like one.
        let (high, low) = (mixed(hash ^ 4), number);
        let id = format!("{high:016x}{low:016x}");
        let uuid = format!(
            "{}-{}-4{}-a{}-{}",
            &id[0..8],
            &id[8..12],
            &id[12..15],
            &id[17..20],
            &id[20..32]
        );
        let values = Values {
            account: format!("{:012}", 300_000_000_000 + mixed(hash ^ 5) % ACCOUNTS * 1_000_003),
            region: REGIONS[region],
            name: format!("res-{number:08}"),
            // Mixing loses nothing, so these are distinct as well.
            digits: format!("{:016x}", mixed(hash ^ 6)),
            id,
            uuid,
            created: millis_text(created),
            updated: millis_text(updated),
        };
        template.fill(&values)
    }
}

impl Iterator for Documents {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        if self.next == self.count {
            return None;
        }
        self.next += 1;
        Some(self.document(self.next - 1))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::try_from(self.count - self.next).ok();
        (left.unwrap_or(usize::MAX), left)
    }
}

/// A document with holes.
#[derive(Clone, Debug)]
struct Template {
    pieces: Vec<Piece>,
    length: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Account,
    Region,
    Id,
    /// Sixteen digits of an EC2 id.
    Digits,
    Uuid,
    Name,
    Created,
    Updated,
}

/// What fills the holes of one document.
struct Values {
    account: String,
    region: &'static str,
    id: String,
    digits: String,
    uuid: String,
    name: String,
    created: String,
    updated: String,
}

impl Template {
    /// Cuts a document about `resource` at its marks.
    fn of(document: &serde_json::Value, resource: &Resource) -> Self {
        let (created, updated) = marks();
        // What GuardDuty derives from the times is a mark as well.
        let first_seen = millis_text(guardduty::first_seen(created));
        let last_seen = millis_text(guardduty::last_seen(updated));
        let mut marks = vec![
            (MARK_ACCOUNT.to_owned(), Piece::Account),
            (MARK_REGION.to_owned(), Piece::Region),
            (MARK_UUID.to_owned(), Piece::Uuid),
            (MARK_ID.to_owned(), Piece::Id),
            (MARK_NAME.to_owned(), Piece::Name),
            (MARK_CREATED.to_owned(), Piece::Created),
            (seconds_text(created), Piece::Created),
            (first_seen, Piece::Created),
            (MARK_UPDATED.to_owned(), Piece::Updated),
            (seconds_text(updated), Piece::Updated),
            (last_seen, Piece::Updated),
        ];
        // Ids that follow from the name: `i-0…` and the like, or the UUID of a key.
        match resource.name.split_once("-0") {
            Some((_, digits)) if digits.len() == 16 => {
                marks.push((digits.to_owned(), Piece::Digits));
            }
            _ if resource.name.len() == MARK_UUID.len() => {
                marks.push((resource.name.clone(), Piece::Uuid));
            }
            _ => {}
        }
        let text = document.to_string();
        let mut pieces = Vec::new();
        let mut rest = text.as_str();
        loop {
            let found =
                marks.iter().filter_map(|(mark, piece)| Some((rest.find(mark)?, mark, piece)));
            let Some((at, mark, piece)) = found.min_by_key(|(at, ..)| *at) else { break };
            pieces.push(Piece::Text(rest[..at].to_owned()));
            pieces.push(piece.clone());
            rest = &rest[at + mark.len()..];
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Self { pieces, length: text.len() + 256 }
    }

    fn fill(&self, values: &Values) -> Bytes {
        let mut text = String::with_capacity(self.length);
        for piece in &self.pieces {
            text.push_str(match piece {
                Piece::Text(text) => text,
                Piece::Account => &values.account,
                Piece::Region => values.region,
                Piece::Id => &values.id,
                Piece::Digits => &values.digits,
                Piece::Uuid => &values.uuid,
                Piece::Name => &values.name,
                Piece::Created => &values.created,
                Piece::Updated => &values.updated,
            });
        }
        text.into()
    }
}

/// A good mixing of 64 bits (the finisher of `SplitMix64`).
fn mixed(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

fn mark_scope() -> Scope {
    Scope::new(MARK_ACCOUNT, MARK_REGION)
}

fn marks() -> (Timestamp, Timestamp) {
    let parse = |text: &str| text.parse().expect("the marks are times");
    (parse(MARK_CREATED), parse(MARK_UPDATED))
}

fn asff_templates() -> Vec<Template> {
    let mut templates = Vec::new();
    for control in CONTROLS {
        // Most findings are of medium severity; critical ones are rare. One in three passes.
        let weight = match control.severity {
            "CRITICAL" => 1,
            "MEDIUM" => 6,
            _ => 3,
        };
        for copy in 0..weight {
            let passed = copy % 3 == 2;
            let compliance = if passed { Compliance::Passed } else { Compliance::Failed };
            templates.push(control_template(control, compliance));
        }
    }
    for info in THREATS {
        let native = threat_document(info);
        let copy = copies::of_guardduty(&native, info, &threat_resource(info).asff());
        templates.push(Template::of(&copy, &threat_resource(info)));
    }
    templates
}

fn control_template(control: &ControlInfo, compliance: Compliance) -> Template {
    let (created, updated) = marks();
    let scope = mark_scope();
    let resource = control_resource(control, &scope)
        .tagged("team", "payments")
        .tagged("environment", "production")
        .tagged("cost-center", "4711");
    let finding = ControlFinding {
        control,
        scope: &scope,
        resource: &resource,
        compliance,
        standard: None,
        uuid: MARK_UUID,
        created,
        updated,
    };
    Template::of(&finding.document(), &resource)
}

/// A resource of the kind that the control is about.
fn control_resource(control: &ControlInfo, scope: &Scope) -> Resource {
    let service = control.id.split('.').next().unwrap_or_default();
    match (service, control.id) {
        ("S3", _) => Resource::bucket(scope, MARK_NAME),
        ("EC2", "EC2.2" | "EC2.13" | "EC2.14" | "EC2.18" | "EC2.19") => {
            Resource::security_group(scope, MARK_NAME, 22)
        }
        ("EC2", "EC2.3") => Resource::volume(scope, MARK_NAME),
        ("EC2", "EC2.6") => Resource::vpc(scope, MARK_NAME),
        ("EC2" | "SSM", _) => Resource::instance(scope, MARK_NAME),
        ("RDS", _) => Resource::database(scope, MARK_NAME),
        ("IAM", "IAM.1" | "IAM.21") => Resource::policy(&scope.account, MARK_NAME),
        ("IAM", _) => Resource::user(&scope.account, MARK_NAME),
        ("KMS", _) => Resource::key(scope, MARK_NAME),
        ("Lambda", _) => Resource::function(scope, MARK_NAME),
        ("SNS", _) => Resource::topic(scope, MARK_NAME),
        ("SQS", _) => Resource::queue(scope, MARK_NAME),
        ("CloudTrail", _) => Resource::trail(scope, MARK_NAME),
        ("ELB", _) => Resource::load_balancer(scope, MARK_NAME),
        ("EKS", _) => Resource::cluster(scope, MARK_NAME),
        ("SecretsManager", _) => Resource::secret(scope, MARK_NAME),
        _ => Resource::role(&scope.account, MARK_NAME),
    }
}

fn guardduty_templates() -> Vec<Template> {
    THREATS
        .iter()
        .map(|info| Template::of(&threat_document(info), &threat_resource(info)))
        .collect()
}

fn threat_resource(info: &ThreatInfo) -> Resource {
    let scope = mark_scope();
    match info.resource_type {
        "Instance" => Resource::instance(&scope, MARK_NAME),
        "S3Bucket" => Resource::bucket(&scope, MARK_NAME),
        _ => Resource::user(&scope.account, MARK_NAME),
    }
}

fn threat_document(info: &ThreatInfo) -> serde_json::Value {
    let (created, updated) = marks();
    let scope = mark_scope();
    let resource = threat_resource(info).tagged("team", "payments");
    let finding = ThreatFinding {
        seed: 0,
        info,
        scope: &scope,
        detector: "d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0",
        id: MARK_ID,
        resource: &resource,
        created,
        updated,
        count: 7,
        sample: false,
    };
    finding.document()
}
