//! `muster merge` and `muster split`.

use muster_api::v1::{Finding, FindingView, MergeFindingsRequest, Report, SplitFindingRequest};
use serde::Serialize;

use super::repeat::until_answered;
use super::triage::{said, shell};
use crate::cli::args::{Format, MergeArgs, SplitArgs, View};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::ids::{resolve, resolve_findings};
use crate::cli::output::document::{FindingDoc, Versioned};
use crate::cli::output::findings::{short_id, short_ids};
use crate::cli::output::{detail, json};
use crate::cli::session::Session;
use crate::cli::ui::{BOLD, Span, Ui};
use crate::cli::words::count;

/// What both commands print.
const FORMATS: [Format; 5] =
    [Format::Table, Format::Wide, Format::Json, Format::Jsonl, Format::Name];

/// Reports that an error lists.
const LISTED: usize = 20;

#[derive(Serialize)]
struct MergeDoc<'a> {
    action: &'static str,
    into: FindingDoc<'a>,
    from: FindingDoc<'a>,
    moved_report_keys: &'a [String],
    replayed: bool,
    revision: u64,
}

#[derive(Serialize)]
struct SplitDoc<'a> {
    action: &'static str,
    finding: FindingDoc<'a>,
    split: FindingDoc<'a>,
    moved_report_keys: &'a [String],
    replayed: bool,
    revision: u64,
}

/// All reports of one finding belong to another.
pub(super) async fn merge(session: &mut Session, args: &MergeArgs) -> Result<Exit, Failure> {
    session.allow_only(&FORMATS)?;
    let comment = said(&args.comment)?.to_owned();
    let ids = resolve(session, &[args.from.clone(), args.into.clone()]).await?;
    let [from_id, into_id] = ids.as_slice() else {
        return Err(Failure::usage("both are the same finding"));
    };
    let (into_id, from_id) = (into_id.clone(), from_id.clone());
    let request_id = session.new_request_id();
    let request =
        MergeFindingsRequest { into_id, from_id, comment, request_id, ..Default::default() };
    warn_anonymous(session);
    session.set_writing(true);
    let answer = until_answered(session, |client| {
        let request = request.clone();
        async move { client.merge_findings(request).await }
    })
    .await;
    session.set_writing(false);
    let answer = answer.map_err(|error| session.failed(&error))?;
    let (into, from) = (answer.into.unwrap_or_default(), answer.from.unwrap_or_default());
    let moved = &answer.moved_report_keys;
    let length = short_ids([into.id.as_str(), from.id.as_str()]);
    let (short_into, short_from) = (short_id(&into.id, length), short_id(&from.id, length));
    if session.format.is_json() {
        let document = MergeDoc {
            action: "merge",
            into: FindingDoc::new(&into, View::Full),
            from: FindingDoc::new(&from, View::Full),
            moved_report_keys: moved,
            replayed: answer.replayed,
            revision: answer.revision,
        };
        return print_json(session, document);
    }
    if session.format == Format::Name {
        session.ui.bytes(format!("{}\n", into.id).as_bytes())?;
        return Ok(Exit::Ok);
    }
    let ui = &mut session.ui;
    let what = format!("merged {short_from} into {short_into}: {}", into.title);
    ui.line(&[Span::new(what, BOLD)])?;
    print_moved(ui, &into, moved)?;
    ui.note(&format!("{} moved; {}", count(moved.len() as u64, "report"), holds(&into)));
    // A report that came to `from` by an earlier merge would undo that one.
    let of_from = |report: &&Report| moved.contains(&report.key);
    let own = into.reports.iter().filter(of_from).find(|report| report.origin_key == from.key);
    if let Some(key) = own.map(|report| &report.key).or(moved.first()) {
        ui.hint(&format!("to undo: muster split {short_into} {} -m WHY", shell(key)));
    }
    Ok(Exit::Ok)
}

