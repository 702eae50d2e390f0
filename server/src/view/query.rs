//! What can be asked of the view, and its answers.

use muster_core::filter::Filter;
use muster_core::ids::FindingId;
use muster_core::triage::TriageState;

/// In which order a list is read. Ties are broken by id, ascending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Order {
    /// Highest score first.
    #[default]
    Priority,
    /// Latest first stored first.
    Newest,
    /// Last change first.
    RecentlyChanged,
}

impl Order {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Priority, Self::Newest, Self::RecentlyChanged];
}

/// Where a finding stands in an order. It stays a valid place to go on from when the finding moves
/// or disappears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    /// Larger keys come first. The score (`Priority`), when it was first stored in milliseconds
    /// (`Newest`), or the revision of its last change (`RecentlyChanged`).
    pub key: u64,
    /// Among equal keys, smaller ids come first.
    pub id: FindingId,
}

/// Which page to read.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// Which findings.
    pub filter: &'a Filter,
    /// In which order.
    pub order: Order,
    /// Only what comes after this; `None` begins at the top.
    pub after: Option<Position>,
    /// At most this many.
    pub limit: usize,
}

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// In order. The last one is where the next page begins.
    pub positions: Vec<Position>,
    /// How many findings the filter selects in all, exactly, wherever the page begins.
    pub total: u64,
    /// Something comes after this page.
    pub more: bool,
}

/// A part of a walk by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walk {
    /// What is selected, by id.
    pub ids: Vec<FindingId>,
    /// Everything up to here was looked at.
    pub reached: Option<FindingId>,
    /// Something comes after it.
    pub more: bool,
}

/// The most fields to count by at once.
pub const GROUP_BY_MAX: usize = 2;

/// By what findings are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupBy {
    /// Label.
    Severity,
    /// Priority band.
    Band,
    /// What the sources say.
    Status,
    /// What people decided.
    Triage,
    /// What kind of statement it is.
    Class,
    /// Which API a report was read from; a finding with reports from two counts in both groups.
    Source,
    /// Which account.
    Account,
    /// Which Region.
    Region,
    /// Who has it; empty means nobody.
    Assignee,
    /// Control id, finding type or check id.
    Rule,
}

impl GroupBy {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Severity,
        Self::Band,
        Self::Status,
        Self::Triage,
        Self::Class,
        Self::Source,
        Self::Account,
        Self::Region,
        Self::Assignee,
        Self::Rule,
    ];

    /// The name in requests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Severity => "severity",
            Self::Band => "band",
            Self::Status => "status",
            Self::Triage => "triage",
            Self::Class => "class",
            Self::Source => "source",
            Self::Account => "account",
            Self::Region => "region",
            Self::Assignee => "assignee",
            Self::Rule => "rule",
        }
    }

    /// The field of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.as_str() == name)
    }
}

/// Counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The largest groups, largest first, then by keys.
    pub groups: Vec<Group>,
    /// How many findings the filter selects.
    pub total: u64,
    /// Groups beyond the limit.
    pub left_off: usize,
}

/// Findings that have the same values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The values, in the order of the fields asked for.
    pub keys: Vec<String>,
    /// How many there are.
    pub count: u64,
    /// The highest score among them.
    pub max_score: u16,
}

/// What is known of a report: enough to say that it is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownReport {
    /// The finding that holds it.
    pub finding: FindingId,
    /// [`muster_core::report::Report::content_hash`] of what is stored.
    pub content_hash: u64,
    /// Something was concluded from its absence: it counts as changed when it is seen again.
    pub absent: bool,
    /// [`muster_core::report::Report::looked_hour`] of what is stored: much later it counts as
    /// changed.
    pub looked_hour: u32,
    /// What people decided on the finding: a report of one that is done counts as changed.
    pub triage: TriageState,
}
