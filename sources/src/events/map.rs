//! From an EventBridge event to reports.
//!
//! | `source` | `detail-type` | what `detail` is | report key |
//! |---|---|---|---|
//! | `aws.securityhub` | `Security Hub Findings - Imported`, `… - Custom Action`, `Security Hub Findings` | `findings`, ASFF | as of `GetFindings` |
//! | `aws.securityhub` | `Findings Imported V2` | `findings`, OCSF | as of `GetFindingsV2` |
//! | `aws.guardduty` | `GuardDuty Finding` | the native finding | as of `GetFindings` |
//! | `aws.inspector2` | `Inspector2 Finding` | the native finding | as of `ListFindings` |
//! | `aws.macie` | `Macie Finding` | the native finding | as of `GetFindings` |
//! | `aws.config` | `Config Rules Compliance Change` | rule, resource and evaluation | as of `GetComplianceDetailsByConfigRule` |
//! | `aws.access-analyzer` | `Access Analyzer Finding`, `Unused Access Finding for IAM entities`, `Internal Access Finding` | less than the native finding | of its own |
//! | `aws.trustedadvisor` | `Trusted Advisor Check Item Refresh Notification` | a row by column, without AWS's hash of it | of its own |
//! | `aws.health` | `AWS Health Event` | the event | of its own |
//!
//! The origin key is always that of the native document. An event may have gone through SNS, which
//! puts it into a text (`Type` `Notification`, `Message`).
//!
//! Everything else is unmapped, with its source and type as the reason: also the other events of
//! these products, because the rule that sends them is wrong.

use bytes::Bytes;
use muster_core::unit::{SourceKind, Unit};

use super::health;
use crate::body::Answer;
use crate::document::Document;
use crate::draft::{read_region, unmapped};
use crate::lenient::{Many, Scalar, excerpt};
use crate::trusted_advisor::map::Check;
use crate::{access_analyzer, config, guardduty, inspector, macie, security_hub, trusted_advisor};

/// How often an event may be wrapped by SNS.
const WRAPPED_MAX: usize = 2;

/// Maps one event, received by `unit`. `checks` are those of Trusted Advisor in English, whose events
/// have no check id.
///
/// An event has one document, or several where Security Hub sends several findings at once; one of
/// them that cannot be mapped does not cost the others.
pub fn event(raw: &Bytes, checks: &[Check], unit: &Unit) -> Vec<Document> {
    let mut event = raw.clone();
    for _ in 0..WRAPPED_MAX {
        match notification(&event) {
            Some(inner) => event = inner,
            None => break,
        }
    }
    match Envelope::read(&event, unit) {
        Ok(envelope) => envelope.documents(&event, checks),
        Err(error) => vec![unmapped(error, raw)],
    }
}

/// The message of an SNS notification.
fn notification(raw: &Bytes) -> Option<Bytes> {
    let answer = Answer::read(raw, "sns").ok()?;
    let is_notification = answer.text("Type").ok()?.as_deref() == Some("Notification");
    let message = if is_notification { answer.text("Message").ok()? } else { None };
    message.map(Bytes::from)
}

/// What is around the detail of an event.
pub(crate) struct Envelope {
    source: String,
    kind: String,
    detail: Bytes,
    /// The first of `resources`, which for Access Analyzer is the analyzer.
    resource: String,
    /// When it was sent.
    pub(crate) time: crate::lenient::Moment,
    /// Where it comes from: completes what the detail does not say.
    unit: Unit,
}

