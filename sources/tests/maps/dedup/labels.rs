//! The labelled set: documents and pairs, as `tests/dedup/generate.py` writes them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// A document and what the API that brings it says outside of it.
#[derive(Debug, Deserialize)]
pub(super) struct Labelled {
    pub(super) id: String,
    /// Which mapping reads it.
    pub(super) path: String,
    /// Account and Region of the reader; analyzer, detector, check or rule where there is one.
    pub(super) context: Value,
    /// Byte for byte.
    pub(super) document: Box<RawValue>,
}

/// What a security engineer says of two documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    /// One piece of work fixes both.
    Same,
    /// Two problems that look alike.
    Different,
}

/// Two documents and the judgement about them.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) left: String,
    pub(super) right: String,
    pub(super) label: Label,
    /// What must join them, or the kind of near miss.
    pub(super) rule: String,
    pub(super) why: String,
}

/// The whole set.
pub(super) struct Set {
    pub(super) documents: BTreeMap<String, Labelled>,
    pub(super) pairs: Vec<Pair>,
}

/// Reads the set, and panics at whatever is wrong with it.
pub(super) fn read() -> Set {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dedup");
    let mut documents = BTreeMap::new();
    for entry in fs::read_dir(directory.join("documents")).unwrap() {
        let file = entry.unwrap().path();
        for line in fs::read_to_string(&file).unwrap().lines() {
            let document: Labelled = serde_json::from_str(line).unwrap();
            let former = documents.insert(document.id.clone(), document);
            assert!(former.is_none(), "{}: {:?} twice", file.display(), former.map(|d| d.id));
        }
    }
    let text = fs::read_to_string(directory.join("pairs.tsv")).unwrap();
    let pairs: Vec<Pair> = text.lines().skip(1).map(pair).collect();
    for pair in &pairs {
        for id in [&pair.left, &pair.right] {
            assert!(documents.contains_key(id), "{id} is no document");
        }
    }
    Set { documents, pairs }
}

fn pair(line: &str) -> Pair {
    let fields: Vec<&str> = line.split('\t').collect();
    let &[left, right, label, rule, why] = fields.as_slice() else { panic!("not a pair: {line}") };
    let label = match label {
        "same" => Label::Same,
        "different" => Label::Different,
        _ => panic!("no label: {line}"),
    };
    let [left, right, rule, why] = [left, right, rule, why].map(str::to_owned);
    Pair { left, right, label, rule, why }
}
