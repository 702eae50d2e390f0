//! `muster subscriptions`.

mod parked;
mod pull;
mod show;

use std::time::Duration;

use muster_api::v1::start_from::Position;
use muster_api::v1::{
    CreateSubscriptionRequest, DeleteSubscriptionRequest, FindingView, GetSubscriptionRequest,
    ListSubscriptionsRequest, ResetSubscriptionRequest, StartFrom, StartPosition,
    SubscriptionConfig, UpdateSubscriptionRequest,
};

use self::show::Told;
use crate::cli::args::{
    CreateSubscriptionArgs, Format, ResetArgs, Start, SubscriptionsArgs, SubscriptionsCommand,
    UpdateArgs,
};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::cli::time::to_wire;
use crate::cli::ui::{BOLD, Span};

/// What the command prints of subscriptions.
const FORMATS: [Format; 5] =
    [Format::Table, Format::Wide, Format::Json, Format::Jsonl, Format::Name];

/// Subscriptions or parked changes asked for at once: the server's limit.
const PAGE_SIZE: i32 = 500;

/// Makes, shows, moves and reads subscriptions.
pub(super) async fn run(session: &mut Session, args: &SubscriptionsArgs) -> Result<Exit, Failure> {
    session.allow_only(&FORMATS)?;
    match &args.command {
        SubscriptionsCommand::Create(args) => create(session, args).await,
        SubscriptionsCommand::List => list(session).await,
        SubscriptionsCommand::Get { name } => {
            let request = GetSubscriptionRequest { id: name.clone() };
            let answer = session.client.get_subscription(request).await;
            let answer = answer.map_err(|error| session.failed(&error))?;
            show::one(session, answer.subscription, Told::Shown)
        }
        SubscriptionsCommand::Update(args) => update(session, args).await,
        SubscriptionsCommand::Delete { name, etag } => {
            let request = DeleteSubscriptionRequest { id: name.clone(), etag: etag.clone() };
            let answer = session.client.delete_subscription(request).await;
            answer.map_err(|error| session.failed(&error))?;
            if session.format.is_human() {
                session.ui.line(&[Span::new(format!("deleted {name}"), BOLD)])?;
            }
            Ok(Exit::Ok)
        }
        SubscriptionsCommand::Reset(args) => reset(session, args).await,
        SubscriptionsCommand::Pull(args) => pull::run(session, args).await,
        SubscriptionsCommand::Parked { name } => parked::list(session, name).await,
        SubscriptionsCommand::Resolve(args) => parked::resolve(session, args).await,
    }
}

async fn create(session: &mut Session, args: &CreateSubscriptionArgs) -> Result<Exit, Failure> {
    let limits = &args.limits;
    let config = SubscriptionConfig {
        description: limits.description.clone().unwrap_or_default(),
        filter: args.filter.clone(),
        view: FindingView::from(args.view).into(),
        kinds: args.kinds.iter().map(|kind| i32::from(*kind)).collect(),
        max_outstanding: limits.max_outstanding.unwrap_or_default(),
        ack_deadline: limits.ack_deadline.map(span),
        max_delivery_attempts: limits.attempts,
        min_backoff: limits.min_backoff.map(span),
        max_backoff: limits.max_backoff.map(span),
    };
    let request = CreateSubscriptionRequest {
        id: args.name.clone(),
        config: Some(config),
        start: Some(start(args.start)),
    };
    let answer = session.client.create_subscription(request).await;
    let answer = answer.map_err(|error| session.failed_with(&error, &args.filter))?;
    let told = if answer.created { Told::Created } else { Told::Known };
    show::one(session, answer.subscription, told)
}

async fn list(session: &mut Session) -> Result<Exit, Failure> {
    let mut subscriptions = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListSubscriptionsRequest { page_size: PAGE_SIZE, page_token };
        let page = session.client.list_subscriptions(request).await;
        let page = page.map_err(|error| session.failed(&error))?;
        subscriptions.extend(page.subscriptions);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return show::all(session, &subscriptions);
        }
    }
}

async fn update(session: &mut Session, args: &UpdateArgs) -> Result<Exit, Failure> {
    let limits = &args.limits;
    let request = UpdateSubscriptionRequest {
        id: args.name.clone(),
        etag: args.etag.clone(),
        description: limits.description.clone(),
        max_outstanding: limits.max_outstanding,
        ack_deadline: limits.ack_deadline.map(span),
        max_delivery_attempts: limits.attempts,
        min_backoff: limits.min_backoff.map(span),
        max_backoff: limits.max_backoff.map(span),
    };
    let answer = session.client.update_subscription(request).await;
    let answer = answer.map_err(|error| session.failed(&error))?;
    show::one(session, answer.subscription, Told::Shown)
}

async fn reset(session: &mut Session, args: &ResetArgs) -> Result<Exit, Failure> {
    let request = ResetSubscriptionRequest {
        id: args.name.clone(),
        start: Some(start(args.start)),
        expected_ack_floor: args.floor,
        comment: args.comment.clone(),
    };
    let answer = session.client.reset_subscription(request).await;
    let answer = answer.map_err(|error| session.failed(&error))?;
    show::one(session, answer.subscription, Told::Reset)
}

fn start(start: Start) -> StartFrom {
    let position = match start {
        Start::Snapshot => Position::At(StartPosition::Snapshot.into()),
        Start::Oldest => Position::At(StartPosition::Oldest.into()),
        Start::Now => Position::At(StartPosition::Now.into()),
        Start::At(time) => Position::Time(to_wire(time)),
    };
    StartFrom { position: Some(position) }
}

fn span(span: Duration) -> prost_types::Duration {
    let seconds = i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
    let nanos = i32::try_from(span.subsec_nanos()).unwrap_or_default();
    prost_types::Duration { seconds, nanos }
}
