//! Page tokens and watch cursors: places in an order, which a client brings back.
//!
//! `base64url(version, kind, log id, hash of the query, place, checksum)`. Opaque, and not secret:
//! a token confers nothing, and is bound to what it was issued for so that a mistake is an error and
//! not a wrong answer. It holds all there is to know, so it does not expire with the process.
//!
//! The checksum finds what was cut or mangled on the way; it is no signature, and needs to be none.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use muster_api::v1::ErrorReason;
use muster_core::ids::{FindingId, Revision};
use sha2::{Digest, Sha256};

use crate::view::Position;

/// The longest watch cursor, in bytes.
pub(crate) const CURSOR_BYTES_MAX: usize = 512;

/// The longest page token, in bytes. One of units holds the name of a unit, with an ARN in it.
pub(crate) const PAGE_TOKEN_BYTES_MAX: usize = 1024;

/// The format that is written. Others are refused: a client then begins anew.
const VERSION: u8 = 1;

/// Version, kind, log id, query hash.
const HEAD_BYTES: usize = 1 + 1 + 16 + 8;

const CHECKSUM_BYTES: usize = 8;

/// What a token is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Binding {
    /// The incarnation of the log.
    pub(crate) log_id: [u8; 16],
    /// See [`query_hash`].
    pub(crate) query: [u8; 8],
}

/// A hash of what must stay the same from page to page, or from stream to stream.
pub(crate) fn query_hash(parts: &[&str]) -> [u8; 8] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    first8(&hash.finalize())
}

/// What a token stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// `ListFindings`: after this position.
    Findings(Position),
    /// `ListFindingHistory`: this change is the next.
    History(Revision),
    /// `ListUnits`: after the unit of this name.
    Units(String),
    /// `ListUnmappedDocuments`: after the document with this key.
    Unmapped(Vec<u8>),
    /// `ListAttestations`: after the record with this key.
    Attestations(Vec<u8>),
    /// `ListSubscriptions`: after the subscription of this name.
    Subscriptions(String),
    /// `ListParkedChanges`: after the change with this id.
    Parked(String),
    /// `WatchFindings`: inside the snapshot of a revision, after this position.
    Snapshot {
        /// Where the tail will start.
        start: Revision,
        /// The last one sent; `None` before the first.
        after: Option<Position>,
    },
    /// `WatchFindings`: after this revision.
    Live(Revision),
}

/// Which field a token belongs into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// `page_token`
    Page,
    /// `cursor`
    Cursor,
}

impl Family {
    /// The field.
    pub(crate) fn field(self) -> &'static str {
        match self {
            Self::Page => "page_token",
            Self::Cursor => "cursor",
        }
    }

    /// The reason when it is of another query.
    pub(crate) fn mismatch(self) -> ErrorReason {
        match self {
            Self::Page => ErrorReason::PageTokenMismatch,
            Self::Cursor => ErrorReason::CursorMismatch,
        }
    }

    fn others(self) -> &'static str {
        match self {
            Self::Page => "another call, filter, order or view; begin at the first page",
            Self::Cursor => "another filter or view; give what it was issued for, or none",
        }
    }
}

/// Why a token is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    /// Not made by this program, or damaged on its way.
    #[error("the {} is not one of this server, or was cut or changed on its way", .0.field())]
    Malformed(Family),
    /// Made for something else.
    #[error("the {} was issued for {}", .0.field(), .0.others())]
    Mismatch(Family),
    /// Made by another store, or by an earlier incarnation of this one.
    #[error("the {} is of another log; begin anew", family.field())]
    LogChanged {
        /// Which field.
        family: Family,
        /// The log there is now.
        log_id: [u8; 16],
    },
}

impl TokenError {
    /// Which field is wrong.
    pub(crate) fn family(&self) -> Family {
        match self {
            Self::Malformed(family) | Self::Mismatch(family) | Self::LogChanged { family, .. } => {
                *family
            }
        }
    }
}

