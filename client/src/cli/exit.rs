//! Exit codes: a promise to scripts.

use std::process::ExitCode;

/// How `muster` ends. The numbers never change their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// It worked; also when the list is empty, or the output was closed by its reader.
    Ok = 0,
    /// Something failed that has no code of its own.
    Failure = 1,
    /// The command line is wrong, an id is ambiguous, or the user cancelled.
    Usage = 2,
    /// A finding does not exist.
    NotFound = 5,
    /// A condition did not hold: somebody else decided, or the finding changed.
    Conflict = 6,
    /// The server cannot be reached, is overloaded, or did not answer in time: try again.
    Unavailable = 7,
    /// `--fail-on` matched.
    Matched = 10,
    /// Interrupted by Ctrl-C.
    Interrupted = 130,
}

impl Exit {
    /// Every code, in order.
    pub const ALL: [Self; 8] = [
        Self::Ok,
        Self::Failure,
        Self::Usage,
        Self::NotFound,
        Self::Conflict,
        Self::Unavailable,
        Self::Matched,
        Self::Interrupted,
    ];

    /// The number.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// What it means, as the help says it.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Ok => "it worked (an empty list and a closed pipe included)",
            Self::Failure => "failure, or a batch that failed in more than one way",
            Self::Usage => "wrong usage, an ambiguous id, or cancelled",
            Self::NotFound => "a finding was not found",
            Self::Conflict => "conflict: decided or changed by somebody else meanwhile",
            Self::Unavailable => "server unavailable, overloaded or too slow: try again",
            Self::Matched => "`ls --fail-on` matched",
            Self::Interrupted => "interrupted by Ctrl-C",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
