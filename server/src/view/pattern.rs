//! Looks for a text inside others, without regard to ASCII case.

/// Where in a text the pattern must stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Anywhere.
    Anywhere,
    /// At its start.
    Start,
    /// At its end.
    End,
}

/// A text to look for, prepared for being looked for in many others (Horspool's algorithm: a byte
/// that the pattern does not have moves it by its whole length).
pub(super) struct Pattern {
    /// In lower case, not empty.
    bytes: Vec<u8>,
    place: Place,
    /// How far the pattern moves when this byte stands under its last one.
    steps: [u8; 256],
}

impl Pattern {
    /// Prepares `text`; `None` when it is empty, which every text contains.
    pub(super) fn new(text: &str, place: Place) -> Option<Self> {
        let bytes = text.to_ascii_lowercase().into_bytes();
        let (_, before_last) = bytes.split_last()?;
        // A pattern over 255 bytes moves by less than it could.
        let step = |distance: usize| u8::try_from(distance).unwrap_or(u8::MAX);
        let mut steps = [step(bytes.len()); 256];
        for (index, byte) in before_last.iter().enumerate() {
            for byte in [*byte, byte.to_ascii_uppercase()] {
                steps[usize::from(byte)] = step(before_last.len() - index);
            }
        }
        Some(Self { bytes, place, steps })
    }

    /// The pattern, in lower case.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where it must stand.
    pub(super) fn place(&self) -> Place {
        self.place
    }

    /// Whether `text` has it.
    pub(super) fn fits(&self, text: &str) -> bool {
        let text = text.as_bytes();
        let length = self.bytes.len();
        let is =
            |part: Option<&[u8]>| part.is_some_and(|part| part.eq_ignore_ascii_case(&self.bytes));
        match self.place {
            Place::Start => is(text.get(..length)),
            Place::End => is(text.len().checked_sub(length).and_then(|start| text.get(start..))),
            Place::Anywhere => self.stands_in(text),
        }
    }

    fn stands_in(&self, text: &[u8]) -> bool {
        let length = self.bytes.len();
        let Some(last) = self.bytes.last() else { return true };
        let mut end = length;
        while let Some(byte) = text.get(end - 1) {
            if byte.to_ascii_lowercase() == *last
                && text
                    .get(end - length..end)
                    .is_some_and(|part| part.eq_ignore_ascii_case(&self.bytes))
            {
                return true;
            }
            end += usize::from(self.steps[usize::from(*byte)]);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_pattern_is_found_where_it_stands(text in "[abAB]{0,12}", wanted in "[abAB]{1,4}") {
            let folded = text.to_ascii_lowercase();
            let wanted_folded = wanted.to_ascii_lowercase();
            let fits = |place| Pattern::new(&wanted, place).unwrap().fits(&text);

            prop_assert_eq!(fits(Place::Anywhere), folded.contains(&wanted_folded));
            prop_assert_eq!(fits(Place::Start), folded.starts_with(&wanted_folded));
            prop_assert_eq!(fits(Place::End), folded.ends_with(&wanted_folded));
        }
    }

    #[test]
    fn a_pattern_may_be_longer_than_a_step() {
        let wanted = format!("b{}", "a".repeat(300));
        let text = format!("{}{wanted}", "a".repeat(400));

        assert!(Pattern::new(&wanted, Place::Anywhere).unwrap().fits(&text));
        assert!(!Pattern::new(&format!("{wanted}c"), Place::Anywhere).unwrap().fits(&text));
    }
}
