//! Why findings are urgent, and other rules.

use muster_api::v1 as wire;
use muster_api::v1::priority_service_client::PriorityServiceClient;
use muster_core::priority::Model;
use tonic::Code;

use super::sample::{id, sample};
use super::world::World;
use crate::ranking;

fn service(world: &World) -> PriorityServiceClient<tonic::transport::Channel> {
    PriorityServiceClient::new(world.channel())
}

#[tokio::test]
async fn an_explanation_sums_to_the_score_and_names_who_says_it() {
    let world = World::holding([sample(1, 70)]).await;
    let request = wire::ExplainFindingRequest { id: id(1).to_string() };

    let explained = service(&world).explain_finding(request).await.unwrap().into_inner();

    let priority = explained.finding.unwrap().priority.unwrap();
    let reasons = explained.lines.iter().map(|line| line.reason.as_ref().unwrap());
    let sum: i32 = reasons.map(|reason| reason.points).sum();
    assert_eq!(u32::try_from(sum), Ok(priority.score));
    assert_eq!(priority.rules, Model::builtin().hash());
    let severity = &explained.lines[0];
    assert_eq!(severity.reason.as_ref().unwrap().factor, "severity");
    assert_eq!(severity.report_keys.len(), 1);
    assert!(explained.unknown.iter().any(|one| one.factor == "exposure" && !one.how.is_empty()));
    let missing = wire::ExplainFindingRequest { id: id(2).to_string() };
    let missing = service(&world).explain_finding(missing).await.unwrap_err();
    assert_eq!(missing.code(), Code::NotFound);
}

#[tokio::test]
async fn rules_are_previewed_then_activated_and_stay_in_the_store() {
    let world = World::holding([sample(1, 90), sample(2, 10), sample(3, 90).closed()]).await;
    let own_text = "version = 1\n[anchors]\nseverity = [[0, 0], [100, 1000]]\n".to_owned();
    let before = Model::builtin().hash().to_owned();

    let preview = wire::PreviewPriorityRulesRequest { own_text: own_text.clone() };
    let preview = service(&world).preview_priority_rules(preview).await.unwrap().into_inner();

    assert_eq!((preview.examined_count, preview.total_count, preview.changed_count), (2, 2, 2));
    assert_eq!(preview.moves[0].id, id(1).to_string(), "the one that moves most is first");
    let moved: u64 = preview.band_moves.iter().map(|one| one.count).sum();
    assert!(moved >= 1);
    let rules = service(&world).get_priority_rules(wire::GetPriorityRulesRequest {}).await.unwrap();
    assert_eq!(rules.into_inner().hash, before, "a preview changes nothing");

    let over = |hash: &str| wire::ActivatePriorityRulesRequest {
        own_text: own_text.clone(),
        hash: hash.to_owned(),
    };
    let other = service(&world).activate_priority_rules(over("0123456789abcdef")).await;
    assert_eq!(other.unwrap_err().code(), Code::InvalidArgument);
    let done = service(&world).activate_priority_rules(over(&before)).await.unwrap().into_inner();
    assert_eq!((done.hash.as_str(), done.unchanged), (preview.hash.as_str(), false));
    let again = service(&world).activate_priority_rules(over("")).await.unwrap().into_inner();
    assert!(again.unchanged);

    let rules = service(&world).get_priority_rules(wire::GetPriorityRulesRequest {}).await.unwrap();
    assert_eq!(rules.into_inner().own_text, own_text);
    assert_eq!(ranking::in_force(&*world.store).unwrap().hash(), preview.hash);
    world.backend.writer.tick(vec![id(1)]).await.unwrap();
    let explained = wire::ExplainFindingRequest { id: id(1).to_string() };
    let explained = service(&world).explain_finding(explained).await.unwrap().into_inner();
    let priority = explained.finding.unwrap().priority.unwrap();
    assert_eq!(priority.score, preview.moves[0].score_after, "the preview was right");
    assert_eq!(priority.rules, preview.hash);
}

#[tokio::test]
async fn wrong_rules_are_refused_with_their_line() {
    let world = World::start().await;
    let own_text = "version = 1\n\n[points.exposure]\npublik = 3\n".to_owned();
    let request = wire::PreviewPriorityRulesRequest { own_text: own_text.clone() };
    let previewed = service(&world).preview_priority_rules(request).await.unwrap_err();
    let request = wire::ActivatePriorityRulesRequest { own_text, hash: String::new() };
    let activated = service(&world).activate_priority_rules(request).await.unwrap_err();

    for error in [previewed, activated] {
        assert_eq!(error.code(), Code::InvalidArgument);
        let told = format!("{error:?}");
        assert!(told.contains("line 4") && told.contains("publik"), "{told}");
    }
}
