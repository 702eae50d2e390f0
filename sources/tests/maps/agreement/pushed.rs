//! What comes by events: the origin of each, how they are wrapped, and what is none.

use super::*;

#[test]
fn an_external_access_has_one_origin_by_event() {
    let mut finding = crate::access_analyzer::finding();
    let native = crate::external_access(&finding);
    finding["accountId"] = finding["resourceOwnerAccount"].take();
    finding["version"] = "1.0".into();
    finding["isDeleted"] = false.into();
    let by_event = event("aws.access-analyzer", "Access Analyzer Finding", &finding).remove(0);

    assert_one(&[&native, &by_event]);
    assert_eq!(native.attributes, by_event.attributes);
    assert_eq!(by_event.key.path, ReportPath::Event);
    assert_eq!(by_event.key.provider_id, native.key.provider_id);
    finding["isDeleted"] = true.into();
    let deleted = event("aws.access-analyzer", "Access Analyzer Finding", &finding).remove(0);
    assert_eq!(deleted.status, Status::Unobservable, "nobody looks any more");
}

#[test]
fn unused_and_internal_access_have_one_origin_by_event() {
    for (kind, name, id) in [
        ("UnusedIAMRole", "Unused Access Finding for IAM entities", "findingId"),
        ("InternalAccess", "Internal Access Finding", "id"),
    ] {
        let role = "arn:aws:iam::123456789012:role/r";
        let detail = json!({id: "f-1", "findingType": kind, "resource": role, "resourceType": "AWS::IAM::Role", "status": "ACTIVE", "accountId": "123456789012"});
        let native = json!({"id": "f-1", "findingType": kind, "resource": role, "resourceType": "AWS::IAM::Role", "status": "ACTIVE", "resourceOwnerAccount": "123456789012"});
        let unit = unit(SourceKind::AccessAnalyzer, ANALYZER);
        let native = reports_of(access_analyzer::map::finding(&[bytes(&native)], &unit)).remove(0);

        let by_event = event("aws.access-analyzer", name, &detail).remove(0);

        assert_one(&[&native, &by_event]);
        assert_eq!(by_event.rule_id, kind);
    }
}

#[test]
fn a_row_has_one_origin_by_event() {
    let check = Check {
        name: "Security Groups - Specific Ports Unrestricted".to_owned(),
        ..crate::trusted_advisor::check(
            "HCP4007jGY",
            &["Region", "Security Group Name", "Security Group ID", "Protocol", "Ports", "Status"],
        )
    };
    let cells = json!(["eu-west-1", "web", "sg-0abc12345def67890 (vpc-0abc)", "tcp", "22", "Red"]);
    let row =
        json!({"status": "error", "region": "eu-west-1", "resourceId": "hash", "metadata": cells});
    let native = crate::trusted_advisor::row(&check, row);
    let mut item = json!({
        "version": "0", "source": "aws.trustedadvisor", "account": READER, "region": "us-east-1",
        "detail-type": "Trusted Advisor Check Item Refresh Notification",
        "time": "2026-01-02T00:00:00Z", "resources": [],
        "detail": {
            "check-name": "Security Groups - Specific Ports Unrestricted",
            "check-item-detail": {
                "Status": "Red", "Region": "eu-west-1", "Security Group Name": "web",
                "Security Group ID": "sg-0abc12345def67890 (vpc-0abc)", "Protocol": "tcp", "Ports": "22",
            },
            "status": "ERROR", "resource_id": "", "uuid": "u",
        },
    });
    let by_event = envelope(&item).remove(0);

    assert_one(&[&native, &by_event]);
    assert_eq!(native.attributes, by_event.attributes);
    assert_eq!((native.severity, native.status), (by_event.severity, by_event.status));
    assert_eq!(by_event.key.path, ReportPath::Event);
    item["detail"]["status"] = "OK".into();
    assert_eq!(envelope(&item)[0].status, Status::Resolved);
    item["detail"]["check-name"] = "Another".into();
    let unmapped = unmapped_of(map_event(&item).remove(0));
    assert_eq!(unmapped.error, "check-name: `Another` is none of the checks");
}

