//! What holds of every mutation, and the pieces that the tests of one promise are made of.

mod decisions;
mod order;
mod silence;

use std::slice::from_ref;

use proptest::prelude::*;

use super::*;
use crate::change::{ChangeKind, Facets};
use crate::finding::Absence;
use crate::invariants;
use crate::report::{FindingClass, IdentityRule, OriginKey, ReportPath, Severity};
use crate::testing::{self, START, Step, history, rules, steps, take};
use crate::time::DAY_MS;
use crate::triage::TriageReason;

/// When tests begin; reports say that their source looked an hour before.
const NOON: Millis = Millis(START.0 + DAY_MS / 2);
const HOUR: i64 = HOUR_MS;

/// A report about one finding of `rule`, read from `source`, as of [`NOON`].
fn report(rule: IdentityRule, source: SourceKind) -> Report {
    let path = testing::path(source);
    Report {
        key: ReportKey { path, provider_id: format!("{source}:1") },
        origin: OriginKey { rule, text: format!("{}|123456789012|a", rule.as_str()) },
        source,
        product: if path == ReportPath::Asff { "aws/original" } else { "aws/native" }.to_owned(),
        account: "123456789012".parse().unwrap(),
        region: "eu-central-1".parse().unwrap(),
        class: FindingClass::Misconfiguration,
        rule_id: "S3.8".to_owned(),
        title: "bucket is open".to_owned(),
        description: String::new(),
        severity: Severity::High,
        severity_normalized: 70,
        status: Status::Active,
        status_detail: "FAILED".to_owned(),
        resources: vec![crate::report::Resource {
            id: "arn:aws:s3:::a".to_owned(),
            original: "a".to_owned(),
            kind: "AwsS3Bucket".to_owned(),
        }],
        facet: String::new(),
        exposure: crate::report::Exposure::Unknown,
        signals: crate::report::Signals::default(),
        sample: false,
        customer: crate::report::CustomerFields::default(),
        remediation: String::new(),
        remediation_url: String::new(),
        first_observed: Some(START),
        last_observed: Some(NOON.plus(-HOUR)),
        provider_created: Some(START),
        provider_updated: Some(NOON.plus(-HOUR)),
        count: 1,
        remarks: Vec::new(),
        raw: bytes::Bytes::from_static(b"{}"),
        raw_truncated: false,
        attributes: Vec::new(),
    }
}

/// A Security Hub control.
fn control() -> Report {
    report(IdentityRule::Control, SourceKind::SecurityHub)
}

/// `report` as of `time`.
fn as_of(report: &Report, time: Millis) -> Report {
    Report { last_observed: Some(time), provider_updated: Some(time), ..report.clone() }
}

/// `report` as its unit reads it.
fn seen(report: &Report) -> Observation {
    let account = report.account;
    let unit =
        Unit { source: report.source, account, region: report.region.clone(), part: String::new() };
    let finding = FindingKey::of_origin(&report.origin);
    Observation { content_hash: report.content_hash(), report: report.clone(), unit, finding }
}

/// The finding after `mutation` was committed to a log of its own.
fn commit(mutation: Option<Mutation>) -> Finding {
    testing::commit(mutation.expect("something is worth a write")).finding
}

/// The finding that `reports` begin at [`NOON`].
fn found<'a>(reports: impl IntoIterator<Item = &'a Report>) -> Finding {
    commit(observe(None, reports.into_iter().map(seen).collect(), rules(NOON)))
}

/// `finding` after its sources were read again.
fn read<'a>(
    finding: &Finding,
    reports: impl IntoIterator<Item = &'a Report>,
    now: Millis,
) -> Option<Mutation> {
    observe(Some(finding), reports.into_iter().map(seen).collect(), rules(now))
}

/// A command by alice, with a comment.
fn command(action: TriageAction) -> Command {
    Command {
        action,
        comment: "because".to_owned(),
        actor: Actor { principal: "user:alice".to_owned(), on_behalf_of: String::new() },
        request_id: "r-1".to_owned(),
    }
}

/// `finding` after a decision at `now`.
fn decided(finding: &Finding, action: TriageAction, now: Millis) -> Finding {
    commit(decide(finding, &command(action), rules(now)).unwrap())
}

