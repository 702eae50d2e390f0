//! From the bytes of `GetFindings` to reports.
//!
//! Every product that imports into Security Hub writes ASFF in its own way, so a finding is mapped in
//! two steps: what is the same for all (places, times, texts, severity, status) and what its product
//! means (identity, rule, class).
//!
//! A finding is one report, also when it names several resources: AWS puts the subject first and
//! related ones after it. Two kinds make several statements, each a report of its own: posture on
//! several resources of one type, and access of anybody to a bucket.

mod asff;
mod identify;
pub mod ocsf;
mod signals;
mod verdict;

use bytes::Bytes;
use muster_core::identity::{Arn, Place, account_root, bounded_part, canonical_resource};
use muster_core::ids::{AccountId, Region};
use muster_core::report::{
    CustomerFields, FindingClass, Report, ReportKey, ReportPath, Resource, Severity,
    TEXT_BYTES_MAX, TITLE_BYTES_MAX,
};
use muster_core::unit::{SourceKind, Unit};

use self::asff::{Asff, AsffResource, ProductFields};
use self::identify::{Context, Identity, Statements};
use self::signals::Known;
use crate::access;
use crate::body::Answer;
use crate::document::{BodyError, Document, FindingsPage};
use crate::draft::{
    self, Remarks, WORD_BYTES_MAX, add_resource, link, partition_or, read_region, unmapped,
};

/// Reads a page of `GetFindings`: `{"Findings": [..], "NextToken": ".."}`.
///
/// # Errors
///
/// When the body is not such an object. What is wrong inside of a finding costs only that finding,
/// which becomes [`Document::Unmapped`].
pub fn findings_page(body: &Bytes, unit: &Unit) -> Result<FindingsPage, BodyError> {
    let answer = Answer::read(body, "securityhub:GetFindings")?;
    let documents = answer.list("Findings")?;
    Ok(FindingsPage {
        documents: documents.iter().map(|document| finding(document, unit)).collect(),
        next_token: answer.text("NextToken")?,
    })
}

/// Maps one finding in ASFF, read by `unit`. `raw` is kept as it is.
///
/// Only what is no object, or has no `Id`, cannot be mapped. Whatever else is missing or odd is
/// replaced as far as that is honest, with a remark.
pub fn finding(raw: &Bytes, unit: &Unit) -> Document {
    match draft::parse::<Asff<'_>>(raw) {
        Ok(asff) => match asff.id.text() {
            Some(id) => {
                let (asff, path) = (&asff, ReportPath::Asff);
                document(&HubCopy { asff, id: &id, raw, unit, path, class: None })
            }
            None => unmapped("Id: missing", raw),
        },
        Err(error) => unmapped(error, raw),
    }
}

/// A finding as Security Hub has it, whichever form it came in.
#[derive(Clone, Copy)]
struct HubCopy<'a> {
    asff: &'a Asff<'a>,
    id: &'a str,
    raw: &'a Bytes,
    unit: &'a Unit,
    path: ReportPath,
    /// What kind of statement it is, where neither product nor types say.
    class: Option<FindingClass>,
}

/// The reports of a finding: one for each statement that it makes.
fn document(copy: &HubCopy<'_>) -> Document {
    let (whole, statements) = report(copy, None);
    match statements {
        Statements::OfAccess(access) => access::statements(&whole, access),
        Statements::OfEachResource if subjects(&whole.resources).count() > 1 => {
            let about = |subject: &Resource| {
                let (mut report, _) = report(copy, Some(&subject.id));
                access::mark(&mut report, &subject.id);
                report
            };
            Document::Reports(subjects(&whole.resources).map(about).collect())
        }
        Statements::One | Statements::OfEachResource => Document::Report(Box::new(whole)),
    }
}

/// The resources that posture is about: those of the first one's type. Others are only related.
fn subjects(resources: &[Resource]) -> impl Iterator<Item = &Resource> {
    let kind = resources.first().map(|resource| &resource.kind);
    resources.iter().filter(move |resource| Some(&resource.kind) == kind)
}

