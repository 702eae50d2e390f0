//! D2: the same reports, in any order and any number of times, give the same finding.

use proptest::collection::vec;
use proptest::sample::{Index, select};

use super::*;
use crate::finding::Facts;
use crate::finding::Lifecycle;
use crate::priority::Inputs;
use crate::priority::Priority;
use crate::testing::{one_finding, versions};

/// After every generated time.
const LATER: Millis = Millis(START.0 + 100 * DAY_MS);

/// What must not depend on the order: all but when it was first stored, how often it moved, who
/// read it last, and the times of sightings that brought nothing new.
type Essence = (String, Facts, Priority, Vec<(ReportKey, u64, Option<Absence>)>);

fn essence(finding: &Finding) -> Essence {
    let mut facts = finding.facts.clone();
    (facts.last_observed, facts.provider_updated) = (None, None);
    let reports = finding.reports.iter();
    let reports =
        reports.map(|held| (held.report.key.clone(), held.content_hash, held.absence)).collect();
    // How often it closed and opened depends on what was read when.
    let inputs = Inputs { lifecycle: &Lifecycle::default(), ..Inputs::of(finding) };
    let rating = rules(LATER).model.rate(inputs, LATER);
    (finding.key.clone(), facts, rating.priority, reports)
}

/// Each report of one finding, in all its versions, with sightings between them.
fn streams() -> impl Strategy<Value = Vec<Vec<Report>>> {
    let sightings = vec(any::<bool>(), 16);
    (one_finding(), sightings).prop_flat_map(|(reports, again)| {
        let streams: Vec<_> = reports.into_iter().map(versions).collect();
        streams.prop_map(move |streams| {
            streams.into_iter().map(|versions| with_sightings(versions, &again)).collect()
        })
    })
}

/// After some versions, the same again with a later update time, but before the next version.
fn with_sightings(versions: Vec<Report>, again: &[bool]) -> Vec<Report> {
    let mut stream: Vec<Report> = Vec::new();
    for (version, again) in versions.into_iter().zip(again) {
        let sighting = Report {
            provider_updated: version.provider_updated.map(|time| time.plus(1)),
            // A threat without a time of its own is as recent as its record.
            last_observed: version.last_observed.or(version.provider_updated),
            ..version.clone()
        };
        let version = Report { last_observed: sighting.last_observed, ..version };
        // Versions are at least a millisecond apart: a sighting may have the next one's time.
        stream.retain(|known| known.provider_updated != version.provider_updated);
        stream.push(version);
        if *again {
            stream.push(sighting);
        }
    }
    stream
}

/// The finding after these were read one at a time.
fn read_all<'a>(reports: impl IntoIterator<Item = &'a Report>) -> Finding {
    let mut finding: Option<Finding> = None;
    for report in reports {
        if let Some(mutation) = observe(finding.as_ref(), vec![seen(report)], rules(LATER)) {
            finding = Some(mutation.finding);
        }
    }
    finding.unwrap()
}

/// All of `streams`, each once or twice, in any order.
fn shuffled() -> impl Strategy<Value = (Vec<Vec<Report>>, Vec<Report>)> {
    testing::shuffled(streams())
}

proptest! {
    #[test]
    fn any_order_with_repeats_gives_the_same_finding((streams, shuffled) in shuffled()) {
        let in_order = read_all(streams.iter().flatten());

        prop_assert_eq!(essence(&read_all(&shuffled)), essence(&in_order));
    }

    #[test]
    fn any_batching_gives_the_same_finding(
        (streams, shuffled) in shuffled(), sizes in vec(1..5_usize, 200),
    ) {
        let mut finding: Option<Finding> = None;
        let mut rest = shuffled.as_slice();
        for size in sizes {
            let (batch, after) = rest.split_at(size.min(rest.len()));
            rest = after;
            let batch = batch.iter().map(seen).collect();
            if let Some(mutation) = observe(finding.as_ref(), batch, rules(LATER)) {
                finding = Some(mutation.finding);
            }
        }

        prop_assert_eq!(essence(&finding.unwrap()), essence(&read_all(streams.iter().flatten())));
    }

    #[test]
    fn the_next_reading_settles_whatever_came_before(
        (mut streams, shuffled) in shuffled(),
        back: Index,
        untimed in vec(any::<bool>(), 64),
        events in vec((any::<Index>(), 0..3_u8), 0..8),
    ) {
        // A source may go back to what it said before, and may give no times.
        for stream in &mut streams {
            let (first, last) = (back.get(stream).clone(), stream.last().unwrap());
            let later = last.provider_updated.map(|time| time.plus(HOUR));
            stream.push(Report { provider_updated: later, ..first });
        }
        let newest: Vec<Report> = streams.iter().map(|s| s.last().unwrap().clone()).collect();
        let settled = read_all(streams.iter().flatten());

        let mut finding = read_all(&newest);
        let mut events = events.into_iter();
        for (report, untimed) in shuffled.into_iter().zip(untimed) {
            let time = report.provider_updated.filter(|_| !untimed);
            let report = Report { provider_updated: time, ..report };
            let key = report.key.clone();
            let planned = match events.next().map(|(_, kind)| kind) {
                Some(0) => conclude(&finding, &[key.digest()], rules(LATER)),
                Some(1) => withdraw(&finding, from_ref(&key), rules(LATER)),
                _ => observe(Some(&finding), vec![seen(&report)], rules(LATER)),
            };
            finding = planned.map_or(finding, |mutation| mutation.finding);
        }
        for report in &newest {
            let planned = observe(Some(&finding), vec![seen(report)], rules(LATER));
            finding = planned.map_or(finding, |mutation| mutation.finding);
        }

        prop_assert_eq!(essence(&finding), essence(&settled));
    }

    #[test]
    fn the_path_read_first_does_not_matter(
        rule in select(vec![IdentityRule::GuardDuty, IdentityRule::ExternalAccess]),
        statuses in (select(Status::ALL.to_vec()), select(Status::ALL.to_vec())),
    ) {
        let native = Report { status: statuses.0, ..report(rule, SourceKind::GuardDuty) };
        let copy = Report { status: statuses.1, ..report(rule, SourceKind::SecurityHub) };

        let one = read_all([&native, &copy]);

        prop_assert_eq!(essence(&one), essence(&read_all([&copy, &native])));
        prop_assert_eq!(one.facts.status, native.status);
        prop_assert_eq!(one.facts.products, ["aws/native"]);
    }
}

