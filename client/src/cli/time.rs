//! Times as they are shown. All are UTC: findings of one incident come from many places.

use jiff::{SignedDuration, Timestamp};

/// RFC 3339, for data; `None` when the time is absent or impossible.
pub(crate) fn rfc3339(time: Option<&prost_types::Timestamp>) -> Option<String> {
    timestamp(time).map(|time| time.to_string())
}

/// How long ago, in one unit: `5m`, `3h`, `12d`; `in 6d` ahead of now; `-` when unknown.
pub(crate) fn age(now: Timestamp, time: Option<&prost_types::Timestamp>) -> String {
    let Some(time) = timestamp(time) else { return "-".to_owned() };
    let elapsed = now.duration_since(time);
    if elapsed.is_negative() {
        // Clocks of two machines differ by a little; that is not the future.
        if elapsed > SignedDuration::from_secs(-60) {
            return "now".to_owned();
        }
        return format!("in {}", one_unit(elapsed.abs()));
    }
    one_unit(elapsed)
}

/// Date, time and age, for detail views: `2026-12-01 08:00Z (3h ago)`; `-` when unknown.
pub(crate) fn stamp(now: Timestamp, time: Option<&prost_types::Timestamp>) -> String {
    let Some(at) = timestamp(time) else { return "-".to_owned() };
    let age = age(now, time);
    let age = if age == "now" || age.starts_with("in ") { age } else { format!("{age} ago") };
    format!("{} ({age})", at.strftime("%Y-%m-%d %H:%MZ"))
}

/// The time of day, for lines of a watch: `08:00:00Z`.
pub(crate) fn clock(time: Option<&prost_types::Timestamp>) -> String {
    timestamp(time).map_or_else(|| " ".repeat(9), |at| at.strftime("%H:%M:%SZ").to_string())
}

/// The wire's time as a value; `None` when it is absent or lies outside years -9999 to 9999.
pub(crate) fn timestamp(time: Option<&prost_types::Timestamp>) -> Option<Timestamp> {
    let time = time?;
    Timestamp::new(time.seconds, time.nanos).ok()
}

/// A value as the wire's time.
pub(crate) fn to_wire(time: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: time.as_second(), nanos: time.subsec_nanosecond() }
}

fn one_unit(elapsed: SignedDuration) -> String {
    match elapsed.as_secs() {
        seconds @ ..60 => format!("{seconds}s"),
        seconds @ 60..3_600 => format!("{}m", seconds / 60),
        seconds @ 3_600..172_800 => format!("{}h", seconds / 3_600),
        seconds => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-12-01T12:00:00Z".parse().unwrap()
    }

    fn wire(text: &str) -> prost_types::Timestamp {
        to_wire(text.parse().unwrap())
    }

    #[test]
    fn ages_are_told_in_one_unit() {
        for (time, told) in [
            ("2026-12-01T11:59:30Z", "30s"),
            ("2026-12-01T11:00:01Z", "59m"),
            ("2026-11-30T00:00:00Z", "36h"),
            ("2026-11-01T00:00:00Z", "30d"),
            ("2026-12-01T12:00:05Z", "now"),
            ("2026-12-08T12:00:00Z", "in 7d"),
        ] {
            assert_eq!(age(now(), Some(&wire(time))), told, "{time}");
        }
        assert_eq!(age(now(), None), "-");
    }

    #[test]
    fn detail_views_give_the_time_and_its_age() {
        let time = wire("2026-12-01T09:30:00Z");

        assert_eq!(stamp(now(), Some(&time)), "2026-12-01 09:30Z (2h ago)");
        assert_eq!(clock(Some(&time)), "09:30:00Z");
    }

    #[test]
    fn an_impossible_time_is_shown_as_unknown() {
        let impossible = prost_types::Timestamp { seconds: i64::MAX, nanos: -1 };

        assert_eq!(rfc3339(Some(&impossible)), None);
        assert_eq!(stamp(now(), Some(&impossible)), "-");
    }
}
