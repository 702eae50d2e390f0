//! What one product says, by one path.

use std::fmt;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::ids::{AccountId, Region, digest128};
use crate::time::{HOUR_MS, Millis};
use crate::unit::SourceKind;

mod signals;

pub use self::signals::{
    CVES_MAX, EPSS_STEPS, ExploitState, Privilege, Signals, TAG_KEY_BYTES_MAX, TAG_VALUE_BYTES_MAX,
    TAGS_MAX, Tag, Vulnerability, arrange_ids, arrange_tags, epss_step,
};

/// The `VerificationState` of what customers looked into and found to be none (ASFF).
pub const FALSE_POSITIVE: &str = "FALSE_POSITIVE";

/// The longest title kept, in bytes; longer ones are cut at a character.
pub const TITLE_BYTES_MAX: usize = 256;

/// The longest description or remediation text kept, in bytes (8 KiB). The whole text stays in the
/// raw document.
pub const TEXT_BYTES_MAX: usize = 8 * 1024;

/// The most resources kept for one report (ASFF allows 32; a `GuardDuty` sequence 400).
pub const RESOURCES_MAX: usize = 32;

/// The largest raw document kept, in bytes (512 KiB). ASFF allows 240 KB a finding, so a larger one
/// is not from AWS; it is mapped, and its raw text is replaced by nothing (`raw_truncated`).
pub const RAW_BYTES_MAX: usize = 512 * 1024;

/// The [`Report::status_detail`] of an Access Analyzer finding that says that the analyzer cannot
/// look at a resource. It vanishes outright when the analyzer can look again (IAM user guide, "Access
/// Analyzer error findings"), so that its absence means resolved.
pub const NOT_ANALYZED: &str = "ERROR";

/// By which path a report came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReportPath {
    /// The product's own API.
    Native,
    /// The Security Hub copy, as ASFF.
    Asff,
    /// The Security Hub copy, as OCSF (Security Hub V2).
    Ocsf,
    /// An event that says what no API can be asked for again.
    Event,
}

impl ReportPath {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Native, Self::Asff, Self::Ocsf, Self::Event];

    /// Whether it is a copy that Security Hub keeps of what a product found.
    pub fn is_hub(self) -> bool {
        matches!(self, Self::Asff | Self::Ocsf)
    }

    /// The name shown to people and used in keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Asff => "asff",
            Self::Ocsf => "ocsf",
            Self::Event => "event",
        }
    }
}

/// The identity of one report: its path and the id the provider gave it on that path.
///
/// Two reports of one finding differ here; the same report read again, or from another endpoint,
/// does not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReportKey {
    /// By which path it came.
    pub path: ReportPath,
    /// The provider's id on that path: the ASFF `ProductArn` and `Id` (which AWS asks for together;
    /// ids of custom products are unique only there), the `GuardDuty` ARN, the analyzer's ARN and
    /// finding id, or the derived Trusted Advisor key.
    pub provider_id: String,
}

impl ReportKey {
    /// The first 128 bits of the SHA-256 of the key: what the view holds of it.
    pub fn digest(&self) -> ReportDigest {
        ReportDigest(digest128(self.to_string().as_bytes()))
    }
}

/// Stands for a [`ReportKey`] where a million of them are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReportDigest(pub [u8; 16]);

impl fmt::Display for ReportKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}|{}", self.path.as_str(), self.provider_id)
    }
}

/// The rule by which a report was given its origin key. Shown with each report (promise D3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdentityRule {
    /// `gd`: a `GuardDuty` finding, by partition, Region, account and finding id.
    GuardDuty,
    /// `aax`: an external access, by analyzer, resource and principal.
    ExternalAccess,
    /// `aa`: an unused or internal access, or a resource that cannot be analyzed, by analyzer and
    /// finding id.
    AccessAnalyzer,
    /// `shc`: a Security Hub control, by account, Region, control and resource.
    Control,
    /// `ta`: a Trusted Advisor check, by account, check, Region and resource.
    TrustedAdvisor,
    /// `insp`: an Inspector finding, by its ARN.
    Inspector,
    /// `mac`: a Macie finding, by account, Region and id.
    Macie,
    /// `cfg`: a Config rule, by rule and resource.
    ConfigRule,
    /// `hlt`: a Health event, by account and event.
    Health,
    /// `asff`: anything else in Security Hub, by product, account and id.
    OtherAsff,
}

