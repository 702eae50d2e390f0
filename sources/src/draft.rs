//! What the four mappings share: reading fields, noting what was odd, finishing a report.

use std::fmt;

use bytes::Bytes;
use muster_core::identity::{Place, canonical_resource};
use muster_core::ids::{AccountId, Region};
use muster_core::report::{
    RAW_BYTES_MAX, RESOURCES_MAX, Resource, Status, TEXT_BYTES_MAX, TITLE_BYTES_MAX, Unmapped,
    bounded,
};
use muster_core::time::Millis;
use muster_core::unit::Unit;

use crate::document::Document;
use crate::lenient::{AnyCase, Many, Maybe, Moment, Scalar, excerpt};

/// The longest short text of a report (rule id, facet, kind, workflow), in bytes.
pub(crate) const WORD_BYTES_MAX: usize = 256;

/// The most remarks kept for one report.
const REMARKS_MAX: usize = 16;

/// The longest remark, in bytes.
const REMARK_BYTES_MAX: usize = 300;

/// The longest link kept, in bytes.
const URL_BYTES_MAX: usize = 2048;

/// What was odd in a document, in the order in which it was found.
#[derive(Debug, Default)]
pub(crate) struct Remarks(Vec<String>);

impl Remarks {
    /// Notes one; above the limit it is dropped.
    pub(crate) fn note(&mut self, remark: impl fmt::Display) {
        if self.0.len() < REMARKS_MAX {
            self.0.push(bounded(&remark.to_string(), REMARK_BYTES_MAX).to_owned());
        }
    }

    /// All of them.
    pub(crate) fn into_vec(self) -> Vec<String> {
        self.0
    }

    /// The text of `field`, at most `bytes_max` of it; empty when there is none.
    pub(crate) fn text(&mut self, field: &str, scalar: &Scalar<'_>, bytes_max: usize) -> String {
        if let Some(what) = scalar.not_a_text() {
            self.note(format_args!("{field}: {what} instead of a text"));
        }
        scalar.text().map_or_else(String::new, |text| bounded(&text, bytes_max).to_owned())
    }

    /// The time of `field`.
    pub(crate) fn time(&mut self, field: &str, moment: &Moment) -> Option<Millis> {
        match moment {
            Moment::At(time) => Some(*time),
            Moment::Absent => None,
            Moment::Bad(why) => {
                self.note(format_args!("{field}: {why}"));
                None
            }
        }
    }

    /// Notes when `field` is not the object that it should be, and gives it if it is.
    pub(crate) fn object<'m, T>(&mut self, field: &str, maybe: &'m Maybe<T>) -> Option<&'m T> {
        if let Maybe::Wrong(what) = maybe {
            self.note(format_args!("{field}: {what} instead of an object"));
        }
        maybe.get()
    }

    /// Notes when `field` is not the list that it should be, and gives its items.
    pub(crate) fn list<'m, T, const MAX: usize>(
        &mut self,
        field: &str,
        many: &'m Many<T, MAX>,
    ) -> &'m [T] {
        if let Some(what) = many.not_a_list {
            self.note(format_args!("{field}: {what} instead of a list"));
        }
        &many.items
    }

    /// The account in `field`, or else the first of `others` that is one, or else the unit's. Says
    /// what it took, unless `field` is simply missing and another part of the document has it.
    pub(crate) fn account(
        &mut self,
        field: &str,
        scalar: &Scalar<'_>,
        others: &[(&str, &str)],
        unit: &Unit,
    ) -> AccountId {
        if let Some(account) = read_account(scalar) {
            return account;
        }
        let other = others
            .iter()
            .find_map(|(name, text)| text.parse().ok().map(|account: AccountId| (*name, account)));
        let problem = match scalar.text() {
            Some(text) => format!("`{}` is not an account (twelve digits)", excerpt(&text)),
            None => "missing".to_owned(),
        };
        match other {
            Some((_, account)) if matches!(scalar, Scalar::Absent) => account,
            Some((name, account)) => {
                self.note(format_args!("{field}: {problem}; taken from {name}"));
                account
            }
            None => {
                self.note(format_args!("{field}: {problem}; the account that was read is taken"));
                unit.account
            }
        }
    }

    /// The Region in `field`, or else the first of `others` that is one, or else the unit's.
    pub(crate) fn region(
        &mut self,
        field: &str,
        scalar: &Scalar<'_>,
        others: &[(&str, &str)],
        unit: &Unit,
    ) -> Region {
        let text = scalar.text();
        if let Some(region) = text.as_deref().and_then(read_region) {
            return region;
        }
        let other = others.iter().find_map(|(name, text)| Some((*name, read_region(text)?)));
        let problem = match &text {
            Some(text) => format!("`{}` is not a Region code", excerpt(text)),
            None => "missing".to_owned(),
        };
        match other {
            Some((_, region)) if text.is_none() => region,
            Some((name, region)) => {
                self.note(format_args!("{field}: {problem}; taken from {name}"));
                region
            }
            None => {
                self.note(format_args!("{field}: {problem}; the Region that was read is taken"));
                unit.region.clone()
            }
        }
    }
}

