//! Asking before what a filter selected is changed.

use super::decide::Decision;
use super::report::plan;
use super::select::Selection;
use crate::cli::args::SelectionArgs;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::cli::words::count;

/// With --yes, a filter that matches more than this is refused, unless --max says otherwise.
const MAX_DEFAULT: u64 = 100;

/// Asks a person to type the number, or checks that a script said how far it may go.
///
/// # Errors
///
/// Nobody can be asked and the script did not say --yes, more match than --max allows, or the person
/// typed something else.
pub(super) async fn confirm(
    session: &mut Session,
    decision: &Decision,
    selection: &Selection,
    args: &SelectionArgs,
) -> Result<(), Failure> {
    let number = selection.targets.len() as u64;
    let findings = count(number, "finding");
    let asks = session.interactive && !args.yes;
    let max = args.max.or_else(|| (!asks).then_some(MAX_DEFAULT));
    if !asks && !args.yes {
        return Err(Failure::usage(format!("this would {}", decision.infinitive(&findings)))
            .hint(format!("see them with --dry-run; to do it, add {}", flags(number))));
    }
    if let Some(max) = max
        && number > max
    {
        return Err(Failure::usage(format!(
            "the filter matches {findings}, more than the {max} that --max allows"
        ))
        .hint(format!("to do it all the same, add {}", flags(number))));
    }
    if !asks {
        return Ok(());
    }
    plan(&mut session.ui, decision, selection);
    session.ui.ask(&format!("Type {number} to {}", decision.infinitive(&findings)));
    let answer = session.read_line().await?;
    if answer.is_some_and(|answer| answer.trim() == number.to_string()) {
        return Ok(());
    }
    Err(Failure::new(Exit::Usage, "cancelled: nothing was changed"))
}

fn flags(number: u64) -> String {
    if number > MAX_DEFAULT { format!("--yes --max {number}") } else { "--yes".to_owned() }
}
