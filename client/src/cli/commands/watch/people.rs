//! A watch for people: a line for each finding, then for each change.

use std::time::Duration;

use muster_api::v1::{Change, Coverage, Finding};

use super::revision;
use crate::cli::coverage;
use crate::cli::duration;
use crate::cli::failure::Failure;
use crate::cli::output::changes::{by_whom, left, what_in_short};
use crate::cli::output::findings::{
    priority_span, severity_word, short_id, title_span, triage_span,
};
use crate::cli::output::table::cut_line;
use crate::cli::time::clock;
use crate::cli::ui::{BOLD, DIM, Span, Ui, severity_style};
use crate::cli::words::count;
use crate::{CallError, ReconnectCause, RestartReason, WatchEvent, WatchedChange};

/// Characters of an id on a line.
const ID: usize = 8;

/// Prints events as lines.
pub(super) struct People {
    /// Lines of a snapshot to print; 0 prints all.
    limit: u64,
    /// Print account, Region and resource too.
    wide: bool,
    /// Findings of the running snapshot.
    received: u64,
    /// The connection was lost and nothing came since.
    lost: bool,
    /// What was last said about coverage.
    partial: Option<bool>,
}

impl People {
    pub(super) fn new(limit: u64, wide: bool) -> Self {
        Self { limit, wide, received: 0, lost: false, partial: None }
    }

    pub(super) fn print(&mut self, ui: &mut Ui, event: &WatchEvent) -> Result<(), Failure> {
        let is_trouble =
            matches!(event, WatchEvent::Reconnecting { .. } | WatchEvent::Restarting { .. });
        if self.lost && !is_trouble {
            self.lost = false;
            ui.note("connected again; nothing was missed");
        }
        match event {
            WatchEvent::SnapshotStart(start) => {
                self.received = 0;
                self.coverage(ui, start.coverage.as_ref());
            }
            WatchEvent::Findings(findings) => {
                for finding in findings {
                    self.received += 1;
                    if self.limit == 0 || self.received <= self.limit {
                        self.finding(ui, finding)?;
                    }
                }
            }
            WatchEvent::SnapshotEnd(end) => self.snapshot_end(ui, revision(end.position.as_ref())),
            WatchEvent::Changes { changes, .. } => {
                for change in changes {
                    self.change(ui, change)?;
                }
            }
            WatchEvent::Bookmark(bookmark) => self.coverage(ui, bookmark.coverage.as_ref()),
            WatchEvent::Reconnecting { cause, delay, attempt } => {
                // Once is news; every further try is not.
                self.lost = true;
                if *attempt == 1 {
                    ui.warn(&reconnecting(cause, *delay));
                }
            }
            WatchEvent::Restarting { reason } => {
                self.lost = false;
                ui.warn(match reason {
                    RestartReason::CursorExpired => {
                        "the position is older than the server's log; starting again with what is \
                         there now"
                    }
                    RestartReason::LogChanged => {
                        "the server has another store now; starting again with what is there"
                    }
                });
            }
        }
        Ok(())
    }

    fn snapshot_end(&self, ui: &mut Ui, revision: u64) {
        let hidden = if self.limit == 0 { 0 } else { self.received.saturating_sub(self.limit) };
        if hidden > 0 {
            ui.note(&format!("… and {hidden} less urgent; -n 0 shows all"));
        }
        let findings = count(self.received, "finding");
        ui.note(&format!(
            "{findings} at revision {revision}; changes follow as they happen, Ctrl-C ends"
        ));
    }

    /// Says when what can be read changes.
    fn coverage(&mut self, ui: &mut Ui, coverage: Option<&Coverage>) {
        let Some(coverage) = coverage else { return };
        let partial = coverage::is_partial(coverage);
        if self.partial == Some(partial) {
            return;
        }
        if partial {
            coverage::warn(ui, Some(coverage));
        } else if self.partial.is_some() {
            ui.note("every unit is read well again");
        }
        self.partial = Some(partial);
    }

    fn finding(&self, ui: &mut Ui, finding: &Finding) -> Result<(), Failure> {
        let mut spans = head(&" ".repeat(9), Some(finding), &finding.id);
        spans.push(triage_span(finding, (ui.now)()));
        spans.extend(self.tail(finding));
        print(ui, spans)
    }

    fn change(&self, ui: &mut Ui, watched: &WatchedChange) -> Result<(), Failure> {
        let WatchedChange { change, superseded } = watched;
        let time = clock(change.commit_time.as_ref());
        let mut spans = head(&time, change.finding.as_ref(), &change.finding_id);
        spans.push(Span::new(told(change, *superseded), BOLD));
        if let Some(who) = by_whom(change) {
            spans.push(Span::plain(format!(" by {who}")));
        }
        if !change.comment.is_empty() {
            spans.push(Span::plain(format!(" “{}”", change.comment)));
        }
        if let Some(finding) = &change.finding {
            spans.extend(self.tail(finding));
        }
        print(ui, spans)
    }

    fn tail(&self, finding: &Finding) -> Vec<Span> {
        let mut tail = vec![Span::plain("  ")];
        if self.wide {
            let resource = finding.resources.first().map_or("-", |resource| resource.id.as_str());
            let place = format!("{} {} {resource}  ", finding.account_id, finding.region);
            tail.push(Span::plain(place));
        }
        tail.push(title_span(finding));
        tail
    }
}

/// Time, severity, priority and id, in columns.
fn head(time: &str, finding: Option<&Finding>, id: &str) -> Vec<Span> {
    let (severity, style) = finding.map_or(("", DIM), |finding| {
        (severity_word(finding.severity), severity_style(finding.severity))
    });
    let priority = finding.map(priority_span).unwrap_or_default();
    vec![
        Span::new(time, DIM),
        Span::new(format!("  {severity:4}  "), style),
        Span::new(format!("{:9}  ", priority.text.as_str()), priority.style),
        Span::new(format!("{}  ", short_id(id, ID)), BOLD),
    ]
}

fn told(change: &Change, superseded: bool) -> String {
    let what = what_in_short(change);
    if superseded {
        format!("{what} (shown above as it became later)")
    } else if left(change) {
        format!("{what} (no longer matches)")
    } else {
        what
    }
}

fn reconnecting(cause: &ReconnectCause, delay: Duration) -> String {
    let why = match cause {
        ReconnectCause::GoAway { reason } => format!("the server asks to come back ({reason})"),
        ReconnectCause::Silent => "the server is silent".to_owned(),
        ReconnectCause::Ended => "the server ended the stream".to_owned(),
        ReconnectCause::Failed(error) => said(error),
    };
    format!("{why}; trying again in {}, then until it works", duration::show(delay))
}

fn said(error: &CallError) -> String {
    if error.reason().is_none() {
        "the connection is lost".to_owned()
    } else {
        error.message().to_owned()
    }
}

fn print(ui: &mut Ui, spans: Vec<Span>) -> Result<(), Failure> {
    let line = cut_line(spans, ui.width);
    Ok(ui.line(&line)?)
}
