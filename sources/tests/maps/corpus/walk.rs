//! Finds documents in files of any nesting: pages, recordings, events, JSON in texts.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use serde_json::value::RawValue;

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Asff,
    GuardDuty,
    AccessAnalyzer,
    Check,
    CheckResult,
    CheckSummary,
}

/// A document of the corpus.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    /// Folder and name.
    pub(super) file: String,
    pub(crate) kind: Kind,
    /// Byte for byte.
    pub(crate) text: String,
    pub(crate) value: Value,
    /// The analyzer that an event names; empty otherwise.
    pub(super) analyzer: String,
}

const FOLDERS: [&str; 5] =
    ["securityhub", "guardduty", "accessanalyzer", "trustedadvisor", "eventbridge"];

/// Every document of the four sources under `directory`, in a fixed order.
pub(super) fn read(directory: &Path) -> Vec<Recorded> {
    let mut found = Vec::new();
    for folder in FOLDERS {
        let Ok(entries) = fs::read_dir(directory.join(folder)) else { continue };
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files {
            let name = format!("{folder}/{}", file.file_name().unwrap().to_string_lossy());
            let text = fs::read_to_string(&file).unwrap();
            let text = text.trim_start_matches('\u{feff}');
            // Some files hold several values, one after the other.
            for value in serde_json::Deserializer::from_str(text).into_iter::<Box<RawValue>>() {
                let Ok(value) = value else { break };
                walk(value.get(), &name, "", &mut found);
            }
        }
    }
    found
}

fn walk(text: &str, file: &str, analyzer: &str, found: &mut Vec<Recorded>) {
    match text.as_bytes().first() {
        Some(b'{') => {
            let Ok(members) = serde_json::from_str::<BTreeMap<String, &RawValue>>(text) else {
                return;
            };
            if let Some(kind) = kind_of(&members) {
                let value = serde_json::from_str(text).unwrap();
                let (file, analyzer) = (file.to_owned(), analyzer.to_owned());
                found.push(Recorded { file, kind, text: text.to_owned(), value, analyzer });
                return;
            }
            let named = members.get("resources").and_then(|resources| {
                let resources: Vec<String> = serde_json::from_str(resources.get()).ok()?;
                resources.into_iter().find(|arn| arn.contains(":analyzer/"))
            });
            let analyzer = named.unwrap_or_else(|| analyzer.to_owned());
            for value in members.values() {
                walk(value.get(), file, &analyzer, found);
            }
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text).unwrap();
            for item in items {
                walk(item.get(), file, analyzer, found);
            }
        }
        Some(b'"') => {
            let inner: String = serde_json::from_str(text).unwrap_or_default();
            if inner.trim_start().starts_with(['{', '[']) {
                walk(inner.trim(), file, analyzer, found);
            }
        }
        _ => {}
    }
}

fn kind_of(members: &BTreeMap<String, &RawValue>) -> Option<Kind> {
    let has = |name: &str| members.contains_key(name);
    let has_any_case = |name: &str| members.keys().any(|key| key.eq_ignore_ascii_case(name));
    let is_text = |name: &str| members.get(name).is_some_and(|v| v.get().starts_with('"'));
    if has("Id") && has("ProductArn") && has("CreatedAt") {
        Some(Kind::Asff)
    } else if ["resource", "service", "type", "severity"].iter().all(|name| has_any_case(name)) {
        Some(Kind::GuardDuty)
    } else if has("resourceType") && (is_text("resource") || is_text("resourceArn")) {
        Some(Kind::AccessAnalyzer)
    } else if has("checkId") && has("flaggedResources") {
        Some(Kind::CheckResult)
    } else if has("checkId") && has("resourcesSummary") {
        Some(Kind::CheckSummary)
    } else if ["id", "name", "category", "metadata", "description"].iter().all(|name| has(name)) {
        Some(Kind::Check)
    } else {
        None
    }
}

/// What the collection says that it has.
pub(super) struct Manifest {
    /// How many documents of each kind a file has.
    pub(super) counts: BTreeMap<(String, Kind), usize>,
    /// It is the collection that this test was written with.
    pub(super) is_the_known_one: bool,
}

/// The manifest of the corpus, if it has one.
pub(super) fn manifest() -> Option<Manifest> {
    let directory = std::env::var_os("MUSTER_CORPUS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus"),
        PathBuf::from,
    );
    let text = fs::read_to_string(directory.join("MANIFEST.tsv")).ok()?;
    let mut counts = BTreeMap::new();
    let mut files = 0;
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let (Some(file), Some(kinds)) = (fields.first(), fields.get(5)) else { continue };
        files += 1;
        if !FOLDERS.iter().any(|folder| file.starts_with(&format!("{folder}/"))) {
            continue;
        }
        for (name, count) in kinds.split(',').filter_map(|kind| kind.split_once('=')) {
            let kind = match name {
                "asff" => Kind::Asff,
                "guardduty" | "guardduty-camel" => Kind::GuardDuty,
                "access-analyzer" => Kind::AccessAnalyzer,
                "ta-check" => Kind::Check,
                "ta-result" => Kind::CheckResult,
                _ => continue,
            };
            *counts.entry(((*file).to_owned(), kind)).or_default() +=
                count.parse::<usize>().unwrap();
        }
    }
    let total: usize = counts.values().sum();
    Some(Manifest { counts, is_the_known_one: (files, total) == (244, 1580) })
}