#[test]
fn an_older_page_after_a_newer_one_undoes_nothing() {
    let fixed = Report { status: Status::Resolved, ..as_of(&control(), NOON) };
    let finding = commit(read(&found(&[control()]), &[fixed], NOON));

    assert_eq!(read(&finding, &[control()], NOON.plus(HOUR)), None);
}

#[test]
fn of_two_versions_with_one_update_time_the_last_read_counts() {
    // Archiving in GuardDuty and a customer's edit in Security Hub move no update time.
    let active = report(IdentityRule::GuardDuty, SourceKind::GuardDuty);
    let archived = Report { status: Status::Archived, ..active.clone() };

    let after = commit(read(&found([&active]), [&archived], NOON));
    let back = commit(read(&after, &[active], NOON));

    assert_eq!(after.facts.status, Status::Archived);
    assert_eq!(back.facts.status, Status::Active);
    assert_eq!(read(&after, &[archived], NOON), None);
}

#[test]
fn an_update_time_ahead_of_the_clock_keeps_no_later_version_out() {
    let broken = as_of(&control(), Millis::parse("2099-01-01T00:00:00Z").unwrap());
    let fixed = Report { status: Status::Resolved, ..as_of(&control(), NOON) };

    let finding = commit(read(&found(&[broken]), &[fixed], NOON));

    assert_eq!(finding.facts.status, Status::Resolved);
}

#[test]
fn a_sighting_is_stored_once_in_thirty_days_and_with_whatever_else_is_written() {
    let finding = found(&[control()]);
    let late = NOON.plus(i64::from(REFRESH_DAYS) * DAY_MS);
    let sighting = |time: Millis| as_of(&control(), time.plus(-HOUR));

    assert_eq!(read(&finding, &[sighting(late.plus(-1))], late), None);

    let stored = read(&finding, &[sighting(late)], late).unwrap();
    assert_eq!(stored.change.kinds, [ChangeKind::Observed]);
    assert_eq!(stored.finding.facts.last_observed, Some(late.plus(-HOUR)));
    assert_eq!(stored.finding.content_version, 1);

    let other =
        Report { key: ReportKey { provider_id: "2".to_owned(), ..control().key }, ..control() };
    let both = commit(read(&finding, &[sighting(NOON.plus(HOUR)), other], NOON.plus(HOUR)));
    assert_eq!(both.facts.last_observed, Some(NOON));
}

#[test]
fn a_threat_seen_on_a_later_day_is_stored_and_counts_as_recent() {
    let threat = Report {
        class: FindingClass::Threat,
        ..report(IdentityRule::GuardDuty, SourceKind::GuardDuty)
    };
    let month = NOON.plus(31 * DAY_MS);
    let untimed = Report { last_observed: None, ..threat.clone() };
    let later = Report { provider_updated: Some(month), ..untimed.clone() };

    // One without a time of its own is as recent as its record.
    for (first, again) in [(&threat, as_of(&threat, month)), (&untimed, later)] {
        let finding = commit(tick(&found([first]), rules(month)));

        let seen = read(&finding, [&again], month).unwrap();

        assert_eq!(seen.change.kinds, [ChangeKind::Reprioritized, ChangeKind::Observed]);
        assert!(seen.finding.priority.score > finding.priority.score);
        assert_eq!(seen.finding.content_version, 1);
    }
}

#[test]
fn a_refreshed_report_does_not_take_the_lead_and_the_title_with_it() {
    let named = |id: &str, title: &str| Report {
        key: ReportKey { provider_id: id.to_owned(), ..control().key },
        title: title.to_owned(),
        ..control()
    };
    let (one, two) = (named("1", "CloudTrail should encrypt"), named("2", "2.7 Ensure encryption"));
    let finding = found(&[one, two.clone()]);
    let noted = Report {
        customer: crate::report::CustomerFields { note: "x".to_owned(), ..Default::default() },
        ..as_of(&two, NOON)
    };

    let after = commit(read(&finding, &[noted], NOON));

    assert_eq!(after.facts.title, "CloudTrail should encrypt");
    assert_eq!(after.content_version, 1);
}
