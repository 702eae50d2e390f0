//! Which texts may contain a pattern: an index of all runs of three bytes.
//!
//! A text is indexed with a mark before it and marks behind it, so that a pattern may be bound to
//! the start or the end, and so that a run begins at every byte. Upper-case ASCII letters count as
//! lower-case ones. The marks are bytes that UTF-8 never has.

use std::collections::HashMap;

use roaring::{MultiOps, RoaringBitmap};

/// Stands before each text.
pub(super) const START: u8 = 0xFE;

/// Stands behind each text.
pub(super) const END: u8 = 0xFF;

/// With no more candidates than this it is cheaper to look at the texts than to narrow them down.
const FEW: u64 = if cfg!(test) { 2 } else { 64 };

/// The texts that have each run of three bytes.
#[derive(Debug, Default)]
pub(super) struct Grams {
    texts: HashMap<u32, RoaringBitmap>,
}

/// Texts that may contain a pattern.
pub(super) struct Candidates {
    /// All that contain it, and maybe others.
    pub(super) texts: RoaringBitmap,
    /// No others.
    pub(super) exact: bool,
}

impl Grams {
    /// Adds a text.
    pub(super) fn insert(&mut self, place: u32, text: &str) {
        for gram in grams(text) {
            self.texts.entry(gram).or_default().insert(place);
        }
    }

    /// Removes a text that was added as it is.
    pub(super) fn remove(&mut self, place: u32, text: &str) {
        for gram in grams(text) {
            if let Some(texts) = self.texts.get_mut(&gram) {
                texts.remove(place);
                if texts.is_empty() {
                    self.texts.remove(&gram);
                }
            }
        }
    }

    /// The texts that may contain `pattern`, which is in lower case, not empty, and may begin with
    /// [`START`] or end with [`END`].
    pub(super) fn candidates(&self, pattern: &[u8]) -> Candidates {
        if pattern.len() < 3 {
            return Candidates { texts: self.beginning_with(pattern), exact: true };
        }
        let mut sets = Vec::new();
        for run in pattern.windows(3) {
            match run.try_into().ok().and_then(|run| self.texts.get(&gram(run))) {
                Some(texts) => sets.push(texts),
                None => return Candidates { texts: RoaringBitmap::new(), exact: true },
            }
        }
        sets.sort_unstable_by_key(|texts| texts.len());
        let mut sets = sets.into_iter();
        let mut texts = sets.next().cloned().unwrap_or_default();
        for set in sets {
            if texts.len() <= FEW {
                break;
            }
            texts &= set;
        }
        Candidates { texts, exact: pattern.len() == 3 }
    }

    /// Gives back what the lists of places hold in reserve, after all texts were added in order.
    pub(super) fn shrink(&mut self) {
        for texts in self.texts.values_mut() {
            *texts = texts.clone();
        }
    }

    /// The texts with a run that begins with `pattern` (one or two bytes).
    fn beginning_with(&self, pattern: &[u8]) -> RoaringBitmap {
        let fits =
            |gram: u32| gram.to_be_bytes().get(1..).is_some_and(|run| run.starts_with(pattern));
        self.texts.iter().filter(|(gram, _)| fits(**gram)).map(|(_, texts)| texts).union()
    }
}

/// All runs of a text, with its marks.
fn grams(text: &str) -> impl Iterator<Item = u32> {
    let bytes = text.bytes().map(|byte| byte.to_ascii_lowercase());
    let mut run = [0, 0, START];
    bytes.chain([END, END]).enumerate().filter_map(move |(index, byte)| {
        run = [run[1], run[2], byte];
        (index > 0).then(|| gram(run))
    })
}

fn gram([first, second, third]: [u8; 3]) -> u32 {
    u32::from_be_bytes([0, first, second, third])
}
