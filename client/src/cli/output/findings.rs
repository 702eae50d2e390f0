//! Lists of findings for people: rows, short ids, short resources.

use std::collections::HashSet;

use anstyle::Style;
use jiff::Timestamp;
use muster_api::v1::{
    Exposure, Finding, FindingClass, PriorityBand, Resource, Severity, Status, TriageState,
};

use crate::cli::output::table::{Column, Table};
use crate::cli::time;
use crate::cli::ui::{BOLD, DIM, PLAIN, Span, band_style, severity_style};
use crate::cli::words::Word;

/// What every finding id begins with.
pub(crate) const ID_PREFIX: &str = "fnd_";

/// Characters of an id that are shown at least: 40 bits, so that two of a million findings rarely
/// share them.
const SHORT_ID: usize = 8;

/// A table that rows of findings are added to.
pub(crate) struct FindingTable {
    wide: bool,
    now: Timestamp,
    rows: Vec<Row>,
}

/// What a row needs; a finding itself is ten times as large.
struct Row {
    id: String,
    status: i32,
    cells: Vec<Span>,
    wide_cells: Vec<Span>,
}

impl FindingTable {
    pub(crate) fn new(wide: bool, now: Timestamp) -> Self {
        Self { wide, now, rows: Vec::new() }
    }

    pub(crate) fn push(&mut self, finding: &Finding) {
        let wide_cells = if self.wide { wide_cells(finding, self.now) } else { Vec::new() };
        self.rows.push(Row {
            id: finding.id.clone(),
            status: finding.status,
            cells: cells(finding, self.now, self.wide),
            wide_cells,
        });
    }

    pub(crate) fn into_table(self) -> Table {
        // A column that says `active` on every row is noise.
        let shows_status =
            self.wide || self.rows.iter().any(|row| row.status != i32::from(Status::Active));
        let mut columns = vec![
            Column::new("SEV"),
            Column::new("PRIORITY"),
            Column::new("ID"),
            Column::new("ACCOUNT").dropped(5),
            Column::new("REGION").dropped(6),
            Column::new("AGE").right().dropped(2),
            Column::new("TRIAGE").dropped(3),
        ];
        if shows_status {
            columns.push(Column::new("STATUS").dropped(4));
        }
        if self.wide {
            columns.extend(WIDE_COLUMNS);
        }
        columns.push(Column::new("RESOURCE").shrinks_to(16).keeps_end().dropped(1));
        columns.push(Column::new("TITLE").shrinks_to(24));

        let short = short_ids(self.rows.iter().map(|row| row.id.as_str()));
        let mut table = Table::new(columns);
        for row in self.rows {
            let mut cells = row.cells;
            let tail = cells.split_off(5);
            cells.insert(2, Span::new(short_id(&row.id, short), BOLD));
            let mut tail = tail.into_iter();
            cells.extend(tail.next());
            if shows_status {
                cells.push(status_span(row.status));
            }
            cells.extend(row.wide_cells);
            cells.extend(tail);
            table.push(cells);
        }
        table
    }
}

const WIDE_COLUMNS: [Column; 7] = [
    Column::new("ASSIGNEE"),
    Column::new("CLASS"),
    Column::new("EXPOSURE"),
    Column::new("PRODUCTS"),
    Column::new("RULE"),
    Column::new("LAST SEEN").right(),
    Column::new("REPORTS").right(),
];

/// Severity, priority, account, Region, age; then triage, resource, title.
fn cells(finding: &Finding, now: Timestamp, wide: bool) -> Vec<Span> {
    let first = finding.first_observed_time.as_ref().or(finding.create_time.as_ref());
    vec![
        Span::new(severity_word(finding.severity), severity_style(finding.severity)),
        priority_span(finding),
        Span::plain(finding.account_id.as_str()),
        Span::plain(finding.region.as_str()),
        Span::plain(time::age(now, first)),
        triage_span(finding, now),
        Span::plain(resources(&finding.resources, wide)),
        title_span(finding),
    ]
}

fn wide_cells(finding: &Finding, now: Timestamp) -> Vec<Span> {
    let assignee = finding.triage.as_ref().map_or("", |triage| triage.assignee.as_str());
    vec![
        Span::plain(or_dash(assignee)),
        Span::plain(FindingClass::lower(finding.finding_class)),
        Span::plain(Exposure::lower(finding.exposure)),
        Span::plain(finding.products.join(" ")),
        Span::plain(or_dash(&finding.rule_id)),
        Span::plain(time::age(now, finding.last_observed_time.as_ref())),
        Span::plain(finding.report_count.to_string()),
    ]
}

/// The title, and what makes it count less.
pub(crate) fn title_span(finding: &Finding) -> Span {
    // GuardDuty says so in its titles already.
    let says_so =
        finding.title.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("[sample]"));
    match (finding.sample, says_so) {
        (true, false) => Span::new(format!("[sample] {}", finding.title), DIM),
        (true, true) => Span::new(finding.title.as_str(), DIM),
        (false, _) => Span::plain(finding.title.as_str()),
    }
}