/// `finding`, done at `now`.
fn done(finding: &Finding, now: Millis) -> Finding {
    decided(finding, TriageAction::Done { reason: TriageReason::Fixed }, now)
}

/// The field change of that name.
fn moved_field<'a>(mutation: &'a Mutation, field: &str) -> Option<(&'a str, &'a str)> {
    let fields = mutation.change.fields.iter();
    fields.filter(|f| f.field == field).map(|f| (f.before.as_str(), f.after.as_str())).next()
}

#[test]
fn the_first_report_makes_a_finding() {
    let mutation = observe(None, vec![seen(&control())], rules(NOON)).unwrap();

    assert_eq!(mutation.base, Revision::ZERO);
    assert_eq!(mutation.finding.id, FindingId::derive("shc|123456789012|a"));
    assert_eq!(mutation.finding.triage, Triage::default());
    assert_eq!((mutation.finding.created, mutation.finding.content_version), (NOON, 1));
    assert_eq!(mutation.change.kinds, [ChangeKind::Created]);
    assert_eq!(mutation.change.actor.principal, "source:securityhub");
    assert_eq!((mutation.change.before, mutation.change.fields), (None, Vec::new()));
    assert_eq!(observe(None, Vec::new(), rules(NOON)), None);
}

#[test]
fn a_change_says_what_moved_and_of_what_kind() {
    use ChangeKind::{ContentUpdated, Observed, Reprioritized, StatusChanged, Triaged};
    let first = found(&[control()]);
    let at = |report: Report| as_of(&report, NOON);
    let read = |change: fn(&mut Report)| {
        let mut report = at(control());
        change(&mut report);
        read(&first, &[report], NOON).unwrap()
    };

    let worse = read(|r| (r.severity, r.severity_normalized) = (Severity::Critical, 95));
    assert_eq!(worse.change.kinds, [ContentUpdated]);
    assert_eq!(moved_field(&worse, "severity"), Some(("HIGH", "CRITICAL")));
    let scores = [&first, &worse.finding].map(|finding| finding.priority.score.to_string());
    assert_eq!(
        moved_field(&worse, "priority.score"),
        Some((scores[0].as_str(), scores[1].as_str()))
    );

    let fixed = read(|r| r.status = Status::Resolved);
    assert_eq!(fixed.change.kinds, [StatusChanged]);
    assert_eq!(moved_field(&fixed, "status"), Some(("ACTIVE", "RESOLVED")));
    assert_eq!(moved_field(&fixed, "priority.gate"), Some(("", "closed")));

    let noted = read(|r| r.customer.note = "known".to_owned());
    assert_eq!(noted.change.kinds, [Observed]);
    assert_eq!(moved_field(&noted, "notes"), Some(("", "known")));

    let acknowledged =
        decide(&first, &command(TriageAction::Acknowledge), rules(NOON)).unwrap().unwrap();
    assert_eq!(acknowledged.change.kinds, [Triaged]);
    assert_eq!(acknowledged.change.action, "acknowledge");
    assert_eq!(acknowledged.change.request_id, "r-1");
    assert_eq!(moved_field(&acknowledged, "triage.state"), Some(("NEW", "ACKNOWLEDGED")));

    let threat = Report { class: FindingClass::Threat, ..control() };
    let threat = found(&[threat]);
    assert_eq!(tick(&threat, rules(NOON.plus(3 * DAY_MS))), None, "20 points are no news");
    let older = tick(&threat, rules(NOON.plus(9 * DAY_MS))).unwrap();
    assert_eq!(older.change.kinds, [Reprioritized]);
    assert!(moved_field(&older, "priority.score").is_some());
}

