//! Packs messages with zstd and a dictionary that was trained from the store's own rows.
//!
//! Findings of one estate resemble each other: with a dictionary a record of 3 KB takes a fifth of
//! its size, without one about half. Each row names its dictionary, so rows that were packed with
//! an older one, or with none, stay readable as long as the dictionaries are kept; they are never
//! removed.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use zstd::dict::{DecoderDictionary, EncoderDictionary};
use zstd::zstd_safe::{CCtx, DCtx, compress_bound, get_error_name};

use super::Damage;

/// The zstd level: 1 is the fastest regular one, and higher ones gain little behind a dictionary.
const LEVEL: i32 = 1;

/// The largest message, in bytes, before it is packed (32 MiB). A finding holds a few reports of at
/// most 512 KiB raw; what is larger is refused on the way in, and taken for damage on the way out.
pub(crate) const UNPACKED_BYTES_MAX: usize = 32 * 1024 * 1024;

/// One dictionary, ready for use.
pub(crate) struct Dictionary {
    number: u32,
    encoder: EncoderDictionary<'static>,
    decoder: DecoderDictionary<'static>,
}

impl Dictionary {
    /// The dictionary of that number, which is never zero.
    pub(crate) fn new(number: u32, bytes: &[u8]) -> Self {
        Self {
            number,
            encoder: EncoderDictionary::copy(bytes, LEVEL),
            decoder: DecoderDictionary::copy(bytes),
        }
    }
}

/// The dictionaries of a store, shared by all that pack and unpack.
#[derive(Clone, Default)]
pub(crate) struct Dictionaries(Arc<RwLock<BTreeMap<u32, Arc<Dictionary>>>>);

impl Dictionaries {
    /// Adds one. The one with the highest number packs from now on.
    pub(crate) fn add(&self, dictionary: Dictionary) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.insert(dictionary.number, Arc::new(dictionary));
    }

    /// The number of the newest; zero when there is none.
    pub(crate) fn newest(&self) -> u32 {
        self.latest().map_or(0, |dictionary| dictionary.number)
    }

    fn latest(&self) -> Option<Arc<Dictionary>> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        all.last_key_value().map(|(_, dictionary)| Arc::clone(dictionary))
    }

    fn numbered(&self, number: u32) -> Option<Arc<Dictionary>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&number).cloned()
    }
}

/// Packs messages, one after the other.
pub(crate) struct Packer {
    context: CCtx<'static>,
    dictionary: Option<Arc<Dictionary>>,
    scratch: Vec<u8>,
}

impl Packer {
    /// Packs with the newest of `dictionaries`.
    pub(crate) fn new(dictionaries: &Dictionaries) -> Self {
        Self { context: CCtx::create(), dictionary: dictionaries.latest(), scratch: Vec::new() }
    }

    /// Appends the payload that holds `message` to `row`.
    pub(crate) fn pack(&mut self, message: &[u8], row: &mut Vec<u8>) -> io::Result<()> {
        let length = u32::try_from(message.len()).map_err(io::Error::other)?;
        self.scratch.clear();
        self.scratch.reserve(compress_bound(message.len()));
        let packed = match &self.dictionary {
            Some(dictionary) => self.context.compress_using_cdict(
                &mut self.scratch,
                message,
                dictionary.encoder.as_cdict(),
            ),
            None => self.context.compress(&mut self.scratch, message, LEVEL),
        };
        packed.map_err(|code| io::Error::other(get_error_name(code)))?;
        let number = self.dictionary.as_ref().map_or(0, |dictionary| dictionary.number);
        row.reserve(8 + self.scratch.len());
        row.extend_from_slice(&number.to_be_bytes());
        row.extend_from_slice(&length.to_be_bytes());
        row.extend_from_slice(&self.scratch);
        Ok(())
    }
}

/// Unpacks payloads, one after the other.
pub(crate) struct Unpacker {
    context: DCtx<'static>,
    dictionaries: Dictionaries,
}

impl Unpacker {
    /// Unpacks what any of `dictionaries`, or none, packed.
    pub(crate) fn new(dictionaries: &Dictionaries) -> Self {
        Self { context: DCtx::create(), dictionaries: dictionaries.clone() }
    }

    /// The message in `payload`.
    pub(crate) fn unpack(&mut self, payload: &[u8]) -> Result<Bytes, Damage> {
        let short = || Damage::Short { bytes: payload.len() };
        let (number, rest) = payload.split_first_chunk().ok_or_else(short)?;
        let (length, frame) = rest.split_first_chunk().ok_or_else(short)?;
        let number = u32::from_be_bytes(*number);
        let length = u32::from_be_bytes(*length) as usize;
        if length > UNPACKED_BYTES_MAX {
            return Err(Damage::Payload { why: format!("it claims {length} bytes") });
        }
        let mut message = Vec::with_capacity(length);
        let unpacked = if number == 0 {
            self.context.decompress(&mut message, frame)
        } else {
            let dictionary =
                self.dictionaries.numbered(number).ok_or(Damage::Dictionary { number })?;
            let decoder = dictionary.decoder.as_ddict();
            self.context.decompress_using_ddict(&mut message, frame, decoder)
        };
        match unpacked {
            Ok(bytes) if bytes == length => Ok(message.into()),
            Ok(bytes) => Err(Damage::Payload { why: format!("{bytes} bytes for {length}") }),
            Err(code) => Err(Damage::Payload { why: get_error_name(code).to_owned() }),
        }
    }
}
