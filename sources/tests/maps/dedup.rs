//! How well reports that mean one problem are joined, and that nothing else is.
//!
//! Two labelled documents are joined when a report of one has the finding key of a report of the
//! other. The labelled set is in `tests/dedup/`; the figures are those of `docs/dedup.md`, and the
//! tests fail when that page says anything else. To print them, or to write them into the page:
//!
//! ```sh
//! cargo nextest run -p muster-sources --no-default-features --test maps dedup --no-capture
//! MUSTER_WRITE_DEDUP=1 cargo nextest run -p muster-sources --no-default-features --test maps dedup
//! ```

mod collection;
mod labels;
mod mapping;
mod methods;
mod page;
mod score;

use self::labels::Label;
use self::score::Score;

/// Fewest pairs of each label: what the set is for is to be large enough to be believed.
const PAIRS_MIN: usize = 200;

#[test]
fn the_labelled_set_is_large_enough_and_whole() {
    let set = labels::read();

    for label in [Label::Same, Label::Different] {
        let count = set.pairs.iter().filter(|pair| pair.label == label).count();
        assert!(count >= PAIRS_MIN, "{label:?}: {count} pairs");
    }
    for document in set.documents.keys() {
        let is_used = set.pairs.iter().any(|pair| [&pair.left, &pair.right].contains(&document));
        assert!(is_used, "{document} is in no pair");
    }
}

#[test]
fn every_labelled_document_is_mapped() {
    let set = labels::read();

    let gaps: Vec<String> = set
        .documents
        .values()
        .filter_map(|document| mapping::reports(document).err().map(|gap| (document, gap)))
        .map(|(document, gap)| format!("{}: {gap}", document.id))
        .collect();

    assert!(gaps.is_empty(), "{} documents are not mapped: {gaps:#?}", gaps.len());
}

#[test]
fn what_differs_is_never_joined_and_the_page_says_how_much_is() {
    let score = Score::of(&labels::read());
    let tables = score.to_markdown();

    println!("{tables}");
    assert_eq!(score.joined_wrongly(), [""; 0], "these are different problems");
    page::assert_says("pairs", &tables);
}

#[test]
fn the_page_says_what_joining_makes_of_the_corpus() {
    let Some(corpus) = crate::corpus::corpus() else { return };
    let table = collection::table(&corpus);

    println!("{table}");
    // Of another collection the figures are printed only: the page is about the one that we have.
    if crate::corpus::is_the_known_one() {
        page::assert_says("corpus", &table);
    }
}