/// Band and score: `P1 812`; the gate where the finding is not ranked.
pub(crate) fn priority_span(finding: &Finding) -> Span {
    let priority = finding.priority.clone().unwrap_or_default();
    if !priority.gate.is_empty() {
        return Span::new(format!("-- {}", priority.gate), DIM);
    }
    let band = PriorityBand::word(priority.band);
    Span::new(format!("{band} {:>4}", priority.score), band_style(priority.band))
}

/// The state, and what else matters about it: until when, and whether it is out of date.
pub(crate) fn triage_span(finding: &Finding, now: Timestamp) -> Span {
    let triage = finding.triage.clone().unwrap_or_default();
    let state = TriageState::try_from(triage.state);
    let mut text = match state {
        Ok(TriageState::Acknowledged) => "acked".to_owned(),
        _ => TriageState::lower(triage.state),
    };
    if triage.expire_time.is_some() {
        let ends = time::age(now, triage.expire_time.as_ref());
        text = format!("{text} {}", ends.trim_start_matches("in "));
    }
    if triage.stale {
        text.push_str(" (stale)");
    }
    let style = match state {
        Ok(TriageState::New) => PLAIN,
        Ok(_) | Err(_) => DIM,
    };
    Span::new(text, style)
}

/// The status, quiet where it is the usual one.
pub(crate) fn status_span(status: i32) -> Span {
    let style: Style = match Status::try_from(status) {
        Ok(Status::Active) => PLAIN,
        Ok(_) | Err(_) => DIM,
    };
    Span::new(Status::lower(status), style)
}

/// Severities in four letters, so that titles have room.
pub(crate) fn severity_word(severity: i32) -> &'static str {
    match Severity::try_from(severity) {
        Ok(Severity::Critical) => "CRIT",
        Ok(Severity::High) => "HIGH",
        Ok(Severity::Medium) => "MED",
        Ok(Severity::Low) => "LOW",
        Ok(Severity::Informational) => "INFO",
        Ok(Severity::Unspecified) | Err(_) => "?",
    }
}

/// The id as people type it, cut to `length` characters.
pub(crate) fn short_id(id: &str, length: usize) -> String {
    id.strip_prefix(ID_PREFIX).unwrap_or(id).chars().take(length).collect()
}

/// How many characters tell all of `ids` apart, at least eight.
pub(crate) fn short_ids<'a>(ids: impl IntoIterator<Item = &'a str>) -> usize {
    let ids: HashSet<&str> = ids.into_iter().collect();
    let longest = ids.iter().map(|id| id.len()).max().unwrap_or(0);
    (SHORT_ID..longest)
        .find(|length| {
            let short: HashSet<String> = ids.iter().map(|id| short_id(id, *length)).collect();
            short.len() == ids.len()
        })
        .unwrap_or(longest.max(SHORT_ID))
}

/// The primary resource, and how many more. Account and Region have their own columns, so the short
/// form of an ARN leaves them out.
fn resources(resources: &[Resource], whole: bool) -> String {
    let Some((first, rest)) = resources.split_first() else { return "-".to_owned() };
    let id = if whole { first.id.clone() } else { short_arn(&first.id) };
    if rest.is_empty() { id } else { format!("{id} +{}", rest.len()) }
}

/// `arn:aws:ec2:eu-central-1:123456789012:instance/i-0abc` is `ec2 instance/i-0abc`.
pub(crate) fn short_arn(id: &str) -> String {
    let mut parts = id.splitn(6, ':');
    match (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some("arn"), Some(_), Some(service), Some(_), Some(_), Some(resource)) => {
            format!("{service} {resource}")
        }
        _ => id.to_owned(),
    }
}

/// Text, or a dash where there is none.
pub(crate) fn or_dash(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_ids_are_long_enough_to_differ() {
        let ids = ["fnd_aaaaaaaabbbb", "fnd_aaaaaaaabbcc", "fnd_zzzzzzzzbbbb"];

        assert_eq!(short_ids([ids[0]]), 8);
        assert_eq!(short_ids(ids), 11);
        assert_eq!(short_ids([ids[0], ids[0]]), 8, "the same finding twice");
        assert_eq!(short_id(ids[0], 10), "aaaaaaaabb");
    }

    #[test]
    fn arns_lose_what_has_its_own_column() {
        for (arn, short) in [
            ("arn:aws:ec2:eu-central-1:123456789012:instance/i-0abc", "ec2 instance/i-0abc"),
            ("arn:aws:s3:::bucket", "s3 bucket"),
            ("arn:aws:lambda:us-east-1:1:function:a:b", "lambda function:a:b"),
            ("not an arn", "not an arn"),
            ("arn:aws", "arn:aws"),
        ] {
            assert_eq!(short_arn(arn), short);
        }
    }
}
