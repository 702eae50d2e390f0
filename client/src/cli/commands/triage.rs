//! The commands that decide: `ack`, `start`, `assign`, `note`, `snooze`, `suppress`, `done`,
//! `reopen`.
//!
//! Every one of them goes the same way: say what is decided, select the findings, confirm when a
//! filter selected them, apply in batches, tell what changed and how to take it back.

mod apply;
mod confirm;
mod decide;
mod report;
mod select;
mod undo;

use std::time::Duration;

use muster_api::v1::TriageReason;
use muster_api::v1::triage_action::{
    Acknowledge, Action, Assign, Comment, Done, Reopen, Snooze, Start, Suppress, snooze, suppress,
};

use crate::cli::args::{
    AssignArgs, DecideArgs, DoneArgs, EndArgs, Format, Hidden, NoteArgs, SelectionArgs, SnoozeArgs,
    SuppressArgs,
};
use crate::cli::duration;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use decide::{Decision, End};
pub(super) use undo::shell;

/// The longest snooze the server takes.
const SNOOZE_MAX: Duration = Duration::from_hours(90 * 24);
/// The longest suppression the server takes: nothing is accepted for ever.
const SUPPRESS_MAX: Duration = Duration::from_hours(365 * 24);
/// How long a suppression lasts when nobody says.
const SUPPRESS_DEFAULT: Duration = Duration::from_hours(90 * 24);

/// `muster ack`.
pub(super) async fn acknowledge(session: &mut Session, args: &DecideArgs) -> Result<Exit, Failure> {
    let action = Action::Acknowledge(Acknowledge {});
    let decision = Decision::new(action, args.comment.as_deref());
    run(session, decision, &args.selection, Hidden::ClosedAndSetAside).await
}

/// `muster start`.
pub(super) async fn start(session: &mut Session, args: &DecideArgs) -> Result<Exit, Failure> {
    let decision = Decision::new(Action::Start(Start {}), args.comment.as_deref());
    run(session, decision, &args.selection, Hidden::ClosedAndSetAside).await
}

/// `muster reopen`.
pub(super) async fn reopen(session: &mut Session, args: &DecideArgs) -> Result<Exit, Failure> {
    let decision = Decision::new(Action::Reopen(Reopen {}), args.comment.as_deref());
    run(session, decision, &args.selection, Hidden::Undecided).await
}

/// `muster assign`.
pub(super) async fn assign(session: &mut Session, args: &AssignArgs) -> Result<Exit, Failure> {
    let assignee = match args.to.as_str() {
        "me" => session.me()?.to_owned(),
        "nobody" => String::new(),
        "" => return Err(Failure::usage("--to is empty").hint("`--to nobody` takes it away")),
        name => name.to_owned(),
    };
    let action = Action::Assign(Assign { assignee });
    let decision = Decision::new(action, args.comment.as_deref());
    run(session, decision, &args.selection, Hidden::ClosedAndSetAside).await
}

/// `muster note`.
pub(super) async fn note(session: &mut Session, args: &NoteArgs) -> Result<Exit, Failure> {
    let decision = Decision::new(Action::Comment(Comment {}), Some(said(&args.comment)?));
    run(session, decision, &args.selection, Hidden::ClosedAndSetAside).await
}

/// `muster done`.
pub(super) async fn done(session: &mut Session, args: &DoneArgs) -> Result<Exit, Failure> {
    let action = Action::Done(Done { reason: TriageReason::from(args.reason).into() });
    let decision = Decision::new(action, args.comment.as_deref());
    run(session, decision, &args.selection, Hidden::ClosedAndSetAside).await
}

/// `muster snooze`.
pub(super) async fn snooze(session: &mut Session, args: &SnoozeArgs) -> Result<Exit, Failure> {
    let Some(end) = end(session, args.end, SNOOZE_MAX)? else {
        return Err(Failure::usage("until when?")
            .hint("for example --for 7d, or --until 2026-12-01; at most 90 days"));
    };
    let until = match end {
        End::After(duration) => snooze::Until::Duration(duration),
        End::At(time) => snooze::Until::UntilTime(time),
    };
    let action = Action::Snooze(Snooze { until: Some(until) });
    let decision = Decision::new(action, args.comment.as_deref());
    run(session, decision, &args.selection, Hidden::ClosedAndSetAside).await
}

/// `muster suppress`.
pub(super) async fn suppress(session: &mut Session, args: &SuppressArgs) -> Result<Exit, Failure> {
    let comment = said(&args.comment)?;
    let end = if let Some(end) = end(session, args.end, SUPPRESS_MAX)? {
        end
    } else {
        let days = duration::show(SUPPRESS_DEFAULT);
        session.ui.note(&format!("for {days}, since neither --for nor --until says otherwise"));
        End::after(SUPPRESS_DEFAULT)
    };
    let until = match end {
        End::After(duration) => suppress::Until::Duration(duration),
        End::At(time) => suppress::Until::ExpireTime(time),
    };
    let reason = TriageReason::from(args.reason).into();
    let action = Action::Suppress(Suppress { reason, until: Some(until) });
    let decision = Decision::new(action, Some(comment));
    run(session, decision, &args.selection, Hidden::ClosedAndSetAside).await
}

/// Selects, confirms, applies and tells.
async fn run(
    session: &mut Session,
    decision: Decision,
    args: &SelectionArgs,
    hidden: Hidden,
) -> Result<Exit, Failure> {
    session.allow_only(&[
        Format::Table,
        Format::Wide,
        Format::Json,
        Format::Jsonl,
        Format::Name,
    ])?;
    let selection = select::select(session, args, hidden).await?;
    if args.dry_run {
        return report::dry_run(session, &decision, &selection);
    }
    if selection.by_filter && !selection.targets.is_empty() {
        confirm::confirm(session, &decision, &selection, args).await?;
    }
    if session.me.is_empty() {
        session.ui.note("the history will say user:anonymous: --actor user:NAME says who you are");
    }
    let applied = apply::apply(session, &decision, &selection).await?;
    report::report(session, &decision, &selection, &applied)
}

/// When the decision ends, checked against what the server takes: a dry run should not promise what
/// is refused later.
fn end(session: &Session, args: EndArgs, longest: Duration) -> Result<Option<End>, Failure> {
    let too_long = || Failure::usage(format!("at most {} are possible", duration::show(longest)));
    if let Some(duration) = args.duration {
        if duration > longest {
            return Err(too_long());
        }
        return Ok(Some(End::after(duration)));
    }
    let Some(time) = args.until else { return Ok(None) };
    let ahead = time.duration_since((session.ui.now)());
    if !ahead.is_positive() {
        return Err(Failure::usage(format!("{time} is in the past")));
    }
    if ahead.unsigned_abs() > longest {
        return Err(too_long());
    }
    Ok(Some(End::at(time)))
}

pub(super) fn said(comment: &str) -> Result<&str, Failure> {
    if comment.trim().is_empty() {
        return Err(Failure::usage("the comment is empty").hint("say it with -m TEXT"));
    }
    Ok(comment)
}