/// Leaves of the subjects the one with that canonical name, and what is related.
fn only(resources: Vec<Resource>, subject: &str) -> Vec<Resource> {
    let kind = resources.first().map(|resource| resource.kind.clone()).unwrap_or_default();
    let (mut kept, related): (Vec<_>, Vec<_>) =
        resources.into_iter().partition(|resource| resource.kind == kind);
    kept.retain(|resource| resource.id == subject);
    kept.extend(related);
    kept
}

/// The report, or when it makes several statements what they have in common. `subject` leaves one
/// resource of several that posture is about.
fn report(copy: &HubCopy<'_>, subject: Option<&str>) -> (Report, Statements) {
    let HubCopy { asff, id, raw: document, unit, path, class } = *copy;
    let mut remarks = Remarks::default();
    let empty = ProductFields::default();
    let fields = remarks.object("ProductFields", &asff.product_fields).unwrap_or(&empty);
    let product = identify::product(asff, fields).unwrap_or_else(|| {
        remarks.note("ProductArn: missing");
        "unknown/unknown".to_owned()
    });
    let (account, region) = place(asff, id, unit, &mut remarks);
    let owner = owner(asff, fields, &product, account);
    let partition = Arn::parse(asff.product_arn.as_str()).map_or("", |arn| arn.partition);
    let partition = partition_or(partition, &region);
    let place = Place { partition, account: owner, region: &region };
    let resources = resources(asff, fields, &place, &mut remarks);
    let resources = match subject {
        Some(subject) => only(resources, subject),
        None => resources,
    };
    let context =
        Context { asff, fields, id, product: &product, place, resources: &resources, class };
    let mut identity = identify::identify(&context, &mut remarks);
    let (severity, severity_normalized) = verdict::severity(asff, fields, &product, &mut remarks);
    let (status, status_detail) = verdict::status(asff, fields, &product, &mut remarks);
    let known = Known {
        asff,
        fields,
        product: &product,
        identity: &identity,
        place,
        resources: &resources,
    };
    let (exposure, signals) = (signals::exposure(&known), signals::signals(&known, &mut remarks));
    let (remediation, remediation_url) = remediation(asff, &mut remarks);
    let customer = customer(asff, severity, &mut remarks);
    let (raw, raw_truncated) = draft::raw(document);
    let report = Report {
        key: key(asff, id, path),
        source: SourceKind::SecurityHub,
        account: owner,
        region: identity.region.take().unwrap_or_else(|| region.clone()),
        class: identity.class,
        title: title(asff, id, &identity, &mut remarks),
        description: remarks.text("Description", &asff.description, TEXT_BYTES_MAX),
        severity,
        severity_normalized,
        status,
        status_detail,
        facet: identity.facet,
        exposure,
        signals,
        sample: is_sample(asff, fields),
        customer,
        remediation,
        remediation_url,
        first_observed: remarks.time("FirstObservedAt", &asff.first_observed_at),
        last_observed: remarks.time("LastObservedAt", &asff.last_observed_at),
        provider_created: remarks.time("CreatedAt", &asff.created_at),
        provider_updated: remarks.time("UpdatedAt", &asff.updated_at),
        count: count(fields),
        origin: identity.origin,
        rule_id: identity.rule_id,
        product,
        resources,
        remarks: remarks.into_vec(),
        raw,
        raw_truncated,
        attributes: identity.attributes.into_vec(),
    };
    (report, identity.statements)
}

/// The identity of the report: the id and the product's ARN, which AWS asks for together. Ids of
/// custom products are unique only there. The unified Security Hub writes `productv2/` for the same
/// product.
fn key(asff: &Asff<'_>, id: &str, path: ReportPath) -> ReportKey {
    let product = asff.product_arn.as_str().replacen("productv2/", "product/", 1);
    let text = if product.is_empty() { id.to_owned() } else { format!("{product}/{id}") };
    ReportKey { path, provider_id: bounded_part(&text).into_owned() }
}

