//! Ways to decide which documents belong together: ours, and two that are often used.

use std::collections::BTreeMap;

use muster_core::finding::Placement;
use muster_core::report::Report;
use muster_core::weakness::Classes;
use serde_json::Value;

/// A way to join documents: two with a key in common are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Method {
    /// Finding keys.
    Muster,
    /// The `Id` of Security Hub, or the product's own id where a document did not come from there.
    HubId,
    /// The title and the primary resource as it is written.
    TitleAndResource,
}

impl Method {
    pub(super) const ALL: [Self; 3] = [Self::Muster, Self::HubId, Self::TitleAndResource];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Muster => "Muster",
            Self::HubId => "Security Hub Id",
            Self::TitleAndResource => "title and resource",
        }
    }

    /// The keys of a document, each with what placed it.
    pub(super) fn keys(
        self,
        classes: &Classes,
        document: &str,
        reports: &[Report],
    ) -> BTreeMap<String, String> {
        let keys = reports.iter().map(|report| match self {
            Self::Muster => {
                let key = classes.key(report);
                let placed_by = match key.placement {
                    Placement::Class(class) => class,
                    Placement::Origin => format!("origin `{}`", report.origin.rule.as_str()),
                    Placement::Decision => "decision".to_owned(),
                };
                (key.text, placed_by)
            }
            Self::HubId => (hub_id(document), String::new()),
            Self::TitleAndResource => {
                let resource = report.resources.first().map_or("", |found| &found.original);
                (format!("{}|{resource}", report.title), String::new())
            }
        });
        keys.collect()
    }
}

/// Where each product has the id that Security Hub uses, the first that is there.
const IDS: [&str; 11] = [
    "/Id",
    "/finding_info/uid",
    "/arn",
    "/Arn",
    "/findingArn",
    "/findingId",
    "/id",
    "/resourceId",
    "/eventArn",
    "/uuid",
    "/EvaluationResultIdentifier",
];

/// The id that is written in the document; the document itself where there is none.
fn hub_id(document: &str) -> String {
    let value: Value = serde_json::from_str(document).unwrap();
    let pushed = value.pointer("/detail/findings/0").or_else(|| value.get("detail"));
    let finding = pushed.unwrap_or(&value);
    let id = IDS.iter().find_map(|name| finding.pointer(name));
    id.map_or_else(|| document.to_owned(), |id| id.as_str().map_or(id.to_string(), str::to_owned))
}
