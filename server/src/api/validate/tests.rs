//! No text and no list of a request is without a limit.

use std::collections::HashMap;

use muster_api::v1 as wire;
use muster_core::filter::FILTER_BYTES_MAX;
use muster_core::maturity::{ATTESTATION_BYTES_MAX, Table};
use muster_core::subscription::{PARKED_MAX, Settings};
use muster_core::time::Millis;
use muster_core::triage::{COMMENT_BYTES_MAX, NAME_BYTES_MAX};
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint};
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorSet};

use super::maturity::ACCOUNT_BYTES_MAX;
use super::priority::{HASH_BYTES_MAX, RULES_BYTES_MAX};
use super::reads::GROUP_BY_MAX;
use super::regroup::REPORT_KEY_BYTES_MAX;
use super::subscriptions::{
    ACKS_MAX, DESCRIPTION_BYTES_MAX, KINDS_MAX, NAME_BYTES_MAX as SUBSCRIPTION_ID_BYTES_MAX,
};
use super::triage::{BATCH_MAX, Caller, ETAG_BYTES_MAX, REQUEST_ID_BYTES_MAX};
use super::units::{CONDITIONS_MAX, UNIT_BYTES_MAX};
use super::*;
use crate::api::cursor::CURSOR_BYTES_MAX;

/// Bytes of a text, or entries of a list.
const LIMITS: [(&str, usize); 22] = [
    ("GetFindingRequest.id", ID_BYTES_MAX),
    ("BatchGetFindingsRequest.ids", IDS_MAX),
    ("BatchGetFindingsRequest.ids[]", ID_BYTES_MAX),
    ("ResolveFindingIdsRequest.prefixes", IDS_MAX),
    ("ResolveFindingIdsRequest.prefixes[]", ID_BYTES_MAX),
    ("ListFindingsRequest.page_token", PAGE_TOKEN_BYTES_MAX),
    ("ListFindingsRequest.filter", FILTER_BYTES_MAX),
    ("SummarizeFindingsRequest.filter", FILTER_BYTES_MAX),
    ("SummarizeFindingsRequest.group_by", GROUP_BY_MAX),
    ("SummarizeFindingsRequest.group_by[]", ID_BYTES_MAX),
    ("ListFindingHistoryRequest.id", ID_BYTES_MAX),
    ("ListFindingHistoryRequest.page_token", PAGE_TOKEN_BYTES_MAX),
    ("WatchFindingsRequest.filter", FILTER_BYTES_MAX),
    ("WatchFindingsRequest.cursor", CURSOR_BYTES_MAX),
    ("ListUnitsRequest.page_token", PAGE_TOKEN_BYTES_MAX),
    ("ListUnitsRequest.conditions", CONDITIONS_MAX),
    ("ListUnmappedDocumentsRequest.page_token", PAGE_TOKEN_BYTES_MAX),
    ("ListUnmappedDocumentsRequest.unit", UNIT_BYTES_MAX),
    ("BatchTriageFindingsRequest.requests", BATCH_MAX),
    ("BatchTriageFindingsRequest.request_id", REQUEST_ID_BYTES_MAX),
    ("TriageFindingRequest.finding_id", ID_BYTES_MAX),
    ("TriageFindingRequest.comment", COMMENT_BYTES_MAX),
];

/// Decisions about groups.
const REGROUP_LIMITS: [(&str, usize); 13] = [
    ("MergeFindingsRequest.into_id", ID_BYTES_MAX),
    ("MergeFindingsRequest.from_id", ID_BYTES_MAX),
    ("MergeFindingsRequest.comment", COMMENT_BYTES_MAX),
    ("MergeFindingsRequest.into_etag", ETAG_BYTES_MAX),
    ("MergeFindingsRequest.from_etag", ETAG_BYTES_MAX),
    ("MergeFindingsRequest.request_id", REQUEST_ID_BYTES_MAX),
    ("MergeFindingsRequest.on_behalf_of", NAME_BYTES_MAX),
    ("SplitFindingRequest.finding_id", ID_BYTES_MAX),
    ("SplitFindingRequest.report_key", REPORT_KEY_BYTES_MAX),
    ("SplitFindingRequest.comment", COMMENT_BYTES_MAX),
    ("SplitFindingRequest.etag", ETAG_BYTES_MAX),
    ("SplitFindingRequest.request_id", REQUEST_ID_BYTES_MAX),
    ("SplitFindingRequest.on_behalf_of", NAME_BYTES_MAX),
];

