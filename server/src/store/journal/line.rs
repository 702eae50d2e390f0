//! One line of the journal.

use std::io::Write;

use muster_core::change::{Change, FieldChange, REGROUPINGS};
use muster_core::finding::Finding;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What stands for the hash of the line before the first.
pub(super) const NO_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The fields of a change that name the finding on the other side of a merge or a split.
const OTHERS: [&str; 4] = ["merged_from", "merged_into", "split_from", "split_into"];

/// A decision, as it stands in the journal. Names and forms are stable: other tools read them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// 1 for the first line, then one more for each.
    pub sequence: u64,
    /// The incarnation of the log.
    pub log_id: String,
    /// The position in that log.
    pub revision: u64,
    /// When, in RFC 3339.
    pub time: String,
    /// Which finding.
    pub finding: String,
    /// What it is about, in canonical form: enough to find it again in a rebuilt store. Empty when
    /// retention had removed it before the line was written.
    pub key: String,
    /// Who.
    pub actor: String,
    /// For whom, as the actor claims.
    pub on_behalf_of: String,
    /// The decision, for example `suppress`; empty when the server took it.
    pub action: String,
    /// What triage was after it: the fields that moved, as `field: before -> after`.
    pub moved: Vec<String>,
    /// What was said with it, or why the server did it.
    pub comment: String,
    /// Of a merge or a split, the finding on the other side. Lines without it are as they were before
    /// there were any.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub other: String,
    /// Of a merge or a split, the keys of the reports that came from or went to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reports: Vec<String>,
    /// The id of the request; empty when it had none.
    pub request_id: String,
    /// The hash of the line before.
    pub previous: String,
    /// SHA-256 of this line with an empty hash, in hexadecimal.
    #[serde(default)]
    pub hash: String,
}

impl Line {
    pub(super) fn of(
        change: &Change,
        finding: Option<&Finding>,
        sequence: u64,
        log_id: [u8; 16],
        previous: &str,
    ) -> Self {
        let decided = change.fields.iter().filter(|field| field.field.starts_with("triage."));
        let moved =
            decided.map(|field| format!("{}: {} -> {}", field.field, field.before, field.after));
        let regrouped = REGROUPINGS.contains(&change.action.as_str());
        let named = |names: &[&str]| {
            let fields = change.fields.iter().filter(|_| regrouped);
            let fields: Vec<_> =
                fields.filter(|field| names.contains(&field.field.as_str())).collect();
            fields
        };
        let either = |field: &&FieldChange| {
            if field.after.is_empty() { &field.before } else { &field.after }.clone()
        };
        let mut line = Self {
            sequence,
            log_id: hex(&log_id),
            revision: change.revision.0,
            time: change.time.to_string(),
            finding: change.finding.to_string(),
            key: finding.map(|finding| finding.key.clone()).unwrap_or_default(),
            actor: change.actor.principal.clone(),
            on_behalf_of: change.actor.on_behalf_of.clone(),
            action: change.action.clone(),
            moved: moved.collect(),
            comment: change.comment.clone(),
            // One that became a finding again was merged into another before: that is no longer so.
            other: named(&OTHERS)
                .into_iter()
                .map(|field| field.after.clone())
                .find(|other| !other.is_empty())
                .unwrap_or_default(),
            reports: named(&["report"]).iter().map(either).collect(),
            request_id: change.request_id.clone(),
            previous: previous.to_owned(),
            hash: String::new(),
        };
        line.hash = line.digest();
        line
    }

    /// Reads a line and checks that it follows the one before.
    pub(super) fn read(text: &[u8], previous: &str, sequence: u64) -> Result<Self, String> {
        let line: Self =
            serde_json::from_slice(text).map_err(|error| format!("not a decision ({error})"))?;
        if line.previous != previous {
            return Err("it does not follow the line before it".to_owned());
        }
        if line.sequence != sequence {
            return Err(format!("it has number {} where {sequence} was due", line.sequence));
        }
        if line.digest() != line.hash {
            return Err("it was altered: its hash is not that of its text".to_owned());
        }
        Ok(line)
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        serde_json::to_writer(&mut *out, self).expect("texts and numbers are JSON");
        out.push(b'\n');
    }

    /// The hash of everything but the hash.
    fn digest(&self) -> String {
        let bare = Self { hash: String::new(), ..self.clone() };
        let text = serde_json::to_vec(&bare).expect("texts and numbers are JSON");
        let digest: [u8; 32] = Sha256::digest(&text).into();
        hex(&digest)
    }
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = Vec::with_capacity(bytes.len() * 2);
    for byte in bytes {
        write!(text, "{byte:02x}").expect("memory takes everything");
    }
    String::from_utf8(text).expect("hexadecimal is ASCII")
}
