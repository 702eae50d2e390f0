//! A column of texts: each distinct text once, with the places that have it.

use std::borrow::Cow;
use std::hash::{BuildHasher, Hasher, RandomState};

use muster_core::filter::TextMatch;
use roaring::RoaringBitmap;

use super::grams::{END, Grams, START};
use super::pattern::{Pattern, Place};
use super::postings::{self, Postings};
use super::slab::Slab;
use super::table::Table;

/// A column.
///
/// A text is named by its place among the distinct texts: its number. It is forgotten with the last
/// place that has it, and its number is used again.
#[derive(Debug, Default)]
pub(super) struct Column {
    texts: Slab<Text>,
    numbers: Table,
    /// For texts that people search by their parts; without it every distinct text is looked at.
    grams: Option<Grams>,
    /// Random, because texts come from whoever can create a resource.
    hash: RandomState,
}

#[derive(Debug)]
struct Text {
    text: Box<str>,
    places: Postings,
}

impl Column {
    /// A column whose texts are searched by their parts.
    pub(super) fn searchable() -> Self {
        Self { grams: Some(Grams::default()), ..Self::default() }
    }

    /// Gives `place` this text, and says its number.
    pub(super) fn insert(&mut self, text: &str, place: u32) -> u32 {
        let hash = self.hash(text);
        if let Some(number) = self.numbers.find(hash, |number| self.text(number) == text) {
            self.texts.at_mut(number).places.insert(place);
            return number;
        }
        let number = self.texts.insert(Text { text: text.into(), places: Postings::One(place) });
        let (texts, hasher) = (&self.texts, &self.hash);
        self.numbers.insert(hash, number, |number| folded_hash(hasher, &texts.at(number).text));
        if let Some(grams) = &mut self.grams {
            grams.insert(number, text);
        }
        number
    }

    /// Takes its text from `place`.
    pub(super) fn remove(&mut self, number: u32, place: u32) {
        if !self.texts.at_mut(number).places.remove(place) {
            return;
        }
        let hash = self.hash(self.text(number));
        self.numbers.remove(hash, number);
        let Text { text, .. } = self.texts.remove(number);
        if let Some(grams) = &mut self.grams {
            grams.remove(number, &text);
        }
    }

    /// Gives `place` this text instead of the one with that number, and says its number.
    pub(super) fn replace(&mut self, number: u32, text: &str, place: u32) -> u32 {
        if self.text(number) == text {
            return number;
        }
        self.remove(number, place);
        self.insert(text, place)
    }

    /// The text with that number.
    pub(super) fn text(&self, number: u32) -> &str {
        &self.texts.at(number).text
    }

    /// Numbers are below this.
    pub(super) fn numbers(&self) -> u32 {
        self.texts.places()
    }

    /// The places that have exactly this text.
    pub(super) fn places(&self, text: &str) -> Cow<'_, RoaringBitmap> {
        let number = self.numbers.find(self.hash(text), |number| self.text(number) == text);
        number.map_or_else(Cow::default, |number| self.texts.at(number).places.bitmap())
    }

    /// The places with a text that fits. `None` means all of them.
    pub(super) fn matching(&self, how: &TextMatch) -> Option<Cow<'_, RoaringBitmap>> {
        Some(match how {
            TextMatch::Equals(wanted) => self.equal(wanted),
            TextMatch::Contains(wanted) => self.fitting(&Pattern::new(wanted, Place::Anywhere)?),
        })
    }

    /// The places that have this text, without regard to ASCII case.
    pub(super) fn equal(&self, wanted: &str) -> Cow<'_, RoaringBitmap> {
        let numbers = self.numbers.candidates(self.hash(wanted));
        let texts = numbers.map(|number| self.texts.at(number));
        let equal = texts.filter(|text| text.text.eq_ignore_ascii_case(wanted));
        postings::union(equal.map(|text| &text.places))
    }

    /// The places with a text that the pattern fits.
    pub(super) fn fitting(&self, pattern: &Pattern) -> Cow<'_, RoaringBitmap> {
        let Some(grams) = &self.grams else {
            let texts = self.texts.iter().map(|(_, text)| text);
            let fitting = texts.filter(|text| pattern.fits(&text.text));
            return postings::union(fitting.map(|text| &text.places));
        };
        let bytes = match pattern.place() {
            Place::Anywhere => pattern.bytes().to_vec(),
            Place::Start => [&[START], pattern.bytes()].concat(),
            Place::End => [pattern.bytes(), &[END]].concat(),
        };
        let candidates = grams.candidates(&bytes);
        let texts = candidates.texts.iter().map(|number| self.texts.at(number));
        let fitting = texts.filter(|text| candidates.exact || pattern.fits(&text.text));
        postings::union(fitting.map(|text| &text.places))
    }

    /// Gives back memory held in reserve, after the first load.
    pub(super) fn shrink(&mut self) {
        if let Some(grams) = &mut self.grams {
            grams.shrink();
        }
    }

    fn hash(&self, text: &str) -> u64 {
        folded_hash(&self.hash, text)
    }
}

/// A hash without regard to ASCII case, so that one look-up finds all spellings.
fn folded_hash(hash: &RandomState, text: &str) -> u64 {
    let mut hasher = hash.build_hasher();
    let mut folded = [0_u8; 64];
    for part in text.as_bytes().chunks(folded.len()) {
        let (folded, _) = folded.split_at_mut(part.len());
        folded.copy_from_slice(part);
        folded.make_ascii_lowercase();
        hasher.write(folded);
    }
    hasher.finish()
}
