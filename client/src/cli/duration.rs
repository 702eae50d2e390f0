//! Times that people type.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// Reads `90s`, `30m`, `12h`, `7d`, `2w`, or several of them in a row (`1d12h`).
///
/// # Errors
///
/// The text says what would be right.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let error = || format!("`{text}` is no duration: expected for example 30s, 12h, 7d or 1d12h");
    let mut total = Duration::ZERO;
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(error());
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit_and_rest) = rest.split_at(digits);
        let letters = unit_and_rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, after) = unit_and_rest.split_at(letters);
        let amount: u32 = number.parse().map_err(|_| error())?;
        let unit = match unit {
            "ms" => Duration::from_millis(1),
            "s" => Duration::from_secs(1),
            "m" | "min" => Duration::from_mins(1),
            "h" => Duration::from_hours(1),
            "d" => Duration::from_hours(24),
            "w" => Duration::from_hours(7 * 24),
            _ => return Err(error()),
        };
        total =
            unit.checked_mul(amount).and_then(|part| total.checked_add(part)).ok_or_else(error)?;
        rest = after;
    }
    Ok(total)
}

/// Reads a duration that is not zero.
pub(crate) fn parse_positive(text: &str) -> Result<Duration, String> {
    match parse_duration(text)? {
        Duration::ZERO => Err("expected more than nothing".to_owned()),
        duration => Ok(duration),
    }
}

/// Reads `2026-12-01`, `2026-12-01T08:00` (both UTC) or RFC 3339 with an offset.
///
/// # Errors
///
/// The text says what would be right.
pub(crate) fn parse_time(text: &str) -> Result<Timestamp, String> {
    let text = text.trim();
    let civil = |time: DateTime| TimeZone::UTC.to_timestamp(time).ok();
    text.parse::<Timestamp>()
        .ok()
        // A date and time before a bare date: the parser of dates takes both.
        .or_else(|| {
            text.contains(['T', ' ']).then(|| text.parse::<DateTime>().ok().and_then(civil))?
        })
        .or_else(|| text.parse::<Date>().ok().and_then(|date| civil(date.at(0, 0, 0, 0))))
        .ok_or_else(|| {
            format!(
                "`{text}` is no time: expected for example 2026-12-01, 2026-12-01T08:00 (UTC) or \
                 2026-12-01T08:00:00+01:00"
            )
        })
}

/// Writes a duration in its two largest units, for example `90d` or `1h 30m`.
pub(crate) fn show(duration: Duration) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    let mut rest = duration.as_secs();
    if rest == 0 {
        return format!("{}ms", duration.subsec_millis());
    }
    let mut parts = Vec::new();
    for (size, unit) in UNITS {
        if rest >= size {
            parts.push(format!("{}{unit}", rest / size));
            rest %= size;
        } else if !parts.is_empty() {
            break;
        }
        if parts.len() == 2 {
            break;
        }
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_in_every_unit_and_in_a_row() {
        for (text, seconds) in [
            ("90s", 90),
            ("30m", 1_800),
            ("12h", 43_200),
            ("7d", 604_800),
            ("2w", 1_209_600),
            ("1d12h", 129_600),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(parse_duration("250ms"), Ok(Duration::from_millis(250)));
    }

    #[test]
    fn what_is_no_duration_is_refused_with_an_example() {
        for text in ["", "7", "d", "7x", "-7d", "7 d", "99999999999d", "1.5h", "7d "] {
            let read = parse_duration(text);
            assert!(read.is_err() || text == "7d ", "{text}: {read:?}");
        }
        assert!(parse_positive("0s").is_err());
    }

    #[test]
    fn times_are_utc_unless_they_say_otherwise() {
        for (text, time) in [
            ("2026-12-01", "2026-12-01T00:00:00Z"),
            ("2026-12-01T08:00", "2026-12-01T08:00:00Z"),
            ("2026-12-01 08:00", "2026-12-01T08:00:00Z"),
            ("2026-12-01T08:00:00+01:00", "2026-12-01T07:00:00Z"),
            ("2026-12-01T08:00:00Z", "2026-12-01T08:00:00Z"),
        ] {
            assert_eq!(parse_time(text).unwrap().to_string(), time, "{text}");
        }
        for text in ["", "tomorrow", "2026-13-01", "01.12.2026", "2026"] {
            assert!(parse_time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_are_shown_in_two_units() {
        for (seconds, text) in [(59, "59s"), (5_400, "1h 30m"), (7_776_000, "90d"), (86_460, "1d")]
        {
            assert_eq!(show(Duration::from_secs(seconds)), text);
        }
        assert_eq!(show(Duration::from_millis(250)), "250ms");
    }
}
