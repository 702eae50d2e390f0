//! The requests of `MaturityService`.

use muster_api::v1 as wire;
use muster_api::v1::put_attestation_request::Until;
use muster_core::ids::AccountId;
use muster_core::maturity::{ATTESTATION_BYTES_MAX, Attestation, Phase, Scope, Table};
use muster_core::triage::{Actor, COMMENT_BYTES_MAX, NAME_BYTES_MAX};

use super::triage::{Caller, request_hash, request_id};
use super::{ID_BYTES_MAX, Violations, page_size, page_token, shown};
use crate::api::convert::{millis, span_ms};
use crate::api::cursor::query_hash;
use crate::api::error::ApiError;
use crate::maturity::{Attest, AttestAction, Withdrawal};

/// `ListAttestations`: recommendations and scopes on a page unless asked otherwise, and at most.
pub(crate) const ATTESTATIONS_SIZE: (usize, usize) = (100, 500);

/// The longest account id, in bytes: twelve digits.
pub(crate) const ACCOUNT_BYTES_MAX: usize = 12;

/// A wanted `GetMaturity`.
#[derive(Debug)]
pub(crate) struct GetMaturity {
    /// `None` is the organization.
    pub(crate) account: Option<AccountId>,
    /// `None` is all of them.
    pub(crate) phase: Option<Phase>,
}

/// Reads a `GetMaturity`.
pub(crate) fn get_maturity(request: &wire::GetMaturityRequest) -> Result<GetMaturity, ApiError> {
    let mut violations = Violations::default();
    let account = account(&mut violations, &request.account_id);
    let phase = u8::try_from(request.phase).ok().and_then(Phase::from_number);
    if phase.is_none() && request.phase != 0 {
        violations.add("phase", format!("is {}; give 1 to 4, or 0 for all", request.phase));
    }
    violations.or(GetMaturity { account, phase })
}

/// A wanted `ListAttestations`.
#[derive(Debug)]
pub(crate) struct ListAttestations {
    pub(crate) limit: usize,
    pub(crate) page_token: String,
    /// Also what counts no more.
    pub(crate) show_past: bool,
}

impl ListAttestations {
    /// What must stay the same from page to page.
    pub(crate) fn query_hash(&self) -> [u8; 8] {
        query_hash(&["attestations", if self.show_past { "past" } else { "" }])
    }
}

/// Reads a `ListAttestations`.
pub(crate) fn list_attestations(
    request: wire::ListAttestationsRequest,
) -> Result<ListAttestations, ApiError> {
    let mut violations = Violations::default();
    let (default, max) = ATTESTATIONS_SIZE;
    let limit = page_size(&mut violations, "page_size", request.page_size, default, max);
    let page_token = page_token(&mut violations, request.page_token);
    violations.or(ListAttestations { limit, page_token, show_past: request.show_past })
}

/// Reads a `PutAttestation`.
pub(crate) fn put_attestation(
    table: &Table,
    request: &wire::PutAttestationRequest,
    caller: &Caller,
) -> Result<Attest, ApiError> {
    let mut violations = Violations::default();
    let scope = scope(&mut violations, &request.account_id);
    let id = recommendation(&mut violations, table, &request.recommendation_id);
    violations.text("on_behalf_of", &request.on_behalf_of, NAME_BYTES_MAX);
    violations.text("evidence", &request.evidence, ATTESTATION_BYTES_MAX);
    let call = request_id(&mut violations, &request.request_id);
    let until = match request.until {
        Some(Until::ExpireTime(time)) => ("expire_time", millis(time)),
        Some(Until::Duration(span)) => ("duration", span_ms(span).map(|ms| caller.now.plus(ms))),
        None => ("expire_time", None),
    };
    let (Some(recommendation), Some(expires)) = (id, until.1) else {
        if until.1.is_none() {
            violations.add(until.0, "is missing or no time; say until when it counts");
        }
        return Err(ApiError::Invalid(violations));
    };
    let said = Attestation {
        recommendation: recommendation.clone(),
        scope,
        author: Actor {
            principal: caller.principal.clone(),
            on_behalf_of: request.on_behalf_of.clone(),
        },
        evidence: request.evidence.clone(),
        made: caller.now,
        expires,
    };
    let attestation = match Attestation::new(table, said.clone()) {
        Ok(attestation) => attestation,
        Err(error) => {
            let field = if error.field() == "expire_time" { until.0 } else { error.field() };
            // A text that is too long is known already.
            if violations.is_empty() || field != "evidence" {
                violations.add(field, error.to_string());
            }
            said
        }
    };
    let key = call.map(|id| (id, request_hash("PutAttestation", request, caller)));
    let what = AttestAction::Put(attestation);
    violations.or(Attest { recommendation, scope, what, request: key })
}

/// Reads a `RemoveAttestation`.
pub(crate) fn remove_attestation(
    table: &Table,
    request: &wire::RemoveAttestationRequest,
    caller: &Caller,
) -> Result<Attest, ApiError> {
    let mut violations = Violations::default();
    let scope = scope(&mut violations, &request.account_id);
    let id = recommendation(&mut violations, table, &request.recommendation_id);
    violations.text("comment", &request.comment, COMMENT_BYTES_MAX);
    violations.text("on_behalf_of", &request.on_behalf_of, NAME_BYTES_MAX);
    let call = request_id(&mut violations, &request.request_id);
    let by =
        Actor { principal: caller.principal.clone(), on_behalf_of: request.on_behalf_of.clone() };
    let withdrawal = Withdrawal { by, at: caller.now, comment: request.comment.clone() };
    let key = call.map(|id| (id, request_hash("RemoveAttestation", request, caller)));
    let what = AttestAction::Withdraw(withdrawal);
    let recommendation = id.unwrap_or_default();
    violations.or(Attest { recommendation, scope, what, request: key })
}

/// The id of a recommendation, as the table writes it.
fn recommendation(violations: &mut Violations, table: &Table, text: &str) -> Option<String> {
    let known = Some(text).filter(|text| text.len() <= ID_BYTES_MAX);
    let known = known.and_then(|text| table.get(text));
    if known.is_none() {
        let shown = shown(text);
        violations.add(
            "recommendation_id",
            format!("`{shown}` is no recommendation of the model; see GetMaturity for their ids"),
        );
    }
    known.map(|recommendation| recommendation.id.clone())
}

fn scope(violations: &mut Violations, text: &str) -> Scope {
    account(violations, text).map_or(Scope::Organization, Scope::Account)
}

/// An account; `None` when none is given, or it is none.
fn account(violations: &mut Violations, text: &str) -> Option<AccountId> {
    if text.is_empty() {
        return None;
    }
    let short = Some(text).filter(|text| text.len() <= ACCOUNT_BYTES_MAX);
    let account = short.and_then(|text| text.parse().ok());
    if account.is_none() {
        violations.add("account_id", format!("`{}` is no account (twelve digits)", shown(text)));
    }
    account
}
