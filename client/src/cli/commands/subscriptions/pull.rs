//! `muster subscriptions pull`: deliveries as lines, for scripts.

use muster_api::v1::ack::{Done, Verdict};
use muster_api::v1::{Ack, AckChangesRequest, AckResult, AckStatus, PullChangesRequest};

use super::span;
use crate::cli::args::{Format, PullArgs};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::document::{DeliveryDoc, Versioned};
use crate::cli::output::json;
use crate::cli::session::Session;
use crate::cli::words::Word;

/// Prints what there is; then, when told to, acknowledges what was written.
pub(super) async fn run(session: &mut Session, args: &PullArgs) -> Result<Exit, Failure> {
    session.allow_only(&[Format::Table, Format::Jsonl])?;
    let request = PullChangesRequest {
        subscription_id: args.name.clone(),
        max_deliveries: args.limit,
        wait: Some(span(args.wait)),
    };
    let answer = session.client.pull_changes(request).await;
    let answer = answer.map_err(|error| session.failed(&error))?;
    for delivery in &answer.deliveries {
        let line = json::to_line(&Versioned::new(DeliveryDoc::new(delivery)))?;
        session.ui.bytes(line.as_bytes())?;
    }
    // What nobody could read is not acknowledged.
    session.ui.flush()?;
    let printed = match answer.deliveries.len() {
        1 => "1 delivery".to_owned(),
        count => format!("{count} deliveries"),
    };
    if !args.ack || answer.deliveries.is_empty() {
        session.ui.note(&printed);
        return Ok(Exit::Ok);
    }
    let ack = |ack_id: String| Ack { ack_id, verdict: Some(Verdict::Done(Done {})) };
    let acks = answer.deliveries.into_iter().map(|delivery| ack(delivery.ack_id)).collect();
    let request = AckChangesRequest { subscription_id: args.name.clone(), acks };
    session.set_writing(true);
    let answer = session.client.ack_changes(request).await;
    session.set_writing(false);
    let answer = answer.map_err(|error| session.failed(&error))?;
    let fine = [AckStatus::Accepted, AckStatus::AlreadySettled];
    let odd: Vec<&AckResult> =
        answer.results.iter().filter(|result| !fine.contains(&result.status())).collect();
    if let Some(first) = odd.first() {
        let what = AckStatus::word(first.status);
        let failed = format!("{} of {printed} not acknowledged: {what}", odd.len());
        return Err(Failure::new(Exit::Conflict, failed));
    }
    session.ui.note(&format!("{printed}, acknowledged"));
    Ok(Exit::Ok)
}
