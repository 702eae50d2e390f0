//! The frames of an export.

use std::io::{self, Read, Write};

use prost::Message;
use sha2::{Digest, Sha256};

use super::TransferError;
use crate::store::codec::portable;
use crate::store::{MetaTable, StoreError};

/// What an export begins with, before its format.
const MAGIC: [u8; 14] = *b"muster-export\n";

/// The format that this program writes, and the only one that it reads.
pub const FORMAT: u16 = 1;

/// The largest payload of a frame, in bytes (64 MiB): a finding is at most half of it before it is
/// packed.
pub const FRAME_BYTES_MAX: u32 = 64 * 1024 * 1024;

/// How many bytes of the running hash follow each frame.
const CHECK_BYTES: usize = 8;

/// What a frame holds. A number is never used again for something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Header = 1,
    Row = 2,
    Finding = 3,
    Change = 4,
    Trailer = 5,
}

impl Kind {
    fn of(number: u8) -> Option<Self> {
        let all = [Self::Header, Self::Row, Self::Finding, Self::Change, Self::Trailer];
        all.into_iter().find(|kind| *kind as u8 == number)
    }
}

/// Where the stream comes from.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Header {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) log_id: Vec<u8>,
    #[prost(uint64, tag = "2")]
    pub(super) oldest: u64,
    #[prost(uint64, tag = "3")]
    pub(super) head: u64,
}

/// A row of a small table.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Row {
    #[prost(uint32, tag = "1")]
    table: u32,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) key: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    pub(super) value: Vec<u8>,
}

impl Row {
    pub(super) fn new(table: MetaTable, key: Vec<u8>, value: Vec<u8>) -> Self {
        Self { table: portable::table_number(table).into(), key, value }
    }

    /// Its table; `None` when this program knows no such table.
    pub(super) fn table(&self) -> Option<MetaTable> {
        portable::table(self.table.try_into().ok()?)
    }
}

/// What the stream should have held.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Trailer {
    #[prost(uint64, tag = "1")]
    pub(super) findings: u64,
    #[prost(uint64, tag = "2")]
    pub(super) changes: u64,
    #[prost(uint64, tag = "3")]
    pub(super) rows: u64,
    #[prost(bytes = "vec", tag = "4")]
    pub(super) digest: Vec<u8>,
}

/// Writes frames, one after the other.
pub(super) struct FrameWriter<'a> {
    out: &'a mut dyn Write,
    hash: Sha256,
    offset: u64,
}

impl<'a> FrameWriter<'a> {
    /// Begins a stream.
    pub(super) fn begin(out: &'a mut dyn Write) -> Result<Self, TransferError> {
        let mut frames = Self { out, hash: Sha256::new(), offset: 0 };
        frames.hashed(&MAGIC)?;
        frames.hashed(&FORMAT.to_be_bytes())?;
        Ok(frames)
    }

    /// Writes a frame that holds a message.
    pub(super) fn message(
        &mut self,
        kind: Kind,
        message: &impl Message,
    ) -> Result<(), TransferError> {
        self.frame(kind, &message.encode_to_vec())
    }

    /// Writes a frame.
    pub(super) fn frame(&mut self, kind: Kind, payload: &[u8]) -> Result<(), TransferError> {
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        if length > FRAME_BYTES_MAX {
            let (bytes, bytes_max) = (payload.len(), FRAME_BYTES_MAX as usize);
            let what = format!("a {kind:?} frame of the export");
            return Err(StoreError::TooLarge { what, bytes, bytes_max }.into());
        }
        self.hashed(&[kind as u8])?;
        self.hashed(&length.to_be_bytes())?;
        self.hashed(payload)?;
        self.write(&check(&self.hash))
    }

    /// The SHA-256 of everything up to here but the check values.
    pub(super) fn digest(&self) -> [u8; 32] {
        self.hash.clone().finalize().into()
    }

    /// Hands everything over, and says how long the stream is.
    pub(super) fn end(self) -> Result<u64, TransferError> {
        let Self { out, offset, .. } = self;
        out.flush().map_err(|source| TransferError::Write { offset, source })?;
        Ok(offset)
    }

    fn hashed(&mut self, bytes: &[u8]) -> Result<(), TransferError> {
        self.hash.update(bytes);
        self.write(bytes)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), TransferError> {
        let offset = self.offset;
        self.out.write_all(bytes).map_err(|source| TransferError::Write { offset, source })?;
        self.offset += bytes.len() as u64;
        Ok(())
    }
}

