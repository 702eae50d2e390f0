//! The requests of `FindingsService`.

use std::time::Duration;

use muster_api::v1 as wire;
use muster_core::ids::FindingId;

use super::{
    ID_BYTES_MAX, IDS_MAX, IdText, Selection, Violations, detail, full_id, id_text, page_size,
    page_token, shown,
};
use crate::api::convert::Detail;
use crate::api::cursor::{CURSOR_BYTES_MAX, query_hash};
use crate::api::error::ApiError;
use crate::view::{GroupBy, Order};

/// `ListFindings`: findings on a page unless asked otherwise, and at most.
pub(crate) const LIST_SIZE: (usize, usize) = (50, 1000);

/// `ListFindingHistory`: changes on a page unless asked otherwise, and at most.
pub(crate) const HISTORY_SIZE: (usize, usize) = (50, 500);

/// `SummarizeFindings`: groups unless asked otherwise, and at most.
pub(crate) const SUMMARY_SIZE: (usize, usize) = (100, 1000);

/// `SummarizeFindings`: the most fields to group by.
pub(crate) const GROUP_BY_MAX: usize = 2;

/// `WatchFindings`: findings or changes in a message unless asked otherwise, and at most.
pub(crate) const BATCH_SIZE: (usize, usize) = (100, 1000);

/// The heartbeat of a watch unless asked otherwise.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The shortest and the longest heartbeat.
const HEARTBEAT_BOUNDS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(5));

/// A wanted `GetFinding`.
#[derive(Debug)]
pub(crate) struct Get {
    pub(crate) id: IdText,
    pub(crate) detail: Detail,
}

/// Reads a `GetFinding`.
pub(crate) fn get(request: &wire::GetFindingRequest) -> Result<Get, ApiError> {
    let mut violations = Violations::default();
    let id = id_text(&mut violations, "id", &request.id);
    let detail = detail(&mut violations, request.view, Detail::Full);
    let get = id.map(|id| Get { id, detail });
    complete(violations, get)
}

/// A wanted `BatchGetFindings`.
#[derive(Debug)]
pub(crate) struct BatchGet {
    pub(crate) ids: Vec<FindingId>,
    pub(crate) detail: Detail,
}

/// Reads a `BatchGetFindings`.
pub(crate) fn batch_get(request: &wire::BatchGetFindingsRequest) -> Result<BatchGet, ApiError> {
    let mut violations = Violations::default();
    let detail = detail(&mut violations, request.view, Detail::Basic);
    violations.count("ids", request.ids.len(), 1, IDS_MAX);
    let mut ids = Vec::new();
    for (index, text) in request.ids.iter().take(IDS_MAX).enumerate() {
        ids.extend(full_id(&mut violations, &format!("ids[{index}]"), text));
    }
    violations.or(BatchGet { ids, detail })
}

/// Reads a `ResolveFindingIds`: each text with what it says.
pub(crate) fn resolve(
    request: wire::ResolveFindingIdsRequest,
) -> Result<Vec<(String, IdText)>, ApiError> {
    let mut violations = Violations::default();
    violations.count("prefixes", request.prefixes.len(), 1, IDS_MAX);
    let mut prefixes = Vec::new();
    for (index, text) in request.prefixes.into_iter().take(IDS_MAX).enumerate() {
        let field = format!("prefixes[{index}]");
        violations.text(&field, &text, ID_BYTES_MAX);
        let id = id_text(&mut violations, &field, &text);
        prefixes.extend(id.map(|id| (text, id)));
    }
    violations.or(prefixes)
}

/// A wanted `ListFindings`.
#[derive(Debug)]
pub(crate) struct List {
    pub(crate) selection: Selection,
    pub(crate) order: Order,
    pub(crate) detail: Detail,
    pub(crate) limit: usize,
    pub(crate) page_token: String,
}

impl List {
    /// What must stay the same from page to page.
    pub(crate) fn query_hash(&self) -> [u8; 8] {
        let order = match self.order {
            Order::Priority => "priority",
            Order::Newest => "newest",
            Order::RecentlyChanged => "recently-changed",
        };
        query_hash(&["list", &self.selection.canonical, order, self.detail.name()])
    }

    /// What a watch that continues from a page must have in common with it.
    pub(crate) fn watch_hash(&self) -> [u8; 8] {
        watch_hash(&self.selection, self.detail)
    }
}

/// Reads a `ListFindings`.
pub(crate) fn list(request: wire::ListFindingsRequest) -> Result<List, ApiError> {
    let mut violations = Violations::default();
    let order = match wire::FindingOrder::try_from(request.order) {
        Ok(wire::FindingOrder::Unspecified | wire::FindingOrder::Priority) => Order::Priority,
        Ok(wire::FindingOrder::Newest) => Order::Newest,
        Ok(wire::FindingOrder::RecentlyChanged) => Order::RecentlyChanged,
        Err(_) => {
            violations.add("order", format!("{} is no FindingOrder", request.order));
            Order::Priority
        }
    };
    let detail = detail(&mut violations, request.view, Detail::Basic);
    let (default, max) = LIST_SIZE;
    let limit = page_size(&mut violations, "page_size", request.page_size, default, max);
    let page_token = page_token(&mut violations, request.page_token);
    violations.or(())?;
    let selection = Selection::parse(&request.filter)?;
    Ok(List { selection, order, detail, limit, page_token })
}