impl IdentityRule {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::GuardDuty,
        Self::ExternalAccess,
        Self::AccessAnalyzer,
        Self::Control,
        Self::TrustedAdvisor,
        Self::Inspector,
        Self::Macie,
        Self::ConfigRule,
        Self::Health,
        Self::OtherAsff,
    ];

    /// What the origin keys of this rule start with.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GuardDuty => "gd",
            Self::ExternalAccess => "aax",
            Self::AccessAnalyzer => "aa",
            Self::Control => "shc",
            Self::TrustedAdvisor => "ta",
            Self::Inspector => "insp",
            Self::Macie => "mac",
            Self::ConfigRule => "cfg",
            Self::Health => "hlt",
            Self::OtherAsff => "asff",
        }
    }

    /// The rule of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == name)
    }
}

/// What a report is about, the same bytes by every path. Reports with one origin key are one
/// finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OriginKey {
    /// The rule that made it.
    pub rule: IdentityRule,
    /// The canonical string, which begins with the rule's name and `|`.
    pub text: String,
}

impl fmt::Display for OriginKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Normalised severity (ASFF labels).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// 0.
    #[default]
    Informational,
    /// 1 to 39.
    Low,
    /// 40 to 69.
    Medium,
    /// 70 to 89.
    High,
    /// 90 to 100.
    Critical,
}

impl Severity {
    /// All of them, from the mildest.
    pub const ALL: [Self; 5] =
        [Self::Informational, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Informational => "INFORMATIONAL",
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
            Self::Critical => "CRITICAL",
        }
    }

    /// The label with that name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.as_str().eq_ignore_ascii_case(name))
    }

    /// The label for a number from 0 to 100, by the bands of ASFF.
    pub fn from_normalized(normalized: u8) -> Self {
        match normalized {
            0 => Self::Informational,
            1..=39 => Self::Low,
            40..=69 => Self::Medium,
            70..=89 => Self::High,
            90.. => Self::Critical,
        }
    }

    /// The number that ASFF gives a finding that has only a label: 0, 1, 40, 70, 90.
    pub fn floor(self) -> u8 {
        match self {
            Self::Informational => 0,
            Self::Low => 1,
            Self::Medium => 40,
            Self::High => 70,
            Self::Critical => 90,
        }
    }
}

/// What kind of statement it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingClass {
    /// Activity that is or may be hostile.
    Threat,
    /// A weakness in software.
    Vulnerability,
    /// A weakness in configuration.
    Misconfiguration,
    /// Sensitive data in an unexpected place.
    SensitiveData,
    /// Access that is wider than intended.
    Exposure,
}

impl FindingClass {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Threat,
        Self::Vulnerability,
        Self::Misconfiguration,
        Self::SensitiveData,
        Self::Exposure,
    ];

    /// The name shown to people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Threat => "THREAT",
            Self::Vulnerability => "VULNERABILITY",
            Self::Misconfiguration => "MISCONFIGURATION",
            Self::SensitiveData => "SENSITIVE_DATA",
            Self::Exposure => "EXPOSURE",
        }
    }
}

/// What a report says about who can reach the resource. Ordered: later is wider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exposure {
    /// The report does not say.
    #[default]
    Unknown,
    /// Inside the account.
    Private,
    /// To other accounts of the same organization.
    Organization,
    /// To named principals outside the account (or the organization).
    CrossAccount,
    /// By a network path from anywhere: an open port, a public address, a database that takes
    /// connections from the internet. Whoever comes that way may still have to prove who they are.
    Internet,
    /// Access to data or an API for anybody: without authentication, or for every AWS principal.
    Public,
}

impl Exposure {
    /// All of them, from the narrowest.
    pub const ALL: [Self; 6] = [
        Self::Unknown,
        Self::Private,
        Self::Organization,
        Self::CrossAccount,
        Self::Internet,
        Self::Public,
    ];

    /// The name shown to people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN",
            Self::Private => "PRIVATE",
            Self::Organization => "ORGANIZATION",
            Self::CrossAccount => "CROSS_ACCOUNT",
            Self::Internet => "INTERNET",
            Self::Public => "PUBLIC",
        }
    }
}

