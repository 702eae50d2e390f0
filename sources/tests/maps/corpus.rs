//! Every recorded document of the four sources: none panics, none is dropped, and what the report
//! says is right.
//!
//! The documents are not in this repository. `MUSTER_CORPUS` names their directory; without it
//! `../shared/corpus` beside the workspace is tried, and when there is none the tests say that they
//! were skipped. A `MANIFEST.tsv` in the directory says how many documents of which kind each file
//! has; the counts are asserted against it, so another collection can be put in the place.
//!
//! What is right is recomputed in [`expect`] from plain JSON values, with none of the code under
//! test, and for some documents written down by hand in [`known`].

mod expect;
mod known;
pub(crate) mod paths;
pub(crate) mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use bytes::Bytes;
use muster_core::report::Report;
use muster_core::unit::SourceKind;
use muster_sources::document::Document;
use muster_sources::{access_analyzer, guardduty, security_hub, trusted_advisor};
use serde_json::Value;

use self::walk::Kind;
pub(crate) use self::walk::Recorded;
use crate::{report_of, unit};

/// The documents that cannot be mapped: part of the file's name, how many, and the reason.
///
/// The two of Access Analyzer describe a resource that was analyzed, not a finding.
const UNMAPPED: [(&str, usize, &str); 2] = [
    ("get-analyzed-resource--block1", 1, "id: missing"),
    ("awsiam_access_analyzer__resources__scan_resources", 1, "id: missing"),
];

/// Where the corpus should be.
fn directory() -> PathBuf {
    std::env::var_os("MUSTER_CORPUS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus"),
        PathBuf::from,
    )
}

/// The corpus, or `None` with a word about it.
#[expect(clippy::print_stdout, reason = "a test that is skipped must say so")]
pub(crate) fn corpus() -> Option<Vec<Recorded>> {
    let directory = directory();
    if directory.join("securityhub").is_dir() {
        return Some(walk::read(&directory));
    }
    println!("skipped: no corpus at {} (set MUSTER_CORPUS)", directory.display());
    None
}

/// Maps one recorded document as a page of its API would bring it.
/// Whether it is the collection that these tests were written with.
pub(crate) fn is_the_known_one() -> bool {
    walk::manifest().is_some_and(|manifest| manifest.is_the_known_one)
}

