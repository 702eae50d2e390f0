//! Points in time, as arguments.

use std::fmt;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
///
/// AWS gives milliseconds at best, so nothing is lost. Values outside the years 0 to 9999 do not
/// occur: [`Millis::parse`] refuses them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub i64);

/// Milliseconds in an hour.
pub const HOUR_MS: i64 = 3_600_000;

/// Milliseconds in a day.
pub const DAY_MS: i64 = 86_400_000;

/// Why a text is not a point in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an RFC 3339 time such as 2026-01-31T12:00:00Z")]
pub struct ParseTimeError {
    text: String,
}

impl Millis {
    /// Reads an RFC 3339 time, with or without fractions, with any offset.
    ///
    /// AWS documents leave out milliseconds, write offsets as `+0000`, and sometimes write a space
    /// for the `T`; all of these are accepted. A time without an offset is taken as UTC.
    pub fn parse(text: &str) -> Result<Self, ParseTimeError> {
        let error = || ParseTimeError { text: text.chars().take(64).collect() };
        let trimmed = text.trim();
        if let Ok(time) = trimmed.parse::<jiff::Timestamp>() {
            return Ok(Self(time.as_millisecond()));
        }
        if let Ok(time) = trimmed.parse::<jiff::civil::DateTime>() {
            let time = jiff::tz::Offset::UTC.to_timestamp(time).map_err(|_| error())?;
            return Ok(Self(time.as_millisecond()));
        }
        Err(error())
    }

    /// The number of whole days since the epoch.
    pub fn day(self) -> i64 {
        self.0.div_euclid(DAY_MS)
    }

    /// This time moved by `ms` milliseconds; stops at the ends of the range.
    #[must_use]
    pub fn plus(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this; negative when `earlier` is later.
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// A day of the Gregorian calendar in UTC, as `2026-12-31`, from days since 1970. Beyond the years 0
/// to 9999 the nearest that there is.
pub fn date(day: i64) -> String {
    let bounded = day.clamp(-719_528, 2_932_896);
    let epoch = jiff::civil::date(1970, 1, 1);
    epoch.saturating_add(jiff::Span::new().days(bounded)).to_string()
}

/// The day that a text such as `2026-12-31` names, in days since 1970; `None` when it names none.
pub fn from_date(text: &str) -> Option<i64> {
    let date: jiff::civil::Date = text.parse().ok()?;
    let is_date = text.len() == 10 && date.year() >= 0;
    let time = jiff::tz::Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()?;
    is_date.then(|| Millis(time.as_millisecond()).day())
}

/// RFC 3339 in UTC, to the millisecond where there is one.
impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(time) => time.fmt(f),
            Err(_) => write!(f, "{}ms", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_named_by_its_date_and_read_back() {
        for (day, text) in [(0, "1970-01-01"), (20_818, "2026-12-31"), (-1, "1969-12-31")] {
            assert_eq!((date(day).as_str(), from_date(text)), (text, Some(day)));
        }
        for wrong in
            ["", "2026-02-30", "2026-1-1", "31.12.2026", "2026-12-31T00:00:00", "+02026-12-31"]
        {
            assert_eq!(from_date(wrong), None, "{wrong}");
        }
        assert_eq!(
            (date(i64::MAX).as_str(), date(i64::MIN).as_str()),
            ("9999-12-31", "0000-01-01")
        );
    }

    #[test]
    fn every_form_that_aws_writes_is_read() {
        let noon = Millis(1_600_000_000_000);

        for text in [
            "2020-09-13T12:26:40Z",
            "2020-09-13T12:26:40.000Z",
            "2020-09-13T12:26:40.000000Z",
            "2020-09-13T14:26:40+02:00",
            "2020-09-13T12:26:40+0000",
            "2020-09-13 12:26:40Z",
            "2020-09-13T12:26:40",
            " 2020-09-13T12:26:40Z ",
        ] {
            assert_eq!(Millis::parse(text), Ok(noon), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_time_is_refused_with_its_text() {
        for text in ["", "yesterday", "2020-13-01T00:00:00Z", "1600000000"] {
            let error = Millis::parse(text).unwrap_err();

            assert!(error.to_string().contains(text), "{error}");
        }
    }

    #[test]
    fn display_reads_back() {
        let time = Millis(1_600_000_000_123);

        assert_eq!(Millis::parse(&time.to_string()), Ok(time));
    }
}
