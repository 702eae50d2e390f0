//! Changed classes, over small stores of every shape.

use std::collections::{BTreeMap, BTreeSet};

use muster_core::finding::Finding;
use muster_core::invariants;
use muster_core::plan::{Command, Observation, decide, merge, observe};
use muster_core::report::{FindingClass, IdentityRule, OriginKey, Report, ReportPath};
use muster_core::testing::rules;
use muster_core::triage::{Actor, TriageAction, TriageState};
use muster_core::unit::{SourceKind, Unit};
use proptest::prelude::*;

use super::*;
use crate::store::MemoryStore;
use crate::testing::{self, NOW};

/// Which of three classes, if any, each of eight rules is of.
fn classes(version: [Option<u8>; 8]) -> Classes {
    let mut text = "version = 1\n".to_owned();
    for class in 0..3 {
        let rules: Vec<String> = (0..8)
            .filter(|rule| version[*rule] == Some(class))
            .map(|rule| format!("\"r{rule}\""))
            .collect();
        if !rules.is_empty() {
            let class = format!(
                "[[class]]\nid = \"test.c{class}\"\ntitle = \"t\"\n\
                 merge = [{{ product = \"prowler/prowler\", rule = [{}] }}]\n",
                rules.join(", ")
            );
            text.push_str(&class);
        }
    }
    Classes::read(&text, None).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The report of that number: several have one origin, and one rule.
fn numbered(number: u32) -> Report {
    let mut report = testing::report(0);
    report.origin =
        OriginKey { rule: IdentityRule::OtherAsff, text: format!("asff|{}", number % 8) };
    report.key.path = ReportPath::Asff;
    report.key.provider_id = format!("report-{number}");
    report.source = SourceKind::SecurityHub;
    report.product = "prowler/prowler".to_owned();
    report.rule_id = format!("r{}", number % 8);
    report.class = FindingClass::Misconfiguration;
    report
}

fn store_of(classes: &Classes, numbers: &[u32]) -> MemoryStore {
    let store = MemoryStore::new();
    for number in numbers {
        refresh(&store, classes, &numbered(*number));
    }
    store
}

fn write(store: &MemoryStore, mutations: Vec<Mutation>, meta: Vec<MetaWrite>) {
    let id = store.head().0.to_be_bytes();
    let id = [id, id].concat().try_into().unwrap();
    let committed = store.commit(&Commit { id, mutations, meta }).unwrap();
    assert!(committed.outcomes.iter().all(|outcome| matches!(outcome, Outcome::Applied(_))));
}

/// A source reports it, as the writer would take it; gives the finding.
fn refresh(store: &MemoryStore, classes: &Classes, report: &Report) -> FindingId {
    let placed = Routes::new(store, classes).unwrap().place(report).unwrap();
    let unit = Unit {
        source: report.source,
        account: report.account,
        region: report.region.clone(),
        part: String::new(),
    };
    let seen = Observation {
        content_hash: report.content_hash(),
        report: report.clone(),
        unit,
        finding: placed.key,
    };
    let current = store.findings(&[placed.id]).unwrap().pop().flatten();
    if let Some(mutation) = observe(current.as_ref(), vec![seen], rules(NOW)) {
        write(store, vec![mutation], Vec::new());
    }
    placed.id
}

fn checked(finding: &Finding) -> Vec<invariants::Violation> {
    invariants::finding(finding, rules(NOW).model)
}

fn all(store: &MemoryStore) -> Vec<Finding> {
    let mut findings = Vec::new();
    store.scan_findings(&mut |finding| findings.push(finding)).unwrap();
    findings
}

/// The names of the reports of each finding that has some.
fn groups(store: &MemoryStore) -> BTreeSet<BTreeSet<String>> {
    let names = |finding: Finding| -> BTreeSet<String> {
        finding.reports.into_iter().map(|held| held.report.key.provider_id).collect()
    };
    all(store).into_iter().map(names).filter(|names| !names.is_empty()).collect()
}

/// The same, had the store been made with these classes.
fn expected(store: &MemoryStore, classes: &Classes) -> BTreeSet<BTreeSet<String>> {
    let mut groups: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for held in all(store).into_iter().flat_map(|finding| finding.reports) {
        let key = classes.key(&held.report).text;
        groups.entry(key).or_default().insert(held.report.key.provider_id);
    }
    groups.into_values().collect()
}

/// Re-folds with room for `notes_max` notes.
fn run(store: &MemoryStore, classes: &Classes, mode: Mode, notes_max: usize) -> Refold {
    let mut run = Run { notes_max, ..Run::new(store, classes, mode, NOW).unwrap() };
    run.all(&mut |_, _| {}).unwrap();
    run.figures
}

fn versions() -> impl Strategy<Value = Classes> {
    prop::array::uniform8(prop::option::weighted(0.6, 0_u8..3)).prop_map(classes)
}

fn numbers() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(0_u32..20, 1..16)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_refolded_store_is_grouped_as_if_its_classes_had_always_been(
        first in versions(), then in versions(), last in versions(), numbers in numbers(),
        later in numbers(), notes_max in prop::sample::select(vec![1, 3, NOTES_MAX]),
    ) {
        let store = store_of(&first, &numbers);
        for version in [&then, &last, &first] {
            let expected_groups = expected(&store, version);

            run(&store, version, Mode::Apply, notes_max);

            prop_assert_eq!(groups(&store), expected_groups);
            let broken: Vec<_> = all(&store).iter().flat_map(checked).collect();
            prop_assert_eq!(broken, []);
            let before = store.head();
            let again = run(&store, version, Mode::Apply, notes_max);
            prop_assert_eq!((again.reports, store.head()), (0, before), "it is as it should be");
            // Refreshes and new reports go where the others of their group are.
            for number in numbers.iter().chain(&later) {
                refresh(&store, version, &numbered(*number));
            }
            prop_assert_eq!(groups(&store), expected(&store, version));
            let verified = crate::store::verify::verify(&store).unwrap();
            prop_assert_eq!(verified.violations.kept(), []);
            let broken: Vec<_> = all(&store).iter().flat_map(checked).collect();
            prop_assert_eq!(broken, []);
        }
    }

    #[test]
    fn a_dry_run_says_what_the_run_does_and_writes_nothing(
        first in versions(), then in versions(), numbers in numbers(),
    ) {
        let store = store_of(&first, &numbers);
        let before = (all(&store), store.head(), rules::active(&store).unwrap());

        let dry = run(&store, &then, Mode::DryRun, NOTES_MAX);
        prop_assert_eq!(&(all(&store), store.head(), rules::active(&store).unwrap()), &before);
        let wet = run(&store, &then, Mode::Apply, NOTES_MAX);

        prop_assert_eq!(Refold { head: wet.head, ..dry }, wet.clone());
        let forwarding = all(&store).iter().filter(|finding| finding.merged_into.is_some()).count();
        // A group of its own may take the id of a finding that has just lost its reports.
        let revived = wet.findings + wet.founded - all(&store).len() as u64;
        prop_assert_eq!(wet.merged, forwarding as u64 + revived);
    }

    #[test]
    fn no_decision_and_no_id_is_lost(
        first in versions(), then in versions(), chosen in any::<prop::sample::Index>(),
        numbers in numbers(),
    ) {
        let store = store_of(&first, &numbers);
        let ids: Vec<FindingId> = all(&store).iter().map(|finding| finding.id).collect();
        let chosen = *chosen.get(&ids);
        let image = |id| store.findings(&[id]).unwrap().pop().flatten().unwrap();
        let command = Command {
            action: TriageAction::Acknowledge,
            comment: String::new(),
            actor: Actor { principal: "user:alice".to_owned(), on_behalf_of: String::new() },
            request_id: String::new(),
        };
        write(&store, vec![decide(&image(chosen), &command, rules(NOW)).unwrap().unwrap()], Vec::new());

        run(&store, &then, Mode::Apply, NOTES_MAX);

        for id in ids {
            let finding = image(id);
            let decided = finding.triage.state == TriageState::Acknowledged;
            prop_assert_eq!(decided, id == chosen);
            prop_assert_eq!(finding.reports.is_empty(), finding.merged_into.is_some());
        }
        // What people decided about goes on speaking for its reports.
        prop_assert!(!image(chosen).reports.is_empty());
    }

    #[test]
    fn what_people_merged_stays_together(
        first in versions(), then in versions(), last in versions(), numbers in numbers(),
    ) {
        let store = store_of(&first, &numbers);
        let findings = all(&store);
        prop_assume!(findings.len() > 1);
        let (into, from) = (&findings[0], &findings[1]);
        let by = plan::Regrouping {
            action: "merge".to_owned(),
            comment: "one cause".to_owned(),
            actor: Actor { principal: "user:alice".to_owned(), on_behalf_of: String::new() },
            request_id: String::new(),
        };
        let merged = merge(into, from, &by, rules(NOW)).unwrap();
        let alias = Route { key: into.key.clone(), by: RoutedBy::Decision };
        let row = routes::row(RouteFrom::Finding(from.id), Some(&alias));
        write(&store, merged.into(), vec![row]);
        let joined = |finding: &Finding| -> BTreeSet<String> {
            let held = finding.reports.iter();
            held.map(|held| held.report.key.provider_id.clone()).collect()
        };
        let moved = joined(from);

        for version in [&then, &last] {
            run(&store, version, Mode::Apply, NOTES_MAX);

            let holds = |finding: &Finding| joined(finding).is_superset(&moved);
            prop_assert!(all(&store).iter().any(|finding| finding.id == into.id && holds(finding)));
            let broken: Vec<_> = all(&store).iter().flat_map(checked).collect();
            prop_assert_eq!(broken, []);
        }
    }
}

