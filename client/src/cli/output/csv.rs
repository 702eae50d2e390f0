//! CSV for spreadsheets, with formulas made harmless.

use csv::Writer;
use muster_api::v1::{
    Exposure, Finding, FindingClass, PriorityBand, Severity, Status, TriageState,
};

use crate::cli::failure::Failure;
use crate::cli::safe_text::SafeText;
use crate::cli::time::rfc3339;
use crate::cli::ui::Ui;
use crate::cli::words::Word;

/// Columns of findings, as `muster help output` documents them. New ones are added at the end.
pub(crate) const FINDING_COLUMNS: [&str; 19] = [
    "id",
    "severity",
    "score",
    "band",
    "status",
    "triage",
    "assignee",
    "account_id",
    "region",
    "resource",
    "resource_type",
    "rule_id",
    "class",
    "products",
    "title",
    "first_observed_time",
    "last_observed_time",
    "revision",
    "exposure",
];

/// The cells of a finding.
pub(crate) fn finding(finding: &Finding) -> Vec<String> {
    let priority = finding.priority.clone().unwrap_or_default();
    let triage = finding.triage.clone().unwrap_or_default();
    let resource = finding.resources.first().cloned().unwrap_or_default();
    vec![
        finding.id.clone(),
        Severity::word(finding.severity).into_owned(),
        priority.score.to_string(),
        PriorityBand::word(priority.band).into_owned(),
        Status::word(finding.status).into_owned(),
        TriageState::word(triage.state).into_owned(),
        triage.assignee,
        finding.account_id.clone(),
        finding.region.clone(),
        resource.id,
        resource.r#type,
        finding.rule_id.clone(),
        FindingClass::word(finding.finding_class).into_owned(),
        finding.products.join(" "),
        finding.title.clone(),
        rfc3339(finding.first_observed_time.as_ref()).unwrap_or_default(),
        rfc3339(finding.last_observed_time.as_ref()).unwrap_or_default(),
        finding.revision.to_string(),
        Exposure::word(finding.exposure).into_owned(),
    ]
}

/// Prints rows.
pub(crate) fn print(
    ui: &mut Ui,
    rows: impl IntoIterator<Item = Vec<String>>,
) -> Result<(), Failure> {
    let mut writer = Writer::from_writer(&mut ui.out);
    for row in rows {
        writer.write_record(row.iter().map(|cell| neutral(cell)))?;
    }
    writer.flush()?;
    Ok(())
}

/// A header as a row.
pub(crate) fn header(columns: &[&str]) -> Vec<String> {
    columns.iter().map(|&column| column.to_owned()).collect()
}

/// A cell that a spreadsheet takes for text: one line, no controls, and an apostrophe before what
/// would begin a formula (OWASP, "CSV Injection").
fn neutral(cell: &str) -> String {
    let starts_formula =
        cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let safe = SafeText::line(cell).to_string();
    if starts_formula || safe.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
    {
        format!("'{safe}")
    } else {
        safe
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_would_be_formulas_begin_with_an_apostrophe() {
        for (cell, safe) in [
            ("=cmd|'/c calc'!A1", "'=cmd|'/c calc'!A1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "' =1"),
            ("\r=1", "' =1"),
            (" =1", "' =1"),
            ("\u{200b}=1", "'=1"),
            ("\u{1b}[0m=1", "'=1"),
            ("＝1", "'＝1"),
            ("a=b", "a=b"),
            ("", ""),
        ] {
            assert_eq!(neutral(cell), safe, "{cell:?}");
        }
    }

    #[test]
    fn a_finding_has_a_cell_for_every_column() {
        assert_eq!(finding(&Finding::default()).len(), FINDING_COLUMNS.len());
    }
}
