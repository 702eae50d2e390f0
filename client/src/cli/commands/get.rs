//! `muster get`.

use muster_api::v1::{Finding, FindingView};
use serde::Serialize;

use crate::cli::args::{Format, GetArgs, View};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::ids::resolve_findings;
use crate::cli::output::document::{FindingDoc, Versioned};
use crate::cli::output::{csv, detail, json};
use crate::cli::safe_text::SafeText;
use crate::cli::session::Session;
use crate::cli::ui::{Span, Ui};

#[derive(Serialize)]
struct SeveralDoc<'a> {
    findings: Vec<FindingDoc<'a>>,
}

/// Shows everything about findings.
pub(super) async fn run(session: &mut Session, args: &GetArgs) -> Result<Exit, Failure> {
    let view = if args.raw { View::Raw } else { View::Full };
    let findings = resolve_findings(session, &args.ids, FindingView::from(view)).await?;
    let ui = &mut session.ui;
    match session.format {
        Format::Table | Format::Wide if args.raw => raw(ui, &findings)?,
        Format::Table | Format::Wide | Format::Svg => {
            for (at, finding) in findings.iter().enumerate() {
                if at > 0 {
                    ui.line(&[Span::plain("\u{2500}".repeat(40))])?;
                }
                detail::print(ui, finding)?;
            }
        }
        Format::Json => {
            let text = match findings.as_slice() {
                [finding] => json::to_pretty(&Versioned::new(FindingDoc::new(finding, view)))?,
                several => {
                    let findings = several.iter().map(|one| FindingDoc::new(one, view)).collect();
                    json::to_pretty(&Versioned::new(SeveralDoc { findings }))?
                }
            };
            ui.bytes(text.as_bytes())?;
        }
        Format::Jsonl => {
            for finding in &findings {
                let line = json::to_line(&Versioned::new(FindingDoc::new(finding, view)))?;
                ui.bytes(line.as_bytes())?;
            }
        }
        Format::Csv => {
            let header = csv::header(&csv::FINDING_COLUMNS);
            csv::print(ui, std::iter::once(header).chain(findings.iter().map(csv::finding)))?;
        }
        Format::Name => {
            for finding in &findings {
                ui.bytes(format!("{}\n", finding.id).as_bytes())?;
            }
        }
    }
    Ok(Exit::Ok)
}

/// Prints the documents of the sources: byte for byte into a pipe or file, made safe on a terminal.
fn raw(ui: &mut Ui, findings: &[Finding]) -> Result<(), Failure> {
    for report in findings.iter().flat_map(|finding| &finding.reports) {
        if report.raw_json.is_empty() {
            let why = match (report.raw_truncated, report.raw_omitted) {
                (true, _) => "it was over 512 KiB, and is not kept",
                (false, true) => "all documents of the finding are more than one answer holds",
                (false, false) => "it is not kept",
            };
            ui.warn(&format!("no document for {} by {}: {why}", report.product, report.unit));
            continue;
        }
        print_document(ui, &report.raw_json)?;
    }
    Ok(())
}

/// Prints one document, with a line feed after it.
pub(super) fn print_document(ui: &mut Ui, document: &[u8]) -> Result<(), Failure> {
    if ui.width.is_none() {
        ui.bytes(document)?;
        ui.bytes(b"\n")?;
        return Ok(());
    }
    let text = match serde_json::from_slice::<serde_json::Value>(document) {
        Ok(value) => json::to_pretty(&value)?,
        Err(_) => format!("{}\n", SafeText::block(&String::from_utf8_lossy(document))),
    };
    ui.bytes(text.as_bytes())?;
    Ok(())
}