/// A report does not belong to its finding.
pub(super) async fn split(session: &mut Session, args: &SplitArgs) -> Result<Exit, Failure> {
    session.allow_only(&FORMATS)?;
    let comment = said(&args.comment)?.to_owned();
    let found =
        resolve_findings(session, std::slice::from_ref(&args.id), FindingView::Full).await?;
    let finding = found.into_iter().next().unwrap_or_default();
    let report_key = report_key(&finding, &args.report)?;
    let request_id = session.new_request_id();
    let request = SplitFindingRequest {
        finding_id: finding.id.clone(),
        report_key,
        comment,
        request_id,
        ..Default::default()
    };
    warn_anonymous(session);
    session.set_writing(true);
    let answer = until_answered(session, |client| {
        let request = request.clone();
        async move { client.split_finding(request).await }
    })
    .await;
    session.set_writing(false);
    let answer = answer.map_err(|error| match error.reason() {
        Some("REPORT_NOT_FOUND") => session.failed(&error).details(reports(&finding)),
        _ => session.failed(&error),
    })?;
    let (rest, split) = (answer.finding.unwrap_or_default(), answer.split.unwrap_or_default());
    let moved = &answer.moved_report_keys;
    if session.format.is_json() {
        let document = SplitDoc {
            action: "split",
            finding: FindingDoc::new(&rest, View::Full),
            split: FindingDoc::new(&split, View::Full),
            moved_report_keys: moved,
            replayed: answer.replayed,
            revision: answer.revision,
        };
        return print_json(session, document);
    }
    if session.format == Format::Name {
        session.ui.bytes(format!("{}\n", split.id).as_bytes())?;
        return Ok(Exit::Ok);
    }
    let length = short_ids([rest.id.as_str(), split.id.as_str()]);
    let (short_rest, short_split) = (short_id(&rest.id, length), short_id(&split.id, length));
    let ui = &mut session.ui;
    let what = format!("split {short_split} from {short_rest}: {}", split.title);
    ui.line(&[Span::new(what, BOLD)])?;
    print_moved(ui, &split, moved)?;
    let along = match moved.len() {
        0 | 1 => String::new(),
        more => format!(", {} of them along with it", more - 1),
    };
    let number = count(moved.len() as u64, "report");
    ui.note(&format!("{number} moved{along}; {}", holds(&rest)));
    ui.hint(&format!("to undo: muster merge {short_split} --into {short_rest} -m WHY"));
    Ok(Exit::Ok)
}

/// The key of the report that was typed: its number in `muster get`, or the key itself.
fn report_key(finding: &Finding, typed: &str) -> Result<String, Failure> {
    let short = short_id(&finding.id, 8);
    if !finding.merged_into_id.is_empty() {
        let into = &finding.merged_into_id;
        return Err(Failure::new(Exit::Conflict, format!("{short} was merged into {into}"))
            .hint(format!("go on there: muster get {}", short_id(into, 8))));
    }
    if typed.contains('|') {
        return Ok(typed.to_owned());
    }
    let number: Option<usize> = typed.parse().ok();
    let found = detail::numbered(finding).into_iter().find(|(at, _)| Some(*at) == number);
    match found {
        Some((_, report)) => Ok(report.key.clone()),
        None => Err(Failure::usage(format!("{short} has no report `{typed}`"))
            .details(reports(finding))
            .hint("name a report by its number, or by its key")),
    }
}

/// The reports of a finding, as an error lists them.
fn reports(finding: &Finding) -> Vec<String> {
    let mut lines: Vec<String> = detail::numbered(finding)
        .into_iter()
        .take(LISTED)
        .map(|(number, report)| format!("{number:>2}  {}  {}", report.product, report.key))
        .collect();
    let more = (finding.report_count as usize).saturating_sub(lines.len());
    lines.extend((more > 0).then(|| format!("and {more} more")));
    lines
}

/// The reports that moved, as the finding that has them now shows them.
fn print_moved(ui: &mut Ui, now_in: &Finding, moved: &[String]) -> Result<(), Failure> {
    for key in moved {
        let report = now_in.reports.iter().find(|report| report.key == *key);
        let product = report.map_or("", |report| report.product.as_str());
        let title = report.map_or("", |report| report.title.as_str());
        let line = [product, key, title].into_iter().filter(|part| !part.is_empty());
        ui.line(&[Span::plain(format!("  {}", line.collect::<Vec<_>>().join("  ")))])?;
    }
    Ok(())
}

fn holds(finding: &Finding) -> String {
    let number = count(finding.report_count.into(), "report");
    format!("{} has {number} now", short_id(&finding.id, 8))
}

fn warn_anonymous(session: &mut Session) {
    if session.me.is_empty() {
        session.ui.note("the history will say user:anonymous: --actor user:NAME says who you are");
    }
}

fn print_json(session: &mut Session, document: impl Serialize) -> Result<Exit, Failure> {
    let document = Versioned::new(document);
    let text = match session.format {
        Format::Jsonl => json::to_line(&document)?,
        _ => json::to_pretty(&document)?,
    };
    session.ui.bytes(text.as_bytes())?;
    Ok(Exit::Ok)
}
