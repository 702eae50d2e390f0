//! What a page of an API holds: documents, each mapped or kept with its error.

use muster_core::report::{Report, Unmapped};

/// One document of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    /// It is understood.
    Report(Box<Report>),
    /// It makes several statements, each of which can be true without the others: a bucket that
    /// anybody can read and write, a control with several resources. A report for each, whose keys
    /// end in `#` and the statement.
    Reports(Vec<Report>),
    /// It is kept with its error.
    Unmapped(Unmapped),
}

impl Document {
    /// A document with these statements: at least one.
    pub(crate) fn of(mut statements: Vec<Report>) -> Self {
        match statements.pop() {
            Some(report) if statements.is_empty() => Self::Report(Box::new(report)),
            last => {
                statements.extend(last);
                Self::Reports(statements)
            }
        }
    }

    /// The reports that it makes, or why it makes none.
    ///
    /// # Errors
    ///
    /// When it is not understood.
    pub fn into_reports(self) -> Result<Vec<Report>, Unmapped> {
        match self {
            Self::Report(report) => Ok(vec![*report]),
            Self::Reports(reports) => Ok(reports),
            Self::Unmapped(unmapped) => Err(unmapped),
        }
    }

    /// The reports that it makes; none when it is not understood.
    pub fn reports(&self) -> &[Report] {
        match self {
            Self::Report(report) => std::slice::from_ref(report),
            Self::Reports(reports) => reports,
            Self::Unmapped(_) => &[],
        }
    }
}

/// Documents and where the list goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FindingsPage {
    /// Each document of the page, in its order; as many as the page has.
    pub documents: Vec<Document>,
    /// The token of the next page; `None` after the last one (an empty token counts as none).
    pub next_token: Option<String>,
}

/// Ids and where the list goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdsPage {
    /// The ids, in the order of the page.
    pub ids: Vec<String>,
    /// The token of the next page; `None` after the last one (an empty token counts as none).
    pub next_token: Option<String>,
}

/// A body is not what the operation answers, so that the page as a whole cannot be read.
///
/// A document inside the page never causes it: it becomes [`Document::Unmapped`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer of {operation} cannot be read: {message}")]
pub struct BodyError {
    /// The API operation, for example `securityhub:GetFindings`.
    pub operation: &'static str,
    /// What is wrong with it, and where.
    pub message: String,
}
