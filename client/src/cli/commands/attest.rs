//! `muster attest`.

use muster_api::v1::put_attestation_request::Until;
use muster_api::v1::{
    Attestation, ListAttestationsRequest, PutAttestationRequest, RemoveAttestationRequest,
};
use serde::Serialize;

use super::repeat::until_answered;
use crate::cli::args::{AttestArgs, End, Format};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::document::{AttestationDoc, Versioned};
use crate::cli::output::json;
use crate::cli::output::table::{Column, Table};
use crate::cli::session::Session;
use crate::cli::time::{age, stamp, to_wire};
use crate::cli::ui::{BOLD, DIM, PLAIN, Span, Ui};
use crate::cli::words::count;

/// What the command prints.
const FORMATS: [Format; 4] = [Format::Table, Format::Wide, Format::Json, Format::Jsonl];

/// Recommendations and scopes asked for at once: the server's limit.
const PAGE_SIZE: i32 = 500;

#[derive(Serialize)]
struct OneDoc<'a> {
    action: &'static str,
    changed: bool,
    replayed: bool,
    attestation: AttestationDoc<'a>,
}

#[derive(Serialize)]
struct ListDoc<'a> {
    attestations: Vec<AttestationDoc<'a>>,
}

/// Vouches for a recommendation, takes that back, or lists what is vouched for.
pub(super) async fn run(session: &mut Session, args: &AttestArgs) -> Result<Exit, Failure> {
    session.allow_only(&FORMATS)?;
    if args.list {
        return list(session, args.past).await;
    }
    if args.remove { remove(session, args).await } else { put(session, args).await }
}

async fn put(session: &mut Session, args: &AttestArgs) -> Result<Exit, Failure> {
    let evidence = args.evidence.clone().unwrap_or_default();
    if evidence.trim().is_empty() {
        return Err(Failure::usage("the evidence is empty").hint("say it with --evidence TEXT"));
    }
    let until = args.expires.map(|end| match end {
        End::At(time) => Until::ExpireTime(to_wire(time)),
        End::After(duration) => Until::Duration(prost_types::Duration {
            seconds: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
            nanos: 0,
        }),
    });
    let request = PutAttestationRequest {
        recommendation_id: args.id.clone().unwrap_or_default(),
        account_id: args.account.clone().unwrap_or_default(),
        evidence,
        until,
        on_behalf_of: String::new(),
        request_id: session.new_request_id(),
    };
    warn_anonymous(session);
    session.set_writing(true);
    let answer = until_answered(session, |client| {
        let request = request.clone();
        async move { client.put_attestation(request).await }
    })
    .await;
    session.set_writing(false);
    let answer = answer.map_err(|error| session.failed(&error))?;
    let attestation = answer.attestation.unwrap_or_default();
    if session.format.is_json() {
        let (changed, replayed) = (answer.changed, answer.replayed);
        return print(session, "attest", &attestation, changed, replayed);
    }
    let now = (session.ui.now)();
    let until = stamp(now, attestation.expire_time.as_ref());
    let what = format!("attested {} for {}", attestation.recommendation_id, scope(&attestation));
    session.ui.line(&[Span::new(what, BOLD), Span::plain(format!(" until {until}"))])?;
    if !answer.changed && !answer.replayed {
        session.ui.note("it said the same already");
    }
    let account = account_option(&attestation);
    let id = &attestation.recommendation_id;
    session.ui.hint(&format!("to take it back: muster attest {id} --remove{account}"));
    Ok(Exit::Ok)
}