/// An account. A number lost its leading zeros on the way.
fn read_account(scalar: &Scalar<'_>) -> Option<AccountId> {
    match scalar {
        Scalar::Whole(number @ 1..=999_999_999_999) => format!("{number:012}").parse().ok(),
        _ => scalar.as_str().parse().ok(),
    }
}

/// A Region code; in any case.
pub(crate) fn read_region(text: &str) -> Option<Region> {
    let text = text.trim();
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        return text.to_ascii_lowercase().parse().ok();
    }
    text.parse().ok()
}

/// The text when it is a partition: `aws`, `aws-cn`…
pub(crate) fn partition(text: &str) -> Option<&str> {
    let is_partition = text.starts_with("aws")
        && text.len() <= 16
        && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    is_partition.then_some(text)
}

/// The partition in `text` when it is one, else that of the Region.
pub(crate) fn partition_or<'a>(text: &'a str, region: &Region) -> &'a str {
    partition(text).unwrap_or_else(|| region.partition())
}

/// The text when it is an https link of a length to keep; empty otherwise.
pub(crate) fn link(text: &str) -> String {
    let fits = text.starts_with("https://")
        && text.len() <= URL_BYTES_MAX
        && text.bytes().all(|b| b.is_ascii_graphic());
    if fits { text.to_owned() } else { String::new() }
}

/// The status that a product states, by what `known` makes of its word, and the word. A missing or
/// unknown one is taken for active: nothing is closed by what nobody understands.
pub(crate) fn status(
    stated: &str,
    remarks: &mut Remarks,
    known: impl FnOnce(&str, &mut Remarks) -> Option<Status>,
) -> (Status, String) {
    if stated.is_empty() {
        remarks.note("status: missing; ACTIVE is taken");
        return (Status::Active, "ACTIVE".to_owned());
    }
    let status = known(stated, remarks).unwrap_or_else(|| {
        remarks.note(format_args!("status: `{}` is not known", excerpt(stated)));
        Status::Active
    });
    (status, word(stated))
}

/// A line for people, at most [`TITLE_BYTES_MAX`].
pub(crate) fn title(text: &str) -> String {
    bounded(text.trim(), TITLE_BYTES_MAX).to_owned()
}

/// A longer text for people, at most [`TEXT_BYTES_MAX`].
pub(crate) fn body_text(text: &str) -> String {
    bounded(text, TEXT_BYTES_MAX).to_owned()
}

/// A short text, at most [`WORD_BYTES_MAX`].
pub(crate) fn word(text: &str) -> String {
    bounded(text, WORD_BYTES_MAX).to_owned()
}

/// The resource that a product calls `id`, of a `kind`.
pub(crate) fn resource(id: &str, kind: &str, place: &Place<'_>) -> Resource {
    Resource { id: canonical_resource(id, kind, place), original: bounded_id(id), kind: word(kind) }
}

/// An id as the provider wrote it, at a length to keep.
fn bounded_id(id: &str) -> String {
    bounded(id, muster_core::identity::PART_BYTES_MAX).to_owned()
}

/// Adds `resource` unless it is there already or there are [`RESOURCES_MAX`].
pub(crate) fn add_resource(resources: &mut Vec<Resource>, resource: Resource) {
    if resources.len() < RESOURCES_MAX && !resources.iter().any(|other| other.id == resource.id) {
        resources.push(resource);
    }
}

/// The raw document as a report keeps it, and whether it was too long for that.
pub(crate) fn raw(document: &Bytes) -> (Bytes, bool) {
    if document.len() > RAW_BYTES_MAX { (Bytes::new(), true) } else { (document.clone(), false) }
}

/// A document that cannot be mapped, with the reason.
pub(crate) fn unmapped(error: impl fmt::Display, document: &Bytes) -> Document {
    Document::Unmapped(unmapped_value(error, document))
}

/// The same, as a value.
pub(crate) fn unmapped_value(error: impl fmt::Display, document: &Bytes) -> Unmapped {
    Unmapped {
        error: bounded(&error.to_string(), REMARK_BYTES_MAX).to_owned(),
        raw: document.slice(..document.len().min(RAW_BYTES_MAX)),
    }
}

/// Whether the JSON text of `additionalInfo.value` has `"sample": true`.
pub(crate) fn says_sample(json: &str) -> bool {
    #[derive(Default, serde::Deserialize)]
    #[serde(default)]
    struct Info<'a> {
        #[serde(borrow)]
        sample: Scalar<'a>,
    }
    if !json.contains("sample") {
        return false;
    }
    match serde_json::from_str::<Maybe<Info<'_>>>(json) {
        Ok(Maybe::Is(info)) => info.sample.flag() == Some(true),
        _ => false,
    }
}

