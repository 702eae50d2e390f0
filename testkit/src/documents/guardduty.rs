//! GuardDuty's own findings, as `GetFindings` returns them (schema 2.0, lowerCamelCase).

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

mod action;
mod resource;

use super::resource::Resource;
use super::threats::{ActionKind, ThreatInfo};
use crate::clock::{earlier, millis_text, seconds_text};
use crate::scope::Scope;
use crate::seeded;

/// What a GuardDuty finding says.
pub(crate) struct ThreatFinding<'a> {
    pub seed: u64,
    pub info: &'a ThreatInfo,
    pub scope: &'a Scope,
    pub detector: &'a str,
    pub id: &'a str,
    pub resource: &'a Resource,
    pub created: Timestamp,
    pub updated: Timestamp,
    pub count: u32,
    /// Made by GuardDuty's own sample generator.
    pub sample: bool,
}

impl ThreatFinding<'_> {
    /// The ARN, which is also the id of the copy in Security Hub.
    pub(crate) fn arn(&self) -> String {
        let Scope { account, region } = self.scope;
        let (detector, id) = (self.detector, self.id);
        format!("arn:aws:guardduty:{region}:{account}:detector/{detector}/finding/{id}")
    }

    /// The whole document.
    pub(crate) fn document(&self) -> Value {
        let subject = self.subject();
        let prefix = if self.sample { "[SAMPLE] " } else { "" };
        let title = self.info.title;
        json!({
            "schemaVersion": "2.0",
            "accountId": self.scope.account,
            "region": self.scope.region,
            "partition": "aws",
            "id": self.id,
            "arn": self.arn(),
            "type": self.info.kind,
            "resource": self.resource_block(),
            "service": self.service_block(),
            "severity": self.info.severity,
            "createdAt": millis_text(self.created),
            "updatedAt": millis_text(self.updated),
            "title": format!("{prefix}{subject} {title}."),
            "description": format!(
                "{subject} {title}. GuardDuty saw this {} times from {} to {}.",
                self.count,
                seconds_text(self.created),
                seconds_text(self.updated),
            ),
        })
    }

    fn subject(&self) -> String {
        match self.info.resource_type {
            "Instance" => format!("The EC2 instance {}", self.resource.name),
            "S3Bucket" => format!("The bucket {}", self.resource.name),
            "AccessKey" if self.is_root() => "The root user".to_owned(),
            "AccessKey" => format!("The user {}", self.resource.name),
            _ if self.resource.asff_type == "AwsS3Bucket" => {
                format!("The data in the bucket {}", self.resource.name)
            }
            _ => format!("The credentials of the user {}", self.resource.name),
        }
    }

    fn is_root(&self) -> bool {
        self.resource.asff_type == "AwsAccount"
    }

    fn service_block(&self) -> Value {
        let mut rng = seeded::rng(self.seed, &["action", self.id]);
        let mut service = json!({
            "serviceName": "guardduty",
            "detectorId": self.detector,
            "resourceRole": self.info.role,
            "eventFirstSeen": millis_text(first_seen(self.created)),
            "eventLastSeen": millis_text(last_seen(self.updated)),
            "archived": false,
            "count": self.count,
            "additionalInfo": self.additional_info(),
        });
        match self.info.action {
            ActionKind::Sequence(signals) => {
                service["detection"] = json!({ "sequence": self.sequence(signals, &mut rng) });
            }
            ActionKind::Process(path) => {
                service["action"] = json!({ "actionType": "RUNTIME" });
                service["featureName"] = json!("RuntimeMonitoring");
                service["runtimeDetails"] = action::process(path, &mut rng);
            }
            ActionKind::Dns(_)
            | ActionKind::Connection { .. }
            | ActionKind::PortProbe(_)
            | ActionKind::ApiCall(..) => service["action"] = self.action(&mut rng),
        }
        service
    }

    fn additional_info(&self) -> Value {
        if self.sample {
            return json!({ "value": "{\"sample\":true}", "type": "default", "sample": true });
        }
        json!({ "value": "{}", "type": "default" })
    }
}

/// The activity begins some minutes before GuardDuty makes a finding of it.
pub(crate) fn first_seen(created: Timestamp) -> Timestamp {
    earlier(created, Duration::from_secs(612))
}

/// And was last seen some minutes before the finding was updated.
pub(crate) fn last_seen(updated: Timestamp) -> Timestamp {
    earlier(updated, Duration::from_secs(204))
}
