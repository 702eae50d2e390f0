//! Texts, numbers and truth values.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// What should be a text, a number or a truth value.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Scalar<'a> {
    /// Missing or `null`.
    #[default]
    Absent,
    /// A text.
    Text(Cow<'a, str>),
    /// A whole number.
    Whole(i128),
    /// Another number.
    Float(f64),
    /// `true` or `false`.
    Bool(bool),
    /// A list; its first text.
    List(Cow<'a, str>),
    /// Something that has no text: an object, or a list without one.
    Wrong(&'static str),
}

impl<'a> Scalar<'a> {
    /// The text, trimmed: a number or truth value as it is written, the first text of a list. `None`
    /// when there is none, or an empty one.
    pub(crate) fn text(&self) -> Option<Cow<'_, str>> {
        let text = match self {
            Self::Text(text) | Self::List(text) => Cow::Borrowed(text.trim()),
            Self::Whole(number) => Cow::Owned(number.to_string()),
            Self::Float(number) => Cow::Owned(number.to_string()),
            Self::Bool(flag) => Cow::Borrowed(if *flag { "true" } else { "false" }),
            Self::Absent | Self::Wrong(_) => return None,
        };
        (!text.is_empty()).then_some(text)
    }

    /// The text when it was written as one, or as the first of a list; empty otherwise.
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Text(text) | Self::List(text) => text.trim(),
            _ => "",
        }
    }

    /// The number, also when it was written as a text.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "severities and counters are small")]
            Self::Whole(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            Self::Text(text) | Self::List(text) => {
                text.trim().parse().ok().filter(|number: &f64| number.is_finite())
            }
            _ => None,
        }
    }

    /// The truth value, also when it was written as a text in any case.
    pub(crate) fn flag(&self) -> Option<bool> {
        match self {
            Self::Bool(flag) => Some(*flag),
            Self::Text(text) | Self::List(text) if text.trim().eq_ignore_ascii_case("true") => {
                Some(true)
            }
            Self::Text(text) | Self::List(text) if text.trim().eq_ignore_ascii_case("false") => {
                Some(false)
            }
            _ => None,
        }
    }

    /// What it is, when a text is expected and it is none: `a number`, `a list`…
    pub(crate) fn not_a_text(&self) -> Option<&'static str> {
        match self {
            Self::Absent | Self::Text(_) => None,
            Self::Whole(_) | Self::Float(_) => Some("a number"),
            Self::Bool(_) => Some("a truth value"),
            Self::List(_) => Some("a list"),
            Self::Wrong(what) => Some(what),
        }
    }

    fn first_text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) | Self::List(text) => Some(text),
            _ => None,
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor(PhantomData))
    }
}

struct ScalarVisitor<'a>(PhantomData<&'a ()>);

impl<'de: 'a, 'a> Visitor<'de> for ScalarVisitor<'a> {
    type Value = Scalar<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Scalar::Whole(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Scalar::Whole(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Scalar::Float(number))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Scalar::Bool(flag))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Scalar::Absent)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut first = None;
        while first.is_none() {
            match list.next_element::<Scalar<'a>>()? {
                Some(item) => first = item.first_text(),
                None => break,
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(first.map_or(Scalar::Wrong("a list without texts"), Scalar::List))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Wrong("an object"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalar(json: &str) -> Scalar<'_> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_scalar_is_read_from_whatever_stands_there() {
        for (json, text, what) in [
            (r#"" a ""#, Some("a"), None),
            (r#""a\tb""#, Some("a\tb"), None),
            ("7", Some("7"), Some("a number")),
            ("-1.5", Some("-1.5"), Some("a number")),
            ("979326520502", Some("979326520502"), Some("a number")),
            ("true", Some("true"), Some("a truth value")),
            ("null", None, None),
            (r#""""#, None, None),
            (r#"[1, "a", {"b": 2}]"#, Some("a"), Some("a list")),
            ("[]", None, Some("a list without texts")),
            (r#"{"a": [1]}"#, None, Some("an object")),
        ] {
            let scalar = scalar(json);

            assert_eq!(scalar.text().as_deref(), text, "{json}");
            assert_eq!(scalar.not_a_text(), what, "{json}");
        }
    }

    #[test]
    fn numbers_and_truth_values_are_read_from_texts() {
        assert_eq!(scalar(r#""5.5""#).number(), Some(5.5));
        assert_eq!(scalar("40").number(), Some(40.0));
        assert_eq!(scalar(r#""NaN""#).number(), None);
        assert_eq!(scalar(r#""False""#).flag(), Some(false));
        assert_eq!(scalar("true").flag(), Some(true));
        assert_eq!(scalar(r#""yes""#).flag(), None);
    }
}
