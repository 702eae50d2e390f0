//! Numbered texts, packed: those of 32 numbers lie behind each other, so that looking at many of
//! them in order reads memory in order, and a text costs its bytes and five more.

/// How many texts are packed together.
const BLOCK: usize = if cfg!(test) { 4 } else { 32 };

/// The texts.
#[derive(Debug, Default)]
pub(super) struct Texts {
    blocks: Vec<Block>,
}

/// Texts of consecutive numbers.
#[derive(Debug)]
struct Block {
    bytes: String,
    /// Where each text ends; it begins where the one before ends.
    ends: [u32; BLOCK],
}

impl Texts {
    /// Gives a number its text (a text has less than 4 GiB). New numbers come one after the other.
    pub(super) fn set(&mut self, number: u32, text: &str) {
        let (block, index) = split(number);
        if block == self.blocks.len() {
            self.blocks.push(Block { bytes: String::new(), ends: [0; BLOCK] });
        }
        let block = self.blocks.get_mut(block).expect("numbers come one after the other");
        let (start, end) = block.bounds(index);
        if start == block.bytes.len() {
            block.bytes.push_str(text);
        } else {
            block.bytes.replace_range(start..end, text);
        }
        for other in block.ends.iter_mut().skip(index) {
            let moved = *other as usize - end + start + text.len();
            *other = u32::try_from(moved).expect("32 texts have less than 4 GiB");
        }
        if index + 1 == BLOCK {
            block.bytes.shrink_to_fit();
        }
    }

    /// The text of a number that was given one.
    pub(super) fn at(&self, number: u32) -> &str {
        let (block, index) = split(number);
        let text = self.blocks.get(block).and_then(|block| {
            let (start, end) = block.bounds(index);
            block.bytes.get(start..end)
        });
        text.expect("a number has a text")
    }
}

impl Block {
    fn bounds(&self, index: usize) -> (usize, usize) {
        let end = |index: usize| self.ends.get(index).map_or(0, |end| *end as usize);
        (index.checked_sub(1).map_or(0, end), end(index))
    }
}

fn split(number: u32) -> (usize, usize) {
    (number as usize / BLOCK, number as usize % BLOCK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_its_text_when_others_change() {
        let mut texts = Texts::default();
        let mut model: Vec<String> = Vec::new();
        for number in 0..11 {
            model.push("é".repeat(number % 4));
            texts.set(u32::try_from(number).unwrap(), &model[number]);
        }

        for (number, text) in
            [(5, "longer than before"), (5, ""), (0, "first"), (10, "last"), (6, "x")]
        {
            texts.set(number, text);
            model[number as usize] = text.to_owned();

            let all: Vec<&str> = (0..11).map(|number| texts.at(number)).collect();
            assert_eq!(all, model);
        }
    }
}
