//! The signals of recorded documents, recomputed from plain JSON values.

use bytes::Bytes;
use muster_core::report::{ExploitState, Report, Signals, Tag, epss_step};
use muster_core::unit::SourceKind;
use muster_sources::inspector;
use serde_json::Value;

use crate::corpus::paths::documents;
use crate::corpus::{self, walk::Kind};
use crate::unit;

/// What a document says of one thing, and what the report does.
fn same<T: PartialEq + std::fmt::Debug>(
    counted: &mut usize,
    says: Option<T>,
    is: Option<T>,
    of: &str,
) {
    if says.is_some() {
        assert_eq!(is, says, "{of}");
        *counted += 1;
    }
}

/// The first report of a document that is mapped.
fn first(document: &muster_sources::document::Document) -> Option<&Report> {
    document.reports().first()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a probability")]
fn step(score: &Value) -> Option<u16> {
    let score = score.as_f64().or_else(|| score.as_str()?.parse().ok())?;
    let score = (0.0..=1.0).contains(&score).then_some(score)?;
    Some(epss_step((score * 1000.0 + 1e-6) as u16))
}

fn exploit(word: &Value) -> Option<ExploitState> {
    match word.as_str()? {
        "YES" => Some(ExploitState::ProofOfConcept),
        "NO" => Some(ExploitState::None),
        _ => None,
    }
}

fn object_tags(tags: &Value) -> Option<Vec<Tag>> {
    let tags = tags.as_object().filter(|tags| !tags.is_empty())?;
    let tag = |(key, value): (&String, &Value)| {
        let trimmed = |text: &str| text.trim().to_owned();
        Some(Tag { key: trimmed(key), value: trimmed(value.as_str()?) })
    };
    let mut tags: Vec<Tag> = tags.iter().map(tag).collect::<Option<_>>()?;
    tags.sort();
    Some(tags)
}

fn list_tags(tags: &Value) -> Option<Vec<Tag>> {
    let member = |tag: &Value, names: [&str; 2]| {
        names.iter().find_map(|name| tag.get(name)?.as_str().map(|text| text.trim().to_owned()))
    };
    let tag = |tag: &Value| {
        Some(Tag { key: member(tag, ["key", "Key"])?, value: member(tag, ["value", "Value"])? })
    };
    let tags = tags.as_array().filter(|tags| !tags.is_empty())?;
    let mut tags: Vec<Tag> = tags.iter().map(tag).collect::<Option<_>>()?;
    tags.sort();
    Some(tags)
}

#[test]
fn recorded_inspector_findings_say_what_their_documents_say() {
    let all = documents("inspector2", |members| members.contains_key("findingArn"));
    let (mut scores, mut exploits, mut tagged, mut ids) = (0, 0, 0, 0);
    for document in &all {
        let value: Value = serde_json::from_slice(document).unwrap();
        let mapped = inspector::map::finding(document, &unit(SourceKind::Inspector, ""));
        let Some(report) = first(&mapped) else { continue };
        let of = report.key.to_string();
        let said = report.signals.vulnerability.clone().unwrap_or_default();
        same(&mut scores, step(&value["epss"]["score"]), said.epss_permille, &of);
        same(&mut exploits, exploit(&value["exploitAvailable"]), Some(said.exploit), &of);
        let tags = object_tags(&value["resources"][0]["tags"]);
        same(&mut tagged, tags, Some(report.signals.tags.clone()), &of);
        let id = value["packageVulnerabilityDetails"]["vulnerabilityId"].as_str();
        let cve = id.filter(|id| id.starts_with("CVE-")).map(|id| vec![id.to_owned()]);
        same(&mut ids, cve, Some(said.ids), &of);
    }
    if corpus::corpus().is_some() && corpus::is_the_known_one() {
        assert!(
            scores >= 40 && exploits >= 40 && tagged >= 3 && ids >= 40,
            "{scores} {exploits} {tagged} {ids}"
        );
    }
}

#[test]
fn recorded_findings_in_security_hub_say_what_their_documents_say() {
    let Some(all) = corpus::corpus() else { return };
    let (mut tagged, mut confident, mut exploits, mut scores) = (0, 0, 0, 0);
    for recorded in all.iter().filter(|recorded| recorded.kind == Kind::Asff) {
        let value = &recorded.value;
        let mapped = corpus::map(recorded).remove(0);
        let Some(report) = first(&mapped) else { continue };
        let of = report.key.to_string();
        let signals = &report.signals;
        // Macie's are those of all its resources.
        let is_macie = report.product == "aws/macie";
        let tags = object_tags(&value["Resources"][0]["Tags"]).filter(|_| !is_macie);
        same(&mut tagged, tags, Some(signals.tags.clone()), &of);
        let confidence = value["Confidence"].as_u64().and_then(|n| u8::try_from(n).ok());
        same(&mut confident, confidence, signals.confidence, &of);
        let first = &value["Vulnerabilities"][0];
        let said = signals.vulnerability.clone().unwrap_or_default();
        same(&mut exploits, exploit(&first["ExploitAvailable"]), Some(said.exploit), &of);
        same(&mut scores, step(&first["EpssScore"]), said.epss_permille, &of);
    }
    if corpus::is_the_known_one() {
        assert!(
            tagged >= 40 && confident >= 3 && exploits >= 8 && scores >= 2,
            "{tagged} {confident} {exploits} {scores}"
        );
    }
}

#[test]
fn recorded_guardduty_findings_have_the_tags_of_their_instances() {
    let Some(all) = corpus::corpus() else { return };
    let mut tagged = 0;
    for recorded in all.iter().filter(|recorded| recorded.kind == Kind::GuardDuty) {
        let value = &recorded.value;
        let mapped = corpus::map(recorded).remove(0);
        let Some(report) = first(&mapped) else { continue };
        if report.primary_resource().is_none_or(|one| one.kind != "AwsEc2Instance") {
            continue;
        }
        let instance =
            [["resource", "instanceDetails", "tags"], ["Resource", "InstanceDetails", "Tags"]]
                .into_iter()
                .find_map(|path| path.iter().try_fold(value, |value, name| value.get(name)));
        let tags = instance.and_then(list_tags);
        same(&mut tagged, tags, Some(report.signals.tags.clone()), &report.key.to_string());
    }
    if corpus::is_the_known_one() {
        assert!(tagged >= 3, "{tagged}");
    }
}

#[test]
fn no_recorded_document_without_signals_has_any() {
    let plain = Bytes::from_static(
        br#"{"findingArn": "arn:aws:inspector2:eu-west-1:123456789012:finding/1"}"#,
    );
    let mapped = inspector::map::finding(&plain, &unit(SourceKind::Inspector, ""));
    assert_eq!(first(&mapped).unwrap().signals, Signals::default());
}
