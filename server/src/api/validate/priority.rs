//! The requests of `PriorityService`.

use muster_api::v1 as wire;
use muster_core::priority::Model;

use super::{IdText, Violations, id_text};
use crate::api::error::ApiError;

/// The longest rules of an operator, in bytes (512 KiB).
pub(crate) const RULES_BYTES_MAX: usize = 512 * 1024;

/// The longest hash of rules, in bytes: 16 hexadecimal digits.
pub(crate) const HASH_BYTES_MAX: usize = 16;

/// Reads an `ExplainFinding`.
pub(crate) fn explain(request: &wire::ExplainFindingRequest) -> Result<IdText, ApiError> {
    let mut violations = Violations::default();
    let id = id_text(&mut violations, "id", &request.id);
    violations.or(id)?.ok_or_else(|| ApiError::field("id", "is missing"))
}

/// Reads a `PreviewPriorityRules`: the rules of this program, with the operator's over them.
pub(crate) fn preview(request: &wire::PreviewPriorityRulesRequest) -> Result<Model, ApiError> {
    let mut violations = Violations::default();
    let model = rules(&mut violations, &request.own_text);
    violations.or(model)
}

/// Reads an `ActivatePriorityRules`.
pub(crate) fn activate(request: &wire::ActivatePriorityRulesRequest) -> Result<Model, ApiError> {
    let mut violations = Violations::default();
    if request.hash.len() > HASH_BYTES_MAX {
        let what = format!("has {} bytes; a hash has {HASH_BYTES_MAX}", request.hash.len());
        violations.add("hash", what);
    }
    let model = rules(&mut violations, &request.own_text);
    violations.or(model)
}

/// The rules; those of this program in the place of wrong ones, which are noted.
fn rules(violations: &mut Violations, own: &str) -> Model {
    let base = Model::builtin();
    if own.len() > RULES_BYTES_MAX {
        let what = format!("has {} bytes; at most {RULES_BYTES_MAX}", own.len());
        violations.add("own_text", what);
        return base;
    }
    match Model::read(base.text(), Some(own)) {
        Ok(model) => model,
        Err(error) => {
            violations.add("own_text", error.to_string());
            base
        }
    }
}
