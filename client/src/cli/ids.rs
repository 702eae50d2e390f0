//! From what people type to ids, and from ids to findings.

use std::collections::{BTreeSet, HashMap};

use muster_api::v1::{
    BatchGetFindingsRequest, Finding, FindingView, ResolveFindingIdsRequest, ResolvedId,
};

use super::exit::Exit;
use super::failure::Failure;
use super::output::findings::{ID_PREFIX, severity_word, short_id, short_ids};
use super::session::Session;

/// Characters of an id after `fnd_`.
const ID_LENGTH: usize = 26;

/// Characters of a prefix at least.
const PREFIX_LENGTH: usize = 4;

/// Ids in one call.
pub(crate) const BATCH: usize = 500;

/// Ids that an error names.
const NAMED: usize = 20;

/// Finds the full ids, in order and each once.
///
/// # Errors
///
/// One is no id, fits no finding, or fits several (which are listed). Nothing is resolved then: who
/// mistyped one of ten ids does not want nine of them changed.
pub(crate) async fn resolve(session: &Session, typed: &[String]) -> Result<Vec<String>, Failure> {
    let bodies: Vec<String> = typed.iter().map(|text| body(text)).collect::<Result<_, _>>()?;
    let prefixes: BTreeSet<&String> = bodies.iter().filter(|body| body.len() < ID_LENGTH).collect();
    let prefixes: Vec<&String> = prefixes.into_iter().collect();
    let mut found: HashMap<String, Vec<String>> = HashMap::new();
    for chunk in prefixes.chunks(BATCH) {
        let request =
            ResolveFindingIdsRequest { prefixes: chunk.iter().map(ToString::to_string).collect() };
        let response = session.client.resolve_finding_ids(request).await;
        let response = response.map_err(|error| session.failed(&error))?;
        let answered = response.results.into_iter().map(|ResolvedId { prefix, ids }| {
            (prefix.strip_prefix(ID_PREFIX).unwrap_or(&prefix).to_owned(), ids)
        });
        found.extend(answered);
    }
    unique(session, &bodies, &found).await
}

async fn unique(
    session: &Session,
    bodies: &[String],
    found: &HashMap<String, Vec<String>>,
) -> Result<Vec<String>, Failure> {
    let mut ids = Vec::new();
    let mut missing = Vec::new();
    let mut seen = BTreeSet::new();
    for body in bodies {
        let full = format!("{ID_PREFIX}{body}");
        let candidates = if body.len() == ID_LENGTH {
            std::slice::from_ref(&full)
        } else {
            found.get(body).map(Vec::as_slice).unwrap_or_default()
        };
        match candidates {
            [] => missing.push(body.clone()),
            [id] => ids.extend(seen.insert(id.clone()).then(|| id.clone())),
            several => return Err(ambiguous(session, body, several).await),
        }
    }
    if missing.is_empty() { Ok(ids) } else { Err(not_found(&missing)) }
}

/// Reads `fnd_` and 4 to 26 characters, or these alone, in either case.
fn body(text: &str) -> Result<String, Failure> {
    let lower = text.trim().to_ascii_lowercase();
    let body = lower.strip_prefix(ID_PREFIX).unwrap_or(&lower);
    let is_base32 = body.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'));
    if !is_base32 || body.len() > ID_LENGTH {
        let shown: String = text.chars().take(60).collect();
        return Err(Failure::usage(format!("`{shown}` is no finding id"))
            .hint("ids look like fnd_3kq7… (a-z and 2-7); `muster ls` shows their beginnings"));
    }
    if body.len() < PREFIX_LENGTH {
        return Err(Failure::usage(format!(
            "`{body}` is too short: type at least {PREFIX_LENGTH} characters of the id"
        )));
    }
    Ok(body.to_owned())
}

async fn ambiguous(session: &Session, body: &str, candidates: &[String]) -> Failure {
    let failure = Failure::usage(format!("`{body}` fits several findings"))
        .hint("type more characters of the id");
    let length = short_ids(candidates.iter().map(String::as_str));
    // Titles help to choose; without them the ids have to do.
    let known = findings(session, candidates, FindingView::Basic).await.map(|(found, _)| found);
    let known = known.unwrap_or_default();
    failure.details(candidates.iter().map(|id| {
        let short = short_id(id, length);
        match known.iter().find(|finding| finding.id == *id) {
            Some(finding) => {
                format!("{short}  {:4}  {}", severity_word(finding.severity), finding.title)
            }
            None => short,
        }
    }))
}

/// What to say about ids that fit nothing.
pub(crate) fn not_found(ids: &[String]) -> Failure {
    let hint = "it may have been removed by retention, or belong to another server";
    if let [id] = ids {
        return Failure::new(Exit::NotFound, format!("there is no finding `{id}`")).hint(hint);
    }
    let more = ids.len().saturating_sub(NAMED);
    Failure::new(Exit::NotFound, format!("{} findings do not exist", ids.len()))
        .details(ids.iter().take(NAMED).cloned())
        .details((more > 0).then(|| format!("and {more} more")))
        .hint(hint)
}

/// Reads findings by full id, in order; the second list has the ids that do not exist.
pub(crate) async fn findings(
    session: &Session,
    ids: &[String],
    view: FindingView,
) -> Result<(Vec<Finding>, Vec<String>), Failure> {
    let mut findings = Vec::with_capacity(ids.len());
    let mut missing = Vec::new();
    for chunk in ids.chunks(BATCH) {
        let mut wanted = chunk.to_vec();
        while !wanted.is_empty() {
            let request = BatchGetFindingsRequest { ids: wanted, view: view.into() };
            let response = session.client.batch_get_findings(request).await;
            let response = response.map_err(|error| session.failed(&error))?;
            let progress = !response.findings.is_empty() || !response.missing_ids.is_empty();
            findings.extend(response.findings);
            missing.extend(response.missing_ids);
            // An answer that was full leaves some for the next; one that brings nothing at all
            // would go on for ever.
            wanted = response.omitted_ids;
            if !progress && !wanted.is_empty() {
                return Err(Failure::new(
                    Exit::Failure,
                    format!("the server leaves out finding `{}`", wanted.join("`, `")),
                ));
            }
        }
    }
    let place: HashMap<&String, usize> = ids.iter().zip(0..).collect();
    findings.sort_by_key(|finding| place.get(&finding.id).copied().unwrap_or(usize::MAX));
    Ok((findings, missing))
}

/// Resolves and reads; what does not exist is an error.
pub(crate) async fn resolve_findings(
    session: &Session,
    typed: &[String],
    view: FindingView,
) -> Result<Vec<Finding>, Failure> {
    let ids = resolve(session, typed).await?;
    let (findings, missing) = findings(session, &ids, view).await?;
    if missing.is_empty() { Ok(findings) } else { Err(not_found(&missing)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_taken_with_or_without_prefix_and_in_either_case() {
        for text in ["fnd_3kq7abcd", "3kq7abcd", " FND_3KQ7ABCD\n"] {
            assert_eq!(body(text).unwrap(), "3kq7abcd");
        }
    }

    #[test]
    fn what_is_no_id_is_refused_before_anything_is_sent() {
        for text in ["", "abc", "fnd_abc", "abc1", "HIGH  P1", &"a".repeat(27), "ábcd"] {
            assert!(body(text).is_err(), "{text}");
        }
    }
}
