//! The figures in `docs/dedup.md`, between `<!-- measured: name -->` and `<!-- end -->`.

use std::fs;
use std::path::PathBuf;

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/dedup.md")
}

/// Asserts that the page has these figures under that name, or writes them there when
/// `MUSTER_WRITE_DEDUP` is set.
pub(super) fn assert_says(name: &str, measured: &str) {
    let page = fs::read_to_string(path()).unwrap();
    let start = format!("<!-- measured: {name} -->\n");
    let (before, rest) = page.split_once(&start).expect("the page has the mark");
    let (said, after) = rest.split_once("<!-- end -->").expect("the mark is closed");

    if std::env::var_os("MUSTER_WRITE_DEDUP").is_some() {
        fs::write(path(), format!("{before}{start}{measured}<!-- end -->{after}")).unwrap();
        return;
    }
    assert_eq!(said, measured, "docs/dedup.md says something else; see tests/maps/dedup.rs");
}