#[test]
fn a_health_event_and_its_copy_are_one() {
    let arn = "arn:aws:health:us-east-1::event/RISK/AWS_RISK_CREDENTIALS_EXPOSED/AWS_RISK_1";
    let detail = json!({
        "eventArn": arn, "service": "RISK", "eventTypeCode": "AWS_RISK_CREDENTIALS_EXPOSED",
        "eventTypeCategory": "issue", "eventRegion": "eu-west-1", "affectedAccount": "123456789012",
        "startTime": "Fri, 2 Jan 2026 06:27:57 GMT", "statusCode": "open",
        "eventDescription": [{"language": "en_US", "latestDescription": "A key is public."}],
        "affectedEntities": [{"entityValue": "arn:aws:iam::123456789012:user/team/ann"}],
    });
    let by_event = event("aws.health", "AWS Health Event", &detail).remove(0);
    let id = arn.replace("us-east-1::", "us-east-1:123456789012:") + "/0123";
    let user = json!({"Type": "AwsIamUser", "Id": "arn:aws:iam::123456789012:user/ann"});
    let hub = asff(&copy("health", &id, &user));

    assert_one(&[&by_event, &hub]);
    assert_eq!((by_event.class, by_event.severity), (FindingClass::Threat, Severity::Critical));
    assert_eq!(by_event.description, "A key is public.");
    let mut broken = detail;
    broken["eventArn"] = "arn:aws:health:us-east-1::other".into();
    let event =
        json!({"source": "aws.health", "detail-type": "AWS Health Event", "detail": broken});
    assert!(unmapped_of(map_event(&event).remove(0)).error.starts_with("eventArn: "));
}

#[test]
fn an_event_that_came_through_sns_is_unwrapped() {
    let finding = crate::guardduty::finding();
    let event =
        json!({"source": "aws.guardduty", "detail-type": "GuardDuty Finding", "detail": finding});
    let once = json!({"Type": "Notification", "Message": event.to_string(), "MessageId": "m"});
    let twice = json!({"Type": "Notification", "Message": once.to_string()});
    let native = native_guardduty(&crate::guardduty::finding());

    for wrapped in [event, once, twice] {
        assert_eq!(envelope(&wrapped)[0].key, native.key);
    }
}

#[test]
fn several_findings_in_one_event_are_documents_each() {
    let mut other = crate::security_hub::control();
    other["Id"] = Value::Null;
    let findings = json!({"findings": [crate::security_hub::control(), other]});
    let event = json!({"source": "aws.securityhub", "detail-type": "Security Hub Findings - Imported", "detail": findings});

    let documents = map_event(&event);

    assert_eq!(documents.len(), 2);
    assert_eq!(documents[0].reports().len(), 1);
    assert_eq!(unmapped_of(documents[1].clone()).error, "Id: missing");
}

#[test]
fn what_is_no_event_that_is_known_says_why() {
    for (event, error) in [
        (json!({}), "not an event: no `source` and `detail-type`"),
        (json!([]), "not a JSON object from byte 0 on"),
        (
            json!({"source": "aws.ec2", "detail-type": "EC2 Instance State-change Notification", "detail": {}}),
            "detail-type: `EC2 Instance State-change Notification` of `aws.ec2` is not known",
        ),
        (
            json!({"source": "aws.guardduty", "detail-type": "GuardDuty Finding"}),
            "no object `detail`",
        ),
        (
            json!({"source": "aws.guardduty", "detail-type": "GuardDuty Finding", "detail": {}}),
            "id: missing",
        ),
        (
            json!({"source": "aws.securityhub", "detail-type": "Findings Imported V2", "detail": {}}),
            "detail.findings: missing",
        ),
        (
            json!({"source": "aws.access-analyzer", "detail-type": "Access Analyzer Finding", "detail": {}}),
            "resources: no analyzer",
        ),
        (
            json!({"source": "aws.config", "detail-type": "Config Rules Compliance Change", "detail": {}}),
            "configRuleARN: missing",
        ),
    ] {
        assert_eq!(unmapped_of(map_event(&event).remove(0)).error, error, "{event}");
    }
}
