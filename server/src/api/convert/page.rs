//! Cuts lists by bytes.

use prost::Message;

/// The most bytes of a list in one answer (2 MiB).
pub(crate) const LIST_BYTES_MAX: usize = 2 * 1024 * 1024;

/// What a list entry costs beyond its message: a tag and a length.
const ENTRY_BYTES: usize = 6;

/// A running size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    bytes: usize,
    bytes_max: usize,
    empty: bool,
}

impl Budget {
    /// Room for so many bytes.
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { bytes: 0, bytes_max, empty: true }
    }

    /// Counts `message` in if it fits. The first one always does: a list that cannot move on would
    /// be asked for again for ever.
    pub(crate) fn fits(&mut self, message: &impl Message) -> bool {
        let bytes = self.bytes + message.encoded_len() + ENTRY_BYTES;
        let fits = self.empty || bytes <= self.bytes_max;
        if fits {
            (self.bytes, self.empty) = (bytes, false);
        }
        fits
    }
}
