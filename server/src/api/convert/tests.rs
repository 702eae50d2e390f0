use muster_core::time::Millis;
use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn a_time_comes_back_to_the_millisecond(ms in SECONDS_MIN * 1000..=SECONDS_MAX * 1000) {
        let time = timestamp(Millis(ms));

        prop_assert!((0..1_000_000_000).contains(&time.nanos));
        prop_assert_eq!(millis(time), Some(Millis(ms)));
    }

    #[test]
    fn a_span_comes_back_to_the_millisecond(ms in 1..i64::MAX / 1_000_000) {
        prop_assert_eq!(span_ms(duration_ms(ms)), Some(ms));
    }
}

#[test]
fn what_is_no_time_and_no_span_is_none() {
    let time = |seconds, nanos| millis(prost_types::Timestamp { seconds, nanos });
    let span = |seconds, nanos| span_ms(prost_types::Duration { seconds, nanos });

    assert_eq!(time(SECONDS_MAX + 1, 0), None);
    assert_eq!(time(SECONDS_MIN - 1, 0), None);
    assert_eq!(time(0, -1), None);
    assert_eq!(time(0, 1_000_000_000), None);
    assert_eq!(span(0, 0), None);
    assert_eq!(span(-1, 0), None);
    assert_eq!(span(0, 999_999), None, "below a millisecond");
    assert_eq!(span(i64::MAX, 0), None);
}

#[test]
fn a_list_takes_its_first_entry_however_large_and_then_what_fits() {
    let of = |bytes: usize| muster_api::v1::Actor {
        principal: "x".repeat(bytes),
        on_behalf_of: String::new(),
    };
    let mut budget = Budget::new(100);

    assert!(budget.fits(&of(500)), "a list that cannot move on would be asked for again for ever");
    assert!(!budget.fits(&of(1)));
    let mut budget = Budget::new(100);
    assert!(budget.fits(&of(40)));
    assert!(!budget.fits(&of(80)));
    assert!(budget.fits(&of(40)), "what does not fit is not counted");
}