/// The maturity report and attestations.
const PRIORITY_LIMITS: [(&str, usize); 4] = [
    ("ExplainFindingRequest.id", ID_BYTES_MAX),
    ("PreviewPriorityRulesRequest.own_text", RULES_BYTES_MAX),
    ("ActivatePriorityRulesRequest.own_text", RULES_BYTES_MAX),
    ("ActivatePriorityRulesRequest.hash", HASH_BYTES_MAX),
];

const MATURITY_LIMITS: [(&str, usize); 12] = [
    ("GetMaturityRequest.account_id", ACCOUNT_BYTES_MAX),
    ("ListAttestationsRequest.page_token", PAGE_TOKEN_BYTES_MAX),
    ("PutAttestationRequest.recommendation_id", ID_BYTES_MAX),
    ("PutAttestationRequest.account_id", ACCOUNT_BYTES_MAX),
    ("PutAttestationRequest.evidence", ATTESTATION_BYTES_MAX),
    ("PutAttestationRequest.on_behalf_of", NAME_BYTES_MAX),
    ("PutAttestationRequest.request_id", REQUEST_ID_BYTES_MAX),
    ("RemoveAttestationRequest.recommendation_id", ID_BYTES_MAX),
    ("RemoveAttestationRequest.account_id", ACCOUNT_BYTES_MAX),
    ("RemoveAttestationRequest.comment", COMMENT_BYTES_MAX),
    ("RemoveAttestationRequest.on_behalf_of", NAME_BYTES_MAX),
    ("RemoveAttestationRequest.request_id", REQUEST_ID_BYTES_MAX),
];

/// Subscriptions.
const SUBSCRIPTION_LIMITS: [(&str, usize); 26] = [
    ("CreateSubscriptionRequest.id", SUBSCRIPTION_ID_BYTES_MAX),
    ("CreateSubscriptionRequest.config.description", DESCRIPTION_BYTES_MAX),
    ("CreateSubscriptionRequest.config.filter", FILTER_BYTES_MAX),
    ("CreateSubscriptionRequest.config.kinds", KINDS_MAX),
    ("CreateSubscriptionRequest.start.cursor", CURSOR_BYTES_MAX),
    ("GetSubscriptionRequest.id", SUBSCRIPTION_ID_BYTES_MAX),
    ("ListSubscriptionsRequest.page_token", PAGE_TOKEN_BYTES_MAX),
    ("UpdateSubscriptionRequest.id", SUBSCRIPTION_ID_BYTES_MAX),
    ("UpdateSubscriptionRequest.etag", ETAG_BYTES_MAX),
    ("UpdateSubscriptionRequest.description", DESCRIPTION_BYTES_MAX),
    ("DeleteSubscriptionRequest.id", SUBSCRIPTION_ID_BYTES_MAX),
    ("DeleteSubscriptionRequest.etag", ETAG_BYTES_MAX),
    ("ResetSubscriptionRequest.id", SUBSCRIPTION_ID_BYTES_MAX),
    ("ResetSubscriptionRequest.start.cursor", CURSOR_BYTES_MAX),
    ("ResetSubscriptionRequest.comment", COMMENT_BYTES_MAX),
    ("ConsumeRequest.open.subscription_id", SUBSCRIPTION_ID_BYTES_MAX),
    ("ConsumeRequest.acks.acks", ACKS_MAX),
    ("PullChangesRequest.subscription_id", SUBSCRIPTION_ID_BYTES_MAX),
    ("AckChangesRequest.subscription_id", SUBSCRIPTION_ID_BYTES_MAX),
    ("AckChangesRequest.acks", ACKS_MAX),
    ("ListParkedChangesRequest.subscription_id", SUBSCRIPTION_ID_BYTES_MAX),
    ("ListParkedChangesRequest.page_token", PAGE_TOKEN_BYTES_MAX),
    ("ResolveParkedChangesRequest.subscription_id", SUBSCRIPTION_ID_BYTES_MAX),
    ("ResolveParkedChangesRequest.ids", PARKED_MAX),
    ("ResolveParkedChangesRequest.ids[]", ID_BYTES_MAX),
    ("ResolveParkedChangesRequest.comment", COMMENT_BYTES_MAX),
];

