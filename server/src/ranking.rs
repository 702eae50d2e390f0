//! By which rules findings are ranked: what is in force, for whoever writes or explains.

use std::sync::{Arc, RwLock};

use muster_core::intel::Intel;
use muster_core::plan::Rules;
use muster_core::priority::Model;
use muster_core::time::Millis;

use crate::store::{Store, StoreError};

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

/// The rules in force in `store`.
///
/// # Errors
///
/// When the store cannot be read.
pub fn in_force(_store: &dyn Store) -> Result<Model, StoreError> {
    Ok(Model::builtin())
}

/// What is in force. The writer alone replaces the model, with the commit that says so.
#[derive(Debug)]
pub struct InForce(RwLock<Ranking>);

impl InForce {
    /// With that in force.
    pub fn new(ranking: Ranking) -> Self {
        Self(RwLock::new(ranking))
    }

    /// What is in force now.
    ///
    /// # Panics
    ///
    /// Never: no holder of the lock panics.
    pub fn now(&self) -> Ranking {
        self.0.read().expect("no holder of this lock panics").clone()
    }
}
