//! Packs messages with zstd and a dictionary that was trained from the store's own findings.
//!
//! Findings of one estate resemble each other: with a dictionary a record takes a fifth of its
//! size, without one about half. Each payload names its dictionary, so rows that were packed with
//! an older one, or with none, stay readable as long as the dictionaries are kept; they are never
//! removed.
//!
//! A payload is one byte that says how it is packed, then:
//!
//! | byte | rest |
//! |---|---|
//! | 0 | the message as it is |
//! | 1 | its length (4 bytes, big-endian), a zstd frame |
//! | 2 | its length, the number of the dictionary (4 bytes, big-endian), a zstd frame |

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use zstd::dict::{DecoderDictionary, EncoderDictionary};
use zstd::zstd_safe::{CCtx, DCtx, compress_bound, get_error_name};

use super::Damage;

/// The zstd level: 1 is the fastest regular one, and higher ones gain little behind a dictionary.
const LEVEL: i32 = 1;

/// Messages below this size, in bytes, are left as they are: the engine packs whole leaves, which
/// serves small rows that resemble their neighbours as well, for less.
const PACKED_BYTES_MIN: usize = 512;

/// The largest message, in bytes, before it is packed (32 MiB). A finding holds a few reports of at
/// most 512 KiB raw; what is larger is refused on the way in, and taken for damage on the way out.
pub(crate) const UNPACKED_BYTES_MAX: usize = 32 * 1024 * 1024;

const PLAIN: u8 = 0;
const ZSTD: u8 = 1;
const ZSTD_DICTIONARY: u8 = 2;

/// One dictionary, ready for use.
pub(crate) struct Dictionary {
    number: u32,
    encoder: EncoderDictionary<'static>,
    decoder: DecoderDictionary<'static>,
}

impl Dictionary {
    /// The dictionary of that number.
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
        if message.len() < PACKED_BYTES_MIN {
            row.push(PLAIN);
            row.extend_from_slice(message);
            return Ok(());
        }
        let length = u32::try_from(message.len()).map_err(io::Error::other)?;
        self.scratch.clear();
        self.scratch.reserve(compress_bound(message.len()));
        row.push(if self.dictionary.is_some() { ZSTD_DICTIONARY } else { ZSTD });
        row.extend_from_slice(&length.to_be_bytes());
        let packed = if let Some(dictionary) = &self.dictionary {
            row.extend_from_slice(&dictionary.number.to_be_bytes());
            let encoder = dictionary.encoder.as_cdict();
            self.context.compress_using_cdict(&mut self.scratch, message, encoder)
        } else {
            self.context.compress(&mut self.scratch, message, LEVEL)
        };
        packed.map_err(|code| io::Error::other(get_error_name(code)))?;
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
        let (method, rest) = payload.split_first().ok_or_else(short)?;
        match *method {
            PLAIN => Ok(Bytes::copy_from_slice(rest)),
            ZSTD => {
                let (length, frame) = split_number(rest).ok_or_else(short)?;
                self.inflate(length, frame, None)
            }
            ZSTD_DICTIONARY => {
                let (length, rest) = split_number(rest).ok_or_else(short)?;
                let (number, frame) = split_number(rest).ok_or_else(short)?;
                let dictionary =
                    self.dictionaries.numbered(number).ok_or(Damage::Dictionary { number })?;
                self.inflate(length, frame, Some(&dictionary))
            }
            method => Err(Damage::Payload { why: format!("{method} is no way of packing") }),
        }
    }

    fn inflate(
        &mut self,
        length: u32,
        frame: &[u8],
        dictionary: Option<&Dictionary>,
    ) -> Result<Bytes, Damage> {
        let length = length as usize;
        if length > UNPACKED_BYTES_MAX {
            return Err(Damage::Payload { why: format!("it claims {length} bytes") });
        }
        let mut message = Vec::with_capacity(length);
        let unpacked = match dictionary {
            None => self.context.decompress(&mut message, frame),
            Some(dictionary) => {
                let decoder = dictionary.decoder.as_ddict();
                self.context.decompress_using_ddict(&mut message, frame, decoder)
            }
        };
        match unpacked {
            Ok(bytes) if bytes == length => Ok(message.into()),
            Ok(bytes) => Err(Damage::Payload { why: format!("{bytes} bytes for {length}") }),
            Err(code) => Err(Damage::Payload { why: get_error_name(code).to_owned() }),
        }
    }
}

fn split_number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u32::from_be_bytes(*number), rest))
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;

    /// A dictionary for what `sample` makes.
    static TRAINED: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let samples: Vec<_> = (0..200).map(sample).collect();
        zstd::dict::from_samples(&samples, 4096).unwrap()
    });

    fn trained(number: u32) -> Dictionaries {
        let dictionaries = Dictionaries::default();
        dictionaries.add(Dictionary::new(number, &TRAINED));
        dictionaries
    }

    fn sample(number: u32) -> Vec<u8> {
        let line = |n| format!("account 11122233344{n} has the finding {}", number * 31 + n);
        (0..20).map(line).collect::<Vec<_>>().join("; ").into_bytes()
    }

    fn packed(dictionaries: &Dictionaries, message: &[u8]) -> Vec<u8> {
        let mut row = Vec::new();
        Packer::new(dictionaries).pack(message, &mut row).unwrap();
        row
    }

    #[test]
    fn a_dictionary_makes_payloads_smaller_and_older_ones_stay_readable() {
        let none = Dictionaries::default();
        let plain = packed(&none, &sample(7));
        let dictionaries = trained(1);
        let first = packed(&dictionaries, &sample(8));
        dictionaries.add(Dictionary::new(2, &TRAINED));
        let second = packed(&dictionaries, &sample(9));

        let mut unpacker = Unpacker::new(&dictionaries);

        assert!(first.len() < plain.len(), "{} < {}", first.len(), plain.len());
        assert_eq!(unpacker.unpack(&plain).unwrap(), sample(7));
        assert_eq!(unpacker.unpack(&first).unwrap(), sample(8));
        assert_eq!(unpacker.unpack(&second).unwrap(), sample(9));
    }

    #[test]
    fn a_missing_dictionary_is_named() {
        let dictionaries = trained(3);
        let row = packed(&dictionaries, &sample(1));

        let damage = Unpacker::new(&Dictionaries::default()).unpack(&row).unwrap_err();

        assert_eq!(damage, Damage::Dictionary { number: 3 });
    }

    #[test]
    fn a_payload_cannot_claim_more_memory_than_a_message_may_have() {
        let mut row = packed(&Dictionaries::default(), &sample(1));
        row[1..5].copy_from_slice(&u32::MAX.to_be_bytes());

        let damage = Unpacker::new(&Dictionaries::default()).unpack(&row).unwrap_err();

        assert!(matches!(damage, Damage::Payload { .. }));
    }

    proptest! {
        #[test]
        fn every_message_reads_back(message in prop::collection::vec(any::<u8>(), 0..4096)) {
            let none = Dictionaries::default();

            prop_assert_eq!(Unpacker::new(&none).unpack(&packed(&none, &message)).unwrap(), message);
        }

        #[test]
        fn arbitrary_bytes_never_panic(payload in prop::collection::vec(any::<u8>(), 0..256)) {
            drop(Unpacker::new(&Dictionaries::default()).unpack(&payload));
        }

        #[test]
        fn altered_payloads_never_panic(at in 0_usize..600, to: u8) {
            let dictionaries = trained(1);
            let mut row = packed(&dictionaries, &sample(1));
            let at = at % row.len();
            row[at] = to;

            drop(Unpacker::new(&dictionaries).unpack(&row));
        }
    }
}
