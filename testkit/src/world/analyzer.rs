//! An analyzer of Access Analyzer, and its findings.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::documents::access::AccessFinding;
use crate::scope::Scope;

/// What an analyzer looks for, and how far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnalyzerKind {
    /// Access from outside the account.
    Account,
    /// Access from outside the organization.
    Organization,
    /// Access in the account that nobody uses.
    AccountUnusedAccess,
    /// Access in the organization that nobody uses.
    OrganizationUnusedAccess,
    /// Access inside the account.
    AccountInternalAccess,
    /// Access inside the organization.
    OrganizationInternalAccess,
}

impl AnalyzerKind {
    /// As the API writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Account => "ACCOUNT",
            Self::Organization => "ORGANIZATION",
            Self::AccountUnusedAccess => "ACCOUNT_UNUSED_ACCESS",
            Self::OrganizationUnusedAccess => "ORGANIZATION_UNUSED_ACCESS",
            Self::AccountInternalAccess => "ACCOUNT_INTERNAL_ACCESS",
            Self::OrganizationInternalAccess => "ORGANIZATION_INTERNAL_ACCESS",
        }
    }

    /// Whether the first API lists its findings.
    pub fn is_external(self) -> bool {
        matches!(self, Self::Account | Self::Organization)
    }
}

/// An analyzer.
#[derive(Clone, Debug, PartialEq)]
pub struct Analyzer {
    pub(crate) scope: Scope,
    pub(crate) name: String,
    pub(crate) kind: AnalyzerKind,
    pub(crate) created_at: Timestamp,
    /// `ACTIVE`, `CREATING`, `DISABLED` or `FAILED`.
    pub(crate) status: &'static str,
    pub(crate) findings: BTreeMap<String, AccessFinding>,
}

impl Analyzer {
    pub(crate) fn new(scope: Scope, name: &str, kind: AnalyzerKind, created_at: Timestamp) -> Self {
        let (name, status) = (name.to_owned(), "ACTIVE");
        Self { scope, name, kind, created_at, status, findings: BTreeMap::new() }
    }

    /// Its ARN.
    pub fn arn(&self) -> String {
        let Scope { account, region } = &self.scope;
        format!("arn:aws:access-analyzer:{region}:{account}:analyzer/{}", self.name)
    }

    /// How many findings it has, of every status.
    pub fn len(&self) -> usize {
        self.findings.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    /// The status of a finding: `ACTIVE`, `ARCHIVED` or `RESOLVED`.
    pub fn status_of(&self, id: &str) -> Option<&'static str> {
        self.findings.get(id).map(|finding| finding.status)
    }
}
