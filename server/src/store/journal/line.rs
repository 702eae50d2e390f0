//! One line of the journal.

use muster_core::change::{Change, FieldChange};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What the first line names as the hash before it.
pub(super) const ORIGIN: [u8; 32] = [0; 32];

/// Between the text that is hashed and its hash.
const HASH_FIELD: &str = ",\"hash\":\"";

/// One decision, as it stands in the journal.
///
/// The field order is the order in the file. The hash is the SHA-256 of the line's text before
/// `,"hash":`, so that a line can be checked with `sha256sum`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// 1 for the first line, then one more for each.
    pub sequence: u64,
    /// The id of the log in which the decision was committed (hexadecimal).
    pub log: String,
    /// Its revision there.
    pub revision: u64,
    /// When it was taken, RFC 3339.
    pub time: String,
    /// The finding's id.
    pub finding: String,
    /// The finding's key; empty when the finding is gone.
    pub key: String,
    /// Who took it.
    pub actor: String,
    /// For whom an integration acted; empty when for nobody.
    pub on_behalf_of: String,
    /// What was decided, for example `suppress`.
    pub action: String,
    /// What moved by it: the arguments of the decision.
    pub fields: Vec<EntryField>,
    /// What was said with it.
    pub comment: String,
    /// The id of the request; empty when it had none.
    pub request_id: String,
    /// The hash of the line before (hexadecimal); zeros in the first.
    pub previous: String,
    /// The hash of this line (hexadecimal).
    #[serde(skip_serializing, default)]
    pub hash: String,
}

/// One field that moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryField {
    /// Its path.
    pub field: String,
    /// Before.
    pub before: String,
    /// After.
    pub after: String,
}

/// Why a text is not the next line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong(pub(super) String);

impl Entry {
    /// The entry of a decision.
    pub(super) fn new(
        change: &Change,
        key: &str,
        log: [u8; 16],
        sequence: u64,
        previous: [u8; 32],
    ) -> Self {
        let field = |change: &FieldChange| EntryField {
            field: change.field.clone(),
            before: change.before.clone(),
            after: change.after.clone(),
        };
        Self {
            sequence,
            log: hex(&log),
            revision: change.revision.0,
            time: change.time.to_string(),
            finding: change.finding.to_string(),
            key: key.to_owned(),
            actor: change.actor.principal.clone(),
            on_behalf_of: change.actor.on_behalf_of.clone(),
            action: change.action.clone(),
            fields: change.fields.iter().map(field).collect(),
            comment: change.comment.clone(),
            request_id: change.request_id.clone(),
            previous: hex(&previous),
            hash: String::new(),
        }
    }

    /// The line, with its end, and its hash.
    pub(super) fn to_line(&self) -> serde_json::Result<(String, [u8; 32])> {
        let mut text = serde_json::to_string(self)?;
        // The closing brace comes after the hash.
        text.pop();
        let hash = digest(&text);
        text.push_str(HASH_FIELD);
        text.push_str(&hex(&hash));
        text.push_str("\"}\n");
        Ok((text, hash))
    }

    /// Reads a line that agrees with its own hash, whatever stands before it.
    pub(super) fn parse(line: &[u8]) -> Result<(Self, [u8; 32]), Wrong> {
        let wrong = |why: &str| Wrong(why.to_owned());
        let line = std::str::from_utf8(line).map_err(|_| wrong("it is not text"))?;
        let (text, _) = line.rsplit_once(HASH_FIELD).ok_or_else(|| wrong("it has no hash"))?;
        let entry: Self = serde_json::from_str(line).map_err(|error| Wrong(error.to_string()))?;
        let hash = digest(text);
        if entry.hash != hex(&hash) {
            return Err(wrong("its text does not have the hash that it names"));
        }
        Ok((entry, hash))
    }

    /// Whether it follows a line of that number and hash.
    pub(super) fn follows(&self, sequence: u64, previous: &[u8; 32]) -> Result<(), Wrong> {
        if self.sequence != sequence + 1 {
            return Err(Wrong(format!("it is number {}, not {}", self.sequence, sequence + 1)));
        }
        if self.previous != hex(previous) {
            return Err(Wrong("it does not name the hash of the line before".to_owned()));
        }
        Ok(())
    }
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    })
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}
