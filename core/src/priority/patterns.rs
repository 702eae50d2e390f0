//! Looking up ids and names by patterns, without trying every pattern.

use std::cmp::Ordering;

/// Patterns, in which `*` is any text, with what each stands for. Case does not matter: AWS writes
/// `iam.9` and `Opensearch.2` in one place and otherwise in another.
///
/// The patterns are sorted by what comes before their first `*`. Of all those beginnings, the one that
/// sorts last before a text is the longest that begins it, or is a relative of that; so one binary
/// search, and a walk from it to ever shorter ones, finds every pattern that can fit.
#[derive(Clone, Debug)]
pub(super) struct Patterns<T>(Vec<Beginning<T>>);

#[derive(Clone, Debug)]
struct Beginning<T> {
    /// In lower case.
    text: Box<[u8]>,
    /// The next shorter one that begins this one.
    shorter: Option<usize>,
    /// What follows it, from the first `*` on; `None` where nothing does.
    of: Vec<(Option<Box<[u8]>>, T)>,
}

impl<T> Default for Patterns<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy> Patterns<T> {
    pub(super) fn new<'a>(patterns: impl IntoIterator<Item = (&'a str, T)>) -> Self {
        let mut all: Vec<(String, Option<Box<[u8]>>, T)> = Vec::new();
        for (pattern, value) in patterns {
            let lower = pattern.to_ascii_lowercase();
            let (begin, rest) = lower.split_at(lower.find('*').unwrap_or(lower.len()));
            let rest = (!rest.is_empty()).then(|| rest.as_bytes().into());
            all.push((begin.to_owned(), rest, value));
        }
        all.sort_by(|a, b| a.0.cmp(&b.0));
        let mut found: Vec<Beginning<T>> = Vec::new();
        for (text, rest, value) in all {
            match found.last_mut() {
                Some(last) if *last.text == *text.as_bytes() => last.of.push((rest, value)),
                _ => {
                    let mut shorter = found.len().checked_sub(1);
                    while let Some(before) = shorter.and_then(|at| found.get(at)) {
                        if text.as_bytes().starts_with(&before.text) {
                            break;
                        }
                        shorter = before.shorter;
                    }
                    let text = text.into_bytes().into();
                    found.push(Beginning { text, shorter, of: vec![(rest, value)] });
                }
            }
        }
        Self(found)
    }

    /// Calls `found` with what each pattern that fits `text` stands for, in no particular order.
    pub(super) fn each(&self, text: &str, mut found: impl FnMut(T)) {
        let text = text.as_bytes();
        let after = self.0.partition_point(|one| order(&one.text, text) != Ordering::Greater);
        let mut at = after.checked_sub(1);
        while let Some(one) = at.and_then(|at| self.0.get(at)) {
            let rest = text.split_at_checked(one.text.len());
            if let Some((_, rest)) = rest.filter(|(head, _)| head.eq_ignore_ascii_case(&one.text)) {
                for (pattern, value) in &one.of {
                    if pattern.as_ref().map_or(rest.is_empty(), |pattern| fits(pattern, rest)) {
                        found(*value);
                    }
                }
            }
            at = one.shorter;
        }
    }
}

impl<T: Copy + Ord> Patterns<T> {
    /// The least of what the patterns that fit `text` stand for.
    pub(super) fn first(&self, text: &str) -> Option<T> {
        let mut least = None;
        self.each(text, |value| least = Some(least.map_or(value, |least: T| least.min(value))));
        least
    }
}

/// How a text in lower case and another one sort, without regard to case.
pub(super) fn order(lower: &[u8], text: &[u8]) -> Ordering {
    lower.iter().copied().cmp(text.iter().map(u8::to_ascii_lowercase))
}

/// Whether `text` is `pattern`, which is in lower case and in which `*` is any text. Takes at most as
/// many steps as the product of their lengths.
pub(super) fn fits(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    // The last `*`, and where what it stands for ends.
    let mut star: Option<(usize, usize)> = None;
    loop {
        match (pattern.get(p), text.get(t)) {
            (None, None) => return true,
            (Some(b'*'), _) => {
                star = Some((p, t));
                p += 1;
            }
            (Some(one), Some(other)) if *one == other.to_ascii_lowercase() => {
                (p, t) = (p + 1, t + 1);
            }
            _ => {
                let Some((at, end)) = star.filter(|(_, end)| *end < text.len()) else {
                    return false;
                };
                star = Some((at, end + 1));
                (p, t) = (at + 1, end + 1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_star_stands_for_any_text_and_case_does_not_matter() {
        for (pattern, text, does) in [
            ("s3.8", "S3.8", true),
            ("s3.8", "S3.80", false),
            ("recon:*", "Recon:EC2/Portscan", true),
            ("*:kubernetes/*", "Policy:Kubernetes/ExposedDashboard", true),
            ("*:kubernetes/*", "Policy:S3/BucketPublicAccessGranted", false),
            ("a*b*c", "aXbXbc", true),
            ("a*b*c", "aXbXb", false),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(fits(pattern.as_bytes(), text.as_bytes()), does, "{pattern} {text}");
        }
    }

    proptest! {
        #[test]
        fn a_look_up_finds_what_trying_every_pattern_finds(
            patterns in proptest::collection::vec("[abAB*.]{0,5}", 0..12), text in "[abAB.]{0,6}",
        ) {
            let table = Patterns::new(patterns.iter().map(String::as_str).zip(0..));
            let mut found = Vec::new();
            table.each(&text, |value| found.push(value));
            found.sort_unstable();

            let tried = patterns.iter().zip(0..).filter(|(pattern, _)| {
                fits(pattern.to_ascii_lowercase().as_bytes(), text.as_bytes())
            });
            let tried: Vec<usize> = tried.map(|(_, value)| value).collect();
            prop_assert_eq!(table.first(&text), tried.first().copied());
            prop_assert_eq!(found, tried);
        }
    }
}
