//! Config: compliance of resources with rules.
//!
//! Nothing collects it yet: its evaluations come by events, imports and Security Hub.

pub mod map;
pub(crate) mod rule_name;
