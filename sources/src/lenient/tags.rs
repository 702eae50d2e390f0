//! Tags, which every product writes in its own way.
//!
//! | written | by |
//! |---|---|
//! | `{"env": "prod"}` | ASFF, Inspector |
//! | `[{"key": "env", "value": "prod"}]`, names in any case | `GuardDuty`, Macie |
//! | `[{"name": "env", "value": "prod"}]`, or `"values": ["prod"]` | OCSF |
//! | `{"0": {"key": "env", "value": "prod"}}` | some recordings of the second |

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::Scalar;

/// The most tags that are read: more than AWS allows on a resource, those of its own included.
const TAGS_READ_MAX: usize = 128;

/// Tags in any of the ways in which they are written.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tags<'a> {
    /// Key and value; the value may be empty.
    pub(crate) items: Vec<(Scalar<'a>, Scalar<'a>)>,
    /// How many stood there that are no tag, or one too many.
    pub(crate) left_out: usize,
    /// What it is, when it is neither a list nor an object.
    pub(crate) wrong: Option<&'static str>,
}

impl<'a> Tags<'a> {
    fn push(&mut self, key: Scalar<'a>, value: Scalar<'a>) {
        let is_tag = key.text().is_some() && !matches!(value, Scalar::Wrong(_));
        if is_tag && self.items.len() < TAGS_READ_MAX {
            self.items.push((key, value));
        } else {
            self.left_out += 1;
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Tags<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TagsVisitor(PhantomData))
    }
}

/// The visits of everything that is no list or object: each says what it is.
macro_rules! plain_visits {
    ($value:ty, $plain:expr) => {
        type Value = $value;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("any value")
        }

        fn visit_borrowed_str<E>(self, text: &'de str) -> Result<$value, E> {
            Ok($plain(Scalar::Text(text.into()), "a text"))
        }

        fn visit_str<E>(self, text: &str) -> Result<$value, E> {
            Ok($plain(Scalar::Text(text.to_owned().into()), "a text"))
        }

        fn visit_u64<E>(self, number: u64) -> Result<$value, E> {
            Ok($plain(Scalar::Whole(number.into()), "a number"))
        }

        fn visit_i64<E>(self, number: i64) -> Result<$value, E> {
            Ok($plain(Scalar::Whole(number.into()), "a number"))
        }

        fn visit_f64<E>(self, number: f64) -> Result<$value, E> {
            Ok($plain(Scalar::Float(number), "a number"))
        }

        fn visit_bool<E>(self, flag: bool) -> Result<$value, E> {
            Ok($plain(Scalar::Bool(flag), "a truth value"))
        }
    };
}

struct TagsVisitor<'a>(PhantomData<&'a ()>);

impl<'de: 'a, 'a> Visitor<'de> for TagsVisitor<'a> {
    plain_visits!(Tags<'a>, |_, what| Tags { wrong: Some(what), ..Tags::default() });

    fn visit_unit<E>(self) -> Result<Tags<'a>, E> {
        Ok(Tags::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tags<'a>, A::Error> {
        let mut tags = Tags::default();
        while let Some(item) = list.next_element::<Item<'a>>()? {
            tags.push(item.key, item.value);
        }
        Ok(tags)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tags<'a>, A::Error> {
        let mut tags = Tags::default();
        while let Some((name, item)) = map.next_entry::<Scalar<'a>, Item<'a>>()? {
            let key = if item.key == Scalar::Absent { name } else { item.key };
            tags.push(key, item.value);
        }
        Ok(tags)
    }
}

/// What stands in a list or behind a name: a tag, or only its value.
#[derive(Default)]
struct Item<'a> {
    key: Scalar<'a>,
    value: Scalar<'a>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Item<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ItemVisitor(PhantomData))
    }
}

struct ItemVisitor<'a>(PhantomData<&'a ()>);

impl<'de: 'a, 'a> Visitor<'de> for ItemVisitor<'a> {
    plain_visits!(Item<'a>, |value, _| Item { key: Scalar::Absent, value });

    fn visit_unit<E>(self) -> Result<Item<'a>, E> {
        Ok(Item::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Item<'a>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Item { key: Scalar::Absent, value: Scalar::Wrong("a list") })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Item<'a>, A::Error> {
        let mut item = Item::default();
        while let Some(name) = map.next_key::<Scalar<'a>>()? {
            match name.as_str().to_ascii_lowercase().as_str() {
                "key" | "name" => item.key = map.next_value()?,
                "value" => item.value = map.next_value()?,
                // OCSF has both, of which the list may be empty.
                "values" => match map.next_value()? {
                    Scalar::Wrong(_) => {}
                    values => item.value = values,
                },
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(json: &str) -> (String, usize, Option<&'static str>) {
        let tags: Tags<'_> = serde_json::from_str(json).unwrap();
        let pairs = tags.items.iter().map(|(key, value)| {
            format!("{}={}", key.text().unwrap(), value.text().unwrap_or_default())
        });
        (pairs.collect::<Vec<_>>().join(" "), tags.left_out, tags.wrong)
    }

    #[test]
    fn tags_are_read_in_every_way_in_which_they_are_written() {
        for (json, expected) in [
            (r#"{"env": "prod", "n": 1, "b": true, "e": ""}"#, "env=prod n=1 b=true e="),
            (r#"[{"key": "env", "value": "prod"}]"#, "env=prod"),
            (r#"[{"Value": "prod", "Key": "env", "Other": {}}]"#, "env=prod"),
            (r#"[{"name": "env", "value": "prod"}]"#, "env=prod"),
            (r#"[{"name": "env", "values": ["prod", "x"]}]"#, "env=prod"),
            (r#"[{"name": "env", "value": "prod", "values": []}]"#, "env=prod"),
            (r#"{"0": {"key": "env", "value": "prod"}}"#, "env=prod"),
            (r#"[{"key": "env"}]"#, "env="),
            (r#"{"a\tb": "c\nd"}"#, "a\tb=c\nd"),
            ("null", ""),
            ("[]", ""),
        ] {
            assert_eq!(tags(json), (expected.to_owned(), 0, None), "{json}");
        }
    }

    #[test]
    fn what_is_no_tag_is_counted_and_costs_nothing_else() {
        assert_eq!(
            tags(r#"["x", {"key": "a", "value": "b"}, 7, [1]]"#),
            ("a=b".to_owned(), 3, None)
        );
        assert_eq!(tags(r#"{"a": {"b": {}}, "c": "d"}"#), ("a= c=d".to_owned(), 0, None));
        assert_eq!(tags(r#""env=prod""#), (String::new(), 0, Some("a text")));
        assert_eq!(tags("7"), (String::new(), 0, Some("a number")));
        let many = (0..TAGS_READ_MAX + 2).map(|n| format!(r#""k{n}": "v""#)).collect::<Vec<_>>();
        assert_eq!(tags(&format!("{{{}}}", many.join(","))).1, 2);
    }
}
