//! Measures the whole path, each part against a ceiling measured in the same run.
//!
//! `cargo bench -p muster-server --no-default-features --bench path [-- PART ..]`, where a part is
//! `ingest`, `unchanged`, `watch`, `subscribe`, `open`, `refold` or `rerank`; all without one. Sizes: `findings=50000
//! subscribe=50000 open=1000000 refold=1000000 rerank=1000000`.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

#[path = "path/ingest.rs"]
mod ingest;
#[path = "path/open.rs"]
mod open;
#[path = "path/refold.rs"]
mod refold;
#[path = "path/rerank.rs"]
mod rerank;
#[path = "path/stack.rs"]
mod stack;
#[path = "path/subscribe.rs"]
mod subscribe;
#[path = "path/watch.rs"]
mod watch;

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if let [child, directory] = arguments.as_slice() {
        match child.as_str() {
            "open-child" => return open::child(directory.as_ref()),
            "rerank-child" => return rerank::child(directory.as_ref()),
            "refold-child" => return refold::child(directory.as_ref()),
            _ => {}
        }
    }
    let size = |name: &str, default: u64| {
        let given = arguments.iter().find_map(|argument| argument.strip_prefix(name));
        given.and_then(|number| number.parse().ok()).unwrap_or(default)
    };
    let parts = ["ingest", "unchanged", "watch", "subscribe", "open", "refold", "rerank"];
    let wanted = |part: &str| {
        let named = arguments.iter().any(|argument| parts.contains(&argument.as_str()));
        !named || arguments.iter().any(|argument| argument == part)
    };
    if wanted("ingest") || wanted("unchanged") {
        ingest::run(size("findings=", 50_000));
    }
    if wanted("watch") {
        watch::run();
    }
    if wanted("subscribe") {
        subscribe::run(size("subscribe=", 50_000));
    }
    if wanted("open") {
        open::run(size("open=", 1_000_000));
    }
    if wanted("rerank") {
        rerank::run(size("rerank=", 1_000_000));
    }
    if wanted("refold") {
        refold::run(size("refold=", 1_000_000));
    }
}
