//! `muster version`, and help topics as commands.

use serde::Serialize;

use crate::cli::args::Format;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::document::Versioned;
use crate::cli::output::json;
use crate::cli::session::Session;

#[derive(Serialize)]
struct VersionDoc {
    version: &'static str,
    contract: &'static str,
}

/// Prints the version of this program.
pub(super) fn version(session: &mut Session) -> Result<Exit, Failure> {
    let version = env!("CARGO_PKG_VERSION");
    let text = match session.format {
        Format::Json | Format::Jsonl => {
            let contract = muster_api::ERROR_DOMAIN;
            json::to_line(&Versioned::new(VersionDoc { version, contract }))?
        }
        Format::Table | Format::Wide | Format::Csv | Format::Name | Format::Svg => {
            format!("muster {version}\n")
        }
    };
    session.ui.bytes(text.as_bytes())?;
    Ok(Exit::Ok)
}

/// Prints a help topic.
pub(super) fn print(session: &mut Session, text: &str) -> Result<Exit, Failure> {
    session.ui.bytes(text.as_bytes())?;
    session.ui.bytes(b"\n")?;
    Ok(Exit::Ok)
}
