//! What documents say about how urgent they are.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::text;
use crate::report::{
    EPSS_STEPS, ExploitState, Privilege, Signals, Tag, Vulnerability, arrange_tags,
};

/// Signals as a mapping makes them, mostly none.
pub fn signals() -> impl Strategy<Value = Signals> {
    let all = (
        option::of(0_u8..=100),
        option::of(0_u8..=100),
        tags(),
        select(Privilege::ALL.to_vec()),
        prop_oneof![9 => Just(false), 1 => Just(true)],
        option::of(vulnerability()),
    );
    let all =
        all.prop_map(|(criticality, confidence, tags, privilege, sequence, vulnerability)| {
            Signals { criticality, confidence, tags, privilege, sequence, vulnerability }
        });
    prop_oneof![Just(Signals::default()), all]
}

fn tags() -> impl Strategy<Value = Vec<Tag>> {
    let tag = (select(vec!["env", "owner", "data"]), text(8))
        .prop_map(|(key, value)| Tag { key: key.to_owned(), value });
    prop_oneof![3 => Just(Vec::new()), 1 => vec(tag, 1..4)].prop_map(|mut tags| {
        arrange_tags(&mut tags);
        tags
    })
}

fn vulnerability() -> impl Strategy<Value = Vulnerability> {
    let known = vec![
        "CVE-2014-0160",
        "CVE-2021-44228",
        "CVE-2023-4863",
        "CVE-2024-3094",
        "CVE-2025-1234567",
    ];
    let count = known.len();
    let steps = [0].into_iter().chain(EPSS_STEPS).collect::<Vec<u16>>();
    let all = (
        subsequence(known, 0..=count),
        select(ExploitState::ALL.to_vec()),
        option::of(select(steps)),
        option::of(any::<bool>()),
    );
    all.prop_map(|(ids, exploit, epss_permille, fix_available)| Vulnerability {
        ids: ids.into_iter().map(str::to_owned).collect(),
        exploit,
        epss_permille,
        fix_available,
    })
}
