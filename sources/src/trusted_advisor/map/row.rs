//! A row of a check's result: cells, found by the name of their column.

use muster_core::identity::Arn;
use muster_core::ids::{Region, digest128};

use super::native::FlaggedResource;
use crate::draft::read_region;

/// The columns that move while the problem stays: they are no part of an identity.
const VOLATILE: [&str; 17] = [
    "average daily invokes",
    "current usage",
    "days to deprecation",
    "deadline",
    "key last rotated",
    "last delivery date",
    "last delivery error",
    "last refresh time",
    "last updated time",
    "limit amount",
    "reason",
    "recommended value",
    "snapshot age",
    "status",
    "time updated",
    "timestamp",
    "usage (usd per day)",
];

/// The columns that move at every evaluation: they are no content either.
const HEARTBEATS: [&str; 8] = [
    "average daily invokes",
    "current usage",
    "days to deprecation",
    "last delivery date",
    "last refresh time",
    "last updated time",
    "timestamp",
    "usage (usd per day)",
];

/// The cells of a row that have a text, each with the name of its column.
pub(super) struct Row<'a> {
    cells: Vec<(&'a str, String)>,
}

impl<'a> Row<'a> {
    /// Puts the columns of the check beside the cells of the row, which may be fewer, more or null.
    pub(super) fn new(columns: &'a [String], row: &FlaggedResource<'_>) -> Self {
        let cells = columns.iter().zip(&row.metadata.items);
        let cells =
            cells.filter_map(|(column, cell)| Some((column.trim(), cell.text()?.into_owned())));
        Self { cells: cells.collect() }
    }

    /// The cell of the first of `columns` that has one.
    pub(super) fn cell(&self, columns: &[&str]) -> Option<&str> {
        let cell = |name: &&str| {
            let mut cells = self.cells.iter();
            cells.find(|(column, _)| column.eq_ignore_ascii_case(name))
        };
        columns.iter().find_map(cell).map(|(_, text)| text.as_str())
    }

    /// Whether the cell of that column says yes.
    pub(super) fn says_yes(&self, column: &str) -> bool {
        self.cell(&[column]).is_some_and(|text| text.eq_ignore_ascii_case("yes"))
    }

    /// The ARN in the cells: of the columns that are named for one, or else the first by the name of
    /// its column, because the order of columns moves.
    pub(super) fn arn(&self) -> Option<&str> {
        const NAMED: [&str; 6] = [
            "Resource ARN",
            "Resource",
            "Function ARN",
            "Workload ARN",
            "Target Group ARN",
            "ALB ARN",
        ];
        let is_arn = |text: &str| text.starts_with("arn:");
        if let Some(text) = NAMED.iter().find_map(|name| self.cell(&[name]).filter(|t| is_arn(t))) {
            return Some(text);
        }
        let arns = self.cells.iter().filter(|(_, text)| is_arn(text));
        arns.min_by_key(|(column, _)| column.to_ascii_lowercase()).map(|(_, text)| text.as_str())
    }

    /// What the row says apart from the columns that move, as a hash; `None` when that is nothing.
    pub(super) fn hash(&self) -> Option<String> {
        let fixed = self.fixed();
        let mut bytes = Vec::new();
        for (column, text) in &fixed {
            for part in [column.as_bytes(), text.as_bytes()] {
                bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
                bytes.extend_from_slice(part);
            }
        }
        (!fixed.is_empty()).then(|| hex(&digest128(&bytes)))
    }

    /// The cells of the columns that do not move, by the name of the column in lower case; sorted, so
    /// that the order of columns does not matter.
    pub(super) fn fixed(&self) -> Vec<(String, &str)> {
        let mut fixed: Vec<(String, &str)> = self
            .cells
            .iter()
            .map(|(column, text)| (column.to_ascii_lowercase(), text.as_str()))
            .filter(|(column, _)| !VOLATILE.contains(&column.as_str()))
            .collect();
        fixed.sort_unstable();
        fixed
    }

