//! The state that the emulator answers from: accounts, Regions and the findings of each product.
//!
//! A world changes only through [`World::apply`] and the settings; it reads no clock, and what it
//! makes up follows from its seed and the names of the findings, so that the same events give the
//! same documents byte for byte.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;

mod access;
pub(crate) mod advisor;
pub(crate) mod analyzer;
pub(crate) mod detector;
pub(crate) mod event;
pub(crate) mod hub;
mod security_hub;
mod threats;

pub use advisor::{Advisor, FlagStatus};
pub use analyzer::{Analyzer, AnalyzerKind};
pub use detector::Detector;
pub use event::{Access, Control, Event, Flag, Threat, WorldError};
pub use hub::{ControlFindings, Hub};

use crate::scope::Scope;
use crate::seeded;

/// Accounts, Regions, products and findings.
#[derive(Clone, Debug, PartialEq)]
pub struct World {
    seed: u64,
    pub(crate) began: Timestamp,
    accounts: BTreeSet<String>,
    /// The delegated administrator, which sees the findings of its members.
    administrator: Option<String>,
    /// The Region that shows the findings of the others.
    home_region: Option<String>,
    disabled_regions: BTreeSet<Scope>,
    pub(crate) hubs: BTreeMap<Scope, Hub>,
    pub(crate) detectors: BTreeMap<Scope, Detector>,
    /// By ARN.
    pub(crate) analyzers: BTreeMap<String, Analyzer>,
    /// By ARN, where it is on.
    inspectors: BTreeMap<Scope, BTreeMap<String, Value>>,
    /// By account.
    pub(crate) advisors: BTreeMap<String, Advisor>,
    names: BTreeMap<String, Place>,
}

