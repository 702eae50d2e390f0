//! `MaturityService`: where the organization stands, and what people vouch for.

use muster_api::v1 as wire;
use muster_api::v1::maturity_service_server::MaturityService;
use muster_core::maturity::{Fact, Table};
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status};

use super::convert::{self, Budget, LIST_BYTES_MAX};
use super::cursor::{self, Binding, Family, Place, TokenError};
use super::error::ApiError;
use super::read::{Reader, Reads};
use super::validate::maturity::{self as validate, GetMaturity, ListAttestations};
use super::validate::triage::{Caller, principal};
use crate::maturity;

/// How many records are read at once.
const RECORDS_READ_MAX: usize = 64;

/// Makes reports, and hands what people vouch for to the writer.
#[derive(Clone, Debug)]
pub(super) struct Maturity {
    reads: Reads,
    table: Table,
}

impl Maturity {
    pub(super) fn new(reads: Reads) -> Self {
        Self { reads, table: Table::builtin() }
    }

    fn caller(&self, metadata: &MetadataMap) -> Result<Caller, ApiError> {
        Ok(Caller { principal: principal(metadata)?, now: self.reads.backend().clock.now() })
    }
}

#[tonic::async_trait]
impl MaturityService for Maturity {
    async fn get_maturity(
        &self,
        request: Request<wire::GetMaturityRequest>,
    ) -> Result<Response<wire::GetMaturityResponse>, Status> {
        let wanted = validate::get_maturity(&request.into_inner())?;
        let table = self.table.clone();
        let now = self.reads.backend().clock.now();
        let jewels = self.reads.backend().ranking.now().model.names_crown_jewels();
        let report =
            self.reads.run(move |reader| get_maturity(reader, &table, &wanted, jewels, now));
        Ok(Response::new(report.await?))
    }

    async fn list_attestations(
        &self,
        request: Request<wire::ListAttestationsRequest>,
    ) -> Result<Response<wire::ListAttestationsResponse>, Status> {
        let wanted = validate::list_attestations(request.into_inner())?;
        let now = self.reads.backend().clock.now();
        let list = self.reads.run(move |reader| list_attestations(reader, &wanted, now));
        Ok(Response::new(list.await?))
    }

    async fn put_attestation(
        &self,
        request: Request<wire::PutAttestationRequest>,
    ) -> Result<Response<wire::PutAttestationResponse>, Status> {
        let caller = self.caller(request.metadata())?;
        let wanted = validate::put_attestation(&self.table, request.get_ref(), &caller)?;
        let done = self.reads.backend().writer.attest(wanted).await.map_err(ApiError::from)?;
        Ok(Response::new(wire::PutAttestationResponse {
            attestation: Some(convert::vouched(&done.entry, false, caller.now)),
            changed: done.changed,
            replayed: done.replayed,
        }))
    }

    async fn remove_attestation(
        &self,
        request: Request<wire::RemoveAttestationRequest>,
    ) -> Result<Response<wire::RemoveAttestationResponse>, Status> {
        let caller = self.caller(request.metadata())?;
        let wanted = validate::remove_attestation(&self.table, request.get_ref(), &caller)?;
        let done = self.reads.backend().writer.attest(wanted).await.map_err(ApiError::from)?;
        Ok(Response::new(wire::RemoveAttestationResponse {
            attestation: Some(convert::vouched(&done.entry, false, caller.now)),
            replayed: done.replayed,
        }))
    }
}

fn get_maturity(
    reader: &Reader<'_>,
    table: &Table,
    wanted: &GetMaturity,
    names_crown_jewels: bool,
    now: muster_core::time::Millis,
) -> Result<wire::GetMaturityResponse, ApiError> {
    let attestations = maturity::attestations(reader.store())?;
    let mut tally = maturity::tally(table, reader.units(), now, || reader.view())?;
    if names_crown_jewels {
        tally.configured(Fact::CrownJewels);
    }
    let report = match wanted.account {
        Some(account) => tally.of_account(account, &attestations),
        None => tally.organization(&attestations),
    };
    let mut answer = convert::maturity(table, &report, wanted.phase, now);
    answer.account_id = wanted.account.map(|account| account.to_string()).unwrap_or_default();
    answer.coverage = Some(reader.coverage());
    Ok(answer)
}

fn list_attestations(
    reader: &Reader<'_>,
    wanted: &ListAttestations,
    now: muster_core::time::Millis,
) -> Result<wire::ListAttestationsResponse, ApiError> {
    let binding = Binding { log_id: reader.store().log_id(), query: wanted.query_hash() };
    let mut after = match &*wanted.page_token {
        "" => Vec::new(),
        token => match cursor::decode(token, Family::Page, &binding)? {
            Place::Attestations(key) => key,
            _ => return Err(TokenError::Mismatch(Family::Page).into()),
        },
    };
    let mut answer = wire::ListAttestationsResponse::default();
    let mut budget = Budget::new(LIST_BYTES_MAX);
    let mut seen = 0;
    loop {
        let records = maturity::records(reader.store(), &after, RECORDS_READ_MAX)?;
        let complete = records.len() < RECORDS_READ_MAX;
        for (key, record) in records {
            let shown = convert::record(&record, wanted.show_past, now);
            let fits = shown.iter().all(|attestation| budget.fits(attestation));
            if seen == wanted.limit || !fits {
                let place = Place::Attestations(after);
                answer.next_page_token = cursor::encode(&place, &binding);
                return Ok(answer);
            }
            seen += 1;
            answer.attestations.extend(shown);
            after = key;
        }
        if complete {
            return Ok(answer);
        }
    }
}