/// What the sources say now. Never written by people. Ordered: the first is the "worst", which wins
/// when the reports of a finding disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Reported.
    Active,
    /// We can no longer look.
    Unobservable,
    /// Archived at the source.
    Archived,
    /// Gone by the source's retention.
    Expired,
    /// The source says it is fixed, or no longer reports it where that means fixed.
    Resolved,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Active, Self::Unobservable, Self::Archived, Self::Expired, Self::Resolved];

    /// The name shown to people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Unobservable => "UNOBSERVABLE",
            Self::Archived => "ARCHIVED",
            Self::Expired => "EXPIRED",
            Self::Resolved => "RESOLVED",
        }
    }

    /// Whether the problem may still be there.
    pub fn is_open(self) -> bool {
        match self {
            Self::Active | Self::Unobservable => true,
            Self::Archived | Self::Expired | Self::Resolved => false,
        }
    }
}

/// The most attributes kept of one report.
pub const ATTRIBUTES_MAX: usize = 32;

/// The longest value of an attribute, in bytes.
pub const ATTRIBUTE_BYTES_MAX: usize = 256;

/// A detail of a document on which [weakness classes](crate::weakness) decide: a column of a Trusted
/// Advisor row, a port, whether access is public. Never what moves by itself (a time, a counter).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attribute {
    /// In lower case, for example `acl allows list` or `to port`.
    pub name: String,
    /// As the product writes it.
    pub value: String,
}

/// A resource a report is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// The canonical ARN or documented pseudo-ARN; see [`crate::identity`].
    pub id: String,
    /// The id as the provider wrote it.
    pub original: String,
    /// The provider's type, for example `AwsS3Bucket`; empty when it gives none.
    pub kind: String,
}

/// What customers wrote at the provider (Security Hub workflow). Shown, never taken as triage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerFields {
    /// `Workflow.Status`; empty when absent.
    pub workflow: String,
    /// `Note.Text`; empty when absent.
    pub note: String,
    /// `VerificationState`; empty when absent.
    pub verification: String,
    /// The provider's own label, where `Severity.Label` overrides it.
    pub provider_severity: Option<Severity>,
}

/// What one product says, by one path. Immutable facts and the raw document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Which report it is.
    pub key: ReportKey,
    /// What it is about.
    pub origin: OriginKey,
    /// The API it was read from.
    pub source: SourceKind,
    /// Who says it: company and product in lower case, for example `aws/guardduty` or
    /// `prowler/prowler`.
    pub product: String,
    /// The account that owns the problem.
    pub account: AccountId,
    /// The Region of the problem; `global` where it has none.
    pub region: Region,
    /// What kind of statement it is.
    pub class: FindingClass,
    /// Control id, finding type or check id; at most 256 bytes.
    pub rule_id: String,
    /// One line for people; at most [`TITLE_BYTES_MAX`].
    pub title: String,
    /// At most [`TEXT_BYTES_MAX`].
    pub description: String,
    /// Label.
    pub severity: Severity,
    /// 0 to 100, in the label's band.
    pub severity_normalized: u8,
    /// What the source says now.
    pub status: Status,
    /// The source's own word for it, for example `FAILED`, `ARCHIVED`, `warning`.
    pub status_detail: String,
    /// The first is the primary one; at most [`RESOURCES_MAX`], never empty.
    pub resources: Vec<Resource>,
    /// What distinguishes it from other problems of the same rule on the same resource (port range,
    /// access key, principal); empty when nothing does.
    pub facet: String,
    /// Details on which classes decide: sorted, without repeats, at most [`ATTRIBUTES_MAX`].
    pub attributes: Vec<Attribute>,
    /// Who can reach the resource, where the report says.
    pub exposure: Exposure,
    /// What else it says about how urgent it is.
    pub signals: Signals,
    /// Made by the product to show what a finding looks like (`GuardDuty` `[SAMPLE]`).
    pub sample: bool,
    /// What customers wrote at the provider.
    pub customer: CustomerFields,
    /// Advice; at most [`TEXT_BYTES_MAX`].
    pub remediation: String,
    /// A link that explains; https only, at most 2 KiB, otherwise empty.
    pub remediation_url: String,
    /// First seen by the provider.
    pub first_observed: Option<Millis>,
    /// Last seen by the provider. Not material: moves with every heartbeat.
    pub last_observed: Option<Millis>,
    /// Record made at the provider.
    pub provider_created: Option<Millis>,
    /// Record changed at the provider. Not material: moves with every heartbeat.
    pub provider_updated: Option<Millis>,
    /// How often it happened (`service.count`). Not material.
    pub count: u32,
    /// What was odd in the document and how it was read, for people; usually empty.
    pub remarks: Vec<String>,
    /// The provider's document, byte for byte; empty when it was over [`RAW_BYTES_MAX`].
    pub raw: Bytes,
    /// The document was over [`RAW_BYTES_MAX`] and is not kept.
    pub raw_truncated: bool,
}

