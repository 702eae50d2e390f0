//! What a command that failed says, and the exit code that follows from it.

use std::error::Error;
use std::io;

use tonic::Code;

use super::exit::Exit;
use crate::{CallError, InvalidActor, InvalidServer, WatchError};

/// Why a command ends early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nobody reads the output any more. Not an error.
    ClosedPipe,
    /// To be told on stderr.
    Told(Box<Told>),
}

/// An error for people: what, further lines, and what to do.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) exit: Exit,
    pub(crate) message: String,
    pub(crate) details: Vec<String>,
    pub(crate) hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::Told(Box::new(Told { exit, message, details: Vec::new(), hint: None }))
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Self::Told(told) = &mut self {
            told.hint = Some(hint.into());
        }
        self
    }

    pub(crate) fn details(mut self, details: impl IntoIterator<Item = String>) -> Self {
        if let Self::Told(told) = &mut self {
            told.details.extend(details);
        }
        self
    }

    /// Explains a call that failed; `server` is where it was sent.
    pub(crate) fn call(error: &CallError, server: &str) -> Self {
        if error.is_connection_refused() {
            return Self::new(Exit::Unavailable, format!("nothing listens at {server}")).hint(
                "start a server with `musterd serve` (or `musterd demo`, which needs no AWS \
                 account), or name another one with --server or MUSTER_SERVER",
            );
        }
        let exit = exit_of(error.reason(), error.code());
        let mut failure = match innermost(error) {
            Some(cause) => {
                Self::new(exit, format!("no usable answer from the server at {server}: {cause}"))
            }
            None => Self::new(exit, said(error)),
        };
        let violations = error.unsaid_violations();
        failure =
            failure.details(violations.map(|one| format!("{}: {}", one.field, one.description)));
        // It leads into the server's log, which says more only about faults of the server.
        if let Some(id) = error.request_id().filter(|_| is_fault(error.code())) {
            failure = failure.details([format!("request id {id}")]);
        }
        match hint_of(error) {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }

    /// A filter that does not parse, shown with a mark under the place.
    pub(crate) fn filter(error: &CallError, filter: &str, server: &str) -> Self {
        let failure = Self::call(error, server);
        let offset = error.metadata("offset").and_then(|offset| offset.parse().ok());
        let before = offset.and_then(|offset: usize| filter.get(..offset));
        match (error.reason(), before) {
            (Some("INVALID_FILTER"), Some(before)) if !filter.contains(['\n', '\r']) => {
                let mark = format!("{}^", " ".repeat(before.chars().count()));
                failure.details([filter.to_owned(), mark])
            }
            _ => failure,
        }
    }

    /// A watch that ended.
    pub(crate) fn watch(error: &WatchError, filter: &str, server: &str) -> Self {
        match error {
            WatchError::Call(error) => Self::filter(error, filter, server),
            WatchError::Chain(broken) => Self::new(Exit::Failure, format!("{error}: {broken}"))
                .hint("start again without the cursor, and report this as a fault of the server"),
            WatchError::Ended => Self::new(Exit::Failure, error.to_string()),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::ClosedPipe;
        }
        Self::new(Exit::Failure, format!("failed to write the output: {error}"))
    }
}

impl From<csv::Error> for Failure {
    fn from(error: csv::Error) -> Self {
        match error.into_kind() {
            csv::ErrorKind::Io(error) => error.into(),
            kind => Self::new(Exit::Failure, format!("failed to write the output: {kind:?}")),
        }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::new(Exit::Failure, format!("failed to write JSON: {error}"))
    }
}

impl From<InvalidServer> for Failure {
    fn from(error: InvalidServer) -> Self {
        Self::usage(error.to_string()).hint(error.hint())
    }
}

impl From<InvalidActor> for Failure {
    fn from(error: InvalidActor) -> Self {
        Self::usage(error.to_string()).hint("for example --actor user:alice")
    }
}

/// The one match from status codes to exit codes.
fn exit_of_code(code: Code) -> Exit {
    match code {
        Code::Ok => Exit::Ok,
        Code::InvalidArgument => Exit::Usage,
        Code::NotFound => Exit::NotFound,
        Code::Aborted | Code::AlreadyExists => Exit::Conflict,
        Code::Unavailable | Code::DeadlineExceeded | Code::ResourceExhausted => Exit::Unavailable,
        Code::Cancelled
        | Code::Unknown
        | Code::PermissionDenied
        | Code::FailedPrecondition
        | Code::OutOfRange
        | Code::Unimplemented
        | Code::Internal
        | Code::DataLoss
        | Code::Unauthenticated => Exit::Failure,
    }
}

fn is_fault(code: Code) -> bool {
    matches!(code, Code::Internal | Code::Unknown | Code::DataLoss)
}

/// The exit code of an error of the server, by its reason where the code says too little.
pub(crate) fn exit_of(reason: Option<&str>, code: Code) -> Exit {
    match reason {
        // Trying again does not help until something else changes.
        Some("STORE_READ_ONLY" | "REQUEST_TOO_LARGE" | "TOO_MANY_SUBSCRIPTIONS") => Exit::Failure,
        // Somebody decided that it belongs elsewhere.
        Some("FINDING_MERGED") => Exit::Conflict,
        _ => exit_of_code(code),
    }
}

fn said(error: &CallError) -> String {
    if error.message().is_empty() {
        format!("{} failed: {}", error.operation(), error.code().description())
    } else {
        error.message().to_owned()
    }
}

fn innermost(error: &CallError) -> Option<String> {
    let mut cause = error.source()?;
    while let Some(next) = cause.source() {
        cause = next;
    }
    Some(cause.to_string())
}

fn hint_of(error: &CallError) -> Option<String> {
    if let (Some("FINDING_MERGED"), Some(into)) = (error.reason(), error.metadata("merged_into")) {
        return Some(format!("go on there: muster get {into}"));
    }
    if let Some(hint) = error.hint() {
        return Some(hint.to_owned());
    }
    Some(match (error.reason(), error.code()) {
        (Some("INVALID_FILTER"), _) => {
            "`muster help filters` has the fields, operators and values".to_owned()
        }
        (None, Code::Unimplemented) => {
            "is this a Muster server, and as new as this `muster`?".to_owned()
        }
        (None, Code::Unavailable) => {
            "is a Muster server at that address? If so, try again in a moment".to_owned()
        }
        (_, Code::DeadlineExceeded) => "wait longer with --timeout".to_owned(),
        (_, Code::Unavailable) => "try again in a moment".to_owned(),
        _ => return None,
    })
}