#[test]
fn where_a_threat_is_the_next_server_relates_what_moved() {
    let [none, one] = [[None; 8], [Some(0); 8]].map(classes);
    for threat in [false, true] {
        let store = store_of(&none, &[1]);
        let mut other = numbered(2);
        if threat {
            other.class = FindingClass::Threat;
        }
        refresh(&store, &none, &other);

        let done = run(&store, &one, Mode::Apply, NOTES_MAX);

        assert_eq!(done.merged, 1);
        let due = store.scan_meta(MetaTable::Store, b"relate|", 10).unwrap();
        let due = due.iter().filter(|(key, _)| key.starts_with(b"relate|"));
        let resource = other.resources[0].id.as_bytes();
        let expected: &[&[u8]] = if threat { &[resource] } else { &[] };
        assert_eq!(due.map(|(_, value)| &value[..]).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn a_store_says_which_classes_its_findings_were_grouped_by() {
    let store = store_of(&classes([None; 8]), &[1, 2]);
    let version = &classes([Some(0); 8]);

    run(&store, version, Mode::DryRun, NOTES_MAX);
    assert_eq!(rules::active(&store).unwrap(), None);
    run(&store, version, Mode::Apply, NOTES_MAX);

    assert_eq!(rules::active(&store).unwrap().as_deref(), Some(version.text()));
    assert_eq!(rules::refolding(&store).unwrap(), None);
}
