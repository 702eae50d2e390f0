//! Options that say which findings, and the one filter text that they make together.

use clap::{Args, ValueEnum};

/// Which findings.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Which findings")]
pub(crate) struct FilterArgs {
    /// A filter, for example 'severity >= HIGH AND account = 123456789012' (see `muster help
    /// filters`); the options below are added to it
    #[arg(short, long, value_name = "FILTER")]
    pub(crate) filter: Option<String>,

    /// One of these: critical, high, medium, low, informational
    #[arg(
        long,
        value_enum,
        value_name = "LEVEL,..",
        value_delimiter = ',',
        ignore_case = true,
        hide_possible_values = true
    )]
    pub(crate) severity: Vec<Level>,

    /// This severity or a higher one
    #[arg(long, value_enum, value_name = "LEVEL", ignore_case = true, hide_possible_values = true)]
    pub(crate) min_severity: Option<Level>,

    /// One of these: active, unobservable, archived, expired, resolved
    #[arg(
        long,
        value_enum,
        value_name = "STATUS,..",
        value_delimiter = ',',
        ignore_case = true,
        hide_possible_values = true
    )]
    pub(crate) status: Vec<StatusWord>,

    /// One of these: new, acknowledged, in-progress, snoozed, suppressed, done
    #[arg(
        long,
        value_enum,
        value_name = "STATE,..",
        value_delimiter = ',',
        ignore_case = true,
        hide_possible_values = true
    )]
    pub(crate) triage: Vec<TriageWord>,

    /// Reported by one of these: securityhub, guardduty, access-analyzer, trusted-advisor
    #[arg(
        long,
        value_enum,
        value_name = "SOURCE,..",
        value_delimiter = ',',
        ignore_case = true,
        hide_possible_values = true
    )]
    pub(crate) source: Vec<SourceWord>,

    /// In one of these accounts (twelve digits)
    #[arg(long, value_name = "ACCOUNT,..", value_delimiter = ',')]
    pub(crate) account: Vec<String>,

    /// In one of these Regions, or `global`
    #[arg(long, value_name = "REGION,..", value_delimiter = ',')]
    pub(crate) region: Vec<String>,

    /// The resource's id contains this
    #[arg(long, value_name = "TEXT")]
    pub(crate) resource: Option<String>,

    /// The control id, finding type or check id contains this
    #[arg(long, value_name = "TEXT")]
    pub(crate) rule: Option<String>,

    /// Given to this person; `me` for yourself, `nobody` for what nobody has
    #[arg(long, value_name = "NAME")]
    pub(crate) assignee: Option<String>,

    /// Title, resource, rule or id contains this
    #[arg(long, value_name = "TEXT")]
    pub(crate) text: Option<String>,

    /// Also closed findings, and those that are snoozed, suppressed or done
    #[arg(short, long)]
    pub(crate) all: bool,
}

/// A severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Level {
    #[value(alias = "crit")]
    Critical,
    High,
    #[value(alias = "med")]
    Medium,
    Low,
    #[value(alias = "info")]
    Informational,
}

/// A status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatusWord {
    Active,
    Unobservable,
    Archived,
    Expired,
    Resolved,
}

/// A triage state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TriageWord {
    New,
    #[value(alias = "ack", alias = "acked")]
    Acknowledged,
    #[value(alias = "in_progress", alias = "started")]
    InProgress,
    Snoozed,
    Suppressed,
    Done,
}

/// A source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SourceWord {
    #[value(name = "securityhub", alias = "security-hub")]
    SecurityHub,
    #[value(name = "guardduty")]
    GuardDuty,
    AccessAnalyzer,
    TrustedAdvisor,
}

/// What a command leaves out unless it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hidden {
    /// Closed findings, and those set aside: snoozed, suppressed, done.
    ClosedAndSetAside,
    /// Findings that nobody decided about: nothing to take back.
    Undecided,
}

/// The one filter that all options make together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Composed {
    /// The filter; empty means every finding.
    pub(crate) text: String,
    /// Closed findings are left out because nobody asked for them.
    pub(crate) hides_closed: bool,
    /// The same for findings that are set aside.
    pub(crate) hides_set_aside: bool,
}