/// A wanted `SummarizeFindings`.
#[derive(Debug)]
pub(crate) struct Summarize {
    pub(crate) selection: Selection,
    pub(crate) group_by: Vec<GroupBy>,
    pub(crate) limit: usize,
}

/// Reads a `SummarizeFindings`.
pub(crate) fn summarize(request: &wire::SummarizeFindingsRequest) -> Result<Summarize, ApiError> {
    let mut violations = Violations::default();
    violations.count("group_by", request.group_by.len(), 1, GROUP_BY_MAX);
    let mut group_by = Vec::new();
    for (index, name) in request.group_by.iter().take(GROUP_BY_MAX).enumerate() {
        let field = format!("group_by[{index}]");
        match GroupBy::from_name(name) {
            Some(by) if group_by.contains(&by) => {
                violations.add(&field, format!("`{name}` is there twice"));
            }
            Some(by) => group_by.push(by),
            None => {
                let names = GroupBy::ALL.map(GroupBy::as_str).join(", ");
                violations.add(&field, format!("`{}` is none of {names}", shown(name)));
            }
        }
    }
    let (default, max) = SUMMARY_SIZE;
    let limit = page_size(&mut violations, "limit", request.limit, default, max);
    violations.or(())?;
    let selection = Selection::parse(&request.filter)?;
    Ok(Summarize { selection, group_by, limit })
}

/// A wanted `ListFindingHistory`.
#[derive(Debug)]
pub(crate) struct History {
    pub(crate) id: IdText,
    pub(crate) limit: usize,
    pub(crate) page_token: String,
}

/// Reads a `ListFindingHistory`.
pub(crate) fn history(request: wire::ListFindingHistoryRequest) -> Result<History, ApiError> {
    let mut violations = Violations::default();
    let id = id_text(&mut violations, "id", &request.id);
    let (default, max) = HISTORY_SIZE;
    let limit = page_size(&mut violations, "page_size", request.page_size, default, max);
    let page_token = page_token(&mut violations, request.page_token);
    complete(violations, id.map(|id| History { id, limit, page_token }))
}

/// A wanted `WatchFindings`.
#[derive(Debug)]
pub(crate) struct Watch {
    pub(crate) selection: Selection,
    pub(crate) detail: Detail,
    pub(crate) start: WatchStart,
    pub(crate) heartbeat: Duration,
    pub(crate) batch_size: usize,
}

impl Watch {
    /// What must stay the same from stream to stream.
    pub(crate) fn query_hash(&self) -> [u8; 8] {
        watch_hash(&self.selection, self.detail)
    }
}

/// Where a watch begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WatchStart {
    /// With all that matches.
    Snapshot,
    /// With the next change.
    Now,
    /// Where an earlier one ended.
    Cursor(String),
}

/// What the cursors of a watch are bound to.
pub(crate) fn watch_hash(selection: &Selection, detail: Detail) -> [u8; 8] {
    query_hash(&["watch", &selection.canonical, detail.name()])
}

/// Reads a `WatchFindings`.
pub(crate) fn watch(request: wire::WatchFindingsRequest) -> Result<Watch, ApiError> {
    let mut violations = Violations::default();
    let detail = detail(&mut violations, request.view, Detail::Basic);
    violations.text("cursor", &request.cursor, CURSOR_BYTES_MAX);
    let mode = wire::SnapshotMode::try_from(request.snapshot);
    let start = match mode {
        Ok(wire::SnapshotMode::Unspecified) if !request.cursor.is_empty() => {
            WatchStart::Cursor(request.cursor)
        }
        Ok(wire::SnapshotMode::PriorityOrder | wire::SnapshotMode::None)
            if !request.cursor.is_empty() =>
        {
            violations.add("snapshot", "cannot be given with a cursor, which says where to begin");
            WatchStart::Cursor(request.cursor)
        }
        Ok(wire::SnapshotMode::Unspecified | wire::SnapshotMode::PriorityOrder) => {
            WatchStart::Snapshot
        }
        Ok(wire::SnapshotMode::None) => WatchStart::Now,
        Err(_) => {
            violations.add("snapshot", format!("{} is no SnapshotMode", request.snapshot));
            WatchStart::Snapshot
        }
    };
    let heartbeat = heartbeat(&mut violations, request.heartbeat_interval);
    let (default, max) = BATCH_SIZE;
    let batch_size =
        page_size(&mut violations, "max_batch_size", request.max_batch_size, default, max);
    violations.or(())?;
    let selection = Selection::parse(&request.filter)?;
    Ok(Watch { selection, detail, start, heartbeat, batch_size })
}

fn heartbeat(violations: &mut Violations, given: Option<prost_types::Duration>) -> Duration {
    let Some(given) = given else { return HEARTBEAT };
    let (min, max) = HEARTBEAT_BOUNDS;
    match Duration::try_from(given) {
        Ok(interval) if (min..=max).contains(&interval) => interval,
        Ok(_) | Err(_) => {
            violations.add("heartbeat_interval", "must be 1 s to 5 min");
            HEARTBEAT
        }
    }
}

/// The value, if nothing is wrong; it is `None` only when something is.
fn complete<T>(violations: Violations, value: Option<T>) -> Result<T, ApiError> {
    violations.or(value)?.ok_or_else(|| ApiError::field("id", "is missing"))
}
