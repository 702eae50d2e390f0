//! A file for each command.

mod attest;
mod completions;
mod explain;
mod get;
mod history;
mod ls;
mod maturity;
mod priority;
mod regroup;
mod repeat;
mod subscriptions;
mod summary;
mod topic;
mod triage;
mod units;
mod unmapped;
mod watch;

use super::args::{Command, Format};
use super::exit::Exit;
use super::failure::Failure;
use super::session::Session;
use super::topics;

/// Runs a command.
pub(crate) async fn run(session: &mut Session, command: &Command) -> Result<Exit, Failure> {
    if session.format == Format::Svg && !matches!(command, Command::Maturity(_)) {
        return Err(Failure::usage("only `muster maturity` prints svg"));
    }
    match command {
        Command::Ls(args) => ls::run(session, args).await,
        Command::Get(args) => get::run(session, args).await,
        Command::Watch(args) => watch::run(session, args).await,
        Command::Ack(args) => triage::acknowledge(session, args).await,
        Command::Start(args) => triage::start(session, args).await,
        Command::Assign(args) => triage::assign(session, args).await,
        Command::Note(args) => triage::note(session, args).await,
        Command::Snooze(args) => triage::snooze(session, args).await,
        Command::Suppress(args) => triage::suppress(session, args).await,
        Command::Done(args) => triage::done(session, args).await,
        Command::Reopen(args) => triage::reopen(session, args).await,
        Command::Merge(args) => regroup::merge(session, args).await,
        Command::Split(args) => regroup::split(session, args).await,
        Command::History(args) => history::run(session, args).await,
        Command::Units(args) => units::run(session, args).await,
        Command::Summary(args) => summary::run(session, args).await,
        Command::Explain(args) => explain::run(session, args).await,
        Command::Priority(args) => priority::run(session, args).await,
        Command::Maturity(args) => maturity::run(session, args).await,
        Command::Attest(args) => attest::run(session, args).await,
        Command::Subscriptions(args) => subscriptions::run(session, args).await,
        Command::Unmapped(args) => unmapped::run(session, args).await,
        Command::Completions(args) => completions::run(session, args),
        Command::Version => topic::version(session),
        Command::ExitCodes => topic::print(session, &topics::EXIT_CODES_TEMPLATE),
        Command::Filters => topic::print(session, topics::FILTERS),
        Command::Output => topic::print(session, topics::OUTPUT),
        Command::Environment => topic::print(session, topics::ENVIRONMENT),
    }
}
