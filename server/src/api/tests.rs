//! The API as clients meet it: the real generated client and the real server, over pipes.

mod bad_input;
mod client;
mod consume;
mod drain;
mod errors;
mod history;
mod ids;
mod lists;
mod maturity;
mod priority;
mod regroup;
mod sample;
mod subscriptions;
mod telemetry;
mod triage;
mod units;
mod watch;
mod watch_limits;
mod world;
