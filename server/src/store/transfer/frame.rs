//! Frames: a type, a length, a checksum, a body.

use std::io::{self, Read, Write};

use sha2::{Digest, Sha256};

use super::TransferError;

/// The largest body, in bytes (64 MiB): a row frame is ended above 1 MiB, and a single row has at
/// most 32 MiB.
const BODY_BYTES_MAX: u32 = 64 * 1024 * 1024;

/// Type, length and checksum.
const PREFIX_BYTES: usize = 9;

/// The type of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Header = 1,
    Rows = 2,
    Trailer = 3,
}

/// Writes frames.
pub(super) struct FrameWriter<'a> {
    writer: &'a mut dyn Write,
    hash: Sha256,
}

impl<'a> FrameWriter<'a> {
    pub(super) fn new(writer: &'a mut dyn Write) -> Self {
        Self { writer, hash: Sha256::new() }
    }

    pub(super) fn write(&mut self, kind: Kind, body: &[u8]) -> Result<(), TransferError> {
        let failed = |source| TransferError::Io { attempt: "write", source };
        let length = u32::try_from(body.len())
            .ok()
            .filter(|length| *length <= BODY_BYTES_MAX)
            .ok_or_else(|| failed(io::Error::other("a row is too large for a frame")))?;
        let prefix = prefix(kind as u8, length, body);
        for part in [&prefix[..], body] {
            self.hash.update(part);
            self.writer.write_all(part).map_err(failed)?;
        }
        Ok(())
    }

    /// The SHA-256 of what was written so far.
    pub(super) fn hash(&self) -> [u8; 32] {
        self.hash.clone().finalize().into()
    }

    pub(super) fn flush(self) -> Result<(), TransferError> {
        self.writer.flush().map_err(|source| TransferError::Io { attempt: "write", source })
    }
}

/// Reads frames.
pub(super) struct FrameReader<'a> {
    reader: &'a mut dyn Read,
    hash: Sha256,
    offset: u64,
}

/// A frame that agrees with its checksum.
pub(super) struct Frame {
    /// Where it begins.
    pub(super) offset: u64,
    pub(super) kind: Kind,
    pub(super) body: Vec<u8>,
    /// The SHA-256 of what was read before it.
    pub(super) hash_before: [u8; 32],
}

impl<'a> FrameReader<'a> {
    pub(super) fn new(reader: &'a mut dyn Read) -> Self {
        Self { reader, hash: Sha256::new(), offset: 0 }
    }

    /// The next frame.
    pub(super) fn read(&mut self) -> Result<Frame, TransferError> {
        let offset = self.offset;
        let damaged = |why: &str| TransferError::Damaged { offset, why: why.to_owned() };
        let hash_before = self.hash.clone().finalize().into();
        let mut head = [0; PREFIX_BYTES];
        self.fill(&mut head, offset)?;
        let [kind, a, b, c, d, checksum @ ..] = head;
        let length = u32::from_be_bytes([a, b, c, d]);
        if length > BODY_BYTES_MAX {
            return Err(damaged("a frame claims more than a frame can hold"));
        }
        let mut body = vec![0; length as usize];
        self.fill(&mut body, offset)?;
        if prefix(kind, length, &body) != head {
            let checksum = u32::from_be_bytes(checksum);
            return Err(damaged(&format!("a frame does not have its checksum {checksum:08x}")));
        }
        let kind = match kind {
            1 => Kind::Header,
            2 => Kind::Rows,
            3 => Kind::Trailer,
            _ => return Err(damaged("a frame is of no known type")),
        };
        self.hash.update(head);
        self.hash.update(&body);
        self.offset += PREFIX_BYTES as u64 + u64::from(length);
        Ok(Frame { offset, kind, body, hash_before })
    }

    /// Whether nothing follows.
    pub(super) fn is_at_end(&mut self) -> Result<bool, TransferError> {
        loop {
            match self.reader.read(&mut [0]) {
                Ok(bytes) => return Ok(bytes == 0),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(TransferError::Io { attempt: "read", source }),
            }
        }
    }

    fn fill(&mut self, buffer: &mut [u8], offset: u64) -> Result<(), TransferError> {
        self.reader.read_exact(buffer).map_err(|source| match source.kind() {
            io::ErrorKind::UnexpectedEof => {
                TransferError::Damaged { offset, why: "it ends in a frame".to_owned() }
            }
            _ => TransferError::Io { attempt: "read", source },
        })
    }
}

fn prefix(kind: u8, length: u32, body: &[u8]) -> [u8; PREFIX_BYTES] {
    let [a, b, c, d] = length.to_be_bytes();
    let start = [kind, a, b, c, d];
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&start);
    hasher.update(body);
    let [e, f, g, h] = hasher.finalize().to_be_bytes();
    [kind, a, b, c, d, e, f, g, h]
}