#[test]
fn what_a_person_would_look_at_again_is_material_and_the_rest_is_not() {
    use crate::report::{Exposure, Resource};
    let first = decided(&found(&[control()]), TriageAction::Start, NOON);
    let material: [fn(&mut Report); 11] = [
        |r| (r.severity, r.severity_normalized) = (Severity::Low, 10),
        |r| r.severity_normalized = 75,
        |r| r.exposure = Exposure::Public,
        |r| r.class = FindingClass::Exposure,
        |r| r.rule_id = "S3.2".to_owned(),
        |r| r.title = "bucket is public".to_owned(),
        |r| r.description = "longer".to_owned(),
        |r| r.facet = "port 22".to_owned(),
        |r| r.sample = true,
        |r| r.resources.push(Resource { id: "b".to_owned(), ..r.resources[0].clone() }),
        |r| r.region = "us-east-1".parse().unwrap(),
    ];
    let immaterial: [fn(&mut Report); 6] = [
        |r| r.status = Status::Unobservable,
        |r| r.status = Status::Archived,
        |r| r.status_detail = "WARNING".to_owned(),
        |r| r.customer.workflow = "NOTIFIED".to_owned(),
        |r| r.remediation = "block public access".to_owned(),
        |r| r.product = "aws/other".to_owned(),
    ];

    for (changes, stale) in [(&material[..], true), (&immaterial[..], false)] {
        for (index, change) in changes.iter().enumerate() {
            let mut report = as_of(&control(), NOON);
            change(&mut report);
            let mutation = read(&first, &[report], NOON).unwrap();

            let Finding { triage, content_version, .. } = &mutation.finding;
            assert_eq!((triage.stale, *content_version), (stale, 1 + u64::from(stale)), "{index}");
            assert_eq!(triage.etag(), first.triage.etag());
            assert!(!mutation.change.fields.is_empty(), "{index}");
        }
    }
}

#[test]
fn a_fix_that_lowers_the_severity_is_no_material_change() {
    let first = decided(&found(&[control()]), TriageAction::Acknowledge, NOON);
    let passed = Report {
        status: Status::Resolved,
        severity: Severity::Informational,
        severity_normalized: 0,
        ..as_of(&control(), NOON)
    };

    let closed = commit(read(&first, &[passed], NOON));
    let failed = commit(read(&closed, &[as_of(&control(), NOON.plus(HOUR))], NOON.plus(HOUR)));

    assert!(!closed.triage.stale);
    assert_eq!((closed.content_version, failed.content_version), (1, 2));
    assert!(failed.triage.stale, "it came back after the decision");
}

#[test]
fn a_finding_holds_a_bounded_number_of_reports_and_keeps_the_open_ones() {
    // The open one is the longest unchanged.
    let id = |n: i64, status| Report {
        key: ReportKey { provider_id: format!("id:{n:03}"), ..control().key },
        status,
        ..as_of(&control(), START.plus(n))
    };
    let last = i64::try_from(REPORTS_MAX).unwrap();
    let closed = (1..=last).map(|n| id(n, Status::Resolved));
    let reports: Vec<_> = closed.chain([id(0, Status::Active)]).collect();

    let finding = found(&reports);

    assert_eq!(finding.reports.len(), REPORTS_MAX);
    assert_eq!(finding.facts.status, Status::Active);
    let held = |n| finding.reports.iter().any(|held| held.report.key == id(n, Status::Active).key);
    assert!(held(0) && !held(1) && held(2), "the closed one longest unchanged was let go");
    assert_eq!(read(&finding, &[id(1, Status::Resolved)], NOON), None, "and stays away");

    let gone = commit(conclude(&finding, &[id(last, Status::Active).key.digest()], rules(NOON)));
    let later = commit(read(&gone, &[id(last + 1, Status::Resolved)], NOON));
    let held = |n| later.reports.iter().any(|held| held.report.key == id(n, Status::Active).key);
    assert!(!held(last) && held(2), "the next to go is what its source no longer has");
}

