//! Trusted Advisor in one account: checks, their latest results, and what the next one will be.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rand::seq::SliceRandom;
use serde::Deserialize;

use super::event::{Flag, WorldError};
use super::{Place, World};
use crate::clock::seconds_text;
use crate::documents::checks::{CheckInfo, checks};
use crate::scope::Scope;
use crate::seeded;

/// How bad a flagged resource is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FlagStatus {
    /// Green: looked at and fine.
    Ok,
    /// Yellow.
    Warning,
    /// Red.
    Error,
}

impl FlagStatus {
    /// As `status` of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    fn colour(self) -> &'static str {
        match self {
            Self::Ok => "Green",
            Self::Warning => "Yellow",
            Self::Error => "Red",
        }
    }
}

/// Trusted Advisor in one account.
#[derive(Clone, Debug, PartialEq)]
pub struct Advisor {
    /// Whether the support plan has the API.
    pub(crate) is_subscribed: bool,
    pub(crate) checks: BTreeMap<&'static str, Check>,
}

/// A check and its results.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Check {
    pub info: CheckInfo,
    /// The headers in the order in which this world has them.
    pub columns: Vec<&'static str>,
    /// When the published result was made.
    pub refreshed_at: Timestamp,
    pub is_available: bool,
    pub processed: usize,
    /// What callers see.
    pub published: BTreeMap<String, Row>,
    /// What the next refresh will publish.
    actual: BTreeMap<String, Row>,
}

/// A flagged resource.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub status: FlagStatus,
    pub region: Option<String>,
    pub is_suppressed: bool,
    pub metadata: Vec<Option<String>>,
}

impl Advisor {
    fn new(seed: u64, account: &str, now: Timestamp) -> Self {
        let check = |info: CheckInfo| {
            let mut columns = info.columns.to_vec();
            columns.shuffle(&mut seeded::rng(seed, &["columns", account, info.id]));
            let check = Check {
                columns,
                refreshed_at: now,
                is_available: true,
                processed: 0,
                published: BTreeMap::new(),
                actual: BTreeMap::new(),
                info,
            };
            (check.info.id, check)
        };
        Self { is_subscribed: true, checks: checks().into_iter().map(check).collect() }
    }

    /// The rows that a check publishes now, of every status.
    pub fn rows(&self, check: &str) -> usize {
        self.checks.get(check).map_or(0, |check| check.published.len())
    }
}

impl Check {
    /// `ok`, `warning`, `error` or `not_available`.
    pub(crate) fn status(&self) -> &'static str {
        if !self.is_available {
            return "not_available";
        }
        self.published.values().map(|row| row.status).max().unwrap_or(FlagStatus::Ok).as_str()
    }

    /// How many rows are in trouble.
    pub(crate) fn flagged(&self) -> usize {
        self.published.values().filter(|row| row.status != FlagStatus::Ok).count()
    }

    /// Puts named cells in the order of the headers; what nobody named is null.
    fn metadata(
        &self,
        status: FlagStatus,
        region: Option<&str>,
        cells: &[(String, String)],
        now: Timestamp,
    ) -> Vec<Option<String>> {
        let cell = |header: &&str| {
            let named = cells.iter().find(|(name, _)| name == header);
            match (named, *header) {
                (Some((_, value)), _) => Some(value.clone()),
                (None, "Status") => Some(status.colour().to_owned()),
                (None, "Region") => region.map(ToOwned::to_owned),
                (None, "Last Updated Time" | "Last Refresh Time") => Some(seconds_text(now)),
                (None, _) => None,
            }
        };
        self.columns.iter().map(cell).collect()
    }
}

impl World {
    /// Gives an account a support plan with Trusted Advisor.
    pub fn subscribe_support(&mut self, account: &str) {
        self.add_account(account);
        let advisor = Advisor::new(self.seed, account, self.began);
        self.advisors.entry(account.to_owned()).or_insert(advisor).is_subscribed = true;
    }

    /// Takes the support plan away.
    pub fn cancel_support(&mut self, account: &str) {
        if let Some(advisor) = self.advisors.get_mut(account) {
            advisor.is_subscribed = false;
        }
    }

    /// Trusted Advisor of an account, when its support plan has it.
    pub fn advisor(&self, account: &str) -> Option<&Advisor> {
        self.advisors.get(account).filter(|advisor| advisor.is_subscribed)
    }

    pub(super) fn flag(&mut self, flag: &Flag, now: Timestamp) -> Result<(), WorldError> {
        self.check_free(&flag.name)?;
        let id = seeded::opaque(self.seed, &["row", &flag.account, &flag.check, &flag.name]);
        let check = self.check_mut(&flag.account, &flag.check)?;
        let metadata = check.metadata(flag.status, flag.region.as_deref(), &flag.cells, now);
        let row = Row {
            status: flag.status,
            region: flag.region.clone(),
            is_suppressed: false,
            metadata,
        };
        check.actual.insert(id.clone(), row);
        let check = check.info.id;
        let place = Place::Advisor { account: flag.account.clone(), check, id };
        self.names.insert(flag.name.clone(), place);
        Ok(())
    }

