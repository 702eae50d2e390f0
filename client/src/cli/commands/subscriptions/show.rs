//! Subscriptions as they are shown.

use std::time::Duration;

use anstyle::{AnsiColor, Style};
use muster_api::v1::{Subscription, SubscriptionConfig, SubscriptionState, SubscriptionStatus};
use serde::Serialize;

use crate::cli::args::Format;
use crate::cli::duration;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::document::{SubscriptionDoc, Versioned};
use crate::cli::output::json;
use crate::cli::output::table::{Column, Table};
use crate::cli::session::Session;
use crate::cli::time::stamp;
use crate::cli::ui::{BOLD, DIM, PLAIN, Span, Ui};
use crate::cli::words::{Word, count};

/// Why a subscription is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// Somebody asked.
    Shown,
    /// It was made.
    Created,
    /// It was there already.
    Known,
    /// It was moved.
    Reset,
}

#[derive(Serialize)]
struct ListDoc<'a> {
    subscriptions: Vec<SubscriptionDoc<'a>>,
}

/// Shows one.
pub(super) fn one(
    session: &mut Session,
    subscription: Option<Subscription>,
    told: Told,
) -> Result<Exit, Failure> {
    let subscription = subscription.unwrap_or_default();
    let ui = &mut session.ui;
    match session.format {
        Format::Json | Format::Jsonl => {
            let document = Versioned::new(SubscriptionDoc::new(&subscription));
            let line = session.format == Format::Jsonl;
            let text = if line { json::to_line(&document)? } else { json::to_pretty(&document)? };
            ui.bytes(text.as_bytes())?;
        }
        Format::Name => ui.line(&[Span::plain(subscription.id.as_str())])?,
        Format::Table | Format::Wide | Format::Csv | Format::Svg => {
            details(ui, &subscription)?;
            ui.flush()?;
            match told {
                Told::Shown => {}
                Told::Created => ui.note("created"),
                Told::Known => ui.note("it was there already, and stays where it stands"),
                Told::Reset => ui.note("reset: deliveries of before are unknown now"),
            }
        }
    }
    advise(ui, &subscription);
    Ok(Exit::Ok)
}

/// Shows all of them.
pub(super) fn all(session: &mut Session, all: &[Subscription]) -> Result<Exit, Failure> {
    let ui = &mut session.ui;
    match session.format {
        Format::Json => {
            let document =
                ListDoc { subscriptions: all.iter().map(SubscriptionDoc::new).collect() };
            ui.bytes(json::to_pretty(&Versioned::new(document))?.as_bytes())?;
        }
        Format::Jsonl => {
            for one in all {
                ui.bytes(json::to_line(&Versioned::new(SubscriptionDoc::new(one)))?.as_bytes())?;
            }
        }
        Format::Name => {
            for one in all {
                ui.line(&[Span::plain(one.id.as_str())])?;
            }
        }
        Format::Table | Format::Wide | Format::Csv | Format::Svg => {
            table(ui, all)?;
            ui.flush()?;
            ui.note(&count(all.len() as u64, "subscription"));
        }
    }
    for one in all {
        advise(ui, one);
    }
    Ok(Exit::Ok)
}

fn table(ui: &mut Ui, all: &[Subscription]) -> Result<(), Failure> {
    let mut table = Table::new([
        Column::new("NAME"),
        Column::new("STATE"),
        Column::new("BEHIND").right(),
        Column::new("AGE").right(),
        Column::new("OUT").right(),
        Column::new("PARKED").right(),
        Column::new("CONSUMER").shrinks_to(12),
        Column::new("FILTER").shrinks_to(16),
    ]);
    let none = SubscriptionStatus::default();
    for one in all {
        let status = one.status.as_ref().unwrap_or(&none);
        let filter = one.config.as_ref().map_or("", |config| config.filter.as_str());
        table.push(vec![
            Span::new(one.id.as_str(), BOLD),
            Span::new(SubscriptionState::lower(status.state), style(status)),
            Span::plain(if status.in_snapshot {
                "snapshot".to_owned()
            } else {
                behind(status).to_string()
            }),
            Span::plain(age(status)),
            Span::plain(status.outstanding.to_string()),
            Span::plain(status.parked.to_string()),
            Span::plain(status.session_principal.as_str()),
            Span::plain(filter),
        ]);
    }
    Ok(table.print(ui)?)
}

