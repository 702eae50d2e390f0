//! CISA's catalog of known exploited vulnerabilities, as JSON.
//!
//! From its published schema (`known_exploited_vulnerabilities_schema.json`): `catalogVersion`,
//! `dateReleased`, `count`, and of each vulnerability `cveID`, `dueDate` and
//! `knownRansomwareCampaignUse` (`Known` or `Unknown`). Entries are read one by one.

use std::borrow::Cow;
use std::fmt;
use std::io::BufRead;

use muster_core::intel::{Cve, Intel, Issue, Known};
use muster_core::time::Millis;
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::csv::{excerpt, with_time};
use super::{CVES_MAX, ReadError};

/// Reads the catalog into `intel`, in the place of that which it has.
pub(super) fn read(from: impl BufRead, intel: Intel) -> Result<Intel, ReadError> {
    let mut json = serde_json::Deserializer::from_reader(from);
    let Catalog { issue, known, count } = Catalog::deserialize(&mut json).map_err(wrong)?;
    json.end().map_err(wrong)?;
    let whole = |message: String| Err(ReadError::Whole(message));
    let Some(known) = known else {
        return whole("no `vulnerabilities`: is it the catalog of CISA, in JSON?".to_owned());
    };
    if known.is_empty() {
        return whole("it has no vulnerabilities".to_owned());
    }
    if let Some(count) = count.filter(|count| *count != known.len() as u64) {
        return whole(format!(
            "it says that it has {count} vulnerabilities, and has {}",
            known.len()
        ));
    }
    intel.with_kev(issue, &known).map_err(|twice| ReadError::Whole(twice.to_string()))
}

/// What the reader says is wrong, with its line.
fn wrong(error: serde_json::Error) -> ReadError {
    let line = error.line() as u64;
    if error.is_io() {
        return ReadError::Io(error.into());
    }
    let text = error.to_string();
    // The line stands in front already.
    let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
    ReadError::line(line, message)
}

#[derive(Default)]
struct Catalog {
    issue: Issue,
    known: Option<Vec<Known>>,
    count: Option<u64>,
}

impl<'de> Deserialize<'de> for Catalog {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CatalogVisitor;

        impl<'de> Visitor<'de> for CatalogVisitor {
            type Value = Catalog;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the catalog, an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Catalog, A::Error> {
                let mut catalog = Catalog::default();
                while let Some(name) = map.next_key::<Cow<'de, str>>()? {
                    match name.as_ref() {
                        "catalogVersion" => catalog.issue.version = map.next_value()?,
                        "dateReleased" => {
                            let text: String = map.next_value()?;
                            let date = Millis::parse(&with_time(&text));
                            catalog.issue.date = Some(date.map_err(|error| {
                                A::Error::custom(format_args!("dateReleased: {error}"))
                            })?);
                        }
                        "count" => catalog.count = Some(map.next_value()?),
                        "vulnerabilities" => {
                            let Entries(known) = map.next_value()?;
                            catalog.known = Some(known);
                        }
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(catalog)
            }
        }

        deserializer.deserialize_map(CatalogVisitor)
    }
}

struct Entries(Vec<Known>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;

        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of vulnerabilities")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Entries, A::Error> {
                let mut known = Vec::new();
                while let Some(entry) = list.next_element::<Entry>()? {
                    known.push(entry.known().map_err(A::Error::custom)?);
                    if known.len() > CVES_MAX {
                        return Err(A::Error::custom(format_args!("more than {CVES_MAX} entries")));
                    }
                }
                Ok(Entries(known))
            }
        }

        deserializer.deserialize_seq(EntriesVisitor)
    }
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "cveID")]
    cve: String,
    #[serde(default, rename = "dueDate")]
    due: String,
    #[serde(default, rename = "knownRansomwareCampaignUse")]
    ransomware: String,
}

impl Entry {
    fn known(&self) -> Result<Known, String> {
        let cve = Cve::parse(&self.cve)
            .ok_or_else(|| format!("cveID: `{}` is no CVE id", excerpt(&self.cve)))?;
        let day = |text: &str| {
            let date = Millis::parse(&with_time(text)).map_err(|_| {
                format!("dueDate: `{}` is no date such as 2026-01-31", excerpt(text))
            })?;
            i32::try_from(date.day()).map_err(|error| format!("dueDate: {error}"))
        };
        let due_day = if self.due.is_empty() { None } else { Some(day(&self.due)?) };
        Ok(Known { cve, due_day, ransomware: self.ransomware.eq_ignore_ascii_case("known") })
    }
}
