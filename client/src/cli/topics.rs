//! Help that belongs to no single command: `muster help filters` and the like.
//!
//! The texts serve as help templates too, where braces would be taken for tags: there are none.

use std::fmt::Write;
use std::sync::LazyLock;

use super::exit::Exit;

/// Below the list of commands.
pub(crate) const OVERVIEW: &str = "\
Examples:
  muster ls --min-severity high          what to look at first
  muster get 3kq7                        why it is there, by a prefix of its id
  muster ls -o name | fzf -m | muster ack -
  muster snooze --for 7d --filter 'rule = S3.8 AND account = 123456789012'
  muster watch -o jsonl --all --cursor-file at.cursor

Help topics (muster help TOPIC):
  filters, output, environment, exit-codes

Exit codes: 0 ok, 1 failure, 2 usage or cancelled, 5 not found, 6 conflict, 7 unavailable (try
again), 10 --fail-on matched, 130 interrupted";

/// Below the options of `muster merge`.
pub(crate) const MERGE: &str = "\
Examples:
  muster merge 9abc --into 3kq7 -m 'one bucket, reported under two names'
  muster merge 9abc --into 3kq7 -m 'same work' -o json";

/// Below the options of `muster split`.
pub(crate) const SPLIT: &str = "\
Examples:
  muster get 3kq7                        lists the reports with their numbers
  muster split 3kq7 2 -m 'another port'
  muster split 3kq7 'native|arn:aws:...' -m 'another port' -o name";

/// Below the options of `muster maturity`.
pub(crate) const MATURITY: &str = "\
Examples:
  muster maturity --phase 1              quick wins: what to begin with
  muster maturity --account 123456789012 -o json
  muster maturity -o svg > maturity.svg  phase by domain, for a report";

/// Below the options of `muster subscriptions`.
pub(crate) const SUBSCRIPTIONS: &str = "\
Examples:
  muster subscriptions create tickets --filter 'severity >= HIGH'
  muster subscriptions pull tickets --wait 55s --ack        one JSON line for each delivery
  muster subscriptions list
  muster subscriptions parked tickets
  muster subscriptions resolve tickets --all --redeliver";

/// Below the options of `muster attest`.
pub(crate) const ATTEST: &str = "\
Examples:
  muster attest P2-SG-3 --evidence 'training plan of 12 May' --expires 180d
  muster attest P1-SG-2 --account 123456789012 --evidence 'deny policy' --expires 2027-06-30
  muster attest P2-SG-3 --remove -m 'given up'
  muster attest --list";

/// `muster help exit-codes`.
pub(crate) static EXIT_CODES_TEMPLATE: LazyLock<String> = LazyLock::new(|| {
    let mut text = "Exit codes. The numbers never change their meaning.\n\n".to_owned();
    for exit in Exit::ALL {
        writeln!(text, "  {:>3}  {}", exit.code(), exit.meaning())
            .expect("writing to a string does not fail");
    }
    text.push_str("\nFindings alone are no error: `muster ls` exits 0 with or without them.");
    text
});

/// `muster help filters`.
pub(crate) const FILTERS: &str = "\
Filters, for --filter and --fail-on.

  severity >= HIGH AND account = 123456789012
  (source = guardduty OR source = access-analyzer) AND NOT assignee = \"\"
  title:\"public bucket\" AND triage != DONE

A restriction is FIELD OPERATOR VALUE. Join them with AND or OR (mixing the two needs parentheses),
negate with NOT or -. Quote values with spaces or signs: \"...\", with \\\" and \\\\ inside.

  severity   = != < <= > >=   INFORMATIONAL LOW MEDIUM HIGH CRITICAL
  score      = != < <= > >=   0 to 1000
  status     = !=             ACTIVE UNOBSERVABLE ARCHIVED EXPIRED RESOLVED
  triage     = !=             NEW ACKNOWLEDGED IN_PROGRESS SNOOZED SUPPRESSED DONE
  class      = !=             THREAT VULNERABILITY MISCONFIGURATION SENSITIVE_DATA EXPOSURE
  source     = !=             securityhub guardduty access-analyzer trusted-advisor
  account    = !=             twelve digits
  region     = !=             a Region code, or global
  assignee   = != :           text; \"\" means nobody
  stale      = !=             true false (changed materially after the decision)
  due        = != < <= > >=   the last day to fix it in time, as 2026-12-31
  overdue    = !=             true false (that day has passed)
  resource   = != :           canonical id
  rule       = != :           control id, finding type or check id
  title      = != :           text
  text       :                title, resource, rule or id contains

`:` means contains. Case does not matter. Without a word about status, closed findings are left out;
without one about triage, those that are snoozed, suppressed or done; --all shows everything.";

/// `muster help output`.
pub(crate) const OUTPUT: &str = "\
Output formats. Data goes to stdout; counts, warnings, errors and hints go to stderr.

  table   for people: one line a finding, cut to the width of the terminal, never cut in a pipe
  wide    for people: every column
  json    one document; for a single `get` the finding itself
  jsonl   one document a line, as it arrives
  csv     comma-separated, RFC 4180, with a header
  name    ids only, one a line: input for `muster ack -`
  svg     of `maturity` alone: a picture that a browser shows and that needs nothing else

JSON has schema_version 1, names in snake_case, times in RFC 3339 (UTC), and enumerated values in the
words of the filter language. Every key of a view is there; null means absent. Keys may be added; none
changes its meaning within a schema version. Documents of the sources (--raw, --view raw) are embedded
as raw_json where they are JSON, else as raw_text. Invisible and control characters are written as
\\u escapes, so JSON is safe on a terminal and loses nothing.

Lines of `watch -o jsonl` have a type: snapshot_start, finding, snapshot_end, change, bookmark,
reconnecting, restarting. Where a line has a cursor, everything up to it can be resumed from there.
Keep an image only if its revision is not below the one you hold; at snapshot_end, drop what you did
not receive since snapshot_start.

CSV columns of `ls`: id, severity, score, band, status, triage, assignee, account_id, region,
resource, resource_type, rule_id, class, products, title, first_observed_time, last_observed_time,
revision, exposure. A cell that a spreadsheet would take for a formula begins with an apostrophe.";

/// `muster help environment`.
pub(crate) const ENVIRONMENT: &str = "\
Environment variables. Options on the command line win.

  MUSTER_SERVER    the server, as --server
  MUSTER_ACTOR     who decides, as --actor
  USER, LOGNAME    the actor is user:$USER unless it is given
  NO_COLOR         no colour, when not empty
  CLICOLOR         no colour, when 0
  CLICOLOR_FORCE   colour also in pipes, when not 0
  COLUMNS          the width of tables, instead of the terminal's

`muster` starts no pager and reads no configuration file.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_have_no_braces_that_a_template_would_take_for_tags() {
        for text in [FILTERS, OUTPUT, ENVIRONMENT, EXIT_CODES_TEMPLATE.as_str()] {
            assert!(!text.contains(['{', '}']));
            assert!(text.lines().all(|line| line.len() <= 102), "{text}");
        }
    }

    #[test]
    fn the_overview_names_every_exit_code() {
        for exit in Exit::ALL {
            assert!(OVERVIEW.contains(&format!("{} ", exit.code())), "{exit:?}");
        }
    }
}
