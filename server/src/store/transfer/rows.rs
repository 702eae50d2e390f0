//! Rows in frames.

use std::collections::VecDeque;

use muster_core::change::Change;
use muster_core::finding::Finding;
use prost::Message;

use super::frame::{FrameReader, FrameWriter, Kind};
use super::{Moved, TransferError};
use crate::store::MetaTable;
use crate::store::codec::portable;

/// A row frame is ended above this size of its rows, in bytes (1 MiB).
const ROWS_BYTES: usize = 1024 * 1024;

/// The most bytes that the rows of a frame unpack to (64 MiB): one row over [`ROWS_BYTES`].
const UNPACKED_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The zstd level of row frames.
const LEVEL: i32 = 3;

/// What comes first.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Header {
    #[prost(uint32, tag = "1")]
    pub(super) version: u32,
    #[prost(uint64, tag = "2")]
    pub(super) head: u64,
    #[prost(uint64, tag = "3")]
    pub(super) oldest: u64,
}

/// What comes last. Before it in its frame stands the SHA-256 of the stream.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Trailer {
    #[prost(uint64, tag = "1")]
    findings: u64,
    #[prost(uint64, tag = "2")]
    changes: u64,
    #[prost(uint64, tag = "3")]
    meta: u64,
}

impl Trailer {
    pub(super) fn of(moved: &Moved) -> Self {
        Self { findings: moved.findings, changes: moved.changes, meta: moved.meta }
    }
}

/// A row.
#[derive(Debug)]
pub(super) enum Row {
    Finding(Box<Finding>),
    Change(Box<Change>),
    Meta { table: MetaTable, key: Vec<u8>, value: Vec<u8> },
}

/// The number of a finding row, a change row, and of the first small table.
const FINDING: u8 = 1;
const CHANGE: u8 = 2;

/// Writes rows.
pub(super) struct RowWriter<'a> {
    frames: FrameWriter<'a>,
    rows: Vec<u8>,
    moved: Moved,
}

impl<'a> RowWriter<'a> {
    pub(super) fn new(frames: FrameWriter<'a>) -> Self {
        Self { frames, rows: Vec::new(), moved: Moved::default() }
    }

    pub(super) fn header(&mut self, header: &Header) -> Result<(), TransferError> {
        self.frames.write(Kind::Header, &header.encode_to_vec())
    }

    pub(super) fn push(&mut self, row: &Row) -> Result<(), TransferError> {
        let (kind, key, value) = match row {
            Row::Finding(finding) => {
                self.moved.findings += 1;
                (FINDING, &[][..], portable::write_finding(finding))
            }
            Row::Change(change) => {
                self.moved.changes += 1;
                (CHANGE, &[][..], portable::write_change(change))
            }
            Row::Meta { table, key, value } => {
                self.moved.meta += 1;
                (portable::table_number(*table), key.as_slice(), value.clone())
            }
        };
        self.rows.push(kind);
        for part in [key, &value] {
            let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
            self.rows.extend_from_slice(&length.to_be_bytes());
            self.rows.extend_from_slice(part);
        }
        if self.rows.len() < ROWS_BYTES { Ok(()) } else { self.end_frame() }
    }

    pub(super) fn finish(mut self) -> Result<Moved, TransferError> {
        self.end_frame()?;
        let mut body = self.frames.hash().to_vec();
        Trailer::of(&self.moved).encode_raw(&mut body);
        self.frames.write(Kind::Trailer, &body)?;
        self.frames.flush()?;
        Ok(self.moved)
    }

    fn end_frame(&mut self) -> Result<(), TransferError> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let packed = zstd::bulk::compress(&self.rows, LEVEL)
            .map_err(|source| TransferError::Io { attempt: "pack", source })?;
        self.rows.clear();
        self.frames.write(Kind::Rows, &packed)
    }
}

/// Reads rows.
pub(super) struct RowReader<'a> {
    frames: FrameReader<'a>,
    /// The rows of the last frame that are still to come.
    rows: VecDeque<Row>,
    offset: u64,
    trailer: Option<Trailer>,
}

impl<'a> RowReader<'a> {
    pub(super) fn new(frames: FrameReader<'a>) -> Self {
        Self { frames, rows: VecDeque::new(), offset: 0, trailer: None }
    }

    pub(super) fn header(&mut self) -> Result<Header, TransferError> {
        let frame = self.frames.read()?;
        let damaged = |why: &str| TransferError::Damaged { offset: 0, why: why.to_owned() };
        if frame.kind != Kind::Header {
            return Err(damaged("it does not begin with a header"));
        }
        Header::decode(frame.body.as_slice()).map_err(|error| damaged(&error.to_string()))
    }

    /// The next row and where its frame begins; `None` after the last one.
    pub(super) fn next(&mut self) -> Result<Option<(u64, Row)>, TransferError> {
        while self.rows.is_empty() && self.trailer.is_none() {
            self.next_frame()?;
        }
        Ok(self.rows.pop_front().map(|row| (self.offset, row)))
    }

    /// The trailer and where it begins. Asked after the last row.
    pub(super) fn trailer(&mut self) -> Result<(u64, Trailer), TransferError> {
        let offset = self.offset;
        let damaged = |why: &str| TransferError::Damaged { offset, why: why.to_owned() };
        let trailer = self.trailer.take().ok_or_else(|| damaged("it has no trailer"))?;
        if !self.frames.is_at_end()? {
            return Err(damaged("something follows the trailer"));
        }
        Ok((offset, trailer))
    }

    fn next_frame(&mut self) -> Result<(), TransferError> {
        let frame = self.frames.read()?;
        self.offset = frame.offset;
        let offset = frame.offset;
        let damaged = |why: String| TransferError::Damaged { offset, why };
        match frame.kind {
            Kind::Header => Err(damaged("it has a second header".to_owned())),
            Kind::Rows => {
                let rows = zstd::bulk::decompress(&frame.body, UNPACKED_BYTES_MAX)
                    .map_err(|error| damaged(error.to_string()))?;
                self.rows = read_rows(&rows).map_err(damaged)?;
                Ok(())
            }
            Kind::Trailer => {
                let (hash, body) = frame
                    .body
                    .split_first_chunk()
                    .ok_or_else(|| damaged("the trailer is too short".to_owned()))?;
                if *hash != frame.hash_before {
                    return Err(damaged("what is before the trailer was altered".to_owned()));
                }
                let trailer = Trailer::decode(body).map_err(|error| damaged(error.to_string()))?;
                self.trailer = Some(trailer);
                Ok(())
            }
        }
    }
}

fn read_rows(mut bytes: &[u8]) -> Result<VecDeque<Row>, String> {
    let mut rows = VecDeque::new();
    while let Some((kind, rest)) = bytes.split_first() {
        let (key, rest) = split_part(rest).ok_or("a row ends too early")?;
        let (value, rest) = split_part(rest).ok_or("a row ends too early")?;
        bytes = rest;
        rows.push_back(match *kind {
            FINDING => Row::Finding(Box::new(
                portable::read_finding(value).map_err(|damage| format!("a finding: {damage}"))?,
            )),
            CHANGE => Row::Change(Box::new(
                portable::read_change(value).map_err(|damage| format!("a change: {damage}"))?,
            )),
            kind => {
                let table = portable::table(kind).ok_or("a row is of no known kind")?;
                Row::Meta { table, key: key.to_vec(), value: value.to_vec() }
            }
        });
    }
    Ok(rows)
}

fn split_part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(u32::from_be_bytes(*length) as usize)
}