/// The rest of a decision.
const DECISION_LIMITS: [(&str, usize); 4] = [
    ("TriageFindingRequest.etag", ETAG_BYTES_MAX),
    ("TriageFindingRequest.request_id", REQUEST_ID_BYTES_MAX),
    ("TriageFindingRequest.on_behalf_of", NAME_BYTES_MAX),
    ("TriageFindingRequest.action.assign.assignee", NAME_BYTES_MAX),
];

/// A field of a request, and the way to it.
struct Place {
    /// `TriageFindingRequest.action.assign.assignee`; `[]` at the end for the entries of a list.
    path: String,
    /// The numbers of the fields on the way.
    numbers: Vec<u32>,
    /// A list of numbers has one byte for each entry, anything else a tag and a length.
    packed: bool,
}

/// All messages of the contract, by full name.
fn messages(set: &FileDescriptorSet) -> HashMap<String, DescriptorProto> {
    fn add(all: &mut HashMap<String, DescriptorProto>, scope: &str, message: &DescriptorProto) {
        let name = format!("{scope}.{}", message.name());
        for nested in &message.nested_type {
            add(all, &name, nested);
        }
        all.insert(name, message.clone());
    }
    let mut all = HashMap::new();
    for file in &set.file {
        for message in &file.message_type {
            add(&mut all, &format!(".{}", file.package()), message);
        }
    }
    all
}

/// Walks a request to every text and list in it.
fn walk(
    all: &HashMap<String, DescriptorProto>,
    message: &DescriptorProto,
    path: &str,
    numbers: &[u32],
    found: &mut Vec<Place>,
) {
    for field in &message.field {
        let path = format!("{path}.{}", field.name());
        let numbers = [numbers, &[u32::try_from(field.number()).unwrap()]].concat();
        let repeated = field.label() == Label::Repeated;
        let texts = matches!(field.r#type(), Type::String | Type::Bytes);
        let packed = repeated && field.r#type() == Type::Enum;
        if repeated {
            found.push(Place { path: path.clone(), numbers: numbers.clone(), packed });
        }
        if texts {
            let path = if repeated { format!("{path}[]") } else { path.clone() };
            found.push(Place { path, numbers: numbers.clone(), packed: false });
        }
        if !repeated && let Some(inner) = part(all, field) {
            walk(all, inner, &path, &numbers, found);
        }
    }
}

/// The message of a field, if it is one of ours.
fn part<'a>(
    all: &'a HashMap<String, DescriptorProto>,
    field: &FieldDescriptorProto,
) -> Option<&'a DescriptorProto> {
    let ours = field.type_name().starts_with(".muster.v1.");
    ours.then(|| all.get(field.type_name())).flatten()
}

/// Every text and list of every request of every service.
fn places() -> Vec<Place> {
    let set = FileDescriptorSet::decode(muster_api::FILE_DESCRIPTOR_SET).unwrap();
    let all = messages(&set);
    let mut found = Vec::new();
    for service in set.file.iter().flat_map(|file| &file.service) {
        for method in &service.method {
            let request = &all[method.input_type()];
            walk(&all, request, request.name(), &[], &mut found);
        }
    }
    found
}