/// The rows of the results of Trusted Advisor checks: what each says, and how it is mapped.
pub(crate) fn rows(corpus: &[Recorded]) -> Vec<(String, Document)> {
    let checks = checks(corpus);
    let unit = unit(SourceKind::TrustedAdvisor, "");
    let mut found = Vec::new();
    for recorded in corpus.iter().filter(|recorded| recorded.kind == Kind::CheckResult) {
        let id = recorded.value["checkId"].as_str().unwrap();
        let fallback = trusted_advisor::map::Check { id: id.to_owned(), ..Default::default() };
        let check = checks.get(id).unwrap_or(&fallback);
        let body = Bytes::from(format!(r#"{{"result": {}}}"#, recorded.text));
        let documents = trusted_advisor::map::result(&body, check, &unit).unwrap().documents;
        let rows = recorded.value["flaggedResources"].as_array().unwrap();
        found.extend(rows.iter().map(Value::to_string).zip(documents));
    }
    found
}

pub(crate) fn map(recorded: &Recorded) -> Vec<Document> {
    let document = Bytes::from(recorded.text.clone());
    let page = |list: &str| Bytes::from(format!(r#"{{"{list}": [{}]}}"#, recorded.text));
    match recorded.kind {
        Kind::Asff => {
            let unit = unit(SourceKind::SecurityHub, "");
            security_hub::map::findings_page(&page("Findings"), &unit).unwrap().documents
        }
        Kind::GuardDuty => {
            let unit = unit(SourceKind::GuardDuty, "detector");
            guardduty::map::findings(&page("findings"), &unit).unwrap()
        }
        Kind::AccessAnalyzer => {
            let unit = unit(SourceKind::AccessAnalyzer, &recorded.analyzer);
            if recorded.value.get("findingDetails").is_some() {
                return vec![access_analyzer::map::finding(&[document], &unit)];
            }
            let page = page("findings");
            let none = BTreeSet::new();
            access_analyzer::map::external_findings_page(&page, &unit, &none).unwrap().documents
        }
        Kind::Check | Kind::CheckResult | Kind::CheckSummary => Vec::new(),
    }
}

pub(crate) fn findings(corpus: &[Recorded]) -> impl Iterator<Item = &Recorded> {
    corpus.iter().filter(|recorded| {
        matches!(recorded.kind, Kind::Asff | Kind::GuardDuty | Kind::AccessAnalyzer)
    })
}

#[test]
fn no_document_of_the_corpus_is_dropped() {
    let Some(corpus) = corpus() else { return };
    let mut unmapped: BTreeMap<(&str, String), usize> = BTreeMap::new();

    for recorded in findings(&corpus) {
        let documents = map(recorded);

        assert_eq!(documents.len(), 1, "{}", recorded.file);
        if let Document::Unmapped(document) = &documents[0] {
            assert_eq!(document.raw, recorded.text.as_bytes(), "{}", recorded.file);
            *unmapped.entry((&recorded.file, document.error.clone())).or_default() += 1;
        }
    }

    let is_the_known_one = walk::manifest().is_some_and(|manifest| manifest.is_the_known_one);
    for ((file, error), count) in unmapped {
        let is_listed = UNMAPPED
            .iter()
            .any(|(part, known, why)| file.contains(part) && count == *known && error == *why);
        // Of another collection, only what has no id may be left.
        let is_no_finding = !is_the_known_one && error.eq_ignore_ascii_case("id: missing");
        assert!(is_listed || is_no_finding, "{file}: {count} documents are not mapped: {error}");
    }
}

#[test]
fn the_corpus_has_the_documents_that_its_manifest_lists() {
    let Some(corpus) = corpus() else { return };
    let mut found: BTreeMap<(String, Kind), usize> = BTreeMap::new();
    for recorded in &corpus {
        *found.entry((recorded.file.clone(), recorded.kind)).or_default() += 1;
    }
    let Some(listed) = walk::manifest() else { return };

    // Summaries and results are one kind there.
    let counted = |file: &str, kind: Kind| found.get(&(file.to_owned(), kind)).copied();
    for ((file, kind), count) in &listed.counts {
        let here = counted(file, *kind).unwrap_or_default()
            + if *kind == Kind::CheckResult {
                counted(file, Kind::CheckSummary).unwrap_or_default()
            } else {
                0
            };
        assert_eq!(here, *count, "{file} {kind:?}");
    }
    if listed.is_the_known_one {
        let total = |folder: &str, kind: Kind| -> usize {
            let of_folder =
                found.iter().filter(|((file, k), _)| file.starts_with(folder) && *k == kind);
            of_folder.map(|(_, count)| count).sum()
        };
        assert_eq!(total("securityhub/", Kind::Asff), 955);
        assert_eq!(total("eventbridge/", Kind::Asff), 17);
        assert_eq!(total("guardduty/", Kind::GuardDuty), 14);
        assert_eq!(total("eventbridge/", Kind::GuardDuty), 11);
        assert_eq!(total("accessanalyzer/", Kind::AccessAnalyzer), 6);
        assert_eq!(total("eventbridge/", Kind::AccessAnalyzer), 2);
        assert_eq!(total("trustedadvisor/", Kind::Check), 565);
        assert_eq!(total("trustedadvisor/", Kind::CheckResult), 8);
        assert_eq!(total("trustedadvisor/", Kind::CheckSummary), 2);
    }
}

#[test]
fn every_report_of_the_corpus_says_what_its_document_says() {
    let Some(corpus) = corpus() else { return };
    let mut by_product: BTreeMap<String, usize> = BTreeMap::new();
    let mut wrong = Vec::new();

    for recorded in findings(&corpus) {
        for document in map(recorded) {
            for report in document.reports() {
                *by_product.entry(report.product.clone()).or_default() += 1;
                assert_eq!(report.raw, recorded.text.as_bytes(), "{}: raw", recorded.file);
                assert!(report.attributes.is_sorted(), "{}", recorded.file);
            }
            if let Document::Reports(several) = &document {
                let about: BTreeSet<&str> = several.iter().map(|r| &*r.origin.text).collect();
                assert_eq!(about.len(), several.len(), "{}: a problem for each", recorded.file);
                continue;
            }
            for report in document.reports() {
                for difference in expect::differences(recorded, report) {
                    wrong.push(format!("{} {}: {difference}", recorded.file, report.key));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");

    if walk::manifest().is_some_and(|manifest| manifest.is_the_known_one) {
        let counts: Vec<(&str, usize)> =
            by_product.iter().map(|(product, count)| (product.as_str(), *count)).collect();
        assert_eq!(counts, known::PRODUCTS);
    }
}

#[test]
fn the_documents_that_were_read_by_hand_are_mapped_as_they_were_read() {
    let Some(corpus) = corpus() else { return };

    for known in known::DOCUMENTS {
        let mut of_file = findings(&corpus).filter(|recorded| {
            recorded.file.contains(known.file) && recorded.text.contains(known.text)
        });
        let Some(recorded) = of_file.next() else {
            assert!(!walk::manifest().is_some_and(|m| m.is_the_known_one), "{}", known.file);
            continue;
        };
        let report = crate::reports_of(map(recorded).remove(0)).remove(0);

        assert_eq!(known::Seen::of(&report), known.seen(), "{}", recorded.file);
    }
}

/// The checks of the corpus by id, as `DescribeTrustedAdvisorChecks` would bring them.
pub(crate) fn checks(corpus: &[Recorded]) -> BTreeMap<String, trusted_advisor::map::Check> {
    let mut checks = BTreeMap::new();
    for recorded in corpus.iter().filter(|recorded| recorded.kind == Kind::Check) {
        let body = Bytes::from(format!(r#"{{"checks": [{}]}}"#, recorded.text));
        let found = trusted_advisor::map::checks(&body).unwrap();
        assert_eq!(found.len(), 1, "{}", recorded.file);
        checks.extend(found.into_iter().map(|check| (check.id.clone(), check)));
    }
    checks
}

#[test]
fn every_check_of_the_corpus_is_read_and_mirrors_are_known() {
    let Some(corpus) = corpus() else { return };

    for (id, check) in checks(&corpus) {
        let is_mirror = id.starts_with("Hs4Ma3G");
        assert_eq!(check.control.is_some(), is_mirror, "{id}: {:?}", check.control);
        assert!(!check.name.is_empty() && !check.category.is_empty(), "{id}");
        assert!(!check.description.contains('<'), "{id}: {}", check.description);
        let control = known::MIRRORS.iter().find(|(mirror, _)| *mirror == id);
        if let Some((_, control)) = control {
            assert_eq!(check.control.as_deref(), Some(*control), "{id}");
        }
    }
}

#[test]
fn every_row_of_the_results_of_the_corpus_is_a_report() {
    let Some(corpus) = corpus() else { return };
    let checks = checks(&corpus);
    let unit = unit(SourceKind::TrustedAdvisor, "");
    let mut keys = BTreeSet::new();

    for recorded in corpus.iter().filter(|recorded| recorded.kind == Kind::CheckResult) {
        let id = recorded.value["checkId"].as_str().unwrap();
        let fallback = trusted_advisor::map::Check { id: id.to_owned(), ..Default::default() };
        let check = checks.get(id).unwrap_or(&fallback);
        let body = Bytes::from(format!(r#"{{"result": {}}}"#, recorded.text));

        let result = trusted_advisor::map::result(&body, check, &unit).unwrap();

        let rows = recorded.value["flaggedResources"].as_array().unwrap();
        assert_eq!(result.documents.len(), rows.len(), "{}", recorded.file);
        let status = recorded.value["status"].as_str().unwrap();
        assert_eq!(result.unjudged, !["ok", "warning", "error"].contains(&status), "{status}");
        keys.clear();
        for (document, row) in result.documents.into_iter().zip(rows) {
            let report = report_of(document);
            let wrong = expect::row_differences(&recorded.value, row, &report);
            assert!(wrong.is_empty(), "{}: {wrong:#?}", recorded.file);
            assert!(keys.insert(report.key.clone()), "{}: {}", recorded.file, report.key);
        }
    }
}

#[test]
fn the_summaries_of_the_corpus_are_read() {
    let Some(corpus) = corpus() else { return };
    for recorded in corpus.iter().filter(|recorded| recorded.kind == Kind::CheckSummary) {
        let body = Bytes::from(format!(r#"{{"summaries": [{}]}}"#, recorded.text));

        let summaries = trusted_advisor::map::summaries(&body).unwrap();

        let text = |name: &str| recorded.value[name].as_str().unwrap().to_owned();
        assert_eq!(summaries.len(), 1);
        assert_eq!(summaries[0].check_id, text("checkId"));
        assert_eq!(summaries[0].timestamp, text("timestamp"));
        assert_eq!(summaries[0].status, text("status"));
        assert!(!summaries[0].unjudged);
    }
}

/// The same document read again, and reordered by a parser, is the same report.
#[test]
fn what_a_report_says_does_not_depend_on_the_order_of_members() {
    let Some(corpus) = corpus() else { return };
    let hash = |report: &Report| (report.key.clone(), report.origin.clone(), report.content_hash());

    for recorded in findings(&corpus) {
        let Some(documents) = map(recorded).pop().filter(|one| !one.reports().is_empty()) else {
            continue;
        };
        let again: Value = serde_json::from_str(&recorded.text).unwrap();
        let again = Recorded { text: again.to_string(), ..recorded.clone() };
        let others = map(&again).pop().unwrap();

        let hashes = |document: &Document| document.reports().iter().map(hash).collect::<Vec<_>>();
        assert_eq!(hashes(&documents), hashes(&others), "{}", recorded.file);
    }
}