    /// The cells for people, one a line, in the order of their columns' names; without heartbeats.
    pub(super) fn lines(&self) -> String {
        let mut lines: Vec<String> = self
            .cells
            .iter()
            .filter(|(column, _)| !HEARTBEATS.contains(&column.to_ascii_lowercase().as_str()))
            .map(|(column, text)| format!("{column}: {text}"))
            .collect();
        lines.sort_unstable();
        lines.join("\n")
    }
}

/// The Region of a row. Some Region columns hold names for people, so the row's own comes first, then
/// the column that has the code by its name, then the resource's. A check of a global service has
/// none, or `-`.
pub(super) fn region(row: &FlaggedResource<'_>, cells: &Row<'_>) -> Region {
    let stated = row.region.text();
    let columns = ["Region API Parameter", "Region", "Region Name", "Region/AZ", "Zone"];
    let columns = columns.iter().filter_map(|column| cells.cell(&[column]));
    let mut candidates = stated.as_deref().into_iter().chain(columns);
    let of_arn = || Arn::parse(cells.arn()?).and_then(|arn| read_region(arn.region));
    candidates.find_map(region_or_zone).or_else(of_arn).unwrap_or_else(Region::global)
}

/// A Region code, also as the code of a zone in it (`eu-west-1a`).
fn region_or_zone(text: &str) -> Option<Region> {
    let text = text.trim();
    let is_code = text.split('-').count() >= 3 && text.contains(|c: char| c.is_ascii_digit());
    let code = text.trim_end_matches(|c: char| c.is_ascii_lowercase());
    if is_code { read_region(code) } else { None }
}

/// Lower-case hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xF)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> FlaggedResource<'_> {
        serde_json::from_str(json).unwrap()
    }

    fn columns(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn a_cell_is_found_by_name_in_any_order() {
        let row = parse(r#"{"metadata": ["us-east-1", null, "sg-1", "Red", "extra"]}"#);
        let names = columns(&["Region", "Security Group Name", "Security Group ID", "Status"]);

        let cells = Row::new(&names, &row);

        assert_eq!(cells.cell(&["security group id"]), Some("sg-1"));
        assert_eq!(cells.cell(&["Security Group Name"]), None);
        assert_eq!(cells.cell(&["No such column", "Region"]), Some("us-east-1"));
    }

    #[test]
    fn the_hash_is_that_of_what_does_not_move() {
        let hash = |names: &[&str], json: &str| Row::new(&columns(names), &parse(json)).hash();
        let first = hash(&["Name", "Status", "Size"], r#"{"metadata": ["a", "Red", "1"]}"#);

        assert_eq!(
            first,
            hash(&["Size", "Name", "Status"], r#"{"metadata": ["1", "a", "Green"]}"#)
        );
        assert_ne!(first, hash(&["Name", "Size"], r#"{"metadata": ["a", "2"]}"#));
        assert_ne!(first, hash(&["Name", "Size"], r#"{"metadata": ["a1", null]}"#));
        assert_eq!(hash(&["Status"], r#"{"metadata": ["Red"]}"#), None);
        assert_eq!(hash(&[], r#"{"metadata": null}"#), None);
    }

    #[test]
    fn the_region_is_a_code_or_global() {
        let names = columns(&["Region Name", "Region API Parameter"]);
        let found = |json: &str| {
            let row = parse(json);
            region(&row, &Row::new(&names, &row)).as_str().to_owned()
        };

        assert_eq!(found(r#"{"region": "us-east-2"}"#), "us-east-2");
        assert_eq!(found(r#"{"region": "us-east-2b"}"#), "us-east-2");
        assert_eq!(
            found(r#"{"region": "Europe (Ireland)", "metadata": ["Ireland", "eu-west-1"]}"#),
            "eu-west-1"
        );
        assert_eq!(found(r#"{"region": "-"}"#), "global");
        assert_eq!(found(r#"{"metadata": ["-"]}"#), "global");
        assert_eq!(found("{}"), "global");
    }
}
