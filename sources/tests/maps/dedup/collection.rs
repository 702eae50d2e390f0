//! What joining makes of a collection of recorded documents.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use muster_core::report::Report;
use muster_core::weakness::Classes;

use super::mapping::reports_of;
use super::methods::Method;
use crate::corpus::{self, Recorded};

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

/// Each document of the collection that is a finding, and its reports.
fn mapped(corpus: &[Recorded]) -> Vec<(String, Vec<Report>)> {
    let findings =
        corpus::findings(corpus).map(|recorded| (recorded.text.clone(), corpus::map(recorded)));
    let rows = corpus::rows(corpus).into_iter().map(|(text, document)| (text, vec![document]));
    let reports = |(text, documents): (String, Vec<_>)| {
        (text, documents.into_iter().filter_map(|d| reports_of(d).ok()).flatten().collect())
    };
    findings.chain(rows).map(reports).collect()
}