    /// Sets whether people exclude the row, or takes it away (`None`). Seen at the next refresh.
    pub(super) fn set_row(
        &mut self,
        account: &str,
        check: &str,
        id: &str,
        suppressed: Option<bool>,
    ) -> Result<(), WorldError> {
        let check = self.check_mut(account, check)?;
        match suppressed {
            None => {
                check.actual.remove(id);
            }
            Some(suppressed) => {
                if let Some(row) = check.actual.get_mut(id) {
                    row.is_suppressed = suppressed;
                }
            }
        }
        Ok(())
    }

    pub(super) fn refresh(
        &mut self,
        account: &str,
        check: Option<&str>,
        now: Timestamp,
    ) -> Result<(), WorldError> {
        let advisor = self.advisor_mut(account)?;
        let wanted: Vec<&'static str> = match check {
            None => advisor.checks.keys().copied().collect(),
            Some(id) => {
                let check = advisor.checks.get(id);
                vec![check.ok_or_else(|| WorldError::UnknownKind(id.to_owned()))?.info.id]
            }
        };
        let failed = self.failed_controls(account);
        for id in wanted {
            let mirrored = self.mirrored_rows(account, id, &failed, now);
            let check = self.check_mut(account, id)?;
            check.published = mirrored.unwrap_or_else(|| check.actual.clone());
            check.processed = check.published.len() + 12;
            check.refreshed_at = now;
            check.is_available = true;
        }
        Ok(())
    }

    /// The check could not be evaluated: its result says nothing.
    pub(super) fn fail_check(
        &mut self,
        account: &str,
        check: &str,
        now: Timestamp,
    ) -> Result<(), WorldError> {
        let check = self.check_mut(account, check)?;
        check.is_available = false;
        check.refreshed_at = now;
        check.published.clear();
        Ok(())
    }

    /// The resources of active, failed findings in every Region of the account, by control.
    fn failed_controls(&self, account: &str) -> Failed {
        let mut failed = Failed::new();
        for (scope, hub) in self.hubs.iter().filter(|(scope, _)| scope.account == account) {
            for text in hub.documents() {
                if let Some((control, resource)) = failed_control(text) {
                    failed.entry(control).or_default().insert((scope.region.clone(), resource));
                }
            }
        }
        failed
    }

    /// What a mirror shows; `None` for a check that is none.
    fn mirrored_rows(
        &self,
        account: &str,
        check: &str,
        failed: &Failed,
        now: Timestamp,
    ) -> Option<BTreeMap<String, Row>> {
        let check = self.advisors.get(account)?.checks.get(check)?;
        let control = check.info.mirrors?;
        let status = match control.severity {
            "CRITICAL" | "HIGH" => FlagStatus::Error,
            _ => FlagStatus::Warning,
        };
        let rows = failed.get(control.id).into_iter().flatten().map(|(region, resource)| {
            let id = seeded::opaque(self.seed, &[check.info.id, region, resource]);
            let cells = [("Resource".to_owned(), resource.clone())];
            let metadata = check.metadata(status, Some(region), &cells, now);
            let region = Some(region.clone());
            (id, Row { status, region, is_suppressed: false, metadata })
        });
        Some(rows.collect())
    }

    fn advisor_mut(&mut self, account: &str) -> Result<&mut Advisor, WorldError> {
        let missing = || WorldError::NotEnabled {
            product: "Trusted Advisor",
            scope: Scope::new(account, "us-east-1"),
        };
        self.advisors.get_mut(account).ok_or_else(missing)
    }

    fn check_mut(&mut self, account: &str, check: &str) -> Result<&mut Check, WorldError> {
        let unknown = || WorldError::UnknownKind(check.to_owned());
        self.advisor_mut(account)?.checks.get_mut(check).ok_or_else(unknown)
    }
}

/// By control id: Region and resource.
type Failed = BTreeMap<String, BTreeSet<(String, String)>>;

/// The control and resource of a finding that is active and failed.
fn failed_control(text: &[u8]) -> Option<(String, String)> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Document {
        record_state: String,
        compliance: Option<Compliance>,
        resources: Vec<Resource>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Compliance {
        status: String,
        security_control_id: String,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Resource {
        id: String,
    }
    let document: Document = serde_json::from_slice(text).ok()?;
    let compliance = document.compliance?;
    let is_failed = compliance.status == "FAILED" && document.record_state == "ACTIVE";
    let resource = document.resources.into_iter().next()?;
    is_failed.then_some((compliance.security_control_id, resource.id))
}
