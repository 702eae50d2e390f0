//! `PriorityService`: why findings are as urgent as they are, and the rules that say so.

use std::time::Instant;

use muster_api::v1 as wire;
use muster_api::v1::priority_service_server::PriorityService;
use muster_core::priority::Explanation;
use tonic::{Request, Response, Status};
use tracing::info;

use super::convert::{self, Detail};
use super::error::ApiError;
use super::findings::one_id;
use super::read::Reads;
use super::validate::priority as validate;
use super::validate::triage::principal;
use crate::ranking::preview::{self, PREVIEW_MAX, Preview};

/// Explains scores, previews rules and brings them into force.
#[derive(Clone, Debug)]
pub(super) struct Priority {
    reads: Reads,
}

impl Priority {
    pub(super) fn new(reads: Reads) -> Self {
        Self { reads }
    }
}

#[tonic::async_trait]
impl PriorityService for Priority {
    async fn explain_finding(
        &self,
        request: Request<wire::ExplainFindingRequest>,
    ) -> Result<Response<wire::ExplainFindingResponse>, Status> {
        let wanted = validate::explain(request.get_ref())?;
        let model = self.reads.backend().ranking.now().model;
        let explained = self.reads.run(move |reader| {
            let finding = reader.finding(one_id(reader, &wanted)?)?;
            let Explanation { lines, lower, unknown } = model.explain(&finding);
            Ok(wire::ExplainFindingResponse {
                lines: lines
                    .into_iter()
                    .map(|line| wire::PriorityLine {
                        reason: Some(convert::reason(&line.reason)),
                        report_keys: line.evidence.iter().map(ToString::to_string).collect(),
                    })
                    .collect(),
                lower: lower
                    .into_iter()
                    .map(|way| wire::PriorityCounterfactual {
                        factor: way.factor.as_str().to_owned(),
                        action: way.action.to_owned(),
                        points: way.points.into(),
                    })
                    .collect(),
                unknown: unknown
                    .into_iter()
                    .map(|(factor, how)| wire::PriorityUnknown {
                        factor: factor.as_str().to_owned(),
                        how: how.to_owned(),
                    })
                    .collect(),
                finding: Some(convert::finding(&finding, Detail::Basic)),
            })
        });
        Ok(Response::new(explained.await?))
    }

    async fn get_priority_rules(
        &self,
        _: Request<wire::GetPriorityRulesRequest>,
    ) -> Result<Response<wire::GetPriorityRulesResponse>, Status> {
        let model = self.reads.backend().ranking.now().model;
        Ok(Response::new(wire::GetPriorityRulesResponse {
            hash: model.hash().to_owned(),
            text: model.text().to_owned(),
            own_text: model.own_text().to_owned(),
        }))
    }

    async fn preview_priority_rules(
        &self,
        request: Request<wire::PreviewPriorityRulesRequest>,
    ) -> Result<Response<wire::PreviewPriorityRulesResponse>, Status> {
        let other = validate::preview(request.get_ref())?;
        let model = self.reads.backend().ranking.now().model;
        let now = self.reads.backend().clock.now();
        let view = std::sync::Arc::clone(&self.reads.backend().view);
        let until = Instant::now() + PREVIEW_MAX;
        let hash = other.hash().to_owned();
        let shown = self.reads.run(move |reader| {
            Ok(preview::preview((reader.store(), &view), [&model, &other], now, until)?)
        });
        Ok(Response::new(answer(hash, shown.await?)))
    }

    async fn activate_priority_rules(
        &self,
        request: Request<wire::ActivatePriorityRulesRequest>,
    ) -> Result<Response<wire::ActivatePriorityRulesResponse>, Status> {
        let actor = principal(request.metadata())?;
        let other = validate::activate(request.get_ref())?;
        let hash = request.into_inner().hash;
        let backend = self.reads.backend();
        let model = backend.ranking.now().model;
        if !hash.is_empty() && hash != model.hash() {
            let what = format!("is {hash}, but {} is in force: preview again", model.hash());
            return Err(ApiError::field("hash", what).into());
        }
        let unchanged = other.hash() == model.hash();
        let now = backend.clock.now();
        let hash = other.hash().to_owned();
        if !unchanged {
            info!(actor, before = model.hash(), after = hash, "rules of priority are activated");
            backend.writer.activate(other).await.map_err(ApiError::from)?;
        }
        Ok(Response::new(wire::ActivatePriorityRulesResponse {
            hash,
            unchanged,
            activate_time: Some(convert::timestamp(now)),
        }))
    }
}

fn answer(hash: String, preview: Preview) -> wire::PreviewPriorityRulesResponse {
    let bands = preview.bands.into_iter().rev();
    wire::PreviewPriorityRulesResponse {
        hash,
        examined_count: preview.examined,
        total_count: preview.total,
        changed_count: preview.changed,
        band_moves: bands
            .map(|((before, after), count)| wire::BandMove {
                before: convert::band(before).into(),
                after: convert::band(after).into(),
                count,
            })
            .collect(),
        moves: preview
            .moves
            .into_iter()
            .map(|one| wire::PriorityMove {
                id: one.id.to_string(),
                title: one.title,
                rule_id: one.rule_id,
                score_before: one.scores[0].into(),
                score_after: one.scores[1].into(),
            })
            .collect(),
    }
}
