//! Which method is called: a closed set, so that a scanner cannot make up labels.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use prost::Message;
use prost_types::FileDescriptorSet;

/// The one unary method that waits.
const LONG_POLL: &str = "muster.v1.SubscriptionService/PullChanges";

/// A method that this server has, or `unknown`. Among the request's extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Method {
    /// `muster.v1.FindingsService/ListFindings`, or `unknown`.
    pub(super) label: Arc<str>,
    /// Its answer is one message, so it has a deadline and a place among the calls at once.
    pub(super) unary: bool,
    /// It waits for something to happen: longer than others, and not in their places.
    pub(super) waits: bool,
    /// Whose errors carry our reasons: ours, and what nobody has.
    pub(super) ours: bool,
}

/// All methods, by path.
#[derive(Debug)]
pub(super) struct Methods {
    by_path: HashMap<String, Method>,
    unknown: Method,
}

impl Methods {
    /// The methods of the services that `routes` serves.
    pub(super) fn of_this_server() -> Self {
        let sets = [
            (muster_api::FILE_DESCRIPTOR_SET, true),
            (tonic_health::pb::FILE_DESCRIPTOR_SET, false),
            (tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET, false),
            (tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET, false),
        ];
        let mut by_path = HashMap::new();
        for (bytes, ours) in sets {
            let set = FileDescriptorSet::decode(bytes).expect("the build made the descriptors");
            by_path.extend(methods(&set, ours));
        }
        let unknown = Method { label: "unknown".into(), unary: true, waits: false, ours: true };
        Self { by_path, unknown }
    }

    fn at(&self, path: &str) -> &Method {
        self.by_path.get(path).unwrap_or(&self.unknown)
    }
}

fn methods(set: &FileDescriptorSet, ours: bool) -> Vec<(String, Method)> {
    let mut methods = Vec::new();
    for file in &set.file {
        for service in &file.service {
            for method in &service.method {
                let label = format!("{}.{}/{}", file.package(), service.name(), method.name());
                let unary = !method.server_streaming() && !method.client_streaming();
                let path = format!("/{label}");
                let waits = label == LONG_POLL;
                methods.push((path, Method { label: label.into(), unary, waits, ours }));
            }
        }
    }
    methods
}

/// Puts the [`Method`] among the request's extensions.
pub(super) async fn identify(
    State(methods): State<Arc<Methods>>,
    mut request: Request,
    next: Next,
) -> Response {
    let method = methods.at(request.uri().path()).clone();
    request.extensions_mut().insert(method);
    next.run(request).await
}

/// What is called.
pub(super) fn of(request: &Request) -> Method {
    request.extensions().get::<Method>().cloned().expect("`identify` is an outer layer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_have_no_deadline_and_unknown_paths_share_one_label() {
        let methods = Methods::of_this_server();

        let list = methods.at("/muster.v1.FindingsService/ListFindings");
        assert_eq!((&*list.label, list.unary), ("muster.v1.FindingsService/ListFindings", true));
        assert!(!methods.at("/muster.v1.FindingsService/WatchFindings").unary);
        let pull = methods.at("/muster.v1.SubscriptionService/PullChanges");
        assert!(pull.unary && pull.waits && !list.waits);
        assert!(!methods.at("/grpc.health.v1.Health/Watch").unary);
        assert!(!methods.at("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo").unary);
        assert_eq!(methods.at("/admin.php"), methods.at("/muster.v1.FindingsService/Nothing"));
    }
}
