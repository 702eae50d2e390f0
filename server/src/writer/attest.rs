//! Attestations: writes what people vouch for, and what they take back.

use muster_core::maturity::{Attestation, Scope};
use tokio::sync::oneshot;
use tracing::info;

use super::answer::Answer;
use super::plan::Round;
use super::requests;
use super::thread::{Writer, WriterFailure};
use super::{Refused, WriteError};
use crate::maturity::{self, Attest, AttestAction, Attested, RECORDS_MAX, Record};
use crate::store::{MetaTable, StoreError};

/// Where the outcome goes.
type Answered = oneshot::Sender<Result<Attested, WriteError>>;

impl Writer {
    /// Plans what becomes of an attestation, alone in its round.
    pub(super) fn plan_attest(
        &self,
        wanted: Attest,
        answer: Answered,
        round: &mut Round,
    ) -> Result<(), WriterFailure> {
        let outcome = self.attest(wanted, round).map_err(WriterFailure::Store)?;
        round.answers.push(Answer::Attest(answer, outcome));
        Ok(())
    }

    fn attest(
        &self,
        wanted: Attest,
        round: &mut Round,
    ) -> Result<Result<Attested, WriteError>, StoreError> {
        let Attest { recommendation, scope, what, request } = wanted;
        let store = &*self.parts.store;
        let key = maturity::key(&recommendation, scope);
        let row = store.meta(MetaTable::Attestation, &key)?;
        let known = row.map(|row| maturity::read_row(&key, &row)).transpose()?;
        if let Some((id, hash)) = &request
            && let Some(done) = requests::read(store, id)?
        {
            let reused = || WriteError::RequestIdReused(id.clone());
            let same = done.hash == *hash;
            let last = known.as_ref().and_then(|record| record.entries.last().cloned());
            return Ok(last
                .filter(|_| same)
                .map(|entry| Attested { entry, changed: false, replayed: true })
                .ok_or_else(reused));
        }
        let planned = match what {
            AttestAction::Put(attestation) => match known {
                None if self.is_full()? => Err(too_many()),
                None => {
                    let mut record = Record { recommendation, scope, entries: Vec::new() };
                    record.add(attestation);
                    Ok((record, true))
                }
                Some(record) if says(&record, &attestation) => Ok((record, false)),
                Some(mut record) => {
                    record.add(attestation);
                    Ok((record, true))
                }
            },
            AttestAction::Withdraw(withdrawal) => match known {
                Some(mut record) if record.standing().is_some() => {
                    if let Some(last) = record.entries.last_mut() {
                        last.withdrawn = Some(withdrawal);
                    }
                    Ok((record, true))
                }
                _ => Err(Refused::NoAttestation { recommendation, scope }),
            },
        };
        let (record, changed) = match planned {
            Ok(planned) => planned,
            Err(refused) => return Ok(Err(WriteError::Refused(refused))),
        };
        if changed {
            round.meta.push(record.write());
        }
        if let Some((id, hash)) = request {
            round.meta.push(requests::plain_row(&id, hash, round.now));
        }
        let entry = record.entries.last().cloned().expect("a record has an entry");
        Ok(Ok(Attested { entry, changed, replayed: false }))
    }

    /// Whether there are as many records as there may be.
    fn is_full(&self) -> Result<bool, StoreError> {
        let (mut count, mut after) = (0, Vec::new());
        loop {
            let rows = self.parts.store.scan_meta(MetaTable::Attestation, &after, 256)?;
            let Some((last, _)) = rows.last() else { return Ok(count >= RECORDS_MAX) };
            after.clone_from(last);
            count += rows.len();
        }
    }
}

/// Whether that is what stands there already.
fn says(record: &Record, said: &Attestation) -> bool {
    let standing = record.standing();
    standing.is_some_and(|known| *known == Attestation { made: known.made, ..said.clone() })
}

fn too_many() -> Refused {
    Refused::Invalid {
        field: "recommendation".to_owned(),
        message: format!("there are {RECORDS_MAX} attestations, which is all that is kept"),
    }
}

/// Who vouches belongs into the log of the server too, once it is durable.
pub(super) fn tell(attested: &Attested) {
    if !attested.changed {
        return;
    }
    let said = &attested.entry.attestation;
    let (recommendation, scope) = (&said.recommendation, said.scope);
    match &attested.entry.withdrawn {
        None => info!(
            %recommendation, %scope, by = %said.author.principal, expires = %said.expires,
            "attested"
        ),
        Some(withdrawal) => info!(
            %recommendation, %scope, by = %withdrawal.by.principal,
            "an attestation was withdrawn"
        ),
    }
}

/// That there is nothing to take back, for people.
pub(super) fn nothing_there(recommendation: &str, scope: Scope) -> String {
    format!("there is no attestation of {recommendation} for {scope}")
}