fn details(ui: &mut Ui, one: &Subscription) -> Result<(), Failure> {
    let (config, status) =
        (one.config.clone().unwrap_or_default(), one.status.clone().unwrap_or_default());
    ui.line(&[
        Span::new(one.id.as_str(), BOLD),
        Span::plain("  "),
        Span::new(SubscriptionState::lower(status.state), style(&status)),
        Span::new(format!("  etag {}", one.etag), DIM),
    ])?;
    for (name, text) in lines(&config, &status) {
        ui.line(&[Span::new(format!("  {name:<12}"), DIM), Span::plain(text)])?;
    }
    let now = (ui.now)();
    for act in &one.acts {
        let by = act.actor.as_ref().map_or("", |actor| actor.principal.as_str());
        let when = stamp(now, act.time.as_ref());
        let mut text = format!("{when} by {by}");
        if !act.comment.is_empty() {
            text.push_str(": ");
            text.push_str(&act.comment);
        }
        ui.line(&[Span::new(format!("  {:<12}", act.kind), DIM), Span::plain(text)])?;
    }
    Ok(())
}

fn lines(config: &SubscriptionConfig, status: &SubscriptionStatus) -> Vec<(&'static str, String)> {
    let place = if status.in_snapshot { ", in the snapshot" } else { "" };
    let attempts = match config.max_delivery_attempts {
        Some(0) | None => "without end".to_owned(),
        Some(attempts) => format!("up to {attempts} times"),
    };
    let filter = if config.filter.is_empty() { "(all findings)" } else { &config.filter };
    let mut lines = vec![
        ("filter", filter.to_owned()),
        (
            "position",
            format!(
                "ack floor {}, {} behind the log{place}",
                status.ack_floor,
                count(behind(status), "change")
            ),
        ),
        (
            "unsettled",
            format!(
                "{} of {}, the oldest for {}; {} given up",
                status.outstanding,
                config.max_outstanding,
                age(status),
                status.parked
            ),
        ),
        (
            "retries",
            format!(
                "after {} without an ack; {attempts}, {} to {} apart",
                shown(config.ack_deadline.as_ref()),
                shown(config.min_backoff.as_ref()),
                shown(config.max_backoff.as_ref()),
            ),
        ),
    ];
    if !config.description.is_empty() {
        lines.insert(0, ("for", config.description.clone()));
    }
    if !status.session_principal.is_empty() {
        let epoch = status.session_epoch;
        lines.push(("session", format!("{} (number {epoch})", status.session_principal)));
    }
    lines
}

fn behind(status: &SubscriptionStatus) -> u64 {
    status.head_revision.saturating_sub(status.ack_floor)
}

fn age(status: &SubscriptionStatus) -> String {
    status.oldest_unacked_age.as_ref().map_or_else(|| "-".to_owned(), |age| shown(Some(age)))
}

fn shown(span: Option<&prost_types::Duration>) -> String {
    let span = span.and_then(|span| Duration::try_from(*span).ok());
    span.map_or_else(|| "-".to_owned(), duration::show)
}

fn style(status: &SubscriptionStatus) -> Style {
    match status.state() {
        SubscriptionState::Stale => AnsiColor::Red.on_default().bold(),
        SubscriptionState::Saturated => AnsiColor::Yellow.on_default(),
        SubscriptionState::Active | SubscriptionState::Unspecified => PLAIN,
    }
}

/// What somebody must do.
fn advise(ui: &mut Ui, one: &Subscription) {
    let Some(status) = &one.status else { return };
    let name = &one.id;
    if status.state() == SubscriptionState::Stale {
        ui.hint(&format!(
            "{name} delivers nothing: muster subscriptions reset {name} --start snapshot --floor {} \
             -m WHY",
            status.ack_floor
        ));
    }
    if status.parked > 0 {
        ui.hint(&format!("muster subscriptions parked {name} shows what {name} gave up"));
    }
}
