//! Points in time.

use std::fmt;

use muster_core::time::Millis;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::Scalar;

/// What should be a point in time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Missing, `null` or empty.
    #[default]
    Absent,
    /// A time: a text, seconds or milliseconds since 1970, or a Python `datetime` as recordings of
    /// Cloud Custodian write it.
    At(Millis),
    /// Something else; what it is, for people.
    Bad(String),
}

/// Below this, a number counts seconds (until the year 5138), else milliseconds (from 1973).
const SECONDS_END: f64 = 1e11;

/// The last millisecond of the year 9999, and the first of the year 0.
const MILLIS_RANGE: std::ops::RangeInclusive<f64> = -62_167_219_200_000.0..=253_402_300_799_999.0;

impl Moment {
    fn of_text(text: &str) -> Self {
        if text.trim().is_empty() {
            return Self::Absent;
        }
        Millis::parse(text).map_or_else(|error| Self::Bad(error.to_string()), Self::At)
    }

    fn of_number(number: f64) -> Self {
        let millis = if number.abs() < SECONDS_END { number * 1000.0 } else { number };
        if MILLIS_RANGE.contains(&millis) {
            #[expect(clippy::cast_possible_truncation, reason = "in the range of 14 digits")]
            Self::At(Millis(millis.round() as i64))
        } else {
            Self::Bad(format!("`{number}` is no time between the years 0 and 9999"))
        }
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MomentVisitor)
    }
}

struct MomentVisitor;

impl<'de> Visitor<'de> for MomentVisitor {
    type Value = Moment;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Moment, E> {
        Ok(Moment::of_text(text))
    }

    #[expect(clippy::cast_precision_loss, reason = "times have 14 digits at most")]
    fn visit_u64<E>(self, number: u64) -> Result<Moment, E> {
        Ok(Moment::of_number(number as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "times have 14 digits at most")]
    fn visit_i64<E>(self, number: i64) -> Result<Moment, E> {
        Ok(Moment::of_number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Moment, E> {
        Ok(Moment::of_number(number))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Moment, E> {
        Ok(Moment::Bad(format!("`{flag}` is not a time")))
    }

    fn visit_unit<E>(self) -> Result<Moment, E> {
        Ok(Moment::Absent)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Moment, A::Error> {
        let first = list.next_element::<Moment>()?;
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(first.unwrap_or_default())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Moment, A::Error> {
        Ok(PythonTime::deserialize(MapAccessDeserializer::new(map))?.moment())
    }
}

/// `{"__class__": "datetime", "year": 2020, ...}`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct PythonTime<'a> {
    #[serde(borrow, rename = "__class__")]
    class: Scalar<'a>,
    #[serde(borrow)]
    year: Scalar<'a>,
    #[serde(borrow)]
    month: Scalar<'a>,
    #[serde(borrow)]
    day: Scalar<'a>,
    #[serde(borrow)]
    hour: Scalar<'a>,
    #[serde(borrow)]
    minute: Scalar<'a>,
    #[serde(borrow)]
    second: Scalar<'a>,
    #[serde(borrow)]
    microsecond: Scalar<'a>,
}

impl PythonTime<'_> {
    fn moment(&self) -> Moment {
        if self.class.as_str() != "datetime" {
            return Moment::Bad("an object is not a time".to_owned());
        }
        let part = |scalar: &Scalar<'_>| scalar.number().unwrap_or_default();
        Moment::of_text(&format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z",
            part(&self.year),
            part(&self.month),
            part(&self.day),
            part(&self.hour),
            part(&self.minute),
            part(&self.second),
            part(&self.microsecond),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(json: &str) -> Moment {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_time_is_read_in_every_form_that_is_seen() {
        let noon = Moment::At(Millis(1_600_000_000_000));

        for json in [
            r#""2020-09-13T12:26:40Z""#,
            "1600000000",
            "1600000000.0",
            "1600000000000",
            r#"{"__class__": "datetime", "year": 2020, "month": 9, "day": 13, "hour": 12, "minute": 26, "second": 40, "microsecond": 0}"#,
            r#"["2020-09-13T12:26:40Z"]"#,
        ] {
            assert_eq!(moment(json), noon, "{json}");
        }
        assert_eq!(moment("null"), Moment::Absent);
        assert_eq!(moment(r#""""#), Moment::Absent);
    }

    #[test]
    fn an_impossible_time_is_bad_and_says_so() {
        for json in [
            r#""2025-02-30T00:00:00Z""#,
            r#""2018-04-24T011:14:03Z""#,
            "1e300",
            "true",
            r#"{"year": 2020}"#,
            r#"{"__class__": "datetime", "year": 2020, "month": 13}"#,
        ] {
            assert!(matches!(moment(json), Moment::Bad(_)), "{json}");
        }
    }
}
