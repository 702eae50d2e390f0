//! Config: compliance of resources with rules.

pub(crate) mod rule_name;
