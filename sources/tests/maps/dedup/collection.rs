//! What joining makes of a collection of recorded documents.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use bytes::Bytes;
use muster_core::report::Report;
use muster_core::unit::SourceKind;
use muster_core::weakness::Classes;
use muster_sources::document::Document;
use muster_sources::{events, inspector, macie, security_hub};

use super::mapping::reports_of;
use super::methods::Method;
use crate::corpus::paths::{self, Members};
use crate::corpus::{self, Recorded};
use crate::unit;

/// Documents and the distinct keys that each method gives them.
#[derive(Default)]
struct Row {
    documents: usize,
    keys: BTreeMap<Method, BTreeSet<String>>,
}

/// Documents, findings and the ratio of the two, by product.
pub(super) fn table(corpus: &[Recorded]) -> String {
    let classes = Classes::builtin();
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    let mut total = Row::default();
    for (text, reports) in mapped(corpus) {
        let Some(product) = reports.first().map(|report| report.product.clone()) else { continue };
        for row in [rows.entry(product).or_default(), &mut total] {
            row.documents += 1;
            for method in Method::ALL {
                let keys = method.keys(&classes, &text, &reports).into_keys();
                row.keys.entry(method).or_default().extend(keys);
            }
        }
    }
    rows.insert("~all".to_owned(), total);
    let mut text = String::from("| product | documents |");
    for method in Method::ALL {
        write!(text, " {} | ratio |", method.name()).unwrap();
    }
    text.push_str("\n|---|---|---|---|---|---|---|---|\n");
    for (product, row) in rows {
        write!(text, "| {} | {} |", product.trim_start_matches('~'), row.documents).unwrap();
        for keys in row.keys.values() {
            let hundredths = row.documents * 100 / keys.len();
            write!(text, " {} | {}.{:02} |", keys.len(), hundredths / 100, hundredths % 100)
                .unwrap();
        }
        text.push('\n');
    }
    text
}

/// Each document of the collection that is a finding, and its reports. Those that events carry are
/// among them; the events of Trusted Advisor, which say a row by themselves, are taken whole.
fn mapped(corpus: &[Recorded]) -> Vec<(String, Vec<Report>)> {
    let mut documents: Vec<(String, Vec<Document>)> = corpus::findings(corpus)
        .map(|recorded| (recorded.text.clone(), corpus::map(recorded)))
        .collect();
    documents.extend(corpus::rows(corpus).into_iter().map(|(text, row)| (text, vec![row])));
    documents.extend(other_paths(corpus));
    let reports = |(text, documents): (String, Vec<Document>)| {
        let reports = documents.into_iter().filter_map(|document| reports_of(document).ok());
        (text, reports.flatten().collect())
    };
    documents.into_iter().map(reports).collect()
}

fn other_paths(corpus: &[Recorded]) -> Vec<(String, Vec<Document>)> {
    let hub = unit(SourceKind::SecurityHub, "");
    let (of_inspector, of_macie) = (unit(SourceKind::Inspector, ""), unit(SourceKind::Macie, ""));
    let checks: Vec<_> = corpus::checks(corpus).into_values().collect();
    let is_ocsf = |members: &Members<'_>| members.contains_key("finding_info");
    let is_inspector = |members: &Members<'_>| members.contains_key("findingArn");
    let is_macie = |members: &Members<'_>| members.contains_key("resourcesAffected");
    let is_row = |members: &Members<'_>| {
        members.get("source").is_some_and(|source| source.get() == r#""aws.trustedadvisor""#)
    };
    let mut found = Vec::new();
    let mut take = |folder, is_one, map: &dyn Fn(&Bytes) -> Vec<Document>| {
        for document in paths::documents(folder, is_one) {
            found.push((String::from_utf8(document.to_vec()).unwrap(), map(&document)));
        }
    };
    take("ocsf", is_ocsf, &|one| vec![security_hub::map::ocsf::finding(one, &hub)]);
    take("eventbridge", is_ocsf, &|one| vec![security_hub::map::ocsf::finding(one, &hub)]);
    take("inspector2", is_inspector, &|one| vec![inspector::map::finding(one, &of_inspector)]);
    take("macie2", is_macie, &|one| vec![macie::map::finding(one, &of_macie)]);
    take("eventbridge", is_row, &|one| events::map::event(one, &checks, &hub));
    found
}
