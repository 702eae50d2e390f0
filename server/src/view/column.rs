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
use super::texts::Texts;

/// A column.
///
/// A text is named by its place among the distinct texts: its number. It is forgotten with the last
/// place that has it, and its number is used again.
#[derive(Debug, Default)]
pub(super) struct Column {
    texts: Texts,
    places: Slab<Postings>,
    numbers: Table,
    /// For texts that people search by their parts; without it every distinct text is looked at.
    grams: Option<Grams>,
    /// Random, because texts come from whoever can create a resource.
    hash: RandomState,
}

impl Column {
    /// Gives many places their texts, by the numbers that [`Column::intern`] said; each place once, in
    /// order. For a column that was only interned to.
    pub(super) fn fill(&mut self, numbers: impl Iterator<Item = (u32, u32)> + Clone) {
        let mut ends = vec![0_usize; self.numbers() as usize + 1];
        for (_, number) in numbers.clone() {
            ends[number as usize + 1] += 1;
        }
        let mut sum = 0;
        for end in &mut ends {
            sum += *end;
            *end = sum;
        }
        let mut places = vec![0_u32; sum];
        for (place, number) in numbers {
            let end = &mut ends[number as usize];
            places[*end] = place;
            *end += 1;
        }
        let mut start = 0;
        for (number, end) in (0..self.numbers()).zip(ends) {
            *self.places.at_mut(number) =
                Postings::build(places.get(start..end).unwrap_or_default());
            start = end;
        }
    }

    /// Makes the column fast to search by parts of its texts.
    pub(super) fn index(&mut self) {
        let texts = self.places.iter().map(|(number, _)| (number, self.texts.at(number)));
        self.grams = Some(Grams::build(texts));
    }

    /// The number of this text; a new text belongs to no place yet.
    pub(super) fn intern(&mut self, text: &str) -> u32 {
        let hash = self.hash(text);
        if let Some(number) = self.numbers.find(hash, |number| self.text(number) == text) {
            return number;
        }
        let number = self.places.insert(Postings::build(&[]));
        self.texts.set(number, text);
        let (texts, hasher) = (&self.texts, &self.hash);
        self.numbers.insert(hash, number, |number| folded_hash(hasher, texts.at(number)));
        if let Some(grams) = &mut self.grams {
            grams.insert(number, text);
        }
        number
    }

    /// Gives `place` this text, and says its number.
    pub(super) fn insert(&mut self, text: &str, place: u32) -> u32 {
        let number = self.intern(text);
        self.places.at_mut(number).insert(place);
        number
    }

    /// Takes its text from `place`.
    pub(super) fn remove(&mut self, number: u32, place: u32) {
        if !self.places.at_mut(number).remove(place) {
            return;
        }
        self.numbers.remove(self.hash(self.text(number)), number);
        self.places.remove(number);
        if let Some(grams) = &mut self.grams {
            grams.remove(number, self.texts.at(number));
        }
        self.texts.set(number, "");
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
        self.texts.at(number)
    }

    /// Numbers are below this.
    pub(super) fn numbers(&self) -> u32 {
        self.places.places()
    }

    /// The places that have exactly this text.
    pub(super) fn places(&self, text: &str) -> Cow<'_, RoaringBitmap> {
        let number = self.numbers.find(self.hash(text), |number| self.text(number) == text);
        number.map_or_else(Cow::default, |number| self.places.at(number).bitmap())
    }

    /// The places with a text that fits. `None` means all of them.
    pub(super) fn matching(&self, how: &TextMatch) -> Option<Cow<'_, RoaringBitmap>> {
        Some(match how {
            TextMatch::Equals(wanted) => self.equal(wanted),
            TextMatch::Contains(wanted) => self.fitting(&Pattern::new(wanted, Place::Anywhere)?),
        })
    }

    /// At most how many texts [`Column::matching`] has to look at or collect.
    pub(super) fn effort(&self, how: &TextMatch) -> u64 {
        match (how, &self.grams) {
            (TextMatch::Equals(_), _) => 1,
            (TextMatch::Contains(wanted), _) if wanted.is_empty() => 0,
            (TextMatch::Contains(wanted), Some(grams)) => {
                grams.effort(wanted.to_ascii_lowercase().as_bytes())
            }
            (TextMatch::Contains(_), None) => self.numbers().into(),
        }
    }

    /// The places that have this text, without regard to ASCII case.
    pub(super) fn equal(&self, wanted: &str) -> Cow<'_, RoaringBitmap> {
        let numbers = self.numbers.candidates(self.hash(wanted));
        let equal = numbers.filter(|number| self.text(*number).eq_ignore_ascii_case(wanted));
        self.union(equal)
    }

    /// The places with a text that the pattern fits.
    pub(super) fn fitting(&self, pattern: &Pattern) -> Cow<'_, RoaringBitmap> {
        let Some(grams) = &self.grams else {
            let numbers = self.places.iter().map(|(number, _)| number);
            return self.union(numbers.filter(|number| pattern.fits(self.text(*number))));
        };
        let bytes = match pattern.place() {
            Place::Anywhere => pattern.bytes().to_vec(),
            Place::Start => [&[START], pattern.bytes()].concat(),
            Place::End => [pattern.bytes(), &[END]].concat(),
        };
        let candidates = grams.candidates(&bytes);
        let fits = |number: &u32| candidates.exact || pattern.fits(self.text(*number));
        self.union(candidates.texts.iter().filter(fits))
    }

    fn union(&self, numbers: impl Iterator<Item = u32>) -> Cow<'_, RoaringBitmap> {
        postings::union(numbers.map(|number| self.places.at(number)))
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
