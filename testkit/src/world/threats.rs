//! What happens to findings in GuardDuty, and to their copies in Security Hub.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::event::{Threat, WorldError};
use super::{Place, World, detector};
use crate::clock::earlier;
use crate::documents::guardduty::ThreatFinding;
use crate::documents::resource::Resource;
use crate::documents::{copies, threats};
use crate::scope::Scope;
use crate::seeded;

impl World {
    pub(super) fn add_threat(&mut self, threat: &Threat, now: Timestamp) -> Result<(), WorldError> {
        self.check_free(&threat.name)?;
        let info = threats::threat(&threat.kind)
            .ok_or_else(|| WorldError::UnknownKind(threat.kind.clone()))?;
        let seed = self.seed;
        let detector = self.detector_mut(&threat.scope)?;
        let id = seeded::hex(seed, &["threat", &threat.name], 32);
        let age = Duration::from_secs(u64::from(threat.age_hours) * 3600);
        let finding = ThreatFinding {
            seed,
            info,
            scope: &threat.scope,
            detector: &detector.id,
            id: &id,
            resource: &threat.resource,
            created: earlier(now, age),
            updated: now,
            count: threat.count,
            sample: threat.sample,
        };
        let document = finding.document();
        let copied = copied_resource(&document, &threat.resource);
        let copy = copies::of_guardduty(&document, info, &copied);
        detector.findings.insert(id.clone(), document);
        if let Some(hub) = self.hubs.get_mut(&threat.scope) {
            hub.put(&copy)?;
        }
        self.names.insert(threat.name.clone(), Place::Detector { scope: threat.scope.clone(), id });
        Ok(())
    }

    pub(super) fn escalate(
        &mut self,
        name: &str,
        severity: f64,
        now: Timestamp,
    ) -> Result<(), WorldError> {
        let Place::Detector { scope, id } = self.place(name)?.clone() else {
            return Err(self.wrong_product(name));
        };
        self.see_again(&scope, &id, Some(severity), now)
    }

    /// The activity goes on; the copy follows.
    pub(super) fn see_again(
        &mut self,
        scope: &Scope,
        id: &str,
        severity: Option<f64>,
        now: Timestamp,
    ) -> Result<(), WorldError> {
        let detector = self.detector_mut(scope)?;
        let Some(document) = detector.findings.get_mut(id) else { return Ok(()) };
        detector::seen_again(document, now);
        if let Some(severity) = severity {
            document["severity"] = json!(severity);
        }
        let document = document.clone();
        let copy = self.copy_of_threat(scope, id)?;
        let Some(hub) = self.hubs.get_mut(scope) else { return Ok(()) };
        hub.change(&copy, |copy| follow(copy, &document))
    }

    /// Archiving moves no time, and Security Hub's copy does not follow.
    pub(super) fn archive_threat(
        &mut self,
        scope: &Scope,
        id: &str,
        archived: bool,
    ) -> Result<(), WorldError> {
        if let Some(document) = self.detector_mut(scope)?.findings.get_mut(id) {
            document["service"]["archived"] = json!(archived);
        }
        Ok(())
    }

    /// The id of the copy in Security Hub.
    pub(super) fn copy_of_threat(&mut self, scope: &Scope, id: &str) -> Result<String, WorldError> {
        let document = self.detector_mut(scope)?.findings.get(id);
        let arn = document.and_then(|document| document["arn"].as_str());
        arn.map(ToOwned::to_owned).ok_or(WorldError::Document("arn"))
    }
}

/// The copy says what its native finding says now.
fn follow(copy: &mut Value, native: &Value) {
    let severity = native["severity"].as_f64().unwrap_or_default();
    let label = copies::label(severity);
    copy["Severity"] = json!({
        "Product": severity,
        "Label": label,
        "Normalized": copies::tenfold(severity)
    });
    copy["FindingProviderFields"]["Severity"] = json!({ "Label": label });
    copy["UpdatedAt"] = native["updatedAt"].clone();
    copy["ProcessedAt"] = native["updatedAt"].clone();
    copy["LastObservedAt"] = native["service"]["eventLastSeen"].clone();
    let fields = &mut copy["ProductFields"];
    fields["aws/guardduty/service/count"] = json!(native["service"]["count"].to_string());
    fields["aws/guardduty/service/eventLastSeen"] = native["service"]["eventLastSeen"].clone();
}

/// What the copy names as its resource: for credentials the access key, else the resource.
fn copied_resource(native: &Value, resource: &Resource) -> Value {
    let Some(key) = native.pointer("/resource/accessKeyDetails") else { return resource.asff() };
    if native.pointer("/resource/s3BucketDetails").is_some() {
        return resource.asff();
    }
    let id = key["accessKeyId"].as_str().unwrap_or_default();
    json!({
        "Type": "AwsIamAccessKey",
        "Id": format!("AWS::IAM::AccessKey:{id}"),
        "Partition": "aws",
        "Region": native["region"],
        "Details": {
            "AwsIamAccessKey": {
                "AccessKeyId": id,
                "PrincipalId": key["principalId"],
                "PrincipalName": key["userName"],
                "PrincipalType": key["userType"]
            }
        }
    })
}
