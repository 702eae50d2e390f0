//! `muster ls`.

mod printer;
mod told;

use muster_api::v1::{FindingOrder, FindingView, ListFindingsRequest, ListFindingsResponse};

use crate::cli::args::{Composed, Hidden, LsArgs, View};
use crate::cli::coverage;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::pages::Pages;
use crate::cli::session::Session;
use printer::Printer;

/// Lines of a table, unless somebody asks for more.
const TABLE_LIMIT: u32 = 50;

/// Lists findings.
pub(super) async fn run(session: &mut Session, args: &LsArgs) -> Result<Exit, Failure> {
    let me = if args.filter.assignee.as_deref() == Some("me") { session.me()? } else { "" };
    let filter = args.filter.compose(Hidden::ClosedAndSetAside, me);
    let everything = args.filter.compose_all(me);
    // Asked before anything is printed: a mistake in it should not come after a thousand lines.
    let failing = match &args.fail_on {
        Some(fail_on) => Some(count_also(session, &filter.text, fail_on).await?),
        None => None,
    };
    let list = print_all(session, args, &filter).await?;
    session.ui.flush()?;
    let hidden = told::Hidden::ask(session, &filter, everything).await;
    told::explain(session, &list, args.filter.is_empty(), &hidden);
    coverage::warn(&mut session.ui, list.first.coverage.as_ref());
    match failing {
        Some(count) if count > 0 => {
            session.ui.note(&format!("--fail-on matches {count} of them"));
            Ok(Exit::Matched)
        }
        _ => Ok(Exit::Ok),
    }
}

/// What was printed, and what the server said with it.
struct Listed {
    shown: u64,
    /// The first page without its findings.
    first: ListFindingsResponse,
    /// Where the list goes on.
    next_page_token: Option<String>,
}

async fn print_all(
    session: &mut Session,
    args: &LsArgs,
    filter: &Composed,
) -> Result<Listed, Failure> {
    let limit = args.limit.unwrap_or(if session.format.is_human() { TABLE_LIMIT } else { 0 });
    let view = if session.format.is_json() { args.view } else { View::Basic };
    let request = ListFindingsRequest {
        page_token: args.page_token.clone().unwrap_or_default(),
        filter: filter.text.clone(),
        order: FindingOrder::from(args.order).into(),
        view: FindingView::from(view).into(),
        ..ListFindingsRequest::default()
    };
    let mut pages = Pages::new(request, (limit > 0).then_some(limit.into()));
    let mut printer = Printer::new(session.format, view, (session.ui.now)());
    let mut shown = 0;
    let mut first = None;
    while let Some(mut page) = pages.next(session).await? {
        shown += page.findings.len() as u64;
        for finding in std::mem::take(&mut page.findings) {
            printer.print(&mut session.ui, &finding)?;
        }
        first.get_or_insert(page);
    }
    let next_page_token = pages.token().map(str::to_owned);
    let list = Listed { shown, first: first.unwrap_or_default(), next_page_token };
    printer.finish(&mut session.ui, &list)?;
    Ok(list)
}

/// How many findings match both filters.
async fn count_also(session: &Session, filter: &str, also: &str) -> Result<u64, Failure> {
    let filter = if filter.is_empty() { also.to_owned() } else { format!("{filter} AND ({also})") };
    let request = ListFindingsRequest {
        page_size: 1,
        filter: filter.clone(),
        ..ListFindingsRequest::default()
    };
    let page = session.client.list_findings(request).await;
    Ok(page.map_err(|error| session.failed_with(&error, &filter))?.total_count)
}
