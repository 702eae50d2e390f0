//! Saying that a list may not be all there is.

use muster_api::v1::{Coverage, UnitCondition};

use super::ui::Ui;
use super::words::{Word, count};

/// Units that are named in a warning.
const NAMED: usize = 5;

/// Warns when something could not be read.
pub(crate) fn warn(ui: &mut Ui, coverage: Option<&Coverage>) {
    let Some(coverage) = coverage.filter(|coverage| is_partial(coverage)) else { return };
    let units = count(coverage.unit_count.into(), "unit");
    ui.warn(&format!("this may not be all: {} of {units} not read well", coverage.degraded_count));
    for unit in coverage.degraded.iter().take(NAMED) {
        ui.note(&format!("  {}: {}", UnitCondition::lower(unit.condition), unit.name));
    }
    let named = coverage.degraded.len().min(NAMED);
    let more = usize::try_from(coverage.degraded_count).unwrap_or(usize::MAX).saturating_sub(named);
    if more > 0 {
        ui.note(&format!("  and {more} more"));
    }
    ui.hint("`muster units` shows why, and what to do");
}

/// Whether units exist of which some are not healthy. No units at all is another thing to say.
pub(crate) fn is_partial(coverage: &Coverage) -> bool {
    !coverage.complete && coverage.unit_count > 0
}