fn limits() -> impl Iterator<Item = &'static (&'static str, usize)> {
    let more = DECISION_LIMITS.iter().chain(&REGROUP_LIMITS);
    let more = more.chain(&SUBSCRIPTION_LIMITS);
    LIMITS.iter().chain(more).chain(&MATURITY_LIMITS).chain(&PRIORITY_LIMITS)
}

fn limit(path: &str) -> usize {
    let known = limits().find(|(field, _)| *field == path);
    known.unwrap_or_else(|| panic!("`{path}` has no limit: give it one in validate, and here")).1
}

/// The bytes of a request in which one field is this much over its limit.
fn oversized(place: &Place, over: usize) -> Vec<u8> {
    let count = limit(&place.path) + over;
    let (last, way) = place.numbers.split_last().unwrap();
    let mut bytes = Vec::new();
    let list_of_texts = limit_is_of_a_list(&place.path) && !place.packed;
    if list_of_texts {
        for _ in 0..count {
            put(&mut bytes, *last, b"");
        }
    } else {
        put(&mut bytes, *last, &vec![if place.packed { 2 } else { b'a' }; count]);
    }
    for number in way.iter().rev() {
        let inner = std::mem::take(&mut bytes);
        put(&mut bytes, *number, &inner);
    }
    bytes
}

/// What a request needs so that its filter is looked at.
fn required(request: &str) -> Vec<u8> {
    let group_by = vec!["status".to_owned()];
    match request {
        "SummarizeFindingsRequest" => {
            wire::SummarizeFindingsRequest { group_by, ..Default::default() }.encode_to_vec()
        }
        _ => Vec::new(),
    }
}

fn limit_is_of_a_list(path: &str) -> bool {
    let lists = ["ids", "prefixes", "group_by", "conditions", "requests", "acks"];
    lists.iter().any(|list| path.ends_with(&format!(".{list}")))
}

fn put(bytes: &mut Vec<u8>, number: u32, value: &[u8]) {
    encode_key(number, WireType::LengthDelimited, bytes);
    encode_varint(value.len() as u64, bytes);
    bytes.extend_from_slice(value);
}