/// What must hold of a mutation that follows `before`.
fn check(before: Option<&Mutation>, mutation: &Mutation) -> Result<(), TestCaseError> {
    let Mutation { base, finding, change } = mutation;
    let was = before.map(|before| &before.finding);
    prop_assert_eq!(*base, was.map_or(Revision::ZERO, |was| was.revision));

    prop_assert_eq!(finding.id, FindingId::derive(&finding.key));
    prop_assert_eq!((finding.updated, change.time), (change.time, finding.updated));
    if let Some(facts) = fold(&finding.reports) {
        prop_assert_eq!(&facts, &finding.facts);
    }
    let rated = rules(change.time).model.rate(Inputs::of(finding), change.time);
    prop_assert_eq!((&finding.priority, &finding.due), (&rated.priority, &rated.due));
    prop_assert!(crate::triage::sound(&finding.triage), "{:?}", finding.triage);

    prop_assert_eq!(&change.before, &was.map(Facets::of));
    prop_assert_eq!(&change.after, &Facets::of(finding));
    prop_assert!(!change.actor.principal.is_empty());
    prop_assert!(change.kinds.is_sorted_by(|a, b| a < b) && !change.kinds.is_empty());
    let Some(was) = was else {
        prop_assert_eq!(&change.kinds, &[ChangeKind::Created]);
        return Ok(());
    };
    prop_assert_eq!((finding.id, &finding.key, finding.created), (was.id, &was.key, was.created));
    let kind = |kind| u64::from(change.kinds.contains(&kind));
    prop_assert_eq!(
        finding.content_version,
        was.content_version + kind(ChangeKind::ContentUpdated)
    );
    prop_assert_eq!(finding.triage.version, was.triage.version + kind(ChangeKind::Triaged));
    let closed_or_open = finding.facts.status != was.facts.status;
    prop_assert_eq!(kind(ChangeKind::StatusChanged), u64::from(closed_or_open));
    every_facet_that_moved_is_a_field(mutation)
}

fn every_facet_that_moved_is_a_field(mutation: &Mutation) -> Result<(), TestCaseError> {
    let change = &mutation.change;
    let (before, after) = (change.before.as_ref().unwrap(), &change.after);
    let moves = [
        ("priority.score", before.score != after.score),
        ("severity", before.severity != after.severity),
        ("status", before.status != after.status),
        ("triage.state", before.triage != after.triage),
        ("class", before.class != after.class),
        ("account", before.account != after.account),
        ("region", before.region != after.region),
        ("triage.assignee", before.assignee != after.assignee),
        ("triage.stale", before.stale != after.stale),
        ("rule_id", before.rule_id != after.rule_id),
        ("title", before.title != after.title),
    ];
    for (field, moved) in moves {
        prop_assert_eq!(moved_field(mutation, field).is_some(), moved, "{}", field);
    }
    for (field, moved) in [
        ("reports", before.sources != after.sources),
        ("resources", before.resource != after.resource),
    ] {
        prop_assert!(moved_field(mutation, field).is_some() || !moved, "{}", field);
    }
    for field in &change.fields {
        prop_assert_ne!(&field.before, &field.after, "{}", &field.field);
    }
    Ok(())
}

proptest! {
    #[test]
    fn every_history_keeps_the_promises_that_are_checked_by_name(log in history()) {
        let mut violations = Vec::new();
        let mut entries = invariants::Log::new(Revision(1));
        for mutation in &log {
            violations.extend(entries.append(&mutation.change));
            violations.extend(invariants::finding(&mutation.finding, rules(NOON).model));
        }
        let last = &log.last().unwrap().finding;
        violations.extend(entries.image(last));
        violations.extend(entries.end(last.revision));
        violations.extend(entries.lost());

        prop_assert!(violations.is_empty(), "{:?}", violations);
    }

    #[test]
    fn every_mutation_agrees_with_the_findings_around_it(log in history()) {
        let mut before = None;
        for mutation in &log {
            check(before, mutation)?;
            before = Some(mutation);
        }
    }

    #[test]
    fn planning_the_same_again_writes_nothing(steps in steps()) {
        let mut current = None;
        for (now, step) in &steps {
            let taken = take(current.as_ref(), *now, step);
            current = taken.map(|m| testing::commit(m).finding).or(current);
            let repeats = !matches!(step, Step::Decide(command) if !command.action.decides());
            if repeats {
                prop_assert_eq!(take(current.as_ref(), *now, step), None);
            }
            let ticked = take(current.as_ref(), *now, &Step::Tick);
            current = ticked.map(|m| testing::commit(m).finding).or(current);
            prop_assert_eq!(take(current.as_ref(), *now, &Step::Tick), None);
        }
    }
}