/// Where a named finding is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// One or more findings of one hub (a control gives one for each standard).
    Hub { scope: Scope, ids: Vec<String>, rating: Option<&'static str> },
    /// A finding of a detector, with its copy in the hub of the same scope.
    Detector { scope: Scope, id: String },
    /// A finding of an analyzer, with its copy in the hub of the analyzer's scope.
    Analyzer { arn: String, id: String, resource_type: &'static str, generation: u32 },
    /// A row of a check.
    Advisor { account: String, check: &'static str, id: String },
}

impl Place {
    fn product(&self) -> &'static str {
        match self {
            Self::Hub { .. } => "Security Hub",
            Self::Detector { .. } => "GuardDuty",
            Self::Analyzer { .. } => "Access Analyzer",
            Self::Advisor { .. } => "Trusted Advisor",
        }
    }
}

impl World {
    /// An empty world: no accounts, nothing enabled. `now` is the time at which it begins.
    pub fn new(seed: u64, now: Timestamp) -> Self {
        Self {
            seed,
            began: now,
            accounts: BTreeSet::new(),
            administrator: None,
            home_region: None,
            disabled_regions: BTreeSet::new(),
            hubs: BTreeMap::new(),
            detectors: BTreeMap::new(),
            analyzers: BTreeMap::new(),
            inspectors: BTreeMap::new(),
            advisors: BTreeMap::new(),
            names: BTreeMap::new(),
        }
    }

    /// The time at which it begins.
    pub fn began(&self) -> Timestamp {
        self.began
    }

    /// Every account, in order.
    pub fn accounts(&self) -> impl Iterator<Item = &str> {
        self.accounts.iter().map(String::as_str)
    }

    /// Adds an account with nothing enabled. Enabling a product adds its account too.
    pub fn add_account(&mut self, account: &str) {
        self.accounts.insert(account.to_owned());
    }

    /// Whether the account exists.
    pub fn has_account(&self, account: &str) -> bool {
        self.accounts.contains(account)
    }

    /// Makes an account the delegated administrator: Security Hub and GuardDuty show it the
    /// findings of all accounts in the same Region.
    pub fn set_administrator(&mut self, account: &str) {
        self.add_account(account);
        self.administrator = Some(account.to_owned());
    }

    /// Turns on cross-Region aggregation: Security Hub in this Region also shows what is in the
    /// others, so that the same finding is read from two endpoints.
    pub fn set_home_region(&mut self, region: &str) {
        self.home_region = Some(region.to_owned());
    }

    /// Turns Inspector on in this account and Region, with these findings as `ListFindings` gives them
    /// (`updatedAt` in seconds since the epoch); more are added, and those with an ARN that is there
    /// take its place.
    pub fn enable_inspector(&mut self, scope: &Scope, findings: impl IntoIterator<Item = Value>) {
        self.add_account(&scope.account);
        let there = self.inspectors.entry(scope.clone()).or_default();
        there.extend(findings.into_iter().map(|finding| {
            (finding["findingArn"].as_str().unwrap_or_default().to_owned(), finding)
        }));
    }

    /// The findings of Inspector by ARN; `None` where it is off.
    pub fn inspector(&self, scope: &Scope) -> Option<&BTreeMap<String, Value>> {
        self.inspectors.get(scope)
    }

    /// Disables an opt-in Region: AWS then knows no credentials there.
    pub fn disable_region(&mut self, scope: &Scope) {
        self.disabled_regions.insert(scope.clone());
    }

    /// Whether requests to this Region are answered at all.
    pub(crate) fn is_region_enabled(&self, scope: &Scope) -> bool {
        !self.disabled_regions.contains(scope)
    }

    /// Enables Security Hub.
    pub fn enable_security_hub(&mut self, scope: &Scope, control_findings: ControlFindings) {
        self.add_account(&scope.account);
        let hub = Hub::new(control_findings, self.began);
        self.hubs.entry(scope.clone()).or_insert(hub);
    }

    /// Disables Security Hub; its findings are gone.
    pub fn disable_security_hub(&mut self, scope: &Scope) {
        self.hubs.remove(scope);
    }

    /// Enables GuardDuty and returns the id of the detector.
    pub fn enable_guardduty(&mut self, scope: &Scope) -> String {
        self.add_account(&scope.account);
        let id = seeded::hex(self.seed, &["detector", &scope.account, &scope.region], 32);
        let detector = Detector::new(id.clone(), self.began);
        self.detectors.entry(scope.clone()).or_insert(detector);
        id
    }

    /// Disables GuardDuty; the detector and its findings are gone.
    pub fn disable_guardduty(&mut self, scope: &Scope) {
        self.detectors.remove(scope);
    }

    /// Security Hub there, when it is enabled.
    pub fn hub(&self, scope: &Scope) -> Option<&Hub> {
        self.hubs.get(scope)
    }

    /// GuardDuty there, when it is enabled.
    pub fn detector(&self, scope: &Scope) -> Option<&Detector> {
        self.detectors.get(scope)
    }

    /// Loads whole ASFF documents into a hub, as many as there are, and returns how many.
    ///
    /// # Errors
    ///
    /// [`WorldError::NotEnabled`], or [`WorldError::Document`] for the first document without a
    /// valid `Id` or `UpdatedAt`; those before it are loaded.
    pub fn load_asff(
        &mut self,
        scope: &Scope,
        documents: impl IntoIterator<Item = Bytes>,
    ) -> Result<usize, WorldError> {
        let hub = self.hub_mut(scope)?;
        let mut loaded = 0;
        for document in documents {
            hub.put_text(document)?;
            loaded += 1;
        }
        Ok(loaded)
    }

    /// Lets something happen at `now`.
    ///
    /// # Errors
    ///
    /// The world is then as it was.
    pub fn apply(&mut self, event: Event, now: Timestamp) -> Result<(), WorldError> {
        match event {
            Event::Control(control) => self.add_control(&control, now),
            Event::Evaluate { name, compliance } => self.evaluate(&name, compliance, now),
            Event::Import { name, scope, document } => self.import(name, &scope, document, now),
            Event::Heartbeat { name } => self.heartbeat(&name, now),
            Event::Triage { name, workflow, note } => {
                self.triage(&name, &workflow, note.as_ref(), now)
            }
            Event::Archive { name } => self.set_archived(&name, true, now),
            Event::Unarchive { name } => self.set_archived(&name, false, now),
            Event::Vanish { name } => self.vanish(&name, now),
            Event::Threat(threat) => self.add_threat(&threat, now),
            Event::Escalate { name, severity } => self.escalate(&name, severity, now),
            Event::Access(access) => self.add_access(&access, now),
            Event::Resolve { name } => self.set_access_status(&name, "RESOLVED", now),
            Event::Reissue { name, kind } => self.reissue(&name, kind, now),
            Event::Flag(flag) => self.flag(&flag, now),
            Event::Refresh { account, check } => self.refresh(&account, check.as_deref(), now),
            Event::FailCheck { account, check } => self.fail_check(&account, &check, now),
        }
    }

    /// The ids under which its product knows a finding; empty when the name is unknown.
    pub fn ids(&self, name: &str) -> Vec<String> {
        match self.names.get(name) {
            Some(Place::Hub { ids, .. }) => ids.clone(),
            Some(
                Place::Detector { id, .. } | Place::Analyzer { id, .. } | Place::Advisor { id, .. },
            ) => vec![id.clone()],
            None => Vec::new(),
        }
    }

    /// The scopes whose Security Hub findings a caller sees.
    pub(crate) fn visible_hubs(&self, caller: &Scope) -> Vec<&Hub> {
        let all_accounts = self.administrator.as_ref() == Some(&caller.account);
        let all_regions = self.home_region.as_ref() == Some(&caller.region);
        self.hubs
            .iter()
            .filter(|(scope, _)| all_accounts || scope.account == caller.account)
            .filter(|(scope, _)| all_regions || scope.region == caller.region)
            .map(|(_, hub)| hub)
            .collect()
    }

    /// The detectors whose findings a caller sees through its own.
    pub(crate) fn visible_detectors(&self, caller: &Scope) -> Vec<&Detector> {
        let all_accounts = self.administrator.as_ref() == Some(&caller.account);
        self.detectors
            .iter()
            .filter(|(scope, _)| all_accounts || scope.account == caller.account)
            .filter(|(scope, _)| scope.region == caller.region)
            .map(|(_, detector)| detector)
            .collect()
    }

    fn heartbeat(&mut self, name: &str, now: Timestamp) -> Result<(), WorldError> {
        match self.place(name)?.clone() {
            Place::Hub { scope, ids, .. } => self.touch(&scope, &ids, now),
            Place::Detector { scope, id } => self.see_again(&scope, &id, None, now),
            Place::Analyzer { arn, id, .. } => self.rescan(&arn, &id, now),
            Place::Advisor { .. } => Err(self.wrong_product(name)),
        }
    }

    fn set_archived(
        &mut self,
        name: &str,
        archived: bool,
        now: Timestamp,
    ) -> Result<(), WorldError> {
        match self.place(name)?.clone() {
            Place::Hub { scope, ids, .. } => self.archive_in_hub(&scope, &ids, archived, now),
            Place::Detector { scope, id } => self.archive_threat(&scope, &id, archived),
            Place::Analyzer { .. } => {
                self.set_access_status(name, if archived { "ARCHIVED" } else { "ACTIVE" }, now)
            }
            Place::Advisor { account, check, id } => {
                self.set_row(&account, check, &id, Some(archived))
            }
        }
    }

    fn vanish(&mut self, name: &str, now: Timestamp) -> Result<(), WorldError> {
        match self.place(name)?.clone() {
            Place::Hub { scope, ids, .. } => {
                let hub = self.hub_mut(&scope)?;
                for id in ids {
                    hub.remove(&id);
                }
            }
            Place::Detector { scope, id } => {
                let copy = self.copy_of_threat(&scope, &id)?;
                self.detector_mut(&scope)?.findings.remove(&id);
                if let Some(hub) = self.hubs.get_mut(&scope) {
                    hub.remove(&copy);
                }
            }
            Place::Analyzer { arn, id, resource_type, .. } => {
                self.remove_access(&arn, &id, resource_type, now)?;
            }
            Place::Advisor { account, check, id } => self.set_row(&account, check, &id, None)?,
        }
        self.names.remove(name);
        Ok(())
    }

    fn place(&self, name: &str) -> Result<&Place, WorldError> {
        self.names.get(name).ok_or_else(|| WorldError::UnknownName(name.to_owned()))
    }

    fn wrong_product(&self, name: &str) -> WorldError {
        let product = self.names.get(name).map_or("no product", Place::product);
        WorldError::WrongProduct { name: name.to_owned(), product }
    }

    fn check_free(&self, name: &str) -> Result<(), WorldError> {
        if self.names.contains_key(name) {
            return Err(WorldError::NameTaken(name.to_owned()));
        }
        Ok(())
    }

    fn hub_mut(&mut self, scope: &Scope) -> Result<&mut Hub, WorldError> {
        let missing = || WorldError::NotEnabled { product: "Security Hub", scope: scope.clone() };
        self.hubs.get_mut(scope).ok_or_else(missing)
    }

    fn detector_mut(&mut self, scope: &Scope) -> Result<&mut Detector, WorldError> {
        let missing = || WorldError::NotEnabled { product: "GuardDuty", scope: scope.clone() };
        self.detectors.get_mut(scope).ok_or_else(missing)
    }
}