/// Reads a request as its service does; gives the fields that are wrong.
fn wrong_fields(request: &str, bytes: &[u8]) -> Vec<String> {
    let caller = Caller { principal: "user:alice".to_owned(), now: Millis(0) };
    let table = Table::builtin();
    macro_rules! read {
        ($message:ident, $read:expr) => {
            $read(wire::$message::decode(bytes).unwrap()).map(|_| ())
        };
    }
    let outcome = match request {
        "GetFindingRequest" => read!(GetFindingRequest, |m| reads::get(&m)),
        "BatchGetFindingsRequest" => read!(BatchGetFindingsRequest, |m| reads::batch_get(&m)),
        "ResolveFindingIdsRequest" => read!(ResolveFindingIdsRequest, reads::resolve),
        "ListFindingsRequest" => read!(ListFindingsRequest, reads::list),
        "SummarizeFindingsRequest" => read!(SummarizeFindingsRequest, |m| reads::summarize(&m)),
        "ListFindingHistoryRequest" => read!(ListFindingHistoryRequest, reads::history),
        "WatchFindingsRequest" => read!(WatchFindingsRequest, reads::watch),
        "ListUnitsRequest" => read!(ListUnitsRequest, units::list_units),
        "ListUnmappedDocumentsRequest" => {
            read!(ListUnmappedDocumentsRequest, units::list_unmapped)
        }
        "TriageFindingRequest" => {
            read!(TriageFindingRequest, |m| triage::triage(&m, &caller))
        }
        "BatchTriageFindingsRequest" => {
            read!(BatchTriageFindingsRequest, |m| triage::batch_triage(&m, &caller))
        }
        "MergeFindingsRequest" => read!(MergeFindingsRequest, |m| regroup::merge(&m, &caller)),
        "SplitFindingRequest" => read!(SplitFindingRequest, |m| regroup::split(&m, &caller)),
        "GetMaturityRequest" => read!(GetMaturityRequest, |m| maturity::get_maturity(&m)),
        "ListAttestationsRequest" => {
            read!(ListAttestationsRequest, maturity::list_attestations)
        }
        "ExplainFindingRequest" => read!(ExplainFindingRequest, |m| priority::explain(&m)),
        "PreviewPriorityRulesRequest" => {
            read!(PreviewPriorityRulesRequest, |m| priority::preview(&m))
        }
        "ActivatePriorityRulesRequest" => {
            read!(ActivatePriorityRulesRequest, |m| priority::activate(&m))
        }
        "PutAttestationRequest" => {
            read!(PutAttestationRequest, |m| maturity::put_attestation(&table, &m, &caller))
        }
        "RemoveAttestationRequest" => {
            read!(RemoveAttestationRequest, |m| maturity::remove_attestation(&table, &m, &caller))
        }
        "CreateSubscriptionRequest" => {
            read!(CreateSubscriptionRequest, |m| subscriptions::create(m, &caller))
        }
        "GetSubscriptionRequest" => read!(GetSubscriptionRequest, subscriptions::get),
        "ListSubscriptionsRequest" => read!(ListSubscriptionsRequest, subscriptions::list),
        "UpdateSubscriptionRequest" => {
            let known = Settings::default();
            read!(UpdateSubscriptionRequest, |m| subscriptions::update(m, known, &caller))
        }
        "DeleteSubscriptionRequest" => read!(DeleteSubscriptionRequest, subscriptions::delete),
        "ResetSubscriptionRequest" => {
            read!(ResetSubscriptionRequest, |m| subscriptions::reset(m, &caller))
        }
        "ConsumeRequest" => read!(ConsumeRequest, subscriptions::consume),
        "PullChangesRequest" => read!(PullChangesRequest, subscriptions::pull),
        "AckChangesRequest" => read!(AckChangesRequest, subscriptions::ack_changes),
        "ListParkedChangesRequest" => {
            read!(ListParkedChangesRequest, subscriptions::list_parked)
        }
        "ResolveParkedChangesRequest" => {
            read!(ResolveParkedChangesRequest, |m| subscriptions::resolve(m, &caller))
        }
        other => panic!("`{other}` is not read by any function of validate"),
    };
    match outcome {
        Ok(()) => Vec::new(),
        Err(ApiError::Invalid(violations)) => {
            violations.pairs().into_iter().map(|(field, _)| field).collect()
        }
        Err(ApiError::Filter(_)) => vec!["filter".to_owned()],
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn every_text_and_list_of_every_request_is_refused_beyond_its_limit() {
    let places = places();
    assert!(places.len() > 25, "the walk finds them: {}", places.len());

    for place in places {
        let (request, field) = place.path.split_once('.').unwrap();
        let bytes = [required(request), oversized(&place, 1)].concat();
        let wrong = wrong_fields(request, &bytes);

        let (list, is_entry) = (field.trim_end_matches("[]"), field.ends_with("[]"));
        let named = wrong.iter().any(|wrong| {
            let entry = wrong.strip_prefix(list).is_some_and(|rest| rest.starts_with('['));
            if is_entry { entry } else { wrong == field }
        });
        assert!(named, "{}: wrong are {wrong:?}", place.path);
    }
}

#[test]
fn every_limit_is_of_a_field_that_there_is() {
    let paths: Vec<String> = places().into_iter().map(|place| place.path).collect();

    for (path, _) in limits() {
        assert!(paths.iter().any(|known| known == path), "`{path}` is no field");
    }
}

#[test]
fn an_error_lists_a_bounded_number_of_fields() {
    let mut violations = Violations::default();
    for index in 0..100 {
        violations.add(&format!("ids[{index}]"), "is wrong");
    }

    assert_eq!(violations.pairs().len(), 16);
    assert!(violations.to_string().ends_with("; and 84 more"));
}