/// The finding's account and Region. Older findings have no `Region`; it is in the product's ARN.
fn place(asff: &Asff<'_>, id: &str, unit: &Unit, remarks: &mut Remarks) -> (AccountId, Region) {
    let nowhere = Arn { partition: "", service: "", region: "", account: "", resource: "" };
    let id_arn = Arn::parse(id).unwrap_or(nowhere);
    let product = Arn::parse(asff.product_arn.as_str()).unwrap_or(nowhere);
    let first = asff.resources.items.first().and_then(|resource| resource.get());
    let resource = first.map_or("", |resource| resource.id.as_str());
    let resource_region = first.map_or("", |resource| resource.region.as_str());
    let resource = Arn::parse(resource).unwrap_or(nowhere);
    let accounts = [("Id", id_arn.account), ("Resources[0].Id", resource.account)];
    let regions = [
        ("ProductArn", product.region),
        ("Id", id_arn.region),
        ("Resources[0].Region", resource_region),
        ("Resources[0].Id", resource.region),
    ];
    (
        remarks.account("AwsAccountId", &asff.aws_account_id, &accounts, unit),
        remarks.region("Region", &asff.region, &regions, unit),
    )
}

/// The account that owns the problem. Access Analyzer writes the analyzer's account, which for an
/// organization is the administrator's; the owner is in `ProductFields` or in the resource's ARN.
fn owner(
    asff: &Asff<'_>,
    fields: &ProductFields<'_>,
    product: &str,
    account: AccountId,
) -> AccountId {
    if product != "aws/access-analyzer" {
        return account;
    }
    let resource = asff.resources.items.first().and_then(|resource| resource.get());
    let arn = resource.and_then(|resource| Arn::parse(resource.id.as_str()));
    [
        fields.resource_owner_account.as_str(),
        fields.resource_owner_account_camel.as_str(),
        arn.map_or("", |arn| arn.account),
    ]
    .iter()
    .find_map(|text| text.parse().ok())
    .unwrap_or(account)
}

/// The resources, the primary one first; the account when there is none. The owner of an access key
/// is added at the end.
fn resources(
    asff: &Asff<'_>,
    fields: &ProductFields<'_>,
    place: &Place<'_>,
    remarks: &mut Remarks,
) -> Vec<Resource> {
    let mut found = Vec::with_capacity(asff.resources.items.len().max(1));
    let mut owners = Vec::new();
    for (index, resource) in remarks.list("Resources", &asff.resources).iter().enumerate() {
        let Some(resource) = resource.get() else {
            remarks.note(format_args!("Resources[{index}]: not an object"));
            continue;
        };
        let region = read_region(resource.region.as_str());
        let place = Place {
            partition: draft::partition(resource.partition.as_str()).unwrap_or(place.partition),
            region: region.as_ref().unwrap_or(place.region),
            ..*place
        };
        match one_resource(resource, &place) {
            Some(one) => add_resource(&mut found, one),
            None => remarks.note(format_args!("Resources[{index}].Id: missing")),
        }
        owners.extend(key_owner(resource, &place));
    }
    if asff.resources.total > asff.resources.items.len() {
        remarks
            .note(format_args!("Resources: {} of them, the first are kept", asff.resources.total));
    }
    if let Some(first) = fields.first_resource.text().filter(|_| found.is_empty()) {
        found.push(draft::resource(&first, "", place));
    }
    if found.is_empty() {
        remarks.note("Resources: missing; the account stands for them");
        found.push(identify::account_resource(place));
    }
    for owner in owners {
        add_resource(&mut found, owner);
    }
    // Macie's copy lists the bucket before the object that sensitive data is in.
    let is_macie = asff.product_arn.as_str().ends_with("/aws/macie");
    found.sort_by_key(|resource| is_macie && resource.kind != crate::macie::map::OBJECT);
    found
}

fn one_resource(resource: &AsffResource<'_>, place: &Place<'_>) -> Option<Resource> {
    let kind = resource.kind.text().unwrap_or_default();
    if let Some(id) = resource.id.text() {
        let one = draft::resource(&id, &kind, place);
        // Config knows users and roles by unique ids; the details have the name.
        let is_unique = one.id.starts_with("acct-principal:");
        return Some(match iam_name(resource).filter(|_| is_unique) {
            Some(name) => Resource { id: canonical_resource(&name, &kind, place), ..one },
            None => one,
        });
    }
    let key = resource.details.get()?.aws_iam_access_key.get()?.id.text()?;
    Some(draft::resource(&key, "AwsIamAccessKey", place))
}