/// A document that could not be mapped. Kept with its error, counted and shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmapped {
    /// Why: names the field and what is wrong with it.
    pub error: String,
    /// The document, at most [`RAW_BYTES_MAX`] of it.
    pub raw: Bytes,
}

impl Report {
    /// A hash of what must be stored when it moves: everything material, and for a threat the day
    /// on which it was last seen, because the priority depends on it. Other heartbeats (update and
    /// observation times, counters, the raw text) do not change it.
    ///
    /// 64 bits of SHA-256. It is compared only with the former hash of the same report, so a
    /// collision hides one change with probability 2^-64.
    pub fn content_hash(&self) -> u64 {
        let material = self.material_hash();
        match (self.class, self.last_observed.or(self.provider_updated)) {
            (FindingClass::Threat, Some(seen)) => {
                let mut hash = FieldHash::new();
                hash.number(material);
                hash.number(seen.day().cast_unsigned());
                hash.finish()
            }
            _ => material,
        }
    }

    /// A hash of everything material: what would make a person look again.
    pub fn material_hash(&self) -> u64 {
        let mut hash = FieldHash::new();
        hash.text(&self.origin.text);
        hash.text(&self.product);
        hash.text(self.account.as_str());
        hash.text(self.region.as_str());
        hash.text(self.class.as_str());
        hash.text(&self.rule_id);
        hash.text(&self.title);
        hash.text(&self.description);
        hash.text(self.severity.as_str());
        hash.number(self.severity_normalized.into());
        hash.text(self.status.as_str());
        hash.text(&self.status_detail);
        hash.number(self.resources.len() as u64);
        for resource in &self.resources {
            hash.text(&resource.id);
            hash.text(&resource.original);
            hash.text(&resource.kind);
        }
        hash.text(&self.facet);
        hash.number(self.attributes.len() as u64);
        for attribute in &self.attributes {
            hash.text(&attribute.name);
            hash.text(&attribute.value);
        }
        hash.text(self.exposure.as_str());
        hash.number(self.sample.into());
        hash.text(&self.customer.workflow);
        hash.text(&self.customer.note);
        hash.text(&self.customer.verification);
        hash.text(self.customer.provider_severity.map_or("", Severity::as_str));
        hash.text(&self.remediation);
        hash.text(&self.remediation_url);
        hash.number(self.first_observed.map_or(0, |time| time.0.cast_unsigned()));
        self.signals.hash(&mut hash);
        hash.finish()
    }

    /// The values of the attribute of that name.
    pub fn attribute<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.attributes.iter().filter(move |attribute| attribute.name == name);
        named.map(|attribute| attribute.value.as_str())
    }

    /// By which path it came.
    pub fn path(&self) -> ReportPath {
        self.key.path
    }

    /// The latest time at which the source says that it looked; `None` when it gives none.
    pub fn looked(&self) -> Option<Millis> {
        self.last_observed.max(self.provider_updated)
    }

    /// [`Report::looked`] in whole hours since 1970; 0 when the source gives no time. What is held
    /// of a million reports.
    pub fn looked_hour(&self) -> u32 {
        let hours = self.looked().map_or(0, |time| time.0.div_euclid(HOUR_MS));
        u32::try_from(hours).unwrap_or(0)
    }

    /// Where the report says that the problem is, first of all.
    pub fn primary_resource(&self) -> Option<&Resource> {
        self.resources.first()
    }
}

/// Cuts `text` to at most `bytes_max` bytes, at a character boundary.
pub fn bounded(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).expect("`end` is a character boundary")
}

/// Hashes fields with their lengths, so that no two field lists hash alike.
struct FieldHash(Sha256);

impl FieldHash {
    fn new() -> Self {
        Self(Sha256::new())
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.update(text.as_bytes());
    }

    fn number(&mut self, number: u64) {
        self.0.update(number.to_le_bytes());
    }

    fn finish(self) -> u64 {
        let digest: [u8; 32] = self.0.finalize().into();
        let (first, _) = digest.split_first_chunk::<8>().expect("SHA-256 has 32 bytes");
        u64::from_le_bytes(*first)
    }
}
