//! The column of resource ids.
//!
//! A resource id is kept in two parts, cut behind its last `:` or `/`: thousands of resources share
//! the first part (`arn:aws:ec2:eu-west-1:123456789012:instance/`) and differ in the second. That
//! halves the memory, and a search for a service, a Region, an account or a type looks at a few
//! thousand first parts instead of every resource.
//!
//! The cut makes searching simple: a first part always ends with a separator, a second part never
//! has one. So a pattern without a separator stands in one of the parts, and one with a separator
//! stands in the first part, or ends the first part with its last separator and begins the second
//! with what is behind that.

use std::borrow::Cow;

use muster_core::filter::TextMatch;
use roaring::RoaringBitmap;

use super::column::Column;
use super::pattern::{Pattern, Place};

/// The column.
#[derive(Debug, Default)]
pub(super) struct Resources {
    paths: Column,
    names: Column,
}

/// The numbers of the two parts of a resource id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ResourceNumber {
    path: u32,
    name: u32,
}

impl Resources {
    /// The numbers of this resource id; new parts belong to no place yet.
    pub(super) fn intern(&mut self, id: &str) -> ResourceNumber {
        let (path, name) = cut(id);
        ResourceNumber { path: self.paths.intern(path), name: self.names.intern(name) }
    }

    /// Gives many places their resource ids; see [`Column::fill`].
    pub(super) fn fill(&mut self, numbers: impl Iterator<Item = (u32, ResourceNumber)> + Clone) {
        self.paths.fill(numbers.clone().map(|(place, number)| (place, number.path)));
        self.names.fill(numbers.map(|(place, number)| (place, number.name)));
    }

    /// Gives `place` this resource id.
    pub(super) fn insert(&mut self, id: &str, place: u32) -> ResourceNumber {
        let (path, name) = cut(id);
        ResourceNumber {
            path: self.paths.insert(path, place),
            name: self.names.insert(name, place),
        }
    }

    /// Takes its resource id from `place`.
    pub(super) fn remove(&mut self, number: ResourceNumber, place: u32) {
        self.paths.remove(number.path, place);
        self.names.remove(number.name, place);
    }

    /// Gives `place` this resource id instead.
    pub(super) fn replace(
        &mut self,
        number: ResourceNumber,
        id: &str,
        place: u32,
    ) -> ResourceNumber {
        let (path, name) = cut(id);
        ResourceNumber {
            path: self.paths.replace(number.path, path, place),
            name: self.names.replace(number.name, name, place),
        }
    }

    /// The resource id.
    pub(super) fn text(&self, number: ResourceNumber) -> String {
        [self.paths.text(number.path), self.names.text(number.name)].concat()
    }

    /// The places with a resource id that fits. `None` means all of them.
    pub(super) fn matching(&self, how: &TextMatch) -> Option<Cow<'_, RoaringBitmap>> {
        match how {
            TextMatch::Equals(wanted) => {
                let (path, name) = cut(wanted);
                Some(Cow::Owned(self.paths.equal(path).as_ref() & self.names.equal(name).as_ref()))
            }
            TextMatch::Contains(wanted) => self.containing(wanted),
        }
    }

    /// Makes the column fast to search by parts of its texts.
    pub(super) fn index(&mut self) {
        self.paths.index();
        self.names.index();
    }

    /// At most how many texts [`Resources::matching`] has to look at or collect.
    pub(super) fn effort(&self, how: &TextMatch) -> u64 {
        let part = match how {
            TextMatch::Equals(_) => return 2,
            TextMatch::Contains(wanted) => TextMatch::Contains(cut(wanted).1.to_owned()),
        };
        self.paths.effort(how) + self.names.effort(&part)
    }

    fn containing(&self, wanted: &str) -> Option<Cow<'_, RoaringBitmap>> {
        let in_path = self.paths.fitting(&Pattern::new(wanted, Place::Anywhere)?);
        let (path, name) = cut(wanted);
        let Some(name_start) = Pattern::new(name, Place::Start) else { return Some(in_path) };
        let other = match Pattern::new(path, Place::End) {
            Some(path_end) => {
                let paths = self.paths.fitting(&path_end);
                Cow::Owned(paths.as_ref() & self.names.fitting(&name_start).as_ref())
            }
            None => self.names.fitting(&Pattern::new(name, Place::Anywhere)?),
        };
        Some(match (in_path.is_empty(), other.is_empty()) {
            (_, true) => in_path,
            (true, false) => other,
            (false, false) => Cow::Owned(in_path.as_ref() | other.as_ref()),
        })
    }
}

/// Cuts behind the last separator.
fn cut(id: &str) -> (&str, &str) {
    id.split_at(id.rfind([':', '/']).map_or(0, |last| last + 1))
}