impl Envelope {
    fn read(event: &Bytes, unit: &Unit) -> Result<Self, String> {
        let answer = Answer::read(event, "event").map_err(|error| error.message)?;
        let text = |name: &str| -> Result<String, String> {
            Ok(answer.text(name).map_err(|error| error.message)?.unwrap_or_default())
        };
        let source = text("source")?;
        let kind = text("detail-type")?;
        if source.is_empty() || kind.is_empty() {
            return Err("not an event: no `source` and `detail-type`".to_owned());
        }
        let detail = answer.object("detail").map_err(|error| error.message)?.clone();
        let resources = answer.member("resources");
        let resources = resources.and_then(|list| serde_json::from_slice(list).ok());
        let resources: Many<Scalar<'_>, 1> = resources.unwrap_or_default();
        let resource = resources.items.first().map(|one| one.as_str().to_owned());
        let time = answer.member("time").and_then(|time| serde_json::from_slice(time).ok());
        let unit = Unit {
            account: text("account")?.parse().unwrap_or(unit.account),
            region: read_region(&text("region")?).unwrap_or_else(|| unit.region.clone()),
            ..unit.clone()
        };
        let (resource, time) = (resource.unwrap_or_default(), time.unwrap_or_default());
        Ok(Self { source, kind, detail, resource, time, unit })
    }

    fn documents(&self, event: &Bytes, checks: &[Check]) -> Vec<Document> {
        let detail = &self.detail;
        vec![match (self.source.as_str(), self.kind.as_str()) {
            (
                "aws.securityhub",
                "Security Hub Findings - Imported"
                | "Security Hub Findings - Custom Action"
                | "Security Hub Findings",
            ) => return self.findings(security_hub::map::finding),
            ("aws.securityhub", "Findings Imported V2") => {
                return self.findings(security_hub::map::ocsf::finding);
            }
            ("aws.guardduty", "GuardDuty Finding") => {
                guardduty::map::finding(detail, &self.unit(SourceKind::GuardDuty))
            }
            ("aws.inspector2", "Inspector2 Finding") => {
                inspector::map::finding(detail, &self.unit(SourceKind::Inspector))
            }
            ("aws.macie", "Macie Finding") => {
                macie::map::finding(detail, &self.unit(SourceKind::Macie))
            }
            ("aws.config", "Config Rules Compliance Change") => {
                config::map::change(detail, &self.unit(SourceKind::Config))
            }
            (
                "aws.access-analyzer",
                "Access Analyzer Finding"
                | "Unused Access Finding for IAM entities"
                | "Internal Access Finding",
            ) => self.access(event),
            ("aws.trustedadvisor", "Trusted Advisor Check Item Refresh Notification") => {
                let unit = self.unit(SourceKind::TrustedAdvisor);
                trusted_advisor::map::item(event, detail, &self.time, checks, &unit)
            }
            ("aws.health", "AWS Health Event") => health::event(event, self),
            (source, kind) => {
                let (source, kind) = (excerpt(source), excerpt(kind));
                unmapped(format_args!("detail-type: `{kind}` of `{source}` is not known"), event)
            }
        }]
    }

    /// The findings of Security Hub; each is a document of its own.
    fn findings(&self, map: fn(&Bytes, &Unit) -> Document) -> Vec<Document> {
        let unit = self.unit(SourceKind::SecurityHub);
        let answer = match Answer::read(&self.detail, "event") {
            Ok(answer) => answer,
            Err(error) => return vec![unmapped(error.message, &self.detail)],
        };
        match answer.member("findings").map(|_| answer.list("findings")) {
            Some(Ok(findings)) => findings.iter().map(|finding| map(finding, &unit)).collect(),
            Some(Err(error)) => vec![unmapped(error.message, &self.detail)],
            None => vec![unmapped("detail.findings: missing", &self.detail)],
        }
    }

    fn access(&self, event: &Bytes) -> Document {
        if !self.resource.contains(":analyzer/") {
            return unmapped("resources: no analyzer", event);
        }
        let unit = Unit { part: self.resource.clone(), ..self.unit(SourceKind::AccessAnalyzer) };
        access_analyzer::map::event(event, &self.detail, &unit)
    }

    /// The unit whose API would bring the same document.
    fn unit(&self, source: SourceKind) -> Unit {
        Unit { source, part: String::new(), ..self.unit.clone() }
    }

    /// What happened.
    pub(crate) fn detail(&self) -> &Bytes {
        &self.detail
    }

    /// Where it was sent.
    pub(crate) fn place(&self) -> &Unit {
        &self.unit
    }
}
