//! IAM Access Analyzer: `ListAnalyzers`, `ListFindings`, `ListFindingsV2`, `GetFindingV2`.

pub mod map;
#[cfg(feature = "sdk")]
pub(crate) mod shell;
