//! What a scan notes, bounded: the groups with the smallest ids first.

use muster_core::ids::FindingId;

/// That a finding has reports of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Note {
    /// The group.
    pub(super) group: FindingId,
    /// The finding.
    pub(super) finding: FindingId,
    /// The how manyth the scan found it to be.
    pub(super) place: u32,
    /// The group is the one that the finding claims.
    pub(super) claims: bool,
}

/// Notes of the groups after `from`, up to `until`.
#[derive(Debug)]
pub(super) struct Window {
    from: Option<FindingId>,
    until: Option<FindingId>,
    max: usize,
    notes: Vec<Note>,
}

impl Window {
    /// Notes at most `max` of the groups after `from`.
    pub(super) fn new(from: Option<FindingId>, max: usize) -> Self {
        Self { from, until: None, max, notes: Vec::new() }
    }

    /// Keeps a note, unless its group is not of this window.
    pub(super) fn note(&mut self, note: Note) {
        let before = self.from.is_some_and(|from| note.group <= from);
        let after = self.until.is_some_and(|until| note.group > until);
        if before || after {
            return;
        }
        self.notes.push(note);
        if self.notes.len() > self.max {
            self.narrow();
        }
    }

    /// Leaves the larger half of the groups for another scan. A single group is kept whole.
    fn narrow(&mut self) {
        self.notes.sort_unstable();
        let Some(middle) = self.notes.get(self.notes.len() / 2).map(|note| note.group) else {
            return;
        };
        let smaller = self.notes.partition_point(|note| note.group < middle);
        let end = if smaller == 0 {
            self.notes.partition_point(|note| note.group == middle)
        } else {
            smaller
        };
        if end == self.notes.len() {
            return;
        }
        self.notes.truncate(end);
        self.until = self.notes.last().map(|note| note.group);
    }

    /// Sorts the notes.
    pub(super) fn close(&mut self) {
        self.notes.sort_unstable();
    }

    /// The last group of this window; `None` when no group is left for another.
    pub(super) fn until(&self) -> Option<FindingId> {
        self.until
    }

    /// The notes of each group. The group that the scan met first comes first: the engine keeps
    /// neighbours of a scan together, and writes whole leaves of them.
    pub(super) fn groups(&self) -> impl ExactSizeIterator<Item = &[Note]> {
        let mut groups: Vec<&[Note]> = self.notes.chunk_by(|a, b| a.group == b.group).collect();
        groups.sort_by_cached_key(|notes| notes.iter().map(|note| note.place).min());
        groups.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_note_is_in_one_window_with_the_others_of_its_group(
            groups in prop::collection::vec(0_u8..20, 0..80), max in 1_usize..20,
        ) {
            let notes: Vec<Note> = groups.iter().enumerate().map(|(index, group)| Note {
                group: FindingId([*group; 16]),
                place: u32::try_from(index).unwrap(),
                finding: FindingId([u8::try_from(index).unwrap(); 16]),
                claims: index % 2 == 0,
            }).collect();
            let mut seen = Vec::new();
            let mut from = None;
            loop {
                let mut window = Window::new(from, max);
                for note in &notes {
                    window.note(*note);
                }
                window.close();
                let after = from;
                from = window.until();
                let groups: Vec<&[Note]> = window.groups().collect();
                let found: Vec<Note> = groups.concat();
                prop_assert!(found.iter().all(|note| after.is_none_or(|after| note.group > after)));
                prop_assert!(found.len() <= max || groups.len() == 1, "bounded");
                prop_assert!(groups.is_sorted_by_key(|group| group.iter().map(|note| note.place).min()));
                seen.extend(found);
                if from.is_none() {
                    break;
                }
            }

            seen.sort_unstable();
            let mut expected = notes;
            expected.sort_unstable();
            prop_assert_eq!(seen, expected);
        }
    }
}
