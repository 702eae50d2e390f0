//! By which rules findings are ranked: what is in force, for whoever writes or explains.

pub mod preview;

use std::sync::Arc;

use muster_core::intel::Intel;
use muster_core::plan::Rules;
use muster_core::priority::Model;
use muster_core::time::Millis;
use tokio::sync::watch;

use crate::store::{MetaTable, MetaWrite, Store, StoreError};

/// Rules and intelligence, as of one moment. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Ranking {
    /// How urgent findings are.
    pub model: Model,
    /// What is published about vulnerabilities.
    pub intel: Arc<Intel>,
}

impl Ranking {
    /// The rules of this program, without intelligence.
    pub fn builtin() -> Self {
        Self { model: Model::builtin(), intel: Arc::new(Intel::none()) }
    }

    /// What is planned by, at that time.
    pub fn rules(&self, now: Millis) -> Rules<'_> {
        Rules { model: &self.model, intel: &self.intel, now }
    }
}

/// The row that has the text of the rules in force.
const ROW: &[u8] = b"priority-rules";

/// The rules in force in `store`: those that were activated in it last, or, as long as none were, those
/// of this program.
///
/// # Errors
///
/// When the store cannot be read, or a newer program wrote its rules.
pub fn in_force(store: &dyn Store) -> Result<Model, StoreError> {
    let Some(text) = store.meta(MetaTable::Store, ROW)? else { return Ok(Model::builtin()) };
    let unreadable = |why: String| StoreError::Corrupt {
        what: format!(
            "the rules of priority in the store do not read ({why}): use a newer musterd"
        ),
    };
    let text = String::from_utf8(text).map_err(|error| unreadable(error.to_string()))?;
    Model::read(&text, None).map_err(|error| unreadable(error.to_string()))
}

/// The row that brings rules into force.
pub fn activate(model: &Model) -> MetaWrite {
    MetaWrite {
        table: MetaTable::Store,
        key: ROW.to_vec(),
        value: Some(model.text().as_bytes().to_vec()),
    }
}

/// What is in force. The writer alone replaces the model, with the commit that says so.
#[derive(Debug)]
pub struct InForce(watch::Sender<Ranking>);

impl InForce {
    /// With that in force.
    pub fn new(ranking: Ranking) -> Self {
        Self(watch::Sender::new(ranking))
    }

    /// Wakes when something else is in force.
    pub fn subscribe(&self) -> watch::Receiver<Ranking> {
        self.0.subscribe()
    }

    /// Brings a model into force. For the writer alone, when the store has it.
    pub(crate) fn set_model(&self, model: Model) {
        self.0.send_modify(|ranking| ranking.model = model);
    }

    /// Brings other intelligence into force: what is written from now on is planned by it.
    pub fn set_intel(&self, intel: Arc<Intel>) {
        self.0.send_modify(|ranking| ranking.intel = intel);
    }

    /// What is in force now.
    pub fn now(&self) -> Ranking {
        self.0.borrow().clone()
    }
}