/// The name of a user or role, from the details.
fn iam_name(resource: &AsffResource<'_>) -> Option<String> {
    let details = resource.details.get()?;
    let user = details.aws_iam_user.get().and_then(|user| user.user.text());
    let name = user.or_else(|| details.aws_iam_role.get()?.role.text());
    name.map(std::borrow::Cow::into_owned)
}

/// The user that an access key belongs to.
fn key_owner(resource: &AsffResource<'_>, place: &Place<'_>) -> Option<Resource> {
    let key = resource.details.get()?.aws_iam_access_key.get()?;
    let name = key.principal_name.text();
    let (id, kind) = match (key.principal_type.as_str(), name) {
        ("IAMUser", Some(name)) => {
            (format!("arn:{}:iam::{}:user/{name}", place.partition, place.account), "AwsIamUser")
        }
        ("Root", _) => (account_root(place.partition, place.account.as_str()), "AwsAccount"),
        ("AssumedRole", Some(name)) => {
            (format!("arn:{}:iam::{}:role/{name}", place.partition, place.account), "AwsIamRole")
        }
        _ => return None,
    };
    let original = key.principal_name.text().or_else(|| key.principal_id.text());
    Some(Resource {
        id: canonical_resource(&id, kind, place),
        original: original.unwrap_or_default().into_owned(),
        kind: kind.to_owned(),
    })
}

fn title(asff: &Asff<'_>, id: &str, identity: &Identity, remarks: &mut Remarks) -> String {
    let title = remarks.text("Title", &asff.title, TITLE_BYTES_MAX);
    if !title.is_empty() {
        return title;
    }
    if identity.rule_id.is_empty() {
        remarks.note("Title: missing; the id stands for it");
        return draft::title(id);
    }
    remarks.note("Title: missing; the rule stands for it");
    identity.rule_id.clone()
}

fn remediation(asff: &Asff<'_>, remarks: &mut Remarks) -> (String, String) {
    let remediation = remarks.object("Remediation", &asff.remediation);
    let Some(advice) = remediation.and_then(|remediation| {
        remarks.object("Remediation.Recommendation", &remediation.recommendation)
    }) else {
        return (String::new(), String::new());
    };
    let text = remarks.text("Remediation.Recommendation.Text", &advice.text, TEXT_BYTES_MAX);
    (text, link(&advice.url.text().unwrap_or_default()))
}

/// What customers wrote at Security Hub. Never taken as triage.
fn customer(asff: &Asff<'_>, severity: Severity, remarks: &mut Remarks) -> CustomerFields {
    let workflow = remarks.object("Workflow", &asff.workflow);
    let note = remarks.object("Note", &asff.note);
    CustomerFields {
        workflow: workflow.map_or_else(String::new, |workflow| {
            remarks.text("Workflow.Status", &workflow.status, WORD_BYTES_MAX)
        }),
        note: note
            .map_or_else(String::new, |note| remarks.text("Note.Text", &note.text, TEXT_BYTES_MAX)),
        verification: remarks.text("VerificationState", &asff.verification_state, WORD_BYTES_MAX),
        provider_severity: verdict::provider_severity(asff, severity),
    }
}

/// Made by the product to show what a finding looks like. `GuardDuty` takes `[SAMPLE]` off the title
/// on the way to Security Hub and leaves other signs.
fn is_sample(asff: &Asff<'_>, fields: &ProductFields<'_>) -> bool {
    asff.sample.flag() == Some(true)
        || fields.sample.flag() == Some(true)
        || asff.title.as_str().starts_with("[SAMPLE]")
        || draft::says_sample(fields.additional_info.as_str())
}

/// How often it happened: `GuardDuty` counts, the others do not.
fn count(fields: &ProductFields<'_>) -> u32 {
    let number = fields.count.number().or_else(|| fields.count_short.number());
    number.map_or(1, draft::count)
}