/// A frame that was read, and is as it was written.
pub(super) struct Frame {
    /// Where it begins.
    pub(super) offset: u64,
    pub(super) kind: Kind,
    pub(super) payload: Vec<u8>,
    /// The SHA-256 of everything before it but the check values.
    pub(super) before: [u8; 32],
}

impl Frame {
    /// The message in it.
    pub(super) fn message<M: Message + Default>(&self) -> Result<M, TransferError> {
        M::decode(self.payload.as_slice()).map_err(|error| self.damaged(error.to_string()))
    }

    /// That it does not hold what it should.
    pub(super) fn damaged(&self, what: impl Into<String>) -> TransferError {
        TransferError::Damaged { offset: self.offset, what: what.into() }
    }
}

/// Reads frames, one after the other.
pub(super) struct FrameReader<'a> {
    input: &'a mut dyn Read,
    hash: Sha256,
    offset: u64,
}

impl<'a> FrameReader<'a> {
    /// Begins to read a stream.
    pub(super) fn begin(input: &'a mut dyn Read) -> Result<Self, TransferError> {
        let mut frames = Self { input, hash: Sha256::new(), offset: 0 };
        let mut magic = [0; MAGIC.len()];
        let mut format = [0; 2];
        frames.fixed(0, &mut magic)?;
        if magic != MAGIC {
            return Err(TransferError::NotAnExport);
        }
        frames.fixed(0, &mut format)?;
        let found = u16::from_be_bytes(format);
        if found != FORMAT {
            return Err(TransferError::Format { found });
        }
        frames.hash.update(magic);
        frames.hash.update(format);
        Ok(frames)
    }

    /// The next frame.
    pub(super) fn next(&mut self) -> Result<Frame, TransferError> {
        let offset = self.offset;
        let damaged = |what: &str| TransferError::Damaged { offset, what: what.to_owned() };
        let before = self.hash.clone().finalize().into();
        let mut head = [0; 5];
        self.fixed(offset, &mut head)?;
        let [number, length @ ..] = head;
        let length = u32::from_be_bytes(length);
        let kind = Kind::of(number).ok_or_else(|| damaged("there is no such kind of frame"))?;
        if length > FRAME_BYTES_MAX {
            return Err(damaged("its length is out of bounds"));
        }
        // Not allocated at once: the length is not checked yet.
        let mut payload = Vec::new();
        let read = self.input.take(length.into()).read_to_end(&mut payload);
        read.map_err(|source| TransferError::Read { offset: self.offset, source })?;
        self.offset += payload.len() as u64;
        if payload.len() as u64 != u64::from(length) {
            return Err(damaged(TORN));
        }
        self.hash.update(head);
        self.hash.update(&payload);
        let mut found = [0; CHECK_BYTES];
        self.fixed(offset, &mut found)?;
        if found != check(&self.hash) {
            return Err(damaged("its check value does not fit"));
        }
        Ok(Frame { offset, kind, payload, before })
    }

    /// Makes sure that nothing follows, and says how long the stream is.
    pub(super) fn end(self) -> Result<u64, TransferError> {
        let offset = self.offset;
        let mut rest = Vec::new();
        let read = self.input.take(1).read_to_end(&mut rest);
        read.map_err(|source| TransferError::Read { offset, source })?;
        if rest.is_empty() {
            return Ok(offset);
        }
        Err(TransferError::Damaged { offset, what: "something follows its end".to_owned() })
    }

    /// Fills `bytes`, which belong to the frame at `frame`.
    fn fixed(&mut self, frame: u64, bytes: &mut [u8]) -> Result<(), TransferError> {
        match self.input.read_exact(bytes) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(TransferError::Damaged { offset: frame, what: TORN.to_owned() });
            }
            Err(source) => return Err(TransferError::Read { offset: self.offset, source }),
        }
        self.offset += bytes.len() as u64;
        Ok(())
    }
}

/// What is said of a stream that ends too early.
const TORN: &str = "the stream ends here, before its trailer";

/// The beginning of what the hash is now.
fn check(hash: &Sha256) -> [u8; CHECK_BYTES] {
    let digest: [u8; 32] = hash.clone().finalize().into();
    let (first, _) = digest.split_first_chunk().expect("SHA-256 has 32 bytes");
    *first
}
