use muster_core::ids::{FindingId, Revision};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::view::Position;

const BINDING: Binding = Binding { log_id: [7; 16], query: [9; 8] };

fn position() -> impl Strategy<Value = Position> {
    (any::<u64>(), any::<[u8; 16]>()).prop_map(|(key, id)| Position { key, id: FindingId(id) })
}

fn place() -> impl Strategy<Value = Place> {
    prop_oneof![
        position().prop_map(Place::Findings),
        any::<u64>().prop_map(|revision| Place::History(Revision(revision))),
        "[ -~]{0,300}".prop_map(Place::Units),
        vec(any::<u8>(), 0..24).prop_map(Place::Unmapped),
        vec(any::<u8>(), 0..24).prop_map(Place::Attestations),
        "[a-z-]{3,63}".prop_map(Place::Subscriptions),
        "[0-9a-z_]{1,30}".prop_map(Place::Parked),
        (any::<u64>(), proptest::option::of(position()))
            .prop_map(|(start, after)| Place::Snapshot { start: Revision(start), after }),
        any::<u64>().prop_map(|revision| Place::Live(Revision(revision))),
    ]
}

fn other(family: Family) -> Family {
    match family {
        Family::Page => Family::Cursor,
        Family::Cursor => Family::Page,
    }
}

proptest! {
    #[test]
    fn a_token_reads_back_where_it_belongs_and_nowhere_else(place in place()) {
        let token = encode(&place, &BINDING);
        let family = place_family(&place);

        prop_assert_eq!(decode(&token, family, &BINDING), Ok(place));
        let elsewhere = other(family);
        prop_assert_eq!(decode(&token, elsewhere, &BINDING), Err(TokenError::Mismatch(elsewhere)));
        let query = Binding { query: [8; 8], ..BINDING };
        prop_assert_eq!(decode(&token, family, &query), Err(TokenError::Mismatch(family)));
        let log = Binding { log_id: [8; 16], ..BINDING };
        let changed = TokenError::LogChanged { family, log_id: [8; 16] };
        prop_assert_eq!(decode(&token, family, &log), Err(changed));
    }

    #[test]
    fn a_token_with_any_character_changed_cut_or_added_is_refused(
        place in place(),
        at in any::<prop::sample::Index>(),
        with in any::<u8>(),
    ) {
        let token = encode(&place, &BINDING);
        let family = place_family(&place);
        let malformed = Err(TokenError::Malformed(family));
        let at = at.index(token.len());

        let mut bytes = token.clone().into_bytes();
        bytes[at] = with;
        if bytes != token.as_bytes() {
            let text = String::from_utf8_lossy(&bytes);
            prop_assert_eq!(decode(&text, family, &BINDING), malformed.clone());
        }
        prop_assert_eq!(decode(&token[..at], family, &BINDING), malformed.clone());
        prop_assert_eq!(decode(&format!("{token}A"), family, &BINDING), malformed);
    }

    #[test]
    fn any_text_at_all_is_refused_without_a_panic(text in ".{0,600}", bytes in vec(any::<u8>(), 0..100)) {
        for family in [Family::Page, Family::Cursor] {
            let malformed = Err(TokenError::Malformed(family));
            prop_assert_eq!(decode(&text, family, &BINDING), malformed.clone());
            // The same with a right checksum: still nothing of ours, unless it is.
            let checksum = first8(&Sha256::digest(&bytes));
            let sealed = URL_SAFE_NO_PAD.encode([bytes.as_slice(), &checksum].concat());
            if let Ok(place) = decode(&sealed, family, &BINDING) {
                prop_assert_eq!(encode(&place, &BINDING), sealed);
            }
        }
    }

    #[test]
    fn a_cursor_is_short(place in place()) {
        let token = encode(&place, &BINDING);
        let bytes_max = match place_family(&place) {
            Family::Page => PAGE_TOKEN_BYTES_MAX,
            Family::Cursor => CURSOR_BYTES_MAX,
        };

        prop_assert!(token.len() <= bytes_max, "{} bytes", token.len());
        prop_assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
    }
}

#[test]
fn the_longest_name_of_a_unit_fits_a_page_token() {
    // Regions have 32 characters at most, names of analyzers 255.
    let (account, region) = ("1".repeat(12), "r".repeat(32));
    let arn =
        format!("arn:aws-us-gov:access-analyzer:{region}:{account}:analyzer/{}", "n".repeat(255));
    let name = format!("access-analyzer/{account}/{region}/{arn}");

    assert!(encode(&Place::Units(name), &BINDING).len() <= PAGE_TOKEN_BYTES_MAX);
}

#[test]
fn a_hash_of_a_query_depends_on_where_its_parts_end() {
    assert_eq!(query_hash(&["a", "b"]), query_hash(&["a", "b"]));
    assert_ne!(query_hash(&["a", "b"]), query_hash(&["ab", ""]));
    assert_ne!(query_hash(&["a", "b"]), query_hash(&["b", "a"]));
}

/// The format is a promise: a cursor that a client holds must work after an upgrade.
#[test]
fn the_format_does_not_change() {
    let position = Position { key: 750, id: FindingId([3; 16]) };
    let start = Revision(41);

    let live = encode(&Place::Live(Revision(42)), &BINDING);
    let snapshot = encode(&Place::Snapshot { start, after: Some(position) }, &BINDING);

    insta::assert_snapshot!(live, @"AQYHBwcHBwcHBwcHBwcHBwcHCQkJCQkJCQkAAAAAAAAAKn8H1AlVKfDi");
    insta::assert_snapshot!(snapshot, @"AQUHBwcHBwcHBwcHBwcHBwcHCQkJCQkJCQkAAAAAAAAAKQAAAAAAAALuAwMDAwMDAwMDAwMDAwMDA0hmM_vZIfZa");
}