/// What is open.
const OPEN: &str = "(status = ACTIVE OR status = UNOBSERVABLE)";
/// What is not set aside.
const NOT_SET_ASIDE: &str = "triage != SNOOZED AND triage != SUPPRESSED AND triage != DONE";

impl FilterArgs {
    /// Whether nothing was asked for.
    pub(crate) fn is_empty(&self) -> bool {
        self.asked_for("").is_empty() && !self.all
    }

    /// The one filter that all options make together. `me` is who `--assignee me` means.
    ///
    /// What is hidden by default is left out by field: who asks for a status is not given a second
    /// opinion on statuses, and the same for triage.
    pub(crate) fn compose(&self, hidden: Hidden, me: &str) -> Composed {
        let text = self.filter.as_deref().unwrap_or_default();
        let silent_on = |given: bool, field| !self.all && !given && !mentions(text, field);
        let status = silent_on(!self.status.is_empty(), "status");
        let triage = silent_on(!self.triage.is_empty(), "triage");
        let mut terms = self.asked_for(me);
        match hidden {
            Hidden::ClosedAndSetAside => {
                terms.extend(status.then(|| OPEN.to_owned()));
                terms.extend(triage.then(|| NOT_SET_ASIDE.to_owned()));
                Composed {
                    text: terms.join(" AND "),
                    hides_closed: status,
                    hides_set_aside: triage,
                }
            }
            Hidden::Undecided => {
                terms.extend(triage.then(|| "triage != NEW".to_owned()));
                let text = terms.join(" AND ");
                Composed { text, hides_closed: false, hides_set_aside: false }
            }
        }
    }

    /// The same without what is hidden by default.
    pub(crate) fn compose_all(&self, me: &str) -> String {
        self.asked_for(me).join(" AND ")
    }