/// A counter as a report keeps it.
pub(crate) fn count(number: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "bounded by the type"
    )]
    {
        number.clamp(0.0, f64::from(u32::MAX)) as u32
    }
}

/// Reads a document; its error says what is wrong with it as a whole.
pub(crate) fn parse<'a, T: serde::Deserialize<'a>>(document: &'a [u8]) -> Result<T, String> {
    object(serde_json::from_slice(document))
}

/// The same, for a type whose names count in any case.
pub(crate) fn parse_any_case<'a, T>(document: &'a [u8]) -> Result<T, String>
where
    T: serde::Deserialize<'a>,
{
    object(serde_json::from_slice::<AnyCase<T>>(document).map(AnyCase::into_maybe))
}

fn object<T>(parsed: serde_json::Result<Maybe<T>>) -> Result<T, String> {
    match parsed {
        Ok(Maybe::Is(value)) => Ok(value),
        Ok(Maybe::Absent) => Err("null instead of an object".to_owned()),
        Ok(Maybe::Wrong(what)) => Err(format!("{what} instead of an object")),
        Err(error) if error.is_data() => Err(error.to_string()),
        Err(error) => Err(format!("not JSON: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use muster_core::unit::SourceKind;

    use super::*;

    fn unit() -> Unit {
        Unit {
            source: SourceKind::SecurityHub,
            account: "999999999999".parse().unwrap(),
            region: "eu-west-1".parse().unwrap(),
            part: String::new(),
        }
    }

    fn scalar(json: &str) -> Scalar<'_> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn an_account_comes_from_the_field_or_says_where_else_from() {
        for (json, others, account, remark) in [
            (r#""123456789012""#, &[][..], "123456789012", None),
            ("12345678901", &[], "012345678901", None),
            ("null", &[("Id", "111111111111")], "111111111111", None),
            (
                r#""12345678901""#,
                &[("Id", "1"), ("Arn", "111111111111")],
                "111111111111",
                Some("A: `12345678901` is not an account (twelve digits); taken from Arn"),
            ),
            (
                r#""XXXXXXXXXXXX""#,
                &[("Id", "XXXXXXXXXXXX")],
                "999999999999",
                Some(
                    "A: `XXXXXXXXXXXX` is not an account (twelve digits); the account that was read is taken",
                ),
            ),
            ("null", &[], "999999999999", Some("A: missing; the account that was read is taken")),
        ] {
            let mut remarks = Remarks::default();

            let found = remarks.account("A", &scalar(json), others, &unit());

            assert_eq!(found.as_str(), account, "{json}");
            assert_eq!(remarks.into_vec().first().map(String::as_str), remark, "{json}");
        }
    }

    #[test]
    fn a_region_comes_from_the_field_or_says_where_else_from() {
        for (json, others, region, remark) in [
            (r#""us-east-1""#, &[][..], "us-east-1", None),
            (r#""US-EAST-1""#, &[], "us-east-1", None),
            ("null", &[("P", ""), ("Q", "us-east-2")], "us-east-2", None),
            (
                r#""EU (Ireland)""#,
                &[],
                "eu-west-1",
                Some("R: `EU (Ireland)` is not a Region code; the Region that was read is taken"),
            ),
        ] {
            let mut remarks = Remarks::default();

            let found = remarks.region("R", &scalar(json), others, &unit());

            assert_eq!(found.as_str(), region, "{json}");
            assert_eq!(remarks.into_vec().first().map(String::as_str), remark, "{json}");
        }
    }

    #[test]
    fn only_https_links_are_kept() {
        assert_eq!(link("https://docs.aws.amazon.com/x"), "https://docs.aws.amazon.com/x");
        assert_eq!(link("http://docs.aws.amazon.com/x"), "");
        assert_eq!(link("javascript:alert(1)"), "");
        assert_eq!(link("https://a b"), "");
        assert_eq!(link(&format!("https://{}", "a".repeat(URL_BYTES_MAX))), "");
    }

    #[test]
    fn a_document_over_the_limit_is_not_kept() {
        let long = Bytes::from(vec![b' '; RAW_BYTES_MAX + 1]);

        assert_eq!(raw(&long), (Bytes::new(), true));
        assert_eq!(unmapped_value("x", &long).raw.len(), RAW_BYTES_MAX);
        assert!(!raw(&long.slice(1..)).1);
    }

    #[test]
    fn what_is_no_object_says_what_it_is() {
        let error =
            |json: &'static str| parse::<crate::lenient::Pairs<'_>>(json.as_bytes()).unwrap_err();

        assert_eq!(error("7"), "a number instead of an object");
        assert_eq!(error("null"), "null instead of an object");
        assert!(error("{").starts_with("not JSON: "));
    }
}
