//! The stored form of attestations.

use muster_core::maturity::{Attestation, Scope};
use muster_core::time::Millis;
use muster_core::triage::Actor;
use prost::Message;

use super::{ENTRIES_MAX, Vouched, Withdrawal};
use crate::store::{MetaTable, MetaWrite, StoreError};

/// What was said of one recommendation in one scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Of which.
    pub recommendation: String,
    /// For what.
    pub scope: Scope,
    /// The newest last; at most [`ENTRIES_MAX`], never empty. Those before it were replaced or
    /// withdrawn.
    pub entries: Vec<Vouched>,
}

#[derive(Clone, PartialEq, Message)]
struct Row {
    #[prost(string, tag = "1")]
    recommendation: String,
    /// Empty for the organization.
    #[prost(string, tag = "2")]
    account: String,
    #[prost(message, repeated, tag = "3")]
    entries: Vec<EntryRow>,
}

#[derive(Clone, PartialEq, Message)]
struct EntryRow {
    #[prost(message, optional, tag = "1")]
    author: Option<ActorRow>,
    #[prost(string, tag = "2")]
    evidence: String,
    #[prost(int64, tag = "3")]
    made_ms: i64,
    #[prost(int64, tag = "4")]
    expires_ms: i64,
    #[prost(message, optional, tag = "5")]
    withdrawn: Option<WithdrawalRow>,
}

#[derive(Clone, PartialEq, Message)]
struct WithdrawalRow {
    #[prost(message, optional, tag = "1")]
    by: Option<ActorRow>,
    #[prost(int64, tag = "2")]
    at_ms: i64,
    #[prost(string, tag = "3")]
    comment: String,
}

#[derive(Clone, PartialEq, Message)]
struct ActorRow {
    #[prost(string, tag = "1")]
    principal: String,
    #[prost(string, tag = "2")]
    on_behalf_of: String,
}

impl Record {
    /// What is vouched for, whether or not it has expired; `None` after it was withdrawn.
    pub fn standing(&self) -> Option<&Attestation> {
        let last = self.entries.last().filter(|entry| entry.withdrawn.is_none());
        last.map(|entry| &entry.attestation)
    }

    /// Adds what is said now; the oldest beyond [`ENTRIES_MAX`] are forgotten.
    pub fn add(&mut self, attestation: Attestation) {
        self.entries.push(Vouched { attestation, withdrawn: None });
        let beyond = self.entries.len().saturating_sub(ENTRIES_MAX);
        self.entries.drain(..beyond);
    }

    /// The row.
    pub fn write(&self) -> MetaWrite {
        let row = Row {
            recommendation: self.recommendation.clone(),
            account: account(self.scope),
            entries: self.entries.iter().map(EntryRow::of).collect(),
        };
        MetaWrite {
            table: MetaTable::Attestation,
            key: key(&self.recommendation, self.scope),
            value: Some(row.encode_to_vec()),
        }
    }
}

/// The key of the row of a recommendation and scope: they sort by recommendation, the organization
/// before its accounts.
pub fn key(recommendation: &str, scope: Scope) -> Vec<u8> {
    format!("{recommendation}|{}", account(scope)).into_bytes()
}

/// Reads a row back.
///
/// # Errors
///
/// [`StoreError::Corrupt`] with what is wrong.
pub fn read_row(key: &[u8], value: &[u8]) -> Result<Record, StoreError> {
    let damaged = |what: &str| StoreError::Corrupt {
        what: format!("the attestation {}: {what}", String::from_utf8_lossy(key)),
    };
    let row = Row::decode(value).map_err(|_| damaged("it does not read"))?;
    let scope = match &*row.account {
        "" => Scope::Organization,
        account => Scope::Account(account.parse().map_err(|_| damaged("it is of no account"))?),
    };
    let recommendation = row.recommendation;
    if super::key(&recommendation, scope) != key {
        return Err(damaged("its key is that of another"));
    }
    let entries: Vec<Vouched> =
        row.entries.into_iter().map(|entry| entry.read(&recommendation, scope)).collect();
    if entries.is_empty() {
        return Err(damaged("nobody said anything"));
    }
    Ok(Record { recommendation, scope, entries })
}

fn account(scope: Scope) -> String {
    match scope {
        Scope::Organization => String::new(),
        Scope::Account(account) => account.to_string(),
    }
}

impl EntryRow {
    fn of(entry: &Vouched) -> Self {
        let said = &entry.attestation;
        Self {
            author: Some(ActorRow::of(&said.author)),
            evidence: said.evidence.clone(),
            made_ms: said.made.0,
            expires_ms: said.expires.0,
            withdrawn: entry.withdrawn.as_ref().map(|withdrawal| WithdrawalRow {
                by: Some(ActorRow::of(&withdrawal.by)),
                at_ms: withdrawal.at.0,
                comment: withdrawal.comment.clone(),
            }),
        }
    }

    fn read(self, recommendation: &str, scope: Scope) -> Vouched {
        let attestation = Attestation {
            recommendation: recommendation.to_owned(),
            scope,
            author: ActorRow::read(self.author),
            evidence: self.evidence,
            made: Millis(self.made_ms),
            expires: Millis(self.expires_ms),
        };
        let withdrawn = self.withdrawn.map(|row| Withdrawal {
            by: ActorRow::read(row.by),
            at: Millis(row.at_ms),
            comment: row.comment,
        });
        Vouched { attestation, withdrawn }
    }
}

impl ActorRow {
    fn of(actor: &Actor) -> Self {
        Self { principal: actor.principal.clone(), on_behalf_of: actor.on_behalf_of.clone() }
    }

    fn read(row: Option<Self>) -> Actor {
        let Self { principal, on_behalf_of } = row.unwrap_or_default();
        Actor { principal, on_behalf_of }
    }
}
