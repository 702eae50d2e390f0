//! Objects and lists.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer, StrDeserializer};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::Scalar;

/// What should be an object.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Maybe<T> {
    /// Missing or `null`.
    #[default]
    Absent,
    /// An object.
    Is(T),
    /// Something else: `a text`, `a list`…
    Wrong(&'static str),
}

impl<T> Maybe<T> {
    /// The object, if it is one.
    pub(crate) fn get(&self) -> Option<&T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Absent | Self::Wrong(_) => None,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Maybe<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MaybeVisitor::<T, false>(PhantomData))
    }
}

/// An object whose names count without regard to the case of ASCII letters: `T` has them in lower
/// case. `GuardDuty` findings have `accountId` on the wire, `AccountId` in what SDKs print, and
/// `accountid` in some data lakes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AnyCase<T>(Maybe<T>);

impl<T> AnyCase<T> {
    /// What it is.
    pub(crate) fn into_maybe(self) -> Maybe<T> {
        self.0
    }
}

impl<T> Default for AnyCase<T> {
    fn default() -> Self {
        Self(Maybe::Absent)
    }
}

impl<T> std::ops::Deref for AnyCase<T> {
    type Target = Maybe<T>;

    fn deref(&self) -> &Maybe<T> {
        &self.0
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for AnyCase<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MaybeVisitor::<T, true>(PhantomData)).map(AnyCase)
    }
}

struct MaybeVisitor<T, const ANY_CASE: bool>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const ANY_CASE: bool> Visitor<'de> for MaybeVisitor<T, ANY_CASE> {
    type Value = Maybe<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E>(self, _: &str) -> Result<Maybe<T>, E> {
        Ok(Maybe::Wrong("a text"))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Maybe<T>, E> {
        Ok(Maybe::Wrong("a number"))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Maybe<T>, E> {
        Ok(Maybe::Wrong("a number"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Maybe<T>, E> {
        Ok(Maybe::Wrong("a number"))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Maybe<T>, E> {
        Ok(Maybe::Wrong("a truth value"))
    }

    fn visit_unit<E>(self) -> Result<Maybe<T>, E> {
        Ok(Maybe::Absent)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Maybe<T>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Maybe::Wrong("a list"))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Maybe<T>, A::Error> {
        if ANY_CASE {
            T::deserialize(MapAccessDeserializer::new(LowerCase(map))).map(Maybe::Is)
        } else {
            T::deserialize(MapAccessDeserializer::new(map)).map(Maybe::Is)
        }
    }
}

/// An object with its names in lower case.
struct LowerCase<A>(A);

/// The longest name that any of our types has; longer ones are none of theirs.
const NAME_BYTES_MAX: usize = 64;

impl<'de, A: MapAccess<'de>> MapAccess<'de> for LowerCase<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        self.0.next_key_seed(LowerName(seed))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.0.next_value_seed(seed)
    }
}

struct LowerName<K>(K);

impl<'de, K: DeserializeSeed<'de>> DeserializeSeed<'de> for LowerName<K> {
    type Value = K::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<K::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de, K: DeserializeSeed<'de>> Visitor<'de> for LowerName<K> {
    type Value = K::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<K::Value, E> {
        let mut buffer = [0_u8; NAME_BYTES_MAX];
        let lower = buffer.get_mut(..name.len()).map(|lower| {
            lower.copy_from_slice(name.as_bytes());
            lower.make_ascii_lowercase();
            &*lower
        });
        let lower = lower.and_then(|lower| std::str::from_utf8(lower).ok());
        self.0.deserialize(StrDeserializer::new(lower.unwrap_or(name)))
    }
}

/// What should be a list; a single value counts as a list of one. Keeps at most `MAX` items.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Many<T, const MAX: usize = 32> {
    /// The first items.
    pub(crate) items: Vec<T>,
    /// How many there are.
    pub(crate) total: usize,
    /// What it is, when it is no list.
    pub(crate) not_a_list: Option<&'static str>,
}

impl<T, const MAX: usize> Default for Many<T, MAX> {
    fn default() -> Self {
        Self { items: Vec::new(), total: 0, not_a_list: None }
    }
}

impl<T, const MAX: usize> Many<T, MAX> {
    fn one(item: T, what: &'static str) -> Self {
        Self { items: vec![item], total: 1, not_a_list: Some(what) }
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for Many<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ManyVisitor(PhantomData))
    }
}

struct ManyVisitor<T, const MAX: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for ManyVisitor<T, MAX> {
    type Value = Many<T, MAX>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        T::deserialize(BorrowedStrDeserializer::new(text)).map(|item| Many::one(item, "a text"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        T::deserialize(StrDeserializer::new(text)).map(|item| Many::one(item, "a text"))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Many { not_a_list: Some("a number"), ..Many::default() })
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Many { not_a_list: Some("a number"), ..Many::default() })
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Many { not_a_list: Some("a number"), ..Many::default() })
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Many { not_a_list: Some("a truth value"), ..Many::default() })
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Many::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut many = Many::default();
        while many.items.len() < MAX {
            match list.next_element()? {
                Some(item) => many.items.push(item),
                None => break,
            }
        }
        many.total = many.items.len();
        while list.next_element::<IgnoredAny>()?.is_some() {
            many.total += 1;
        }
        Ok(many)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(|item| Many::one(item, "an object"))
    }
}

