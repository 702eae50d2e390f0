//! What is said beside a list: how many there are, what is hidden, and what an empty list means.

use muster_api::v1::SummarizeFindingsRequest;

use super::Listed;
use crate::cli::args::Composed;
use crate::cli::session::Session;
use crate::cli::ui::Ui;
use crate::cli::words::count;

/// Findings that match but are left out by default.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Hidden {
    closed: u64,
    snoozed: u64,
    suppressed: u64,
    done: u64,
}

impl Hidden {
    /// Counts what is hidden, for people. A failure hides only this count, so it is not told.
    pub(super) async fn ask(session: &Session, filter: &Composed, everything: String) -> Self {
        let hides = filter.hides_closed || filter.hides_set_aside;
        if !hides || session.ui.quiet || !session.format.is_human() {
            return Self::default();
        }
        let request = SummarizeFindingsRequest {
            filter: everything,
            group_by: vec!["status".to_owned(), "triage".to_owned()],
            // 5 statuses and 6 states; more may be added.
            limit: 100,
        };
        let Ok(summary) = session.client.summarize_findings(request).await else {
            return Self::default();
        };
        let mut hidden = Self::default();
        for group in summary.groups {
            if let [status, triage] = group.keys.as_slice() {
                hidden.add(filter, status, triage, group.count);
            }
        }
        hidden
    }

    fn add(&mut self, filter: &Composed, status: &str, triage: &str, count: u64) {
        let is_open = matches!(status, "ACTIVE" | "UNOBSERVABLE");
        if filter.hides_closed && !is_open {
            self.closed += count;
        } else if filter.hides_set_aside {
            match triage {
                "SNOOZED" => self.snoozed += count,
                "SUPPRESSED" => self.suppressed += count,
                "DONE" => self.done += count,
                _ => {}
            }
        }
    }

    fn total(&self) -> u64 {
        self.closed + self.snoozed + self.suppressed + self.done
    }

    /// `3 closed, 1 snoozed`.
    fn parts(&self) -> String {
        let parts = [
            (self.closed, "closed"),
            (self.snoozed, "snoozed"),
            (self.suppressed, "suppressed"),
            (self.done, "done"),
        ];
        let told: Vec<String> = parts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        told.join(", ")
    }
}

/// Says how much was shown; `unfiltered` when no option restricted the list.
pub(super) fn explain(session: &mut Session, list: &Listed, unfiltered: bool, hidden: &Hidden) {
    let is_human = session.format.is_human();
    let ui = &mut session.ui;
    let total = list.first.total_count;
    if list.shown == 0 {
        empty(ui, list, unfiltered, hidden);
    } else if list.next_page_token.is_some() {
        let total = total.max(list.shown);
        ui.note(&format!("showing {} of {}", list.shown, count(total, "finding")));
    } else {
        ui.note(&count(list.shown, "finding"));
    }
    if hidden.total() > 0 {
        ui.note(&format!("{} hidden by default: {}", hidden.total(), hidden.parts()));
    }
    if let Some(token) = &list.next_page_token {
        // A person wants more lines; a token is long, and for scripts.
        if is_human {
            ui.hint("-n 0 shows all");
        } else {
            ui.hint(&format!("--page-token {token} goes on from here"));
        }
    } else if hidden.total() > 0 {
        ui.hint("--all shows those too");
    }
}

/// Says why there is nothing, which is good news only sometimes.
fn empty(ui: &mut Ui, list: &Listed, unfiltered: bool, hidden: &Hidden) {
    let coverage = list.first.coverage.clone().unwrap_or_default();
    if coverage.unit_count == 0 {
        ui.note("no findings: nothing has been collected yet");
        ui.hint("`muster units` shows what the server collects");
        return;
    }
    let subject = match (unfiltered, hidden.total()) {
        (_, 1..) => "nothing open matches",
        (true, 0) => "no findings",
        (false, 0) => "no finding matches",
    };
    if coverage.complete {
        let units = count(coverage.unit_count.into(), "unit");
        ui.note(&format!("{subject} ({units} collected, all of them read)"));
    } else {
        ui.note(&format!("{subject} in what could be read"));
    }
}