/// Makes the token of a place.
pub(crate) fn encode(place: &Place, binding: &Binding) -> String {
    let mut bytes = vec![VERSION, kind(place)];
    bytes.extend_from_slice(&binding.log_id);
    bytes.extend_from_slice(&binding.query);
    match place {
        Place::Findings(position) => put_position(&mut bytes, position),
        Place::History(revision) | Place::Live(revision) => {
            bytes.extend_from_slice(&revision.0.to_be_bytes());
        }
        Place::Units(name) | Place::Subscriptions(name) | Place::Parked(name) => {
            bytes.extend_from_slice(name.as_bytes());
        }
        Place::Unmapped(key) | Place::Attestations(key) => bytes.extend_from_slice(key),
        Place::Snapshot { start, after } => {
            bytes.extend_from_slice(&start.0.to_be_bytes());
            if let Some(position) = after {
                put_position(&mut bytes, position);
            }
        }
    }
    let checksum = first8(&Sha256::digest(&bytes));
    bytes.extend_from_slice(&checksum);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads a token back, if it is of this family and bound to the same.
pub(crate) fn decode(text: &str, family: Family, binding: &Binding) -> Result<Place, TokenError> {
    let malformed = || TokenError::Malformed(family);
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| malformed())?;
    let (bytes, checksum) = bytes.split_last_chunk::<CHECKSUM_BYTES>().ok_or_else(malformed)?;
    if first8(&Sha256::digest(bytes)) != *checksum {
        return Err(malformed());
    }
    let (head, body) = bytes.split_first_chunk::<HEAD_BYTES>().ok_or_else(malformed)?;
    let [version, kind, bound @ ..] = head;
    if *version != VERSION {
        return Err(malformed());
    }
    let (log_id, query) = bound.split_first_chunk::<16>().expect("24 bytes are left");
    let place = read_place(*kind, body).ok_or_else(malformed)?;
    if place_family(&place) != family {
        return Err(TokenError::Mismatch(family));
    }
    if *log_id != binding.log_id {
        return Err(TokenError::LogChanged { family, log_id: binding.log_id });
    }
    if *query != binding.query {
        return Err(TokenError::Mismatch(family));
    }
    Ok(place)
}

/// The id of a log as clients see it.
pub(crate) fn hex(log_id: [u8; 16]) -> String {
    data_encoding::HEXLOWER.encode(&log_id)
}

/// The byte that says what a token stands for. Never used again for another kind.
fn kind(place: &Place) -> u8 {
    match place {
        Place::Findings(_) => 1,
        Place::History(_) => 2,
        Place::Units(_) => 3,
        Place::Unmapped(_) => 4,
        Place::Snapshot { .. } => 5,
        Place::Live(_) => 6,
        Place::Attestations(_) => 7,
        Place::Subscriptions(_) => 8,
        Place::Parked(_) => 9,
    }
}

fn place_family(place: &Place) -> Family {
    match place {
        Place::Findings(_)
        | Place::History(_)
        | Place::Units(_)
        | Place::Unmapped(_)
        | Place::Attestations(_)
        | Place::Subscriptions(_)
        | Place::Parked(_) => Family::Page,
        Place::Snapshot { .. } | Place::Live(_) => Family::Cursor,
    }
}

fn read_place(kind: u8, body: &[u8]) -> Option<Place> {
    Some(match kind {
        1 => Place::Findings(read_position(body)?),
        2 => Place::History(read_revision(body)?),
        3 => Place::Units(std::str::from_utf8(body).ok()?.to_owned()),
        4 => Place::Unmapped(body.to_vec()),
        5 => {
            let (start, rest) = body.split_first_chunk::<8>()?;
            let after = if rest.is_empty() { None } else { Some(read_position(rest)?) };
            Place::Snapshot { start: Revision(u64::from_be_bytes(*start)), after }
        }
        6 => Place::Live(read_revision(body)?),
        7 => Place::Attestations(body.to_vec()),
        8 => Place::Subscriptions(std::str::from_utf8(body).ok()?.to_owned()),
        9 => Place::Parked(std::str::from_utf8(body).ok()?.to_owned()),
        _ => return None,
    })
}

fn read_revision(body: &[u8]) -> Option<Revision> {
    Some(Revision(u64::from_be_bytes(body.try_into().ok()?)))
}

fn put_position(bytes: &mut Vec<u8>, position: &Position) {
    bytes.extend_from_slice(&position.key.to_be_bytes());
    bytes.extend_from_slice(&position.id.0);
}

fn read_position(body: &[u8]) -> Option<Position> {
    let (key, id) = body.split_first_chunk::<8>()?;
    Some(Position { key: u64::from_be_bytes(*key), id: FindingId(id.try_into().ok()?) })
}

fn first8(digest: &[u8]) -> [u8; 8] {
    *digest.first_chunk::<8>().expect("SHA-256 has 32 bytes")
}

#[cfg(test)]
mod tests;