    fn asked_for(&self, me: &str) -> Vec<String> {
        let contains = |field: &str, text: &Option<String>| {
            text.as_ref().map(|text| format!("{field}:{}", quoted(text)))
        };
        let filter = self.filter.as_deref().map(str::trim).filter(|filter| !filter.is_empty());
        let least = self.min_severity.map(|level| format!("severity >= {}", word(&level)));
        let assignee = self.assignee.as_deref().map(|name| match name {
            "me" => format!("assignee = {}", quoted(me)),
            "nobody" => "assignee = \"\"".to_owned(),
            name => format!("assignee = {}", quoted(name)),
        });
        let quoted_all = |texts: &[String]| texts.iter().map(|text| quoted(text)).collect();
        [
            filter.map(|filter| format!("({filter})")),
            one_of("severity", words(&self.severity)),
            least,
            one_of("status", words(&self.status)),
            one_of("triage", words(&self.triage)),
            one_of(
                "source",
                self.source.iter().map(|source| quoted(&value_name(source))).collect(),
            ),
            one_of("account", quoted_all(&self.account)),
            one_of("region", quoted_all(&self.region)),
            contains("resource", &self.resource),
            contains("rule", &self.rule),
            assignee,
            contains("text", &self.text),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// A text as a literal of the filter language, whatever is in it.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn one_of(field: &str, values: Vec<String>) -> Option<String> {
    let mut terms = values.into_iter().map(|value| format!("{field} = {value}"));
    let first = terms.next()?;
    Some(match terms.next() {
        None => first,
        Some(second) => {
            let all: Vec<String> = [first, second].into_iter().chain(terms).collect();
            format!("({})", all.join(" OR "))
        }
    })
}

fn value_name<T: ValueEnum>(value: &T) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// The word of the filter language: `in-progress` is `IN_PROGRESS`.
fn word<T: ValueEnum>(value: &T) -> String {
    value_name(value).to_ascii_uppercase().replace('-', "_")
}

fn words<T: ValueEnum>(values: &[T]) -> Vec<String> {
    values.iter().map(word).collect()
}

/// Whether a filter restricts `field`: its name, outside quotes, before an operator.
fn mentions(filter: &str, field: &str) -> bool {
    let mut rest = filter;
    while let Some(start) = rest.find(|c: char| c == '"' || c.is_ascii_alphabetic()) {
        let (_, from) = rest.split_at(start);
        if let Some(inside) = from.strip_prefix('"') {
            rest = after_quoted(inside);
            continue;
        }
        let end = from
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')))
            .unwrap_or(from.len());
        let (name, after) = from.split_at(end);
        if name.eq_ignore_ascii_case(field)
            && after.trim_start().starts_with(['=', '!', ':', '<', '>'])
        {
            return true;
        }
        rest = after;
    }
    false
}

/// What follows the closing quote.
fn after_quoted(inside: &str) -> &str {
    let mut escaped = false;
    for (at, character) in inside.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return inside.get(at + 1..).unwrap_or_default(),
            _ => {}
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        filter: FilterArgs,
    }

    fn compose(args: &[&str]) -> String {
        let line = ["muster"].iter().chain(args);
        Line::try_parse_from(line).unwrap().filter.compose(Hidden::ClosedAndSetAside, "alice").text
    }

    #[test]
    fn what_is_closed_or_set_aside_is_hidden_unless_asked_for() {
        let default = format!("{OPEN} AND {NOT_SET_ASIDE}");

        assert_eq!(compose(&[]), default);
        assert_eq!(compose(&["--all"]), "");
        assert_eq!(
            compose(&["--status", "resolved"]),
            format!("status = RESOLVED AND {NOT_SET_ASIDE}")
        );
        assert_eq!(compose(&["--triage", "done"]), format!("triage = DONE AND {OPEN}"));
    }

    #[test]
    fn a_filter_that_speaks_of_status_or_triage_is_taken_at_its_word() {
        assert_eq!(
            compose(&["--filter", "status = RESOLVED"]),
            format!("(status = RESOLVED) AND {NOT_SET_ASIDE}")
        );
        assert_eq!(
            compose(&["--filter", "NOT Triage=DONE AND status!=ACTIVE"]),
            "(NOT Triage=DONE AND status!=ACTIVE)"
        );
        assert_eq!(
            compose(&["--filter", r#"title:"the \"status = x" AND rule = status"#]),
            format!(
                r#"(title:"the \"status = x" AND rule = status) AND {OPEN} AND {NOT_SET_ASIDE}"#
            )
        );
    }

    #[test]
    fn options_are_joined_and_lists_are_alternatives() {
        assert_eq!(
            compose(&[
                "--all",
                "--filter",
                "score > 500 OR stale = true",
                "--severity",
                "HIGH,crit",
                "--triage",
                "in-progress",
                "--source",
                "guardduty,securityhub",
                "--region",
                "eu-central-1",
                "--assignee",
                "me",
            ]),
            "(score > 500 OR stale = true) AND (severity = HIGH OR severity = CRITICAL) \
             AND triage = IN_PROGRESS AND (source = \"guardduty\" OR source = \"securityhub\") \
             AND region = \"eu-central-1\" AND assignee = \"alice\""
        );
        assert_eq!(compose(&["-a", "--min-severity", "high"]), "severity >= HIGH");
        assert_eq!(compose(&["-a", "--assignee", "nobody"]), "assignee = \"\"");
    }

    #[test]
    fn texts_are_quoted_so_that_they_cannot_become_syntax() {
        assert_eq!(
            compose(&["--all", "--text", r#"x" OR title:"\"#, "--resource", "arn:aws:s3:::a b"]),
            r#"resource:"arn:aws:s3:::a b" AND text:"x\" OR title:\"\\""#
        );
        assert_eq!(compose(&["--all", "--account", r#"1" OR 2"#]), r#"account = "1\" OR 2""#);
    }

    #[test]
    fn to_reopen_is_about_what_was_decided() {
        let args = FilterArgs { text: Some("s3".into()), ..FilterArgs::default() };

        assert_eq!(args.compose(Hidden::Undecided, "").text, "text:\"s3\" AND triage != NEW");
        assert_eq!(args.compose_all(""), "text:\"s3\"");
        assert!(!args.is_empty());
        assert!(FilterArgs::default().is_empty());
    }
}
