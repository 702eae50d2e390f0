//! What Trusted Advisor remembers from one pass to the next.

use std::collections::BTreeMap;

/// The most text that a checkpoint takes, in bytes (64 KiB). About 1,000 checks fit; those that do
/// not are fetched again in the next pass.
const BYTES_MAX: usize = 64 * 1024;

/// When the last result of each check was evaluated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Memo(BTreeMap<String, String>);

impl Memo {
    /// Reads the text of a checkpoint. One that is not a memo is an empty one: everything is
    /// fetched again.
    pub(super) fn parse(text: &str) -> Self {
        Self(serde_json::from_str(text).unwrap_or_default())
    }

    /// Whether the result of that time was read.
    pub(super) fn has(&self, check: &str, timestamp: &str) -> bool {
        self.0.get(check).is_some_and(|known| known == timestamp)
    }

    pub(super) fn set(&mut self, check: &str, timestamp: &str) {
        self.0.insert(check.to_owned(), timestamp.to_owned());
    }

    /// The text for the checkpoint: JSON, at most [`BYTES_MAX`].
    pub(super) fn to_text(&self) -> String {
        let mut bytes = 2;
        let fitting: BTreeMap<&String, &String> = self
            .0
            .iter()
            .take_while(|(check, timestamp)| {
                // As JSON each takes its length, escapes aside, and six more: quotes, `:`, `,`.
                bytes += check.escape_default().count() + timestamp.escape_default().count() + 6;
                bytes <= BYTES_MAX
            })
            .collect();
        serde_json::to_string(&fitting).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_memo_reads_back() {
        let mut memo = Memo::default();
        memo.set("Pfx0RwqBli", "2026-01-31T12:00:00Z");

        let read = Memo::parse(&memo.to_text());

        assert_eq!(read, memo);
        assert!(read.has("Pfx0RwqBli", "2026-01-31T12:00:00Z"));
        assert!(!read.has("Pfx0RwqBli", "2026-01-31T13:00:00Z"));
    }

    #[test]
    fn what_is_no_memo_is_an_empty_one() {
        for text in ["", "null", "[1]", "{\"a\": 1}", "not json"] {
            assert_eq!(Memo::parse(text), Memo::default(), "{text}");
        }
    }

    #[test]
    fn a_memo_never_outgrows_the_checkpoint() {
        let mut memo = Memo::default();
        for number in 0..5_000 {
            memo.set(&format!("check{number:05}"), "2026-01-31T12:00:00Z");
        }

        let text = memo.to_text();

        assert!(text.len() <= BYTES_MAX && text.len() > BYTES_MAX / 2, "{}", text.len());
        assert!(Memo::parse(&text).has("check00000", "2026-01-31T12:00:00Z"));
    }
}
