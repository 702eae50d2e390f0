//! Types that read JSON as it is, not as it should be.
//!
//! AWS's own samples, older recordings and other emulators write numbers as texts, lists for texts,
//! `null` for nothing and times in half a dozen ways. None of these may cost the document: a field of
//! one of these types never fails to deserialise, and says afterwards what it found, so that the
//! mapping can remark on it. What is left to fail is JSON that is not JSON, and a field that occurs
//! twice.
//!
//! Texts borrow from the document wherever they have no escapes.

mod moment;
mod scalar;
mod shape;
mod tags;

use muster_core::report::bounded;

pub(crate) use moment::Moment;
pub(crate) use scalar::Scalar;
pub(crate) use shape::{AnyCase, Many, Maybe, Pairs};
pub(crate) use tags::Tags;

/// A text of a document for people, cut to a readable length.
pub(crate) fn excerpt(text: &str) -> &str {
    bounded(text, 80)
}