async fn remove(session: &mut Session, args: &AttestArgs) -> Result<Exit, Failure> {
    let request = RemoveAttestationRequest {
        recommendation_id: args.id.clone().unwrap_or_default(),
        account_id: args.account.clone().unwrap_or_default(),
        comment: args.comment.clone().unwrap_or_default(),
        on_behalf_of: String::new(),
        request_id: session.new_request_id(),
    };
    warn_anonymous(session);
    session.set_writing(true);
    let answer = until_answered(session, |client| {
        let request = request.clone();
        async move { client.remove_attestation(request).await }
    })
    .await;
    session.set_writing(false);
    let answer = answer.map_err(|error| session.failed(&error))?;
    let attestation = answer.attestation.unwrap_or_default();
    if session.format.is_json() {
        return print(session, "remove", &attestation, !answer.replayed, answer.replayed);
    }
    let id = &attestation.recommendation_id;
    let what = format!("took back the attestation of {id} for {}", scope(&attestation));
    session.ui.line(&[Span::new(what, BOLD)])?;
    session.ui.note(&format!("it said: {}", attestation.evidence));
    Ok(Exit::Ok)
}

async fn list(session: &mut Session, past: bool) -> Result<Exit, Failure> {
    let mut attestations = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListAttestationsRequest { page_size: PAGE_SIZE, page_token, show_past: past };
        let page = session.client.list_attestations(request).await;
        let page = page.map_err(|error| session.failed(&error))?;
        attestations.extend(page.attestations);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let ui = &mut session.ui;
    match session.format {
        Format::Json => {
            let document =
                ListDoc { attestations: attestations.iter().map(AttestationDoc::new).collect() };
            ui.bytes(json::to_pretty(&Versioned::new(document))?.as_bytes())?;
        }
        Format::Jsonl => {
            for one in &attestations {
                ui.bytes(json::to_line(&Versioned::new(AttestationDoc::new(one)))?.as_bytes())?;
            }
        }
        Format::Table | Format::Wide | Format::Name | Format::Csv | Format::Svg => {
            table(ui, &attestations)?;
            let standing = attestations.iter().filter(|one| fate(one) == "counts").count();
            let all = count(attestations.len() as u64, "attestation");
            ui.note(&format!("{all}, of which {standing} count"));
        }
    }
    Ok(Exit::Ok)
}

fn table(ui: &mut Ui, attestations: &[Attestation]) -> Result<(), Failure> {
    let now = (ui.now)();
    let mut table = Table::new([
        Column::new("ID"),
        Column::new("FOR"),
        Column::new("STATE"),
        Column::new("ENDS").right(),
        Column::new("BY").shrinks_to(10),
        Column::new("EVIDENCE").shrinks_to(16),
    ]);
    for one in attestations {
        let fate = fate(one);
        let author = one.author.as_ref().map_or("", |author| author.principal.as_str());
        table.push(vec![
            Span::new(one.recommendation_id.as_str(), BOLD),
            Span::plain(scope(one)),
            Span::new(fate, if fate == "counts" { PLAIN } else { DIM }),
            Span::plain(age(now, one.expire_time.as_ref())),
            Span::plain(author),
            Span::plain(one.evidence.as_str()),
        ]);
    }
    Ok(table.print(ui)?)
}

/// What became of it.
fn fate(one: &Attestation) -> &'static str {
    match (&one.withdrawal, one.replaced, one.expired) {
        (Some(_), ..) => "taken back",
        (None, true, _) => "replaced",
        (None, false, true) => "expired",
        (None, false, false) => "counts",
    }
}

fn scope(one: &Attestation) -> &str {
    if one.account_id.is_empty() { "the organization" } else { &one.account_id }
}

/// The option that names the scope again.
fn account_option(one: &Attestation) -> String {
    if one.account_id.is_empty() { String::new() } else { format!(" --account {}", one.account_id) }
}

fn warn_anonymous(session: &mut Session) {
    if session.me.is_empty() {
        session.ui.note("the record will say user:anonymous: --actor user:NAME says who you are");
    }
}

fn print(
    session: &mut Session,
    action: &'static str,
    attestation: &Attestation,
    changed: bool,
    replayed: bool,
) -> Result<Exit, Failure> {
    let attestation = AttestationDoc::new(attestation);
    let document = Versioned::new(OneDoc { action, changed, replayed, attestation });
    let text = match session.format {
        Format::Jsonl => json::to_line(&document)?,
        _ => json::to_pretty(&document)?,
    };
    session.ui.bytes(text.as_bytes())?;
    Ok(Exit::Ok)
}
