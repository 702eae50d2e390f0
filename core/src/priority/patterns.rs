//! Looking up names by patterns, without trying every pattern.

use super::table::fits;

/// Patterns, in which `*` is any text, with what each stands for.
///
/// The patterns are sorted by what comes before their first `*`. Of all those beginnings, the one that
/// sorts last before a text is the longest that begins it, or is a relative of that; so one binary
/// search, and a walk from it to ever shorter ones, finds every pattern that can fit.
#[derive(Clone, Debug, Default)]
pub(super) struct Patterns(Vec<Beginning>);

#[derive(Clone, Debug)]
struct Beginning {
    text: String,
    /// The next shorter one that begins this one.
    shorter: Option<usize>,
    /// The patterns that begin so, with what they stand for.
    of: Vec<(String, usize)>,
}

impl Patterns {
    pub(super) fn new<'a>(patterns: impl IntoIterator<Item = (&'a str, usize)>) -> Self {
        let begin = |pattern: &'a str| pattern.split('*').next().unwrap_or_default();
        let mut all: Vec<(&str, usize)> = patterns.into_iter().collect();
        all.sort_by_key(|(pattern, _)| begin(pattern));
        let mut found: Vec<Beginning> = Vec::new();
        for (pattern, value) in all {
            let text = begin(pattern);
            if let Some(last) = found.last_mut().filter(|last| last.text == text) {
                last.of.push((pattern.to_owned(), value));
                continue;
            }
            let mut shorter = found.len().checked_sub(1);
            while let Some(before) = shorter.and_then(|at| found.get(at)) {
                if text.starts_with(&before.text) {
                    break;
                }
                shorter = before.shorter;
            }
            let (text, of) = (text.to_owned(), vec![(pattern.to_owned(), value)]);
            found.push(Beginning { text, shorter, of });
        }
        Self(found)
    }

    /// Calls `found` with what each pattern that fits `text` stands for, in no particular order.
    pub(super) fn each(&self, text: &str, mut found: impl FnMut(usize)) {
        let after = self.0.partition_point(|one| one.text.as_str() <= text);
        let mut at = after.checked_sub(1);
        while let Some(one) = at.and_then(|at| self.0.get(at)) {
            if text.starts_with(&one.text) {
                let fitting = one.of.iter().filter(|(pattern, _)| fits(pattern, text));
                for (_, value) in fitting {
                    found(*value);
                }
            }
            at = one.shorter;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_look_up_finds_what_trying_every_pattern_finds(
            patterns in proptest::collection::vec("[ab*.]{0,5}", 0..12), text in "[ab.]{0,6}",
        ) {
            let table = Patterns::new(patterns.iter().map(String::as_str).zip(0..));
            let mut found = Vec::new();
            table.each(&text, |value| found.push(value));
            found.sort_unstable();

            let tried = patterns.iter().zip(0..).filter(|(pattern, _)| fits(pattern, &text));
            prop_assert_eq!(found, tried.map(|(_, value)| value).collect::<Vec<usize>>());
        }
    }
}
