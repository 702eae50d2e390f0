//! Decisions about which reports are one finding.

use muster_api::v1 as wire;
use muster_core::ids::{FindingId, Revision};
use muster_core::plan::RegroupError;
use muster_core::report::ReportKey;

use super::Triage;
use crate::api::convert::{self, Detail};
use crate::api::error::ApiError;
use crate::api::findings::{Explainer, arrivals};
use crate::api::read::Reader;
use crate::writer::{Merge, Refused, Regrouped, Split, WriteError};

/// Both findings after a merge or split, as they are shown.
struct Shown {
    finding: wire::Finding,
    other: wire::Finding,
    /// Keys.
    moved: Vec<String>,
}

/// Which of both findings took the reports.
#[derive(Clone, Copy)]
enum Taker {
    Finding,
    Other,
}

impl Triage {
    pub(super) async fn merge(
        &self,
        merge: Merge,
    ) -> Result<wire::MergeFindingsResponse, ApiError> {
        let done = self.backend().writer.merge(merge).await?;
        let (revision, replayed) = (done.revision.0, done.replayed);
        let Shown { finding, other, moved } = self.shown(done, Taker::Finding).await?;
        Ok(wire::MergeFindingsResponse {
            into: Some(finding),
            from: Some(other),
            moved_report_keys: moved,
            replayed,
            revision,
        })
    }

    pub(super) async fn split(&self, split: Split) -> Result<wire::SplitFindingResponse, ApiError> {
        let (id, report) = (split.finding, split.report.clone());
        let done = match self.backend().writer.split(split).await {
            Err(WriteError::Refused(Refused::Regroup(RegroupError::NoReport { .. }))) => {
                return Err(self.no_report(id, &report).await);
            }
            done => done?,
        };
        let (revision, replayed) = (done.revision.0, done.replayed);
        let Shown { finding, other, moved } = self.shown(done, Taker::Other).await?;
        Ok(wire::SplitFindingResponse {
            finding: Some(finding),
            split: Some(other),
            moved_report_keys: moved,
            replayed,
            revision,
        })
    }

    async fn shown(&self, done: Regrouped, taker: Taker) -> Result<Shown, ApiError> {
        self.reads.run(move |reader| show(reader, &done, taker)).await
    }

    /// Says which reports the finding has instead.
    async fn no_report(&self, id: FindingId, report: &ReportKey) -> ApiError {
        let report = report.to_string();
        let known = self.reads.run(move |reader| {
            let finding = reader.finding(id)?;
            Ok(finding.reports.iter().map(|held| held.report.key.to_string()).collect())
        });
        match known.await {
            Ok(known) => ApiError::ReportNotFound { id, report, known },
            Err(error) => error,
        }
    }
}

/// Both findings in full, and what moved. The decision is durable already: what the log no longer
/// tells is left out.
fn show(reader: &Reader<'_>, done: &Regrouped, taker: Taker) -> Result<Shown, ApiError> {
    let mut explainer = Explainer::new(reader);
    let mut full = |finding| {
        let mut shown = convert::finding(finding, Detail::Full);
        explainer.explain(finding, &mut shown)?;
        Ok::<_, ApiError>(shown)
    };
    let (finding, other) = (full(&done.finding)?, full(&done.other)?);
    // Both changes stand next to each other in the log: the first is that of `finding`.
    let change = match taker {
        Taker::Finding => Revision(done.revision.0.saturating_sub(1)),
        Taker::Other => done.revision,
    };
    let change = reader.store().change(change)?;
    let keys = |change| arrivals(&change, "report").map(str::to_owned).collect();
    Ok(Shown { finding, other, moved: change.map(keys).unwrap_or_default() })
}
