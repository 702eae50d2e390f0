//! What the maturity report is made of here: findings and units as they are, and what people vouch
//! for.
//!
//! The report itself is [`muster_core::maturity`]. It is made anew whenever it is asked for, from the
//! view (see [`crate::view::View::tell`]), the board of units and the rows of
//! [`MetaTable::Attestation`](crate::store::MetaTable::Attestation); nothing of it is stored.
//!
//! An attestation is a row for each recommendation and scope, with the last [`ENTRIES_MAX`] things that
//! were said there: what was replaced or withdrawn stays readable. The writer alone writes them.

mod row;

use std::collections::HashMap;

use muster_core::maturity::{Attestation, Liveness, Scope, Table, Tally};
use muster_core::time::{DAY_MS, Millis};
use muster_core::triage::Actor;
use muster_core::unit::UnitCondition;

pub use self::row::{Record, key, read_row};
use crate::store::{MetaRow, MetaTable, Store, StoreError};
use crate::units::{UnitBoard, UnitState};
use crate::view::View;

/// How much is kept of what was said of one recommendation and scope.
pub const ENTRIES_MAX: usize = 16;

/// How many recommendations and scopes may have attestations.
pub const RECORDS_MAX: usize = 10_000;

/// How long what a unit read counts as current after it was read last, in milliseconds (24 hours:
/// Security Hub evaluates every control at least that often).
const FRESH_MS: i64 = DAY_MS;

/// How many rows are read at once.
const STEP_ROWS: usize = 256;

/// How many units are read at once.
const STEP_UNITS: usize = 512;

/// Something that was said, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vouched {
    /// What was said.
    pub attestation: Attestation,
    /// Who took it back, when and why; `None` while it stands or after it was replaced.
    pub withdrawn: Option<Withdrawal>,
}

/// That somebody took an attestation back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Millis,
    /// What was said with it; may be empty.
    pub comment: String,
}

/// What somebody asks the writer to do with attestations.
#[derive(Clone, Debug)]
pub struct Attest {
    /// Of which recommendation.
    pub recommendation: String,
    /// For what.
    pub scope: Scope,
    /// What to do.
    pub what: AttestAction,
    /// The call's own id, with the hash of what it asks, so that a repeat is done once.
    pub request: Option<(String, [u8; 32])>,
}

/// What to do with an attestation.
#[derive(Clone, Debug)]
pub enum AttestAction {
    /// This is vouched for from now on, instead of what was.
    Put(Attestation),
    /// What was vouched for is taken back.
    Withdraw(Withdrawal),
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attested {
    /// What stands there now, or was taken back.
    pub entry: Vouched,
    /// Anything was written.
    pub changed: bool,
    /// This is a repeat of an earlier call.
    pub replayed: bool,
}

/// All rows of attestations after `after`, at most `limit`.
///
/// # Errors
///
/// When the store cannot be read, or a row does not read back.
pub fn records(
    store: &dyn Store,
    after: &[u8],
    limit: usize,
) -> Result<Vec<(Vec<u8>, Record)>, StoreError> {
    let rows = store.scan_meta(MetaTable::Attestation, after, limit)?;
    let read = |(key, value): MetaRow| Ok((read_row(&key, &value)?, key)).map(|(r, k)| (k, r));
    rows.into_iter().map(read).collect()
}

/// Everything that is vouched for, whether or not it has expired.
///
/// # Errors
///
/// As for [`records`].
pub fn attestations(store: &dyn Store) -> Result<Vec<Attestation>, StoreError> {
    let (mut standing, mut after) = (Vec::new(), Vec::new());
    loop {
        let rows = records(store, &after, STEP_ROWS)?;
        let Some((last, _)) = rows.last() else { return Ok(standing) };
        after.clone_from(last);
        standing.extend(rows.into_iter().filter_map(|(_, record)| record.standing().cloned()));
    }
}

/// Whether a product answers where a unit is, as far as the unit says.
pub fn liveness(state: &UnitState, now: Millis) -> Liveness {
    match state.condition {
        UnitCondition::Healthy | UnitCondition::Throttled => Liveness::On,
        UnitCondition::NotEnabled => Liveness::Off,
        UnitCondition::Pending
        | UnitCondition::Denied
        | UnitCondition::NotSubscribed
        | UnitCondition::Unreachable
        | UnitCondition::NoCredentials
        | UnitCondition::Failing => {
            let checkpoint = &state.checkpoint;
            let read = state.last_success.max(checkpoint.watermark).max(checkpoint.swept);
            let fresh = read.is_some_and(|read| now.since(read) <= FRESH_MS);
            if fresh { Liveness::On } else { Liveness::Unknown }
        }
    }
}

/// The evidence that there is now. `view` is asked for again and again, so that whoever writes the view
/// waits for a step at most.
///
/// # Errors
///
/// Those of `view`.
pub fn tally<'a, V, E>(
    table: &Table,
    units: &UnitBoard,
    now: Millis,
    mut view: impl FnMut() -> Result<V, E>,
) -> Result<Tally, E>
where
    V: std::ops::Deref<Target = View> + 'a,
{
    let mut tally = Tally::new(table, now);
    let mut read = HashMap::new();
    let mut after = String::new();
    loop {
        let page = units.page(&after, STEP_UNITS, |_| true);
        let Some(last) = page.last() else { break };
        after = last.unit.to_string();
        for state in &page {
            let is = liveness(state, now);
            let unit = &state.unit;
            tally.unit(unit.source, unit.account, &unit.region, is);
            read.insert(unit.to_string(), is == Liveness::On);
        }
    }
    let current = |unit: &str| read.get(unit).copied().unwrap_or(false);
    let mut place = Some(0);
    while let Some(from) = place {
        place = view()?.tell(&mut tally, from, &current);
    }
    Ok(tally)
}

#[cfg(test)]
mod tests;