/// A name and a text for each member of an object, in their order; at most `MAX`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Pairs<'a>(pub(crate) Vec<(Cow<'a, str>, Scalar<'a>)>);

/// The most members of a map kept (conditions and principals have a handful).
const PAIRS_MAX: usize = 64;

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PairsVisitor<'a>(PhantomData<&'a ()>);

        impl<'de: 'a, 'a> Visitor<'de> for PairsVisitor<'a> {
            type Value = Pairs<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while pairs.len() < PAIRS_MAX {
                    match map.next_entry::<Scalar<'a>, Scalar<'a>>()? {
                        Some((Scalar::Text(name), value)) => pairs.push((name, value)),
                        Some(_) => {}
                        None => return Ok(Pairs(pairs)),
                    }
                }
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(PairsVisitor(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_and_a_list_say_what_they_are_instead() {
        type Inner<'a> = Maybe<Pairs<'a>>;
        let maybe = |json| serde_json::from_str::<Inner<'_>>(json).unwrap();
        let many = |json| serde_json::from_str::<Many<Scalar<'_>, 2>>(json).unwrap();

        assert_eq!(maybe(r#"{"a": "b"}"#).get().unwrap().0.len(), 1);
        assert_eq!(maybe("null"), Maybe::Absent);
        assert_eq!(maybe(r#"["a"]"#), Maybe::Wrong("a list"));
        assert_eq!(maybe("1"), Maybe::Wrong("a number"));
        assert_eq!(many(r#"["a", "b", "c"]"#).total, 3);
        assert_eq!(many(r#"["a", "b", "c"]"#).items.len(), 2);
        assert_eq!(many(r#""a""#).items[0].as_str(), "a");
        assert_eq!(many(r#""a""#).not_a_list, Some("a text"));
        assert_eq!(many("7").not_a_list, Some("a number"));
    }

    #[test]
    fn names_count_in_any_case_where_the_type_says_so() {
        #[derive(Debug, Default, Deserialize)]
        #[serde(default)]
        struct Finding<'a> {
            #[serde(borrow, rename = "accountid")]
            account: Scalar<'a>,
        }
        let account = |json| {
            let finding: AnyCase<Finding<'_>> = serde_json::from_str(json).unwrap();
            finding.get().unwrap().account.as_str().to_owned()
        };

        assert_eq!(account(r#"{"accountId": "1"}"#), "1");
        assert_eq!(account(r#"{"AccountId": "1", "x": {"AccountId": "2"}}"#), "1");
        assert_eq!(account(r#"{"accountid": "1"}"#), "1");
        let long = format!(r#"{{"{}": 1, "ACCOUNTID": "1"}}"#, "A".repeat(NAME_BYTES_MAX + 1));
        assert_eq!(account(&long), "1");
    }
}
